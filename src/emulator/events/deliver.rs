//! The way of an event: to the rules that take it, and to their targets.

use super::{
    event::Event,
    input::{self, Given},
    rule::{DEFAULT, Target},
};
use crate::emulator::{
    context::Context,
    lambda::{self, Denied},
    runtime::{Functions, InvokeError},
    store::Region,
    wire::iso_seconds,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// The service in whose name functions are invoked.
const PRINCIPAL: &str = "events.amazonaws.com";
/// The first pause before delivery is tried again, which doubles,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// until it is this long.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// How often and how long delivery is tried unless the target says something else: EventBridge's own values.
const MAX_ATTEMPTS: u32 = 185;
const MAX_AGE: Duration = Duration::from_hours(24);

/// Tells whether anybody waits for events on the default bus of a region.
pub(in crate::emulator) fn listens(context: &Context, region: &Region) -> bool {
    context.store.read(region, |state| state.events.rules_of(DEFAULT).any(|(_, rule)| rule.pattern.is_some()))
}

/// Puts an event on a bus; gives its id.
pub(in crate::emulator) fn publish(
    context: &Arc<Context>,
    functions: &Functions,
    region: &Region,
    bus: &str,
    event: Event,
) -> String {
    let event = event.document(context, region);
    let taken: Vec<Delivery> = context.store.read(region, |state| {
        let rules = state.events.rules_of(bus);
        let rules = rules.filter(|(_, rule)| rule.pattern().is_some_and(|pattern| pattern.accepts(&event)));
        rules
            .flat_map(|(key, rule)| {
                let arn = key.arn(region.as_str(), &context.config.account);
                let of = |target: &Target| Delivery {
                    rule_arn: arn.clone(),
                    rule: key.rule.clone(),
                    target: target.clone(),
                };
                rule.targets.values().map(of).collect::<Vec<_>>()
            })
            .collect()
    });
    for delivery in taken {
        delivery.deliver(context, functions, &event);
    }
    event["id"].as_str().unwrap_or_default().to_owned()
}

/// An event's way to one target of one rule.
pub(super) struct Delivery {
    pub(super) rule_arn: String,
    pub(super) rule: String,
    pub(super) target: Target,
}

/// Why a target has not got its event.
enum Failure {
    /// It may get it later.
    Later(String),
    /// It will not.
    Never(&'static str),
}

impl Delivery {
    /// Hands an event over to the target; where there is no room for it now, later.
    pub(super) fn deliver(self, context: &Arc<Context>, functions: &Functions, event: &Value) {
        let ingested = iso_seconds(context.now_millis());
        let given = Given { event, rule_arn: &self.rule_arn, rule: &self.rule, ingested: &ingested };
        let payload = input::make(&self.target, &given);
        match self.attempt(context, functions, &payload) {
            Ok(()) => {}
            Err(Failure::Never(reason)) => self.give_up(reason),
            Err(Failure::Later(reason)) => {
                let Some(place) = context.timers.place() else { return self.give_up("too many events wait") };
                tracing::warn!(rule = self.rule_arn, target = &*self.target.arn, reason, "an event is put off");
                let (context, runner) = (Arc::clone(context), functions.clone());
                functions.aside(async move {
                    let _place = place;
                    self.retry(&context, &runner, &payload).await;
                });
            }
        }
    }

    fn attempt(&self, context: &Arc<Context>, functions: &Functions, payload: &str) -> Result<(), Failure> {
        let arn = &self.target.arn;
        lambda::invocable(context, arn, PRINCIPAL, &self.rule_arn).map_err(|denied| match denied {
            Denied::Absent => Failure::Never("there is no such function"),
            Denied::Pending => Failure::Later("the function is still being created".to_owned()),
            Denied::Failed => Failure::Never("the function's code is lost"),
            Denied::Forbidden => Failure::Never(
                "the function's resource policy does not allow this rule (`aws lambda add-permission --principal \
                 events.amazonaws.com --source-arn`)",
            ),
        })?;
        let invocation = lambda::event(context, payload.to_owned().into());
        lambda::enqueue(context, functions, arn, invocation).map_err(|error| match error {
            InvokeError::ShuttingDown => Failure::Never("the emulator is shutting down"),
            error => Failure::Later(error.to_string()),
        })
    }

    async fn retry(&self, context: &Arc<Context>, functions: &Functions, payload: &str) {
        let clock = &context.config.clock;
        let policy = self.target.retry_policy.as_ref();
        let attempts = policy.and_then(|policy| policy.maximum_retry_attempts).unwrap_or(MAX_ATTEMPTS);
        let age = policy.and_then(|policy| policy.maximum_event_age_in_seconds);
        let end = clock.now() + age.map_or(MAX_AGE, |seconds| Duration::from_secs(seconds.into()));
        let mut pause = FIRST_PAUSE;
        for _ in 0..attempts {
            if clock.now() + pause > end {
                break;
            }
            clock.sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
            match self.attempt(context, functions, payload) {
                Ok(()) => return,
                Err(Failure::Never(reason)) => return self.give_up(reason),
                Err(Failure::Later(_)) => {}
            }
        }
        self.give_up("it was tried as often and as long as it may be");
    }

    fn give_up(&self, reason: &str) {
        tracing::warn!(rule = self.rule_arn, target = &*self.target.arn, reason, "an event did not reach its target");
    }
}
