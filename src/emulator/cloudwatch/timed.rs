//! The alarms that change their states by themselves.

use super::{
    action::Change,
    alarm::{Condition, State},
    composite::follow,
    evaluate::verdict,
    transition::{apply, perform},
};
use crate::emulator::{
    context::Context,
    runtime::Functions,
    store::Region,
    wire::{AwsError, Here},
};
use std::sync::Arc;

/// How often alarms are evaluated, in milliseconds; those of shorter periods
const MINUTE: i64 = 60_000;
/// this often.
const TEN_SECONDS: i64 = 10_000;

/// Evaluates the alarms of every region where a minute has passed or there is fresh data, and tells when to look again;
/// milliseconds since the Unix epoch.
pub(in crate::emulator) async fn tick(context: &Arc<Context>, functions: &Functions, now: i64) -> Option<i64> {
    let shortest = |state: &State| {
        let steps = state.alarms.values().map(|alarm| if alarm.period() < 60 { TEN_SECONDS } else { MINUTE });
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
                if verdict.value == alarm.core.condition.value {
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
        let here = Here { region: region.as_str(), account: &context.config.account };
        let apply = |(name, condition): (String, Condition)| apply(&mut state.cloudwatch, &name, condition);
        let mut changes: Vec<Change> = changed.into_iter().filter_map(apply).collect();
        follow(&mut state.cloudwatch, here, &mut changes, now);
        Ok::<_, AwsError>(changes)
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
