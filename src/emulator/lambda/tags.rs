//! The tags of functions.

use super::{
    error::{invalid, not_found, validation},
    name::Reference,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{
        Arn, AwsError,
        tags::{self, MAX_KEY, TagFault},
    },
};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What else has tags at AWS, and how Lambda calls it.
const KINDS: [(&str, &str); 2] =
    [("event-source-mapping:", "Event source mapping"), ("capacity-provider:", "Capacity provider")];
const RESOURCE_PATTERN: &str = "satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a\
    -z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a\
    -zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA\
    -F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)";

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
            if input.tags.is_empty() {
                // AWS says no more than that.
                return Err(invalid("An error occurred and the request cannot be processed."));
            }
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

/// Reads which function an ARN names; nothing else here has tags.
fn function(scope: &Scope<'_>, resource: &str) -> Result<Reference, AwsError> {
    for (kind, words) in KINDS {
        let id = scope.here().resource("lambda", resource).and_then(|resource| resource.strip_prefix(kind));
        if id.is_some_and(|id| !id.is_empty() && !id.contains(':')) {
            return Err(not_found(format!("{words} not found: {resource}")));
        }
    }
    let arn = Arn::parse(resource).filter(|arn| arn.service == "lambda" && arn.resource.starts_with("function:"));
    arn.ok_or_else(|| validation(resource, "resource", RESOURCE_PATTERN))?;
    let reference = Reference::parse(scope, resource, None)?;
    if reference.qualifier.is_some() {
        return Err(invalid("Tags on function aliases and versions are not supported. Please specify a function ARN."));
    }
    Ok(reference)
}

/// Checks all tags of a function.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    tags::check(tags, MAX_KEY).map_err(|fault| match fault {
        TagFault::TooMany => invalid("Number of tags exceeds resource tag limit."),
        _ => invalid(
            "Tag keys have 1 to 128 characters and do not start with `aws:`, and their values have at most 256.",
        ),
    })
}
