//! Writing JSON values as YAML, with every text in quotes.

use serde_json::Value;
use std::fmt::Write;

/// Writes a document.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut text = "---\n".to_owned();
    put(&mut text, value, 0);
    text
}

/// Writes a value that stands at the beginning of a line.
fn put(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let _ = write!(text, "{indent}{}:", key(name));
                below(text, value, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(text, "{indent}-");
                match item {
                    Value::Object(members) if !members.is_empty() => {
                        // The first member stands behind the dash.
                        let mut inner = String::new();
                        put(&mut inner, item, depth + 1);
                        text.push(' ');
                        text.push_str(inner.trim_start());
                    }
                    item => below(text, item, depth + 1),
                }
            }
        }
        value => {
            let _ = writeln!(text, "{indent}{value}");
        }
    }
}

/// Writes a value behind a name or a dash.
fn below(text: &mut String, value: &Value, depth: usize) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        text.push('\n');
        put(text, value, depth);
    } else {
        // The texts of JSON are texts of YAML.
        let _ = writeln!(text, " {value}");
    }
}

/// A name, in quotes where it could be taken for something else.
fn key(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '$');
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$' || c == '/');
    let is_word = matches!(
        name.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
    );
    if starts && !is_word && name.chars().all(is_plain) { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_again() {
        let value = json!({
            "openapi": "3.0.1",
            "paths": { "/a/{b}": { "get": { "responses": { "200": { "description": "x: \"y\"\n#z" } } } } },
            "list": [{ "a": 1, "b": [] }, [1, 2], "x", {}],
            "yes": true, "none": null, "empty": {},
        });
        let text = write(&value);
        assert!(text.starts_with("---\n") && text.contains("openapi: \"3.0.1\""), "{text}");
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), value, "{text}");
    }
}
