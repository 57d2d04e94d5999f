//! The operations on metric filters, which count what a pattern finds.

use super::{
    events::Event,
    invalid,
    pattern::{self, FilterPattern},
    state::{Name, StreamKey, limit},
};
use crate::emulator::{
    cloudwatch::{self, Filtered, Unit},
    context::Context,
    service::{Operation, Output},
    store::Region,
    wire::{AwsError, Text, page::page},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// CloudWatch Logs' own limit on the filters of one group.
const MAX_FILTERS: usize = 100;
/// Its limit on the dimensions of one metric.
const MAX_DIMENSIONS: usize = 3;

/// What is counted, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MetricFilter {
    pub(super) pattern: String,
    pub(super) transformations: Vec<Transformation>,
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
}

/// What becomes of an event that is found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transformation {
    pub(super) metric_name: String,
    pub(super) metric_namespace: String,
    /// A number, or what names one in the event (`$.size`).
    pub(super) metric_value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) default_value: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) dimensions: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<Unit>,
}

impl Transformation {
    fn check(&self, pattern: &FilterPattern) -> Result<(), AwsError> {
        let is_name = |text: &str| (1..=255).contains(&text.chars().count()) && !text.contains(['*', '$']);
        if !is_name(&self.metric_name) || self.metric_name.contains(':') || !is_name(&self.metric_namespace) {
            return Err(invalid(
                "A metric's name and its namespace have 1 to 255 characters, and none of `*` and `$`; a name has no `:`.",
            ));
        }
        if self.metric_namespace.starts_with("AWS/") {
            return Err(invalid("Invalid metric namespace: names that begin with AWS/ are reserved."));
        }
        let is_number = self.metric_value.parse::<f64>().is_ok_and(f64::is_finite);
        let names = |text: &str| text.starts_with('$') && !matches!(pattern, FilterPattern::Terms(_));
        if !is_number && !names(&self.metric_value) {
            return Err(invalid(format!(
                "Invalid metric transformation: the value {} is neither a number nor named by the pattern.",
                self.metric_value
            )));
        }
        if !self.dimensions.is_empty() && self.default_value.is_some() {
            return Err(invalid("Invalid metric transformation: dimensions and default value are mutually exclusive."));
        }
        if self.dimensions.len() > MAX_DIMENSIONS || !self.dimensions.values().all(|value| names(value)) {
            return Err(invalid(
                "Invalid metric transformation: there are at most 3 dimensions, named by the pattern.",
            ));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    log_group_name: Name,
    filter_name: Name,
    filter_pattern: Text<0, 1024>,
    metric_transformations: Vec<Transformation>,
    #[serde(default)]
    apply_on_transformed_logs: bool,
}

/// Checks the name of a filter.
pub(super) fn check_name(name: &str) -> Result<(), AwsError> {
    if !name.contains([':', '*']) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'filterName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [^:*]*"
    )))
}

pub(super) fn too_many() -> AwsError {
    AwsError::sender("LimitExceededException", "Resource limit exceeded.")
}

/// Refuses a filter of what transformers make of logs: there are none here.
pub(super) fn check_untransformed(operation: &str, is_of_transformed: bool) -> Result<(), AwsError> {
    if is_of_transformed {
        return Err(AwsError::not_implemented("logs", &format!("{operation} with applyOnTransformedLogs")));
    }
    Ok(())
}

/// `PutMetricFilter`: makes one, or puts it in the place of that of its name.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    check_untransformed("PutMetricFilter", input.apply_on_transformed_logs)?;
    check_name(&input.filter_name)?;
    let pattern = FilterPattern::parse(&input.filter_pattern)?;
    let [transformation] = input.metric_transformations.as_slice() else {
        return Err(invalid(
            "1 validation error detected: Value at 'metricTransformations' failed to satisfy constraint: Member must have \
             length less than or equal to 1",
        ));
    };
    transformation.check(&pattern)?;
    let filter = MetricFilter {
        pattern: input.filter_pattern.into(),
        transformations: input.metric_transformations,
        created: scope.now_millis(),
    };
    let put = scope.change(|state| {
        state.logs.group(&input.log_group_name)?;
        let key = StreamKey::new(&input.log_group_name, &input.filter_name);
        let filters = &mut state.logs.metric_filters;
        let created = filters.get(&key).map_or(filter.created, |known| known.created);
        let count = filters.keys().filter(|known| known.group == key.group).count();
        if !filters.contains_key(&key) && count >= MAX_FILTERS {
            return Err(too_many());
        }
        filters.insert(key, MetricFilter { created, ..filter });
        Ok(())
    });
    put.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfFilter {
    pub(super) log_group_name: Name,
    pub(super) filter_name: Name,
}

/// A filter that is not there.
pub(super) fn absent(what: &str) -> AwsError {
    AwsError::sender("ResourceNotFoundException", format!("The specified {what} does not exist."))
}

/// `DeleteMetricFilter`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (OfFilter { log_group_name: group, filter_name: name }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        state.logs.group(&group)?;
        let removed = state.logs.metric_filters.remove(&StreamKey::new(&group, &name));
        removed.map(drop).ok_or_else(|| absent("metric filter"))
    });
    removed.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name: Option<Name>,
    filter_name_prefix: Option<Name>,
    metric_name: Option<Text<0, 255>>,
    metric_namespace: Option<Text<0, 255>>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// `DescribeMetricFilters`: those of a group, or those of a metric.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    if input.metric_name.is_some() != input.metric_namespace.is_some() {
        return Err(invalid("metricName and metricNamespace must be specified together."));
    }
    let most = limit(input.limit, 50)?;
    let after = input.next_token.as_deref().map(str::parse::<StreamKey>);
    let after = after.transpose().map_err(|()| invalid("The specified nextToken is invalid."))?;
    let prefix = input.filter_name_prefix.as_deref().unwrap_or_default();
    scope.read(|state| {
        if let Some(group) = input.log_group_name.as_deref() {
            state.logs.group(group)?;
        }
        let is_wanted = |(key, filter): &(&StreamKey, &MetricFilter)| {
            let of_metric = |one: &Transformation| {
                input.metric_name.as_deref().is_none_or(|name| one.metric_name == name)
                    && input.metric_namespace.as_deref().is_none_or(|name| one.metric_namespace == name)
            };
            input.log_group_name.as_deref().is_none_or(|group| key.group == group)
                && key.stream.starts_with(prefix)
                && filter.transformations.iter().any(of_metric)
        };
        let filters = state.logs.metric_filters.iter().filter(is_wanted);
        let (filters, last) = page(filters, |(key, _)| (*key).clone(), after.as_ref(), most);
        let shown: Vec<Value> = filters
            .into_iter()
            .map(|(key, filter)| {
                json!({
                    "filterName": key.stream,
                    "filterPattern": filter.pattern,
                    "metricTransformations": filter.transformations,
                    "creationTime": filter.created,
                    "logGroupName": key.group,
                    "applyOnTransformedLogs": false,
                })
            })
            .collect();
        let mut answer = json!({ "metricFilters": shown });
        if let Some(last) = last {
            answer["nextToken"] = last.to_string().into();
        }
        Ok(Output::Members(answer))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    filter_pattern: Text<0, 1024>,
    log_event_messages: Vec<String>,
}

/// `TestMetricFilter`: which of some messages a pattern finds, and what it names in them.
pub(super) fn test(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, _) = operation.input::<Test>()?;
    if !(1..=50).contains(&input.log_event_messages.len()) {
        return Err(invalid(
            "1 validation error detected: Value at 'logEventMessages' failed to satisfy constraint: Member must have \
             length between 1 and 50",
        ));
    }
    let pattern = FilterPattern::parse(&input.filter_pattern)?;
    let matches: Vec<Value> = input
        .log_event_messages
        .iter()
        .zip(1..)
        .filter(|(message, _)| pattern.accepts(message))
        .map(|(message, number)| {
            json!({ "eventNumber": number, "eventMessage": message, "extractedValues": pattern.extracted(message) })
        })
        .collect();
    Ok(Output::Members(json!({ "matches": matches })))
}

impl MetricFilter {
    /// What the filter counts in messages: for each that is found the transformation, the value and the dimensions.
    pub(super) fn counted<'f>(
        &'f self,
        messages: &[&str],
    ) -> Vec<(usize, &'f Transformation, f64, BTreeMap<String, String>)> {
        let Ok(pattern) = FilterPattern::parse(&self.pattern) else { return Vec::new() };
        let found = messages.iter().enumerate().filter(|(_, message)| pattern.accepts(message));
        let counted = found.flat_map(|(at, message)| {
            self.transformations.iter().filter_map({
                let pattern = &pattern;
                move |one| {
                    let value = one.metric_value.parse().ok();
                    let value = value.or_else(|| pattern::selected(pattern, &one.metric_value, message)?.parse().ok());
                    let value = value.filter(|value: &f64| value.is_finite())?;
                    let dimensions = one
                        .dimensions
                        .iter()
                        .map(|(name, selector)| Some((name.clone(), pattern::selected(pattern, selector, message)?)));
                    Some((at, one, value, dimensions.collect::<Option<_>>()?))
                }
            })
        });
        counted.collect()
    }
}

/// Has CloudWatch count what the filters of a group find in events that have come. A filter that finds nothing in them
/// counts its default value, where it has one.
pub(super) fn count(context: &Context, region: &Region, group: &str, events: &[Event]) {
    let filters: Vec<MetricFilter> = context.store.read(region, |state| {
        let filters = &state.logs.metric_filters;
        // A log that nobody filters costs no more than this look.
        if filters.is_empty() {
            return Vec::new();
        }
        filters.iter().filter(|(key, _)| key.group == group).map(|(_, filter)| filter.clone()).collect()
    });
    let messages: Vec<&str> = events.iter().map(|event| event.message.as_str()).collect();
    let none = BTreeMap::new();
    for filter in &filters {
        let counted = filter.counted(&messages);
        let defaults = filter.transformations.iter().filter(|_| counted.is_empty()).filter_map(|one| {
            // Where dimensions come from an event, no event gives none.
            let value = one.default_value.filter(|_| one.dimensions.is_empty())?;
            Some((one, value, events.first()?.timestamp, &none))
        });
        let found =
            counted.iter().map(|(at, one, value, dimensions)| (*one, *value, events[*at].timestamp, dimensions));
        for (one, value, time, dimensions) in found.chain(defaults) {
            let (namespace, name) = (one.metric_namespace.as_str(), one.metric_name.as_str());
            let unit = one.unit;
            cloudwatch::filtered(context, region, &Filtered { namespace, name, unit, dimensions, time, value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pattern: &str, value: &str, dimensions: &Value) -> MetricFilter {
        let one = json!({
            "metricName": "m", "metricNamespace": "n", "metricValue": value, "dimensions": dimensions,
        });
        let transformation: Transformation = serde_json::from_value(one).unwrap();
        MetricFilter { pattern: pattern.to_owned(), transformations: vec![transformation], created: 0 }
    }

    #[test]
    fn what_is_found_is_counted_with_its_value_and_its_dimensions() {
        let filter = filter("{ $.ms > 0 }", "$.ms", &json!({ "Route": "$.route" }));
        let messages = [r#"{"ms":5,"route":"/a"}"#, r#"{"ms":0}"#, r#"{"ms":7}"#, "text"];
        let counted = filter.counted(&messages);
        assert_eq!(counted.len(), 1, "one has no dimension");
        let (at, one, value, dimensions) = &counted[0];
        assert_eq!((*at, one.metric_name.as_str(), *value), (0, "m", 5.0));
        assert_eq!(dimensions["Route"], "/a");
    }

    #[test]
    fn a_transformation_that_counts_nothing_is_refused() {
        let check = |pattern: &str, value: &str| {
            let filter = filter(pattern, value, &json!({}));
            filter.transformations[0].check(&FilterPattern::parse(pattern).unwrap())
        };
        check("ERROR", "1").unwrap();
        check("{ $.a = 1 }", "$.b").unwrap();
        check("[a, b]", "$b").unwrap();
        assert!(check("ERROR", "$.b").is_err());
        assert!(check("ERROR", "many").is_err());
        assert!(check_name("a:b").is_err());
    }
}
