//! A request as integrations see it: its parameters, its body and what is known about it.

use super::{journal::Journal, template::Parameters};
use bytes::Bytes;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// A request of a method.
#[derive(Debug, Clone, Default)]
pub(super) struct Incoming {
    /// The caller's method.
    pub(super) method: String,
    /// One value of each parameter.
    pub(super) parameters: Parameters,
    /// Every parameter of the query string, decoded.
    pub(super) query: Vec<(String, String)>,
    /// Every header.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: Bytes,
    /// `$context`.
    pub(super) context: Value,
    /// `$stageVariables`.
    pub(super) stage_variables: BTreeMap<String, String>,
    /// The types of bodies that are no texts.
    pub(super) binary_media_types: Vec<String>,
    /// What is written down about it.
    pub(super) journal: Arc<Journal>,
}

impl Incoming {
    /// Puts the parameters together; of several values of one the last counts.
    pub(super) fn with_parameters(
        self,
        path: BTreeMap<String, String>,
        query: Vec<(String, String)>,
        headers: Vec<(String, String)>,
    ) -> Self {
        let parameters =
            Parameters { path, query: query.iter().cloned().collect(), headers: headers.iter().cloned().collect() };
        Self { parameters, query, headers, ..self }
    }

    /// The body as text; nothing when it is none.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The type of the body, without its parameters.
    pub(super) fn content_type(&self) -> &str {
        let header = self.parameters.header("content-type").map_or("", String::as_str);
        media_type(header).unwrap_or("application/json")
    }

    /// The type that the caller wants first.
    pub(super) fn accept(&self) -> &str {
        let header = self.parameters.header("accept").map_or("", String::as_str);
        header.split(',').next().and_then(media_type).unwrap_or("application/json")
    }

    /// All values of a header, however its name is spelled.
    pub(super) fn header_values(&self, name: &str) -> Vec<String> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.clone()).collect()
    }

    /// All values of a parameter of the query string.
    pub(super) fn query_values(&self, name: &str) -> Vec<String> {
        self.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// A member of `$context` (`identity.sourceIp`).
    pub(super) fn context_value(&self, path: &str) -> Option<String> {
        match path.split('.').try_fold(&self.context, |value, name| value.get(name))? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

/// A media type without its parameters.
pub(super) fn media_type(header: &str) -> Option<&str> {
    header.split(';').next().map(str::trim).filter(|kind| !kind.is_empty())
}
