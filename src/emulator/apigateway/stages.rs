//! The operations on stages, each of which serves a deployment.

use super::{
    access_log::Kind,
    documentation,
    error::{bad_request, conflict, lacking},
    method_settings,
    model::{Canary, RestApi, Stage, StageSettings, Tags},
    patch::{self, PatchOperation},
    rest_apis::ApiPath,
    stage_variables, tags,
};
use crate::{
    emulator::{
        service::{Operation, Output, Scope},
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
    stage_variables::check(&settings.variables)?;
    let stage = Stage { name: name.clone(), created: scope.now, updated: scope.now, settings, tags: input.tags };
    let shown = stage.show();
    scope
        .change(|state| {
            let api = state.apigateway.api_mut(scope.account(), &input.rest_api_id)?;
            if !api.deployments.contains_key(&stage.settings.deployment_id) {
                return Err(bad_request("Deployment id does not exist"));
            }
            check_canary(api, &stage.settings)?;
            documentation::check(api, stage.settings.documentation_version.as_ref())?;
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
    documentation_version: Option<String>,
}

impl NewSettings {
    fn into_settings(self) -> StageSettings {
        StageSettings {
            deployment_id: self.deployment_id,
            description: self.description,
            variables: self.variables,
            tracing_enabled: self.tracing_enabled,
            canary_settings: self.canary_settings,
            documentation_version: self.documentation_version.filter(|version| !version.is_empty()),
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
    stage_variables::check(&canary.stage_variable_overrides)?;
    if canary.use_stage_cache { Err(lacking("canarySettings.useStageCache")) } else { Ok(()) }
}

/// Checks where a stage logs to and what, and that there is a role to log with where it did not log before.
fn check_logging(
    scope: &Scope<'_>,
    role: Option<&String>,
    old: &StageSettings,
    new: &mut StageSettings,
) -> Result<(), AwsError> {
    let log = new.access_log_settings.take().map(|mut log| {
        log.format = log.format.filter(|format| !format.is_empty());
        log.destination_arn = log.destination_arn.filter(|arn| !arn.is_empty());
        log
    });
    new.access_log_settings = log.filter(|log| log.format.is_some() || log.destination_arn.is_some());
    if let Some(log) = &new.access_log_settings {
        log.check(Kind::Rest, scope.region, scope.account())?;
    }
    let logs = |settings: &StageSettings| {
        let to_group = settings.access_log_settings.as_ref().is_some_and(|log| log.destination_arn.is_some());
        to_group || settings.method_settings.values().any(|methods| methods.logging().is_some())
    };
    if role.is_none() && logs(new) && !logs(old) {
        return Err(bad_request("CloudWatch Logs role ARN must be set in account settings to enable logging"));
    }
    Ok(())
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
        let stages = state.apigateway.api(scope.account(), &rest_api_id)?.stages.values();
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
    scope.read(|state| {
        Ok(Output::Members(state.apigateway.api(scope.account(), &rest_api_id)?.stage(&stage_name)?.show()))
    })
}

/// Lets the canary's deployment or variables become those of all.
fn promote(settings: &mut StageSettings, operation: &PatchOperation) -> Result<(), AwsError> {
    let (path, from) = (operation.path(), operation.from().unwrap_or_default());
    let canary = settings.canary_settings.clone();
    let canary = canary.ok_or_else(|| bad_request("Promotion not available. Canary does not exist."));
    match (path, from) {
        ("/deploymentId", "/canarySettings/deploymentId") => settings.deployment_id = canary?.deployment_id,
        ("/variables", "/canarySettings/stageVariableOverrides") => {
            settings.variables.extend(canary?.stage_variable_overrides);
        }
        _ => {
            return Err(bad_request(format!(
                "Invalid copy operation with path: {path} and from {from}. Valid copy:path are [/deploymentId, \
                 /variables] and valid copy:from are [/canarySettings/deploymentId, \
                 /canarySettings/stageVariableOverrides]"
            )));
        }
    }
    Ok(())
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
        ("add" | "replace", "/clientCertificateId") => {
            return if value()?.is_empty() { Ok(true) } else { Err(lacking("clientCertificateId")) };
        }
        (op @ ("replace" | "remove"), "/documentationVersion") => {
            let version = if op == "remove" { "" } else { value()? };
            settings.documentation_version = Some(version.to_owned()).filter(|version| !version.is_empty());
            return Ok(true);
        }
        ("copy", _) => {
            promote(settings, operation)?;
            return Ok(true);
        }
        ("remove", "/accessLogSettings") => {
            settings.access_log_settings = None;
            return Ok(true);
        }
        ("add" | "replace", path @ ("/accessLogSettings/destinationArn" | "/accessLogSettings/format")) => {
            let text = Some(value()?.to_owned()).filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| bad_request("Access Log value must not be empty"))?;
            let log = settings.access_log_settings.get_or_insert_default();
            if path.ends_with("format") {
                log.format = Some(text);
            } else {
                log.destination_arn = Some(text);
            }
            return Ok(true);
        }
        ("add" | "replace", path) if path.starts_with("/accessLogSettings") => {
            return Err(bad_request(
                "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, \
                 /accessLogSettings/format]",
            ));
        }
        ("add", path) if path.starts_with("/canarySettings") => {
            return Err(bad_request(format!("Invalid add operation with path: {path}")));
        }
        ("remove", "/canarySettings") => {
            settings.canary_settings = None;
            return Ok(true);
        }
        ("replace" | "remove", path) if path.starts_with("/canarySettings/") => {
            let deployment_id = settings.deployment_id.clone();
            let canary = settings.canary_settings.get_or_insert_with(|| Canary { deployment_id, ..Canary::default() });
            let is_replaced = operation.op() == "replace";
            if is_replaced && canary_member("percentTraffic") {
                canary.percent_traffic = value()?.parse().map_err(|_| bad_request("percentTraffic is a number"))?;
            } else if is_replaced && canary_member("deploymentId") {
                canary.deployment_id = value()?.to_owned();
            } else if is_replaced && canary_member("useStageCache") {
                canary.use_stage_cache = value()? == "true";
            } else if let Some(name) = path.strip_prefix("/canarySettings/stageVariableOverrides/") {
                if operation.op() == "remove" {
                    canary.stage_variable_overrides.remove(name);
                } else {
                    canary.stage_variable_overrides.insert(name.to_owned(), value()?.to_owned());
                }
            } else {
                return Err(method_settings::no_setting(operation));
            }
            return Ok(true);
        }
        _ => {}
    }
    method_settings::apply(&mut settings.method_settings, operation)
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<StagePath>(operation)?;
    parse_name(&at.stage_name)?;
    let shown = scope.change(|state| {
        let role = state.apigateway.logging_role();
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        let settings = api.stage(&at.stage_name)?.settings.clone();
        let mut settings = patch.apply_but(settings, |settings, operation| {
            let is_done = apply(settings, operation)?;
            let member = operation.path().split('/').nth(1).unwrap_or_default();
            if is_done || ["deploymentId", "description", "variables", "tracingEnabled"].contains(&member) {
                return Ok(is_done);
            }
            Err(method_settings::no_setting(operation))
        })?;
        check_canary(api, &settings)?;
        documentation::check(api, settings.documentation_version.as_ref())?;
        stage_variables::check(&settings.variables)?;
        check_logging(&scope, role.as_ref(), &api.stage(&at.stage_name)?.settings, &mut settings)?;
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
        let api = state.apigateway.api_mut(scope.account(), &rest_api_id)?;
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
    fn a_stage_may_say_that_it_has_no_cache_but_not_what_it_does_not_have() {
        let read = |more: &Value| {
            let mut input = json!({ "restApiId": "a", "stageName": "dev", "deploymentId": "d" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            members::read_both::<CreateStage, NewSettings>(input.as_object().unwrap()).map(drop)
        };
        assert_eq!(read(&json!({ "cacheClusterEnabled": false, "canarySettings": null })), Ok(()));
        let fault = Fault::Unknown("clientCertificateId".to_owned());
        assert_eq!(read(&json!({ "clientCertificateId": "c" })), Err(fault));
    }
}
