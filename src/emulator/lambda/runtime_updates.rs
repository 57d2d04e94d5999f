//! When a function takes a newer runtime. The machine has one of each, so that the mode is kept and shown; a version of a
//! runtime, which the mode `Manual` wants, cannot be chosen.

use super::{
    error::validation,
    name::{Reference, Versioned},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// When a version of a function takes a newer runtime.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RuntimeUpdates {
    /// As soon as there is one.
    #[default]
    Auto,
    /// With the function's next change.
    FunctionUpdate,
}

/// `GetRuntimeManagementConfig`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let version = input.reference(&scope)?;
    scope.read(|state| Ok(show(&version, state.lambda.view(&version)?.function.runtime_updates)))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutInput {
    update_runtime_on: String,
    runtime_version_arn: Option<String>,
}

/// `PutRuntimeManagementConfig`.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (version, input, scope) = operation.inputs::<Versioned, PutInput>()?;
    let lacking = |parameter: &str| AwsError::not_implemented("lambda", &format!("(parameter {parameter})"));
    let updates = match input.update_runtime_on.as_str() {
        "Auto" => RuntimeUpdates::Auto,
        "FunctionUpdate" => RuntimeUpdates::FunctionUpdate,
        "Manual" => return Err(lacking("UpdateRuntimeOn=Manual")),
        other => {
            let rule = "satisfy enum value set: [Auto, Manual, FunctionUpdate]";
            return Err(validation(other, "updateRuntimeOn", rule));
        }
    };
    if input.runtime_version_arn.is_some() {
        return Err(lacking("RuntimeVersionArn"));
    }
    let version = version.reference(&scope)?;
    scope
        .change(|state| {
            state.lambda.version_mut(&version)?.runtime_updates = updates;
            Ok(show(&version, updates))
        })
        .await
}

fn show(version: &Reference, updates: RuntimeUpdates) -> Output {
    Output::Members(json!({ "UpdateRuntimeOn": updates, "FunctionArn": version.whole_arn() }))
}
