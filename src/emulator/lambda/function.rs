//! A function as it is stored, and as Lambda shows it.

use super::{
    Statement,
    error::wrong_revision,
    layer::Used,
    logging::Logging,
    name::{FunctionName, LATEST},
    recursion::RecursiveLoop,
    runtime_updates::RuntimeUpdates,
};
use crate::{
    emulator::{runtime::Spec, store::Region, wire::AwsError},
    runtimes::Runtime,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;

/// How long a new or changed function takes to settle, by the emulator's clock: long enough to be seen, short enough
/// not to be felt.
pub(super) const SETTLE_TIME: Duration = Duration::from_millis(100);

/// A function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Function {
    pub(super) name: FunctionName,
    pub(super) arn: String,
    pub(super) runtime: String,
    /// What is to be known of the interpreter that runs it here.
    #[serde(default)]
    pub(super) remark: Option<String>,
    pub(super) code: Code,
    #[serde(flatten)]
    pub(super) settings: FunctionSettings,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) policy: Vec<Statement>,
    /// Tells this function from an earlier one of its name.
    #[serde(default)]
    pub(super) identity: String,
    /// Changes with code, configuration, policy and publication,
    pub(super) revision: String,
    /// and becomes this when the function has settled, where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) settled_revision: String,
    /// Changes with code and configuration only: a process serves one, and nothing else is published twice.
    #[serde(default)]
    pub(super) build: String,
    pub(super) modified: OffsetDateTime,
    /// Whether it may be told of what came of itself again and again.
    #[serde(default)]
    pub(super) recursion: RecursiveLoop,
    /// When it takes a newer runtime.
    #[serde(default)]
    pub(super) runtime_updates: RuntimeUpdates,
    /// Whether it has not been changed since it was created.
    pub(super) is_new: bool,
    /// Why it cannot run any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
}

/// The code of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Code {
    /// The name of its blob: the archive's SHA-256, in hex.
    pub(super) blob: String,
    /// The same hash, in base64.
    pub(super) sha256: String,
    /// The archive's size, in bytes.
    pub(super) size: usize,
    /// The size of what is in it, in bytes; 0 where that was not noted.
    #[serde(default)]
    pub(super) unpacked: u64,
    /// The architecture that its user says it is for.
    pub(super) architecture: String,
}

/// What `UpdateFunctionConfiguration` can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FunctionSettings {
    pub(super) role: String,
    pub(super) handler: String,
    pub(super) description: String,
    /// Seconds.
    pub(super) timeout: u32,
    /// MB.
    pub(super) memory: u32,
    pub(super) variables: BTreeMap<String, String>,
    /// Whether there ever was an environment: then it is shown, also when nothing is in it.
    #[serde(default)]
    pub(super) has_environment: bool,
    /// `PassThrough` or `Active`; shown, not acted upon.
    pub(super) tracing: String,
    /// MB; shown, not enforced.
    pub(super) ephemeral_storage: u32,
    #[serde(default)]
    pub(super) layers: Vec<Used>,
    #[serde(default)]
    pub(super) logging: Logging,
}

impl Function {
    /// Whether the last change has settled.
    pub(super) fn is_settled(&self, now: OffsetDateTime) -> bool {
        has_settled(self.modified, now)
    }

    /// Whether it is still being created, and so cannot be invoked.
    pub(super) fn is_pending(&self, now: OffsetDateTime) -> bool {
        self.is_new && !self.is_settled(now)
    }

    /// Tells the revision that it has at a time.
    pub(super) fn revision_at(&self, now: OffsetDateTime) -> &str {
        let has_another = !self.settled_revision.is_empty() && self.is_settled(now);
        if has_another { &self.settled_revision } else { &self.revision }
    }

    /// Gives it the revision that it comes to by itself.
    pub(super) fn settle(&mut self, now: OffsetDateTime) {
        if !self.settled_revision.is_empty() && self.is_settled(now) {
            self.revision = std::mem::take(&mut self.settled_revision);
        }
    }

    /// Refuses a change that was made with another revision in mind.
    pub(super) fn check_revision(&self, expected: Option<&str>, now: OffsetDateTime) -> Result<(), AwsError> {
        if expected.is_none_or(|revision| revision == self.revision_at(now)) {
            Ok(())
        } else {
            Err(wrong_revision("GetFunction/GetAlias"))
        }
    }

    /// Whether a process of another one would do the same.
    pub(super) fn runs_as(&self, other: &Self) -> bool {
        self.runtime == other.runtime && self.code == other.code && self.settings == other.settings
    }

    /// Returns the runtime whose interpreter runs it; none where its own `bootstrap` does.
    pub(super) fn interpreted(&self) -> Option<Runtime> {
        Runtime::that_runs(&self.runtime)
    }

    /// Returns what its processes are started from.
    pub(super) fn spec(&self, region: &Region) -> Spec {
        let settings = &self.settings;
        Spec {
            region: region.clone(),
            name: self.name.to_string(),
            arn: self.arn.clone(),
            function_arn: self.arn.clone(),
            version: LATEST.to_owned(),
            invoked_arn: self.arn.clone(),
            role: settings.role.clone(),
            identity: self.identity.clone(),
            revision: self.build.clone(),
            runtime: self.interpreted(),
            handler: settings.handler.clone(),
            memory: settings.memory,
            timeout: Duration::from_secs(settings.timeout.into()),
            variables: settings.variables.clone(),
            code: self.code.blob.clone(),
            layers: settings.layers.iter().map(|layer| layer.code.blob.clone()).collect(),
            log_group: settings.logging.group_of(&self.name.to_string()),
            log_format: settings.logging.format,
            reserved: None,
        }
    }

    /// Shows what all its versions show alike; [`View`](super::view::View) adds what tells them apart.
    pub(super) fn shown(&self, now: OffsetDateTime) -> Value {
        let settings = &self.settings;
        let mut shown = json!({
            "FunctionName": self.name,
            "Runtime": self.runtime,
            "Role": settings.role,
            "Handler": settings.handler,
            "CodeSize": self.code.size,
            "Description": settings.description,
            "Timeout": settings.timeout,
            "MemorySize": settings.memory,
            "LastModified": last_modified(self.modified),
            "CodeSha256": self.code.sha256,
            "TracingConfig": { "Mode": settings.tracing },
            "RevisionId": self.revision_at(now),
            "PackageType": "Zip",
            "Architectures": [self.code.architecture],
            "EphemeralStorage": { "Size": settings.ephemeral_storage },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": settings.logging.show(&self.name.to_string()),
        });
        if !settings.layers.is_empty() {
            let show = |layer: &Used| json!({ "Arn": layer.arn, "CodeSize": layer.code.size });
            shown["Layers"] = settings.layers.iter().map(show).collect();
        }
        if settings.has_environment || !settings.variables.is_empty() {
            shown["Environment"] = json!({ "Variables": settings.variables });
        }
        shown
    }
}

/// Whether what was begun at a time has settled.
pub(super) fn has_settled(begun: OffsetDateTime, now: OffsetDateTime) -> bool {
    // A clock that was set back must not keep it on its way for ever.
    now >= begun + SETTLE_TIME || now < begun
}

/// Writes a time as Lambda does: `2026-11-23T04:46:00.000+0000`.
pub(super) fn last_modified(time: OffsetDateTime) -> String {
    let format =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000");
    time.format(&format).unwrap_or_default()
}
