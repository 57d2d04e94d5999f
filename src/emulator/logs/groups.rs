//! The operations on log groups.

use super::{
    invalid,
    state::{Group, Identifier, Name, State, at_most, check_group_name, group_arn, identified, limit},
    tags::check_tags,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{
        AwsError, Here, Text,
        page::{key_of, page, token},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The retention times that AWS accepts, in days.
const RETENTION: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The most groups that can be asked for one by one.
const MAX_IDENTIFIERS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    log_group_name: String,
    log_group_class: Option<String>,
    #[serde(default)]
    deletion_protection_enabled: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// `CreateLogGroup`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Create>()?;
    check_group_name(&input.log_group_name)?;
    check_tags(&input.tags)?;
    let class = input.log_group_class.unwrap_or_else(|| "STANDARD".to_owned());
    check_class(&class)?;
    let is_protected = input.deletion_protection_enabled;
    let group = Group { class, tags: input.tags, is_protected, ..Group::new(scope.now_millis()) };
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

fn check_class(class: &str) -> Result<(), AwsError> {
    if matches!(class, "STANDARD" | "INFREQUENT_ACCESS" | "DELIVERY") {
        return Ok(());
    }
    Err(invalid(format!("The log group class {class} is not valid.")))
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
            if state.logs.group(&name)?.is_protected {
                let message = "Log group cannot be deleted because deletion protection is enabled.";
                return Err(AwsError::sender("ValidationException", message));
            }
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
struct Protection {
    log_group_identifier: Identifier,
    deletion_protection_enabled: bool,
}

/// `PutLogGroupDeletionProtection`.
pub(super) async fn protect(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Protection>()?;
    let name = identified(scope.here(), &input.log_group_identifier)?;
    scope
        .change(|state| {
            state.logs.group_mut(&name)?.is_protected = input.deletion_protection_enabled;
            Ok(())
        })
        .await?;
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
    #[serde(default)]
    log_group_identifiers: Vec<Identifier>,
    log_group_class: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

impl Describe {
    /// The groups that are asked for one by one; those of the others are found by looking.
    fn named(&self, here: Here<'_>) -> Result<BTreeSet<String>, AwsError> {
        let by_name = self.log_group_name_prefix.is_some() || self.log_group_name_pattern.is_some();
        if !self.log_group_identifiers.is_empty() && (by_name || self.log_group_class.is_some()) {
            return Err(invalid("logGroupIdentifiers cannot be specified with another filter."));
        }
        if self.log_group_identifiers.len() > MAX_IDENTIFIERS {
            return Err(invalid(format!(
                "1 validation error detected: Value at 'logGroupIdentifiers' failed to satisfy constraint: Member must \
                 have length less than or equal to {MAX_IDENTIFIERS}"
            )));
        }
        self.log_group_identifiers.iter().map(|identifier| identified(here, identifier)).collect()
    }
}

/// `DescribeLogGroups`: by the start of the name, by a part of it in either case, by the class, or one by one.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let named = input.named(scope.here())?;
    let class = input.log_group_class.as_deref();
    class.map_or(Ok(()), check_class)?;
    let most = limit(input.limit, 50)?;
    let after = input.next_token.as_deref().map(parse_token).transpose()?;
    let pattern = input.log_group_name_pattern.as_deref().unwrap_or_default().to_lowercase();
    let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
    scope.read(|state| {
        let groups = state.logs.groups.iter();
        let groups = groups.filter(|(name, group)| {
            (named.is_empty() || named.contains(*name))
                && class.is_none_or(|class| group.class == class)
                && name.starts_with(prefix)
                && name.to_lowercase().contains(&pattern)
        });
        // A token is the name of the last group of the page before.
        let (groups, last) = page(groups, |(name, _)| (*name).clone(), after.as_ref(), most);
        let show = |(name, group): (&String, &Group)| {
            let mut shown = describe_one(&scope, &state.logs, name, group);
            // A search by a part of the name tells less, as on AWS.
            if input.log_group_name_pattern.is_none() {
                shown["storedBytes"] = stored_bytes(&scope, &state.logs, name).into();
                shown["deletionProtectionEnabled"] = group.is_protected.into();
            }
            shown
        };
        let groups: Vec<Value> = groups.into_iter().map(show).collect();
        Ok(Output::Members(match last {
            Some(last) => json!({ "logGroups": groups, "nextToken": token(&last) }),
            None => json!({ "logGroups": groups }),
        }))
    })
}

fn parse_token(token: &str) -> Result<String, AwsError> {
    let name = key_of(token).filter(|name| check_group_name(name).is_ok());
    name.ok_or_else(|| invalid("The specified nextToken is invalid."))
}

/// The bytes of a group's events. The size of those that cannot be read is not known; the group is listed all the same.
fn stored_bytes(scope: &Scope<'_>, logs: &State, name: &str) -> u64 {
    let summaries = logs.streams_of(name).filter_map(|(_, stream)| scope.context.events.summary(&stream.id).ok());
    summaries.map(|found| found.bytes).sum()
}

fn describe_one(scope: &Scope<'_>, logs: &State, name: &str, group: &Group) -> Value {
    let arn = group_arn(scope.region, scope.account(), name);
    let mut value = json!({
        "logGroupName": name,
        "creationTime": group.created,
        "metricFilterCount": logs.metric_filters.keys().filter(|key| key.group == name).count(),
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "logGroupClass": group.class,
    });
    if let Some(days) = group.retention {
        value["retentionInDays"] = days.into();
    }
    value
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    log_group_name_pattern: Option<Text<3, 129>>,
    log_group_class: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

/// `ListLogGroups`: by parts of the name, in its case, or by its start where `^` stands before it.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<List>()?;
    let class = input.log_group_class.as_deref();
    class.map_or(Ok(()), check_class)?;
    // Without a limit a page is a small one.
    let most = at_most("limit", input.limit.or(Some(50)), 1000)?;
    let after = input.next_token.as_deref().map(parse_token).transpose()?;
    let is_wanted = |name: &str| {
        input.log_group_name_pattern.as_deref().is_none_or(|pattern| {
            pattern.split('|').any(|part| match part.strip_prefix('^') {
                Some(start) => name.starts_with(start),
                None => name.contains(part),
            })
        })
    };
    scope.read(|state| {
        let groups = state.logs.groups.iter();
        let groups = groups.filter(|(name, group)| is_wanted(name) && class.is_none_or(|class| group.class == class));
        let (groups, last) = page(groups, |(name, _)| (*name).clone(), after.as_ref(), most);
        let show = |(name, group): (&String, &Group)| {
            let arn = group_arn(scope.region, scope.account(), name);
            json!({ "logGroupName": name, "logGroupArn": arn, "logGroupClass": group.class })
        };
        let mut answer = json!({ "logGroups": groups.into_iter().map(show).collect::<Vec<Value>>() });
        if let Some(last) = last {
            answer["nextToken"] = token(&last).into();
        }
        Ok(Output::Members(answer))
    })
}
