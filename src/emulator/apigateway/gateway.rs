//! The data plane: a call of a deployed API, from its path to its answer.

use super::{
    State, answer,
    event::{self, Source},
    matching, mock,
    model::{Deployment, Integration, IntegrationKind, RestApi, Stage, function_arn},
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
fn refuse(context: &Context, call: &ApiCall, failure: Failure) -> Response {
    let response = failure.response();
    let status = response.status();
    let default = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
    let store = &context.store;
    let worded = store.regions().iter().find_map(|region| {
        store.read(region, |kept| {
            let (_, _, deployment) = served(&kept.apigateway, &call.api, &call.stage)?;
            let responses = &deployment.gateway_responses;
            mock::refusal(responses.get(failure.kind()).or_else(|| responses.get(default))?, status)
        })
    });
    let Some(mut worded) = worded else { return response };
    if let Some(kind) = response.headers().get(ERROR_TYPE) {
        worded.headers_mut().insert(ERROR_TYPE, kind.clone());
    }
    worded
}

/// What the state says about a call, taken out of it so that nothing is held while the function runs.
struct Route {
    region: Region,
    resource_id: String,
    resource_path: String,
    path_parameters: BTreeMap<String, String>,
    stage_variables: BTreeMap<String, String>,
    binary_media_types: Vec<String>,
    deployment: String,
    method: String,
    /// The id and the value of the caller's key.
    key: Option<(String, String)>,
    backend: Backend,
}

enum Backend {
    /// A template has answered already.
    Done(Response),
    /// The function of this ARN answers, within this time.
    Function(String, Duration),
}

/// Tells whether a stage of an API is deployed.
#[must_use]
pub fn is_deployed(context: &Arc<Context>, api: &ApiId, stage: &StageName) -> bool {
    let store = &context.store;
    store.regions().iter().any(|region| store.read(region, |kept| served(&kept.apigateway, api, stage).is_some()))
}

/// Tells whether an API key opens a stage of an API.
#[must_use]
pub fn knows_key(context: &Arc<Context>, api: &ApiId, stage: &StageName, key: &str) -> bool {
    let store = &context.store;
    store.regions().iter().any(|region| store.read(region, |kept| kept.apigateway.key_for(key, api, stage).is_some()))
}

/// Answers a call of a deployed API.
pub async fn api(context: &Arc<Context>, functions: &Functions, call: ApiCall) -> Response {
    let request_id = wire::request_id();
    let result = match route(context, &call) {
        Ok(route) => answer(context, functions, &call, route, &request_id).await,
        Err(failure) => Err(failure),
    };
    let mut response = result.unwrap_or_else(|failure| refuse(context, &call, failure));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id.clone());
        response.headers_mut().insert("x-amz-apigw-id", id);
    }
    response
}

fn served<'a>(kept: &'a State, api: &ApiId, stage: &StageName) -> Option<(&'a RestApi, &'a Stage, &'a Deployment)> {
    let api = kept.apis.get(api)?;
    let stage = api.stages.get(stage)?;
    Some((api, stage, api.deployments.get(&stage.settings.deployment_id)?))
}

/// Looks a call up in the deployment that its stage serves.
fn route(context: &Context, call: &ApiCall) -> Result<Route, Failure> {
    let store = &context.store;
    let regions = store.regions();
    let mut found = regions.iter().filter_map(|region| {
        store.read(region, |kept| {
            let kept = &kept.apigateway;
            let (api, stage, deployment) = served(kept, &call.api, &call.stage)?;
            Some(route_in(kept, region, call, api, stage, deployment))
        })
    });
    found.next().unwrap_or(Err(Failure::NoRoute))
}

fn route_in(
    kept: &State,
    region: &Region,
    call: &ApiCall,
    api: &RestApi,
    stage: &Stage,
    deployment: &Deployment,
) -> Result<Route, Failure> {
    let found = matching::find(&deployment.resources, call.request.method().as_str(), &call.path);
    let (matched, method) = found.ok_or(Failure::NoRoute)?;
    let key = if method.api_key_required {
        let sent = call.request.headers().get("x-api-key").and_then(|value| value.to_str().ok());
        let key = sent.and_then(|value| kept.key_for(value, &api.id, &stage.name)).ok_or(Failure::Forbidden)?;
        Some((key.id.clone(), sent.unwrap_or_default().to_owned()))
    } else {
        None
    };
    let integration = method.integration.as_ref().ok_or(Failure::Configuration)?;
    Ok(Route {
        region: region.clone(),
        resource_id: matched.resource.id.clone(),
        resource_path: matched.resource.path.clone(),
        path_parameters: matched.parameters,
        stage_variables: stage.settings.variables.clone(),
        binary_media_types: deployment.binary_media_types.clone(),
        deployment: deployment.id.clone(),
        method: method.name.clone(),
        key,
        backend: backend(integration)?,
    })
}

fn backend(integration: &Integration) -> Result<Backend, Failure> {
    match integration.kind {
        IntegrationKind::Mock => mock::answer(integration).map(Backend::Done).ok_or(Failure::Configuration),
        IntegrationKind::AwsProxy => {
            let arn = integration.uri.as_deref().and_then(function_arn).ok_or(Failure::Configuration)?;
            Ok(Backend::Function(arn.to_owned(), Duration::from_millis(integration.timeout_in_millis.into())))
        }
    }
}

async fn answer(
    context: &Arc<Context>,
    functions: &Functions,
    call: &ApiCall,
    mut route: Route,
    request_id: &str,
) -> Result<Response, Failure> {
    let (arn, limit) = match std::mem::replace(&mut route.backend, Backend::Done(Response::default())) {
        Backend::Done(response) => return Ok(response),
        Backend::Function(arn, limit) => (arn, limit),
    };
    let spec = permitted(context, call, &route, (&arn, request_id))?;
    let invocation = Invocation {
        id: wire::request_id(),
        payload: payload(context, call, &route, request_id),
        trace: format!("Root=1-{:08x}-{};Sampled=0", context.config.clock.now().unix_timestamp(), trace_id(request_id)),
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
    let document = match invoked.answer {
        Answer::Result(document) => document,
        Answer::Error(document) => {
            let error = String::from_utf8_lossy(&document[..document.len().min(1024)]).into_owned();
            tracing::warn!(request_id, function = arn, error, "a function failed to answer an API call");
            return Err(Failure::BadAnswer);
        }
    };
    let accept = call.request.headers().get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    answer::read(&document, &route.binary_media_types, accept).map_err(|error| {
        tracing::warn!(request_id, function = arn, %error, "a function's answer to an API call is malformed");
        Failure::BadAnswer
    })
}

/// Asks the function's resource policy whether this route of this stage may invoke it.
fn permitted(
    context: &Context,
    call: &ApiCall,
    route: &Route,
    (arn, request_id): (&str, &str),
) -> Result<Spec, Failure> {
    let method = if route.method == "ANY" { "*" } else { &route.method };
    let source = format!(
        "arn:aws:execute-api:{}:{}:{}/{}/{method}{}",
        route.region, context.config.account, call.api, call.stage, route.resource_path
    );
    lambda::invocable(context, arn, "apigateway.amazonaws.com", &source).map_err(|denied| {
        let reason = match denied {
            Denied::Absent => "there is no such function",
            Denied::Pending => "it is still being created",
            Denied::Forbidden => "its resource policy does not allow this API (`aws lambda add-permission`)",
        };
        tracing::warn!(request_id, function = arn, source, reason, "an API call cannot invoke its function");
        Failure::Configuration
    })
}

fn payload(context: &Context, call: &ApiCall, route: &Route, request_id: &str) -> Bytes {
    let request = &call.request;
    let event = event::build(&Source {
        account: &context.config.account,
        region: route.region.as_str(),
        api: call.api.as_str(),
        stage: call.stage.as_str(),
        deployment: &route.deployment,
        resource_id: &route.resource_id,
        resource_path: &route.resource_path,
        path_parameters: &route.path_parameters,
        stage_variables: &route.stage_variables,
        binary_media_types: &route.binary_media_types,
        method: request.method(),
        path: &call.path,
        query: request.uri().query(),
        headers: request.headers(),
        body: request.body(),
        caller_ip: request.extensions().get::<Peer>().map(|peer| peer.0.ip()),
        key: route.key.as_ref().map(|(id, value)| (id.as_str(), value.as_str())),
        request_id,
        now: context.config.clock.now(),
    });
    event.to_string().into()
}

fn trace_id(request_id: &str) -> String {
    request_id.chars().filter(|c| *c != '-').take(24).collect()
}
