//! The tables `[[test]]` of `atelier.toml`: a request to the API and what its answer must be.

use super::{nearest::unknown, source::bad_rule};
use crate::error::Result;
use http::Method;
use serde_json::{Map, Value};
use toml_edit::{Item, TableLike};

/// The tables' name.
pub(super) const TABLES: &str = "test";

/// A request and what its answer must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestEntry {
    /// What it is called; else the request itself.
    pub name: Option<String>,
    /// The request's method.
    pub method: Method,
    /// Its path and query, below the API's URL.
    pub path: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body: as it is, or a value that is sent as JSON.
    pub body: Option<Value>,
    /// The answer's status; any success where none is named.
    pub status: Option<u16>,
    /// Members of the answer's JSON, by their path (`items[0].name`).
    pub json: Vec<(String, Value)>,
    /// A text that the answer must hold.
    pub contains: Option<String>,
}

/// The tables as they stand in the file. What is wrong with one is found when they are read: to a verb that sends none of
/// the requests it is nothing.
#[derive(Debug, Clone, Default)]
pub struct TestEntries(Option<Item>);

impl TestEntries {
    /// Takes what the file says.
    pub(super) fn of(item: Option<&Item>) -> Self {
        Self(item.cloned())
    }

    /// How many there are, right or wrong.
    #[must_use]
    pub fn count(&self) -> usize {
        match &self.0 {
            None => 0,
            Some(Item::ArrayOfTables(tables)) => tables.len(),
            Some(Item::Value(toml_edit::Value::Array(items))) => items.len(),
            Some(_) => 1,
        }
    }

    /// Reads them.
    ///
    /// # Errors
    /// `bad_setting` and `unknown_setting` name what is wrong.
    pub fn read(&self) -> Result<Vec<TestEntry>> {
        self.0.as_ref().map_or(Ok(Vec::new()), read)
    }
}

fn read(item: &Item) -> Result<Vec<TestEntry>> {
    let tables: Vec<&dyn TableLike> = match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Item::Value(toml_edit::Value::Array(items)) => {
            let tables = items.iter().map(|item| item.as_inline_table().map(|table| table as &dyn TableLike));
            tables.collect::<Option<_>>().ok_or_else(|| bad_rule(TABLES, item.type_name(), "tables"))?
        }
        other => return Err(bad_rule(TABLES, other.type_name(), "tables")),
    };
    tables.into_iter().map(entry).collect()
}

fn entry(table: &dyn TableLike) -> Result<TestEntry> {
    const KEYS: &[&str] = &["name", "request", "headers", "body", "status", "json", "contains"];
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        return Err(unknown(&format!("{TABLES}.{key}"), KEYS));
    }
    let text = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(item) => match item.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(bad_rule(&format!("{TABLES}.{key}"), item.type_name(), "string")),
        },
    };
    let request = text("request")?.unwrap_or_default();
    let (method, path) = request_line(&request).ok_or_else(|| bad_rule("test.request", &request, "test_request"))?;
    let status = match table.get("status") {
        None => None,
        Some(item) => {
            let status = item.as_integer().and_then(|status| u16::try_from(status).ok());
            let status = status.filter(|status| (100..=599).contains(status));
            Some(status.ok_or_else(|| bad_rule("test.status", item.to_string().trim(), "test_status"))?)
        }
    };
    let header = |(name, value): (String, Value)| match value {
        Value::String(value) => Ok((name, value)),
        other => Err(bad_rule(&format!("test.headers.{name}"), &other.to_string(), "string")),
    };
    Ok(TestEntry {
        name: text("name")?,
        method,
        path,
        headers: members(table, "headers")?.into_iter().map(header).collect::<Result<_>>()?,
        body: table.get("body").map(value),
        status,
        json: members(table, "json")?.into_iter().collect(),
        contains: text("contains")?,
    })
}

/// Reads `METHOD /path` or `/path`, which is a GET.
#[must_use]
pub fn request_line(text: &str) -> Option<(Method, String)> {
    let (method, path) = match text.split_once(' ') {
        Some((method, path)) => (method, path.trim()),
        None => ("GET", text),
    };
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_path = path.starts_with('/') && !path.contains(char::is_whitespace);
    Method::from_bytes(method.as_bytes()).ok().filter(|_| is_method && is_path).map(|method| (method, path.to_owned()))
}

fn members(table: &dyn TableLike, key: &str) -> Result<Map<String, Value>> {
    match table.get(key).map(value) {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(other) => Err(bad_rule(&format!("{TABLES}.{key}"), &other.to_string(), "table")),
    }
}

/// A value of the file as JSON has it; a time is its text.
fn value(item: &Item) -> Value {
    match item {
        Item::Value(value) => json(value),
        Item::Table(table) => {
            Value::Object(table.iter().map(|(key, item)| (key.to_owned(), self::value(item))).collect())
        }
        Item::ArrayOfTables(tables) => {
            Value::Array(tables.iter().map(|table| self::value(&Item::Table(table.clone()))).collect())
        }
        Item::None => Value::Null,
    }
}

fn json(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::String(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(is) => Value::Bool(*is.value()),
        toml_edit::Value::Datetime(time) => Value::String(time.value().to_string()),
        toml_edit::Value::Array(items) => Value::Array(items.iter().map(json).collect()),
        toml_edit::Value::InlineTable(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.to_owned(), json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entries(text: &str) -> Result<Vec<TestEntry>> {
        let document: toml_edit::DocumentMut = text.parse().unwrap();
        TestEntries::of(document.get(TABLES)).read()
    }

    #[test]
    fn a_table_is_a_request_and_what_its_answer_must_be() {
        let text = "[[test]]\nname = 'greets'\nrequest = 'POST /hello?x=1'\nbody = { a = [1, 2.5] }\nstatus = 201\n\
                    headers = { accept = 'text/plain' }\njson = { 'a.b' = true }\ncontains = 'hi'\n\n[[test]]\nrequest = '/'";
        let entries = entries(text).unwrap();
        let first = &entries[0];
        assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/hello?x=1"));
        assert_eq!(first.body, Some(json!({ "a": [1, 2.5] })));
        assert_eq!(first.json, [("a.b".to_owned(), json!(true))]);
        assert_eq!(first.headers, [("accept".to_owned(), "text/plain".to_owned())]);
        assert_eq!((entries[1].method.as_str(), entries[1].status, entries[1].name.as_ref()), ("GET", None, None));
    }

    #[test]
    fn what_no_test_can_be_is_refused() {
        for wrong in [
            "[[test]]",
            "[[test]]\nrequest = 'hello'",
            "[[test]]\nrequest = 'get /'",
            "[[test]]\nrequest = '/'\nstatus = 99",
            "[[test]]\nrequest = '/'\nheaders = { a = 1 }",
            "[[test]]\nrequest = '/'\njson = 1",
            "[[test]]\nrequest = '/'\nstatsu = 200",
            "test = 1",
        ] {
            assert!(entries(wrong).is_err(), "{wrong}");
        }
    }
}
