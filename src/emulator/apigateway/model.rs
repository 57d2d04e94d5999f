//! What API Gateway keeps: APIs and their parts, keys and usage plans.
//!
//! API Gateway shows methods and integrations exactly as they were put, so these types are stored and sent in one
//! shape; where the two differ, the type has a `show` of its own.

use super::error::bad_request;
use crate::{
    api_key::Digest,
    emulator::wire::AwsError,
    names::{ApiId, StageName},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Names and values that users put on things.
pub(super) type Tags = BTreeMap<String, String>;

/// A REST API: what is being edited, what was deployed, and the stages that serve it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestApi {
    pub(super) id: ApiId,
    pub(super) created: OffsetDateTime,
    pub(super) settings: ApiSettings,
    pub(super) tags: Tags,
    pub(super) resources: Resources,
    /// The document that was imported last, with what the emulator does not know.
    pub(super) document: Option<Value>,
    pub(super) deployments: BTreeMap<String, Deployment>,
    pub(super) stages: BTreeMap<StageName, Stage>,
}

/// What `UpdateRestApi` can change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiSettings {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default = "header")]
    pub(super) api_key_source: String,
    #[serde(default)]
    pub(super) binary_media_types: Vec<String>,
    #[serde(default)]
    pub(super) minimum_compression_size: Option<u32>,
    #[serde(default)]
    pub(super) disable_execute_api_endpoint: bool,
    #[serde(default = "edge")]
    pub(super) endpoint_configuration: Value,
    #[serde(default)]
    pub(super) policy: Option<String>,
}

fn header() -> String {
    "HEADER".to_owned()
}

fn edge() -> Value {
    json!({ "types": ["EDGE"], "ipAddressType": "ipv4" })
}

/// The resources of an API by their id.
pub(super) type Resources = BTreeMap<String, Resource>;

/// A path and its methods.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) path_part: Option<String>,
    /// The whole path, starting with `/`.
    pub(super) path: String,
    #[serde(default)]
    pub(super) methods: BTreeMap<String, Method>,
}

/// A method of a resource.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Method {
    /// `GET`, or `ANY` for all that have no method of their own.
    #[serde(rename = "httpMethod")]
    pub(super) name: String,
    pub(super) authorization_type: String,
    pub(super) api_key_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation_name: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) request_parameters: BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) request_models: BTreeMap<String, String>,
    #[serde(rename = "methodResponses", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) responses: BTreeMap<String, MethodResponse>,
    #[serde(rename = "methodIntegration", skip_serializing_if = "Option::is_none")]
    pub(super) integration: Option<Integration>,
}

/// What a method may answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MethodResponse {
    pub(super) status_code: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) response_parameters: BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) response_models: BTreeMap<String, String>,
}

/// The kinds of integration that the emulator has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum IntegrationKind {
    /// A Lambda function answers.
    AwsProxy,
    /// A template answers.
    #[default]
    Mock,
}

/// What answers a method.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Integration {
    #[serde(rename = "type")]
    pub(super) kind: IntegrationKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) http_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) credentials: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) request_parameters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) request_templates: BTreeMap<String, String>,
    #[serde(default = "when_no_match")]
    pub(super) passthrough_behavior: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content_handling: Option<String>,
    #[serde(default = "gateway_timeout")]
    pub(super) timeout_in_millis: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cache_namespace: Option<String>,
    #[serde(default)]
    pub(super) cache_key_parameters: Vec<String>,
    #[serde(rename = "integrationResponses", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) responses: BTreeMap<String, IntegrationResponse>,
}

fn when_no_match() -> String {
    "WHEN_NO_MATCH".to_owned()
}

/// API Gateway's own limit, and its default.
pub(super) const MAX_TIMEOUT_MS: u32 = 29_000;

fn gateway_timeout() -> u32 {
    MAX_TIMEOUT_MS
}

/// One answer of an integration that is not a proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct IntegrationResponse {
    pub(super) status_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) selection_pattern: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) response_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) response_templates: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_handling: Option<String>,
}

/// A snapshot of an API's resources; it never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) created: OffsetDateTime,
    pub(super) description: Option<String>,
    pub(super) resources: Resources,
    pub(super) binary_media_types: Vec<String>,
    /// How the gateway words its own refusals, by their type (`INVALID_API_KEY`).
    #[serde(default)]
    pub(super) gateway_responses: BTreeMap<String, IntegrationResponse>,
}

/// A deployment that is served under a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stage {
    pub(super) name: StageName,
    pub(super) created: OffsetDateTime,
    pub(super) updated: OffsetDateTime,
    pub(super) settings: StageSettings,
    pub(super) tags: Tags,
}

/// What `UpdateStage` can change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StageSettings {
    pub(super) deployment_id: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) tracing_enabled: bool,
}

/// A key that callers send in `x-api-key`. Its value is told once, to whoever makes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiKey {
    pub(super) id: String,
    pub(super) digest: Digest,
    pub(super) created: OffsetDateTime,
    pub(super) updated: OffsetDateTime,
    pub(super) settings: KeySettings,
    pub(super) tags: Tags,
}

/// What `UpdateApiKey` can change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeySettings {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) enabled: bool,
}

/// Which keys open which stages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UsagePlan {
    pub(super) id: String,
    pub(super) settings: PlanSettings,
    pub(super) tags: Tags,
    /// The ids of its keys.
    pub(super) keys: BTreeSet<String>,
}

/// What `UpdateUsagePlan` can change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanSettings {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Stages as `<API id>:<stage>`, the form in which a patch names them.
    #[serde(default)]
    pub(super) api_stages: Vec<String>,
    /// Shown, not enforced: the edge has limits of its own.
    #[serde(default)]
    pub(super) throttle: Option<Value>,
    /// Shown, not enforced.
    #[serde(default)]
    pub(super) quota: Option<Value>,
}

/// Writes a time as API Gateway does: seconds since the Unix epoch.
pub(super) fn epoch(time: OffsetDateTime) -> i64 {
    time.unix_timestamp()
}

/// Gives an object its optional members.
fn with(mut shown: Value, members: Value) -> Value {
    if let (Value::Object(shown), Value::Object(members)) = (&mut shown, members) {
        let is_there = |value: &Value| !value.is_null() && *value != json!({}) && *value != json!([]);
        shown.extend(members.into_iter().filter(|(_, value)| is_there(value)));
    }
    shown
}

impl RestApi {
    pub(super) fn show(&self) -> Value {
        let shown = json!({ "id": self.id, "createdDate": epoch(self.created), "rootResourceId": self.root() });
        with(with(shown, json!(self.settings)), json!({ "tags": self.tags }))
    }

    /// The id of the resource `/`.
    pub(super) fn root(&self) -> &str {
        self.resources.values().find(|resource| resource.parent_id.is_none()).map_or("", |root| &root.id)
    }

    /// Finds a method to change it.
    pub(super) fn method_mut(&mut self, resource: &str, method: &str) -> Result<&mut Method, AwsError> {
        let resource = self.resources.get_mut(resource).ok_or_else(|| super::error::absent("Resource"))?;
        resource.methods.get_mut(method).ok_or_else(|| super::error::absent("Method"))
    }
}

impl Resource {
    /// Shows a resource, with its methods or just their names.
    pub(super) fn show(&self, with_methods: bool) -> Value {
        let methods: BTreeMap<_, _> = self
            .methods
            .iter()
            .map(|(name, method)| (name, if with_methods { json!(method) } else { json!({}) }))
            .collect();
        let shown = json!({ "id": self.id, "path": self.path });
        let members = json!({ "parentId": self.parent_id, "pathPart": self.path_part, "resourceMethods": methods });
        with(shown, members)
    }
}

impl Deployment {
    pub(super) fn show(&self) -> Value {
        with(json!({ "id": self.id, "createdDate": epoch(self.created) }), json!({ "description": self.description }))
    }
}

impl Stage {
    pub(super) fn show(&self) -> Value {
        let shown = json!({
            "stageName": self.name,
            "createdDate": epoch(self.created),
            "lastUpdatedDate": epoch(self.updated),
            "cacheClusterEnabled": false,
            "cacheClusterStatus": "NOT_AVAILABLE",
            "methodSettings": {},
        });
        with(with(shown, json!(self.settings)), json!({ "tags": self.tags }))
    }
}

impl ApiKey {
    pub(super) fn show(&self) -> Value {
        let shown = json!({
            "id": self.id,
            "createdDate": epoch(self.created),
            "lastUpdatedDate": epoch(self.updated),
            "stageKeys": [],
        });
        with(with(shown, json!(self.settings)), json!({ "tags": self.tags }))
    }
}

impl UsagePlan {
    pub(super) fn show(&self) -> Value {
        let settings = &self.settings;
        let stages: Vec<_> = settings
            .api_stages
            .iter()
            .filter_map(|text| text.split_once(':'))
            .map(|(api, stage)| json!({ "apiId": api, "stage": stage }))
            .collect();
        let members = json!({
            "description": settings.description,
            "throttle": settings.throttle,
            "quota": settings.quota,
            "tags": self.tags,
        });
        with(json!({ "id": self.id, "name": settings.name, "apiStages": stages }), members)
    }
}

impl Integration {
    /// Checks what was put, and puts API Gateway's own values where nothing was.
    pub(super) fn check(mut self, resource: &str) -> Result<Self, AwsError> {
        if self.kind == IntegrationKind::AwsProxy {
            let uri = self.uri.as_deref().ok_or_else(|| bad_request("Uri is required for this integration type"))?;
            if function_arn(uri).is_none() {
                return Err(bad_request("Invalid ARN specified in the request"));
            }
            if self.http_method.is_none() {
                return Err(bad_request("Enumeration value for HttpMethod must be non-empty"));
            }
        }
        if !(50..=MAX_TIMEOUT_MS).contains(&self.timeout_in_millis) {
            return Err(bad_request("Timeout should be between 50 ms and 29000 ms"));
        }
        self.responses.values().try_for_each(|response| super::mock::check(&response.response_templates))?;
        self.cache_namespace.get_or_insert_with(|| resource.to_owned());
        Ok(self)
    }
}

/// The function that an integration's URI names:
/// `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations`.
pub(super) fn function_arn(uri: &str) -> Option<&str> {
    let (service, path) = uri.split_once(":lambda:path/")?;
    let arn = path.strip_prefix("2015-03-31/functions/")?.strip_suffix("/invocations")?;
    (service.starts_with("arn:aws:apigateway:") && arn.starts_with("arn:aws:lambda:")).then_some(arn)
}
