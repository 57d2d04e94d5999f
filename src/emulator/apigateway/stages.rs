//! The operations on stages, each of which serves a deployment.

use super::{
    error::{bad_request, conflict, lacking},
    model::{Stage, StageSettings, Tags},
    patch::Patch,
    rest_apis::ApiPath,
    tags,
};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::AwsError,
    },
    names::StageName,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateStage {
    rest_api_id: String,
    stage_name: String,
    #[serde(default)]
    tags: Tags,
    canary_settings: Option<Value>,
    #[serde(default)]
    cache_cluster_enabled: bool,
    cache_cluster_size: Option<String>,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, settings, scope) = operation.inputs::<CreateStage, StageSettings>()?;
    refuse(input.canary_settings.as_ref(), input.cache_cluster_enabled, input.cache_cluster_size.as_deref())?;
    tags::check(&input.tags)?;
    let name = parse_name(&input.stage_name)?;
    let stage = Stage { name: name.clone(), created: scope.now, updated: scope.now, settings, tags: input.tags };
    let shown = stage.show();
    scope
        .change(|state| {
            let api = state.apigateway.api_mut(&input.rest_api_id)?;
            if !api.deployments.contains_key(&stage.settings.deployment_id) {
                return Err(bad_request("Deployment id does not exist"));
            }
            if api.stages.contains_key(&name) {
                return Err(conflict("Stage already exists"));
            }
            api.stages.insert(name, stage);
            Ok(())
        })
        .await?;
    Ok(Output::Members(shown))
}

/// Reads the name of a stage that is to be made or changed.
pub(super) fn parse_name(text: &str) -> Result<StageName, AwsError> {
    let name = text.parse().ok().filter(|name| *name != StageName::default_stage());
    name.ok_or_else(|| bad_request("Stage name only allows a-zA-Z0-9_-"))
}

/// Refuses what a stage is asked to be and cannot be here: split among deployments, or cached.
pub(super) fn refuse(canary: Option<&Value>, cache_enabled: bool, cache_size: Option<&str>) -> Result<(), AwsError> {
    let parameters = [
        ("canarySettings", canary.is_some()),
        ("cacheClusterEnabled", cache_enabled),
        ("cacheClusterSize", cache_size.is_some_and(|size| !size.is_empty())),
    ];
    match parameters.into_iter().find(|(_, given)| *given) {
        Some((parameter, _)) => Err(lacking(parameter)),
        None => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetStages {
    deployment_id: Option<String>,
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (ApiPath { rest_api_id }, GetStages { deployment_id }, scope) = operation.inputs()?;
    let is_wanted = |stage: &&Stage| deployment_id.as_ref().is_none_or(|id| stage.settings.deployment_id == *id);
    scope.read(|state| {
        let stages = state.apigateway.api(&rest_api_id)?.stages.values();
        let shown: Vec<_> = stages.filter(is_wanted).map(Stage::show).collect();
        Ok(Output::Members(json!({ "item": shown })))
    })
}

/// The stage that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StagePath {
    rest_api_id: String,
    stage_name: String,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (StagePath { rest_api_id, stage_name }, scope) = operation.input()?;
    scope.read(|state| Ok(Output::Members(state.apigateway.api(&rest_api_id)?.stage(&stage_name)?.show())))
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = operation.inputs::<StagePath, Patch>()?;
    parse_name(&at.stage_name)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(&at.rest_api_id)?;
        let settings = patch.apply(&api.stage(&at.stage_name)?.settings)?;
        if !api.deployments.contains_key(&settings.deployment_id) {
            return Err(bad_request("Invalid deployment id specified"));
        }
        let stage = api.stage_mut(&at.stage_name)?;
        (stage.settings, stage.updated) = (settings, scope.now);
        Ok(stage.show())
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (StagePath { rest_api_id, stage_name }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        let api = state.apigateway.api_mut(&rest_api_id)?;
        let name = api.stage(&stage_name)?.name.clone();
        api.stages.remove(&name);
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::{Fault, members};

    #[test]
    fn a_stage_may_say_that_it_has_no_cache_but_not_which_documentation_it_has() {
        let read = |more: &Value| {
            let mut input = json!({ "restApiId": "a", "stageName": "dev", "deploymentId": "d" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            members::read_both::<CreateStage, StageSettings>(input.as_object().unwrap()).map(drop)
        };
        assert_eq!(read(&json!({ "cacheClusterEnabled": false, "canarySettings": null })), Ok(()));
        let fault = Fault::Unknown("documentationVersion".to_owned());
        assert_eq!(read(&json!({ "documentationVersion": "1" })), Err(fault));
    }
}
