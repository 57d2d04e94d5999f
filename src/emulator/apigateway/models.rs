//! The operations on models, which say what bodies look like.

use super::{
    body_model::Model,
    error::{bad_request, conflict, not_found},
    model::RestApi,
    paging::Paging,
    patch, reference,
    rest_apis::ApiPath,
    schema,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, letter_id},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most bytes of a schema: API Gateway's own limit.
const MAX_SCHEMA: usize = 400 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateModel {
    name: String,
    description: Option<String>,
    content_type: String,
    schema: Option<String>,
}

/// Checks a model of an API, whose other models its schema may refer to.
pub(super) fn check(model: &Model, models: &BTreeMap<String, Model>) -> Result<(), AwsError> {
    if model.name.is_empty() {
        return Err(bad_request("Model name must be non-empty"));
    }
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain(&model.name) {
        return Err(bad_request("Model name must be alphanumeric: [a-zA-Z0-9]+"));
    }
    if model.content_type.is_empty() || !model.content_type.contains('/') {
        return Err(bad_request(format!("Invalid content type specified: {}", model.content_type)));
    }
    let Some(text) = model.schema.as_deref().filter(|text| !text.is_empty()) else {
        return Err(bad_request("Model schema must have at least 1 property or array items defined"));
    };
    if text.len() > MAX_SCHEMA {
        return Err(bad_request(format!("Model schema is larger than {MAX_SCHEMA} bytes")));
    }
    let invalid = |why: String| {
        bad_request(format!("Invalid model specified: Validation Result: warnings : [], errors : [{why}]"))
    };
    let schema: Value =
        serde_json::from_str(text).map_err(|error| invalid(format!("Invalid model schema specified: {error}")))?;
    schema::check(&schema, models).map_err(|why| invalid(format!("Invalid model schema specified. {why}")))
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, CreateModel>()?;
    let CreateModel { name, description, content_type, schema } = input;
    let description = description.filter(|text| !text.is_empty());
    let model = Model { id: letter_id(6)?, name, description, content_type, schema };
    let shown = json!(model);
    let added = scope.change(|state| {
        let models = &mut state.apigateway.api_mut(scope.account(), &at.rest_api_id)?.models;
        check(&model, models)?;
        if models.contains_key(&model.name) {
            return Err(conflict("Model name already exists for this REST API"));
        }
        models.insert(model.name.clone(), model);
        Ok(())
    });
    added.await?;
    Ok(Output::Members(shown))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelPath {
    rest_api_id: String,
    model_name: String,
}

fn no_model(name: &str) -> AwsError {
    not_found(format!("Invalid model name specified: {name}"))
}

fn find<'s>(api: &'s RestApi, name: &str) -> Result<&'s Model, AwsError> {
    api.models.get(name).ok_or_else(|| no_model(name))
}

#[derive(Deserialize)]
struct Flatten {
    #[serde(default)]
    flatten: bool,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, Flatten { flatten }, scope) = operation.inputs::<ModelPath, Flatten>()?;
    scope.read(|state| {
        let api = state.apigateway.find(&at.rest_api_id).ok_or_else(|| no_model(&at.model_name))?;
        let model = find(api, &at.model_name)?;
        let mut shown = json!(model);
        if flatten && let Some(flat) = model.schema.as_deref().and_then(|text| schema::flat(text, &api.models)) {
            shown["schema"] = flat.into();
        }
        Ok(Output::Members(shown))
    })
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| {
        let models = state.apigateway.api(scope.account(), &at.rest_api_id)?.models.values();
        paging.page(models.map(|model| (model.name.as_str(), model)), |model| json!(model))
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<ModelPath>(operation)?;
    let shown = scope.change(|state| {
        let api = state.apigateway.find_mut(&at.rest_api_id).ok_or_else(|| no_model(&at.model_name))?;
        let old = find(api, &at.model_name)?;
        patch.replaces(&["description", "schema"])?;
        let mut new: Model = patch.apply(old)?;
        new.description = new.description.filter(|text| !text.is_empty());
        check(&new, &api.models)?;
        let shown = json!(new);
        api.models.insert(new.name.clone(), new);
        Ok(shown)
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ModelPath>()?;
    let removed = scope.change(|state| {
        let api = state.apigateway.find_mut(&at.rest_api_id).ok_or_else(|| no_model(&at.model_name))?;
        find(api, &at.model_name)?;
        let methods = api.resources.values().flat_map(|of| of.methods.values().map(move |method| (of, method)));
        for (resource, method) in methods {
            let is_it = |name: &String| *name == at.model_name;
            let mut responses = method.responses.values().flat_map(|response| response.response_models.values());
            let place = match (method.request_models.values().any(is_it), responses.any(is_it)) {
                (true, _) => "request",
                (false, true) => "response",
                (false, false) => continue,
            };
            let (name, path) = (&at.model_name, &resource.path);
            return Err(conflict(format!(
                "Cannot delete model '{name}', is referenced in method {place}: {path}/{}",
                method.name
            )));
        }
        let mut others = api.models.values().filter(|other| other.name != at.model_name);
        let referring = others.find(|other| {
            let schema = other.schema.as_deref().unwrap_or_default();
            reference::names(schema).any(|name| name == at.model_name)
        });
        if let Some(other) = referring {
            return Err(conflict(format!(
                "Cannot delete model '{}', is referenced in model: {}",
                at.model_name, other.name
            )));
        }
        api.models.remove(&at.model_name);
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

/// `GetModelTemplate`: a mapping template that passes on what a model has.
pub(super) fn template(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ModelPath>()?;
    scope.read(|state| {
        let api = state.apigateway.find(&at.rest_api_id).ok_or_else(|| no_model(&at.model_name))?;
        let schema = find(api, &at.model_name)?.schema.as_deref();
        let schema = schema.and_then(|text| schema::flat(text, &api.models)).unwrap_or_default();
        let schema: Value = serde_json::from_str(&schema).unwrap_or_default();
        let value = format!("#set($inputRoot = $input.path('$'))\n{}", mapped(&schema, "$inputRoot", 0));
        Ok(Output::Members(json!({ "value": value })))
    })
}

/// Writes what of a template stands for a part of a schema; deep recursion ends in nothing.
fn mapped(schema: &Value, at: &str, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match schema["type"].as_str() {
        Some("object") | None if schema["properties"].is_object() && depth < 16 => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let lines: Vec<_> = properties
                .map(|(name, inner)| {
                    format!("{indent}  \"{name}\" : {}", mapped(inner, &format!("{at}.{name}"), depth + 1))
                })
                .collect();
            format!("{{\n{}\n{indent}}}", lines.join(",\n"))
        }
        Some("object") => "{ }".to_owned(),
        Some("array") if depth < 16 => format!(
            "[\n#foreach($elem in {at})\n{indent}  {}#if($foreach.hasNext),#end\n\n#end\n{indent}]",
            mapped(&schema["items"], "$elem", depth + 1)
        ),
        Some("string") => format!("\"{at}\""),
        _ => at.to_owned(),
    }
}
