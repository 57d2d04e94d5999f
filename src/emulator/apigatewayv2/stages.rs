//! The operations on stages, and on the deployments that they serve.

use super::{
    apis::{ApiPath, check_tags},
    error::{absent, bad_request, conflict},
    model::{HttpApi, Paging, RouteSettings, Stage, Tags},
};
use crate::{
    emulator::{
        apigateway::{
            access_log::{AccessLog, Kind},
            stage_variables,
        },
        service::{Operation, Output, Scope},
        wire::AwsError,
    },
    names::StageName,
};
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// What a stage is told, when it is made or later.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    access_log_settings: Option<AccessLog>,
    auto_deploy: Option<bool>,
    default_route_settings: Option<NewRouteSettings>,
    deployment_id: Option<String>,
    description: Option<String>,
    route_settings: BTreeMap<String, NewRouteSettings>,
    stage_variables: Option<BTreeMap<String, String>>,
}

/// How much is written down of calls.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Level {
    Off,
    Error,
    Info,
}

/// What a stage is told of its routes.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NewRouteSettings {
    data_trace_enabled: Option<bool>,
    detailed_metrics_enabled: Option<bool>,
    logging_level: Option<Level>,
    throttling_burst_limit: Option<i64>,
    throttling_rate_limit: Option<f64>,
}

impl NewRouteSettings {
    fn apply(self, settings: &mut RouteSettings) -> Result<(), AwsError> {
        let logs = matches!(self.logging_level, Some(Level::Error | Level::Info));
        if logs || self.data_trace_enabled == Some(true) {
            return Err(bad_request("Execution logs are not supported on protocolType HTTP"));
        }
        if self.throttling_burst_limit.is_some_and(|burst| burst < 0) {
            return Err(bad_request("Invalid throttling burst limit specified. It must not be negative"));
        }
        if self.throttling_rate_limit.is_some_and(|rate| !rate.is_finite() || rate < 0.0) {
            return Err(bad_request("Invalid throttling rate limit specified. It must not be negative"));
        }
        settings.detailed_metrics_enabled = self.detailed_metrics_enabled.unwrap_or(settings.detailed_metrics_enabled);
        settings.throttling_burst_limit = self.throttling_burst_limit.or(settings.throttling_burst_limit);
        settings.throttling_rate_limit = self.throttling_rate_limit.or(settings.throttling_rate_limit);
        Ok(())
    }
}

impl Settings {
    /// Checks where a stage logs to: both are said, or neither, and the group is there.
    fn check_log(&self, scope: &Scope<'_>) -> Result<(), AwsError> {
        let Some(log) = &self.access_log_settings else { return Ok(()) };
        if log.format.is_none() || log.destination_arn.is_none() {
            return Err(bad_request("Access Log value missing. Expected destinationArn and format."));
        }
        let group = log.check(Kind::Http, scope.region, scope.account())?.unwrap_or_default();
        if scope.read(|state| state.logs.tags_by_name(group).is_some()) {
            return Ok(());
        }
        let message = format!("Cannot enable logging. LogDestination: {group} does not exist");
        Err(AwsError::new(StatusCode::NOT_FOUND, "NotFoundException", message))
    }

    fn apply(self, api: &mut HttpApi, name: &StageName, now: OffsetDateTime) -> Result<(), AwsError> {
        if let Some(id) = self.deployment_id.as_deref().filter(|id| !api.deployments.contains_key(*id)) {
            return Err(absent("Deployment", id));
        }
        // The settings of `$default` wait for its route.
        let has_route = |key: &String| key == "$default" || api.routes.values().any(|route| route.route_key == **key);
        if let Some(key) = self.route_settings.keys().find(|key| !has_route(key)) {
            let message = format!("Unable to find Route by key {key} within the provided RouteSettings");
            return Err(AwsError::new(StatusCode::NOT_FOUND, "NotFoundException", message));
        }
        if let Some(variables) = &self.stage_variables {
            stage_variables::check(variables)?;
        }
        let stage = api.stages.get_mut(name).ok_or_else(|| absent("stage", name.as_str()))?;
        if self.deployment_id.is_some() && self.auto_deploy.unwrap_or(stage.auto_deploy) {
            return Err(bad_request("Deployment ID cannot be set on stages with AutoDeploy enabled"));
        }
        stage.auto_deploy = self.auto_deploy.unwrap_or(stage.auto_deploy);
        stage.deployment = self.deployment_id.or(stage.deployment.take());
        stage.description = self.description.or(stage.description.take());
        stage.variables = self.stage_variables.unwrap_or_else(|| std::mem::take(&mut stage.variables));
        stage.access_log = self.access_log_settings.or(stage.access_log.take());
        if let Some(settings) = self.default_route_settings {
            settings.apply(&mut stage.default_route_settings)?;
        }
        for (key, settings) in self.route_settings {
            settings.apply(stage.route_settings.entry(key).or_default())?;
        }
        stage.updated = now;
        if self.auto_deploy == Some(true) { api.deploy_automatically(now) } else { Ok(()) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateStage {
    api_id: String,
    stage_name: String,
    #[serde(default)]
    tags: Tags,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (CreateStage { api_id, stage_name, tags }, input, scope) = operation.inputs::<CreateStage, Settings>()?;
    check_tags(&tags)?;
    input.check_log(&scope)?;
    let name = if stage_name == StageName::default_stage().as_str() {
        StageName::default_stage()
    } else {
        stage_name.parse().map_err(|_| bad_request("Stage name only allows a-zA-Z0-9_- or $default"))?
    };
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&api_id)?;
        if api.stages.contains_key(&name) {
            return Err(conflict("Stage already exists"));
        }
        api.stages.insert(name.clone(), Stage { tags, ..Stage::new(name.clone(), scope.now) });
        input.apply(api, &name, scope.now)?;
        Ok(api.stage(name.as_str())?.show())
    });
    Ok(Output::Members(shown.await?))
}

/// The stage that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StagePath {
    api_id: String,
    stage_name: String,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<StagePath>()?;
    scope.read(|state| Ok(Output::Members(state.apigatewayv2.api(&at.api_id)?.stage(&at.stage_name)?.show())))
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let stages = state.apigatewayv2.api(&at.api_id)?.stages.values();
        paging.page(stages.map(|stage| (stage.name.to_string(), stage.show()))).map(Output::Members)
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<StagePath, Settings>()?;
    input.check_log(&scope)?;
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let name = api.stage(&at.stage_name)?.name.clone();
        input.apply(api, &name, scope.now)?;
        Ok(api.stage(&at.stage_name)?.show())
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<StagePath>()?;
    let removed = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let name = api.stage(&at.stage_name)?.name.clone();
        api.stages.remove(&name);
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

/// `DeleteAccessLogSettings`.
pub(super) async fn delete_log(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<StagePath>()?;
    let removed = scope.change(|state| {
        let stage = state.apigatewayv2.api_mut(&at.api_id)?.stage_mut(&at.stage_name)?;
        (stage.access_log, stage.updated) = (None, scope.now);
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteOfStage {
    api_id: String,
    stage_name: String,
    route_key: String,
}

/// `DeleteRouteSettings`.
pub(super) async fn delete_route_settings(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<RouteOfStage>()?;
    let removed = scope.change(|state| {
        let stage = state.apigatewayv2.api_mut(&at.api_id)?.stage_mut(&at.stage_name)?;
        stage.route_settings.remove(&at.route_key).ok_or_else(|| absent("RouteSettings", &at.route_key))?;
        stage.updated = scope.now;
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateDeployment {
    api_id: String,
    description: Option<String>,
    stage_name: Option<String>,
}

pub(super) async fn deploy(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (CreateDeployment { api_id, description, stage_name }, scope) = operation.input()?;
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&api_id)?;
        if api.routes.is_empty() {
            return Err(bad_request("Unable to deploy API because no routes exist in this API"));
        }
        if let Some(name) = &stage_name
            && api.stage(name)?.auto_deploy
        {
            return Err(bad_request(format!("Stage '{name}' has AutoDeploy enabled")));
        }
        let id = api.deploy(description, false, scope.now)?;
        if let Some(name) = &stage_name {
            let stage = api.stage_mut(name)?;
            (stage.deployment, stage.updated) = (Some(id.clone()), scope.now);
        }
        api.deployments.get(&id).map(|deployment| deployment.show()).ok_or_else(|| absent("Deployment", &id))
    });
    Ok(Output::Members(shown.await?))
}

/// The deployment that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentPath {
    api_id: String,
    deployment_id: String,
}

pub(super) fn deployment(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<DeploymentPath>()?;
    scope.read(|state| {
        let found = state.apigatewayv2.api(&at.api_id)?.deployments.get(&at.deployment_id);
        Ok(Output::Members(found.ok_or_else(|| absent("Deployment", &at.deployment_id))?.show()))
    })
}

pub(super) fn deployments(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let deployments = state.apigatewayv2.api(&at.api_id)?.deployments.values();
        paging.page(deployments.map(|deployment| (deployment.id.clone(), deployment.show()))).map(Output::Members)
    })
}

pub(super) async fn undeploy(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<DeploymentPath>()?;
    let removed = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        if api.stages.values().any(|stage| stage.deployment.as_ref() == Some(&at.deployment_id)) {
            return Err(bad_request("Active stages pointing to this deployment must be moved or deleted"));
        }
        api.deployments.remove(&at.deployment_id).map(drop).ok_or_else(|| absent("Deployment", &at.deployment_id))
    });
    removed.await?;
    Ok(Output::Done)
}
