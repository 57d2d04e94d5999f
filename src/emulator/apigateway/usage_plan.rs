//! A usage plan, as it is kept: which keys open which stages.

use super::model::{Tags, with};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use std::collections::BTreeSet;

/// Which keys open which stages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UsagePlan {
    pub(super) id: String,
    pub(super) settings: PlanSettings,
    pub(super) tags: Tags,
    /// The ids of its keys.
    pub(super) keys: BTreeSet<String>,
}

/// What `UpdateUsagePlan` can change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanSettings {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Stages as `<API id>:<stage>`, the form in which a patch names them.
    #[serde(default)]
    pub(super) api_stages: Vec<String>,
    /// Shown, not enforced: the edge has limits of its own.
    #[serde(default)]
    pub(super) throttle: Option<Throttle>,
    /// Shown, not enforced.
    #[serde(default)]
    pub(super) quota: Option<Quota>,
}

/// How fast a plan's keys may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Throttle {
    /// The most calls at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    burst_limit: Option<u32>,
    /// Calls per second, whole or not, as they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<Number>,
}

/// How often a plan's keys may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quota {
    /// The most calls in a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    /// The calls that are taken off the limit in the first period.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Period>,
}

/// What a quota is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Period {
    Day,
    Week,
    Month,
}

impl UsagePlan {
    /// Shows the plan, without its keys.
    pub(super) fn show(&self) -> Value {
        let settings = &self.settings;
        let stages: Vec<_> = settings
            .api_stages
            .iter()
            .filter_map(|text| text.split_once(':'))
            .map(|(api, stage)| json!({ "apiId": api, "stage": stage }))
            .collect();
        let members = json!({
            "description": settings.description,
            "throttle": settings.throttle,
            "quota": settings.quota,
            "tags": self.tags,
        });
        with(json!({ "id": self.id, "name": settings.name, "apiStages": stages }), members)
    }
}
