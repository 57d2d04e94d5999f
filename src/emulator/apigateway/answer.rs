//! What a function answers to a proxy event, checked as API Gateway checks it: anything but the known members, each of
//! its type, is a malformed answer, and the caller gets a 502.

use super::event::is_binary;
use crate::http1::Response;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why an answer is malformed, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("it is not an object with none but the known members: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("`{0}` is not the status of an answer")]
    Status(i64),
    #[error("the header `{0}` has a name or a value that HTTP does not allow")]
    Header(String),
    #[error("its body is not base64")]
    Base64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProxyAnswer {
    /// 200 where it is not said.
    status_code: Option<Status>,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// API Gateway takes a status in digits too.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Status {
    Number(i64),
    Digits(#[serde(deserialize_with = "digits")] i64),
}

fn digits<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Turns a function's answer into the caller's; `accept` is what the caller wants.
pub(super) fn read(answer: &[u8], binary_media_types: &[String], accept: &str) -> Result<Response, Malformed> {
    let answer: ProxyAnswer = serde_json::from_slice(answer)?;
    let (Status::Number(status) | Status::Digits(status)) = answer.status_code.unwrap_or(Status::Number(200));
    // An interim status ends no request.
    let code = u16::try_from(status).ok().filter(|code| (200..600).contains(code));
    let code = code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Malformed::Status(status))?;
    let headers = headers(answer.headers.unwrap_or_default(), answer.multi_value_headers.unwrap_or_default())?;
    let text = answer.body.unwrap_or_default();
    // What the function says of its type has no part in that: what the caller wants first decides.
    let wants_bytes = is_binary(binary_media_types, accept.split(',').next().unwrap_or_default());
    let body: Bytes = if answer.is_base64_encoded == Some(true) && wants_bytes {
        BASE64_STANDARD.decode(text).map_err(|_| Malformed::Base64)?.into()
    } else {
        text.into()
    };
    let has_body = !matches!(code, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(if has_body { body } else { Bytes::new() });
    *response.status_mut() = code;
    *response.headers_mut() = headers;
    if has_body && !response.headers().contains_key(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(response)
}

fn headers(single: BTreeMap<String, Value>, multi: BTreeMap<String, Vec<Value>>) -> Result<HeaderMap, Malformed> {
    let mut headers = HeaderMap::new();
    // A header that has both forms is sent once per different value, the several ones first.
    let singles = single.into_iter().map(|(name, value)| (name, vec![value]));
    for (name, values) in multi.into_iter().chain(singles) {
        let key = header_name(&name).ok_or_else(|| Malformed::Header(name.clone()))?;
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                _ => return Err(Malformed::Header(name)),
            };
            let value = HeaderValue::from_str(&text).map_err(|_| Malformed::Header(name.clone()))?;
            if !headers.get_all(&key).iter().any(|known| *known == value) {
                headers.append(key.clone(), value);
            }
        }
    }
    Ok(headers)
}

/// The name of a header; one that belongs to the connection is renamed, as API Gateway does, so that a function cannot
/// say where an answer ends.
pub(in crate::emulator) fn header_name(name: &str) -> Option<HeaderName> {
    let name = name.to_ascii_lowercase();
    let remapped = matches!(
        name.as_str(),
        "connection"
            | "content-length"
            | "date"
            | "host"
            | "keep-alive"
            | "server"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "via"
            | "www-authenticate"
    );
    if remapped { renamed(&name) } else { HeaderName::from_bytes(name.as_bytes()).ok() }
}

/// The name of a header that a mapping or a template writes: of these API Gateway renames more, and lets two pass.
pub(super) fn mapped_name(name: &str) -> Option<HeaderName> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "transfer-encoding" => None,
        "te" | "via" => HeaderName::from_bytes(name.as_bytes()).ok(),
        "authorization" | "content-md5" | "expect" | "max-forwards" | "proxy-authenticate" | "user-agent" => {
            renamed(&name)
        }
        other => header_name(other),
    }
}

fn renamed(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(format!("x-amzn-remapped-{name}").as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Result<Response, Malformed> {
        read(text.as_bytes(), &["image/*".to_owned()], "image/png,*/*")
    }

    #[test]
    fn a_well_formed_answer_is_passed_on() {
        let response = answer(
            r#"{"statusCode":201,"headers":{"X-A":"1","x-n":2},"multiValueHeaders":{"x-a":["1","3"]},"body":"hé"}"#,
        )
        .unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(response.headers()["x-n"], "2");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.body(), "hé");
    }

    #[test]
    fn what_api_gateway_calls_malformed_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "\"text\"",
            r#"{"statusCode":200,"extra":1}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":101}"#,
            r#"{"statusCode":20000000000}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":200,"headers":{"a b":"1"}}"#,
            r#"{"statusCode":200,"headers":{"a":"1\r\nb: 2"}}"#,
            r#"{"statusCode":200,"headers":{"a":[]}}"#,
        ] {
            assert!(answer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_member_must_be_there_and_the_several_values_of_a_header_come_first() {
        for text in ["{}", r#"{"body":"hi"}"#, r#"{"headers":{"a":"b"}}"#, r#"{"statusCode":null}"#] {
            assert_eq!(answer(text).unwrap().status(), 200, "{text}");
        }
        let response = answer(r#"{"headers":{"a":"s"},"multiValueHeaders":{"A":["m"]}}"#).unwrap();
        assert_eq!(response.headers().get_all("a").iter().collect::<Vec<_>>(), ["m", "s"]);
    }

    #[test]
    fn bytes_are_decoded_when_the_caller_wants_first_what_is_declared_binary() {
        let png = r#"{"statusCode":200,"headers":{"content-type":"image/png"},"body":"/w==","isBase64Encoded":true}"#;
        assert_eq!(answer(png).unwrap().body().as_ref(), b"\xff");
        let text = r#"{"statusCode":200,"body":"/w==","isBase64Encoded":true}"#;
        assert_eq!(answer(text).unwrap().body().as_ref(), b"\xff");
        for accept in ["*/*", "text/plain,image/png", "image", ""] {
            let answer = read(png.as_bytes(), &["image/*".to_owned()], accept).unwrap();
            assert_eq!(answer.body().as_ref(), b"/w==", "{accept}");
        }
        assert!(answer(&png.replace("/w==", "%")).is_err());
    }

    #[test]
    fn a_function_cannot_frame_the_answer() {
        let response = answer(r#"{"statusCode":"200","headers":{"Content-Length":"9","Transfer-Encoding":"chunked"}}"#);
        let response = response.unwrap();
        assert_eq!(response.headers()["x-amzn-remapped-content-length"], "9");
        assert!(!response.headers().contains_key("transfer-encoding"));
    }

    #[test]
    fn a_header_that_a_mapping_writes_is_renamed_dropped_or_passed_as_at_aws() {
        for (name, written) in [
            ("Accept", Some("accept")),
            ("Authorization", Some("x-amzn-remapped-authorization")),
            ("Connection", Some("x-amzn-remapped-connection")),
            ("Content-MD5", Some("x-amzn-remapped-content-md5")),
            ("Content-Type", Some("content-type")),
            ("Expect", Some("x-amzn-remapped-expect")),
            ("Max-Forwards", Some("x-amzn-remapped-max-forwards")),
            ("Proxy-Authenticate", Some("x-amzn-remapped-proxy-authenticate")),
            ("TE", Some("te")),
            ("Transfer-Encoding", None),
            ("Upgrade", Some("x-amzn-remapped-upgrade")),
            ("User-Agent", Some("x-amzn-remapped-user-agent")),
            ("Via", Some("via")),
            ("WWW-Authenticate", Some("x-amzn-remapped-www-authenticate")),
        ] {
            assert_eq!(mapped_name(name).as_ref().map(HeaderName::as_str), written, "{name}");
        }
    }

    #[test]
    fn an_answer_that_has_no_body_gets_none() {
        assert!(answer(r#"{"statusCode":204,"body":"x"}"#).unwrap().body().is_empty());
    }
}
