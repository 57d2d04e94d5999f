//! The event of a call of a function's URL: payload version 2.0, with the members that AWS sends, in its order.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use crate::emulator::{
    http_event::{Http, body, cookies, headers, millis, parameters, request_time},
    lambda::account_of,
    sts::Caller,
};
use http::request::Parts;
use serde::Serialize;
use std::{collections::BTreeMap, net::IpAddr};
use time::OffsetDateTime;

/// Who calls where nobody has to say it.
const ANONYMOUS: &str = "anonymous";

/// All that an event is made from.
pub(super) struct Source<'a> {
    pub(super) id: &'a str,
    pub(super) region: &'a str,
    pub(super) function_arn: &'a str,
    pub(super) path: &'a str,
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) caller_ip: Option<IpAddr>,
    /// Who has signed the call, where it had to be: the access key, and whose it is.
    pub(super) signer: Option<(&'a str, Caller)>,
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
    authorizer: Option<Authorizer>,
    domain_name: String,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'a str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
struct Authorizer {
    iam: Signer,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signer {
    access_key: String,
    account_id: String,
    caller_id: String,
    cognito_identity: Option<String>,
    principal_org_id: Option<String>,
    user_arn: String,
    user_id: String,
}

/// Builds the event, as JSON.
pub(super) fn build(source: &Source<'_>) -> Vec<u8> {
    let (parts, account) = (source.parts, account_of(source.function_arn));
    let query = parts.uri.query().unwrap_or_default();
    let (body, is_base64_encoded) = body(&parts.headers, source.body, "");
    let event = Event {
        version: "2.0",
        route_key: "$default",
        raw_path: source.path,
        raw_query_string: query,
        cookies: cookies(&parts.headers),
        headers: headers(&parts.headers, source.caller_ip, source.trace),
        query_string_parameters: parameters(query),
        request_context: Context {
            account_id: if source.signer.is_some() { account } else { ANONYMOUS },
            api_id: source.id,
            authorizer: source.signer.as_ref().map(|(key, caller)| authorizer(account, key, caller)),
            domain_name: format!("{}.lambda-url.{}.on.aws", source.id, source.region),
            domain_prefix: source.id,
            http: Http::of(parts.method.as_str(), source.path, &parts.headers, source.caller_ip),
            request_id: source.request_id,
            route_key: "$default",
            stage: "$default",
            time: request_time(source.now),
            time_epoch: millis(source.now),
        },
        body,
        is_base64_encoded,
    };
    serde_json::to_vec(&event).unwrap_or_default()
}

fn authorizer(account: &str, key: &str, caller: &Caller) -> Authorizer {
    let (access_key, account_id) = (key.to_owned(), account.to_owned());
    let (user_arn, user_id, caller_id) = (caller.arn.clone(), caller.id.clone(), caller.id.clone());
    let (cognito_identity, principal_org_id) = (None, None);
    Authorizer {
        iam: Signer { access_key, account_id, caller_id, cognito_identity, principal_org_id, user_arn, user_id },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
        let mut request = http::Request::builder().method("POST").uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        let text = build(&Source {
            id: "abc",
            region: "eu-west-3",
            function_arn: "arn:aws:lambda:eu-west-3:000000000000:function:f",
            path: parts.uri.path(),
            parts: &parts,
            body,
            caller_ip: Some([192, 0, 2, 1].into()),
            signer: None,
            request_id: "id-1",
            trace: "Root=1",
            now: OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap(),
        });
        assert!(text.starts_with(br#"{"version":"2.0","routeKey":"$default","rawPath":"#));
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn an_event_has_the_members_that_aws_sends() {
        let event = event(
            "/a%20b//c?x=1&x=%C3%A9&y",
            &[
                ("host", "localhost:4566"),
                ("cookie", "a=1; b=2"),
                ("cookie", "c=3"),
                ("user-agent", "curl"),
                ("x-many", "1"),
                ("x-many", "2"),
                ("content-type", "application/json"),
            ],
            b"{}",
        );
        assert_eq!(
            event,
            json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": "/a%20b//c",
                "rawQueryString": "x=1&x=%C3%A9&y",
                "cookies": ["a=1", "b=2", "c=3"],
                "headers": {
                    "content-type": "application/json",
                    "host": "localhost:4566",
                    "user-agent": "curl",
                    "x-amzn-trace-id": "Root=1",
                    "x-forwarded-for": "192.0.2.1",
                    "x-forwarded-port": "4566",
                    "x-forwarded-proto": "http",
                    "x-many": "1,2",
                },
                "queryStringParameters": { "x": "1,é", "y": "" },
                "requestContext": {
                    "accountId": "anonymous",
                    "apiId": "abc",
                    "domainName": "abc.lambda-url.eu-west-3.on.aws",
                    "domainPrefix": "abc",
                    "http": {
                        "method": "POST", "path": "/a%20b//c", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                        "userAgent": "curl",
                    },
                    "requestId": "id-1",
                    "routeKey": "$default",
                    "stage": "$default",
                    "time": "14/Nov/2023:22:13:20 +0000",
                    "timeEpoch": 1_700_000_000_000_i64,
                },
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn what_has_not_come_is_not_there_and_what_is_no_text_is_base64() {
        let empty = event("/", &[], b"");
        for absent in ["cookies", "queryStringParameters", "body"] {
            assert!(empty.get(absent).is_none(), "{absent}");
        }
        for (media_type, body, is_base64) in [
            ("text/plain; charset=utf-8", &b"\xc3\xa9"[..], false),
            ("application/problem+json", b"{}", false),
            ("application/x-www-form-urlencoded", b"a=b", true),
            ("application/octet-stream", b"x", true),
            ("text/plain", b"\xff", true),
        ] {
            let event = event("/", &[("content-type", media_type)], body);
            assert_eq!(event["isBase64Encoded"], is_base64, "{media_type}");
        }
    }
}
