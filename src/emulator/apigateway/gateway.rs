//! The data plane: a call of a deployed API, from its path to its answer.

use super::{
    answer,
    event::{self, Source},
    exchange,
    failure::Failure,
    function::{self, Function, Outcome},
    incoming::Incoming,
    journal::Journal,
    matching,
    model::{Deployment, IntegrationKind, Method, Resource, function_arn},
    policy,
    service_call::Caller,
    validators,
};
use crate::{
    contract,
    edge::{ApiCall, Lookup, Told, Voice},
    emulator::{Context, http_event::TRACE_ID, policy::Principal, runtime::Functions, store::Region, wire},
    http1::{Peer, Response, Spelling},
    marks,
    names::{ApiId, StageName},
};
use http::HeaderValue;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// What a stage serves, as it was when a call came: the call is let in, matched, answered and refused by this and by
/// nothing newer.
#[derive(Debug)]
pub struct Served {
    region: Region,
    deployment: Arc<Deployment>,
    stage_variables: BTreeMap<String, String>,
    key: Option<CallerKey>,
    /// The stack, where the API is one of atelier's own, which the edge speaks for.
    stack: Option<String>,
}

/// A caller's key that opens the stage.
#[derive(Debug)]
struct CallerKey {
    id: String,
    value: String,
    /// What people call it.
    name: Option<String>,
}

impl Served {
    /// Tells whether the key that came with the call opens the stage.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.key.is_some()
    }

    /// Tells what the API's author says for himself on a path. Of APIs that `deploy` made, those that have something to
    /// say to pages.
    #[must_use]
    pub fn voice(&self, path: &str) -> Voice {
        // Atelier's own function answers any method, OPTIONS too, and says nothing about pages; what is made for them there
        // is a constant.
        let is_constant = |method: &Method| {
            method.name == "OPTIONS" && method.integration.as_ref().is_some_and(|i| i.kind == IntegrationKind::Mock)
        };
        let found = matching::find(&self.deployment.resources, "OPTIONS", path);
        let says = found.is_some_and(|(found, method)| found.resource.path != contract::PATH || is_constant(method));
        let speaks = self.stack.is_none() || says;
        Voice { is_own: speaks, answers_pages: speaks }
    }
}

/// Finds what a stage of an API serves, and the key that the caller sent, if it opens the stage.
#[must_use]
pub fn find(context: &Context, api: &ApiId, stage: &StageName, key: Option<&str>) -> Lookup<Served> {
    let store = &context.store;
    let found = store.regions().into_iter().find_map(|region| {
        store.read(&region, |kept| {
            let kept = &kept.apigateway;
            let api = kept.apis.get(api)?;
            let Some(stage) = api.stages.get(stage) else { return Some(Lookup::NoStage) };
            let deployment = Arc::clone(api.deployments.get(&stage.settings.deployment_id)?);
            let key = key.and_then(|value| {
                let key = kept.key_for(value, &api.id, &stage.name)?;
                let name = key.tags.get(marks::KEY_NAME_TAG).or(key.settings.name.as_ref()).cloned();
                Some(CallerKey { id: key.id.clone(), value: value.to_owned(), name })
            });
            let (region, stage_variables) = (region.clone(), stage.settings.variables.clone());
            let stack = api.tags.get(marks::STACK_TAG).cloned();
            let served = Served { region, deployment, stage_variables, key, stack };
            Some(Lookup::Deployed { is_opened: served.is_opened(), deployment: served })
        })
    });
    found.unwrap_or(Lookup::Absent)
}

/// Answers a call of a deployed API.
pub async fn api(context: &Arc<Context>, functions: &Functions, call: ApiCall<Served>) -> Response {
    let began = Instant::now();
    let extended = wire::request_id();
    let trace = trace(context, &call, &extended);
    let ids = Ids { request: &call.request_id, extended: &extended, trace: &trace };
    let mut response = match permitted(context, &call).and_then(|()| route(&call)) {
        Ok(route) => {
            let caller = Caller {
                context,
                functions,
                source_arn: &source_arn(context, &call, &route),
                request_id: ids.request,
                trace: &format!("{trace};Sampled=0"),
            };
            let answered = answer(&call, &route, ids, &caller).await;
            answered.unwrap_or_else(|failure| refuse(context, &call, Some(&route), ids, &failure))
        }
        Err(failure) => refuse(context, &call, None, ids, &failure),
    };
    for (name, id) in [("x-amzn-requestid", ids.request), ("x-amz-apigw-id", ids.extended), (TRACE_ID, ids.trace)] {
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(name, id);
        }
    }
    let Served { stack, key, .. } = call.deployment;
    let key = key.and_then(|key| key.name);
    response.extensions_mut().insert(Told { stack, key, gateway: Some(began.elapsed()), ..Told::default() });
    response
}

fn refuse(
    context: &Context,
    call: &ApiCall<Served>,
    route: Option<&Route<'_>>,
    ids: Ids<'_>,
    failure: &Failure,
) -> Response {
    let worded = &call.deployment.deployment.gateway_responses;
    failure.response(worded, &event::incoming(&source(context, call, route, ids)))
}

/// The ids of a call. API Gateway lets clients choose the first:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>.
#[derive(Debug, Clone, Copy)]
struct Ids<'a> {
    /// What the edge and the function log the call under.
    request: &'a str,
    /// Nobody else's.
    extended: &'a str,
    /// The trace header, of the call or of what it belongs to.
    trace: &'a str,
}

/// The method of a deployment that a call means.
struct Route<'a> {
    resource: &'a Resource,
    path_parameters: BTreeMap<String, String>,
    method: &'a Method,
    /// The caller's key, where the method wants one.
    key: Option<&'a CallerKey>,
}

/// Asks the API's policy, where there is a method to be called.
fn permitted(context: &Context, call: &ApiCall<Served>) -> Result<(), Failure> {
    let Served { deployment, region, .. } = &call.deployment;
    if deployment.policy.is_none() {
        return Ok(());
    }
    matching::find(&deployment.resources, call.request.method().as_str(), &call.path).ok_or(Failure::NoRoute)?;
    let called = policy::Called {
        context,
        region: region.as_str(),
        api: call.api.as_str(),
        stage: call.stage.as_str(),
        path: &call.path,
        request: &call.request,
        request_id: &call.request_id,
    };
    policy::permit(deployment.policy.as_deref(), &called, &Principal::Anonymous)
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
    call: &ApiCall<Served>,
    route: &Route<'_>,
    ids: Ids<'_>,
    caller: &Caller<'_>,
) -> Result<Response, Failure> {
    let source = source(caller.context, call, Some(route), ids);
    if route.method.request_validator_id.is_some() {
        validators::validate(&call.deployment.deployment.validators, route.method, &event::incoming(&source))?;
    }
    execute(route.method, &source, &Arc::default(), caller).await
}

/// Has a method answer a request.
pub(super) async fn execute(
    method: &Method,
    source: &Source<'_>,
    journal: &Arc<Journal>,
    caller: &Caller<'_>,
) -> Result<Response, Failure> {
    let integration = method.integration.as_ref().ok_or(Failure::Configuration)?;
    if integration.kind != IntegrationKind::AwsProxy {
        let incoming = Incoming { journal: Arc::clone(journal), ..event::incoming(source) };
        return exchange::answer(integration, &incoming, caller).await;
    }
    let uri = integration.uri.as_deref().unwrap_or_default();
    let uri = exchange::with_stage_variables(uri, source.stage_variables);
    let arn = function_arn(&uri).ok_or(Failure::Configuration)?;
    let limit = Duration::from_millis(integration.timeout_in_millis.into());
    proxied(&Function { arn, limit, ..caller.function() }, source, journal).await
}

/// Has a function answer the request as it is, and its answer too.
async fn proxied(function: &Function<'_>, source: &Source<'_>, journal: &Journal) -> Result<Response, Failure> {
    let event = event::build(source).to_string();
    journal.note(|| format!("Endpoint request body after transformations: {event}"));
    journal.note(|| format!("Sending request to function {}", function.arn));
    let invoked = function.invoke(event.into(), true).await?;
    let (Outcome::Result(document) | Outcome::Error(document)) = &invoked else { return Err(Failure::BadAnswer) };
    let text = || String::from_utf8_lossy(document).into_owned();
    journal.note(|| format!("Endpoint response body before transformations: {}", text()));
    let Outcome::Result(document) = &invoked else {
        journal.note(|| "Lambda execution failed with status 200 due to customer function error".to_owned());
        return Err(Failure::BadAnswer);
    };
    let accept = source.headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    answer::read(document, source.binary_media_types, accept).map_err(|error| {
        let (request_id, function) = (function.request_id, function.arn);
        tracing::warn!(request_id, function, %error, "a function's answer to an API call is malformed");
        journal.note(|| "Execution failed due to configuration error: Malformed Lambda proxy response".to_owned());
        Failure::BadAnswer
    })
}

/// What the resource policies of functions are asked about.
fn source_arn(context: &Context, call: &ApiCall<Served>, route: &Route<'_>) -> String {
    let method = if route.method.name == "ANY" { "*" } else { &route.method.name };
    format!(
        "arn:aws:execute-api:{}:{}:{}/{}/{method}{}",
        call.deployment.region, context.config.account, call.api, call.stage, route.resource.path
    )
}

fn source<'a>(
    context: &'a Context,
    call: &'a ApiCall<Served>,
    route: Option<&'a Route<'_>>,
    ids: Ids<'a>,
) -> Source<'a> {
    static NONE: BTreeMap<String, String> = BTreeMap::new();
    static UNKNOWN: Spelling = Spelling::unknown();
    let (request, served) = (&call.request, &call.deployment);
    Source {
        account: &context.config.account,
        region: served.region.as_str(),
        api: call.api.as_str(),
        stage: call.stage.as_str(),
        deployment: &served.deployment.id,
        resource_id: route.map_or("", |route| &route.resource.id),
        resource_path: route.map_or("", |route| &route.resource.path),
        path_parameters: route.map_or(&NONE, |route| &route.path_parameters),
        stage_variables: &served.stage_variables,
        binary_media_types: &served.deployment.binary_media_types,
        method: request.method(),
        path: &call.path,
        query: request.uri().query(),
        headers: request.headers(),
        spelling: request.extensions().get().unwrap_or(&UNKNOWN),
        trace: ids.trace,
        body: request.body(),
        caller_ip: request.extensions().get::<Peer>().map(|peer| peer.0.ip()),
        key: route.and_then(|route| route.key).map(|key| (key.id.as_str(), key.value.as_str())),
        request_id: ids.request,
        extended_request_id: ids.extended,
        now: context.config.clock.now(),
    }
}

/// Names the trace that a call belongs to: its caller's, else one of its own.
fn trace(context: &Context, call: &ApiCall<Served>, id: &str) -> String {
    let sent = call.request.headers().get(TRACE_ID).and_then(|trace| trace.to_str().ok());
    let own = function::new_trace(context, id);
    sent.map_or_else(|| format!("Root={own}"), |sent| format!("Self={own};{sent}"))
}
