//! `TestInvokeMethod`: a method called without a deployment, and what was written down on the way.

use super::{
    error::{absent, bad_request},
    event::{self, Identity, Source},
    execution_log, function, gateway,
    incoming::Incoming,
    journal::Journal,
    matching,
    service_call::Caller,
    validators::Rules,
};
use crate::{
    emulator::{
        http_event::TRACE_ID,
        service::{Operation, Output, Scope},
        sts,
        wire::{self, AwsError},
    },
    http1::{Response, Spelling},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::json;
use std::{collections::BTreeMap, fmt::Write, sync::Arc};
use time::OffsetDateTime;

/// The stage that such calls name.
const STAGE: &str = "test-invoke-stage";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestInvokeMethod {
    rest_api_id: String,
    resource_id: String,
    http_method: String,
    path_with_query_string: Option<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    stage_variables: BTreeMap<String, String>,
}

pub(super) async fn test(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<TestInvokeMethod>()?;
    let (resource, method, settings, validators, models) = scope.read(|state| {
        let api = state.apigateway.api(scope.account(), &input.rest_api_id)?;
        let resource = api.resource(&input.resource_id)?;
        let methods = &resource.methods;
        let method = methods.get(&input.http_method).or_else(|| methods.get("ANY")).ok_or_else(|| absent("Method"))?;
        let (validators, models) = (api.validators.clone(), api.models.clone());
        Ok::<_, AwsError>((resource.clone(), method.clone(), api.settings.clone(), validators, models))
    })?;
    let whole = input.path_with_query_string.as_deref().filter(|path| !path.is_empty()).unwrap_or(&resource.path);
    let verb = if input.http_method == "ANY" { "GET" } else { &input.http_method };
    let verb: Method = verb.parse().map_err(|_| bad_request("Invalid HTTP method specified"))?;
    let tested = Tested {
        api: &input.rest_api_id,
        headers: &input.headers,
        multi_value_headers: &input.multi_value_headers,
        body: &input.body,
        stage_variables: &input.stage_variables,
        whole,
        binary_media_types: &settings.binary_media_types,
    };
    let request = tested.request(&scope)?;
    let source = request.source(&tested, &scope);
    // A path that is not the resource's is taken, and has none of its parameters.
    let parameters = matching::parameters(&resource, source.path).unwrap_or_default();
    let source = Source {
        resource_id: &resource.id,
        resource_path: &resource.path,
        path_parameters: &parameters,
        method: &verb,
        ..source
    };
    let journal = Arc::new(Journal::kept());
    let began = std::time::Instant::now();
    let source_arn = format!(
        "arn:aws:execute-api:{}:{}:{}/{STAGE}/{verb}{}",
        scope.region,
        scope.account(),
        input.rest_api_id,
        resource.path
    );
    let trace = gateway::whole_trace(&request.trace);
    let caller = Caller {
        context: scope.context,
        functions: scope.functions,
        source_arn: &source_arn,
        request_id: scope.request_id,
        trace: &trace,
    };
    let rules = Rules { validators: &validators, models: &models };
    let answered = match gateway::prepare(rules, &method, &source, &journal) {
        Ok(()) => gateway::execute(&method, &source, &journal, &caller).await,
        Err(failure) => Err(failure),
    };
    let is_traced = answered.is_ok() && gateway::tells_trace(&method);
    let mut response = answered.unwrap_or_else(|failure| {
        let incoming = Incoming { journal: Arc::clone(&journal), ..event::incoming(&source) };
        failure.response(&BTreeMap::new(), &incoming)
    });
    if let (true, Ok(trace)) = (is_traced, HeaderValue::from_str(&trace)) {
        response.headers_mut().insert(TRACE_ID, trace);
    }
    let latency = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Output::Members(show(&response, &journal, scope.request_id, scope.now, latency)))
}

/// A request that nobody sent: what the caller of a test says of it.
pub(super) struct Tested<'a> {
    pub(super) api: &'a str,
    pub(super) headers: &'a BTreeMap<String, String>,
    pub(super) multi_value_headers: &'a BTreeMap<String, Vec<String>>,
    pub(super) body: &'a str,
    pub(super) stage_variables: &'a BTreeMap<String, String>,
    /// The path with the query string.
    pub(super) whole: &'a str,
    pub(super) binary_media_types: &'a [String],
}

/// The same, with what a request has beside that.
pub(super) struct TestRequest {
    headers: HeaderMap,
    spelling: Spelling,
    extended: String,
    pub(super) trace: String,
    body: Bytes,
    /// Who tries it, and with what.
    tester: Identity,
    agent: String,
}

impl Tested<'_> {
    /// Makes a request of it.
    pub(super) fn request(&self, scope: &Scope<'_>) -> Result<TestRequest, AwsError> {
        let names = self.headers.keys().chain(self.multi_value_headers.keys());
        let extended = wire::request_id();
        let caller = sts::of_key(scope.context, scope.access_key_id);
        let agent = scope.request.headers().get("user-agent").map(|value| String::from_utf8_lossy(value.as_bytes()));
        Ok(TestRequest {
            tester: Identity {
                access_key: scope.access_key_id.to_owned(),
                account_id: scope.account().to_owned(),
                user: caller.id.clone(),
                caller: caller.id,
                user_arn: caller.arn,
            },
            agent: agent.unwrap_or_default().into_owned(),
            headers: headers(self)?,
            spelling: Spelling::of_names(names.map(String::as_str)),
            trace: format!("Root={}", function::new_trace(scope.context, &extended)),
            extended,
            body: self.body.to_owned().into(),
        })
    }
}

impl TestRequest {
    /// A call of no resource in particular.
    pub(super) fn source<'a>(&'a self, tested: &'a Tested<'a>, scope: &'a Scope<'a>) -> Source<'a> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        static GET: Method = Method::GET;
        let (path, query) =
            tested.whole.split_once('?').map_or((tested.whole, None), |(path, query)| (path, Some(query)));
        Source {
            account: scope.account(),
            region: scope.region.as_str(),
            api: tested.api,
            stage: STAGE,
            deployment: "",
            resource_id: "",
            resource_path: path,
            path_parameters: &NONE,
            stage_variables: tested.stage_variables,
            binary_media_types: tested.binary_media_types,
            method: &GET,
            path,
            query,
            headers: &self.headers,
            spelling: &self.spelling,
            trace: &self.trace,
            body: &self.body,
            caller_ip: None,
            key: Some(("test-invoke-api-key-id", "test-invoke-api-key")),
            authorizer: None,
            identity: Some(&self.tester),
            request_id: scope.request_id,
            extended_request_id: &self.extended,
            now: scope.now,
            is_canary: None,
            tester: Some(&self.agent),
        }
    }
}

fn headers(input: &Tested<'_>) -> Result<HeaderMap, AwsError> {
    let several =
        input.multi_value_headers.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let given = |name: &String| input.multi_value_headers.keys().any(|known| known.eq_ignore_ascii_case(name));
    let single = input.headers.iter().filter(|(name, _)| !given(name));
    let mut headers = HeaderMap::new();
    for (name, value) in single.chain(several) {
        let invalid = || bad_request(format!("Invalid header specified: {name}"));
        let key: HeaderName = name.parse().map_err(|_| invalid())?;
        headers.append(key, HeaderValue::from_str(value).map_err(|_| invalid())?);
    }
    Ok(headers)
}

/// The name of a header as API Gateway writes it.
fn written(name: &HeaderName) -> String {
    if name == "x-amzn-errortype" {
        return "x-amzn-ErrorType".to_owned();
    }
    let capitalised = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    let words = name.as_str().split('-').map(|word| if word.is_empty() { String::new() } else { capitalised(word) });
    words.collect::<Vec<_>>().join("-")
}

fn show(
    response: &Response,
    journal: &Journal,
    request_id: &str,
    now: OffsetDateTime,
    latency: u64,
) -> serde_json::Value {
    let mut several: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        several.entry(written(name)).or_default().push(value);
    }
    let single: BTreeMap<_, _> = several.iter().filter_map(|(name, values)| Some((name, values.last()?))).collect();
    let status = response.status().as_u16();
    execution_log::note_end(journal, status);
    json!({
        "status": status,
        "body": String::from_utf8_lossy(response.body()),
        "headers": single,
        "multiValueHeaders": several,
        "log": log(journal, request_id, now),
        "latency": latency,
    })
}

/// What was written down, as API Gateway shows it.
pub(super) fn log(journal: &Journal, request_id: &str, now: OffsetDateTime) -> String {
    let mut log = format!("Execution log for request {request_id}\n");
    let format = time::macros::format_description!(
        "[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] UTC [year]"
    );
    let at = now.format(&format).unwrap_or_default();
    for line in journal.lines() {
        // Writing into a text cannot fail.
        let _ = writeln!(log, "{at} : {line}");
    }
    log
}
