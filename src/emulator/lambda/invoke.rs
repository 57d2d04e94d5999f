//! `Invoke`: a payload in, a function's answer out.

use super::{
    FunctionName, Request,
    error::{conflict, invalid, throttled, too_large},
    functions::find,
    name::check_qualifier,
};
use crate::{
    emulator::{
        runtime::{Answer, Invocation, InvokeError},
        wire::AwsError,
    },
    http1::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// The largest payload, in bytes, when the answer is waited for,
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;
/// and when it is not.
const MAX_EVENT: usize = 1024 * 1024;

const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");

pub(super) async fn invoke(request: &Request<'_>, name: &FunctionName) -> Result<Response, AwsError> {
    check_qualifier(&request.arn(name), request.query("Qualifier").as_deref())?;
    let kind = request.header("x-amz-invocation-type").unwrap_or("RequestResponse");
    let payload = payload(request, if kind == "Event" { MAX_EVENT } else { MAX_PAYLOAD })?;
    let spec = request.read(|state| {
        let function = find(state, request, name)?;
        if function.is_pending(request.now()) {
            return Err(conflict(
                "The operation cannot be performed at this time. The function is currently in the following state: Pending",
            ));
        }
        Ok(function.spec(&request.call.region))
    })?;
    let invocation = Invocation {
        id: request.call.request_id.clone(),
        payload,
        trace: request.header("x-amzn-trace-id").map_or_else(|| new_trace(request), str::to_owned),
        client_context: client_context(request)?,
        wants_tail: kind == "RequestResponse" && request.header("x-amz-log-type") == Some("Tail"),
    };
    match kind {
        "RequestResponse" => {
            let invoked = request.functions.invoke(&spec, invocation).await.map_err(refusal)?;
            Ok(answer(request, invoked.answer, invoked.tail.as_deref()))
        }
        "Event" => {
            request.functions.enqueue(spec, invocation).map_err(refusal)?;
            Ok(request.empty(StatusCode::ACCEPTED))
        }
        "DryRun" => Ok(request.empty(StatusCode::NO_CONTENT)),
        other => Err(invalid(format!("Unknown invocation type: {other}"))),
    }
}

fn payload(request: &Request<'_>, most: usize) -> Result<Bytes, AwsError> {
    let body = request.call.request.body();
    if body.len() > most {
        return Err(too_large(most, "InvokeFunction"));
    }
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => Ok(body.clone()),
        Err(error) => {
            let message = format!("Could not parse request body into json: {error}");
            Err(AwsError::sender("InvalidRequestContentException", message))
        }
    }
}

/// Reads what the client says about itself: a JSON object in base64, which the function gets as JSON.
fn client_context(request: &Request<'_>) -> Result<Option<String>, AwsError> {
    let Some(text) = request.header("x-amz-client-context").filter(|text| !text.is_empty()) else { return Ok(None) };
    let context = BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    // On one line, as a header must be.
    let context = context.and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok());
    let message = "Client context must be a valid Base64-encoded JSON object.";
    context
        .map(|context| Some(Value::Object(context).to_string()))
        .ok_or_else(|| AwsError::sender("InvalidRequestContentException", message))
}

fn answer(request: &Request<'_>, answer: Answer, tail: Option<&str>) -> Response {
    let (body, failed) = match answer {
        Answer::Result(body) => (body, false),
        Answer::Error(document) => (document, true),
    };
    let mut response = request.empty(StatusCode::OK);
    *response.body_mut() = body;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(EXECUTED_VERSION, HeaderValue::from_static("$LATEST"));
    if failed {
        headers.insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
    }
    if let Some(log) = tail.and_then(|tail| HeaderValue::try_from(BASE64_STANDARD.encode(tail)).ok()) {
        headers.insert(LOG_RESULT, log);
    }
    response
}

fn refusal(error: InvokeError) -> AwsError {
    match error {
        InvokeError::Busy => throttled(),
        InvokeError::Code(error) => {
            AwsError::new(StatusCode::BAD_GATEWAY, "InvalidZipFileException", error.to_string())
        }
        error => AwsError::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", error.to_string()),
    }
}

/// Makes an X-Ray header that says that nothing is traced.
fn new_trace(request: &Request<'_>) -> String {
    let id: String = request.call.request_id.chars().filter(|c| *c != '-').collect();
    let seconds = request.now().unix_timestamp();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &id[..24.min(id.len())], &id[..16.min(id.len())])
}
