//! CloudWatch Logs, JSON 1.1: groups and streams in the store, events in files of their own ([`Events`]).
//!
//! Not here: live tail, and whatever sends events elsewhere than to functions.

mod definitions;
mod events;
mod groups;
mod insights;
mod metric_filters;
mod pattern;
mod read;
mod resource_policies;
mod state;
mod streams;
mod subscriptions;
mod tags;
mod write;

pub use events::{Event, Events};
pub use insights::Queries;
pub use metric_filters::MetricFilter;
pub use resource_policies::lets_write;
pub use state::{Definition, Group, ResourcePolicy, State, Stream};
pub use subscriptions::Subscription;
pub use write::{Place, Target, append, deliver};

use super::{
    service::{Handler, Names, Service},
    state::Store,
    wire::{AwsError, Fault},
};
use http::StatusCode;
use std::{collections::HashSet, io};

/// CloudWatch Logs, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "logs",
    routes: None,
    names: Some(Names { all: include_str!("members.txt"), versions: &[], target: Some("Logs_20140328") }),
    members: include_str!("members.txt"),
    operations: &[
        ("CreateLogGroup", Handler::Async(|operation| Box::pin(groups::create(operation)))),
        ("CreateLogStream", Handler::Async(|operation| Box::pin(streams::create(operation)))),
        ("DeleteLogGroup", Handler::Async(|operation| Box::pin(groups::delete(operation)))),
        ("DeleteLogStream", Handler::Async(|operation| Box::pin(streams::delete(operation)))),
        ("DeleteMetricFilter", Handler::Async(|operation| Box::pin(metric_filters::delete(operation)))),
        ("DeleteQueryDefinition", Handler::Async(|operation| Box::pin(definitions::delete(operation)))),
        ("DeleteResourcePolicy", Handler::Async(|operation| Box::pin(resource_policies::delete(operation)))),
        ("DeleteRetentionPolicy", Handler::Async(|operation| Box::pin(groups::delete_retention(operation)))),
        ("DeleteSubscriptionFilter", Handler::Async(|operation| Box::pin(subscriptions::delete(operation)))),
        ("DescribeLogGroups", Handler::Sync(groups::describe)),
        ("DescribeLogStreams", Handler::Sync(streams::describe)),
        ("DescribeMetricFilters", Handler::Sync(metric_filters::describe)),
        ("DescribeQueries", Handler::Sync(insights::describe)),
        ("DescribeQueryDefinitions", Handler::Sync(definitions::describe)),
        ("DescribeResourcePolicies", Handler::Sync(resource_policies::describe)),
        ("DescribeSubscriptionFilters", Handler::Sync(subscriptions::describe)),
        ("FilterLogEvents", Handler::Async(|operation| Box::pin(read::filter(operation)))),
        ("GetLogEvents", Handler::Async(|operation| Box::pin(read::get(operation)))),
        ("GetQueryResults", Handler::Sync(insights::results)),
        ("ListLogGroups", Handler::Sync(groups::list)),
        ("ListTagsForResource", Handler::Sync(tags::list_for_resource)),
        ("ListTagsLogGroup", Handler::Sync(tags::list_for_group)),
        ("PutLogEvents", Handler::Sync(write::put)),
        ("PutLogGroupDeletionProtection", Handler::Async(|operation| Box::pin(groups::protect(operation)))),
        ("PutMetricFilter", Handler::Async(|operation| Box::pin(metric_filters::put(operation)))),
        ("PutQueryDefinition", Handler::Async(|operation| Box::pin(definitions::put(operation)))),
        ("PutResourcePolicy", Handler::Async(|operation| Box::pin(resource_policies::put(operation)))),
        ("PutRetentionPolicy", Handler::Async(|operation| Box::pin(groups::put_retention(operation)))),
        ("PutSubscriptionFilter", Handler::Async(|operation| Box::pin(subscriptions::put(operation)))),
        ("StartQuery", Handler::Async(|operation| Box::pin(insights::start(operation)))),
        ("StopQuery", Handler::Sync(insights::stop)),
        ("TagLogGroup", Handler::Async(|operation| Box::pin(tags::tag_group(operation)))),
        ("TagResource", Handler::Async(|operation| Box::pin(tags::tag_resource(operation)))),
        ("TestMetricFilter", Handler::Sync(metric_filters::test)),
        ("UntagLogGroup", Handler::Async(|operation| Box::pin(tags::untag_group(operation)))),
        ("UntagResource", Handler::Async(|operation| Box::pin(tags::untag_resource(operation)))),
    ],
    fault,
};

fn fault(fault: Fault) -> AwsError {
    match fault {
        // The names of groups and streams have a sentence of their own.
        Fault::Invalid(path, why)
            if matches!(path.as_str(), "logGroupName" | "logStreamName")
                && why.ends_with("less than or equal to 512") =>
        {
            invalid(state::LONG_NAME)
        }
        other => other.in_json(invalid),
    }
}

/// The names of all files of events in use.
pub(super) fn event_files(store: &Store) -> HashSet<String> {
    let of_region =
        |region| store.read(&region, |state| state.logs.event_files().map(str::to_owned).collect::<Vec<_>>());
    store.regions().into_iter().flat_map(of_region).collect()
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterException", message)
}

/// The events could not be written or read.
fn unavailable(error: &io::Error) -> AwsError {
    let message = format!("The emulator could not reach its log events: {}.", error.kind());
    AwsError::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceUnavailableException", message)
}
