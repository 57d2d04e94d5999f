//! The operations on APIs as a whole, importing and exporting included.

use super::{
    HttpMethod, Patch, Request,
    error::{bad_request, conflict},
    model::{ApiSettings, Resource, Resources, RestApi, Tags},
    openapi, random_id, unknown,
};
use crate::{emulator::wire::AwsError, http1::Response, names::ApiId};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The tag that pins an API's id at its creation, as on LocalStack: the URL of the API then never changes.
const ID_TAG: &str = "_custom_id_";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    #[serde(default)]
    tags: Tags,
    clone_from: Option<Value>,
    #[serde(flatten)]
    settings: ApiSettings,
}

pub(super) async fn route(request: &Request<'_>, method: &HttpMethod, rest: &[&str]) -> Result<Response, AwsError> {
    match (method, rest) {
        (&HttpMethod::POST, []) if request.query("mode").as_deref() == Some("import") => import(request).await,
        (&HttpMethod::POST, []) => create(request).await,
        (&HttpMethod::GET, []) => {
            let apis = |state: &super::State| {
                request.page(state.apis.iter().map(|(id, api)| (id.as_str(), api)), RestApi::show)
            };
            Ok(request.ok(&request.read(apis)?))
        }
        (&HttpMethod::GET, [id]) => Ok(request.ok(&request.read(|state| Ok::<_, AwsError>(state.api(id)?.show()))?)),
        (&HttpMethod::PUT, [id]) => put(request, id).await,
        (&HttpMethod::PATCH, [id]) => update(request, id).await,
        (&HttpMethod::DELETE, [id]) => {
            request
                .change(|state| {
                    let id = state.api(id)?.id.clone();
                    state.apis.remove(&id);
                    let prefix = format!("{id}:");
                    let is_of_api = |stage: &String| stage.starts_with(&prefix);
                    state.plans.change_where(
                        |plan| plan.settings.api_stages.iter().any(is_of_api),
                        |plan| plan.settings.api_stages.retain(|stage| !is_of_api(stage)),
                    );
                    Ok(())
                })
                .await?;
            Ok(request.empty(StatusCode::ACCEPTED))
        }
        (&HttpMethod::GET, [id, "stages", stage, "exports", kind]) => export(request, id, stage, kind),
        _ => Err(unknown(request)),
    }
}

async fn create(request: &Request<'_>) -> Result<Response, AwsError> {
    let Create { tags, clone_from, settings } = request.input()?;
    if clone_from.is_some_and(|from| !from.is_null()) {
        return Err(AwsError::not_implemented("apigateway", "(parameter cloneFrom)"));
    }
    if settings.name.is_empty() || settings.name.len() > 1024 {
        return Err(bad_request("Invalid API name: it must have 1 to 1024 characters"));
    }
    let api = new_api(request, settings, tags)?;
    let shown = add(request, api).await?;
    Ok(request.created(&shown))
}

async fn import(request: &Request<'_>) -> Result<Response, AwsError> {
    let document = openapi::parse(request.call.request.body())?;
    let mut settings = serde_json::from_value(json!({ "name": "" }))
        .map_err(|error: serde_json::Error| AwsError::internal(error.to_string()))?;
    openapi::settings(&document, &mut settings)?;
    let mut api = new_api(request, settings, Tags::new())?;
    openapi::import(&document, &mut api.resources)?;
    api.document = Some(document);
    let shown = add(request, api).await?;
    Ok(request.created(&shown))
}

fn new_api(request: &Request<'_>, settings: ApiSettings, tags: Tags) -> Result<RestApi, AwsError> {
    super::tags::check(&tags)?;
    let id = match tags.get(ID_TAG) {
        Some(id) => id.clone(),
        None => random_id(10)?,
    };
    let id: ApiId = id.parse().map_err(|error| bad_request(format!("The tag `{ID_TAG}` is {error}")))?;
    Ok(RestApi {
        id,
        created: request.now(),
        settings,
        tags,
        resources: new_resources()?,
        document: None,
        deployments: BTreeMap::new(),
        stages: BTreeMap::new(),
    })
}

/// What every API begins with: the resource `/`.
fn new_resources() -> Result<Resources, AwsError> {
    let id = random_id(10)?;
    let root =
        Resource { id: id.clone(), parent_id: None, path_part: None, path: "/".to_owned(), methods: BTreeMap::new() };
    Ok([(id, root)].into())
}

async fn add(request: &Request<'_>, api: RestApi) -> Result<Value, AwsError> {
    // Ids are looked up without a region when the API is called, so they are unique across regions.
    let store = &request.context.store;
    let taken =
        || store.regions().iter().any(|region| store.read(region, |state| state.apigateway.apis.contains_key(&api.id)));
    if taken() {
        return Err(conflict(format!("There is an API with the identifier {} already", api.id)));
    }
    let shown = api.show();
    request
        .change(|state| {
            if state.apis.contains_key(&api.id) {
                return Err(conflict(format!("There is an API with the identifier {} already", api.id)));
            }
            state.apis.insert(api.id.clone(), api);
            Ok(shown)
        })
        .await
}

/// Imports into an API that exists; its id, tags, deployments and stages stay.
async fn put(request: &Request<'_>, id: &str) -> Result<Response, AwsError> {
    let overwrite = match request.query("mode").as_deref() {
        Some("overwrite") => true,
        None | Some("merge") => false,
        Some(other) => return Err(bad_request(format!("Invalid mode: {other}"))),
    };
    let document = openapi::parse(request.call.request.body())?;
    let shown = request
        .change(|state| {
            let api = state.api_mut(id)?;
            let mut resources = if overwrite { keep_ids(&api.resources) } else { api.resources.clone() };
            openapi::import(&document, &mut resources)?;
            if overwrite {
                drop_unused(&mut resources);
            }
            openapi::settings(&document, &mut api.settings)?;
            api.resources = resources;
            api.document = Some(document);
            Ok(api.show())
        })
        .await?;
    Ok(request.ok(&shown))
}

/// The same resources without methods, so that a path keeps its id when it is imported again.
fn keep_ids(resources: &Resources) -> Resources {
    let mut resources = resources.clone();
    for resource in resources.values_mut() {
        resource.methods.clear();
    }
    resources
}

/// Removes the resources that have neither methods nor children.
fn drop_unused(resources: &mut Resources) {
    loop {
        let parents: Vec<_> = resources.values().filter_map(|resource| resource.parent_id.clone()).collect();
        let before = resources.len();
        resources.retain(|id, resource| {
            resource.parent_id.is_none() || !resource.methods.is_empty() || parents.contains(id)
        });
        if resources.len() == before {
            return;
        }
    }
}

async fn update(request: &Request<'_>, id: &str) -> Result<Response, AwsError> {
    let patch: Patch = request.input()?;
    let shown = request
        .change(|state| {
            let api = state.api_mut(id)?;
            api.settings = patch.apply(&api.settings)?;
            Ok(api.show())
        })
        .await?;
    Ok(request.ok(&shown))
}

/// Gives the document that was imported last, as it came.
pub(super) fn export(request: &Request<'_>, id: &str, stage: &str, kind: &str) -> Result<Response, AwsError> {
    if kind != "oas30" {
        return Err(bad_request("The emulator exports oas30 only."));
    }
    let document = request.read(|state| {
        let api = state.api(id)?;
        if !api.stages.keys().any(|name| name.as_str() == stage) {
            return Err(super::error::not_found("Invalid stage identifier specified"));
        }
        api.document.clone().ok_or_else(|| super::error::not_found("The API was not imported from a document"))
    })?;
    Ok(request.ok(&document))
}
