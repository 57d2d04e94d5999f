//! The operations on how an API words the refusals of the gateway.

use super::{
    constraints,
    error::{bad_request, not_found},
    integrations::check_templates,
    methods::check_status,
    model::{GatewayResponse, OWN_WORDS, RestApi},
    paging::Paging,
    patch::{self, Patch, Paths},
    rest_apis::ApiPath,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The types of refusals in their order, and the status of each unless an API says another:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>.
const TYPES: [(&str, Option<&str>); 21] = [
    ("ACCESS_DENIED", Some("403")),
    ("API_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_FAILURE", Some("500")),
    ("BAD_REQUEST_BODY", Some("400")),
    ("BAD_REQUEST_PARAMETERS", Some("400")),
    ("DEFAULT_4XX", None),
    ("DEFAULT_5XX", None),
    ("EXPIRED_TOKEN", Some("403")),
    ("INTEGRATION_FAILURE", Some("504")),
    ("INTEGRATION_TIMEOUT", Some("504")),
    ("INVALID_API_KEY", Some("403")),
    ("INVALID_SIGNATURE", Some("403")),
    ("MISSING_AUTHENTICATION_TOKEN", Some("403")),
    ("QUOTA_EXCEEDED", Some("429")),
    ("REQUEST_TOO_LARGE", Some("413")),
    ("RESOURCE_NOT_FOUND", Some("404")),
    ("THROTTLED", Some("429")),
    ("UNAUTHORIZED", Some("401")),
    ("UNSUPPORTED_MEDIA_TYPE", Some("415")),
    ("WAF_FILTERED", Some("403")),
];

/// The response that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponsePath {
    rest_api_id: String,
    response_type: String,
}

impl ResponsePath {
    fn kind(&self) -> Result<(&'static str, Option<&'static str>), AwsError> {
        let known = TYPES.into_iter().find(|(name, _)| *name == self.response_type);
        known.ok_or_else(|| bad_request("Invalid response type specified"))
    }
}

fn gateways_own() -> GatewayResponse {
    GatewayResponse {
        response_templates: [("application/json".to_owned(), OWN_WORDS.to_owned())].into(),
        ..GatewayResponse::default()
    }
}

/// Shows the response of a type: that of the API, else the API's for all of its kind, else the gateway's own.
fn show(api: &RestApi, (kind, status): (&str, Option<&str>)) -> Value {
    let own = api.gateway_responses.get(kind);
    let of_all = match status.and_then(|status| status.chars().next()) {
        Some('4') => api.gateway_responses.get("DEFAULT_4XX"),
        Some('5') => api.gateway_responses.get("DEFAULT_5XX"),
        _ => None,
    };
    let mut response = own.or(of_all).cloned().unwrap_or_default();
    if response.response_templates.is_empty() {
        response.response_templates = gateways_own().response_templates;
    }
    let mut shown = json!({
        "responseType": kind,
        "responseParameters": response.response_parameters,
        "responseTemplates": response.response_templates,
        "defaultResponse": own.is_none(),
    });
    if let Some(status) = response.status_code.as_deref().or(status) {
        shown["statusCode"] = status.into();
    }
    shown
}

/// Checks how a refusal is to be worded.
fn check(response: &GatewayResponse) -> Result<(), AwsError> {
    if let Some(status) = response.status_code.as_deref().filter(|status| !status.is_empty()) {
        check_status(status)?;
    }
    let is_header = |name: &String| name.strip_prefix("gatewayresponse.header.").is_some_and(|name| !name.is_empty());
    if let Some(name) = response.response_parameters.keys().find(|name| !is_header(name)) {
        return Err(bad_request(format!("Invalid mapping expression specified: {name}")));
    }
    check_templates(&response.response_templates)
}

pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, response, scope) = operation.inputs::<ResponsePath, GatewayResponse>()?;
    let kind = at.kind()?;
    check(&response)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        api.gateway_responses.insert(kind.0.to_owned(), response);
        Ok(show(api, kind))
    });
    Ok(Output::Members(shown.await?))
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, scope) = operation.input::<ResponsePath>()?;
    let kind = at.kind()?;
    scope.read(|state| Ok(Output::Members(show(state.apigateway.api(scope.account(), &at.rest_api_id)?, kind))))
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let api = state.apigateway.api(scope.account(), &at.rest_api_id)?;
        paging.page(TYPES.iter().map(|kind| (kind.0, kind)), |kind| show(api, *kind))
    })
}

/// What `UpdateGatewayResponse` takes.
const PATHS: Paths = Paths { members: &["statusCode"], maps: &["responseParameters", "responseTemplates"], lists: &[] };

/// A status is replaced, and what is added has a value.
fn check_patch(patch: &Patch) -> Result<(), AwsError> {
    for operation in patch.operations() {
        if operation.path() == "/statusCode" && operation.op() != "replace" {
            return Err(operation.invalid_path());
        }
        let map = operation.path().split('/').nth(1).unwrap_or_default();
        let is_empty = operation.op() != "remove" && operation.value().is_none_or(str::is_empty);
        if is_empty && PATHS.maps.contains(&map) {
            return Err(bad_request(format!("Invalid null or empty value in {map}")));
        }
    }
    Ok(())
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<ResponsePath>(operation)?;
    let kind = at.kind()?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        let old = api.gateway_responses.get(kind.0).cloned().unwrap_or_else(gateways_own);
        check_patch(&patch)?;
        let new: GatewayResponse = patch.apply_to(&old, &PATHS)?;
        check(&new)?;
        api.gateway_responses.insert(kind.0.to_owned(), new);
        Ok(show(api, kind))
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, scope) = operation.input::<ResponsePath>()?;
    let kind = at.kind()?;
    let removed = scope.change(|state| {
        let responses = &mut state.apigateway.api_mut(scope.account(), &at.rest_api_id)?.gateway_responses;
        responses.remove(kind.0).map(drop).ok_or_else(|| not_found("Gateway response type not defined on api"))
    });
    removed.await?;
    Ok(Output::Done)
}
