//! `PutEvents`, and the question whether a pattern takes an event.

use super::{
    check_length, deliver::publish, event::Event, invalid, pattern::Seen, rule::BusReference, rules::check_pattern,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The most events of a call, and the most bytes of all of them: 256 KB until January 2026, four times that since.
const MAX_EVENTS: usize = 10;
const MAX_BYTES: usize = 1024 * 1024;
/// What the time of an event counts, in bytes.
const TIME_BYTES: usize = 14;
/// The longest detail type, in characters.
const MAX_DETAIL_TYPE: usize = 128;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    /// Seconds since the Unix epoch.
    time: Option<f64>,
    source: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    event_bus_name: BusReference,
    /// A place in an X-Ray trace; nothing is traced here.
    trace_header: Option<Text<1, 500>>,
}

impl Entry {
    fn bytes(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail].into_iter().flatten();
        let texts: usize = texts.chain(&self.resources).map(String::len).sum();
        texts
            + if self.time.is_some() { TIME_BYTES } else { 0 }
            + self.trace_header.as_ref().map_or(0, |text| text.len())
    }

    /// Makes the event of an entry, or says what is wrong with it: a code and a sentence.
    fn event(self, now: i64) -> Result<Event, (&'static str, String)> {
        let required = |value: Option<String>, name: &str| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| {
                let message = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
                ("InvalidArgument", message)
            })
        };
        let (source, detail_type) = (required(self.source, "Source")?, required(self.detail_type, "DetailType")?);
        let detail = required(self.detail, "Detail")?;
        if detail_type.chars().count() > MAX_DETAIL_TYPE {
            let message = "Parameter DetailType is not valid. Reason: it is longer than 128 characters.";
            return Err(("InvalidArgument", message.to_owned()));
        }
        if source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
        }
        let malformed = || ("MalformedDetail", "Detail is malformed.".to_owned());
        let detail: Map<String, Value> = serde_json::from_str(&detail).map_err(|_| malformed())?;
        #[expect(clippy::cast_possible_truncation, reason = "a time beyond all times is the last one")]
        let time = self.time.map_or(now, |seconds| (seconds * 1000.0) as i64);
        Ok(Event { source, detail_type, time, resources: self.resources, detail: Value::Object(detail) })
    }
}

/// `PutEvents`: each event by itself, so some may be refused and others not.
pub(super) fn events(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    check_length("entries", input.entries.len(), MAX_EVENTS)?;
    if input.entries.iter().map(Entry::bytes).sum::<usize>() >= MAX_BYTES {
        return Err(invalid("Total size of the entries in the request is over the limit."));
    }
    let mut failed = 0;
    let entries: Vec<Value> = input
        .entries
        .into_iter()
        .map(|entry| {
            put(&scope, entry).unwrap_or_else(|(code, message)| {
                failed += 1;
                json!({ "ErrorCode": code, "ErrorMessage": message })
            })
        })
        .collect();
    Ok(Output::Members(json!({ "FailedEntryCount": failed, "Entries": entries })))
}

fn put(scope: &Scope<'_>, entry: Entry) -> Result<Value, (&'static str, String)> {
    let (bus, here) = (entry.event_bus_name.clone(), scope.here());
    if bus.is_elsewhere(here) {
        let message = format!("Event bus {} is of another region or account.", bus.name(here));
        return Err(("AccessDeniedException", message));
    }
    let name = bus.name(here);
    let event = entry.event(scope.now_millis())?;
    if scope.read(|state| state.events.check_bus(name)).is_err() {
        // AWS takes such an event, and nobody gets it.
        tracing::warn!(bus = name, source = event.source, "an event was put on a bus that does not exist");
    }
    let id = publish(scope.context, scope.functions, scope.region, name, event);
    Ok(json!({ "EventId": id }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TestPattern {
    event_pattern: Text<0, 4096>,
    event: Text<0, 262_144>,
}

/// `TestEventPattern`.
pub(super) fn test_pattern(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, _) = operation.input::<TestPattern>()?;
    let pattern = check_pattern(&input.event_pattern)?;
    // AWS says no more than that.
    let unfit = || invalid("Parameter Event is not valid.");
    let event: Map<String, Value> = serde_json::from_str(&input.event).map_err(|_| unfit())?;
    let required = ["id", "detail-type", "source", "account", "time", "region"];
    if required.iter().any(|name| !event.contains_key(*name)) {
        return Err(unfit());
    }
    Ok(Output::Members(json!({ "Result": pattern.accepts(&Seen::of(&Value::Object(event))) })))
}
