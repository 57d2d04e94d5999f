//! The operations on rules.

use super::{
    invalid,
    list::{Limit, cut},
    pattern::Pattern,
    rule::{BusReference, DEFAULT, Rule, RuleKey, RuleName, Switch},
    schedule::Schedule,
    tags::{Tag, checked},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    name: RuleName,
    schedule_expression: Option<Text<0, 256>>,
    event_pattern: Option<Text<0, 4096>>,
    #[serde(default)]
    state: Switch,
    description: Option<Text<0, 512>>,
    #[serde(default)]
    event_bus_name: BusReference,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// `PutRule`: makes a rule, or puts this in the place of what it was; its targets and tags stay.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let schedule = text(input.schedule_expression.map(String::from));
    let pattern = text(input.event_pattern.map(String::from));
    if schedule.is_none() && pattern.is_none() {
        return Err(invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if schedule.as_deref().is_some_and(|schedule| Schedule::parse(schedule).is_none()) {
        return Err(invalid("Parameter ScheduleExpression is not valid."));
    }
    if schedule.is_some() && input.event_bus_name.name(scope.here()) != DEFAULT {
        return Err(invalid("ScheduleExpression is supported only on the default event bus."));
    }
    if let Some(pattern) = &pattern {
        check_pattern(pattern)?;
    }
    let key = input.event_bus_name.rule(scope.here(), &input.name);
    let (arn, now, tags) = (arn(&scope, &key), scope.now_millis(), checked(BTreeMap::new(), input.tags)?);
    scope
        .change(|state| {
            let events = &mut state.events;
            events.check_bus(&key.bus)?;
            let old = events.rules.get(&key);
            // A clock that goes on already is not wound up again.
            let goes_on = old.filter(|old| {
                old.schedule == schedule && old.state != Switch::Disabled && input.state != Switch::Disabled
            });
            let rule = Rule {
                pattern,
                schedule,
                state: input.state,
                description: input.description.map(String::from).filter(|text| !text.is_empty()),
                since: goes_on.map_or(now, |old| old.since),
                tags: old.map_or(tags, |old| old.tags.clone()),
                targets: old.map(|old| old.targets.clone()).unwrap_or_default(),
            };
            events.rules.insert(key, rule);
            Ok::<_, AwsError>(())
        })
        .await?;
    scope.context.timers.wake();
    Ok(Output::Members(json!({ "RuleArn": arn })))
}

/// Refuses what is no pattern.
pub(super) fn check_pattern(pattern: &str) -> Result<Pattern, AwsError> {
    Pattern::parse(pattern).map_err(|reason| {
        AwsError::sender("InvalidEventPatternException", format!("Event pattern is not valid. Reason: {reason}"))
    })
}

/// The rule that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    name: RuleName,
    #[serde(default)]
    event_bus_name: BusReference,
}

/// `EnableRule` and `DisableRule`.
pub(super) async fn switch(operation: Operation<'_>, is_on: bool) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let key = input.event_bus_name.rule(scope.here(), &input.name);
    let now = scope.now_millis();
    scope
        .change(|state| {
            let rule = state.events.rule(&key)?;
            if (rule.state != Switch::Disabled) == is_on {
                return Ok::<_, AwsError>(());
            }
            let rule = state.events.rule_mut(&key)?;
            rule.state = if is_on { Switch::Enabled } else { Switch::Disabled };
            rule.since = now;
            Ok(())
        })
        .await?;
    scope.context.timers.wake();
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    name: RuleName,
    #[serde(default)]
    event_bus_name: BusReference,
    /// For rules that a service of AWS manages, of which there are none.
    #[serde(default)]
    #[expect(dead_code, reason = "read to be known")]
    force: bool,
}

/// `DeleteRule`: one that is not there is deleted already.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Delete>()?;
    let key = input.event_bus_name.rule(scope.here(), &input.name);
    scope
        .change(|state| {
            state.events.check_bus(&key.bus)?;
            if state.events.rules.get(&key).is_some_and(|rule| !rule.targets.is_empty()) {
                return Err(invalid("Rule can't be deleted since it has targets."));
            }
            state.events.rules.remove(&key);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DescribeRule`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Named>()?;
    let key = input.event_bus_name.rule(scope.here(), &input.name);
    let mut shown = scope.read(|state| state.events.rule(&key).map(|rule| show(&scope, &key, rule)))?;
    shown["CreatedBy"] = scope.account().into();
    Ok(Output::Members(shown))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<RuleName>,
    #[serde(default)]
    event_bus_name: BusReference,
    next_token: Option<Text<1, 2048>>,
    #[serde(default)]
    limit: Limit,
}

/// `ListRules`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<List>()?;
    let bus = input.event_bus_name.name(scope.here());
    let prefix = input.name_prefix.as_ref().map_or("", RuleName::as_str);
    scope.read(|state| {
        state.events.check_bus(bus)?;
        let rules = state.events.rules_of(bus).filter(|(key, _)| key.rule.starts_with(prefix));
        let shown = rules.map(|(key, rule)| (key.rule.clone(), show(&scope, key, rule)));
        cut("Rules", shown, input.limit, input.next_token.as_ref()).map(Output::Members)
    })
}

fn arn(scope: &Scope<'_>, key: &RuleKey) -> String {
    key.arn(scope.region.as_str(), scope.account())
}

fn show(scope: &Scope<'_>, key: &RuleKey, rule: &Rule) -> Value {
    let mut shown = json!({
        "Name": key.rule, "Arn": arn(scope, key), "EventBusName": key.bus, "State": rule.state,
    });
    for (name, value) in
        [("EventPattern", &rule.pattern), ("ScheduleExpression", &rule.schedule), ("Description", &rule.description)]
    {
        if let Some(value) = value {
            shown[name] = value.as_str().into();
        }
    }
    shown
}
