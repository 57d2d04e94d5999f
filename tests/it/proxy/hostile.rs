//! Hostile requests, as raw bytes: each is refused and its connection closed, and the daemon hears of none.

use super::{
    TOKEN, World,
    daemon::{OWNER, container, is_allowed},
    request,
};
use crate::support::raw::{Client, refused};
use atelier::http1::Limits;
use proptest::prelude::*;

fn containers() -> Vec<serde_json::Value> {
    vec![container('a', "a", "running", Some(OWNER)), container('b', "b", "exited", Some(OWNER))]
}

/// A request with extra header lines and a body.
fn with(line: &str, headers: &str, body: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n{headers}\r\n{body}")
}

/// Request lines that only differ from allowed ones in what a second parser could make of them.
const LINES: [&str; 45] = [
    "POST /containers/a%2e/start",
    "POST /containers/%61/start",
    "POST /containers/a%00/start",
    "POST /containers/a%0d%0aX:%20y/start",
    "POST /containers/a/start?",
    "POST /containers/a/start?t=1",
    "POST /containers/a/start#x",
    "POST /containers/a;x=y/start",
    "POST /containers//a/start",
    "POST //containers/a/start",
    "POST /containers/a//start",
    "POST /containers/./a/start",
    "POST /containers/../containers/a/start",
    "POST /containers/a/../b/start",
    "POST /containers/a/start/",
    "POST /containers/a/start/..",
    "POST /containers/a\\start",
    "POST \\containers\\a\\start",
    "POST /containers/a/start HTTP/1.1 HTTP/1.1",
    "POST  /containers/a/start",
    "POST\t/containers/a/start",
    "post /containers/a/start",
    "POST http://x/containers/a/start",
    "POST http://docker/v1.41/containers/a/start",
    "POST containers/a/start",
    "CONNECT x:2375",
    "OPTIONS *",
    "POST /v1.41/containers/a/start",
    "POST /v1.23/containers/a/start",
    "POST /containers/../../images/prune?x=/start",
    "POST /containers/create?name=x",
    "POST /containers/a/exec",
    "POST /containers/a/update",
    "POST /containers/a/kill",
    "POST /containers/a/rename?name=b",
    "DELETE /containers/a",
    "DELETE /containers/a/start",
    "PUT /containers/a/start",
    "GET /containers/a/start",
    "GET /containers/json?all=1",
    "GET /images/json",
    "GET /info",
    "GET /containers/a/logs",
    "GET /containers/a\u{e9}/start",
    "POST /containers/-a/start",
];

/// Header lines that change what a request is, or where it ends.
const HEADERS: [&str; 24] = [
    "transfer-encoding: chunked\r\n",
    "transfer-encoding: identity\r\n",
    "transfer-encoding: chunked\r\ncontent-length: 0\r\n",
    "transfer-encoding : chunked\r\n",
    "content-length: 2\r\n",
    "content-length: 0\r\ncontent-length: 0\r\n",
    "content-length: 0, 0\r\n",
    "content-length: +0\r\n",
    "content-length: 00\r\n",
    "content-length: 0x0\r\n",
    "content-length: 99999999999999999999\r\n",
    "upgrade: tcp\r\nconnection: upgrade\r\n",
    "upgrade: h2c\r\n",
    "connection: authorization\r\n",
    "expect: 100-continue\r\n",
    "trailer: x\r\n",
    "te: trailers\r\n",
    "host: y\r\n",
    "x-http-method-override: DELETE\r\n",
    "x-http-method: DELETE\r\n",
    "x-method-override: DELETE\r\n",
    "x: y\r\n folded: z\r\n",
    "x: \u{7f}\r\n",
    ": y\r\n",
];

#[tokio::test]
async fn no_hostile_request_line_reaches_the_daemon() {
    let world = World::start(containers()).await;
    for line in LINES {
        let answer = refused(world.address, with(line, "", "")).await;
        assert!((400..=505).contains(&answer.status), "{line}: {answer:?}");
        assert!(answer.text().starts_with(r#"{"error":""#), "{line}: {}", answer.text());
    }
    assert_eq!(world.daemon.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn no_hostile_header_reaches_the_daemon() {
    let world = World::start(containers()).await;
    for headers in HEADERS {
        for line in ["POST /containers/a/stop", "GET /containers", "GET /_ping"] {
            let answer = refused(world.address, with(line, headers, r#"{"Binds":["/:/host"]}"#)).await;
            assert!((400..=505).contains(&answer.status), "{headers:?}: {answer:?}");
        }
    }
    assert_eq!(world.daemon.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn no_hostile_framing_reaches_the_daemon() {
    let world = World::start(containers()).await;
    let smuggled = request("POST /containers/a/stop");
    let long = "x".repeat(20_000);
    for bytes in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("POST /containers/a/stop HTTP/1.0\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n"),
        format!("POST /containers/a/stop HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\n\r\n"),
        format!("POST /containers/a/stop\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n"),
        format!("POST /containers/a/stop HTTP/1.1\nhost: x\nauthorization: Bearer {TOKEN}\n\n"),
        format!("\r\nPOST /containers/a/stop HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n"),
        with("POST /containers/a/stop", &format!("content-length: {}\r\n", smuggled.len()), &smuggled),
        with("GET /_ping", &format!("content-length: {}\r\n", smuggled.len()), &smuggled),
        with("POST /containers/a/stop", "transfer-encoding: chunked\r\n", &format!("0\r\n\r\n{smuggled}")),
        with("POST /containers/a/stop", &format!("x: {long}\r\n"), ""),
        with("POST /containers/a/stop", &"x: y\r\n".repeat(300), ""),
        with(&format!("POST /containers/{}/stop", "a".repeat(129)), "", ""),
        with(&format!("POST /{long}"), "", ""),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}".to_owned(),
    ] {
        let answer = refused(world.address, &bytes).await;
        assert!((400..=505).contains(&answer.status), "{bytes:?}: {answer:?}");
    }
    assert_eq!(world.daemon.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn a_head_may_have_16_kib_and_a_client_5_seconds_for_it() {
    let limits = Limits::proxy();
    assert_eq!((limits.head_bytes, limits.head_time.as_secs(), limits.connections), (16 * 1024, 5, 64));
    let world = World::start(containers()).await;
    let padded = |length: usize| {
        let empty = with("GET /containers", "x: \r\n", "").len();
        with("GET /containers", &format!("x: {}\r\n", "y".repeat(length - empty)), "")
    };
    let mut client = Client::connect(world.address).await;
    client.send(padded(16 * 1024)).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(refused(world.address, padded(16 * 1024 + 1)).await.status, 431);
    assert_eq!(world.daemon.seen().len(), 1);
}

#[tokio::test]
async fn what_follows_a_refused_request_is_not_read() {
    let world = World::start(containers()).await;
    let mut client = Client::connect(world.address).await;
    client.send(request("POST /containers/a/stop?") + &request("POST /containers/a/stop")).await;
    assert_eq!(client.answer().await.unwrap().status, 400);
    client.closed().await;
    assert_eq!(world.daemon.seen(), Vec::<String>::new());
}

/// Bytes near the grammar: allowed requests with pieces cut out, doubled or replaced.
fn near_requests() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(
        &[
            "GET",
            "POST",
            "DELETE",
            " ",
            "/",
            "//",
            "/containers",
            "/_ping",
            "/a",
            "/b",
            "/start",
            "/stop",
            "/..",
            "%2f",
            "?",
            "?all=1",
            ";",
            "\\",
            "/v1.41",
            "/json",
            "/images",
            " HTTP/1.1",
            " HTTP/1.0",
            "\r\n",
            "\n",
            "host: x",
            "content-length: 0",
            "content-length: 5",
            "transfer-encoding: chunked",
            "0\r\n\r\n",
            "{}",
            "\0",
            "é",
        ][..],
    );
    let target = proptest::collection::vec(piece.clone(), 0..6).prop_map(|pieces| pieces.concat());
    let extra = proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    (proptest::sample::select(&["GET ", "POST ", ""][..]), target, extra).prop_map(|(method, target, extra)| {
        format!("{method}{target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n{extra}\r\n\r\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_client_sends_the_daemon_sees_one_of_the_templates(
        requests in proptest::collection::vec(near_requests(), 1..4),
        noise in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seen = runtime.block_on(async {
            let world = World::start(containers()).await;
            for request in &requests {
                for bytes in [request.as_bytes(), &noise] {
                    let mut client = Client::connect(world.address).await;
                    client.send(bytes).await;
                    client.finish().await;
                    while client.answer().await.is_some() {}
                }
            }
            world.daemon.seen()
        });
        prop_assert!(seen.iter().all(|request| is_allowed(request)), "{:?}", seen);
    }
}
