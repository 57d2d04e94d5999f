//! The fields that an event has without anybody naming them: those of the event itself, of JSON in its message, and of
//! Lambda's own lines.

use super::{
    datum::Datum,
    run::{Event, Row},
    work::Work,
};
use serde_json::Value;

/// The most fields that are found in one message: CloudWatch Logs' own limit.
const MAX_FIELDS: usize = 200;
/// How deep JSON is looked into.
const MAX_DEPTH: usize = 8;
/// How many bytes of a field's name are not counted.
const SHORT: usize = 64;

/// What a line of Lambda's says of itself: how it is written, and the field.
const REPORTED: [(&str, &str); 5] = [
    ("Duration: ", "@duration"),
    ("Billed Duration: ", "@billedDuration"),
    ("Memory Size: ", "@memorySize"),
    ("Max Memory Used: ", "@maxMemoryUsed"),
    ("Init Duration: ", "@initDuration"),
];

/// Finds the fields of an event.
pub(super) fn row(event: Event, work: &Work) -> Row {
    let mut row = Row::default();
    match serde_json::from_str::<Value>(event.message.trim()) {
        Ok(value @ Value::Object(_)) => members(&mut row, "", &value, (0, work)),
        _ => of_lambda(&mut row, &event.message),
    }
    for (name, value) in [
        ("@timestamp", Datum::Time(event.timestamp)),
        ("@ingestionTime", Datum::Time(event.ingested)),
        ("@log", Datum::Text(event.log)),
        ("@logStream", Datum::Text(event.stream)),
        ("@message", Datum::Text(event.message)),
        ("@ptr", Datum::Text(event.pointer)),
    ] {
        row.set(name, Some(value));
    }
    row
}

fn members(row: &mut Row, path: &str, value: &Value, (depth, work): (usize, &Work)) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    // Short names are no more than the message itself.
    if row.len() >= MAX_FIELDS || depth > MAX_DEPTH || work.take(path.len().saturating_sub(SHORT)).is_none() {
        return;
    }
    let next = (depth + 1, work);
    match value {
        Value::Object(inner) => inner.iter().for_each(|(name, value)| members(row, &below(name), value, next)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| members(row, &below(&at.to_string()), value, next));
        }
        Value::Null => {}
        Value::Bool(flag) => row.set(path, Some(Datum::truth(*flag))),
        Value::Number(number) => row.set(path, number.as_f64().map(Datum::Number)),
        Value::String(text) => row.set(path, Some(Datum::Text(text.clone()))),
    }
}

fn of_lambda(row: &mut Row, message: &str) {
    let kind = message.split_whitespace().next().unwrap_or_default();
    let id = message.split("RequestId: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let Some(id) = id.filter(|_| matches!(kind, "START" | "END" | "REPORT")) else { return };
    row.set("@type", Some(Datum::Text(kind.to_owned())));
    row.set("@requestId", Some(Datum::Text(id.to_owned())));
    for part in message.split('\t') {
        for (label, field) in REPORTED {
            let value = part.trim().strip_prefix(label).and_then(|rest| rest.split_whitespace().next());
            let number = value.and_then(|text| text.parse::<f64>().ok());
            // Sizes are told in megabytes and asked for in bytes.
            let scale = if field.contains("emory") { 1e6 } else { 1.0 };
            if let Some(number) = number {
                row.set(field, Some(Datum::Number(number * scale)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(message: &str) -> Row {
        let event = Event {
            pointer: "p".to_owned(),
            timestamp: 1,
            ingested: 2,
            log: "0:g".to_owned(),
            stream: "s".to_owned(),
            message: message.to_owned(),
        };
        super::row(event, &Work::default())
    }

    #[test]
    fn members_of_json_are_fields_by_their_paths() {
        let row = found(r#"{"a":{"b":1},"c":["x",{"d":true}],"e":null,"@message":"mine"}"#);
        for (name, value) in [("a.b", "1"), ("c.0", "x"), ("c.1.d", "1"), ("@logStream", "s"), ("@log", "0:g")] {
            assert_eq!(row.get(name).unwrap().to_string(), value, "{name}");
        }
        assert!(row.get("e").is_none());
        assert!(row.get("@message").unwrap().to_string().starts_with('{'));
    }

    #[test]
    fn lambdas_own_lines_are_understood() {
        let row = found(
            "REPORT RequestId: r-1\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 20 MB",
        );
        for (name, value) in [
            ("@type", "REPORT"),
            ("@requestId", "r-1"),
            ("@duration", "12.5"),
            ("@billedDuration", "13"),
            ("@memorySize", "128000000"),
        ] {
            assert_eq!(row.get(name).unwrap().to_string(), value, "{name}");
        }
        assert!(found("plain text").get("@type").is_none());
    }
}
