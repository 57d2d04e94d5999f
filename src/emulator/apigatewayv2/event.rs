//! The events that functions get of an HTTP API, in both versions of their form, with the members that AWS sends.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use super::model::Route;
use crate::emulator::http_event::{self, Http, address, cookies, millis, parameters, request_time, text, texts};
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::IpAddr};
use time::OffsetDateTime;

/// All that an event is made from.
pub(super) struct Source<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) api: &'a str,
    pub(super) stage: &'a str,
    pub(super) route: &'a Route,
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) stage_variables: &'a BTreeMap<String, String>,
    pub(super) method: &'a str,
    /// The path with the stage, if it is named in the URL.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) caller_ip: Option<IpAddr>,
    /// What an authorizer says of the caller.
    pub(super) authorizer: Option<&'a Value>,
    pub(super) request_id: &'a str,
    pub(super) trace: &'a str,
    pub(super) now: OffsetDateTime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'a str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    stage_variables: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'a str,
    api_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<&'a Value>,
    domain_name: String,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'a str,
    time: String,
    time_epoch: i64,
}

/// Builds the event of version 2.0, as JSON.
pub(super) fn version_2(source: &Source<'_>) -> Vec<u8> {
    let path = percent_decode_str(source.path).decode_utf8_lossy();
    let (body, is_base64_encoded) = body(source);
    let event = Event {
        version: "2.0",
        route_key: &source.route.route_key,
        raw_path: &path,
        raw_query_string: source.query,
        cookies: cookies(source.headers),
        headers: headers(source),
        query_string_parameters: parameters(source.query),
        request_context: Context {
            account_id: source.account,
            api_id: source.api,
            authorizer: source.authorizer,
            domain_name: domain_name(source),
            domain_prefix: source.api,
            http: Http::of(source.method, &path, source.headers, source.caller_ip),
            request_id: source.request_id,
            route_key: &source.route.route_key,
            stage: source.stage,
            time: request_time(source.now),
            time_epoch: millis(source.now),
        },
        path_parameters: source.parameters,
        stage_variables: source.stage_variables,
        body,
        is_base64_encoded,
    };
    serde_json::to_vec(&event).unwrap_or_default()
}

/// Builds the event of version 1.0, as JSON.
pub(super) fn version_1(source: &Source<'_>) -> Vec<u8> {
    let (body, is_base64) = body(source);
    let mut headers = headers(source);
    let cookies = texts(source.headers, header::COOKIE.as_str());
    if !cookies.is_empty() {
        headers.insert("cookie".to_owned(), cookies.join("; "));
    }
    let many_headers: BTreeMap<_, _> =
        headers.iter().map(|(name, value)| (name, values(source, name, value))).collect();
    let (mut query, mut many_query) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
    for (name, value) in form_urlencoded::parse(source.query.as_bytes()).into_owned() {
        many_query.entry(name.clone()).or_default().push(value.clone());
        query.insert(name, value);
    }
    let or_null = |map: &BTreeMap<String, String>| if map.is_empty() { Value::Null } else { json!(map) };
    let resource = source.route.route_key.split_once(' ').map_or("$default", |(_, path)| path);
    let path = percent_decode_str(source.path).decode_utf8_lossy();
    let mut event = json!({
        "version": "1.0",
        "resource": resource,
        "path": path,
        "httpMethod": source.method,
        "headers": headers,
        "multiValueHeaders": many_headers,
        "queryStringParameters": or_null(&query),
        "multiValueQueryStringParameters": if many_query.is_empty() { Value::Null } else { json!(many_query) },
        "requestContext": {
            "accountId": source.account,
            "apiId": source.api,
            "domainName": domain_name(source),
            "domainPrefix": source.api,
            "extendedRequestId": source.request_id,
            "httpMethod": source.method,
            "identity": {
                "accessKey": null,
                "accountId": null,
                "caller": null,
                "cognitoAmr": null,
                "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null,
                "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null,
                "principalOrgId": null,
                "sourceIp": address(source.caller_ip),
                "user": null,
                "userAgent": text(source.headers, "user-agent").unwrap_or_default(),
                "userArn": null,
            },
            "path": path,
            "protocol": "HTTP/1.1",
            "requestId": source.request_id,
            "requestTime": request_time(source.now),
            "requestTimeEpoch": millis(source.now),
            "resourceId": source.route.route_key,
            "resourcePath": resource,
            "stage": source.stage,
        },
        "pathParameters": or_null(source.parameters),
        "stageVariables": or_null(source.stage_variables),
        "body": body,
        "isBase64Encoded": is_base64,
    });
    if let Some(authorizer) = source.authorizer {
        event["requestContext"]["authorizer"] = authorizer.clone();
        let identity = authorizer.as_object().filter(|authorizer| authorizer.contains_key("userArn"));
        for (shown, name) in [
            ("accessKey", "accessKey"),
            ("accountId", "accountId"),
            ("caller", "callerId"),
            ("user", "userId"),
            ("userArn", "userArn"),
        ] {
            if let Some(value) = identity.and_then(|identity| identity.get(name)) {
                event["requestContext"]["identity"][shown] = value.clone();
            }
        }
    }
    event.to_string().into_bytes()
}

/// All values of a header; of those that API Gateway writes itself the one that it wrote.
fn values(source: &Source<'_>, name: &str, value: &str) -> Vec<String> {
    let sent = texts(source.headers, name);
    let is_own = name.starts_with("x-forwarded-") || name == header::COOKIE.as_str();
    if sent.is_empty() || is_own { vec![value.to_owned()] } else { sent }
}

/// `$context`, as parameter mappings and access logs read it.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html>
pub(super) fn said(source: &Source<'_>) -> Value {
    // Whoever was asked who calls names himself in events, but not here.
    let inner = |authorizer: &Value| ["jwt", "lambda", "iam"].iter().find_map(|kind| authorizer.get(kind).cloned());
    let authorizer = source.authorizer.map(|authorizer| inner(authorizer).unwrap_or_else(|| authorizer.clone()));
    let signer = |name: &str| authorizer.as_ref().filter(|known| known.get("userArn").is_some())?.get(name).cloned();
    json!({
        "accountId": source.account,
        "apiId": source.api,
        "domainName": domain_name(source),
        "domainPrefix": source.api,
        "extendedRequestId": source.request_id,
        "httpMethod": source.method,
        "identity": {
            "accountId": signer("accountId"),
            "caller": signer("callerId"),
            "sourceIp": address(source.caller_ip),
            "user": signer("userId"),
            "userAgent": text(source.headers, "user-agent"),
            "userArn": signer("userArn"),
        },
        "path": source.path,
        "protocol": "HTTP/1.1",
        "requestId": source.request_id,
        "requestTime": request_time(source.now),
        "requestTimeEpoch": millis(source.now),
        "routeKey": source.route.route_key,
        "stage": source.stage,
        "authorizer": authorizer,
    })
}

/// What an authorizer is asked that takes version 2.0.
pub(super) fn question_2(source: &Source<'_>, arn: &str, values: &[String]) -> Value {
    let mut event: Value = serde_json::from_slice(&version_2(source)).unwrap_or_default();
    if let Value::Object(members) = &mut event {
        members.remove("body");
        members.remove("isBase64Encoded");
        members.insert("type".to_owned(), "REQUEST".into());
        members.insert("routeArn".to_owned(), arn.into());
        members.insert("identitySource".to_owned(), if values.is_empty() { Value::Null } else { json!(values) });
    }
    event
}

/// What an authorizer is asked that takes version 1.0.
pub(super) fn question_1(source: &Source<'_>, arn: &str, values: &[String]) -> Value {
    let mut event: Value = serde_json::from_slice(&version_1(source)).unwrap_or_default();
    if let Value::Object(members) = &mut event {
        for name in ["body", "isBase64Encoded", "multiValueHeaders", "multiValueQueryStringParameters"] {
            members.remove(name);
        }
        members.insert("type".to_owned(), "REQUEST".into());
        members.insert("methodArn".to_owned(), arn.into());
        members.insert("identitySource".to_owned(), values.join(",").into());
        members.insert("authorizationToken".to_owned(), values.join(",").into());
        for name in ["queryStringParameters", "pathParameters", "stageVariables"] {
            if members.get(name).is_some_and(Value::is_null) {
                members.insert(name.to_owned(), json!({}));
            }
        }
    }
    event
}

fn domain_name(source: &Source<'_>) -> String {
    format!("{}.execute-api.{}.amazonaws.com", source.api, source.region)
}

/// The caller's headers and those that API Gateway adds, all in lower case.
pub(super) fn headers(source: &Source<'_>) -> BTreeMap<String, String> {
    let mut headers = http_event::headers(source.headers, source.caller_ip, source.trace);
    headers.entry("content-length".to_owned()).or_insert_with(|| source.body.len().to_string());
    headers
}

fn body(source: &Source<'_>) -> (Option<String>, bool) {
    http_event::body(source.headers, source.body, "text/plain")
}
