//! The operations on APIs as a whole, importing and exporting included.

use super::{
    body_model, constraints, documented,
    error::{absent, bad_request, conflict, lacking},
    export::{Export, Extensions},
    model::{ApiSettings, EndpointConfiguration, EndpointType, Resource, Resources, RestApi, Tags, with_tags},
    openapi::{self, BasePath},
    paging::Paging,
    patch::{self, PatchOperation},
    tags,
};
use crate::{
    emulator::{
        service::{Operation, Output, Scope},
        wire::{AwsError, letter_id, yaml},
    },
    http1::Response,
    marks::API_ID_TAG,
    names::ApiId,
};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateRestApi {
    #[serde(default)]
    tags: Tags,
    clone_from: Option<Value>,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (CreateRestApi { tags, clone_from }, mut settings, scope) = operation.inputs::<CreateRestApi, ApiSettings>()?;
    if clone_from.is_some() {
        return Err(lacking("cloneFrom"));
    }
    if settings.name.is_empty() || settings.name.len() > 1024 {
        return Err(bad_request("Invalid API name: it must have 1 to 1024 characters"));
    }
    if settings.description.as_deref() == Some("") {
        return Err(bad_request("Description cannot be an empty string"));
    }
    settings.check()?;
    add(&scope, new_api(&scope, settings, tags)?).await
}

fn new_api(scope: &Scope<'_>, settings: ApiSettings, tags: Tags) -> Result<RestApi, AwsError> {
    tags::check(&tags)?;
    let id = match tags.get(API_ID_TAG) {
        Some(id) => id.clone(),
        None => letter_id(10)?,
    };
    let id: ApiId = id.parse().map_err(|error| bad_request(format!("The tag `{API_ID_TAG}` is {error}")))?;
    Ok(RestApi {
        id,
        created: scope.now,
        settings,
        tags,
        resources: new_resources()?,
        gateway_responses: BTreeMap::new(),
        validators: BTreeMap::new(),
        authorizers: BTreeMap::new(),
        models: body_model::made_with_it(),
        documentation_parts: BTreeMap::new(),
        documentation_versions: BTreeMap::new(),
        document: None,
        deployments: BTreeMap::new(),
        stages: BTreeMap::new(),
    })
}

/// What every API begins with: the resource `/`.
fn new_resources() -> Result<Resources, AwsError> {
    let id = letter_id(10)?;
    let root =
        Resource { id: id.clone(), parent_id: None, path_part: None, path: "/".to_owned(), methods: BTreeMap::new() };
    Ok([(id, root)].into())
}

async fn add(scope: &Scope<'_>, api: RestApi) -> Result<Output, AwsError> {
    // Ids are looked up without a region when the API is called, so they are unique across regions.
    let store = &scope.context.store;
    let is_taken =
        |region| store.read(region, |state| state.apigateway.has(&api.id) || state.apigatewayv2.has(&api.id));
    if store.regions().iter().any(is_taken) {
        return Err(taken(&api.id));
    }
    let shown = api.show();
    scope
        .change(|state| {
            let apis = &mut state.apigateway.apis;
            if apis.contains_key(&api.id) {
                return Err(taken(&api.id));
            }
            apis.insert(api.id.clone(), api);
            Ok(())
        })
        .await?;
    Ok(Output::Members(shown))
}

fn taken(id: &ApiId) -> AwsError {
    conflict(format!("There is an API with the identifier {id} already"))
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (paging, scope) = operation.input::<Paging>()?;
    scope.read(|state| {
        let apis = state.apigateway.apis.values();
        paging.page(apis.map(|api| (api.id.as_str(), api)), RestApi::show)
    })
}

/// The API that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiPath {
    pub(super) rest_api_id: String,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ApiPath>()?;
    scope.read(|state| Ok(Output::Members(with_tags(state.apigateway.api(scope.account(), &at.rest_api_id)?.show()))))
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<ApiPath>(operation)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        let mut settings = patch.apply_but(api.settings.clone(), apply)?;
        settings.check()?;
        api.settings = settings;
        Ok(with_tags(api.show()))
    });
    Ok(Output::Members(shown.await?))
}

/// Applies what a patch changes otherwise than by a member's type; tells whether it did.
fn apply(settings: &mut ApiSettings, operation: &PatchOperation) -> Result<bool, AwsError> {
    let parts: Vec<_> = operation.path().split('/').skip(1).collect();
    match *parts.as_slice() {
        ["endpointConfiguration", "types", old] => settings.endpoint_configuration.replace(old, operation)?,
        ["endpointConfiguration", "ipAddressType"] => {
            operation.must_replace()?;
            settings.endpoint_configuration.set_addresses(operation.text()?)?;
        }
        ["endpointConfiguration", "vpcEndpointIds"] => settings.endpoint_configuration.connect(operation)?,
        ["minimumCompressionSize"] => {
            operation.must_replace()?;
            // No text at all takes it away.
            let text = operation.value().filter(|text| !text.is_empty());
            settings.minimum_compression_size = text.map(|text| text.parse().unwrap_or(-1));
        }
        ["binaryMediaTypes", _] | ["description"] => return Ok(false),
        [member] if MEMBERS.contains(&member) => {
            if operation.op() == "add" {
                operation.must_replace()?;
            }
            return Ok(false);
        }
        _ => return Err(operation.invalid_path()),
    }
    Ok(true)
}

/// What `UpdateRestApi` changes as a whole.
const MEMBERS: [&str; 5] = ["name", "version", "apiKeySource", "disableExecuteApiEndpoint", "policy"];

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ApiPath>()?;
    let removed = scope.change(|state| {
        let state = &mut state.apigateway;
        let id = state.api(scope.account(), &at.rest_api_id)?.id.clone();
        state.apis.remove(&id);
        let is_of = |stage: &String| stage.split(':').next() == Some(id.as_str());
        state.plans.change_where(
            |plan| plan.settings.api_stages.iter().any(is_of),
            |plan| plan.settings.api_stages.retain(|stage| !is_of(stage)),
        );
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

/// What a document is imported with.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ImportParameters {
    endpoint_configuration_types: Option<EndpointType>,
    basepath: BasePath,
}

impl ImportParameters {
    fn apply(&self, settings: &mut ApiSettings) {
        if let Some(kind) = self.endpoint_configuration_types {
            settings.endpoint_configuration = EndpointConfiguration::of(kind);
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImportRestApi {
    #[serde(default)]
    parameters: ImportParameters,
    #[expect(dead_code, reason = "what is not understood is refused or kept, never warned of")]
    fail_on_warnings: Option<bool>,
}

pub(super) async fn import(operation: Operation<'_>) -> Result<Output, AwsError> {
    let body = operation.payload();
    let (input, scope) = operation.input::<ImportRestApi>()?;
    let mut document = openapi::parse(&body)?;
    input.parameters.basepath.apply(&mut document);
    let mut settings = ApiSettings::default();
    openapi::settings(&document, &mut settings)?;
    input.parameters.apply(&mut settings);
    let mut api = new_api(&scope, settings, Tags::new())?;
    openapi::import(&document, &mut api)?;
    documented::add(&document, &mut api.documentation_parts)?;
    api.gateway_responses = openapi::gateway_responses(&document);
    api.document = Some(document);
    add(&scope, api).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutRestApi {
    rest_api_id: String,
    mode: Option<String>,
}

/// Imports into an API that exists; its id, tags, deployments and stages stay.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let body = operation.payload();
    let (PutRestApi { rest_api_id, mode }, input, scope) = operation.inputs::<PutRestApi, ImportRestApi>()?;
    let overwrite = match mode.as_deref() {
        Some("overwrite") => true,
        None | Some("merge") => false,
        Some(other) => return Err(bad_request(format!("Invalid mode: {other}"))),
    };
    let mut document = openapi::parse(&body)?;
    input.parameters.basepath.apply(&mut document);
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &rest_api_id)?;
        if overwrite {
            api.resources = without_methods(&api.resources);
            api.models = body_model::made_with_it();
            api.documentation_parts.clear();
        }
        documented::add(&document, &mut api.documentation_parts)?;
        openapi::import(&document, api)?;
        if overwrite {
            drop_unused(&mut api.resources);
            drop_unnamed(api);
        }
        let known = api.settings.binary_media_types.clone();
        openapi::settings(&document, &mut api.settings)?;
        if !overwrite {
            let new = std::mem::replace(&mut api.settings.binary_media_types, known);
            for kind in new {
                if !api.settings.binary_media_types.contains(&kind) {
                    api.settings.binary_media_types.push(kind);
                }
            }
        }
        input.parameters.apply(&mut api.settings);
        if overwrite {
            api.gateway_responses.clear();
        }
        api.gateway_responses.extend(openapi::gateway_responses(&document));
        api.document = Some(document);
        Ok(with_tags(api.show()))
    });
    Ok(Output::Members(shown.await?))
}

/// The same resources without methods, so that a path keeps its id when it is imported again.
fn without_methods(resources: &Resources) -> Resources {
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

/// Removes the authorizers and the validators that no method names.
fn drop_unnamed(api: &mut RestApi) {
    let methods = || api.resources.values().flat_map(|resource| resource.methods.values());
    let authorizers: Vec<_> = methods().filter_map(|method| method.authorizer_id.clone()).collect();
    let validators: Vec<_> = methods().filter_map(|method| method.request_validator_id.clone()).collect();
    api.authorizers.retain(|id, _| authorizers.contains(id));
    api.validators.retain(|id, _| validators.contains(id));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetExport {
    rest_api_id: String,
    stage_name: String,
    export_type: String,
    accepts: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// Writes what a stage serves as a document.
pub(super) fn export(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (GetExport { rest_api_id, stage_name, export_type, accepts, mut parameters }, scope) = operation.input()?;
    let is_oas30 = match export_type.as_str() {
        "oas30" => true,
        "swagger" => false,
        _ => return Err(bad_request("Invalid export type specified: it is oas30 or swagger")),
    };
    let accepts = accepts.unwrap_or_default();
    let is_yaml = accepts.contains("yaml");
    let is_known = |kind: &str| ["", "*/*", "application/json", "application/yaml"].contains(&kind.trim());
    if !accepts.split(',').all(is_known) {
        return Err(bad_request(format!(
            "Invalid accepts specified: {accepts}. It is application/json or application/yaml"
        )));
    }
    let wanted = parameters.remove("extensions").unwrap_or_default();
    let extensions = Extensions::parse(&wanted).ok_or_else(|| bad_request(format!("Invalid extensions: {wanted}")))?;
    if let Some(other) = parameters.into_keys().next() {
        return Err(bad_request(format!("Invalid parameter specified: {other}")));
    }
    if extensions.postman {
        return Err(lacking("extensions postman"));
    }
    let document = scope.read(|state| {
        let api = state.apigateway.api(scope.account(), &rest_api_id)?;
        let stage = api.stage(&stage_name)?;
        let deployment = api.deployments.get(&stage.settings.deployment_id).ok_or_else(|| absent("Deployment"))?;
        let region = scope.region.as_str();
        Ok::<_, AwsError>(Export { api, deployment, stage, region, is_oas30, extensions }.document())
    })?;
    let (kind, ending) = if is_yaml { ("application/yaml", "yaml") } else { ("application/json", "json") };
    let text = if is_yaml { yaml::write(&document) } else { format!("{document:#}") };
    let mut response = Response::new(text.into());
    let name = format!("attachment; filename=\"{export_type}_{stage_name}.{ending}\"");
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(Output::Raw(response))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::{Fault, members};
    use serde_json::json;

    fn read(more: &Value) -> Result<ApiSettings, Fault> {
        let mut input = json!({ "name": "a" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        members::read_both::<CreateRestApi, _>(input.as_object().unwrap()).map(|(_, settings)| settings)
    }

    #[test]
    fn an_api_is_edge_unless_it_says_otherwise_and_keeps_what_it_says() {
        for (put, shown) in [
            (json!({}), json!({ "types": ["EDGE"], "ipAddressType": "ipv4" })),
            (json!({ "endpointConfiguration": { "types": ["REGIONAL"] } }), json!({ "types": ["REGIONAL"] })),
        ] {
            assert_eq!(json!(read(&put).unwrap().endpoint_configuration), shown);
        }
    }

    #[test]
    fn what_an_api_cannot_be_is_refused_by_name() {
        for (member, value) in [("securityPolicy", "TLS_1_2"), ("endpointAccessMode", "STRICT")] {
            assert_eq!(read(&json!({ member: value })).map(drop).unwrap_err(), Fault::Unknown(member.to_owned()));
        }
        for (input, member) in [
            (json!({ "apiKeySource": "nonsense" }), "apiKeySource"),
            (json!({ "endpointConfiguration": "EDGE" }), "endpointConfiguration"),
            (json!({ "endpointConfiguration": { "types": ["NOPE"] } }), "endpointConfiguration.types[0]"),
        ] {
            assert!(
                matches!(read(&input), Err(Fault::WrongType(found, _) | Fault::Invalid(found, _)) if found == member),
                "{member}"
            );
        }
        assert!(read(&json!({ "apiKeySource": "HEADER" })).unwrap().check().is_ok());
        assert!(read(&json!({ "apiKeySource": "AUTHORIZER" })).unwrap().check().is_ok());
        for policy in ["text", "{}", r#"{"Statement":[{"Effect":"Maybe"}]}"#] {
            assert_eq!(read(&json!({ "policy": policy })).unwrap().check().unwrap_err().status, 400, "{policy}");
        }
    }
}
