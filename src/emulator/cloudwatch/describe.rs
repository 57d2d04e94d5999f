//! `DescribeAlarms` and `DescribeAlarmsForMetric`.

use super::{
    alarm::{Alarm, Core, State, StateValue, Watched, arn},
    alarms::PlainStatistic,
    answer,
    composite::{Rules, children_of},
    history::{AlarmType, MaxRecords},
    input, invalid,
    metric::{Dimensions, Metric, MetricName, Namespace, Unit, period},
    seconds,
    statistic::Statistic,
    validation,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    #[serde(default)]
    alarm_names: Vec<Text<1, 255>>,
    alarm_name_prefix: Option<Text<1, 255>>,
    #[serde(default)]
    alarm_types: Vec<AlarmType>,
    children_of_alarm_name: Option<Text<1, 255>>,
    parents_of_alarm_name: Option<Text<1, 255>>,
    state_value: Option<StateValue>,
    action_prefix: Option<Text<1, 1024>>,
    #[serde(default)]
    max_records: MaxRecords,
    next_token: Option<String>,
}

impl Describe {
    fn check(&self) -> Result<(), AwsError> {
        let refused = |message: &str| Err(validation(message));
        if !self.alarm_names.is_empty() && self.alarm_name_prefix.is_some() {
            return refused("AlarmNamePrefix and AlarmNames are mutually exclusive.");
        }
        let is_narrowed = !self.alarm_names.is_empty()
            || self.alarm_name_prefix.is_some()
            || !self.alarm_types.is_empty()
            || self.state_value.is_some()
            || self.action_prefix.is_some();
        match (&self.children_of_alarm_name, &self.parents_of_alarm_name) {
            (Some(_), Some(_)) => refused("ChildrenOfAlarmName and ParentsOfAlarmName are mutually exclusive."),
            (Some(_), None) | (None, Some(_)) if is_narrowed => refused(
                "ChildrenOfAlarmName and ParentsOfAlarmName cannot be specified with another parameter than MaxRecords \
                 and NextToken.",
            ),
            _ => Ok(()),
        }
    }

    fn wants(&self, name: &str, core: &Core, is_composite: bool) -> bool {
        AlarmType::are(&self.alarm_types, is_composite)
            && (self.alarm_names.is_empty() || self.alarm_names.iter().any(|wanted| **wanted == *name))
            && self.alarm_name_prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
            && self.state_value.is_none_or(|value| core.condition.value == value)
            && self.action_prefix.as_deref().is_none_or(|prefix| core.has_action(prefix))
    }

    /// The alarms that are asked for: the name of each, whether it is a composite one, and how it is shown.
    fn found(&self, scope: &Scope<'_>, state: &State) -> Vec<(String, bool, Value)> {
        let arn = |name: &str| arn(scope.region.as_str(), scope.account(), name);
        let related = match (&self.children_of_alarm_name, &self.parents_of_alarm_name) {
            (Some(parent), _) => Some(children_of(state, parent)),
            (_, Some(child)) => Some(Rules::of(state).parents(child).map(|(parent, _)| parent.to_owned()).collect()),
            (None, None) => None,
        };
        if let Some(names) = related {
            let brief = |name: String| {
                let condition = &state.core(&name)?.condition;
                let shown = json!({
                    "AlarmName": name,
                    "AlarmArn": arn(&name),
                    "StateValue": condition.value.as_str(),
                    "StateUpdatedTimestamp": seconds(condition.updated),
                });
                let is_composite = state.composites.contains_key(&name);
                Some((name, is_composite, shown))
            };
            return names.into_iter().filter_map(brief).collect();
        }
        let of_metrics = state.alarms.iter().filter(|(name, alarm)| self.wants(name, &alarm.core, false));
        let of_metrics = of_metrics.map(|(name, alarm)| (name.clone(), false, alarm.show(name, &arn(name))));
        let composite = state.composites.iter().filter(|(name, alarm)| self.wants(name, &alarm.core, true));
        let composite = composite.map(|(name, alarm)| (name.clone(), true, alarm.show(name, &arn(name))));
        of_metrics.chain(composite).collect()
    }
}

/// `DescribeAlarms`: by name, kind, state or action, or those that an alarm names or is named by.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Describe>(operation)?;
    input.check()?;
    let (alarms, next) = scope.read(|state| {
        let mut alarms = input.found(&scope, &state.cloudwatch);
        alarms.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        let read = |text: &str| Some(text.to_owned());
        let token = input.next_token.as_deref();
        input.max_records.cut(alarms, |(name, ..)| name.clone(), String::clone, read, token)
    })?;
    let (composite, of_metrics): (Vec<_>, Vec<_>) = alarms.into_iter().partition(|(_, is_composite, _)| *is_composite);
    let shown = |alarms: Vec<(String, bool, Value)>| alarms.into_iter().map(|(.., shown)| shown).collect::<Vec<_>>();
    let mut answered = json!({ "MetricAlarms": shown(of_metrics), "CompositeAlarms": shown(composite) });
    if let Some(next) = next {
        answered["NextToken"] = next.into();
    }
    Ok(answer(answered))
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
    if let Some(other) = input.extended_statistic.as_deref().filter(|text| Statistic::extended(text).is_none()) {
        return Err(invalid(format!("The value {other} for parameter ExtendedStatistic is not supported.")));
    }
    let statistic = input.statistic.map(|statistic| statistic.as_str().to_owned()).or(input.extended_statistic);
    let name = String::from(input.metric_name);
    let metric = Metric { namespace: input.namespace.to_string(), name, dimensions: input.dimensions };
    let wanted = |alarm: &Alarm| {
        let Watched::Metric(stat) = &alarm.watched else { return false };
        stat.metric == metric
            && statistic.as_ref().is_none_or(|statistic| stat.statistic == *statistic)
            && input.period.is_none_or(|period| stat.period == period)
            && input.unit.is_none_or(|unit| stat.unit == Some(unit))
    };
    let alarms: Vec<Value> = scope.read(|state| {
        let alarms = state.cloudwatch.alarms.iter().filter(|(_, alarm)| wanted(alarm));
        alarms.map(|(name, alarm)| alarm.show(name, &arn(scope.region.as_str(), scope.account(), name))).collect()
    });
    Ok(answer(json!({ "MetricAlarms": alarms })))
}
