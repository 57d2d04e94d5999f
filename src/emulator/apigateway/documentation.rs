//! The operations on documentation: what is said of the parts of an API, and versions, which are copies of it.
//!
//! Not here: writing it into an export.

use super::{
    constraints,
    documented::{self, Kind, Location, MAX_PARTS, Part, Version, check_room},
    error::{absent, bad_request, conflict, lacking, not_found},
    model::{RestApi, epoch, with},
    openapi,
    paging::Paging,
    patch,
    rest_apis::ApiPath,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// API Gateway's own limit on the versions of an API, each of which has a copy of all parts.
const MAX_VERSIONS: usize = 20;

fn show(version: &Version) -> Value {
    let shown = json!({ "version": version.version, "createdDate": epoch(version.created) });
    with(shown, json!({ "description": version.description }))
}

fn no_part() -> AwsError {
    absent("Documentation part")
}

fn no_version() -> AwsError {
    absent("Documentation version")
}

fn check_properties(text: &str) -> Result<(), AwsError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) => Ok(()),
        _ => Err(bad_request("Documentation part properties must be a valid JSON object")),
    }
}

#[derive(Deserialize)]
struct CreateDocumentationPart {
    location: Location,
    properties: String,
}

pub(super) async fn create_part(operation: Operation<'_>) -> Result<Output, AwsError> {
    constraints::check(&operation)?;
    let (at, input, scope) = operation.inputs::<ApiPath, CreateDocumentationPart>()?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        check_properties(&input.properties)?;
        let part = Part { id: letter_id(6)?, location: input.location.settled(), properties: input.properties };
        if api.documentation_parts.values().any(|known| known.location == part.location) {
            return Err(conflict("Documentation part already exists for the specified location"));
        }
        check_room(api.documentation_parts.len(), MAX_PARTS, "documentation parts")?;
        let shown = json!(part);
        api.documentation_parts.insert(part.id.clone(), part);
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

/// The part that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartPath {
    rest_api_id: String,
    documentation_part_id: String,
}

pub(super) fn part(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<PartPath>()?;
    scope.read(|state| {
        let api = state.apigateway.find(&at.rest_api_id);
        let part = api.and_then(|api| api.documentation_parts.get(&at.documentation_part_id));
        part.map(|part| Output::Members(json!(part))).ok_or_else(no_part)
    })
}

/// Whether something is said of what is listed.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Documented,
    Undocumented,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetDocumentationParts {
    rest_api_id: String,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    name_query: Option<String>,
    path: Option<String>,
    location_status: Option<Status>,
}

pub(super) fn parts(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (wanted, paging, scope) = operation.inputs::<GetDocumentationParts, Paging>()?;
    if matches!(wanted.location_status, Some(Status::Undocumented)) {
        return Err(lacking("locationStatus UNDOCUMENTED"));
    }
    let is_wanted = |part: &&Part| {
        let Location { kind, path, name, .. } = &part.location;
        wanted.kind.is_none_or(|wanted| wanted == *kind)
            && wanted.path.as_ref().is_none_or(|wanted| path.as_ref() == Some(wanted))
            && wanted.name_query.as_ref().is_none_or(|start| name.as_deref().unwrap_or_default().starts_with(start))
    };
    scope.read(|state| {
        let parts = &state.apigateway.api(scope.account(), &wanted.rest_api_id)?.documentation_parts;
        paging.page(parts.values().filter(is_wanted).map(|part| (part.id.as_str(), part)), |part| json!(part))
    })
}

pub(super) async fn update_part(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<PartPath>(operation)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.find_mut(&at.rest_api_id);
        let part = api.and_then(|api| api.documentation_parts.get_mut(&at.documentation_part_id));
        let part = part.ok_or_else(no_part)?;
        patch.replaces(&["properties"])?;
        let new = patch.apply(&*part)?;
        check_properties(&new.properties)?;
        *part = new;
        Ok(json!(part))
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete_part(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<PartPath>()?;
    let removed = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        api.documentation_parts.remove(&at.documentation_part_id).map(drop).ok_or_else(no_part)
    });
    removed.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Merge,
    Overwrite,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImportDocumentationParts {
    mode: Option<Mode>,
    #[expect(dead_code, reason = "what is not understood is refused, never warned of")]
    fail_on_warnings: Option<bool>,
}

pub(super) async fn import(operation: Operation<'_>) -> Result<Output, AwsError> {
    let body = operation.payload();
    let (at, input, scope) = operation.inputs::<ApiPath, ImportDocumentationParts>()?;
    let document = openapi::read(&body).ok().filter(Value::is_object);
    let document = document.ok_or_else(|| bad_request("Unable to build importer with provided input."))?;
    let ids = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        if matches!(input.mode, Some(Mode::Overwrite)) {
            api.documentation_parts.clear();
        }
        documented::add(&document, &mut api.documentation_parts)
    });
    Ok(Output::Members(json!({ "ids": ids.await? })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateDocumentationVersion {
    documentation_version: String,
    stage_name: Option<String>,
    description: Option<String>,
}

pub(super) async fn create_version(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, CreateDocumentationVersion>()?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &at.rest_api_id)?;
        if api.documentation_versions.contains_key(&input.documentation_version) {
            return Err(conflict("Documentation version already exists"));
        }
        check_room(api.documentation_versions.len(), MAX_VERSIONS, "documentation versions")?;
        let version = Version {
            version: input.documentation_version.clone(),
            created: scope.now,
            description: input.description.filter(|text| !text.is_empty()),
            parts: api.documentation_parts.clone(),
        };
        let shown = show(&version);
        api.documentation_versions.insert(input.documentation_version.clone(), version);
        if let Some(name) = input.stage_name.filter(|name| !name.is_empty()) {
            api.stage_mut(&name)?.settings.documentation_version = Some(input.documentation_version);
        }
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

/// What a stage says about its documentation is there.
pub(super) fn check(api: &RestApi, version: Option<&String>) -> Result<(), AwsError> {
    match version {
        Some(version) if !api.documentation_versions.contains_key(version) => {
            Err(not_found("Invalid Documentation version specified"))
        }
        _ => Ok(()),
    }
}

/// The version that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionPath {
    rest_api_id: String,
    documentation_version: String,
}

pub(super) fn version(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<VersionPath>()?;
    scope.read(|state| {
        let versions = &state.apigateway.api(scope.account(), &at.rest_api_id)?.documentation_versions;
        versions.get(&at.documentation_version).map(|found| Output::Members(show(found))).ok_or_else(no_version)
    })
}

pub(super) fn versions(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let versions = state.apigateway.api(scope.account(), &at.rest_api_id)?.documentation_versions.values();
        paging.page(versions.map(|version| (version.version.as_str(), version)), show)
    })
}

pub(super) async fn update_version(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<VersionPath>(operation)?;
    let shown = scope.change(|state| {
        let versions = &mut state.apigateway.api_mut(scope.account(), &at.rest_api_id)?.documentation_versions;
        let version = versions.get_mut(&at.documentation_version).ok_or_else(no_version)?;
        version.description = patch.described(version.description.clone())?;
        Ok(show(version))
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete_version(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<VersionPath>()?;
    let removed = scope.change(|state| {
        let versions = &mut state.apigateway.api_mut(scope.account(), &at.rest_api_id)?.documentation_versions;
        versions.remove(&at.documentation_version).map(drop).ok_or_else(no_version)
    });
    removed.await?;
    Ok(Output::Done)
}
