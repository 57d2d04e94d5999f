//! The operations on integrations, which answer methods, and on how they answer.

use super::{
    error::{absent, bad_request, lacking},
    methods::{MethodPath, ResponsePath, check_status},
    mock,
    model::{self, Integration, IntegrationKind, IntegrationResponse, MAX_TIMEOUT_MS, Method, function_arn},
    patch::Patch,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutIntegration {
    #[serde(rename = "type")]
    kind: String,
    integration_http_method: Option<String>,
    uri: Option<String>,
    credentials: Option<String>,
    #[serde(default)]
    request_parameters: BTreeMap<String, String>,
    #[serde(default)]
    request_templates: BTreeMap<String, String>,
    #[serde(default = "model::when_no_match")]
    passthrough_behavior: String,
    content_handling: Option<String>,
    #[serde(default = "model::gateway_timeout")]
    timeout_in_millis: u32,
    cache_namespace: Option<String>,
    #[serde(default)]
    cache_key_parameters: Vec<String>,
    connection_type: Option<String>,
    response_transfer_mode: Option<String>,
}

pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<MethodPath, PutIntegration>()?;
    let integration = check(input.into_integration()?, &at.resource_id)?;
    at.change(&scope, |method| Ok(json!(method.integration.insert(integration)))).await
}

impl PutIntegration {
    fn into_integration(self) -> Result<Integration, AwsError> {
        let kind = kind(&self.kind)?;
        // AWS's defaults may be said.
        if self.connection_type.is_some_and(|kind| !matches!(kind.as_str(), "" | "INTERNET")) {
            return Err(lacking("connectionType"));
        }
        if self.response_transfer_mode.is_some_and(|mode| !matches!(mode.as_str(), "" | "BUFFERED")) {
            return Err(lacking("responseTransferMode"));
        }
        Ok(Integration {
            kind,
            http_method: self.integration_http_method,
            uri: self.uri,
            credentials: self.credentials,
            request_parameters: self.request_parameters,
            request_templates: self.request_templates,
            passthrough_behavior: self.passthrough_behavior,
            content_handling: self.content_handling,
            timeout_in_millis: self.timeout_in_millis,
            cache_namespace: self.cache_namespace,
            cache_key_parameters: self.cache_key_parameters,
            responses: BTreeMap::new(),
        })
    }
}

/// Reads the kind of an integration, and names one that the emulator lacks.
pub(super) fn kind(text: &str) -> Result<IntegrationKind, AwsError> {
    match text {
        "AWS_PROXY" => Ok(IntegrationKind::AwsProxy),
        "MOCK" => Ok(IntegrationKind::Mock),
        _ => Err(bad_request(format!("The emulator has AWS_PROXY and MOCK integrations, not `{text}`."))),
    }
}

/// Checks an integration that was put on a resource, and puts API Gateway's own values where nothing was.
pub(super) fn check(mut integration: Integration, resource: &str) -> Result<Integration, AwsError> {
    if integration.kind == IntegrationKind::AwsProxy {
        let uri = integration.uri.as_deref();
        let uri = uri.ok_or_else(|| bad_request("Uri is required for this integration type"))?;
        if function_arn(uri).is_none() {
            return Err(bad_request("Invalid ARN specified in the request"));
        }
        if integration.http_method.is_none() {
            return Err(bad_request("Enumeration value for HttpMethod must be non-empty"));
        }
    }
    check_content_handling(integration.content_handling.as_deref())?;
    if !(50..=MAX_TIMEOUT_MS).contains(&integration.timeout_in_millis) {
        return Err(bad_request("Timeout should be between 50 ms and 29000 ms"));
    }
    integration.responses.values().try_for_each(|response| mock::check(&response.response_templates))?;
    integration.cache_namespace.get_or_insert_with(|| resource.to_owned());
    Ok(integration)
}

fn check_content_handling(handling: Option<&str>) -> Result<(), AwsError> {
    match handling {
        None | Some("CONVERT_TO_BINARY" | "CONVERT_TO_TEXT") => Ok(()),
        Some(other) => {
            Err(bad_request(format!("contentHandling is CONVERT_TO_BINARY or CONVERT_TO_TEXT, not `{other}`.")))
        }
    }
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<MethodPath>()?;
    at.show(&scope, |method| method.integration.as_ref().map(|found| json!(found)))
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = operation.inputs::<MethodPath, Patch>()?;
    let edit = |method: &mut Method| {
        let old = method.integration.as_ref().ok_or_else(|| absent("Integration"))?;
        let new = check(patch.apply(old)?, &at.resource_id)?;
        Ok(json!(method.integration.insert(new)))
    };
    at.change(&scope, edit).await
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<MethodPath>()?;
    at.remove(&scope, |method| method.integration.take().is_some()).await
}

pub(super) async fn put_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, response, scope) = operation.inputs::<MethodPath, IntegrationResponse>()?;
    check_status(&response.status_code)?;
    check_content_handling(response.content_handling.as_deref())?;
    mock::check(&response.response_templates)?;
    let edit = |method: &mut Method| {
        let integration = method.integration.as_mut().ok_or_else(|| absent("Integration"))?;
        let shown = json!(response);
        integration.responses.insert(response.status_code.clone(), response);
        Ok(shown)
    };
    at.change(&scope, edit).await
}

pub(super) fn get_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    at.show(&scope, |method| method.integration.as_ref()?.responses.get(&status_code).map(|found| json!(found)))
}

pub(super) async fn delete_response(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, ResponsePath { status_code }, scope) = operation.inputs::<MethodPath, ResponsePath>()?;
    let take = |method: &mut Method| {
        method.integration.as_mut().is_some_and(|found| found.responses.remove(&status_code).is_some())
    };
    at.remove(&scope, take).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::{Fault, members};
    use serde_json::Value;

    fn read(more: &Value) -> Result<PutIntegration, Fault> {
        let mut input = json!({ "restApiId": "a", "resourceId": "r", "httpMethod": "GET", "type": "MOCK" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        members::read_both::<MethodPath, _>(input.as_object().unwrap()).map(|(_, input)| input)
    }

    #[test]
    fn the_method_of_the_backend_is_not_that_of_the_caller() {
        let input = read(&json!({ "integrationHttpMethod": "POST" })).unwrap();
        assert_eq!(input.into_integration().unwrap().http_method.as_deref(), Some("POST"));
    }

    #[test]
    fn a_way_to_the_backend_that_there_is_not_is_refused_by_name() {
        for (member, value) in [
            ("connectionId", json!("link")),
            ("integrationTarget", json!("arn")),
            ("tlsConfig", json!({ "insecureSkipVerification": true })),
            ("integrationResponses", json!({ "200": {} })),
        ] {
            assert_eq!(read(&json!({ member: value })).map(drop).unwrap_err(), Fault::Unknown(member.to_owned()));
        }
        for (member, value) in [("connectionType", "VPC_LINK"), ("responseTransferMode", "STREAM")] {
            let error = read(&json!({ member: value })).unwrap().into_integration().unwrap_err();
            assert!(error.message.contains(member), "{}", error.message);
        }
        let defaults = json!({ "connectionType": "INTERNET", "responseTransferMode": "BUFFERED" });
        assert!(read(&defaults).unwrap().into_integration().is_ok());
    }
}
