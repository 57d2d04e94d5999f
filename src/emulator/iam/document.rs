//! Policy documents as IAM takes them: their form is the language's ([`policy`]) and IAM's ([`grammar`]), their size is
//! IAM's.

use super::{conflict, grammar};
use crate::emulator::{
    policy::{Document, Use},
    wire::AwsError,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// IAM's limit on a trust policy, in characters.
const MAX_TRUST: usize = 2048;

/// What RFC 3986 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Checks a document.
///
/// # Errors
/// `MalformedPolicyDocument`, saying what is wrong, and `LimitExceeded`.
pub(super) fn check(text: &str, used: Use) -> Result<(), AwsError> {
    if used == Use::Trust && text.chars().count() > MAX_TRUST {
        return Err(conflict("LimitExceeded", format!("Cannot exceed quota for ACLSizePerRole: {MAX_TRUST}")));
    }
    if used == Use::Identity {
        grammar::check(text, false).map_err(|message| malformed(&message))?;
    }
    Document::parse(text, used).map(drop).map_err(|error| malformed(&error.0))
}

/// Checks the document of a managed policy.
///
/// # Errors
/// As [`check`].
pub(super) fn check_managed(text: &str) -> Result<(), AwsError> {
    grammar::check(text, true).map_err(|message| malformed(&message))?;
    check(text, Use::Identity)
}

pub(super) fn malformed(message: &str) -> AwsError {
    AwsError::sender("MalformedPolicyDocument", message)
}

/// Percent-encodes a policy document, as IAM's answers have it.
pub(super) fn encode(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    const IDENTITY: &str = r#"{"Statement":{"Effect":"Allow","Action":["ec2:*"],"Resource":"*"}}"#;

    #[test]
    fn each_use_accepts_its_own_form_only() {
        assert!(check(TRUST, Use::Trust).is_ok());
        assert!(check(IDENTITY, Use::Identity).is_ok());
        assert!(check(TRUST, Use::Identity).is_err());
        assert!(check(IDENTITY, Use::Trust).is_err());
    }

    #[test]
    fn what_a_statement_cannot_say_is_malformed_in_the_words_of_iam() {
        let said = |statement: &str, used| check(&format!(r#"{{"Statement":{statement}}}"#), used).unwrap_err().message;
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
            assert_eq!(said(statement, Use::Identity), message);
        }
        for action in ["ec2:RunInstances", "sts:GetCallerIdentity", "*"] {
            let statement = format!(r#"{{"Effect":"Allow","Principal":"*","Action":"{action}"}}"#);
            assert_eq!(said(&statement, Use::Trust), only, "{action}");
        }
        let twice = r#"[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]"#;
        assert_eq!(said(twice, Use::Identity), "Statement IDs (SID) in a single policy must be unique.");
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
            assert_eq!(check(bad, Use::Identity).unwrap_err().code, "MalformedPolicyDocument", "{bad}");
        }
    }
}
