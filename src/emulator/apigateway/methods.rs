//! The operations on the methods of resources and on what methods may answer.

use super::{
    error::{absent, bad_request, conflict, lacking, not_found},
    model::{Method, MethodResponse, RestApi},
    patch::{Patch, PatchOperation},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The method that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MethodPath {
    rest_api_id: String,
    pub(super) resource_id: String,
    http_method: String,
}

impl MethodPath {
    /// Answers with a part of the method.
    pub(super) fn show(
        &self,
        scope: &Scope<'_>,
        part: impl FnOnce(&Method) -> Option<Value>,
    ) -> Result<Output, AwsError> {
        scope.read(|state| {
            let resource = state.apigateway.api(&self.rest_api_id)?.resource(&self.resource_id)?;
            let method = resource.methods.get(&self.http_method).ok_or_else(|| absent("Method"))?;
            part(method).map(Output::Members).ok_or_else(no_part)
        })
    }

    /// Changes the method, and answers with what `edit` returns.
    pub(super) async fn change(
        &self,
        scope: &Scope<'_>,
        edit: impl FnOnce(&mut Method) -> Result<Value, AwsError>,
    ) -> Result<Output, AwsError> {
        let shown = scope.change(|state| {
            let api = state.apigateway.api_mut(&self.rest_api_id)?;
            edit(api.method_mut(&self.resource_id, &self.http_method)?)
        });
        Ok(Output::Members(shown.await?))
    }

    /// Removes a part of the method; `take` returns whether it was there.
    pub(super) async fn remove(
        &self,
        scope: &Scope<'_>,
        take: impl FnOnce(&mut Method) -> bool,
    ) -> Result<Output, AwsError> {
        let removed = self.change(scope, |method| if take(method) { Ok(Value::Null) } else { Err(no_part()) });
        removed.await?;
        Ok(Output::Done)
    }
}

fn no_part() -> AwsError {
    not_found("Invalid identifier specified")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutMethod {
    authorization_type: String,
    authorizer_id: Option<String>,
    #[serde(default)]
    authorization_scopes: Vec<String>,
    #[serde(default)]
    api_key_required: bool,
    operation_name: Option<String>,
    #[serde(default)]
    request_parameters: BTreeMap<String, bool>,
    #[serde(default)]
    request_models: BTreeMap<String, String>,
    request_validator_id: Option<String>,
}

pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<MethodPath, PutMethod>()?;
    let name = at.http_method;
    if !METHODS.contains(&name.as_str()) {
        return Err(bad_request("Invalid HTTP method specified"));
    }
    let method = Method {
        name: name.clone(),
        authorization_type: input.authorization_type,
        authorizer_id: input.authorizer_id.filter(|id| !id.is_empty()),
        authorization_scopes: input.authorization_scopes,
        api_key_required: input.api_key_required,
        operation_name: input.operation_name,
        request_parameters: input.request_parameters,
        request_models: input.request_models,
        request_validator_id: input.request_validator_id,
        ..Method::default()
    };
    check(&method)?;
    let shown = json!(method);
    scope
        .change(|state| {
            let api = state.apigateway.api_mut(&at.rest_api_id)?;
            check_named(api, &method)?;
            let methods = &mut api.resource_mut(&at.resource_id)?.methods;
            if methods.contains_key(&name) {
                return Err(conflict("Method already exists for this resource"));
            }
            methods.insert(name, method);
            Ok(())
        })
        .await?;
    Ok(Output::Members(shown))
}

fn check(method: &Method) -> Result<(), AwsError> {
    check_authorization(method)?;
    let is_parameter = |name: &str| {
        let parts = name.strip_prefix("method.request.").and_then(|name| name.split_once('.'));
        parts.is_some_and(|(place, name)| matches!(place, "path" | "querystring" | "header") && !name.is_empty())
    };
    match method.request_parameters.keys().find(|name| !is_parameter(name)) {
        Some(name) => Err(bad_request(format!(
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping \
             expression specified: {name}]"
        ))),
        None => Ok(()),
    }
}

/// A method that would need an authorizer must not be open instead.
fn check_authorization(method: &Method) -> Result<(), AwsError> {
    match method.authorization_type.as_str() {
        "NONE" | "AWS_IAM" | "CUSTOM" if !method.authorization_scopes.is_empty() => {
            Err(bad_request("Authorization scopes are only supported for COGNITO_USER_POOLS authorization"))
        }
        "NONE" | "AWS_IAM" => Ok(()),
        "CUSTOM" if method.authorizer_id.is_none() => Err(no_authorizer()),
        "CUSTOM" => Ok(()),
        "COGNITO_USER_POOLS" => Err(lacking("authorizationType COGNITO_USER_POOLS: there are no user pools")),
        _ => Err(bad_request("Invalid authorization type specified")),
    }
}

fn no_authorizer() -> AwsError {
    bad_request(
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid \
         authorizer.",
    )
}

/// A method names what its API has.
fn check_named(api: &RestApi, method: &Method) -> Result<(), AwsError> {
    let validator = method.request_validator_id.as_ref();
    if validator.is_some_and(|id| !api.validators.contains_key(id)) {
        return Err(bad_request("Invalid Request Validator identifier specified"));
    }
    if method.authorization_type == "CUSTOM"
        && !method.authorizer_id.as_ref().is_some_and(|id| api.authorizers.contains_key(id))
    {
        return Err(no_authorizer());
    }
    match method.request_models.values().find(|name| !api.models.contains_key(*name)) {
        Some(name) => Err(bad_request(format!("Invalid model identifier specified: {name}"))),
        None => Ok(()),
    }
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<MethodPath>()?;
    at.show(&scope, |method| Some(json!(method)))
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = operation.inputs::<MethodPath, Patch>()?;
    patch.only(&[
        "authorizationType",
        "authorizerId",
        "authorizationScopes",
        "apiKeyRequired",
        "operationName",
        "requestParameters",
        "requestModels",
        "requestValidatorId",
    ])?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(&at.rest_api_id)?;
        let old = api.method_mut(&at.resource_id, &at.http_method)?;
        let mut new: Method = patch.apply(&*old)?;
        // Members that a patch leaves without a text are gone.
        new.authorizer_id = new.authorizer_id.filter(|id| !id.is_empty() && new.authorization_type == "CUSTOM");
        new.request_validator_id = new.request_validator_id.filter(|id| !id.is_empty());
        check(&new)?;
        check_named(api, &new)?;
        let shown = json!(new);
        *api.method_mut(&at.resource_id, &at.http_method)? = new;
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<MethodPath>()?;
    let removed = scope.change(|state| {
        let methods = &mut state.apigateway.api_mut(&at.rest_api_id)?.resource_mut(&at.resource_id)?.methods;
        methods.remove(&at.http_method).map(drop).ok_or_else(|| absent("Method"))
    });
    removed.await?;
    Ok(Output::Done)
}

pub(super) async fn put_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, response, scope) = operation.inputs::<MethodPath, MethodResponse>()?;
    check_response(&response)?;
    let edit = |method: &mut Method| {
        let shown = json!(response);
        match method.responses.insert(response.status_code.clone(), response) {
            Some(_) => Err(conflict("Response already exists for this resource")),
            None => Ok(shown),
        }
    };
    at.change(&scope, edit).await
}

/// Checks what a method may answer.
fn check_response(response: &MethodResponse) -> Result<(), AwsError> {
    check_status(&response.status_code)?;
    let is_header = |name: &str| name.strip_prefix("method.response.header.").is_some_and(|name| !name.is_empty());
    match response.response_parameters.keys().find(|name| !is_header(name)) {
        Some(name) => Err(bad_request(format!("Invalid mapping expression specified: {name}"))),
        None => Ok(()),
    }
}

/// Checks the status of a response.
pub(super) fn check_status(status: &str) -> Result<(), AwsError> {
    let valid = status.len() == 3 && status.starts_with(['1', '2', '3', '4', '5']) && status.parse::<u16>().is_ok();
    if valid { Ok(()) } else { Err(bad_request(format!("Invalid status code: {status}"))) }
}

/// The response of a method that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResponsePath {
    pub(super) status_code: String,
}

pub(super) fn get_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    at.show(&scope, |method| method.responses.get(&status_code).map(|found| json!(found)))
}

/// An update of a response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateResponse {
    pub(super) status_code: String,
    #[serde(default)]
    pub(super) patch_operations: Vec<PatchOperation>,
}

pub(super) async fn update_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, UpdateResponse { status_code, patch_operations }, scope) =
        operation.inputs::<MethodPath, UpdateResponse>()?;
    let edit = |method: &mut Method| {
        let response = method.responses.get_mut(&status_code).ok_or_else(no_part)?;
        let new: MethodResponse = Patch::of(patch_operations).apply(&*response)?;
        check_response(&new)?;
        *response = new;
        Ok(json!(response))
    };
    at.change(&scope, edit).await
}

pub(super) async fn delete_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    at.remove(&scope, |method| method.responses.remove(&status_code).is_some()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::{Fault, members};

    #[test]
    fn what_a_method_is_not_put_with_is_refused_by_name() {
        {
            let (member, value) = ("methodIntegration", json!({ "type": "MOCK" }));
            let input = json!({
                "restApiId": "a", "resourceId": "r", "httpMethod": "GET", "authorizationType": "NONE", member: value,
            });
            let read = members::read_both::<MethodPath, PutMethod>(input.as_object().unwrap());
            assert_eq!(read.map(drop).unwrap_err(), Fault::Unknown(member.to_owned()));
        }
    }
}
