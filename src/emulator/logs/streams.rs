//! The operations on log streams.

use super::{
    events::Summary,
    invalid,
    state::{Identifier, Name, Stream, StreamKey, check_stream_name, group_arn, group_of, limit, no_stream},
    unavailable,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, hex_id, page::page},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::cmp::Reverse;

/// The stream that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfStream {
    log_group_name: Name,
    log_stream_name: Name,
}

/// Makes a stream that is not in the state yet.
pub(super) fn new_stream(created: i64) -> Result<Stream, AwsError> {
    Ok(Stream { id: hex_id(32)?, created })
}

/// `CreateLogStream`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (OfStream { log_group_name: group, log_stream_name: name }, scope) = operation.input()?;
    check_stream_name(&name)?;
    let stream = new_stream(scope.now_millis())?;
    scope
        .change(|state| {
            state.logs.group(&group)?;
            let key = StreamKey::new(&group, &name);
            if state.logs.streams.contains_key(&key) {
                let message = "The specified log stream already exists";
                return Err(AwsError::sender("ResourceAlreadyExistsException", message));
            }
            state.logs.streams.insert(key, stream);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DeleteLogStream`, with its events.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (OfStream { log_group_name: group, log_stream_name: name }, scope) = operation.input()?;
    let stream = scope
        .change(|state| {
            state.logs.group(&group)?;
            state.logs.streams.remove(&StreamKey::new(&group, &name)).ok_or_else(no_stream)
        })
        .await?;
    scope.context.events.remove(&stream.id);
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name: Option<Name>,
    log_group_identifier: Option<Identifier>,
    log_stream_name_prefix: Option<Name>,
    #[serde(default)]
    order_by: Order,
    #[serde(default)]
    descending: bool,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
enum Order {
    #[default]
    LogStreamName,
    LastEventTime,
}

/// `DescribeLogStreams`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    let group = group_of(scope.here(), input.log_group_name, input.log_group_identifier)?;
    let most = limit(input.limit, 50)?;
    let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
    if input.order_by == Order::LastEventTime && !prefix.is_empty() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let streams = scope.read(|state| {
        state.logs.group(&group)?;
        let streams = state.logs.streams_of(&group);
        let streams = streams.filter(|(name, _)| name.starts_with(prefix));
        Ok::<_, AwsError>(streams.map(|(name, stream)| (name.to_owned(), stream.clone())).collect::<Vec<_>>())
    })?;
    let mut found = Vec::new();
    for (name, stream) in streams {
        let summary = scope.context.events.summary(&stream.id).map_err(|error| unavailable(&error))?;
        found.push((name, stream, summary));
    }
    let key = |(name, _, summary): &(String, Stream, Summary)| match input.order_by {
        Order::LogStreamName => (None, name.clone()),
        Order::LastEventTime => (last(summary), name.clone()),
    };
    let after = input.next_token.as_deref().map(read_token).transpose()?;
    let (found, token) = if input.descending {
        found.sort_by_key(|stream| Reverse(key(stream)));
        let (found, last) = page(found, |stream| Reverse(key(stream)), after.map(Reverse).as_ref(), most);
        (found, last.map(|Reverse(key)| key))
    } else {
        found.sort_by_key(key);
        page(found, key, after.as_ref(), most)
    };
    let arn = group_arn(scope.region, scope.account(), &group);
    let streams: Vec<Value> =
        found.iter().map(|(name, stream, known)| describe_one(&arn, name, stream, known)).collect();
    Ok(Output::Members(match token {
        Some(key) => json!({ "logStreams": streams, "nextToken": write_token(&key) }),
        None => json!({ "logStreams": streams }),
    }))
}

/// The place of a stream in a list: its last event's time where that is the order, and its name.
type Place = (Option<i64>, String);

/// Writes the place of the last stream of a page, which need not be there any more when the next page is asked for.
fn write_token((time, name): &Place) -> String {
    format!("{}:{name}", time.map(|time| time.to_string()).unwrap_or_default())
}

fn read_token(token: &str) -> Result<Place, AwsError> {
    let read = || {
        let (time, name) = token.split_once(':')?;
        let time = if time.is_empty() { None } else { Some(time.parse().ok()?) };
        Some((time, name.to_owned()))
    };
    read().ok_or_else(|| invalid("The specified nextToken is invalid."))
}

fn last(summary: &Summary) -> Option<i64> {
    summary.range.map(|(_, last)| last)
}

fn describe_one(group_arn: &str, name: &str, stream: &Stream, summary: &Summary) -> Value {
    let mut value = json!({
        "logStreamName": name,
        "creationTime": stream.created,
        "arn": format!("{group_arn}:log-stream:{name}"),
        // AWS counts per group only, and says 0 here.
        "storedBytes": 0,
    });
    if let (Some((first, last)), Some(ingested)) = (summary.range, summary.ingested) {
        value["firstEventTimestamp"] = first.into();
        value["lastEventTimestamp"] = last.into();
        value["lastIngestionTime"] = ingested.into();
        value["uploadSequenceToken"] = super::write::SEQUENCE_TOKEN.into();
    }
    value
}
