//! How the edge words its own answers: the API's JSON, and errors of AWS calls in the protocol of the called service.

use super::signature::Denied;
use crate::http1::{Rejection, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use serde_json::json;
use std::time::Duration;

/// What an unsigned or wrongly signed call is told to do.
const HINT: &str = "(run `eval \"$(atelier env)\"` to use this installation's credentials)";

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");

/// Writes a JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    with_type(status, JSON, body.to_string())
}

/// Writes `{"error","code"}`, the shape of every failure of the API.
#[must_use]
pub fn failure(status: StatusCode, code: &str, error: &str) -> Response {
    json(status, &json!({ "error": error, "code": code }))
}

/// Says that there is nothing at this path, or nothing for strangers.
#[must_use]
pub fn not_found() -> Response {
    failure(StatusCode::NOT_FOUND, "not_found", "not found")
}

/// Says that as many calls of APIs are on their way as may be.
#[must_use]
pub fn busy() -> Response {
    failure(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many requests in flight")
}

/// Says that an API has not answered in time.
#[must_use]
pub fn deadline() -> Response {
    failure(StatusCode::GATEWAY_TIMEOUT, "deadline", "the API did not answer in time")
}

/// Says that a client asks too much, and when it may ask again.
#[must_use]
pub fn too_many(wait: Duration) -> Response {
    retry_after(failure(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many requests"), wait)
}

/// Tells a client how many whole seconds to wait.
#[must_use]
pub fn retry_after(mut response: Response, wait: Duration) -> Response {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// Words what never became a request.
#[must_use]
pub fn rejected(rejection: Rejection) -> Response {
    failure(rejection.status(), rejection.code(), &rejection.to_string())
}

/// Words the refusal of an AWS call. The status is 403 for every reason: AWS's services do not agree on another one.
#[must_use]
pub fn denied(denied: &Denied, protocol: Protocol, request_id: &str) -> Response {
    let message = match denied {
        Denied::Missing | Denied::UnknownKey | Denied::Mismatch => format!("{denied} {HINT}"),
        Denied::Incomplete(_) | Denied::Expired(_) | Denied::Scope(_) => denied.to_string(),
    };
    aws_error(protocol, StatusCode::FORBIDDEN, protocol.code(denied), &message, request_id)
}

/// Says, in the called service's protocol, that nobody could answer.
#[must_use]
pub fn unavailable(protocol: Protocol, message: &str, request_id: &str) -> Response {
    aws_error(protocol, StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, request_id)
}

/// Says, in the called service's protocol, that a client asks too much, and when it may ask again.
#[must_use]
pub fn throttled(protocol: Protocol, wait: Duration, request_id: &str) -> Response {
    let error = aws_error(protocol, StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", "Rate exceeded", request_id);
    retry_after(error, wait)
}

/// The protocols that AWS words its errors in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// EC2's own XML.
    Ec2,
    /// The XML of the other query services (IAM, STS).
    Query,
    /// S3's XML.
    S3,
    /// JSON (Lambda, API Gateway, Logs).
    Json,
}

impl Protocol {
    /// Knows the protocol from the service, and without one from what an unsigned call looks like.
    #[must_use]
    pub fn of(service: Option<&str>, parts: &Parts, body: &[u8]) -> Self {
        let form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        let parameters = if form { body } else { parts.uri.query().unwrap_or_default().as_bytes() };
        let has = |text: &[u8]| parameters.split(|&byte| byte == b'&').any(|pair| pair.starts_with(text));
        match service {
            Some("ec2") => Self::Ec2,
            Some("iam" | "sts") => Self::Query,
            Some("s3") => Self::S3,
            // The date of EC2's only API version is nobody else's.
            None if has(b"Version=2016-11-15") => Self::Ec2,
            None if has(b"Action=") => Self::Query,
            Some(_) | None => Self::Json,
        }
    }

    fn code(self, denied: &Denied) -> &'static str {
        match (self, denied) {
            (Self::Json, Denied::Missing) => "MissingAuthenticationTokenException",
            (Self::S3, Denied::Missing) => "AccessDenied",
            (_, Denied::Missing) => "MissingAuthenticationToken",
            (Self::Json, Denied::Incomplete(_)) => "IncompleteSignatureException",
            (_, Denied::Incomplete(_)) => "IncompleteSignature",
            (Self::Json, Denied::UnknownKey) => "UnrecognizedClientException",
            (Self::Ec2, Denied::UnknownKey) => "AuthFailure",
            (Self::Query, Denied::UnknownKey) => "InvalidClientTokenId",
            (Self::S3, Denied::UnknownKey) => "InvalidAccessKeyId",
            (Self::Json, Denied::Expired(_) | Denied::Mismatch | Denied::Scope(_)) => "InvalidSignatureException",
            (Self::Ec2, Denied::Expired(_)) => "RequestExpired",
            (Self::S3, Denied::Expired(_)) => "RequestTimeTooSkewed",
            (_, Denied::Expired(_) | Denied::Mismatch | Denied::Scope(_)) => "SignatureDoesNotMatch",
        }
    }
}

/// Writes an error of an AWS call in the called service's protocol.
#[must_use]
pub fn aws_error(protocol: Protocol, status: StatusCode, code: &'static str, message: &str, id: &str) -> Response {
    let text = escape(message);
    match protocol {
        Protocol::Ec2 => with_type(
            status,
            XML,
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{text}\
                 </Message></Error></Errors><RequestID>{id}</RequestID></Response>"
            ),
        ),
        Protocol::Query => with_type(
            status,
            XML,
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>\
                 <RequestId>{id}</RequestId></ErrorResponse>"
            ),
        ),
        Protocol::S3 => with_type(
            status,
            XML,
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{text}</Message>\
                 <RequestId>{id}</RequestId></Error>"
            ),
        ),
        Protocol::Json => {
            let mut response = json(status, &json!({ "__type": code, "message": message }));
            response.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(code));
            response
        }
    }
}

fn with_type(status: StatusCode, content_type: HeaderValue, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Escapes text for XML; messages are our own, this keeps them well-formed.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
