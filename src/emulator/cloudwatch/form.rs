//! Parameters of the query protocol as the members that they stand for. The protocol writes everything as text; which
//! members are numbers, switches, times and lists is said here, once.

use crate::emulator::wire::AwsError;
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
const LISTS: [&str; 17] = [
    "AlarmActions",
    "AlarmNames",
    "AlarmTypes",
    "Counts",
    "DashboardNames",
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

/// A parameter, or what stands below a part of its name. No name has more than a few parts, so no tree is deep.
#[derive(Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

/// Makes members of parameters, whose names are paths (`MetricData.member.1.Value`).
///
/// # Errors
/// `MalformedInput`, which names the first parameter that stands where none can.
pub(super) fn members(params: BTreeMap<String, String>) -> Result<Map<String, Value>, AwsError> {
    let mut root = Node::default();
    for (name, text) in params {
        let mut node = &mut root;
        for part in name.split('.') {
            node = node.below.entry(part.to_owned()).or_default();
        }
        node.text = Some(text);
    }
    object(root, "", "")
}

/// Makes the members of something that is a member `of`, and whose parameters' names begin with `path`.
fn object(node: Node, of: &str, path: &str) -> Result<Map<String, Value>, AwsError> {
    let member = |(name, node): (String, Node)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let value = value(node, &name, of, &path)?;
        Ok((name, value))
    };
    node.below.into_iter().map(member).collect()
}

/// Makes the value of a member `name` of something that is a member `of`.
fn value(mut node: Node, name: &str, of: &str, path: &str) -> Result<Value, AwsError> {
    // An empty list comes as its bare name.
    let text = node.text.take().filter(|text| !(text.is_empty() && LISTS.contains(&name)));
    if let Some(text) = text {
        return refuse_below(&node, path).map(|()| scalar(text, name, of));
    }
    match node.below.remove("member") {
        None if node.below.is_empty() => Ok(Value::Array(Vec::new())),
        None => object(node, name, path).map(Value::Object),
        Some(items) if node.below.is_empty() => list(items, name, &format!("{path}.member")),
        Some(_) => Err(malformed(&format!("{path}.member"), "stands beside members of a structure")),
    }
}

fn list(items: Node, name: &str, path: &str) -> Result<Value, AwsError> {
    if items.text.is_some() {
        return Err(malformed(path, "has no index"));
    }
    let mut found = BTreeMap::new();
    for (at, mut item) in items.below {
        let path = format!("{path}.{at}");
        // `01` would be a second name of the first.
        let number = at.parse::<u32>().ok().filter(|number| number.to_string() == at);
        let number = number.ok_or_else(|| malformed(&path, "has an index that is no number"))?;
        let value = match item.text.take() {
            Some(text) => refuse_below(&item, &path).map(|()| scalar(text, name, ""))?,
            None => Value::Object(object(item, name, &path)?),
        };
        found.insert(number, value);
    }
    Ok(found.into_values().collect())
}

/// Refuses what stands below a parameter that is a text.
fn refuse_below(node: &Node, path: &str) -> Result<(), AwsError> {
    match node.below.keys().next() {
        None => Ok(()),
        Some(below) => Err(malformed(&format!("{path}.{below}"), &format!("stands below {path}, which is a text"))),
    }
}

fn malformed(parameter: &str, why: &str) -> AwsError {
    AwsError::sender("MalformedInput", format!("The parameter {parameter} {why}."))
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
        assert_eq!(Value::Object(members(params).unwrap()), expected);
    }

    #[test]
    fn a_parameter_that_stands_where_none_can_is_refused_by_its_name() {
        for (params, name) in [
            (&["AlarmNames=junk", "AlarmNames.member.1=x"][..], "AlarmNames.member"),
            (&["AlarmNames.member.foo=x"], "AlarmNames.member.foo"),
            (&["AlarmNames.member.-1=x"], "AlarmNames.member.-1"),
            (&["AlarmNames.member.1=x", "AlarmNames.member.01=y"], "AlarmNames.member.01"),
            (&["AlarmNames.member=x"], "AlarmNames.member"),
            (&["MetricData.member.1=junk", "MetricData.member.1.MetricName=m"], "MetricData.member.1.MetricName"),
            (
                &["MetricData.member.1.StatisticValues.Sum=1", "MetricData.member.1.StatisticValues.member.1=junk"],
                "MetricData.member.1.StatisticValues.member",
            ),
        ] {
            let params = params.iter().filter_map(|pair| pair.split_once('='));
            let refusal = members(params.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()).unwrap_err();
            assert_eq!(refusal.code, "MalformedInput");
            assert!(refusal.message.contains(&format!("The parameter {name} ")), "{refusal}");
        }
    }
}
