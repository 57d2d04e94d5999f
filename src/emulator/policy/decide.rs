//! The rule: an explicit denial wins, then what is allowed is allowed, and everything else is denied.

use super::{
    document::{Document, Effect, Statement},
    keys::Keys,
    principal::{Named, Principal},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is asked: may somebody do this with that?
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// `ec2:StopInstances`
    pub action: &'a str,
    /// An ARN, or `*` for what is done with nothing in particular.
    pub resource: &'a str,
    /// What conditions are asked about.
    pub keys: &'a Keys,
}

/// The sorts of policies that have a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Those of the identity: its own and those that are attached.
    Identity,
    /// Its permissions boundary.
    Boundary,
    /// Those that its session was begun with.
    Session,
    /// That of the resource; of a role its trust policy.
    Resource,
}

impl Layer {
    /// How AWS's refusals call such a policy.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
        }
    }
}

/// A policy that has a say, and whose it is.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its sort.
    pub layer: Layer,
    /// Its name or ARN, for people.
    pub name: String,
    /// What it says.
    pub document: Arc<Document>,
}

/// The policies that have a say.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// Each of them, in any order.
    pub sources: Vec<Source>,
    /// Whether a permissions boundary limits the identity.
    pub has_boundary: bool,
    /// Whether session policies limit the session.
    pub has_session: bool,
    /// Whether nothing is allowed that the resource's policy does not allow, too: a role's trust policy.
    pub needs_resource: bool,
}

/// The statement that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The sort of its policy.
    pub layer: Layer,
    /// The policy.
    pub policy: String,
    /// Its `Sid`, or its number in the policy, from 1.
    pub statement: String,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it.
    Allowed(Reason),
    /// A statement denies it.
    Denied(Reason),
    /// No policy of this sort allows it.
    Missing(Layer),
}

impl Verdict {
    /// Whether it may be done.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Decides about a request of the account's own identities, of services and of strangers.
#[must_use]
pub fn decide(policies: &Policies, request: &Request<'_>) -> Verdict {
    let applying = |effect: Effect| {
        policies.sources.iter().flat_map(move |source| {
            let statements = source.document.statements.iter().enumerate();
            statements.filter_map(move |(at, statement)| {
                let is_effect = statement.effect == effect;
                let named = is_effect.then(|| statement.applies(request)).flatten()?;
                Some((source, at, statement, named))
            })
        })
    };
    let reason = |source: &Source, at: usize, statement: &Statement| Reason {
        layer: source.layer,
        policy: source.name.clone(),
        statement: statement.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| (at + 1).to_string()),
    };
    if let Some((source, at, statement, _)) = applying(Effect::Deny).next() {
        return Verdict::Denied(reason(source, at, statement));
    }
    let allowing = |layer: Layer| applying(Effect::Allow).filter(move |(source, ..)| source.layer == layer);
    let granted = allowing(Layer::Resource).max_by_key(|(.., named)| *named);
    let granted = granted.map(|(source, at, statement, named)| (reason(source, at, statement), named));
    if policies.needs_resource && granted.is_none() {
        return Verdict::Missing(Layer::Resource);
    }
    let by = match granted {
        // Who is named as himself is limited by denials only.
        Some((reason, Named::Himself)) => return Verdict::Allowed(reason),
        Some((reason, Named::ByRole)) => reason,
        Some((_, Named::ByAccount)) | None => match request.principal {
            Principal::Anonymous | Principal::Service(_) => return Verdict::Missing(Layer::Resource),
            Principal::Root(account) => Reason {
                layer: Layer::Identity,
                policy: format!("arn:aws:iam::{account}:root"),
                statement: "1".to_owned(),
            },
            Principal::User { .. } | Principal::Session { .. } => match allowing(Layer::Identity).next() {
                Some((source, at, statement, _)) => reason(source, at, statement),
                None => return Verdict::Missing(Layer::Identity),
            },
        },
    };
    for (layer, limits) in [(Layer::Boundary, policies.has_boundary), (Layer::Session, policies.has_session)] {
        if limits && allowing(layer).next().is_none() {
            return Verdict::Missing(layer);
        }
    }
    Verdict::Allowed(by)
}

impl Statement {
    /// How closely a statement that applies names who asks; `None` where it does not apply.
    fn applies(&self, request: &Request<'_>) -> Option<Named> {
        let named = match &self.principals {
            None => Named::Himself,
            Some(principals) => principals.named(request.principal)?,
        };
        let is_meant = self.actions.has_action(request.action)
            && self.resources.as_ref().is_none_or(|listed| listed.has_resource(request.resource, request.keys))
            && self.conditions.iter().all(|condition| condition.holds(request.keys));
        is_meant.then_some(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::policy::Use;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const INSTANCE: &str = "arn:aws:ec2:us-east-1:000000000000:instance/i-1";

    fn user() -> Principal {
        Principal::User { account: "000000000000".into(), arn: "arn:aws:iam::000000000000:user/ann".into() }
    }

    fn source(layer: Layer, name: &str, statements: &Value) -> Source {
        let used = if layer == Layer::Resource { Use::Resource } else { Use::Identity };
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        Source { layer, name: name.into(), document: Arc::new(Document::parse(&text, used).unwrap()) }
    }

    fn allow(action: &str, resource: &str) -> Value {
        json!({ "Effect": "Allow", "Action": action, "Resource": resource })
    }

    fn decided(policies: &Policies, principal: &Principal, action: &str, resource: &str) -> Verdict {
        let mut keys = Keys::default();
        keys.set("aws:username", "ann");
        keys.set("aws:ResourceTag/Team", "red");
        decide(policies, &Request { principal, action, resource, keys: &keys })
    }

    fn of(layers: &[(Layer, Value)]) -> Policies {
        let has = |wanted: Layer| layers.iter().any(|(layer, _)| *layer == wanted);
        Policies {
            sources: layers.iter().map(|(layer, statements)| source(*layer, "p", statements)).collect(),
            has_boundary: has(Layer::Boundary),
            has_session: has(Layer::Session),
            needs_resource: false,
        }
    }

    #[test]
    fn denials_win_and_what_nobody_allows_is_denied() {
        let asked = |layers: &[(Layer, Value)]| decided(&of(layers), &user(), "ec2:StopInstances", INSTANCE);
        assert_eq!(asked(&[]), Verdict::Missing(Layer::Identity));
        assert_eq!(asked(&[(Layer::Identity, allow("ec2:Describe*", "*"))]), Verdict::Missing(Layer::Identity));
        assert!(asked(&[(Layer::Identity, allow("EC2:stop*", INSTANCE))]).is_allowed());
        let deny = json!([{ "Sid": "No", "Effect": "Deny", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::*" }]);
        let both = [(Layer::Identity, allow("*", "*")), (Layer::Identity, deny)];
        let reason = Reason { layer: Layer::Identity, policy: "p".into(), statement: "No".into() };
        assert_eq!(asked(&both), Verdict::Denied(reason));
    }

    #[test]
    fn boundaries_and_session_policies_limit_and_give_nothing() {
        let own = (Layer::Identity, allow("*", "*"));
        let asked = |layers: &[(Layer, Value)]| decided(&of(layers), &user(), "ec2:StopInstances", INSTANCE);
        assert_eq!(asked(&[own.clone(), (Layer::Boundary, allow("s3:*", "*"))]), Verdict::Missing(Layer::Boundary));
        assert_eq!(asked(&[own.clone(), (Layer::Session, allow("s3:*", "*"))]), Verdict::Missing(Layer::Session));
        assert_eq!(asked(&[(Layer::Boundary, allow("*", "*"))]), Verdict::Missing(Layer::Identity));
        let all = [own, (Layer::Boundary, allow("ec2:*", "*")), (Layer::Session, allow("ec2:*", "*"))];
        assert!(asked(&all).is_allowed());
    }

    #[test]
    fn a_resource_may_let_in_whom_nothing_else_allows() {
        let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let grant = |principal: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction", "Resource": function });
        let asked = |principal: Value, who: &Principal, more: &[(Layer, Value)]| {
            let layers: Vec<_> = more.iter().cloned().chain([(Layer::Resource, grant(principal))]).collect();
            decided(&of(&layers), who, "lambda:InvokeFunction", function)
        };
        let boundary = [(Layer::Boundary, allow("s3:*", "*"))];
        let himself = json!({ "AWS": "arn:aws:iam::000000000000:user/ann" });
        assert!(asked(himself.clone(), &user(), &boundary).is_allowed());
        assert_eq!(asked(json!("*"), &user(), &boundary), Verdict::Missing(Layer::Boundary));
        assert!(asked(json!("*"), &user(), &[]).is_allowed());
        let account = json!({ "AWS": "000000000000" });
        assert_eq!(asked(account.clone(), &user(), &[]), Verdict::Missing(Layer::Identity));
        assert!(asked(account, &user(), &[(Layer::Identity, allow("lambda:*", "*"))]).is_allowed());
        let service = Principal::Service("events.amazonaws.com".into());
        assert_eq!(asked(himself, &service, &[]), Verdict::Missing(Layer::Resource));
        assert!(asked(json!({ "Service": "events.amazonaws.com" }), &service, &[]).is_allowed());
    }

    #[test]
    fn conditions_and_variables_are_asked_about_the_request() {
        let mut team = allow("ec2:*", "arn:aws:ec2:*:*:instance/*");
        team["Condition"] = json!({ "StringEquals": { "aws:resourcetag/team": "${aws:PrincipalTag/Team, 'red'}" } });
        assert!(decided(&of(&[(Layer::Identity, team.clone())]), &user(), "ec2:StopInstances", INSTANCE).is_allowed());
        team["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/Team": "blue" } });
        assert!(!decided(&of(&[(Layer::Identity, team)]), &user(), "ec2:StopInstances", INSTANCE).is_allowed());
        let own = allow("iam:*", "arn:aws:iam::*:user/${aws:username}");
        let asked = |arn: &str| decided(&of(&[(Layer::Identity, own.clone())]), &user(), "iam:GetUser", arn);
        assert!(asked("arn:aws:iam::000000000000:user/ann").is_allowed());
        assert!(!asked("arn:aws:iam::000000000000:user/bob").is_allowed());
    }

    #[derive(Debug, Clone)]
    struct Drawn(Layer, bool, &'static str);

    fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
        let layer = prop_oneof![Just(Layer::Identity), Just(Layer::Boundary), Just(Layer::Session)];
        let action = prop_oneof![Just("*"), Just("ec2:*"), Just("ec2:StopInstances"), Just("s3:*")];
        proptest::collection::vec((layer, any::<bool>(), action).prop_map(|(l, a, t)| Drawn(l, a, t)), 0..8)
    }

    fn drawn_policies(drawn: &[Drawn]) -> Policies {
        let layers: Vec<_> = drawn
            .iter()
            .map(|Drawn(layer, allows, action)| {
                let mut statement = allow(action, "*");
                statement["Effect"] = json!(if *allows { "Allow" } else { "Deny" });
                (*layer, statement)
            })
            .collect();
        of(&layers)
    }

    proptest! {
        /// The rule once more, as the documentation tells it.
        #[test]
        fn it_is_the_rule_of_the_documentation(drawn in drawn()) {
            let hits = |wanted: Layer, allows: bool| {
                drawn.iter().any(|Drawn(layer, a, action)| *layer == wanted && *a == allows && *action != "s3:*")
            };
            let has = |wanted: Layer| drawn.iter().any(|Drawn(layer, ..)| *layer == wanted);
            let layers = [Layer::Identity, Layer::Boundary, Layer::Session];
            let expected = !layers.iter().any(|layer| hits(*layer, false))
                && hits(Layer::Identity, true)
                && (!has(Layer::Boundary) || hits(Layer::Boundary, true))
                && (!has(Layer::Session) || hits(Layer::Session, true));
            let verdict = decided(&drawn_policies(&drawn), &user(), "ec2:StopInstances", INSTANCE);
            prop_assert_eq!(verdict.is_allowed(), expected);
        }

        #[test]
        fn a_denial_more_never_allows_more_and_the_order_does_not_matter(drawn in drawn(), more in drawn()) {
            let is_allowed = |drawn: &[Drawn]| {
                decided(&drawn_policies(drawn), &user(), "ec2:StopInstances", INSTANCE).is_allowed()
            };
            let denials = more.into_iter().map(|Drawn(layer, _, action)| Drawn(layer, false, action));
            let narrowed: Vec<_> = drawn.iter().cloned().chain(denials).collect();
            prop_assert!(is_allowed(&drawn) || !is_allowed(&narrowed));
            let turned: Vec<_> = drawn.iter().rev().cloned().collect();
            prop_assert_eq!(is_allowed(&drawn), is_allowed(&turned));
        }
    }
}
