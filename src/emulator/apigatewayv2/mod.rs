//! API Gateway's HTTP APIs: what clients put together ([`SERVICE`]), and what callers of a deployed API get ([`api`]).
//!
//! A service of its own that shares its signing name with REST APIs; its paths begin with `/v2/`. WebSocket APIs with
//! their models, integrations of services, custom domains and VPC links are refused, not ignored.

mod answer;
mod apis;
mod authorization;
mod authorizers;
mod cors;
mod error;
mod event;
mod gateway;
mod integrations;
mod jwt;
mod mapping;
mod matching;
mod model;
mod nothing;
mod openapi;
mod routes;
mod stages;

pub use gateway::{Served, api, find, too_large};
pub use model::State;

use super::{
    service::{Handler, Service},
    wire::routes::Routes,
};
use std::sync::LazyLock;

/// The table of operations, as AWS's model has them.
static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::parse(include_str!("operations.txt")));

/// API Gateway's HTTP APIs.
pub static SERVICE: Service = Service {
    name: "apigatewayv2",
    routes: Some(&ROUTES),
    names: None,
    members: include_str!("members.txt"),
    operations: &[
        ("CreateApi", Handler::Async(|operation| Box::pin(apis::create(operation)))),
        ("CreateAuthorizer", Handler::Async(|operation| Box::pin(authorizers::create(operation)))),
        ("CreateDeployment", Handler::Async(|operation| Box::pin(stages::deploy(operation)))),
        ("CreateIntegration", Handler::Async(|operation| Box::pin(integrations::create(operation)))),
        ("CreateRoute", Handler::Async(|operation| Box::pin(routes::create(operation)))),
        ("CreateStage", Handler::Async(|operation| Box::pin(stages::create(operation)))),
        ("DeleteAccessLogSettings", Handler::Async(|operation| Box::pin(stages::delete_log(operation)))),
        ("DeleteApi", Handler::Async(|operation| Box::pin(apis::delete(operation)))),
        ("DeleteAuthorizer", Handler::Async(|operation| Box::pin(authorizers::delete(operation)))),
        ("DeleteCorsConfiguration", Handler::Async(|operation| Box::pin(apis::delete_cors(operation)))),
        ("DeleteDeployment", Handler::Async(|operation| Box::pin(stages::undeploy(operation)))),
        ("DeleteIntegration", Handler::Async(|operation| Box::pin(integrations::delete(operation)))),
        ("DeleteRoute", Handler::Async(|operation| Box::pin(routes::delete(operation)))),
        ("DeleteRouteSettings", Handler::Async(|operation| Box::pin(stages::delete_route_settings(operation)))),
        ("DeleteStage", Handler::Async(|operation| Box::pin(stages::delete(operation)))),
        ("ExportApi", Handler::Sync(openapi::export)),
        ("GetApi", Handler::Sync(apis::get)),
        ("GetApis", Handler::Sync(apis::list)),
        ("GetAuthorizer", Handler::Sync(authorizers::get)),
        ("GetAuthorizers", Handler::Sync(authorizers::list)),
        ("GetDeployment", Handler::Sync(stages::deployment)),
        ("GetDeployments", Handler::Sync(stages::deployments)),
        ("GetDomainNames", Handler::Sync(nothing::list)),
        ("GetIntegration", Handler::Sync(integrations::get)),
        ("GetIntegrationResponses", Handler::Sync(nothing::integration_responses)),
        ("GetIntegrations", Handler::Sync(integrations::list)),
        ("GetModels", Handler::Sync(nothing::models)),
        ("GetRoute", Handler::Sync(routes::get)),
        ("GetRouteResponses", Handler::Sync(nothing::route_responses)),
        ("GetRoutes", Handler::Sync(routes::list)),
        ("GetStage", Handler::Sync(stages::get)),
        ("GetStages", Handler::Sync(stages::list)),
        ("GetTags", Handler::Sync(apis::tags)),
        ("GetVpcLinks", Handler::Sync(nothing::list)),
        ("ImportApi", Handler::Async(|operation| Box::pin(openapi::import(operation)))),
        ("ReimportApi", Handler::Async(|operation| Box::pin(openapi::reimport(operation)))),
        ("ResetAuthorizersCache", Handler::Sync(authorizers::reset)),
        ("TagResource", Handler::Async(|operation| Box::pin(apis::tag(operation)))),
        ("UntagResource", Handler::Async(|operation| Box::pin(apis::untag(operation)))),
        ("UpdateApi", Handler::Async(|operation| Box::pin(apis::update(operation)))),
        ("UpdateAuthorizer", Handler::Async(|operation| Box::pin(authorizers::update(operation)))),
        ("UpdateIntegration", Handler::Async(|operation| Box::pin(integrations::update(operation)))),
        ("UpdateRoute", Handler::Async(|operation| Box::pin(routes::update(operation)))),
        ("UpdateStage", Handler::Async(|operation| Box::pin(stages::update(operation)))),
    ],
    fault: error::fault,
};
