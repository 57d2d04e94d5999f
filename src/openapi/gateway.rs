//! The parts of the document that only API Gateway reads: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>.

use super::Input;
use crate::contract::FailureCode;
pub(super) use crate::marks::{ANY_METHOD, GATEWAY_RESPONSES, INTEGRATION};
use serde_json::{Map, Value, json};

/// The longest wait for the function, in milliseconds; also the most that API Gateway allows.
const TIMEOUT: u32 = 29_000;
const _: () = assert!(crate::deadlines::GATEWAY.as_millis() == 29_000);

/// Hands the whole request to the function.
pub(super) fn proxy(input: &Input) -> Value {
    let Input { region, function_arn, .. } = input;
    json!({
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": format!("arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"),
        "passthroughBehavior": "when_no_match",
        "timeoutInMillis": TIMEOUT
    })
}

/// Answers with `template`, calling nobody.
pub(super) fn mock(template: &str) -> Value {
    json!({
        "type": "mock",
        "passthroughBehavior": "when_no_match",
        "requestTemplates": {"application/json": json!({"statusCode": 200}).to_string()},
        "responses": {
            "default": {
                "statusCode": "200",
                "responseParameters": {
                    "method.response.header.Cache-Control": "'no-store'",
                    "method.response.header.Content-Type": "'application/json; charset=utf-8'",
                    "method.response.header.X-Content-Type-Options": "'nosniff'"
                },
                "responseTemplates": {"application/json": template}
            }
        }
    })
}

/// Answers every method but those of `allow` with a 405, calling nobody.
pub(super) fn refused(allow: &str) -> Value {
    let error = format!(r#"{{"error":"The methods are {allow}","code":"{}"}}"#, FailureCode::MethodNotAllowed.as_str());
    let text = json!({"schema": {"type": "string"}});
    json!({
        "responses": {"405": {"description": "The method is not one of those in `Allow`", "headers": {
            "Allow": text, "Cache-Control": text, "Content-Type": text, "X-Content-Type-Options": text
        }}},
        INTEGRATION: {
            "type": "mock",
            "passthroughBehavior": "when_no_match",
            "requestTemplates": {"application/json": json!({"statusCode": 405}).to_string()},
            "responses": {"default": {
                "statusCode": "405",
                "responseParameters": {
                    "method.response.header.Allow": format!("'{allow}'"),
                    "method.response.header.Cache-Control": "'no-store'",
                    "method.response.header.Content-Type": "'application/json; charset=utf-8'",
                    "method.response.header.X-Content-Type-Options": "'nosniff'"
                },
                "responseTemplates": {"application/json": error}
            }}
        }
    })
}

/// Gives API Gateway's own refusals the shape, and where it is wrong the status, of the API's.
pub(super) fn responses() -> Value {
    let all = [
        // What has no route is "missing authentication token" to API Gateway.
        ("MISSING_AUTHENTICATION_TOKEN", Some(404), "Not found", FailureCode::NotFound),
        ("RESOURCE_NOT_FOUND", Some(404), "Not found", FailureCode::NotFound),
        ("UNAUTHORIZED", Some(401), "Unauthorized", FailureCode::Unauthorized),
        ("ACCESS_DENIED", Some(403), "Forbidden", FailureCode::Forbidden),
        // Also when none was sent; what a known key may do, the handler decides.
        (
            "INVALID_API_KEY",
            Some(401),
            "A valid API key is needed in the header `x-api-key`",
            FailureCode::Unauthorized,
        ),
        ("REQUEST_TOO_LARGE", Some(413), "Request too large", FailureCode::TooLarge),
        ("THROTTLED", Some(429), "Too many requests", FailureCode::Throttled),
        ("QUOTA_EXCEEDED", Some(429), "Too many requests", FailureCode::Throttled),
        ("INTEGRATION_FAILURE", Some(502), "The function gave an invalid answer", FailureCode::BadGateway),
        ("INTEGRATION_TIMEOUT", Some(504), "The deadline passed before the action was done", FailureCode::Deadline),
        ("DEFAULT_4XX", None, "Bad request", FailureCode::BadRequest),
        ("DEFAULT_5XX", None, "Internal error", FailureCode::Internal),
    ];
    let all = all.map(|(kind, status, error, code)| {
        let mut response = json!({
            "responseParameters": {
                "gatewayresponse.header.Cache-Control": "'no-store'",
                "gatewayresponse.header.Content-Type": "'application/json; charset=utf-8'",
                "gatewayresponse.header.X-Content-Type-Options": "'nosniff'"
            },
            "responseTemplates": {"application/json": format!(r#"{{"error":"{error}","code":"{}"}}"#, code.as_str())}
        });
        if let Some(status) = status {
            response["statusCode"] = json!(u16::to_string(&status));
            if status == 429 {
                response["responseParameters"]["gatewayresponse.header.Retry-After"] = json!("'1'");
            }
        }
        (kind.to_owned(), response)
    });
    Value::Object(Map::from_iter(all))
}
