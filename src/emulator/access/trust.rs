//! Roles are taken on: what a role's trust policy says, together with what the identity that wants it may do.

use super::{Call, Decision, caller, caller::Caller, general_keys, need::Need, tags};
use crate::emulator::{
    policy::{self, Document, Keys, Layer, Policies, Principal, Request as Asked, Source, Use, Verdict},
    wire::AwsError,
};
use http::StatusCode;
use std::{collections::BTreeMap, sync::Arc};

/// What `AssumeRole` says of the session that it wants.
pub(in crate::emulator) struct Assumed<'a> {
    /// The role's ARN.
    pub(in crate::emulator) role: &'a str,
    /// The role's trust policy; `None` where there is no such role.
    pub(in crate::emulator) trust: Option<&'a str>,
    pub(in crate::emulator) session: &'a str,
    pub(in crate::emulator) external_id: Option<&'a str>,
    pub(in crate::emulator) source: Option<&'a str>,
    pub(in crate::emulator) tags: &'a BTreeMap<String, String>,
    /// The keys of those tags that go on to later sessions.
    pub(in crate::emulator) transitive: &'a [String],
    /// Whether the calling session has tags that go on to this one, which has to be allowed like tags of its own.
    pub(in crate::emulator) inherits: bool,
}

/// Refuses to lend a role to whom it does not trust, or who may not take it on. A role that does not exist is refused
/// like one that does not trust the caller.
pub(in crate::emulator) fn assume(call: &Call<'_>, asked: &Assumed<'_>) -> Result<(), AwsError> {
    let found = caller(call.context, call.access_key_id);
    let account = &call.context.config.account;
    let root = format!("arn:aws:iam::{account}:root");
    let arn = found.as_ref().map_or(root.as_str(), |caller| &caller.arn);
    let mut actions = vec!["sts:AssumeRole"];
    actions.extend((asked.inherits || !asked.tags.is_empty()).then_some("sts:TagSession"));
    actions.extend(asked.source.map(|_| "sts:SetSourceIdentity"));
    for action in actions {
        let need = Need { action: action.to_owned(), resource: asked.role.to_owned(), keys: keys(call, asked) };
        let verdict = decide(call, found.as_ref(), asked, &need);
        if let Some(caller) = &found {
            call.context.decisions.write(&Decision::of(call, caller, &need, &verdict));
        }
        let why = match &verdict {
            Verdict::Allowed(_) => continue,
            // AWS does not say of a trust policy that it is the one that is missing.
            Verdict::Missing(Layer::Resource) => String::new(),
            Verdict::Missing(layer) => format!(" because no {} allows the {action} action", layer.words()),
            Verdict::Denied(reason) => {
                let article = if reason.layer == Layer::Identity { "an" } else { "a" };
                format!(" with an explicit deny in {article} {}", reason.layer.words())
            }
        };
        let message = format!("User: {arn} is not authorized to perform: {action} on resource: {}{why}", asked.role);
        return Err(AwsError::new(StatusCode::FORBIDDEN, "AccessDenied", message));
    }
    Ok(())
}

fn keys(call: &Call<'_>, asked: &Assumed<'_>) -> Keys {
    let mut keys = Keys::default();
    keys.set("sts:RoleSessionName", asked.session);
    for (key, value) in [("sts:ExternalId", asked.external_id), ("sts:SourceIdentity", asked.source)] {
        if let Some(value) = value {
            keys.set(key, value);
        }
    }
    keys.set_tags("aws:RequestTag", asked.tags);
    if !asked.tags.is_empty() {
        keys.set_all("aws:TagKeys", asked.tags.keys().cloned());
    }
    if !asked.transitive.is_empty() {
        keys.set_all("sts:TransitiveTagKeys", asked.transitive.iter().cloned());
    }
    let role_tags = tags::of(call.context, call.region, asked.role);
    keys.set_tags("aws:ResourceTag", &role_tags);
    keys.set_tags("iam:ResourceTag", &role_tags);
    keys
}

fn decide(call: &Call<'_>, found: Option<&Caller>, asked: &Assumed<'_>, need: &Need) -> Verdict {
    let mut policies = match found {
        Some(caller) if call.context.config.evaluates => caller.policies(),
        // Where identity policies have no say, everybody may do what the trust policy lets him.
        _ => anything(),
    };
    policies.needs_resource = true;
    let trust = asked.trust.and_then(|trust| Document::parse(trust, Use::Trust).ok());
    policies.sources.extend(trust.map(|document| Source {
        layer: Layer::Resource,
        name: asked.role.to_owned(),
        document: Arc::new(document),
    }));
    let root = Principal::Root(call.context.config.account.clone());
    let mut keys = need.keys.clone();
    let principal = match found {
        Some(caller) => {
            keys.add(&general_keys(call, caller));
            &caller.principal
        }
        None => &root,
    };
    policy::decide(&policies, &Asked { principal, action: &need.action, resource: &need.resource, keys: &keys })
}

/// A policy that allows everything.
fn anything() -> Policies {
    let text = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let document = Document::parse(text, Use::Identity).unwrap_or_default();
    let source = Source { layer: Layer::Identity, name: String::new(), document: Arc::new(document) };
    Policies { sources: vec![source], ..Policies::default() }
}

/// Whether a trust policy lets a service take the role on, for something of the account's own.
pub(in crate::emulator) fn trusts_service(trust: &str, service: &str, source_arn: &str, account: &str) -> bool {
    lets_service(Document::parse(trust, Use::Trust), (service, source_arn), account, "sts:AssumeRole", "*")
}

/// Whether policies of resources let a service do something on behalf of `source_arn`, which is the account's own.
pub(in crate::emulator) fn lets_service(
    documents: impl IntoIterator<Item = Document>,
    (service, source_arn): (&str, &str),
    account: &str,
    action: &str,
    resource: &str,
) -> bool {
    let source = |document| Source { layer: Layer::Resource, name: String::new(), document: Arc::new(document) };
    let sources = documents.into_iter().map(source).collect();
    let policies = Policies { sources, needs_resource: true, ..Policies::default() };
    let mut keys = Keys::default();
    keys.set("aws:SourceArn", source_arn);
    keys.set("aws:SourceAccount", account);
    keys.set("aws:PrincipalIsAWSService", "true");
    let principal = Principal::Service(service.to_owned());
    let asked = Asked { principal: &principal, action, resource, keys: &keys };
    policy::decide(&policies, &asked).is_allowed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn trusts(statement: &Value, source: &str) -> bool {
        let trust = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        trusts_service(&trust, "lambda.amazonaws.com", source, "000000000000")
    }

    #[test]
    fn a_service_is_trusted_by_name_and_under_its_conditions() {
        let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let mut statement = json!({ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" });
        assert!(trusts(&statement, function));
        statement["Condition"] = json!({ "ArnLike": { "aws:SourceArn": "arn:aws:lambda:*:*:function:f" } });
        assert!(
            trusts(&statement, function) && !trusts(&statement, "arn:aws:lambda:us-east-1:000000000000:function:g")
        );
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": "111111111111" } });
        assert!(!trusts(&statement, function));
        let others =
            json!({ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" });
        assert!(!trusts(&others, function));
    }
}
