//! EventBridge, JSON 1.1: buses, rules with patterns or schedules, and functions as their targets.
//!
//! What a rule is and when it is due is here; [`super::timers`] asks. An event that a rule takes goes to Lambda's
//! asynchronous invocations, whose attempts and destinations are Lambda's own.
//!
//! Not here: other targets than functions, archives, replays, pipes, schemas, partners' events, API destinations,
//! dead-letter queues (there are no queues): a call that needs one is refused.

mod buses;
mod cron;
mod deliver;
mod event;
mod input;
mod list;
mod pattern;
mod put;
mod rule;
mod rules;
mod schedule;
mod tags;
mod targets;
mod timed;

pub(super) use deliver::{listens, publish};
pub(super) use event::Event;
pub(super) use rule::DEFAULT as DEFAULT_BUS;
pub use rule::State;
pub(super) use timed::tick;

use super::{
    service::{Handler, Service},
    wire::{AwsError, Fault},
};

/// EventBridge, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "events",
    routes: None,
    operations: &[
        ("CreateEventBus", Handler::Async(|operation| Box::pin(buses::create(operation)))),
        ("DeleteEventBus", Handler::Async(|operation| Box::pin(buses::delete(operation)))),
        ("DeleteRule", Handler::Async(|operation| Box::pin(rules::delete(operation)))),
        ("DescribeEventBus", Handler::Sync(buses::describe)),
        ("DescribeRule", Handler::Sync(rules::describe)),
        ("DisableRule", Handler::Async(|operation| Box::pin(rules::switch(operation, false)))),
        ("EnableRule", Handler::Async(|operation| Box::pin(rules::switch(operation, true)))),
        ("ListEventBuses", Handler::Sync(buses::list)),
        ("ListRuleNamesByTarget", Handler::Sync(targets::rule_names)),
        ("ListRules", Handler::Sync(rules::list)),
        ("ListTagsForResource", Handler::Sync(tags::list)),
        ("ListTargetsByRule", Handler::Sync(targets::list)),
        ("PutEvents", Handler::Sync(put::events)),
        ("PutRule", Handler::Async(|operation| Box::pin(rules::put(operation)))),
        ("PutTargets", Handler::Async(|operation| Box::pin(targets::put(operation)))),
        ("RemoveTargets", Handler::Async(|operation| Box::pin(targets::remove(operation)))),
        ("TagResource", Handler::Async(|operation| Box::pin(tags::add(operation)))),
        ("TestEventPattern", Handler::Sync(put::test_pattern)),
        ("UntagResource", Handler::Async(|operation| Box::pin(tags::remove(operation)))),
    ],
    fault,
};

fn fault(fault: Fault) -> AwsError {
    fault.in_json(invalid)
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceNotFoundException", message)
}
