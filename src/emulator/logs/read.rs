//! How events go out: `GetLogEvents` of one stream, in both directions, and `FilterLogEvents` over many.

use super::{
    events::Stored,
    invalid,
    pattern::FilterPattern,
    state::{Identifier, Name, group_of, limit, signed},
    unavailable,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{io, sync::Arc};
use tokio::task;

/// The most events of one answer.
const MAX_EVENTS: usize = 10_000;
/// The most bytes of messages in one answer.
const MAX_BYTES: usize = 1_048_576;

/// A place between events of a stream: right behind the event of this time and number.
type Position = (i64, u64);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Get {
    log_group_name: Option<Name>,
    log_group_identifier: Option<Identifier>,
    log_stream_name: Name,
    start_time: Option<u64>,
    end_time: Option<u64>,
    next_token: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
}

/// `GetLogEvents`. A token that leads nowhere comes back as it was, which tells the client that it has seen all.
pub(super) async fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Get>()?;
    let group = group_of(scope.here(), input.log_group_name, input.log_group_identifier)?;
    let most = limit(input.limit, MAX_EVENTS)?;
    let from = input.next_token.as_deref().map(parse_token).transpose()?;
    let now = scope.now_millis();
    let (id, horizon) = scope.read(|state| {
        let stream = state.logs.stream(&group, &input.log_stream_name)?;
        Ok::<_, AwsError>((stream.id.clone(), state.logs.group(&group)?.horizon(now)))
    })?;
    // The start is included, the end is not.
    let range = (
        input.start_time.map_or(i64::MIN, signed).max(horizon),
        input.end_time.map_or(i64::MAX, |end| signed(end).saturating_sub(1)),
    );
    let shared = Arc::clone(scope.context);
    let events = read_off_thread(move || {
        shared.events.read(&id, range, |event| match from {
            Some((true, position)) => (event.timestamp, event.number) > position,
            Some((false, position)) => (event.timestamp, event.number) < position,
            None => true,
        })
    })
    .await?;
    let forward = from.map_or(input.start_from_head, |(forward, _)| forward);
    let page = if forward { head(&events, most) } else { tail(&events, most) };
    let stay = from.map(|(_, position)| position).unwrap_or_default();
    let place = |event: Option<&Stored>| event.map_or(stay, |event| (event.timestamp, event.number));
    let events: Vec<Value> = page
        .iter()
        .map(|event| json!({ "timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested }))
        .collect();
    Ok(Output::Members(json!({
        "events": events,
        "nextForwardToken": token('f', place(page.last())),
        "nextBackwardToken": token('b', place(page.first())),
    })))
}

/// The first events that fit into one answer.
fn head(events: &[Stored], most: usize) -> &[Stored] {
    &events[..fitting(events.iter(), most)]
}

/// The last events that fit into one answer.
fn tail(events: &[Stored], most: usize) -> &[Stored] {
    &events[events.len() - fitting(events.iter().rev(), most)..]
}

/// Counts the events that fit into one answer; one always does.
fn fitting<'a>(events: impl Iterator<Item = &'a Stored>, most: usize) -> usize {
    let mut bytes = 0;
    let fits = |(at, event): &(usize, &Stored)| {
        bytes += event.message.len();
        *at == 0 || bytes <= MAX_BYTES
    };
    events.enumerate().take(most).take_while(fits).count()
}

/// Writes a token as AWS's look: the direction and 56 digits.
fn token(direction: char, (timestamp, number): Position) -> String {
    format!("{direction}/{timestamp:020}{number:036}")
}

/// Reads a token: whether it leads forward, and from where.
fn parse_token(token: &str) -> Result<(bool, Position), AwsError> {
    let read = || {
        let (direction, digits) = token.split_once('/')?;
        let forward = match direction {
            "f" => true,
            "b" => false,
            _ => return None,
        };
        let (timestamp, number) = digits.split_at_checked(20)?;
        Some((forward, (timestamp.parse().ok()?, number.parse().ok()?)))
    };
    read().ok_or_else(|| invalid("The specified nextToken is invalid."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    log_group_name: Option<Name>,
    log_group_identifier: Option<Identifier>,
    #[serde(default)]
    log_stream_names: Vec<String>,
    log_stream_name_prefix: Option<Name>,
    start_time: Option<u64>,
    end_time: Option<u64>,
    #[serde(rename = "filterPattern")]
    pattern: Option<Text<0, 1024>>,
    #[expect(dead_code, reason = "AWS has not asked since 2019: events are always merged")]
    interleaved: Option<bool>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// Where a page of `FilterLogEvents` ended: the order of its events.
pub(super) type Place = (i64, String, u64);

/// `FilterLogEvents`: the events of a group's streams, merged in the order of their times.
pub(super) async fn filter(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Filter>()?;
    let group = group_of(scope.here(), input.log_group_name, input.log_group_identifier)?;
    let most = limit(input.limit, MAX_EVENTS)?;
    let pattern = FilterPattern::parse(input.pattern.as_deref().unwrap_or_default())?;
    if input.log_stream_name_prefix.is_some() && !input.log_stream_names.is_empty() {
        return Err(invalid("Either logStreamNames or logStreamNamePrefix can be specified, not both."));
    }
    let after = input.next_token.as_deref().map(parse_place).transpose()?;
    let now = scope.now_millis();
    let (streams, horizon) = scope.read(|state| {
        for name in &input.log_stream_names {
            state.logs.stream(&group, name)?;
        }
        let horizon = state.logs.group(&group)?.horizon(now);
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        let named = &input.log_stream_names;
        let wanted =
            |stream: &str| stream.starts_with(prefix) && (named.is_empty() || named.iter().any(|name| name == stream));
        let streams = state.logs.streams_of(&group).filter(|(name, _)| wanted(name));
        let streams: Vec<_> = streams.map(|(name, stream)| (name.to_owned(), stream.id.clone())).collect();
        Ok::<_, AwsError>((streams, horizon))
    })?;
    // Both ends are included.
    let start = input.start_time.map_or(i64::MIN, signed).max(horizon);
    let start = after.as_ref().map_or(start, |(timestamp, _, _)| start.max(*timestamp));
    let range = (start, input.end_time.map_or(i64::MAX, signed));
    let shared = Arc::clone(scope.context);
    let mut found = read_off_thread(move || {
        let mut found: Vec<(Place, Stored)> = Vec::new();
        for (name, id) in streams {
            let events = shared.events.read(&id, range, |event| pattern.accepts(&event.message))?;
            found.extend(events.into_iter().map(|event| ((event.timestamp, name.clone(), event.number), event)));
        }
        found.retain(|(place, _)| after.as_ref().is_none_or(|after| place > after));
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    })
    .await?;
    let count = fitting(found.iter().map(|(_, event)| event), most);
    let more = count < found.len();
    found.truncate(count);
    let events: Vec<Value> = found
        .iter()
        .map(|(place, event)| {
            json!({
                "logStreamName": place.1,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingested,
                "eventId": event_id(place),
            })
        })
        .collect();
    let mut answer = json!({ "events": events, "searchedLogStreams": [] });
    if let Some((place, _)) = found.last().filter(|_| more) {
        answer["nextToken"] = place_token(place).into();
    }
    Ok(Output::Members(answer))
}

/// An id of 56 digits that no other event of the group has.
pub(super) fn event_id((timestamp, stream, number): &Place) -> String {
    // FNV-1a, short enough for the id and the same at every start.
    let hash = stream.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{timestamp:020}{hash:012}{number:024}")
}

fn place_token((timestamp, stream, number): &Place) -> String {
    format!("{timestamp}/{number}/{stream}")
}

fn parse_place(token: &str) -> Result<Place, AwsError> {
    let read = || {
        let mut parts = token.splitn(3, '/');
        let (timestamp, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((timestamp, parts.next()?.to_owned(), number))
    };
    read().ok_or_else(|| invalid("The specified nextToken is invalid."))
}

/// Reads files where that holds nobody up.
pub(super) async fn read_off_thread<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, AwsError> {
    let read = task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error)));
    read.map_err(|error| unavailable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_say_where_to_go_on_and_in_which_direction() {
        let token = token('f', (1_700_000_000_123, 42));
        assert_eq!(token.len(), 58);
        assert_eq!(parse_token(&token).unwrap(), (true, (1_700_000_000_123, 42)));
        for bad in ["", "f", "f/", "x/00000000000000000001000000000000000000000000000000000001", "f/é"] {
            assert!(parse_token(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_place_survives_its_token_whatever_the_stream_is_called() {
        let place = (5, "2026/11/23/[$LATEST]a".to_owned(), 7);
        assert_eq!(parse_place(&place_token(&place)).unwrap(), place);
    }

    #[test]
    fn an_answer_is_bounded_but_never_stuck() {
        let big = |number| Stored { number, timestamp: 0, ingested: 0, message: "x".repeat(MAX_BYTES) };
        let events = [big(1), big(2)];
        assert_eq!(head(&events, 10).len(), 1);
        assert_eq!(tail(&events, 10)[0].number, 2);
    }
}
