//! The protocols that AWS's services speak: which one a call uses, and how an error looks in it.
//!
//! One table for the edge, which words refusals of services that only the engine behind it has, and for the emulator.
//! The regions that calls are signed for stand beside it ([`regions`]). Not here: what a service does, and how the inputs
//! of its operations are read (`emulator::wire`).

pub mod regions;
pub mod xml;

use crate::http1::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::json;
use std::borrow::Cow;

/// The header in which AWS's JSON services name an error.
pub const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// The header in which every SDK looks for the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The header that names a protocol of Smithy's, in both directions.
const SMITHY_PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");
/// The header in which a service that spoke the query protocol once names an error as it did then.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const RPC_V2_CBOR: &str = "rpc-v2-cbor";

/// The most bytes of the beginning and of the end of an error's sentence. What a client sent is told back to it, but not in
/// megabytes: what it was is at the beginning, and why it is wrong at the end.
const SENTENCE: (usize, usize) = (3072, 1024);

/// How a call is written, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// EC2's own query protocol.
    Ec2,
    /// The query protocol; the value is the service's XML namespace.
    Query(&'static str),
    /// S3's XML.
    RestXml,
    /// REST with JSON, errors as most services write them.
    RestJson,
    /// REST with JSON, errors as Lambda writes them.
    Lambda,
    /// JSON 1.0, the operation in `X-Amz-Target`.
    Json10,
    /// JSON 1.1, the operation in `X-Amz-Target`.
    Json11,
    /// Smithy's RPC v2 with CBOR, the operation in the path.
    Cbor,
}

/// The services that speak something else than JSON 1.1, by their signing names.
const SERVICES: [(&str, Protocol); 19] = [
    ("apigateway", Protocol::RestJson),
    ("apigatewayv2", Protocol::RestJson),
    ("autoscaling", Protocol::Query("http://autoscaling.amazonaws.com/doc/2011-01-01/")),
    ("cloudformation", Protocol::Query("http://cloudformation.amazonaws.com/doc/2010-05-15/")),
    // Its errors are those of the query protocol.
    ("cloudfront", Protocol::Query("http://cloudfront.amazonaws.com/doc/2020-05-31/")),
    ("dynamodb", Protocol::Json10),
    ("ec2", Protocol::Ec2),
    ("elasticloadbalancing", Protocol::Query("http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/")),
    ("iam", Protocol::Query("https://iam.amazonaws.com/doc/2010-05-08/")),
    ("lambda", Protocol::Lambda),
    ("monitoring", Protocol::Query("http://monitoring.amazonaws.com/doc/2010-08-01/")),
    ("rds", Protocol::Query("http://rds.amazonaws.com/doc/2014-10-31/")),
    // As CloudFront.
    ("route53", Protocol::Query("https://route53.amazonaws.com/doc/2013-04-01/")),
    ("s3", Protocol::RestXml),
    ("scheduler", Protocol::RestJson),
    ("sns", Protocol::Query("http://sns.amazonaws.com/doc/2010-03-31/")),
    ("sqs", Protocol::Json10),
    ("states", Protocol::Json10),
    ("sts", Protocol::Query("https://sts.amazonaws.com/doc/2011-06-15/")),
];

/// Those of them that speak JSON and CBOR beside the query protocol.
const OF_SEVERAL: [&str; 1] = ["monitoring"];

impl Protocol {
    /// Returns the protocol of a call to a service, by its signing name. A call to one that speaks several says in its
    /// headers which one it uses; one that is not in the table speaks JSON 1.1.
    #[must_use]
    pub fn of(service: &str, headers: &HeaderMap) -> Self {
        let known = SERVICES.iter().find(|(name, _)| *name == service).map_or(Self::Json11, |(_, protocol)| *protocol);
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match known {
            Self::RestJson | Self::Lambda | Self::RestXml | Self::Ec2 => known,
            Self::Query(_) if !OF_SEVERAL.contains(&service) => known,
            _ if headers.get(&SMITHY_PROTOCOL).is_some_and(|value| value == RPC_V2_CBOR) => Self::Cbor,
            _ if content_type.starts_with("application/x-amz-json-1.0") => Self::Json10,
            _ if content_type.starts_with("application/x-amz-json-1.1") => Self::Json11,
            _ => known,
        }
    }

    /// Names an error as the query protocol does, for clients of a service that spoke only that once: they look there
    /// first. <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait>
    pub fn name_query_error(self, service: &str, code: &str, response: &mut Response) {
        let spoke_query = matches!(Self::of(service, &HeaderMap::new()), Self::Query(_));
        if !spoke_query || !matches!(self, Self::Json10 | Self::Json11 | Self::Cbor) {
            return;
        }
        let whose = if response.status().is_server_error() { "Receiver" } else { "Sender" };
        if let Ok(named) = HeaderValue::from_str(&format!("{code};{whose}")) {
            response.headers_mut().insert(QUERY_ERROR, named);
        }
    }

    /// Returns the content type of its answers.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ec2 | Self::RestXml => "text/xml;charset=UTF-8",
            Self::Query(_) => "text/xml",
            Self::RestJson | Self::Lambda => "application/json",
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::Cbor => "application/cbor",
        }
    }

    /// Writes an answer: its status, its body in the protocol's content type, and the request's id.
    #[must_use]
    pub fn response(self, status: StatusCode, body: Bytes, request_id: &str) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        if self == Self::Cbor {
            headers.insert(SMITHY_PROTOCOL, HeaderValue::from_static(RPC_V2_CBOR));
        }
        name_request(&mut response, request_id);
        response
    }

    /// Writes an error: a code that clients match on and a sentence for people, as this protocol's clients read them.
    #[must_use]
    pub fn error(self, status: StatusCode, code: &str, message: &str, request_id: &str) -> Response {
        let message = &*shortened(message);
        let body = match self {
            Self::Ec2 => ec2_error(code, message, request_id).into(),
            Self::Query(namespace) => query_error(namespace, status, code, message, request_id).into(),
            Self::RestXml => s3_error(code, message, request_id).into(),
            Self::RestJson => json!({ "message": message }).to_string().into(),
            Self::Lambda => {
                let kind = if status.is_server_error() { "Service" } else { "User" };
                // Lambda's shapes disagree about the case of the member, so both are there.
                json!({ "Type": kind, "Message": message, "message": message }).to_string().into()
            }
            Self::Json10 | Self::Json11 => json!({ "__type": code, "message": message }).to_string().into(),
            Self::Cbor => cbor_error(code, message),
        };
        let mut response = self.response(status, body, request_id);
        let is_json = matches!(self, Self::RestJson | Self::Lambda | Self::Json10 | Self::Json11);
        if let (true, Ok(code)) = (is_json, HeaderValue::from_str(code)) {
            response.headers_mut().insert(ERROR_TYPE, code);
        }
        response
    }
}

/// Puts the id of a request on its answer, where SDKs look for it.
pub fn name_request(response: &mut Response, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// Leaves the middle of a sentence away that is too long.
fn shortened(message: &str) -> Cow<'_, str> {
    let (head, tail) = SENTENCE;
    if message.len() <= head + tail {
        return message.into();
    }
    let (head, tail) = (message.floor_char_boundary(head), message.ceil_char_boundary(message.len() - tail));
    format!("{}…{}", &message[..head], &message[tail..]).into()
}

fn ec2_error(code: &str, message: &str, request_id: &str) -> String {
    xml::document("Response", "", |root| {
        xml::element(root, "Errors", |errors| {
            xml::element(errors, "Error", |error| {
                xml::text(error, "Code", code);
                xml::text(error, "Message", message);
            });
        });
        xml::text(root, "RequestID", request_id);
    })
}

fn query_error(namespace: &str, status: StatusCode, code: &str, message: &str, request_id: &str) -> String {
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    xml::document("ErrorResponse", namespace, |root| {
        xml::element(root, "Error", |error| {
            xml::text(error, "Type", kind);
            xml::text(error, "Code", code);
            xml::text(error, "Message", message);
        });
        xml::text(root, "RequestId", request_id);
    })
}

fn s3_error(code: &str, message: &str, request_id: &str) -> String {
    xml::document("Error", "", |root| {
        xml::text(root, "Code", code);
        xml::text(root, "Message", message);
        xml::text(root, "RequestId", request_id);
    })
}

fn cbor_error(code: &str, message: &str) -> Bytes {
    let mut body = Vec::new();
    let document = json!({ "__type": code, "message": message });
    // Writing to memory fails for values that CBOR cannot hold only, and it can hold texts.
    let _ = ciborium::into_writer(&document, &mut body);
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(protocol: Protocol) -> (Option<String>, String) {
        let answer = protocol.error(StatusCode::BAD_REQUEST, "Bad.Thing", "a < b", "id-1");
        let kind = answer.headers().get(ERROR_TYPE).map(|value| value.to_str().unwrap().to_owned());
        (kind, String::from_utf8_lossy(answer.body()).into_owned())
    }

    #[test]
    fn ec2_errors_are_a_list_with_the_request_id_beside_it() {
        assert!(error(Protocol::Ec2).1.ends_with(
            "<Response><Errors><Error><Code>Bad.Thing</Code><Message>a &lt; b</Message></Error></Errors>\
             <RequestID>id-1</RequestID></Response>"
        ));
    }

    #[test]
    fn query_errors_carry_the_namespace_and_whose_fault_it_is() {
        let (_, body) = error(Protocol::Query("urn:x"));
        assert!(body.contains(r#"<ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>Bad.Thing</Code>"#));
    }

    #[test]
    fn json_errors_name_their_type_where_their_protocol_looks_for_it() {
        assert_eq!(error(Protocol::RestJson).1, r#"{"message":"a < b"}"#);
        assert_eq!(error(Protocol::Lambda).0.as_deref(), Some("Bad.Thing"));
        assert!(error(Protocol::Json11).1.contains(r#""__type":"Bad.Thing""#));
    }

    #[test]
    fn cbor_errors_are_a_map_with_their_type() {
        let answer = Protocol::Cbor.error(StatusCode::BAD_REQUEST, "Bad", "no", "id-1");
        let body: serde_json::Value = ciborium::from_reader(answer.body().as_ref()).unwrap();
        assert_eq!(body, json!({ "__type": "Bad", "message": "no" }));
        assert_eq!(answer.headers()["smithy-protocol"], "rpc-v2-cbor");
    }

    #[test]
    fn what_is_told_back_is_never_much() {
        let message = |message: &str| {
            let answer = Protocol::RestJson.error(StatusCode::BAD_REQUEST, "Bad", message, "id-1");
            let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            body["message"].as_str().unwrap().to_owned()
        };
        let long = message(&format!("The value {} is wrong.", "é".repeat(1_000_000)));
        assert!(long.starts_with("The value é") && long.contains("é…é") && long.ends_with("é is wrong."), "{long}");
        assert!((4000..4200).contains(&long.len()));
        let short = "é".repeat(2048);
        assert_eq!(message(&short), short);
    }

    #[test]
    fn a_service_of_several_protocols_is_answered_in_the_one_that_the_call_uses() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        let of = |headers: &HeaderMap| Protocol::of("monitoring", headers);
        assert_eq!(of(&with("smithy-protocol", "rpc-v2-cbor")), Protocol::Cbor);
        assert_eq!(of(&with("content-type", "application/x-amz-json-1.0")), Protocol::Json10);
        assert!(matches!(of(&HeaderMap::new()), Protocol::Query(_)));
        assert_eq!(Protocol::of("lambda", &with("smithy-protocol", "rpc-v2-cbor")), Protocol::Lambda);
        for header in [with("smithy-protocol", "rpc-v2-cbor"), with("content-type", "application/x-amz-json-1.1")] {
            assert_eq!(Protocol::of("ec2", &header), Protocol::Ec2);
            assert!(matches!(Protocol::of("iam", &header), Protocol::Query(_)));
        }
    }
}
