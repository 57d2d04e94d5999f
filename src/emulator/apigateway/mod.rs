//! API Gateway's REST APIs: what clients put together ([`SERVICE`]), and what callers of a deployed API get ([`api`]).
//!
//! What is put is not served before it is deployed: a deployment is a copy, and a stage serves one, or two. Caches, user
//! pools, client certificates and custom domains are refused, not ignored.

pub(in crate::emulator) mod access_log;
mod account;
mod answer;
mod authorization;
mod authorizer;
mod authorizers;
pub(in crate::emulator) mod backend;
mod body_model;
mod choice;
mod constraints;
mod deployments;
mod documentation;
mod documented;
mod encoding;
mod error;
mod event;
mod exchange;
mod execution_log;
mod export;
mod failure;
mod function;
mod gateway;
mod gateway_responses;
mod headers;
mod incoming;
mod integration_responses;
mod integrations;
mod journal;
mod key;
mod keys;
mod mapping;
mod matching;
mod memory;
mod method_settings;
mod methods;
mod model;
mod models;
mod nothing;
pub(in crate::emulator) mod openapi;
mod paging;
mod patch;
pub(in crate::emulator) mod policy;
mod policy_text;
mod reference;
mod resources;
mod rest_apis;
mod schema;
mod schema_cost;
mod service_call;
pub(in crate::emulator) mod stage_variables;
mod stages;
mod state;
mod tags;
mod template;
mod test_invoke;
mod uri;
mod usage;
mod usage_plan;
mod usage_plans;
mod validators;

pub(in crate::emulator) use answer::header_name;
pub(in crate::emulator) use exchange::with_stage_variables;
pub(in crate::emulator) use failure::Failure;
pub(in crate::emulator) use function::{Function, Outcome, new_trace};
pub use gateway::{Served, api, find};
pub use key::ApiKey;
pub use memory::Memory;
pub(in crate::emulator) use memory::Pace;
pub use model::RestApi;
pub use state::State;
pub(in crate::emulator) use template::{found_at, is_path};
pub(in crate::emulator) use uri::function_arn;
pub use usage::Usage;
pub use usage_plan::UsagePlan;

use super::{
    service::{Handler, Service},
    wire::routes::Routes,
};
use std::sync::LazyLock;

/// The table of operations, as AWS's model has them.
static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::parse(include_str!("operations.txt")));

/// API Gateway.
pub static SERVICE: Service = Service {
    name: "apigateway",
    routes: Some(&ROUTES),
    names: None,
    members: include_str!("members.txt"),
    operations: &[
        ("CreateApiKey", Handler::Async(|operation| Box::pin(keys::create(operation)))),
        ("CreateAuthorizer", Handler::Async(|operation| Box::pin(authorizers::create(operation)))),
        ("CreateDeployment", Handler::Async(|operation| Box::pin(deployments::create(operation)))),
        ("CreateDocumentationPart", Handler::Async(|operation| Box::pin(documentation::create_part(operation)))),
        ("CreateDocumentationVersion", Handler::Async(|operation| Box::pin(documentation::create_version(operation)))),
        ("CreateModel", Handler::Async(|operation| Box::pin(models::create(operation)))),
        ("CreateRequestValidator", Handler::Async(|operation| Box::pin(validators::create(operation)))),
        ("CreateResource", Handler::Async(|operation| Box::pin(resources::create(operation)))),
        ("CreateRestApi", Handler::Async(|operation| Box::pin(rest_apis::create(operation)))),
        ("CreateStage", Handler::Async(|operation| Box::pin(stages::create(operation)))),
        ("CreateUsagePlan", Handler::Async(|operation| Box::pin(usage_plans::create(operation)))),
        ("CreateUsagePlanKey", Handler::Async(|operation| Box::pin(usage_plans::create_key(operation)))),
        ("DeleteApiKey", Handler::Async(|operation| Box::pin(keys::delete(operation)))),
        ("DeleteAuthorizer", Handler::Async(|operation| Box::pin(authorizers::delete(operation)))),
        ("DeleteDeployment", Handler::Async(|operation| Box::pin(deployments::delete(operation)))),
        ("DeleteDocumentationPart", Handler::Async(|operation| Box::pin(documentation::delete_part(operation)))),
        ("DeleteDocumentationVersion", Handler::Async(|operation| Box::pin(documentation::delete_version(operation)))),
        ("DeleteGatewayResponse", Handler::Async(|operation| Box::pin(gateway_responses::delete(operation)))),
        ("DeleteIntegration", Handler::Async(|operation| Box::pin(integrations::delete(operation)))),
        ("DeleteIntegrationResponse", Handler::Async(|operation| Box::pin(integration_responses::delete(operation)))),
        ("DeleteMethod", Handler::Async(|operation| Box::pin(methods::delete(operation)))),
        ("DeleteMethodResponse", Handler::Async(|operation| Box::pin(methods::delete_response(operation)))),
        ("DeleteModel", Handler::Async(|operation| Box::pin(models::delete(operation)))),
        ("DeleteRequestValidator", Handler::Async(|operation| Box::pin(validators::delete(operation)))),
        ("DeleteResource", Handler::Async(|operation| Box::pin(resources::delete(operation)))),
        ("DeleteRestApi", Handler::Async(|operation| Box::pin(rest_apis::delete(operation)))),
        ("DeleteStage", Handler::Async(|operation| Box::pin(stages::delete(operation)))),
        ("DeleteUsagePlan", Handler::Async(|operation| Box::pin(usage_plans::delete(operation)))),
        ("DeleteUsagePlanKey", Handler::Async(|operation| Box::pin(usage_plans::delete_key(operation)))),
        ("FlushStageAuthorizersCache", Handler::Sync(authorizers::flush)),
        ("GetAccount", Handler::Sync(account::get)),
        ("GetApiKey", Handler::Sync(keys::get)),
        ("GetApiKeys", Handler::Sync(keys::list)),
        ("GetAuthorizer", Handler::Sync(authorizers::get)),
        ("GetAuthorizers", Handler::Sync(authorizers::list)),
        ("GetClientCertificates", Handler::Sync(nothing::list)),
        ("GetDeployment", Handler::Sync(deployments::get)),
        ("GetDeployments", Handler::Sync(deployments::list)),
        ("GetDocumentationPart", Handler::Sync(documentation::part)),
        ("GetDocumentationParts", Handler::Sync(documentation::parts)),
        ("GetDocumentationVersion", Handler::Sync(documentation::version)),
        ("GetDocumentationVersions", Handler::Sync(documentation::versions)),
        ("GetDomainNames", Handler::Sync(nothing::domain_names)),
        ("GetExport", Handler::Sync(rest_apis::export)),
        ("GetGatewayResponse", Handler::Sync(gateway_responses::get)),
        ("GetGatewayResponses", Handler::Sync(gateway_responses::list)),
        ("GetIntegration", Handler::Sync(integrations::get)),
        ("GetIntegrationResponse", Handler::Sync(integration_responses::get)),
        ("GetMethod", Handler::Sync(methods::get)),
        ("GetMethodResponse", Handler::Sync(methods::get_response)),
        ("GetModel", Handler::Sync(models::get)),
        ("GetModelTemplate", Handler::Sync(models::template)),
        ("GetModels", Handler::Sync(models::list)),
        ("GetRequestValidator", Handler::Sync(validators::get)),
        ("GetRequestValidators", Handler::Sync(validators::list)),
        ("GetResource", Handler::Sync(resources::get)),
        ("GetResources", Handler::Sync(resources::list)),
        ("GetRestApi", Handler::Sync(rest_apis::get)),
        ("GetRestApis", Handler::Sync(rest_apis::list)),
        ("GetStage", Handler::Sync(stages::get)),
        ("GetStages", Handler::Sync(stages::list)),
        ("GetTags", Handler::Sync(tags::get)),
        ("GetUsage", Handler::Sync(usage::get)),
        ("GetUsagePlan", Handler::Sync(usage_plans::get)),
        ("GetUsagePlanKey", Handler::Sync(usage_plans::get_key)),
        ("GetUsagePlanKeys", Handler::Sync(usage_plans::list_keys)),
        ("GetUsagePlans", Handler::Sync(usage_plans::list)),
        ("GetVpcLinks", Handler::Sync(nothing::list)),
        ("ImportDocumentationParts", Handler::Async(|operation| Box::pin(documentation::import(operation)))),
        ("ImportRestApi", Handler::Async(|operation| Box::pin(rest_apis::import(operation)))),
        ("PutGatewayResponse", Handler::Async(|operation| Box::pin(gateway_responses::put(operation)))),
        ("PutIntegration", Handler::Async(|operation| Box::pin(integrations::put(operation)))),
        ("PutIntegrationResponse", Handler::Async(|operation| Box::pin(integration_responses::put(operation)))),
        ("PutMethod", Handler::Async(|operation| Box::pin(methods::put(operation)))),
        ("PutMethodResponse", Handler::Async(|operation| Box::pin(methods::put_response(operation)))),
        ("PutRestApi", Handler::Async(|operation| Box::pin(rest_apis::put(operation)))),
        ("TagResource", Handler::Async(|operation| Box::pin(tags::add(operation)))),
        ("TestInvokeAuthorizer", Handler::Async(|operation| Box::pin(authorizers::test(operation)))),
        ("TestInvokeMethod", Handler::Async(|operation| Box::pin(test_invoke::test(operation)))),
        ("UntagResource", Handler::Async(|operation| Box::pin(tags::remove(operation)))),
        ("UpdateAccount", Handler::Async(|operation| Box::pin(account::update(operation)))),
        ("UpdateApiKey", Handler::Async(|operation| Box::pin(keys::update(operation)))),
        ("UpdateAuthorizer", Handler::Async(|operation| Box::pin(authorizers::update(operation)))),
        ("UpdateDeployment", Handler::Async(|operation| Box::pin(deployments::update(operation)))),
        ("UpdateDocumentationPart", Handler::Async(|operation| Box::pin(documentation::update_part(operation)))),
        ("UpdateDocumentationVersion", Handler::Async(|operation| Box::pin(documentation::update_version(operation)))),
        ("UpdateGatewayResponse", Handler::Async(|operation| Box::pin(gateway_responses::update(operation)))),
        ("UpdateIntegrationResponse", Handler::Async(|operation| Box::pin(integration_responses::update(operation)))),
        ("UpdateIntegration", Handler::Async(|operation| Box::pin(integrations::update(operation)))),
        ("UpdateMethodResponse", Handler::Async(|operation| Box::pin(methods::update_response(operation)))),
        ("UpdateMethod", Handler::Async(|operation| Box::pin(methods::update(operation)))),
        ("UpdateModel", Handler::Async(|operation| Box::pin(models::update(operation)))),
        ("UpdateRequestValidator", Handler::Async(|operation| Box::pin(validators::update(operation)))),
        ("UpdateResource", Handler::Async(|operation| Box::pin(resources::update(operation)))),
        ("UpdateRestApi", Handler::Async(|operation| Box::pin(rest_apis::update(operation)))),
        ("UpdateStage", Handler::Async(|operation| Box::pin(stages::update(operation)))),
        ("UpdateUsage", Handler::Async(|operation| Box::pin(usage::update(operation)))),
        ("UpdateUsagePlan", Handler::Async(|operation| Box::pin(usage_plans::update(operation)))),
    ],
    fault: error::fault,
};
