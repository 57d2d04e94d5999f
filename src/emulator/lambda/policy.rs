//! The resource policy of a function: who but its owner may invoke it.

use super::{
    Function,
    error::{conflict, not_found, validation},
};
use crate::emulator::wire::AwsError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub(super) id: String,
    principal: String,
    action: String,
    source_arn: Option<String>,
    source_account: Option<String>,
}

/// The body of `AddPermission`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AddPermission {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    pub(super) revision_id: Option<String>,
}

impl AddPermission {
    /// Checks the permission's shape.
    pub(super) fn statement(self) -> Result<Statement, AwsError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if !(1..=100).contains(&self.statement_id.len()) || !self.statement_id.bytes().all(plain) {
            let rule = "satisfy regular expression pattern: ([a-zA-Z0-9-_]+)";
            return Err(validation(&self.statement_id, "statementId", rule));
        }
        if self.action != "*" && !self.action.starts_with("lambda:") {
            return Err(validation(
                &self.action,
                "action",
                "satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])",
            ));
        }
        Ok(Statement {
            id: self.statement_id,
            principal: self.principal,
            action: self.action,
            source_arn: self.source_arn,
            source_account: self.source_account,
        })
    }
}

impl Statement {
    /// Shows the permission as a statement of the policy language.
    fn show(&self, function_arn: &str) -> Value {
        let principal = if self.principal == "*" {
            json!("*")
        } else if self.principal.ends_with(".amazonaws.com") {
            json!({ "Service": self.principal })
        } else if self.principal.starts_with("arn:") {
            json!({ "AWS": self.principal })
        } else {
            json!({ "AWS": format!("arn:aws:iam::{}:root", self.principal) })
        };
        let mut statement = json!({
            "Sid": self.id, "Effect": "Allow", "Principal": principal, "Action": self.action, "Resource": function_arn,
        });
        if let Some(account) = &self.source_account {
            statement["Condition"]["StringEquals"]["AWS:SourceAccount"] = json!(account);
        }
        if let Some(arn) = &self.source_arn {
            statement["Condition"]["ArnLike"]["AWS:SourceArn"] = json!(arn);
        }
        statement
    }

    fn allows(&self, service: &str, source_arn: &str) -> bool {
        let action = matches!(self.action.as_str(), "*" | "lambda:*" | "lambda:InvokeFunction");
        let principal = self.principal == "*" || self.principal == service;
        let source = self.source_arn.as_deref().is_none_or(|pattern| arn_matches(pattern, source_arn));
        // The account is the fifth part of an ARN; everything here belongs to one account.
        let account = source_arn.split(':').nth(4);
        action && principal && source && (self.source_account.is_none() || self.source_account.as_deref() == account)
    }
}

impl Function {
    /// Adds a permission and shows it as a JSON text.
    pub(super) fn add_permission(&mut self, statement: Statement) -> Result<String, AwsError> {
        if self.policy.iter().any(|old| old.id == statement.id) {
            return Err(conflict(format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement.",
                statement.id
            )));
        }
        let shown = statement.show(&self.arn).to_string();
        self.policy.push(statement);
        Ok(shown)
    }

    /// Removes a permission.
    pub(super) fn remove_permission(&mut self, id: &str) -> Result<(), AwsError> {
        let before = self.policy.len();
        self.policy.retain(|statement| statement.id != id);
        if self.policy.len() == before {
            return Err(not_found(format!("Statement {id} is not found in resource policy.")));
        }
        Ok(())
    }

    /// Shows the whole policy as a JSON text.
    pub(super) fn show_policy(&self) -> Result<String, AwsError> {
        if self.policy.is_empty() {
            return Err(not_found("The resource you requested does not exist."));
        }
        let statements: Vec<_> = self.policy.iter().map(|statement| statement.show(&self.arn)).collect();
        Ok(json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements }).to_string())
    }

    /// Tells whether a service may invoke the function on behalf of `source_arn`.
    pub(in crate::emulator) fn allows(&self, service: &str, source_arn: &str) -> bool {
        self.policy.iter().any(|statement| statement.allows(service, source_arn))
    }
}

/// Compares an ARN with a pattern in which `*` stands for any text, also across `/`, and `?` for one character. Each
/// of the six parts is compared by itself.
fn arn_matches(pattern: &str, arn: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.splitn(6, ':'), arn.splitn(6, ':'));
    (0..6).all(|_| match (patterns.next(), parts.next()) {
        (Some(pattern), Some(part)) => wildcard(pattern.as_bytes(), part.as_bytes()),
        _ => false,
    })
}

/// Matches greedily with one point to come back to, so its time is bounded by the product of the lengths.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut retry {
                Some((after_star, from)) => {
                    *from += 1;
                    (p, t) = (*after_star, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/infra";

    fn statement(source_arn: Option<&str>) -> Statement {
        Statement {
            id: "s".into(),
            principal: "apigateway.amazonaws.com".into(),
            action: "lambda:InvokeFunction".into(),
            source_arn: source_arn.map(str::to_owned),
            source_account: None,
        }
    }

    #[test]
    fn a_permission_holds_for_its_service_and_source_only() {
        let service = "apigateway.amazonaws.com";
        assert!(statement(None).allows(service, SOURCE));
        for pattern in ["arn:aws:execute-api:us-east-1:000000000000:abc/*", "arn:aws:execute-api:*:*:abc/*/GET/infra"] {
            assert!(statement(Some(pattern)).allows(service, SOURCE), "{pattern}");
        }
        for pattern in
            ["arn:aws:execute-api:us-east-1:000000000000:xyz/*", "*", "arn:aws:execute-api:us-east-1:1:abc/*"]
        {
            assert!(!statement(Some(pattern)).allows(service, SOURCE), "{pattern}");
        }
        assert!(!statement(None).allows("events.amazonaws.com", SOURCE));
    }

    #[test]
    fn wildcards_match_like_a_shell_without_slashes() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b", "xaxab", true),
            ("", "a", false),
        ] {
            assert_eq!(wildcard(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_account_of_the_source_counts_when_it_is_named() {
        let mut statement = statement(None);
        statement.source_account = Some("111111111111".into());
        assert!(!statement.allows("apigateway.amazonaws.com", SOURCE));
        statement.source_account = Some("000000000000".into());
        assert!(statement.allows("apigateway.amazonaws.com", SOURCE));
    }
}
