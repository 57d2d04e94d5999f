//! CloudWatch Logs, JSON 1.1: groups and streams in the store, events in files of their own ([`Events`]).
//!
//! Not here: metric and subscription filters, Insights queries, JSON and regular-expression filter patterns.

mod events;
mod groups;
mod pattern;
mod read;
mod state;
mod streams;
mod tags;
mod write;

pub use events::{Event, Events};
pub use state::{Group, State, Stream};
pub use write::{Target, append};

use super::{
    Call, Context,
    state::Store,
    wire::{AwsError, Protocol, json_response, json_target},
};
use crate::http1::Response;
use http::StatusCode;
use serde_json::Value;
use std::{collections::HashSet, io, sync::Arc};

/// Answers one call.
pub async fn serve(context: &Arc<Context>, call: &Call) -> Response {
    match answer(context, call).await {
        Ok(value) => json_response(StatusCode::OK, Protocol::Json11, &value, &call.request_id),
        Err(error) => error.response(Protocol::Json11, &call.request_id),
    }
}

async fn answer(context: &Arc<Context>, call: &Call) -> Result<Value, AwsError> {
    match json_target(&call.request)? {
        "CreateLogGroup" => groups::create(context, call).await,
        "CreateLogStream" => streams::create(context, call).await,
        "DeleteLogGroup" => groups::delete(context, call).await,
        "DeleteLogStream" => streams::delete(context, call).await,
        "DeleteRetentionPolicy" => groups::delete_retention(context, call).await,
        "DescribeLogGroups" => groups::describe(context, call),
        "DescribeLogStreams" => streams::describe(context, call),
        "FilterLogEvents" => read::filter(context, call).await,
        "GetLogEvents" => read::get(context, call).await,
        "ListTagsForResource" => tags::list_for_resource(context, call),
        "ListTagsLogGroup" => tags::list_for_group(context, call),
        "PutLogEvents" => write::put(context, call),
        "PutRetentionPolicy" => groups::put_retention(context, call).await,
        "TagLogGroup" => tags::tag_group(context, call).await,
        "TagResource" => tags::tag_resource(context, call).await,
        "UntagLogGroup" => tags::untag_group(context, call).await,
        "UntagResource" => tags::untag_resource(context, call).await,
        unknown => Err(AwsError::not_implemented("logs", unknown)),
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
