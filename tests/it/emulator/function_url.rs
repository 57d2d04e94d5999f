//! The URLs of functions, through the edge.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{create, document, invoke},
    local::Local,
};
use crate::{
    edge::{self, signing::Signer},
    support::raw::{Answer, Client as Raw},
};
use atelier::edge::{Config, Edge, server};
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    types::{Cors, FunctionUrlAuthType, InvokeMode},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The edge in front of a test's emulator.
pub(super) struct Public {
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Public {
    pub(super) async fn open(local: &Local) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let config = Config { clock: local.clock.clone(), ..Config::default() };
        let edge = Edge::new(Arc::clone(&local.emulator), edge::keyring(), config);
        let task = tokio::spawn(server::run(listener, edge, stop.clone()));
        Self { address, stop, task }
    }

    async fn send(&self, head: &str, body: &str) -> Answer {
        let mut client = Raw::connect(self.address).await;
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        client.send(format!("{head}{length}\r\n{body}")).await;
        client.answer().await.unwrap()
    }

    /// Calls a function's URL by its path.
    async fn get(&self, url: &str, target: &str, lines: &str) -> Answer {
        self.send(&format!("GET {}{target} HTTP/1.1\r\nhost: localhost\r\n{lines}", path_of(url)), "").await
    }

    pub(super) async fn close(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// The path of a URL of this machine, without the slash at its end.
pub(super) fn path_of(url: &str) -> &str {
    url.splitn(4, '/').nth(3).map(|path| &url[url.len() - path.len() - 1..url.len() - 1]).unwrap()
}

fn id_of(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap()
}

pub(super) async fn allow(client: &Client) {
    let permission = || client.add_permission().function_name("f").principal("*");
    let url = permission().statement_id("url").action("lambda:InvokeFunctionUrl");
    url.function_url_auth_type(FunctionUrlAuthType::None).send().await.unwrap();
    let via = permission().statement_id("via").action("lambda:InvokeFunction");
    via.invoked_via_function_url(true).send().await.unwrap();
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_is_created_shown_changed_listed_and_removed_with_its_function() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let absent = client.get_function_url_config().function_name("f").send().await.unwrap_err();
    assert_eq!(absent.message(), Some("The resource you requested does not exist."));
    let creation = || client.create_function_url_config().function_name("f").auth_type(FunctionUrlAuthType::None);
    let created = creation().send().await.unwrap();
    assert!(created.function_url().starts_with(&format!("http://{}/_aws/lambda-url/", local.address)));
    assert_eq!(created.function_arn(), "arn:aws:lambda:us-east-1:000000000000:function:f");
    assert_eq!(created.invoke_mode(), None);
    let twice = creation().send().await.unwrap_err();
    assert_eq!(twice.code(), Some("ResourceConflictException"));
    for (qualifier, code) in [("$LATEST", "ValidationException"), ("1", "ValidationException")] {
        let error = creation().qualifier(qualifier).send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{qualifier}");
    }
    let nobody = client.create_function_url_config().function_name("g").auth_type(FunctionUrlAuthType::None);
    let nobody = nobody.send().await.unwrap_err();
    assert_eq!((nobody.code(), nobody.message()), (Some("ResourceNotFoundException"), Some("Function does not exist")));

    local.settle();
    let update = client.update_function_url_config().function_name("f").auth_type(FunctionUrlAuthType::AwsIam);
    let updated = update.cors(Cors::builder().allow_origins("*").max_age(5).build()).send().await.unwrap();
    assert_eq!(updated.auth_type(), &FunctionUrlAuthType::AwsIam);
    assert!(updated.last_modified_time() > updated.creation_time());
    let got = client.get_function_url_config().function_name("f").send().await.unwrap();
    assert_eq!(got.function_url(), created.function_url());
    assert_eq!(got.invoke_mode(), Some(&InvokeMode::Buffered));
    assert_eq!(got.cors().unwrap().max_age(), Some(5));
    let listed = client.list_function_url_configs().function_name("f").send().await.unwrap();
    assert_eq!(listed.function_url_configs()[0].function_url(), created.function_url());

    client.delete_function_url_config().function_name("f").send().await.unwrap();
    let gone = client.delete_function_url_config().function_name("f").send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    creation().send().await.unwrap();
    client.delete_function().function_name("f").send().await.unwrap();
    create(&local, "f", &[]).await;
    let other = client.get_function_url_config().function_name("f").send().await.unwrap_err();
    assert_eq!(other.code(), Some("ResourceNotFoundException"), "a URL outlives its function");
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_without_signatures_is_anybodys_once_both_permissions_say_so() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let public = Public::open(&local).await;
    let creation = client.create_function_url_config().function_name("f").auth_type(FunctionUrlAuthType::None);
    let url = creation.send().await.unwrap().function_url;

    let unknown = public.get("http://x/_aws/lambda-url/0123456789abcdefghijklmnopqrstuv/", "/", "").await;
    assert_eq!((unknown.status, unknown.text().as_str()), (403, r#"{"Message":null}"#));
    let refused = public.get(&url, "/", "").await;
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
    assert!(refused.text().contains("Forbidden. For troubleshooting Function URL authorization issues"));
    allow(&client).await;

    // A page of another site may, because nothing was said about sites.
    let seen = json_of(&public.get(&url, "/a%20b?x=1", "cookie: c=1\r\norigin: http://evil.example\r\n").await);
    assert_eq!(seen["rawPath"], "/a%20b");
    assert_eq!(seen["cookies"], json!(["c=1"]));
    assert_eq!(seen["requestContext"]["accountId"], "anonymous");
    let by_host = format!("PUT /a//../b HTTP/1.1\r\nhost: {}.lambda-url.us-east-1.localhost:4566\r\n", id_of(&url));
    let seen = json_of(&public.send(&format!("{by_host}content-type: text/plain\r\n"), "é").await);
    assert_eq!(
        (&seen["rawPath"], &seen["body"], &seen["isBase64Encoded"]),
        (&json!("/a//../b"), &json!("é"), &json!(false))
    );
    assert_eq!(seen["requestContext"]["http"]["method"], "PUT");

    let with = |event: Value| format!("POST {}/ HTTP/1.1\r\nhost: localhost\r\nx-event: {event}\r\n", path_of(&url));
    let answer =
        json!({ "statusCode": 404, "headers": { "cache-control": "max-age=3" }, "cookies": ["a=1"], "body": "no" });
    let answered = public.send(&with(json!({ "do": "raw", "answer": answer.to_string() })), "").await;
    assert_eq!((answered.status, answered.text().as_str()), (404, "no"));
    assert_eq!((answered.header("cache-control"), answered.header("set-cookie")), (Some("max-age=3"), Some("a=1")));
    assert_eq!(answered.header("x-amzn-requestid").unwrap().len(), 36);
    for event in [json!({ "do": "error" }), json!({ "do": "raw", "answer": r#"{"statusCode":1}"# })] {
        let failed = public.send(&with(event), "").await;
        assert_eq!((failed.status, failed.text().as_str()), (502, "Internal Server Error"));
    }
    assert_eq!(document(&invoke(&client, "f", "{}").await), json!({}));
    public.close().await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_obeys_reserved_concurrency_in_both_modes() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let public = Public::open(&local).await;
    let creation = client.create_function_url_config().function_name("f").auth_type(FunctionUrlAuthType::None);
    let url = creation.send().await.unwrap().function_url;
    allow(&client).await;
    for mode in [InvokeMode::Buffered, InvokeMode::ResponseStream] {
        let update = client.update_function_url_config().function_name("f").invoke_mode(mode.clone());
        update.send().await.unwrap();
        let none = client.put_function_concurrency().function_name("f").reserved_concurrent_executions(0);
        none.send().await.unwrap();
        let refused = public.get(&url, "/a", "").await;
        let kind = refused.header("x-amzn-errortype");
        assert_eq!((refused.status, kind), (429, Some("TooManyRequestsException")), "{mode:?}");
        assert_eq!(json_of(&refused), json!({ "Message": "Rate Exceeded." }));
        client.delete_function_concurrency().function_name("f").send().await.unwrap();
        let answered = public.get(&url, "/a", "").await;
        assert_eq!((answered.status, &json_of(&answered)["rawPath"]), (200, &json!("/a")), "{mode:?}");
    }
    public.close().await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_url_wants_a_signature_for_lambda_and_its_region() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let public = Public::open(&local).await;
    let cors = Cors::builder().allow_origins("https://a.example").allow_methods("GET").allow_headers("x-a").build();
    let creation = client.create_function_url_config().function_name("f").auth_type(FunctionUrlAuthType::AwsIam);
    let url = creation.cors(cors).send().await.unwrap().function_url;
    let unsigned = public.get(&url, "/", "").await;
    assert_eq!((unsigned.status, unsigned.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));

    let signed = |service, region| {
        let (target, at) = (format!("{}/x", path_of(&url)), local.clock.now());
        let parts =
            Signer { host: "localhost", service, region, at, ..Signer::default() }.sign("GET", &target, &[], b"");
        let lines: Vec<_> =
            parts.headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap())).collect();
        format!("GET {target} HTTP/1.1\r\n{}", lines.concat())
    };
    for (service, region) in [("execute-api", "us-east-1"), ("lambda", "eu-west-1")] {
        let refused = public.send(&signed(service, region), "").await;
        assert_eq!((refused.status, refused.header("x-amzn-errortype")), (403, Some("InvalidSignatureException")));
    }
    let seen = json_of(&public.send(&signed("lambda", "us-east-1"), "").await);
    assert_eq!(seen["requestContext"]["accountId"], "000000000000");
    let caller = &seen["requestContext"]["authorizer"]["iam"];
    assert_eq!(
        (&caller["accessKey"], &caller["userArn"]),
        (&json!(edge::KEY_ID), &json!("arn:aws:iam::000000000000:root"))
    );

    // A page asks beforehand, and signs nothing then.
    let preflight =
        format!("OPTIONS {}/ HTTP/1.1\r\nhost: localhost\r\naccess-control-request-method: GET\r\n", path_of(&url));
    let allowed = public.send(&format!("{preflight}origin: https://a.example\r\n"), "").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-methods")), (200, Some("GET")));
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://a.example"));
    let other = public.send(&format!("{preflight}origin: https://b.example\r\n"), "").await;
    assert_eq!((other.status, other.header("access-control-allow-origin")), (200, None));
    public.close().await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_is_refused_in_the_words_of_its_service_before_it_has_come() {
    let local = Local::start().await;
    let public = Public::open(&local).await;
    for (service, target, words) in [
        ("lambda", "/2015-03-31/functions", "bytes for the CreateFunction operation"),
        ("logs", "/", r#""__type":"RequestEntityTooLargeException""#),
        ("apigateway", "/restapis", "The request entity is too large"),
        ("iam", "/", "<Code>RequestEntityTooLargeException</Code>"),
    ] {
        let at = local.clock.now();
        let parts = Signer { host: "localhost", service, at, ..Signer::default() }.sign("POST", target, &[], b"");
        let lines: Vec<_> =
            parts.headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap())).collect();
        let mut client = Raw::connect(public.address).await;
        client.send(format!("POST {target} HTTP/1.1\r\n{}content-length: 80000000\r\n\r\n", lines.concat())).await;
        let refused = client.answer().await.unwrap();
        assert_eq!(refused.status, 413, "{service}");
        assert!(refused.text().contains(words), "{service}: {}", refused.text());
        // Who reads JSON finds the code in a header.
        let code = (service != "iam").then_some("RequestEntityTooLargeException");
        assert_eq!(refused.header("x-amzn-errortype"), code, "{service}");
    }
    public.close().await;
    local.stop().await;
}
