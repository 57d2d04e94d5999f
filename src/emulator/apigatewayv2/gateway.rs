//! The data plane of HTTP APIs: a call, from its path to its answer.

use super::{
    answer,
    authorization::{Door, Refused},
    cors, event,
    event::Source,
    integrations::function,
    matching::{self, Matched},
    model::{Cors, Deployment, Integration},
};
use crate::{
    edge::{ApiCall, Told},
    emulator::{
        Context,
        apigateway::{Failure, Function, Outcome, backend, new_trace, with_stage_variables},
        cloudwatch,
        runtime::Functions,
        store::Region,
    },
    http1::{Peer, Response},
    names::{ApiId, StageName},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// What a stage serves, as it was when a call came.
#[derive(Debug)]
pub struct Served {
    region: Region,
    deployment: Arc<Deployment>,
    stage_variables: BTreeMap<String, String>,
    cors: Option<Cors>,
}

impl Served {
    /// Tells whether the API's author says what pages of other origins may do on a path.
    #[must_use]
    pub fn answers_pages(&self, path: &str) -> bool {
        self.cors.is_some() || matching::has_options(&self.deployment.routes, path)
    }
}

/// Finds what a stage of an API serves.
#[must_use]
pub fn find(context: &Context, api: &ApiId, stage: &StageName) -> Option<Served> {
    let store = &context.store;
    store.regions().into_iter().find_map(|region| {
        store.read(&region, |kept| {
            let api = kept.apigatewayv2.apis.get(api)?;
            let stage = api.stages.get(stage).filter(|_| !api.settings.disable_execute_api_endpoint)?;
            let deployment = Arc::clone(api.deployments.get(stage.deployment.as_deref()?)?);
            let (stage_variables, cors) = (stage.variables.clone(), api.settings.cors_configuration.clone());
            Some(Served { region: region.clone(), deployment, stage_variables, cors })
        })
    })
}

/// Answers a call of a deployed API.
pub async fn api(context: &Arc<Context>, functions: &Functions, call: ApiCall<Served>) -> Response {
    let began = Instant::now();
    let served = &call.deployment;
    let (method, sent) = (call.request.method(), call.request.headers());
    let preflight = served.cors.as_ref().and_then(|cors| cors::preflight(cors, method, sent));
    let mut integration = None;
    let mut response = if let Some(response) = preflight {
        response
    } else {
        let asked = Instant::now();
        let answered = answer(context, functions, &call).await;
        integration = (!matches!(answered, Err(Refusal::NoRoute))).then(|| asked.elapsed());
        let mut response = answered.unwrap_or_else(|refused| refusal(&refused));
        if let Some(cors) = &served.cors {
            cors::apply(cors, sent, &mut response);
        }
        response
    };
    let counted = cloudwatch::ApiCall {
        api: ("ApiId", call.api.as_str()),
        stage: call.stage.as_str(),
        status: response.status().as_u16(),
        latency: began.elapsed(),
        integration,
    };
    cloudwatch::api_called(context, &served.region, &counted);
    if let Ok(id) = HeaderValue::from_str(&call.request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response.extensions_mut().insert(Told { gateway: Some(began.elapsed()), ..Told::default() });
    response
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
        Refusal::Gateway(Failure::Throttled) => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
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

async fn answer(context: &Arc<Context>, functions: &Functions, call: &ApiCall<Served>) -> Result<Response, Refusal> {
    let served = &call.deployment;
    let method = call.request.method().as_str();
    let matched = matching::find(&served.deployment.routes, method, &call.path).ok_or(Refusal::NoRoute)?;
    let id = matched.route.target.as_deref().and_then(|target| target.strip_prefix("integrations/"));
    let integration = id.and_then(|id| served.deployment.integrations.get(id)).ok_or(Failure::Configuration)?;
    let trace = format!("Root={}", new_trace(context, &call.request_id));
    let path = if call.stage == StageName::default_stage() {
        call.path.clone()
    } else {
        format!("/{}{}", call.stage, call.path)
    };
    let source = Source {
        account: &context.config.account,
        region: served.region.as_str(),
        api: call.api.as_str(),
        stage: call.stage.as_str(),
        route: matched.route,
        parameters: &matched.parameters,
        stage_variables: &served.stage_variables,
        method,
        path: &path,
        query: call.request.uri().query().unwrap_or_default(),
        headers: call.request.headers(),
        body: call.request.body(),
        caller_ip: call.request.extensions().get::<Peer>().map(|peer| peer.0.ip()),
        authorizer: None,
        request_id: &call.request_id,
        trace: &trace,
        now: context.config.clock.now(),
    };
    let version = integration.payload_format_version.as_str();
    let (deployment, route, caller) = (&*served.deployment, matched.route, &call.caller);
    let door = Door { context, functions, deployment, route, version, caller };
    let authorizer = door.open(&source).await.map_err(Refusal::Caller)?;
    let source = Source { authorizer: authorizer.as_ref(), ..source };
    if integration.integration_type == "HTTP_PROXY" {
        return Ok(server(context, integration, &source, &matched).await?);
    }
    let uri = with_stage_variables(&integration.integration_uri, &served.stage_variables);
    let function = Function {
        context,
        functions,
        arn: function(&uri).ok_or(Failure::Configuration)?,
        source_arn: &source_arn(&source, &matched),
        role: None,
        limit: Duration::from_millis(integration.timeout_in_millis.into()),
        request_id: &call.request_id,
        trace: &format!("{trace};Sampled=0"),
    };
    Ok(invoked(&function, integration, &source).await?)
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
) -> Result<Response, Failure> {
    let mut uri = with_stage_variables(&integration.integration_uri, source.stage_variables);
    for (name, value) in &matched.parameters {
        uri = uri.replace(&format!("{{{name}}}"), &backend::in_path(value));
    }
    if !source.query.is_empty() {
        uri = format!("{uri}{}{}", if uri.contains('?') { "&" } else { "?" }, source.query);
    }
    let method = integration.integration_method.as_deref().filter(|method| *method != "ANY").unwrap_or(source.method);
    let (method, uri) = (method.parse(), uri.parse());
    let (method, uri) = (method.map_err(|_| Failure::Configuration)?, uri.map_err(|_| Failure::Configuration)?);
    let mut headers = HeaderMap::new();
    for (name, value) in event::headers(source) {
        if let (Ok(name), Ok(value), true) = (name.parse::<HeaderName>(), value.parse(), backend::is_passed(&name)) {
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
