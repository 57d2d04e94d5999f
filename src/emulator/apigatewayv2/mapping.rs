//! Parameter mappings of HTTP APIs: what is changed of a request before an integration gets it, and of its answer before
//! the caller does.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>

use super::{
    error::bad_request,
    event::{self, Source},
    model::Integration,
};
use crate::{
    emulator::{
        apigateway::{access_log, backend, found_at, header_name},
        http_event::{parameters, texts},
        wire::AwsError,
    },
    http1::Response,
};
use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

/// How much of a body a JSON path looks into, in bytes: AWS's own limit.
const BODY_BYTES: usize = 100 * 1024;
/// Headers that API Gateway keeps for itself, and how the names of others begin.
const RESERVED: [&str; 18] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "forwarded",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];
const RESERVED_PREFIXES: [&str; 4] = ["access-control-", "apigw-", "x-amz-", "x-amzn-"];

/// What is done to a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Append,
    Overwrite,
    Remove,
}

/// Which parameter it is.
#[derive(Debug, PartialEq, Eq)]
enum Target<'a> {
    Header(&'a str),
    Query(&'a str),
    Path,
    Status,
}

/// Reads the key of a mapping (`append:header.x`).
fn read(key: &str) -> Option<(Change, Target<'_>)> {
    let (change, target) = key.split_once(':')?;
    let change = match change {
        "append" => Change::Append,
        "overwrite" => Change::Overwrite,
        "remove" => Change::Remove,
        _ => return None,
    };
    let target = match (change, target, target.split_once('.')) {
        (Change::Overwrite, "path", _) => Target::Path,
        (Change::Overwrite, "statuscode", _) => Target::Status,
        (_, _, Some(("header", name))) if !name.is_empty() => Target::Header(name),
        (_, _, Some(("querystring", name))) if !name.is_empty() => Target::Query(name),
        _ => return None,
    };
    Some((change, target))
}

/// Checks the mappings of an integration.
pub(super) fn check(integration: &Integration) -> Result<(), AwsError> {
    for key in integration.request_parameters.keys() {
        check_key(key, |target| !matches!(target, Target::Status))?;
    }
    for (status, changes) in &integration.response_parameters {
        if !status.parse().is_ok_and(|status: u16| (200..600).contains(&status)) {
            return Err(bad_request(format!("Status Code {status} is not valid")));
        }
        for (key, value) in changes {
            check_key(key, |target| matches!(target, Target::Header(_) | Target::Status))?;
            let is_status = value.starts_with('$') || value.parse().is_ok_and(|code: u16| (200..600).contains(&code));
            if key == "overwrite:statuscode" && !is_status {
                return Err(bad_request(format!("Status Code {value} is not valid")));
            }
        }
    }
    Ok(())
}

fn check_key(key: &str, fits: impl FnOnce(&Target<'_>) -> bool) -> Result<(), AwsError> {
    let invalid = || bad_request(format!("Invalid mapping expression specified: {key}"));
    let (_, target) = read(key).filter(|(_, target)| fits(target)).ok_or_else(invalid)?;
    let Target::Header(name) = target else { return Ok(()) };
    let lower = name.to_ascii_lowercase();
    if RESERVED.contains(&lower.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return Err(bad_request(format!("Operations on header {name} are restricted")));
    }
    header_name(name).map(drop).ok_or_else(invalid)
}

/// Merges what an update says of mappings: no text takes one away.
pub(super) fn merge(known: &mut BTreeMap<String, String>, new: BTreeMap<String, String>) {
    for (key, value) in new {
        if value.is_empty() {
            known.remove(&key);
        } else {
            known.insert(key, value);
        }
    }
}

/// A request as an integration gets it.
pub(super) struct Changed<'a> {
    pub(super) headers: Cow<'a, HeaderMap>,
    pub(super) query: Cow<'a, str>,
    /// The path, where it is another one.
    pub(super) path: Option<String>,
    /// Whether it names the host itself.
    pub(super) has_host: bool,
}

/// Changes a request.
pub(super) fn request<'a>(integration: &Integration, source: &Source<'a>, below: &str) -> Changed<'a> {
    let mut changed = Changed {
        headers: Cow::Borrowed(source.headers),
        query: Cow::Borrowed(source.query),
        path: None,
        has_host: false,
    };
    if integration.request_parameters.is_empty() {
        return changed;
    }
    let context = event::said(source);
    let found = |name: &str| request_value(name, source, below, &context);
    let mut query: Vec<(String, String)> = form_urlencoded::parse(source.query.as_bytes()).into_owned().collect();
    let mut is_query_changed = false;
    for (key, expression) in &integration.request_parameters {
        let Some((change, target)) = read(key) else { continue };
        // A path is written as in a URL, where the parameters of the request's own path stand decoded.
        let in_path = |name: &str| {
            let value = found(name)?;
            Some(if name.starts_with("request.path.") { backend::in_path(&value) } else { value })
        };
        let value = if target == Target::Path { filled(expression, in_path) } else { filled(expression, found) };
        match (target, value) {
            (Target::Header(name), value) => {
                change_header(changed.headers.to_mut(), change, name, value.as_deref());
                changed.has_host |= change != Change::Remove && name.eq_ignore_ascii_case("host");
            }
            (Target::Query(name), value) if value.is_some() || change == Change::Remove => {
                is_query_changed = true;
                if change != Change::Append {
                    query.retain(|(known, _)| known != name);
                }
                query.extend(value.filter(|_| change != Change::Remove).map(|value| (name.to_owned(), value)));
            }
            (Target::Path, Some(path)) => {
                changed.path = Some(if path.starts_with('/') { path } else { format!("/{path}") });
            }
            _ => {}
        }
    }
    if is_query_changed {
        changed.query = Cow::Owned(Serializer::new(String::new()).extend_pairs(query).finish());
    }
    changed
}

/// Changes an integration's answer as its status says.
pub(super) fn response(integration: &Integration, source: &Source<'_>, response: &mut Response) {
    let changes = integration.response_parameters.get(response.status().as_str());
    let Some(changes) = changes.filter(|changes| !changes.is_empty()) else { return };
    let context = event::said(source);
    let (headers, body) = (response.headers().clone(), response.body().clone());
    let found = |name: &str| {
        if let Some(name) = name.strip_prefix("response.header.") {
            return joined(&headers, name);
        }
        match name.strip_prefix("response.body") {
            Some(path) => in_body(&body, path),
            None => common(name, source, &context),
        }
    };
    for (key, expression) in changes {
        let (Some((change, target)), value) = (read(key), filled(expression, found)) else { continue };
        match (target, value) {
            (Target::Header(name), value) => change_header(response.headers_mut(), change, name, value.as_deref()),
            (Target::Status, Some(status)) => {
                let status = status.parse().ok().filter(|status: &u16| (200..600).contains(status));
                if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
                    *response.status_mut() = status;
                }
            }
            _ => {}
        }
    }
}

fn change_header(headers: &mut HeaderMap, change: Change, name: &str, value: Option<&str>) {
    let Ok(name) = name.parse::<HeaderName>() else { return };
    if change == Change::Remove {
        headers.remove(&name);
    } else if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        if change == Change::Append && name != header::HOST {
            headers.append(name, value);
        } else {
            headers.insert(name, value);
        }
    }
}

/// Fills the variables of an expression (`$request.path`, `${request.header.a}-${context.stage}`); nothing, where it is one
/// variable alone, which has no value.
fn filled(expression: &str, found: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut text, mut rest) = (String::new(), expression);
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        let Some((name, behind)) = variable(&rest[at..]) else {
            text.push('$');
            rest = &rest[at + 1..];
            continue;
        };
        let value = found(name);
        if value.is_none() && at == 0 && behind.is_empty() && text.is_empty() {
            return None;
        }
        text.push_str(&value.unwrap_or_default());
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// The variable that a text begins with, and what is behind it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let is_known = |name: &str| {
        ["request.", "response.", "context.", "stageVariables."].iter().any(|start| name.starts_with(start))
    };
    if let Some(rest) = text.strip_prefix("${") {
        return rest.split_once('}').filter(|(name, _)| is_known(name));
    }
    let rest = text.strip_prefix('$').filter(|rest| is_known(rest))?;
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_.-[]'\"*".contains(c);
    let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    // What ends a sentence is no part of a name.
    let name = rest[..end].trim_end_matches('.');
    Some((name, &rest[name.len()..]))
}

fn request_value(name: &str, source: &Source<'_>, below: &str, context: &Value) -> Option<String> {
    if let Some(name) = name.strip_prefix("request.header.") {
        joined(source.headers, name)
    } else if let Some(name) = name.strip_prefix("request.querystring.") {
        parameters(source.query).remove(name)
    } else if let Some(name) = name.strip_prefix("request.path.") {
        source.parameters.get(name).cloned()
    } else if name == "request.path" {
        Some(below.to_owned())
    } else if let Some(path) = name.strip_prefix("request.body") {
        in_body(source.body, path)
    } else {
        common(name, source, context)
    }
}

fn common(name: &str, source: &Source<'_>, context: &Value) -> Option<String> {
    match name.strip_prefix("stageVariables.") {
        Some(name) => source.stage_variables.get(name).cloned(),
        None => access_log::value(context, name.strip_prefix("context.")?),
    }
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = texts(headers, &name.to_ascii_lowercase());
    (!values.is_empty()).then(|| values.join(","))
}

/// A body, or what is in it at a path (`.a[0].b`).
fn in_body(body: &[u8], path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(String::from_utf8_lossy(body).into_owned());
    }
    // A larger one is cut, and no JSON any more.
    let document: Value = serde_json::from_slice(&body[..body.len().min(BODY_BYTES)]).ok()?;
    match found_at(&document, &format!("${path}"))? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::apigatewayv2::model::Route;
    use serde_json::json;
    use time::OffsetDateTime;

    fn integration(request: &Value, response: &Value) -> Integration {
        serde_json::from_value(json!({ "requestParameters": request, "responseParameters": response })).unwrap()
    }

    /// Does something with the call `GET /dev/things/7?a=1&a=2`, which has a header and a body.
    fn with_call<T>(work: impl FnOnce(&Source<'_>) -> T) -> T {
        let mut headers = HeaderMap::new();
        headers.append("x-own", HeaderValue::from_static("1"));
        headers.append("x-own", HeaderValue::from_static("2"));
        let route = Route { route_key: "GET /things/{id}".to_owned(), ..Route::default() };
        work(&Source {
            account: "000000000000",
            region: "us-east-1",
            api: "abc",
            stage: "dev",
            route: &route,
            parameters: &[("id".to_owned(), "7".to_owned())].into(),
            stage_variables: &[("v".to_owned(), "w".to_owned())].into(),
            method: "GET",
            path: "/dev/things/7",
            query: "a=1&a=2",
            headers: &headers,
            body: br#"{"who":{"names":["ann","bob"]}}"#,
            caller_ip: None,
            authorizer: None,
            request_id: "id-1",
            trace: "Root=1-5",
            now: OffsetDateTime::UNIX_EPOCH,
        })
    }

    #[test]
    fn headers_parameters_and_the_path_of_a_request_are_changed() {
        let changes = json!({
            "append:header.x-added": "$context.stage",
            "append:header.X-Own": "$request.querystring.a",
            "overwrite:header.x-many": "${request.path.id}-${stageVariables.v}-${request.header.nothing}.",
            "overwrite:header.x-body": "$request.body.who.names[1]",
            "overwrite:header.x-none": "$request.header.nothing",
            "remove:querystring.a": "''",
            "append:querystring.b": "x y",
            "overwrite:path": "/base$request.path",
        });
        with_call(|source| {
            let changed = request(&integration(&changes, &json!({})), source, "/things/7");
            let header = |name: &str| texts(&changed.headers, name);
            assert_eq!(header("x-added"), ["dev"]);
            assert_eq!(header("x-own"), ["1", "2", "1,2"]);
            assert_eq!(header("x-many"), ["7-w-."]);
            assert_eq!((header("x-body"), header("x-none").len()), (vec!["bob".to_owned()], 0));
            assert_eq!((&*changed.query, changed.path.as_deref()), ("b=x+y", Some("/base/things/7")));
            let same = request(&integration(&json!({}), &json!({})), source, "/things/7");
            assert_eq!((&*same.query, same.path, same.headers.len()), ("a=1&a=2", None, 2));
        });
    }

    #[test]
    fn an_answer_is_changed_as_its_status_says() {
        let changes = json!({
            "500": { "overwrite:statuscode": "403", "append:header.x-id": "$context.requestId", "remove:header.server": "''" },
            "200": { "overwrite:header.x-from": "${response.body.a}/${response.header.x-b}" },
        });
        let answer = |status: u16| {
            let mut response = Response::new(bytes::Bytes::from_static(br#"{"a":1}"#));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response.headers_mut().insert("x-b", HeaderValue::from_static("c"));
            response.headers_mut().insert("server", HeaderValue::from_static("s"));
            with_call(|source| super::response(&integration(&json!({}), &changes), source, &mut response));
            response
        };
        let failed = answer(500);
        assert_eq!((failed.status().as_u16(), &failed.headers()["x-id"]), (403, &HeaderValue::from_static("id-1")));
        assert!(!failed.headers().contains_key("server"));
        assert_eq!(answer(200).headers()["x-from"], "1/c");
        assert_eq!((answer(404).status().as_u16(), answer(404).headers().len()), (404, 2));
    }

    #[test]
    fn what_is_no_mapping_or_of_a_reserved_header_is_refused() {
        let checked = |request: Value, response: Value| check(&integration(&request, &response));
        let (restricted, none) = ("Operations on header Authorization are restricted", json!({}));
        for (request, response, why) in [
            (json!({ "append:header.Authorization": "x" }), none.clone(), restricted),
            (
                json!({ "append:header.x-amz-date": "x" }),
                none.clone(),
                "Operations on header x-amz-date are restricted",
            ),
            (json!({ "append:path": "x" }), none.clone(), "Invalid mapping expression specified: append:path"),
            (json!({ "header.x": "y" }), none.clone(), "Invalid mapping expression specified: header.x"),
            (
                json!({ "overwrite:statuscode": "1" }),
                none.clone(),
                "Invalid mapping expression specified: overwrite:statuscode",
            ),
            (
                none.clone(),
                json!({ "200": { "overwrite:path": "x" } }),
                "Invalid mapping expression specified: overwrite:path",
            ),
            (none.clone(), json!({ "99": { "append:header.x": "y" } }), "Status Code 99 is not valid"),
            (none.clone(), json!({ "200": { "overwrite:statuscode": "soon" } }), "Status Code soon is not valid"),
        ] {
            let error = checked(request, response).unwrap_err();
            assert_eq!((error.code.as_ref(), error.message.as_str()), ("BadRequestException", why));
        }
    }
}
