//! Importing an OpenAPI 3 or Swagger 2.0 document: paths become resources, `x-amazon-apigateway-integration` what answers
//! them, schemas models, and security schemes authorizers ([`parts`]).
//!
//! What is not understood is kept in the document and shown by an export; what would change who answers, and is not
//! supported, is refused.

mod base;
mod parts;

use super::{
    error::bad_request,
    integrations, mapping,
    model::{
        ApiSettings, GatewayResponse, Integration, IntegrationResponse, Method, MethodResponse, Resources, RestApi,
    },
    resources::child,
};
use crate::{emulator::wire::AwsError, openapi::yaml};
pub(super) use base::BasePath;
use parts::{Security, security};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const METHODS: [(&str, &str); 8] = [
    ("delete", "DELETE"),
    ("get", "GET"),
    ("head", "HEAD"),
    ("options", "OPTIONS"),
    ("patch", "PATCH"),
    ("post", "POST"),
    ("put", "PUT"),
    ("x-amazon-apigateway-any-method", "ANY"),
];

const INTEGRATION: &str = "x-amazon-apigateway-integration";
const KEY_SOURCE: &str = "x-amazon-apigateway-api-key-source";
/// Who may call the API.
const POLICY: &str = "x-amazon-apigateway-policy";

/// The most operations of a document.
const MAX_OPERATIONS: usize = 300;

/// Reads a document's text.
pub(super) fn parse(text: &[u8]) -> Result<Value, AwsError> {
    let document = read(text).map_err(|_| bad_request("Invalid OpenAPI input."))?;
    if !document.is_object() {
        return Err(bad_request("Invalid OpenAPI input."));
    }
    if export_type(&document).is_none() || !document["paths"].is_object() {
        return Err(bad_request("Invalid OpenAPI input: an OpenAPI 3 or Swagger 2.0 document with `paths` is needed."));
    }
    Ok(document)
}

/// Reads JSON, else YAML.
pub(in crate::emulator) fn read(text: &[u8]) -> Result<Value, String> {
    let Err(error) = serde_json::from_slice::<Value>(text) else {
        return serde_json::from_slice(text).map_err(|error| error.to_string());
    };
    let text = std::str::from_utf8(text).map_err(|_| "it is no text".to_owned())?;
    // What begins like JSON is meant as such.
    if text.trim_start().starts_with(['{', '[']) {
        return Err(error.to_string());
    }
    yaml::read(text)
}

/// Names the form of a document, as exports name it.
pub(in crate::emulator) fn export_type(document: &Value) -> Option<&'static str> {
    let is = |member: &str, version: &str| document[member].as_str().is_some_and(|text| text.starts_with(version));
    if is("openapi", "3.") { Some("oas30") } else { is("swagger", "2.").then_some("swagger") }
}

/// Takes the settings that a document has.
pub(super) fn settings(document: &Value, settings: &mut ApiSettings) -> Result<(), AwsError> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let info = &document["info"];
    settings.name =
        text(&info["title"]).ok_or_else(|| bad_request("Invalid OpenAPI input: `info.title` is missing."))?;
    settings.description = text(&info["description"]).or(settings.description.take());
    settings.version = text(&info["version"]).or(settings.version.take());
    if let Some(source) = document.get(KEY_SOURCE) {
        settings.api_key_source = serde_json::from_value(source.clone())
            .map_err(|error| bad_request(format!("Invalid OpenAPI input: `{KEY_SOURCE}`: {error}.")))?;
    }
    match document.get(POLICY) {
        None => {}
        Some(Value::String(text)) => settings.policy = Some(text.clone()),
        Some(policy) => settings.policy = Some(policy.to_string()),
    }
    if let Some(size) = document.get("x-amazon-apigateway-minimum-compression-size") {
        settings.minimum_compression_size = size.as_i64();
    }
    let endpoint = document.get("x-amazon-apigateway-endpoint-configuration").or_else(|| {
        document["servers"]
            .as_array()?
            .iter()
            .find_map(|server| server.get("x-amazon-apigateway-endpoint-configuration"))
    });
    if let Some(is_disabled) = endpoint.and_then(|endpoint| endpoint["disableExecuteApiEndpoint"].as_bool()) {
        settings.disable_execute_api_endpoint = is_disabled;
    }
    settings.check()?;
    if let Some(types) = document["x-amazon-apigateway-binary-media-types"].as_array() {
        settings.binary_media_types = types.iter().filter_map(text).collect();
    }
    Ok(())
}

/// Takes what a document says about the gateway's own refusals; what the emulator cannot say stays in its own words.
pub(super) fn gateway_responses(document: &Value) -> BTreeMap<String, GatewayResponse> {
    let responses = document["x-amazon-apigateway-gateway-responses"].as_object().into_iter().flatten();
    let read = |response: &Value| serde_json::from_value::<GatewayResponse>(text_status(response)).ok();
    responses.filter_map(|(kind, response)| Some((kind.clone(), read(response)?))).collect()
}

/// Adds what a document has to an API; what a path already has is replaced.
pub(super) fn import(document: &Value, api: &mut RestApi) -> Result<(), AwsError> {
    parts::add_models(document, api)?;
    parts::add_validators(document, api)?;
    parts::add_authorizers(document, api)?;
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut count = 0;
    for (path, item) in paths {
        let id = resource_at(&mut api.resources, path)?;
        for (key, name) in METHODS {
            let Some(operation) = item.get(key) else { continue };
            count += 1;
            if count > MAX_OPERATIONS {
                return Err(bad_request(format!("Invalid OpenAPI input: more than {MAX_OPERATIONS} operations.")));
            }
            let shared = item.get("parameters");
            let method = method(document, operation, shared, name, &id, api).map_err(|error| AwsError {
                message: format!("Unable to import {name} {path}: {}", error.message),
                ..error
            })?;
            if let Some(resource) = api.resources.get_mut(&id) {
                resource.methods.insert(name.to_owned(), method);
            }
        }
    }
    Ok(())
}

/// Finds the resource of a path, making it and its parents when they are absent; gives its id.
fn resource_at(resources: &mut Resources, path: &str) -> Result<String, AwsError> {
    let rest = path.strip_prefix('/').ok_or_else(|| bad_request(format!("Invalid path: `{path}`")))?;
    let root = resources.values().find(|resource| resource.parent_id.is_none()).map(|root| root.id.clone());
    let mut parent = root.ok_or_else(|| AwsError::internal("The API has no root resource."))?;
    for part in rest.split('/').filter(|part| !part.is_empty()) {
        parent = child(resources, &parent, part)?;
    }
    Ok(parent)
}

fn method(
    document: &Value,
    operation: &Value,
    shared: Option<&Value>,
    name: &str,
    resource: &str,
    api: &mut RestApi,
) -> Result<Method, AwsError> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut responses = BTreeMap::new();
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let headers = response["headers"].as_object().into_iter().flatten();
        let response_parameters =
            headers.map(|(header, _)| (format!("method.response.header.{header}"), false)).collect();
        // `default` stands for what no other response is for.
        if status.parse::<u16>().is_err() {
            continue;
        }
        let response_models = parts::response_models(document, operation, response, api)?;
        let response = MethodResponse { status_code: status.clone(), response_parameters, response_models };
        responses.insert(status.clone(), response);
    }
    let integration = match operation.get(INTEGRATION) {
        Some(integration) => {
            let integration = integrations::check(self::integration(integration)?, resource, None)?;
            for response in integration.responses.values() {
                mapping::check_response(response, None)?;
            }
            Some(integration)
        }
        None => None,
    };
    let Security { authorization_type, authorizer_id, authorization_scopes, api_key_required } =
        security(document, operation, api)?;
    Ok(Method {
        name: name.to_owned(),
        authorization_type,
        authorizer_id,
        authorization_scopes,
        api_key_required,
        operation_name: text(&operation["operationId"]),
        request_parameters: parts::request_parameters(document, operation, shared),
        request_models: parts::request_models(document, operation, shared, api)?,
        request_validator_id: parts::validator(document, operation, api)?,
        responses,
        integration,
    })
}

/// Reads the extension, whose members have almost, but not quite, the names of the API's own.
fn integration(extension: &Value) -> Result<Integration, AwsError> {
    let mut value = extension.clone();
    let kind = extension["type"].as_str().unwrap_or_default().to_ascii_uppercase();
    value["type"] = json!(integrations::kind(&kind)?);
    if let Some(behaviour) = extension["passthroughBehavior"].as_str() {
        value["passthroughBehavior"] = behaviour.to_ascii_uppercase().into();
    }
    // What is no text is no mapping, and API Gateway leaves it out.
    if let Some(parameters) = value.get_mut("requestParameters").and_then(Value::as_object_mut) {
        parameters.retain(|_, source| source.is_string());
    }
    let mut responses = BTreeMap::new();
    for (pattern, response) in extension["responses"].as_object().into_iter().flatten() {
        let mut response: IntegrationResponse = serde_json::from_value(text_status(response))
            .map_err(|error| bad_request(format!("invalid integration response: {error}")))?;
        response.selection_pattern = (pattern != "default").then(|| pattern.clone());
        responses.insert(response.status_code.clone(), response);
    }
    value["integrationResponses"] = json!(responses);
    serde_json::from_value(value).map_err(|error| bad_request(format!("Invalid integration: {error}")))
}

/// Documents write a status as a number as often as a text.
fn text_status(response: &Value) -> Value {
    let mut response = response.clone();
    if let Some(number) = response["statusCode"].as_u64() {
        response["statusCode"] = number.to_string().into();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::apigateway::model::{IntegrationKind, Resource};

    const URI: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";

    fn empty() -> RestApi {
        let root =
            Resource { id: "r".into(), parent_id: None, path_part: None, path: "/".into(), methods: BTreeMap::new() };
        serde_json::from_value(json!({
            "id": "a1", "created": time::OffsetDateTime::UNIX_EPOCH, "settings": { "name": "t" }, "tags": {},
            "resources": { "r": root }, "document": null, "deployments": {}, "stages": {},
        }))
        .unwrap()
    }

    fn imported(paths: &Value) -> Result<RestApi, AwsError> {
        let authorizer = json!({ "type": "token", "authorizerUri": URI, "authorizerResultTtlInSeconds": 60 });
        let schemes = json!({
            "key": { "type": "apiKey", "in": "header", "name": "x-api-key" },
            "oauth": { "type": "oauth2" },
            "mine": {
                "type": "apiKey", "in": "header", "name": "X-Token", "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": authorizer,
            },
            "sigv4": { "type": "apiKey", "in": "header", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4" },
            "pool": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": { "type": "cognito_user_pools", "providerARNs": ["arn"] },
            },
        });
        let schemas = json!({
            "Pet": { "type": "object", "required": ["name"] },
            "Pets": { "type": "array", "items": { "$ref": "#/components/schemas/Pet" } },
        });
        let document = json!({
            "openapi": "3.0.1", "info": { "title": "t" }, "paths": paths,
            "components": { "securitySchemes": schemes, "schemas": schemas },
            "x-amazon-apigateway-request-validators": { "body": { "validateRequestBody": true } },
        });
        let mut api = empty();
        import(&document, &mut api)?;
        Ok(api)
    }

    fn at<'a>(api: &'a RestApi, path: &str) -> &'a Resource {
        api.resources.values().find(|resource| resource.path == path).unwrap()
    }

    #[test]
    fn paths_become_resources_with_their_parents() {
        let proxy = json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": URI });
        let resources = imported(&json!({
            "/a/b/{proxy+}": { "x-amazon-apigateway-any-method": { INTEGRATION: proxy } },
            "/a": { "get": { INTEGRATION: { "type": "mock" }, "security": [{ "key": [] }] } },
        }))
        .unwrap();
        assert_eq!(resources.resources.len(), 4);
        let any = &at(&resources, "/a/b/{proxy+}").methods["ANY"];
        assert_eq!(any.integration.as_ref().unwrap().kind, IntegrationKind::AwsProxy);
        assert!(!any.api_key_required);
        assert!(at(&resources, "/a").methods["GET"].api_key_required);
    }

    #[test]
    fn mock_responses_keep_their_pattern_and_may_number_their_status() {
        let responses = json!({ "default": { "statusCode": 200, "responseTemplates": { "application/json": "{}" } } });
        let resources =
            imported(&json!({ "/": { "get": { INTEGRATION: { "type": "mock", "responses": responses } } } })).unwrap();
        let integration = at(&resources, "/").methods["GET"].integration.clone().unwrap();
        assert_eq!(integration.responses["200"].selection_pattern, None);
    }

    #[test]
    fn what_would_change_who_answers_is_refused() {
        for operation in [
            json!({ INTEGRATION: { "type": "http", "httpMethod": "GET", "uri": "ftp://x" } }),
            json!({ INTEGRATION: { "type": "aws_proxy", "httpMethod": "POST", "uri": "arn:aws:nothing" } }),
            json!({ "security": [{ "oauth": [] }] }),
            json!({ "security": [{ "unknown": [] }] }),
            json!({ "security": [{ "pool": [] }] }),
            json!({ "x-amazon-apigateway-request-validator": "none" }),
        ] {
            assert!(imported(&json!({ "/a": { "get": operation } })).is_err());
        }
        assert!(imported(&json!({ "/a b": {} })).is_err());
        assert!(imported(&json!({ "/{p+}/x": {} })).is_err());
    }

    #[test]
    fn a_document_of_swagger_2_is_read_as_well() {
        let document = json!({
            "swagger": "2.0", "info": { "title": "t", "version": "1" }, "schemes": ["https"],
            "securityDefinitions": { "api_key": { "type": "apiKey", "in": "header", "name": "x-api-key" } },
            "paths": { "/a/{b}": { "post": {
                "consumes": ["application/json"], "produces": ["application/json"],
                "responses": { "200": { "description": "", "schema": { "$ref": "#/definitions/Empty" } } },
                "security": [{ "api_key": [] }],
                INTEGRATION: { "type": "aws_proxy", "httpMethod": "POST", "uri": URI, "contentHandling": "CONVERT_TO_TEXT" },
            } } },
            "definitions": { "Empty": { "type": "object" } },
        });
        let document = parse(document.to_string().as_bytes()).unwrap();
        assert_eq!(export_type(&document), Some("swagger"));
        let mut api = empty();
        import(&document, &mut api).unwrap();
        let post = &at(&api, "/a/{b}").methods["POST"];
        assert!(post.api_key_required);
        assert_eq!(post.responses["200"].response_models["application/json"], "Empty");
    }

    #[test]
    fn callers_and_bodies_are_looked_at_as_a_document_says() {
        let operation = json!({
            INTEGRATION: { "type": "mock" },
            "security": [{ "mine": [] }],
            "x-amazon-apigateway-request-validator": "body",
            "parameters": [{ "name": "q", "in": "query", "required": true, "schema": { "type": "string" } }],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Pets" } } } },
        });
        let signed = json!({ INTEGRATION: { "type": "mock" }, "security": [{ "sigv4": [] }] });
        let api = imported(&json!({ "/a": { "post": operation, "get": signed } })).unwrap();
        let method = &at(&api, "/a").methods["POST"];
        assert_eq!(method.authorization_type, "CUSTOM");
        let authorizer = &api.authorizers[method.authorizer_id.as_ref().unwrap()];
        assert_eq!((authorizer.name.as_str(), authorizer.ttl), ("mine", 60));
        assert_eq!(authorizer.sources().collect::<Vec<_>>(), ["method.request.header.X-Token"]);
        assert_eq!(method.request_models["application/json"], "Pets");
        assert!(method.request_parameters["method.request.querystring.q"]);
        assert!(api.validators[method.request_validator_id.as_ref().unwrap()].validate_request_body);
        let pets = api.models["Pets"].schema.as_deref().unwrap();
        assert!(pets.contains("https://apigateway.amazonaws.com/restapis/a1/models/Pet"), "{pets}");
        assert_eq!(at(&api, "/a").methods["GET"].authorization_type, "AWS_IAM");
    }

    #[test]
    fn a_document_may_be_yaml() {
        let text = "openapi: 3.0.1\ninfo:\n  title: t\npaths:\n  /a:\n    get:\n      responses: {}\n";
        assert_eq!(parse(text.as_bytes()).unwrap()["info"]["title"], "t");
        assert!(parse(b"openapi: [").is_err());
    }

    #[test]
    fn what_is_no_document_of_either_kind_is_refused() {
        for text in ["", "[]", "openapi: 3.0.1", r#"{"swagger":"1.2","paths":{}}"#, r#"{"openapi":"3.0.1"}"#] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
