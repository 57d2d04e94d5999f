//! The user's OpenAPI document, from a file in JSON or YAML.

use super::error::Error;
use crate::openapi::yaml;
use serde_json::Value;
use std::{fs, path::Path};

/// The largest document that API Gateway imports is 6 MB; what is larger is no document.
const LARGEST: u64 = 6 * 1024 * 1024;

/// Reads the document.
///
/// # Errors
/// When the file cannot be read, or holds neither JSON nor YAML.
pub(super) fn read(path: &Path) -> Result<Value, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let bad = |why: String| Error::Document { path: path.to_owned(), why };
    if fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(bad(format!("it is larger than {LARGEST} bytes")));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let text = text.trim_start_matches('\u{feff}');
    // JSON is YAML; its own reader says better what is wrong with it.
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| bad(error.to_string()));
    }
    yaml::read(text).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_text(text: &str) -> Result<Value, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.yaml");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn json_and_yaml_are_the_same_document() {
        let wanted = json!({ "openapi": "3.0.1", "paths": { "/": { "get": { "responses": { "200": {} } } } } });
        let yaml = "openapi: 3.0.1\npaths:\n  /:\n    get:\n      responses:\n        '200': {}\n";
        assert_eq!(read_text(yaml).unwrap(), wanted);
        assert_eq!(read_text(&format!("\u{feff}{wanted}")).unwrap(), wanted);
        for wrong in ["{\"openapi\": ", "a: b: c"] {
            assert!(matches!(read_text(wrong), Err(Error::Document { .. })), "{wrong}");
        }
    }
}
