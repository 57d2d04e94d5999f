//! What was decided about calls, for `atelier explain`: the last so many decisions, in a file of lines beside the state,
//! and in memory what a refusal's token stands for.

use super::{Call, Caller, need::Need};
use crate::emulator::{
    policy::{Keys, Layer, Reason, Verdict},
    wire::{iso_time, millis},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The files in the engine's folder: the newest decisions, and those before.
const FILES: [&str; 2] = ["decisions.ndjson", "decisions.before.ndjson"];
/// When a file is full, in bytes; there are two at most.
const FULL: u64 = 1024 * 1024;
/// How many refusals' details are kept.
const DETAILS: usize = 256;
/// Characters of a resource that are kept.
const LONGEST: usize = 1024;

/// What was decided about one need of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The id of the call's answer.
    pub request_id: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// The service and the operation (`ec2 StopInstances`).
    pub call: String,
    /// The ARN of who called.
    pub caller: String,
    /// What was to be done (`ec2:StopInstances`).
    pub action: String,
    /// With what, an ARN or `*`.
    pub resource: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The statement that decided, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Reason>,
    /// The sort of policy that would have to allow it, where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Layer>,
    /// Policies of the caller that AWS has and whose documents are not known here: they allow nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A statement allows it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
}

impl Decision {
    pub(super) fn of(call: &Call<'_>, caller: &Caller, need: &Need, verdict: &Verdict) -> Self {
        let unknown = if verdict.is_allowed() { Vec::new() } else { caller.unknown.clone() };
        let at = iso_time(millis(call.context.config.clock.now()));
        let call_name = format!("{} {}", call.service, call.operation);
        Self {
            unknown,
            ..Self::new(call.request_id, at, call_name, &caller.arn, &need.action, &need.resource, verdict)
        }
    }

    /// Says what was decided, outside of a call of the AWS API.
    #[must_use]
    pub fn new(
        request_id: &str,
        at: String,
        call: String,
        caller: &str,
        action: &str,
        resource: &str,
        verdict: &Verdict,
    ) -> Self {
        let (outcome, by, missing) = match verdict {
            Verdict::Allowed(reason) => (Outcome::Allowed, Some(reason.clone()), None),
            Verdict::Denied(reason) => (Outcome::ExplicitDeny, Some(reason.clone()), None),
            Verdict::Missing(layer) => (Outcome::ImplicitDeny, None, Some(*layer)),
        };
        Self {
            request_id: request_id.to_owned(),
            at,
            call,
            caller: caller.to_owned(),
            action: action.to_owned(),
            resource: resource.chars().take(LONGEST).collect(),
            outcome,
            by,
            missing,
            unknown: Vec::new(),
        }
    }
}

/// What was decided.
pub struct Journal {
    folder: PathBuf,
    /// What refusals' tokens stand for, the oldest first.
    details: Mutex<VecDeque<(String, Value)>>,
    file: Mutex<Option<File>>,
}

impl Journal {
    /// The journal of an engine whose folder this is. Nothing is written before something is decided.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), details: Mutex::default(), file: Mutex::default() }
    }

    /// Writes a decision down.
    pub fn write(&self, decision: &Decision) {
        if let Err(error) = self.append(decision) {
            // It is for people; a full disk keeps nobody from being served.
            tracing::warn!(%error, "a decision could not be written down");
        }
    }

    /// Writes a decision down; of a refusal gives the token that stands for its details.
    pub(super) fn note(&self, decision: &Decision, own: &Keys, general: &Keys) -> String {
        self.write(decision);
        if decision.outcome == Outcome::Allowed {
            return String::new();
        }
        let Ok(token) = crate::secret::random_hex(48) else { return String::new() };
        let token = BASE64_URL_SAFE_NO_PAD.encode(token);
        let mut keys = own.clone();
        keys.add(general);
        let mut details = self.details.lock().unwrap_or_else(PoisonError::into_inner);
        if details.len() >= DETAILS {
            details.pop_front();
        }
        details.push_back((token.clone(), detailed(decision, &keys)));
        token
    }

    /// What a token stands for, as AWS decodes it.
    #[must_use]
    pub fn decode(&self, token: &str) -> Option<String> {
        let details = self.details.lock().unwrap_or_else(PoisonError::into_inner);
        details.iter().find(|(known, _)| known == token).map(|(_, details)| details.to_string())
    }

    fn append(&self, decision: &Decision) -> io::Result<()> {
        let mut line = serde_json::to_vec(decision)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |file: &File| file.metadata().is_ok_and(|metadata| metadata.len() >= FULL);
        let path = |name: &str| self.folder.join(name);
        if file.as_ref().is_some_and(is_full) {
            *file = None;
            fs::rename(path(FILES[0]), path(FILES[1]))?;
        }
        if file.is_none() {
            *file = Some(OpenOptions::new().append(true).create(true).mode(0o600).open(path(FILES[0]))?);
        }
        match file.as_mut() {
            Some(file) => file.write_all(&line),
            None => Ok(()),
        }
    }
}

/// Reads what an engine whose folder this is has decided, the oldest first. Lines that are torn are passed over.
#[must_use]
pub fn read(folder: &Path) -> Vec<Decision> {
    let texts = FILES.iter().rev().filter_map(|name| fs::read_to_string(folder.join(name)).ok());
    let lines = |text: String| text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<_>>();
    texts.flat_map(lines).collect()
}

/// The form of `DecodeAuthorizationMessage`.
fn detailed(decision: &Decision, keys: &Keys) -> Value {
    let matched = decision.by.as_ref().map(|reason| {
        json!({ "statementId": reason.statement, "effect": "DENY", "principals": {}, "principalGroups": {}, "policy": reason.policy })
    });
    let conditions = keys.iter().map(|(key, values)| {
        let values: Vec<_> = values.iter().map(|value| json!({ "value": value })).collect();
        json!({ "key": key, "values": { "items": values } })
    });
    json!({
        "allowed": false,
        "explicitDeny": decision.outcome == Outcome::ExplicitDeny,
        "matchedStatements": { "items": matched.into_iter().collect::<Vec<_>>() },
        "failures": { "items": [] },
        "context": {
            "principal": {
                "id": keys.one("aws:userid"),
                "name": keys.one("aws:username"),
                "arn": decision.caller,
            },
            "action": decision.action,
            "resource": decision.resource,
            "conditions": { "items": conditions.collect::<Vec<_>>() },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(id: &str) -> Decision {
        Decision::new(id, "t".into(), "ec2 X".into(), "arn", "ec2:X", "*", &Verdict::Missing(Layer::Identity))
    }

    #[test]
    fn decisions_outlive_the_engine_and_a_refusals_token_stands_for_its_details() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        let mut keys = Keys::default();
        keys.set("aws:username", "ann");
        let token = journal.note(&decision("one"), &Keys::default(), &keys);
        let details: Value = serde_json::from_str(&journal.decode(&token).unwrap()).unwrap();
        assert_eq!(details["context"]["principal"]["name"], "ann");
        assert_eq!((&details["allowed"], &details["explicitDeny"]), (&json!(false), &json!(false)));
        assert!(journal.decode("other").is_none());
        drop(journal);
        assert_eq!(read(folder.path()), [decision("one")]);
    }

    #[test]
    fn the_files_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        let long = Decision { resource: "x".repeat(1000), ..decision("one") };
        for _ in 0..2500 {
            journal.write(&long);
        }
        let size: u64 =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(size < 2 * FULL + 4096, "{size}");
        assert!(read(folder.path()).len() > 900);
    }
}
