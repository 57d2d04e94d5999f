//! AWS errors: one type for all services, rendered in the shape of each protocol.

use super::{Protocol, json_type, response, xml};
use crate::http1::Response;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use std::borrow::Cow;

/// A refusal in AWS's own words: a code that clients match on, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The code (`InvalidInstanceID.NotFound`, `ResourceNotFoundException`).
    pub code: Cow<'static, str>,
    /// The sentence.
    pub message: String,
    /// The HTTP status.
    pub status: StatusCode,
}

impl AwsError {
    /// Makes an error with its own status.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status }
    }

    /// Makes an error that the caller caused, status 400.
    #[must_use]
    pub fn sender(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The answer to an operation, or a parameter of one, that the emulator lacks: status 501, never an empty success.
    #[must_use]
    pub fn not_implemented(service: &str, operation: &str) -> Self {
        let message = format!("The operation {operation} of {service} is not implemented by atelier's emulator.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// Makes an error that is the emulator's own fault, status 500.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message)
    }

    /// A required parameter that did not come, as EC2 and the query services say it.
    #[must_use]
    pub fn missing_parameter(name: &str) -> Self {
        Self::sender("MissingParameter", format!("The request must contain the parameter {name}"))
    }

    /// A parameter whose value it cannot have, as EC2 says it.
    #[must_use]
    pub fn invalid_parameter(value: &str, name: &str, reason: &str) -> Self {
        Self::sender("InvalidParameterValue", format!("Value ({value}) for parameter {name} is invalid. {reason}"))
    }

    /// Renders the error as the service's clients expect it.
    #[must_use]
    pub fn response(&self, protocol: Protocol, request_id: &str) -> Response {
        match protocol {
            Protocol::Ec2 | Protocol::Query(_) => {
                response(self.status, "text/xml;charset=UTF-8", self.document(protocol, request_id).into(), request_id)
            }
            Protocol::Lambda => {
                let kind = if self.status.is_server_error() { "Service" } else { "User" };
                // Lambda's shapes disagree about the case of the member, so both are there.
                let body = json!({ "Type": kind, "Message": self.message, "message": self.message });
                self.json(protocol, &body, request_id)
            }
            Protocol::ApiGateway => self.json(protocol, &json!({ "message": self.message }), request_id),
            Protocol::Json11 => {
                self.json(protocol, &json!({ "__type": self.code, "message": self.message }), request_id)
            }
        }
    }

    fn json(&self, protocol: Protocol, body: &serde_json::Value, request_id: &str) -> Response {
        let mut answer = response(self.status, json_type(protocol), body.to_string().into(), request_id);
        if let Ok(code) = HeaderValue::from_str(&self.code) {
            answer.headers_mut().insert("x-amzn-errortype", code);
        }
        answer
    }

    fn document(&self, protocol: Protocol, request_id: &str) -> String {
        let Protocol::Query(namespace) = protocol else {
            return xml::document("Response", "", |root| {
                xml::element(root, "Errors", |errors| {
                    xml::element(errors, "Error", |error| {
                        xml::text(error, "Code", &self.code);
                        xml::text(error, "Message", &self.message);
                    });
                });
                xml::text(root, "RequestID", request_id);
            });
        };
        let kind = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        xml::document("ErrorResponse", namespace, |root| {
            xml::element(root, "Error", |error| {
                xml::text(error, "Type", kind);
                xml::text(error, "Code", &self.code);
                xml::text(error, "Message", &self.message);
            });
            xml::text(root, "RequestId", request_id);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(protocol: Protocol) -> (StatusCode, Option<String>, String) {
        let error = AwsError::sender("Bad.Thing", "a < b");
        let answer = error.response(protocol, "id-1");
        let kind = answer.headers().get("x-amzn-errortype").map(|value| value.to_str().unwrap().to_owned());
        (answer.status(), kind, String::from_utf8(answer.body().to_vec()).unwrap())
    }

    #[test]
    fn ec2_errors_are_a_list_with_the_request_id_beside_it() {
        let (status, _, body) = render(Protocol::Ec2);
        assert_eq!(status, 400);
        assert!(body.ends_with(
            "<Response><Errors><Error><Code>Bad.Thing</Code><Message>a &lt; b</Message></Error></Errors>\
             <RequestID>id-1</RequestID></Response>"
        ));
    }

    #[test]
    fn query_errors_carry_the_namespace_and_whose_fault_it_is() {
        let (_, _, body) = render(Protocol::Query("urn:x"));
        assert!(body.contains(r#"<ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>Bad.Thing</Code>"#));
    }

    #[test]
    fn json_errors_name_their_type_where_their_protocol_looks_for_it() {
        assert_eq!(render(Protocol::ApiGateway).2, r#"{"message":"a < b"}"#);
        assert_eq!(render(Protocol::Lambda).1.as_deref(), Some("Bad.Thing"));
        assert!(render(Protocol::Json11).2.contains(r#""__type":"Bad.Thing""#));
    }

    #[test]
    fn what_is_missing_is_a_501_that_names_the_operation() {
        let error = AwsError::not_implemented("ec2", "CreateVpc");
        assert_eq!(error.status, 501);
        assert!(error.message.contains("CreateVpc"));
    }
}
