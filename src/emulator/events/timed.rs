//! The rules that have a schedule: which are due, and what becomes of it.

use super::{
    deliver::{Delivery, Journey},
    event::Event,
    rule::RuleKey,
    schedule::Due,
};
use crate::emulator::{context::Context, runtime::Functions, state::RegionState, store::Region, wire::AwsError};
use std::sync::Arc;

/// How long a disk that refuses is left alone, in milliseconds.
const PAUSE: i64 = 60 * 1000;

/// Serves every rule that is due at `now`, and tells when the next one will be; both in milliseconds since the Unix
/// epoch.
///
/// That a rule was served is on disk before its targets hear of it: whatever happens, none is served twice for one due
/// time.
pub(in crate::emulator) async fn tick(context: &Arc<Context>, functions: &Functions, now: i64) -> Option<i64> {
    let mut next = None;
    for region in context.store.regions() {
        let (due, later) = context.store.read(&region, |state| due(state, now));
        next = [next, later].into_iter().flatten().min();
        if due.is_empty() {
            continue;
        }
        match serve(context, &region, &due, now).await {
            Ok(deliveries) => {
                for (time, delivery) in deliveries {
                    let event = Event::scheduled(delivery.rule_arn.clone(), time).document(context, &region);
                    delivery.deliver(context, functions, &event);
                }
            }
            Err(error) => {
                tracing::warn!(%region, error = error.message, "rules that are due cannot be served");
                next = Some(now + PAUSE);
            }
        }
    }
    next
}

/// The rules that are due with the time of each, and when the next one is.
fn due(state: &RegionState, now: i64) -> (Vec<(RuleKey, i64)>, Option<i64>) {
    let (mut due, mut next) = (Vec::new(), None);
    for (key, rule) in state.events.rules.iter() {
        let Some(schedule) = rule.schedule() else { continue };
        let Due { now, next: later } = schedule.due(rule.since, now);
        due.extend(now.map(|time| (key.clone(), time)));
        next = [next, later].into_iter().flatten().min();
    }
    (due, next)
}

/// Notes that rules were served; gives what is to be delivered, with the time at which it was due.
async fn serve(
    context: &Context,
    region: &Region,
    due: &[(RuleKey, i64)],
    now: i64,
) -> Result<Vec<(i64, Delivery)>, AwsError> {
    context
        .store
        .change(region, |state| {
            let mut deliveries = Vec::new();
            for (key, time) in due {
                // It may have been changed, or switched off, meanwhile.
                let schedule = state.events.rules.get(key).and_then(|rule| Some((rule.schedule()?, rule.since)));
                if schedule.is_none_or(|(schedule, since)| schedule.due(since, now).now != Some(*time)) {
                    continue;
                }
                let Some(rule) = state.events.rules.get_mut(key) else { continue };
                rule.since = *time;
                let rule_arn = key.arn(region.as_str(), &context.config.account);
                let targets = rule.targets.values().cloned();
                deliveries.extend(targets.map(|target| {
                    let (region, rule_arn, rule) = (region.clone(), rule_arn.clone(), key.rule.clone());
                    (*time, Delivery { region, rule_arn, rule, target, journey: Journey::default() })
                }));
            }
            Ok::<_, AwsError>(deliveries)
        })
        .await
}
