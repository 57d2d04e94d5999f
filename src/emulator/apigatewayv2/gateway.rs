//! The data plane of HTTP APIs: a call, from its path to its answer.

use super::{
    answer,
    authorization::{Door, Refused},
    cors, event,
    event::Source,
    integrations::function,
    mapping::{self, Changed},
    matching::{self, Matched},
    model::{Cors, Deployment, Integration, Route, RouteSettings},
};
use crate::{
    edge::{ApiCall, Lookup, Told},
    emulator::{
        Context,
        apigateway::{
            Failure, Function, Outcome, Pace,
            access_log::{AccessLog, Lines},
            backend, new_trace, with_stage_variables,
        },
        cloudwatch,
        runtime::Functions,
        store::Region,
    },
    http1::{Peer, Response},
    names::{ApiId, StageName},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// What a stage serves, as it was when a call came.
#[derive(Debug)]
pub struct Served {
    region: Region,
    deployment: Arc<Deployment>,
    stage_variables: BTreeMap<String, String>,
    cors: Option<Cors>,
    access_log: Option<AccessLog>,
    default_route_settings: RouteSettings,
    route_settings: BTreeMap<String, RouteSettings>,
}

impl Served {
    /// Tells whether the API's author says what pages of other origins may do on a path.
    #[must_use]
    pub fn answers_pages(&self, path: &str) -> bool {
        self.cors.is_some() || matching::has_options(&self.deployment.routes, path)
    }

    /// What the stage says of a route: what it says of it alone, else of all.
    fn settings(&self, route: &Route) -> &RouteSettings {
        self.route_settings.get(&route.route_key).unwrap_or(&self.default_route_settings)
    }
}

/// Finds what a stage of an API serves.
#[must_use]
pub fn find(context: &Context, api: &ApiId, stage: &StageName) -> Lookup<Served> {
    let store = &context.store;
    let found = store.regions().into_iter().find_map(|region| {
        store.read(&region, |kept| {
            let api = kept.apigatewayv2.apis.get(api)?;
            let stage = api.stages.get(stage).filter(|_| !api.settings.disable_execute_api_endpoint);
            let deployed = stage.and_then(|stage| Some((stage, api.deployments.get(stage.deployment.as_deref()?)?)));
            let Some((stage, deployment)) = deployed else {
                return Some(Lookup::NoStage(refusal(&Refusal::NoRoute)));
            };
            let served = Served {
                region: region.clone(),
                deployment: Arc::clone(deployment),
                stage_variables: stage.variables.clone(),
                cors: api.settings.cors_configuration.clone(),
                access_log: stage.access_log.clone(),
                default_route_settings: stage.default_route_settings.clone(),
                route_settings: stage.route_settings.clone(),
            };
            Some(Lookup::Deployed { deployment: served, is_opened: false })
        })
    });
    found.unwrap_or(Lookup::Absent)
}

/// Says, as HTTP APIs do, that a body is larger than any may be.
#[must_use]
pub fn too_large() -> Response {
    refusal(&Refusal::Gateway(Failure::TooLarge))
}

/// Answers a call of a deployed API.
pub async fn api(context: &Arc<Context>, functions: &Functions, call: ApiCall<Served>) -> Response {
    let began = Instant::now();
    let served = &call.deployment;
    let (method, sent) = (call.request.method(), call.request.headers());
    let asked = Asked {
        context,
        functions,
        call: &call,
        path: if call.stage == StageName::default_stage() {
            call.path.clone()
        } else {
            format!("/{}{}", call.stage, call.path)
        },
        trace: format!("Root={}", new_trace(context, &call.request_id)),
        now: context.config.clock.now(),
    };
    let mut seen = Seen::default();
    let preflight = served.cors.as_ref().and_then(|cors| cors::preflight(cors, method, sent));
    let mut response = if let Some(response) = preflight {
        response
    } else {
        let mut response = match asked.answer(&mut seen).await {
            Ok(response) => response,
            Err(refused) => {
                let response = refusal(&refused);
                seen.error = Some(error(&response, &refused));
                response
            }
        };
        if let Some(cors) = &served.cors {
            cors::apply(cors, sent, &mut response);
        }
        response
    };
    let detailed = seen.route.filter(|route| served.settings(route).detailed_metrics_enabled);
    let counted = cloudwatch::ApiCall {
        api: ("ApiId", call.api.as_str()),
        stage: call.stage.as_str(),
        method: detailed.map(|route| route.route_key.split_once(' ').unwrap_or(("ANY", route.route_key.as_str()))),
        status: response.status().as_u16(),
        latency: began.elapsed(),
        integration: seen.took,
    };
    cloudwatch::api_called(context, &served.region, &counted);
    asked.log(&seen, &response, began.elapsed());
    if let Ok(id) = HeaderValue::from_str(&call.request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response.extensions_mut().insert(Told { gateway: Some(began.elapsed()), ..Told::default() });
    response
}

/// What came of a call, as far as it came.
#[derive(Default)]
struct Seen<'a> {
    route: Option<&'a Route>,
    parameters: BTreeMap<String, String>,
    /// What is known of the caller.
    authorizer: Option<Value>,
    /// How long the integration took.
    took: Option<Duration>,
    /// The status of the integration's answer.
    integration: Option<u16>,
    /// `$context.error`.
    error: Option<Value>,
}

/// The refusals and failures of HTTP APIs.
enum Refusal {
    NoRoute,
    Caller(Refused),
    Gateway(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Gateway(failure)
    }
}

fn refusal(refusal: &Refusal) -> Response {
    let (status, message) = match refusal {
        Refusal::Caller(Refused::Unauthorized(_)) => (StatusCode::UNAUTHORIZED, "Unauthorized"),
        Refusal::Caller(Refused::Forbidden(_)) => (StatusCode::FORBIDDEN, "Forbidden"),
        Refusal::NoRoute => (StatusCode::NOT_FOUND, "Not Found"),
        Refusal::Gateway(Failure::Throttled | Failure::TooFast) => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        Refusal::Gateway(Failure::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        Refusal::Gateway(Failure::Timeout | Failure::NoBackend) => {
            (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Refusal::Gateway(_) | Refusal::Caller(Refused::Broken) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    };
    let mut response = Response::new(json!({ "message": message }).to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Refusal::Caller(Refused::Unauthorized(Some(why)) | Refused::Forbidden(Some(why))) = refusal
        && let Ok(why) = HeaderValue::from_str(why)
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, why);
    }
    response
}

/// `$context.error` of a refusal.
fn error(response: &Response, refused: &Refusal) -> Value {
    let kind = match refused {
        Refusal::NoRoute => "NOT_FOUND",
        Refusal::Caller(Refused::Unauthorized(_)) => "UNAUTHORIZED",
        Refusal::Caller(Refused::Forbidden(_)) => "ACCESS_DENIED",
        Refusal::Caller(Refused::Broken) => "AUTHORIZER_FAILURE",
        Refusal::Gateway(Failure::TooFast | Failure::Throttled) => "THROTTLED",
        Refusal::Gateway(Failure::Timeout) => "INTEGRATION_TIMEOUT",
        Refusal::Gateway(_) => "INTEGRATION_FAILURE",
    };
    let said: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let message = &said["message"];
    json!({ "message": message, "messageString": message.to_string(), "responseType": kind })
}

/// A call on its way through the gateway.
struct Asked<'a> {
    context: &'a Arc<Context>,
    functions: &'a Functions,
    call: &'a ApiCall<Served>,
    /// The path with the stage, if it is named in the URL.
    path: String,
    trace: String,
    now: OffsetDateTime,
}

impl<'a> Asked<'a> {
    /// All that is known of it.
    fn source<'s>(&'s self, route: &'s Route, parameters: &'s BTreeMap<String, String>) -> Source<'s> {
        let call = self.call;
        Source {
            account: &self.context.config.account,
            region: call.deployment.region.as_str(),
            api: call.api.as_str(),
            stage: call.stage.as_str(),
            route,
            parameters,
            stage_variables: &call.deployment.stage_variables,
            method: call.request.method().as_str(),
            path: &self.path,
            query: call.request.uri().query().unwrap_or_default(),
            headers: call.request.headers(),
            body: call.request.body(),
            caller_ip: call.request.extensions().get::<Peer>().map(|peer| peer.0.ip()),
            authorizer: None,
            request_id: &call.request_id,
            trace: &self.trace,
            now: self.now,
        }
    }

    async fn answer(&self, seen: &mut Seen<'a>) -> Result<Response, Refusal> {
        let (context, functions, call) = (self.context, self.functions, self.call);
        let served = &call.deployment;
        let method = call.request.method().as_str();
        let matched = matching::find(&served.deployment.routes, method, &call.path).ok_or(Refusal::NoRoute)?;
        let route = matched.route;
        (seen.route, seen.parameters) = (Some(route), matched.parameters.clone());
        self.count(route)?;
        let id = route.target.as_deref().and_then(|target| target.strip_prefix("integrations/"));
        let integration = id.and_then(|id| served.deployment.integrations.get(id)).ok_or(Failure::Configuration)?;
        let source = self.source(route, &matched.parameters);
        let version = integration.payload_format_version.as_str();
        let (deployment, caller) = (&*served.deployment, &call.caller);
        let door = Door { context, functions, deployment, route, version, caller };
        seen.authorizer = door.open(&source).await.map_err(Refusal::Caller)?;
        let source = Source { authorizer: seen.authorizer.as_ref(), ..source };
        let changed = mapping::request(integration, &source, &call.path);
        let inner = Source { headers: &changed.headers, query: &changed.query, ..source };
        let began = Instant::now();
        let answered = if integration.integration_type == "HTTP_PROXY" {
            server(context, integration, &inner, &matched, &changed).await
        } else {
            let inner = Source { path: changed.path.as_deref().unwrap_or(inner.path), ..inner };
            let uri = with_stage_variables(&integration.integration_uri, &served.stage_variables);
            let function = Function {
                context,
                functions,
                arn: function(&uri).ok_or(Failure::Configuration)?,
                source_arn: &source_arn(&source, &matched),
                role: None,
                limit: Duration::from_millis(integration.timeout_in_millis.into()),
                request_id: &call.request_id,
                trace: &format!("{};Sampled=0", self.trace),
            };
            invoked(&function, integration, &inner).await
        };
        seen.took = Some(began.elapsed());
        let mut response = answered?;
        seen.integration = Some(response.status().as_u16());
        mapping::response(integration, &source, &mut response);
        Ok(response)
    }

    /// Counts a call against what the stage lets through to a route.
    fn count(&self, route: &Route) -> Result<(), Failure> {
        let (context, call) = (self.context, self.call);
        let settings = call.deployment.settings(route);
        let Some(pace) = Pace::of(settings.throttling_rate_limit, settings.throttling_burst_limit) else {
            return Ok(());
        };
        let name = format!("stage {}:{} {}", call.api, call.stage, route.route_key);
        let has_room = context.gateway.take(&name, pace, context.config.clock.uptime());
        has_room.then_some(()).ok_or(Failure::TooFast)
    }

    /// Writes the line that the stage's access log has of a call.
    fn log(&self, seen: &Seen<'_>, response: &Response, took: Duration) {
        let served = &self.call.deployment;
        let Some(log) = &served.access_log else { return };
        let none = Route::default();
        let source = self.source(seen.route.unwrap_or(&none), &seen.parameters);
        let mut said = event::said(&Source { authorizer: seen.authorizer.as_ref(), ..source });
        let latency = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (inner, length) = (seen.took.map(latency), response.body().len());
        let why = seen.error.as_ref().filter(|_| seen.took.is_some()).map(|error| error["message"].clone());
        let known = json!({
            "status": response.status().as_u16(),
            "responseLength": length,
            "dataProcessed": length + self.call.request.body().len(),
            "responseLatency": latency(took),
            "integrationLatency": inner,
            "integrationStatus": seen.integration,
            "integrationErrorMessage": why,
            "integration": {
                "status": seen.integration, "integrationStatus": seen.integration, "latency": inner, "error": why,
            },
            "error": seen.error,
        });
        if let (Value::Object(said), Value::Object(known)) = (&mut said, known) {
            said.extend(known);
        }
        if let Some((group, texts)) = log.line(&said).map(|(group, line)| (group.to_owned(), vec![line])) {
            let (region, of) = (served.region.clone(), format!("{}/{}", self.call.api, self.call.stage));
            let lines = Lines { region, group, makes_group: false, of, role: None, at: self.now, texts };
            lines.write(self.context, self.functions);
        }
    }
}

/// What the resource policies of functions are asked about: the route, not the path.
fn source_arn(source: &Source<'_>, matched: &Matched<'_>) -> String {
    let Source { region, account, api, stage, .. } = source;
    match matched.route.route_key.split_once(' ') {
        Some((method, path)) => {
            let method = if method == "ANY" { "*" } else { method };
            format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{path}")
        }
        None => format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/$default"),
    }
}

async fn invoked(function: &Function<'_>, integration: &Integration, source: &Source<'_>) -> Result<Response, Failure> {
    let version = integration.payload_format_version.as_str();
    let event = if version == "2.0" { event::version_2(source) } else { event::version_1(source) };
    let Outcome::Result(document) = function.invoke(event.into(), true).await? else { return Err(Failure::BadAnswer) };
    answer::read(&document, version).map_err(|error| {
        let (request_id, function) = (source.request_id, function.arn);
        tracing::warn!(request_id, function, %error, "a function's answer to an API call is malformed");
        Failure::BadAnswer
    })
}

/// Has a server answer the request as it is; the greedy parameter of a route goes where the URL has it.
async fn server(
    context: &Arc<Context>,
    integration: &Integration,
    source: &Source<'_>,
    matched: &Matched<'_>,
    changed: &Changed<'_>,
) -> Result<Response, Failure> {
    let mut uri = with_stage_variables(&integration.integration_uri, source.stage_variables);
    for (name, value) in &matched.parameters {
        uri = uri.replace(&format!("{{{name}}}"), &backend::in_path(value));
    }
    if let Some(path) = &changed.path {
        let (scheme, rest) = uri.split_once("://").ok_or(Failure::Configuration)?;
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        uri = format!("{scheme}://{host}{path}");
    }
    if !source.query.is_empty() {
        uri = format!("{uri}{}{}", if uri.contains('?') { "&" } else { "?" }, source.query);
    }
    let method = integration.integration_method.as_deref().filter(|method| *method != "ANY").unwrap_or(source.method);
    let (method, uri) = (method.parse(), uri.parse());
    let (method, uri) = (method.map_err(|_| Failure::Configuration)?, uri.map_err(|_| Failure::Configuration)?);
    let mut headers = HeaderMap::new();
    for (name, value) in event::headers(source) {
        let goes_on = backend::is_passed(&name) || (changed.has_host && name == header::HOST.as_str());
        if let (Ok(name), Ok(value), true) = (name.parse::<HeaderName>(), value.parse(), goes_on) {
            headers.insert(name, value);
        }
    }
    let limit = Duration::from_millis(integration.timeout_in_millis.into());
    let sent = backend::call(method, uri, headers, bytes::Bytes::copy_from_slice(source.body));
    let answer = context.config.clock.timeout(limit, sent).await.ok_or(Failure::Timeout)??;
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    for (name, value) in &answer.headers {
        if backend::is_passed(name.as_str()) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(response)
}
