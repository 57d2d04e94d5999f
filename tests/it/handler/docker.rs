//! The container actions against a docker proxy.

use super::{code, config, fake_proxy::FakeProxy, get};
use atelier::{
    handler::{Config, Handler},
    proxy::ProxyAddress,
    secret::Secret,
};
use futures_util::future::join_all;
use serde_json::json;
use tokio::net::TcpListener;

fn container(state: &str) -> String {
    json!({"id": "a".repeat(64), "name": "mycontainer", "state": state, "image": "nginx:alpine"}).to_string()
}

async fn world(status: u16, body: impl Into<String>) -> (FakeProxy, Handler) {
    let proxy = FakeProxy::start(status, body).await;
    let handler = Handler::new(Config { docker: Some(proxy.door.clone()), ..config() });
    (proxy, handler)
}

#[tokio::test]
async fn the_bonus_requests_answer_exactly_as_the_workshop_prints_them() {
    let settled = |path: &str| container(if path.ends_with("start") { "running" } else { "exited" });
    let proxy = FakeProxy::answering(200, settled).await;
    let handler = Handler::new(Config { docker: Some(proxy.door.clone()), ..config() });
    for (action, body) in [
        ("stop", r#"{"status":"stopped","target":"docker","container":"mycontainer"}"#),
        ("start", r#"{"status":"started","target":"docker","container":"mycontainer"}"#),
        ("restart", r#"{"status":"restarted","target":"docker","container":"mycontainer"}"#),
        ("status", r#"{"target":"docker","container":"mycontainer","state":"exited"}"#),
    ] {
        let answer = get(&handler, &format!("target=docker&action={action}&name=mycontainer")).await;
        assert_eq!(answer, (200, body.to_owned()));
    }
    assert_eq!(
        proxy.asked(),
        [
            "POST /containers/mycontainer/stop",
            "POST /containers/mycontainer/start",
            "POST /containers/mycontainer/restart",
            "GET /containers/mycontainer",
        ]
    );
}

#[tokio::test]
async fn a_container_that_is_not_in_the_state_that_was_asked_for_is_a_conflict_and_not_a_lie() {
    for (action, state, expected) in [
        ("start", "running", 200),
        ("start", "exited", 409),
        ("start", "created", 409),
        ("start", "restarting", 409),
        ("start", "dead", 409),
        ("start", "initialized", 409),
        ("restart", "running", 200),
        ("restart", "exited", 409),
        ("stop", "exited", 200),
        ("stop", "created", 200),
        ("stop", "stopped", 200),
        ("stop", "configured", 200),
        ("stop", "removing", 200),
        ("stop", "running", 409),
        ("stop", "restarting", 409),
        ("stop", "paused", 409),
        ("stop", "stopping", 409),
        ("status", "restarting", 200),
    ] {
        let (_proxy, handler) = world(200, container(state)).await;
        let (status, body) = get(&handler, &format!("target=docker&action={action}&name=mycontainer")).await;
        assert_eq!(status, expected, "{action} {state}");
        assert!(status == 200 || code(&body) == "conflict", "{body}");
    }
}

#[tokio::test]
async fn list_shows_the_fields_of_status() {
    let (proxy, handler) = world(200, format!(r#"{{"containers":[{}]}}"#, container("running"))).await;
    let body = r#"{"containers":[{"target":"docker","container":"mycontainer","state":"running"}]}"#;
    assert_eq!(get(&handler, "target=docker&action=list").await, (200, body.to_owned()));
    assert_eq!(proxy.asked(), ["GET /containers"]);
}

#[tokio::test]
async fn refusals_of_the_proxy_keep_their_meaning_and_lose_their_text() {
    for (proxy_status, status, expected) in [
        (404, 404, "not_found"),
        (409, 409, "conflict"),
        (429, 429, "throttled"),
        (401, 502, "bad_gateway"),
        (403, 502, "bad_gateway"),
        (500, 502, "bad_gateway"),
        (502, 502, "bad_gateway"),
        (302, 502, "bad_gateway"),
        (503, 503, "unavailable"),
        (504, 504, "deadline"),
    ] {
        let (_proxy, handler) = world(proxy_status, r#"{"error":"/var/run/docker.sock","code":"x"}"#).await;
        let (answered, body) = get(&handler, "target=docker&action=start&name=mycontainer").await;
        assert_eq!((answered, code(&body).as_str()), (status, expected), "{proxy_status}");
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_a_bad_gateway() {
    let huge = format!(r#"{{"name":"mycontainer","state":"running","image":"{}"}}"#, "x".repeat(2 << 20));
    for body in [
        String::new(),
        "<html>".to_owned(),
        "[]".to_owned(),
        r#"{"name":"mycontainer"}"#.to_owned(),
        r#"{"name":"../x","state":"running"}"#.to_owned(),
        r#"{"name":"mycontainer","state":"<script>"}"#.to_owned(),
        r#"{"name":"mycontainer","state":""}"#.to_owned(),
        huge,
    ] {
        let (_proxy, handler) = world(200, body.clone()).await;
        let (status, answer) = get(&handler, "target=docker&action=status&name=mycontainer").await;
        assert_eq!((status, code(&answer).as_str()), (502, "bad_gateway"), "{}", body.len());
    }
}

#[tokio::test]
async fn bad_names_never_reach_the_proxy() {
    let (proxy, handler) = world(200, container("running")).await;
    for name in ["..", "a/b", "../../images/prune?x=", "a%2fb", "a b", "é"] {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let (status, body) = get(&handler, &format!("target=docker&action=start&name={name}")).await;
        assert_eq!((status, code(&body).as_str()), (400, "invalid_parameter"));
    }
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn fifty_equal_starts_succeed_with_one_order() {
    let (proxy, handler) = world(200, container("running")).await;
    let answers = join_all((0..50).map(|_| get(&handler, "target=docker&action=start&name=mycontainer"))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    assert_eq!(proxy.asked(), ["POST /containers/mycontainer/start"]);
}

#[tokio::test]
async fn a_closed_port_or_no_docker_is_a_503() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let door = Some(ProxyAddress { url, token: Secret::new("t") });
    let ask = |docker: Option<ProxyAddress>| async {
        let handler = Handler::new(Config { docker, ..config() });
        let (status, body) = get(&handler, "target=docker&action=stop&name=mycontainer").await;
        (status, code(&body))
    };
    drop(listener);
    assert_eq!(ask(door).await, (503, "unavailable".to_owned()));
    assert_eq!(ask(None).await, (503, "unavailable".to_owned()));
    let tls = ProxyAddress { url: "https://127.0.0.1".to_owned(), token: Secret::new("t") };
    assert_eq!(ask(Some(tls)).await, (503, "unavailable".to_owned()));
}
