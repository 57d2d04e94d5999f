//! In which state an alarm is, by the data that there is.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

use super::{
    action,
    alarm::{Alarm, Missing, StateValue, Watched},
    math::Value,
    metrics::Metrics,
    query,
};
use crate::emulator::store::Region;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// How many periods are looked at beyond those that are asked for, so that data which comes late is seen.
const MORE: u32 = 2;
/// How times stand in reasons.
const SHORT: &[BorrowedFormatItem] = format_description!("[day]/[month]/[year repr:last_two] [hour]:[minute]:[second]");

/// What an evaluation came to.
pub(super) struct Verdict {
    pub(super) value: StateValue,
    pub(super) reason: String,
    /// JSON.
    pub(super) data: String,
}

/// What is known of a period.
#[derive(Clone, Copy)]
struct Datapoint {
    /// Where it begins, milliseconds since the Unix epoch.
    time: i64,
    value: f64,
    /// How many samples there were, where one metric is watched.
    count: Option<f64>,
}

/// Where the last whole minute ends, or the last ten seconds for alarms of shorter periods; milliseconds since the Unix
/// epoch.
fn end_of(alarm: &Alarm, now: i64) -> i64 {
    let step = if alarm.period() < 60 { 10_000 } else { 60_000 };
    now.div_euclid(step) * step
}

/// Evaluates an alarm by the data up to a time; none when it stays as it is.
pub(super) fn verdict(metrics: &Metrics, region: &Region, alarm: &Alarm, now: i64) -> Option<Verdict> {
    let (end, period) = (end_of(alarm, now), i64::from(alarm.period()) * 1000);
    let wanted_periods = alarm.evaluation_periods;
    let start = end - period * i64::from(wanted_periods + MORE);
    // The newest first, as many as are asked for.
    let mut points = datapoints((metrics, region), alarm, (start, end))?;
    points.reverse();
    points.truncate(wanted_periods as usize);
    let breaches: Vec<bool> = points.iter().map(|point| alarm.comparison.holds(point.value, alarm.threshold)).collect();
    let value = decide(alarm, &breaches)?;
    let data = data(alarm, &points, (end, period), now).to_string();
    Some(Verdict { value, reason: reason(alarm, value, &points, &breaches), data })
}

/// The data that an alarm watches within a range, the oldest first; none when an expression comes to nothing.
fn datapoints(source: (&Metrics, &Region), alarm: &Alarm, (start, end): (i64, i64)) -> Option<Vec<Datapoint>> {
    let queries = match &alarm.watched {
        Watched::Metric(stat) => {
            let points = stat.read(source, (start, end), end).into_iter();
            let point = |(time, sampled): (i64, query::Sampled)| Datapoint {
                time,
                value: sampled.value,
                count: Some(sampled.count),
            };
            return Some(points.map(point).collect());
        }
        Watched::Queries { queries } => queries,
    };
    let mut values = query::evaluate(source, queries, (start, end), end).ok()?;
    let watched = queries.iter().find(|query| query.returns)?;
    let points: BTreeMap<i64, f64> = match values.remove(&watched.id)? {
        Value::Series(series) => series.points,
        // What a query finds nothing for is as absent as the data of a metric.
        Value::List(list) => list.into_iter().next().unwrap_or_default().points,
        Value::Number(_) => return None,
    };
    Some(points.into_iter().map(|(time, value)| Datapoint { time, value, count: None }).collect())
}

/// What told, for programs.
fn data(alarm: &Alarm, points: &[Datapoint], (end, period): (i64, i64), now: i64) -> Json {
    let at = action::time;
    let mut data = json!({
        "version": "1.0",
        "queryDate": at(now),
        "period": alarm.period(),
        "recentDatapoints": points.iter().rev().map(|point| point.value).collect::<Vec<_>>(),
        "threshold": alarm.threshold,
    });
    if let Some(oldest) = points.last() {
        data["startDate"] = at(oldest.time).into();
    }
    if let Watched::Metric(stat) = &alarm.watched {
        data["statistic"] = stat.statistic.as_str().into();
        if let Some(unit) = stat.unit {
            data["unit"] = unit.as_str().into();
        }
    }
    let evaluated: Vec<Json> = if points.is_empty() {
        (1..=i64::from(alarm.evaluation_periods)).map(|back| json!({ "timestamp": at(end - back * period) })).collect()
    } else {
        let shown = |point: &Datapoint| {
            let mut shown = json!({ "timestamp": at(point.time), "value": point.value });
            if let Some(count) = point.count {
                shown["sampleCount"] = count.into();
            }
            shown
        };
        points.iter().map(shown).collect()
    };
    data["evaluatedDatapoints"] = evaluated.into();
    data
}

/// Decides by what of the newest data breaches the threshold; none when the state stays what it is.
fn decide(alarm: &Alarm, breaches: &[bool]) -> Option<StateValue> {
    let asked = alarm.evaluation_periods as usize;
    let needed = alarm.datapoints_to_alarm.unwrap_or(alarm.evaluation_periods) as usize;
    let (breaching, absent) = (breaches.iter().filter(|breach| **breach).count(), asked.saturating_sub(breaches.len()));
    let alarms = |is_alarm: bool| Some(if is_alarm { StateValue::Alarm } else { StateValue::Ok });
    if absent == 0 {
        return alarms(breaching >= needed);
    }
    let all_breach = breaching == breaches.len();
    match alarm.missing.unwrap_or_default() {
        Missing::Breaching => alarms(breaching + absent >= needed),
        Missing::NotBreaching => alarms(breaching >= needed),
        Missing::Missing if breaches.is_empty() => Some(StateValue::InsufficientData),
        Missing::Missing => alarms(all_breach || breaching >= needed),
        Missing::Ignore if breaching >= needed => Some(StateValue::Alarm),
        // Nothing that is there says that all is well.
        Missing::Ignore if all_breach => None,
        Missing::Ignore => Some(StateValue::Ok),
    }
}

fn reason(alarm: &Alarm, value: StateValue, points: &[Datapoint], breaches: &[bool]) -> String {
    let asked = alarm.evaluation_periods;
    if value == StateValue::InsufficientData {
        let unknown = asked as usize - points.len();
        let was = if unknown == 1 { "datapoint was" } else { "datapoints were" };
        return format!("Insufficient Data: {unknown} {was} unknown.");
    }
    if points.is_empty() {
        let kind = if value == StateValue::Alarm { "Breaching" } else { "NonBreaching" };
        let (periods, were) = if asked == 1 { ("period", "datapoint was") } else { ("periods", "datapoints were") };
        return format!(
            "Threshold Crossed: no datapoints were received for {asked} {periods} and {asked} missing {were} treated as \
             [{kind}]."
        );
    }
    let is_alarm = value == StateValue::Alarm;
    let telling: Vec<String> = points
        .iter()
        .zip(breaches)
        .filter(|(_, breach)| **breach == is_alarm)
        .take(5)
        .map(|(point, _)| format!("{:?} ({})", point.value, short(point.time)))
        .collect();
    let count = telling.len();
    let were = if count == 1 { "was" } else { "were" };
    let not = if is_alarm { "" } else { "not " };
    let crossed = format!(
        "[{}] {were} {not}{} the threshold ({:?})",
        telling.join(", "),
        alarm.comparison.words(),
        alarm.threshold
    );
    let Some(needed) = alarm.datapoints_to_alarm else {
        let datapoints = if count == 1 { "datapoint" } else { "datapoints" };
        return format!("Threshold Crossed: {count} {datapoints} {crossed}.");
    };
    let (minimum, way) = if is_alarm { (needed, "OK -> ALARM") } else { (asked - needed + 1, "ALARM -> OK") };
    let plural = if minimum == 1 { "datapoint" } else { "datapoints" };
    format!(
        "Threshold Crossed: {count} out of the last {asked} datapoints {crossed} (minimum {minimum} {plural} for {way} \
         transition)."
    )
}

fn short(millis: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(SHORT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::cloudwatch::{
        alarm::tests::alarm as sample,
        metric::{Metric, Unit},
    };

    fn alarm(needed: u32, asked: u32, missing: Missing) -> Alarm {
        Alarm { evaluation_periods: asked, datapoints_to_alarm: Some(needed), missing: Some(missing), ..sample() }
    }

    /// The state by five minutes of data: `0` is good, `X` breaches, `-` is not there.
    fn state(needed: u32, asked: u32, missing: Missing, data: &str) -> &'static str {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        let alarm = alarm(needed, asked, missing);
        for (minute, sample) in (0..).zip(data.chars()) {
            let value = match sample {
                '0' => 0.0,
                'X' => 5.0,
                _ => continue,
            };
            metrics.note(&region, &Metric::new("Own", "m", &[]), minute * 60_000 + 7, Unit::COUNT, value);
        }
        verdict(&metrics, &region, &alarm, 5 * 60_000 + 30).map_or("stays", |verdict| verdict.value.as_str())
    }

    #[test]
    fn the_tables_of_the_documentation_hold() {
        const ALL: [Missing; 4] = [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
        for (needed, data, expected) in [
            (3, "0-X-X", ["OK", "OK", "OK", "OK"]),
            (3, "----0", ["OK", "OK", "OK", "OK"]),
            (3, "-----", ["INSUFFICIENT_DATA", "stays", "ALARM", "OK"]),
            (3, "0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
            (3, "--X--", ["ALARM", "stays", "ALARM", "OK"]),
            (2, "0-X-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
            (2, "00X0X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
            (2, "0-X--", ["OK", "OK", "ALARM", "OK"]),
            (2, "----0", ["OK", "OK", "ALARM", "OK"]),
            (2, "----X", ["ALARM", "stays", "ALARM", "OK"]),
        ] {
            for (missing, expected) in ALL.into_iter().zip(expected) {
                assert_eq!(state(needed, 3, missing, data), expected, "{needed} of 3, {data}, {missing:?}");
            }
        }
    }

    #[test]
    fn a_reason_names_what_told() {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        metrics.note(&region, &Metric::new("Own", "m", &[]), 240_000, Unit::COUNT, 5.0);
        let told = |alarm: &Alarm| verdict(&metrics, &region, alarm, 300_000).unwrap();
        let some = told(&alarm(1, 1, Missing::Missing));
        assert_eq!(
            some.reason,
            "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/01/70 00:04:00)] was greater than the threshold \
             (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
        );
        let all = told(&Alarm { datapoints_to_alarm: None, ..alarm(1, 1, Missing::Missing) });
        let reason = "Threshold Crossed: 1 datapoint [5.0 (01/01/70 00:04:00)] was greater than the threshold (1.0).";
        assert_eq!(all.reason, reason);
        assert!(all.data.contains(r#""recentDatapoints":[5.0]"#));
        let evaluated =
            r#""evaluatedDatapoints":[{"sampleCount":1.0,"timestamp":"1970-01-01T00:04:00.000+0000","value":5.0}]"#;
        assert!(all.data.contains(evaluated), "{}", all.data);
    }

    #[test]
    fn an_alarm_may_watch_what_an_expression_makes_of_metrics() {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        for (name, value) in [("errors", 3.0), ("calls", 4.0)] {
            metrics.note(&region, &Metric::new("Own", name, &[]), 240_000, Unit::COUNT, value);
        }
        let metric = |id: &str, name: &str| {
            let metric = json!({ "Namespace": "Own", "MetricName": name });
            let stat = json!({ "Metric": metric, "Stat": "Sum", "Period": 60 });
            json!({ "Id": id, "MetricStat": stat, "ReturnData": false })
        };
        let asked = json!([metric("m1", "errors"), metric("m2", "calls"), { "Id": "e1", "Expression": "100*m1/m2" }]);
        let alarm = Alarm { threshold: 70.0, ..watching(asked, Missing::Missing) };
        let verdict = verdict(&metrics, &region, &alarm, 300_000).unwrap();
        assert_eq!(verdict.value, StateValue::Alarm);
        assert!(verdict.data.contains(r#""recentDatapoints":[75.0]"#), "{}", verdict.data);
    }

    /// An alarm of one period on what queries come to.
    fn watching(asked: Json, missing: Missing) -> Alarm {
        let queries = query::checked(serde_json::from_value(asked).unwrap(), "PutMetricAlarm").unwrap();
        Alarm { watched: Watched::Queries { queries }, ..alarm(1, 1, missing) }
    }

    #[test]
    fn the_periods_of_an_expression_are_those_of_its_metrics() {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        // At seven minutes the last five begin at the second one.
        metrics.note(&region, &Metric::new("Own", "m", &[]), 240_000, Unit::COUNT, 5.0);
        let metric = json!({ "Namespace": "Own", "MetricName": "m" });
        let stat = json!({ "Metric": metric, "Stat": "Sum", "Period": 300 });
        for (expression, newest) in
            [("FILL(m1, 0)", "5.0"), ("m1 + TIME_SERIES(2)", "7.0"), ("m1 * (DAY(m1) > 0)", "5.0")]
        {
            let m1 = json!({ "Id": "m1", "MetricStat": stat, "ReturnData": false });
            let alarm = watching(json!([m1, { "Id": "e1", "Expression": expression }]), Missing::Missing);
            let verdict = verdict(&metrics, &region, &alarm, 420_000).unwrap();
            let recent = format!(r#""recentDatapoints":[{newest}]"#);
            assert!(verdict.data.contains(&recent), "{expression}: {}", verdict.data);
        }
    }

    #[test]
    fn a_select_that_finds_nothing_is_missing_data() {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        for (missing, expected) in [
            (Missing::Missing, Some(StateValue::InsufficientData)),
            (Missing::Ignore, None),
            (Missing::Breaching, Some(StateValue::Alarm)),
            (Missing::NotBreaching, Some(StateValue::Ok)),
        ] {
            let select = json!([{ "Id": "q1", "Expression": "SELECT SUM(m) FROM Own", "Period": 60 }]);
            let verdict = verdict(&metrics, &region, &watching(select, missing), 300_000);
            assert_eq!(verdict.map(|verdict| verdict.value), expected, "{missing:?}");
        }
    }
}
