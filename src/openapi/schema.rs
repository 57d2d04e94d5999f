//! The parameters and bodies of the API as schemas, with the contract's own examples.

use serde_json::{Map, Value, json};

/// Names the scheme that [`key_needed`] asks for.
pub(super) fn key_scheme() -> Value {
    json!({"api_key": {"type": "apiKey", "name": crate::api_key::HEADER, "in": "header"}})
}

/// Says of an operation that it wants an API key.
pub(super) fn key_needed() -> Value {
    json!([{"api_key": []}])
}

/// The parameters of the query.
pub(super) fn parameters() -> Value {
    let parameters = properties();
    let all = parameters.iter().map(|(name, schema)| {
        let required = name == "action";
        json!({"name": name, "in": "query", "required": required, "schema": schema, "description": schema["description"]})
    });
    all.collect()
}

/// The body of a POST: the query's parameters as members.
pub(super) fn body() -> Value {
    json!({
        "type": "object",
        "required": ["action"],
        "additionalProperties": false,
        "properties": properties(),
        "example": {"action": "start"}
    })
}

fn properties() -> Map<String, Value> {
    let text = |description: &str, values: &[&str]| {
        let mut schema = json!({"type": "string", "description": description});
        if !values.is_empty() {
            schema["enum"] = json!(values);
        }
        schema
    };
    let mut name = text(
        "The container, with target docker only: letters, digits, dots, dashes and underscores, first a letter or digit",
        &[],
    );
    name["minLength"] = json!(1);
    name["maxLength"] = json!(128);
    Map::from_iter([
        ("action".to_owned(), text("What to do", &["start", "stop", "status", "list"])),
        ("target".to_owned(), text("To what; the EC2 instance when absent", &["ec2", "docker"])),
        ("name".to_owned(), name),
        ("wait".to_owned(), text("Whether to wait for the settled state; 1 when absent", &["0", "1"])),
    ])
}

/// The answers of `/infra`.
pub(super) fn responses() -> Value {
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        json!({"description": "Done, or seen", "content": {"application/json": {"schema": {"oneOf": bodies()}}}}),
    );
    for (status, description) in [
        ("400", "A parameter or the body is missing, unknown, duplicate, invalid or contradictory"),
        ("401", "The key is missing"),
        ("403", "The key does not allow this"),
        ("404", "There is no such thing, or it is not ours"),
        ("405", "The method is not one of those in `Allow`"),
        ("409", "The state forbids the action"),
        ("413", "The request is too large"),
        ("429", "Too many requests"),
        ("500", "The function is not set up"),
        ("502", "EC2 or Docker gave an invalid answer"),
        ("503", "EC2 or Docker is not reachable"),
        ("504", "The deadline passed before the action was done"),
    ] {
        let content = json!({"application/json": {"schema": error()}});
        responses.insert(status.to_owned(), json!({"description": description, "content": content}));
    }
    Value::Object(responses)
}

fn bodies() -> Value {
    let instance = json!({
        "instance_id": "i-0123456789abcdef0", "state": "running", "type": "t2.micro"
    });
    let container = json!({"target": "docker", "container": "mycontainer", "state": "exited"});
    json!([
        object(
            "An instance was started or stopped",
            &json!({"status": "started", "instance_id": "i-0123456789abcdef0", "state": "running"})
        ),
        object("An instance's state", &instance),
        list("The stack's instances", "instances", &object("An instance's state", &instance)),
        object(
            "A container was started or stopped",
            &json!({"status": "stopped", "target": "docker", "container": "mycontainer"})
        ),
        object("A container's state", &container),
        list("The owner's containers", "containers", &object("A container's state", &container)),
    ])
}

/// An object of strings, all of them always there.
fn object(description: &str, example: &Value) -> Value {
    let names: Vec<&String> = example.as_object().into_iter().flat_map(Map::keys).collect();
    let properties: Map<String, Value> =
        names.iter().map(|name| ((*name).clone(), json!({"type": "string"}))).collect();
    json!({
        "type": "object", "description": description, "required": names, "additionalProperties": false,
        "properties": properties, "example": example
    })
}

fn list(description: &str, name: &str, items: &Value) -> Value {
    json!({
        "type": "object", "description": description, "required": [name], "additionalProperties": false,
        "properties": {name: {"type": "array", "items": items}}
    })
}

/// The body of every failure.
fn error() -> Value {
    object("What went wrong, and a stable code for it", &json!({"error": "Instance not found", "code": "not_found"}))
}

/// The headers of the served document, which a MOCK integration must have declared.
pub(super) fn document_headers() -> Value {
    let text = json!({"schema": {"type": "string"}});
    json!({"Cache-Control": text, "Content-Type": text, "X-Content-Type-Options": text})
}
