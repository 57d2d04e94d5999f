//! What every alarm has, as it comes in.

use super::{
    action,
    alarm::{Condition, Core},
    tags::{Tag, checked},
    validation,
};
use crate::emulator::wire::{AwsError, Here, Text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most actions of one state.
const MAX_ACTIONS: usize = 5;

/// What every alarm has, as it comes in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    alarm_description: Option<Text<0, 1024>>,
    actions_enabled: Option<bool>,
    #[serde(rename = "OKActions", default)]
    ok_actions: Vec<Text<1, 1024>>,
    #[serde(default)]
    alarm_actions: Vec<Text<1, 1024>>,
    #[serde(default)]
    insufficient_data_actions: Vec<Text<1, 1024>>,
    #[serde(default)]
    tags: Vec<Tag>,
}

impl Described {
    /// Checks it and makes it what an alarm keeps.
    pub(super) fn core(self, here: Here<'_>, now: i64, operation: &str) -> Result<Core, AwsError> {
        let actions = |member: &str, arns: Vec<Text<1, 1024>>| -> Result<Vec<String>, AwsError> {
            if arns.len() > MAX_ACTIONS {
                let message = format!("The collection {member} must not have a size greater than {MAX_ACTIONS}.");
                return Err(validation(message));
            }
            let checked = |arn: Text<1, 1024>| action::check(here, operation, &arn).map(|()| arn.into());
            arns.into_iter().map(checked).collect()
        };
        Ok(Core {
            description: self.alarm_description.map(String::from).filter(|text| !text.is_empty()),
            actions_enabled: self.actions_enabled.unwrap_or(true),
            ok_actions: actions("OKActions", self.ok_actions)?,
            alarm_actions: actions("AlarmActions", self.alarm_actions)?,
            insufficient_data_actions: actions("InsufficientDataActions", self.insufficient_data_actions)?,
            updated: now,
            condition: Condition::unchecked(now),
            tags: checked(BTreeMap::new(), &self.tags)?,
        })
    }
}
