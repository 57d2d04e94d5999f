//! What an engine and a project come to, told so that two of them can be compared: drawn ids by the order in which they
//! appear, and no times.
//!
//! What atelier finds and does follows from what the engine has and what is in the project's files. So a question that
//! was put to it in one situation need not be put again in another that reads the same: the matrix asks a thousand
//! times less often and proves the same. Whatever is not named here makes two situations different, and the question is
//! put.

use super::lab::Lab;
use crate::support::engine_state;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    sync::{Mutex, PoisonError},
};

/// Maps whose keys the engine draws.
const DRAWN_KEYS: [&str; 7] = ["instances", "volumes", "apis", "resources", "deployments", "keys", "plans"];
/// Fields that hold a time, or something drawn that atelier never asks for.
const DRAWN: [&str; 19] = [
    "created",
    "launched",
    "since",
    "updated",
    "modified",
    "lastUpdated",
    "revision",
    "reservation",
    "client_token",
    "address",
    "tokens",
    "serial",
    "session",
    "identity",
    "attached",
    "build",
    "starts",
    // Where alarms stand, and what happened to them.
    "condition",
    "history",
];

/// The situations in which a question was put.
#[derive(Default)]
pub(super) struct Known(Mutex<BTreeSet<(&'static str, String)>>);

impl Known {
    /// Tells whether this question was never put in such a situation; from now on it was.
    pub(super) fn is_new(&self, question: &'static str, lab: &Lab) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((question, situation(lab)))
    }

    /// In how many situations a question was put.
    pub(super) fn count(&self, question: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|(known, _)| *known == question).count()
    }
}

fn situation(lab: &Lab) -> String {
    let own = lab.project.path().join(".atelier");
    let json = |name: &str| -> Value {
        let text = fs::read_to_string(own.join(name)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    };
    let text = |name: &str| fs::read_to_string(lab.project.path().join(name)).unwrap_or_default();
    let mut whole = json!({
        "engine": engine_state::read(&own.join("engine")),
        "state": json("state.json"),
        "files": ([".api_id", ".instance_id", "atelier.toml"].map(text)),
    });
    let mut drawn = BTreeSet::new();
    plain(&mut whole, &mut drawn);
    let mut text = whole.to_string().replace(&format!(":{}", lab.port), ":<port>");
    let mut places: Vec<_> = drawn.iter().filter_map(|id| Some((text.find(id.as_str())?, id))).collect();
    places.sort();
    for (number, (_, id)) in places.into_iter().enumerate() {
        text = text.replace(id.as_str(), &format!("<{number}>"));
    }
    text
}

/// Takes away what differs from one undisturbed run to the next, and collects the ids that the engine has drawn.
fn plain(value: &mut Value, drawn: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for name in DRAWN_KEYS {
                let Some(Value::Object(things)) = fields.get(name) else { continue };
                // Terminated instances stay for an hour and are nobody's.
                let mut things: Vec<_> = things.iter().filter(|(_, thing)| thing["goal"] != "terminate").collect();
                things.sort_by_key(|(_, thing)| (thing["created"].to_string(), thing["path"].to_string()));
                drawn.extend(things.iter().map(|(id, _)| (*id).clone()));
                let things = things.into_iter().map(|(id, thing)| json!([id, thing])).collect();
                fields.insert(name.to_owned(), things);
            }
            // IAM's own number of a role, and API Gateway's of a model.
            if ["trust", "schema"].into_iter().any(|mark| fields.contains_key(mark)) {
                fields.remove("id");
            }
            fields.retain(|name, _| !DRAWN.contains(&name.as_str()));
            fields.values_mut().for_each(|field| plain(field, drawn));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| plain(value, drawn)),
        _ => {}
    }
}

#[test]
fn two_undisturbed_deploys_come_to_the_same() {
    let lab = Lab::bare();
    let deployed = || {
        lab.ok(&["deploy"]);
        let come_to = situation(&lab);
        lab.ok(&["clean", "--yes"]);
        come_to
    };
    assert_eq!(deployed(), deployed());
}
