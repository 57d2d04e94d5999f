//! Queries: data of metrics, and what expressions make of it, as `GetMetricData` and alarms ask for it.

use super::{
    insights::{Select, is_select},
    math::{self, Expression, Fault, Scene, Series, Value},
    metric::{Dimensions, Metric, MetricName, Namespace, Unit},
    metrics::{Metrics, Wanted},
    statistic::Statistic,
    validation,
};
use crate::emulator::{
    store::Region,
    wire::{AwsError, Text},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

/// A query as it comes in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked {
    id: Text<1, 255>,
    metric_stat: Option<AskedStat>,
    expression: Option<Text<1, 2048>>,
    label: Option<String>,
    return_data: Option<bool>,
    period: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AskedStat {
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

/// A query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) source: Source,
    pub(super) label: Option<String>,
    /// Whether what it comes to is answered.
    pub(super) returns: bool,
    /// Of an expression, in seconds.
    period: Option<u32>,
}

/// Where the data of a query comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Source {
    Metric(Stat),
    Expression(String),
}

/// A statistic of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stat {
    pub(super) metric: Metric,
    /// As it came: `Sum`, `p99.9`.
    pub(super) statistic: String,
    /// In seconds.
    pub(super) period: u32,
    pub(super) unit: Option<Unit>,
}

impl Stat {
    /// Its data within a range, by periods that begin at `origin` and at whole periods before and after it. Of data in
    /// several units it is that in the first one, unless one is said.
    pub(super) fn read(
        &self,
        (metrics, region): (&Metrics, &Region),
        range: (i64, i64),
        origin: i64,
    ) -> BTreeMap<i64, Sampled> {
        let Some(statistic) = Statistic::parse(&self.statistic) else { return BTreeMap::new() };
        let (range, period) = (self.whole(range, origin), i64::from(self.period) * 1000);
        let unit = self.unit.or_else(|| metrics.units(region, &self.metric, range).first().copied());
        let wanted = Wanted { metric: &self.metric, range, origin, period, unit };
        let points = metrics.read(region, &wanted).into_iter();
        let sampled = points
            .filter_map(|(time, bucket)| Some((time, Sampled { value: statistic.of(&bucket)?, count: bucket.count })));
        sampled.collect()
    }

    /// The same as the values of a series, whose making is work.
    fn points(
        &self,
        (source, origin): Reading<'_>,
        range: (i64, i64),
        work: &Cell<usize>,
    ) -> Result<BTreeMap<i64, f64>, String> {
        let (metrics, region) = source;
        math::take(work, 1 + metrics.count(region, &self.metric, self.whole(range, origin)))?;
        let points = self.read(source, range, origin).into_iter();
        Ok(points.map(|(time, sampled)| (time, sampled.value)).collect())
    }

    /// The units in which there is data within a range where one of them should have been said; else none.
    pub(super) fn ambiguous_units(&self, (metrics, region): (&Metrics, &Region), range: (i64, i64)) -> Vec<Unit> {
        let units = metrics.units(region, &self.metric, self.whole(range, 0));
        if self.unit.is_none() && units.len() > 1 { units } else { Vec::new() }
    }

    /// A range that begins with a whole period.
    fn whole(&self, (start, end): (i64, i64), origin: i64) -> (i64, i64) {
        let period = i64::from(self.period) * 1000;
        (origin + (start - origin).div_euclid(period) * period, end)
    }

    /// Shows it as answers have it.
    fn show(&self) -> Json {
        let mut shown = json!({ "Metric": self.metric.show(), "Period": self.period, "Stat": self.statistic });
        if let Some(unit) = self.unit {
            shown["Unit"] = unit.as_str().into();
        }
        shown
    }
}

/// What a statistic says of a period, and of how many samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    pub(super) value: f64,
    pub(super) count: f64,
}

/// Checks queries: each by itself, and that expressions use such as are there.
pub(super) fn checked(asked: Vec<Asked>, operation: &str) -> Result<Vec<Query>, AwsError> {
    let queries = read(asked)?;
    Plan::checked(&queries, operation)?;
    Ok(queries)
}

/// Checks queries, each by itself.
pub(super) fn read(asked: Vec<Asked>) -> Result<Vec<Query>, AwsError> {
    let mut ids = BTreeSet::new();
    let mut queries = Vec::new();
    for (at, one) in asked.into_iter().enumerate() {
        let query = one.query(at + 1)?;
        if !ids.insert(query.id.clone()) {
            return Err(validation(format!("The value {} for parameter Id is not unique.", query.id)));
        }
        queries.push(query);
    }
    Ok(queries)
}

impl Asked {
    /// Checks the query, which is the one of this number in its call.
    fn query(self, number: usize) -> Result<Query, AwsError> {
        let id = self.id.to_string();
        let is_name = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return Err(validation(format!(
                "The value {id} for parameter Id must begin with a lower-case letter and have letters, digits and underscores only."
            )));
        }
        if let Some(seconds) = self.period {
            period(seconds)?;
        }
        let source = match (self.metric_stat, self.expression) {
            (Some(stat), None) => Source::Metric(stat.stat()?),
            (None, Some(expression)) => Source::Expression(expression.into()),
            (Some(_), Some(_)) => {
                return Err(validation(format!("The query {id} has both a MetricStat and an Expression.")));
            }
            (None, None) => {
                return Err(validation(format!(
                    "The parameter MetricDataQueries.member.{number}.MetricStat is required.\n"
                )));
            }
        };
        let label = self.label.filter(|label| !label.is_empty());
        Ok(Query { id, source, label, returns: self.return_data.unwrap_or(true), period: self.period })
    }
}

impl AskedStat {
    fn stat(self) -> Result<Stat, AwsError> {
        if Statistic::parse(&self.stat).is_none() {
            let message = format!("The value {} for parameter MetricDataQueries.member.Stat is invalid.", self.stat);
            return Err(validation(message));
        }
        period(self.period)?;
        let Named { namespace, metric_name, dimensions } = self.metric;
        let metric = Metric { namespace: namespace.to_string(), name: metric_name.into(), dimensions };
        Ok(Stat { metric, statistic: self.stat, period: self.period, unit: self.unit })
    }
}

fn period(seconds: u32) -> Result<(), AwsError> {
    super::metric::period(seconds, "Period").map(drop).map_err(|error| validation(error.message))
}

impl Query {
    /// Shows it as alarms have it.
    pub(super) fn show(&self) -> Json {
        let mut shown = json!({ "Id": self.id, "ReturnData": self.returns });
        match &self.source {
            Source::Metric(stat) => shown["MetricStat"] = stat.show(),
            Source::Expression(text) => shown["Expression"] = text.as_str().into(),
        }
        if let Some(label) = &self.label {
            shown["Label"] = label.as_str().into();
        }
        if let Some(period) = self.period {
            shown["Period"] = period.into();
        }
        shown
    }
}

/// How a query is evaluated.
enum Step<'q> {
    Metric(&'q Stat),
    Expression(Expression),
    Select(Select),
}

/// Where data is read, and where its periods begin: at this time and at whole periods before and after it.
type Reading<'a> = ((&'a Metrics, &'a Region), i64);

/// In which order queries are evaluated; what an expression uses comes before it.
pub(super) struct Plan<'q>(Vec<(&'q Query, Step<'q>)>);

impl<'q> Plan<'q> {
    /// Makes the plan of queries of which each is good by itself.
    ///
    /// # Errors
    /// When no data would make a difference to what they come to.
    pub(super) fn checked(queries: &'q [Query], operation: &str) -> Result<Self, AwsError> {
        let plan = Self::of(queries, operation)?;
        plan.work_out(None, (0, 0))?;
        Ok(plan)
    }

    fn of(queries: &'q [Query], operation: &str) -> Result<Self, AwsError> {
        let mut order = Vec::new();
        // Expressions, and which of the queries that they use are not yet in the order.
        let mut waiting: Vec<(&Query, Expression, BTreeSet<&str>)> = Vec::new();
        let names: BTreeSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
        let mut selects = 0;
        for query in queries {
            match &query.source {
                Source::Metric(stat) => order.push((query, Step::Metric(stat))),
                Source::Expression(text) if is_select(text) => {
                    selects += 1;
                    if selects > 1 {
                        return Err(validation(format!("{operation} can have only one Metrics Insights query.")));
                    }
                    order.push((query, Step::Select(select(query, text, operation)?)));
                }
                Source::Expression(text) => {
                    let expression = math::parse(text).map_err(|fault| refused(&query.id, fault, operation))?;
                    let mut used = BTreeSet::new();
                    for id in expression.ids() {
                        let unknown = || in_expression(&query.id, &format!("There is no query {id}"));
                        used.insert(*names.get(id).ok_or_else(unknown)?);
                    }
                    waiting.push((query, expression, used));
                }
            }
        }
        let mut done: BTreeSet<&str> = order.iter().map(|(query, _)| query.id.as_str()).collect();
        while !waiting.is_empty() {
            for (_, _, used) in &mut waiting {
                used.retain(|id| !done.contains(id));
            }
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, _, used)| used.is_empty());
            if let (true, Some((query, ..))) = (ready.is_empty(), rest.first()) {
                return Err(in_expression(&query.id, "Expressions must not use each other in a circle"));
            }
            // Those before are in no set any more.
            done = ready.iter().map(|(query, ..)| query.id.as_str()).collect();
            order.extend(ready.into_iter().map(|(query, expression, _)| (query, Step::Expression(expression))));
            waiting = rest;
        }
        Ok(Self(order))
    }

    /// Evaluates all queries by the data within a range; gives what each comes to, by its id.
    pub(super) fn evaluate(
        &self,
        reading: Reading<'_>,
        range: (i64, i64),
    ) -> Result<BTreeMap<String, Value>, AwsError> {
        self.work_out(Some(reading), range)
    }

    /// Evaluates all queries, by no data where there is nothing to read.
    fn work_out(&self, reading: Option<Reading<'_>>, range: (i64, i64)) -> Result<BTreeMap<String, Value>, AwsError> {
        let mut metrics: Vec<(String, Series)> = Vec::new();
        let mut values = BTreeMap::new();
        let work = Cell::new(math::MAX_WORK);
        let origin = reading.map_or(0, |(_, origin)| origin);
        let shortest = self.0.iter().filter_map(|(query, _)| query.own_period()).min().unwrap_or(60);
        for (query, step) in &self.0 {
            let period = i64::from(query.own_period().unwrap_or(shortest)) * 1000;
            let failed = |why: String| in_expression(&query.id, &why);
            let value = match step {
                Step::Metric(stat) => {
                    let label = query.label.clone().unwrap_or_else(|| stat.metric.name.clone());
                    let points = reading.map(|reading| stat.points(reading, range, &work)).transpose();
                    let series = Series { label, period, points: points.map_err(failed)?.unwrap_or_default() };
                    metrics.push((query.id.clone(), series.clone()));
                    Value::Series(series)
                }
                Step::Select(select) => {
                    let read = |(source, origin): Reading<'_>| select.read(source, range, (origin, period), &query.id);
                    Value::List(reading.map(read).unwrap_or_default())
                }
                Step::Expression(expression) => {
                    let scene = Scene { metrics: &metrics, values: &values, range, origin, period, work: &work };
                    math::evaluate(&scene, expression).map_err(failed)?
                }
            };
            if query.returns && matches!(value, Value::Number(_)) {
                return Err(in_expression(&query.id, "The expression must come to a time series and not to a number"));
            }
            values.insert(query.id.clone(), value);
        }
        Ok(values)
    }
}

fn select(query: &Query, text: &str, operation: &str) -> Result<Select, AwsError> {
    let select = Select::parse(text).map_err(|why| in_expression(&query.id, &why))?;
    if query.period.is_none() {
        return Err(in_expression(&query.id, "A Metrics Insights query needs a Period"));
    }
    if select.is_grouped() && operation == "PutMetricAlarm" {
        let what = format!("{operation} (a Metrics Insights query with GROUP BY)");
        return Err(AwsError::not_implemented("monitoring", &what));
    }
    Ok(select)
}

impl Query {
    /// In seconds.
    fn own_period(&self) -> Option<u32> {
        match &self.source {
            Source::Metric(stat) => Some(stat.period),
            Source::Expression(_) => self.period,
        }
    }
}

/// The longest period of queries, in seconds.
pub(super) fn longest_period(queries: &[Query]) -> u32 {
    queries.iter().filter_map(Query::own_period).max().unwrap_or(60)
}

/// Evaluates checked queries: what each comes to, by its id.
pub(super) fn evaluate(
    source: (&Metrics, &Region),
    queries: &[Query],
    range: (i64, i64),
    origin: i64,
) -> Result<BTreeMap<String, Value>, AwsError> {
    Plan::of(queries, "GetMetricData")?.evaluate((source, origin), range)
}

fn in_expression(id: &str, why: &str) -> AwsError {
    validation(format!("Error in expression '{id}': {why}"))
}

fn refused(id: &str, fault: Fault, operation: &str) -> AwsError {
    match fault {
        Fault::Wrong(why) => in_expression(id, &why),
        Fault::Lacking(function) => AwsError::not_implemented("monitoring", &format!("{operation} ({function})")),
    }
}

/// What queries without a label are called: what tells those of metrics from each other, and the id of an expression.
pub(super) fn labels(queries: &[Query]) -> Vec<String> {
    let stats = || {
        queries.iter().filter_map(|query| match &query.source {
            Source::Metric(stat) => Some(stat),
            Source::Expression(_) => None,
        })
    };
    let differ = |part: fn(&Stat) -> String| stats().map(part).collect::<BTreeSet<_>>().len() > 1;
    let by_statistic = differ(|stat| stat.statistic.clone());
    let by_period = differ(|stat| stat.period.to_string());
    let label = |query: &Query| match (&query.label, &query.source) {
        (Some(label), _) => label.clone(),
        (None, Source::Expression(_)) => query.id.clone(),
        (None, Source::Metric(stat)) => {
            let mut label = stat.metric.name.clone();
            if by_statistic {
                label = format!("{label} {}", stat.statistic);
            }
            if by_period {
                label = format!("{label} {}", stat.period);
            }
            label
        }
    };
    queries.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queries(list: Json) -> Result<Vec<Query>, AwsError> {
        checked(serde_json::from_value(list).unwrap(), "GetMetricData")
    }

    fn metric(id: &str, statistic: &str, period: u32) -> Json {
        let metric = json!({ "Namespace": "Own", "MetricName": "m" });
        json!({ "Id": id, "MetricStat": { "Metric": metric, "Stat": statistic, "Period": period } })
    }

    #[test]
    fn expressions_are_evaluated_after_what_they_use() {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        metrics.note(&region, &Metric::new("Own", "m", &[]), 60_000, Unit::COUNT, 4.0);
        let queries = queries(json!([
            { "Id": "e2", "Expression": "e1 + 1" },
            { "Id": "e1", "Expression": "m1 * 2", "ReturnData": false },
            metric("m1", "Sum", 60),
        ]));
        let queries = queries.unwrap();
        let values = evaluate((&metrics, &region), &queries, (0, 120_000), 0).unwrap();
        let Value::Series(series) = &values["e2"] else { panic!("{values:?}") };
        assert_eq!(series.points, BTreeMap::from([(60_000, 9.0)]));
        assert_eq!(labels(&queries)[0], "e2");
    }

    #[test]
    fn what_cannot_be_evaluated_is_refused_before_there_is_data() {
        for (list, code) in [
            (json!([{ "Id": "e1", "Expression": "e2" }, { "Id": "e2", "Expression": "e1" }]), "ValidationError"),
            (json!([{ "Id": "e1", "Expression": "m9 * 2" }]), "ValidationError"),
            (json!([metric("m1", "Sum", 60), { "Id": "e1", "Expression": "AVG(m1)" }]), "ValidationError"),
            (json!([metric("m1", "Sum", 60), metric("m1", "Sum", 60)]), "ValidationError"),
            (json!([{ "Id": "M1", "Expression": "1" }]), "ValidationError"),
            (json!([{ "Id": "e1", "Expression": "SEARCH('a', 'Sum')" }]), "NotImplemented"),
            (json!([{ "Id": "e1" }]), "ValidationError"),
        ] {
            assert_eq!(queries(list.clone()).unwrap_err().code, code, "{list}");
        }
    }

    #[test]
    fn each_query_of_a_metric_is_work_however_often_it_is_asked_for() {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        let metric = Metric::new("Own", "m", &[]);
        for minute in 0..10 {
            metrics.note(&region, &metric, minute * 60_000, Unit::COUNT, 1.0);
        }
        let stat = Stat { metric, statistic: "Sum".to_owned(), period: 3600, unit: None };
        let work = Cell::new(25);
        let read = || stat.points(((&metrics, &region), 0), (0, 600_000), &work);
        let sum = BTreeMap::from([(0, 10.0)]);
        assert_eq!((read(), read()), (Ok(sum.clone()), Ok(sum)));
        assert!(read().is_err(), "three times ten values are more than 25");
    }

    #[test]
    fn what_only_data_tells_is_not_refused_without_any() {
        for expression in ["FIRST(REMOVE_EMPTY(METRICS()))", "LAST(REMOVE_EMPTY(METRICS()))", "FIRST(s1)", "LAST(s1)"] {
            let select = json!({ "Id": "s1", "Expression": "SELECT SUM(m) FROM Own", "Period": 60 });
            let list = json!([metric("m1", "Sum", 60), select, { "Id": "e1", "Expression": expression }]);
            assert!(queries(list).is_ok(), "{expression}");
        }
    }

    #[test]
    fn labels_say_what_differs() {
        let of = |list: Json| labels(&queries(list).unwrap());
        assert_eq!(of(json!([metric("a", "Sum", 60), metric("b", "Sum", 60)])), ["m", "m"]);
        assert_eq!(of(json!([metric("a", "Sum", 60), metric("b", "Minimum", 60)])), ["m Sum", "m Minimum"]);
        assert_eq!(of(json!([metric("a", "Sum", 60), metric("b", "Minimum", 30)])), ["m Sum 60", "m Minimum 30"]);
    }
}
