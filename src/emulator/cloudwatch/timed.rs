//! The alarms that change their states by themselves.

use super::{
    action::{self, Change},
    alarm::{Condition, State},
    evaluate::verdict,
    history::{Item, Kind},
};
use crate::emulator::{context::Context, runtime::Functions, store::Region, wire::AwsError};
use serde_json::json;
use std::sync::Arc;

/// How often alarms are evaluated, in milliseconds; those of shorter periods
const MINUTE: i64 = 60_000;
/// this often.
const TEN_SECONDS: i64 = 10_000;

/// Evaluates the alarms of every region where a minute has passed or there is fresh data, and tells when to look again;
/// milliseconds since the Unix epoch.
pub(in crate::emulator) async fn tick(context: &Arc<Context>, functions: &Functions) -> Option<i64> {
    let now = context.now_millis();
    let shortest = |state: &State| {
        let steps = state.alarms.values().map(|alarm| if alarm.period < 60 { TEN_SECONDS } else { MINUTE });
        steps.min()
    };
    let regions = context.store.regions();
    let step =
        regions.iter().filter_map(|region| context.store.read(region, |state| shortest(&state.cloudwatch))).min()?;
    let end = now.div_euclid(step) * step;
    if context.metrics.wants_evaluation(end) {
        for region in regions {
            evaluate(context, functions, &region, now).await;
        }
    }
    Some(end + step)
}

async fn evaluate(context: &Arc<Context>, functions: &Functions, region: &Region, now: i64) {
    let changed: Vec<(String, Condition)> = context.store.read(region, |state| {
        let alarms = state.cloudwatch.alarms.iter();
        alarms
            .filter_map(|(name, alarm)| {
                let verdict = verdict(&context.metrics, region, alarm, now)?;
                if verdict.value == alarm.condition.value {
                    return None;
                }
                let condition = Condition {
                    value: verdict.value,
                    reason: verdict.reason.chars().take(1023).collect(),
                    data: Some(verdict.data),
                    updated: now,
                    transitioned: now,
                };
                Some((name.clone(), condition))
            })
            .collect()
    });
    if changed.is_empty() {
        return;
    }
    let changes = context.store.change(region, |state| {
        let apply = |(name, condition): (String, Condition)| apply(&mut state.cloudwatch, &name, condition);
        Ok::<_, AwsError>(changed.into_iter().filter_map(apply).collect::<Vec<Change>>())
    });
    match changes.await {
        Ok(changes) => {
            for change in changes {
                perform(context, functions, region, &change).await;
            }
        }
        Err(error) => tracing::warn!(%region, error = error.message, "the states of alarms cannot be kept"),
    }
}

/// Brings an alarm into a state and notes it; gives what has changed, if that is the state.
pub(super) fn apply(state: &mut State, name: &str, condition: Condition) -> Option<Change> {
    let alarm = state.alarms.get_mut(name)?;
    let before = std::mem::replace(&mut alarm.condition, condition);
    if before.value == alarm.condition.value {
        return None;
    }
    let change = Change { name: name.to_owned(), alarm: alarm.clone(), before };
    let (old, new) = (&change.before, &change.alarm.condition);
    let data = json!({
        "version": "1.0",
        "oldState": { "stateValue": old.value.as_str(), "stateReason": old.reason },
        "newState": { "stateValue": new.value.as_str(), "stateReason": new.reason },
    });
    state.note(Item {
        alarm: name.to_owned(),
        time: new.updated,
        kind: Kind::StateUpdate,
        summary: format!("Alarm updated from {} to {}", old.value.as_str(), new.value.as_str()),
        data: data.to_string(),
    });
    Some(change)
}

/// Does what is to happen when an alarm has come into a state, and notes it.
pub(super) async fn perform(context: &Arc<Context>, functions: &Functions, region: &Region, change: &Change) {
    action::announce(context, functions, region, change);
    let done: Vec<Item> = action::perform(context, functions, region, change);
    if done.is_empty() {
        return;
    }
    let noted = context.store.change(region, |state| {
        done.into_iter().for_each(|item| state.cloudwatch.note(item));
        Ok::<_, AwsError>(())
    });
    if let Err(error) = noted.await {
        tracing::warn!(alarm = change.name, error = error.message, "the actions of an alarm cannot be noted");
    }
}
