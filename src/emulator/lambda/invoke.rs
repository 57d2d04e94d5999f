//! `Invoke`: a payload in, a function's answer out.

use super::{
    error::{failed, function_not_found, pending, throttled, too_large, unreadable, validation},
    events::{self, Event},
    functions::empty,
    name::{LATEST, Named, Reference, Versioned},
};
use crate::{
    aws_protocol::ERROR_TYPE,
    emulator::{
        runtime::{Answer, Invocation, InvokeError, Spec},
        service::{Operation, Output, Scope},
        wire::AwsError,
    },
    http1::Response,
    secret::random_hex,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// The largest payload, in bytes, when the answer is waited for,
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;
/// and when it is not.
const MAX_EVENT: usize = 1024 * 1024;

const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
pub(super) const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");

/// What both operations take beside the function and the payload.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InvokeInput {
    invocation_type: Option<String>,
    log_type: Option<String>,
    client_context: Option<String>,
    /// The caller's place in an X-Ray trace.
    trace_id: Option<String>,
}

/// A call that invokes a function, read and checked.
pub(super) struct Call<'a> {
    /// What was asked for: the function, or a version or an alias of it.
    pub(super) function: Reference,
    pub(super) spec: Spec,
    pub(super) invocation: Invocation,
    /// What kind of invocation it is: one of those that the operation has.
    pub(super) kind: String,
    pub(super) scope: Scope<'a>,
}

/// Reads a call that invokes a function in one of these ways.
pub(super) fn read<'a>(operation: Operation<'a>, kinds: &[&str]) -> Result<Call<'a>, AwsError> {
    let body = operation.payload();
    let (function, input, scope) = operation.inputs::<Versioned, InvokeInput>()?;
    let function = function.reference(&scope)?;
    let kind = input.invocation_type.unwrap_or_else(|| "RequestResponse".to_owned());
    if !kinds.contains(&kind.as_str()) {
        let rule = format!("satisfy enum value set: [{}]", kinds.join(", "));
        return Err(validation(&kind, "invocationType", &rule));
    }
    let wants_log = match input.log_type.as_deref() {
        None | Some("None") => false,
        Some("Tail") => true,
        Some(other) => return Err(validation(other, "logType", "satisfy enum value set: [None, Tail]")),
    };
    let payload = payload(body, if kind == "Event" { MAX_EVENT } else { MAX_PAYLOAD })?;
    let spec = spec(&scope, &function)?;
    let invocation = Invocation {
        id: scope.request_id.to_owned(),
        payload,
        trace: input.trace_id.unwrap_or_else(|| new_trace(scope.request_id, scope.now)),
        client_context: client_context(input.client_context.as_deref())?,
        wants_tail: kind == "RequestResponse" && wants_log,
        stream: None,
    };
    Ok(Call { function, spec, invocation, kind, scope })
}

/// Returns what the processes of the function that a call names are started from, where it can be invoked.
fn spec(scope: &Scope<'_>, function: &Reference) -> Result<Spec, AwsError> {
    scope.read(|state| {
        // Here, and nowhere else, Lambda names the version that was meant.
        if function.qualifier.is_none() && !state.lambda.functions.contains_key(&function.name) {
            return Err(function_not_found(&format!("{}:{LATEST}", function.arn)));
        }
        let place = place()?;
        let view = state.lambda.view_at(function, place)?;
        match &view.function.failure {
            _ if view.is_pending(scope.now) => Err(pending()),
            Some(_) => Err(failed()),
            None => state.lambda.spec(function, place, scope.region),
        }
    })
}

/// `InvokeAsync`: what `Invoke` does with `Event`, in an older form.
pub(super) fn invoke_async(operation: Operation<'_>) -> Result<Output, AwsError> {
    let body = operation.payload();
    let (function, scope) = operation.input::<Named>()?;
    let function = function.reference(&scope)?.own()?;
    let payload = payload(body, MAX_EVENT)?;
    spec(&scope, &function)?;
    let invocation = Invocation { id: scope.request_id.to_owned(), ..super::event(scope.context, payload) };
    enqueue(&scope, function, invocation)
}

fn enqueue(scope: &Scope<'_>, function: Reference, invocation: Invocation) -> Result<Output, AwsError> {
    let event = Event { region: scope.region.clone(), function, invocation, begun: scope.now, chain: 0 };
    events::enqueue(scope.context, scope.functions, event).map_err(refusal)?;
    Ok(Output::Raw(empty(StatusCode::ACCEPTED)))
}

/// `Invoke`.
pub(super) async fn invoke(operation: Operation<'_>) -> Result<Output, AwsError> {
    let Call { function, spec, invocation, kind, scope } = read(operation, &["DryRun", "RequestResponse", "Event"])?;
    match kind.as_str() {
        "Event" => enqueue(&scope, function, invocation),
        "DryRun" => Ok(Output::Raw(dry_run())),
        _ => match scope.functions.invoke(&spec, invocation).await {
            Ok(invoked) => Ok(Output::Raw(answer(invoked.answer, &spec.version, invoked.tail.as_deref()))),
            Err(InvokeError::Reserved) => Ok(Output::Raw(throttled_by_reservation())),
            Err(error) => Err(refusal(error)),
        },
    }
}

/// Answers a call that only asks whether it may.
pub(super) fn dry_run() -> Response {
    empty(StatusCode::NO_CONTENT)
}

/// Draws the place of a call among all calls, from 0 to 1, by which an alias chooses between two versions.
pub(super) fn place() -> Result<f64, AwsError> {
    let drawn = random_hex(4).ok().and_then(|hex| u32::from_str_radix(&hex, 16).ok());
    let drawn = drawn.ok_or_else(|| AwsError::internal("There is no randomness to be had."))?;
    Ok(f64::from(drawn) / (f64::from(u32::MAX) + 1.0))
}

fn payload(body: Bytes, most: usize) -> Result<Bytes, AwsError> {
    if body.len() > most {
        return Err(too_large(most, "InvokeFunction"));
    }
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let read = serde_json::from_slice::<IgnoredAny>(&body);
    read.map_err(|error| unreadable(format!("Could not parse payload into json: {error}")))?;
    Ok(body)
}

/// Reads what the client says about itself: a JSON object in base64, which the function gets as JSON.
fn client_context(text: Option<&str>) -> Result<Option<String>, AwsError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let context = BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    // On one line, as a header must be.
    let context = context.and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok());
    let message = "Client context must be a valid Base64-encoded JSON object.";
    context
        .map(|context| Some(Value::Object(context).to_string()))
        .ok_or_else(|| AwsError::sender("InvalidRequestContentException", message))
}

fn answer(answer: Answer, version: &str, tail: Option<&str>) -> Response {
    let (body, failed) = match answer {
        Answer::Result(body) => (body, false),
        Answer::Error(document) => (document, true),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(version) = HeaderValue::from_str(version) {
        headers.insert(EXECUTED_VERSION, version);
    }
    if failed {
        headers.insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
    }
    if let Some(log) = tail.and_then(|tail| HeaderValue::try_from(BASE64_STANDARD.encode(tail)).ok()) {
        headers.insert(LOG_RESULT, log);
    }
    response
}

pub(super) fn refusal(error: InvokeError) -> AwsError {
    match error {
        InvokeError::Busy | InvokeError::Reserved => throttled(),
        InvokeError::Code(error) => {
            AwsError::new(StatusCode::BAD_GATEWAY, "InvalidZipFileException", error.to_string())
        }
        InvokeError::Lost(reason) => AwsError::new(StatusCode::BAD_GATEWAY, "InvalidZipFileException", reason),
        error => AwsError::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", error.to_string()),
    }
}

/// Says that as many invocations of the function run as are reserved for it.
fn throttled_by_reservation() -> Response {
    let document = json!({
        "Type": "User",
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Message": "Rate Exceeded.",
        "message": "Rate Exceeded.",
    });
    let mut response = Response::new(document.to_string().into());
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ERROR_TYPE, HeaderValue::from_static("TooManyRequestsException"));
    response
}

/// Makes an X-Ray header that says that nothing is traced.
pub(super) fn new_trace(request_id: &str, now: OffsetDateTime) -> String {
    let id: String = request_id.chars().filter(|c| *c != '-').collect();
    let seconds = now.unix_timestamp();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &id[..24.min(id.len())], &id[..16.min(id.len())])
}
