//! `GetMetricData`, `GetMetricStatistics` and `ListMetrics`.

use super::{
    answer, input, invalid,
    metric::{Dimensions, Metric, MetricName, Moment, Namespace, Unit},
    metrics::{Point, Wanted},
    seconds,
    statistic::Statistic,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{
        AwsError, Text,
        page::{key_of, page, token},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most queries of `GetMetricData`, and the most data points that it answers.
const MAX_QUERIES: usize = 500;
const MAX_POINTS: usize = 100_800;
/// The most data points that `GetMetricStatistics` answers.
const MAX_DATAPOINTS: i64 = 1440;
/// How many metrics a page of `ListMetrics` has.
const PAGE: usize = 500;
/// What counts as recent, and how long a metric is listed, in milliseconds.
const RECENT: i64 = 3 * 60 * 60 * 1000;
const LISTED: i64 = 14 * 24 * 60 * 60 * 1000;

/// Checks a period: 1, 5, 10, 20, 30 or whole minutes; gives it in milliseconds.
pub(super) fn period(seconds: u32, member: &str) -> Result<i64, AwsError> {
    if matches!(seconds, 1 | 5 | 10 | 20 | 30) || seconds > 0 && seconds.is_multiple_of(60) && seconds <= 86_400 * 365 {
        return Ok(i64::from(seconds) * 1000);
    }
    Err(invalid(format!("The parameter {member} must be 1, 5, 10, 20, 30 or a multiple of 60, and is {seconds}.")))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    metric_data_queries: Vec<Query>,
    start_time: Moment,
    end_time: Moment,
    next_token: Option<String>,
    #[serde(default)]
    scan_by: ScanBy,
    max_datapoints: Option<u32>,
}

#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ScanBy {
    #[default]
    TimestampDescending,
    TimestampAscending,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    id: Text<1, 255>,
    metric_stat: Option<MetricStat>,
    label: Option<String>,
    return_data: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: Named,
    period: u32,
    stat: String,
    unit: Option<Unit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    namespace: Namespace,
    metric_name: MetricName,
    #[serde(default)]
    dimensions: Dimensions,
}

impl From<Named> for Metric {
    fn from(named: Named) -> Self {
        Self { namespace: named.namespace.to_string(), name: named.metric_name.into(), dimensions: named.dimensions }
    }
}

/// `GetMetricData`: what each query asks for, newest first unless it is said.
pub(super) fn data(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Data>(operation)?;
    let unknown = || AwsError::sender("InvalidNextToken", "The NextToken is not valid.");
    let done: usize = match input.next_token.filter(|token| !token.is_empty()) {
        Some(token) => key_of(&token).and_then(|text| text.parse().ok()).ok_or_else(unknown)?,
        None => 0,
    };
    let mut has_more = false;
    if !(1..=MAX_QUERIES).contains(&input.metric_data_queries.len()) {
        return Err(validation(format!(
            "The collection MetricDataQueries must have a size between 1 and {MAX_QUERIES}."
        )));
    }
    if input.start_time >= input.end_time {
        return Err(validation("The parameter StartTime must be less than the parameter EndTime."));
    }
    let most = input
        .max_datapoints
        .map_or(MAX_POINTS, |most| usize::try_from(most).unwrap_or(MAX_POINTS))
        .clamp(1, MAX_POINTS);
    let mut ids = BTreeSet::new();
    let mut results = Vec::new();
    for query in input.metric_data_queries {
        let id = query.id.to_string();
        let is_name = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return Err(validation(format!(
                "The value {id} for parameter Id must begin with a lower-case letter and have letters, digits and underscores only."
            )));
        }
        if !ids.insert(id.clone()) {
            return Err(validation(format!("The value {id} for parameter Id is not unique.")));
        }
        let Some(stat) = query.metric_stat else {
            return Err(validation(format!("The query {id} has no MetricStat; expressions are not supported here.")));
        };
        let statistic = Statistic::parse(&stat.stat).ok_or_else(|| {
            validation(format!("The value {} for parameter MetricDataQueries.member.Stat is invalid.", stat.stat))
        })?;
        let period = period(stat.period, "Period").map_err(|error| validation(error.message))?;
        let metric = Metric::from(stat.metric);
        let label = query.label.filter(|label| !label.is_empty()).unwrap_or_else(|| metric.name.clone());
        let points = points(&scope, &metric, (input.start_time.0, input.end_time.0), period, stat.unit);
        if query.return_data == Some(false) {
            continue;
        }
        let mut points: Vec<(i64, f64)> =
            points.iter().filter_map(|(time, point)| Some((*time, statistic.of(&point.bucket)?))).collect();
        if input.scan_by == ScanBy::TimestampDescending {
            points.reverse();
        }
        let mut points = points.split_off(done.min(points.len()));
        let is_whole = points.len() <= most;
        has_more |= !is_whole;
        points.truncate(most);
        let (times, values): (Vec<Value>, Vec<f64>) =
            points.into_iter().map(|(time, value)| (seconds(time), value)).unzip();
        results.push(json!({
            "Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": if is_whole { "Complete" } else { "PartialData" },
        }));
    }
    let mut shown = json!({ "MetricDataResults": results, "Messages": [] });
    if has_more {
        shown["NextToken"] = token(&(done + most).to_string()).into();
    }
    Ok(answer(shown))
}

fn validation(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationError", message)
}

/// Reads a metric by periods that begin at whole periods since the Unix epoch.
fn points(
    scope: &Scope<'_>,
    metric: &Metric,
    (start, end): (i64, i64),
    period: i64,
    unit: Option<Unit>,
) -> BTreeMap<i64, Point> {
    let start = start.div_euclid(period) * period;
    let wanted = Wanted { metric, range: (start, end), origin: 0, period, unit };
    scope.context.metrics.read(scope.region, &wanted)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    namespace: Namespace,
    metric_name: MetricName,
    #[serde(default)]
    dimensions: Dimensions,
    start_time: Moment,
    end_time: Moment,
    period: u32,
    #[serde(default)]
    statistics: Vec<String>,
    #[serde(default)]
    extended_statistics: Vec<String>,
    unit: Option<Unit>,
}

/// `GetMetricStatistics`.
pub(super) fn statistics(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Statistics>(operation)?;
    let (start, end) = (input.start_time.0, input.end_time.0);
    if start >= end {
        return Err(AwsError::sender(
            "InvalidParameterCombination",
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let period = period(input.period, "Period")?;
    if (end - start) / period > MAX_DATAPOINTS {
        return Err(AwsError::sender(
            "InvalidParameterCombination",
            format!(
                "You have requested up to {} datapoints, which exceeds the limit of {MAX_DATAPOINTS}. You may reduce the \
                 datapoints requested by increasing Period, or decreasing the time range.",
                (end - start) / period
            ),
        ));
    }
    let plain = named(&input.statistics, "Statistics", Statistic::plain)?;
    let extended = named(&input.extended_statistics, "ExtendedStatistics", Statistic::percentile)?;
    if plain.is_empty() && extended.is_empty() {
        let message = "At least one of the parameters Statistics and ExtendedStatistics must be specified.";
        return Err(AwsError::sender("MissingParameter", message));
    }
    let name = String::from(input.metric_name);
    let metric = Metric { namespace: input.namespace.to_string(), name, dimensions: input.dimensions };
    let points = points(&scope, &metric, (start, end), period, input.unit);
    let shown: Vec<Value> = points
        .iter()
        .map(|(time, point)| {
            let mut shown = json!({ "Timestamp": seconds(*time), "Unit": point.unit.as_str() });
            for (name, statistic) in &plain {
                if let Some(value) = statistic.of(&point.bucket) {
                    shown[name.as_str()] = value.into();
                }
            }
            let extended: Map<String, Value> = extended
                .iter()
                .filter_map(|(name, statistic)| Some((name.clone(), statistic.of(&point.bucket)?.into())))
                .collect();
            if !extended.is_empty() {
                shown["ExtendedStatistics"] = Value::Object(extended);
            }
            shown
        })
        .collect();
    Ok(answer(json!({ "Label": metric.name, "Datapoints": shown })))
}

fn named(
    names: &[String],
    member: &str,
    parse: impl Fn(&str) -> Option<Statistic>,
) -> Result<Vec<(String, Statistic)>, AwsError> {
    let read = |name: &String| {
        let refusal = || invalid(format!("The value {name} for parameter {member} is invalid."));
        parse(name).map(|statistic| (name.clone(), statistic)).ok_or_else(refusal)
    };
    names.iter().map(read).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    namespace: Option<Namespace>,
    metric_name: Option<MetricName>,
    #[serde(default)]
    dimensions: Vec<Filter>,
    next_token: Option<String>,
    recently_active: Option<RecentlyActive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    name: Text<1, 255>,
    value: Option<Text<1, 1024>>,
}

#[derive(Deserialize)]
enum RecentlyActive {
    #[serde(rename = "PT3H")]
    ThreeHours,
}

/// `ListMetrics`: those that had data within the last two weeks.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<List>(operation)?;
    let after = match input.next_token.filter(|token| !token.is_empty()) {
        Some(token) => Some(key_of(&token).ok_or_else(|| invalid("The value for parameter NextToken is invalid."))?),
        None => None,
    };
    let age = if matches!(input.recently_active, Some(RecentlyActive::ThreeHours)) { RECENT } else { LISTED };
    let now = scope.now_millis();
    let has = |metric: &Metric| {
        input.namespace.as_deref().is_none_or(|namespace| metric.namespace == namespace)
            && input.metric_name.as_deref().is_none_or(|name| metric.name == name)
            && input.dimensions.iter().all(|filter| {
                let value = metric.dimensions.0.get(&*filter.name);
                value.is_some_and(|value| filter.value.as_deref().is_none_or(|wanted| wanted == value))
            })
    };
    let metrics = scope.context.metrics.list(scope.region).into_iter();
    let metrics = metrics.filter(|(metric, last)| now - last <= age && has(metric));
    let metrics = metrics.map(|(metric, _)| (metric.show().to_string(), metric));
    let mut metrics: Vec<_> = metrics.collect();
    metrics.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (metrics, last) = page(metrics, |(key, _)| key.clone(), after.as_ref(), PAGE);
    let shown: Vec<Value> = metrics.iter().map(|(_, metric)| metric.show()).collect();
    let mut shown = json!({ "Metrics": shown });
    if let Some(last) = last {
        shown["NextToken"] = token(&last).into();
    }
    Ok(answer(shown))
}
