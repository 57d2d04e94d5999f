//! Mapping templates: the language in which API Gateway rewrites requests and answers (Velocity's, with `$input`,
//! `$util`, `$context` and `$stageVariables`).
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>
//!
//! A template that cannot be read is refused when it is put, by the very function that reads it at each call.
//!
//! Not here: which template a request takes, and what becomes of the text ([`super::exchange`]).

mod compare;
mod error;
mod eval;
mod expression;
mod input;
mod json;
mod methods;
mod path;
pub(super) mod pattern;
mod read;
mod syntax;
mod ties;
mod util;
mod value;
mod work;

pub(super) use error::TemplateError;
pub(super) use input::Parameters;

use input::Input;
use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};
use util::Util;
use value::{Members, Value};
use work::Work;

/// The largest template, in bytes: API Gateway's own limit.
const MAX_TEMPLATE: usize = 300 * 1024;

/// What a template is given.
pub(super) struct Given<'a> {
    /// The body, as text.
    pub(super) body: &'a str,
    /// The parameters of the request.
    pub(super) parameters: &'a Parameters,
    /// `$context`.
    pub(super) context: &'a serde_json::Value,
    /// `$stageVariables`.
    pub(super) stage_variables: &'a BTreeMap<String, String>,
}

/// What a template made.
#[derive(Debug, PartialEq)]
pub(super) struct Made {
    /// Its text.
    pub(super) text: String,
    /// What is set of `$context.requestOverride` or `$context.responseOverride`, whichever it rewrites.
    pub(super) overrides: Overrides,
    /// What is set of both, which the template after it finds in its `$context`.
    pub(super) set: serde_json::Value,
}

/// What a template has set beside its text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    /// The status of an answer.
    pub(super) status: Option<String>,
    /// Headers.
    pub(super) headers: BTreeMap<String, String>,
    /// Parameters of the query string.
    pub(super) query: BTreeMap<String, String>,
    /// Parameters of the path.
    pub(super) path: BTreeMap<String, String>,
}

/// Which of the two a template rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

impl Side {
    fn member(self) -> &'static str {
        match self {
            Self::Request => "requestOverride",
            Self::Response => "responseOverride",
        }
    }
}

/// Checks that a text is a template.
pub(super) fn check(text: &str) -> Result<(), TemplateError> {
    if text.len() > MAX_TEMPLATE {
        return Err(TemplateError::TooLarge);
    }
    read::template(text).map(drop)
}

/// Runs a template.
pub(super) fn render(text: &str, given: &Given<'_>, side: Side) -> Result<Made, TemplateError> {
    let nodes = read::template(text)?;
    let context = Value::from(given.context.clone());
    let set = [Side::Request, Side::Response].map(|side| (side.member(), overridable(&context, side)));
    if let Value::Map(members) = &context {
        members.borrow_mut().extend(set.iter().map(|(name, set)| ((*name).into(), set.clone())));
    }
    let variables: [(&str, Value); 4] = [
        ("input", Value::Object(Rc::new(Input::new(given.body, given.parameters)))),
        ("util", Value::Object(Rc::new(Util))),
        ("context", context),
        ("stageVariables", Value::texts(given.stage_variables)),
    ];
    let variables: HashMap<_, _> = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // What holds itself ends with the run, when what is set has been read.
    let mut run = eval::Run::new(variables);
    let text = run.text(&nodes)?;
    let set = Value::map(set.into_iter().map(|(name, set)| (name.into(), set)).collect()).to_json()?;
    let set = serde_json::from_str(&set).unwrap_or_default();
    Ok(Made { text, overrides: overrides_in(&set, side)?, set })
}

/// What a template may set, and what the one before it has set.
fn overridable(context: &Value, side: Side) -> Value {
    let names: &[&str] = if side == Side::Request { &["header", "querystring", "path"] } else { &["header"] };
    let mut all: Members = names.iter().map(|name| ((*name).into(), Value::map(Members::new()))).collect();
    if let Some(Value::Map(set)) = context.member(side.member()) {
        all.extend(set.borrow().iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Value::map(all)
}

/// What is set for a request or an answer.
pub(super) fn overrides_in(set: &serde_json::Value, side: Side) -> Result<Overrides, TemplateError> {
    overrides(&Value::from(set[side.member()].clone()))
}

fn overrides(set: &Value) -> Result<Overrides, TemplateError> {
    let texts = |name: &str| -> Result<BTreeMap<String, String>, TemplateError> {
        let Some(Value::Map(members)) = set.member(name) else { return Ok(BTreeMap::new()) };
        let members = members.borrow();
        members.iter().map(|(name, value)| Ok((name.to_string(), value.to_text()?.to_string()))).collect()
    };
    let status = set.member("status").map(|status| status.to_text()).transpose()?;
    Ok(Overrides {
        status: status.map(|status| status.to_string()),
        headers: texts("header")?,
        query: texts("querystring")?,
        path: texts("path")?,
    })
}

/// Tells whether a text is JSON, or could be meant so.
pub(super) fn is_json(text: &str) -> bool {
    json::read(text).is_some()
}

/// Finds what a JSON path means in a body; a text as it is, anything else as JSON.
pub(super) fn at_path(body: &str, path: &str) -> Option<String> {
    match path::find(&json::read(body)?, path, &mut Work::new()).ok()? {
        Value::Null => None,
        Value::Text(text) => Some(text.to_string()),
        found => found.to_json().ok(),
    }
}

/// Finds what a JSON path means in a document; nothing where it means nothing, or is no path.
pub(in crate::emulator) fn found_at(document: &serde_json::Value, path: &str) -> Option<serde_json::Value> {
    let found = path::find(&Value::from(document.clone()), path, &mut Work::new()).ok()?;
    serde_json::from_str(&found.to_json().ok()?).ok()
}

/// Tells whether a text is a JSON path.
pub(in crate::emulator) fn is_path(text: &str) -> bool {
    path::find(&Value::Null, text, &mut Work::new()).is_ok()
}

/// Reads the status that a MOCK's template asks for.
pub(super) fn status_code(text: &str) -> Option<String> {
    match json::read(text)?.member("statusCode")? {
        Value::Int(status) => Some(status.to_string()),
        Value::Text(status) if status.parse::<u16>().is_ok() => Some(status.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
