//! Request validators: whether the parameters that a method wants are there, and whether the body is what its model says.

use super::{
    body_model::Model,
    error::{absent, bad_request, conflict},
    failure::Failure,
    incoming::Incoming,
    model::{Method, Validator},
    paging::Paging,
    patch,
    rest_apis::ApiPath,
    schema,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The validator that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ValidatorPath {
    rest_api_id: String,
    request_validator_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateRequestValidator {
    #[serde(default)]
    name: String,
    #[serde(default)]
    validate_request_body: bool,
    #[serde(default)]
    validate_request_parameters: bool,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, CreateRequestValidator>()?;
    let validator = Validator {
        id: letter_id(6)?,
        name: input.name,
        validate_request_body: input.validate_request_body,
        validate_request_parameters: input.validate_request_parameters,
    };
    let shown = json!(validator);
    let added = scope.change(|state| {
        let api = state.apigateway.find_mut(&at.rest_api_id);
        let api = api.ok_or_else(|| bad_request("Invalid REST API identifier specified"))?;
        api.validators.insert(validator.id.clone(), validator);
        Ok(())
    });
    added.await?;
    Ok(Output::Members(shown))
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ValidatorPath>()?;
    scope.read(|state| {
        let api = state.apigateway.find(&at.rest_api_id);
        let found = api.and_then(|api| api.validators.get(&at.request_validator_id));
        Ok(Output::Members(json!(found.ok_or_else(|| absent("Request Validator"))?)))
    })
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let validators = state.apigateway.api(scope.account(), &at.rest_api_id)?.validators.values();
        paging.page(validators.map(|validator| (validator.id.as_str(), validator)), |validator| json!(validator))
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<ValidatorPath>(operation)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.find_mut(&at.rest_api_id);
        let found = api.and_then(|api| api.validators.get_mut(&at.request_validator_id));
        let validator = found.ok_or_else(|| absent("Request Validator"))?;
        patch.replaces(&["name", "validateRequestParameters", "validateRequestBody"])?;
        if patch.operations().any(|operation| operation.path() == "/name" && is_blank(operation.value())) {
            return Err(bad_request("Request Validator name cannot be blank"));
        }
        *validator = patch.apply(&*validator)?;
        Ok(json!(validator))
    });
    Ok(Output::Members(shown.await?))
}

fn is_blank(name: Option<&str>) -> bool {
    name.is_none_or(|name| name.trim().is_empty())
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ValidatorPath>()?;
    let removed = scope.change(|state| {
        let api = state.apigateway.find_mut(&at.rest_api_id).ok_or_else(|| absent("Request Validator"))?;
        let mut methods = api.resources.values().flat_map(|resource| resource.methods.values());
        if methods.any(|method| method.request_validator_id.as_ref() == Some(&at.request_validator_id)) {
            return Err(conflict("Cannot delete a request validator that is used by a method"));
        }
        api.validators.remove(&at.request_validator_id).map(drop).ok_or_else(|| absent("Request Validator"))
    });
    removed.await?;
    Ok(Output::Done)
}

/// What requests of an API are looked at by.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) validators: &'a BTreeMap<String, Validator>,
    pub(super) models: &'a BTreeMap<String, Model>,
}

/// Refuses a request that lacks what its method wants, or whose body is not what the method's model for its type says,
/// where the method has a validator that looks.
pub(super) fn validate(rules: Rules<'_>, method: &Method, incoming: &Incoming) -> Result<(), Failure> {
    let validator = method.request_validator_id.as_ref().and_then(|id| rules.validators.get(id));
    let Some(validator) = validator else { return Ok(()) };
    if validator.validate_request_parameters {
        validate_parameters(method, incoming)?;
    }
    if validator.validate_request_body { validate_body(rules, method, incoming) } else { Ok(()) }
}

fn validate_parameters(method: &Method, incoming: &Incoming) -> Result<(), Failure> {
    let wanted = method.request_parameters.iter().filter(|(_, is_wanted)| **is_wanted);
    let missing: Vec<_> = wanted
        .filter_map(|(name, _)| name.strip_prefix("method.request.")?.split_once('.'))
        .filter(|(place, name)| {
            let value = match *place {
                "path" => incoming.parameters.path.get(*name),
                "querystring" => incoming.parameters.query.get(*name),
                _ => incoming.parameters.header(name),
            };
            value.is_none_or(String::is_empty)
        })
        .map(|(_, name)| name.to_owned())
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Failure::Parameters(missing)) }
}

fn validate_body(rules: Rules<'_>, method: &Method, incoming: &Incoming) -> Result<(), Failure> {
    let content_type = incoming.content_type();
    let models = &method.request_models;
    let chosen = models.iter().find(|(kind, _)| kind.eq_ignore_ascii_case(content_type)).map(|(_, name)| name);
    let chosen = chosen.or_else(|| models.get("$default"));
    let schema = chosen.and_then(|name| rules.models.get(name)?.schema.as_deref()).filter(|text| !text.is_empty());
    let Some(why) = schema.and_then(|schema| schema::faults(schema, rules.models, incoming.text())) else {
        return Ok(());
    };
    incoming
        .journal
        .note(|| format!("Request body does not match model schema for content type {content_type}: {why}"));
    Err(Failure::Body(why))
}
