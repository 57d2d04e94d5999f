//! The parameters and bodies of the API as schemas: the contract, in the words of OpenAPI.

use crate::{
    api_key,
    contract::{
        Action, Answer, Change, ErrorBody, Form, Operation, Parameter, Presence, STATUSES, StatusMeaning, Values,
    },
};
use serde_json::{Map, Value, json};
use std::mem::discriminant;

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
        let required = Operation::all().all(|operation| operation.presence(parameter) == Presence::Required);
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
    let done =
        json!({"description": "Done, or seen", "content": {"application/json": {"schema": {"oneOf": bodies()}}}});
    let failures = STATUSES.iter().map(failure);
    [("200".to_owned(), done)].into_iter().chain(failures).collect::<Map<_, _>>().into()
}

/// Every kind of answer once.
fn bodies() -> Value {
    let mut kinds: Vec<Answer> = Vec::new();
    for example in Operation::all().map(Operation::example) {
        if !kinds.iter().any(|kind| discriminant(kind) == discriminant(&example)) {
            kinds.push(example);
        }
    }
    kinds.iter().map(|answer| described(&answer.meaning(), object(&json!(answer)))).collect()
}

/// An object whose members are always all there: texts, and lists of such objects.
fn object(example: &Value) -> Value {
    let members = || example.as_object().into_iter().flatten();
    let schema = |value: &Value| match value.as_array().and_then(|items| items.first()) {
        Some(item) => json!({"type": "array", "items": object(item)}),
        None => json!({"type": "string"}),
    };
    let properties: Map<String, Value> = members().map(|(name, value)| (name.clone(), schema(value))).collect();
    json!({
        "type": "object", "additionalProperties": false, "required": members().map(|(name, _)| name).collect::<Vec<_>>(),
        "properties": properties, "example": example
    })
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

    /// Whether a schema takes a value: the keywords that bodies are described with, and a panic for another one.
    fn takes(schema: &Value, value: &Value) -> bool {
        schema.as_object().unwrap().iter().all(|(keyword, wanted)| match keyword.as_str() {
            "description" | "example" => true,
            "oneOf" => wanted.as_array().unwrap().iter().filter(|schema| takes(schema, value)).count() == 1,
            "type" => wanted == if value.is_object() { "object" } else { "string" },
            "enum" => wanted.as_array().unwrap().contains(value),
            "pattern" => Regex::new(wanted.as_str().unwrap()).unwrap().is_match(value.as_str().unwrap()),
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
            ("action", &["start", "stop", "status", "list", "", "Start", "explode"][..]),
            ("target", &["ec2", "docker", "", "EC2"]),
            ("name", &["mycontainer", "A.b_c-9", "", "..", "-a", "a/b", "a\n", "é"]),
            ("wait", &["0", "1", "", "2"]),
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
        assert_eq!(requests, 4 * 2 * 3 + 3 * 2 * 3 + 3, "EC2's, those with a name, and the list of containers");
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
        ] {
            assert_eq!(takes(&of(name), &json!(value)), is_legal, "{name}={value}");
        }
    }
}
