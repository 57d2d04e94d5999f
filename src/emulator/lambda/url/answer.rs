//! What a function answers to a call of its URL: an answer with a status, or any JSON, from which one is inferred.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload>

use crate::{emulator::http_event::without_spaces, http1::Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What stands between the head and the body of a streamed answer.
pub(super) const SEPARATOR: [u8; 8] = [0; 8];
/// The type of a streamed answer that has a head.
pub(super) const WITH_HEAD: &str = "application/vnd.awslambda.http-integration-response";

/// Why an answer is malformed, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("it is no JSON, or has a member of another type than Lambda wants: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("`{0}` is not the status of an answer")]
    Status(i64),
    #[error("the header `{0}` has a name or a value that HTTP does not allow")]
    Header(String),
    #[error("its body is not base64")]
    Base64,
}

/// An answer with a status; the head of a streamed one has no body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured {
    status_code: Option<Status>,
    headers: Option<Map<String, Value>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// Lambda takes a status in digits too.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Status {
    Number(i64),
    Digits(#[serde(deserialize_with = "digits")] i64),
}

fn digits<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Turns a function's result into the caller's answer.
pub(super) fn read(result: &[u8]) -> Result<Response, Malformed> {
    let value: Value = serde_json::from_slice(result)?;
    match value {
        // A text stands for itself, without its quotes.
        Value::String(text) => Ok(inferred(text.into())),
        Value::Object(members) if members.contains_key("statusCode") => {
            structured(serde_json::from_value(Value::Object(members))?)
        }
        _ => Ok(inferred(without_spaces(result))),
    }
}

/// Turns the head of a streamed answer into an answer that has no body yet.
pub(super) fn head(head: &[u8]) -> Result<Response, Malformed> {
    structured(serde_json::from_slice::<Structured>(head)?)
}

fn inferred(body: Bytes) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

fn structured(answer: Structured) -> Result<Response, Malformed> {
    let (Status::Number(status) | Status::Digits(status)) = answer.status_code.unwrap_or(Status::Number(200));
    // An interim status ends no request.
    let code = u16::try_from(status).ok().filter(|code| (200..600).contains(code));
    let code = code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Malformed::Status(status))?;
    let text = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded == Some(true) {
        BASE64_STANDARD.decode(text).map_err(|_| Malformed::Base64)?.into()
    } else {
        Bytes::from(text)
    };
    let has_body = !matches!(code, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(if has_body { body } else { Bytes::new() });
    *response.status_mut() = code;
    let headers = response.headers_mut();
    for (name, value) in answer.headers.unwrap_or_default() {
        let bad = || Malformed::Header(name.clone());
        let value = match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        headers.append(header_name(&name).ok_or_else(bad)?, HeaderValue::from_str(&value).map_err(|_| bad())?);
    }
    for cookie in answer.cookies.unwrap_or_default() {
        let value = HeaderValue::from_str(&cookie).map_err(|_| Malformed::Header("set-cookie".to_owned()))?;
        headers.append(header::SET_COOKIE, value);
    }
    if has_body && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, JSON);
    }
    Ok(response)
}

/// The name of a header; one that belongs to the connection is renamed, so that a function cannot say where an answer
/// ends.
fn header_name(name: &str) -> Option<HeaderName> {
    const REMAPPED: [&str; 8] =
        ["connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];
    let name = name.to_ascii_lowercase();
    let name = if REMAPPED.contains(&name.as_str()) { format!("x-amzn-remapped-{name}") } else { name };
    HeaderName::from_bytes(name.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(result: &str) -> Response {
        read(result.as_bytes()).unwrap()
    }

    /// In the order and with the digits in which it was written.
    const EXACT: &str = r#"{"b":[1,2.50],"a":"c \" d\\","n":12345678901234567890123}"#;

    #[test]
    fn without_a_status_any_json_is_an_answer() {
        // As recorded from AWS, spaces and quotes included.
        for (result, body) in [
            (r#"{"hello": "world"}"#, r#"{"hello":"world"}"#),
            (r#"["hello", 3, true]"#, r#"["hello",3,true]"#),
            (r#""hello""#, "hello"),
            ("3.1", "3.1"),
            ("true", "true"),
            ("null", "null"),
            (r#"{ "b": [1, 2.50], "a" : "c \" d\\" , "n": 12345678901234567890123 }"#, EXACT),
        ] {
            let answer = answer(result);
            assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, body.as_bytes()), "{result}");
            assert_eq!(answer.headers()["content-type"], "application/json");
        }
    }

    #[test]
    fn an_answer_with_a_status_is_what_it_says() {
        let answer = answer(
            &json!({
                "statusCode": "418", "headers": { "Content-Type": "text/plain", "X-Count": 3, "Connection": "close" },
                "cookies": ["a=1; Secure", "b=2"], "body": "aGk=", "isBase64Encoded": true,
            })
            .to_string(),
        );
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (418, &b"hi"[..]));
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(answer.headers()["x-count"], "3");
        assert_eq!(answer.headers()["x-amzn-remapped-connection"], "close");
        assert_eq!(answer.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1; Secure", "b=2"]);
        assert_eq!(
            self::answer(r#"{"statusCode":200,"body":"body123"}"#).headers()["content-type"],
            "application/json"
        );
    }

    #[test]
    fn what_no_answer_can_be_is_malformed() {
        for result in [
            "no json",
            r#"{"statusCode":"x"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
        ] {
            assert!(read(result.as_bytes()).is_err(), "{result}");
        }
    }

    #[test]
    fn the_head_of_a_stream_needs_no_status() {
        assert_eq!(head(br#"{"headers":{"a":"b"}}"#).unwrap().headers()["a"], "b");
        assert_eq!(head(br#"{"statusCode":201}"#).unwrap().status(), 201);
        assert!(head(b"[]").is_err());
    }
}
