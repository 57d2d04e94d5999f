//! The operations on buses.

use super::{
    invalid,
    list::{Limit, cut},
    rule::{Bus, BusName, BusReference, DEFAULT, bus_arn},
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
struct Create {
    name: BusName,
    description: Option<Text<0, 512>>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// `CreateEventBus`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Create>()?;
    let name = input.name.as_str().to_owned();
    if name.starts_with("aws.") || name.contains('/') {
        return Err(invalid("Parameter Name is not valid. Reason: such names are for the buses of partners."));
    }
    let tags = checked(BTreeMap::new(), input.tags)?;
    let now = scope.now_millis();
    let description = input.description.map(String::from);
    let bus = Bus { created: now, modified: now, description, tags, policy: None };
    let mut answer = json!({ "EventBusArn": bus_arn(&scope, &name) });
    if let Some(description) = &bus.description {
        answer["Description"] = description.as_str().into();
    }
    scope
        .change(|state| {
            if state.events.check_bus(&name).is_ok() {
                let message = format!("Event bus {name} already exists.");
                return Err(AwsError::sender("ResourceAlreadyExistsException", message));
            }
            state.events.buses.insert(name, bus);
            Ok(())
        })
        .await?;
    Ok(Output::Members(answer))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    #[serde(default)]
    name: BusReference,
    description: Option<Text<0, 512>>,
}

/// `UpdateEventBus`: what is not said stays; an empty description takes the old one away.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Update>()?;
    let name = input.name.name(scope.here()).to_owned();
    let now = scope.now_millis();
    let description = scope
        .change(|state| {
            state.events.check_bus(&name)?;
            // The default one is there without having been made.
            let mut bus = state.events.buses.get(&name).cloned().unwrap_or_default();
            if let Some(description) = input.description {
                bus.description = Some(String::from(description)).filter(|text| !text.is_empty());
            }
            bus.modified = now;
            let description = bus.description.clone();
            state.events.buses.insert(name.clone(), bus);
            Ok(description)
        })
        .await?;
    let mut answer = json!({ "Name": name, "Arn": bus_arn(&scope, &name) });
    if let Some(description) = description {
        answer["Description"] = description.into();
    }
    Ok(Output::Members(answer))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    name: BusName,
}

/// `DeleteEventBus`: one that is not there is deleted already.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Delete>()?;
    let name = input.name.as_str();
    if name == DEFAULT {
        return Err(invalid(format!("Cannot delete event bus {DEFAULT}.")));
    }
    scope
        .change(|state| {
            if state.events.rules_of(name).next().is_some() {
                return Err(invalid("Event bus can't be deleted since it has rules."));
            }
            state.events.buses.remove(name);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    #[serde(default)]
    name: BusReference,
}

/// `DescribeEventBus`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    let name = input.name.name(scope.here());
    scope.read(|state| {
        state.events.check_bus(name)?;
        Ok(Output::Members(show(&scope, name, state.events.buses.get(name))))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<BusName>,
    next_token: Option<Text<1, 2048>>,
    #[serde(default)]
    limit: Limit,
}

/// `ListEventBuses`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<List>()?;
    let prefix = input.name_prefix.as_ref().map_or("", BusName::as_str);
    scope.read(|state| {
        let mut buses: BTreeMap<String, Value> = BTreeMap::new();
        buses.insert(DEFAULT.to_owned(), show(&scope, DEFAULT, state.events.buses.get(DEFAULT)));
        buses.extend(state.events.buses.iter().map(|(name, bus)| (name.clone(), show(&scope, name, Some(bus)))));
        let shown = buses.into_iter().filter(|(name, _)| name.starts_with(prefix));
        cut("EventBuses", shown, input.limit, input.next_token.as_ref()).map(Output::Members)
    })
}

fn show(scope: &Scope<'_>, name: &str, bus: Option<&Bus>) -> Value {
    let mut shown = json!({ "Name": name, "Arn": bus_arn(scope, name) });
    let Some(bus) = bus else { return shown };
    if let Some(description) = &bus.description {
        shown["Description"] = description.as_str().into();
    }
    if let Some(policy) = &bus.policy {
        shown["Policy"] = policy.to_string().into();
    }
    if bus.created > 0 {
        shown["CreationTime"] = (bus.created / 1000).into();
    }
    if bus.created.max(bus.modified) > 0 {
        shown["LastModifiedTime"] = (bus.created.max(bus.modified) / 1000).into();
    }
    shown
}
