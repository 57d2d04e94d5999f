//! What a document says beside its paths: models, validators and authorizers, and what its operations take of them.

use super::super::{
    authorizer::{self, Authorizer},
    body_model::Model,
    error::{bad_request, lacking},
    model::{RestApi, Validator},
    models,
};
use crate::{
    emulator::wire::{AwsError, letter_id},
    secret::hex,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const AUTHTYPE: &str = "x-amazon-apigateway-authtype";
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const VALIDATOR: &str = "x-amazon-apigateway-request-validator";

/// The types of a body whose document does not say them.
const JSON: &str = "application/json";

/// Who may call an operation.
pub(super) struct Security {
    pub(super) authorization_type: String,
    pub(super) authorizer_id: Option<String>,
    pub(super) authorization_scopes: Vec<String>,
    pub(super) api_key_required: bool,
}

/// The name of a model: letters and digits.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The name in a reference to a schema of the document.
fn referred(schema: &Value) -> Option<String> {
    let reference = schema["$ref"].as_str()?;
    let name = reference.strip_prefix("#/components/schemas/").or_else(|| reference.strip_prefix("#/definitions/"));
    name.map(plain)
}

/// Lets references within the document be references to models of the API.
fn refer_to_models(schema: &mut Value, api: &str) {
    match schema {
        Value::Object(_) => {
            if let Some(name) = referred(schema) {
                *schema = json!({ "$ref": format!("https://apigateway.amazonaws.com/restapis/{api}/models/{name}") });
                return;
            }
            if let Value::Object(members) = schema {
                members.values_mut().for_each(|inner| refer_to_models(inner, api));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| refer_to_models(inner, api)),
        _ => {}
    }
}

fn add_model(name: &str, schema: &Value, api: &mut RestApi) -> Result<(), AwsError> {
    let mut schema = schema.clone();
    refer_to_models(&mut schema, api.id.as_str());
    let known = api.models.get(name);
    let model = Model {
        id: known.map_or_else(|| letter_id(6), |known| Ok(known.id.clone()))?,
        name: name.to_owned(),
        description: schema["description"].as_str().map(str::to_owned),
        content_type: JSON.to_owned(),
        schema: Some(format!("{schema:#}")),
    };
    api.models.insert(name.to_owned(), model);
    Ok(())
}

/// Adds the schemas of a document as models.
pub(super) fn add_models(document: &Value, api: &mut RestApi) -> Result<(), AwsError> {
    let schemas = document["components"]["schemas"].as_object().or_else(|| document["definitions"].as_object());
    for (name, schema) in schemas.into_iter().flatten() {
        let name = plain(name);
        if name.is_empty() {
            return Err(bad_request("Invalid OpenAPI input: a schema has a name without letters and digits."));
        }
        add_model(&name, schema, api)?;
    }
    // A schema may refer to one that comes later.
    for (name, _) in schemas.into_iter().flatten() {
        if let Some(model) = api.models.get(&plain(name)) {
            models::check(model, &api.models).map_err(|error| AwsError {
                message: format!("Unable to create model for '{name}': {}", error.message),
                ..error
            })?;
        }
    }
    Ok(())
}

/// Adds the validators of a document.
pub(super) fn add_validators(document: &Value, api: &mut RestApi) -> Result<(), AwsError> {
    let validators = document["x-amazon-apigateway-request-validators"].as_object().into_iter().flatten();
    for (name, validator) in validators {
        let known = api.validators.values().find(|known| known.name == *name);
        let id = known.map_or_else(|| letter_id(6), |known| Ok(known.id.clone()))?;
        let validator = Validator {
            id: id.clone(),
            name: name.clone(),
            validate_request_body: validator["validateRequestBody"] == true,
            validate_request_parameters: validator["validateRequestParameters"] == true,
        };
        api.validators.insert(id, validator);
    }
    Ok(())
}

/// The security schemes of a document, in either form.
fn schemes(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let schemes = document["securityDefinitions"].as_object();
    schemes.or_else(|| document["components"]["securitySchemes"].as_object()).into_iter().flatten()
}

/// Adds the authorizers of a document.
pub(super) fn add_authorizers(document: &Value, api: &mut RestApi) -> Result<(), AwsError> {
    for (name, scheme) in schemes(document) {
        let Some(extension) = scheme.get(AUTHORIZER).filter(|_| scheme[AUTHTYPE] != "awsSigv4") else { continue };
        let kind = extension["type"].as_str().unwrap_or_default().to_ascii_uppercase();
        // User pools are refused where a method wants one.
        if kind == "COGNITO_USER_POOLS" {
            continue;
        }
        let text = |member: &str| extension[member].as_str().map(str::to_owned);
        let given = Authorizer::default();
        let kind = authorizer::kind(&kind)?;
        let header = scheme["name"].as_str().filter(|_| scheme["in"] == "header");
        let of_token = (kind == authorizer::AuthorizerKind::Token).then_some(header).flatten();
        let of_token = of_token.map(|header| format!("method.request.header.{header}"));
        let known = api.authorizers.values().find(|known| known.name == *name);
        let ttl = extension["authorizerResultTtlInSeconds"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
        let authorizer = Authorizer {
            id: known.map_or_else(|| letter_id(6), |known| Ok(known.id.clone()))?,
            name: name.clone(),
            kind,
            auth_type: scheme[AUTHTYPE].as_str().map_or(given.auth_type, str::to_owned),
            authorizer_uri: text("authorizerUri").unwrap_or_default(),
            authorizer_credentials: text("authorizerCredentials"),
            identity_source: text("identitySource").or(of_token),
            identity_validation_expression: text("identityValidationExpression"),
            ttl: ttl.unwrap_or(given.ttl),
        };
        let authorizer = authorizer.checked()?;
        api.authorizers.insert(authorizer.id.clone(), authorizer);
    }
    Ok(())
}

/// Reads who may call an operation; a kind of security that there is not is refused rather than left out.
pub(super) fn security(document: &Value, operation: &Value, api: &RestApi) -> Result<Security, AwsError> {
    let mut read = Security {
        authorization_type: "NONE".to_owned(),
        authorizer_id: None,
        authorization_scopes: Vec::new(),
        api_key_required: false,
    };
    if operation["x-amazon-apigateway-auth"]["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("AWS_IAM")) {
        "AWS_IAM".clone_into(&mut read.authorization_type);
    }
    let wanted = operation.get("security").or_else(|| document.get("security"));
    let requirements = wanted.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    for name in requirements.flat_map(|requirement| requirement.keys()) {
        let known = schemes(document).find(|(known, _)| *known == name).map(|(_, scheme)| scheme);
        let known = known.unwrap_or(&Value::Null);
        let kind = known[AUTHORIZER]["type"].as_str().unwrap_or_default();
        let is_key = known["type"] == "apiKey"
            && known["in"] == "header"
            && known["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("x-api-key"));
        if known[AUTHTYPE].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("awsSigv4")) {
            "AWS_IAM".clone_into(&mut read.authorization_type);
        } else if kind.eq_ignore_ascii_case("cognito_user_pools") || known[AUTHTYPE] == "cognito_user_pools" {
            return Err(lacking(&format!("security scheme {name}: there are no user pools")));
        } else if let Some(authorizer) = api.authorizers.values().find(|authorizer| authorizer.name == *name) {
            "CUSTOM".clone_into(&mut read.authorization_type);
            read.authorizer_id = Some(authorizer.id.clone());
        } else if is_key {
            read.api_key_required = true;
        } else {
            return Err(bad_request(format!(
                "the security scheme `{name}` is neither an API key in `x-api-key`, nor an authorizer, nor AWS's signature"
            )));
        }
    }
    Ok(read)
}

/// Finds the validator of an operation.
pub(super) fn validator(document: &Value, operation: &Value, api: &RestApi) -> Result<Option<String>, AwsError> {
    let name = operation.get(VALIDATOR).or_else(|| document.get(VALIDATOR)).and_then(Value::as_str);
    let Some(name) = name else { return Ok(None) };
    let found = api.validators.values().find(|validator| validator.name == name);
    let found = found.ok_or_else(|| bad_request(format!("the request validator `{name}` is not in the document")))?;
    Ok(Some(found.id.clone()))
}

/// The parameters of an operation, and those that all operations of its path have.
fn parameters<'d>(
    document: &'d Value,
    operation: &'d Value,
    shared: Option<&'d Value>,
) -> impl Iterator<Item = &'d Value> {
    let own = operation["parameters"].as_array().into_iter().flatten();
    let all = shared.and_then(Value::as_array).into_iter().flatten().chain(own);
    all.map(|parameter| {
        let reference = parameter["$ref"].as_str().and_then(|text| text.strip_prefix('#'));
        reference.and_then(|pointer| document.pointer(pointer)).unwrap_or(parameter)
    })
}

/// What of a request an operation names, and whether it must be there.
pub(super) fn request_parameters(
    document: &Value,
    operation: &Value,
    shared: Option<&Value>,
) -> BTreeMap<String, bool> {
    let named = parameters(document, operation, shared).filter_map(|parameter| {
        let place = match parameter["in"].as_str()? {
            "query" => "querystring",
            place @ ("path" | "header") => place,
            _ => return None,
        };
        let name = parameter["name"].as_str()?;
        Some((format!("method.request.{place}.{name}"), parameter["required"] == true))
    });
    named.collect()
}

/// The model of a schema: the one that it refers to, else one of its own.
fn model_of(schema: &Value, api: &mut RestApi) -> Result<Option<String>, AwsError> {
    if schema.is_null() {
        return Ok(None);
    }
    if let Some(name) = referred(schema) {
        let is_known = api.models.contains_key(&name);
        return if is_known { Ok(Some(name)) } else { Err(bad_request(format!("Invalid model reference: {name}"))) };
    }
    let mut own = schema.clone();
    refer_to_models(&mut own, api.id.as_str());
    let text = format!("{own:#}");
    // A document that is imported again makes no second one, and the same document the same names.
    let known = api.models.values().find(|model| model.schema.as_deref() == Some(&text));
    if let Some(known) = known {
        return Ok(Some(known.name.clone()));
    }
    let digest = hex(&Sha256::digest(&text));
    let name = (6..=digest.len()).map(|length| format!("MODEL{}", &digest[..length]));
    let name = name.into_iter().find(|name| !api.models.contains_key(name)).unwrap_or_default();
    add_model(&name, schema, api)?;
    Ok(Some(name))
}

fn of_content(content: &Value, api: &mut RestApi) -> Result<BTreeMap<String, String>, AwsError> {
    let mut models = BTreeMap::new();
    for (kind, media) in content.as_object().into_iter().flatten() {
        if let Some(name) = model_of(&media["schema"], api)? {
            models.insert(kind.clone(), name);
        }
    }
    Ok(models)
}

/// The types that an operation says for its bodies, or the document for all.
fn kinds(document: &Value, operation: &Value, member: &str) -> Vec<String> {
    let listed = operation[member].as_array().or_else(|| document[member].as_array());
    let kinds: Vec<_> = listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if kinds.is_empty() { vec![JSON.to_owned()] } else { kinds }
}

/// The models of an operation's bodies, by their types.
pub(super) fn request_models(
    document: &Value,
    operation: &Value,
    shared: Option<&Value>,
    api: &mut RestApi,
) -> Result<BTreeMap<String, String>, AwsError> {
    let body = &operation["requestBody"];
    let referred = body["$ref"].as_str().and_then(|text| document.pointer(text.strip_prefix('#')?));
    let content = &referred.unwrap_or(body)["content"];
    if content.is_object() {
        return of_content(content, api);
    }
    let schema = parameters(document, operation, shared).find(|parameter| parameter["in"] == "body");
    let Some(name) = schema.map(|parameter| model_of(&parameter["schema"], api)).transpose()?.flatten() else {
        return Ok(BTreeMap::new());
    };
    Ok(kinds(document, operation, "consumes").into_iter().map(|kind| (kind, name.clone())).collect())
}

/// The models of a response, by the types of its bodies.
pub(super) fn response_models(
    document: &Value,
    operation: &Value,
    response: &Value,
    api: &mut RestApi,
) -> Result<BTreeMap<String, String>, AwsError> {
    let referred = response["$ref"].as_str().and_then(|text| document.pointer(text.strip_prefix('#')?));
    let response = referred.unwrap_or(response);
    if response["content"].is_object() {
        return of_content(&response["content"], api);
    }
    let Some(name) = model_of(&response["schema"], api)? else { return Ok(BTreeMap::new()) };
    Ok(kinds(document, operation, "produces").into_iter().map(|kind| (kind, name.clone())).collect())
}
