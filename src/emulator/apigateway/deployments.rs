//! The operations on deployments, which are copies of an API's resources.

use super::{
    error::{absent, bad_request},
    model::{Canary, Deployment, RestApi, Stage, StageSettings, Tags},
    paging::Paging,
    patch,
    rest_apis::ApiPath,
    stage_variables, stages,
};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::{AwsError, letter_id},
    },
    names::StageName,
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use time::OffsetDateTime;

/// The most deployments of an API; beyond it the oldest one that no stage serves goes.
const MAX_DEPLOYMENTS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateDeployment {
    rest_api_id: String,
    stage_name: Option<String>,
    description: Option<String>,
    stage_description: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    canary_settings: Option<NewCanary>,
    #[serde(default)]
    cache_cluster_enabled: bool,
    cache_cluster_size: Option<String>,
    tracing_enabled: Option<bool>,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<CreateDeployment>()?;
    stages::refuse(input.cache_cluster_enabled, input.cache_cluster_size.as_deref())?;
    stage_variables::check(&input.variables)?;
    let stage = input.stage_name.as_deref().filter(|name| !name.is_empty()).map(stages::parse_name).transpose()?;
    let (id, now) = (letter_id(6)?, scope.now);
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &input.rest_api_id)?;
        check_deployable(api)?;
        if input.canary_settings.is_some() {
            check_canary_stage(api, input.stage_name.as_deref())?;
        }
        let deployment = Deployment {
            id: id.clone(),
            created: now,
            description: input.description,
            resources: api.resources.clone(),
            binary_media_types: api.settings.binary_media_types.clone(),
            gateway_responses: api.gateway_responses.clone(),
            validators: api.validators.clone(),
            authorizers: api.authorizers.clone(),
            models: api.models.clone(),
            api_key_source: api.settings.api_key_source,
            policy: api.settings.policy.clone(),
        };
        let shown = deployment.show();
        api.deployments.insert(id.clone(), Arc::new(deployment));
        if let (Some(name), Some(canary)) = (&stage, input.canary_settings) {
            // What is deployed to a canary is not yet served to all.
            let stage = api.stage_mut(name.as_str())?;
            stage.settings.canary_settings = Some(Canary {
                percent_traffic: canary.percent_traffic,
                deployment_id: id.clone(),
                stage_variable_overrides: canary.stage_variable_overrides,
                use_stage_cache: canary.use_stage_cache,
            });
            stage.updated = now;
            let settings = api.stage(name.as_str())?.settings.clone();
            stages::check_canary(api, &settings)?;
        } else if let Some(name) = stage {
            let stage = serve_on(api, name, id, now);
            let settings = &mut stage.settings;
            settings.description = input.stage_description.or(settings.description.take());
            settings.variables.extend(input.variables);
            settings.tracing_enabled = input.tracing_enabled.unwrap_or(settings.tracing_enabled);
        }
        forget_oldest(api);
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

/// What is deployed to a part of the calls of a stage needs that stage.
fn check_canary_stage(api: &RestApi, stage: Option<&str>) -> Result<(), AwsError> {
    let why = match stage {
        None | Some("") => format!(
            "Non null and non empty stageName must be provided for canary deployment. Provided value is {}",
            stage.unwrap_or("null")
        ),
        Some(name) if api.stage(name).is_err() => {
            format!("Stage {name} must already be created before making a canary release deployment")
        }
        Some(_) => return Ok(()),
    };
    Err(bad_request(format!("Invalid deployment content specified.{why}")))
}

/// What a deployment to a part of the calls says.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NewCanary {
    percent_traffic: f64,
    stage_variable_overrides: BTreeMap<String, String>,
    use_stage_cache: bool,
}

/// An API without methods, or with a method that nobody answers, is not deployed.
fn check_deployable(api: &RestApi) -> Result<(), AwsError> {
    let mut methods = api.resources.values().flat_map(|resource| resource.methods.values()).peekable();
    if methods.peek().is_none() {
        return Err(bad_request("The REST API doesn't contain any methods"));
    }
    if methods.any(|method| method.integration.is_none()) {
        return Err(bad_request("No integration defined for method"));
    }
    if api.settings.endpoint_configuration.is_private() && api.settings.policy.is_none() {
        return Err(bad_request("Private REST API doesn't have a resource policy attached to it"));
    }
    Ok(())
}

/// Lets a stage serve a deployment, making the stage when it is absent.
fn serve_on(api: &mut RestApi, name: StageName, deployment: String, now: OffsetDateTime) -> &mut Stage {
    let stage = api.stages.entry(name.clone()).or_insert_with(|| Stage {
        name,
        created: now,
        updated: now,
        settings: StageSettings::default(),
        tags: Tags::new(),
    });
    stage.updated = now;
    stage.settings.deployment_id = deployment;
    stage
}

fn forget_oldest(api: &mut RestApi) {
    while api.deployments.len() > MAX_DEPLOYMENTS {
        let unused = api.deployments.values().filter(|deployment| !is_served(api, &deployment.id));
        let Some(oldest) = unused.min_by_key(|deployment| deployment.created).map(|oldest| oldest.id.clone()) else {
            return;
        };
        api.deployments.remove(&oldest);
    }
}

fn is_served(api: &RestApi, deployment: &str) -> bool {
    api.stages.values().map(|stage| &stage.settings).any(|settings| {
        let canary = settings.canary_settings.as_ref();
        settings.deployment_id == deployment || canary.is_some_and(|canary| canary.deployment_id == deployment)
    })
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let deployments = state.apigateway.api(scope.account(), &at.rest_api_id)?.deployments.values();
        paging.page(deployments.map(|deployment| (deployment.id.as_str(), deployment.as_ref())), Deployment::show)
    })
}

/// The deployment that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentPath {
    rest_api_id: String,
    deployment_id: String,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (DeploymentPath { rest_api_id, deployment_id }, scope) = operation.input()?;
    scope.read(|state| {
        let deployment = state.apigateway.api(scope.account(), &rest_api_id)?.deployments.get(&deployment_id);
        Ok(Output::Members(deployment.ok_or_else(|| absent("Deployment"))?.show()))
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (DeploymentPath { rest_api_id, deployment_id }, patch, scope) = patch::inputs::<DeploymentPath>(operation)?;
    let shown = scope.change(|state| {
        let deployments = &mut state.apigateway.api_mut(scope.account(), &rest_api_id)?.deployments;
        let deployment = deployments.get_mut(&deployment_id).ok_or_else(|| absent("Deployment"))?;
        let description = patch.described(deployment.description.clone())?;
        *deployment = Arc::new(Deployment { description, ..(**deployment).clone() });
        Ok(deployment.show())
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (DeploymentPath { rest_api_id, deployment_id }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &rest_api_id)?;
        if is_served(api, &deployment_id) {
            return Err(bad_request("Active stages pointing to this deployment must be moved or deleted"));
        }
        api.deployments.remove(&deployment_id).map(drop).ok_or_else(|| absent("Deployment"))
    });
    removed.await?;
    Ok(Output::Done)
}
