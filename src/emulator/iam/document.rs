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
    let known_version = |version: &Value| matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"));
    if !document.get("Version").is_none_or(known_version) {
        return Err(malformed("The policy must contain a valid version string"));
    }
    match document.get("Statement") {
        Some(Value::Object(statement)) => check_statement(statement, kind),
        Some(Value::Array(statements)) if !statements.is_empty() => {
            statements.iter().try_for_each(|statement| match statement {
                Value::Object(statement) => check_statement(statement, kind),
                _ => Err(malformed("Syntax errors in policy.")),
            })
        }
        _ => Err(malformed("Syntax errors in policy.")),
    }
}

fn check_statement(statement: &Map<String, Value>, kind: Kind) -> Result<(), AwsError> {
    let has = |one: &str, other: &str| statement.contains_key(one) != statement.contains_key(other);
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(malformed("Syntax errors in policy."));
    }
    if !has("Action", "NotAction") {
        return Err(malformed("Policy statement must contain actions."));
    }
    match kind {
        Kind::Trust if !has("Principal", "NotPrincipal") => {
            Err(malformed("AssumeRole policy must contain a principal."))
        }
        Kind::Trust if statement.contains_key("Resource") || statement.contains_key("NotResource") => {
            Err(malformed("Has prohibited field Resource"))
        }
        Kind::Identity if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") => {
            Err(malformed("Policy document should not specify a principal."))
        }
        Kind::Identity if !has("Resource", "NotResource") => Err(malformed("Policy statement must contain resources.")),
        _ => Ok(()),
    }
}

fn malformed(message: &str) -> AwsError {
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
