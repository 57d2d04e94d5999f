//! The data plane: a call of a deployed API, from its path to its answer.

use super::{
    State,
    access_log::{AccessLog, Lines},
    answer,
    authorization::{self, Authorized},
    event::{self, Source},
    exchange, execution_log,
    failure::Failure,
    function::{self, Function, Outcome},
    headers,
    incoming::Incoming,
    journal::Journal,
    matching,
    method_settings::{self, AllSettings, MethodSettings},
    model::{ApiKeySource, Deployment, IntegrationKind, Method, Resource},
    service_call::Caller,
    uri::function_arn,
    usage::{Counted, Limits},
    validators::{self, Rules},
};
use crate::{
    contract,
    edge::{ApiCall, Lookup, Told, Voice},
    emulator::{
        Context, cloudwatch, http_event::TRACE_ID, runtime::Functions, state::RegionState, store::Region, wire,
    },
    http1::{Peer, Response, Spelling},
    marks,
    names::{ApiId, StageName},
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, header};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::Write,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// What a stage serves, as it was when a call came: the call is let in, matched, answered and refused by this and by
/// nothing newer.
#[derive(Debug)]
pub struct Served {
    region: Region,
    deployment: Arc<Deployment>,
    stage_variables: BTreeMap<String, String>,
    method_settings: AllSettings,
    access_log: Option<AccessLog>,
    key: Option<CallerKey>,
    /// Whether the call goes to the canary, where there is one.
    is_canary: Option<bool>,
    /// The API's name, which its metrics are under.
    name: String,
    /// The bytes of a body from which on it is compressed for callers who take that.
    compresses_from: Option<usize>,
    /// The stack, where the API is one of atelier's own, which the edge speaks for.
    stack: Option<String>,
}

/// A caller's key that opens the stage.
#[derive(Debug, Clone)]
struct CallerKey {
    id: String,
    value: String,
    /// What people call it.
    name: Option<String>,
    limits: Limits,
}

impl CallerKey {
    /// Finds the key of this value, if it opens a stage.
    fn find(kept: &State, value: &str, api: &ApiId, stage: &StageName) -> Option<Self> {
        let (key, plan) = kept.key_for(value, api, stage)?;
        let name = key.tags.get(marks::KEY_NAME_TAG).or(key.settings.name.as_ref()).cloned();
        let limits = Limits::of(plan, &format!("{api}:{stage}"));
        Some(Self { id: key.id.clone(), value: value.to_owned(), name, limits })
    }
}

impl Served {
    /// Tells whether the key that came with the call opens the stage.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.key.is_some()
    }

    /// Says, as the API does, that a body is larger than any may be.
    #[must_use]
    pub fn too_large(&self) -> Response {
        Failure::TooLarge.response(&self.deployment.gateway_responses, &Incoming::default())
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
            let settings = &api.settings;
            let is_reached = !settings.disable_execute_api_endpoint && !settings.endpoint_configuration.is_private();
            let stage = api.stages.get(stage).filter(|_| is_reached);
            let Some(stage) = stage else { return Some(Lookup::NoStage(no_stage())) };
            let settings = &stage.settings;
            let mut stage_variables = settings.variables.clone();
            let canary = settings.canary_settings.as_ref().filter(|canary| chance() < canary.percent_traffic);
            let is_canary = settings.canary_settings.as_ref().map(|_| canary.is_some());
            let deployment = match canary {
                Some(canary) => {
                    stage_variables.extend(canary.stage_variable_overrides.clone());
                    &canary.deployment_id
                }
                None => &settings.deployment_id,
            };
            let deployment = Arc::clone(api.deployments.get(deployment)?);
            let key = key.and_then(|value| CallerKey::find(kept, value, &api.id, &stage.name));
            let (region, method_settings) = (region.clone(), settings.method_settings.clone());
            let access_log = settings.access_log_settings.clone();
            let stack = api.tags.get(marks::STACK_TAG).cloned();
            let name = api.settings.name.clone();
            let size = api.settings.minimum_compression_size.and_then(|size| usize::try_from(size).ok());
            let served = Served {
                region,
                deployment,
                stage_variables,
                method_settings,
                access_log,
                key,
                is_canary,
                compresses_from: size,
                name,
                stack,
            };
            Some(Lookup::Deployed { is_opened: served.is_opened(), deployment: served })
        })
    });
    found.unwrap_or(Lookup::Absent)
}

/// Says that an API has no such stage.
fn no_stage() -> Response {
    Failure::Forbidden.response(&BTreeMap::new(), &Incoming::default())
}

/// A number from 0 to 100, drawn.
fn chance() -> f64 {
    // Where nothing can be drawn, no call goes to a canary.
    getrandom::u32().map_or(100.0, |drawn| f64::from(drawn) / f64::from(u32::MAX) * 100.0)
}

/// Compresses an answer of so many bytes for a caller who takes that.
fn compress(call: &ApiCall<Served>, response: &mut Response, size: usize) {
    let sent = call.request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let takes =
        sent.unwrap_or_default().split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == "gzip");
    let is_small = response.body().is_empty() || response.body().len() < size;
    if !takes || is_small || response.headers().contains_key(header::CONTENT_ENCODING) {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail.
    if let Ok(packed) = encoder.write_all(response.body()).and_then(|()| encoder.finish()) {
        *response.body_mut() = packed.into();
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

/// Answers a call of a deployed API.
pub async fn api(context: &Arc<Context>, functions: &Functions, call: ApiCall<Served>) -> Response {
    let extended = wire::request_id();
    let trace = trace(context, &call, &extended);
    let ids = Ids { request: &call.request_id, extended: &extended, trace: &trace };
    let ending = Ending { context, functions, call: &call, ids, began: Instant::now(), integration: OnceLock::new() };
    let (whole, mut is_traced) = (whole_trace(&trace), false);
    let mut response = match route(&call) {
        Ok(mut route) => {
            let caller = Caller {
                context,
                functions,
                source_arn: &source_arn(context, &call, &route),
                request_id: ids.request,
                trace: &whole,
            };
            let journal = Arc::new(ending.journal(&route));
            let answered = answer(&call, &mut route, ids, &caller, (&journal, &ending.integration)).await;
            is_traced = answered.is_ok() && tells_trace(route.method);
            ending.end(Some(&route), &journal, answered)
        }
        Err(failure) => ending.end(None, &Journal::default(), Err(failure)),
    };
    let began = ending.began;
    if let Some(size) = call.deployment.compresses_from {
        compress(&call, &mut response, size);
    }
    let told = is_traced.then_some(whole.as_str());
    let known = [("x-amzn-requestid", Some(ids.request)), ("x-amz-apigw-id", Some(ids.extended)), (TRACE_ID, told)];
    for (name, id) in known {
        if let Some(id) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
            response.headers_mut().insert(name, id);
        }
    }
    let Served { stack, key, .. } = call.deployment;
    let key = key.and_then(|key| key.name);
    response.extensions_mut().insert(Told { stack, key, gateway: Some(began.elapsed()), ..Told::default() });
    response
}

/// What is done about a call that has its answer: it is counted, and written down.
struct Ending<'a> {
    context: &'a Arc<Context>,
    functions: &'a Functions,
    call: &'a ApiCall<Served>,
    ids: Ids<'a>,
    began: Instant,
    /// How long the integration took, where it was asked.
    integration: OnceLock<Duration>,
}

impl Ending<'_> {
    fn settings(&self, route: &Route<'_>) -> Option<&MethodSettings> {
        method_settings::of(&self.call.deployment.method_settings, &route.resource.path, &route.method.name)
    }

    /// What is written down about a call of a route.
    fn journal(&self, route: &Route<'_>) -> Journal {
        let is_kept = self.settings(route).is_some_and(|settings| settings.logging().is_some());
        if is_kept { Journal::for_log() } else { Journal::default() }
    }

    /// Ends a call; gives its answer.
    fn end(&self, route: Option<&Route<'_>>, journal: &Journal, answered: Result<Response, Failure>) -> Response {
        let Self { context, call, ids, .. } = self;
        let source = source(context, call, route, *ids);
        let (response, failure) = match answered {
            Ok(response) => (response, None),
            Err(failure) => {
                let worded = &call.deployment.deployment.gateway_responses;
                (failure.response(worded, &event::incoming(&source)), Some(failure))
            }
        };
        let status = response.status().as_u16();
        let settings = route.and_then(|route| self.settings(route));
        let detailed = route.filter(|_| settings.is_some_and(MethodSettings::has_metrics));
        let counted = cloudwatch::ApiCall {
            api: ("ApiName", &call.deployment.name),
            stage: call.stage.as_str(),
            method: detailed.map(|route| (route.method.name.as_str(), route.resource.path.as_str())),
            status,
            latency: self.began.elapsed(),
            integration: self.integration.get().copied(),
        };
        cloudwatch::api_called(context, &call.deployment.region, &counted);
        if let Some(logging) = settings.and_then(MethodSettings::logging) {
            let failed = failure.as_ref().map(Failure::said);
            if let Some(kind) = failed.as_ref().and_then(|said| said["responseType"].as_str()) {
                journal.note(|| format!("Gateway response type: {kind} with status code: {status}"));
            }
            execution_log::note_end(journal, status);
            let group = format!("API-Gateway-Execution-Logs_{}/{}", call.api, call.stage);
            self.write(group, true, execution_log::lines(journal, logging, &source), source.now);
        }
        if let Some(log) = &call.deployment.access_log
            && let Some((group, line)) = log.line(&self.said(&source, journal, &response, failure.as_ref()))
        {
            self.write(group.to_owned(), false, vec![line], source.now);
        }
        response
    }

    /// All that an access log can say of the call.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>
    fn said(&self, source: &Source<'_>, journal: &Journal, response: &Response, failure: Option<&Failure>) -> Value {
        let latency = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (took, status) = (self.integration.get().copied().map(latency), response.status().as_u16());
        let backend = journal.backend();
        let mut said = event::context(source);
        if let Value::Object(members) = &mut said {
            let integration = json!({
                "status": backend.map(|backend| if failure.is_some() { backend } else { status }),
                "integrationStatus": backend,
                "latency": took,
                "requestId": source.request_id,
            });
            let known = json!({
                "status": status,
                "responseLength": response.body().len(),
                "responseLatency": latency(self.began.elapsed()),
                "integrationLatency": took,
                "integrationStatus": backend,
                "integration": integration,
                "error": failure.map(Failure::said),
                "xrayTraceId": source.trace,
            });
            members.extend(known.as_object().cloned().unwrap_or_default());
        }
        said
    }

    /// Writes lines to a group in the background, with the role that the account has for that.
    fn write(&self, group: String, makes_group: bool, texts: Vec<String>, at: OffsetDateTime) {
        let (context, region) = (self.context, &self.call.deployment.region);
        let role = context.store.read(region, |state| state.apigateway.logging_role());
        if role.is_none() || texts.is_empty() {
            return;
        }
        let of = format!("{}/{}", self.call.api, self.call.stage);
        Lines { region: region.clone(), group, makes_group, of, role, at, texts }.write(context, self.functions);
    }
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
    /// What is known of the caller.
    authorized: Authorized,
    /// The caller's key, where the method wants one.
    key: Option<Cow<'a, CallerKey>>,
}

/// Matches a call with what its stage serves.
fn route(call: &ApiCall<Served>) -> Result<Route<'_>, Failure> {
    let deployment = &call.deployment.deployment;
    let found = matching::find(&deployment.resources, call.request.method().as_str(), &call.path);
    let (matched, method) = found.ok_or(Failure::NoRoute)?;
    let (resource, path_parameters) = (matched.resource, matched.parameters);
    Ok(Route { resource, path_parameters, method, authorized: Authorized::default(), key: None })
}

/// The key that opens a method: the caller's, or the one that an authorizer names.
fn key<'a>(
    context: &Context,
    call: &'a ApiCall<Served>,
    authorized: &Authorized,
) -> Result<Cow<'a, CallerKey>, Failure> {
    let served = &call.deployment;
    let found = match served.deployment.api_key_source {
        ApiKeySource::Header => served.key.as_ref().map(Cow::Borrowed),
        ApiKeySource::Authorizer => authorized.usage_identifier_key.as_deref().and_then(|value| {
            let find = |kept: &RegionState| CallerKey::find(&kept.apigateway, value, &call.api, &call.stage);
            context.store.read(&served.region, find).map(Cow::Owned)
        }),
    };
    found.ok_or(Failure::Forbidden)
}

async fn answer<'call>(
    call: &'call ApiCall<Served>,
    route: &mut Route<'call>,
    ids: Ids<'_>,
    caller: &Caller<'_>,
    (journal, integration): (&Arc<Journal>, &OnceLock<Duration>),
) -> Result<Response, Failure> {
    let deployment = &call.deployment.deployment;
    // Most methods ask nobody who calls them.
    if deployment.policy.is_some() || route.method.authorization_type != "NONE" {
        let asked = source(caller.context, call, Some(&*route), ids);
        route.authorized = authorization::authorize(route.method, deployment, &asked, caller, &call.caller).await?;
    }
    if route.method.api_key_required {
        route.key = Some(key(caller.context, call, &route.authorized)?);
    }
    count(call, route, caller).await?;
    let source = source(caller.context, call, Some(&*route), ids);
    prepare(Rules { validators: &deployment.validators, models: &deployment.models }, route.method, &source, journal)?;
    let begun = Instant::now();
    let answered = execute(route.method, &source, journal, caller).await;
    let _ = integration.set(begun.elapsed());
    answered
}

/// Counts a call against what its stage and its key's plan let through.
async fn count(call: &ApiCall<Served>, route: &Route<'_>, caller: &Caller<'_>) -> Result<(), Failure> {
    let served = &call.deployment;
    let settings = method_settings::of(&served.method_settings, &route.resource.path, &route.method.name);
    let key = route.key.as_deref().map(|key| (key.id.as_str(), &key.limits));
    if settings.is_none() && key.is_none() {
        return Ok(());
    }
    let (context, region, resource) = (caller.context, &served.region, route.resource.path.as_str());
    let stage = &format!("{}:{}", call.api, call.stage);
    Counted { context, region, stage, resource, method: route.method, settings, key }.count().await
}

/// Writes a request down, and refuses one that is not what its method wants.
pub(super) fn prepare(
    rules: Rules<'_>,
    method: &Method,
    source: &Source<'_>,
    journal: &Arc<Journal>,
) -> Result<(), Failure> {
    execution_log::note_request(journal, source);
    if method.request_validator_id.is_none() {
        return Ok(());
    }
    let incoming = Incoming { journal: Arc::clone(journal), ..event::incoming(source) };
    validators::validate(rules, method, &incoming)
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
    if !integration.request_parameters.is_empty() {
        // A function gets the request as it is, but what could not be mapped is refused here too.
        let incoming = Incoming { journal: Arc::clone(journal), ..event::incoming(source) };
        headers::check_mapped(integration, &incoming)?;
    }
    let uri = integration.uri.as_deref().unwrap_or_default();
    let uri = exchange::with_stage_variables(uri, source.stage_variables);
    let arn = function_arn(&uri).ok_or(Failure::Configuration)?;
    let role = exchange::role(integration, source.stage_variables);
    let function = exchange::called(integration, (arn, role.as_deref()), journal, caller)?;
    proxied(&function, source, journal).await
}

/// Has a function answer the request as it is, and its answer too.
async fn proxied(function: &Function<'_>, source: &Source<'_>, journal: &Journal) -> Result<Response, Failure> {
    let event = event::build(source).to_string();
    journal.note(|| format!("Endpoint request body after transformations: {event}"));
    journal.note(|| format!("Sending request to function {}", function.arn));
    let invoked = function.invoke(event.into(), true).await?;
    let (Outcome::Result(document) | Outcome::Error(document)) = &invoked else { return Err(Failure::BadAnswer) };
    journal.backend_answered(200);
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
        key: route.and_then(|route| route.key.as_deref()).map(|key| (key.id.as_str(), key.value.as_str())),
        authorizer: route.and_then(|route| route.authorized.authorizer.as_ref()),
        identity: route.and_then(|route| route.authorized.identity.as_ref()),
        request_id: ids.request,
        extended_request_id: ids.extended,
        now: context.config.clock.now(),
        is_canary: served.is_canary,
        tester: None,
    }
}

/// Names the trace that a call belongs to: its caller's, else one of its own.
fn trace(context: &Context, call: &ApiCall<Served>, id: &str) -> String {
    let sent = call.request.headers().get(TRACE_ID).and_then(|trace| trace.to_str().ok());
    let sent = sent.filter(|sent| has_part(sent, "Root="));
    sent.map_or_else(|| format!("Root={}", function::new_trace(context, id)), str::to_owned)
}

/// The same trace with what its caller left out: which part of it the call is, and whether it is written down.
pub(super) fn whole_trace(trace: &str) -> String {
    let mut whole = trace.to_owned();
    if !has_part(trace, "Parent=") {
        let parent: String = wire::request_id().chars().filter(|c| *c != '-').take(16).collect();
        whole = format!("{whole};Parent={parent}");
    }
    if has_part(trace, "Sampled=") { whole } else { format!("{whole};Sampled=0") }
}

fn has_part(trace: &str, name: &str) -> bool {
    trace.split(';').any(|part| part.trim_start().starts_with(name))
}

/// Whether an answer of a method tells the trace that it belongs to: a MOCK's belongs to none, and a proxied server tells
/// its own.
pub(super) fn tells_trace(method: &Method) -> bool {
    let kind = method.integration.as_ref().map(|integration| integration.kind);
    !matches!(kind, Some(IntegrationKind::Mock | IntegrationKind::HttpProxy))
}
