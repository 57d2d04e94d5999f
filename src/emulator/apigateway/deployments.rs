//! Deployments, which are copies of an API's resources, and stages, which serve one of them.

use super::{
    HttpMethod, Patch, Request,
    error::{bad_request, conflict, not_found},
    model::{Deployment, RestApi, Stage, StageSettings, Tags},
    openapi, random_id, rest_apis, unknown,
};
use crate::{emulator::wire::AwsError, http1::Response, names::StageName};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The most deployments of an API; beyond it the oldest one that no stage serves goes.
const MAX_DEPLOYMENTS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateDeployment {
    stage_name: Option<String>,
    description: Option<String>,
    stage_description: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    canary_settings: Option<Value>,
    #[serde(default)]
    cache_cluster_enabled: bool,
    cache_cluster_size: Option<String>,
    tracing_enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateStage {
    stage_name: String,
    #[serde(default)]
    tags: Tags,
    canary_settings: Option<Value>,
    #[serde(default)]
    cache_cluster_enabled: bool,
    cache_cluster_size: Option<String>,
    #[serde(flatten)]
    settings: StageSettings,
}

pub(super) async fn route(
    request: &Request<'_>,
    method: &HttpMethod,
    api: &str,
    part: &str,
    rest: &[&str],
) -> Result<Response, AwsError> {
    match (part, method, rest) {
        ("deployments", &HttpMethod::POST, []) => create_deployment(request, api).await,
        ("deployments", &HttpMethod::GET, []) => {
            let shown = request.read(|state| {
                let deployments = &state.api(api)?.deployments;
                request.page(deployments.iter().map(|(id, deployment)| (id.as_str(), deployment)), Deployment::show)
            })?;
            Ok(request.ok(&shown))
        }
        ("deployments", &HttpMethod::GET, [id]) => {
            let shown = request.read(|state| {
                let deployment = state.api(api)?.deployments.get(*id).map(Deployment::show);
                deployment.ok_or_else(no_deployment)
            })?;
            Ok(request.ok(&shown))
        }
        ("deployments", &HttpMethod::DELETE, [id]) => delete_deployment(request, api, id).await,
        ("stages", &HttpMethod::POST, []) => create_stage(request, api).await,
        ("stages", &HttpMethod::GET, []) => {
            let shown = request.read(|state| {
                let stages: Vec<_> = state.api(api)?.stages.values().map(Stage::show).collect();
                Ok::<_, AwsError>(json!({ "item": stages }))
            })?;
            Ok(request.ok(&shown))
        }
        ("stages", &HttpMethod::GET, [name]) => {
            let shown = request.read(|state| {
                let stages = &state.api(api)?.stages;
                name.parse().ok().and_then(|name| stages.get(&name)).map(Stage::show).ok_or_else(no_stage)
            })?;
            Ok(request.ok(&shown))
        }
        ("stages", &HttpMethod::PATCH, [name]) => update_stage(request, api, name).await,
        ("stages", &HttpMethod::DELETE, [name]) => {
            request
                .change(|state| {
                    let stages = &mut state.api_mut(api)?.stages;
                    name.parse().ok().and_then(|name| stages.remove(&name)).map(drop).ok_or_else(no_stage)
                })
                .await?;
            Ok(request.empty(StatusCode::ACCEPTED))
        }
        ("stages", &HttpMethod::GET, [name, "exports", kind]) => rest_apis::export(request, api, name, kind),
        _ => Err(unknown(request)),
    }
}

fn no_stage() -> AwsError {
    not_found("Invalid stage identifier specified")
}

fn no_deployment() -> AwsError {
    not_found("Invalid Deployment identifier specified")
}

fn stage_name(text: &str) -> Result<StageName, AwsError> {
    text.parse().map_err(|_| bad_request("Stage name only allows a-zA-Z0-9_-"))
}

/// Refuses what a stage is asked to be and cannot be here: split among deployments, or cached.
fn refuse(canary_settings: Option<&Value>, cache_enabled: bool, cache_size: Option<&str>) -> Result<(), AwsError> {
    let parameters = [
        ("canarySettings", canary_settings.is_some_and(|settings| !settings.is_null())),
        ("cacheClusterEnabled", cache_enabled),
        ("cacheClusterSize", cache_size.is_some_and(|size| !size.is_empty())),
    ];
    match parameters.into_iter().find(|(_, given)| *given) {
        Some((parameter, _)) => Err(AwsError::not_implemented("apigateway", &format!("(parameter {parameter})"))),
        None => Ok(()),
    }
}

async fn create_deployment(request: &Request<'_>, api: &str) -> Result<Response, AwsError> {
    let input: CreateDeployment = request.input()?;
    refuse(input.canary_settings.as_ref(), input.cache_cluster_enabled, input.cache_cluster_size.as_deref())?;
    let stage = input.stage_name.as_deref().filter(|name| !name.is_empty()).map(stage_name).transpose()?;
    let (id, now) = (random_id(6)?, request.now());
    let shown = request
        .change(|state| {
            let api = state.api_mut(api)?;
            check_deployable(api)?;
            let deployment = Deployment {
                id: id.clone(),
                created: now,
                description: input.description,
                resources: api.resources.clone(),
                binary_media_types: api.settings.binary_media_types.clone(),
                gateway_responses: api.document.as_ref().map(openapi::gateway_responses).unwrap_or_default(),
            };
            let shown = deployment.show();
            api.deployments.insert(id.clone(), deployment);
            if let Some(name) = stage {
                let stage = serve_on(api, name, id, now, input.stage_description, input.variables);
                stage.settings.tracing_enabled = input.tracing_enabled.unwrap_or(stage.settings.tracing_enabled);
            }
            forget_oldest(api);
            Ok(shown)
        })
        .await?;
    Ok(request.created(&shown))
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
    Ok(())
}

/// Lets a stage serve a deployment, making the stage when it is absent.
fn serve_on(
    api: &mut RestApi,
    name: StageName,
    deployment: String,
    now: OffsetDateTime,
    description: Option<String>,
    variables: BTreeMap<String, String>,
) -> &mut Stage {
    let stage = api.stages.entry(name.clone()).or_insert_with(|| Stage {
        name,
        created: now,
        updated: now,
        settings: StageSettings {
            deployment_id: String::new(),
            description: None,
            variables: BTreeMap::new(),
            tracing_enabled: false,
        },
        tags: Tags::new(),
    });
    stage.updated = now;
    stage.settings.deployment_id = deployment;
    stage.settings.description = description.or(stage.settings.description.take());
    stage.settings.variables.extend(variables);
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
    api.stages.values().any(|stage| stage.settings.deployment_id == deployment)
}

async fn delete_deployment(request: &Request<'_>, api: &str, id: &str) -> Result<Response, AwsError> {
    request
        .change(|state| {
            let api = state.api_mut(api)?;
            if is_served(api, id) {
                return Err(bad_request("Active stages pointing to this deployment must be moved or deleted"));
            }
            api.deployments.remove(id).map(drop).ok_or_else(no_deployment)
        })
        .await?;
    Ok(request.empty(StatusCode::ACCEPTED))
}

async fn create_stage(request: &Request<'_>, api: &str) -> Result<Response, AwsError> {
    let input: CreateStage = request.input()?;
    refuse(input.canary_settings.as_ref(), input.cache_cluster_enabled, input.cache_cluster_size.as_deref())?;
    let CreateStage { stage_name: name, tags, settings, .. } = input;
    super::tags::check(&tags)?;
    let (name, now) = (stage_name(&name)?, request.now());
    let stage = Stage { name: name.clone(), created: now, updated: now, settings, tags };
    let shown = stage.show();
    request
        .change(|state| {
            let api = state.api_mut(api)?;
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
    Ok(request.created(&shown))
}

async fn update_stage(request: &Request<'_>, api: &str, name: &str) -> Result<Response, AwsError> {
    let patch: Patch = request.input()?;
    let (name, now) = (stage_name(name)?, request.now());
    let shown = request
        .change(|state| {
            let api = state.api_mut(api)?;
            let old = &api.stages.get(&name).ok_or_else(no_stage)?.settings;
            let new = patch.apply(old)?;
            if !api.deployments.contains_key(&new.deployment_id) {
                return Err(bad_request("Invalid deployment id specified"));
            }
            let stage = api.stages.get_mut(&name).ok_or_else(no_stage)?;
            (stage.settings, stage.updated) = (new, now);
            Ok(stage.show())
        })
        .await?;
    Ok(request.ok(&shown))
}
