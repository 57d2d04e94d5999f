//! The resource policy of a function, a version or an alias: who but its owner may invoke it.

use super::error::{conflict, not_found, validation};
use crate::{emulator::wire::AwsError, names};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The most bytes of a policy, as it is shown.
const MAX_POLICY: usize = 20_480;

/// One permission.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Statement {
    pub(super) id: String,
    principal: String,
    action: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    principal_org_id: Option<String>,
    event_source_token: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: bool,
}

/// What `AddPermission` takes beside the function.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PermissionInput {
    statement_id: String,
    action: String,
    pub(super) principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    event_source_token: Option<String>,
    function_url_auth_type: Option<String>,
    #[serde(default)]
    invoked_via_function_url: bool,
    pub(super) revision_id: Option<String>,
}

impl PermissionInput {
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
        self.check_conditions()?;
        Ok(Statement {
            id: self.statement_id,
            principal: self.principal,
            action: self.action,
            source_arn: self.source_arn,
            source_account: self.source_account,
            principal_org_id: self.principal_org_id,
            event_source_token: self.event_source_token,
            function_url_auth_type: self.function_url_auth_type,
            invoked_via_function_url: self.invoked_via_function_url,
        })
    }

    fn check_conditions(&self) -> Result<(), AwsError> {
        if let Some(id) = self.principal_org_id.as_deref().filter(|id| !is_organization(id)) {
            let rule = "satisfy regular expression pattern: o-[a-z0-9]{10,32}";
            return Err(validation(id, "principalOrgID", rule));
        }
        let is_arn = |arn: &str| arn.starts_with("arn:") && arn.splitn(6, ':').count() == 6;
        if let Some(arn) = self.source_arn.as_deref().filter(|arn| !is_arn(arn)) {
            let rule = "satisfy regular expression pattern: arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:\
                        ([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
            return Err(validation(arn, "sourceArn", rule));
        }
        if let Some(account) = self.source_account.as_deref().filter(|account| !names::is_account(account)) {
            return Err(validation(account, "sourceAccount", "satisfy regular expression pattern: \\d{12}"));
        }
        let is_token = |token: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            (1..=256).contains(&token.len()) && token.bytes().all(plain)
        };
        if let Some(token) = self.event_source_token.as_deref().filter(|token| !is_token(token)) {
            let rule = "satisfy regular expression pattern: [a-zA-Z0-9._\\-]+";
            return Err(validation(token, "eventSourceToken", rule));
        }
        match self.function_url_auth_type.as_deref() {
            None | Some("NONE" | "AWS_IAM") => Ok(()),
            Some(other) => Err(validation(other, "functionUrlAuthType", "satisfy enum value set: [NONE, AWS_IAM]")),
        }
    }
}

/// Whether a text is the id of an organization.
pub(super) fn is_organization(id: &str) -> bool {
    let digits = id.strip_prefix("o-").unwrap_or_default();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (10..=32).contains(&digits.len()) && digits.bytes().all(plain)
}

impl Statement {
    /// Shows the permission as a statement of the policy language.
    fn show(&self, function_arn: &str) -> Value {
        let principal = if self.principal == "*" {
            json!("*")
        } else if [".amazonaws.com", ".amazon.com"].iter().any(|end| self.principal.ends_with(end)) {
            json!({ "Service": self.principal })
        } else if self.principal.starts_with("arn:") {
            json!({ "AWS": self.principal })
        } else {
            json!({ "AWS": format!("arn:aws:iam::{}:root", self.principal) })
        };
        let mut statement = json!({
            "Sid": self.id, "Effect": "Allow", "Principal": principal, "Action": self.action, "Resource": function_arn,
        });
        for (key, value) in [
            ("AWS:SourceAccount", &self.source_account),
            ("aws:PrincipalOrgID", &self.principal_org_id),
            ("lambda:EventSourceToken", &self.event_source_token),
            ("lambda:FunctionUrlAuthType", &self.function_url_auth_type),
        ] {
            if let Some(value) = value {
                statement["Condition"]["StringEquals"][key] = json!(value);
            }
        }
        if self.invoked_via_function_url {
            statement["Condition"]["Bool"]["lambda:InvokedViaFunctionUrl"] = json!("true");
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
        let account = self.source_account.is_none() || self.source_account.as_deref() == account;
        action && principal && source && account && !self.is_for_others()
    }

    /// Whether it lets anybody do this through the function's URL, which asks for no signature.
    fn allows_anybody(&self, action: &str) -> bool {
        let is_action = matches!(self.action.as_str(), "*" | "lambda:*") || self.action == action;
        let is_for_url = self.function_url_auth_type.as_deref().is_none_or(|auth| auth == "NONE");
        // Who sends no signature has no account, no organization and no source.
        let is_for_anybody = self.source_arn.is_none()
            && self.source_account.is_none()
            && self.principal_org_id.is_none()
            && self.event_source_token.is_none();
        self.principal == "*" && is_action && is_for_url && is_for_anybody
    }

    /// Whether it has a condition that a service never fulfils: services belong to no organization, send no token of a
    /// skill, and do not come through a function's URL.
    fn is_for_others(&self) -> bool {
        self.principal_org_id.is_some()
            || self.event_source_token.is_some()
            || self.function_url_auth_type.is_some()
            || self.invoked_via_function_url
    }
}

/// Adds a permission and shows it as a JSON text.
pub(super) fn add(policy: &mut Vec<Statement>, statement: Statement, arn: &str) -> Result<String, AwsError> {
    if policy.iter().any(|old| old.id == statement.id) {
        return Err(conflict(format!(
            "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing \
             statement.",
            statement.id
        )));
    }
    let shown = statement.show(arn).to_string();
    policy.push(statement);
    if show(policy, arn)?.len() > MAX_POLICY {
        let message = format!("The final policy size is bigger than the limit ({MAX_POLICY}).");
        return Err(AwsError::sender("PolicyLengthExceededException", message));
    }
    Ok(shown)
}

/// Removes a permission.
pub(super) fn remove(policy: &mut Vec<Statement>, id: &str) -> Result<(), AwsError> {
    let before = policy.len();
    policy.retain(|statement| statement.id != id);
    if policy.len() == before {
        return Err(not_found(format!("Statement {id} is not found in resource policy.")));
    }
    Ok(())
}

/// Shows a whole policy as a JSON text.
pub(super) fn show(policy: &[Statement], arn: &str) -> Result<String, AwsError> {
    if policy.is_empty() {
        return Err(not_found("The resource you requested does not exist."));
    }
    let statements: Vec<_> = policy.iter().map(|statement| statement.show(arn)).collect();
    Ok(json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements }).to_string())
}

/// Whether a service may invoke what has this policy on behalf of `source_arn`.
pub(super) fn allows(policy: &[Statement], service: &str, source_arn: &str) -> bool {
    policy.iter().any(|statement| statement.allows(service, source_arn))
}

/// Whether a policy lets anybody invoke the function by its URL; else which permission is missing. It takes two since
/// October 2025: <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>.
pub(super) fn allows_anybody_by_url(policy: &[Statement]) -> Result<(), &'static str> {
    let allows = |action| policy.iter().any(|statement| statement.allows_anybody(action));
    if !allows("lambda:InvokeFunctionUrl") {
        return Err("nothing allows anybody to call it (`aws lambda add-permission --action lambda:InvokeFunctionUrl \
                    --principal '*' --function-url-auth-type NONE`)");
    }
    if !allows("lambda:InvokeFunction") {
        return Err("nothing allows anybody to invoke the function through it, which AWS asks for since October 2025 \
                    (`aws lambda add-permission --action lambda:InvokeFunction --principal '*' \
                    --invoked-via-function-url`)");
    }
    Ok(())
}

/// Names the actions that a policy would have to let anybody do for that.
pub(super) fn lacking_by_url(policy: &[Statement]) -> Vec<String> {
    let lacks = |action: &&str| !policy.iter().any(|statement| statement.allows_anybody(action));
    ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"].into_iter().filter(lacks).map(str::to_owned).collect()
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
            ..Statement::default()
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

    #[test]
    fn a_condition_that_a_service_cannot_fulfil_keeps_it_out_and_is_shown() {
        for (member, value, operator, key, shown) in [
            ("PrincipalOrgID", json!("o-1234567890"), "StringEquals", "aws:PrincipalOrgID", "o-1234567890"),
            ("EventSourceToken", json!("amzn1.skill"), "StringEquals", "lambda:EventSourceToken", "amzn1.skill"),
            ("FunctionUrlAuthType", json!("NONE"), "StringEquals", "lambda:FunctionUrlAuthType", "NONE"),
            ("InvokedViaFunctionUrl", json!(true), "Bool", "lambda:InvokedViaFunctionUrl", "true"),
        ] {
            let mut input = json!({ "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*" });
            input[member] = value;
            let input: PermissionInput = serde_json::from_value(input).unwrap();
            let statement = input.statement().unwrap();
            assert!(!statement.allows("apigateway.amazonaws.com", SOURCE), "{member}");
            assert_eq!(statement.show("arn")["Condition"], json!({ operator: { key: shown } }));
            let stored = serde_json::to_value(&statement).unwrap();
            assert_eq!(serde_json::from_value::<Statement>(stored).unwrap(), statement);
        }
    }

    #[test]
    fn a_url_without_signatures_needs_both_permissions() {
        let statement = |action: &str, more: Value| {
            let mut input = json!({ "StatementId": "s", "Action": action, "Principal": "*" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<PermissionInput>(input).unwrap().statement().unwrap()
        };
        let url = statement("lambda:InvokeFunctionUrl", json!({ "FunctionUrlAuthType": "NONE" }));
        let via = statement("lambda:InvokeFunction", json!({ "InvokedViaFunctionUrl": true }));
        allows_anybody_by_url(&[url.clone(), via.clone()]).unwrap();
        allows_anybody_by_url(&[statement("lambda:*", json!({}))]).unwrap();
        assert!(allows_anybody_by_url(std::slice::from_ref(&url)).unwrap_err().contains("October 2025"));
        assert_eq!(lacking_by_url(std::slice::from_ref(&url)), ["lambda:InvokeFunction"]);
        assert!(allows_anybody_by_url(std::slice::from_ref(&via)).unwrap_err().contains("InvokeFunctionUrl"));
        let signed = statement("lambda:InvokeFunctionUrl", json!({ "FunctionUrlAuthType": "AWS_IAM" }));
        let others = statement("lambda:InvokeFunctionUrl", json!({ "SourceAccount": "111111111111" }));
        assert!(allows_anybody_by_url(&[signed, others, via]).is_err());
    }

    #[test]
    fn conditions_of_another_form_are_refused() {
        for (member, value) in
            [("PrincipalOrgID", "o-1"), ("EventSourceToken", "a b"), ("FunctionUrlAuthType", "EVERYBODY")]
        {
            let mut input = json!({ "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*" });
            input[member] = json!(value);
            let input: PermissionInput = serde_json::from_value(input).unwrap();
            assert_eq!(input.statement().unwrap_err().code, "ValidationException", "{member}");
        }
    }
}
