//! Every event that may wake the function, taken apart: how the answer must look, and the request that it holds.
//!
//! Known shapes: REST API proxy (v1), HTTP API (v2), ALB target group (single and multi-value), and a bare direct
//! invoke (`{"action":"status"}`), whose answer is the bare body, and EventBridge's scheduled event. Anything else is answered too, with a 400. The API's
//! parameters are not judged here ([`Request::parse`] does).

use super::{failure::Failure, json::Json};
use crate::{
    api_key,
    contract::{PATH, Request},
    secret::Secret,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::borrow::Cow;

/// The largest body, in bytes after base64; a valid one has some dozens.
const MAX_BODY: usize = 16 * 1024;
/// Members that only an event of an HTTP front has; without any of them the event itself holds the parameters.
const HTTP_MEMBERS: [&str; 9] = [
    "httpMethod",
    "requestContext",
    "path",
    "rawPath",
    "rawQueryString",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "headers",
    "body",
];

/// How the answer must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The body alone, for a direct invoke.
    Bare,
    /// `{statusCode, headers, body, isBase64Encoded}`.
    Proxy,
    /// The same with `multiValueHeaders`, which an ALB in multi-value mode insists on.
    MultiValueProxy,
}

/// What the event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// `OPTIONS`: nothing is done.
    Preflight,
    /// A request of the API.
    Api(Request),
    /// A minute has passed: the rule of the stack says so.
    Tick {
        /// When it was, in EventBridge's words.
        time: Option<String>,
    },
}

/// Who asks.
pub(super) enum Caller {
    /// Somebody who may invoke the function: AWS has checked the signature, and there is no header for a key.
    Invoker,
    /// Somebody at an HTTP front, with the one key that was sent. Several are none: fronts disagree on which counts.
    Client(Option<Secret>),
}

/// An event, understood as far as possible.
pub(super) struct Event {
    /// How the answer must look.
    pub(super) shape: Shape,
    /// What the call is known by at its front: the client's own `x-request-id`, when it is clean enough for a header and a
    /// log line, else the gateway's id of the request.
    pub(super) request_id: Option<String>,
    /// Who asks.
    pub(super) caller: Caller,
    /// What is asked for.
    pub(super) call: Result<Call, Failure>,
}

impl Event {
    /// Takes an event apart; `None` is one that is not JSON.
    pub(super) fn read(json: Option<&Json>) -> Self {
        let bare = |call| Self { shape: Shape::Bare, request_id: None, caller: Caller::Invoker, call };
        let Some(event @ Json::Map(members)) = json else {
            return bare(Err(Failure::Malformed("The event must be a JSON object")));
        };
        if event.text("source") == Some("aws.events") && event.text("detail-type") == Some("Scheduled Event") {
            return bare(Ok(Call::Tick { time: event.text("time").map(ToOwned::to_owned) }));
        }
        if !HTTP_MEMBERS.iter().any(|member| event.get(member).is_some()) {
            return bare(text_members(members).and_then(|parameters| parsed(&parameters)));
        }
        let front = Front::of(event);
        Self {
            shape: front.shape(event),
            request_id: request_id(event),
            caller: Caller::Client(api_key(event)),
            call: http_call(event, front),
        }
    }
}

/// Who sent the event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Front {
    RestApi,
    HttpApi,
    LoadBalancer,
}

impl Front {
    fn of(event: &Json) -> Self {
        let context = event.get("requestContext");
        if context.and_then(|context| context.get("elb")).is_some() {
            Self::LoadBalancer
        } else if event.text("version") == Some("2.0") || context.and_then(|context| context.get("http")).is_some() {
            Self::HttpApi
        } else {
            Self::RestApi
        }
    }

    fn shape(self, event: &Json) -> Shape {
        let multi_value = event.get("headers").is_none() && event.get("multiValueHeaders").is_some();
        if self == Self::LoadBalancer && multi_value { Shape::MultiValueProxy } else { Shape::Proxy }
    }
}

fn http_call(event: &Json, front: Front) -> Result<Call, Failure> {
    if !is_our_path(event, front) {
        return Err(Failure::PathNotFound);
    }
    let body = body(event)?;
    let method = method(event, front, body.is_empty())?;
    match method {
        "OPTIONS" => return Ok(Call::Preflight),
        "GET" if !body.is_empty() => return Err(Failure::Malformed("A GET request has no body")),
        "GET" | "POST" => (),
        _ => return Err(Failure::MethodNotAllowed),
    }
    let mut parameters = query(event, front)?;
    if !body.is_empty() {
        if header(event, "content-type").is_some_and(|value| !is_json(value)) {
            return Err(Failure::Malformed(
                "The body must be JSON, and said to be: -H 'content-type: application/json'",
            ));
        }
        if header(event, "content-encoding").is_some_and(|value| !value.trim().eq_ignore_ascii_case("identity")) {
            return Err(Failure::Malformed("The body must come as it is, without a content-encoding"));
        }
        match Json::parse(&body) {
            Some(Json::Map(members)) => parameters.extend(text_members(&members)?),
            Some(Json::Excess) => return Err(TOO_MANY),
            _ => return Err(Failure::Malformed("The body must be a JSON object")),
        }
    }
    parsed(&parameters)
}

fn parsed(parameters: &[(String, String)]) -> Result<Call, Failure> {
    Ok(Call::Api(Request::parse(parameters)?))
}

/// Only what a front leaves out is forgiven; a path that it sends must be ours. A REST API names its route in
/// `resource`, because a custom domain's base path shows in `path`; an HTTP API puts the stage before the path.
fn is_our_path(event: &Json, front: Front) -> bool {
    match front {
        Front::RestApi if event.text("resource") == Some(PATH) => true,
        Front::RestApi | Front::LoadBalancer => matches!(event.text("path"), None | Some(PATH)),
        Front::HttpApi => {
            let stage = event.get("requestContext").and_then(|context| context.text("stage"));
            event.text("rawPath").is_none_or(|path| {
                path == PATH
                    || stage.is_some_and(|stage| {
                        path.strip_prefix('/').and_then(|path| path.strip_prefix(stage)) == Some(PATH)
                    })
            })
        }
    }
}

/// An event without a method (a console's test event) is a GET, or with a body a POST.
fn method(event: &Json, front: Front, no_body: bool) -> Result<&str, Failure> {
    let member = if front == Front::HttpApi {
        event.get("requestContext").and_then(|context| context.get("http")).and_then(|http| http.get("method"))
    } else {
        event.get("httpMethod")
    };
    match member {
        Some(Json::Text(method)) => Ok(method),
        None | Some(Json::Null) => Ok(if no_body { "GET" } else { "POST" }),
        Some(_) => Err(Failure::Malformed("The event's method must be a string")),
    }
}

/// Reads the query, decoded exactly once: an ALB and the raw query of an HTTP API come encoded, the rest decoded.
fn query(event: &Json, front: Front) -> Result<Vec<(String, String)>, Failure> {
    if front == Front::HttpApi
        && let Some(raw) = event.text("rawQueryString")
    {
        return raw
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(name)?, decode(value)?))
            })
            .collect();
    }
    let mut parameters = multi_value_members(event.get("multiValueQueryStringParameters"))?;
    // A REST API sends both maps; in the single one a duplicate has lost all values but one.
    let many = parameters.len();
    for (name, value) in single_value_members(event.get("queryStringParameters"))? {
        if !parameters[..many].iter().any(|(known, _)| *known == name) {
            parameters.push((name, value));
        }
    }
    if front == Front::LoadBalancer {
        for (name, value) in &mut parameters {
            *name = decode(name)?;
            *value = decode(value)?;
        }
    }
    Ok(parameters)
}

const QUERY_SHAPE: Failure = Failure::Malformed("The event's query must be a map of strings");
const TOO_MANY: Failure = Failure::Malformed("Too many parameters");

fn single_value_members(query: Option<&Json>) -> Result<Vec<(String, String)>, Failure> {
    match query {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Map(members)) => text_members(members),
        Some(Json::Excess) => Err(TOO_MANY),
        Some(_) => Err(QUERY_SHAPE),
    }
}

/// Gives a parameter once per value, so that duplicates show as such.
fn multi_value_members(query: Option<&Json>) -> Result<Vec<(String, String)>, Failure> {
    let members = match query {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Map(members)) => members,
        Some(Json::Excess) => return Err(TOO_MANY),
        Some(_) => return Err(QUERY_SHAPE),
    };
    let mut parameters = Vec::new();
    for (name, values) in members {
        let Json::List(values) = values else { return Err(QUERY_SHAPE) };
        for value in values {
            parameters.push((name.clone(), value.as_text().ok_or(QUERY_SHAPE)?.to_owned()));
        }
    }
    Ok(parameters)
}

fn text_members(members: &[(String, Json)]) -> Result<Vec<(String, String)>, Failure> {
    members
        .iter()
        .map(|(name, value)| match value {
            Json::Text(value) => Ok((name.clone(), value.clone())),
            _ => Err(Failure::Malformed("Every parameter must be a string")),
        })
        .collect()
}

/// Decodes `%XX` and `+`; a broken escape or what is not UTF-8 is refused instead of replaced.
fn decode(text: &str) -> Result<String, Failure> {
    const ENCODING: Failure = Failure::Malformed("The query is not percent-encoded UTF-8");
    let escapes_are_whole =
        text.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit));
    if !escapes_are_whole {
        return Err(ENCODING);
    }
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned).map_err(|_| ENCODING)
}

/// Reads the body as bytes; an absent one is empty.
fn body(event: &Json) -> Result<Vec<u8>, Failure> {
    let text = match event.get("body") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Text(text)) => text,
        Some(_) => return Err(Failure::Malformed("The event's body must be a string")),
    };
    if event.get("isBase64Encoded") != Some(&Json::Bool(true)) {
        return if text.len() > MAX_BODY { Err(Failure::TooLarge) } else { Ok(text.clone().into_bytes()) };
    }
    if text.len() > MAX_BODY.div_ceil(3) * 4 {
        return Err(Failure::TooLarge);
    }
    BASE64_STANDARD.decode(text).map_err(|_| Failure::Malformed("The event's body is not base64"))
}

/// Looks a header up, whatever its case and whichever map it is in.
fn header<'a>(event: &'a Json, name: &str) -> Option<&'a str> {
    let find = |map: &str| {
        event.get(map)?.members()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    match find("headers").or_else(|| find("multiValueHeaders"))? {
        Json::Text(value) => Some(value),
        Json::List(values) => values.first()?.as_text(),
        _ => None,
    }
}

/// Gives the one key that was sent.
fn api_key(event: &Json) -> Option<Secret> {
    only(event, api_key::HEADER).map(Secret::new)
}

/// Gives the one value of a header that was sent; of several, none. A front that shows every value of a header does so in
/// the multi-value map.
fn only<'a>(event: &'a Json, header: &str) -> Option<&'a str> {
    let values = |map: &str| -> Vec<&'a Json> {
        let members = event.get(map).and_then(Json::members).unwrap_or_default();
        members.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header)).map(|(_, value)| value).collect()
    };
    let mut sent: Vec<&Json> = Vec::new();
    for value in values("multiValueHeaders") {
        match value {
            Json::List(values) => sent.extend(values),
            other => sent.push(other),
        }
    }
    if sent.is_empty() {
        sent = values("headers");
    }
    match sent.as_slice() {
        [Json::Text(value)] => Some(value),
        _ => None,
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split_once(';').map_or(content_type, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The edge in front of the embedded engine tells its gateway the id beside the request, which shows it as its own; one
/// that asks another engine sends it as the header.
fn request_id(event: &Json) -> Option<String> {
    let is_clean = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let gateways = || event.get("requestContext")?.text("requestId").filter(is_clean);
    only(event, "x-request-id").filter(is_clean).or_else(gateways).map(str::to_owned)
}

#[cfg(test)]
mod tests;
