//! Reserved concurrency: how many invocations of a function may run at a time, all its versions together.

use super::{
    error::{function_not_found, invalid, validation},
    name::{LATEST, Named, Reference},
};
use crate::emulator::{
    runtime::archive::MAX_UNPACKED,
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::json;

/// How many invocations an account may have at a time: the limit of a new one at AWS. How many there can be is another
/// question, which the machine answers.
pub(super) const ACCOUNT_LIMIT: u32 = 1000;
/// How many of them must stay for functions that have none reserved.
pub(super) const LEAST_UNRESERVED: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutInput {
    function_name: String,
    reserved_concurrent_executions: i64,
}

/// `PutFunctionConcurrency`.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<PutInput>()?;
    let function = Reference::parse(&scope, &input.function_name, None)?.unqualified()?;
    let asked = input.reserved_concurrent_executions;
    let rule = "have value greater than or equal to 0";
    let reserved =
        u32::try_from(asked).map_err(|_| validation(&asked.to_string(), "reservedConcurrentExecutions", rule))?;
    scope
        .change(|state| {
            let lambda = &mut state.lambda;
            lambda.find(&function).map_err(|_| function_not_found(&format!("{}:{LATEST}", function.arn)))?;
            let provisioned = lambda.provisioned_of(&function.name);
            if reserved < provisioned {
                // The spaces are AWS's.
                return Err(invalid(format!(
                    " ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned \
                     concurrency [{provisioned}]."
                )));
            }
            let own = lambda.reserved.get(&function.name).copied().unwrap_or(provisioned);
            if lambda.unreserved() + own < reserved.saturating_add(LEAST_UNRESERVED) {
                return Err(invalid(format!(
                    "Specified ReservedConcurrentExecutions for function decreases account's \
                     UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}]."
                )));
            }
            lambda.reserved.insert(function.name, reserved);
            Ok(Output::Members(json!({ "ReservedConcurrentExecutions": reserved })))
        })
        .await
}

/// `GetFunctionConcurrency`: empty where nothing is reserved.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?.unqualified()?;
    scope.read(|state| {
        state.lambda.find(&function)?;
        let reserved = state.lambda.reserved.get(&function.name);
        Ok(Output::Members(match reserved {
            Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
            None => json!({}),
        }))
    })
}

/// `DeleteFunctionConcurrency`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let function = input.reference(&scope)?.unqualified()?;
    scope
        .change(|state| {
            state.lambda.find(&function)?;
            state.lambda.reserved.remove(&function.name);
            Ok(Output::Done)
        })
        .await
}

#[derive(Deserialize)]
struct Nothing {}

/// `GetAccountSettings`: the limits are those of a new account at AWS, in bytes and executions.
pub(super) fn account_settings(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (Nothing {}, scope) = operation.input()?;
    let (count, size, unreserved) = scope.read(|state| {
        let lambda = &state.lambda;
        let versions = lambda.versions.values().map(|version| &version.function);
        let code = lambda.functions.values().chain(versions).map(|function| function.code.size);
        let layers = lambda.layers.values().map(|layer| layer.code.size);
        (lambda.functions.len(), code.chain(layers).sum::<usize>(), lambda.unreserved())
    });
    Ok(Output::Members(json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_u64,
            "CodeSizeUnzipped": MAX_UNPACKED,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": unreserved,
        },
        "AccountUsage": { "TotalCodeSize": size, "FunctionCount": count },
    })))
}
