//! `TestInvokeMethod`: a method called without a deployment, and what was written down on the way.

use super::{
    error::{absent, bad_request},
    event::{self, Source},
    function, gateway,
    incoming::Incoming,
    journal::Journal,
    matching,
    service_call::Caller,
};
use crate::{
    emulator::{
        service::{Operation, Output, Scope},
        wire::{self, AwsError},
    },
    http1::{Response, Spelling},
};
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
    let (resource, method, settings) = scope.read(|state| {
        let api = state.apigateway.api(&input.rest_api_id)?;
        let resource = api.resource(&input.resource_id)?;
        let method = resource.methods.get(&input.http_method).ok_or_else(|| absent("Method"))?;
        Ok::<_, AwsError>((resource.clone(), method.clone(), api.settings.clone()))
    })?;
    let whole = input.path_with_query_string.as_deref().filter(|path| !path.is_empty()).unwrap_or(&resource.path);
    let (path, query) = whole.split_once('?').map_or((whole, None), |(path, query)| (path, Some(query)));
    let parameters = matching::parameters(&resource, path);
    let parameters = parameters.ok_or_else(|| bad_request("Invalid path specified: it is not the resource's"))?;
    let verb = if input.http_method == "ANY" { "GET" } else { &input.http_method };
    let verb: Method = verb.parse().map_err(|_| bad_request("Invalid HTTP method specified"))?;
    let headers = headers(&input)?;
    let names = input.headers.keys().chain(input.multi_value_headers.keys());
    let spelling = Spelling::of_names(names.map(String::as_str));
    let extended = wire::request_id();
    let trace = format!("Root={}", function::new_trace(scope.context, &extended));
    let body = input.body.clone().into();
    let source = Source {
        account: scope.account(),
        region: scope.region.as_str(),
        api: &input.rest_api_id,
        stage: STAGE,
        deployment: "",
        resource_id: &resource.id,
        resource_path: &resource.path,
        path_parameters: &parameters,
        stage_variables: &input.stage_variables,
        binary_media_types: &settings.binary_media_types,
        method: &verb,
        path,
        query,
        headers: &headers,
        spelling: &spelling,
        trace: &trace,
        body: &body,
        caller_ip: None,
        key: method.api_key_required.then_some(("test-invoke-api-key-id", "test-invoke-api-key")),
        request_id: scope.request_id,
        extended_request_id: &extended,
        now: scope.now,
    };
    let journal = Arc::new(Journal::kept());
    let began = std::time::Instant::now();
    note_request(&journal, &scope, &source, &input.body);
    let source_arn = format!(
        "arn:aws:execute-api:{}:{}:{}/{STAGE}/{verb}{}",
        scope.region,
        scope.account(),
        input.rest_api_id,
        resource.path
    );
    let caller = Caller {
        context: scope.context,
        functions: scope.functions,
        source_arn: &source_arn,
        request_id: scope.request_id,
        trace: &format!("{trace};Sampled=0"),
    };
    let answered = gateway::execute(&method, &source, &journal, &caller).await;
    let response = answered.unwrap_or_else(|failure| {
        let incoming = Incoming { journal: Arc::clone(&journal), ..event::incoming(&source) };
        failure.response(&BTreeMap::new(), &incoming)
    });
    let latency = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Output::Members(show(&response, &journal, scope.request_id, scope.now, latency)))
}

fn headers(input: &TestInvokeMethod) -> Result<HeaderMap, AwsError> {
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

fn note_request(journal: &Journal, scope: &Scope<'_>, source: &Source<'_>, body: &str) {
    let incoming = event::incoming(source);
    let listed = |pairs: Vec<(&String, &String)>| {
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    };
    let parameters = &incoming.parameters;
    journal.note(|| format!("Starting execution for request: {}", scope.request_id));
    journal.note(|| format!("HTTP Method: {}, Resource Path: {}", source.method, source.path));
    for (what, pairs) in
        [("path", &parameters.path), ("query string", &parameters.query), ("headers", &parameters.headers)]
    {
        journal.note(|| format!("Method request {what}: {{{}}}", listed(pairs.iter().collect())));
    }
    journal.note(|| format!("Method request body before transformations: {body}"));
}

/// The name of a header as API Gateway writes it.
fn written(name: &HeaderName) -> String {
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
    journal.note(|| {
        let is_done = status < 500 || !journal.lines().iter().any(|line| line.starts_with("Execution failed"));
        if is_done { "Successfully completed execution".to_owned() } else { "Failed to complete execution".to_owned() }
    });
    journal.note(|| format!("Method completed with status: {status}"));
    let mut log = format!("Execution log for request {request_id}\n");
    let format = time::macros::format_description!(
        "[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] UTC [year]"
    );
    let at = now.format(&format).unwrap_or_default();
    for line in journal.lines() {
        // Writing into a text cannot fail.
        let _ = writeln!(log, "{at} : {line}");
    }
    json!({
        "status": status,
        "body": String::from_utf8_lossy(response.body()),
        "headers": single,
        "multiValueHeaders": several,
        "log": log,
        "latency": latency,
    })
}
