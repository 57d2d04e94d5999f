//! How an alarm comes into another state, and what happens then.

use super::{
    action::{self, Change},
    alarm::{Condition, State, Watched},
    history::{Item, Kind},
};
use crate::emulator::{context::Context, runtime::Functions, store::Region, wire::AwsError};
use serde_json::{Value, json};
use std::sync::Arc;

/// Brings an alarm into a state and notes it; gives what has changed, if that is the value.
pub(super) fn apply(state: &mut State, name: &str, condition: Condition) -> Option<Change> {
    let is_composite = state.composites.contains_key(name);
    let core = state.core_mut(name)?;
    let before = std::mem::replace(&mut core.condition, condition);
    if before.value == core.condition.value {
        return None;
    }
    let core = core.clone();
    let shown = |condition: &Condition| {
        let mut shown = json!({ "stateValue": condition.value.as_str(), "stateReason": condition.reason });
        let data = condition.data.as_deref().and_then(|data| serde_json::from_str::<Value>(data).ok());
        if let Some(data) = data {
            shown["stateReasonData"] = data;
        }
        shown
    };
    let data = json!({ "version": "1.0", "oldState": shown(&before), "newState": shown(&core.condition) });
    state.note(Item {
        alarm: name.to_owned(),
        is_composite,
        time: core.condition.updated,
        kind: Kind::StateUpdate,
        summary: format!("Alarm updated from {} to {}", before.value.as_str(), core.condition.value.as_str()),
        data: data.to_string(),
    });
    let instance = match state.alarms.get(name).map(|alarm| &alarm.watched) {
        Some(Watched::Metric(stat)) => stat.metric.dimensions.0.get("InstanceId").cloned(),
        _ => None,
    };
    let configuration = match (state.alarms.get(name), state.composites.get(name)) {
        (Some(alarm), _) => action::configuration(alarm),
        (None, Some(composite)) => action::rule(composite),
        (None, None) => json!({}),
    };
    Some(Change { name: name.to_owned(), is_composite, core, before, configuration, instance })
}

/// Does what is to happen when an alarm has come into a state, and notes it.
pub(super) async fn perform(context: &Arc<Context>, functions: &Functions, region: &Region, change: &Change) {
    action::announce(context, functions, region, change);
    let done: Vec<Item> = action::perform(context, functions, region, change).await;
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
