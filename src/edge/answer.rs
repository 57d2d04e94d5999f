//! How the edge words its own answers: the API's JSON, and refusals of AWS calls in the protocol of the called service.

use super::signature::Denied;
use crate::{
    aws_protocol::Protocol,
    http1::{Rejection, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde_json::json;
use std::time::Duration;

/// What an unsigned or wrongly signed call is told to do,
const HINT: &str = "run `eval \"$(atelier env)\"` to use this installation's credentials, or the command itself as `atelier \
                    run -- COMMAND`";
/// and where the engine is a strict one.
const STRICT_HINT: &str = "; `atelier up --lenient` starts an engine that takes any";

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Writes a JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// Writes `{"error","code"}`, the shape of every failure of the API, in the order in which the function writes it.
#[must_use]
pub fn failure(status: StatusCode, code: &str, error: &str) -> Response {
    let body = format!(r#"{{"error":{},"code":{}}}"#, serde_json::Value::from(error), serde_json::Value::from(code));
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// Says that a link to code is none of the engine's, or not any more.
#[must_use]
pub fn no_code() -> Response {
    let error = "this link leads nowhere, or not any more: GetFunction and GetLayerVersion give a new one";
    failure(StatusCode::FORBIDDEN, "forbidden_link", error)
}

/// Says that there is nothing at this path, or nothing for strangers.
#[must_use]
pub fn not_found() -> Response {
    failure(StatusCode::NOT_FOUND, "not_found", "Not found")
}

/// Says that no function has this URL, in Lambda's words.
#[must_use]
pub fn no_url() -> Response {
    let mut response = json(StatusCode::FORBIDDEN, &json!({ "Message": null }));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static("AccessDeniedException"));
    response
}

/// Puts on what the edge's own answers and those of AWS calls carry: they are kept nowhere and taken for nothing else.
pub fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
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

/// Words the refusal of an AWS call. The status is 403 for every reason, AWS's services do not agree on another one; but
/// 501 where nothing is wrong with the call, and its service is not here.
#[must_use]
pub fn denied(denied: &Denied, protocol: Protocol, is_lenient: bool, request_id: &str) -> Response {
    let strict = if is_lenient { "" } else { STRICT_HINT };
    let message = match denied {
        Denied::Missing | Denied::UnknownKey | Denied::Mismatch => format!("{denied} ({HINT}{strict})"),
        Denied::Incomplete(_) | Denied::Expired(_) | Denied::Scope(_) | Denied::Service(_) => denied.to_string(),
    };
    let status = match denied {
        Denied::Service(_) => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::FORBIDDEN,
    };
    protocol.error(status, denied_code(protocol, denied), &message, request_id)
}

/// Says, in the called service's protocol, that nobody could answer.
#[must_use]
pub fn unavailable(protocol: Protocol, message: &str, request_id: &str) -> Response {
    protocol.error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, request_id)
}

/// Says, in the called service's protocol, that a client asks too much, and when it may ask again.
#[must_use]
pub fn throttled(protocol: Protocol, wait: Duration, request_id: &str) -> Response {
    let error = protocol.error(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", "Rate exceeded", request_id);
    retry_after(error, wait)
}

/// Returns the protocol of a call by its service, or for want of one by what the call looks like.
#[must_use]
pub fn protocol(service: Option<&str>, parts: &Parts, body: &[u8]) -> Protocol {
    let form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let parameters = if form { body } else { parts.uri.query().unwrap_or_default().as_bytes() };
    let has = |text: &[u8]| parameters.split(|&byte| byte == b'&').any(|pair| pair.starts_with(text));
    match service {
        Some(service) => Protocol::of(service, &parts.headers),
        // The date of EC2's only API version is nobody else's.
        None if has(b"Version=2016-11-15") => Protocol::Ec2,
        None if has(b"Action=") => Protocol::Query(""),
        None => Protocol::Json11,
    }
}

/// Returns the code of a refusal, on which the protocols do not agree either.
fn denied_code(protocol: Protocol, denied: &Denied) -> &'static str {
    match (protocol, denied) {
        (_, Denied::Service(_)) => "NotImplemented",
        (Protocol::RestXml, Denied::Missing) => "AccessDenied",
        (Protocol::Ec2 | Protocol::Query(_), Denied::Missing) => "MissingAuthenticationToken",
        (_, Denied::Missing) => "MissingAuthenticationTokenException",
        (Protocol::Ec2 | Protocol::Query(_) | Protocol::RestXml, Denied::Incomplete(_)) => "IncompleteSignature",
        (_, Denied::Incomplete(_)) => "IncompleteSignatureException",
        (Protocol::Ec2, Denied::UnknownKey) => "AuthFailure",
        (Protocol::Query(_), Denied::UnknownKey) => "InvalidClientTokenId",
        (Protocol::RestXml, Denied::UnknownKey) => "InvalidAccessKeyId",
        (_, Denied::UnknownKey) => "UnrecognizedClientException",
        (Protocol::Ec2, Denied::Expired(_)) => "RequestExpired",
        (Protocol::RestXml, Denied::Expired(_)) => "RequestTimeTooSkewed",
        (
            Protocol::Ec2 | Protocol::Query(_) | Protocol::RestXml,
            Denied::Expired(_) | Denied::Mismatch | Denied::Scope(_),
        ) => "SignatureDoesNotMatch",
        (_, Denied::Expired(_) | Denied::Mismatch | Denied::Scope(_)) => "InvalidSignatureException",
    }
}
