//! A stack that Terraform made, read from its state, and how it differs from what a deploy would make.
//!
//! Not here: what is on the engine; a state may be older than that, which `terraform plan` tells.

use super::{
    provider::{Field, Provided, attribute, kind, provided},
    resource::{Description, Resource},
    value::{Attribute, Entry, Piece, Symbol, Text, Thing, Value},
};
use crate::{
    marks::{PART_TAG, STACK_TAG},
    schedule::{START_TAG, STOP_TAG, ZONE_TAG},
    stack::{
        predict::{PlannedChange, PlannedPart, differs},
        spec::Spec,
    },
    text::Message,
};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A resource in a state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    /// Its type, as Terraform names it.
    kind: String,
    /// Its address.
    pub(super) address: String,
    /// Its attributes.
    attributes: Map<String, Json>,
}

/// Reads a state file, or what `terraform show -json` prints of a state or a plan.
///
/// # Errors
/// Says what it is instead.
pub(super) fn read(text: &str) -> Result<Vec<Held>, &'static str> {
    let json: Json = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|_| "export.state.no_json")?;
    if json.get("encrypted_data").is_some() {
        return Err("export.state.encrypted");
    }
    if json.get("format_version").is_some() {
        let values = json.get("planned_values").or_else(|| json.get("values"));
        let mut held = Vec::new();
        if let Some(root) = values.and_then(|values| values.get("root_module")) {
            shown(root, &mut held);
        }
        return Ok(held);
    }
    match json.get("version").and_then(Json::as_u64) {
        Some(4) => Ok(stored(&json)),
        Some(_) => Err("export.state.version"),
        None => Err("export.state.no_state"),
    }
}

fn shown(module: &Json, held: &mut Vec<Held>) {
    let list = |name: &str| module[name].as_array().map(Vec::as_slice).unwrap_or_default();
    for resource in list("resources").iter().filter(|resource| resource["mode"] == "managed") {
        held.push(Held {
            kind: resource["type"].as_str().unwrap_or_default().to_owned(),
            address: resource["address"].as_str().unwrap_or_default().to_owned(),
            attributes: resource["values"].as_object().cloned().unwrap_or_default(),
        });
    }
    for child in list("child_modules") {
        shown(child, held);
    }
}

fn stored(state: &Json) -> Vec<Held> {
    let mut held = Vec::new();
    for resource in state["resources"].as_array().into_iter().flatten().filter(|resource| resource["mode"] == "managed")
    {
        let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        let module = resource["module"].as_str().map(|module| format!("{module}.")).unwrap_or_default();
        for instance in resource["instances"].as_array().into_iter().flatten() {
            let index = instance.get("index_key").map(|key| format!("[{key}]")).unwrap_or_default();
            held.push(Held {
                kind: text("type"),
                address: format!("{module}{}.{}{index}", text("type"), text("name")),
                attributes: instance["attributes"].as_object().cloned().unwrap_or_default(),
            });
        }
    }
    held
}

/// A state beside what is wanted.
pub(super) struct Comparison<'a> {
    pub(super) description: &'a Description,
    pub(super) spec: &'a Spec,
    /// The archive's SHA-256 as Lambda writes it.
    pub(super) code: String,
    /// The document that is wanted, without marks.
    pub(super) document: Json,
    pub(super) held: Vec<Held>,
}

impl Comparison<'_> {
    /// What a deploy would make otherwise, part by part, and the addresses of what it would not make.
    pub(super) fn parts(&self) -> (Vec<PlannedPart>, Vec<String>) {
        let mut matched: BTreeMap<Thing, usize> = BTreeMap::new();
        for resource in &self.description.resources {
            if let Some(index) = self.find(resource, &matched) {
                matched.insert(resource.thing.clone(), index);
            }
        }
        let mut parts: Vec<PlannedPart> = Vec::new();
        for resource in &self.description.resources {
            let held = matched.get(&resource.thing).map(|index| &self.held[*index]);
            if held.is_none() && self.may_lack(&resource.thing) {
                continue;
            }
            let (change, differs) = match held {
                None => (PlannedChange::Create, vec![differs("missing").with("name", kind(&resource.thing).terraform)]),
                Some(held) => {
                    let found = self.differences(resource, held, &matched);
                    (if found.is_empty() { PlannedChange::Unchanged } else { PlannedChange::Update }, found)
                }
            };
            let name = match &resource.thing {
                Thing::Instance(name) => name.clone(),
                Thing::Alarm(name) => Some(name.clone()),
                _ => None,
            };
            let id = held.map(|held| held.address.clone());
            merge(&mut parts, PlannedPart { part: resource.part, change, id, differs, name });
        }
        let is_matched = |index: &usize| matched.values().any(|known| known == index);
        let extra =
            (0..self.held.len()).filter(|index| !is_matched(index) && self.held[*index].kind.starts_with("aws_"));
        (parts, extra.map(|index| self.held[index].address.clone()).collect())
    }

    /// Whether a deploy makes a resource only once it is needed.
    fn may_lack(&self, thing: &Thing) -> bool {
        matches!(thing, Thing::ClockRule | Thing::ClockTarget) && !self.spec.is_timed
    }

    /// Finds a resource in the state: by its tags, by its name, or as the only one of its type.
    fn find(&self, resource: &Resource, taken: &BTreeMap<Thing, usize>) -> Option<usize> {
        let wanted = provided(resource, None);
        let free = |index: &usize| !taken.values().any(|known| known == index);
        let of_kind: Vec<usize> =
            (0..self.held.len()).filter(|index| self.held[*index].kind == wanted.kind).filter(free).collect();
        let tagged = |index: &&usize| {
            let Some(tags) = self.held[**index].attributes.get("tags") else { return false };
            tags[STACK_TAG] == self.spec.names.stack.as_str() && tags[PART_TAG] == resource.part.as_str()
        };
        let names = ["name", "function_name", "statement_id", "rule", "alarm_name", "key_id"];
        let is_known = |index: &&usize| {
            wanted.fields.iter().any(|field| match field {
                // Instances have no other name.
                Field::Tags(tags) => tags.0.iter().filter(|entry| entry.name.literal() == Some("Name")).any(|entry| {
                    let held = self.held[**index].attributes.get("tags").map(|tags| &tags["Name"]);
                    held.is_some() && held == self.evaluate(&entry.value, taken).as_ref()
                }),
                Field::Attribute(name, value) if names.contains(name) => {
                    let held = self.held[**index].attributes.get(*name);
                    held.is_some() && held == self.evaluate(value, taken).as_ref()
                }
                _ => false,
            })
        };
        let both = of_kind.iter().find(|index| tagged(index) && is_known(index));
        let either =
            || of_kind.iter().find(|index| is_known(index)).or_else(|| of_kind.iter().find(|index| tagged(index)));
        both.or_else(either).or_else(|| of_kind.first().filter(|_| of_kind.len() == 1)).copied()
    }

    fn differences(&self, resource: &Resource, held: &Held, matched: &BTreeMap<Thing, usize>) -> Vec<Message> {
        let Provided { fields, .. } = provided(resource, None);
        let mut found = Vec::new();
        for field in &fields {
            match field {
                // The function turns a rule on that sleeps.
                Field::Attribute("description" | "state", _) | Field::Image | Field::Redeployment => {}
                Field::Attribute(name, value) => {
                    let held = held.attributes.get(*name).unwrap_or(&Json::Null);
                    found.extend(self.difference(name, value, held, matched));
                }
                Field::Block("environment", ..) => found.extend(self.environment(held)),
                Field::Block(name, _, inner) => {
                    let held = held.attributes.get(*name).map_or(&Json::Null, |block| &block[0]);
                    for field in inner {
                        if let Field::Attribute(name, value) = field {
                            found.extend(self.difference(name, value, &held[*name], matched));
                        }
                    }
                }
                Field::Archive => {
                    let hashes = ["source_code_hash", "code_sha256"].map(|name| held.attributes.get(name));
                    if !hashes.iter().flatten().any(|hash| **hash == self.code.as_str()) {
                        found.push(differs("code"));
                    }
                }
                Field::Document => {
                    let body = held.attributes.get("body").and_then(Json::as_str).unwrap_or_default();
                    if serde_json::from_str::<Json>(body).ok().as_ref() != Some(&self.document) {
                        found.push(differs("document"));
                    }
                }
                Field::Tags(wanted) => {
                    let tags = held.attributes.get("tags").unwrap_or(&Json::Null);
                    let is_ours =
                        tags[STACK_TAG] == self.spec.names.stack.as_str() && tags[PART_TAG] == resource.part.as_str();
                    if !is_ours {
                        found.push(differs("tags"));
                    }
                    let wanted_of = |name: &str| {
                        let mut entries = wanted.0.iter().filter(|entry| entry.name.literal() == Some(name));
                        entries.find_map(|entry| self.evaluate(&entry.value, matched))
                    };
                    // Of an instance they are what it does, not what it is called.
                    if [START_TAG, STOP_TAG, ZONE_TAG].iter().any(|name| tags.get(name).cloned() != wanted_of(name)) {
                        found.push(differs("schedule"));
                    }
                }
            }
        }
        found
    }

    fn difference(&self, name: &str, wanted: &Value, held: &Json, matched: &BTreeMap<Thing, usize>) -> Option<Message> {
        let is_json = matches!(wanted, Value::Json(_));
        let wanted = self.evaluate(wanted, matched)?;
        let parsed = held.as_str().filter(|_| is_json).and_then(|text| serde_json::from_str::<Json>(text).ok());
        let held = parsed.as_ref().unwrap_or(held);
        if *held == wanted || same_number(held, &wanted) {
            return None;
        }
        // What is long is told by its name only.
        let short = |value: &Json| match value {
            Json::String(text) => Some(text.clone()),
            Json::Object(_) => None,
            Json::Null => Some("-".to_owned()),
            other => Some(other.to_string()),
        };
        Some(match (short(held), short(&wanted)) {
            (Some(held), Some(wanted)) if held.len() + wanted.len() <= 160 => {
                differs("value").with("name", name).with("found", held).with("wanted", wanted)
            }
            _ => differs("attribute").with("name", name),
        })
    }

    /// The variables of the function that differ, by their names: their values may be secret.
    fn environment(&self, held: &Held) -> Vec<Message> {
        let held = &held.attributes.get("environment").map_or(&Json::Null, |block| &block[0])["variables"];
        let wanted = &self.spec.environment;
        // Engines tell by themselves where they are, and the door to Docker is there where Docker is.
        let may_lack =
            |name: &str| matches!(name, "AWS_ENDPOINT_URL" | "DOCKER_PROXY" | "DOCKER_PROXY_TOKEN" | "INSTANCE_ID");
        let mut names: Vec<&str> = wanted
            .iter()
            .filter(|(name, value)| match held.get(name.as_str()) {
                Some(held) => *held != value.as_str() && name.as_str() != "AWS_ENDPOINT_URL",
                None => !may_lack(name),
            })
            .map(|(name, _)| name.as_str())
            .collect();
        let others = held.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        names.extend(others.filter(|name| !wanted.contains_key(*name) && !may_lack(name)));
        names.into_iter().map(|name| differs("environment").with("name", name)).collect()
    }

    /// What a value is in this stack and state; `None` where nobody knows before it is made.
    fn evaluate(&self, value: &Value, matched: &BTreeMap<Thing, usize>) -> Option<Json> {
        Some(match value {
            Value::Text(text) => Json::String(self.text(text, matched)?),
            Value::Number(number) => (*number).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::Json(inner) => self.evaluate(inner, matched)?,
            Value::List(items) => {
                items.iter().map(|item| self.evaluate(item, matched)).collect::<Option<Vec<_>>>()?.into()
            }
            Value::Map(entries) => {
                let member =
                    |entry: &Entry| Some((self.text(&entry.name, matched)?, self.evaluate(&entry.value, matched)?));
                entries.iter().map(member).collect::<Option<Map<_, _>>>()?.into()
            }
            Value::Optional(_) => return None,
        })
    }

    fn text(&self, text: &Text, matched: &BTreeMap<Thing, usize>) -> Option<String> {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => Some(text.clone()),
            Piece::Symbol(symbol) => self.symbol(symbol, matched),
        };
        text.0.iter().map(piece).collect()
    }

    fn symbol(&self, symbol: &Symbol, matched: &BTreeMap<Thing, usize>) -> Option<String> {
        match symbol {
            Symbol::Account => Some(self.spec.account.clone()),
            Symbol::Digest(key) => {
                self.description.digests.iter().find(|digest| digest.key == *key).map(|digest| digest.known.clone())
            }
            Symbol::Variable(name) => {
                self.description.variables.iter().find(|variable| variable.name == *name).and_then(|variable| {
                    match &variable.default {
                        super::resource::Default::Text(text) => Some(text.clone()),
                        _ => None,
                    }
                })
            }
            Symbol::Of(thing, what) => self.of(thing, *what, matched),
        }
    }

    fn of(&self, thing: &Thing, what: Attribute, matched: &BTreeMap<Thing, usize>) -> Option<String> {
        let held = &self.held[*matched.get(thing)?];
        held.attributes.get(attribute(thing, what))?.as_str().map(ToOwned::to_owned)
    }
}

fn same_number(a: &Json, b: &Json) -> bool {
    matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if (a - b).abs() < f64::EPSILON)
}

/// Adds what is known of a resource to its part, of which there may be several by name.
fn merge(parts: &mut Vec<PlannedPart>, found: PlannedPart) {
    let is_its = |known: &&mut PlannedPart| known.part == found.part && known.name == found.name;
    let Some(known) = parts.iter_mut().find(is_its) else {
        parts.push(found);
        return;
    };
    known.change = match (known.change, found.change) {
        (PlannedChange::Unchanged, PlannedChange::Unchanged) => PlannedChange::Unchanged,
        (PlannedChange::Create, PlannedChange::Create) => PlannedChange::Create,
        _ => PlannedChange::Update,
    };
    known.id = known.id.take().or(found.id);
    known.differs.extend(found.differs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_state_and_what_terraform_shows_of_it_hold_the_same() {
        let attributes = json!({ "name": "x" });
        let state = json!({ "version": 4, "resources": [
            { "mode": "data", "type": "aws_region", "name": "here", "instances": [{ "attributes": {} }] },
            { "mode": "managed", "type": "aws_iam_role", "name": "f", "instances": [{ "attributes": attributes }] },
        ] });
        let shown = json!({ "format_version": "1.0", "values": { "root_module": {
            "resources": [{ "mode": "data", "type": "aws_region" }],
            "child_modules": [{ "resources": [
                { "mode": "managed", "type": "aws_iam_role", "address": "aws_iam_role.f", "values": attributes },
            ] }],
        } } });
        let held = read(&state.to_string()).unwrap();
        assert_eq!(held, read(&shown.to_string()).unwrap());
        assert_eq!(held[0].address, "aws_iam_role.f");
        assert_eq!(read("{}"), Err("export.state.no_state"));
        assert_eq!(read("terraform {"), Err("export.state.no_json"));
        assert_eq!(read(r#"{"version":3}"#), Err("export.state.version"));
        assert_eq!(read(r#"{"format_version":"1.0"}"#), Ok(Vec::new()));
    }
}
