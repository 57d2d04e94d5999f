//! Policy documents: their form is checked as IAM checks it, their meaning is not applied.

use super::conflict;
use crate::emulator::wire::AwsError;
use serde_json::{Map, Value};

/// IAM's limit on a trust policy, in characters.
const MAX_TRUST: usize = 2048;

/// Where a document is used; the two uses have different members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Who may take a role on: has a principal, has no resource.
    Trust,
    /// What a role may do: has resources, has no principal.
    Identity,
}

/// Checks a document.
///
/// # Errors
/// `MalformedPolicyDocument`, saying what is wrong, and `LimitExceeded`.
pub(super) fn check(text: &str, kind: Kind) -> Result<(), AwsError> {
    if kind == Kind::Trust && text.chars().count() > MAX_TRUST {
        return Err(conflict("LimitExceeded", format!("Cannot exceed quota for ACLSizePerRole: {MAX_TRUST}")));
    }
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return Err(malformed("This policy contains invalid Json"));
    };
    if document.keys().any(|key| !matches!(key.as_str(), "Id" | "Statement" | "Version")) {
        return Err(syntax());
    }
    let known_version = |version: &Value| matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"));
    if !document.get("Version").is_none_or(known_version) {
        return Err(malformed("The policy must contain a valid version string"));
    }
    let statements: Vec<&Map<String, Value>> = match document.get("Statement") {
        Some(Value::Object(statement)) => vec![statement],
        Some(Value::Array(statements)) if !statements.is_empty() => {
            statements.iter().map(|statement| statement.as_object().ok_or_else(syntax)).collect::<Result<_, _>>()?
        }
        _ => return Err(syntax()),
    };
    statements.iter().try_for_each(|statement| check_statement(statement, kind))?;
    let mut ids: Vec<&str> = statements.iter().filter_map(|statement| statement.get("Sid")?.as_str()).collect();
    ids.retain(|id| !id.is_empty());
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
    }
    Ok(())
}

/// What a statement can have.
const MEMBERS: [&str; 9] =
    ["Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid"];

fn check_statement(statement: &Map<String, Value>, kind: Kind) -> Result<(), AwsError> {
    let has = |one: &str, other: &str| statement.contains_key(one) != statement.contains_key(other);
    if statement.keys().any(|key| !MEMBERS.contains(&key.as_str())) {
        return Err(syntax());
    }
    check_id(statement, kind)?;
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(syntax());
    }
    if !has("Action", "NotAction") {
        return Err(malformed("Policy statement must contain actions."));
    }
    check_actions(&texts(statement.get("Action").or(statement.get("NotAction")))?, kind)?;
    let is_object = |value: &Value| value.as_object().is_some_and(|keys| keys.values().all(Value::is_object));
    if !statement.get("Condition").is_none_or(is_object) {
        return Err(syntax());
    }
    match kind {
        Kind::Trust if !has("Principal", "NotPrincipal") => {
            Err(malformed("AssumeRole policy must contain a principal."))
        }
        Kind::Trust if statement.contains_key("Resource") || statement.contains_key("NotResource") => {
            Err(malformed("Has prohibited field Resource"))
        }
        Kind::Trust => Ok(()),
        Kind::Identity if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") => {
            Err(malformed("Policy document should not specify a principal."))
        }
        Kind::Identity if !has("Resource", "NotResource") => Err(malformed("Policy statement must contain resources.")),
        Kind::Identity => check_resources(&texts(statement.get("Resource").or(statement.get("NotResource")))?),
    }
}

fn check_id(statement: &Map<String, Value>, kind: Kind) -> Result<(), AwsError> {
    let Some(id) = statement.get("Sid") else { return Ok(()) };
    let id = id.as_str().ok_or_else(syntax)?;
    // A trust policy's may have any letters.
    if kind == Kind::Identity && !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ));
    }
    Ok(())
}

fn check_actions(actions: &[&str], kind: Kind) -> Result<(), AwsError> {
    if actions.is_empty() {
        return Err(malformed("Policy statement must contain actions."));
    }
    for action in actions.iter().copied() {
        match action.split_once(':') {
            None if action != "*" => {
                return Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
            }
            Some((vendor, name)) if vendor.is_empty() || name.is_empty() || !is_vendor(vendor) => {
                return Err(malformed("Vendor is not valid"));
            }
            Some((vendor, name)) if kind == Kind::Trust && !is_of_trust(vendor, name) => {
                return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
            None if kind == Kind::Trust => {
                return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_vendor(vendor: &str) -> bool {
    vendor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether an action is one that a trust policy is about.
fn is_of_trust(vendor: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let starts = ["assumerole", "setcontext", "setsourceidentity", "tagsession"];
    vendor.eq_ignore_ascii_case("sts") && (name == "*" || starts.iter().any(|start| name.starts_with(start)))
}

fn check_resources(resources: &[&str]) -> Result<(), AwsError> {
    if resources.is_empty() {
        return Err(malformed("Policy statement must contain resources."));
    }
    match resources.iter().find(|resource| **resource != "*" && !resource.starts_with("arn:")) {
        Some(resource) => Err(malformed(&format!("Resource {resource} must be in ARN format or \"*\"."))),
        None => Ok(()),
    }
}

/// The texts of a list, or the one that stands for a list.
fn texts(value: Option<&Value>) -> Result<Vec<&str>, AwsError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(|item| item.as_str().ok_or_else(syntax)).collect(),
        Some(one) => Ok(vec![one.as_str().ok_or_else(syntax)?]),
    }
}

fn syntax() -> AwsError {
    malformed("Syntax errors in policy.")
}

pub(super) fn malformed(message: &str) -> AwsError {
    AwsError::sender("MalformedPolicyDocument", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    const IDENTITY: &str = r#"{"Statement":{"Effect":"Allow","Action":["ec2:*"],"Resource":"*"}}"#;

    #[test]
    fn each_use_accepts_its_own_form_only() {
        assert!(check(TRUST, Kind::Trust).is_ok());
        assert!(check(IDENTITY, Kind::Identity).is_ok());
        assert!(check(TRUST, Kind::Identity).is_err());
        assert!(check(IDENTITY, Kind::Trust).is_err());
    }

    #[test]
    fn what_a_statement_cannot_say_is_malformed_in_the_words_of_iam() {
        let said = |statement: &str, kind| check(&format!(r#"{{"Statement":{statement}}}"#), kind).unwrap_err().message;
        let only = "AssumeRole policy may only specify STS AssumeRole actions.";
        for (statement, message) in [
            (
                r#"{"Effect":"Allow","Action":"x","Resource":"*"}"#,
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (r#"{"Effect":"Allow","Action":"ec2:*","Resource":"x"}"#, "Resource x must be in ARN format or \"*\"."),
            (r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#, "Policy statement must contain actions."),
            (r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*","Colour":"red"}"#, "Syntax errors in policy."),
        ] {
            assert_eq!(said(statement, Kind::Identity), message);
        }
        for action in ["ec2:RunInstances", "sts:GetCallerIdentity", "*"] {
            let statement = format!(r#"{{"Effect":"Allow","Principal":"*","Action":"{action}"}}"#);
            assert_eq!(said(&statement, Kind::Trust), only, "{action}");
        }
        let twice = r#"[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]"#;
        assert_eq!(said(twice, Kind::Identity), "Statement IDs (SID) in a single policy must be unique.");
    }

    #[test]
    fn documents_that_are_none_are_malformed() {
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            "{",
            r#"{"Statement":[]}"#,
            r#"{"Statement":[1]}"#,
            r#"{"Version":"2020-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"Perhaps","Action":"*","Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}"#,
        ] {
            assert_eq!(check(bad, Kind::Identity).unwrap_err().code, "MalformedPolicyDocument", "{bad}");
        }
    }
}
