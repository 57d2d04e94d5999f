//! A Lambda authorizer, as it is kept and shown: who decides whether a caller may come in, and from what.

use super::{
    error::{bad_request, lacking},
    uri::function_arn,
};
use crate::emulator::wire::AwsError;
use serde::{Deserialize, Serialize};

/// API Gateway's own limit on how long a decision is remembered, in seconds.
const MAX_TTL: u32 = 3600;
/// How long one is remembered unless it is told, in seconds.
const TTL: u32 = 300;

/// What an authorizer decides by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum AuthorizerKind {
    /// One header.
    #[default]
    Token,
    /// The whole request.
    Request,
}

/// A function that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Authorizer {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: AuthorizerKind,
    /// A word of whoever made it, for exports; means nothing.
    pub(super) auth_type: String,
    pub(super) authorizer_uri: String,
    /// The role that invokes the function; without one the function's own policy decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorizer_credentials: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity_validation_expression: Option<String>,
    #[serde(rename = "authorizerResultTtlInSeconds")]
    pub(super) ttl: u32,
}

impl Default for Authorizer {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            kind: AuthorizerKind::Token,
            auth_type: "custom".to_owned(),
            authorizer_uri: String::new(),
            authorizer_credentials: None,
            identity_source: None,
            identity_validation_expression: None,
            ttl: TTL,
        }
    }
}

/// Reads the type of an authorizer.
pub(super) fn kind(text: &str) -> Result<AuthorizerKind, AwsError> {
    match text {
        "TOKEN" => Ok(AuthorizerKind::Token),
        "REQUEST" => Ok(AuthorizerKind::Request),
        "COGNITO_USER_POOLS" => Err(lacking("type COGNITO_USER_POOLS: there are no user pools")),
        _ => {
            Err(bad_request("Invalid authorizer type specified. Only TOKEN, REQUEST, COGNITO_USER_POOLS are supported"))
        }
    }
}

impl Authorizer {
    /// Checks it, and puts API Gateway's own values where nothing was said.
    pub(super) fn checked(mut self) -> Result<Self, AwsError> {
        if self.name.is_empty() || self.name.len() > 128 {
            return Err(bad_request("Authorizer name must have 1 to 128 characters"));
        }
        if function_arn(&self.authorizer_uri).is_none() {
            return Err(bad_request(format!(
                "Invalid Authorizer URI: {}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda \
                 function invocation.",
                self.authorizer_uri
            )));
        }
        if self.ttl > MAX_TTL {
            return Err(bad_request(format!("authorizerResultTtlInSeconds must be between 0 and {MAX_TTL}")));
        }
        let sources = self.identity_source.take().filter(|sources| !sources.is_empty());
        self.identity_source = match (self.kind, sources) {
            (AuthorizerKind::Token, None) => Some("method.request.header.Authorization".to_owned()),
            (_, sources) => sources,
        };
        let is_known = |source: &str| match self.kind {
            AuthorizerKind::Token => source.strip_prefix("method.request.header.").is_some_and(|name| !name.is_empty()),
            AuthorizerKind::Request => {
                ["method.request.header.", "method.request.querystring.", "stageVariables.", "context."]
                    .iter()
                    .any(|start| source.strip_prefix(start).is_some_and(|name| !name.is_empty()))
            }
        };
        let sources: Vec<_> = self.sources().collect();
        if (self.kind == AuthorizerKind::Token && sources.len() != 1) || !sources.iter().all(|source| is_known(source))
        {
            let given = self.identity_source.as_deref().unwrap_or_default();
            return Err(bad_request(format!("Invalid identity source specified: {given}")));
        }
        if self.kind == AuthorizerKind::Request && sources.is_empty() && self.ttl > 0 {
            return Err(bad_request("Identity source is required when authorizer caching is enabled"));
        }
        if let Some(expression) = &self.identity_validation_expression {
            if self.kind == AuthorizerKind::Request && !expression.is_empty() {
                return Err(bad_request("Identity validation expression is only supported for TOKEN authorizers"));
            }
            super::template::pattern::whole(expression)
                .map_err(|error| bad_request(format!("Invalid identity validation expression: {error}")))?;
        }
        Ok(self)
    }

    /// The expressions of what the decision depends on.
    pub(super) fn sources(&self) -> impl Iterator<Item = &str> {
        let sources = self.identity_source.as_deref().unwrap_or_default();
        sources.split(',').map(str::trim).filter(|source| !source.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(more: &Value) -> Result<Authorizer, AwsError> {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations");
        let mut input = json!({ "name": "a", "authorizerUri": uri });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value::<Authorizer>(input).unwrap().checked()
    }

    #[test]
    fn what_is_not_said_is_api_gateways_own() {
        let token = checked(&json!({ "type": "TOKEN" })).unwrap();
        assert_eq!((token.ttl, token.auth_type.as_str()), (300, "custom"));
        assert_eq!(token.sources().collect::<Vec<_>>(), ["method.request.header.Authorization"]);
        let request = checked(&json!({
            "type": "REQUEST", "identitySource": "method.request.header.A, method.request.querystring.b,context.stage",
        }));
        assert_eq!(request.unwrap().sources().count(), 3);
        checked(&json!({ "type": "REQUEST", "authorizerResultTtlInSeconds": 0 })).unwrap();
    }

    #[test]
    fn what_cannot_decide_is_refused() {
        for more in [
            json!({ "name": "" }),
            json!({ "authorizerUri": "arn:aws:lambda:us-east-1:000000000000:function:f" }),
            json!({ "authorizerResultTtlInSeconds": 3601 }),
            json!({ "identitySource": "method.request.querystring.a" }),
            json!({ "identitySource": "method.request.header.a,method.request.header.b" }),
            json!({ "type": "REQUEST" }),
            json!({ "type": "REQUEST", "identitySource": "method.request.body.a" }),
            json!({ "identityValidationExpression": "(" }),
        ] {
            assert_eq!(checked(&more).unwrap_err().code, "BadRequestException", "{more}");
        }
        assert_eq!(kind("COGNITO_USER_POOLS").unwrap_err().status, 501);
        assert_eq!(kind("NONE").unwrap_err().status, 400);
    }
}
