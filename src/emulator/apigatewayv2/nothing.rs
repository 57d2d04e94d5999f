//! Lists of what nobody can make here: custom domains, links to networks, and the models and answers of WebSocket APIs.
//! They are empty; what is asked about is looked for all the same.

use super::{apis::ApiPath, error::absent, model::Paging};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;

fn none(paging: &Paging) -> Result<Output, AwsError> {
    paging.page(std::iter::empty()).map(Output::Members)
}

/// `GetDomainNames` and `GetVpcLinks`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (paging, _) = operation.input::<Paging>()?;
    none(&paging)
}

/// `GetModels`.
pub(super) fn models(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<ApiPath, Paging>()?;
    scope.read(|state| state.apigatewayv2.api(&at.api_id).map(drop))?;
    none(&paging)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfRoute {
    api_id: String,
    route_id: String,
}

/// `GetRouteResponses`.
pub(super) fn route_responses(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<OfRoute, Paging>()?;
    scope.read(|state| {
        let route = state.apigatewayv2.api(&at.api_id)?.routes.get(&at.route_id);
        route.map(drop).ok_or_else(|| absent("Route", &at.route_id))
    })?;
    none(&paging)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfIntegration {
    api_id: String,
    integration_id: String,
}

/// `GetIntegrationResponses`.
pub(super) fn integration_responses(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, paging, scope) = operation.inputs::<OfIntegration, Paging>()?;
    scope.read(|state| {
        let integration = state.apigatewayv2.api(&at.api_id)?.integrations.get(&at.integration_id);
        integration.map(drop).ok_or_else(|| absent("Integration", &at.integration_id))
    })?;
    none(&paging)
}
