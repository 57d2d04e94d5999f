//! The user's own checks: a request, and what its answer must be. Rules without any I/O.

use crate::{
    http_client::Answer,
    settings::TestEntry,
    text::{Message, Verbatim},
};
use http::Method;
use serde_json::Value;

/// A request and what its answer must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) method: Method,
    /// What follows the API's URL.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) expected: Vec<Expected>,
}

/// Something that an answer must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected {
    pub(super) subject: Subject,
    pub(super) relation: Relation,
    pub(super) value: Value,
}

/// What of an answer is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Status,
    Header(String),
    Body,
    /// A member of the JSON, by its path.
    Json(String),
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Is,
    IsNot,
    Contains,
    Exists,
}

impl Case {
    /// Whether nothing is said about the status, so that it must be a success.
    fn wants_success(&self) -> bool {
        !self.expected.iter().any(|expected| expected.subject == Subject::Status)
    }
}

/// Takes a table of the settings file.
impl From<&TestEntry> for Case {
    fn from(entry: &TestEntry) -> Self {
        let TestEntry { name, method, path, headers, body, status, json, contains } = entry.clone();
        let expect = |subject, relation, value| Expected { subject, relation, value };
        let mut expected: Vec<Expected> =
            status.into_iter().map(|status| expect(Subject::Status, Relation::Is, status.into())).collect();
        expected.extend(json.into_iter().map(|(path, value)| expect(Subject::Json(path), Relation::Is, value)));
        expected.extend(contains.into_iter().map(|text| expect(Subject::Body, Relation::Contains, text.into())));
        let mut headers = headers;
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let body = match body {
            None => String::new(),
            Some(Value::String(text)) => text,
            Some(value) => {
                if !has_type {
                    headers.push(("content-type".to_owned(), "application/json".to_owned()));
                }
                value.to_string()
            }
        };
        Self { name: name.unwrap_or_else(|| format!("{method} {path}")), method, path, headers, body, expected }
    }
}

/// Compares an answer with what is expected; returns what is wrong.
pub(super) fn judge(case: &Case, answer: &Answer) -> Vec<Message> {
    let mut problems = Vec::new();
    if case.wants_success() && !answer.status.is_success() {
        problems.push(success_wanted(answer.status.as_u16()));
    }
    problems.extend(case.expected.iter().filter_map(|expected| expected.problem(answer)));
    problems
}

fn success_wanted(found: u16) -> Message {
    Message::new("test.wrong_status").with_message("wanted", Message::new("test.any_success")).with("found", found)
}

impl Expected {
    fn problem(&self, answer: &Answer) -> Option<Message> {
        let found = match &self.subject {
            Subject::Status => Some(Value::from(answer.status.as_u16())),
            Subject::Header(name) => {
                answer.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned().into())
            }
            Subject::Body => Some(String::from_utf8_lossy(&answer.body).into_owned().into()),
            Subject::Json(path) => match serde_json::from_slice::<Value>(&answer.body) {
                Err(_) => return Some(Message::new("test.not_json")),
                Ok(body) => member(&body, path).cloned(),
            },
        };
        let is_right = match (self.relation, &found) {
            (Relation::Exists, found) => found.is_some(),
            (Relation::Is, Some(found)) => alike(found, &self.value),
            (Relation::IsNot, Some(found)) => !alike(found, &self.value),
            (Relation::Contains, Some(Value::Array(items))) => items.iter().any(|item| alike(item, &self.value)),
            (Relation::Contains, Some(found)) => text(found).contains(&text(&self.value)),
            (_, None) => false,
        };
        if is_right {
            return None;
        }
        let found = found.map_or_else(|| Message::new("test.absent"), |found| Message::literal(short(&found)));
        let key = match self.relation {
            Relation::Is if self.subject == Subject::Status => return Some(differs(&self.value, found)),
            Relation::Is => "test.differs.is",
            Relation::IsNot => "test.differs.is_not",
            Relation::Contains => "test.differs.contains",
            Relation::Exists => "test.differs.exists",
        };
        let problem = Message::new(key).with("subject", self.subject.to_string());
        Some(problem.with("wanted", short(&self.value)).with_message("found", found))
    }
}

fn differs(wanted: impl Verbatim, found: Message) -> Message {
    Message::new("test.wrong_status").with("wanted", wanted).with_message("found", found)
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Body => f.write_str("body"),
            Self::Json(path) => write!(f, "json {path}"),
        }
    }
}

/// Whether two values are the same: numbers by what they are worth, and what is written without quotes as its text.
fn alike(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => found.as_f64() == wanted.as_f64(),
        (Value::String(_), Value::String(_)) => found == wanted,
        (Value::String(found), wanted) if !wanted.is_object() && !wanted.is_array() => {
            let text = wanted.to_string();
            *found == text
        }
        (Value::Object(found), Value::Object(wanted)) => {
            found.len() == wanted.len()
                && wanted.iter().all(|(key, value)| found.get(key).is_some_and(|found| alike(found, value)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| alike(found, wanted))
        }
        _ => found == wanted,
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value on one line of the terminal.
fn short(value: &Value) -> String {
    let text: String = text(value).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Finds a member by its path: `items[0].name`, with or without `$.` before it.
fn member<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    let path = path.strip_prefix('$').unwrap_or(path);
    let mut found = body;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, indices) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
        if !name.is_empty() {
            found = found.get(name)?;
        }
        for index in indices.split('[').filter(|index| !index.is_empty()) {
            found = found.get(index.strip_suffix(']')?.parse::<usize>().ok()?)?;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    fn problems(expected: &[(Subject, Relation, Value)], status: u16, body: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json; charset=utf-8".parse().unwrap());
        let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.to_owned().into() };
        let expected = expected.iter().cloned();
        let expected = expected.map(|(subject, relation, value)| Expected { subject, relation, value });
        let case = Case {
            name: String::new(),
            method: Method::GET,
            path: String::new(),
            headers: Vec::new(),
            body: String::new(),
            expected: expected.collect(),
        };
        judge(&case, &answer).iter().map(Message::to_string).collect()
    }

    #[test]
    fn right_answers_have_no_problem() {
        let json = |path: &str| Subject::Json(path.to_owned());
        let body = r#"{"a":{"b":[{"c":1.0}]},"text":"hello","on":true,"list":["x"]}"#;
        let expected = [
            (Subject::Status, Relation::Is, json!(201)),
            (Subject::Header("Content-Type".to_owned()), Relation::Contains, json!("json")),
            (Subject::Body, Relation::Contains, json!("hello")),
            (json("a.b[0].c"), Relation::Is, json!(1)),
            (json("$.text"), Relation::Is, json!("hello")),
            (json("text"), Relation::IsNot, json!("other")),
            (json("on"), Relation::Is, json!(true)),
            (json("a"), Relation::Is, json!({ "b": [{ "c": 1 }] })),
            (json("list"), Relation::Contains, json!("x")),
            (json("list"), Relation::Exists, Value::Null),
        ];
        assert_eq!(problems(&expected, 201, body), [""; 0]);
        assert_eq!(problems(&[], 204, ""), [""; 0]);
    }

    #[test]
    fn a_problem_says_what_was_expected_and_what_came() {
        let json = |path: &str| Subject::Json(path.to_owned());
        assert_eq!(problems(&[], 500, ""), ["expected status any success (2xx), got 500"]);
        assert_eq!(problems(&[(Subject::Status, Relation::Is, json!(200))], 404, ""), ["expected status 200, got 404"]);
        let wrong = problems(&[(json("a.b"), Relation::Is, json!(1))], 200, r#"{"a":{}}"#);
        assert_eq!(wrong, ["json a.b: expected 1, got nothing"]);
        assert_eq!(problems(&[(json("a"), Relation::Is, json!(1))], 200, "<html>"), ["the answer is not JSON"]);
        let wrong = problems(&[(Subject::Body, Relation::Contains, json!("x"))], 200, "a\nb");
        assert_eq!(wrong, ["body: expected something with x, got a b"]);
    }
}
