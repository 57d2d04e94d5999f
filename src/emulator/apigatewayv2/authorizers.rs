//! The operations on authorizers, which decide who may call the routes that name them.

use super::{
    apis::ApiPath,
    error::{absent, bad_request, conflict, lacking},
    model::{Authorizer, HttpApi, Jwt, Paging},
};
use crate::emulator::{
    apigateway::function_arn,
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;
use serde_json::json;

/// API Gateway's own limit on how long a decision is remembered, in seconds.
const MAX_TTL: u32 = 3600;

/// What an authorizer is made of, or changed by.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Settings {
    pub(super) authorizer_type: Option<String>,
    pub(super) name: Option<String>,
    pub(super) identity_source: Option<Vec<String>>,
    pub(super) jwt_configuration: Option<Jwt>,
    pub(super) authorizer_uri: Option<String>,
    pub(super) authorizer_credentials_arn: Option<String>,
    pub(super) authorizer_payload_format_version: Option<String>,
    pub(super) authorizer_result_ttl_in_seconds: Option<u32>,
    pub(super) enable_simple_responses: Option<bool>,
    pub(super) identity_validation_expression: Option<String>,
}

impl Settings {
    pub(super) fn apply(self, mut authorizer: Authorizer) -> Result<Authorizer, AwsError> {
        if self.identity_validation_expression.is_some_and(|expression| !expression.is_empty()) {
            return Err(bad_request("IdentityValidationExpression is only supported for WEBSOCKET APIs"));
        }
        let put = |place: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *place = value;
            }
        };
        put(&mut authorizer.authorizer_type, self.authorizer_type);
        put(&mut authorizer.name, self.name);
        authorizer.identity_source = self.identity_source.unwrap_or(authorizer.identity_source);
        authorizer.jwt_configuration = self.jwt_configuration.or(authorizer.jwt_configuration);
        authorizer.authorizer_uri = self.authorizer_uri.or(authorizer.authorizer_uri);
        let role = self.authorizer_credentials_arn.or(authorizer.authorizer_credentials_arn);
        authorizer.authorizer_credentials_arn = role.filter(|role| !role.is_empty());
        authorizer.authorizer_payload_format_version =
            self.authorizer_payload_format_version.or(authorizer.authorizer_payload_format_version);
        authorizer.ttl = self.authorizer_result_ttl_in_seconds.or(authorizer.ttl);
        authorizer.enable_simple_responses = self.enable_simple_responses.or(authorizer.enable_simple_responses);
        check(&authorizer)?;
        Ok(authorizer)
    }
}

fn check(authorizer: &Authorizer) -> Result<(), AwsError> {
    if authorizer.name.is_empty() || authorizer.name.len() > 128 {
        return Err(bad_request("Authorizer name must have 1 to 128 characters"));
    }
    let is_source = |source: &String| {
        ["$request.header.", "$request.querystring.", "$context.", "$stageVariables."]
            .iter()
            .any(|start| source.strip_prefix(start).is_some_and(|name| !name.is_empty()))
    };
    if let Some(source) = authorizer.identity_source.iter().find(|source| !is_source(source)) {
        return Err(bad_request(format!("Invalid identity source specified: {source}")));
    }
    match authorizer.authorizer_type.as_str() {
        "JWT" => {
            let jwt = authorizer.jwt_configuration.as_ref();
            let jwt = jwt.ok_or_else(|| bad_request("JwtConfiguration must be specified for JWT authorizers"))?;
            let issuer = jwt.issuer.as_deref().unwrap_or_default();
            if !(issuer.starts_with("https://") || issuer.starts_with("http://")) {
                return Err(bad_request("Invalid issuer: it is the URL of an OpenID provider"));
            }
            if jwt.audience.is_empty() {
                return Err(bad_request("Audience must be specified for JWT authorizers"));
            }
            if authorizer.identity_source.len() != 1 {
                return Err(bad_request("JWT authorizers have exactly one identity source"));
            }
            let only_lambda = [
                ("AuthorizerUri", authorizer.authorizer_uri.is_some()),
                ("AuthorizerPayloadFormatVersion", authorizer.authorizer_payload_format_version.is_some()),
                ("AuthorizerCredentialsArn", authorizer.authorizer_credentials_arn.is_some()),
                ("EnableSimpleResponses", authorizer.enable_simple_responses == Some(true)),
                ("AuthorizerResultTtlInSeconds", authorizer.ttl.is_some_and(|ttl| ttl > 0)),
            ];
            match only_lambda.into_iter().find(|(_, is_said)| *is_said) {
                Some((member, _)) => Err(bad_request(format!("{member} is not supported for JWT authorizers"))),
                None => Ok(()),
            }
        }
        "REQUEST" => {
            let uri = authorizer.authorizer_uri.as_deref().unwrap_or_default();
            if function_arn(uri).is_none() {
                return Err(bad_request("AuthorizerUri is not valid: it is not the ARN of a function's invocation"));
            }
            match authorizer.authorizer_payload_format_version.as_deref() {
                Some("2.0") => {}
                Some("1.0") if authorizer.enable_simple_responses == Some(true) => {
                    return Err(bad_request("EnableSimpleResponses is only supported for payload format version 2.0"));
                }
                Some("1.0") => {}
                _ => return Err(bad_request("AuthorizerPayloadFormatVersion is a required parameter: 1.0 or 2.0")),
            }
            let ttl = authorizer.ttl.unwrap_or_default();
            if ttl > MAX_TTL {
                return Err(bad_request(format!("AuthorizerResultTtlInSeconds must be between 0 and {MAX_TTL}")));
            }
            if ttl > 0 && authorizer.identity_source.is_empty() {
                return Err(bad_request("Identity source is required when authorizer caching is enabled"));
            }
            Ok(())
        }
        "" => Err(bad_request("AuthorizerType must be specified")),
        _ => Err(lacking("authorizerType other than JWT and REQUEST")),
    }
}

/// Makes an authorizer, if it can be.
pub(super) fn checked(input: Settings, authorizer_id: String) -> Result<Authorizer, AwsError> {
    input.apply(Authorizer { authorizer_id, ..Authorizer::default() })
}

fn check_name(api: &HttpApi, authorizer: &Authorizer) -> Result<(), AwsError> {
    let is_other =
        |other: &&Authorizer| other.name == authorizer.name && other.authorizer_id != authorizer.authorizer_id;
    match api.authorizers.values().find(is_other) {
        Some(_) => Err(conflict(format!("Authorizer name {} already exists for this API", authorizer.name))),
        None => Ok(()),
    }
}

/// The authorizer that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerPath {
    api_id: String,
    authorizer_id: String,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, Settings>()?;
    let authorizer = checked(input, letter_id(6)?)?;
    let shown = json!(authorizer);
    let added = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        check_name(api, &authorizer)?;
        api.authorizers.insert(authorizer.authorizer_id.clone(), authorizer);
        api.deploy_automatically(scope.now)
    });
    added.await?;
    Ok(Output::Members(shown))
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<AuthorizerPath>()?;
    scope.read(|state| {
        let found = state.apigatewayv2.api(&at.api_id)?.authorizers.get(&at.authorizer_id);
        Ok(Output::Members(json!(found.ok_or_else(|| absent("Authorizer", &at.authorizer_id))?)))
    })
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let authorizers = state.apigatewayv2.api(&at.api_id)?.authorizers.values();
        let shown = authorizers.map(|authorizer| (authorizer.authorizer_id.clone(), json!(authorizer)));
        paging.page(shown).map(Output::Members)
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<AuthorizerPath, Settings>()?;
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let found = api.authorizers.get(&at.authorizer_id);
        let authorizer = input.apply(found.ok_or_else(|| absent("Authorizer", &at.authorizer_id))?.clone())?;
        check_name(api, &authorizer)?;
        let shown = json!(authorizer);
        api.authorizers.insert(at.authorizer_id, authorizer);
        api.deploy_automatically(scope.now)?;
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<AuthorizerPath>()?;
    let removed = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let id = &at.authorizer_id;
        if let Some(route) = api.routes.values().find(|route| route.authorizer_id.as_ref() == Some(id)) {
            let key = &route.route_key;
            return Err(conflict(format!(
                "Cannot delete Authorizer '{id}'. Authorizer is referenced by Route '{key}'."
            )));
        }
        api.authorizers.remove(id).ok_or_else(|| absent("Authorizer", id))?;
        api.deploy_automatically(scope.now)
    });
    removed.await?;
    Ok(Output::Done)
}

/// `ResetAuthorizersCache`.
pub(super) fn reset(operation: Operation<'_>) -> Result<Output, AwsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct StagePath {
        api_id: String,
        stage_name: String,
    }
    let (at, scope) = operation.input::<StagePath>()?;
    scope.read(|state| state.apigatewayv2.api(&at.api_id)?.stage(&at.stage_name).map(drop))?;
    scope.context.gateway.forget(&format!("{}/{}/", at.api_id, at.stage_name));
    Ok(Output::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn made(input: Value) -> Result<Authorizer, AwsError> {
        checked(serde_json::from_value(input).unwrap(), "a".to_owned())
    }

    #[test]
    fn an_authorizer_decides_by_a_token_or_by_a_function() {
        let source = json!(["$request.header.Authorization"]);
        let jwt = json!({ "audience": ["a"], "issuer": "https://example.com" });
        made(json!({ "authorizerType": "JWT", "name": "j", "identitySource": source, "jwtConfiguration": jwt }))
            .unwrap();
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations");
        let request = |more: Value| {
            let mut input =
                json!({ "authorizerType": "REQUEST", "name": "r", "authorizerUri": uri, "identitySource": source });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            made(input)
        };
        request(json!({ "authorizerPayloadFormatVersion": "2.0", "enableSimpleResponses": true })).unwrap();
        for more in [
            json!({}),
            json!({ "authorizerPayloadFormatVersion": "3.0" }),
            json!({ "authorizerPayloadFormatVersion": "1.0", "enableSimpleResponses": true }),
            json!({ "authorizerPayloadFormatVersion": "2.0", "authorizerResultTtlInSeconds": 9999 }),
            json!({ "authorizerPayloadFormatVersion": "2.0", "authorizerUri": arn }),
            json!({ "authorizerPayloadFormatVersion": "2.0", "identitySource": ["header.a"] }),
        ] {
            assert_eq!(request(more.clone()).unwrap_err().code, "BadRequestException", "{more}");
        }
        for input in [
            json!({ "authorizerType": "JWT", "name": "j", "identitySource": source }),
            json!({ "authorizerType": "JWT", "name": "j", "identitySource": source, "jwtConfiguration": { "issuer": "x", "audience": ["a"] } }),
            json!({ "authorizerType": "JWT", "name": "j", "jwtConfiguration": jwt }),
            json!({ "authorizerType": "JWT", "identitySource": source, "jwtConfiguration": jwt }),
        ] {
            assert_eq!(made(input.clone()).unwrap_err().code, "BadRequestException", "{input}");
        }
    }
}
