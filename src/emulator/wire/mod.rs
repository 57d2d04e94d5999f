//! The AWS protocols: how parameters come in, how answers and errors go out. Knows no service.

mod error;
mod json;
mod operations;
mod query;
mod times;
pub mod xml;

pub use error::AwsError;
pub use json::{json_input, json_target};
pub use operations::operation;
pub use query::QueryParams;
pub use times::{iso_seconds, iso_time, millis, utc_time};

use crate::{
    http1::{Request, Response},
    secret::random_hex,
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// EC2's own query protocol.
    Ec2,
    /// The query protocol of IAM and STS; the value is the XML namespace.
    Query(&'static str),
    /// REST with JSON, errors as Lambda writes them.
    Lambda,
    /// REST with JSON, errors as API Gateway writes them.
    ApiGateway,
    /// JSON 1.1, the operation in `X-Amz-Target`.
    Json11,
}

impl Protocol {
    /// The protocol of a service by its signing name; JSON for one that is not emulated.
    #[must_use]
    pub fn of(service: &str) -> Self {
        match service {
            "apigateway" => Self::ApiGateway,
            "ec2" => Self::Ec2,
            "iam" => Self::Query("https://iam.amazonaws.com/doc/2010-05-08/"),
            "lambda" => Self::Lambda,
            "sts" => Self::Query("https://sts.amazonaws.com/doc/2011-06-15/"),
            // The services that speak query or REST-XML today and might be asked for.
            "autoscaling" | "cloudformation" | "elasticloadbalancing" | "rds" | "s3" | "sns" => Self::Query(""),
            _ => Self::Json11,
        }
    }
}

/// Draws the id of one request, in the form of a UUID.
#[must_use]
pub fn request_id() -> String {
    // Without randomness the id is all zeros: it is for people who read logs, nothing depends on it.
    let hex = random_hex(16).unwrap_or_else(|_| "0".repeat(32));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Reads the `Action` of a query request without checking anything else.
#[must_use]
pub fn action(request: &Request) -> Option<String> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query)
        .chain(form_urlencoded::parse(request.body()))
        .find(|(name, _)| name == "Action")
        .map(|(_, value)| value.into_owned())
}

/// Answers 200 with an XML document.
#[must_use]
pub fn xml_response(document: String, request_id: &str) -> Response {
    response(StatusCode::OK, "text/xml;charset=UTF-8", document.into(), request_id)
}

/// Answers with a JSON value, in the content type of the service's protocol.
#[must_use]
pub fn json_response(status: StatusCode, protocol: Protocol, value: &serde_json::Value, request_id: &str) -> Response {
    response(status, json_type(protocol), value.to_string().into(), request_id)
}

fn json_type(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Json11 { "application/x-amz-json-1.1" } else { "application/json" }
}

/// Puts an answer together; `x-amzn-requestid` is where every SDK looks for the id.
fn response(status: StatusCode, content_type: &'static str, body: Bytes, request_id: &str) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_has_the_form_of_a_uuid() {
        let id = request_id();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_ne!(id, request_id());
    }
}
