//! Replays: the events of an archive put on their bus once more, and the operations on them.
//!
//! A replay waits a moment before it begins, in which it can be cancelled; one that is under way when the emulator ends
//! has failed when it starts again: what it has put on its bus already is not known, and nothing is put there twice.

use super::{
    archives,
    deliver::{Journey, Passage},
    invalid,
    list::{Limit, cut},
    pattern::Seen,
    replay::{Progress, Replay},
    rule::{BusReference, Plain, bus_arn},
    too_many,
};
use crate::emulator::{
    context::Context,
    runtime::Functions,
    service::{Operation, Output, Scope},
    store::Region,
    wire::{Arn, AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// How long a replay waits before it begins.
const WAIT: Duration = Duration::from_secs(1);
/// The most replays at a time: EventBridge's own limit.
const MOST: usize = 10;

/// Why a replay has failed.
const INTERRUPTED: &str = "The replay was under way when the engine ended.";

/// The name of a replay.
type ReplayName = Plain<64, false>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    replay_name: ReplayName,
    description: Option<Text<0, 512>>,
    event_source_arn: Text<1, 1600>,
    /// Seconds since the Unix epoch.
    event_start_time: f64,
    event_end_time: f64,
    destination: To,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct To {
    arn: BusReference,
    #[serde(default)]
    filter_arns: Vec<String>,
}

/// `StartReplay`.
pub(super) async fn start(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Start>()?;
    let (from, to) = (millis(input.event_start_time), millis(input.event_end_time));
    let name = input.replay_name.as_str().to_owned();
    let wrong = |member: &str, reason: &str| invalid(format!("Parameter {member} is not valid. Reason: {reason}"));
    let source = &*input.event_source_arn;
    let named = Arn::parse(source).and_then(|arn| arn.resource.strip_prefix("archive/"));
    let archive = named.ok_or_else(|| wrong("EventSourceArn", "Provided Arn is not in correct format."))?.to_owned();
    let bus = input.destination.arn.name(scope.here()).to_owned();
    let replay = Replay {
        archive,
        bus,
        only: input.destination.filter_arns,
        description: input.description.map(String::from),
        from,
        to,
        begun: scope.now_millis(),
        ended: None,
        last: None,
        state: Progress::Starting,
        reason: None,
    };
    let shown =
        json!({ "ReplayArn": arn(&scope, &name), "State": replay.state, "ReplayStartTime": replay.begun / 1000 });
    scope
        .change(|state| {
            let events = &mut state.events;
            if events.replays.contains_key(&name) {
                let message = format!("Replay {name} already exists.");
                return Err(AwsError::sender("ResourceAlreadyExistsException", message));
            }
            events.check_bus(&replay.bus)?;
            let archive = archives::name_of(&scope, source).and_then(|name| events.archives.get(name));
            let archive = archive
                .ok_or_else(|| wrong("EventSourceArn", &format!("Archive {} does not exist.", replay.archive)))?;
            if archive.bus != replay.bus {
                return Err(wrong("Destination.Arn", "Cross event bus replay is not permitted."));
            }
            if from >= to {
                return Err(wrong("EventEndTime", "EventStartTime must be before EventEndTime."));
            }
            if events.replays.values().filter(|replay| replay.ended.is_none()).count() >= MOST {
                return Err(too_many());
            }
            events.replays.insert(name.clone(), replay);
            Ok(())
        })
        .await?;
    let (context, runner, region) = (Arc::clone(scope.context), scope.functions.clone(), scope.region.clone());
    scope.functions.aside(async move { run(&context, &runner, &region, &name).await });
    Ok(Output::Members(shown))
}

#[expect(clippy::cast_possible_truncation, reason = "a time beyond all times is the last one")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

/// Puts the events of a replay on its bus.
async fn run(context: &Arc<Context>, functions: &Functions, region: &Region, name: &str) {
    context.config.clock.sleep(WAIT).await;
    let Some(replay) = go_on(context, region, name, Progress::Running, None).await else { return };
    let (bus, only) = (replay.bus.as_str(), replay.only.as_slice());
    let is_meant = |at: i64| (replay.from..replay.to).contains(&at);
    let mut kept: Vec<(i64, String)> = context.store.read(region, |state| {
        let kept = state.events.kept_of(&replay.archive).filter(|(_, kept)| is_meant(kept.when()));
        kept.map(|(_, kept)| (kept.when(), kept.event.clone())).collect()
    });
    kept.sort_by_key(|(time, _)| *time);
    let is_running = || {
        context.store.read(region, |state| {
            state.events.replays.get(name).is_some_and(|replay| replay.state == Progress::Running)
        })
    };
    let put = |event: Value| {
        Passage { context, functions, region, only, journey: Journey::default() }.spread(
            bus,
            &event,
            &Seen::of(&event),
        );
    };
    let last = put_each(name, kept, is_running, put).await;
    go_on(context, region, name, Progress::Completed, last).await;
}

/// Puts events on the bus one after the other, for as long as the replay runs; gives the time of the last one.
async fn put_each(
    name: &str,
    kept: Vec<(i64, String)>,
    is_running: impl Fn() -> bool,
    mut put: impl FnMut(Value),
) -> Option<i64> {
    let mut last = None;
    for (time, text) in kept {
        // It may have been cancelled meanwhile.
        if !is_running() {
            break;
        }
        let Ok(mut event) = serde_json::from_str::<Value>(&text) else {
            tracing::warn!(replay = name, "an event is nested too deeply to be put on the bus once more");
            continue;
        };
        event["replay-name"] = name.into();
        put(event);
        last = Some(time);
        // There may be many, and others wait.
        tokio::task::yield_now().await;
    }
    last
}

/// Notes how far a replay has come; one that is being cancelled comes no further.
async fn go_on(
    context: &Context,
    region: &Region,
    name: &str,
    progress: Progress,
    last: Option<i64>,
) -> Option<Replay> {
    let now = context.now_millis();
    let noted = context.store.change(region, |state| {
        let Some(replay) = state.events.replays.get_mut(name) else { return Ok(None) };
        let is_cancelled = replay.state == Progress::Cancelling;
        replay.state = if is_cancelled { Progress::Cancelled } else { progress };
        replay.last = last;
        replay.ended = (replay.state != Progress::Running).then_some(now);
        replay.reason = (replay.state == Progress::Failed).then(|| INTERRUPTED.to_owned());
        Ok::<_, AwsError>((!is_cancelled).then(|| replay.clone()))
    });
    noted.await.unwrap_or_else(|error| {
        tracing::warn!(%region, replay = name, error = error.message, "a replay cannot go on");
        None
    })
}

/// The replays that were under way when the emulator ended.
pub(in crate::emulator) fn interrupted(context: &Context) -> Vec<(Region, String)> {
    let mut found = Vec::new();
    for region in context.store.regions() {
        context.store.read(&region, |state| {
            let open = state.events.replays.iter().filter(|(_, replay)| replay.ended.is_none());
            found.extend(open.map(|(name, _)| (region.clone(), name.clone())));
        });
    }
    found
}

/// Notes that replays have failed, or are cancelled where that was asked for.
pub(in crate::emulator) async fn fail(context: &Context, interrupted: Vec<(Region, String)>) {
    for (region, name) in interrupted {
        go_on(context, &region, &name, Progress::Failed, None).await;
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    replay_name: ReplayName,
}

/// `CancelReplay`.
pub(super) async fn cancel(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let name = input.replay_name.as_str();
    scope
        .change(|state| {
            let replay = state.events.replay_mut(name)?;
            if !matches!(replay.state, Progress::Starting | Progress::Running) {
                let message = format!("Replay {name} is not in a valid state for this operation.");
                return Err(AwsError::sender("IllegalStatusException", message));
            }
            replay.state = Progress::Cancelling;
            Ok(Output::Members(json!({ "ReplayArn": arn(&scope, name), "State": replay.state })))
        })
        .await
}

/// `DescribeReplay`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let name = input.replay_name.as_str();
    scope.read(|state| {
        let replay = state.events.replay(name)?;
        let mut shown = show(&scope, name, replay);
        shown["ReplayArn"] = arn(&scope, name).into();
        shown["Destination"] = json!({ "Arn": bus_arn(&scope, &replay.bus), "FilterArns": replay.only });
        if let Some(description) = &replay.description {
            shown["Description"] = description.as_str().into();
        }
        Ok(Output::Members(shown))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<Text<1, 64>>,
    event_source_arn: Option<Text<1, 1600>>,
    state: Option<Progress>,
    next_token: Option<Text<1, 2048>>,
    #[serde(default)]
    limit: Limit,
}

/// `ListReplays`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<List>()?;
    let filters = [input.name_prefix.is_some(), input.event_source_arn.is_some(), input.state.is_some()];
    if filters.into_iter().filter(|given| *given).count() > 1 {
        return Err(invalid(
            "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.",
        ));
    }
    let prefix = input.name_prefix.as_deref().unwrap_or_default();
    scope.read(|state| {
        let replays = state.events.replays.iter().filter(|(name, replay)| {
            let is_of = |arn: &Text<1, 1600>| archives::name_of(&scope, arn) == Some(replay.archive.as_str());
            name.starts_with(prefix)
                && input.event_source_arn.as_ref().is_none_or(is_of)
                && input.state.is_none_or(|state| state == replay.state)
        });
        let shown = replays.map(|(name, replay)| (name.clone(), show(&scope, name, replay)));
        cut("Replays", shown, input.limit, input.next_token.as_ref()).map(Output::Members)
    })
}

fn arn(scope: &Scope<'_>, name: &str) -> String {
    format!("arn:aws:events:{}:{}:replay/{name}", scope.region, scope.account())
}

fn show(scope: &Scope<'_>, name: &str, replay: &Replay) -> Value {
    let mut shown = json!({
        "ReplayName": name,
        "EventSourceArn": archives::arn(scope, &replay.archive),
        "State": replay.state,
        "EventStartTime": replay.from / 1000,
        "EventEndTime": replay.to / 1000,
        "ReplayStartTime": replay.begun / 1000,
    });
    if let Some(reason) = &replay.reason {
        shown["StateReason"] = reason.as_str().into();
    }
    for (member, time) in [("ReplayEndTime", replay.ended), ("EventLastReplayedTime", replay.last)] {
        if let Some(time) = time {
            shown[member] = (time / 1000).into();
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_replay_that_is_cancelled_stops_after_the_event_that_was_put_last() {
        let kept = || vec![(5, r#"{"id":"a"}"#.to_owned()), (7, r#"{"id":"b"}"#.to_owned()), (9, "{}".to_owned())];
        let put = Cell::new(0);
        let count = |event: Value| {
            assert_eq!(event["replay-name"], "r");
            put.set(put.get() + 1);
        };
        let last = put_each("r", kept(), || put.get() < 2, count).await;
        assert_eq!((put.get(), last), (2, Some(7)));
        assert_eq!(put_each("r", kept(), || false, |_| {}).await, None);
        assert_eq!(put_each("r", kept(), || true, |_| {}).await, Some(9));
    }
}
