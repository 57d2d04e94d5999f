//! An alarm, as it is kept, and how it is shown.

use super::{
    history::Item,
    metric::{Metric, Unit},
    seconds,
    statistic::Statistic,
};
use crate::emulator::{
    store::{AnyTable, Table, Tables},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The alarms of one region.
#[derive(Clone, Default)]
pub struct State {
    /// By their names.
    pub(super) alarms: Table<String, Alarm>,
    /// What happened to alarms, in its order.
    pub(super) history: Table<u64, Item>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![("cloudwatch/alarms", &mut self.alarms), ("cloudwatch/history", &mut self.history)]
    }
}

/// An alarm on one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Alarm {
    pub(super) description: Option<String>,
    pub(super) actions_enabled: bool,
    /// ARNs, by the state into which the alarm goes.
    pub(super) ok_actions: Vec<String>,
    pub(super) alarm_actions: Vec<String>,
    pub(super) insufficient_data_actions: Vec<String>,
    pub(super) metric: Metric,
    /// As it came: `Sum`, `p99.9`.
    pub(super) statistic: String,
    /// In seconds.
    pub(super) period: u32,
    pub(super) unit: Option<Unit>,
    pub(super) evaluation_periods: u32,
    pub(super) datapoints_to_alarm: Option<u32>,
    pub(super) threshold: f64,
    pub(super) comparison: Comparison,
    pub(super) missing: Option<Missing>,
    pub(super) low_sample_count: Option<LowSampleCount>,
    /// When it was put, milliseconds since the Unix epoch.
    pub(super) updated: i64,
    pub(super) condition: Condition,
    pub(super) tags: BTreeMap<String, String>,
}

/// Where an alarm stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Condition {
    pub(super) value: StateValue,
    pub(super) reason: String,
    /// JSON, for programs.
    pub(super) data: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub(super) updated: i64,
    /// When the value was last another one.
    pub(super) transitioned: i64,
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum StateValue {
    Ok,
    Alarm,
    InsufficientData,
}

impl StateValue {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// How a value is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::enum_variant_names, reason = "these are AWS's names")]
pub(super) enum Comparison {
    GreaterThanOrEqualToThreshold,
    GreaterThanThreshold,
    LessThanThreshold,
    LessThanOrEqualToThreshold,
}

impl Comparison {
    pub(super) fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::GreaterThanThreshold => value > threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    /// The comparison in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualToThreshold => "greater than or equal to",
            Self::GreaterThanThreshold => "greater than",
            Self::LessThanThreshold => "less than",
            Self::LessThanOrEqualToThreshold => "less than or equal to",
        }
    }
}

/// What data that is not there counts as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "these are CloudWatch's words")]
pub(super) enum Missing {
    Breaching,
    NotBreaching,
    Ignore,
    #[default]
    Missing,
}

/// What a percentile of few samples counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LowSampleCount {
    Evaluate,
    Ignore,
}

impl Alarm {
    /// The ARNs of what is to happen when the alarm comes into a state.
    pub(super) fn actions(&self, state: StateValue) -> &[String] {
        match state {
            StateValue::Ok => &self.ok_actions,
            StateValue::Alarm => &self.alarm_actions,
            StateValue::InsufficientData => &self.insufficient_data_actions,
        }
    }

    /// Shows it as answers have it.
    pub(super) fn show(&self, name: &str, arn: &str) -> Value {
        let mut shown = json!({
            "AlarmName": name,
            "AlarmArn": arn,
            "AlarmConfigurationUpdatedTimestamp": seconds(self.updated),
            "ActionsEnabled": self.actions_enabled,
            "OKActions": self.ok_actions,
            "AlarmActions": self.alarm_actions,
            "InsufficientDataActions": self.insufficient_data_actions,
            "StateValue": self.condition.value.as_str(),
            "StateReason": self.condition.reason,
            "StateUpdatedTimestamp": seconds(self.condition.updated),
            "StateTransitionedTimestamp": seconds(self.condition.transitioned),
            "MetricName": self.metric.name,
            "Namespace": self.metric.namespace,
            "Dimensions": self.metric.dimensions.show(),
            "Period": self.period,
            "EvaluationPeriods": self.evaluation_periods,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing.unwrap_or_default(),
        });
        let is_plain = Statistic::plain(&self.statistic).is_some();
        shown[if is_plain { "Statistic" } else { "ExtendedStatistic" }] = self.statistic.as_str().into();
        let optional = [
            ("AlarmDescription", self.description.as_deref().map(Value::from)),
            ("StateReasonData", self.condition.data.as_deref().map(Value::from)),
            ("Unit", self.unit.map(|unit| unit.as_str().into())),
            ("DatapointsToAlarm", self.datapoints_to_alarm.map(Value::from)),
            ("EvaluateLowSampleCountPercentile", self.low_sample_count.map(|count| json!(count))),
        ];
        for (member, value) in optional {
            if let Some(value) = value {
                shown[member] = value;
            }
        }
        shown
    }
}

/// The ARN of an alarm.
pub(super) fn arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}")
}

/// The name in the ARN of an alarm.
pub(super) fn name_of(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:aws:cloudwatch:")?;
    rest.splitn(3, ':').nth(2)?.strip_prefix("alarm:").filter(|name| !name.is_empty())
}

impl State {
    pub(super) fn alarm_mut(&mut self, name: &str) -> Result<&mut Alarm, AwsError> {
        self.alarms.get_mut(name).ok_or_else(|| {
            AwsError::new(http::StatusCode::NOT_FOUND, "ResourceNotFound", format!("Alarm {name} does not exist"))
        })
    }
}
