//! `$input`: what a request or a backend's answer brings.

use super::{
    json, path,
    value::{Members, Object, Trouble, Value},
};
use std::collections::BTreeMap;

/// The parameters of a request, by where they stand.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator::apigateway) struct Parameters {
    /// In the path.
    pub(in crate::emulator::apigateway) path: BTreeMap<String, String>,
    /// In the query string, decoded; of several the last.
    pub(in crate::emulator::apigateway) query: BTreeMap<String, String>,
    /// In the headers.
    pub(in crate::emulator::apigateway) headers: BTreeMap<String, String>,
}

impl Parameters {
    /// A header, however its name is spelled.
    pub(in crate::emulator::apigateway) fn header(&self, name: &str) -> Option<&String> {
        let spelled =
            || self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        self.headers.get(name).or_else(spelled)
    }
}

/// `$input`.
pub(super) struct Input {
    body: String,
    parameters: Parameters,
}

impl Input {
    pub(super) fn new(body: &str, parameters: &Parameters) -> Self {
        // What templates see of an empty body.
        let body = if body.is_empty() { "{}" } else { body };
        Self { body: body.to_owned(), parameters: parameters.clone() }
    }

    fn find(&self, path: &str) -> Result<Value, Trouble> {
        path::find(&json::read(&self.body).unwrap_or(Value::Null), path)
    }

    fn params(&self) -> Value {
        let Parameters { path, query, headers } = &self.parameters;
        Value::map(Members::from([
            ("path".into(), Value::texts(path)),
            ("querystring".into(), Value::texts(query)),
            ("header".into(), Value::texts(headers)),
        ]))
    }

    fn param(&self, name: &str) -> Value {
        let Parameters { path, query, .. } = &self.parameters;
        let found = path.get(name).or_else(|| query.get(name)).or_else(|| self.parameters.header(name));
        Value::text(found.map_or("", String::as_str))
    }
}

impl Object for Input {
    fn get(&self, name: &str) -> Option<Value> {
        (name == "body").then(|| Value::text(self.body.as_str()))
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Option<Value>, Trouble> {
        Ok(Some(match (name, args) {
            ("path", [path]) => self.find(&path.to_text()?)?,
            ("json", [path]) => match self.find(&path.to_text()?)? {
                // API Gateway's own stand-in for what is not there.
                Value::Null => Value::text("\"\""),
                found => Value::text(found.to_json()?),
            },
            ("params", []) => self.params(),
            ("params", [name]) => self.param(&name.to_text()?),
            _ => return Ok(None),
        }))
    }
}
