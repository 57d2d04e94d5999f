//! The operations on log groups.

use super::{
    invalid,
    state::{Group, State, check_group_name, group_arn, limit},
    tags::check_tags,
};
use crate::emulator::{
    Call, Context,
    wire::{AwsError, json_input},
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
pub(super) async fn create(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: Create = json_input(&call.request)?;
    check_group_name(&input.log_group_name)?;
    check_tags(&input.tags)?;
    let class = input.log_group_class.unwrap_or_else(|| "STANDARD".to_owned());
    if !matches!(class.as_str(), "STANDARD" | "INFREQUENT_ACCESS" | "DELIVERY") {
        return Err(invalid(format!("The log group class {class} is not valid.")));
    }
    let group = Group { class, tags: input.tags, ..Group::new(context.now_millis()) };
    context
        .store
        .change(&call.region, |state| {
            let groups = &mut state.logs.groups;
            if groups.contains_key(&input.log_group_name) {
                let message = "The specified log group already exists";
                return Err(AwsError::sender("ResourceAlreadyExistsException", message));
            }
            groups.insert(input.log_group_name, group);
            Ok(())
        })
        .await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    log_group_name: String,
}

/// `DeleteLogGroup`, with its streams and events.
pub(super) async fn delete(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let Name { log_group_name: name } = json_input(&call.request)?;
    let streams = context
        .store
        .change(&call.region, |state| {
            state.logs.group(&name)?;
            Ok::<_, AwsError>(state.logs.remove_group(&name))
        })
        .await?;
    for stream in streams {
        context.events.remove(&stream.id);
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Retention {
    log_group_name: String,
    retention_in_days: u32,
}

/// `PutRetentionPolicy`.
pub(super) async fn put_retention(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: Retention = json_input(&call.request)?;
    let days = input.retention_in_days;
    if !RETENTION.contains(&days) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member \
             must be one of the retention times of CloudWatch Logs"
        )));
    }
    set_retention(context, call, &input.log_group_name, Some(days)).await
}

/// `DeleteRetentionPolicy`.
pub(super) async fn delete_retention(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let Name { log_group_name: name } = json_input(&call.request)?;
    set_retention(context, call, &name, None).await
}

async fn set_retention(context: &Context, call: &Call, name: &str, days: Option<u32>) -> Result<Value, AwsError> {
    context
        .store
        .change(&call.region, |state| {
            state.logs.group_mut(name)?.retention = days;
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

/// `DescribeLogGroups`: by the start of the name, or by a part of it in either case.
pub(super) fn describe(context: &Context, call: &Call) -> Result<Value, AwsError> {
    let input: Describe = json_input(&call.request)?;
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let most = limit(input.limit, 50)?;
    let pattern = input.log_group_name_pattern.unwrap_or_default().to_lowercase();
    let prefix = input.log_group_name_prefix.unwrap_or_default();
    // A token is the name of the last group of the page before.
    let after = input.next_token.unwrap_or_default();
    context.store.read(&call.region, |state| {
        let mut groups = state.logs.groups.iter().filter(|(name, _)| {
            name.starts_with(&prefix) && name.to_lowercase().contains(&pattern) && (after.is_empty() || **name > after)
        });
        let page: Vec<_> = groups.by_ref().take(most).collect();
        let token = groups.next().and(page.last()).map(|(name, _)| (*name).clone());
        let page: Vec<Value> =
            page.into_iter().map(|(name, group)| describe_one(context, call, &state.logs, name, group)).collect();
        Ok(match token {
            Some(token) => json!({ "logGroups": page, "nextToken": token }),
            None => json!({ "logGroups": page }),
        })
    })
}

fn describe_one(context: &Context, call: &Call, logs: &State, name: &str, group: &Group) -> Value {
    let arn = group_arn(&call.region, &context.config.account, name);
    // The size of events that cannot be read is not known; the group is listed all the same.
    let summaries = logs.streams_of(name).filter_map(|(_, stream)| context.events.summary(&stream.id).ok());
    let bytes: u64 = summaries.map(|found| found.bytes).sum();
    let mut value = json!({
        "logGroupName": name,
        "creationTime": group.created,
        "metricFilterCount": 0,
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
