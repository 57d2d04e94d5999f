//! `PutMetricAlarm` and `DeleteAlarms`.

use super::{
    alarm::{Alarm, Comparison, Core, LowSampleCount, Missing, State, Watched, arn},
    composite::Rules,
    described::Described,
    history::{Item, Kind},
    input, inputs, invalid,
    metric::{Dimensions, Double, Metric, MetricName, Namespace, Unit},
    query::{self, Asked, Query, Stat},
    statistic::Statistic,
    validation,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, Here, Text},
};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashSet;

/// The longest time that is looked at, in seconds: a day, or a week for periods of an hour and more.
const DAY: u64 = 86_400;
/// The most metrics and expressions of an alarm.
const MAX_QUERIES: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    alarm_name: Text<1, 255>,
    /// These are of an alarm on one metric, and
    metric_name: Option<MetricName>,
    namespace: Option<Namespace>,
    statistic: Option<PlainStatistic>,
    extended_statistic: Option<String>,
    #[serde(default)]
    dimensions: Dimensions,
    period: Option<u32>,
    unit: Option<Unit>,
    /// these of one on what an expression makes of several.
    #[serde(default)]
    metrics: Vec<Asked>,
    evaluation_periods: u32,
    datapoints_to_alarm: Option<u32>,
    threshold: Option<Double>,
    comparison_operator: Comparison,
    treat_missing_data: Option<Missing>,
    evaluate_low_sample_count_percentile: Option<String>,
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
    let (input, described, scope) = inputs::<Put, Described>(operation)?;
    let (name, now) = (input.alarm_name.to_string(), scope.now_millis());
    let mut alarm = input.alarm(described, scope.here(), now)?;
    scope
        .change(|state| {
            let state = &mut state.cloudwatch;
            if state.composites.contains_key(&name) {
                return Err(validation(format!(
                    "The alarm {name} is a composite alarm and cannot become a metric one."
                )));
            }
            let old = state.alarms.get(&name).cloned();
            let verb = if old.is_some() { "updated" } else { "created" };
            if let Some(old) = old {
                alarm.core = Core { condition: old.core.condition, tags: old.core.tags, ..alarm.core };
            }
            let data = alarm.show(&name, &arn(scope.region.as_str(), scope.account(), &name));
            let data = json!({ "version": "1.0", "type": "Update", "updatedAlarm": data }).to_string();
            state.alarms.insert(name.clone(), alarm);
            state.note(Item {
                alarm: name.clone(),
                is_composite: false,
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
    fn alarm(self, described: Described, here: Here<'_>, now: i64) -> Result<Alarm, AwsError> {
        let missing = || AwsError::sender("MissingParameter", "The parameter Threshold is required.");
        let threshold = self.threshold.ok_or_else(missing)?.finite("Threshold")?;
        let (evaluation_periods, datapoints_to_alarm) = (self.evaluation_periods, self.datapoints_to_alarm);
        let (comparison, missing) = (self.comparison_operator, self.treat_missing_data);
        let low_sample_count = match self.evaluate_low_sample_count_percentile.as_deref() {
            None => None,
            Some("evaluate") => Some(LowSampleCount::Evaluate),
            Some("ignore") => Some(LowSampleCount::Ignore),
            Some(other) => {
                return Err(validation(format!(
                    "Option {other} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are \
                     evaluate and ignore."
                )));
            }
        };
        let alarm = Alarm {
            core: described.core(here, now, "PutMetricAlarm")?,
            watched: if self.metrics.is_empty() {
                Watched::Metric(self.stat()?)
            } else {
                Watched::Queries { queries: self.queries()? }
            },
            evaluation_periods,
            datapoints_to_alarm,
            threshold,
            comparison,
            missing,
            low_sample_count,
        };
        check_periods(&alarm).map(|()| alarm)
    }

    /// What an alarm on one metric watches.
    fn stat(self) -> Result<Stat, AwsError> {
        let missing = |name: &str| AwsError::sender("MissingParameter", format!("The parameter {name} is required."));
        let name = self.metric_name.ok_or_else(|| missing("MetricName"))?;
        let namespace = self.namespace.ok_or_else(|| missing("Namespace"))?;
        let period = self.period.ok_or_else(|| missing("Period"))?;
        let statistic = match (self.statistic, self.extended_statistic) {
            (Some(statistic), None) => statistic.as_str().to_owned(),
            (None, Some(extended)) if Statistic::extended(&extended).is_some() => extended,
            (None, Some(extended)) => {
                return Err(invalid(format!("The value {extended} for parameter ExtendedStatistic is not supported.")));
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
        let metric = Metric { namespace: namespace.to_string(), name: name.into(), dimensions: self.dimensions };
        Ok(Stat { metric, statistic, period, unit: self.unit })
    }

    /// What an alarm on several watches.
    fn queries(self) -> Result<Vec<Query>, AwsError> {
        let of_one = self.metric_name.is_some()
            || self.namespace.is_some()
            || self.statistic.is_some()
            || self.extended_statistic.is_some()
            || self.period.is_some()
            || self.unit.is_some()
            || !self.dimensions.0.is_empty();
        if of_one {
            let message = "The parameter Metrics and the parameters MetricName, Namespace, Dimensions, Period, Unit, \
                           Statistic and ExtendedStatistic are mutually exclusive.";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        if self.metrics.len() > MAX_QUERIES {
            return Err(validation(format!("The collection Metrics must not have a size greater than {MAX_QUERIES}.")));
        }
        let queries = query::checked(self.metrics, "PutMetricAlarm")?;
        if queries.iter().filter(|query| query.returns).count() != 1 {
            return Err(validation("Exactly one element of the metrics list should return data."));
        }
        Ok(queries)
    }
}

/// Refuses an alarm that looks at other times than one can.
fn check_periods(alarm: &Alarm) -> Result<(), AwsError> {
    let (period, periods) = (alarm.period(), alarm.evaluation_periods);
    if !matches!(period, 10 | 20 | 30) && (period == 0 || !period.is_multiple_of(60)) {
        return Err(validation(format!("Period must be 10, 20, 30 or a multiple of 60, and is {period}.")));
    }
    if periods == 0 {
        return Err(validation("The value 0 for parameter EvaluationPeriods must be 1 or more."));
    }
    if u64::from(period) * u64::from(periods) > if period >= 3600 { 7 * DAY } else { DAY } {
        return Err(validation(format!(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= {DAY})."
        )));
    }
    match alarm.datapoints_to_alarm {
        Some(wanted) if !(1..=periods).contains(&wanted) => Err(validation(format!(
            "The value {wanted} for parameter DatapointsToAlarm must be 1 to the number of EvaluationPeriods."
        ))),
        _ => Ok(()),
    }
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
            let state = &mut state.cloudwatch;
            check_deletion(state, &names)?;
            for name in names {
                let is_composite = state.composites.remove(&name).is_some();
                if is_composite || state.alarms.remove(&name).is_some() {
                    let summary = format!("Alarm \"{name}\" deleted");
                    let data = json!({ "version": "1.0", "type": "Delete" }).to_string();
                    let kind = Kind::ConfigurationUpdate;
                    state.note(Item { alarm: name, is_composite, time: now, kind, summary, data });
                }
            }
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}

/// Refuses to delete alarms that others need, and several composite ones.
fn check_deletion(state: &State, names: &[String]) -> Result<(), AwsError> {
    if names.iter().filter(|name| state.composites.contains_key(*name)).count() > 1 {
        return Err(validation("Only one composite alarm can be deleted in one call."));
    }
    let (rules, going) = (Rules::of(state), names.iter().map(String::as_str).collect::<HashSet<_>>());
    for name in names {
        // One that goes with it does not need it any more.
        if rules.parents(name).any(|(parent, _)| !going.contains(parent)) {
            let message = format!("Cannot delete {name} as there are composite alarm(s) depending on it.");
            return Err(validation(message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::cloudwatch::alarm::{Composite, tests::alarm};
    use serde_json::Value;

    #[test]
    fn an_alarm_has_twenty_metrics_and_expressions_at_most() {
        let queries = |count: usize| {
            let query = |number: usize| {
                let id = format!("e{number}");
                json!({ "Id": id, "Expression": "TIME_SERIES(1)", "ReturnData": number == 0 })
            };
            let metrics: Vec<Value> = (0..count).map(query).collect();
            let asked = json!({
                "AlarmName": "a", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold",
                "Metrics": metrics,
            });
            serde_json::from_value::<Put>(asked).unwrap().queries()
        };
        assert_eq!(queries(MAX_QUERIES).unwrap().len(), MAX_QUERIES);
        let refused = queries(MAX_QUERIES + 1).unwrap_err();
        assert_eq!(refused.code, "ValidationError");
        assert_eq!(refused.message, "The collection Metrics must not have a size greater than 20.");
    }

    #[test]
    fn an_alarm_that_another_needs_is_deleted_only_with_it() {
        let mut state = State::default();
        state.alarms.insert("a".to_owned(), alarm());
        for (name, rule) in [("any", "ALARM(a) OR ALARM(b)"), ("top", "ALARM(any)")] {
            let composite = Composite { core: alarm().core, rule: rule.to_owned() };
            state.composites.insert(name.to_owned(), composite);
        }
        let checked = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            check_deletion(&state, &names).map_err(|refused| refused.message)
        };
        let needed = |name: &str| -> Result<(), String> {
            Err(format!("Cannot delete {name} as there are composite alarm(s) depending on it."))
        };
        assert_eq!(checked(&["a"]), needed("a"));
        assert_eq!(checked(&["top", "any"]), Err("Only one composite alarm can be deleted in one call.".to_owned()));
        assert_eq!(checked(&["a", "any"]), needed("any"));
        assert_eq!(checked(&["top"]), Ok(()));
        state.composites.remove("top");
        assert!(check_deletion(&state, &["a", "any", "gone"].map(str::to_owned)).is_ok());
    }
}
