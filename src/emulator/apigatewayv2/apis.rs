//! The operations on HTTP APIs as a whole.

use super::{
    cors,
    error::{absent, bad_request, conflict, lacking},
    integrations::{self, CreateIntegration},
    model::{ApiSettings, Cors, HttpApi, Paging, Route, Stage, Tags},
    routes::check_key,
};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::{AwsError, Here, letter_id, tags},
    },
    marks::API_ID_TAG,
    names::{ApiId, StageName},
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The API that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiPath {
    pub(super) api_id: String,
}

/// What an API is made of, or changed by.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    name: Option<String>,
    description: Option<String>,
    version: Option<String>,
    disable_execute_api_endpoint: Option<bool>,
    cors_configuration: Option<Cors>,
    route_selection_expression: Option<String>,
    api_key_selection_expression: Option<String>,
    ip_address_type: Option<String>,
    /// What the only route of a quickly made API does.
    target: Option<String>,
    route_key: Option<String>,
    credentials_arn: Option<String>,
}

impl Settings {
    fn apply(&self, settings: &mut ApiSettings) -> Result<(), AwsError> {
        let fixed = [
            (
                "routeSelectionExpression",
                &self.route_selection_expression,
                &["$request.method $request.path", "${request.method} ${request.path}"][..],
            ),
            ("apiKeySelectionExpression", &self.api_key_selection_expression, &["$request.header.x-api-key"]),
            ("ipAddressType", &self.ip_address_type, &["ipv4"]),
            ("credentialsArn", &self.credentials_arn, &[""]),
        ];
        for (member, value, known) in fixed {
            if value.as_deref().is_some_and(|value| !known.contains(&value)) {
                return Err(lacking(member));
            }
        }
        if let Some(name) = &self.name {
            if name.is_empty() || name.len() > 128 {
                return Err(bad_request("Invalid API name: it must have 1 to 128 characters"));
            }
            settings.name.clone_from(name);
        }
        settings.description = self.description.clone().or(settings.description.take());
        settings.version = self.version.clone().or(settings.version.take());
        settings.disable_execute_api_endpoint =
            self.disable_execute_api_endpoint.unwrap_or(settings.disable_execute_api_endpoint);
        if let Some(cors) = &self.cors_configuration {
            cors::check(cors)?;
            settings.cors_configuration = Some(cors.clone());
        }
        Ok(())
    }
}

/// Changes what an API says of itself as a document has it.
pub(super) fn configure(
    settings: &mut ApiSettings,
    name: &str,
    description: Option<String>,
    version: Option<String>,
    cors: Option<Value>,
) -> Result<(), AwsError> {
    let cors = cors.map(serde_json::from_value).transpose();
    let cors_configuration = cors.map_err(|error| bad_request(format!("Invalid x-amazon-apigateway-cors: {error}")))?;
    let input =
        Settings { name: Some(name.to_owned()), description, version, cors_configuration, ..Settings::default() };
    input.apply(settings)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateApi {
    protocol_type: String,
    #[serde(default)]
    tags: Tags,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (CreateApi { protocol_type, tags }, input, scope) = operation.inputs::<CreateApi, Settings>()?;
    match protocol_type.as_str() {
        "HTTP" => {}
        "WEBSOCKET" => return Err(lacking("protocolType WEBSOCKET")),
        _ => return Err(bad_request("Invalid protocolType specified. Must be one of [HTTP, WEBSOCKET]")),
    }
    check_tags(&tags)?;
    if input.name.is_none() {
        return Err(bad_request("API name must be specified"));
    }
    let mut settings = ApiSettings::default();
    input.apply(&mut settings)?;
    let id = match tags.get(API_ID_TAG) {
        Some(id) => id.clone(),
        None => letter_id(10)?,
    };
    let id: ApiId = id.parse().map_err(|error| bad_request(format!("The tag `{API_ID_TAG}` is {error}")))?;
    let mut api = HttpApi {
        id: id.clone(),
        created: scope.now,
        settings,
        tags,
        routes: BTreeMap::new(),
        integrations: BTreeMap::new(),
        authorizers: BTreeMap::new(),
        stages: BTreeMap::new(),
        deployments: BTreeMap::new(),
    };
    if let Some(target) = input.target.filter(|target| !target.is_empty()) {
        quickly(&mut api, &target, input.route_key.unwrap_or_else(|| "$default".to_owned()))?;
        api.deploy_automatically(scope.now)?;
    } else if input.route_key.is_some() {
        return Err(bad_request("RouteKey is only supported with a target"));
    }
    // Ids are looked up without a region when an API is called, so they are unique across regions and kinds.
    let store = &scope.context.store;
    let is_taken = |region| store.read(region, |state| state.apigatewayv2.has(&id) || state.apigateway.has(&id));
    if store.regions().iter().any(is_taken) {
        return Err(conflict(format!("There is an API with the identifier {id} already")));
    }
    let shown = api.show(&scope.context.config.endpoint);
    let added = scope.change(|state| {
        state.apigatewayv2.apis.insert(id, api);
        Ok(())
    });
    added.await?;
    Ok(Output::Members(shown))
}

/// Makes the route, the integration and the stage of an API that is to be called at once.
fn quickly(api: &mut HttpApi, target: &str, route_key: String) -> Result<(), AwsError> {
    check_key(&route_key)?;
    let mut integration = integrations::checked(CreateIntegration::quick(target), letter_id(7)?)?;
    integration.api_gateway_managed = true;
    let route = Route {
        route_id: letter_id(7)?,
        route_key,
        target: Some(format!("integrations/{}", integration.integration_id)),
        authorization_type: "NONE".to_owned(),
        api_gateway_managed: true,
        ..Route::default()
    };
    let name: StageName = StageName::default_stage();
    let stage = Stage { auto_deploy: true, is_managed: true, ..Stage::new(name.clone(), api.created) };
    api.integrations.insert(integration.integration_id.clone(), integration);
    api.routes.insert(route.route_id.clone(), route);
    api.stages.insert(name, stage);
    Ok(())
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ApiPath>()?;
    let endpoint = &scope.context.config.endpoint;
    scope.read(|state| Ok(Output::Members(state.apigatewayv2.api(&at.api_id)?.show(endpoint))))
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (paging, scope) = operation.input::<Paging>()?;
    let endpoint = &scope.context.config.endpoint;
    scope.read(|state| {
        let apis = state.apigatewayv2.apis.values();
        paging.page(apis.map(|api| (api.id.to_string(), api.show(endpoint)))).map(Output::Members)
    })
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, input, scope) = operation.inputs::<ApiPath, Settings>()?;
    if input.target.is_some() || input.route_key.is_some() {
        return Err(lacking("target"));
    }
    let shown = scope.change(|state| {
        let api = state.apigatewayv2.api_mut(&at.api_id)?;
        let mut settings = api.settings.clone();
        input.apply(&mut settings)?;
        api.settings = settings;
        Ok(api.show(&scope.context.config.endpoint))
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ApiPath>()?;
    let removed = scope.change(|state| {
        let id = state.apigatewayv2.api(&at.api_id)?.id.clone();
        state.apigatewayv2.apis.remove(&id);
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

pub(super) async fn delete_cors(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<ApiPath>()?;
    let removed = scope.change(|state| {
        state.apigatewayv2.api_mut(&at.api_id)?.settings.cors_configuration = None;
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

/// Checks all tags of one resource.
pub(super) fn check_tags(tags: &Tags) -> Result<(), AwsError> {
    tags::check(tags, tags::MAX_KEY).map_err(|_| {
        bad_request(
            "There are at most 50 tags, with keys of 1 to 128 characters that do not start with `aws:` and values of \
             at most 256.",
        )
    })
}

/// The API or the stage that an operation on tags is about.
#[derive(Deserialize)]
struct Tagged {
    #[serde(rename = "resource-arn")]
    arn: String,
}

impl Tagged {
    /// What the ARN names here, in parts: `["", "apis", "abc"]`.
    fn path(&self, here: Here<'_>) -> Vec<&str> {
        here.resource_of_region("apigateway", &self.arn).unwrap_or_default().split('/').collect()
    }

    fn tags<'s>(&self, here: Here<'_>, state: &'s mut super::model::State) -> Result<&'s mut Tags, AwsError> {
        match self.path(here).as_slice() {
            ["", "apis", api] => Ok(&mut state.api_mut(api)?.tags),
            ["", "apis", api, "stages", name] => Ok(&mut state.api_mut(api)?.stage_mut(name)?.tags),
            _ => Err(bad_request("Invalid resource ARN specified")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewTags {
    #[serde(default)]
    tags: Tags,
}

pub(super) async fn tag(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, NewTags { tags: new }, scope) = operation.inputs::<Tagged, NewTags>()?;
    let tagged = scope.change(|state| {
        let tags = at.tags(scope.here(), &mut state.apigatewayv2)?;
        tags.extend(new);
        check_tags(tags)
    });
    tagged.await?;
    Ok(Output::Members(Value::Object(serde_json::Map::new())))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OldTags {
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) async fn untag(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, OldTags { tag_keys }, scope) = operation.inputs::<Tagged, OldTags>()?;
    let untagged = scope.change(|state| {
        at.tags(scope.here(), &mut state.apigatewayv2)?.retain(|key, _| !tag_keys.contains(key));
        Ok(())
    });
    untagged.await?;
    Ok(Output::Done)
}

pub(super) fn tags(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, scope) = operation.input::<Tagged>()?;
    scope.read(|state| {
        let tags = match at.path(scope.here()).as_slice() {
            ["", "apis", api] => &state.apigatewayv2.api(api)?.tags,
            ["", "apis", api, "stages", stage] => &state.apigatewayv2.api(api)?.stage(stage)?.tags,
            _ => return Err(absent("resource", &at.arn)),
        };
        Ok(Output::Members(serde_json::json!({ "tags": tags })))
    })
}
