//! What an account and its functions show where nothing was ever set, and nothing can be: Terraform reads these.

use super::{
    name::{Named, Versioned},
    paging::{MAX_ITEMS, Paging},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::json;

/// `GetFunctionCodeSigningConfig`: there is none.
pub(super) fn code_signing_config(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| {
        let name = &state.lambda.find(&function)?.name;
        Ok(Output::Members(json!({ "CodeSigningConfigArn": "", "FunctionName": name })))
    })
}

/// `GetRuntimeManagementConfig`.
pub(super) fn runtime_management_config(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| {
        state.lambda.view(&function)?;
        Ok(Output::Members(json!({ "UpdateRuntimeOn": "Auto", "FunctionArn": function.whole_arn() })))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "there is nothing to choose from")]
struct MappingFilter {
    event_source_arn: Option<String>,
    function_name: Option<String>,
}

/// `ListEventSourceMappings`: there are none.
pub(super) fn event_source_mappings(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (_, paging, _) = operation.inputs::<MappingFilter, Paging>()?;
    paging.empty("EventSourceMappings", MAX_ITEMS)
}
