//! Parameters of the query protocol as the members that they stand for. The protocol writes everything as text; which
//! members are numbers, switches, times and lists is said here, once.

use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const NUMBERS: [&str; 13] = [
    "Counts",
    "DatapointsToAlarm",
    "EvaluationPeriods",
    "MaxDatapoints",
    "MaxRecords",
    "Maximum",
    "Minimum",
    "Period",
    "SampleCount",
    "StorageResolution",
    "Sum",
    "Threshold",
    "Values",
];
const SWITCHES: [&str; 4] = ["ActionsEnabled", "IncludeLinkedAccounts", "ReturnData", "StrictEntityValidation"];
const TIMES: [&str; 5] = ["EndDate", "EndTime", "StartDate", "StartTime", "Timestamp"];
const LISTS: [&str; 16] = [
    "AlarmActions",
    "AlarmNames",
    "AlarmTypes",
    "Counts",
    "Dimensions",
    "ExtendedStatistics",
    "InsufficientDataActions",
    "MetricData",
    "MetricDataQueries",
    "Metrics",
    "OKActions",
    "Statistics",
    "TagKeys",
    "Tags",
    "Values",
    "EntityMetricData",
];

/// A parameter, or what stands below a part of its name.
#[derive(Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

/// Makes members of parameters, whose names are paths (`MetricData.member.1.Value`).
pub(super) fn members(params: BTreeMap<String, String>) -> Map<String, Value> {
    let mut root = Node::default();
    for (name, text) in params {
        let mut node = &mut root;
        for part in name.split('.') {
            node = node.below.entry(part.to_owned()).or_default();
        }
        node.text = Some(text);
    }
    object(root, "")
}

fn object(node: Node, of: &str) -> Map<String, Value> {
    node.below.into_iter().map(|(name, node)| (name.clone(), value(node, &name, of))).collect()
}

/// Makes the value of a member `name` of something that is a member `of`.
fn value(mut node: Node, name: &str, of: &str) -> Value {
    if let Some(members) = node.below.remove("member").filter(|_| node.below.is_empty()) {
        let mut items: Vec<(u32, Node)> =
            members.below.into_iter().map(|(at, item)| (at.parse().unwrap_or(u32::MAX), item)).collect();
        items.sort_by_key(|(at, _)| *at);
        return items.into_iter().map(|(_, item)| item_value(item, name)).collect();
    }
    match node.text.take() {
        // An empty list comes as its bare name.
        Some(text) if text.is_empty() && LISTS.contains(&name) => Value::Array(Vec::new()),
        Some(text) if node.below.is_empty() => scalar(text, name, of),
        _ => Value::Object(object(node, name)),
    }
}

fn item_value(node: Node, list: &str) -> Value {
    match node.text {
        Some(text) if node.below.is_empty() => scalar(text, list, ""),
        text => Value::Object(object(Node { text, below: node.below }, list)),
    }
}

/// Reads a text as what its member is; one that is none stays a text, which the member does not take.
fn scalar(text: String, name: &str, of: &str) -> Value {
    let number = || {
        let whole = text.parse::<i64>().ok().map(Number::from);
        whole.or_else(|| text.parse().ok().and_then(Number::from_f64)).map(Value::Number)
    };
    // `Value` is a number of a datum only; dimensions and tags have texts of that name.
    let read = if NUMBERS.contains(&name) || (name, of) == ("Value", "MetricData") {
        number()
    } else if SWITCHES.contains(&name) {
        text.to_ascii_lowercase().parse::<bool>().ok().map(Value::Bool)
    } else if TIMES.contains(&name) {
        number().or_else(|| time(&text))
    } else {
        None
    };
    read.unwrap_or(Value::String(text))
}

/// Reads a time of ISO 8601 as its seconds since the Unix epoch.
fn time(text: &str) -> Option<Value> {
    let parsed =
        OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339));
    #[expect(clippy::cast_precision_loss, reason = "a microsecond more or less is nobody's")]
    let seconds = parsed.ok()?.unix_timestamp_nanos() as f64 / 1e9;
    Some(seconds.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parameters_become_the_members_that_they_stand_for() {
        let params = [
            ("Namespace", "Own"),
            ("MetricData.member.1.MetricName", "m"),
            ("MetricData.member.1.Value", "1.5"),
            ("MetricData.member.1.Dimensions.member.1.Name", "a"),
            ("MetricData.member.1.Dimensions.member.1.Value", "7"),
            ("MetricData.member.2.Values.member.1", "1"),
            ("MetricData.member.10.Timestamp", "2026-01-02T03:04:05Z"),
            ("MetricData.member.2.StatisticValues.Sum", "3"),
            ("ActionsEnabled", "true"),
            ("OKActions", ""),
            ("Period", "often"),
        ];
        let params = params.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let expected = json!({
            "Namespace": "Own",
            "MetricData": [
                { "MetricName": "m", "Value": 1.5, "Dimensions": [{ "Name": "a", "Value": "7" }] },
                { "Values": [1], "StatisticValues": { "Sum": 3 } },
                { "Timestamp": 1_767_323_045.0 },
            ],
            "ActionsEnabled": true,
            "OKActions": [],
            "Period": "often",
        });
        assert_eq!(Value::Object(members(params)), expected);
    }
}
