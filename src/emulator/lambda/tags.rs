//! The tags of functions.

use super::{error::invalid, name::Reference};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{
        AwsError,
        tags::{self, MAX_KEY},
    },
};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListInput {
    resource: String,
}

/// `ListTags`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<ListInput>()?;
    let function = function(&scope, &input.resource)?;
    scope.read(|state| Ok(Output::Members(json!({ "Tags": state.lambda.find(&function)?.tags }))))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddInput {
    resource: String,
    tags: BTreeMap<String, String>,
}

/// `TagResource`.
pub(super) async fn add(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<AddInput>()?;
    let function = function(&scope, &input.resource)?;
    scope
        .change(|state| {
            let function = state.lambda.find_mut(&function)?;
            function.tags.extend(input.tags);
            check(&function.tags)?;
            Ok(Output::Done)
        })
        .await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveInput {
    resource: String,
    tag_keys: BTreeSet<String>,
}

/// `UntagResource`.
pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<RemoveInput>()?;
    let function = function(&scope, &input.resource)?;
    scope
        .change(|state| {
            let function = state.lambda.find_mut(&function)?;
            function.tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(Output::Done)
        })
        .await
}

/// Reads which function an ARN names.
fn function(scope: &Scope<'_>, resource: &str) -> Result<Reference, AwsError> {
    let reference = Reference::parse(scope, resource, None)?;
    if reference.qualifier.is_some() {
        return Err(invalid("Tags on function aliases and versions are not supported. Please specify a function ARN."));
    }
    Ok(reference)
}

/// Checks all tags of a function.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    tags::check(tags, MAX_KEY).map_err(|_| {
        invalid(
            "A resource has at most 50 tags, with keys of 1 to 128 characters that do not start with `aws:` and values \
             of at most 256.",
        )
    })
}
