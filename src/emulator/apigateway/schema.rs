//! What a model's schema says of a body: JSON Schema, draft 4, in which models may refer to each other by
//! `https://apigateway.amazonaws.com/restapis/{api}/models/{name}`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>

use super::model::Model;
use jsonschema::{Draft, Retrieve, Uri, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Value, json};
use std::{collections::BTreeMap, error::Error};

/// How models are named in references.
const MODELS: &str = "https://apigateway.amazonaws.com/restapis/";
/// How many references are put in one after the other.
const MAX_DEPTH: usize = 8;

/// The model that a reference names.
pub(super) fn named(reference: &str) -> Option<&str> {
    let (_, name) = reference.strip_prefix(MODELS)?.split_once("/models/")?;
    Some(name.split('#').next().unwrap_or(name))
}

/// The models that a schema's text refers to.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    let references = text.match_indices(MODELS).map(|(at, _)| &text[at..]);
    references.filter_map(|rest| named(rest.split(['"', '\'']).next()?))
}

/// Finds the models of one API, and nothing else: no schema makes the gateway call out.
struct Models(BTreeMap<String, Value>);

impl Retrieve for Models {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let found = named(uri.as_str()).and_then(|name| self.0.get(name));
        found.cloned().ok_or_else(|| format!("Invalid model reference: {uri}").into())
    }
}

fn validator(schema: &Value, models: &BTreeMap<String, Model>) -> Result<Validator, String> {
    let read = |model: &Model| serde_json::from_str(model.schema.as_deref()?).ok();
    let models = models.values().filter_map(|model| Some((model.name.clone(), read(model)?))).collect();
    let options = jsonschema::options().with_draft(Draft::Draft4).with_retriever(Models(models));
    options.build(schema).map_err(|error| error.to_string())
}

/// Checks that a schema is one, and refers to what there is.
pub(super) fn check(schema: &Value, models: &BTreeMap<String, Model>) -> Result<(), String> {
    if !schema.is_object() {
        return Err("It is no JSON object".to_owned());
    }
    validator(schema, models).map(drop)
}

/// Puts the schemas of other models into a schema that refers to them.
pub(super) fn flat(text: &str, models: &BTreeMap<String, Model>) -> Option<String> {
    fn put_in(schema: &mut Value, models: &BTreeMap<String, Model>, depth: usize) {
        let model = schema["$ref"].as_str().and_then(named).and_then(|name| models.get(name));
        let other = model.and_then(|model| serde_json::from_str(model.schema.as_deref()?).ok());
        if let (Some(other), true) = (other, depth < MAX_DEPTH) {
            *schema = other;
            if let Value::Object(members) = schema {
                members.remove("$schema");
            }
            return put_in(schema, models, depth + 1);
        }
        match schema {
            Value::Object(members) => members.values_mut().for_each(|inner| put_in_any(inner, models, depth)),
            Value::Array(items) => items.iter_mut().for_each(|inner| put_in_any(inner, models, depth)),
            _ => {}
        }
    }
    fn put_in_any(value: &mut Value, models: &BTreeMap<String, Model>, depth: usize) {
        if value.is_object() || value.is_array() {
            if value.is_object() {
                put_in(value, models, depth);
            } else if let Value::Array(items) = value {
                items.iter_mut().for_each(|inner| put_in_any(inner, models, depth));
            }
        }
    }
    let mut schema: Value = serde_json::from_str(text).ok()?;
    put_in_any(&mut schema, models, 0);
    Some(format!("{schema:#}"))
}

/// Says what is wrong with a body, as API Gateway says it in `$context.error.validationErrorString`; nothing where it is
/// right.
pub(super) fn faults(schema: &str, models: &BTreeMap<String, Model>, body: &str) -> Option<String> {
    let Ok(schema) = serde_json::from_str::<Value>(schema) else { return None };
    let validator = match validator(&schema, models) {
        Ok(validator) => validator,
        Err(why) => return Some(format!("[{why}]")),
    };
    // No body is an object without members.
    let body = if body.trim().is_empty() { Ok(json!({})) } else { serde_json::from_str::<Value>(body) };
    let Ok(body) = body else { return Some("[Unable to parse request body]".to_owned()) };
    let mut missing: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut faults = Vec::new();
    for error in validator.iter_errors(&body) {
        // The members that an object lacks are told together.
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                missing.entry(error.instance_path().to_string()).or_default().push(property.clone());
            }
            _ => faults.push(worded(&error)),
        }
    }
    let missing = missing.into_values();
    let missing = missing.map(|names| format!("object has missing required properties ({})", Value::Array(names)));
    let faults: Vec<_> = missing.chain(faults).collect();
    (!faults.is_empty()).then(|| format!("[{}]", faults.join(", ")))
}

/// Words what is wrong with a part of a body.
fn worded(error: &ValidationError<'_>) -> String {
    let instance = error.instance();
    let kind = match &**instance {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let length = instance.as_str().map_or(0, |text| text.chars().count());
    let count = instance.as_array().map_or(0, Vec::len);
    match error.kind() {
        ValidationErrorKind::Type { kind: allowed } => {
            let mut names = match allowed {
                jsonschema::error::TypeKind::Single(one) => vec![one.to_string()],
                jsonschema::error::TypeKind::Multiple(several) => several.iter().map(|one| one.to_string()).collect(),
            };
            // A number may be whole.
            if names.iter().any(|name| name == "number") && !names.iter().any(|name| name == "integer") {
                names.push("integer".to_owned());
            }
            names.sort();
            format!("instance type ({kind}) does not match any allowed primitive type (allowed: {})", json!(names))
        }
        ValidationErrorKind::Enum { options } => {
            format!("instance value ({instance}) not found in enum (possible values: {options})")
        }
        ValidationErrorKind::MinLength { limit } => {
            format!("string {instance} is too short (length: {length}, required minimum: {limit})")
        }
        ValidationErrorKind::MaxLength { limit } => {
            format!("string {instance} is too long (length: {length}, maximum allowed: {limit})")
        }
        ValidationErrorKind::Minimum { limit } => {
            format!("numeric instance is lower than the required minimum (minimum: {limit}, found: {instance})")
        }
        ValidationErrorKind::Maximum { limit } => {
            format!("numeric instance is greater than the required maximum (maximum: {limit}, found: {instance})")
        }
        ValidationErrorKind::Pattern { pattern } => {
            format!("ECMA 262 regex {} does not match input string {instance}", json!(pattern))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("object instance has properties which are not allowed by the schema: {}", json!(unexpected))
        }
        ValidationErrorKind::MinItems { limit } => {
            format!("array is too short: must have at least {limit} elements but instance has {count} elements")
        }
        ValidationErrorKind::MaxItems { limit } => {
            format!("array is too long: must have at most {limit} elements but instance has {count} elements")
        }
        ValidationErrorKind::UniqueItems => "array must not contain duplicate elements".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> BTreeMap<String, Model> {
        let pet = json!({
            "type": "object", "required": ["name", "kind"], "additionalProperties": false,
            "properties": {
                "name": { "type": "string", "minLength": 1 },
                "kind": { "enum": ["cat", "dog"] },
                "age": { "type": "number", "minimum": 0 },
            },
        });
        let pets =
            json!({ "type": "array", "items": { "$ref": "https://apigateway.amazonaws.com/restapis/a1/models/Pet" } });
        let model = |name: &str, schema: &Value| Model {
            id: name.to_owned(),
            name: name.to_owned(),
            description: None,
            content_type: "application/json".to_owned(),
            schema: Some(schema.to_string()),
        };
        [model("Pet", &pet), model("Pets", &pets)].map(|model| (model.name.clone(), model)).into()
    }

    fn said(model: &str, body: &str) -> Option<String> {
        let models = models();
        faults(models[model].schema.as_deref().unwrap(), &models, body)
    }

    #[test]
    fn a_body_is_what_its_model_says_or_it_is_told_what_it_is_not() {
        assert_eq!(said("Pet", r#"{"name":"a","kind":"cat","age":1.5}"#), None);
        for (body, fault) in [
            ("{}", r#"[object has missing required properties (["name","kind"])]"#),
            ("", r#"[object has missing required properties (["name","kind"])]"#),
            ("[]", r#"[instance type (array) does not match any allowed primitive type (allowed: ["object"])]"#),
            (
                r#"{"name":"a","kind":"cat","age":"x"}"#,
                r#"[instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]"#,
            ),
            (
                r#"{"name":"a","kind":"cow"}"#,
                r#"[instance value ("cow") not found in enum (possible values: ["cat","dog"])]"#,
            ),
            (r#"{"name":"","kind":"cat"}"#, r#"[string "" is too short (length: 0, required minimum: 1)]"#),
            (
                r#"{"name":"a","kind":"cat","age":-1}"#,
                "[numeric instance is lower than the required minimum (minimum: 0, found: -1)]",
            ),
            (
                r#"{"name":"a","kind":"cat","x":1}"#,
                r#"[object instance has properties which are not allowed by the schema: ["x"]]"#,
            ),
            ("{", "[Unable to parse request body]"),
        ] {
            assert_eq!(said("Pet", body).as_deref(), Some(fault), "{body}");
        }
    }

    #[test]
    fn a_model_may_refer_to_another_and_to_nothing_else() {
        assert_eq!(said("Pets", r#"[{"name":"a","kind":"dog"}]"#), None);
        assert!(said("Pets", "[{}]").unwrap().contains("missing required properties"));
        let models = models();
        for reference in
            ["https://apigateway.amazonaws.com/restapis/a1/models/None", "http://example.com/x", "file:///etc/passwd"]
        {
            assert!(check(&json!({ "$ref": reference }), &models).is_err(), "{reference}");
        }
        assert!(check(&json!({ "type": "nonsense" }), &models).is_err());
        assert!(check(&json!([]), &models).is_err());
        check(&json!({ "$ref": "#/definitions/a", "definitions": { "a": { "type": "string" } } }), &models).unwrap();
        let pets = models["Pets"].schema.as_deref().unwrap();
        assert_eq!(names(pets).collect::<Vec<_>>(), ["Pet"]);
        let flat: Value = serde_json::from_str(&flat(pets, &models).unwrap()).unwrap();
        assert_eq!(flat["items"]["required"], json!(["name", "kind"]));
    }
}
