//! The envelope: what `--json` prints, exactly one object per command, never translated.

use crate::{
    error::Error,
    text::{Lang, Message},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::io;

/// The version of the envelope's shape; a field may be added without a new one.
const SCHEMA: u32 = 1;

/// The outermost object.
#[derive(Serialize)]
struct Envelope<'a> {
    schema: u32,
    command: &'a str,
    status: &'static str,
    data: &'a Value,
    warnings: Vec<String>,
    error: Option<Value>,
}

/// Renders a result or an error, with its line end.
pub(super) fn envelope(
    command: &str,
    failed: bool,
    data: &Value,
    warnings: &[Message],
    error: Option<&Error>,
) -> String {
    let envelope = Envelope {
        schema: SCHEMA,
        command,
        status: if failed { "error" } else { "ok" },
        data,
        warnings: warnings.iter().map(Message::to_string).collect(),
        error: error.map(self::error),
    };
    // The envelope holds strings, numbers and values only: none of them can refuse to be written.
    serde_json::to_string(&envelope).unwrap_or_default() + "\n"
}

/// Renders one entry of a stream, with its line end.
pub(super) fn entry<T: Serialize>(command: &str, entry: &T) -> io::Result<String> {
    let line = json!({ "schema": SCHEMA, "command": command, "entry": serde_json::to_value(entry)? });
    Ok(line.to_string() + "\n")
}

fn error(error: &Error) -> Value {
    let hints: Vec<String> = error.hints_or_default().iter().map(|hint| hint.render(Lang::En)).collect();
    json!({
        "code": error.code.as_str(),
        "message": error.to_string(),
        "causes": error.causes,
        "hints": hints,
        "retryable": error.is_retryable(),
    })
}
