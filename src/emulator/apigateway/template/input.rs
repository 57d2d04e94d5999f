//! `$input`: what a request or a backend's answer brings.

use super::{
    error::TemplateError,
    json, path,
    value::{MAP, MEMBER, Members, Object, Value},
    work::Work,
};
use std::{cell::OnceCell, collections::BTreeMap, rc::Rc};

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
    body: Rc<str>,
    /// The body as JSON, once somebody has asked for it; nobody gets it but as a copy.
    tree: OnceCell<Value>,
    parameters: Parameters,
}

impl Input {
    pub(super) fn new(body: &str, parameters: &Parameters) -> Self {
        // What templates see of an empty body.
        let body = if body.is_empty() { "{}" } else { body };
        Self { body: body.into(), tree: OnceCell::new(), parameters: parameters.clone() }
    }

    fn find(&self, path: &Value, work: &mut Work) -> Result<Value, TemplateError> {
        let path = &path.text_within(work)?;
        if self.tree.get().is_none() {
            work.handle(json::cost(&self.body))?;
        }
        let tree = self.tree.get_or_init(|| json::read(&self.body).unwrap_or(Value::Null));
        path::find(tree, path, work)
    }

    fn params(&self, work: &mut Work) -> Result<Value, TemplateError> {
        let Parameters { path, query, headers } = &self.parameters;
        for (name, value) in path.iter().chain(query).chain(headers) {
            work.handle(MEMBER + name.len() + value.len())?;
        }
        work.handle(4 * MAP)?;
        Ok(Value::map(Members::from([
            ("path".into(), Value::texts(path)),
            ("querystring".into(), Value::texts(query)),
            ("header".into(), Value::texts(headers)),
        ])))
    }

    fn param(&self, name: &str, work: &mut Work) -> Result<Value, TemplateError> {
        let Parameters { path, query, .. } = &self.parameters;
        let found = path.get(name).or_else(|| query.get(name)).or_else(|| self.parameters.header(name));
        let found = found.map_or("", String::as_str);
        work.handle(found.len())?;
        Ok(Value::text(found))
    }
}

impl Object for Input {
    fn get(&self, name: &str) -> Option<Value> {
        (name == "body").then(|| Value::Text(Rc::clone(&self.body)))
    }

    fn call(&self, name: &str, args: &[Value], work: &mut Work) -> Result<Option<Value>, TemplateError> {
        Ok(Some(match (name, args) {
            ("path", [path]) => self.find(path, work)?.copied(work)?,
            ("json", [path]) => match self.find(path, work)? {
                // API Gateway's own stand-in for what is not there.
                Value::Null => Value::text("\"\""),
                found => {
                    let text = found.to_json()?;
                    work.handle(text.len())?;
                    Value::text(text)
                }
            },
            ("params", []) => self.params(work)?,
            ("params", [name]) => {
                let name = name.text_within(work)?;
                self.param(&name, work)?
            }
            _ => return Ok(None),
        }))
    }
}
