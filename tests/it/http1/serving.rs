//! What well-behaved clients get.

use super::Door;
use crate::support::raw::Client;
use atelier::http1::Limits;
use std::time::Duration;

#[tokio::test]
async fn an_answer_has_its_length_its_date_and_its_body() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    client.send("GET /a?b=c%20d HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "GET /a?b=c%20d "));
    assert!(answer.header("date").unwrap().ends_with(" GMT"));
    assert_eq!(answer.header("connection"), None);
    door.close().await;
}

#[tokio::test]
async fn one_connection_serves_many_requests_also_when_they_come_at_once() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    let pair = |index| {
        [
            format!("POST /{index} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"),
            format!("PUT /{index} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "1\r\nh\r\nA\r\n0123456789\r\n0\r\n\r\n".to_owned(),
        ]
    };
    let burst: String = (0..50).flat_map(pair).collect();
    client.send(burst).await;
    for index in 0..50 {
        assert_eq!(client.answer().await.unwrap().text(), format!("POST /{index} hi"));
        assert_eq!(client.answer().await.unwrap().text(), format!("PUT /{index} h0123456789"));
    }
    door.close().await;
}

#[tokio::test]
async fn a_request_may_arrive_byte_by_byte() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    for byte in b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" {
        client.send([*byte]).await;
    }
    assert_eq!(client.answer().await.unwrap().text(), "POST /x abc");
    door.close().await;
}

#[tokio::test]
async fn head_is_answered_with_the_length_and_without_the_body() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = client.answer_to_head().await.unwrap();
    assert_eq!(answer.header("content-length"), Some("10"));
    assert_eq!(client.answer().await.unwrap().text(), "GET /next ");
    door.close().await;
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_gets_it_before_its_body() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().status, 100);
    client.send("abc").await;
    assert_eq!(client.answer().await.unwrap().text(), "PUT / abc");
    door.close().await;
}

#[tokio::test]
async fn a_client_that_says_close_is_closed_after_its_answer() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().header("connection"), Some("close"));
    client.closed().await;
    door.close().await;
}

#[tokio::test]
async fn a_service_may_close_the_connection() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    client.send("GET /last HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().header("connection"), Some("close"));
    client.closed().await;
    assert_eq!(door.seen(), ["GET /last "]);
    door.close().await;
}

#[tokio::test]
async fn a_large_body_and_the_request_behind_it_stay_apart() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    let body = "a".repeat(300_000);
    client.send(format!("PUT /large HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n{body}")).await;
    client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().text(), format!("PUT /large {body}"));
    assert_eq!(client.answer().await.unwrap().text(), "GET /next ");
    door.close().await;
}

#[tokio::test]
async fn a_client_that_half_closes_still_gets_its_answer() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    client.finish().await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    client.closed().await;
    door.close().await;
}

#[tokio::test]
async fn a_long_poll_ends_when_its_client_hangs_up() {
    let door = Door::open(Limits::runtime_api()).await;
    let mut client = Client::connect(door.address).await;
    client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    door.recorder.arrived.notified().await;
    drop(client);
    tokio::time::timeout(Duration::from_secs(20), door.recorder.dropped.notified()).await.unwrap();
    door.close().await;
}

#[tokio::test]
async fn a_long_poll_keeps_what_its_client_sends_ahead() {
    let door = Door::open(Limits::runtime_api()).await;
    let mut client = Client::connect(door.address).await;
    client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    door.recorder.arrived.notified().await;
    client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n").await;
    door.recorder.release.notify_one();
    assert_eq!(client.answer().await.unwrap().text(), "GET /wait ");
    assert_eq!(client.answer().await.unwrap().text(), "GET /next ");
    door.close().await;
}

#[tokio::test]
async fn a_refused_request_without_a_body_does_not_cost_its_connection() {
    let door = Door::open(Limits::edge()).await;
    let mut client = Client::connect(door.address).await;
    client.send("GET /refused HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let refused = client.answer().await.unwrap();
    assert_eq!((refused.status, refused.text().as_str(), refused.header("connection")), (429, "refused", None));
    assert_eq!(client.answer().await.unwrap().text(), "GET /next ");
    assert_eq!(door.seen(), ["GET /next "]);
    door.close().await;
}

#[tokio::test]
async fn a_panic_costs_its_own_request_only() {
    let door = Door::open(Limits::edge()).await;
    for target in ["/panic", "/undecided"] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = crate::support::raw::refused(door.address, request).await;
        assert_eq!((answer.status, answer.text().as_str()), (500, "internal_error"), "{target}");
    }
    let mut client = Client::connect(door.address).await;
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    door.close().await;
}

#[tokio::test]
async fn shutdown_lets_requests_in_flight_end_and_closes_idle_connections() {
    let door = Door::open(Limits::edge()).await;
    let mut idle = Client::connect(door.address).await;
    idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(idle.answer().await.unwrap().status, 200);
    let mut busy = Client::connect(door.address).await;
    busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    door.recorder.arrived.notified().await;

    door.shutdown.cancel();
    idle.closed().await;
    door.recorder.release.notify_one();
    let answer = busy.answer().await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    busy.closed().await;
    door.task.await.unwrap();
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_end_in_time() {
    let limits = Limits { drain_time: Duration::from_millis(1), ..Limits::edge() };
    let door = Door::open(limits).await;
    let mut busy = Client::connect(door.address).await;
    busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    door.recorder.arrived.notified().await;
    door.shutdown.cancel();
    door.task.await.unwrap();
    assert!(busy.answer().await.is_none());
}
