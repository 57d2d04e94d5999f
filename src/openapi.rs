//! The API as one OpenAPI 3 document: what `deploy` gives to API Gateway, and what `GET /openapi.json` serves.
//!
//! The served document is the template of a MOCK integration, so it is text in Apache's Velocity language. It therefore
//! holds neither `$` nor `#`: no references (schemas are spelt out where they are used), and the end of a pattern is
//! written as JSON's escape for `$`. Then the template is the document, on every engine.
//!
//! The served document admits exactly what the API takes; API Gateway is told of the query's parameters one by one, because
//! that is how it knows them.
//!
//! In front of a function of the user's own is another document (`own`). Not here: names, tags and deployments (the stack), and what the parameters are (the contract).

mod gateway;
pub mod own;
mod schema;
pub mod yaml;

use crate::contract::PATH;
use serde_json::{Value, json};

/// What the document must know of the stack.
#[derive(Debug, Clone)]
pub struct Input {
    /// The ARN of the function that answers.
    pub function_arn: String,
    /// The region of the API, as AWS names it (`us-east-1`).
    pub region: String,
    /// The API's name, which becomes the document's title.
    pub title: String,
    /// Whether callers need an API key.
    pub wants_key: bool,
}

/// Writes the document that the API is deployed from. Equal inputs give equal documents, key for key.
#[must_use]
pub fn document(input: &Input) -> Value {
    let served = served(&input.title, input.wants_key);
    let mut document = served.clone();
    let proxy = gateway::proxy(input);
    let infra = &mut document["paths"][PATH];
    // API Gateway knows parameters one by one only; which of them go together, the served document says.
    infra["get"]["parameters"] = schema::parameters();
    for method in ["get", "post", "options"] {
        infra[method][gateway::INTEGRATION] = proxy.clone();
    }
    // Every other method reaches the handler too, which knows to answer 405; API Gateway itself would say 403.
    infra[gateway::ANY_METHOD] = json!({"responses": {}, gateway::INTEGRATION: proxy});
    if input.wants_key {
        infra[gateway::ANY_METHOD]["security"] = schema::key_needed();
    }
    let own = &mut document["paths"]["/openapi.json"];
    own["get"][gateway::INTEGRATION] = gateway::mock(&template(&served));
    own[gateway::ANY_METHOD] = gateway::refused("GET");
    if input.wants_key {
        own[gateway::ANY_METHOD]["security"] = schema::key_needed();
    }
    document[gateway::GATEWAY_RESPONSES] = gateway::responses();
    // Relative to the document's own URL, which only a reader of the served one has.
    if let Some(document) = document.as_object_mut() {
        document.remove("servers");
    }
    document
}

/// Writes a document as a template of Velocity that is rendered to it: outside strings, JSON has no `$`.
fn template(document: &Value) -> String {
    document.to_string().replace('$', "\\u0024")
}

/// Writes the document without the parts that only API Gateway reads.
fn served(title: &str, wants_key: bool) -> Value {
    let mut document = open(title);
    if wants_key {
        document["components"] = json!({"securitySchemes": schema::key_scheme()});
        // Not `OPTIONS`: a browser asks it without any header of ours.
        for (path, method) in [(PATH, "get"), (PATH, "post"), ("/openapi.json", "get")] {
            document["paths"][path][method]["security"] = schema::key_needed();
        }
    }
    document
}

/// Writes that document for an API that anyone may call.
fn open(title: &str) -> Value {
    json!({
        "openapi": "3.0.1",
        "info": {
            "title": title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Starts, stops and shows the stack's EC2 instance and the Docker containers of its owner."
        },
        "servers": [{"url": "."}],
        "paths": {
            PATH: {
                "get": {
                    "operationId": "getInfra",
                    "summary": "Does the action that the query names",
                    "description": schema::combinations(),
                    "parameters": schema::query(),
                    "responses": schema::responses()
                },
                "post": {
                    "operationId": "postInfra",
                    "summary": "Does the action that the body names",
                    "requestBody": {"required": true, "content": {"application/json": {"schema": schema::body()}}},
                    "responses": schema::responses()
                },
                "options": {
                    "operationId": "optionsInfra",
                    "summary": "Names the methods in `Allow`, and does nothing",
                    "responses": {"204": {"description": "Nothing was done"}}
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "getOpenapi",
                    "summary": "Gives this document",
                    "responses": schema::document_responses()
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> Input {
        Input {
            function_arn: "arn:aws:lambda:us-east-1:123456789012:function:infrastructure-handler".to_owned(),
            region: "us-east-1".to_owned(),
            title: "atelier".to_owned(),
            wants_key: false,
        }
    }

    #[test]
    fn the_document_is_what_it_was() {
        insta::assert_json_snapshot!(document(&input()));
    }

    #[test]
    fn the_served_document_is_the_deployed_one_without_api_gateways_parts() {
        let document = document(&input());
        let mock = &document["paths"]["/openapi.json"]["get"][gateway::INTEGRATION];
        let template = mock["responses"]["default"]["responseTemplates"]["application/json"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(template).unwrap(), served("atelier", false));
        assert!(!template.contains("x-amazon") && !template.contains("arn:"));
        let mut deployed = document.clone();
        strip(&mut deployed);
        let mut served = served("atelier", false);
        served.as_object_mut().unwrap().remove("servers");
        for document in [&mut deployed, &mut served] {
            // One by one in the one, in their combinations in the other.
            document["paths"][PATH]["get"].as_object_mut().unwrap().remove("parameters").unwrap();
        }
        assert_eq!(deployed, served);
    }

    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !name.starts_with("x-amazon"));
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => (),
        }
    }

    #[test]
    fn no_template_holds_what_velocity_would_read() {
        fn visit(value: &Value) {
            match value {
                Value::Object(members) => {
                    for (name, value) in members {
                        if name.ends_with("emplates") {
                            assert!(!value.to_string().contains(['$', '#']), "{value}");
                        }
                        visit(value);
                    }
                }
                Value::Array(items) => items.iter().for_each(visit),
                _ => (),
            }
        }
        visit(&document(&input()));
        visit(&document(&Input { wants_key: true, ..input() }));
    }

    #[test]
    fn with_keys_on_every_method_but_options_wants_one() {
        let document = document(&Input { wants_key: true, ..input() });
        for operations in document["paths"].as_object().unwrap().values() {
            for (method, operation) in operations.as_object().unwrap() {
                let wants = operation["security"] == json!([{"api_key": []}]);
                assert_eq!(wants, method != "options", "{method}");
            }
        }
        assert_eq!(document["components"]["securitySchemes"]["api_key"]["name"], "x-api-key");
    }
}
