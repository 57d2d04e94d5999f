//! The event of a proxy integration (REST, payload version 1.0), with the members that AWS sends.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use super::incoming::Incoming;
use crate::{
    emulator::http_event::{FORWARDED_FOR, FORWARDED_PORT, FORWARDED_PROTO, TRACE_ID, millis, request_time},
    http1::Spelling,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};
use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};
use time::OffsetDateTime;

/// All that an event is made from.
pub(super) struct Source<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) api: &'a str,
    pub(super) stage: &'a str,
    pub(super) deployment: &'a str,
    pub(super) resource_id: &'a str,
    /// The path of the resource, with its parameters' names.
    pub(super) resource_path: &'a str,
    pub(super) path_parameters: &'a BTreeMap<String, String>,
    pub(super) stage_variables: &'a BTreeMap<String, String>,
    pub(super) binary_media_types: &'a [String],
    pub(super) method: &'a Method,
    /// The path below the stage, as the caller wrote it.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    /// Their names as the caller wrote them.
    pub(super) spelling: &'a Spelling,
    /// The header by which the call is traced.
    pub(super) trace: &'a str,
    pub(super) body: &'a Bytes,
    pub(super) caller_ip: Option<IpAddr>,
    /// The id and the value of the key that opened the stage.
    pub(super) key: Option<(&'a str, &'a str)>,
    /// What an authorizer says of the caller.
    pub(super) authorizer: Option<&'a Value>,
    /// Who signed the call, where that was asked.
    pub(super) identity: Option<&'a Identity>,
    pub(super) request_id: &'a str,
    pub(super) extended_request_id: &'a str,
    pub(super) now: OffsetDateTime,
    /// Whether the call went to the canary, where the stage has one.
    pub(super) is_canary: Option<bool>,
    /// The user agent of whoever only tries the method (`TestInvokeMethod`); such a call came in at no host.
    pub(super) tester: Option<&'a str>,
}

/// Who signed a call, as events show it.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    pub(super) access_key: String,
    pub(super) account_id: String,
    pub(super) caller: String,
    pub(super) user: String,
    pub(super) user_arn: String,
}

/// Builds what an authorizer is asked that decides by the whole request; `arn` names what is called.
pub(super) fn question(source: &Source<'_>, arn: &str) -> Value {
    let mut event = build(source);
    if let Value::Object(members) = &mut event {
        members.remove("body");
        members.remove("isBase64Encoded");
        // Unlike to integrations, nothing is an empty object to authorizers.
        members.values_mut().filter(|value| value.is_null()).for_each(|value| *value = json!({}));
        members.insert("type".to_owned(), "REQUEST".into());
        members.insert("methodArn".to_owned(), arn.into());
    }
    event
}

/// Builds the event.
pub(super) fn build(source: &Source<'_>) -> Value {
    let (headers, multi_headers) = maps(header_pairs(source));
    let query = form_urlencoded::parse(source.query.unwrap_or_default().as_bytes());
    let (query, multi_query) = maps(query.map(|(name, value)| (name.into_owned(), value.into_owned())));
    let (body, is_base64) = body(source);
    json!({
        "resource": source.resource_path,
        "path": readable(source.path),
        "httpMethod": source.method.as_str(),
        "headers": headers,
        "multiValueHeaders": multi_headers,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": multi_query,
        "pathParameters": or_null(source.path_parameters),
        "stageVariables": or_null(source.stage_variables),
        // Events do not tell whether they are the canary's.
        "requestContext": context(&Source { is_canary: None, ..*source }),
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// The same request, for integrations that look into it.
pub(super) fn incoming(source: &Source<'_>) -> Incoming {
    let query = form_urlencoded::parse(source.query.unwrap_or_default().as_bytes()).into_owned().collect();
    let known = Incoming {
        method: source.method.as_str().to_owned(),
        body: source.body.clone(),
        context: context(source),
        stage_variables: source.stage_variables.clone(),
        binary_media_types: source.binary_media_types.to_vec(),
        ..Incoming::default()
    };
    known.with_parameters(source.path_parameters.clone(), query, header_pairs(source).collect())
}

pub(super) fn context(source: &Source<'_>) -> Value {
    let (key_id, key) = source.key.unzip();
    let (identity, tester) = (source.identity, source.tester);
    let host = format!("{}.execute-api.{}.amazonaws.com", source.api, source.region);
    let own_agent = || source.headers.get("user-agent").map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut context = json!({
        "resourceId": source.resource_id,
        "resourcePath": source.resource_path,
        "httpMethod": source.method.as_str(),
        "extendedRequestId": source.extended_request_id,
        "requestTime": request_time(source.now),
        "requestTimeEpoch": millis(source.now),
        "path": if tester.is_some() { source.path.to_owned() } else { format!("/{}{}", source.stage, source.path) },
        "accountId": source.account,
        "protocol": "HTTP/1.1",
        "stage": source.stage,
        "domainPrefix": if tester.is_some() { "testPrefix" } else { source.api },
        "domainName": if tester.is_some() { "testPrefix.testDomainName" } else { host.as_str() },
        "deploymentId": source.deployment,
        "requestId": source.request_id,
        "apiId": source.api,
        "identity": {
            "cognitoIdentityPoolId": null,
            "accountId": identity.map(|identity| &identity.account_id),
            "cognitoIdentityId": null,
            "caller": identity.map(|identity| &identity.caller),
            "apiKey": key,
            "apiKeyId": key_id,
            "sourceIp": if tester.is_some() { json!("test-invoke-source-ip") } else { json!(source.caller_ip) },
            "principalOrgId": null,
            "accessKey": identity.map(|identity| &identity.access_key),
            "cognitoAuthenticationType": null,
            "cognitoAuthenticationProvider": null,
            "userArn": identity.map(|identity| &identity.user_arn),
            "userAgent": tester.map(Cow::Borrowed).or_else(own_agent),
            "user": identity.map(|identity| &identity.user),
        },
    });
    if let Some(authorizer) = source.authorizer {
        context["authorizer"] = authorizer.clone();
    }
    if let (None, Value::Object(members)) = (source.key, &mut context["identity"]) {
        members.remove("apiKey");
        members.remove("apiKeyId");
    }
    if let Some(is_canary) = source.is_canary {
        context["isCanaryRequest"] = is_canary.into();
    }
    if let (Some(_), Value::Object(members)) = (tester, &mut context) {
        members.remove("deploymentId");
    }
    context
}

/// Headers of a caller's that no integration gets, or that API Gateway writes itself.
const NOT_SHOWN: [&str; 16] = [
    FORWARDED_FOR,
    FORWARDED_PORT,
    FORWARDED_PROTO,
    TRACE_ID,
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// The caller's headers, and those that API Gateway adds where one came in.
fn header_pairs<'a>(source: &'a Source<'_>) -> impl Iterator<Item = (String, String)> + 'a {
    let own = source.headers.iter().filter(|(name, _)| !NOT_SHOWN.contains(&name.as_str()));
    let own = own.map(|(name, value)| {
        (source.spelling.of(name).to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let before = source.headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = before.map(str::to_owned).chain(source.caller_ip.map(|ip| ip.to_string())).collect();
    let sent = |name| source.headers.get(name).and_then(|value| value.to_str().ok());
    // A tunnel says how it was called; without one the caller came here himself.
    let proto = sent(FORWARDED_PROTO).unwrap_or("http");
    let port = sent("host").and_then(|host| host.rsplit_once(':')).map(|(_, port)| port);
    let port = sent(FORWARDED_PORT).or(port).unwrap_or(if proto == "https" { "443" } else { "80" });
    let added = [
        ("X-Amzn-Trace-Id", Some(source.trace.to_owned())),
        ("X-Forwarded-For", (!hops.is_empty()).then(|| hops.join(", "))),
        ("X-Forwarded-Port", Some(port.to_owned())),
        ("X-Forwarded-Proto", Some(proto.to_owned())),
    ];
    let came_in = source.tester.is_none();
    let added = added.into_iter().filter(move |_| came_in);
    own.chain(added.filter_map(|(name, value)| Some((name.to_owned(), value?))))
}

/// Makes the two maps that an event has of everything with several values: the last value, and all of them. Both are
/// null when there is nothing.
fn maps(pairs: impl Iterator<Item = (String, String)>) -> (Value, Value) {
    let (mut single, mut multi) = (Map::new(), Map::new());
    for (name, value) in pairs {
        if let Value::Array(values) = multi.entry(name.clone()).or_insert_with(|| json!([])) {
            values.push(value.clone().into());
        }
        single.insert(name, value.into());
    }
    if single.is_empty() { (Value::Null, Value::Null) } else { (single.into(), multi.into()) }
}

/// What means something in a path, or begins an escape.
const RESERVED: &[u8] = b"%!#$&'()*+,/:;=?@";

/// A path as events show it: one slash in front, and decoded but for what would mean something else then (`%2B`, `%2F`).
fn readable(path: &str) -> String {
    let path = path.trim_start_matches('/').as_bytes();
    let (mut read, mut at) = (vec![b'/'], 0);
    while at < path.len() {
        let plain = plain(&path[at..]).filter(|plain| !RESERVED.contains(plain));
        read.push(plain.unwrap_or(path[at]));
        at += if plain.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// The byte that an escape at the beginning of a text stands for.
fn plain(rest: &[u8]) -> Option<u8> {
    let mut decoded = percent_decode(rest.get(..3)?);
    decoded.next().filter(|_| decoded.next().is_none())
}

fn or_null(map: &BTreeMap<String, String>) -> Value {
    if map.is_empty() { Value::Null } else { json!(map) }
}

/// The body as text, or in base64 when its type is declared binary or it is no text at all.
fn body(source: &Source<'_>) -> (Value, bool) {
    if source.body.is_empty() {
        return (Value::Null, false);
    }
    let content_type = source.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match std::str::from_utf8(source.body) {
        Ok(text) if !is_binary(source.binary_media_types, content_type) => (text.into(), false),
        _ => (BASE64_STANDARD.encode(source.body).into(), true),
    }
}

/// Tells whether a media type is among those that an API declares binary (`image/png`, `image/*`, `*/*`).
pub(super) fn is_binary(declared: &[String], media_type: &str) -> bool {
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let kind = media_type.split_once('/').map(|(kind, _)| kind);
    declared.iter().any(|known| {
        known == "*/*"
            || known.eq_ignore_ascii_case(media_type)
            || known.strip_suffix("/*").is_some_and(|known| kind.is_some_and(|kind| known.eq_ignore_ascii_case(kind)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_but_for_what_has_a_meaning() {
        for (path, shown) in [
            ("/a/b%20c", "/a/b c"),
            ("/a/x%2Balias@y", "/a/x%2Balias@y"),
            ("//a//b/", "/a//b/"),
            ("/%c3%a9%2f%zz%", "/\u{e9}%2f%zz%"),
            ("/%+f%4", "/%+f%4"),
        ] {
            assert_eq!(readable(path), shown, "{path}");
        }
    }

    fn event(query: Option<&str>, headers: &[(&'static str, &str)], body: &[u8], binary: &[&str]) -> Value {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let none = BTreeMap::new();
        build(&Source {
            account: "000000000000",
            region: "us-east-1",
            api: "abc",
            stage: "dev",
            deployment: "d1",
            resource_id: "r1",
            resource_path: "/infra",
            path_parameters: &none,
            stage_variables: &none,
            binary_media_types: &binary.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(),
            method: &Method::GET,
            path: "/infra",
            query,
            headers: &map,
            spelling: &Spelling::of_names(headers.iter().map(|(name, _)| *name)),
            trace: "Root=1-5",
            body: &Bytes::copy_from_slice(body),
            caller_ip: Some([192, 0, 2, 1].into()),
            key: None,
            authorizer: None,
            identity: None,
            request_id: "id-1",
            extended_request_id: "id-2",
            now: OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap(),
            is_canary: None,
            tester: None,
        })
    }

    #[test]
    fn what_is_absent_is_null() {
        let event = event(None, &[], b"", &[]);
        for member in
            ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"]
        {
            assert_eq!(event[member], Value::Null, "{member}");
        }
        assert_eq!(event["isBase64Encoded"], false);
    }

    #[test]
    fn a_query_is_decoded_once_and_keeps_every_value() {
        let event = event(Some("a=1&a=%2531+x&b"), &[], b"", &[]);
        assert_eq!(event["queryStringParameters"], json!({ "a": "%31 x", "b": "" }));
        assert_eq!(event["multiValueQueryStringParameters"], json!({ "a": ["1", "%31 x"], "b": [""] }));
    }

    #[test]
    fn headers_keep_every_value_and_the_caller_is_the_last_hop() {
        let event = event(None, &[("x-a", "1"), ("x-a", "2"), ("x-forwarded-for", "198.51.100.7")], b"", &[]);
        assert_eq!(event["headers"]["x-a"], "2");
        assert_eq!(event["headers"]["X-Forwarded-For"], "198.51.100.7, 192.0.2.1");
        assert_eq!(event["multiValueHeaders"]["x-a"], json!(["1", "2"]));
    }

    #[test]
    fn headers_have_the_names_that_the_caller_wrote_and_say_how_the_gateway_was_called() {
        let direct = event(
            None,
            &[
                ("Host", "127.0.0.1:4566"),
                ("user-Agent", "curl/8"),
                ("X-api-key", "k"),
                ("Content-Length", "0"),
                ("Content-MD5", "x"),
                ("Expect", "100-continue"),
                ("Max-Forwards", "2"),
                ("TE", "deflate"),
            ],
            b"",
            &[],
        );
        let expected = json!({
            "Host": "127.0.0.1:4566",
            "user-Agent": "curl/8",
            "X-api-key": "k",
            "X-Amzn-Trace-Id": "Root=1-5",
            "X-Forwarded-For": "192.0.2.1",
            "X-Forwarded-Port": "4566",
            "X-Forwarded-Proto": "http",
        });
        assert_eq!(direct["headers"], expected);
        let tunnelled = event(None, &[("host", "n-4566.app.github.dev"), ("x-forwarded-proto", "https")], b"", &[]);
        assert_eq!(tunnelled["headers"]["X-Forwarded-Port"], "443");
        assert_eq!(tunnelled["headers"]["X-Forwarded-Proto"], "https");
    }

    #[test]
    fn a_body_is_text_unless_it_is_declared_binary_or_is_no_text() {
        let png = [("content-type", "image/png")];
        assert_eq!(event(None, &png, b"x", &[])["body"], "x");
        assert_eq!(event(None, &png, b"x", &["image/*"])["body"], "eA==");
        assert_eq!(event(None, &[], b"\xff", &[])["isBase64Encoded"], true);
    }

    #[test]
    fn the_context_says_who_called_what_and_when() {
        let context = &event(None, &[("user-agent", "curl/8")], b"", &[])["requestContext"];
        assert_eq!(context["path"], "/dev/infra");
        assert_eq!(context["identity"]["sourceIp"], "192.0.2.1");
        assert_eq!(context["identity"]["userAgent"], "curl/8");
        assert_eq!(context["requestTimeEpoch"], 1_700_000_000_000_i64);
        assert_eq!((&context["requestId"], &context["extendedRequestId"]), (&json!("id-1"), &json!("id-2")));
        assert_eq!(context["requestTime"], "14/Nov/2023:22:13:20 +0000");
    }
}
