//! The tags of log groups, by ARN or, the older way, by name.

use super::{invalid, state::group_of_arn};
use crate::emulator::{
    Call, Context,
    wire::{AwsError, json_input},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The limit on the tags of a group.
const MAX_TAGS: usize = 50;

/// Checks tags by the rules of CloudWatch Logs.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > MAX_TAGS {
        let message = format!("A resource can have no more than {MAX_TAGS} tags.");
        return Err(AwsError::sender("TooManyTagsException", message));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid("Tag keys are 1 to 128 characters long, and tag values at most 256."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("aws: prefixed tag key names are not allowed for external use."));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagResource {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

/// `TagResource`.
pub(super) async fn tag_resource(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: TagResource = json_input(&call.request)?;
    tag(context, call, group(&input.resource_arn)?, input.tags).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagGroup {
    log_group_name: String,
    tags: BTreeMap<String, String>,
}

/// `TagLogGroup`.
pub(super) async fn tag_group(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: TagGroup = json_input(&call.request)?;
    tag(context, call, &input.log_group_name, input.tags).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UntagResource {
    resource_arn: String,
    tag_keys: Vec<String>,
}

/// `UntagResource`.
pub(super) async fn untag_resource(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: UntagResource = json_input(&call.request)?;
    untag(context, call, group(&input.resource_arn)?, &input.tag_keys).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UntagGroup {
    log_group_name: String,
    tags: Vec<String>,
}

/// `UntagLogGroup`.
pub(super) async fn untag_group(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: UntagGroup = json_input(&call.request)?;
    untag(context, call, &input.log_group_name, &input.tags).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListForResource {
    resource_arn: String,
}

/// `ListTagsForResource`.
pub(super) fn list_for_resource(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: ListForResource = json_input(&call.request)?;
    list(context, call, group(&input.resource_arn)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListForGroup {
    log_group_name: String,
}

/// `ListTagsLogGroup`.
pub(super) fn list_for_group(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: ListForGroup = json_input(&call.request)?;
    list(context, call, &input.log_group_name)
}

fn group(arn: &str) -> Result<&str, AwsError> {
    group_of_arn(arn).ok_or_else(|| invalid(format!("The ARN {arn} is not that of a log group.")))
}

async fn tag(context: &Context, call: &Call, group: &str, tags: BTreeMap<String, String>) -> Result<Value, AwsError> {
    context
        .store
        .change(&call.region, |state| {
            let own = &mut state.logs.group_mut(group)?.tags;
            own.extend(tags);
            check_tags(own)
        })
        .await?;
    Ok(json!({}))
}

async fn untag(context: &Context, call: &Call, group: &str, keys: &[String]) -> Result<Value, AwsError> {
    context
        .store
        .change(&call.region, |state| {
            state.logs.group_mut(group)?.tags.retain(|key, _| !keys.contains(key));
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(json!({}))
}

fn list(context: &Context, call: &Call, group: &str) -> Result<Value, AwsError> {
    context.store.read(&call.region, |state| Ok(json!({ "tags": state.logs.group(group)?.tags })))
}
