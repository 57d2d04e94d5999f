//! The tags of APIs, stages, keys and plans, by ARN (`arn:aws:apigateway:us-east-1::/restapis/abc`).

use super::{State, error::bad_request, model::Tags};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, Here, tags},
};
use serde::Deserialize;
use serde_json::json;

/// The resource that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourcePath {
    resource_arn: String,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (ResourcePath { resource_arn }, scope) = operation.input()?;
    let resource = Resource::of(scope.here(), &resource_arn)?;
    scope.read(|state| Ok(Output::Members(json!({ "tags": resource.tags(&state.apigateway, scope.account())? }))))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagResource {
    resource_arn: String,
    tags: Tags,
}

pub(super) async fn add(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (TagResource { resource_arn, tags: new }, scope) = operation.input()?;
    let resource = Resource::of(scope.here(), &resource_arn)?;
    let tagged = scope.change(|state| {
        let tags = resource.tags_mut(&mut state.apigateway, scope.account())?;
        tags.extend(new);
        check(tags)
    });
    tagged.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UntagResource {
    resource_arn: String,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) async fn remove(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (UntagResource { resource_arn, tag_keys }, scope) = operation.input()?;
    let resource = Resource::of(scope.here(), &resource_arn)?;
    let untagged = scope.change(|state| {
        resource.tags_mut(&mut state.apigateway, scope.account())?.retain(|key, _| !tag_keys.contains(key));
        Ok(())
    });
    untagged.await?;
    Ok(Output::Done)
}

/// Something that has tags, by the ids in its ARN.
enum Resource<'a> {
    Api(&'a str),
    Stage(&'a str, &'a str),
    Key(&'a str),
    Plan(&'a str),
}

impl<'a> Resource<'a> {
    fn of(here: Here<'_>, arn: &'a str) -> Result<Self, AwsError> {
        let named = here.resource_of_region("apigateway", arn).unwrap_or_default();
        let path: Vec<_> = named.split('/').collect();
        match path.as_slice() {
            ["", "restapis", api] => Ok(Self::Api(api)),
            ["", "restapis", api, "stages", stage] => Ok(Self::Stage(api, stage)),
            ["", "apikeys", key] => Ok(Self::Key(key)),
            ["", "usageplans", plan] => Ok(Self::Plan(plan)),
            _ => Err(bad_request("Invalid resource ARN specified")),
        }
    }

    fn tags<'s>(&self, state: &'s State, account: &str) -> Result<&'s Tags, AwsError> {
        Ok(match self {
            Self::Api(api) => &state.api(account, api)?.tags,
            Self::Stage(api, name) => &state.api(account, api)?.stage(name)?.tags,
            Self::Key(key) => &state.key(key)?.tags,
            Self::Plan(plan) => &state.plan(plan)?.tags,
        })
    }

    fn tags_mut<'s>(&self, state: &'s mut State, account: &str) -> Result<&'s mut Tags, AwsError> {
        Ok(match self {
            Self::Api(api) => &mut state.api_mut(account, api)?.tags,
            Self::Stage(api, name) => &mut state.api_mut(account, api)?.stage_mut(name)?.tags,
            Self::Key(key) => &mut state.key_mut(key)?.tags,
            Self::Plan(plan) => &mut state.plan_mut(plan)?.tags,
        })
    }
}

/// Checks all tags of one resource.
pub(super) fn check(tags: &Tags) -> Result<(), AwsError> {
    tags::check(tags, tags::MAX_KEY).map_err(|_| {
        bad_request(
            "There are at most 50 tags, with keys of 1 to 128 characters that do not start with `aws:` and values of \
             at most 256.",
        )
    })
}
