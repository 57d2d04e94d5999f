//! The operations on the targets of rules.

use super::{
    check_length, destination, input, invalid,
    list::{Limit, cut},
    rule::{BusReference, RuleName, Target, TargetId},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, Here, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most targets of one rule: EventBridge's own limit.
const MOST: usize = 5;
/// The most targets of one call.
const MOST_OF_CALL: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    rule: RuleName,
    #[serde(default)]
    event_bus_name: BusReference,
    targets: Vec<Target>,
}

/// `PutTargets`: adds targets, or puts them in the place of those with the same ids.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    check_length("targets", input.targets.len(), MOST_OF_CALL)?;
    input.targets.iter().try_for_each(|target| check(scope.here(), target))?;
    let key = input.event_bus_name.rule(scope.here(), &input.rule);
    scope
        .change(|state| {
            let targets = &mut state.events.rule_mut(&key)?.targets;
            targets.extend(input.targets.into_iter().map(|target| (target.id.as_str().to_owned(), target)));
            if targets.len() > MOST {
                let message = "The requested resource exceeds the maximum number allowed.";
                return Err(AwsError::sender("LimitExceededException", message));
            }
            Ok(())
        })
        .await?;
    Ok(Output::Members(json!({ "FailedEntryCount": 0, "FailedEntries": [] })))
}

fn check(here: Here<'_>, target: &Target) -> Result<(), AwsError> {
    destination::check(here, target)?;
    if let Some(policy) = &target.retry_policy {
        let checks = [
            ("maximumRetryAttempts", policy.maximum_retry_attempts, 0, 185),
            ("maximumEventAgeInSeconds", policy.maximum_event_age_in_seconds, 60, 86400),
        ];
        for (name, value, least, most) in checks {
            if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
                return Err(invalid(format!(
                    "1 validation error detected: Value '{value}' at 'targets.1.member.retryPolicy.{name}' failed to \
                     satisfy constraint: Member must have value between {least} and {most}"
                )));
            }
        }
    }
    input::check(target)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Remove {
    rule: RuleName,
    #[serde(default)]
    event_bus_name: BusReference,
    ids: Vec<TargetId>,
    /// For rules that a service of AWS manages, of which there are none.
    #[serde(default)]
    #[expect(dead_code, reason = "read to be known")]
    force: bool,
}

/// `RemoveTargets`: one that is not there is removed already.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Remove>()?;
    check_length("ids", input.ids.len(), MOST_OF_CALL)?;
    let key = input.event_bus_name.rule(scope.here(), &input.rule);
    scope
        .change(|state| {
            let targets = &mut state.events.rule_mut(&key)?.targets;
            for id in &input.ids {
                targets.remove(id.as_str());
            }
            Ok::<_, AwsError>(())
        })
        .await?;
    Ok(Output::Members(json!({ "FailedEntryCount": 0, "FailedEntries": [] })))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    rule: RuleName,
    #[serde(default)]
    event_bus_name: BusReference,
    next_token: Option<Text<1, 2048>>,
    #[serde(default)]
    limit: Limit,
}

/// `ListTargetsByRule`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<List>()?;
    let key = input.event_bus_name.rule(scope.here(), &input.rule);
    scope.read(|state| {
        let targets = &state.events.rule(&key)?.targets;
        let shown = targets.iter().map(|(id, target)| (id.clone(), json!(target)));
        cut("Targets", shown, input.limit, input.next_token.as_ref()).map(Output::Members)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleNames {
    target_arn: Text<1, 1600>,
    #[serde(default)]
    event_bus_name: BusReference,
    next_token: Option<Text<1, 2048>>,
    #[serde(default)]
    limit: Limit,
}

/// `ListRuleNamesByTarget`.
pub(super) fn rule_names(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<RuleNames>()?;
    let bus = input.event_bus_name.name(scope.here());
    scope.read(|state| {
        state.events.check_bus(bus)?;
        let rules = state.events.rules_of(bus);
        let rules = rules.filter(|(_, rule)| rule.targets.values().any(|target| target.arn == input.target_arn));
        let names = rules.map(|(key, _)| (key.rule.clone(), Value::from(key.rule.as_str())));
        cut("RuleNames", names, input.limit, input.next_token.as_ref()).map(Output::Members)
    })
}
