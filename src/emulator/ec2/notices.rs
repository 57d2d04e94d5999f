//! What EC2 tells EventBridge: each state that an instance comes to, on the default bus.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html>

use super::instance::{Phase, TRANSITION};
use crate::emulator::{
    context::Context,
    events::{self, Event},
    runtime::Functions,
    service::Scope,
    store::Region,
    wire,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;

/// Tells of instances that were set on their way by this call: where they are now, and where they arrive. Nothing
/// happens unless somebody listens. As on AWS that is done as well as can be: who arrives while the emulator ends is not
/// told of.
pub(super) fn tell(scope: &Scope<'_>, ids: Vec<String>) {
    tell_at(scope.context, scope.functions, scope.region, scope.now, ids);
}

/// The same of those that no call has set on their way.
pub(super) fn tell_at(
    context: &Arc<Context>,
    functions: &Functions,
    region: &Region,
    now: OffsetDateTime,
    ids: Vec<String>,
) {
    if ids.is_empty() || !events::listens(context, region) {
        return;
    }
    let notices = Notices { context: Arc::clone(context), functions: functions.clone(), region: region.clone() };
    let phases = notices.phases(ids, now);
    let way: Vec<(String, Phase)> = phases
        .into_iter()
        .filter_map(|(id, phase)| {
            notices.publish(&id, phase, now);
            Some((id, end_of(phase)?))
        })
        .collect();
    if way.is_empty() {
        return;
    }
    let clock = notices.context.config.clock.clone();
    // From the change on, whenever the task begins.
    let arrival = clock.sleep_from(now, Duration::from_millis(TRANSITION.unsigned_abs()));
    functions.aside(async move {
        arrival.await;
        let now = clock.now();
        for (id, end) in way {
            // It may have been sent somewhere else meanwhile.
            if notices.phases(vec![id.clone()], now).iter().any(|(_, phase)| *phase == end) {
                notices.publish(&id, end, now);
            }
        }
    });
}

/// Where a way ends; none for what is no way.
fn end_of(phase: Phase) -> Option<Phase> {
    match phase {
        Phase::Pending => Some(Phase::Running),
        Phase::Stopping => Some(Phase::Stopped),
        Phase::ShuttingDown => Some(Phase::Terminated),
        Phase::Running | Phase::Stopped | Phase::Terminated => None,
    }
}

struct Notices {
    context: Arc<Context>,
    functions: Functions,
    region: Region,
}

impl Notices {
    fn phases(&self, ids: Vec<String>, now: OffsetDateTime) -> Vec<(String, Phase)> {
        let now = wire::millis(now);
        self.context.store.read(&self.region, |state| {
            let phase = |id: String| state.ec2.instances.get(&id).map(|instance| (id, instance.phase(now)));
            ids.into_iter().filter_map(phase).collect()
        })
    }

    fn publish(&self, id: &str, phase: Phase, now: OffsetDateTime) {
        let (region, account) = (&self.region, &self.context.config.account);
        let event = Event {
            source: "aws.ec2".to_owned(),
            detail_type: "EC2 Instance State-change Notification".to_owned(),
            time: wire::millis(now),
            resources: vec![format!("arn:aws:ec2:{region}:{account}:instance/{id}")],
            detail: json!({ "instance-id": id, "state": phase.name_and_code().0 }),
        };
        events::publish(&self.context, &self.functions, region, events::DEFAULT_BUS, event);
    }
}
