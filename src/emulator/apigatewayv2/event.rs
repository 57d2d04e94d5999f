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
    let mut context = common(source);
    for (name, value) in [
        ("identity", identity(source)),
        // The common part has it as it came, this event decoded.
        ("path", json!(path)),
        ("resourceId", json!(source.route.route_key)),
        ("resourcePath", json!(resource)),
    ] {
        context[name] = value;
    }
    if let Some(authorizer) = source.authorizer {
        context["authorizer"] = authorizer.clone();
    }
    let event = json!({
        "version": "1.0",
        "resource": resource,
        "path": path,
        "httpMethod": source.method,
        "headers": headers,
        "multiValueHeaders": many_headers,
        "queryStringParameters": or_null(&query),
        "multiValueQueryStringParameters": if many_query.is_empty() { Value::Null } else { json!(many_query) },
        "requestContext": context,
        "pathParameters": or_null(source.parameters),
        "stageVariables": or_null(source.stage_variables),
        "body": body,
        "isBase64Encoded": is_base64,
    });
    event.to_string().into_bytes()
}

/// Who calls, in version 1.0: null is what is not known of him.
fn identity(source: &Source<'_>) -> Value {
    let signer = source.authorizer.filter(|authorizer| authorizer.get("userArn").is_some());
    let known = |name: &str| signer.and_then(|signer| signer.get(name));
    json!({
        "accessKey": known("accessKey"),
        "accountId": known("accountId"),
        "caller": known("callerId"),
        "cognitoAmr": null,
        "cognitoAuthenticationProvider": null,
        "cognitoAuthenticationType": null,
        "cognitoIdentityId": null,
        "cognitoIdentityPoolId": null,
        "principalOrgId": null,
        "sourceIp": address(source.caller_ip),
        "user": known("userId"),
        "userAgent": text(source.headers, "user-agent").unwrap_or_default(),
        "userArn": known("userArn"),
    })
}

/// What the context of version 1.0 and `$context` say alike of a call, whoever calls.
fn common(source: &Source<'_>) -> Value {
    json!({
        "accountId": source.account,
        "apiId": source.api,
        "domainName": domain_name(source),
        "domainPrefix": source.api,
        "extendedRequestId": source.request_id,
        "httpMethod": source.method,
        "path": source.path,
        "protocol": "HTTP/1.1",
        "requestId": source.request_id,
        "requestTime": request_time(source.now),
        "requestTimeEpoch": millis(source.now),
        "stage": source.stage,
    })
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
    let mut context = common(source);
    context["identity"] = json!({
        "accountId": signer("accountId"),
        "caller": signer("callerId"),
        "sourceIp": address(source.caller_ip),
        "user": signer("userId"),
        "userAgent": text(source.headers, "user-agent"),
        "userArn": signer("userArn"),
    });
    context["routeKey"] = json!(source.route.route_key);
    context["authorizer"] = json!(authorizer);
    context
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_of_version_1_and_of_mappings_say_the_same_of_a_call() {
        let route = Route { route_key: "GET /a/{b}".to_owned(), ..Route::default() };
        let (none, headers) = (BTreeMap::new(), HeaderMap::new());
        let caller = json!({ "iam": { "userArn": "arn", "callerId": "c", "userId": "u", "accountId": "2" } });
        let source = |authorizer| Source {
            account: "1",
            region: "eu-west-3",
            api: "abc",
            stage: "dev",
            route: &route,
            parameters: &none,
            stage_variables: &none,
            method: "GET",
            path: "/dev/a/%20",
            query: "",
            headers: &headers,
            body: b"",
            caller_ip: None,
            authorizer,
            request_id: "id-1",
            trace: "Root=1-5",
            now: OffsetDateTime::UNIX_EPOCH,
        };
        let context = |authorizer| {
            let event: Value = serde_json::from_slice(&version_1(&source(authorizer))).unwrap();
            event["requestContext"].clone()
        };
        let (event, said_of) = (context(None), said(&source(None)));
        assert_eq!(event["domainName"], "abc.execute-api.eu-west-3.amazonaws.com");
        for (name, value) in common(&source(None)).as_object().unwrap() {
            assert_eq!(&said_of[name], value, "{name}");
            assert!(name == "path" || &event[name] == value, "{name}");
        }
        assert_eq!((&event["path"], &said_of["path"]), (&json!("/dev/a/ "), &json!("/dev/a/%20")));
        assert_eq!((&event["resourceId"], &event["resourcePath"]), (&json!("GET /a/{b}"), &json!("/a/{b}")));
        assert_eq!((event.get("routeKey"), &said_of["routeKey"]), (None, &json!("GET /a/{b}")));
        assert_eq!((event.get("authorizer"), &said_of["authorizer"]), (None, &Value::Null));
        assert_eq!(event["identity"]["userArn"], Value::Null);
        assert_eq!(event["identity"].as_object().unwrap().len(), 13);

        let signed = context(Some(&caller["iam"]));
        let identity = &signed["identity"];
        assert_eq!(signed["authorizer"], caller["iam"]);
        assert_eq!(
            (&identity["caller"], &identity["user"], &identity["accountId"]),
            (&json!("c"), &json!("u"), &json!("2"))
        );
        assert_eq!(identity["accessKey"], Value::Null);
        // Mappings read a signer without the word that says how he was known.
        let signed = said(&source(Some(&caller)));
        assert_eq!((&signed["identity"]["userArn"], &signed["authorizer"]), (&json!("arn"), &caller["iam"]));
    }
}
