//! The operations on the resource policy of a function.

use super::{
    error::{invalid, not_found, wrong_revision},
    name::{LATEST, Versioned},
    policy::{self, PermissionInput},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{self, AwsError},
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveInput {
    statement_id: String,
    revision_id: Option<String>,
}

/// `AddPermission`.
pub(super) async fn add(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, mut input, scope) = operation.inputs::<Versioned, PermissionInput>()?;
    let function = function.reference(&scope)?;
    if function.qualifier.as_deref() == Some(LATEST) {
        return Err(invalid("We currently do not support adding policies for $LATEST."));
    }
    if !scope.read_global(|state| state.iam.is_principal(&input.principal, scope.account())) {
        return Err(invalid("The provided principal was invalid. Please check the principal and try again."));
    }
    let revision = input.revision_id.take();
    let statement = input.statement()?;
    let shown = scope
        .change(|state| {
            let policy = state.lambda.policy_mut(&function, scope.now)?;
            check_revision(policy.revision, revision.as_deref())?;
            let shown = policy::add(policy.statements, statement, &function.whole_arn())?;
            *policy.revision = wire::request_id();
            Ok::<_, AwsError>(shown)
        })
        .await?;
    Ok(Output::Members(json!({ "Statement": shown })))
}

/// `GetPolicy`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| {
        // What is not there has no policy either.
        let (statements, revision) = state.lambda.policy(&function, scope.now).unwrap_or_default();
        let shown = policy::show(statements, &function.whole_arn())?;
        Ok(Output::Members(json!({ "Policy": shown, "RevisionId": revision })))
    })
}

/// `RemovePermission`.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, input, scope) = operation.inputs::<Versioned, RemoveInput>()?;
    let function = function.reference(&scope)?;
    scope
        .change(|state| {
            if !state.lambda.functions.contains_key(&function.name) {
                return Err(not_found(format!("No policy found for: {}", function.whole_arn())));
            }
            let policy = state.lambda.policy_mut(&function, scope.now)?;
            if policy.statements.is_empty() {
                return Err(not_found("No policy is associated with the given resource."));
            }
            check_revision(policy.revision, input.revision_id.as_deref())?;
            policy::remove(policy.statements, &input.statement_id)?;
            *policy.revision = wire::request_id();
            Ok(Output::Done)
        })
        .await
}

fn check_revision(revision: &str, expected: Option<&str>) -> Result<(), AwsError> {
    if expected.is_none_or(|expected| expected == revision) { Ok(()) } else { Err(wrong_revision("GetPolicy")) }
}
