//! The tags of alarms and dashboards, by ARN.

use super::{
    alarm::{State, name_of},
    answer, input, invalid,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{
        Arn, AwsError, Text,
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
    change(&scope, &input.resource_arn, |own| {
        *own = checked(std::mem::take(own), &input.tags)?;
        Ok(())
    })
    .await
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
    change(&scope, &input.resource_arn, |own| {
        own.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(rename = "ResourceARN")]
    resource_arn: Text<1, 1024>,
}

/// `ListTagsForResource`. What is not there any more has no tags.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<List>(operation)?;
    let resource = Resource::parse(&scope, &input.resource_arn)?;
    if matches!(resource, Resource::Elsewhere(_)) {
        return Err(resource.absent());
    }
    // A copy of the state costs nothing, and is not kept.
    let read = |state: &State| resource.tags(&mut state.clone()).map(|tags| tags.clone()).unwrap_or_default();
    let tags = if resource.is_global() {
        scope.read_global(|state| read(&state.cloudwatch))
    } else {
        scope.read(|state| read(&state.cloudwatch))
    };
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(answer(json!({ "Tags": tags })))
}

async fn change(
    scope: &Scope<'_>,
    arn: &str,
    edit: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), AwsError>,
) -> Result<Output, AwsError> {
    let resource = Resource::parse(scope, arn)?;
    let edit = |state: &mut State| edit(resource.tags(state).ok_or_else(|| resource.absent())?);
    if resource.is_global() {
        scope.change_global(|state| edit(&mut state.cloudwatch)).await?;
    } else {
        scope.change(|state| edit(&mut state.cloudwatch)).await?;
    }
    Ok(answer(json!({})))
}

/// What has tags.
enum Resource<'a> {
    Alarm(&'a str),
    Dashboard(&'a str),
    /// What is in another region or account.
    Elsewhere(&'a str),
}

impl<'a> Resource<'a> {
    fn parse(scope: &Scope<'_>, arn: &'a str) -> Result<Self, AwsError> {
        if let Some(name) = name_of(arn) {
            let is_here = scope.here().resource("cloudwatch", arn).is_some();
            return Ok(if is_here { Self::Alarm(name) } else { Self::Elsewhere(name) });
        }
        let arn_of_cloudwatch = Arn::parse(arn).filter(|arn| arn.service == "cloudwatch" && arn.region.is_empty());
        let dashboard = arn_of_cloudwatch.and_then(|arn| Some((arn.account, arn.resource.strip_prefix("dashboard/")?)));
        match dashboard {
            Some((account, name)) if account == scope.account() => Ok(Self::Dashboard(name)),
            Some((_, name)) => Ok(Self::Elsewhere(name)),
            None => Err(invalid(format!("The value {arn} for parameter ResourceARN is invalid."))),
        }
    }

    fn is_global(&self) -> bool {
        matches!(self, Self::Dashboard(_))
    }

    fn tags<'s>(&self, state: &'s mut State) -> Option<&'s mut BTreeMap<String, String>> {
        match self {
            Self::Alarm(name) => state.core_mut(name).map(|core| &mut core.tags),
            Self::Dashboard(name) => state.dashboards.get_mut(*name).map(|dashboard| &mut dashboard.tags),
            Self::Elsewhere(_) => None,
        }
    }

    fn absent(&self) -> AwsError {
        let (Self::Alarm(name) | Self::Dashboard(name) | Self::Elsewhere(name)) = self;
        let message = format!("The resource {name} does not exist.");
        AwsError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }
}
