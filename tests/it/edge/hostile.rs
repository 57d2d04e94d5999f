//! What strangers get: nothing, and the engine does not hear of it.

use super::{API, Door, config, signing::Signer};
use crate::support::raw::Client;

/// Targets that lead nowhere for a stranger.
const CLOSED: &[&str] = &[
    "/",
    "/favicon.ico",
    "/_localstack/health",
    "/_localstack/init/ready",
    "/_localstack",
    "/_localstack/",
    "/%5flocalstack/health",
    "/%5Flocalstack/health",
    "/_LOCALSTACK/health",
    "/./_localstack/health",
    "/x/../_localstack/health",
    "/x/%2e%2e/_localstack/health",
    "/x/..%2f_localstack/health",
    "/x%2f..%2f_localstack/health",
    "//_localstack/health",
    "/_localemu/health",
    "/_fakecloud/health",
    "/moto-api/reset",
    "/_aws/lambda/runtime",
    "/_aws/sqs/messages",
    "/_extension/x",
    "/_pods",
    "/restapis",
    "/restapis/abc123",
    "/restapis/abc123/stages/dev",
    "/restapis/abc123/dev/_user_request_x",
    "/restapis/abc123/dev/%5fuser_request_/infra",
    "/restapis/abc123/dev/_user_request_%2finfra",
    "/restapis/ABC123/dev/_user_request_/infra",
    "/restapis/abc123%00/dev/_user_request_/infra",
    "/restapis/abc123/dev%20/_user_request_/infra",
    "/restapis/*/dev/_user_request_/infra",
    "/restapis/abc123/../abc123/dev/_user_request_/infra",
    "/restapis/abc123/dev/_user_request_/../../../../_localstack/health",
    "/restapis/abc123/dev/_user_request_/%2e%2e/%2e%2e/_localstack/health",
    "/restapis/abc123/dev/_user_request_/..%2f..%2f_localstack/health",
    "/restapis/abc123/dev/_user_request_/%5c..%5c_localstack",
    "/restapis/abc123/dev/_user_request_/a%00",
    "/restapis/abc123/dev/_user_request_/a%0d%0aHost:%20evil",
    "/restapis//dev/_user_request_/infra",
    "/restapis/abc123//_user_request_/infra",
    "/_aws/execute-api/abc123",
    "/_aws/execute-api/abc123/",
    "/_aws/execute-api//dev/infra",
    "/_aws/execute-api/abc123/dev/../prod/infra",
    "/_aws/execute-api/../../_localstack/health",
    "/_aws/execute-api/unknown/dev/infra",
    "/healthz/",
    "/healthz/../_localstack/health",
    "/healthz%2f",
    "/2015-03-31/functions",
    "/2015-03-31/functions/infrastructure-handler/invocations",
    "/bucket/key",
    "/?Action=DescribeInstances&Version=2016-11-15",
    "/?X-Amz-Signature=0",
    "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDTEST/20260102/us-east-1/ec2/aws4_request",
];

/// Header lines that do not sign anything.
const UNSIGNED: &[(&str, &str)] = &[
    ("authorization", "Bearer abc"),
    ("authorization", "Basic dGVzdDp0ZXN0"),
    ("authorization", "AWS4-HMAC-SHA256"),
    ("authorization", "AWS4-HMAC-SHA256 "),
    ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDTEST/20260102/us-east-1/ec2/aws4_request"),
    ("authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=0"),
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDTEST/20260102/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=",
    ),
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDTEST/20260102/../ec2/aws4_request, SignedHeaders=host, Signature=0",
    ),
    (
        "authorization",
        "AWS4-ECDSA-P256-SHA256 Credential=AKIDTEST/20260102/ec2/aws4_request, SignedHeaders=host, Signature=0",
    ),
    ("authorization", "AWS AKIDTEST:c2lnbmF0dXJl"),
    ("x-amz-date", "20260102T030405Z"),
    ("x-amz-target", "Logs_20140328.DescribeLogGroups"),
    ("x-api-key", "atl_0000"),
];

#[tokio::test]
async fn nothing_but_the_api_is_open() {
    let door = Door::open(config()).await;
    for target in CLOSED {
        for method in ["GET", "POST", "PUT", "DELETE", "HEAD"] {
            let mut client = Client::connect(door.address).await;
            client.send(super::raw(method, target, &[], b"")).await;
            let status = client.answer_to_head().await.unwrap().status;
            assert!(matches!(status, 403..=405), "{method} {target}: {status}");
        }
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn what_looks_like_a_signature_is_none() {
    let door = Door::open(config()).await;
    for header in UNSIGNED {
        for extra in [&[][..], &[("x-amz-date", "20260102T030405Z")]] {
            let headers = [&[*header][..], extra].concat();
            let answer = door.ask("POST", "/", &headers, b"Action=RunInstances").await;
            assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text());
        }
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn not_even_a_signed_call_reaches_the_engines_own_pages() {
    let door = Door::open(config()).await;
    for target in ["/_localstack/health", "/_aws/lambda/runtime", "/moto-api/reset", "/%5flocalstack/health"] {
        let parts = Signer::default().sign("GET", target, &[], b"");
        let headers: Vec<_> =
            parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(door.ask("GET", target, &headers, b"").await.status, 404, "{target}");
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn a_rebound_name_is_refused_whatever_it_asks() {
    let door = Door::open(config()).await;
    let mut signed = Signer { host: "evil.example:4566", ..Signer::default() }.sign("GET", "/", &[], b"");
    let authorization = signed.headers.remove("authorization").unwrap();
    for host in
        ["evil.example", "evil.example:4566", "127.0.0.1.evil.example", "10.1.2.3:4566", "0.0.0.0", "2130706433"]
    {
        for target in ["/healthz", &format!("{API}/infra?action=start"), "/"] {
            let headers = [
                ("host", host),
                ("authorization", authorization.to_str().unwrap()),
                ("x-amz-date", "20260102T030405Z"),
                ("x-forwarded-host", "localhost:4566"),
            ];
            assert_eq!(door.ask("GET", target, &headers, b"").await.status, 403, "{host} {target}");
        }
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}

#[tokio::test]
async fn a_page_of_another_site_cannot_start_anything() {
    let door = Door::open(config()).await;
    let target = format!("{API}/infra?action=start");
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://localhost:8000"),
        ("origin", "null"),
        ("referer", "https://evil.example/"),
    ] {
        for method in ["GET", "POST"] {
            let answer = door.ask(method, &target, &[header], b"").await;
            assert_eq!(answer.status, 403, "{method} {header:?}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    for header in [("sec-fetch-site", "none"), ("sec-fetch-site", "same-origin"), ("origin", "http://localhost:4566")] {
        assert_eq!(door.ask("GET", &target, &[header], b"").await.status, 200, "{header:?}");
    }
    door.close().await;
}

#[tokio::test]
async fn malformed_requests_are_answered_in_the_edges_own_shape() {
    let door = Door::open(config()).await;
    for (bytes, status, code) in [
        ("GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400, "bad_byte"),
        ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400, "bad_host"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n", 400, "bad_connection"),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "length_and_coding",
        ),
    ] {
        let answer = crate::support::raw::refused(door.address, bytes).await;
        assert_eq!(answer.status, status, "{bytes:?}");
        assert!(answer.text().contains(&format!("\"code\":\"{code}\"")), "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    }
    assert_eq!(door.seen(), Vec::<String>::new());
    door.close().await;
}
