//! `$util`: what templates do with texts.

use super::{
    error::TemplateError,
    json,
    value::{MAX_BYTES, Object, Value},
    work::Work,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::fmt::Write;

/// `$util`.
pub(super) struct Util;

impl Object for Util {
    fn get(&self, _: &str) -> Option<Value> {
        None
    }

    fn call(&self, name: &str, args: &[Value], work: &mut Work) -> Result<Option<Value>, TemplateError> {
        let [arg] = args else { return Ok(None) };
        if matches!(arg, Value::Null) {
            return Ok(None);
        }
        let text = arg.text_within(work)?;
        let wrong = |what: &str| TemplateError::Argument(format!("$util.{name} was given what is not {what}"));
        let made = match name {
            "escapeJavaScript" => Value::text(escape(&text)),
            "parseJson" => {
                work.handle(json::cost(&text))?;
                return Ok(Some(json::read(&text).ok_or_else(|| wrong("JSON"))?));
            }
            "urlEncode" => Value::text(form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()),
            "urlDecode" => {
                let spaced = text.replace('+', " ");
                let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
                Value::text(decoded.map_err(|_| wrong("a text when it is decoded"))?.as_ref())
            }
            "base64Encode" => Value::text(BASE64_STANDARD.encode(text.as_bytes())),
            "base64Decode" => {
                let decoded = BASE64_STANDARD.decode(text.trim().as_bytes()).map_err(|_| wrong("base64"))?;
                Value::text(String::from_utf8_lossy(&decoded).as_ref())
            }
            _ => return Ok(None),
        };
        if let Value::Text(text) = &made {
            work.handle(text.len())?;
            if text.len() > MAX_BYTES {
                return Err(TemplateError::TooLarge);
            }
        }
        Ok(Some(made))
    }
}

/// Escapes a text as Java's libraries do for JavaScript.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' | '/' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{c}' => escaped.push_str("\\f"),
            ' '..='~' => escaped.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing into a text cannot fail.
                    let _ = write!(escaped, "\\u{unit:04X}");
                }
            }
        }
    }
    escaped
}
