//! What the body of a dashboard must be for CloudWatch to take it.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>

use crate::emulator::wire::AwsError;
use serde_json::{Value, json};

/// The kinds of widgets.
const KINDS: [&str; 6] = ["alarm", "chart", "explorer", "log", "metric", "text"];
/// Where a widget may be, and how large: from the least to the greatest.
const PLACES: [(&str, i64, i64); 4] = [("x", 0, 23), ("y", 0, i64::MAX), ("width", 1, 24), ("height", 1, 1000)];
/// What the last element of a metric may say of how it is drawn.
const RENDERINGS: [&str; 11] =
    ["accountId", "color", "expression", "id", "label", "period", "region", "stat", "tooltip", "visible", "yAxis"];

/// Refuses a body that is none, with all that is wrong with it.
pub(super) fn check(body: &str) -> Result<(), AwsError> {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else {
        return Err(refusal("The field DashboardBody must be a valid JSON object"));
    };
    let mut faults = Faults(Vec::new());
    match body.get("widgets") {
        Some(Value::Array(widgets)) => {
            for (at, widget) in widgets.iter().enumerate() {
                faults.widget(&format!("/widgets/{at}"), widget);
            }
        }
        Some(_) => faults.add("/widgets", "Should be array"),
        None => faults.lacks("", "widgets"),
    }
    let Faults(faults) = faults;
    if faults.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_string_pretty(&faults).unwrap_or_default();
    Err(refusal(&format!("The dashboard body is invalid, there are {} validation errors:\n{list}", faults.len())))
}

fn refusal(message: &str) -> AwsError {
    AwsError::sender("InvalidParameterInput", message)
}

/// What is wrong, and where.
struct Faults(Vec<Value>);

impl Faults {
    fn add(&mut self, path: &str, message: &str) {
        self.0.push(json!({ "dataPath": path, "message": message }));
    }

    fn lacks(&mut self, path: &str, property: &str) {
        self.add(path, &format!("Should have required property '{property}'"));
    }

    fn widget(&mut self, path: &str, widget: &Value) {
        let Some(members) = widget.as_object() else { return self.add(path, "Should be object") };
        for (name, least, greatest) in PLACES {
            let path = format!("{path}/{name}");
            match members.get(name).map(Value::as_i64) {
                Some(None) => self.add(&path, "Should be integer"),
                Some(Some(number)) if number < least => self.add(&path, &format!("Should be >= {least}")),
                Some(Some(number)) if number > greatest => self.add(&path, &format!("Should be <= {greatest}")),
                _ => {}
            }
        }
        let Some(kind) = members.get("type") else { return self.lacks(path, "type") };
        if !kind.as_str().is_some_and(|kind| KINDS.contains(&kind)) {
            return self.add(&format!("{path}/type"), "Should be equal to one of the allowed values");
        }
        let Some(properties) = members.get("properties") else { return self.lacks(path, "properties") };
        let path = format!("{path}/properties");
        if !properties.is_object() {
            return self.add(&path, "Should be object");
        }
        let required: &[&str] = match kind.as_str() {
            Some("alarm") => &["alarms"],
            Some("log") => &["query", "region"],
            Some("text") => &["markdown"],
            Some("metric") => return self.metrics(&path, properties),
            _ => &[],
        };
        for property in required.iter().filter(|property| properties.get(property).is_none()) {
            self.lacks(&path, property);
        }
    }

    /// What a graph draws: metrics, or an alarm.
    fn metrics(&mut self, path: &str, properties: &Value) {
        let has = |member: &str| properties.get(member).is_some();
        let draws = has("metrics") || has("annotations");
        if !draws {
            self.lacks(path, "metrics");
        }
        let draws_alarm = properties["annotations"]["alarms"].is_array();
        if !draws || !has("region") && !draws_alarm {
            self.add(path, "The metric widget should have specified a region and a data source or an alarm annotation");
        }
        if !draws {
            self.lacks(path, "annotations");
        }
        let metrics = match properties.get("metrics") {
            Some(Value::Array(metrics)) => metrics,
            Some(_) => return self.add(&format!("{path}/metrics"), "Should be array"),
            None => return,
        };
        for (at, metric) in metrics.iter().enumerate() {
            self.metric(&format!("{path}/metrics/{at}"), metric);
        }
    }

    fn metric(&mut self, path: &str, metric: &Value) {
        let Some(parts) = metric.as_array() else {
            self.add(path, "Should be array");
            return self.add(
                path,
                "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as last \
                 element",
            );
        };
        let (rendering, fields) = match parts.split_last() {
            Some((Value::Object(rendering), fields)) => (Some(rendering), fields),
            _ => (None, parts.as_slice()),
        };
        if fields.iter().any(|field| !field.is_string()) {
            return self.add(path, "Invalid metric field type, only \"String\" type is allowed");
        }
        if rendering.is_some_and(|rendering| rendering.keys().any(|key| !RENDERINGS.contains(&key.as_str()))) {
            self.add(path, "Should NOT have more than 2 items");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &Value) -> Option<String> {
        check(&body.to_string()).err().map(|error| error.message)
    }

    #[test]
    fn a_body_is_refused_with_all_that_is_wrong_with_it() {
        let metric = |properties: Value| json!({ "widgets": [{ "type": "metric", "properties": properties }] });
        let good = [
            json!({ "widgets": [] }),
            json!({ "start": "-PT3H", "widgets": [{ "type": "text", "x": 0, "properties": { "markdown": "a" } }] }),
            metric(json!({ "region": "us-east-1", "metrics": [["N", "m", "d", "v", { "stat": "Sum" }], [".", "n"]] })),
            metric(json!({ "region": "us-east-1", "metrics": [[{ "expression": "m1 * 2" }]] })),
            metric(json!({ "annotations": { "alarms": ["arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"] } })),
        ];
        for body in good {
            assert_eq!(refused(&body), None, "{body}");
        }
        let message = refused(&metric(json!({ "region": "us-east-1" }))).unwrap();
        assert_eq!(
            message,
            "The dashboard body is invalid, there are 3 validation errors:\n[\n  {\n    \"dataPath\": \
             \"/widgets/0/properties\",\n    \"message\": \"Should have required property 'metrics'\"\n  },\n  {\n    \
             \"dataPath\": \"/widgets/0/properties\",\n    \"message\": \"The metric widget should have specified a region \
             and a data source or an alarm annotation\"\n  },\n  {\n    \"dataPath\": \"/widgets/0/properties\",\n    \
             \"message\": \"Should have required property 'annotations'\"\n  }\n]"
        );
        let bad = metric(json!({ "region": "r", "metrics": ["N", ["N", 1], ["N", "m", { "ClusterName": "c" }]] }));
        let message = refused(&bad).unwrap();
        for part in
            ["4 validation errors", "Should be array", "only \\\"String\\\"", "Should NOT have more than 2 items"]
        {
            assert!(message.contains(part), "{part} is not in {message}");
        }
        assert_eq!(check("[]").unwrap_err().message, "The field DashboardBody must be a valid JSON object");
    }
}
