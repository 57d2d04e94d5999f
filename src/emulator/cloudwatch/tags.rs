//! The tags of alarms, by ARN.

use super::{
    alarm::{State, name_of},
    answer, input, invalid,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{
        AwsError, Text,
        tags::{self, MAX_KEY, MAX_TAGS, TagFault},
    },
};
use http::StatusCode;
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
pub(super) fn checked(mut own: BTreeMap<String, String>, new: &[Tag]) -> Result<BTreeMap<String, String>, AwsError> {
    own.extend(new.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
    tags::check(&own, MAX_KEY).map_err(|fault| match fault {
        TagFault::TooMany => invalid(format!("The parameter Tags must not have more than {MAX_TAGS} tags.")),
        TagFault::ReservedKey => invalid("The keys in the parameter Tags must not begin with aws:."),
        TagFault::EmptyKey | TagFault::LongKey | TagFault::LongValue => {
            invalid("The keys in the parameter Tags are 1 to 128 characters long, and the values at most 256.")
        }
    })?;
    Ok(own)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Add {
    #[serde(rename = "ResourceARN")]
    resource_arn: Text<1, 1024>,
    tags: Vec<Tag>,
}

/// `TagResource`.
pub(super) async fn add(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Add>(operation)?;
    scope
        .change(|state| {
            let own = of(&mut state.cloudwatch, &input.resource_arn)?;
            *own = checked(std::mem::take(own), &input.tags)?;
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(answer(json!({})))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Remove {
    #[serde(rename = "ResourceARN")]
    resource_arn: Text<1, 1024>,
    tag_keys: Vec<String>,
}

/// `UntagResource`.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Remove>(operation)?;
    scope
        .change(|state| {
            of(&mut state.cloudwatch, &input.resource_arn)?.retain(|key, _| !input.tag_keys.contains(key));
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(answer(json!({})))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(rename = "ResourceARN")]
    resource_arn: Text<1, 1024>,
}

/// `ListTagsForResource`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<List>(operation)?;
    // A copy of the state costs nothing, and is not kept.
    let tags = scope.read(|state| of(&mut state.cloudwatch.clone(), &input.resource_arn).map(|tags| tags.clone()))?;
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(answer(json!({ "Tags": tags })))
}

fn of<'s>(state: &'s mut State, arn: &str) -> Result<&'s mut BTreeMap<String, String>, AwsError> {
    let name = name_of(arn).ok_or_else(|| invalid(format!("The value {arn} for parameter ResourceARN is invalid.")))?;
    let alarm = state.alarms.get_mut(name).ok_or_else(|| {
        let message = format!("The alarm {name} does not exist.");
        AwsError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    })?;
    Ok(&mut alarm.tags)
}
