//! What a model's schema says of a body: JSON Schema, draft 4, in which models may refer to each other by
//! `https://apigateway.amazonaws.com/restapis/{api}/models/{name}`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>

use super::{body_model::Model, reference::named, schema_cost};
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Value, json};
use std::{collections::BTreeMap, error::Error};

/// In how many ways a pattern may be tried on one text.
const MAX_TRIES: usize = 10_000;
/// The most bytes that are told of what is wrong.
const MAX_TEXT: usize = 64 * 1024;
/// How many references are put in one after the other.
const MAX_REFERENCES: usize = 8;
/// How deep in a schema references are still put in: what comes out is walked and written by calls in calls.
const MAX_LEVEL: usize = 64;
/// How many references are put in altogether; models that refer to themselves have as many as one likes.
const MAX_PUT_IN: usize = 1000;

/// Finds the models of one API, and nothing else: no schema makes the gateway call out.
struct Models(BTreeMap<String, Value>);

impl Retrieve for Models {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let found = named(uri.as_str()).and_then(|name| self.0.get(name));
        found.cloned().ok_or_else(|| format!("Invalid model reference: {uri}").into())
    }
}

/// The schemas of models by their names.
fn schemas(models: &BTreeMap<String, Model>) -> BTreeMap<String, Value> {
    let read = |model: &Model| serde_json::from_str(model.schema.as_deref()?).ok();
    models.values().filter_map(|model| Some((model.name.clone(), read(model)?))).collect()
}

fn validator(schema: &Value, models: BTreeMap<String, Value>) -> Result<Validator, String> {
    // A pattern that looks around is tried in many ways: on a long text for ever, if it may.
    let patterns = PatternOptions::fancy_regex().backtrack_limit(MAX_TRIES);
    let options = jsonschema::options().with_draft(Draft::Draft4).with_retriever(Models(models));
    let options = options.with_pattern_options(patterns);
    options.build(schema).map_err(|error| error.to_string())
}

/// Checks that a schema is one, and refers to what there is.
pub(super) fn check(schema: &Value, models: &BTreeMap<String, Model>) -> Result<(), String> {
    if !schema.is_object() {
        return Err("It is no JSON object".to_owned());
    }
    validator(schema, schemas(models)).map(drop)
}

/// Puts the schemas of other models into a schema that refers to them.
pub(super) fn flat(text: &str, models: &BTreeMap<String, Model>) -> Option<String> {
    let mut schema: Value = serde_json::from_str(text).ok()?;
    Flattening { models, left: MAX_PUT_IN }.put_in(&mut schema, 0, 0);
    Some(format!("{schema:#}"))
}

/// A schema that others are being put into.
struct Flattening<'m> {
    models: &'m BTreeMap<String, Model>,
    /// How many may still be put in.
    left: usize,
}

impl Flattening<'_> {
    fn put_in(&mut self, schema: &mut Value, references: usize, level: usize) {
        let has_room = references < MAX_REFERENCES && level < MAX_LEVEL && self.left > 0;
        if has_room && let Some(other) = self.referred(schema) {
            self.left -= 1;
            *schema = other;
            return self.put_in(schema, references + 1, level);
        }
        match schema {
            Value::Object(members) => {
                members.values_mut().for_each(|inner| self.put_in(inner, references, level + 1));
            }
            Value::Array(items) => items.iter_mut().for_each(|inner| self.put_in(inner, references, level + 1)),
            _ => {}
        }
    }

    /// The schema of the model that a schema is a reference to.
    fn referred(&self, schema: &Value) -> Option<Value> {
        let model = self.models.get(named(schema.get("$ref")?.as_str()?)?)?;
        let mut other: Value = serde_json::from_str(model.schema.as_deref()?).ok()?;
        if let Value::Object(members) = &mut other {
            members.remove("$schema");
        }
        Some(other)
    }
}

/// Says what is wrong with a body, as API Gateway says it in `$context.error.validationErrorString`; nothing where it is
/// right.
pub(super) fn faults(schema: &str, models: &BTreeMap<String, Model>, body: &str) -> Option<String> {
    let Ok(schema) = serde_json::from_str::<Value>(schema) else { return None };
    let validator = match validator(&schema, schemas(models)) {
        Ok(validator) => validator,
        Err(why) => return Some(format!("[{why}]")),
    };
    // No body is an object without members.
    let body = if body.trim().is_empty() { Ok(json!({})) } else { serde_json::from_str::<Value>(body) };
    let Ok(body) = body else { return Some("[Unable to parse request body]".to_owned()) };
    if validator.is_valid(&body) {
        return None;
    }
    if !schema_cost::is_bearable(&schema, &schemas(models), &body) {
        return Some("[instance does not match the schema in more ways than can be told]".to_owned());
    }
    let mut missing: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let (mut faults, mut size) = (Vec::new(), 0_usize);
    for error in validator.iter_errors(&body) {
        // The members that an object lacks are told together.
        if let ValidationErrorKind::Required { property } = error.kind() {
            let path = error.instance_path().to_string();
            size = size.saturating_add(path.len()).saturating_add(property.as_str().map_or(0, str::len));
            missing.entry(path).or_default().push(property.clone());
        } else {
            let fault = worded(&error);
            size = size.saturating_add(fault.len());
            faults.push(fault);
        }
        if size > MAX_TEXT {
            break;
        }
    }
    let missing = missing.into_values();
    let missing = missing.map(|names| format!("object has missing required properties ({})", Value::Array(names)));
    let faults: Vec<_> = missing.chain(faults).collect();
    (!faults.is_empty()).then(|| told(&faults.join(", ")))
}

/// What is told of faults: not more than so much.
fn told(faults: &str) -> String {
    if faults.len() <= MAX_TEXT {
        return format!("[{faults}]");
    }
    format!("[{}...]", &faults[..faults.floor_char_boundary(MAX_TEXT)])
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
    use super::{super::reference::names, *};

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
    fn only_so_much_is_told_of_what_is_wrong() {
        let told = |schema: &Value, body: &Value| faults(&schema.to_string(), &models(), &body.to_string()).unwrap();
        let kinds = json!({ "items": { "enum": ["cat", "dog"] } });
        let few = told(&kinds, &json!(vec!["é".repeat(50); 3]));
        assert_eq!((few.matches("not found in enum").count(), few.ends_with(")]")), (3, true));
        for body in [json!(vec!["é".repeat(50); 2000]), json!(["é".repeat(100_000)])] {
            let many = told(&kinds, &body);
            assert!(many.len() <= MAX_TEXT + 5 && many.ends_with("...]"), "{}", many.len());
        }
        let names = json!({ "items": { "required": ["x".repeat(1000)] } });
        assert!(told(&names, &json!(vec![json!({}); 500])).len() <= MAX_TEXT + 5);
        // All that one lacks is told where it is not much.
        let names: Vec<_> = (0..100).map(|name: usize| name.to_string()).collect();
        let all = told(&json!({ "items": { "required": names } }), &json!([{}]));
        assert!(all.contains("\"99\""));
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

    #[test]
    fn a_model_that_refers_to_itself_is_put_in_so_often_and_so_deep_only() {
        let own = json!({ "$ref": "https://apigateway.amazonaws.com/restapis/a1/models/Own" });
        let of = |schema: &Value| {
            let mut models = models();
            let own = Model { schema: Some(schema.to_string()), ..models["Pet"].clone() };
            models.insert("Own".to_owned(), own);
            flat(&schema.to_string(), &models).unwrap()
        };
        let wide: serde_json::Map<_, _> = (0..10).map(|n| (n.to_string(), own.clone())).collect();
        assert_eq!(of(&json!({ "properties": wide })).matches("$ref").count(), 10 + 9 * MAX_PUT_IN);
        let deep = (0..100).fold(own, |inner, _| json!({ "not": inner }));
        assert_eq!(of(&deep).matches("not").count(), 100);
    }
}
