//! How events come in: `PutLogEvents` from clients, [`append`] from the emulator's own functions, [`deliver`] from its
//! services.

use super::{
    events::Event,
    invalid, metric_filters,
    state::{Group, Name, State, StreamKey, check_group_name, check_stream_name, signed},
    streams::new_stream,
    subscriptions::Arrived,
    unavailable,
};
use crate::emulator::{
    access, cloudwatch,
    context::Context,
    service::{Operation, Output},
    state::RegionState,
    store::Region,
    wire::{AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Sequence tokens have no meaning any more; clients that expect one get this.
pub(super) const SEQUENCE_TOKEN: &str = "49590302000000000000000000000000000000000000000000000000";

const HOUR: i64 = 60 * 60 * 1000;
/// The limits of one `PutLogEvents`: events, bytes, and what each event counts beside its text.
const MAX_EVENTS: usize = 10_000;
const MAX_BYTES: usize = 1_048_576;
const EVENT_OVERHEAD: usize = 26;
/// How far from now an event may be, and from the first of its batch, in milliseconds.
const MAX_AGE: i64 = 14 * 24 * HOUR;
const MAX_AHEAD: i64 = 2 * HOUR;
const MAX_SPAN: i64 = 24 * HOUR;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    log_group_name: Name,
    log_stream_name: Name,
    #[serde(rename = "logEvents")]
    events: Vec<InputEvent>,
    #[expect(dead_code, reason = "AWS takes any, and has not asked since 2023")]
    sequence_token: Option<Text<1, 2048>>,
}

#[derive(Deserialize)]
struct InputEvent {
    /// Milliseconds since the Unix epoch, never before it.
    timestamp: u64,
    message: String,
}

impl From<InputEvent> for Event {
    fn from(event: InputEvent) -> Self {
        Self { timestamp: signed(event.timestamp), message: event.message }
    }
}

/// `PutLogEvents`: events that are too old or too new are left out, and the answer says which.
pub(super) fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    let events: Vec<Event> = input.events.into_iter().map(Event::from).collect();
    check_batch(&events)?;
    let now = scope.now_millis();
    let (id, horizon) = scope.read(|state| {
        let stream = state.logs.stream(&input.log_group_name, &input.log_stream_name)?;
        Ok::<_, AwsError>((stream.id.clone(), state.logs.group(&input.log_group_name)?.horizon(now)))
    })?;
    // The batch is in the order of time, so what is refused is its start and its end.
    let too_old = events.partition_point(|event| event.timestamp < now - MAX_AGE);
    let expired = events.partition_point(|event| event.timestamp < horizon);
    let too_new = events.partition_point(|event| event.timestamp <= now + MAX_AHEAD);
    let begin = too_old.max(expired).min(too_new);
    if begin < too_new {
        let taken = &events[begin..too_new];
        let first = scope.context.events.append(&id, now, taken).map_err(|error| unavailable(&error))?;
        let (group, stream) = (&input.log_group_name, &input.log_stream_name);
        collect(scope.context, scope.region, group, taken);
        Arrived { region: scope.region, group, stream, first, events: taken }.tell(scope.context);
    }
    let mut rejected = Map::new();
    if too_new < events.len() {
        rejected.insert("tooNewLogEventStartIndex".to_owned(), too_new.into());
    }
    if too_old > 0 {
        rejected.insert("tooOldLogEventEndIndex".to_owned(), too_old.into());
    }
    if expired > 0 {
        rejected.insert("expiredLogEventEndIndex".to_owned(), expired.into());
    }
    let mut answer = json!({ "nextSequenceToken": SEQUENCE_TOKEN });
    if !rejected.is_empty() {
        answer["rejectedLogEventsInfo"] = Value::Object(rejected);
    }
    Ok(Output::Members(answer))
}

fn check_batch(events: &[Event]) -> Result<(), AwsError> {
    if !(1..=MAX_EVENTS).contains(&events.len()) {
        return Err(invalid(format!("A batch has 1 to {MAX_EVENTS} log events.")));
    }
    if events.iter().any(|event| event.message.is_empty()) {
        return Err(invalid("Log event message must not be empty."));
    }
    let bytes: usize = events.iter().map(|event| event.message.len() + EVENT_OVERHEAD).sum();
    if bytes > MAX_BYTES {
        return Err(invalid(format!("Upload too large: {bytes} bytes exceeds limit of {MAX_BYTES}")));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    let span =
        events.first().zip(events.last()).map_or(0, |(first, last)| last.timestamp.saturating_sub(first.timestamp));
    if span > MAX_SPAN {
        let message = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
        return Err(invalid(message));
    }
    Ok(())
}

/// Where a function process writes to.
#[derive(Clone)]
pub struct Target {
    /// The function's region.
    pub region: Region,
    /// The function's ARN.
    pub function: String,
    /// The function's identity.
    pub identity: String,
    /// The ARN of the function's role, which has to allow it.
    pub role: String,
    /// The log group.
    pub group: String,
    /// The log stream, the process's own.
    pub stream: String,
}

/// Writes a function's log, in its order, to a stream that is made when absent. Waits for the disk only then. The group
/// is made only while the function is there: what a process still had to say when its function and the group were
/// deleted must not bring the group back.
///
/// # Errors
/// When a name is against the rules, or the state or the events cannot be written.
pub async fn append(context: &Context, target: &Target, events: Vec<Event>) -> Result<(), AwsError> {
    if events.is_empty() {
        return Ok(());
    }
    let now = context.now_millis();
    let find = |logs: &State| logs.stream(&target.group, &target.stream).map(|stream| stream.id.clone());
    let found = context.store.read(&target.region, |state| find(&state.logs));
    let Target { region, role, group, stream, .. } = target;
    check_role(context, ("lambda", role), region, (group, stream), found.is_ok())?;
    let id = match found {
        Ok(id) => Some(id),
        Err(_) => make_stream(context, target, now).await?,
    };
    let Some(id) = id else { return Ok(()) };
    let first = context.events.append(&id, now, &events).map_err(|error| unavailable(&error))?;
    collect(context, region, group, &events);
    Arrived { region, group, stream, first, events: &events }.tell(context);
    Ok(())
}

/// Where a service writes to.
pub struct Place<'a> {
    /// The region of the log group.
    pub region: &'a Region,
    /// The log group.
    pub group: &'a str,
    /// Whether the service makes the group where there is none.
    pub makes_group: bool,
    /// The log stream, which is made where there is none.
    pub stream: &'a str,
    /// The service and the role that it writes with, which has to allow it; none where it needs no role.
    pub role: Option<(&'a str, &'a str)>,
}

/// Writes what a service has to say.
///
/// # Errors
/// When there is no such group, the role does not allow it, or the state or the events cannot be written.
pub async fn deliver(context: &Context, place: &Place<'_>, events: &[Event]) -> Result<(), AwsError> {
    let Place { region, group, makes_group, stream, role } = *place;
    let now = context.now_millis();
    let found = context.store.read(region, |state| state.logs.stream(group, stream).map(|stream| stream.id.clone()));
    if let Some(role) = role {
        check_role(context, role, region, (group, stream), found.is_ok())?;
    }
    let id = if let Ok(id) = found {
        id
    } else {
        let fresh = new_stream(now)?;
        let made = context.store.change(region, |state| {
            if makes_group && !state.logs.groups.contains_key(group) {
                state.logs.groups.insert(group.to_owned(), Group::new(now));
            }
            state.logs.group(group)?;
            if let Ok(known) = state.logs.stream(group, stream) {
                return Ok(known.id.clone());
            }
            let id = fresh.id.clone();
            state.logs.streams.insert(StreamKey::new(group, stream), fresh);
            Ok::<_, AwsError>(id)
        });
        made.await?
    };
    let first = context.events.append(&id, now, events).map_err(|error| unavailable(&error))?;
    collect(context, region, group, events);
    Arrived { region, group, stream, first, events }.tell(context);
    Ok(())
}

/// Has CloudWatch see the metrics that stand in lines, and those that the group's filters make of them.
fn collect(context: &Context, region: &Region, group: &str, events: &[Event]) {
    metric_filters::count(context, region, group, events);
    for event in events {
        cloudwatch::collect(context, region, &event.message, event.timestamp);
    }
}

/// Refuses to write what a role does not let its service write.
fn check_role(
    context: &Context,
    (service, role): (&str, &str),
    region: &Region,
    (group, stream): (&str, &str),
    is_there: bool,
) -> Result<(), AwsError> {
    let has_group = || context.store.read(region, |state| state.logs.group(group).is_ok());
    let asks_group = (!is_there && !has_group()).then_some(("logs:CreateLogGroup", ""));
    let asks_stream = (!is_there).then_some(("logs:CreateLogStream", stream));
    let asked = asks_group.into_iter().chain(asks_stream).chain([("logs:PutLogEvents", stream)]);
    for (action, stream) in asked {
        if !access::may_log(context, region, service, role, action, group, stream) {
            let message = format!("The role {role} does not allow {action}.");
            return Err(AwsError::sender("AccessDeniedException", message));
        }
    }
    Ok(())
}

/// Makes the stream, and the group where it may be made; gives the name of the stream's files.
async fn make_stream(context: &Context, target: &Target, now: i64) -> Result<Option<String>, AwsError> {
    let Target { region, function, identity, group, stream, .. } = target;
    check_group_name(group)?;
    check_stream_name(stream)?;
    let fresh = new_stream(now)?;
    let may_be_made =
        |state: &RegionState| state.logs.groups.contains_key(group) || state.lambda.has(function, identity);
    if !context.store.read(region, may_be_made) {
        return Ok(None);
    }
    context
        .store
        .change(region, |state| {
            if !may_be_made(state) {
                return Ok(None);
            }
            if let Ok(known) = state.logs.stream(group, stream) {
                return Ok(Some(known.id.clone()));
            }
            if !state.logs.groups.contains_key(group) {
                state.logs.groups.insert(group.clone(), Group::new(now));
            }
            let id = fresh.id.clone();
            state.logs.streams.insert(StreamKey::new(group, stream), fresh);
            Ok(Some(id))
        })
        .await
}
