//! A usage plan, as it is kept: which keys open which stages.

use super::{
    memory::Pace,
    model::{Tags, with},
};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
    /// How fast single methods of a stage may be called, by the stage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) path_throttles: BTreeMap<String, PathThrottles>,
    #[serde(default)]
    pub(super) throttle: Option<Throttle>,
    #[serde(default)]
    pub(super) quota: Option<Quota>,
}

/// Throttles by the methods that they are for (`/pets/GET`).
pub(super) type PathThrottles = BTreeMap<String, Throttle>;

/// How fast a plan's keys may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Throttle {
    /// The most calls at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) burst_limit: Option<u32>,
    /// Calls per second, whole or not, as they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rate_limit: Option<Number>,
}

impl Throttle {
    /// How fast that is; as fast as one likes without a rate.
    pub(super) fn pace(&self) -> Option<Pace> {
        let rate = self.rate_limit.as_ref()?.as_f64()?;
        Some(Pace { rate, burst: self.burst_limit.map_or(rate.ceil(), f64::from) })
    }
}

/// How often a plan's keys may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quota {
    /// The most calls in a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<u32>,
    /// The calls that are taken off the limit in the first period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) period: Option<Period>,
}

/// What a quota is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Period {
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
            .map(|(api, stage)| {
                let throttle = settings.path_throttles.get(&format!("{api}:{stage}"));
                with(json!({ "apiId": api, "stage": stage }), json!({ "throttle": throttle }))
            })
            .collect();
        let members = json!({
            "description": settings.description,
            "throttle": settings.throttle,
            "quota": settings.quota.as_ref().map(|quota| Quota { offset: Some(quota.offset.unwrap_or_default()), ..quota.clone() }),
            "tags": self.tags,
        });
        with(json!({ "id": self.id, "name": settings.name, "apiStages": stages }), members)
    }
}
