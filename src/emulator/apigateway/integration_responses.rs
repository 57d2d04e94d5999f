//! The operations on what an integration answers with.

use super::{
    constraints,
    error::absent,
    integrations::check_response,
    mapping,
    methods::{MethodPath, ResponsePath, UpdateResponse, no_response},
    model::{IntegrationResponse, Method},
    patch::Patch,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde_json::{Value, json};

pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, response, scope) = operation.inputs::<MethodPath, IntegrationResponse>()?;
    at.change(&scope, |method| set(method, response)).await
}

fn set(method: &mut Method, response: IntegrationResponse) -> Result<Value, AwsError> {
    check_response(&response)?;
    if method.integration.is_none() {
        return Err(absent("Integration"));
    }
    // Only what is mapped to a response of the method needs that response.
    if !response.response_parameters.is_empty() && !method.responses.contains_key(&response.status_code) {
        return Err(no_response());
    }
    mapping::check_response(&response, Some(method))?;
    let integration = method.integration.as_mut().ok_or_else(|| absent("Integration"))?;
    let shown = json!(response);
    integration.responses.insert(response.status_code.clone(), response);
    Ok(shown)
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    at.show(&scope, |method| {
        let integration = method.integration.as_ref().ok_or_else(|| absent("Integration"))?;
        integration.responses.get(&status_code).map(|found| json!(found)).ok_or_else(no_response)
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, UpdateResponse { status_code, patch_operations }, scope) =
        operation.inputs::<MethodPath, UpdateResponse>()?;
    let edit = |method: &mut Method| {
        let integration = method.integration.as_ref().ok_or_else(|| absent("Integration"))?;
        let old = integration.responses.get(&status_code);
        let old = old.ok_or_else(no_response)?;
        set(method, Patch::of(patch_operations).apply(old)?)
    };
    at.change(&scope, edit).await
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    let take = |method: &mut Method| {
        let integration = method.integration.as_mut().ok_or_else(|| absent("Integration"))?;
        integration.responses.remove(&status_code).map(drop).ok_or_else(no_response)
    };
    at.remove(&scope, take).await
}
