//! The operations on integrations: functions and servers, both as proxies, with what is changed of requests and answers.

use super::{
    apis::ApiPath,
    error::{absent, bad_request, conflict, lacking},
    mapping,
    model::{Integration, Paging},
};
use crate::{
    deadlines,
    emulator::{
        apigateway::function_arn,
        service::{Operation, Output},
        wire::{AwsError, letter_id},
    },
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The most time that an integration has, in milliseconds, and what it has unless it is told.
const MAX_TIMEOUT_MS: u32 = 30_000;
const _: () = assert!(deadlines::HTTP_GATEWAY.as_millis() == 30_000);

/// What an integration is made of, or changed by.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CreateIntegration {
    pub(super) integration_type: Option<String>,
    pub(super) integration_uri: Option<String>,
    pub(super) integration_method: Option<String>,
    pub(super) payload_format_version: Option<String>,
    pub(super) request_parameters: BTreeMap<String, String>,
    pub(super) response_parameters: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) timeout_in_millis: Option<u32>,
    pub(super) connection_type: Option<String>,
    pub(super) description: Option<String>,
}

impl CreateIntegration {
    /// That of an API that is made with its target.
    pub(super) fn quick(target: &str) -> Self {
        let is_url = target.starts_with("http://") || target.starts_with("https://");
        let (kind, method, payload) = if is_url { ("HTTP_PROXY", "ANY", "1.0") } else { ("AWS_PROXY", "POST", "2.0") };
        Self {
            integration_type: Some(kind.to_owned()),
            integration_uri: Some(target.to_owned()),
            integration_method: Some(method.to_owned()),
            payload_format_version: Some(payload.to_owned()),
            ..Self::default()
        }
    }

    fn apply(self, integration: &mut Integration) -> Result<(), AwsError> {
        let put = |place: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *place = value;
            }
        };
        put(&mut integration.integration_type, self.integration_type);
        put(&mut integration.integration_uri, self.integration_uri);
        put(&mut integration.payload_format_version, self.payload_format_version);
        put(&mut integration.connection_type, self.connection_type);
        integration.integration_method = self.integration_method.or(integration.integration_method.take());
        integration.description = self.description.or(integration.description.take());
        integration.timeout_in_millis = self.timeout_in_millis.unwrap_or(integration.timeout_in_millis);
        mapping::merge(&mut integration.request_parameters, self.request_parameters);
        for (status, changes) in self.response_parameters {
            let is_taken_away = changes.is_empty();
            let known = integration.response_parameters.entry(status.clone()).or_default();
            mapping::merge(known, changes);
            if is_taken_away || known.is_empty() {
                integration.response_parameters.remove(&status);
            }
        }
        if integration.integration_type == "AWS_PROXY" {
            // Lambda knows no other method.
            integration.integration_method.get_or_insert_with(|| "POST".to_owned());
        }
        check(integration)
    }
}

/// Makes an integration, if it can be.
pub(super) fn checked(input: CreateIntegration, integration_id: String) -> Result<Integration, AwsError> {
    let mut integration = Integration {
        integration_id,
        timeout_in_millis: MAX_TIMEOUT_MS,
        connection_type: "INTERNET".to_owned(),
        ..Integration::default()
    };
    input.apply(&mut integration)?;
    Ok(integration)
}

/// The function that an integration's URI names: its ARN, or that of its invocation.
pub(super) fn function(uri: &str) -> Option<&str> {
    function_arn(uri).or_else(|| uri.starts_with("arn:aws:lambda:").then_some(uri))
}

fn check(integration: &Integration) -> Result<(), AwsError> {
    if integration.payload_format_version.is_empty() {
        return Err(bad_request("PayloadFormatVersion is a required parameter for integration"));
    }
    let uri = integration.integration_uri.as_str();
    match integration.integration_type.as_str() {
        "AWS_PROXY" if function(uri).is_none() => {
            return Err(bad_request("IntegrationUri is not valid: it is not the ARN of a function"));
        }
        "AWS_PROXY" => {}
        "HTTP_PROXY" => {
            let server = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
            let server = server.and_then(|rest| rest.split('/').next()).unwrap_or_default();
            if server.is_empty() || server.contains(['{', '}', '@']) {
                return Err(bad_request("Invalid HTTP endpoint specified for URI"));
            }
            if integration.integration_method.is_none() {
                return Err(bad_request("HttpMethod must be specified for HTTP_PROXY integrations"));
            }
            if integration.payload_format_version != "1.0" {
                return Err(bad_request("PayloadFormatVersion must be 1.0 for HTTP_PROXY integrations"));
            }
        }
        "AWS" | "HTTP" | "MOCK" => {
            return Err(bad_request("HTTP APIs support AWS_PROXY and HTTP_PROXY integrations only"));
        }
        _ => return Err(bad_request("Invalid integration type specified")),
    }
    if !matches!(integration.payload_format_version.as_str(), "1.0" | "2.0") {
        return Err(bad_request("Invalid payloadFormatVersion. Supported values: 1.0, 2.0"));
    }
    if integration.connection_type != "INTERNET" {
        return Err(lacking("connectionType"));
    }
    if !(50..=MAX_TIMEOUT_MS).contains(&integration.timeout_in_millis) {
        return Err(bad_request("timeoutInMillis should be between 50 ms and 30000 ms"));
    }
    mapping::check(integration)
}

/// The integration that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntegrationPath {
    api_id: String,
    integration_id: String,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, CreateIntegration>()?;
    let integration = checked(input, letter_id(7)?)?;
    let shown = json!(integration);
    let added = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        api.integrations.insert(integration.integration_id.clone(), integration);
        api.deploy_automatically(scope.now)
    });
    added.await?;
    Ok(Output::Members(shown))
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<IntegrationPath>()?;
    scope.read(|state| {
        let found = state.apigatewayv2.api(&at.api_id)?.integrations.get(&at.integration_id);
        Ok(Output::Members(json!(found.ok_or_else(|| absent("Integration", &at.integration_id))?)))
    })
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let integrations = state.apigatewayv2.api(&at.api_id)?.integrations.values();
        let shown = integrations.map(|integration| (integration.integration_id.clone(), json!(integration)));
        paging.page(shown).map(Output::Members)
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<IntegrationPath, CreateIntegration>()?;
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let found = api.integrations.get(&at.integration_id);
        let mut integration = found.ok_or_else(|| absent("Integration", &at.integration_id))?.clone();
        input.apply(&mut integration)?;
        let shown = json!(integration);
        api.integrations.insert(at.integration_id, integration);
        api.deploy_automatically(scope.now)?;
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<IntegrationPath>()?;
    let removed = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let target = format!("integrations/{}", at.integration_id);
        if let Some(route) = api.routes.values().find(|route| route.target.as_ref() == Some(&target)) {
            let (id, key) = (&at.integration_id, &route.route_key);
            return Err(conflict(format!(
                "Cannot delete Integration '{id}'. Integration is referenced by Route '{key}'."
            )));
        }
        api.integrations.remove(&at.integration_id).ok_or_else(|| absent("Integration", &at.integration_id))?;
        api.deploy_automatically(scope.now)
    });
    removed.await?;
    Ok(Output::Done)
}
