//! What a function answers to an HTTP API: in version 1.0 as to a REST API; in 2.0 an answer with a status, or any JSON,
//! from which one is inferred.

use crate::{emulator::http_event::without_spaces, http1::Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Why an answer is malformed, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("it is no JSON, or has a member of a wrong type: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("it has no `statusCode`, which version 1.0 wants")]
    NoStatus,
    #[error("`{0}` is not the status of an answer")]
    Status(Value),
    #[error("the header `{0}` has a name or a value that HTTP does not allow")]
    Header(String),
    #[error("its body is not base64")]
    Base64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured {
    status_code: Value,
    headers: Option<Map<String, Value>>,
    multi_value_headers: Option<Map<String, Value>>,
    cookies: Option<Vec<String>>,
    body: Option<Value>,
    is_base64_encoded: Option<bool>,
}

/// Turns a function's result into the caller's answer.
pub(super) fn read(result: &[u8], version: &str) -> Result<Response, Malformed> {
    let value: Value = serde_json::from_slice(result)?;
    if value.get("statusCode").is_some() {
        return structured(serde_json::from_value(value)?);
    }
    if version == "1.0" {
        return Err(Malformed::NoStatus);
    }
    // A text stands for itself, without its quotes.
    let body = if let Value::String(text) = value { text.into() } else { without_spaces(result) };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn structured(answer: Structured) -> Result<Response, Malformed> {
    let status = answer.status_code.as_u64().or_else(|| answer.status_code.as_str()?.parse().ok());
    // An interim status ends no request.
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (200..600).contains(status));
    let status =
        status.and_then(|status| StatusCode::from_u16(status).ok()).ok_or(Malformed::Status(answer.status_code))?;
    let body = match answer.body {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    let body = if answer.is_base64_encoded == Some(true) {
        BASE64_STANDARD.decode(body).map_err(|_| Malformed::Base64)?.into()
    } else {
        bytes::Bytes::from(body)
    };
    let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(if has_body { body } else { bytes::Bytes::new() });
    *response.status_mut() = status;
    let several = answer.multi_value_headers.unwrap_or_default();
    for (name, value) in answer.headers.unwrap_or_default() {
        if !several.keys().any(|known| known.eq_ignore_ascii_case(&name)) {
            put(&mut response, &name, &value)?;
        }
    }
    for (name, values) in several {
        for value in values.as_array().into_iter().flatten() {
            put(&mut response, &name, value)?;
        }
    }
    for cookie in answer.cookies.unwrap_or_default() {
        put(&mut response, "set-cookie", &Value::String(cookie))?;
    }
    if has_body && !response.headers().contains_key(header::CONTENT_TYPE) {
        // What API Gateway says of an answer that says nothing.
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
    }
    Ok(response)
}

fn put(response: &mut Response, name: &str, value: &Value) -> Result<(), Malformed> {
    let bad = || Malformed::Header(name.to_owned());
    let key: HeaderName = crate::emulator::apigateway::header_name(name).ok_or_else(bad)?;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    response.headers_mut().append(key, HeaderValue::from_str(&text).map_err(|_| bad())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_status_any_json_is_an_answer_of_version_2() {
        for (result, body) in [
            (r#""hello""#, "hello"),
            ("[1, 2.50]", "[1,2.50]"),
            (r#"{"b": 1, "a": " "}"#, r#"{"b":1,"a":" "}"#),
            ("null", "null"),
        ] {
            let answer = read(result.as_bytes(), "2.0").unwrap();
            assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, body.as_bytes()));
            assert_eq!(answer.headers()["content-type"], "application/json");
            assert!(read(result.as_bytes(), "1.0").is_err());
        }
    }

    #[test]
    fn an_answer_with_a_status_is_what_it_says() {
        let result =
            r#"{"statusCode":201,"headers":{"X-A":1},"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"#;
        let answer = read(result.as_bytes(), "2.0").unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (201, &b"hi"[..]));
        assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(answer.headers()["x-a"], "1");
        for bad in ["", r#"{"statusCode":99}"#, r#"{"statusCode":200,"headers":{"a b":"1"}}"#] {
            assert!(read(bad.as_bytes(), "2.0").is_err(), "{bad}");
        }
    }
}
