//! A daemon that is absent, silent, broken or hostile.

use super::{
    World,
    daemon::{Fault, OWNER, container, http},
};
use atelier::{clock::Clock, proxy::UPSTREAM_TIMEOUT};
use serde_json::json;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::sleep;

async fn world() -> World {
    World::start(vec![container('a', "one", "running", Some(OWNER))]).await
}

/// Asks a proxy whose daemon says nothing, and moves its clock by `deadline` once the daemon has been asked. `is_early`
/// lets the daemon answer a millisecond before that.
async fn silence(line: &str, deadline: Duration, is_early: bool) -> u16 {
    let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
    let world = World::by(clock.clone(), vec![container('a', "one", "running", Some(OWNER))]).await;
    world.daemon.fail(Fault::Silence);
    let ends = async {
        while world.daemon.seen().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        clock.advance(deadline.saturating_sub(Duration::from_millis(1)));
        if is_early {
            world.daemon.speak();
        } else {
            clock.advance(Duration::from_millis(1));
        }
    };
    let asked = async { world.ask(line).await.0 };
    tokio::join!(asked, ends).0
}

#[tokio::test]
async fn a_silent_daemon_is_a_504_after_25_seconds_and_not_before() {
    assert_eq!(UPSTREAM_TIMEOUT, Duration::from_secs(25));
    for line in ["GET /containers", "GET /containers/one", "POST /containers/one/stop"] {
        assert_eq!(silence(line, UPSTREAM_TIMEOUT, true).await, 200, "{line}");
        assert_eq!(silence(line, UPSTREAM_TIMEOUT, false).await, 504, "{line}");
    }
}

#[tokio::test]
async fn a_silent_daemon_answers_no_ping_after_2_seconds() {
    let deadline = Duration::from_secs(2);
    assert_eq!(silence("GET /_ping", deadline, true).await, 200);
    assert_eq!(silence("GET /_ping", deadline, false).await, 504);
}

/// Asks, and checks that the answer is one of ours: nothing of the daemon's text shows.
async fn status(world: &World, line: &str) -> u16 {
    let (status, body) = world.ask(line).await;
    let error: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body).unwrap();
    assert_eq!(error.len(), 2);
    for leak in ["/var", "driver", "message", "socket", "<"] {
        assert!(!body.contains(leak), "{body}");
    }
    status
}

#[tokio::test]
async fn answers_that_make_no_sense_are_a_bad_gateway() {
    let huge = format!("[{}{{}}]", " ".repeat(5 << 20));
    let mut foreign_id = container('a', "one", "running", Some(OWNER));
    foreign_id["Id"] = serde_json::json!("../../images/prune?");
    for bytes in [
        http(200, "<html>/var/lib/docker</html>"),
        http(200, "{}"),
        http(200, "null"),
        http(200, "[null]"),
        http(200, r#"[{"Id":"a"}]"#),
        http(200, "[{"),
        http(200, &huge),
        http(200, &serde_json::Value::from(vec![foreign_id]).to_string()),
        http(500, r#"{"message":"driver failed"}"#),
        http(404, "[]"),
        http(101, ""),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[]".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]".to_vec(),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 2\r\n\r\n[]", "x".repeat(1 << 20)).into_bytes(),
        b"\x15\x03\x01\x00\x02\x02\x50".to_vec(),
    ] {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        let world = world().await;
        world.daemon.fail(Fault::List(bytes));
        for line in ["GET /containers", "GET /containers/one", "POST /containers/one/start"] {
            assert_eq!(status(&world, line).await, 502, "{shown}");
        }
        assert!(world.daemon.seen().iter().all(|request| request.starts_with("GET ")));
    }
}

#[tokio::test]
async fn refused_changes_keep_their_meaning_and_lose_their_text() {
    for (daemon, expected) in [(404, 404), (409, 409), (400, 502), (500, 502), (200, 502), (302, 502)] {
        let world = world().await;
        world.daemon.fail(Fault::Change(daemon));
        assert_eq!(status(&world, "POST /containers/one/stop").await, expected, "{daemon}");
    }
}

#[tokio::test]
async fn an_absent_daemon_is_a_503() {
    let world = world().await;
    world.daemon.fail(Fault::HangUp);
    assert_eq!(status(&world, "GET /containers").await, 503);
    std::fs::remove_file(&world.daemon.socket).unwrap();
    assert_eq!(status(&world, "POST /containers/one/start").await, 503);
    assert_eq!(status(&world, "GET /_ping").await, 503);
}

#[tokio::test]
async fn a_container_that_nobody_can_ask_for_does_not_keep_the_others_from_being_driven() {
    let mut nameless = container('b', "", "running", Some(OWNER));
    let others = [json!(null), json!([]), json!([""]), json!(["/"]), json!([format!("/{}", "x".repeat(129))])];
    for names in others {
        nameless["Names"] = names;
        let world = World::start(vec![nameless.clone(), container('a', "one", "running", Some(OWNER))]).await;
        let (status, body) = world.ask("GET /containers").await;
        assert_eq!((status, body.matches("\"id\"").count()), (200, 1), "{body}");
        assert_eq!(world.ask("POST /containers/one/stop").await.0, 200);
        // Without a name it is nobody's business, not even by its id.
        assert_eq!(world.ask(&format!("POST /containers/{}/stop", "b".repeat(64))).await.0, 404);
    }
}

#[tokio::test]
async fn the_states_of_podman_are_shown_as_they_are() {
    for state in ["stopped", "configured", "initialized", "stopping", "removing", "dead"] {
        let world = World::start(vec![container('a', "one", state, Some(OWNER))]).await;
        let (status, body) = world.ask("GET /containers/one").await;
        assert!(status == 200 && body.contains(&format!(r#""state":"{state}""#)), "{body}");
    }
}
