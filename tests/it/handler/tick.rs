//! What the handler does when a minute has passed: schedules, lifetimes, what nobody uses.

use super::{
    answer, config,
    fake_ec2::{FakeEc2, FakeInstance},
    fake_proxy::FakeProxy,
    get,
};
use atelier::{
    clock::Clock,
    handler::{Config, Handler},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const ID: &str = "i-0123456789abcdef0";

/// An instance with office hours in Paris, whose last edge was on Friday evening.
fn office(state: &'static str) -> FakeInstance {
    FakeInstance::new(state)
        .tagged("atelier:start", "08:00 Mon-Fri")
        .tagged("atelier:stop", "18:30 Mon-Fri")
        .tagged("atelier:zone", "Europe/Paris")
        .tagged("atelier:edge", "2026-11-27T17:30:00Z")
}

async fn world(instances: Vec<FakeInstance>) -> (FakeEc2, Handler) {
    let ec2 = FakeEc2::start(instances).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    (ec2, handler)
}

async fn tick(handler: &Handler, time: &str) -> Value {
    let event = json!({
        "version": "0", "id": "x", "detail-type": "Scheduled Event", "source": "aws.events", "time": time,
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/atelier-clock"], "detail": {}
    });
    answer(handler, &event).await
}

#[tokio::test]
async fn an_edge_is_acted_on_once() {
    let (ec2, handler) = world(vec![office("stopped")]).await;
    assert_eq!(tick(&handler, "2026-11-30T06:59:00Z").await, json!({"results": []}));
    assert!(ec2.changes().is_empty());
    let started = json!({"results": [{"status": "started", "code": "ok", "instance_id": ID}]});
    assert_eq!(tick(&handler, "2026-11-30T07:00:00Z").await, started);
    assert_eq!(ec2.changes(), ["StartInstances", "CreateTags"]);
    assert_eq!(ec2.instances()[0].tags["atelier:edge"], "2026-11-30T07:00:00Z");
    for time in ["2026-11-30T07:00:00Z", "2026-11-30T07:01:00Z", "2026-11-30T17:29:00Z"] {
        assert_eq!(tick(&handler, time).await, json!({"results": []}));
    }
    assert_eq!(ec2.changes().len(), 2);
}

#[tokio::test]
async fn minutes_that_were_missed_are_caught_up_once_by_the_last_edge_only() {
    let (ec2, handler) = world(vec![office("stopped")]).await;
    // A week later, in the evening: five starts and five stops were missed, and it is stopped.
    assert_eq!(tick(&handler, "2026-12-04T20:00:00Z").await, json!({"results": []}));
    assert_eq!(ec2.changes(), ["CreateTags"]);
    assert_eq!(ec2.instances()[0].tags["atelier:edge"], "2026-12-04T17:30:00Z");
}

#[tokio::test]
async fn a_start_by_hand_in_off_hours_holds_until_the_next_edge() {
    let (ec2, handler) = world(vec![office("stopped")]).await;
    assert_eq!(get(&handler, "action=start").await.0, 200);
    for time in ["2026-11-28T12:00:00Z", "2026-11-30T06:59:00Z"] {
        assert_eq!(tick(&handler, time).await, json!({"results": []}));
    }
    // Its start finds it running, its stop stops it.
    assert_eq!(tick(&handler, "2026-11-30T07:00:00Z").await, json!({"results": []}));
    let stopped = json!({"results": [{"status": "stopped", "code": "ok", "instance_id": ID}]});
    assert_eq!(tick(&handler, "2026-11-30T17:30:00Z").await, stopped);
    assert_eq!(ec2.changes(), ["StartInstances", "CreateTags", "StopInstances", "CreateTags"]);
}

#[tokio::test]
async fn fifty_ticks_at_once_act_once_and_look_once_each() {
    let (ec2, handler) = world(vec![office("stopped")]).await;
    let ticks = join_all((0..50).map(|_| tick(&handler, "2026-11-30T07:00:00Z"))).await;
    assert_eq!(ticks.iter().filter(|answer| **answer != json!({"results": []})).count(), 1);
    assert_eq!(ec2.changes(), ["StartInstances", "CreateTags"]);
    assert_eq!(ec2.count(), 52);
}

#[tokio::test]
async fn many_instances_cost_one_look_and_one_order() {
    let ids: Vec<&'static str> = (0..100).map(|number| &*format!("i-{number:08x}").leak()).collect();
    let (ec2, handler) = world(ids.iter().map(|id| FakeInstance { id, ..office("stopped") }).collect()).await;
    let answer = tick(&handler, "2026-11-30T07:00:00Z").await;
    assert_eq!(answer["results"].as_array().unwrap().len(), 100);
    assert_eq!((ec2.count(), ec2.changes()), (3, vec!["StartInstances".to_owned(), "CreateTags".to_owned()]));
}

#[tokio::test]
async fn killed_between_the_order_and_the_note_the_next_tick_notes_it_and_changes_nothing() {
    let (ec2, handler) = world(vec![office("stopped")]).await;
    ec2.refuse("CreateTags", "InternalError");
    assert_eq!(tick(&handler, "2026-11-30T07:00:00Z").await["code"], "partial_failure");
    ec2.refuse("none", "none");
    assert_eq!(tick(&handler, "2026-11-30T07:01:00Z").await, json!({"results": []}));
    assert_eq!(ec2.changes(), ["StartInstances", "CreateTags", "CreateTags"]);
    assert_eq!(ec2.instances()[0].tags["atelier:edge"], "2026-11-30T07:00:00Z");
}

#[tokio::test]
async fn an_order_that_ec2_refuses_is_tried_again_the_next_minute() {
    let (ec2, handler) = world(vec![office("stopped")]).await;
    ec2.refuse("StartInstances", "InsufficientInstanceCapacity");
    assert_eq!(tick(&handler, "2026-11-30T07:00:00Z").await["results"][0]["status"], "failed");
    assert_eq!(ec2.instances()[0].tags["atelier:edge"], "2026-11-27T17:30:00Z");
    ec2.refuse("none", "none");
    assert_eq!(tick(&handler, "2026-11-30T07:01:00Z").await["results"][0]["status"], "started");
}

#[tokio::test]
async fn of_several_that_ec2_refuses_together_each_is_tried_for_itself_and_one_alone_is_not_tried_twice() {
    let other = |state| FakeInstance { id: "i-0123456789abcdef1", ..office(state) };
    for (second, orders) in [("running", 1), ("stopped", 3)] {
        let (ec2, handler) = world(vec![office("stopped"), other(second)]).await;
        ec2.refuse("StartInstances", "InsufficientInstanceCapacity");
        tick(&handler, "2026-11-30T07:00:00Z").await;
        let ordered = ec2.changes().into_iter().filter(|call| call == "StartInstances");
        assert_eq!(ordered.count(), orders, "{second}");
    }
}

fn hundred() -> Vec<&'static str> {
    (0..100).map(|number| &*format!("i-{number:08x}").leak()).collect()
}

#[tokio::test]
async fn one_of_many_that_ec2_refuses_is_found_by_halves() {
    let ids = hundred();
    let (ec2, handler) = world(ids.iter().map(|id| FakeInstance { id, ..office("stopped") }).collect()).await;
    ec2.stick(ids[37]);
    let results = tick(&handler, "2026-11-30T07:00:00Z").await["results"].take();
    assert_eq!(results.as_array().unwrap().len(), 100);
    for entry in results.as_array().unwrap() {
        let is_stuck = entry["instance_id"] == ids[37];
        assert_eq!(entry["status"], if is_stuck { "failed" } else { "started" }, "{entry}");
    }
    // All of them, then both halves of what it is in, of 100, 50, 25, 13, 6 and 3 (or 7 and 4, or 12).
    let orders = ec2.changes().into_iter().filter(|call| call == "StartInstances").count();
    assert!((13..=15).contains(&orders), "{orders}");
    // The note is of those that were ordered.
    let noted = |edge: &str| ec2.instances().iter().filter(|instance| instance.tags["atelier:edge"] == edge).count();
    assert_eq!((noted("2026-11-30T07:00:00Z"), noted("2026-11-27T17:30:00Z")), (99, 1));
}

#[tokio::test]
async fn what_the_time_does_not_suffice_for_is_said_and_left_to_the_next_minute() {
    let ids = hundred();
    let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_000));
    let instances = ids.iter().map(|id| FakeInstance { id, ..office("stopped") }).collect();
    let ec2 = FakeEc2::start(instances).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), clock: clock.clone(), ..config() });
    // Six orders begin within the 23 s: the hundred, its halves, the two quarters of the first, half of the first of these.
    ec2.slow(&clock, Duration::from_secs(4));
    ec2.stick(ids[0]);
    let answer = tick(&handler, "2026-11-30T07:00:00Z").await;
    assert_eq!(answer["code"], "partial_failure", "{answer}");
    let results = answer["results"].as_array().unwrap();
    let of = |code: &str| results.iter().filter(|entry| entry["code"] == code).count();
    // The second half and the second quarter of the hundred were taken.
    assert_eq!((of("ok"), of("deadline")), (50 + 25, 25), "{answer}");
    assert_eq!(ec2.changes().iter().filter(|call| *call == "StartInstances").count(), 6);
    ec2.slow(&clock, Duration::ZERO);
    let answer = tick(&handler, "2026-11-30T07:01:00Z").await;
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.iter().filter(|entry| entry["status"] == "started").count(), 24, "{answer}");
}

#[tokio::test]
async fn what_is_in_the_way_of_all_orders_is_heard_once() {
    let ids = hundred();
    let (ec2, handler) = world(ids.iter().map(|id| FakeInstance { id, ..office("stopped") }).collect()).await;
    ec2.refuse("StartInstances", "RequestLimitExceeded");
    let answer = tick(&handler, "2026-11-30T07:00:00Z").await;
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.iter().filter(|entry| entry["code"] == "throttled").count(), 100, "{answer}");
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn tags_that_were_written_by_hand_count_from_now_on_and_nonsense_does_nothing() {
    let mut by_hand = office("running");
    by_hand.tags.remove("atelier:edge");
    let (ec2, handler) = world(vec![by_hand]).await;
    assert_eq!(tick(&handler, "2026-11-28T12:00:00Z").await, json!({"results": []}));
    assert_eq!(ec2.instances()[0].tags["atelier:edge"], "2026-11-28T12:00:00Z");
    let nonsense = FakeInstance::new("running").tagged("atelier:start", "soon").tagged("atelier:stops-at", "tomorrow");
    let (ec2, handler) = world(vec![nonsense]).await;
    assert_eq!(tick(&handler, "2026-11-28T12:00:00Z").await, json!({"results": []}));
    assert!(ec2.changes().is_empty());
    assert_eq!(
        get(&handler, "action=status").await.1,
        format!(r#"{{"instance_id":"{ID}","state":"running","type":"t2.micro"}}"#)
    );
}

#[tokio::test]
async fn what_has_had_its_time_is_stopped_and_its_time_forgotten() {
    let timed = |state| FakeInstance::new(state).tagged("atelier:stops-at", "2026-11-28T20:00:00Z");
    let (ec2, handler) = world(vec![timed("running")]).await;
    assert_eq!(tick(&handler, "2026-11-28T19:59:59Z").await, json!({"results": []}));
    assert_eq!(tick(&handler, "2026-11-28T20:00:00Z").await["results"][0]["status"], "stopped");
    assert_eq!(ec2.changes(), ["StopInstances", "DeleteTags"]);
    assert!(ec2.instances()[0].tags.is_empty());
    let (ec2, handler) = world(vec![timed("stopped")]).await;
    assert_eq!(tick(&handler, "2026-11-28T20:00:00Z").await, json!({"results": []}));
    assert_eq!(ec2.changes(), ["DeleteTags"]);
    // EC2 does not stop what is still starting: the next minute does.
    let (ec2, handler) = world(vec![timed("pending")]).await;
    ec2.never_settle();
    assert_eq!(tick(&handler, "2026-11-28T20:00:00Z").await, json!({"results": []}));
    assert!(ec2.changes().is_empty());
}

#[tokio::test]
async fn what_nobody_uses_is_stopped() {
    let launched = OffsetDateTime::parse("2026-01-01T00:00:00Z", &Rfc3339).unwrap();
    let clock = Clock::manual(launched + Duration::from_mins(20));
    let ec2 = FakeEc2::start(vec![FakeInstance::new("running")]).await;
    let idle = Some(Duration::from_mins(30));
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), idle, clock: clock.clone(), ..config() });
    for _ in 0..3 {
        assert_eq!(get(&handler, "action=status").await.0, 200);
    }
    assert_eq!(ec2.changes(), ["CreateTags"], "a note holds for a minute");
    assert_eq!(ec2.instances()[0].tags["atelier:last-call"], "2026-01-01T00:20:00Z");
    // The last call may come just before the next note would be made.
    clock.advance(Duration::from_secs(59));
    assert_eq!(get(&handler, "action=status").await.0, 200);
    for time in ["2026-01-01T00:50:00Z", "2026-01-01T00:50:58Z"] {
        assert_eq!(tick(&handler, time).await, json!({"results": []}), "called less than 30 minutes before {time}");
    }
    assert_eq!(tick(&handler, "2026-01-01T00:51:00Z").await["results"][0]["status"], "stopped");
    assert_eq!(ec2.changes(), ["CreateTags", "StopInstances"]);
}

#[tokio::test]
async fn a_note_of_another_process_counts_from_when_it_was_written() {
    let launched = OffsetDateTime::parse("2026-01-01T00:00:00Z", &Rfc3339).unwrap();
    let clock = Clock::manual(launched + Duration::from_secs(50));
    let noted = FakeInstance::new("running").tagged("atelier:last-call", "2026-01-01T00:00:00Z");
    let ec2 = FakeEc2::start(vec![noted]).await;
    let idle = Some(Duration::from_mins(30));
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), idle, clock: clock.clone(), ..config() });
    assert_eq!(get(&handler, "action=status").await.0, 200);
    assert!(ec2.changes().is_empty());
    clock.advance(Duration::from_secs(10));
    assert_eq!(get(&handler, "action=status").await.0, 200);
    assert_eq!(ec2.instances()[0].tags["atelier:last-call"], "2026-01-01T00:01:00Z");
}

#[tokio::test]
async fn a_container_has_its_time_in_the_tags_of_the_instance() {
    let container = |state: &str| json!({"id": "a".repeat(64), "name": "cache", "state": state, "image": "x"});
    let proxy = FakeProxy::answering(200, move |path| {
        container(if path.ends_with("/stop") { "exited" } else { "running" }).to_string()
    })
    .await;
    let ec2 = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    let (docker, connection) = (Some(proxy.door.clone()), Some(ec2.connection()));
    let handler = Handler::new(Config { docker, ec2: connection, ..config() });
    let (status, body) = get(&handler, "target=docker&action=start&name=cache&for=1h").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["status"], &body["container"]), (200, &json!("started"), &json!("cache")));
    let key = "atelier:stops-at:cache";
    assert_eq!(body["stops_at"], ec2.instances()[0].tags[key]);
    assert_eq!(tick(&handler, "2020-01-01T00:00:00Z").await, json!({"results": []}));
    let stopped = json!({"results": [{"status": "stopped", "code": "ok", "container": "cache"}]});
    assert_eq!(tick(&handler, "2099-01-01T00:00:00Z").await, stopped);
    assert!(ec2.instances()[0].tags.is_empty());
    // One that is stopped by hand is not stopped once more, later.
    assert_eq!(get(&handler, "target=docker&action=start&name=cache&for=1h").await.0, 200);
    assert_eq!(get(&handler, "target=docker&action=stop&name=cache").await.0, 200);
    assert!(ec2.instances()[0].tags.is_empty());
}

#[tokio::test]
async fn what_is_on_its_way_to_another_type_is_gone_on_with() {
    let (ec2, handler) = world(vec![FakeInstance::new("stopped").tagged("atelier:modify", "t3.small")]).await;
    for _ in 0..3 {
        tick(&handler, "2026-11-28T12:00:00Z").await;
    }
    assert_eq!(ec2.changes(), ["ModifyInstanceAttribute", "StartInstances", "DeleteTags"]);
    assert_eq!((ec2.instances()[0].kind, ec2.state()), ("t3.small", "running"));
}

#[tokio::test]
async fn a_tick_is_no_request_that_a_client_can_make() {
    let (ec2, handler) =
        world(vec![FakeInstance::new("running").tagged("atelier:stops-at", "2020-01-01T00:00:00Z")]).await;
    let event = json!({
        "httpMethod": "POST", "path": "/infra", "headers": {"content-type": "application/json"},
        "body": json!({"source": "aws.events", "detail-type": "Scheduled Event"}).to_string()
    });
    assert_eq!(answer(&handler, &event).await["statusCode"], 400);
    assert!(ec2.changes().is_empty());
}
