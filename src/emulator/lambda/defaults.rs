//! What an account and its functions show where nothing was ever set, and nothing can be: Terraform reads these.

use super::{
    error::not_found,
    name::Named,
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

/// `DeleteFunctionCodeSigningConfig`: what is not there counts as deleted.
pub(super) fn delete_code_signing_config(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| state.lambda.find(&function).map(|_| Output::Done))
}

/// `ListCodeSigningConfigs`: there are none.
pub(super) fn code_signing_configs(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (paging, _) = operation.input::<Paging>()?;
    paging.empty("CodeSigningConfigs", MAX_ITEMS)
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

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "no mapping has it")]
struct Mapping {
    uuid: String,
}

/// `GetEventSourceMapping` and `DeleteEventSourceMapping`: there is none.
pub(super) fn no_event_source_mapping(operation: Operation<'_>) -> Result<Output, AwsError> {
    operation.input::<Mapping>()?;
    Err(not_found("The resource you requested does not exist."))
}
