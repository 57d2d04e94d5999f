//! The operations on log streams.

use super::{
    events::Summary,
    invalid,
    state::{Stream, StreamKey, check_stream_name, group_arn, group_of, limit, no_stream},
    unavailable,
};
use crate::{
    emulator::{
        Call, Context,
        wire::{AwsError, json_input},
    },
    secret::random_hex,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::cmp::Reverse;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    log_group_name: String,
    log_stream_name: String,
}

/// Makes a stream that is not in the state yet.
pub(super) fn new_stream(created: i64) -> Result<Stream, AwsError> {
    let id = random_hex(16).map_err(|error| AwsError::internal(format!("No randomness: {error}.")))?;
    Ok(Stream { id, created })
}

/// `CreateLogStream`.
pub(super) async fn create(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let Name { log_group_name: group, log_stream_name: name } = json_input(&call.request)?;
    check_stream_name(&name)?;
    let stream = new_stream(context.now_millis())?;
    context
        .store
        .change(&call.region, |state| {
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
    Ok(json!({}))
}

/// `DeleteLogStream`, with its events.
pub(super) async fn delete(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let Name { log_group_name: group, log_stream_name: name } = json_input(&call.request)?;
    let stream = context
        .store
        .change(&call.region, |state| {
            state.logs.group(&group)?;
            state.logs.streams.remove(&StreamKey::new(&group, &name)).ok_or_else(no_stream)
        })
        .await?;
    context.events.remove(&stream.id);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    #[serde(default)]
    log_stream_name_prefix: String,
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
pub(super) fn describe(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: Describe = json_input(&call.request)?;
    let group = group_of(input.log_group_name, input.log_group_identifier)?;
    let most = limit(input.limit, 50)?;
    if input.order_by == Order::LastEventTime && !input.log_stream_name_prefix.is_empty() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let streams = context.store.read(&call.region, |state| {
        state.logs.group(&group)?;
        let streams = state.logs.streams_of(&group);
        let streams = streams.filter(|(name, _)| name.starts_with(&input.log_stream_name_prefix));
        Ok::<_, AwsError>(streams.map(|(name, stream)| (name.to_owned(), stream.clone())).collect::<Vec<_>>())
    })?;
    let mut found = Vec::new();
    for (name, stream) in streams {
        let summary = context.events.summary(&stream.id).map_err(|error| unavailable(&error))?;
        found.push((name, stream, summary));
    }
    // Streams come in the order of their names; sorting keeps that order among those of one time.
    match (input.order_by, input.descending) {
        (Order::LogStreamName, false) => {}
        (Order::LogStreamName, true) => found.reverse(),
        (Order::LastEventTime, false) => found.sort_by_key(|(_, _, summary)| last(summary)),
        (Order::LastEventTime, true) => found.sort_by_key(|(_, _, summary)| Reverse(last(summary))),
    }
    // A token is the name of the last stream of the page before, which need not be there any more.
    let begin = match input.next_token {
        Some(token) => found.iter().position(|(name, _, _)| *name == token).map_or(found.len(), |at| at + 1),
        None => 0,
    };
    let rest = &found[begin..];
    let page = &rest[..most.min(rest.len())];
    let arn = group_arn(&call.region, &context.config.account, &group);
    let streams: Vec<Value> =
        page.iter().map(|(name, stream, known)| describe_one(&arn, name, stream, known)).collect();
    Ok(match page.last().filter(|_| rest.len() > most) {
        Some((name, _, _)) => json!({ "logStreams": streams, "nextToken": name }),
        None => json!({ "logStreams": streams }),
    })
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
