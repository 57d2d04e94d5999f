//! The operations on stages, and on the deployments that they serve.

use super::{
    apis::{ApiPath, check_tags},
    error::{absent, bad_request, conflict},
    model::{HttpApi, Paging, Stage, Tags},
};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::AwsError,
    },
    names::StageName,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    auto_deploy: Option<bool>,
    deployment_id: Option<String>,
    description: Option<String>,
    stage_variables: Option<BTreeMap<String, String>>,
}

impl Settings {
    fn apply(self, api: &mut HttpApi, name: &StageName, now: OffsetDateTime) -> Result<(), AwsError> {
        if let Some(id) = self.deployment_id.as_deref().filter(|id| !api.deployments.contains_key(*id)) {
            return Err(absent("Deployment", id));
        }
        let stage = api.stages.get_mut(name).ok_or_else(|| absent("stage", name.as_str()))?;
        if self.deployment_id.is_some() && self.auto_deploy.unwrap_or(stage.auto_deploy) {
            return Err(bad_request("Deployment ID cannot be set on stages with AutoDeploy enabled"));
        }
        stage.auto_deploy = self.auto_deploy.unwrap_or(stage.auto_deploy);
        stage.deployment = self.deployment_id.or(stage.deployment.take());
        stage.description = self.description.or(stage.description.take());
        stage.variables = self.stage_variables.unwrap_or_else(|| std::mem::take(&mut stage.variables));
        stage.updated = now;
        if self.auto_deploy == Some(true) { api.deploy_automatically(now) } else { Ok(()) }
    }
}

/// All that a stage is made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateStage {
    stage_name: String,
    #[serde(default)]
    tags: Tags,
    auto_deploy: Option<bool>,
    deployment_id: Option<String>,
    description: Option<String>,
    stage_variables: Option<BTreeMap<String, String>>,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, CreateStage>()?;
    let CreateStage { stage_name, tags, auto_deploy, deployment_id, description, stage_variables } = input;
    let input = Settings { auto_deploy, deployment_id, description, stage_variables };
    check_tags(&tags)?;
    let name = if stage_name == StageName::default_stage().as_str() {
        StageName::default_stage()
    } else {
        stage_name.parse().map_err(|_| bad_request("Stage name only allows a-zA-Z0-9_- or $default"))?
    };
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        if api.stages.contains_key(&name) {
            return Err(conflict("Stage already exists"));
        }
        let stage = Stage {
            name: name.clone(),
            created: scope.now,
            updated: scope.now,
            deployment: None,
            auto_deploy: false,
            description: None,
            variables: BTreeMap::new(),
            tags,
            is_managed: false,
        };
        api.stages.insert(name.clone(), stage);
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
