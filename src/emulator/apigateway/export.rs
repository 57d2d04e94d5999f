//! Exporting a stage's API as an OpenAPI 3 or a Swagger 2.0 document.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-export-api.html>
//!
//! What a document of the same form said that was imported, and that the gateway does not act upon, is in the export too.

use super::{
    authorizer::{Authorizer, AuthorizerKind},
    model::{ApiKeySource, Deployment, IntegrationKind, Method, RestApi, Stage, epoch},
    openapi,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// What is wanted of that which is API Gateway's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    pub(super) integrations: bool,
    pub(super) authorizers: bool,
    pub(super) postman: bool,
}

impl Extensions {
    /// Reads `integrations`, `authorizers`, `apigateway` and `postman`, with commas between.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut wanted = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "integrations" => wanted.integrations = true,
                "authorizers" => wanted.authorizers = true,
                "apigateway" => (wanted.integrations, wanted.authorizers) = (true, true),
                "postman" => wanted.postman = true,
                _ => return None,
            }
        }
        Some(wanted)
    }
}

/// What is exported.
pub(super) struct Export<'a> {
    pub(super) api: &'a RestApi,
    pub(super) deployment: &'a Deployment,
    pub(super) stage: &'a Stage,
    pub(super) region: &'a str,
    /// Whether the document is of OpenAPI 3; of Swagger 2.0 else.
    pub(super) is_oas30: bool,
    pub(super) extensions: Extensions,
}

impl Export<'_> {
    /// Writes the document.
    pub(super) fn document(&self) -> Value {
        let form = if self.is_oas30 { "oas30" } else { "swagger" };
        let imported = self.api.document.as_ref().filter(|document| openapi::export_type(document) == Some(form));
        let none = Value::Null;
        let imported = imported.unwrap_or(&none);
        let mut document = json!({ "info": self.info() });
        self.place(&mut document);
        let mut paths = Map::new();
        let mut used = BTreeSet::new();
        for resource in self.deployment.resources.values().filter(|resource| !resource.methods.is_empty()) {
            let mut item = Map::new();
            for method in resource.methods.values() {
                let key = if method.name == "ANY" {
                    "x-amazon-apigateway-any-method".to_owned()
                } else {
                    method.name.to_lowercase()
                };
                let known = &imported["paths"][&resource.path][&key];
                item.insert(key, self.operation(method, known, &mut used));
            }
            paths.insert(resource.path.clone(), item.into());
        }
        document["paths"] = paths.into();
        self.add_parts(&mut document, &used);
        self.add_own(&mut document);
        let is_kept = |name: &str| {
            matches!(name, "tags" | "externalDocs")
                || (name.starts_with("x-") && !name.starts_with("x-amazon-apigateway-"))
        };
        for (name, value) in imported.as_object().into_iter().flatten().filter(|(name, _)| is_kept(name)) {
            document[name] = value.clone();
        }
        document
    }

    fn info(&self) -> Value {
        let settings = &self.api.settings;
        let mut info = json!({
            "title": settings.name,
            "version": settings.version.clone().unwrap_or_else(|| written(self.deployment.created)),
        });
        if let Some(description) = &settings.description {
            info["description"] = description.as_str().into();
        }
        info
    }

    /// Says where the API is, as at AWS.
    fn place(&self, document: &mut Value) {
        let host = format!("{}.execute-api.{}.amazonaws.com", self.api.id, self.region);
        if self.is_oas30 {
            document["openapi"] = "3.0.1".into();
            document["servers"] = json!([{
                "url": format!("https://{host}/{{basePath}}"),
                "variables": { "basePath": { "default": self.stage.name } },
            }]);
        } else {
            document["swagger"] = "2.0".into();
            document["host"] = host.into();
            document["basePath"] = format!("/{}", self.stage.name).into();
            document["schemes"] = json!(["https"]);
        }
    }

    fn operation(&self, method: &Method, known: &Value, used: &mut BTreeSet<String>) -> Value {
        let mut operation = Map::new();
        for name in ["tags", "summary", "description", "deprecated", "externalDocs"] {
            if let Some(value) = known.get(name) {
                operation.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(name) = &method.operation_name {
            operation.insert("operationId".to_owned(), name.as_str().into());
        }
        self.add_input(method, &mut operation, used);
        self.add_responses(method, known, &mut operation, used);
        self.add_security(method, &mut operation);
        if self.extensions.integrations {
            let validator = method.request_validator_id.as_ref().and_then(|id| self.deployment.validators.get(id));
            if let Some(validator) = validator {
                operation.insert("x-amazon-apigateway-request-validator".to_owned(), validator.name.as_str().into());
            }
            if let Some(integration) = &method.integration {
                operation.insert("x-amazon-apigateway-integration".to_owned(), Self::integration(integration));
            }
        }
        operation.into()
    }

    fn reference(&self, model: &str) -> Value {
        let place = if self.is_oas30 { "components/schemas" } else { "definitions" };
        json!({ "$ref": format!("#/{place}/{model}") })
    }

    fn add_input(&self, method: &Method, operation: &mut Map<String, Value>, used: &mut BTreeSet<String>) {
        let mut parameters: Vec<Value> = Vec::new();
        for (name, is_required) in &method.request_parameters {
            let named = name.strip_prefix("method.request.").and_then(|name| name.split_once('.'));
            let Some((place, name)) = named else { continue };
            let place = if place == "querystring" { "query" } else { place };
            let mut parameter = json!({ "name": name, "in": place });
            if *is_required || place == "path" {
                parameter["required"] = true.into();
            }
            if self.is_oas30 {
                parameter["schema"] = json!({ "type": "string" });
            } else {
                parameter["type"] = "string".into();
            }
            parameters.push(parameter);
        }
        used.extend(method.request_models.values().cloned());
        if self.is_oas30 {
            let content: Map<_, _> = method
                .request_models
                .iter()
                .map(|(kind, model)| (kind.clone(), json!({ "schema": self.reference(model) })))
                .collect();
            if !content.is_empty() {
                operation.insert("requestBody".to_owned(), json!({ "content": content, "required": true }));
            }
        } else if let Some((_, model)) = method.request_models.first_key_value() {
            operation.insert("consumes".to_owned(), json!(method.request_models.keys().collect::<Vec<_>>()));
            parameters.push(json!({ "in": "body", "name": model, "required": true, "schema": self.reference(model) }));
        }
        if !self.is_oas30 {
            let kinds: BTreeSet<_> =
                method.responses.values().flat_map(|response| response.response_models.keys()).collect();
            let kinds = if kinds.is_empty() { json!(["application/json"]) } else { json!(kinds) };
            operation.insert("produces".to_owned(), kinds);
        }
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), parameters.into());
        }
    }

    fn add_responses(
        &self,
        method: &Method,
        known: &Value,
        operation: &mut Map<String, Value>,
        used: &mut BTreeSet<String>,
    ) {
        let mut responses = Map::new();
        for (status, response) in &method.responses {
            let described = known["responses"][status]["description"].as_str();
            let mut shown =
                json!({ "description": described.map_or_else(|| format!("{status} response"), str::to_owned) });
            let names = response.response_parameters.keys();
            let headers: Map<_, _> = names
                .filter_map(|name| name.strip_prefix("method.response.header."))
                .map(|name| {
                    let kind = json!({ "type": "string" });
                    (name.to_owned(), if self.is_oas30 { json!({ "schema": kind }) } else { kind })
                })
                .collect();
            if !headers.is_empty() {
                shown["headers"] = headers.into();
            }
            used.extend(response.response_models.values().cloned());
            if self.is_oas30 {
                let content: Map<_, _> = response
                    .response_models
                    .iter()
                    .map(|(kind, model)| (kind.clone(), json!({ "schema": self.reference(model) })))
                    .collect();
                if !content.is_empty() {
                    shown["content"] = content.into();
                }
            } else if let Some(model) = response.response_models.values().next() {
                shown["schema"] = self.reference(model);
            }
            responses.insert(status.clone(), shown);
        }
        // Both forms want responses, if empty ones.
        operation.insert("responses".to_owned(), responses.into());
    }

    fn add_security(&self, method: &Method, operation: &mut Map<String, Value>) {
        let mut needed = Map::new();
        if self.extensions.authorizers && method.authorization_type == "AWS_IAM" {
            needed.insert("sigv4".to_owned(), json!([]));
        }
        if let Some(authorizer) = self.authorizer_of(method).filter(|_| self.extensions.authorizers) {
            needed.insert(authorizer.name.clone(), json!(method.authorization_scopes));
        }
        if method.api_key_required {
            needed.insert("api_key".to_owned(), json!([]));
        }
        if !needed.is_empty() {
            operation.insert("security".to_owned(), json!([needed]));
        }
    }

    fn authorizer_of(&self, method: &Method) -> Option<&Authorizer> {
        let id = method.authorizer_id.as_ref().filter(|_| method.authorization_type == "CUSTOM")?;
        self.deployment.authorizers.get(id)
    }

    /// The members of an integration under the names that documents have for them.
    fn integration(integration: &super::model::Integration) -> Value {
        let mut shown = json!(integration);
        let Value::Object(members) = &mut shown else { return shown };
        for name in ["integrationResponses", "cacheNamespace", "cacheKeyParameters"] {
            members.remove(name);
        }
        let kind = match integration.kind {
            IntegrationKind::Aws => "aws",
            IntegrationKind::AwsProxy => "aws_proxy",
            IntegrationKind::Http => "http",
            IntegrationKind::HttpProxy => "http_proxy",
            IntegrationKind::Mock => "mock",
        };
        members.insert("type".to_owned(), kind.into());
        members.insert("passthroughBehavior".to_owned(), integration.passthrough_behavior.to_lowercase().into());
        if integration.timeout_in_millis == super::model::MAX_TIMEOUT_MS {
            members.remove("timeoutInMillis");
        }
        let mut responses = Map::new();
        for response in integration.responses.values() {
            let mut shown = json!(response);
            if let Value::Object(members) = &mut shown {
                members.remove("selectionPattern");
            }
            let pattern = response.selection_pattern.clone().filter(|pattern| !pattern.is_empty());
            responses.insert(pattern.unwrap_or_else(|| "default".to_owned()), shown);
        }
        if !responses.is_empty() {
            members.insert("responses".to_owned(), responses.into());
        }
        shown
    }

    /// Adds what operations refer to.
    fn add_parts(&self, document: &mut Value, used: &BTreeSet<String>) {
        let mut schemas = Map::new();
        for (name, model) in &self.deployment.models {
            // Those that every API has are there where they are used.
            let is_given = matches!(name.as_str(), "Empty" | "Error");
            let schema = model.schema.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(mut schema) = schema.filter(|_| !is_given || used.contains(name)) {
                self.refer_within(&mut schema);
                if let Value::Object(members) = &mut schema {
                    members.remove("$schema");
                }
                schemas.insert(name.clone(), schema);
            }
        }
        let mut schemes = Map::new();
        let methods = || self.deployment.resources.values().flat_map(|resource| resource.methods.values());
        if methods().any(|method| method.api_key_required) {
            schemes.insert("api_key".to_owned(), json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }));
        }
        if self.extensions.authorizers {
            if methods().any(|method| method.authorization_type == "AWS_IAM") {
                let sigv4 = json!({
                    "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
                });
                schemes.insert("sigv4".to_owned(), sigv4);
            }
            for authorizer in methods().filter_map(|method| self.authorizer_of(method)) {
                schemes.insert(authorizer.name.clone(), scheme(authorizer));
            }
        }
        let names = if self.is_oas30 { ("schemas", "securitySchemes") } else { ("definitions", "securityDefinitions") };
        let place = if self.is_oas30 { &mut document["components"] } else { &mut *document };
        if !schemas.is_empty() {
            place[names.0] = schemas.into();
        }
        if !schemes.is_empty() {
            place[names.1] = schemes.into();
        }
        if document["components"].is_null()
            && let Value::Object(members) = document
        {
            members.remove("components");
        }
    }

    /// Lets references to models be references within the document.
    fn refer_within(&self, schema: &mut Value) {
        match schema {
            Value::Object(members) => {
                let model = members.get("$ref").and_then(Value::as_str).and_then(super::reference::named);
                if let Some(model) = model.map(str::to_owned) {
                    *schema = self.reference(&model);
                    return;
                }
                members.values_mut().for_each(|inner| self.refer_within(inner));
            }
            Value::Array(items) => items.iter_mut().for_each(|inner| self.refer_within(inner)),
            _ => {}
        }
    }

    /// Adds what is API Gateway's own and of the API as a whole.
    fn add_own(&self, document: &mut Value) {
        if !self.extensions.integrations {
            return;
        }
        let deployment = self.deployment;
        if !deployment.gateway_responses.is_empty() {
            document["x-amazon-apigateway-gateway-responses"] = json!(deployment.gateway_responses);
        }
        if !deployment.validators.is_empty() {
            let validators: Map<_, _> = deployment
                .validators
                .values()
                .map(|validator| {
                    let shown = json!({
                        "validateRequestParameters": validator.validate_request_parameters,
                        "validateRequestBody": validator.validate_request_body,
                    });
                    (validator.name.clone(), shown)
                })
                .collect();
            document["x-amazon-apigateway-request-validators"] = validators.into();
        }
        if !deployment.binary_media_types.is_empty() {
            document["x-amazon-apigateway-binary-media-types"] = json!(deployment.binary_media_types);
        }
        if matches!(deployment.api_key_source, ApiKeySource::Authorizer) {
            document["x-amazon-apigateway-api-key-source"] = "AUTHORIZER".into();
        }
        if let Some(policy) = deployment.policy.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            document["x-amazon-apigateway-policy"] = policy;
        }
    }
}

/// An authorizer as a security scheme.
fn scheme(authorizer: &Authorizer) -> Value {
    let header = authorizer.sources().next().and_then(|source| source.strip_prefix("method.request.header."));
    let (kind, name) = match authorizer.kind {
        AuthorizerKind::Token => ("token", header.unwrap_or("Authorization")),
        AuthorizerKind::Request => ("request", header.unwrap_or("Unused")),
    };
    let mut extension = json!({
        "type": kind,
        "authorizerUri": authorizer.authorizer_uri,
        "authorizerResultTtlInSeconds": authorizer.ttl,
    });
    for (member, value) in [
        ("authorizerCredentials", &authorizer.authorizer_credentials),
        ("identityValidationExpression", &authorizer.identity_validation_expression),
        ("identitySource", if kind == "request" { &authorizer.identity_source } else { &None }),
    ] {
        if let Some(value) = value {
            extension[member] = value.as_str().into();
        }
    }
    json!({
        "type": "apiKey",
        "name": name,
        "in": "header",
        "x-amazon-apigateway-authtype": authorizer.auth_type,
        "x-amazon-apigateway-authorizer": extension,
    })
}

fn written(time: OffsetDateTime) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.format(&format).unwrap_or_else(|_| epoch(time).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_named_one_by_one_or_together() {
        let all = Extensions { integrations: true, authorizers: true, postman: false };
        assert_eq!(Extensions::parse("apigateway"), Some(all));
        assert_eq!(Extensions::parse("integrations, authorizers"), Some(all));
        assert_eq!(Extensions::parse(""), Some(Extensions::default()));
        assert_eq!(Extensions::parse("nonsense"), None);
    }
}
