//! What API Gateway keeps of HTTP APIs and their parts, as it shows them.

use super::error::absent;
use crate::{
    emulator::{
        apigateway::access_log::AccessLog,
        store::{AnyTable, Table, Tables},
        wire::{AwsError, iso_seconds, letter_id, millis, page},
    },
    names::{ApiId, StageName},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use time::OffsetDateTime;

pub(super) type Tags = BTreeMap<String, String>;

/// What survives a restart.
#[derive(Clone, Default)]
pub struct State {
    pub(super) apis: Table<ApiId, HttpApi>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![("apigatewayv2/apis", &mut self.apis)]
    }
}

impl State {
    /// Tells whether there is an API with this id.
    pub(in crate::emulator) fn has(&self, id: &ApiId) -> bool {
        self.apis.contains_key(id)
    }

    /// The tags of an API, or of a stage of it.
    pub(in crate::emulator) fn tags_of(&self, id: &str, stage: Option<&str>) -> Option<Tags> {
        let api = self.api(id).ok()?;
        let Some(stage) = stage else { return Some(api.tags.clone()) };
        api.stages.iter().find(|(name, _)| name.as_str() == stage).map(|(_, stage)| stage.tags.clone())
    }

    pub(super) fn api(&self, id: &str) -> Result<&HttpApi, AwsError> {
        id.parse().ok().and_then(|id: ApiId| self.apis.get(&id)).ok_or_else(|| absent("API", id))
    }

    pub(super) fn api_mut(&mut self, id: &str) -> Result<&mut HttpApi, AwsError> {
        id.parse().ok().and_then(|id: ApiId| self.apis.get_mut(&id)).ok_or_else(|| absent("API", id))
    }
}

/// An HTTP API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HttpApi {
    pub(super) id: ApiId,
    pub(super) created: OffsetDateTime,
    pub(super) settings: ApiSettings,
    pub(super) tags: Tags,
    pub(super) routes: BTreeMap<String, Route>,
    pub(super) integrations: BTreeMap<String, Integration>,
    #[serde(default)]
    pub(super) authorizers: BTreeMap<String, Authorizer>,
    pub(super) stages: BTreeMap<StageName, Stage>,
    /// Shared, so that a call keeps the one that it was let in by.
    pub(super) deployments: BTreeMap<String, Arc<Deployment>>,
}

/// What an API says of itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ApiSettings {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) disable_execute_api_endpoint: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cors_configuration: Option<Cors>,
}

/// What pages of other origins may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) allow_headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) allow_methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) allow_origins: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) expose_headers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<i64>,
}

/// A route: which requests it takes, and who answers them.
#[expect(clippy::struct_field_names, reason = "the members as AWS names them")]
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Route {
    pub(super) route_id: String,
    /// `GET /path`, or `$default`.
    pub(super) route_key: String,
    /// `integrations/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    pub(super) authorization_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorizer_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) authorization_scopes: Vec<String>,
    pub(super) api_key_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation_name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) api_gateway_managed: bool,
}

/// Who decides whether a caller may call the routes that name it.
#[expect(clippy::struct_field_names, reason = "the members as AWS names them")]
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Authorizer {
    pub(super) authorizer_id: String,
    pub(super) name: String,
    /// `JWT` or `REQUEST`.
    pub(super) authorizer_type: String,
    pub(super) identity_source: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jwt_configuration: Option<Jwt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorizer_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorizer_credentials_arn: Option<String>,
    /// `1.0` or `2.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorizer_payload_format_version: Option<String>,
    #[serde(rename = "authorizerResultTtlInSeconds", skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enable_simple_responses: Option<bool>,
}

/// Whose tokens are taken, and for whom they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Jwt {
    pub(super) audience: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
}

/// What answers routes.
#[expect(clippy::struct_field_names, reason = "the members as AWS names them")]
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Integration {
    pub(super) integration_id: String,
    /// `AWS_PROXY` or `HTTP_PROXY`.
    pub(super) integration_type: String,
    pub(super) integration_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_method: Option<String>,
    /// `1.0` or `2.0`.
    pub(super) payload_format_version: String,
    /// What is changed of requests, by what it is and how.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) request_parameters: BTreeMap<String, String>,
    /// The same of answers, by their status.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) response_parameters: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) timeout_in_millis: u32,
    pub(super) connection_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) api_gateway_managed: bool,
}

/// What a stage says of its routes, or of one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RouteSettings {
    pub(super) detailed_metrics_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) throttling_burst_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) throttling_rate_limit: Option<f64>,
}

/// A deployment that is served under a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stage {
    pub(super) name: StageName,
    pub(super) created: OffsetDateTime,
    pub(super) updated: OffsetDateTime,
    pub(super) deployment: Option<String>,
    pub(super) auto_deploy: bool,
    pub(super) description: Option<String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) tags: Tags,
    pub(super) is_managed: bool,
    #[serde(default)]
    pub(super) access_log: Option<AccessLog>,
    #[serde(default)]
    pub(super) default_route_settings: RouteSettings,
    /// By the keys of routes.
    #[serde(default)]
    pub(super) route_settings: BTreeMap<String, RouteSettings>,
}

/// A snapshot of an API's routes and integrations; it never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) created: OffsetDateTime,
    pub(super) description: Option<String>,
    pub(super) is_auto: bool,
    pub(super) routes: BTreeMap<String, Route>,
    pub(super) integrations: BTreeMap<String, Integration>,
    #[serde(default)]
    pub(super) authorizers: BTreeMap<String, Authorizer>,
}

/// Writes a time as HTTP APIs do.
fn written(time: OffsetDateTime) -> String {
    iso_seconds(millis(time))
}

/// Adds the members that there are.
fn with(mut shown: Value, members: Value) -> Value {
    if let (Value::Object(shown), Value::Object(members)) = (&mut shown, members) {
        shown.extend(members.into_iter().filter(|(_, value)| !value.is_null() && *value != json!(false)));
    }
    shown
}

impl HttpApi {
    /// Shows the API; `endpoint` is where this machine answers for all APIs.
    pub(super) fn show(&self, endpoint: &str) -> Value {
        let mut shown = json!({
            "apiId": self.id,
            // The form that every client on this machine can resolve.
            "apiEndpoint": format!("{endpoint}/_aws/execute-api/{}", self.id),
            "protocolType": "HTTP",
            "createdDate": written(self.created),
            "routeSelectionExpression": "$request.method $request.path",
            "apiKeySelectionExpression": "$request.header.x-api-key",
            "ipAddressType": "ipv4",
            "tags": self.tags,
        });
        let settings = json!(self.settings);
        if let (Value::Object(shown), Value::Object(settings)) = (&mut shown, settings) {
            shown.extend(settings);
        }
        shown
    }

    /// Deploys what is there now; gives the deployment's id.
    pub(super) fn deploy(
        &mut self,
        description: Option<String>,
        is_auto: bool,
        now: OffsetDateTime,
    ) -> Result<String, AwsError> {
        let id = letter_id(6)?;
        let deployment = Deployment {
            id: id.clone(),
            created: now,
            description,
            is_auto,
            routes: self.routes.clone(),
            integrations: self.integrations.clone(),
            authorizers: self.authorizers.clone(),
        };
        self.deployments.insert(id.clone(), Arc::new(deployment));
        Ok(id)
    }

    /// Lets the stages that deploy by themselves serve what is there now.
    pub(super) fn deploy_automatically(&mut self, now: OffsetDateTime) -> Result<(), AwsError> {
        if !self.stages.values().any(|stage| stage.auto_deploy) {
            return Ok(());
        }
        let description = "Automatic deployment triggered by changes to the Api configuration".to_owned();
        let id = self.deploy(Some(description), true, now)?;
        for stage in self.stages.values_mut().filter(|stage| stage.auto_deploy) {
            (stage.deployment, stage.updated) = (Some(id.clone()), now);
        }
        let stages = &self.stages;
        let is_served = |id: &String| stages.values().any(|stage| stage.deployment.as_ref() == Some(id));
        self.deployments.retain(|id, deployment| !deployment.is_auto || is_served(id));
        Ok(())
    }

    pub(super) fn stage_mut(&mut self, name: &str) -> Result<&mut Stage, AwsError> {
        let known = name.parse().ok().and_then(|name: StageName| self.stages.get_mut(&name));
        known.ok_or_else(|| absent("stage", name))
    }

    pub(super) fn stage(&self, name: &str) -> Result<&Stage, AwsError> {
        let known = name.parse().ok().and_then(|name: StageName| self.stages.get(&name));
        known.ok_or_else(|| absent("stage", name))
    }
}

impl Stage {
    /// One that serves nothing yet.
    pub(super) fn new(name: StageName, created: OffsetDateTime) -> Self {
        Self {
            name,
            created,
            updated: created,
            deployment: None,
            auto_deploy: false,
            description: None,
            variables: BTreeMap::new(),
            tags: Tags::new(),
            is_managed: false,
            access_log: None,
            default_route_settings: RouteSettings::default(),
            route_settings: BTreeMap::new(),
        }
    }

    pub(super) fn show(&self) -> Value {
        let shown = json!({
            "stageName": self.name,
            "createdDate": written(self.created),
            "lastUpdatedDate": written(self.updated),
            "defaultRouteSettings": self.default_route_settings,
            "routeSettings": self.route_settings,
            "stageVariables": self.variables,
            "tags": self.tags,
        });
        let last = self.auto_deploy.then(|| {
            let id = self.deployment.as_deref().unwrap_or_default();
            format!("Successfully deployed stage with deployment ID '{id}'")
        });
        with(
            shown,
            json!({
                "autoDeploy": self.auto_deploy,
                "deploymentId": self.deployment,
                "description": self.description,
                "apiGatewayManaged": self.is_managed,
                "accessLogSettings": self.access_log,
                "lastDeploymentStatusMessage": last,
            }),
        )
    }
}

impl Deployment {
    pub(super) fn show(&self) -> Value {
        let shown = json!({
            "deploymentId": self.id,
            "createdDate": written(self.created),
            "deploymentStatus": "DEPLOYED",
            "autoDeployed": self.is_auto,
        });
        with(shown, json!({ "description": self.description }))
    }
}

/// One page of a list, in the order of ids.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paging {
    max_results: Option<String>,
    next_token: Option<String>,
}

impl Paging {
    pub(super) fn page(&self, items: impl Iterator<Item = (String, Value)>) -> Result<Value, AwsError> {
        let size = self.max_results.as_deref().map_or(Some(1000), |text| text.parse::<usize>().ok());
        let size = size.filter(|size| *size > 0);
        let size = size.ok_or_else(|| super::error::bad_request("Invalid value specified for maxResults"))?;
        let mut items: Vec<_> = items.collect();
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (items, next) = page::page(items, |(id, _)| id.clone(), self.next_token.as_ref(), size);
        let shown: Vec<_> = items.into_iter().map(|(_, item)| item).collect();
        Ok(with(json!({ "items": shown }), json!({ "nextToken": next })))
    }
}
