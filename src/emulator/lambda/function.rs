//! A function as it is stored, and as Lambda shows it.

use super::{
    Statement,
    error::wrong_revision,
    name::{FunctionName, LATEST, Reference},
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
    /// Changes with code and configuration.
    pub(super) revision: String,
    pub(super) modified: OffsetDateTime,
    /// Whether it has not been changed since it was created.
    pub(super) is_new: bool,
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
    /// `PassThrough` or `Active`; shown, not acted upon.
    pub(super) tracing: String,
    /// MB; shown, not enforced.
    pub(super) ephemeral_storage: u32,
}

impl Function {
    /// Whether the last change has settled.
    pub(super) fn is_settled(&self, now: OffsetDateTime) -> bool {
        // A clock that was set back must not keep it on its way for ever.
        now >= self.modified + SETTLE_TIME || now < self.modified
    }

    /// Whether it is still being created, and so cannot be invoked.
    pub(super) fn is_pending(&self, now: OffsetDateTime) -> bool {
        self.is_new && !self.is_settled(now)
    }

    /// Refuses a change that was made with another revision in mind.
    pub(super) fn check_revision(&self, expected: Option<&str>) -> Result<(), AwsError> {
        if expected.is_none_or(|revision| revision == self.revision) { Ok(()) } else { Err(wrong_revision()) }
    }

    /// Returns the runtime whose interpreter runs it; none where its own `bootstrap` does.
    pub(super) fn interpreted(&self) -> Option<Runtime> {
        self.runtime.parse().ok()
    }

    /// Returns what its processes are started from.
    pub(super) fn spec(&self, region: &Region) -> Spec {
        let settings = &self.settings;
        Spec {
            region: region.clone(),
            name: self.name.to_string(),
            arn: self.arn.clone(),
            role: settings.role.clone(),
            identity: self.identity.clone(),
            revision: self.revision.clone(),
            runtime: self.interpreted(),
            handler: settings.handler.clone(),
            memory: settings.memory,
            timeout: Duration::from_secs(settings.timeout.into()),
            variables: settings.variables.clone(),
            code: self.code.blob.clone(),
        }
    }

    /// Shows the function as Lambda's `FunctionConfiguration`.
    pub(super) fn configuration(&self, now: OffsetDateTime) -> Value {
        let settings = &self.settings;
        let mut shown = json!({
            "FunctionName": self.name,
            "FunctionArn": self.arn,
            "Runtime": self.runtime,
            "Role": settings.role,
            "Handler": settings.handler,
            "CodeSize": self.code.size,
            "Description": settings.description,
            "Timeout": settings.timeout,
            "MemorySize": settings.memory,
            "LastModified": last_modified(self.modified),
            "CodeSha256": self.code.sha256,
            "Version": LATEST,
            "TracingConfig": { "Mode": settings.tracing },
            "RevisionId": self.revision,
            "PackageType": "Zip",
            "Architectures": [self.code.architecture],
            "EphemeralStorage": { "Size": settings.ephemeral_storage },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", self.name) },
        });
        if !settings.variables.is_empty() {
            shown["Environment"] = json!({ "Variables": settings.variables });
        }
        let pending = self.is_pending(now);
        shown["State"] = if pending { "Pending" } else { "Active" }.into();
        shown["LastUpdateStatus"] = if self.is_settled(now) { "Successful" } else { "InProgress" }.into();
        if pending {
            shown["StateReason"] = "The function is being created.".into();
            shown["StateReasonCode"] = "Creating".into();
        } else if let Some(remark) = &self.remark {
            shown["StateReason"] = remark.as_str().into();
        }
        if !pending && !self.is_settled(now) {
            // AWS has no code for a change that goes well.
            shown["LastUpdateStatusReason"] = "The function is being updated.".into();
        }
        shown
    }

    /// Shows it as one of its versions, which the ARN then names.
    pub(super) fn version(&self, now: OffsetDateTime) -> Value {
        let mut shown = self.configuration(now);
        shown["FunctionArn"] = format!("{}:{LATEST}", self.arn).into();
        shown
    }

    /// Shows it as it was asked for: as a function, or as a version.
    pub(super) fn show(&self, reference: &Reference, now: OffsetDateTime) -> Value {
        if reference.qualifier.is_some() { self.version(now) } else { self.configuration(now) }
    }
}

/// Writes a time as Lambda does: `2026-11-23T04:46:00.000+0000`.
fn last_modified(time: OffsetDateTime) -> String {
    let format =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000");
    time.format(&format).unwrap_or_default()
}
