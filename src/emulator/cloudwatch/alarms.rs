//! `PutMetricAlarm`, `DescribeAlarms`, `DescribeAlarmsForMetric`, `DeleteAlarms`.

use super::{
    action,
    alarm::{Alarm, Comparison, Condition, LowSampleCount, Missing, StateValue, arn},
    answer,
    history::{AlarmType, Item, Kind, MaxRecords},
    input, invalid,
    metric::{Dimensions, Double, Metric, MetricName, Namespace, Unit},
    read::period,
    statistic::Statistic,
    tags::{Tag, checked},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most actions of one state.
const MAX_ACTIONS: usize = 5;
/// The longest time that is looked at, in seconds: a day, or a week for periods of an hour and more.
const DAY: u64 = 86_400;
/// Of an alarm that was never evaluated.
const UNCHECKED: &str = "Unchecked: Initial alarm creation";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    alarm_name: Text<1, 255>,
    alarm_description: Option<Text<0, 1024>>,
    actions_enabled: Option<bool>,
    #[serde(rename = "OKActions", default)]
    ok_actions: Vec<Text<1, 1024>>,
    #[serde(default)]
    alarm_actions: Vec<Text<1, 1024>>,
    #[serde(default)]
    insufficient_data_actions: Vec<Text<1, 1024>>,
    metric_name: MetricName,
    namespace: Namespace,
    statistic: Option<PlainStatistic>,
    extended_statistic: Option<String>,
    #[serde(default)]
    dimensions: Dimensions,
    period: u32,
    unit: Option<Unit>,
    evaluation_periods: u32,
    datapoints_to_alarm: Option<u32>,
    threshold: Double,
    comparison_operator: Comparison,
    treat_missing_data: Option<Missing>,
    evaluate_low_sample_count_percentile: Option<LowSampleCount>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// One of the statistics that every metric has.
#[derive(Deserialize, Clone, Copy)]
pub(super) enum PlainStatistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
}

impl PlainStatistic {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::SampleCount => "SampleCount",
            Self::Average => "Average",
            Self::Sum => "Sum",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
        }
    }
}

/// `PutMetricAlarm`: makes an alarm, or puts this in the place of what it was; its state and tags stay.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Put>(operation)?;
    let name = input.alarm_name.to_string();
    let (tags, now) = (checked(BTreeMap::new(), &input.tags)?, scope.now_millis());
    let mut alarm = input.alarm(now)?;
    alarm.tags = tags;
    scope
        .change(|state| {
            let state = &mut state.cloudwatch;
            let old = state.alarms.get(&name).cloned();
            let verb = if old.is_some() { "updated" } else { "created" };
            if let Some(old) = old {
                alarm.condition = old.condition;
                alarm.tags = old.tags;
            }
            let data = alarm.show(&name, &arn(scope.region.as_str(), scope.account(), &name));
            let data = json!({ "version": "1.0", "type": "Update", "updatedAlarm": data }).to_string();
            state.alarms.insert(name.clone(), alarm);
            state.note(Item {
                alarm: name.clone(),
                time: now,
                kind: Kind::ConfigurationUpdate,
                summary: format!("Alarm \"{name}\" {verb}"),
                data: data.chars().take(4095).collect(),
            });
            Ok::<_, AwsError>(())
        })
        .await?;
    // It need not wait for the next minute.
    scope.context.metrics.freshen();
    scope.context.timers.wake();
    Ok(Output::Done)
}

impl Put {
    fn alarm(self, now: i64) -> Result<Alarm, AwsError> {
        let statistic = match (self.statistic, self.extended_statistic) {
            (Some(statistic), None) => statistic.as_str().to_owned(),
            (None, Some(extended)) if Statistic::percentile(&extended).is_some() => extended,
            (None, Some(extended)) => {
                return Err(validation(format!(
                    "The value {extended} for parameter ExtendedStatistic is not supported."
                )));
            }
            (Some(_), Some(_)) => {
                let message = "The parameters Statistic and ExtendedStatistic are mutually exclusive.";
                return Err(AwsError::sender("InvalidParameterCombination", message));
            }
            (None, None) => {
                let message = "The parameter Statistic or ExtendedStatistic is required.";
                return Err(AwsError::sender("MissingParameter", message));
            }
        };
        period(self.period, "Period")?;
        if self.evaluation_periods == 0 {
            return Err(validation("The value 0 for parameter EvaluationPeriods must be 1 or more."));
        }
        let looked_at = u64::from(self.period) * u64::from(self.evaluation_periods);
        if looked_at > if self.period >= 3600 { 7 * DAY } else { DAY } {
            return Err(validation(format!(
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= {DAY})."
            )));
        }
        if let Some(wanted) = self.datapoints_to_alarm
            && !(1..=self.evaluation_periods).contains(&wanted)
        {
            return Err(validation(format!(
                "The value {wanted} for parameter DatapointsToAlarm must be 1 to the number of EvaluationPeriods."
            )));
        }
        let threshold = self.threshold.finite("Threshold")?;
        Ok(Alarm {
            description: self.alarm_description.map(String::from).filter(|text| !text.is_empty()),
            actions_enabled: self.actions_enabled.unwrap_or(true),
            ok_actions: actions("OKActions", self.ok_actions)?,
            alarm_actions: actions("AlarmActions", self.alarm_actions)?,
            insufficient_data_actions: actions("InsufficientDataActions", self.insufficient_data_actions)?,
            metric: Metric {
                namespace: self.namespace.to_string(),
                name: self.metric_name.into(),
                dimensions: self.dimensions,
            },
            statistic,
            period: self.period,
            unit: self.unit,
            evaluation_periods: self.evaluation_periods,
            datapoints_to_alarm: self.datapoints_to_alarm,
            threshold,
            comparison: self.comparison_operator,
            missing: self.treat_missing_data,
            low_sample_count: self.evaluate_low_sample_count_percentile,
            updated: now,
            condition: Condition {
                value: StateValue::InsufficientData,
                reason: UNCHECKED.to_owned(),
                data: None,
                updated: now,
                transitioned: now,
            },
            tags: BTreeMap::new(),
        })
    }
}

fn validation(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationError", message)
}

fn actions(member: &str, arns: Vec<Text<1, 1024>>) -> Result<Vec<String>, AwsError> {
    if arns.len() > MAX_ACTIONS {
        return Err(validation(format!("The collection {member} must not have a size greater than {MAX_ACTIONS}.")));
    }
    arns.into_iter().map(|arn| action::check(&arn).map(|()| arn.into())).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    #[serde(default)]
    alarm_names: Vec<Text<1, 255>>,
    alarm_name_prefix: Option<Text<1, 255>>,
    #[serde(default)]
    alarm_types: Vec<AlarmType>,
    state_value: Option<StateValue>,
    action_prefix: Option<Text<1, 1024>>,
    #[serde(default)]
    max_records: MaxRecords,
    next_token: Option<String>,
}

/// `DescribeAlarms`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Describe>(operation)?;
    if !input.alarm_names.is_empty() && input.alarm_name_prefix.is_some() {
        let message = "AlarmNamePrefix and AlarmNames are mutually exclusive.";
        return Err(validation(message));
    }
    let wants_metric_alarms = input.alarm_types.is_empty() || input.alarm_types.contains(&AlarmType::MetricAlarm);
    let wanted = |name: &str, alarm: &Alarm| {
        let has_action = |prefix: &str| {
            let all = [&alarm.ok_actions, &alarm.alarm_actions, &alarm.insufficient_data_actions];
            all.into_iter().flatten().any(|action| action.starts_with(prefix))
        };
        wants_metric_alarms
            && (input.alarm_names.is_empty() || input.alarm_names.iter().any(|wanted| **wanted == *name))
            && input.alarm_name_prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
            && input.state_value.is_none_or(|value| alarm.condition.value == value)
            && input.action_prefix.as_deref().is_none_or(has_action)
    };
    let (alarms, next) = scope.read(|state| {
        let alarms = state.cloudwatch.alarms.iter().filter(|(name, alarm)| wanted(name, alarm));
        let alarms = alarms.map(|(name, alarm)| (name.clone(), show(&scope, name, alarm)));
        let read = |text: &str| Some(text.to_owned());
        let token = input.next_token.as_deref();
        input.max_records.cut(alarms.collect::<Vec<_>>(), |(name, _)| name.clone(), String::clone, read, token)
    })?;
    let alarms: Vec<Value> = alarms.into_iter().map(|(_, alarm)| alarm).collect();
    let mut shown = json!({ "MetricAlarms": alarms, "CompositeAlarms": [] });
    if let Some(next) = next {
        shown["NextToken"] = next.into();
    }
    Ok(answer(shown))
}

fn show(scope: &Scope<'_>, name: &str, alarm: &Alarm) -> Value {
    alarm.show(name, &arn(scope.region.as_str(), scope.account(), name))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeForMetric {
    metric_name: MetricName,
    namespace: Namespace,
    statistic: Option<PlainStatistic>,
    extended_statistic: Option<String>,
    #[serde(default)]
    dimensions: Dimensions,
    period: Option<u32>,
    unit: Option<Unit>,
}

/// `DescribeAlarmsForMetric`.
pub(super) fn describe_for_metric(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<DescribeForMetric>(operation)?;
    if let Some(seconds) = input.period {
        period(seconds, "Period")?;
    }
    if let Some(other) = input.extended_statistic.as_deref().filter(|text| Statistic::percentile(text).is_none()) {
        return Err(invalid(format!("The value {other} for parameter ExtendedStatistic is invalid.")));
    }
    let statistic = input.statistic.map(|statistic| statistic.as_str().to_owned()).or(input.extended_statistic);
    let name = String::from(input.metric_name);
    let metric = Metric { namespace: input.namespace.to_string(), name, dimensions: input.dimensions };
    let wanted = |alarm: &Alarm| {
        alarm.metric == metric
            && statistic.as_ref().is_none_or(|statistic| alarm.statistic == *statistic)
            && input.period.is_none_or(|period| alarm.period == period)
            && input.unit.is_none_or(|unit| alarm.unit == Some(unit))
    };
    let alarms: Vec<Value> = scope.read(|state| {
        let alarms = state.cloudwatch.alarms.iter().filter(|(_, alarm)| wanted(alarm));
        alarms.map(|(name, alarm)| show(&scope, name, alarm)).collect()
    });
    Ok(answer(json!({ "MetricAlarms": alarms })))
}

/// The alarms that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Names {
    alarm_names: Vec<Text<1, 255>>,
}

impl Names {
    /// Gives the names, of which there are a hundred at most.
    pub(super) fn checked(self) -> Result<Vec<String>, AwsError> {
        if self.alarm_names.len() > 100 {
            return Err(validation("The collection AlarmNames must not have a size greater than 100."));
        }
        Ok(self.alarm_names.into_iter().map(String::from).collect())
    }
}

/// `DeleteAlarms`: of those that are there; one that is not is deleted already. What happened to them stays known.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Names>(operation)?;
    let (names, now) = (input.checked()?, scope.now_millis());
    scope
        .change(|state| {
            for name in names {
                if state.cloudwatch.alarms.remove(&name).is_some() {
                    let summary = format!("Alarm \"{name}\" deleted");
                    let data = json!({ "version": "1.0", "type": "Delete" }).to_string();
                    let kind = Kind::ConfigurationUpdate;
                    state.cloudwatch.note(Item { alarm: name, time: now, kind, summary, data });
                }
            }
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}
