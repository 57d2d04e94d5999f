//! The tags of log groups, by ARN or, the older way, by name.

use super::{
    invalid,
    state::{Name, ResourceArn, no_group},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{
        Arn, AwsError,
        tags::{self, MAX_KEY, MAX_TAGS, TagFault},
    },
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Checks tags by the rules of CloudWatch Logs.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    tags::check(tags, MAX_KEY).map_err(|fault| match fault {
        TagFault::TooMany => {
            let message = format!("A resource can have no more than {MAX_TAGS} tags.");
            AwsError::sender("TooManyTagsException", message)
        }
        TagFault::ReservedKey => invalid("aws: prefixed tag key names are not allowed for external use."),
        TagFault::EmptyKey | TagFault::LongKey | TagFault::LongValue => {
            invalid("Tag keys are 1 to 128 characters long, and tag values at most 256.")
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagResource {
    resource_arn: ResourceArn,
    tags: BTreeMap<String, String>,
}

/// `TagResource`.
pub(super) async fn tag_resource(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<TagResource>()?;
    tag(&scope, group(&scope, &input.resource_arn)?, input.tags).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagGroup {
    log_group_name: Name,
    tags: BTreeMap<String, String>,
}

/// `TagLogGroup`.
pub(super) async fn tag_group(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<TagGroup>()?;
    tag(&scope, &input.log_group_name, input.tags).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UntagResource {
    resource_arn: ResourceArn,
    tag_keys: Vec<String>,
}

/// `UntagResource`.
pub(super) async fn untag_resource(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<UntagResource>()?;
    untag(&scope, group(&scope, &input.resource_arn)?, &input.tag_keys).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UntagGroup {
    log_group_name: Name,
    tags: Vec<String>,
}

/// `UntagLogGroup`.
pub(super) async fn untag_group(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<UntagGroup>()?;
    untag(&scope, &input.log_group_name, &input.tags).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListForResource {
    resource_arn: ResourceArn,
}

/// `ListTagsForResource`.
pub(super) fn list_for_resource(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<ListForResource>()?;
    list(&scope, group(&scope, &input.resource_arn)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListForGroup {
    log_group_name: Name,
}

/// `ListTagsLogGroup`.
pub(super) fn list_for_group(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<ListForGroup>()?;
    list(&scope, &input.log_group_name)
}

/// Takes the name of a group out of its ARN, with or without `:*` behind.
fn group<'t>(scope: &Scope<'_>, arn: &'t str) -> Result<&'t str, AwsError> {
    let of_logs = Arn::parse(arn).filter(|arn| arn.service == "logs");
    let name = of_logs.and_then(|arn| arn.resource.strip_prefix("log-group:"));
    let name = name.ok_or_else(|| invalid(format!("The ARN {arn} is not that of a log group.")))?;
    scope.here().resource("logs", arn).ok_or_else(no_group)?;
    Ok(name.strip_suffix(":*").unwrap_or(name))
}

async fn tag(scope: &Scope<'_>, group: &str, tags: BTreeMap<String, String>) -> Result<Output, AwsError> {
    scope
        .change(|state| {
            let own = &mut state.logs.group_mut(group)?.tags;
            own.extend(tags);
            check_tags(own)
        })
        .await?;
    Ok(Output::Done)
}

async fn untag(scope: &Scope<'_>, group: &str, keys: &[String]) -> Result<Output, AwsError> {
    scope
        .change(|state| {
            state.logs.group_mut(group)?.tags.retain(|key, _| !keys.contains(key));
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

fn list(scope: &Scope<'_>, group: &str) -> Result<Output, AwsError> {
    scope.read(|state| Ok(Output::Members(json!({ "tags": state.logs.group(group)?.tags }))))
}
