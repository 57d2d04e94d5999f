//! The way of an event: to the rules that take it, and to their targets.

use super::{
    destination::Destination,
    event::Event,
    input::{self, Given},
    keeping,
    pattern::Seen,
    rule::{DEFAULT, Target},
};
use crate::{
    emulator::{
        context::Context,
        lambda::{self, Denied},
        logs,
        runtime::{Functions, InvokeError},
        store::Region,
        wire::{self, iso_seconds},
    },
    lenience::Lean,
};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The service in whose name functions are invoked.
const PRINCIPAL: &str = "events.amazonaws.com";
/// The services in whose names log groups are written to, of which the group's account has to let one.
const WRITERS: [&str; 2] = [PRINCIPAL, "delivery.logs.amazonaws.com"];
/// The first pause before delivery is tried again, which doubles,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// until it is this long.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// How often and how long delivery is tried unless the target says something else: EventBridge's own values.
const MAX_ATTEMPTS: u32 = 185;
const MAX_AGE: Duration = Duration::from_hours(24);
/// How many buses may hand an event on before that counts as a loop.
const MAX_HOPS: u8 = 8;
/// How often one event is handed on in all: rules that hand it to the same bus several times make several of it.
const MAX_HANDINGS: u32 = 100;

/// How far an event has come over buses; whatever was made of one event counts together.
#[derive(Clone)]
pub(super) struct Journey {
    /// How many buses have handed it on.
    hops: u8,
    /// How often it may still be handed on.
    left: Arc<AtomicU32>,
    /// How many functions have told each other before it: one that hears of it goes on from there.
    chain: u8,
}

impl Default for Journey {
    fn default() -> Self {
        Self::after(0)
    }
}

impl Journey {
    /// The beginning of one, of what so many functions have told each other.
    fn after(chain: u8) -> Self {
        Self { hops: 0, left: Arc::new(AtomicU32::new(MAX_HANDINGS)), chain }
    }

    /// One bus further; none where that is too far.
    fn further(&self) -> Option<Self> {
        let take = |left: u32| left.checked_sub(1);
        let may_go = self.hops < MAX_HOPS && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        may_go.then(|| Self { hops: self.hops + 1, left: Arc::clone(&self.left), chain: self.chain })
    }
}

/// Tells whether anybody waits for events on the default bus of a region.
pub(in crate::emulator) fn listens(context: &Context, region: &Region) -> bool {
    context.store.read(region, |state| {
        let mut rules = state.events.rules_of(DEFAULT);
        rules.any(|(_, rule)| rule.pattern.is_some()) || keeping::listens(&state.events, DEFAULT)
    })
}

/// Puts an event on a bus; gives its id.
pub(in crate::emulator) fn publish(
    context: &Arc<Context>,
    functions: &Functions,
    region: &Region,
    bus: &str,
    event: Event,
) -> String {
    set_out(context, functions, region, bus, event, Journey::default())
}

/// The same for an event with a past.
fn set_out(
    context: &Arc<Context>,
    functions: &Functions,
    region: &Region,
    bus: &str,
    event: Event,
    journey: Journey,
) -> String {
    let event = event.document(context, region);
    Passage { context, functions, region, only: &[], journey }.enter(bus, &event);
    event["id"].as_str().unwrap_or_default().to_owned()
}

/// Puts on a bus what came of an invocation, for Lambda.
pub(in crate::emulator) fn announce(
    functions: &Functions,
    region: &Region,
    bus_arn: &str,
    chain: u8,
    (kind, about, told): (&str, &str, Value),
) {
    let context = functions.context();
    let Some(Destination::Bus(bus)) = Destination::of(bus_arn) else { return };
    if context.store.read(region, |state| state.events.check_bus(bus)).is_err() {
        tracing::warn!(bus = bus_arn, "what came of an invocation was told to a bus that does not exist");
        return;
    }
    let event = Event {
        source: "lambda".to_owned(),
        detail_type: kind.to_owned(),
        time: context.now_millis(),
        resources: vec![bus_arn.to_owned(), about.to_owned()],
        detail: told,
    };
    set_out(context, functions, region, bus, event, Journey::after(chain));
}

/// The passage of an event over a bus.
pub(super) struct Passage<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) functions: &'a Functions,
    pub(super) region: &'a Region,
    /// The ARNs of the rules that may take it; all when there are none.
    pub(super) only: &'a [String],
    pub(super) journey: Journey,
}

impl Passage<'_> {
    /// Keeps an event in the archives of the bus, and hands it on.
    fn enter(&self, bus: &str, event: &Value) {
        let seen = Seen::of(event);
        keeping::keep(self.context, self.functions, self.region, bus, event, &seen);
        self.spread(bus, event, &seen);
    }

    /// Hands an event to the targets of every rule that takes it.
    pub(super) fn spread(&self, bus: &str, event: &Value, seen: &Seen<'_>) {
        let Self { context, functions, region, only, .. } = *self;
        let taken: Vec<Delivery> = context.store.read(region, |state| {
            let rules = state.events.rules_of(bus);
            let rules = rules.filter(|(_, rule)| rule.pattern().is_some_and(|pattern| pattern.accepts(seen)));
            let rules = rules.map(|(key, rule)| (key, key.arn(region.as_str(), &context.config.account), rule));
            rules
                .filter(|(_, arn, _)| only.is_empty() || only.contains(arn))
                .flat_map(|(key, arn, rule)| {
                    let of = |target: &Target| Delivery {
                        region: region.clone(),
                        rule_arn: arn.clone(),
                        rule: key.rule.clone(),
                        target: target.clone(),
                        journey: self.journey.clone(),
                    };
                    rule.targets.values().map(of).collect::<Vec<_>>()
                })
                .collect()
        });
        for delivery in taken {
            delivery.deliver(context, functions, event);
        }
    }
}

/// An event's way to one target of one rule.
#[derive(Clone)]
pub(super) struct Delivery {
    pub(super) region: Region,
    pub(super) rule_arn: String,
    pub(super) rule: String,
    pub(super) target: Target,
    pub(super) journey: Journey,
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
        let Some(payload) = input::make(&self.target, &given) else {
            return self.give_up("what its transformer makes of the event is larger than 1 MB, or no JSON");
        };
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
        match Destination::of(&self.target.arn) {
            Some(Destination::Function) => self.invoke(context, functions, payload),
            Some(Destination::Bus(name)) => self.hand_on(context, functions, name, payload),
            Some(Destination::LogGroup(group)) => self.write(context, functions, group, payload),
            None => Err(Failure::Never("there is no such kind of target")),
        }
    }

    fn invoke(&self, context: &Arc<Context>, functions: &Functions, payload: &str) -> Result<(), Failure> {
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
        lambda::enqueue_after(self.journey.chain, context, functions, arn, invocation).map_err(|error| match error {
            InvokeError::ShuttingDown => Failure::Never("the emulator is shutting down"),
            error => Failure::Later(error.to_string()),
        })
    }

    /// Puts the event on another bus as it is.
    fn hand_on(&self, context: &Arc<Context>, functions: &Functions, bus: &str, payload: &str) -> Result<(), Failure> {
        if context.store.read(&self.region, |state| state.events.check_bus(bus)).is_err() {
            return Err(Failure::Never("there is no such bus"));
        }
        let event: Value = serde_json::from_str(payload).map_err(|_| Failure::Never("it is no event any more"))?;
        let journey = self.journey.further().ok_or(Failure::Never("buses hand it to each other in a loop"))?;
        Passage { context, functions, region: &self.region, only: &[], journey }.enter(bus, &event);
        Ok(())
    }

    /// Writes the event to a log group, into a stream of the rule's name.
    fn write(&self, context: &Arc<Context>, functions: &Functions, group: &str, payload: &str) -> Result<(), Failure> {
        if !self.may_write(context, group) {
            return Err(Failure::Never(
                "no resource policy lets EventBridge write to the log group (`aws logs put-resource-policy`)",
            ));
        }
        let entry = log_entry(payload, self.target.input_transformer.is_some(), context.now_millis());
        let (delivery, context, group) = (self.clone(), Arc::clone(context), group.to_owned());
        functions.aside(async move {
            let Delivery { region, rule, .. } = &delivery;
            let place = logs::Place { region, group: &group, makes_group: false, stream: rule, role: None };
            if let Err(error) = logs::deliver(&context, &place, &[entry]).await {
                delivery.give_up(&error.message);
            }
        });
        Ok(())
    }

    /// Whether the account lets EventBridge write to a log group, or the engine lets that pass.
    fn may_write(&self, context: &Context, group: &str) -> bool {
        let to = (group, self.rule.as_str());
        let lean = Lean::LogGroup { group: self.target.arn.trim_end_matches(":*").to_owned() };
        logs::lets_write(context, &self.region, (&WRITERS, &self.rule_arn), to)
            || context.config.leans.lets(&lean, || format!("events ({})", self.rule_arn))
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

/// Makes a log event of what a log group is sent: a transformer says its time and its text, an event has a time.
fn log_entry(payload: &str, is_transformed: bool, now: i64) -> logs::Event {
    let value: Value = serde_json::from_str(payload).unwrap_or_default();
    let (time, message) = if is_transformed {
        (value.get("timestamp"), value.get("message").map(plain))
    } else {
        (value.get("time"), None)
    };
    let time = time.and_then(|time| match time {
        Value::String(text) => OffsetDateTime::parse(text, &Rfc3339).ok().map(wire::millis),
        number => number.as_i64(),
    });
    logs::Event { timestamp: time.unwrap_or(now), message: message.unwrap_or_else(|| payload.to_owned()) }
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_over_buses_remembers_how_many_functions_were_told_before_and_ends() {
        let mut journey = Journey::after(3);
        for _ in 0..MAX_HOPS {
            journey = journey.further().unwrap();
            assert_eq!(journey.chain, 3);
        }
        assert!(journey.further().is_none());
    }
}
