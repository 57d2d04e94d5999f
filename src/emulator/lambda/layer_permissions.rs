//! The operations on the resource policy of a layer's version: which accounts may use it. There is one account here, which
//! may always; the policy is kept and shown.

use super::{
    error::{conflict, invalid, not_found, validation},
    layer::{Grant, Key},
    layers::VersionInput,
    policy::is_organization,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{self, AwsError},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddInput {
    statement_id: String,
    action: String,
    principal: String,
    organization_id: Option<String>,
    revision_id: Option<String>,
}

impl AddInput {
    fn check(&self) -> Result<(), AwsError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if !(1..=100).contains(&self.statement_id.len()) || !self.statement_id.bytes().all(plain) {
            let rule = "satisfy regular expression pattern: ([a-zA-Z0-9-_]+)";
            return Err(validation(&self.statement_id, "statementId", rule));
        }
        if self.action != "lambda:GetLayerVersion" {
            let rule = "satisfy regular expression pattern: lambda:GetLayerVersion";
            return Err(validation(&self.action, "action", rule));
        }
        if self.principal != "*" && account(&self.principal).is_none() {
            let rule = "satisfy regular expression pattern: \\d{12}|\\*|arn:(aws[a-zA-Z-]*):iam::\\d{12}:root";
            return Err(validation(&self.principal, "principal", rule));
        }
        if let Some(id) = self.organization_id.as_deref().filter(|id| !is_organization(id)) {
            return Err(validation(id, "organizationId", "satisfy regular expression pattern: o-[a-z0-9]{10,32}"));
        }
        if self.organization_id.is_some() && self.principal != "*" {
            return Err(invalid("Principal must be * when an organization ID is given."));
        }
        Ok(())
    }
}

/// The account of a principal: its number, or the ARN of its root.
fn account(principal: &str) -> Option<&str> {
    let of_root = principal.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    let account = of_root.unwrap_or(principal);
    crate::names::is_account(account).then_some(account)
}

impl Grant {
    fn show(&self, arn: &str) -> Value {
        let principal = match account(&self.principal) {
            Some(account) => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
            None => json!(self.principal),
        };
        let mut shown = json!({
            "Sid": self.id,
            "Effect": "Allow",
            "Principal": principal,
            "Action": "lambda:GetLayerVersion",
            "Resource": arn,
        });
        if let Some(organization) = &self.organization {
            shown["Condition"] = json!({ "StringEquals": { "aws:PrincipalOrgID": organization } });
        }
        shown
    }
}

/// `AddLayerVersionPermission`.
pub(super) async fn add(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (version, input, scope) = operation.inputs::<VersionInput, AddInput>()?;
    let key = version.key(&scope)?;
    input.check()?;
    let arn = arn(&scope, &key);
    scope
        .change(|state| {
            let layer = state.lambda.layers.get_mut(&key).ok_or_else(|| absent(&arn))?;
            if layer.policy.iter().any(|grant| grant.id == input.statement_id) {
                return Err(conflict(format!(
                    "The statement id ({}) provided already exists. Please provide a new statement id, or remove the \
                     existing statement.",
                    input.statement_id
                )));
            }
            check_revision(&layer.revision, input.revision_id.as_deref())?;
            let grant =
                Grant { id: input.statement_id, principal: input.principal, organization: input.organization_id };
            let shown = grant.show(&arn).to_string();
            layer.policy.push(grant);
            layer.revision = wire::request_id();
            Ok(Output::Members(json!({ "Statement": shown, "RevisionId": layer.revision })))
        })
        .await
}

/// `GetLayerVersionPolicy`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (version, scope) = operation.input::<VersionInput>()?;
    let key = version.key(&scope)?;
    let arn = arn(&scope, &key);
    scope.read(|state| {
        let layer = state.lambda.layers.get(&key).ok_or_else(|| absent(&arn))?;
        if layer.policy.is_empty() {
            return Err(not_found("No policy is associated with the given resource."));
        }
        let statements: Vec<_> = layer.policy.iter().map(|grant| grant.show(&arn)).collect();
        let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
        Ok(Output::Members(json!({ "Policy": policy.to_string(), "RevisionId": layer.revision })))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveInput {
    statement_id: String,
    revision_id: Option<String>,
}

/// `RemoveLayerVersionPermission`.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (version, input, scope) = operation.inputs::<VersionInput, RemoveInput>()?;
    let key = version.key(&scope)?;
    let arn = arn(&scope, &key);
    scope
        .change(|state| {
            let layer = state.lambda.layers.get_mut(&key).ok_or_else(|| absent(&arn))?;
            check_revision(&layer.revision, input.revision_id.as_deref())?;
            let before = layer.policy.len();
            layer.policy.retain(|grant| grant.id != input.statement_id);
            if layer.policy.len() == before {
                let id = &input.statement_id;
                return Err(not_found(format!("Statement {id} is not found in resource policy.")));
            }
            layer.revision = wire::request_id();
            Ok(Output::Done)
        })
        .await
}

fn arn(scope: &Scope<'_>, key: &Key) -> String {
    format!("{}:{}", key.owner.arn(scope), key.qualifier)
}

fn absent(arn: &str) -> AwsError {
    not_found(format!("Layer version {arn} does not exist."))
}

fn check_revision(revision: &str, expected: Option<&str>) -> Result<(), AwsError> {
    if expected.is_none_or(|expected| expected == revision) {
        return Ok(());
    }
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to \
                   retrieve the latest Revision Id";
    Err(AwsError::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailedException", message))
}
