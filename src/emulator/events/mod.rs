//! EventBridge, JSON 1.1: buses, rules with patterns or schedules, with functions, buses and log groups as their targets,
//! archives and replays.
//!
//! What a rule is and when it is due is here; [`super::timers`] asks. An event that a rule takes goes to Lambda's
//! asynchronous invocations, whose attempts and destinations are Lambda's own.
//!
//! Not here: other targets, pipes, schemas, partners' events, API destinations, dead-letter queues (there are no queues):
//! a call that needs one is refused.

mod archive;
mod archives;
mod buses;
mod cron;
mod deliver;
mod destination;
mod event;
mod input;
mod keeping;
mod list;
mod pattern;
mod permissions;
mod put;
mod replay;
mod replays;
mod rule;
mod rules;
mod schedule;
mod state;
mod tags;
mod targets;
mod text;
mod timed;

pub(super) use deliver::{announce, listens, publish};
pub(super) use event::Event;
pub(super) use replays::{fail as fail_replays, interrupted as interrupted_replays};
pub(super) use rule::DEFAULT as DEFAULT_BUS;
pub use state::State;
pub(super) use timed::tick;

use super::{
    service::{Handler, Names, Service},
    wire::{AwsError, Fault},
};

/// EventBridge, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "events",
    routes: None,
    names: Some(Names { all: include_str!("members.txt"), versions: &[], target: Some("AWSEvents") }),
    members: include_str!("members.txt"),
    operations: &[
        ("CancelReplay", Handler::Async(|operation| Box::pin(replays::cancel(operation)))),
        ("CreateArchive", Handler::Async(|operation| Box::pin(archives::create(operation)))),
        ("CreateEventBus", Handler::Async(|operation| Box::pin(buses::create(operation)))),
        ("DeleteArchive", Handler::Async(|operation| Box::pin(archives::delete(operation)))),
        ("DeleteEventBus", Handler::Async(|operation| Box::pin(buses::delete(operation)))),
        ("DeleteRule", Handler::Async(|operation| Box::pin(rules::delete(operation)))),
        ("DescribeArchive", Handler::Sync(archives::describe)),
        ("DescribeEventBus", Handler::Sync(buses::describe)),
        ("DescribeReplay", Handler::Sync(replays::describe)),
        ("DescribeRule", Handler::Sync(rules::describe)),
        ("DisableRule", Handler::Async(|operation| Box::pin(rules::switch(operation, false)))),
        ("EnableRule", Handler::Async(|operation| Box::pin(rules::switch(operation, true)))),
        ("ListArchives", Handler::Sync(archives::list)),
        ("ListEventBuses", Handler::Sync(buses::list)),
        ("ListReplays", Handler::Sync(replays::list)),
        ("ListRuleNamesByTarget", Handler::Sync(targets::rule_names)),
        ("ListRules", Handler::Sync(rules::list)),
        ("ListTagsForResource", Handler::Sync(tags::list)),
        ("ListTargetsByRule", Handler::Sync(targets::list)),
        ("PutEvents", Handler::Sync(put::events)),
        ("PutPermission", Handler::Async(|operation| Box::pin(permissions::put(operation)))),
        ("PutRule", Handler::Async(|operation| Box::pin(rules::put(operation)))),
        ("PutTargets", Handler::Async(|operation| Box::pin(targets::put(operation)))),
        ("RemovePermission", Handler::Async(|operation| Box::pin(permissions::remove(operation)))),
        ("RemoveTargets", Handler::Async(|operation| Box::pin(targets::remove(operation)))),
        ("StartReplay", Handler::Async(|operation| Box::pin(replays::start(operation)))),
        ("TagResource", Handler::Async(|operation| Box::pin(tags::add(operation)))),
        ("TestEventPattern", Handler::Sync(put::test_pattern)),
        ("UntagResource", Handler::Async(|operation| Box::pin(tags::remove(operation)))),
        ("UpdateArchive", Handler::Async(|operation| Box::pin(archives::update(operation)))),
        ("UpdateEventBus", Handler::Async(|operation| Box::pin(buses::update(operation)))),
    ],
    fault,
};

fn fault(fault: Fault) -> AwsError {
    let fault = match fault {
        Fault::Invalid(path, why) => Fault::Invalid(member(&path), why),
        Fault::Missing(path) => Fault::Missing(member(&path)),
        other => other,
    };
    fault.in_json(invalid)
}

/// Writes the path of a member as EventBridge's sentences do: `targets.1.member.id`.
fn member(path: &str) -> String {
    let lower = |name: &str| -> String {
        name.chars().take(1).map(|c| c.to_ascii_lowercase()).chain(name.chars().skip(1)).collect()
    };
    let step = |part: &str| match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
        Some((name, at)) => {
            format!(
                "{}.{}.member",
                lower(name),
                at.parse::<usize>().map_or_else(|_| at.to_owned(), |at| (at + 1).to_string())
            )
        }
        None => lower(part),
    };
    path.split('.').map(step).collect::<Vec<String>>().join(".")
}

/// Refuses a list that a call must have when it is empty, or longer than it may be.
fn check_length(member: &str, length: usize, most: usize) -> Result<(), AwsError> {
    let bound = match length {
        0 => "greater than or equal to 1".to_owned(),
        length if length > most => format!("less than or equal to {most}"),
        _ => return Ok(()),
    };
    Err(invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length {bound}"
    )))
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationException", message)
}

fn too_many() -> AwsError {
    AwsError::sender("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}

fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceNotFoundException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_neither_empty_nor_too_long() {
        assert_eq!((check_length("entries", 1, 10), check_length("entries", 10, 10)), (Ok(()), Ok(())));
        for (length, bound) in [(0, "greater than or equal to 1"), (11, "less than or equal to 10")] {
            let refused = check_length("entries", length, 10).unwrap_err();
            assert_eq!(
                refused.message,
                format!(
                    "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have \
                     length {bound}"
                )
            );
        }
    }
}
