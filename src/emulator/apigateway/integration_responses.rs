//! The operations on what an integration answers with.

use super::{
    error::{absent, not_found},
    integrations::check_response,
    mapping,
    methods::{MethodPath, ResponsePath, UpdateResponse},
    model::{IntegrationResponse, Method},
    patch::Patch,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde_json::{Value, json};

pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, response, scope) = operation.inputs::<MethodPath, IntegrationResponse>()?;
    at.change(&scope, |method| set(method, response)).await
}

fn set(method: &mut Method, response: IntegrationResponse) -> Result<Value, AwsError> {
    check_response(&response)?;
    if method.integration.is_none() {
        return Err(absent("Integration"));
    }
    if !method.responses.contains_key(&response.status_code) {
        return Err(not_found("Invalid Response status code specified"));
    }
    mapping::check_response(&response, Some(method))?;
    let integration = method.integration.as_mut().ok_or_else(|| absent("Integration"))?;
    let shown = json!(response);
    integration.responses.insert(response.status_code.clone(), response);
    Ok(shown)
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    at.show(&scope, |method| method.integration.as_ref()?.responses.get(&status_code).map(|found| json!(found)))
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, UpdateResponse { status_code, patch_operations }, scope) =
        operation.inputs::<MethodPath, UpdateResponse>()?;
    let edit = |method: &mut Method| {
        let integration = method.integration.as_ref().ok_or_else(|| absent("Integration"))?;
        let old = integration.responses.get(&status_code);
        let old = old.ok_or_else(|| not_found("Invalid Integration Response identifier specified"))?;
        set(method, Patch::of(patch_operations).apply(old)?)
    };
    at.change(&scope, edit).await
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    let take = |method: &mut Method| {
        method.integration.as_mut().is_some_and(|found| found.responses.remove(&status_code).is_some())
    };
    at.remove(&scope, take).await
}
