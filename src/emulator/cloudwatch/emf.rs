//! Metrics that stand in log lines: CloudWatch's embedded metric format.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use super::{
    bucket::Bucket,
    metric::{Dimensions, Metric, Unit, is_dimension},
    metrics::Sample,
};
use crate::emulator::{context::Context, store::Region};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What every line with metrics has in it: a quick look tells the others.
const SIGN: &str = "\"CloudWatchMetrics\"";
/// The most metrics of one directive, and the most values of one metric.
const MAX_METRICS: usize = 100;
const MAX_VALUES: usize = 100;
/// The most dimensions of a set.
const MAX_DIMENSIONS: usize = 30;
/// The most metrics of one line, each set of dimensions counted by itself: a line of 256 KB could name millions.
const MAX_OF_LINE: usize = 1000;

/// Collects the metrics of a log line, if it has any. What is not in the form is a line like any other.
pub(in crate::emulator) fn collect(context: &Context, region: &Region, message: &str, time: i64) {
    let message = message.trim();
    if !message.starts_with('{') || !message.contains(SIGN) {
        return;
    }
    let Ok(Value::Object(line)) = serde_json::from_str(message) else { return };
    let now = context.now_millis();
    let time = line["_aws"]["Timestamp"].as_i64().unwrap_or(time);
    for (metric, unit, is_fine, bucket) in metrics(&line) {
        context.metrics.add(region, &metric, Sample { time, now, unit, is_fine, bucket });
    }
}

/// The metrics of a line, each with its samples.
fn metrics(line: &Map<String, Value>) -> Vec<(Metric, Unit, bool, Bucket)> {
    let directives = line.get("_aws").and_then(|meta| meta["CloudWatchMetrics"].as_array());
    let mut found = Vec::new();
    for directive in directives.into_iter().flatten() {
        let Some(namespace) = directive["Namespace"].as_str().filter(|name| (1..=255).contains(&name.len())) else {
            continue;
        };
        let sets: Vec<Dimensions> = match directive["Dimensions"].as_array() {
            Some(sets) if !sets.is_empty() => {
                sets.iter().filter_map(|set| dimensions(line, set)).take(MAX_OF_LINE).collect()
            }
            _ => vec![Dimensions::default()],
        };
        for described in directive["Metrics"].as_array().into_iter().flatten().take(MAX_METRICS) {
            let Some(name) = described["Name"].as_str() else { continue };
            let Some(bucket) = line.get(name).and_then(samples) else { continue };
            let unit = described["Unit"].as_str().and_then(Unit::parse).unwrap_or(Unit::NONE);
            let is_fine = described["StorageResolution"] == 1;
            for dimensions in &sets {
                if found.len() == MAX_OF_LINE {
                    return found;
                }
                let metric =
                    Metric { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: dimensions.clone() };
                found.push((metric, unit, is_fine, bucket.clone()));
            }
        }
    }
    found
}

/// The dimensions of a set, whose values stand in the line; none where one is missing or cannot be one.
fn dimensions(line: &Map<String, Value>, set: &Value) -> Option<Dimensions> {
    let names = set.as_array().filter(|names| names.len() <= MAX_DIMENSIONS)?;
    let of = |name: &Value| {
        let name = name.as_str()?;
        let value = match line.get(name)? {
            Value::String(text) => text.clone(),
            number @ Value::Number(_) => number.to_string(),
            _ => return None,
        };
        is_dimension(name, &value).then(|| (name.to_owned(), value))
    };
    names.iter().map(of).collect::<Option<BTreeMap<_, _>>>().map(Dimensions)
}

fn samples(value: &Value) -> Option<Bucket> {
    match value {
        Value::Number(number) => number.as_f64().map(|value| Bucket::of(value, 1.0)),
        Value::Array(values) => {
            let values = values.iter().take(MAX_VALUES).filter_map(Value::as_f64).map(|value| Bucket::of(value, 1.0));
            values.reduce(|mut all, one| {
                all.add(&one);
                all
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_has_its_metrics_under_each_set_of_dimensions() {
        let line = json!({
            "_aws": { "Timestamp": 1, "CloudWatchMetrics": [{
                "Namespace": "Own",
                "Dimensions": [["Action"], ["Action", "Target"], ["Absent"], ["Blank"], []],
                "Metrics": [{ "Name": "Time", "Unit": "Milliseconds" }, { "Name": "Sizes" }, { "Name": "Text" }],
            }] },
            "Action": "start", "Target": 7, "Blank": " ", "Time": 12.5, "Sizes": [1, 2, 3], "Text": "x",
        });
        let found = metrics(line.as_object().unwrap());
        let names: Vec<_> = found
            .iter()
            .map(|(metric, unit, _, bucket)| {
                (metric.name.as_str(), metric.dimensions.0.len(), unit.as_str(), bucket.sum)
            })
            .collect();
        assert_eq!(
            names,
            [
                ("Time", 1, "Milliseconds", 12.5),
                ("Time", 2, "Milliseconds", 12.5),
                ("Time", 0, "Milliseconds", 12.5),
                ("Sizes", 1, "None", 6.0),
                ("Sizes", 2, "None", 6.0),
                ("Sizes", 0, "None", 6.0),
            ]
        );
        assert_eq!(found[1].0.dimensions.0["Target"], "7");
    }

    #[test]
    fn a_line_has_so_many_metrics_and_no_more() {
        let directive = json!({
            "Namespace": "Own", "Dimensions": vec![json!([]); 500], "Metrics": vec![json!({ "Name": "a" }); 100],
        });
        let line = json!({ "_aws": { "CloudWatchMetrics": vec![directive; 5] }, "a": 1 });
        assert_eq!(metrics(line.as_object().unwrap()).len(), MAX_OF_LINE);
    }

    #[test]
    fn what_is_not_in_the_form_has_none() {
        for line in [json!({}), json!({ "_aws": 1 }), json!({ "_aws": { "CloudWatchMetrics": [{ "Namespace": "" }] } })]
        {
            assert!(metrics(line.as_object().unwrap()).is_empty(), "{line}");
        }
    }
}
