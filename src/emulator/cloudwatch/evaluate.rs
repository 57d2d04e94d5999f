//! In which state an alarm is, by the data that there is.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

use super::{
    alarm::{Alarm, Missing, StateValue},
    metrics::{Metrics, Wanted},
    statistic::Statistic,
};
use crate::emulator::{store::Region, wire::iso_time};
use serde_json::json;
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

/// Where the last whole minute ends, or the last ten seconds for alarms of shorter periods; milliseconds since the Unix
/// epoch.
pub(super) fn end_of(alarm: &Alarm, now: i64) -> i64 {
    let step = if alarm.period < 60 { 10_000 } else { 60_000 };
    now.div_euclid(step) * step
}

/// Evaluates an alarm by the data up to a time; none when it stays as it is.
pub(super) fn verdict(metrics: &Metrics, region: &Region, alarm: &Alarm, now: i64) -> Option<Verdict> {
    let (end, period) = (end_of(alarm, now), i64::from(alarm.period) * 1000);
    let wanted_periods = alarm.evaluation_periods;
    let start = end - period * i64::from(wanted_periods + MORE);
    let statistic = Statistic::parse(&alarm.statistic)?;
    let wanted = Wanted { metric: &alarm.metric, range: (start, end), origin: end, period, unit: alarm.unit };
    let points = metrics.read(region, &wanted);
    // The newest first, as many as are asked for.
    let points: Vec<(i64, f64)> = points
        .iter()
        .rev()
        .filter_map(|(time, point)| Some((*time, statistic.of(&point.bucket)?)))
        .take(wanted_periods as usize)
        .collect();
    let breaches: Vec<bool> = points.iter().map(|(_, value)| alarm.comparison.holds(*value, alarm.threshold)).collect();
    let value = decide(alarm, &breaches)?;
    let data = json!({
        "version": "1.0",
        "queryDate": iso_time(now).replace('Z', "+0000"),
        "startDate": points.last().map(|(time, _)| iso_time(*time).replace('Z', "+0000")),
        "statistic": alarm.statistic,
        "period": alarm.period,
        "recentDatapoints": points.iter().rev().map(|(_, value)| *value).collect::<Vec<_>>(),
        "threshold": alarm.threshold,
    });
    Some(Verdict { value, reason: reason(alarm, value, &points, &breaches), data: data.to_string() })
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

fn reason(alarm: &Alarm, value: StateValue, points: &[(i64, f64)], breaches: &[bool]) -> String {
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
        .map(|((time, value), _)| format!("{value:?} ({})", short(*time)))
        .collect();
    let needed = alarm.datapoints_to_alarm.unwrap_or(asked);
    let (not, minimum, way) =
        if is_alarm { ("", needed, "OK -> ALARM") } else { ("not ", asked - needed + 1, "ALARM -> OK") };
    let (datapoints, were) = if asked == 1 { ("datapoint", "was") } else { ("datapoints", "were") };
    let plural = if minimum == 1 { "datapoint" } else { "datapoints" };
    format!(
        "Threshold Crossed: {} out of the last {asked} {datapoints} [{}] {were} {not}{} the threshold ({:?}) (minimum \
         {minimum} {plural} for {way} transition).",
        telling.len(),
        telling.join(", "),
        alarm.comparison.words(),
        alarm.threshold,
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
        alarm::{Comparison, Condition},
        metric::{Metric, Unit},
    };
    use std::collections::BTreeMap;

    fn alarm(needed: u32, asked: u32, missing: Missing) -> Alarm {
        Alarm {
            description: None,
            actions_enabled: true,
            ok_actions: Vec::new(),
            alarm_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            metric: Metric::new("Own", "m", &[]),
            statistic: "Sum".to_owned(),
            period: 60,
            unit: None,
            evaluation_periods: asked,
            datapoints_to_alarm: Some(needed),
            threshold: 1.0,
            comparison: Comparison::GreaterThanThreshold,
            missing: Some(missing),
            low_sample_count: None,
            updated: 0,
            condition: Condition {
                value: StateValue::InsufficientData,
                reason: String::new(),
                data: None,
                updated: 0,
                transitioned: 0,
            },
            tags: BTreeMap::new(),
        }
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
            metrics.note(&region, &alarm.metric, minute * 60_000 + 7, Unit::COUNT, value);
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
        let alarm = alarm(1, 1, Missing::Missing);
        metrics.note(&region, &alarm.metric, 240_000, Unit::COUNT, 5.0);
        let verdict = verdict(&metrics, &region, &alarm, 300_000).unwrap();
        assert_eq!(
            verdict.reason,
            "Threshold Crossed: 1 out of the last 1 datapoint [5.0 (01/01/70 00:04:00)] was greater than the threshold \
             (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
        );
        assert!(verdict.data.contains(r#""recentDatapoints":[5.0]"#));
    }
}
