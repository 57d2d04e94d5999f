//! The data plane: a call of a deployed API, from its path to its answer.

use super::{
    answer,
    event::{self, Source},
    matching, mock,
    model::{Deployment, Integration, IntegrationKind, Method, Resource, function_arn},
};
use crate::{
    edge::ApiCall,
    emulator::{
        Context,
        lambda::{self, Denied},
        runtime::{Answer, Functions, Invocation, InvokeError, Spec},
        store::Region,
        wire,
    },
    http1::{Peer, Response},
    names::{ApiId, StageName},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// The header in which AWS names an error.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// A refusal or a failure in API Gateway's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// No such route, method or stage.
    NoRoute,
    /// The method wants an API key, and this is none that opens the stage.
    Forbidden,
    /// The gateway's own set-up does not work: no function, or no permission.
    Configuration,
    /// The function's answer is malformed, or the function failed.
    BadAnswer,
    /// The function took too long.
    Timeout,
    /// Too many processes are busy.
    Throttled,
}

impl Failure {
    /// The type under which a document words it:
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>.
    fn kind(self) -> &'static str {
        match self {
            Self::NoRoute => "MISSING_AUTHENTICATION_TOKEN",
            Self::Forbidden => "INVALID_API_KEY",
            Self::Configuration => "API_CONFIGURATION_ERROR",
            Self::BadAnswer => "INTEGRATION_FAILURE",
            Self::Timeout => "INTEGRATION_TIMEOUT",
            Self::Throttled => "THROTTLED",
        }
    }

    fn response(self) -> Response {
        let (status, kind, message) = match self {
            Self::NoRoute => (403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
            Self::Forbidden => (403, "ForbiddenException", "Forbidden"),
            Self::Configuration => (500, "InternalServerErrorException", "Internal server error"),
            Self::BadAnswer => (502, "InternalServerErrorException", "Internal server error"),
            Self::Timeout => (504, "InternalServerErrorException", "Endpoint request timed out"),
            Self::Throttled => (429, "LimitExceededException", "Too Many Requests"),
        };
        let mut response = Response::new(serde_json::json!({ "message": message }).to_string().into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(kind));
        response
    }
}

/// Answers a refusal as the deployment words it, else in API Gateway's own words.
fn refuse(deployment: &Deployment, failure: Failure) -> Response {
    let response = failure.response();
    let status = response.status();
    let default = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
    let responses = &deployment.gateway_responses;
    let chosen = responses.get(failure.kind()).or_else(|| responses.get(default));
    let Some(mut worded) = chosen.and_then(|chosen| mock::refusal(chosen, status)) else { return response };
    if let Some(kind) = response.headers().get(ERROR_TYPE) {
        worded.headers_mut().insert(ERROR_TYPE, kind.clone());
    }
    worded
}

/// What a stage serves, as it was when a call came: the call is let in, matched, answered and refused by this and by
/// nothing newer.
#[derive(Debug)]
pub struct Served {
    region: Region,
    deployment: Arc<Deployment>,
    stage_variables: BTreeMap<String, String>,
    key: Option<CallerKey>,
}

/// A caller's key that opens the stage.
#[derive(Debug)]
struct CallerKey {
    id: String,
    value: String,
}

impl Served {
    /// Tells whether the key that came with the call opens the stage.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.key.is_some()
    }
}

/// Finds what a stage of an API serves, and the key that the caller sent, if it opens the stage.
#[must_use]
pub fn find(context: &Context, api: &ApiId, stage: &StageName, key: Option<&str>) -> Option<Served> {
    let store = &context.store;
    store.regions().into_iter().find_map(|region| {
        store.read(&region, |kept| {
            let kept = &kept.apigateway;
            let api = kept.apis.get(api)?;
            let stage = api.stages.get(stage)?;
            let deployment = Arc::clone(api.deployments.get(&stage.settings.deployment_id)?);
            let key = key.and_then(|value| {
                let key = kept.key_for(value, &api.id, &stage.name)?;
                Some(CallerKey { id: key.id.clone(), value: value.to_owned() })
            });
            Some(Served { region: region.clone(), deployment, stage_variables: stage.settings.variables.clone(), key })
        })
    })
}

/// Answers a call of a deployed API.
pub async fn api(context: &Arc<Context>, functions: &Functions, call: ApiCall<Served>) -> Response {
    let ids = Ids { request: &call.request_id, extended: &wire::request_id() };
    let answered = answer(context, functions, &call, ids).await;
    let mut response = answered.unwrap_or_else(|failure| refuse(&call.deployment.deployment, failure));
    for (name, id) in [("x-amzn-requestid", ids.request), ("x-amz-apigw-id", ids.extended)] {
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(name, id);
        }
    }
    response
}

/// The two ids of a call. API Gateway lets clients choose the first:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>.
#[derive(Debug, Clone, Copy)]
struct Ids<'a> {
    /// What the edge and the function log the call under.
    request: &'a str,
    /// Nobody else's.
    extended: &'a str,
}

/// The method of a deployment that a call means.
struct Route<'a> {
    resource: &'a Resource,
    path_parameters: BTreeMap<String, String>,
    method: &'a Method,
    /// The caller's key, where the method wants one.
    key: Option<&'a CallerKey>,
}

/// Matches a call with what its stage serves.
fn route(call: &ApiCall<Served>) -> Result<Route<'_>, Failure> {
    let Served { deployment, key, .. } = &call.deployment;
    let found = matching::find(&deployment.resources, call.request.method().as_str(), &call.path);
    let (matched, method) = found.ok_or(Failure::NoRoute)?;
    let key = if method.api_key_required { Some(key.as_ref().ok_or(Failure::Forbidden)?) } else { None };
    Ok(Route { resource: matched.resource, path_parameters: matched.parameters, method, key })
}

async fn answer(
    context: &Arc<Context>,
    functions: &Functions,
    call: &ApiCall<Served>,
    ids: Ids<'_>,
) -> Result<Response, Failure> {
    let route = route(call)?;
    let integration = route.method.integration.as_ref().ok_or(Failure::Configuration)?;
    match integration.kind {
        IntegrationKind::Mock => mock::answer(integration).ok_or(Failure::Configuration),
        IntegrationKind::AwsProxy => {
            let document = invoke(context, functions, call, &route, integration, ids).await?;
            let accept = call.request.headers().get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
            answer::read(&document, &call.deployment.deployment.binary_media_types, accept).map_err(|error| {
                let function = integration.uri.as_deref().and_then(function_arn);
                tracing::warn!(request_id = ids.request, function, %error, "a function's answer to an API call is malformed");
                Failure::BadAnswer
            })
        }
    }
}

/// Has the integration's function answer, within the integration's time.
async fn invoke(
    context: &Arc<Context>,
    functions: &Functions,
    call: &ApiCall<Served>,
    route: &Route<'_>,
    integration: &Integration,
    ids: Ids<'_>,
) -> Result<Bytes, Failure> {
    let request_id = ids.request;
    let arn = integration.uri.as_deref().and_then(function_arn).ok_or(Failure::Configuration)?;
    let spec = permitted(context, call, route, arn)?;
    let limit = Duration::from_millis(integration.timeout_in_millis.into());
    let invocation = Invocation {
        id: wire::request_id(),
        payload: payload(context, call, route, ids),
        trace: format!(
            "Root=1-{:08x}-{};Sampled=0",
            context.config.clock.now().unix_timestamp(),
            trace_id(ids.extended)
        ),
        client_context: None,
        wants_tail: false,
    };
    let invoked = match context.config.clock.timeout(limit, functions.invoke(&spec, invocation)).await {
        None => return Err(Failure::Timeout),
        Some(Err(InvokeError::Busy)) => return Err(Failure::Throttled),
        Some(Err(error)) => {
            tracing::warn!(request_id, function = arn, %error, "a function could not answer an API call");
            return Err(Failure::Configuration);
        }
        Some(Ok(invoked)) => invoked,
    };
    match invoked.answer {
        Answer::Result(document) => Ok(document),
        Answer::Error(document) => {
            let error = String::from_utf8_lossy(&document[..document.len().min(1024)]).into_owned();
            tracing::warn!(request_id, function = arn, error, "a function failed to answer an API call");
            Err(Failure::BadAnswer)
        }
    }
}

/// Asks the function's resource policy whether this route of this stage may invoke it.
fn permitted(context: &Context, call: &ApiCall<Served>, route: &Route<'_>, arn: &str) -> Result<Spec, Failure> {
    let method = if route.method.name == "ANY" { "*" } else { &route.method.name };
    let source = format!(
        "arn:aws:execute-api:{}:{}:{}/{}/{method}{}",
        call.deployment.region, context.config.account, call.api, call.stage, route.resource.path
    );
    lambda::invocable(context, arn, "apigateway.amazonaws.com", &source).map_err(|denied| {
        let reason = match denied {
            Denied::Absent => "there is no such function",
            Denied::Pending => "it is still being created",
            Denied::Failed => "its code is lost",
            Denied::Forbidden => {
                "Invalid permissions on Lambda function: its resource policy does not allow this API (`aws lambda \
                 add-permission`)"
            }
        };
        let request_id = &call.request_id;
        tracing::warn!(request_id, function = arn, source, reason, "an API call cannot invoke its function");
        Failure::Configuration
    })
}

fn payload(context: &Context, call: &ApiCall<Served>, route: &Route<'_>, ids: Ids<'_>) -> Bytes {
    let (request, served) = (&call.request, &call.deployment);
    let event = event::build(&Source {
        account: &context.config.account,
        region: served.region.as_str(),
        api: call.api.as_str(),
        stage: call.stage.as_str(),
        deployment: &served.deployment.id,
        resource_id: &route.resource.id,
        resource_path: &route.resource.path,
        path_parameters: &route.path_parameters,
        stage_variables: &served.stage_variables,
        binary_media_types: &served.deployment.binary_media_types,
        method: request.method(),
        path: &call.path,
        query: request.uri().query(),
        headers: request.headers(),
        body: request.body(),
        caller_ip: request.extensions().get::<Peer>().map(|peer| peer.0.ip()),
        key: route.key.map(|key| (key.id.as_str(), key.value.as_str())),
        request_id: ids.request,
        extended_request_id: ids.extended,
        now: context.config.clock.now(),
    });
    event.to_string().into()
}

fn trace_id(request_id: &str) -> String {
    request_id.chars().filter(|c| *c != '-').take(24).collect()
}
