//! `GetMetricData`, `GetMetricStatistics` and `ListMetrics`.

use super::{
    answer,
    bucket::Bucket,
    input, invalid, math,
    metric::{Dimensions, Metric, MetricName, Moment, Namespace, Unit, period},
    metrics::Wanted,
    query::{self, Asked, Plan, Source},
    seconds,
    statistic::Statistic,
    validation,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        AwsError, Text,
        page::{key_of, page, token},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    metric_data_queries: Vec<Asked>,
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

/// `GetMetricData`: what each query asks for, newest first unless it is said.
pub(super) fn data(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Data>(operation)?;
    let unknown = || AwsError::sender("InvalidNextToken", "The NextToken is not valid.");
    let done: usize = match input.next_token.filter(|token| !token.is_empty()) {
        Some(token) => key_of(&token).and_then(|text| text.parse().ok()).ok_or_else(unknown)?,
        None => 0,
    };
    if !(1..=MAX_QUERIES).contains(&input.metric_data_queries.len()) {
        return Err(validation(format!(
            "The collection MetricDataQueries must have a size between 1 and {MAX_QUERIES}."
        )));
    }
    let (start, end) = (input.start_time.seconds(), input.end_time.seconds());
    if start == end {
        return Err(validation("The parameter StartTime must not equal parameter EndTime."));
    }
    if start > end {
        return Err(validation("The parameter EndTime must be greater than StartTime."));
    }
    let most = input
        .max_datapoints
        .map_or(MAX_POINTS, |most| usize::try_from(most).unwrap_or(MAX_POINTS))
        .clamp(1, MAX_POINTS);
    let queries = query::read(input.metric_data_queries)?;
    let range = (input.start_time.0, input.end_time.0);
    let source = (&scope.context.metrics, scope.region);
    let mut values = Plan::checked(&queries, "GetMetricData")?.evaluate((source, 0), range)?;
    let mut page = Page { passed: done, room: most, has_more: false };
    let mut results = Vec::new();
    for (query, label) in queries.iter().zip(query::labels(&queries)).filter(|(query, _)| query.returns) {
        let series = match values.remove(&query.id) {
            Some(math::Value::Series(series)) => vec![(label, series.points)],
            Some(math::Value::List(list)) => {
                let is_one = list.len() == 1;
                let named = |series: math::Series| match &query.label {
                    Some(label) if is_one => (label.clone(), series.points),
                    Some(label) => (format!("{label} {}", series.label), series.points),
                    None => (series.label, series.points),
                };
                list.into_iter().map(named).collect()
            }
            Some(math::Value::Number(_)) | None => Vec::new(),
        };
        for (label, points) in series {
            let mut points: Vec<(i64, f64)> = points.into_iter().collect();
            if input.scan_by == ScanBy::TimestampDescending {
                points.reverse();
            }
            let (points, is_whole) = page.take(points);
            let (times, values): (Vec<Value>, Vec<f64>) =
                points.into_iter().map(|(time, value)| (seconds(time), value)).unzip();
            let mut result = json!({
                "Id": query.id,
                "Label": label,
                "Timestamps": times,
                "Values": values,
                "StatusCode": if is_whole { "Complete" } else { "PartialData" },
            });
            if let Source::Metric(stat) = &query.source {
                let units = stat.ambiguous_units(source, range);
                if !units.is_empty() {
                    let units: Vec<&str> = units.into_iter().map(Unit::as_str).collect();
                    let value = format!("Multiple units returned: '[{}]'", units.join(", "));
                    result["Messages"] = json!([{ "Code": "MultipleUnits", "Value": value }]);
                }
            }
            results.push(result);
        }
    }
    let mut shown = json!({ "MetricDataResults": results, "Messages": [] });
    if page.has_more {
        shown["NextToken"] = token(&(done + most).to_string()).into();
    }
    Ok(answer(shown))
}

/// A page of the data points of all results together, in their order.
struct Page {
    /// How many were on the pages before.
    passed: usize,
    /// How many more it may have.
    room: usize,
    has_more: bool,
}

impl Page {
    /// Takes what is on the page of the points of a result, and tells whether no page after it has more of them.
    fn take(&mut self, mut points: Vec<(i64, f64)>) -> (Vec<(i64, f64)>, bool) {
        let passed = self.passed.min(points.len());
        self.passed -= passed;
        let mut rest = points.split_off(passed);
        let is_whole = rest.len() <= self.room;
        rest.truncate(self.room);
        self.room -= rest.len();
        self.has_more |= !is_whole;
        (rest, is_whole)
    }
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
    if input.start_time.seconds() >= input.end_time.seconds() {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
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
    let extended = named(&input.extended_statistics, "ExtendedStatistics", Statistic::extended)?;
    if plain.is_empty() && extended.is_empty() {
        let message = "Must specify either Statistics or ExtendedStatistics";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    let name = String::from(input.metric_name);
    let metric = Metric { namespace: input.namespace.to_string(), name, dimensions: input.dimensions };
    // Data of one unit is no data of another: each has points of its own.
    let metrics = &scope.context.metrics;
    let range = (start.div_euclid(period) * period, end);
    let units = input.unit.map_or_else(|| metrics.units(scope.region, &metric, range), |unit| vec![unit]);
    let mut points: Vec<(i64, Unit, Bucket)> = Vec::new();
    for unit in units {
        let wanted = Wanted { metric: &metric, range, origin: 0, period, unit: Some(unit) };
        let own = metrics.read(scope.region, &wanted).into_iter();
        points.extend(own.map(|(time, bucket)| (time, unit, bucket)));
    }
    points.sort_by_key(|(time, ..)| *time);
    let shown: Vec<Value> = points
        .iter()
        .map(|(time, unit, bucket)| {
            let mut shown = json!({ "Timestamp": seconds(*time), "Unit": unit.as_str() });
            for (name, statistic) in &plain {
                if let Some(value) = statistic.of(bucket) {
                    shown[name.as_str()] = value.into();
                }
            }
            let extended: Map<String, Value> = extended
                .iter()
                .filter_map(|(name, statistic)| Some((name.clone(), statistic.of(bucket)?.into())))
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
        Some(token) => Some(key_of(&token).ok_or_else(|| invalid("Request parameter NextToken is invalid"))?),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_so_many_points_of_all_results_together() {
        let taken = |passed: usize| {
            let mut page = Page { passed, room: 3, has_more: false };
            let points = |count: i64| (0..count).map(|time| (time, 1.0)).collect::<Vec<_>>();
            let sizes = [2, 2, 1].map(|count| page.take(points(count)).0.len());
            (sizes, page.has_more)
        };
        assert_eq!(taken(0), ([2, 1, 0], true));
        assert_eq!(taken(3), ([0, 1, 1], false));
    }
}
