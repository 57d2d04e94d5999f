//! The refusals and failures of the gateway itself, in API Gateway's words or in those of the API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use super::{
    incoming::Incoming,
    mapping,
    model::{GatewayResponse, OWN_WORDS},
    template::{self, Given, Side},
};
use crate::http1::Response;
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The header in which AWS names an error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// What AWS says when a policy lets nobody in.
const OWN_WORDS_OF_POLICIES: &str = r#"{"Message":$context.error.messageString}"#;

/// A refusal or a failure of the gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator) enum Failure {
    /// No such route or method.
    NoRoute,
    /// The method wants an API key, and this is none that opens the stage.
    Forbidden,
    /// The gateway's own set-up does not work: no function, no permission, a template that fails.
    Configuration,
    /// The method wants a caller who is known, and this one is not.
    Unauthorized,
    /// A policy does not let the caller in; says so in AWS's words.
    Denied(String),
    /// An authorizer cannot be asked, or answers nonsense.
    AuthorizerConfiguration,
    /// An authorizer's function fails.
    AuthorizerBroken,
    /// The signature of a call does not hold: the name of the error, and what is wrong.
    Signature(&'static str, String),
    /// A key has called as often as its plan lets it.
    QuotaExceeded,
    /// A key or a stage is called faster than it may be.
    TooFast,
    /// The body is not what the method's model says; why.
    Body(String),
    /// A mapping reads the body, which begins as JSON does and is none.
    Json,
    /// The function's answer is malformed, or the function failed.
    BadAnswer,
    /// Nobody answers at the backend, or not in HTTP.
    NoBackend,
    /// The backend took too long.
    Timeout,
    /// Too many processes are busy.
    Throttled,
    /// Parameters that must be there are not.
    Parameters(Vec<String>),
    /// The integration takes no body of this type.
    MediaType,
    /// The event is larger than a function takes.
    TooLarge,
}

impl Failure {
    /// The status, unless the API words it.
    pub(super) fn status(&self) -> u16 {
        self.words().1
    }

    /// Its type, the status and the name of its error, and its message.
    fn words(&self) -> (&'static str, u16, &'static str, String) {
        let internal = "InternalServerErrorException";
        let (kind, status, error, message) = match self {
            Self::NoRoute => (
                "MISSING_AUTHENTICATION_TOKEN",
                403,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            Self::Forbidden => ("INVALID_API_KEY", 403, "ForbiddenException", "Forbidden"),
            Self::Denied(message) => return ("ACCESS_DENIED", 403, "AccessDeniedException", message.clone()),
            Self::Configuration => ("API_CONFIGURATION_ERROR", 500, internal, "Internal server error"),
            Self::BadAnswer => ("INTEGRATION_FAILURE", 502, internal, "Internal server error"),
            Self::NoBackend => ("INTEGRATION_FAILURE", 504, internal, "Network error communicating with endpoint"),
            Self::Timeout => ("INTEGRATION_TIMEOUT", 504, internal, "Endpoint request timed out"),
            Self::Throttled => ("THROTTLED", 429, "LimitExceededException", "Too Many Requests"),
            Self::TooLarge => ("REQUEST_TOO_LARGE", 413, "RequestTooLargeException", "Request Too Long"),
            Self::Parameters(names) => {
                let message = format!("Missing required request parameters: [{}]", names.join(", "));
                return ("BAD_REQUEST_PARAMETERS", 400, "BadRequestException", message);
            }
            Self::Unauthorized => ("UNAUTHORIZED", 401, "UnauthorizedException", "Unauthorized"),
            // AWS says `null` here.
            Self::AuthorizerConfiguration => {
                ("AUTHORIZER_CONFIGURATION_ERROR", 500, "AuthorizerConfigurationException", "")
            }
            Self::AuthorizerBroken => ("AUTHORIZER_FAILURE", 500, "AuthorizerFailureException", ""),
            Self::Signature(error, message) => {
                let is_late = message.starts_with("Signature expired");
                let kind = if is_late { "EXPIRED_TOKEN" } else { "INVALID_SIGNATURE" };
                return (kind, 403, error, message.clone());
            }
            Self::QuotaExceeded => ("QUOTA_EXCEEDED", 429, "LimitExceededException", "Limit Exceeded"),
            Self::TooFast => ("THROTTLED", 429, "TooManyRequestsException", "Too Many Requests"),
            Self::Json => ("DEFAULT_4XX", 400, "BadRequestException", "Invalid JSON in request body"),
            Self::Body(_) => ("BAD_REQUEST_BODY", 400, "BadRequestException", "Invalid request body"),
            Self::MediaType => {
                ("UNSUPPORTED_MEDIA_TYPE", 415, "UnsupportedMediaTypeException", "Unsupported Media Type")
            }
        };
        (kind, status, error, message.to_owned())
    }

    /// `$context.error`.
    pub(super) fn said(&self) -> Value {
        let (kind, _, _, message) = self.words();
        let message = if message.is_empty() { Value::Null } else { message.into() };
        let mut said = json!({
            "message": message,
            "messageString": message.to_string(),
            "responseType": kind,
        });
        if let Self::Body(why) = self {
            said["validationErrorString"] = why.as_str().into();
        }
        said
    }

    /// The answer, as the API words it, else in API Gateway's own words.
    pub(super) fn response(&self, worded: &BTreeMap<String, GatewayResponse>, incoming: &Incoming) -> Response {
        let (kind, status, error, _) = self.words();
        let default = if status < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let chosen = worded.get(kind).or_else(|| worded.get(default)).cloned().unwrap_or_default();
        let own = chosen.status_code.as_deref().and_then(|status| status.parse().ok());
        let status = StatusCode::from_u16(own.unwrap_or(status)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut context = incoming.context.clone();
        context["error"] = self.said();
        let (content_type, template) = chosen.template(incoming.accept());
        // Of refusals by policies AWS itself begins the name in upper case, but not where an API words them.
        let is_own = template == OWN_WORDS && matches!(self, Self::Denied(_));
        let template = if is_own { OWN_WORDS_OF_POLICIES } else { template };
        let given = Given {
            body: incoming.text(),
            parameters: &incoming.parameters,
            context: &context,
            stage_variables: &incoming.stage_variables,
        };
        // Gateway responses are constants with variables in them; one that means something else stays as it is.
        let body = template::render(template, &given, Side::Response).map_or(template.to_owned(), |made| made.text);
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap_or(HeaderValue::from_static("application/json")));
        headers.insert(ERROR_TYPE, HeaderValue::from_static(error));
        for (name, expression) in &chosen.response_parameters {
            let name = name.strip_prefix("gatewayresponse.header.").and_then(|name| name.parse::<HeaderName>().ok());
            let value = mapping::request_value(expression, &Incoming { context: context.clone(), ..incoming.clone() });
            let value = value.and_then(|value| HeaderValue::from_str(&value.one()).ok());
            if let (Some(name), Some(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_may_word_a_refusal_and_put_headers_on_it() {
        let worded: GatewayResponse = serde_json::from_value(json!({
            "statusCode": "401",
            "responseParameters": { "gatewayresponse.header.X-A": "'b'" },
            "responseTemplates": { "application/json": "{\"error\":$context.error.messageString}" },
        }))
        .unwrap();
        let worded = [("DEFAULT_4XX".to_owned(), worded)].into();
        let response = Failure::Forbidden.response(&worded, &Incoming::default());
        assert_eq!(response.status(), 401);
        assert_eq!(response.body(), r#"{"error":"Forbidden"}"#);
        assert_eq!(response.headers()["x-a"], "b");
        let response = Failure::Timeout.response(&worded, &Incoming::default());
        assert_eq!(
            (response.status().as_u16(), response.body().as_ref()),
            (504, br#"{"message":"Endpoint request timed out"}"#.as_slice())
        );
    }
}
