//! Documents for a function of the user's own: one that hands it every request, and the user's, filled in.

use super::{Input, gateway, schema};
use serde_json::{Map, Value, json};

/// The methods of a path in a document.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", gateway::ANY_METHOD];

/// Writes the document of an API that hands every request to the function. Equal inputs give equal documents.
#[must_use]
pub fn proxy_document(input: &Input) -> Value {
    let mut operation = json!({ "responses": {}, gateway::INTEGRATION: gateway::proxy(input) });
    let mut document = json!({
        "openapi": "3.0.1",
        "info": { "title": input.title, "version": env!("CARGO_PKG_VERSION") },
    });
    if input.wants_key {
        document["components"] = json!({ "securitySchemes": schema::key_scheme() });
        operation["security"] = schema::key_needed();
    }
    let mut below = operation.clone();
    below["parameters"] = json!([{ "name": "proxy", "in": "path", "required": true, "schema": { "type": "string" } }]);
    document["paths"] = json!({ "/": { gateway::ANY_METHOD: operation }, "/{proxy+}": { gateway::ANY_METHOD: below } });
    document
}

/// Fills the user's document in: what has no integration is handed to the function, and with keys on wants one unless it
/// says otherwise.
///
/// # Errors
/// Says what makes it no OpenAPI document.
pub fn filled(mut document: Value, input: &Input) -> Result<Value, &'static str> {
    let is_second = document["swagger"] == "2.0";
    if !is_second && !document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")) {
        return Err("neither `openapi: 3.…` nor `swagger: 2.0` is in it");
    }
    let root = document.as_object_mut().ok_or("it is no object")?;
    // A stack is found by its API's name, which is the title.
    let info = root.entry("info").or_insert_with(|| json!({ "version": "1" }));
    info.as_object_mut().ok_or("`info` is no object")?.insert("title".to_owned(), json!(input.title));
    // Where else it is served is none of this API's.
    root.remove("servers");
    root.remove("host");
    if input.wants_key {
        declare_key(root, is_second)?;
    }
    let paths = root.get_mut("paths").and_then(Value::as_object_mut).ok_or("it has no `paths`")?;
    let mut count = 0;
    for operations in paths.values_mut() {
        let operations = operations.as_object_mut().ok_or("a path in it is no object")?;
        for (_, operation) in operations.iter_mut().filter(|(method, _)| METHODS.contains(&method.as_str())) {
            let operation = operation.as_object_mut().ok_or("a method in it is no object")?;
            operation.entry(gateway::INTEGRATION).or_insert_with(|| gateway::proxy(input));
            operation.entry("responses").or_insert_with(|| json!({}));
            if input.wants_key {
                operation.entry("security").or_insert_with(schema::key_needed);
            }
            count += 1;
        }
    }
    if count == 0 { Err("it has no methods") } else { Ok(document) }
}

fn declare_key(root: &mut Map<String, Value>, is_second: bool) -> Result<(), &'static str> {
    let schemes = if is_second {
        root.entry("securityDefinitions").or_insert_with(|| json!({}))
    } else {
        let components = root.entry("components").or_insert_with(|| json!({}));
        let components = components.as_object_mut().ok_or("`components` is no object")?;
        components.entry("securitySchemes").or_insert_with(|| json!({}))
    };
    let schemes = schemes.as_object_mut().ok_or("its security schemes are no object")?;
    if let Value::Object(own) = schema::key_scheme() {
        schemes.extend(own);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(wants_key: bool) -> Input {
        let function_arn = "arn:aws:lambda:us-east-1:123456789012:function:f".to_owned();
        Input { function_arn, region: "us-east-1".to_owned(), title: "atelier".to_owned(), wants_key }
    }

    #[test]
    fn every_request_reaches_the_function() {
        let document = proxy_document(&input(true));
        for path in ["/", "/{proxy+}"] {
            let operation = &document["paths"][path][gateway::ANY_METHOD];
            assert_eq!(operation[gateway::INTEGRATION]["type"], "aws_proxy");
            assert_eq!(operation["security"], json!([{ "api_key": [] }]));
        }
        assert_eq!(proxy_document(&input(false))["paths"]["/"][gateway::ANY_METHOD].get("security"), None);
    }

    #[test]
    fn a_document_of_ones_own_keeps_what_it_says_and_gets_what_it_lacks() {
        let document = json!({
            "openapi": "3.0.3",
            "info": { "title": "mine", "version": "2" },
            "servers": [{ "url": "https://example.com" }],
            "paths": {
                "/a": { "parameters": [], "get": { "responses": { "200": {} } } },
                "/b": { "post": { gateway::INTEGRATION: { "type": "mock" }, "security": [] } },
            },
        });
        let filled = filled(document, &input(true)).unwrap();
        assert_eq!(filled["info"], json!({ "title": "atelier", "version": "2" }));
        assert_eq!(filled.get("servers"), None);
        assert_eq!(filled["paths"]["/a"]["get"][gateway::INTEGRATION]["type"], "aws_proxy");
        assert_eq!(filled["paths"]["/a"]["get"]["security"], json!([{ "api_key": [] }]));
        assert_eq!(filled["paths"]["/b"]["post"][gateway::INTEGRATION]["type"], "mock");
        assert_eq!(filled["paths"]["/b"]["post"]["security"], json!([]));
        assert_eq!(filled["components"]["securitySchemes"]["api_key"]["name"], "x-api-key");
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for wrong in [
            json!([]),
            json!({ "openapi": "4.0" }),
            json!({ "openapi": "3.0.1" }),
            json!({ "openapi": "3.0.1", "paths": {} }),
            json!({ "openapi": "3.0.1", "paths": { "/": 1 } }),
            json!({ "swagger": "2.0", "info": 1, "paths": { "/": { "get": {} } } }),
        ] {
            assert!(filled(wrong.clone(), &input(true)).is_err(), "{wrong}");
        }
    }
}
