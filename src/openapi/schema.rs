//! The parameters and bodies of the API as schemas: the contract, in the words of OpenAPI.

use crate::{
    api_key,
    contract::{
        Action, Answer, Change, Entry, ErrorBody, Form, Operation, Parameter, Presence, Reach, STATUSES, StatusMeaning,
        Values,
    },
};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// Names the scheme that [`key_needed`] asks for.
pub(super) fn key_scheme() -> Value {
    json!({"api_key": {"type": "apiKey", "name": api_key::HEADER, "in": "header"}})
}

/// Says of an operation that it wants an API key.
pub(super) fn key_needed() -> Value {
    json!([{"api_key": []}])
}

/// The parameters of the query. Which of them go together, a list of parameters cannot say: [`combinations`] does.
pub(super) fn parameters() -> Value {
    let parameter = |parameter: Parameter| {
        let is_required = |operation: Operation| operation.presence(parameter, Reach::One) == Presence::Required;
        let required = Operation::all().all(is_required);
        let meaning = parameter.meaning();
        json!({
            "name": parameter.as_str(), "in": "query", "required": required, "description": meaning,
            "schema": property(parameter, &parameter.values())
        })
    };
    Parameter::ALL.map(parameter).into_iter().collect()
}

/// The query as one object whose members are its parameters, so that a schema says which of them go together.
pub(super) fn query() -> Value {
    json!([{
        "name": "request", "in": "query", "required": true, "style": "form", "explode": true,
        "description": "The parameters, each under its own name", "schema": request()
    }])
}

/// What a request may be: one schema for each form.
fn request() -> Value {
    json!({"type": "object", "oneOf": Form::all().iter().map(form).collect::<Value>()})
}

/// Says in words which parameters go together.
pub(super) fn combinations() -> String {
    let forms: Vec<String> = Form::all().iter().map(|form| format!("`{form}`")).collect();
    format!("The parameters have one of the forms {}.", forms.join(", "))
}

/// The body of a POST: the query's parameters as members, one schema for each form that a request can have.
pub(super) fn body() -> Value {
    let example = json!({"action": Action::Change(Change::Start).as_str()});
    let mut body = request();
    body["example"] = example;
    body
}

fn form(form: &Form) -> Value {
    let required = form.parameters().filter(|(_, required, _)| *required);
    let required: Value = required.map(|(parameter, ..)| parameter.as_str()).collect();
    let properties: Map<String, Value> = form
        .parameters()
        .map(|(parameter, _, values)| (parameter.as_str().to_owned(), property(parameter, &values)))
        .collect();
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

fn property(parameter: Parameter, values: &Values) -> Value {
    let description = parameter.meaning();
    match values {
        Values::OneOf(words) => json!({"type": "string", "description": description, "enum": words}),
        Values::Named { pattern, rule } => {
            json!({"type": "string", "description": format!("{description}: {rule}"), "pattern": pattern})
        }
    }
}

/// The answers of `/infra`.
pub(super) fn responses() -> Value {
    let answer = |meaning: &str, bodies: Value| json!({"description": meaning, "content": {"application/json": {"schema": {"oneOf": bodies}}}});
    let is_modified = |answer: &Answer| matches!(answer, Answer::InstanceModified { .. });
    let done = answer("Done, or seen", Answer::kinds().iter().map(body_of).collect());
    let accepted = Answer::kinds().into_iter().filter(is_modified);
    let accepted =
        answer("On its way: the same request goes on with it", accepted.map(|answer| body_of(&answer)).collect());
    let failures = STATUSES.iter().map(|row| match row.status {
        StatusCode::BAD_GATEWAY => partial_failure(row),
        _ => failure(row),
    });
    [("200".to_owned(), done), ("202".to_owned(), accepted)].into_iter().chain(failures).collect::<Map<_, _>>().into()
}

/// One kind of answer.
fn body_of(answer: &Answer) -> Value {
    let mut schema = object(&json!(answer));
    if matches!(answer, Answer::Results { .. }) {
        schema["properties"]["results"] = results();
    }
    described(&answer.meaning(), schema)
}

/// The list of what became of each.
fn results() -> Value {
    let entries = Entry::examples().map(|entry| json!(entry));
    json!({"type": "array", "items": of_all(&entries.iter().collect::<Vec<_>>())})
}

/// A 502 tells, where all were meant, of each.
fn partial_failure(row: &StatusMeaning) -> (String, Value) {
    let (status, mut answer) = failure(row);
    let schema = &mut answer["content"]["application/json"]["schema"];
    schema["properties"]["results"] = results();
    (status, answer)
}

/// An object whose members are all there unless they may be left out: texts, and lists of such objects.
fn object(example: &Value) -> Value {
    let mut schema = of_all(&[example]);
    schema["example"] = example.clone();
    schema
}

/// The objects of which these are: a member that one of them lacks may be left out.
fn of_all(examples: &[&Value]) -> Value {
    let mut properties = Map::new();
    for (name, value) in examples.iter().filter_map(|example| example.as_object()).flatten() {
        let schema = match value.as_array() {
            Some(items) => json!({"type": "array", "items": of_all(&items.iter().collect::<Vec<_>>())}),
            None => json!({"type": "string"}),
        };
        properties.entry(name.clone()).or_insert(schema);
    }
    let is_required = |name: &&String| {
        let is_everywhere = examples.iter().all(|example| example.get(name.as_str()).is_some());
        is_everywhere && !Answer::OPTIONAL.contains(&name.as_str())
    };
    let required: Vec<&String> = properties.keys().filter(is_required).collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn described(meaning: &str, mut schema: Value) -> Value {
    schema["description"] = meaning.into();
    schema
}

/// The body of every failure.
fn error() -> Value {
    described("What went wrong, and a stable code for it", object(&json!(ErrorBody::example())))
}

/// The answers of the served document: itself, and what stands before it may refuse. The headers are those that a MOCK
/// integration must have declared.
pub(super) fn document_responses() -> Value {
    let text = json!({"schema": {"type": "string"}});
    let headers = json!({"Cache-Control": text, "Content-Type": text, "X-Content-Type-Options": text});
    let content = json!({"application/json": {"schema": {"type": "object"}}});
    let document = json!({"description": "The document", "headers": headers, "content": content});
    let is_of_all = |status: u16| matches!(status, 401 | 403 | 404 | 429 | 500 | 503 | 504);
    let failures = STATUSES.iter().filter(|row| is_of_all(row.status.as_u16())).map(failure);
    [("200".to_owned(), document)].into_iter().chain(failures).collect::<Map<_, _>>().into()
}

fn failure(row: &StatusMeaning) -> (String, Value) {
    let content = json!({"application/json": {"schema": error()}});
    (row.status.as_str().to_owned(), json!({"description": row.meaning, "content": content}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Request;
    use regex_lite::Regex;
    use std::{cell::RefCell, collections::HashMap};

    /// Whether a text has a pattern, of which there are few, and texts by the thousand.
    fn matches(pattern: &str, text: &str) -> bool {
        thread_local! {
            static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::default();
        }
        PATTERNS.with_borrow_mut(|patterns| {
            let known = patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap());
            known.is_match(text)
        })
    }

    /// Whether a schema takes a value: the keywords that bodies are described with, and a panic for another one.
    fn takes(schema: &Value, value: &Value) -> bool {
        schema.as_object().unwrap().iter().all(|(keyword, wanted)| match keyword.as_str() {
            "description" | "example" => true,
            "oneOf" => wanted.as_array().unwrap().iter().filter(|schema| takes(schema, value)).count() == 1,
            "type" => wanted == if value.is_object() { "object" } else { "string" },
            "enum" => wanted.as_array().unwrap().contains(value),
            "pattern" => matches(wanted.as_str().unwrap(), value.as_str().unwrap()),
            "required" => wanted.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => value
                .as_object()
                .unwrap()
                .iter()
                .all(|(name, value)| wanted.get(name).is_none_or(|schema| takes(schema, value))),
            "additionalProperties" => {
                value.as_object().unwrap().keys().all(|name| !schema["properties"][name].is_null())
            }
            keyword => panic!("{keyword}"),
        })
    }

    #[test]
    fn the_schema_of_a_body_takes_what_the_contract_takes_and_nothing_else() {
        let choices = [
            ("action", &["start", "stop", "restart", "modify", "status", "list", "explode"][..]),
            ("target", &["ec2", "docker", "EC2"]),
            ("name", &["mycontainer", "a\n"]),
            ("wait", &["0"]),
            ("all", &["0", "1"]),
            ("for", &["2h", "31d"]),
            ("type", &["t3.small", "t3"]),
            ("restart", &["1", "2"]),
            ("more", &["1"]),
        ];
        let mut bodies = vec![Vec::new()];
        for (name, values) in choices {
            let with = |body: &Vec<(String, String)>, value: &str| {
                [body.as_slice(), &[(name.to_owned(), value.to_owned())]].concat()
            };
            let more: Vec<_> = bodies.iter().flat_map(|body| values.iter().map(|value| with(body, value))).collect();
            bodies.extend(more);
        }
        let mut requests = 0;
        for body in bodies {
            let is_request = Request::parse(&body).is_ok();
            requests += usize::from(is_request);
            let body = body.into_iter().map(|(name, value)| (name, json!(value))).collect::<Map<_, _>>().into();
            assert_eq!(takes(&super::body(), &body), is_request, "{body}");
            assert_eq!(takes(&super::query()[0]["schema"], &body), is_request, "{body}");
        }
        // With and without `wait`, of EC2 with and without `target`: one with or without `name` and `all=0`, or all.
        let (of_ec2, of_docker) = (2 * 2, 2);
        let (one_of_ec2, all, one_of_docker) = (2 * 2, 1, 2);
        let start = 2;
        assert_eq!(
            requests,
            of_ec2 * ((one_of_ec2 + all) * (start + 3) + 2 * 2 + 1)
                + of_docker * ((one_of_docker + all) * (start + 3) + 1)
        );
    }

    #[test]
    fn each_parameter_of_the_query_takes_what_it_may_be_in_some_request() {
        let parameters = parameters();
        let of = |name: &str| {
            let parameter = parameters.as_array().unwrap().iter().find(|parameter| parameter["name"] == name);
            parameter.unwrap()["schema"].clone()
        };
        for (name, value, is_legal) in [
            ("action", "list", true),
            ("action", "explode", false),
            ("target", "docker", true),
            ("target", "k8s", false),
            ("name", "mycontainer", true),
            ("name", "a/b", false),
            ("wait", "0", true),
            ("wait", "true", false),
            ("all", "1", true),
            ("for", "720h", true),
            ("for", "721h", false),
            ("type", "t3.small", true),
            ("type", "t3", false),
        ] {
            assert_eq!(takes(&of(name), &json!(value)), is_legal, "{name}={value}");
        }
    }
}
