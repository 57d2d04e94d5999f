//! What every account and every API has without anybody having made it: quotas, two models, no authorizers.

use super::{error::absent, paging::Paging, rest_apis::ApiPath};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// `GetAccount`: API Gateway's own limits of a region.
pub(super) fn account(operation: Operation<'_>) -> Result<Output, AwsError> {
    #[derive(Deserialize)]
    struct Nothing {}
    let (Nothing {}, _) = operation.input()?;
    Ok(Output::Members(json!({
        "throttleSettings": { "burstLimit": 5000, "rateLimit": 10_000.0 },
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    })))
}

/// `GetAuthorizers`.
pub(super) fn authorizers(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| state.apigateway.api(&at.rest_api_id).map(drop))?;
    paging.page(std::iter::empty(), |none: &Value| none.clone())
}

/// The models that API Gateway makes with every API, in the order of their names.
fn made_with_it() -> [Value; 2] {
    let model = |id: &str, name: &str, description: &str, schema: Value| {
        json!({
            "id": id,
            "name": name,
            "description": description,
            "contentType": "application/json",
            "schema": format!("{schema:#}"),
        })
    };
    let draft = "http://json-schema.org/draft-04/schema#";
    let error = json!({
        "$schema": draft,
        "title": "Error Schema",
        "type": "object",
        "properties": { "message": { "type": "string" } },
    });
    let empty = json!({ "$schema": draft, "title": "Empty Schema", "type": "object" });
    [
        model("empty0", "Empty", "This is a default empty schema model", empty),
        model("error0", "Error", "This is a default error schema model", error),
    ]
}

/// `GetModels`.
pub(super) fn models(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| state.apigateway.api(&at.rest_api_id).map(drop))?;
    let models = made_with_it();
    let named = models.iter().filter_map(|model| Some((model["id"].as_str()?, model)));
    paging.page(named, Value::clone)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelPath {
    rest_api_id: String,
    model_name: String,
    /// Nothing is left to put in where a model refers to no other.
    #[expect(dead_code, reason = "both models are flat")]
    flatten: Option<bool>,
}

/// `GetModel`.
pub(super) fn model(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ModelPath>()?;
    scope.read(|state| state.apigateway.api(&at.rest_api_id).map(drop))?;
    let found = made_with_it().into_iter().find(|model| model["name"] == at.model_name.as_str());
    found.map(Output::Members).ok_or_else(|| absent("model name"))
}
