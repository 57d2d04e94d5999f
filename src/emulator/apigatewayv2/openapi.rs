//! HTTP APIs as OpenAPI 3 documents: importing, importing again, and exporting.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html>

use super::{
    apis::{self, ApiPath},
    authorizers,
    error::{absent, bad_request, lacking},
    integrations::{self, CreateIntegration},
    model::{ApiSettings, Authorizer, HttpApi, Route},
    routes::{check_authorization, check_key},
};
use crate::{
    emulator::{
        apigateway::openapi::{export_type, read},
        service::{Operation, Output},
        wire::{AwsError, letter_id, yaml},
    },
    http1::Response,
};
use http::{HeaderValue, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How documents name methods, and how routes do.
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
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";
const TAG_VALUE: &str = "x-amazon-apigateway-tag-value";
const DEFAULT: &str = "$default";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Import {
    body: String,
    basepath: Option<String>,
    #[expect(dead_code, reason = "what is not understood is refused or has no effect, never warned of")]
    fail_on_warnings: Option<bool>,
}

impl Import {
    fn document(&self) -> Result<Value, AwsError> {
        if self.basepath.as_deref().is_some_and(|basepath| basepath != "ignore") {
            return Err(lacking("basepath other than ignore"));
        }
        let document = read(self.body.as_bytes()).map_err(|why| bad_request(format!("Invalid OpenAPI body: {why}")))?;
        if export_type(&document) != Some("oas30") || !document["paths"].is_object() {
            return Err(bad_request("Invalid OpenAPI body: an OpenAPI 3 document with `paths` is needed"));
        }
        Ok(document)
    }
}

/// `ImportApi`.
pub(super) async fn import(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Import>()?;
    let document = input.document()?;
    let id = letter_id(10)?;
    let mut api = HttpApi {
        id: id.parse().map_err(|_| bad_request("Invalid API identifier"))?,
        created: scope.now,
        settings: ApiSettings::default(),
        tags: BTreeMap::new(),
        routes: BTreeMap::new(),
        integrations: BTreeMap::new(),
        authorizers: BTreeMap::new(),
        stages: BTreeMap::new(),
        deployments: BTreeMap::new(),
    };
    fill(&mut api, &document)?;
    let shown = api.show(&scope.context.config.endpoint);
    let added = scope.change(|state| {
        state.apigatewayv2.apis.insert(api.id.clone(), api);
        Ok(())
    });
    added.await?;
    Ok(Output::Members(shown))
}

/// `ReimportApi`: what the API had is replaced; its id, tags and stages stay.
pub(super) async fn reimport(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, Import>()?;
    let document = input.document()?;
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        api.routes.clear();
        api.integrations.clear();
        api.authorizers.clear();
        fill(api, &document)?;
        api.deploy_automatically(scope.now)?;
        Ok(api.show(&scope.context.config.endpoint))
    });
    Ok(Output::Members(shown.await?))
}

/// Fills an API from a document.
fn fill(api: &mut HttpApi, document: &Value) -> Result<(), AwsError> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let info = &document["info"];
    let name = text(&info["title"]).ok_or_else(|| bad_request("Invalid OpenAPI body: `info.title` is missing"))?;
    let cors = document.get("x-amazon-apigateway-cors").cloned();
    apis::configure(&mut api.settings, &name, text(&info["description"]), text(&info["version"]), cors)?;
    let disables = &document["servers"][0][ENDPOINT]["disableExecuteApiEndpoint"];
    api.settings.disable_execute_api_endpoint = disables.as_bool().unwrap_or(api.settings.disable_execute_api_endpoint);
    for tag in document["tags"].as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) = (text(&tag["name"]), text(&tag[TAG_VALUE])) {
            api.tags.insert(name, value);
        }
    }
    apis::check_tags(&api.tags)?;
    for (name, scheme) in document["components"]["securitySchemes"].as_object().into_iter().flatten() {
        if let Some(extension) = scheme.get(AUTHORIZER) {
            let authorizer = authorizer(name, extension)?;
            api.authorizers.insert(authorizer.authorizer_id.clone(), authorizer);
        }
    }
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (key, method) in METHODS {
            let Some(operation) = item.get(key) else { continue };
            let is_default = path.trim_start_matches('/') == DEFAULT;
            let route_key = if is_default { DEFAULT.to_owned() } else { format!("{method} {path}") };
            let route = route(api, document, operation, route_key.clone()).map_err(|error| AwsError {
                message: format!("Unable to import {route_key}: {}", error.message),
                ..error
            })?;
            api.routes.insert(route.route_id.clone(), route);
        }
    }
    Ok(())
}

fn authorizer(name: &str, extension: &Value) -> Result<Authorizer, AwsError> {
    let text = |member: &str| extension[member].as_str().map(str::to_owned);
    let sources = match &extension["identitySource"] {
        Value::String(text) => text.split(',').map(|source| source.trim().to_owned()).collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let kind = text("type").unwrap_or_default().to_ascii_uppercase();
    let jwt = extension.get("jwtConfiguration").filter(|_| kind == "JWT");
    let jwt = jwt.map(|jwt| serde_json::from_value(jwt.clone()));
    let jwt = jwt.transpose().map_err(|error| bad_request(format!("Invalid jwtConfiguration: {error}")))?;
    let ttl = extension["authorizerResultTtlInSeconds"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let settings = authorizers::Settings {
        authorizer_type: Some(kind),
        name: Some(name.to_owned()),
        identity_source: Some(sources),
        jwt_configuration: jwt,
        authorizer_uri: text("authorizerUri"),
        authorizer_credentials_arn: text("authorizerCredentials"),
        authorizer_payload_format_version: text("authorizerPayloadFormatVersion"),
        authorizer_result_ttl_in_seconds: ttl,
        enable_simple_responses: extension["enableSimpleResponses"].as_bool(),
        identity_validation_expression: None,
    };
    authorizers::checked(settings, letter_id(6)?)
}

fn route(api: &mut HttpApi, document: &Value, operation: &Value, route_key: String) -> Result<Route, AwsError> {
    check_key(&route_key)?;
    let mut route = Route {
        route_id: letter_id(7)?,
        route_key,
        authorization_type: "NONE".to_owned(),
        operation_name: operation["operationId"].as_str().map(str::to_owned),
        ..Route::default()
    };
    if let Some(extension) = operation.get(INTEGRATION) {
        let referred = extension["$ref"].as_str().and_then(|text| document.pointer(text.strip_prefix('#')?));
        let integration = integration(referred.unwrap_or(extension))?;
        route.target = Some(format!("integrations/{}", integration.integration_id));
        api.integrations.insert(integration.integration_id.clone(), integration);
    }
    let security = operation.get("security").or_else(|| document.get("security"));
    let requirement = security.and_then(Value::as_array).and_then(|all| all.first()).and_then(Value::as_object);
    if let Some((name, scopes)) = requirement.and_then(|requirement| requirement.iter().next()) {
        let known = api.authorizers.values().find(|authorizer| authorizer.name == *name);
        let known = known.ok_or_else(|| bad_request(format!("the security scheme `{name}` is no authorizer")))?;
        route.authorization_type = if known.authorizer_type == "JWT" { "JWT" } else { "CUSTOM" }.to_owned();
        route.authorizer_id = Some(known.authorizer_id.clone());
        let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
        route.authorization_scopes = scopes.map(str::to_owned).collect();
    } else if operation["x-amazon-apigateway-auth"]["type"] == "AWS_IAM" {
        "AWS_IAM".clone_into(&mut route.authorization_type);
    }
    check_authorization(api, &mut route)?;
    Ok(route)
}

fn integration(extension: &Value) -> Result<super::model::Integration, AwsError> {
    let text = |member: &str| extension[member].as_str().map(str::to_owned);
    let version = match &extension["payloadFormatVersion"] {
        Value::String(text) => Some(text.clone()),
        // YAML has it as a number as often as not.
        Value::Number(number) => number.as_f64().map(|number| format!("{number:.1}")),
        _ => None,
    };
    let timeout = extension["timeoutInMillis"].as_u64().and_then(|millis| u32::try_from(millis).ok());
    for member in ["tlsConfig", "integrationSubtype", "credentials"] {
        if extension.get(member).is_some_and(|value| !value.is_null()) {
            return Err(lacking(member));
        }
    }
    let input = CreateIntegration {
        request_parameters: mappings(extension, "requestParameters")?,
        response_parameters: mappings(extension, "responseParameters")?,
        integration_type: text("type").map(|kind| kind.to_ascii_uppercase()),
        integration_uri: text("uri"),
        integration_method: text("httpMethod"),
        payload_format_version: version,
        timeout_in_millis: timeout,
        connection_type: text("connectionType"),
        description: text("description"),
    };
    integrations::checked(input, letter_id(7)?)
}

/// The mappings of an integration, as a document has them.
fn mappings<T: DeserializeOwned + Default>(extension: &Value, member: &str) -> Result<T, AwsError> {
    let given = extension.get(member).filter(|value| !value.is_null()).cloned();
    let read = given.map(serde_json::from_value::<T>).transpose();
    read.map(Option::unwrap_or_default).map_err(|error| bad_request(format!("Invalid {member}: {error}")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    api_id: String,
    specification: String,
    output_type: String,
    export_version: Option<String>,
    include_extensions: Option<bool>,
    stage_name: Option<String>,
}

/// `ExportApi`: what a stage serves, else what there is now.
pub(super) fn export(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Export>()?;
    if input.specification != "OAS30" {
        return Err(bad_request("Invalid specification: OAS30 is the only one"));
    }
    if input.export_version.as_deref().is_some_and(|version| version != "1.0") {
        return Err(bad_request("Invalid exportVersion: 1.0 is the only one"));
    }
    let is_yaml = match input.output_type.as_str() {
        "JSON" => false,
        "YAML" => true,
        _ => return Err(bad_request("Invalid outputType: it is JSON or YAML")),
    };
    let document = scope.read(|state| {
        let api = state.apigatewayv2.api(&input.api_id)?;
        let mut shown = api.clone();
        if let Some(name) = &input.stage_name {
            let id = api.stage(name)?.deployment.as_deref().unwrap_or_default();
            let deployment = api.deployments.get(id).ok_or_else(|| absent("Deployment", id))?;
            shown.routes = deployment.routes.clone();
            shown.integrations = deployment.integrations.clone();
            shown.authorizers = deployment.authorizers.clone();
        }
        Ok::<_, AwsError>(exported(&shown, input.include_extensions.unwrap_or(true)))
    })?;
    let text = if is_yaml { yaml::write(&document) } else { format!("{document:#}") };
    let mut response = Response::new(text.into());
    let kind = if is_yaml { "application/yaml" } else { "application/json" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(Output::Raw(response))
}

fn exported(api: &HttpApi, has_extensions: bool) -> Value {
    let mut info = json!({ "title": api.settings.name, "version": api.settings.version.as_deref().unwrap_or("1.0") });
    if let Some(description) = &api.settings.description {
        info["description"] = description.as_str().into();
    }
    let mut paths = Map::new();
    for route in api.routes.values() {
        let (method, path) = route.route_key.split_once(' ').unwrap_or(("ANY", "/$default"));
        let key = METHODS.iter().find(|(_, name)| *name == method).map_or("get", |(key, _)| *key);
        let mut operation = json!({ "responses": { "default": { "description": format!("Default response for {}", route.route_key) } } });
        if let Some(name) = &route.operation_name {
            operation["operationId"] = name.as_str().into();
        }
        let authorizer = route.authorizer_id.as_ref().and_then(|id| api.authorizers.get(id));
        if let Some(authorizer) = authorizer {
            operation["security"] = json!([{ authorizer.name.as_str(): route.authorization_scopes }]);
        }
        let id = route.target.as_deref().and_then(|target| target.strip_prefix("integrations/"));
        if let Some(integration) = id.and_then(|id| api.integrations.get(id)).filter(|_| has_extensions) {
            operation[INTEGRATION] = json!({
                "type": integration.integration_type.to_lowercase(),
                "httpMethod": integration.integration_method.as_deref().unwrap_or("POST"),
                "uri": integration.integration_uri,
                "payloadFormatVersion": integration.payload_format_version,
                "timeoutInMillis": integration.timeout_in_millis,
                "connectionType": integration.connection_type,
            });
            for (member, mappings) in [
                ("requestParameters", json!(integration.request_parameters)),
                ("responseParameters", json!(integration.response_parameters)),
            ] {
                if mappings != json!({}) {
                    operation[INTEGRATION][member] = mappings;
                }
            }
        }
        if has_extensions && route.authorization_type == "AWS_IAM" {
            operation["x-amazon-apigateway-auth"] = json!({ "type": "AWS_IAM" });
        }
        paths.entry(path).or_insert_with(|| json!({}))[key] = operation;
    }
    let mut document = json!({ "openapi": "3.0.1", "info": info, "paths": paths });
    let schemes: Map<_, _> =
        api.authorizers.values().map(|one| (one.name.clone(), scheme(one, has_extensions))).collect();
    if !schemes.is_empty() {
        document["components"] = json!({ "securitySchemes": schemes });
    }
    if let Some(cors) = api.settings.cors_configuration.as_ref().filter(|_| has_extensions) {
        document["x-amazon-apigateway-cors"] = json!(cors);
    }
    if has_extensions && api.settings.disable_execute_api_endpoint {
        document["servers"] = json!([{ "url": "/", ENDPOINT: { "disableExecuteApiEndpoint": true } }]);
    }
    let tags: Vec<_> = api.tags.iter().map(|(name, value)| json!({ "name": name, TAG_VALUE: value })).collect();
    if has_extensions && !tags.is_empty() {
        document["tags"] = tags.into();
    }
    if has_extensions {
        document["x-amazon-apigateway-importexport-version"] = "1.0".into();
    }
    document
}

fn scheme(authorizer: &Authorizer, has_extensions: bool) -> Value {
    let is_jwt = authorizer.authorizer_type == "JWT";
    let mut scheme = if is_jwt {
        json!({ "type": "oauth2", "flows": {} })
    } else {
        json!({ "type": "apiKey", "name": "Authorization", "in": "header" })
    };
    if has_extensions {
        let mut extension = json!(authorizer);
        if let Value::Object(members) = &mut extension {
            for name in ["authorizerId", "name", "authorizerType"] {
                members.remove(name);
            }
            if let Some(role) = members.remove("authorizerCredentialsArn") {
                members.insert("authorizerCredentials".to_owned(), role);
            }
            members.insert("type".to_owned(), if is_jwt { "jwt" } else { "request" }.into());
            members.insert("identitySource".to_owned(), authorizer.identity_source.join(", ").into());
        }
        scheme[AUTHORIZER] = extension;
    }
    scheme
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn empty() -> HttpApi {
        HttpApi {
            id: "a1b2c3d4e5".parse().unwrap(),
            created: OffsetDateTime::UNIX_EPOCH,
            settings: ApiSettings::default(),
            tags: BTreeMap::new(),
            routes: BTreeMap::new(),
            integrations: BTreeMap::new(),
            authorizers: BTreeMap::new(),
            stages: BTreeMap::new(),
            deployments: BTreeMap::new(),
        }
    }

    fn document() -> Value {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let integration = json!({
            "type": "AWS_PROXY", "httpMethod": "POST", "uri": arn, "payloadFormatVersion": 2.0,
            "requestParameters": { "append:header.x-a": "$context.stage" },
            "responseParameters": { "500": { "overwrite:statuscode": "503" } },
        });
        json!({
            "openapi": "3.0.1",
            "info": { "title": "t", "version": "2", "description": "d" },
            "paths": {
                "/a/{b}": { "get": { INTEGRATION: integration, "security": [{ "j": ["read"] }] } },
                "/$default": { "x-amazon-apigateway-any-method": { INTEGRATION: { "$ref": "#/components/x-own/i" } } },
            },
            "components": {
                "x-own": { "i": integration },
                "securitySchemes": { "j": { "type": "oauth2", AUTHORIZER: {
                    "type": "jwt", "identitySource": "$request.header.Authorization",
                    "jwtConfiguration": { "issuer": "https://example.com", "audience": ["x"] },
                } } },
            },
            "x-amazon-apigateway-cors": { "allowOrigins": ["*"], "maxAge": 5 },
            "servers": [{ "url": "/", ENDPOINT: { "disableExecuteApiEndpoint": true } }],
            "tags": [{ "name": "team", TAG_VALUE: "blue" }, { "name": "of a reader" }],
        })
    }

    #[test]
    fn what_is_imported_is_exported_and_can_be_imported_again() {
        let mut api = empty();
        fill(&mut api, &document()).unwrap();
        let mut again = empty();
        fill(&mut again, &exported(&api, true)).unwrap();
        for api in [&api, &again] {
            let mut keys: Vec<_> = api.routes.values().map(|route| route.route_key.as_str()).collect();
            keys.sort_unstable();
            assert_eq!(keys, [DEFAULT, "GET /a/{b}"]);
            let route = api.routes.values().find(|route| route.route_key != DEFAULT).unwrap();
            assert_eq!((route.authorization_type.as_str(), route.authorization_scopes.len()), ("JWT", 1));
            let integration = api.integrations.values().next().unwrap();
            assert_eq!(integration.payload_format_version, "2.0");
            assert_eq!(integration.request_parameters["append:header.x-a"], "$context.stage");
            assert_eq!(integration.response_parameters["500"]["overwrite:statuscode"], "503");
            assert!(api.settings.disable_execute_api_endpoint);
            assert_eq!(api.tags, [("team".to_owned(), "blue".to_owned())].into());
            assert_eq!(api.settings.cors_configuration.as_ref().unwrap().max_age, Some(5));
            assert_eq!(api.settings.version.as_deref(), Some("2"));
        }
        assert!(!exported(&api, false).to_string().contains(INTEGRATION));
    }

    #[test]
    fn what_cannot_be_imported_is_refused() {
        for (pointer, value) in [
            ("/paths/~1a~1{b}/get/security", json!([{ "none": [] }])),
            ("/paths/~1a~1{b}/get/x-amazon-apigateway-integration/uri", json!("ftp://x")),
            ("/paths/~1a~1{b}/get/x-amazon-apigateway-integration/type", json!("MOCK")),
            ("/info", json!({})),
            ("/paths/~1a~1{b}/get/x-amazon-apigateway-integration/payloadFormatVersion", json!(null)),
            ("/paths/~1a~1{b}/get/x-amazon-apigateway-integration/requestParameters", json!({ "x": "y" })),
            (
                "/components/securitySchemes/j/x-amazon-apigateway-authorizer/jwtConfiguration",
                json!({ "audience": [] }),
            ),
        ] {
            let mut document = document();
            *document.pointer_mut(pointer).unwrap() = value;
            assert!(fill(&mut empty(), &document).is_err(), "{pointer}");
        }
    }
}
