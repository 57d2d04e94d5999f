//! The tags of rules and buses, by ARN.

use super::invalid;
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        AwsError, Text,
        tags::{self, MAX_KEY, MAX_TAGS, TagFault},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A tag, as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// Adds tags to those that are there, and checks all of them.
pub(super) fn checked(mut own: BTreeMap<String, String>, new: Vec<Tag>) -> Result<BTreeMap<String, String>, AwsError> {
    own.extend(new.into_iter().map(|tag| (tag.key, tag.value)));
    tags::check(&own, MAX_KEY).map_err(|fault| match fault {
        TagFault::TooMany => invalid(format!("A resource can have no more than {MAX_TAGS} Tags.")),
        TagFault::ReservedKey => invalid("Tag keys that begin with aws: are not allowed in Tags."),
        TagFault::EmptyKey | TagFault::LongKey | TagFault::LongValue => {
            invalid("The keys of Tags are 1 to 128 characters long, and their values at most 256.")
        }
    })?;
    Ok(own)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Add {
    #[serde(rename = "ResourceARN")]
    resource_arn: Text<1, 1600>,
    tags: Vec<Tag>,
}

/// `TagResource`.
pub(super) async fn add(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Add>()?;
    scope
        .change(|state| {
            let own = state.events.tags_mut(scope.here(), &input.resource_arn)?;
            *own = checked(std::mem::take(own), input.tags)?;
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Remove {
    #[serde(rename = "ResourceARN")]
    resource_arn: Text<1, 1600>,
    tag_keys: Vec<String>,
}

/// `UntagResource`.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Remove>()?;
    scope
        .change(|state| {
            let own = state.events.tags_mut(scope.here(), &input.resource_arn)?;
            own.retain(|key, _| !input.tag_keys.contains(key));
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(rename = "ResourceARN")]
    resource_arn: Text<1, 1600>,
}

/// `ListTagsForResource`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<List>()?;
    // A copy of the state costs nothing, and is not kept.
    let tags = scope
        .read(|state| state.events.clone().tags_mut(scope.here(), &input.resource_arn).map(|tags| tags.clone()))?;
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(Output::Members(json!({ "Tags": tags })))
}
