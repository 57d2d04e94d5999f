//! What an account and its functions show where nothing was ever set, and nothing can be: Terraform reads these.

use super::{
    name::{Named, Versioned},
    paging::{MAX_ITEMS, Paging},
};
use crate::emulator::{
    runtime::archive::MAX_UNPACKED,
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::json;

/// `GetFunctionConcurrency`: nothing is reserved.
pub(super) fn concurrency(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| state.lambda.find(&function).map(|_| Output::Members(json!({}))))
}

/// `GetFunctionCodeSigningConfig`: there is none.
pub(super) fn code_signing_config(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| {
        let name = &state.lambda.find(&function)?.name;
        Ok(Output::Members(json!({ "CodeSigningConfigArn": "", "FunctionName": name })))
    })
}

/// `GetFunctionRecursionConfig`.
pub(super) fn recursion_config(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| state.lambda.find(&function).map(|_| Output::Members(json!({ "RecursiveLoop": "Terminate" }))))
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "there is nothing to choose from")]
struct LayerFilter {
    compatible_architecture: Option<Architecture>,
    compatible_runtime: Option<String>,
}

#[derive(Deserialize)]
enum Architecture {
    #[serde(rename = "x86_64")]
    X86,
    #[serde(rename = "arm64")]
    Arm,
}

/// The most layers that may be asked for.
const MAX_LAYERS: i64 = 50;

/// `ListLayers`: there are none.
pub(super) fn layers(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (_, paging, _) = operation.inputs::<LayerFilter, Paging>()?;
    paging.empty("Layers", MAX_LAYERS)
}

#[derive(Deserialize)]
struct Nothing {}

/// `GetAccountSettings`: the limits are those of a new account at AWS, in bytes and executions.
pub(super) fn account_settings(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (Nothing {}, scope) = operation.input()?;
    let (count, size) = scope.read(|state| {
        let lambda = &state.lambda;
        let versions = lambda.versions.values().map(|version| &version.function);
        let size: usize = lambda.functions.values().chain(versions).map(|function| function.code.size).sum();
        (lambda.functions.len(), size)
    });
    Ok(Output::Members(json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_u64,
            "CodeSizeUnzipped": MAX_UNPACKED,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 1000,
        },
        "AccountUsage": { "TotalCodeSize": size, "FunctionCount": count },
    })))
}
