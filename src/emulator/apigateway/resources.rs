//! The operations on resources, their methods and what answers them.

use super::{
    HttpMethod, Patch, Request,
    error::{absent, bad_request, conflict, not_found},
    model::{IntegrationResponse, Method, MethodResponse, Resource},
    openapi, unknown,
};
use crate::{emulator::wire::AwsError, http1::Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateResource {
    path_part: String,
}

pub(super) async fn route(
    request: &Request<'_>,
    method: &HttpMethod,
    api: &str,
    rest: &[&str],
) -> Result<Response, AwsError> {
    match (method, rest) {
        (&HttpMethod::GET, []) => list(request, api),
        (&HttpMethod::POST, [parent]) => create(request, api, parent).await,
        (&HttpMethod::GET, [id]) => {
            let with_methods = embeds_methods(request);
            let shown = request.read(|state| {
                let resource = state.api(api)?.resources.get(*id).ok_or_else(|| absent("Resource"))?;
                Ok::<_, AwsError>(resource.show(with_methods))
            })?;
            Ok(request.ok(&shown))
        }
        (&HttpMethod::DELETE, [id]) => delete(request, api, id).await,
        (_, [resource, "methods", name]) => method_route(request, method, api, resource, name).await,
        (_, [resource, "methods", name, "responses", status]) => {
            method_response(request, method, (api, resource, name), status).await
        }
        (_, [resource, "methods", name, "integration"]) => {
            integration_route(request, method, (api, resource, name)).await
        }
        (_, [resource, "methods", name, "integration", "responses", status]) => {
            integration_response(request, method, (api, resource, name), status).await
        }
        _ => Err(unknown(request)),
    }
}

/// Where a method is: the API's id, the resource's id, the method's name.
type Place<'a> = (&'a str, &'a str, &'a str);

fn embeds_methods(request: &Request<'_>) -> bool {
    request.queries("embed").any(|what| what == "methods")
}

fn list(request: &Request<'_>, api: &str) -> Result<Response, AwsError> {
    let with_methods = embeds_methods(request);
    let shown = request.read(|state| {
        let resources = state.api(api)?.resources.iter().map(|(id, resource)| (id.as_str(), resource));
        request.page(resources, |resource: &Resource| resource.show(with_methods))
    })?;
    Ok(request.ok(&shown))
}

async fn create(request: &Request<'_>, api: &str, parent: &str) -> Result<Response, AwsError> {
    let CreateResource { path_part } = request.input()?;
    let shown = request
        .change(|state| {
            let resources = &mut state.api_mut(api)?.resources;
            if !resources.contains_key(parent) {
                return Err(absent("Resource"));
            }
            let is_sibling = |other: &Resource| other.parent_id.as_deref() == Some(parent);
            let is_parameter = |part: &str| part.starts_with('{') && !part.ends_with("+}");
            for sibling in resources.values().filter(|other| is_sibling(other)) {
                let part = sibling.path_part.as_deref().unwrap_or_default();
                if part == path_part {
                    return Err(conflict(format!(
                        "Another resource with the same parent already has this name: {part}"
                    )));
                }
                if is_parameter(part) && is_parameter(&path_part) {
                    return Err(bad_request(format!(
                        "A sibling ({part}) of this resource already has a variable path part"
                    )));
                }
            }
            let id = openapi::child(resources, parent, &path_part)?;
            Ok(resources[&id].show(false))
        })
        .await?;
    Ok(request.created(&shown))
}

async fn delete(request: &Request<'_>, api: &str, id: &str) -> Result<Response, AwsError> {
    request
        .change(|state| {
            let resources = &mut state.api_mut(api)?.resources;
            let resource = resources.remove(id).ok_or_else(|| absent("Resource"))?;
            if resource.parent_id.is_none() {
                return Err(bad_request("Root resource cannot be deleted"));
            }
            let prefix = format!("{}/", resource.path);
            resources.retain(|_, other| !other.path.starts_with(&prefix));
            Ok(())
        })
        .await?;
    Ok(request.empty(StatusCode::ACCEPTED))
}

async fn method_route(
    request: &Request<'_>,
    http: &HttpMethod,
    api: &str,
    resource: &str,
    name: &str,
) -> Result<Response, AwsError> {
    match *http {
        HttpMethod::PUT => put_method(request, api, resource, name).await,
        HttpMethod::GET => show(request, (api, resource, name), |method| Some(json!(method))),
        HttpMethod::PATCH => {
            let patch: Patch = request.input()?;
            let shown = request
                .change(|state| {
                    let method = state.api_mut(api)?.method_mut(resource, name)?;
                    *method = patch.apply(&*method)?;
                    check_authorization(method)?;
                    Ok(json!(method))
                })
                .await?;
            Ok(request.ok(&shown))
        }
        HttpMethod::DELETE => {
            request
                .change(|state| {
                    let resources = &mut state.api_mut(api)?.resources;
                    let resource = resources.get_mut(resource).ok_or_else(|| absent("Resource"))?;
                    resource.methods.remove(name).map(drop).ok_or_else(|| absent("Method"))
                })
                .await?;
            Ok(request.empty(StatusCode::NO_CONTENT))
        }
        _ => Err(unknown(request)),
    }
}

async fn put_method(request: &Request<'_>, api: &str, resource: &str, name: &str) -> Result<Response, AwsError> {
    if !METHODS.contains(&name) {
        return Err(bad_request("Invalid HTTP method specified"));
    }
    let method = Method { name: name.to_owned(), ..request.input()? };
    check_authorization(&method)?;
    let shown = json!(method);
    request
        .change(|state| {
            let resources = &mut state.api_mut(api)?.resources;
            let resource = resources.get_mut(resource).ok_or_else(|| absent("Resource"))?;
            if resource.methods.contains_key(name) {
                return Err(conflict("Method already exists for this resource"));
            }
            resource.methods.insert(name.to_owned(), method);
            Ok(())
        })
        .await?;
    Ok(request.created(&shown))
}

/// A method that would need an authorizer must not be open instead.
fn check_authorization(method: &Method) -> Result<(), AwsError> {
    match method.authorization_type.as_str() {
        "NONE" => Ok(()),
        "" => Err(bad_request("Invalid authorization type specified")),
        other => Err(bad_request(format!("The emulator has no authorization but NONE and API keys, not {other}."))),
    }
}

async fn method_response(
    request: &Request<'_>,
    http: &HttpMethod,
    place: Place<'_>,
    status: &str,
) -> Result<Response, AwsError> {
    let (api, resource, name) = place;
    match *http {
        HttpMethod::PUT => {
            let response = MethodResponse { status_code: checked(status)?, ..request.input()? };
            let shown = json!(response);
            request
                .change(|state| {
                    let responses = &mut state.api_mut(api)?.method_mut(resource, name)?.responses;
                    match responses.insert(status.to_owned(), response) {
                        Some(_) => Err(conflict("Response already exists for this resource")),
                        None => Ok(()),
                    }
                })
                .await?;
            Ok(request.created(&shown))
        }
        HttpMethod::GET => show(request, place, |method| method.responses.get(status).map(|found| json!(found))),
        HttpMethod::DELETE => remove(request, place, |method| method.responses.remove(status).is_some()).await,
        _ => Err(unknown(request)),
    }
}

async fn integration_route(request: &Request<'_>, http: &HttpMethod, place: Place<'_>) -> Result<Response, AwsError> {
    let (api, resource, name) = place;
    match *http {
        HttpMethod::PUT => {
            let mut input: Value = request.input()?;
            // The way to the backend has a name of its own on the wire.
            if input["httpMethod"].is_null() {
                input["httpMethod"] = input["integrationHttpMethod"].take();
            }
            let integration = openapi::read_integration(input)?.check(resource)?;
            let shown = json!(integration);
            request
                .change(|state| {
                    state.api_mut(api)?.method_mut(resource, name)?.integration = Some(integration);
                    Ok(())
                })
                .await?;
            Ok(request.created(&shown))
        }
        HttpMethod::GET => show(request, place, |method| method.integration.as_ref().map(|found| json!(found))),
        HttpMethod::PATCH => {
            let patch: Patch = request.input()?;
            let shown = request
                .change(|state| {
                    let method = state.api_mut(api)?.method_mut(resource, name)?;
                    let old = method.integration.as_ref().ok_or_else(|| absent("Integration"))?;
                    let new = patch.apply(old)?.check(resource)?;
                    Ok(json!(method.integration.insert(new)))
                })
                .await?;
            Ok(request.ok(&shown))
        }
        HttpMethod::DELETE => remove(request, place, |method| method.integration.take().is_some()).await,
        _ => Err(unknown(request)),
    }
}

async fn integration_response(
    request: &Request<'_>,
    http: &HttpMethod,
    place: Place<'_>,
    status: &str,
) -> Result<Response, AwsError> {
    let (api, resource, name) = place;
    match *http {
        HttpMethod::PUT => {
            let response = IntegrationResponse { status_code: checked(status)?, ..request.input()? };
            super::mock::check(&response.response_templates)?;
            let shown = json!(response);
            request
                .change(|state| {
                    let method = state.api_mut(api)?.method_mut(resource, name)?;
                    let integration = method.integration.as_mut().ok_or_else(|| absent("Integration"))?;
                    integration.responses.insert(status.to_owned(), response);
                    Ok(())
                })
                .await?;
            Ok(request.created(&shown))
        }
        HttpMethod::GET => {
            show(request, place, |method| method.integration.as_ref()?.responses.get(status).map(|found| json!(found)))
        }
        HttpMethod::DELETE => {
            let take = |method: &mut Method| {
                let integration = method.integration.as_mut();
                integration.is_some_and(|found| found.responses.remove(status).is_some())
            };
            remove(request, place, take).await
        }
        _ => Err(unknown(request)),
    }
}

fn checked(status: &str) -> Result<String, AwsError> {
    let valid = status.len() == 3 && status.starts_with(['1', '2', '3', '4', '5']) && status.parse::<u16>().is_ok();
    if valid { Ok(status.to_owned()) } else { Err(bad_request(format!("Invalid status code: {status}"))) }
}

/// Shows a part of a method.
fn show(
    request: &Request<'_>,
    (api, resource, name): Place<'_>,
    part: impl FnOnce(&Method) -> Option<Value>,
) -> Result<Response, AwsError> {
    let shown = request.read(|state| {
        let resource = state.api(api)?.resources.get(resource).ok_or_else(|| absent("Resource"))?;
        let method = resource.methods.get(name).ok_or_else(|| absent("Method"))?;
        part(method).ok_or_else(|| not_found("Invalid identifier specified"))
    })?;
    Ok(request.ok(&shown))
}

/// Removes a part of a method.
async fn remove(
    request: &Request<'_>,
    (api, resource, name): Place<'_>,
    take: impl FnOnce(&mut Method) -> bool,
) -> Result<Response, AwsError> {
    request
        .change(|state| {
            if take(state.api_mut(api)?.method_mut(resource, name)?) {
                Ok(())
            } else {
                Err(not_found("Invalid identifier specified"))
            }
        })
        .await?;
    Ok(request.empty(StatusCode::NO_CONTENT))
}
