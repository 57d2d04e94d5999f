//! An event, in the shape in which rules see it and targets get it.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html>

use crate::emulator::{
    context::Context,
    store::Region,
    wire::{self, iso_seconds},
};
use serde_json::{Value, json};

/// An event on a bus.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Event {
    pub(in crate::emulator) source: String,
    pub(in crate::emulator) detail_type: String,
    /// When it happened, milliseconds since the Unix epoch.
    pub(in crate::emulator) time: i64,
    /// The ARNs of what it is about.
    pub(in crate::emulator) resources: Vec<String>,
    pub(in crate::emulator) detail: Value,
}

impl Event {
    /// What happens when a rule is due.
    pub(super) fn scheduled(rule_arn: String, time: i64) -> Self {
        Self {
            source: "aws.events".to_owned(),
            detail_type: "Scheduled Event".to_owned(),
            time,
            resources: vec![rule_arn],
            detail: json!({}),
        }
    }

    /// Gives the event an id and the form in which it travels.
    pub(super) fn document(self, context: &Context, region: &Region) -> Value {
        json!({
            "version": "0",
            "id": wire::request_id(),
            "detail-type": self.detail_type,
            "source": self.source,
            "account": context.config.account,
            "time": iso_seconds(self.time),
            "region": region.as_str(),
            "resources": self.resources,
            "detail": self.detail,
        })
    }
}
