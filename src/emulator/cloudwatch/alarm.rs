//! Alarms, as they are kept, and how they are shown.

use super::{
    history::Item,
    query::{Query, Stat, longest_period},
    seconds,
    statistic::Statistic,
};
use crate::emulator::{
    store::{AnyTable, Table, Tables},
    wire::{Arn, AwsError},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What CloudWatch keeps of one region; dashboards are those of all regions.
#[derive(Clone, Default)]
pub struct State {
    /// By their names, which no composite alarm has.
    pub(super) alarms: Table<String, Alarm>,
    pub(super) composites: Table<String, Composite>,
    /// What happened to alarms, in its order.
    pub(super) history: Table<u64, Item>,
    pub(super) dashboards: Table<String, Dashboard>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("cloudwatch/alarms", &mut self.alarms),
            ("cloudwatch/composites", &mut self.composites),
            ("cloudwatch/history", &mut self.history),
            ("cloudwatch/dashboards", &mut self.dashboards),
        ]
    }
}

/// What every alarm has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Core {
    pub(super) description: Option<String>,
    pub(super) actions_enabled: bool,
    /// ARNs, by the state into which the alarm goes.
    pub(super) ok_actions: Vec<String>,
    pub(super) alarm_actions: Vec<String>,
    pub(super) insufficient_data_actions: Vec<String>,
    /// When it was put, milliseconds since the Unix epoch.
    pub(super) updated: i64,
    pub(super) condition: Condition,
    pub(super) tags: BTreeMap<String, String>,
}

/// An alarm on metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Alarm {
    #[serde(flatten)]
    pub(super) core: Core,
    #[serde(flatten)]
    pub(super) watched: Watched,
    pub(super) evaluation_periods: u32,
    pub(super) datapoints_to_alarm: Option<u32>,
    pub(super) threshold: f64,
    pub(super) comparison: Comparison,
    pub(super) missing: Option<Missing>,
    pub(super) low_sample_count: Option<LowSampleCount>,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Watched {
    /// One metric.
    Metric(Stat),
    /// What an expression makes of several, of which exactly one query returns data.
    Queries { queries: Vec<Query> },
}

/// An alarm on the states of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Composite {
    #[serde(flatten)]
    pub(super) core: Core,
    /// As it came.
    pub(super) rule: String,
}

/// What the console draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Dashboard {
    /// JSON, as it came.
    pub(super) body: String,
    /// Milliseconds since the Unix epoch.
    pub(super) modified: i64,
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

impl Condition {
    /// Of an alarm that was never evaluated.
    pub(super) fn unchecked(now: i64) -> Self {
        Self {
            value: StateValue::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            data: None,
            updated: now,
            transitioned: now,
        }
    }
}

/// The state of an alarm, in the order in which CloudWatch names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum StateValue {
    InsufficientData,
    Alarm,
    Ok,
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

impl Core {
    /// The ARNs of what is to happen when the alarm comes into a state.
    pub(super) fn actions(&self, state: StateValue) -> &[String] {
        match state {
            StateValue::Ok => &self.ok_actions,
            StateValue::Alarm => &self.alarm_actions,
            StateValue::InsufficientData => &self.insufficient_data_actions,
        }
    }

    /// Whether any of its actions begins with a text.
    pub(super) fn has_action(&self, prefix: &str) -> bool {
        let all = [&self.ok_actions, &self.alarm_actions, &self.insufficient_data_actions];
        all.into_iter().flatten().any(|action| action.starts_with(prefix))
    }

    /// Shows it as answers have it.
    fn show(&self, name: &str, arn: &str) -> Value {
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
        });
        for (member, text) in [("AlarmDescription", &self.description), ("StateReasonData", &self.condition.data)] {
            if let Some(text) = text {
                shown[member] = text.as_str().into();
            }
        }
        shown
    }
}

impl Alarm {
    /// In seconds.
    pub(super) fn period(&self) -> u32 {
        match &self.watched {
            Watched::Metric(stat) => stat.period,
            Watched::Queries { queries } => longest_period(queries),
        }
    }

    /// Shows it as answers have it.
    pub(super) fn show(&self, name: &str, arn: &str) -> Value {
        let mut shown = self.core.show(name, arn);
        shown["EvaluationPeriods"] = self.evaluation_periods.into();
        shown["Threshold"] = self.threshold.into();
        shown["ComparisonOperator"] = json!(self.comparison);
        match &self.watched {
            Watched::Metric(stat) => {
                shown["MetricName"] = stat.metric.name.as_str().into();
                shown["Namespace"] = stat.metric.namespace.as_str().into();
                shown["Dimensions"] = stat.metric.dimensions.show();
                shown["Period"] = stat.period.into();
                let is_plain = Statistic::plain(&stat.statistic).is_some();
                shown[if is_plain { "Statistic" } else { "ExtendedStatistic" }] = stat.statistic.as_str().into();
                if let Some(unit) = stat.unit {
                    shown["Unit"] = unit.as_str().into();
                }
            }
            Watched::Queries { queries } => {
                shown["Dimensions"] = json!([]);
                shown["Metrics"] = queries.iter().map(Query::show).collect();
            }
        }
        let optional = [
            ("DatapointsToAlarm", self.datapoints_to_alarm.map(Value::from)),
            ("TreatMissingData", self.missing.map(|missing| json!(missing))),
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

impl Composite {
    /// Shows it as answers have it.
    pub(super) fn show(&self, name: &str, arn: &str) -> Value {
        let mut shown = self.core.show(name, arn);
        shown["AlarmRule"] = self.rule.as_str().into();
        shown
    }
}

/// The ARN of an alarm.
pub(super) fn arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}")
}

/// The name in the ARN of an alarm, wherever that is.
pub(super) fn name_of(arn: &str) -> Option<&str> {
    let arn = Arn::parse(arn).filter(|arn| arn.service == "cloudwatch")?;
    arn.resource.strip_prefix("alarm:").filter(|name| !name.is_empty())
}

impl State {
    /// What every alarm has, of one of either kind.
    pub(super) fn core(&self, name: &str) -> Option<&Core> {
        let of_metric = self.alarms.get(name).map(|alarm| &alarm.core);
        of_metric.or_else(|| self.composites.get(name).map(|alarm| &alarm.core))
    }

    /// The tags of the alarm or dashboard of an ARN.
    pub(in crate::emulator) fn tags_by_arn(&self, arn: &str) -> Option<BTreeMap<String, String>> {
        let dashboard = || {
            let name = Arn::parse(arn)?.resource.strip_prefix("dashboard/")?;
            self.dashboards.get(name).map(|dashboard| &dashboard.tags)
        };
        let alarm = name_of(arn).and_then(|name| self.core(name)).map(|core| &core.tags);
        alarm.or_else(dashboard).cloned()
    }

    pub(super) fn core_mut(&mut self, name: &str) -> Option<&mut Core> {
        if self.alarms.contains_key(name) {
            return self.alarms.get_mut(name).map(|alarm| &mut alarm.core);
        }
        self.composites.get_mut(name).map(|alarm| &mut alarm.core)
    }
}

/// An alarm that is not there. CloudWatch has no words for that, and a client is helped by some.
pub(super) fn no_alarm(name: &str) -> AwsError {
    AwsError::new(http::StatusCode::NOT_FOUND, "ResourceNotFound", format!("Alarm {name} does not exist"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::emulator::cloudwatch::metric::Metric;

    /// An alarm of one period on a metric `m` of `Own`.
    pub(in super::super) fn alarm() -> Alarm {
        let metric = Metric::new("Own", "m", &[]);
        Alarm {
            core: Core {
                description: None,
                actions_enabled: true,
                ok_actions: Vec::new(),
                alarm_actions: Vec::new(),
                insufficient_data_actions: Vec::new(),
                updated: 0,
                condition: Condition::unchecked(0),
                tags: BTreeMap::new(),
            },
            watched: Watched::Metric(Stat { metric, statistic: "Sum".to_owned(), period: 60, unit: None }),
            evaluation_periods: 1,
            datapoints_to_alarm: None,
            threshold: 1.0,
            comparison: Comparison::GreaterThanThreshold,
            missing: None,
            low_sample_count: None,
        }
    }

    #[test]
    fn an_alarm_is_on_disk_as_it_was_before_there_were_others() {
        let kept = serde_json::to_value(alarm()).unwrap();
        for member in ["description", "metric", "statistic", "period", "unit", "condition", "threshold"] {
            assert!(kept.get(member).is_some(), "{member} is not in {kept}");
        }
        assert_eq!(serde_json::from_value::<Alarm>(kept).unwrap(), alarm());
    }
}
