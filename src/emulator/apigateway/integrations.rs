//! The operations on integrations, which answer methods.

use super::{
    constraints,
    error::{absent, bad_request, lacking},
    mapping,
    methods::{MethodPath, check_status},
    model::{self, Integration, IntegrationKind, IntegrationResponse, MAX_TIMEOUT_MS, Method, TlsConfig},
    patch, service_call,
    template::{self, TemplateError},
    uri::function_arn,
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
    tls_config: Option<TlsConfig>,
    connection_type: Option<String>,
    response_transfer_mode: Option<String>,
}

pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, input, scope) = operation.inputs::<MethodPath, PutIntegration>()?;
    let integration = input.into_integration()?;
    let edit = |method: &mut Method| {
        let integration = check(integration, &at.resource_id, Some(method))?;
        Ok(json!(method.integration.insert(integration)))
    };
    at.change(&scope, edit).await
}

impl PutIntegration {
    fn into_integration(self) -> Result<Integration, AwsError> {
        let kind = kind(&self.kind)?;
        // AWS's default may be said.
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
            tls_config: self.tls_config,
            connection_type: self.connection_type,
            responses: BTreeMap::new(),
        })
    }
}

/// Reads the kind of an integration.
pub(super) fn kind(text: &str) -> Result<IntegrationKind, AwsError> {
    match text {
        "AWS" => Ok(IntegrationKind::Aws),
        "AWS_PROXY" => Ok(IntegrationKind::AwsProxy),
        "HTTP" => Ok(IntegrationKind::Http),
        "HTTP_PROXY" => Ok(IntegrationKind::HttpProxy),
        "MOCK" => Ok(IntegrationKind::Mock),
        _ => Err(bad_request("Enumeration value for type must be one of HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY")),
    }
}

/// Checks an integration that was put on a resource, and puts API Gateway's own values where nothing was. With its
/// method, also that it takes only what the method knows.
pub(super) fn check(
    mut integration: Integration,
    resource: &str,
    method: Option<&Method>,
) -> Result<Integration, AwsError> {
    if integration.kind == IntegrationKind::Mock {
        // Nobody is asked, so API Gateway keeps nobody.
        (integration.uri, integration.http_method) = (None, None);
    } else {
        check_backend(&integration)?;
    }
    if integration.connection_type.as_deref().is_some_and(|kind| !matches!(kind, "" | "INTERNET")) {
        return Err(lacking("connectionType"));
    }
    let is_server = matches!(integration.kind, IntegrationKind::Http | IntegrationKind::HttpProxy);
    integration.connection_type = is_server.then(|| "INTERNET".to_owned());
    mapping::check_request(&integration, method)?;
    check_content_handling(integration.content_handling.as_deref())?;
    if !matches!(integration.passthrough_behavior.as_str(), "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER") {
        return Err(bad_request(
            "Enumeration value for passthroughBehavior must be one of WHEN_NO_MATCH, NEVER, WHEN_NO_TEMPLATES",
        ));
    }
    if !(50..=MAX_TIMEOUT_MS).contains(&integration.timeout_in_millis) {
        return Err(bad_request("Timeout should be between 50 ms and 29000 ms"));
    }
    // Nobody is believed here whose certificate does not hold.
    if integration.tls_config.as_ref().is_some_and(|config| config.insecure_skip_verification) {
        return Err(lacking("tlsConfig.insecureSkipVerification"));
    }
    check_templates(&integration.request_templates)?;
    for response in integration.responses.values() {
        check_response(response)?;
    }
    integration.cache_namespace.get_or_insert_with(|| resource.to_owned());
    Ok(integration)
}

/// Checks where an integration sends requests to.
fn check_backend(integration: &Integration) -> Result<(), AwsError> {
    if integration.http_method.as_deref().is_none_or(str::is_empty) {
        return Err(bad_request("Enumeration value for HttpMethod must be non-empty"));
    }
    let uri = integration.uri.as_deref().filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(|| bad_request("Uri is required for this integration type"))?;
    match integration.kind {
        IntegrationKind::Http | IntegrationKind::HttpProxy => check_url(uri)?,
        _ if !uri.starts_with("arn:aws:") || uri.splitn(6, ':').count() < 6 => {
            return Err(bad_request("Invalid ARN specified in the request"));
        }
        _ if service_call::parse(uri).is_none() => {
            return Err(bad_request("AWS ARN for integration must contain path or action"));
        }
        IntegrationKind::AwsProxy if function_arn(uri).is_none() => {
            return Err(bad_request(
                "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream \
                 invocations.",
            ));
        }
        // A function's resource policy lets an API in; every other service wants a role.
        IntegrationKind::Aws if function_arn(uri).is_none() && integration.credentials.is_none() => {
            return Err(bad_request("Role ARN must be specified for AWS integrations"));
        }
        _ => {}
    }
    Ok(())
}

/// Checks the URL of a server, whose host may be a stage variable and nothing else that is not known yet.
fn check_url(uri: &str) -> Result<(), AwsError> {
    let invalid = || bad_request("Invalid HTTP endpoint specified for URI");
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    let rest = if uri.starts_with("${stageVariables.") { Some(uri) } else { rest };
    let server = rest.ok_or_else(invalid)?.split('/').next().unwrap_or_default();
    if server.replace("${stageVariables.", "").contains('{') || server.is_empty() || server.contains('@') {
        return Err(invalid());
    }
    let port = server.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_some_and(|port| !(port >= 1024 || matches!(port, 80 | 443))) {
        return Err(invalid());
    }
    Ok(())
}

/// Checks that templates can be run.
pub(super) fn check_templates(templates: &BTreeMap<String, String>) -> Result<(), AwsError> {
    for (kind, text) in templates {
        template::check(text).map_err(|trouble| match trouble {
            TemplateError::Lacking { what, .. } => lacking(&format!("{what} of the mapping template for {kind}")),
            trouble => bad_request(format!("Invalid mapping template for {kind}: {trouble}")),
        })?;
    }
    Ok(())
}

/// Checks what an integration answers with.
pub(super) fn check_response(response: &IntegrationResponse) -> Result<(), AwsError> {
    check_status(&response.status_code)?;
    check_content_handling(response.content_handling.as_deref())?;
    check_templates(&response.response_templates)?;
    if let Some(pattern) = &response.selection_pattern {
        template::pattern::whole(pattern)
            .map_err(|error| bad_request(format!("Invalid selection pattern: {error}")))?;
    }
    Ok(())
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
    at.show(&scope, |method| method.integration.as_ref().map(|found| json!(found)).ok_or_else(|| absent("Integration")))
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<MethodPath>(operation)?;
    let edit = |method: &mut Method| {
        let old = method.integration.as_ref().ok_or_else(|| absent("Integration"))?;
        let new = check(patch.apply(old)?, &at.resource_id, Some(method))?;
        Ok(json!(method.integration.insert(new)))
    };
    at.change(&scope, edit).await
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<MethodPath>()?;
    at.remove(&scope, |method| method.integration.take().map(drop).ok_or_else(|| absent("Integration"))).await
}

#[cfg(test)]
mod tests {
    use super::{super::patch::Patch, *};
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
    fn a_backend_is_where_aws_could_have_one() {
        let check = |more: Value| {
            let mut input = json!({ "type": "HTTP", "integrationHttpMethod": "GET" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            super::check(read(&input).unwrap().into_integration()?, "r", None)
        };
        let role = "arn:aws:iam::000000000000:role/r";
        for input in [
            json!({ "uri": "http://127.0.0.1:8080/{a}" }),
            json!({ "uri": "https://${stageVariables.host}/a" }),
            json!({ "type": "AWS", "uri": "arn:aws:apigateway:us-east-1:ec2:action/DescribeRegions", "credentials": role }),
        ] {
            check(input).unwrap();
        }
        for (input, message) in [
            (json!({}), "Uri is required for this integration type"),
            (json!({ "uri": "ftp://x/" }), "Invalid HTTP endpoint specified for URI"),
            (json!({ "uri": "http://{host}/" }), "Invalid HTTP endpoint specified for URI"),
            (json!({ "uri": "http://user@host/" }), "Invalid HTTP endpoint specified for URI"),
            (json!({ "uri": "http://h:22/" }), "Invalid HTTP endpoint specified for URI"),
            (json!({ "type": "AWS", "uri": "http://h" }), "Invalid ARN specified in the request"),
            (
                json!({ "type": "AWS", "uri": "arn:aws:apigateway:us-east-1:ec2:x" }),
                "AWS ARN for integration must contain path or action",
            ),
            (
                json!({ "type": "AWS", "uri": "arn:aws:apigateway:us-east-1:ec2:action/DescribeRegions" }),
                "Role ARN must be specified for AWS integrations",
            ),
        ] {
            assert_eq!(check(input.clone()).unwrap_err().message, message, "{input}");
        }
        let template = json!({ "uri": "http://h/", "requestTemplates": { "application/json": "#if(" } });
        assert!(check(template).unwrap_err().message.starts_with("Invalid mapping template for application/json"));
        let template = json!({ "uri": "http://h/", "requestTemplates": { "application/json": "#macro(a)#end" } });
        let refused = check(template).unwrap_err();
        assert_eq!(refused.code, "NotImplemented");
        assert!(refused.message.contains("#macro"), "{}", refused.message);
    }

    #[test]
    fn a_way_to_the_backend_that_there_is_not_is_refused_by_name() {
        for (member, value) in [
            ("connectionId", json!("link")),
            ("integrationTarget", json!("arn")),
            ("integrationResponses", json!({ "200": {} })),
        ] {
            assert_eq!(read(&json!({ member: value })).map(drop).unwrap_err(), Fault::Unknown(member.to_owned()));
        }
        for (member, value) in [("connectionType", "VPC_LINK"), ("responseTransferMode", "STREAM")] {
            let input = read(&json!({ member: value })).unwrap().into_integration();
            let error = input.and_then(|integration| super::check(integration, "r", None)).map(drop).unwrap_err();
            assert!(error.message.contains(member), "{}", error.message);
        }
        let defaults = json!({ "connectionType": "INTERNET", "responseTransferMode": "BUFFERED" });
        assert!(read(&defaults).unwrap().into_integration().is_ok());
    }

    #[test]
    fn how_a_server_is_known_is_kept_as_it_is_put_and_nobody_is_believed_blindly() {
        let put = |is_blind: bool| {
            let input = read(&json!({ "tlsConfig": { "insecureSkipVerification": is_blind } })).unwrap();
            super::check(input.into_integration().unwrap(), "r", None)
        };
        let kept = put(false).unwrap();
        assert_eq!(json!(kept)["tlsConfig"], json!({ "insecureSkipVerification": false }));
        assert!(put(true).unwrap_err().message.contains("tlsConfig.insecureSkipVerification"));
        let patch = |text: &str| {
            let path = "/tlsConfig/insecureSkipVerification";
            let operation = json!({ "op": "replace", "path": path, "value": text });
            let patch: Patch = serde_json::from_value(json!({ "patchOperations": [operation] })).unwrap();
            let bare = read(&json!({})).unwrap().into_integration().unwrap();
            patch.apply(&bare).and_then(|patched| super::check(patched, "r", None))
        };
        assert_eq!(json!(patch("false").unwrap())["tlsConfig"], json!({ "insecureSkipVerification": false }));
        assert_eq!(patch("true").unwrap_err().code, "NotImplemented");
    }
}
