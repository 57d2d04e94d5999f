//! The operations on stages, each of which serves a deployment.

use super::{
    error::{bad_request, conflict, lacking},
    method_settings,
    model::{Canary, RestApi, Stage, StageSettings, Tags},
    patch::{Patch, PatchOperation},
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
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateStage {
    rest_api_id: String,
    stage_name: String,
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    cache_cluster_enabled: bool,
    cache_cluster_size: Option<String>,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, settings, scope) = operation.inputs::<CreateStage, NewSettings>()?;
    let settings = settings.into_settings();
    refuse(input.cache_cluster_enabled, input.cache_cluster_size.as_deref())?;
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
            check_canary(api, &stage.settings)?;
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

/// What a stage is made with; what its methods are set to comes later.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewSettings {
    deployment_id: String,
    description: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    tracing_enabled: bool,
    canary_settings: Option<Canary>,
}

impl NewSettings {
    fn into_settings(self) -> StageSettings {
        StageSettings {
            deployment_id: self.deployment_id,
            description: self.description,
            variables: self.variables,
            tracing_enabled: self.tracing_enabled,
            canary_settings: self.canary_settings,
            ..StageSettings::default()
        }
    }
}

/// A canary has a deployment of the API, and a part of the calls.
pub(super) fn check_canary(api: &RestApi, settings: &StageSettings) -> Result<(), AwsError> {
    let Some(canary) = &settings.canary_settings else { return Ok(()) };
    if !(0.0..=100.0).contains(&canary.percent_traffic) {
        return Err(bad_request("Canary percentage must be between 0 and 100"));
    }
    if !api.deployments.contains_key(&canary.deployment_id) {
        return Err(bad_request("Deployment id does not exist"));
    }
    if canary.use_stage_cache { Err(lacking("canarySettings.useStageCache")) } else { Ok(()) }
}

/// Refuses what a stage is asked to be and cannot be here: cached.
pub(super) fn refuse(cache_enabled: bool, cache_size: Option<&str>) -> Result<(), AwsError> {
    let parameters =
        [("cacheClusterEnabled", cache_enabled), ("cacheClusterSize", cache_size.is_some_and(|size| !size.is_empty()))];
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

/// Applies a patch of what is more than a member of the stage: caches, which there are none of, canaries and methods;
/// tells whether it is one.
fn apply(settings: &mut StageSettings, operation: &PatchOperation) -> Result<bool, AwsError> {
    let canary_member = |name: &str| operation.path().strip_prefix("/canarySettings/").is_some_and(|rest| rest == name);
    let value = || operation.text();
    match (operation.op(), operation.path()) {
        ("add" | "replace", "/cacheClusterEnabled") => {
            refuse(value()? == "true", None)?;
            return Ok(true);
        }
        ("add" | "replace", "/cacheClusterSize") => {
            refuse(false, Some(value()?))?;
            return Ok(true);
        }
        ("remove", "/cacheClusterEnabled" | "/cacheClusterSize" | "/clientCertificateId") => return Ok(true),
        ("add" | "replace", path @ ("/clientCertificateId" | "/documentationVersion")) => {
            let is_none = value()?.is_empty();
            return if is_none { Ok(true) } else { Err(lacking(&path[1..])) };
        }
        // The deployment of the canary becomes that of all.
        ("copy", "/deploymentId") if operation.from() == Some("/canarySettings/deploymentId") => {
            let canary = settings.canary_settings.as_ref().ok_or_else(|| bad_request("The stage has no canary"))?;
            settings.deployment_id.clone_from(&canary.deployment_id);
            return Ok(true);
        }
        ("copy", "/variables") if operation.from() == Some("/canarySettings/stageVariableOverrides") => {
            let canary = settings.canary_settings.clone().ok_or_else(|| bad_request("The stage has no canary"))?;
            settings.variables.extend(canary.stage_variable_overrides);
            return Ok(true);
        }
        ("remove", "/canarySettings") => {
            settings.canary_settings = None;
            return Ok(true);
        }
        ("add" | "replace" | "remove", path) if path.starts_with("/canarySettings/") => {
            let deployment_id = settings.deployment_id.clone();
            let canary = settings.canary_settings.get_or_insert_with(|| Canary { deployment_id, ..Canary::default() });
            let invalid =
                || bad_request(format!("Invalid patch path  '{path}' specified for op '{}'.", operation.op()));
            if canary_member("percentTraffic") {
                canary.percent_traffic = value()?.parse().map_err(|_| bad_request("percentTraffic is a number"))?;
            } else if canary_member("deploymentId") {
                canary.deployment_id = value()?.to_owned();
            } else if canary_member("useStageCache") {
                canary.use_stage_cache = value()? == "true";
            } else if canary_member("stageVariableOverrides") && operation.op() == "remove" {
                canary.stage_variable_overrides.clear();
            } else if let Some(name) = path.strip_prefix("/canarySettings/stageVariableOverrides/") {
                if operation.op() == "remove" {
                    canary.stage_variable_overrides.remove(name);
                } else {
                    canary.stage_variable_overrides.insert(name.to_owned(), value()?.to_owned());
                }
            } else {
                return Err(invalid());
            }
            return Ok(true);
        }
        _ => {}
    }
    method_settings::apply(&mut settings.method_settings, operation)
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = operation.inputs::<StagePath, Patch>()?;
    parse_name(&at.stage_name)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(&at.rest_api_id)?;
        let mut settings = api.stage(&at.stage_name)?.settings.clone();
        let patch = patch.without(|operation| apply(&mut settings, operation))?;
        patch.only(&["deploymentId", "description", "variables", "tracingEnabled", "accessLogSettings"])?;
        let settings = patch.apply(&settings)?;
        check_canary(api, &settings)?;
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
    use serde_json::Value;

    #[test]
    fn a_stage_may_say_that_it_has_no_cache_but_not_which_documentation_it_has() {
        let read = |more: &Value| {
            let mut input = json!({ "restApiId": "a", "stageName": "dev", "deploymentId": "d" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            members::read_both::<CreateStage, NewSettings>(input.as_object().unwrap()).map(drop)
        };
        assert_eq!(read(&json!({ "cacheClusterEnabled": false, "canarySettings": null })), Ok(()));
        let fault = Fault::Unknown("documentationVersion".to_owned());
        assert_eq!(read(&json!({ "documentationVersion": "1" })), Err(fault));
    }
}
