//! The operations on the methods of resources and on what methods may answer.

use super::{
    constraints,
    error::{absent, bad_request, conflict, lacking, not_found},
    model::{Method, MethodResponse, RestApi},
    patch::{self, Patch, PatchOperation, Paths},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The methods that there are, in API Gateway's order.
const METHODS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"];

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
        part: impl FnOnce(&Method) -> Result<Value, AwsError>,
    ) -> Result<Output, AwsError> {
        scope.read(|state| {
            let resource = state.apigateway.resource(&self.rest_api_id, &self.resource_id)?;
            let method = resource.methods.get(&self.http_method).ok_or_else(|| absent("Method"))?;
            part(method).map(Output::Members)
        })
    }

    /// Changes the method, and answers with what `edit` returns.
    pub(super) async fn change(
        &self,
        scope: &Scope<'_>,
        edit: impl FnOnce(&mut Method) -> Result<Value, AwsError>,
    ) -> Result<Output, AwsError> {
        let shown = scope.change(|state| {
            let resource = state.apigateway.resource_mut(&self.rest_api_id, &self.resource_id)?;
            edit(resource.methods.get_mut(&self.http_method).ok_or_else(|| absent("Method"))?)
        });
        Ok(Output::Members(shown.await?))
    }

    /// Removes a part of the method.
    pub(super) async fn remove(
        &self,
        scope: &Scope<'_>,
        take: impl FnOnce(&mut Method) -> Result<(), AwsError>,
    ) -> Result<Output, AwsError> {
        let removed = self.change(scope, |method| take(method).map(|()| Value::Null));
        removed.await?;
        Ok(Output::Done)
    }
}

/// That a method has no response of this status.
pub(super) fn no_response() -> AwsError {
    not_found("Invalid Response status code specified")
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
    let method = Method {
        name: name.clone(),
        authorization_type: input.authorization_type.to_ascii_uppercase(),
        authorizer_id: input.authorizer_id.filter(|id| !id.is_empty()),
        authorization_scopes: input.authorization_scopes,
        api_key_required: input.api_key_required,
        operation_name: input.operation_name,
        request_parameters: input.request_parameters,
        request_models: input.request_models,
        request_validator_id: input.request_validator_id,
        ..Method::default()
    };
    let shown = json!(method);
    scope
        .change(|state| {
            let api = state.apigateway.find_mut(&at.rest_api_id).ok_or_else(|| absent("Resource"))?;
            api.resource(&at.resource_id)?;
            if !METHODS.contains(&name.as_str()) {
                return Err(bad_request(format!(
                    "Invalid HttpMethod specified. Valid options are {}",
                    METHODS.join(",")
                )));
            }
            check(&method)?;
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
    if let Some(name) = method.request_parameters.keys().find(|name| !is_parameter(name)) {
        return Err(bad_request(format!(
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping \
             expression specified: {name}]"
        )));
    }
    let mut names = BTreeSet::new();
    let bare = method.request_parameters.keys().filter_map(|name| name.splitn(4, '.').nth(3));
    for name in bare {
        if !names.insert(name) {
            return Err(bad_request("Parameter names must be unique across querystring, header and path"));
        }
    }
    Ok(())
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
    at.show(&scope, |method| Ok(json!(method)))
}

/// What `UpdateMethod` takes.
const PATHS: Paths = Paths {
    members: &["authorizationType", "authorizerId", "apiKeyRequired", "operationName", "requestValidatorId"],
    maps: &["requestParameters", "requestModels"],
    lists: &["authorizationScopes"],
};

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<MethodPath>(operation)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.find_mut(&at.rest_api_id).ok_or_else(|| absent("Resource"))?;
        let old = api.method_mut(&at.resource_id, &at.http_method)?;
        let mut new: Method = patch.apply_to(&*old, &PATHS)?;
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
        let methods = &mut state.apigateway.resource_mut(&at.rest_api_id, &at.resource_id)?.methods;
        methods.remove(&at.http_method).map(drop).ok_or_else(|| absent("Method"))
    });
    removed.await?;
    Ok(Output::Done)
}

pub(super) async fn put_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
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
    constraints::check(&operation)?;
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    at.show(&scope, |method| method.responses.get(&status_code).map(|found| json!(found)).ok_or_else(no_response))
}

/// What `UpdateMethodResponse` takes.
const RESPONSE_PATHS: Paths = Paths { members: &[], maps: &["responseParameters", "responseModels"], lists: &[] };

/// An update of a response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateResponse {
    pub(super) status_code: String,
    #[serde(default)]
    pub(super) patch_operations: Vec<PatchOperation>,
}

pub(super) async fn update_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, UpdateResponse { status_code, patch_operations }, scope) =
        operation.inputs::<MethodPath, UpdateResponse>()?;
    let edit = |method: &mut Method| {
        let response = method.responses.get_mut(&status_code).ok_or_else(no_response)?;
        let new: MethodResponse = Patch::of(patch_operations).apply_to(&*response, &RESPONSE_PATHS)?;
        check_response(&new)?;
        *response = new;
        Ok(json!(response))
    };
    at.change(&scope, edit).await
}

pub(super) async fn delete_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    at.remove(&scope, |method| method.responses.remove(&status_code).map(drop).ok_or_else(no_response)).await
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
