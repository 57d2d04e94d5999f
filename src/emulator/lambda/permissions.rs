//! The operations on the resource policy of a function.

use super::{
    error::{conflict, invalid},
    name::{LATEST, Versioned},
    policy::PermissionInput,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::json;

/// About what fits into the 20 KB of a policy.
const MAX_STATEMENTS: usize = 64;

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
    let revision = input.revision_id.take();
    let statement = input.statement()?;
    let shown = scope
        .change(|state| {
            let function = state.lambda.find_mut(&function)?;
            function.check_revision(revision.as_deref())?;
            if function.policy.len() >= MAX_STATEMENTS {
                return Err(conflict("The final policy size is bigger than the limit (20480)."));
            }
            function.add_permission(statement)
        })
        .await?;
    Ok(Output::Members(json!({ "Statement": shown })))
}

/// `GetPolicy`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| {
        let function = state.lambda.find(&function)?;
        Ok(Output::Members(json!({ "Policy": function.show_policy()?, "RevisionId": function.revision })))
    })
}

/// `RemovePermission`.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, input, scope) = operation.inputs::<Versioned, RemoveInput>()?;
    let function = function.reference(&scope)?;
    scope
        .change(|state| {
            let function = state.lambda.find_mut(&function)?;
            function.check_revision(input.revision_id.as_deref())?;
            function.remove_permission(&input.statement_id)
        })
        .await?;
    Ok(Output::Done)
}
