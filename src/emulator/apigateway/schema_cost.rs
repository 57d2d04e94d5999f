//! How often parts of a schema are held against parts of a body until every fault is told.
//!
//! Whether a body is right is known soon, because what was looked at is remembered. To tell what is wrong with it, the
//! library looks at each part again for each way that leads there, and schemas that refer to themselves have as many ways
//! as one likes: a body of some hundred bytes could keep the gateway busy for ever.

use super::reference::named;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// The most looks that are taken to tell what is wrong.
const MAX_LOOKS: usize = 20_000;
/// The most pairs of parts that are counted, and how deep the count goes: it is made by calls in calls.
const MAX_PAIRS: usize = 20_000;
const MAX_DEPTH: usize = 500;

/// Tells whether all that is wrong with a body can be told; `models` are the schemas of the API's models.
pub(super) fn is_bearable(schema: &Value, models: &BTreeMap<String, Value>, body: &Value) -> bool {
    Count { models, known: HashMap::new() }.looks(Subschema { root: schema, part: schema }, body, 0) <= MAX_LOOKS
}

/// A part of a schema, and the schema that its references are about.
#[derive(Clone, Copy)]
struct Subschema<'s> {
    root: &'s Value,
    part: &'s Value,
}

impl<'s> Subschema<'s> {
    fn part(self, part: &'s Value) -> Self {
        Self { part, ..self }
    }
}

struct Count<'s> {
    models: &'s BTreeMap<String, Value>,
    /// Of pairs of parts, by where they are.
    known: HashMap<(*const Value, *const Value), usize>,
}

impl<'s> Count<'s> {
    fn looks(&mut self, at: Subschema<'s>, body: &Value, depth: usize) -> usize {
        let pair = (std::ptr::from_ref(at.part), std::ptr::from_ref(body));
        if let Some(known) = self.known.get(&pair) {
            return *known;
        }
        if depth == MAX_DEPTH || self.known.len() == MAX_PAIRS {
            return usize::MAX;
        }
        // What leads back to itself leads nowhere.
        self.known.insert(pair, 0);
        let members = at.part.as_object().into_iter().flatten();
        let looks = members.fold(1_usize, |sum, (keyword, inner)| {
            sum.saturating_add(self.of_keyword(at.part(inner), keyword, body, depth + 1))
        });
        self.known.insert(pair, looks);
        looks
    }

    /// What a keyword costs, whose value `at` is.
    fn of_keyword(&mut self, at: Subschema<'s>, keyword: &str, body: &Value, depth: usize) -> usize {
        // What is told of the body itself: each name that it lacks, and all that it could have been.
        let own: usize = match (keyword, at.part, body) {
            ("required", Value::Array(names), Value::Object(_)) => names.len(),
            ("enum", Value::Array(options), _) => options.iter().map(parts).sum(),
            ("patternProperties", Value::Object(all), Value::Object(found))
                if all.len().saturating_mul(found.len()) > MAX_LOOKS =>
            {
                return usize::MAX;
            }
            _ => 0,
        };
        let pairs: Vec<(Subschema<'s>, &Value)> = match (keyword, at.part, body) {
            ("$ref", Value::String(reference), body) => {
                self.target(at.root, reference).map(|target| (target, body)).into_iter().collect()
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(all), body) => {
                all.iter().map(|one| (at.part(one), body)).collect()
            }
            ("not", inner, body) => vec![(at.part(inner), body)],
            ("dependencies", Value::Object(all), body) => all.values().map(|one| (at.part(one), body)).collect(),
            ("properties", Value::Object(all), Value::Object(found)) => {
                all.iter().filter_map(|(name, one)| Some((at.part(one), found.get(name)?))).collect()
            }
            ("patternProperties", Value::Object(all), Value::Object(found)) => {
                all.values().flat_map(|one| found.values().map(move |value| (at.part(one), value))).collect()
            }
            ("additionalProperties", inner, Value::Object(found)) => {
                found.values().map(|value| (at.part(inner), value)).collect()
            }
            ("items", Value::Array(all), Value::Array(found)) => {
                all.iter().map(|one| at.part(one)).zip(found).collect()
            }
            ("items" | "additionalItems", inner, Value::Array(found)) => {
                found.iter().map(|value| (at.part(inner), value)).collect()
            }
            _ => Vec::new(),
        };
        let mut sum = own;
        for (part, value) in pairs {
            sum = sum.saturating_add(self.looks(part, value, depth));
            if sum > MAX_LOOKS {
                break;
            }
        }
        sum
    }

    /// What a reference leads to.
    fn target(&self, root: &'s Value, reference: &str) -> Option<Subschema<'s>> {
        let root = if reference.starts_with('#') { root } else { self.models.get(named(reference)?)? };
        let part = root.pointer(reference.split_once('#').map_or("", |(_, pointer)| pointer))?;
        Some(Subschema { root, part })
    }
}

/// How much there is of a value.
fn parts(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(parts).sum::<usize>() + 1,
        Value::Object(members) => members.values().map(parts).sum::<usize>() + members.len() + 1,
        Value::String(text) => text.len() / 64 + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bears(schema: &Value, body: &Value) -> bool {
        is_bearable(schema, &BTreeMap::new(), body)
    }

    #[test]
    fn what_doubles_at_every_level_is_not_told() {
        let node = json!({ "properties": { "x": { "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] } }, "required": ["y"] });
        let body = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!({ "x": inner }));
        assert!(bears(&node, &body(8)));
        assert!(!bears(&node, &body(60)));
        let tree = json!({ "properties": { "left": { "$ref": "#" }, "right": { "$ref": "#" } }, "required": ["y"] });
        let body = (0..60).fold(json!({}), |inner, _| json!({ "left": inner, "right": {} }));
        assert!(bears(&tree, &body), "each part is looked at once");
    }

    #[test]
    fn what_a_body_lacks_and_what_it_could_have_been_count() {
        let names: Vec<_> = (0..100).map(|name: usize| name.to_string()).collect();
        let required = json!({ "items": { "required": names } });
        assert!(bears(&required, &json!(vec![json!({}); 100])));
        assert!(!bears(&required, &json!(vec![json!({}); 1000])));
        assert!(bears(&required, &json!(vec![json!(1); 1000])), "what is no object lacks nothing");
        for options in [json!(names), json!([names]), json!(["x".repeat(6400)])] {
            let options = json!({ "items": { "enum": options } });
            assert!(bears(&options, &json!(vec![1; 100])));
            assert!(!bears(&options, &json!(vec![1; 1000])));
        }
    }

    #[test]
    fn many_patterns_for_many_members_are_not_told() {
        let patterns = |count: usize| -> Value {
            let patterns: serde_json::Map<_, _> = (0..count).map(|name| (name.to_string(), json!({}))).collect();
            json!({ "patternProperties": patterns })
        };
        let body: serde_json::Map<_, _> = (0..200_usize).map(|name| (name.to_string(), json!(1))).collect();
        let body = Value::Object(body);
        assert!(bears(&patterns(10), &body));
        assert!(!bears(&patterns(200), &body));
    }

    #[test]
    fn what_leads_back_to_itself_and_what_is_very_large_is_counted_to_an_end() {
        assert!(bears(&json!({ "allOf": [{ "$ref": "#" }, { "not": { "$ref": "#" } }] }), &json!({})));
        assert!(!bears(&json!({ "items": { "type": "string" } }), &json!(vec![1; 100_000])));
        let name = |number: usize| json!({ "$ref": format!("#/definitions/{number}") });
        let chain: serde_json::Map<_, _> = (0..5000).map(|number| (number.to_string(), name(number + 1))).collect();
        assert!(!bears(&json!({ "allOf": [name(0)], "definitions": chain }), &json!(1)));
    }
}
