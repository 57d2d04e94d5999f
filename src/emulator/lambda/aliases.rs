//! The operations on aliases.

use super::{
    State,
    alias::{self, Alias, Key},
    error::{conflict, function_not_found, not_found, validation, wrong_revision},
    name::Reference,
    paging::{self, MAX_ITEMS, Paging},
    qualified::{Qualified, VersionId},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{self, AwsError},
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateInput {
    function_name: String,
    name: String,
    function_version: String,
    description: Option<String>,
    routing_config: Option<Routing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Routing {
    #[serde(default)]
    additional_version_weights: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateInput {
    function_name: String,
    name: String,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<Routing>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamedInput {
    function_name: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListInput {
    function_name: String,
    function_version: Option<String>,
}

/// `CreateAlias`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<CreateInput>()?;
    let function = Reference::parse(&scope, &input.function_name, None)?.own()?;
    alias::check_name(&input.name)?;
    let version = version(&input.function_version)?;
    let weights = input.routing_config.map(|routing| routing.additional_version_weights).unwrap_or_default();
    let alias = Alias {
        version,
        other: alias::other(&weights, version)?,
        description: description(input.description)?.unwrap_or_default(),
        policy: Vec::new(),
        revision: wire::request_id(),
    };
    let shown = alias.show(&function.arn, &input.name);
    scope
        .change(|state| {
            let lambda = &mut state.lambda;
            check_targets(lambda, &function, &alias)?;
            let key = Qualified::new(&function.name, input.name);
            if lambda.aliases.contains_key(&key) {
                return Err(conflict(format!("Alias already exists: {}:{}", function.arn, key.qualifier)));
            }
            lambda.aliases.insert(key, alias);
            Ok(Output::Members(shown))
        })
        .await
}

/// `GetAlias`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<NamedInput>()?;
    let function = Reference::parse(&scope, &input.function_name, None)?.own()?;
    scope.read(|state| {
        state.lambda.find(&function)?;
        let alias = state.lambda.aliases.get(&Key::new(&function.name, input.name.clone()));
        let alias = alias.ok_or_else(|| alias::absent(&function.arn, &input.name))?;
        Ok(Output::Members(alias.show(&function.arn, &input.name)))
    })
}

/// `UpdateAlias`: what is not said stays.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<UpdateInput>()?;
    let function = Reference::parse(&scope, &input.function_name, None)?.own()?;
    let version = input.function_version.as_deref().map(version).transpose()?;
    let description = description(input.description)?;
    scope
        .change(|state| {
            let lambda = &mut state.lambda;
            lambda.find(&function)?;
            let key = Key::new(&function.name, input.name);
            let absent = || not_found(format!("Alias not found: {}:{}", function.arn, key.qualifier));
            let old = lambda.aliases.get(&key).ok_or_else(absent)?;
            if input.revision_id.is_some_and(|revision| revision != old.revision) {
                return Err(wrong_revision("GetFunction/GetAlias"));
            }
            let main = version.unwrap_or(old.version);
            let weights = match input.routing_config {
                Some(routing) => routing.additional_version_weights,
                None => old.other.map(|(number, share)| (number.to_string(), share)).into_iter().collect(),
            };
            let alias = Alias {
                version: main,
                other: alias::other(&weights, main)?,
                description: description.unwrap_or_else(|| old.description.clone()),
                policy: old.policy.clone(),
                revision: wire::request_id(),
            };
            check_targets(lambda, &function, &alias)?;
            let shown = alias.show(&function.arn, &key.qualifier);
            lambda.aliases.insert(key, alias);
            Ok(Output::Members(shown))
        })
        .await
}

/// `DeleteAlias`: one that is not there counts as deleted, and so does one of no function.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<NamedInput>()?;
    let function = Reference::parse(&scope, &input.function_name, None)?.own()?;
    scope
        .change(|state| {
            let key = Key::new(&function.name, input.name);
            state.lambda.invoke_configs.remove(&key);
            state.lambda.provisioned.remove(&key);
            state.lambda.aliases.remove(&key);
            Ok(Output::Done)
        })
        .await
}

/// `ListAliases`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<ListInput, Paging>()?;
    let function = Reference::parse(&scope, &input.function_name, None)?.own()?;
    let wanted = input.function_version.as_deref().map(version).transpose()?;
    scope.read(|state| {
        state.lambda.find(&function)?;
        let aliases = state.lambda.aliases_of(&function.name);
        let aliases = aliases.filter(|(_, alias)| wanted.is_none_or(|wanted| alias.version == wanted));
        let (aliases, marker) = paging.cut(aliases, |(name, _)| (*name).clone(), MAX_ITEMS)?;
        let shown: Vec<_> = aliases.into_iter().map(|(name, alias)| alias.show(&function.arn, name)).collect();
        Ok(paging::show("Aliases", &shown, marker))
    })
}

fn version(text: &str) -> Result<VersionId, AwsError> {
    let rule = "satisfy regular expression pattern: (\\$LATEST(\\.PUBLISHED)?|[0-9]+)";
    text.parse().map_err(|_| validation(text, "functionVersion", rule))
}

fn description(text: Option<String>) -> Result<Option<String>, AwsError> {
    match text {
        Some(text) if text.len() > 256 => {
            Err(validation(&text, "description", "have length less than or equal to 256"))
        }
        text => Ok(text),
    }
}

/// An alias stands for what is there.
fn check_targets(state: &State, function: &Reference, alias: &Alias) -> Result<(), AwsError> {
    if state.find(function).is_err() {
        return Err(function_not_found(&format!("{}:{}", function.arn, alias.version)));
    }
    let others = alias.other.map(|(number, _)| VersionId::Published(number));
    for target in [Some(alias.version), others].into_iter().flatten() {
        let VersionId::Published(number) = target else { continue };
        if !state.versions.contains_key(&Qualified::new(&function.name, number)) {
            return Err(function_not_found(&format!("{}:{number}", function.arn)));
        }
    }
    Ok(())
}
