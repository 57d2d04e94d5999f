//! What a policy says about calling an API: a resource policy of an API, or the policy that an authorizer answers.
//!
//! Only what `execute-api:Invoke` needs. One function, [`decide`], so that a general engine can stand in its place.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use serde_json::Value;
use std::net::IpAddr;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The action that calls of APIs are.
const INVOKE: &str = "execute-api:Invoke";

/// What a policy says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum Decision {
    Allow,
    /// A statement denies it, whatever else allows it.
    ExplicitDeny,
    /// No statement is about it.
    ImplicitDeny,
}

/// Who calls, and what conditions may ask about the call.
#[derive(Debug, Default)]
pub(in crate::emulator) struct Facts<'a> {
    /// The ARN of whoever signed; nobody in particular where nobody did.
    pub(in crate::emulator) principal: Option<&'a str>,
    /// The account of whoever signed.
    pub(in crate::emulator) account: &'a str,
    /// The keys of conditions, with their values; names are compared without regard to case.
    pub(in crate::emulator) keys: Vec<(&'a str, String)>,
}

/// Says what a policy says about a call of `resource`
/// (`arn:aws:execute-api:us-east-1:000000000000:api/stage/GET/path`); nothing where it is no policy.
pub(in crate::emulator) fn decide(policy: &Value, resource: &str, facts: &Facts<'_>) -> Option<Decision> {
    let statements = policy.as_object()?.get("Statement").or_else(|| policy.get("statement"))?;
    let mut decision = Decision::ImplicitDeny;
    for statement in each(statements) {
        let statement = Statement(statement.as_object()?);
        let is_allow = match statement.get("Effect")?.as_str()?.to_ascii_lowercase().as_str() {
            "allow" => true,
            "deny" => false,
            _ => return None,
        };
        if !statement.is_about(resource, facts) {
            continue;
        }
        if !is_allow {
            return Some(Decision::ExplicitDeny);
        }
        decision = Decision::Allow;
    }
    Some(decision)
}

/// One thing, or several in a list.
fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

struct Statement<'a>(&'a serde_json::Map<String, Value>);

impl<'a> Statement<'a> {
    /// A member; authorizers written for other clients begin the names in lower case.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn is_about(&self, resource: &str, facts: &Facts<'_>) -> bool {
        let named = |name: &str, not: &str, matches: &dyn Fn(&str) -> bool| {
            let any = |value: &Value| each(value).iter().filter_map(Value::as_str).any(matches);
            match (self.get(name), self.get(not)) {
                (Some(value), _) => any(value),
                (None, Some(value)) => !any(value),
                (None, None) => false,
            }
        };
        let action = |pattern: &str| like(&pattern.to_ascii_lowercase(), &INVOKE.to_ascii_lowercase());
        let of_resource = |pattern: &str| match pattern.strip_prefix("execute-api:/") {
            // What API Gateway takes for the API that the policy is of.
            Some(rest) => resource.split_once('/').is_some_and(|(_, path)| like(rest, path)),
            None => arn_like(pattern, resource),
        };
        named("Action", "NotAction", &action)
            && named("Resource", "NotResource", &of_resource)
            && self.is_for(facts)
            && self.get("Condition").is_none_or(|condition| holds(condition, facts))
    }

    /// Whether it is about whoever calls. The policy of an authorizer names nobody.
    fn is_for(&self, facts: &Facts<'_>) -> bool {
        match (self.get("Principal"), self.get("NotPrincipal")) {
            (Some(principal), _) => names(principal, facts),
            (None, Some(principal)) => !names(principal, facts),
            (None, None) => true,
        }
    }
}

fn names(principal: &Value, facts: &Facts<'_>) -> bool {
    let is_caller = |text: &str| {
        let account = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root")).unwrap_or(text);
        text == "*"
            || facts.principal.is_some_and(|arn| {
                arn == text || account == facts.account || role_of(arn).is_some_and(|role| role == text)
            })
    };
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => kinds
            .iter()
            .filter(|(kind, _)| *kind == "AWS")
            .flat_map(|(_, names)| each(names))
            .filter_map(Value::as_str)
            .any(is_caller),
        _ => false,
    }
}

/// The role of a session (`arn:aws:sts::…:assumed-role/name/session`), but for its path.
fn role_of(arn: &str) -> Option<String> {
    let (account, rest) = arn.strip_prefix("arn:aws:sts::")?.split_once(":assumed-role/")?;
    Some(format!("arn:aws:iam::{account}:role/{}", rest.split('/').next()?))
}

/// Whether all conditions hold.
fn holds(condition: &Value, facts: &Facts<'_>) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    operators
        .flat_map(|(operator, keys)| {
            keys.as_object().into_iter().flatten().map(move |(key, values)| (operator, key, values))
        })
        .all(|(operator, key, values)| {
            let known =
                facts.keys.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str());
            let (operator, if_exists) =
                operator.strip_suffix("IfExists").map_or((operator.as_str(), false), |operator| (operator, true));
            let wanted =
                each(values).iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let wanted: Vec<_> = wanted.collect();
            match (operator, known) {
                ("Null", known) => wanted.iter().any(|wanted| (wanted == "true") == known.is_none()),
                (_, None) => if_exists || is_negated(operator),
                (operator, Some(known)) if is_negated(operator) => {
                    wanted.iter().all(|wanted| compare(operator, known, wanted) == Some(true))
                }
                (operator, Some(known)) => wanted.iter().any(|wanted| compare(operator, known, wanted) == Some(true)),
            }
        })
}

fn is_negated(operator: &str) -> bool {
    operator.contains("Not")
}

/// Compares one value with one that is wanted; nothing where the operator is none or a value is of another kind.
fn compare(operator: &str, known: &str, wanted: &str) -> Option<bool> {
    let numbers = || Some((known.parse::<f64>().ok()?, wanted.parse::<f64>().ok()?));
    let date = |text: &str| {
        let epoch = || OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok();
        OffsetDateTime::parse(text, &Rfc3339).ok().or_else(epoch)
    };
    let dates = || Some((date(known)?, date(wanted)?));
    Some(match operator {
        "StringEquals" => known == wanted,
        "StringNotEquals" => known != wanted,
        "StringEqualsIgnoreCase" | "Bool" => known.eq_ignore_ascii_case(wanted),
        "StringNotEqualsIgnoreCase" => !known.eq_ignore_ascii_case(wanted),
        "StringLike" => like(wanted, known),
        "StringNotLike" => !like(wanted, known),
        "ArnEquals" | "ArnLike" => arn_like(wanted, known),
        "ArnNotEquals" | "ArnNotLike" => !arn_like(wanted, known),
        "IpAddress" => in_range(known, wanted)?,
        "NotIpAddress" => !in_range(known, wanted)?,
        "NumericEquals" => numbers().is_some_and(|(a, b)| (a - b).abs() < f64::EPSILON),
        "NumericNotEquals" => numbers().is_some_and(|(a, b)| (a - b).abs() >= f64::EPSILON),
        "NumericLessThan" => numbers().is_some_and(|(a, b)| a < b),
        "NumericLessThanEquals" => numbers().is_some_and(|(a, b)| a <= b),
        "NumericGreaterThan" => numbers().is_some_and(|(a, b)| a > b),
        "NumericGreaterThanEquals" => numbers().is_some_and(|(a, b)| a >= b),
        "DateEquals" => dates().is_some_and(|(a, b)| a == b),
        "DateNotEquals" => dates().is_some_and(|(a, b)| a != b),
        "DateLessThan" => dates().is_some_and(|(a, b)| a < b),
        "DateLessThanEquals" => dates().is_some_and(|(a, b)| a <= b),
        "DateGreaterThan" => dates().is_some_and(|(a, b)| a > b),
        "DateGreaterThanEquals" => dates().is_some_and(|(a, b)| a >= b),
        _ => return None,
    })
}

/// Whether an address is in a range (`192.0.2.0/24`), or is the one that is named.
fn in_range(address: &str, range: &str) -> Option<bool> {
    let (network, bits) = range.split_once('/').map_or((range, None), |(network, bits)| (network, Some(bits)));
    let bits = bits.map_or(Some(u32::MAX), |bits| bits.parse().ok())?;
    let shared = |a: u128, b: u128, width: u32| {
        let bits = bits.min(width);
        bits == 0 || (a ^ b) >> (width - bits) == 0
    };
    Some(match (address.parse::<IpAddr>().ok()?.to_canonical(), network.parse::<IpAddr>().ok()?.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => shared(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => shared(a.into(), b.into(), 128),
        _ => false,
    })
}

/// Compares an ARN with a pattern, each of the six parts by itself.
fn arn_like(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (mut patterns, mut parts) = (pattern.splitn(6, ':'), arn.splitn(6, ':'));
    (0..6).all(|_| match (patterns.next(), parts.next()) {
        (Some(pattern), Some(part)) => like(pattern, part),
        // A pattern may stop early with a star for all the rest.
        (None, Some(_)) => pattern.ends_with('*'),
        _ => false,
    })
}

/// Compares a text with a pattern in which `*` stands for any text and `?` for one character; the time is bounded by the
/// product of the lengths.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut retry) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some('?') => (p, t) = (p + 1, t + 1),
            Some(known) if *known == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut retry {
                Some((after_star, from)) => {
                    *from += 1;
                    (p, t) = (*after_star, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|known| *known == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RESOURCE: &str = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/pets/1";

    fn said(statements: &Value) -> Option<Decision> {
        let facts = Facts {
            principal: None,
            account: "000000000000",
            keys: vec![("aws:SourceIp", "192.0.2.7".to_owned()), ("aws:SecureTransport", "false".to_owned())],
        };
        decide(&json!({ "Version": "2012-10-17", "Statement": statements }), RESOURCE, &facts)
    }

    fn allow(more: &Value) -> Option<Decision> {
        let mut statement = json!({ "Effect": "Allow", "Action": INVOKE, "Resource": "*" });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        said(&statement)
    }

    #[test]
    fn a_statement_is_about_the_resources_that_it_names() {
        for resource in [
            "*",
            RESOURCE,
            "arn:aws:execute-api:*:*:abc/*",
            "arn:aws:execute-api:us-east-1:000000000000:abc/dev/*/pets/?",
            "execute-api:/dev/GET/*",
            "arn:aws:execute-api:*",
        ] {
            assert_eq!(allow(&json!({ "Resource": ["arn:x", resource] })), Some(Decision::Allow), "{resource}");
        }
        for resource in
            ["arn:aws:execute-api:*:*:xyz/*", "arn:aws:execute-api:*:*:abc/dev/POST/*", "execute-api:/prod/*"]
        {
            assert_eq!(allow(&json!({ "Resource": resource })), Some(Decision::ImplicitDeny), "{resource}");
        }
        assert_eq!(allow(&json!({ "Action": "Execute-API:*" })), Some(Decision::Allow));
        assert_eq!(allow(&json!({ "Action": "lambda:*" })), Some(Decision::ImplicitDeny));
    }

    #[test]
    fn what_is_denied_stays_denied() {
        let allow = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let deny = json!({ "Effect": "Deny", "Action": INVOKE, "Resource": "arn:aws:execute-api:*:*:*/*/GET/*" });
        assert_eq!(said(&json!([allow, deny])), Some(Decision::ExplicitDeny));
        assert_eq!(said(&json!([])), Some(Decision::ImplicitDeny));
    }

    #[test]
    fn conditions_and_principals_count() {
        for (more, decision) in [
            (
                json!({ "Condition": { "IpAddress": { "aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"] } } }),
                Decision::Allow,
            ),
            (json!({ "Condition": { "NotIpAddress": { "aws:SourceIp": "192.0.2.0/24" } } }), Decision::ImplicitDeny),
            (json!({ "Condition": { "Bool": { "aws:SecureTransport": true } } }), Decision::ImplicitDeny),
            (json!({ "Condition": { "StringEquals": { "aws:SourceVpc": "v" } } }), Decision::ImplicitDeny),
            (json!({ "Condition": { "StringNotEquals": { "aws:SourceVpc": "v" } } }), Decision::Allow),
            (json!({ "Condition": { "StringEqualsIfExists": { "aws:SourceVpc": "v" } } }), Decision::Allow),
            (json!({ "Condition": { "Null": { "aws:SourceVpc": "true" } } }), Decision::Allow),
            (json!({ "Condition": { "Nonsense": { "aws:SourceIp": "192.0.2.7" } } }), Decision::ImplicitDeny),
            (json!({ "Principal": "*" }), Decision::Allow),
            (json!({ "Principal": { "AWS": "*" } }), Decision::Allow),
            (json!({ "Principal": { "AWS": "arn:aws:iam::000000000000:user/u" } }), Decision::ImplicitDeny),
        ] {
            assert_eq!(allow(&more), Some(decision), "{more}");
        }
    }

    #[test]
    fn a_principal_is_an_account_a_user_or_a_role_of_a_session() {
        let of = |principal: &str, arn: &str| {
            let facts = Facts { principal: Some(arn), account: "000000000000", keys: Vec::new() };
            let statement =
                json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "*", "Resource": "*" });
            decide(&json!({ "Statement": [statement] }), RESOURCE, &facts)
        };
        let user = "arn:aws:iam::000000000000:user/u";
        for principal in [user, "000000000000", "arn:aws:iam::000000000000:root", "*"] {
            assert_eq!(of(principal, user), Some(Decision::Allow), "{principal}");
        }
        let session = "arn:aws:sts::000000000000:assumed-role/r/s";
        assert_eq!(of("arn:aws:iam::000000000000:role/r", session), Some(Decision::Allow));
        assert_eq!(of("arn:aws:iam::000000000000:role/q", session), Some(Decision::ImplicitDeny));
    }

    #[test]
    fn what_is_no_policy_says_nothing() {
        let facts = Facts::default();
        for policy in
            [json!(null), json!({}), json!({ "Statement": [1] }), json!({ "Statement": [{ "Effect": "Maybe" }] })]
        {
            assert_eq!(decide(&policy, RESOURCE, &facts), None, "{policy}");
        }
    }
}
