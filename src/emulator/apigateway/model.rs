//! What API Gateway keeps of APIs and their parts.
//!
//! API Gateway shows methods and integrations exactly as they were put, so these types are stored and sent in one
//! shape; where the two differ, the type has a `show` of its own.

use super::{
    access_log::AccessLog,
    authorizer::Authorizer,
    body_model::{self, Model},
    documented::{Parts, Version},
    error::{absent, bad_request},
    method_settings::AllSettings,
    patch::PatchOperation,
    policy_text,
};
use crate::{
    emulator::wire::AwsError,
    names::{ApiId, StageName},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
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
    /// How the gateway words its own refusals, by their type (`INVALID_API_KEY`).
    #[serde(default)]
    pub(super) gateway_responses: BTreeMap<String, GatewayResponse>,
    #[serde(default)]
    pub(super) validators: BTreeMap<String, Validator>,
    #[serde(default)]
    pub(super) authorizers: BTreeMap<String, Authorizer>,
    /// By their names.
    #[serde(default = "body_model::made_with_it")]
    pub(super) models: BTreeMap<String, Model>,
    #[serde(default)]
    pub(super) documentation_parts: Parts,
    /// By their names.
    #[serde(default)]
    pub(super) documentation_versions: BTreeMap<String, Version>,
    /// The document that was imported last, with what the emulator does not know.
    pub(super) document: Option<Value>,
    /// Shared, so that a call keeps the one that it was let in by.
    pub(super) deployments: BTreeMap<String, Arc<Deployment>>,
    pub(super) stages: BTreeMap<StageName, Stage>,
}

/// What `UpdateRestApi` can change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiSettings {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) api_key_source: ApiKeySource,
    #[serde(default)]
    pub(super) binary_media_types: Vec<String>,
    #[serde(default)]
    pub(super) minimum_compression_size: Option<i64>,
    #[serde(default)]
    pub(super) disable_execute_api_endpoint: bool,
    #[serde(default)]
    pub(super) endpoint_configuration: EndpointConfiguration,
    #[serde(default)]
    pub(super) policy: Option<String>,
}

/// Where a caller's API key comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ApiKeySource {
    /// From `x-api-key`.
    #[default]
    Header,
    /// From what an authorizer says.
    Authorizer,
}

/// How an API is reached at AWS. Here there is one way for all that the world may reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndpointConfiguration {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    types: Vec<EndpointType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip_address_type: Option<IpAddressType>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vpc_endpoint_ids: Vec<String>,
}

/// The kinds of endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum EndpointType {
    Edge,
    Regional,
    Private,
}

/// The addresses of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum IpAddressType {
    Ipv4,
    Dualstack,
}

impl EndpointConfiguration {
    /// An endpoint of a kind, the rest as API Gateway chooses it.
    pub(super) fn of(kind: EndpointType) -> Self {
        let addresses = if kind == EndpointType::Private { IpAddressType::Dualstack } else { IpAddressType::Ipv4 };
        Self { types: vec![kind], ip_address_type: Some(addresses), vpc_endpoint_ids: Vec::new() }
    }

    /// Applies a patch of which kind an endpoint is: instead of another, by its name or its place.
    pub(super) fn replace(&mut self, old: &str, operation: &PatchOperation) -> Result<(), AwsError> {
        if operation.op() != "replace" {
            return Err(bad_request("Invalid patch operation specified. Must be 'add'|'remove'|'replace'"));
        }
        let kind = match operation.text()? {
            "EDGE" => EndpointType::Edge,
            "REGIONAL" => EndpointType::Regional,
            "PRIVATE" => EndpointType::Private,
            _ => {
                let message = "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE";
                return Err(bad_request(message));
            }
        };
        let known = match old.parse::<usize>() {
            Ok(place) => self.types.get_mut(place),
            Err(_) => self.types.iter_mut().find(|kind| json!(kind) == old),
        };
        *known.ok_or_else(|| operation.invalid_path())? = kind;
        if kind == EndpointType::Private {
            self.ip_address_type = Some(IpAddressType::Dualstack);
        }
        Ok(())
    }

    /// Sets the addresses of the endpoint.
    pub(super) fn set_addresses(&mut self, text: &str) -> Result<(), AwsError> {
        self.ip_address_type = Some(match text {
            "ipv4" => IpAddressType::Ipv4,
            "dualstack" => IpAddressType::Dualstack,
            _ => return Err(bad_request("ipAddressType must be either ipv4 or dualstack.")),
        });
        Ok(())
    }

    /// Applies a patch of the endpoints of VPCs that lead to the API.
    pub(super) fn connect(&mut self, operation: &PatchOperation) -> Result<(), AwsError> {
        let id = operation.text()?.to_owned();
        match operation.op() {
            "add" if !self.vpc_endpoint_ids.contains(&id) => self.vpc_endpoint_ids.push(id),
            "add" => {}
            "remove" => self.vpc_endpoint_ids.retain(|known| *known != id),
            _ => return Err(operation.invalid_path()),
        }
        Ok(())
    }

    /// Checks which kinds there are, and chooses the addresses where nobody has.
    fn check(&mut self) -> Result<(), AwsError> {
        match self.types.len() {
            0 => Err(bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")),
            1 if self.is_private() && self.ip_address_type == Some(IpAddressType::Ipv4) => {
                Err(bad_request("Only dualstack ipAddressType is supported for Private APIs."))
            }
            1 => {
                let own = if self.is_private() { IpAddressType::Dualstack } else { IpAddressType::Ipv4 };
                self.ip_address_type.get_or_insert(own);
                Ok(())
            }
            _ => Err(bad_request("Cannot create an api with multiple Endpoint Types.")),
        }
    }

    /// Whether the API is reached through endpoints of a VPC only, of which nobody is behind any here.
    pub(super) fn is_private(&self) -> bool {
        self.types.contains(&EndpointType::Private)
    }
}

impl Default for EndpointConfiguration {
    fn default() -> Self {
        Self::of(EndpointType::Edge)
    }
}

/// The most bytes that `minimumCompressionSize` may say: API Gateway's own limit.
const MAX_COMPRESSION: i64 = 10_485_760;

impl ApiSettings {
    /// Checks what no type can.
    pub(super) fn check(&mut self) -> Result<(), AwsError> {
        if self.minimum_compression_size.is_some_and(|size| !(0..=MAX_COMPRESSION).contains(&size)) {
            return Err(bad_request(format!(
                "Invalid minimum compression size, must be between 0 and {MAX_COMPRESSION}"
            )));
        }
        self.endpoint_configuration.check()?;
        // An empty one takes the policy away.
        self.policy = self.policy.take().filter(|text| !text.is_empty()).map(|text| policy_text::unescaped(&text));
        self.policy.as_deref().map_or(Ok(()), policy_text::check)
    }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorizer_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) authorization_scopes: Vec<String>,
    pub(super) api_key_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation_name: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) request_parameters: BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) request_models: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_validator_id: Option<String>,
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
    /// A service of AWS answers what templates make of requests.
    Aws,
    /// A Lambda function answers.
    AwsProxy,
    /// A server answers what templates make of requests.
    Http,
    /// A server answers.
    HttpProxy,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tls_config: Option<TlsConfig>,
    /// How a server is reached: there is one way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) connection_type: Option<String>,
    #[serde(rename = "integrationResponses", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) responses: BTreeMap<String, IntegrationResponse>,
}

/// How the server behind an integration is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TlsConfig {
    #[serde(default)]
    pub(super) insecure_skip_verification: bool,
}

/// What API Gateway does with a body for which there is no template, unless it is told.
pub(super) fn when_no_match() -> String {
    "WHEN_NO_MATCH".to_owned()
}

/// API Gateway's own limit, and its default.
pub(super) const MAX_TIMEOUT_MS: u32 = 29_000;

/// The time that an integration has, unless it is told, in milliseconds.
pub(super) fn gateway_timeout() -> u32 {
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
    pub(super) gateway_responses: BTreeMap<String, GatewayResponse>,
    #[serde(default)]
    pub(super) validators: BTreeMap<String, Validator>,
    #[serde(default)]
    pub(super) authorizers: BTreeMap<String, Authorizer>,
    #[serde(default)]
    pub(super) models: BTreeMap<String, Model>,
    /// Whose keys open methods.
    #[serde(default)]
    pub(super) api_key_source: ApiKeySource,
    /// The API's resource policy.
    #[serde(default)]
    pub(super) policy: Option<String>,
}

/// What is looked at before a request goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Validator {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) validate_request_body: bool,
    pub(super) validate_request_parameters: bool,
}

/// How an API words a refusal of the gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GatewayResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_code: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) response_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) response_templates: BTreeMap<String, String>,
}

impl GatewayResponse {
    /// The type and the template of the answer to a caller who wants `accept`.
    pub(super) fn template(&self, accept: &str) -> (&str, &str) {
        let templates = &self.response_templates;
        let json = "application/json";
        let chosen = templates.get_key_value(accept).or_else(|| templates.get_key_value(json));
        let chosen = chosen.or_else(|| templates.first_key_value());
        chosen.map_or((json, OWN_WORDS), |(kind, template)| (kind.as_str(), template.as_str()))
    }
}

/// What the gateway says unless an API words it.
pub(super) const OWN_WORDS: &str = r#"{"message":$context.error.messageString}"#;

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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StageSettings {
    pub(super) deployment_id: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) tracing_enabled: bool,
    #[serde(default)]
    pub(super) documentation_version: Option<String>,
    #[serde(default)]
    pub(super) method_settings: AllSettings,
    #[serde(default)]
    pub(super) access_log_settings: Option<AccessLog>,
    #[serde(default)]
    pub(super) canary_settings: Option<Canary>,
}

/// A second deployment of a stage, which gets a part of the calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Canary {
    pub(super) percent_traffic: f64,
    pub(super) deployment_id: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) stage_variable_overrides: BTreeMap<String, String>,
    pub(super) use_stage_cache: bool,
}

/// Writes a time as API Gateway does: seconds since the Unix epoch.
pub(super) fn epoch(time: OffsetDateTime) -> i64 {
    time.unix_timestamp()
}

/// Gives an object its optional members.
pub(super) fn with(mut shown: Value, members: Value) -> Value {
    if let (Value::Object(shown), Value::Object(members)) = (&mut shown, members) {
        let is_there = |value: &Value| !value.is_null() && *value != json!({}) && *value != json!([]);
        shown.extend(members.into_iter().filter(|(_, value)| is_there(value)));
    }
    shown
}

/// Gives what is asked for or updated by its id its tags, even where it has none: lists and new things have none then.
pub(super) fn with_tags(mut shown: Value) -> Value {
    if let Value::Object(members) = &mut shown {
        members.entry("tags").or_insert_with(|| json!({}));
    }
    shown
}

impl RestApi {
    pub(super) fn show(&self) -> Value {
        let shown = json!({ "id": self.id, "createdDate": epoch(self.created), "rootResourceId": self.root() });
        let mut shown = with(with(shown, json!(self.settings)), json!({ "tags": self.tags }));
        if let Some(text) = &self.settings.policy {
            shown["policy"] = policy_text::escaped(text).into();
        }
        shown
    }

    /// The id of the resource `/`.
    pub(super) fn root(&self) -> &str {
        self.resources.values().find(|resource| resource.parent_id.is_none()).map_or("", |root| &root.id)
    }

    /// Finds a resource by its id.
    pub(super) fn resource(&self, id: &str) -> Result<&Resource, AwsError> {
        self.resources.get(id).ok_or_else(|| absent("Resource"))
    }

    /// Finds a resource to change it.
    pub(super) fn resource_mut(&mut self, id: &str) -> Result<&mut Resource, AwsError> {
        self.resources.get_mut(id).ok_or_else(|| absent("Resource"))
    }

    /// Finds a method to change it.
    pub(super) fn method_mut(&mut self, resource: &str, method: &str) -> Result<&mut Method, AwsError> {
        self.resource_mut(resource)?.methods.get_mut(method).ok_or_else(|| absent("Method"))
    }

    /// Finds a stage by the text of its name.
    pub(super) fn stage(&self, name: &str) -> Result<&Stage, AwsError> {
        let known = name.parse().ok().and_then(|name: StageName| self.stages.get(&name));
        known.ok_or_else(|| absent("stage"))
    }

    /// Finds a stage to change it.
    pub(super) fn stage_mut(&mut self, name: &str) -> Result<&mut Stage, AwsError> {
        let known = name.parse().ok().and_then(|name: StageName| self.stages.get_mut(&name));
        known.ok_or_else(|| absent("stage"))
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
            "methodSettings": self.settings.method_settings,
        });
        with(with(shown, json!(self.settings)), json!({ "tags": self.tags }))
    }
}
