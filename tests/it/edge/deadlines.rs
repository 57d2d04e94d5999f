//! The deadline of an API call at the edge, at its real value and by a clock of the test's own; it holds for all that is
//! asked of the engine on the call's behalf.

use super::{API, KNOWN_KEY, NOW, Recorder, config, forward::Fake, keyring};
use atelier::{
    clock::Clock,
    deadlines::{CLIENT, EDGE, FUNCTION, GATEWAY, HTTP_GATEWAY},
    edge::{
        Config, Edge, Upstream,
        forward::{Engine, Forward},
    },
    http1::{Request, Response, Service},
};
use bytes::Bytes;
use futures_util::FutureExt;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::timeout;

/// The longest wait for anything; passing it fails the test.
const DEADLINE: Duration = Duration::from_secs(20);

/// Asks the edge in front of `upstream`, which never answers: nothing comes until a moment before the deadline. Gives the
/// status and the code of what comes then.
async fn ask<U: Upstream>(upstream: U, target: &str, key: Option<&str>) -> (u16, String) {
    let clock = Clock::manual(NOW);
    let edge = Edge::new(Arc::new(upstream), keyring(), Config { clock: clock.clone(), ..config() });
    let mut request = http::Request::builder().uri(target).header("host", "localhost");
    if let Some(key) = key {
        request = request.header("x-api-key", key);
    }
    let request: Request = request.body(Bytes::new()).unwrap();
    let mut answer = pin!(serve(&edge, request));
    // Polled once, the call is on its way to the engine.
    assert!(answer.as_mut().now_or_never().is_none());
    clock.advance(EDGE.saturating_sub(Duration::from_millis(1)));
    assert!(answer.as_mut().now_or_never().is_none(), "too early");
    clock.advance(Duration::from_millis(1));
    let answer = timeout(DEADLINE, answer).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    (answer.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

/// Serves one request as the door does.
async fn serve<S: Service>(service: &S, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match service.admit(&head).await {
        Ok((_, pass)) => service.call(Request::from_parts(head, body), pass).await,
        Err(response) => response,
    }
}

#[test]
fn by_default_the_edge_waits_for_the_function_and_not_longer_than_the_client() {
    assert_eq!(Config::default().api_time, EDGE);
    let deadlines = [FUNCTION, GATEWAY, HTTP_GATEWAY, EDGE, CLIENT].map(|deadline| deadline.as_millis());
    assert_eq!(deadlines, [28_000, 29_000, 30_000, 30_500, 31_000]);
}

#[tokio::test]
async fn an_engine_that_hangs_is_a_504_before_its_client_gives_up_wherever_it_hangs() {
    for target in [format!("{API}/never"), "/restapis/hung/dev/_user_request_/infra".to_owned()] {
        for key in [None, Some(KNOWN_KEY)] {
            assert_eq!(ask(Recorder::default(), &target, key).await, (504, "deadline".to_owned()), "{target} {key:?}");
        }
    }
}

#[tokio::test]
async fn an_engine_over_http_that_hangs_is_a_504_too() {
    let fake = Fake::open().await;
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    for engine in [fake.address, silent.local_addr().unwrap()] {
        let forward = Forward::new(Engine {
            authority: engine.to_string().parse().unwrap(),
            health_path: "/_localstack/health".parse().unwrap(),
            access_key_id: "test".to_owned(),
            region: "us-east-1".to_owned(),
        });
        assert_eq!(ask(forward, &format!("{API}/hang"), None).await, (504, "deadline".to_owned()), "{engine}");
    }
}
