//! The operations on log groups.

use super::{
    invalid,
    state::{Group, Name, State, check_group_name, group_arn, limit},
    tags::check_tags,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, Text, page::page},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The retention times that AWS accepts, in days.
const RETENTION: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    log_group_name: String,
    log_group_class: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// `CreateLogGroup`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Create>()?;
    check_group_name(&input.log_group_name)?;
    check_tags(&input.tags)?;
    let class = input.log_group_class.unwrap_or_else(|| "STANDARD".to_owned());
    if !matches!(class.as_str(), "STANDARD" | "INFREQUENT_ACCESS" | "DELIVERY") {
        return Err(invalid(format!("The log group class {class} is not valid.")));
    }
    let group = Group { class, tags: input.tags, ..Group::new(scope.now_millis()) };
    scope
        .change(|state| {
            let groups = &mut state.logs.groups;
            if groups.contains_key(&input.log_group_name) {
                let message = "The specified log group already exists";
                return Err(AwsError::sender("ResourceAlreadyExistsException", message));
            }
            groups.insert(input.log_group_name, group);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// The group that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfGroup {
    log_group_name: Name,
}

/// `DeleteLogGroup`, with its streams and events.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (OfGroup { log_group_name: name }, scope) = operation.input()?;
    let streams = scope
        .change(|state| {
            state.logs.group(&name)?;
            Ok(state.logs.remove_group(&name))
        })
        .await?;
    for stream in streams {
        scope.context.events.remove(&stream.id);
    }
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Retention {
    log_group_name: Name,
    retention_in_days: u32,
}

/// `PutRetentionPolicy`.
pub(super) async fn put_retention(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Retention>()?;
    let days = input.retention_in_days;
    if !RETENTION.contains(&days) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member \
             must be one of the retention times of CloudWatch Logs"
        )));
    }
    set_retention(&scope, &input.log_group_name, Some(days)).await
}

/// `DeleteRetentionPolicy`.
pub(super) async fn delete_retention(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (OfGroup { log_group_name: name }, scope) = operation.input()?;
    set_retention(&scope, &name, None).await
}

async fn set_retention(scope: &Scope<'_>, name: &str, days: Option<u32>) -> Result<Output, AwsError> {
    scope
        .change(|state| {
            state.logs.group_mut(name)?.retention = days;
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name_prefix: Option<Name>,
    log_group_name_pattern: Option<Text<0, 512>>,
    limit: Option<usize>,
    next_token: Option<String>,
}

/// `DescribeLogGroups`: by the start of the name, or by a part of it in either case.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let most = limit(input.limit, 50)?;
    let pattern = input.log_group_name_pattern.as_deref().unwrap_or_default().to_lowercase();
    let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
    scope.read(|state| {
        let groups = state.logs.groups.iter();
        let groups = groups.filter(|(name, _)| name.starts_with(prefix) && name.to_lowercase().contains(&pattern));
        // A token is the name of the last group of the page before.
        let (groups, last) = page(groups, |(name, _)| (*name).clone(), input.next_token.as_ref(), most);
        let groups: Vec<Value> =
            groups.into_iter().map(|(name, group)| describe_one(&scope, &state.logs, name, group)).collect();
        Ok(Output::Members(match last {
            Some(token) => json!({ "logGroups": groups, "nextToken": token }),
            None => json!({ "logGroups": groups }),
        }))
    })
}

fn describe_one(scope: &Scope<'_>, logs: &State, name: &str, group: &Group) -> Value {
    let arn = group_arn(scope.region, scope.account(), name);
    // The size of events that cannot be read is not known; the group is listed all the same.
    let summaries = logs.streams_of(name).filter_map(|(_, stream)| scope.context.events.summary(&stream.id).ok());
    let bytes: u64 = summaries.map(|found| found.bytes).sum();
    let mut value = json!({
        "logGroupName": name,
        "creationTime": group.created,
        "metricFilterCount": logs.metric_filters.keys().filter(|key| key.group == name).count(),
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": bytes,
        "logGroupClass": group.class,
    });
    if let Some(days) = group.retention {
        value["retentionInDays"] = days.into();
    }
    value
}
