//! The operations on resources, which are the paths of an API.

use super::{
    error::{absent, bad_request, conflict},
    model::{Resource, Resources},
    paging::Paging,
    patch,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a resource may be shown with.
#[derive(PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Embedded {
    Methods,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetResources {
    rest_api_id: String,
    #[serde(default)]
    embed: Vec<Embedded>,
}

/// Lists the resources, the root first: AWS promises no order, and scripts take the first one for the root.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (GetResources { rest_api_id, embed }, paging, scope) = operation.inputs::<GetResources, Paging>()?;
    let show = |resource: &Resource| resource.show(embed.contains(&Embedded::Methods));
    scope.read(|state| {
        let resources = &state.apigateway.api(scope.account(), &rest_api_id)?.resources;
        let mut listed: Vec<&Resource> = resources.values().collect();
        listed.sort_by_key(|resource| resource.parent_id.is_some());
        let is_late = |id: &str| resources.get(id).is_none_or(|resource| resource.parent_id.is_some());
        paging.page_in(listed.into_iter().map(|resource| (resource.id.as_str(), resource)), is_late, show)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetResource {
    rest_api_id: String,
    resource_id: String,
    #[serde(default)]
    embed: Vec<Embedded>,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (GetResource { rest_api_id, resource_id, embed }, scope) = operation.input()?;
    scope.read(|state| {
        let resource = state.apigateway.api(scope.account(), &rest_api_id)?.resource(&resource_id)?;
        Ok(Output::Members(resource.show(embed.contains(&Embedded::Methods))))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateResource {
    rest_api_id: String,
    parent_id: String,
    path_part: String,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (CreateResource { rest_api_id, parent_id, path_part }, scope) = operation.input()?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &rest_api_id)?;
        api.resource(&parent_id)?;
        check_siblings(&api.resources, &parent_id, &path_part)?;
        let id = child(&mut api.resources, &parent_id, &path_part)?;
        Ok(api.resource(&id)?.show(false))
    });
    Ok(Output::Members(shown.await?))
}

/// The children of a resource differ, and one of them at most is a parameter, greedy or not.
fn check_siblings(resources: &Resources, parent: &str, path_part: &str) -> Result<(), AwsError> {
    let is_parameter = |part: &str| part.starts_with('{');
    for sibling in resources.values().filter(|other| other.parent_id.as_deref() == Some(parent)) {
        let part = sibling.path_part.as_deref().unwrap_or_default();
        if part == path_part {
            return Err(conflict(format!("Another resource with the same parent already has this name: {part}")));
        }
        if is_parameter(part) && is_parameter(path_part) {
            return Err(bad_request(format!(
                "A sibling ({part}) of this resource already has a variable path part -- only one is allowed"
            )));
        }
    }
    Ok(())
}

/// Finds or makes a child of a resource; gives its id.
pub(super) fn child(resources: &mut Resources, parent: &str, part: &str) -> Result<String, AwsError> {
    let known = |resource: &&Resource| {
        resource.parent_id.as_deref() == Some(parent) && resource.path_part.as_deref() == Some(part)
    };
    if let Some(resource) = resources.values().find(known) {
        return Ok(resource.id.clone());
    }
    check_part(part)?;
    let base = resources.get(parent).ok_or_else(|| absent("Resource"))?.path.clone();
    if let Some(greedy) = base.rsplit('/').next().filter(|part| part.ends_with("+}")) {
        return Err(bad_request(format!("Cannot create a child of a resource with a greedy path variable: {greedy}")));
    }
    let resource = Resource {
        id: letter_id(6)?,
        parent_id: Some(parent.to_owned()),
        path_part: Some(part.to_owned()),
        path: format!("{}/{part}", base.trim_end_matches('/')),
        methods: BTreeMap::new(),
    };
    let id = resource.id.clone();
    resources.insert(id.clone(), resource);
    Ok(id)
}

/// One part of a path: plain characters, or one parameter in braces.
fn check_part(part: &str) -> Result<(), AwsError> {
    let plain = |text: &str, also: &[u8]| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
    };
    let valid = match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => plain(name.strip_suffix('+').unwrap_or(name), b"._-"),
        None => plain(part, b"._-:$@,~!*"),
    };
    if valid {
        return Ok(());
    }
    Err(bad_request(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the \
         beginning and the end.",
    ))
}

/// The resource that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourcePath {
    rest_api_id: String,
    resource_id: String,
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (ResourcePath { rest_api_id, resource_id }, patch, scope) = patch::inputs::<ResourcePath>(operation)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.api_mut(scope.account(), &rest_api_id)?;
        let old = api.resource(&resource_id)?.clone();
        let place = Place { parent_id: old.parent_id.clone(), path_part: old.path_part.clone() };
        patch.replaces(&["parentId", "pathPart"])?;
        if let (None, Some(operation)) = (&place.parent_id, patch.operations().next()) {
            let member = operation.path().trim_start_matches('/');
            return Err(bad_request(format!("Root resource cannot update its {member}.")));
        }
        let place: Place = patch.apply(&place)?;
        let (Some(parent_id), Some(path_part)) = (place.parent_id, place.path_part) else {
            return Ok(old.show(false));
        };
        check_part(&path_part)?;
        let parent = api.resource(&parent_id)?.path.clone();
        if parent == old.path || parent.starts_with(&format!("{}/", old.path)) {
            return Err(bad_request("Resources cannot be cyclical."));
        }
        let mut others = api.resources.clone();
        others.remove(&resource_id);
        check_siblings(&others, &parent_id, &path_part)?;
        let renamed = format!("{}/{path_part}", parent.trim_end_matches('/'));
        for resource in api.resources.values_mut() {
            let below = resource.path.strip_prefix(&old.path).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            if let Some(below) = below.map(str::to_owned) {
                resource.path = format!("{renamed}{below}");
            }
        }
        let resource = api.resource_mut(&resource_id)?;
        (resource.parent_id, resource.path_part) = (Some(parent_id), Some(path_part));
        Ok(resource.show(false))
    });
    Ok(Output::Members(shown.await?))
}

/// Where a resource stands.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    parent_id: Option<String>,
    path_part: Option<String>,
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (ResourcePath { rest_api_id, resource_id }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        let resources = &mut state.apigateway.api_mut(scope.account(), &rest_api_id)?.resources;
        let resource = resources.remove(&resource_id).ok_or_else(|| absent("Resource"))?;
        if resource.parent_id.is_none() {
            return Err(bad_request("Root resource cannot be deleted"));
        }
        let prefix = format!("{}/", resource.path);
        resources.retain(|_, other| !other.path.starts_with(&prefix));
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}
