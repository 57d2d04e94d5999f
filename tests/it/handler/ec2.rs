//! The instance actions against an EC2 endpoint.

use super::{
    code, config,
    fake_ec2::{FakeEc2, FakeInstance, Fault},
    get,
};
use atelier::handler::{Config, Handler};
use futures_util::future::join_all;

const ID: &str = "i-0123456789abcdef0";

async fn world(state: &'static str) -> (FakeEc2, Handler) {
    let ec2 = FakeEc2::start(vec![FakeInstance::new(state)]).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    (ec2, handler)
}

fn changed(status: &str, state: &str) -> (u16, String) {
    (200, format!(r#"{{"status":"{status}","instance_id":"{ID}","state":"{state}"}}"#))
}

#[tokio::test]
async fn start_and_stop_answer_the_settled_state() {
    let (ec2, handler) = world("stopped").await;
    assert_eq!(get(&handler, "action=start").await, changed("started", "running"));
    assert_eq!(get(&handler, "action=start&target=ec2").await, changed("started", "running"));
    assert_eq!(get(&handler, "action=stop").await, changed("stopped", "stopped"));
    assert_eq!(get(&handler, "action=stop&wait=1").await, changed("stopped", "stopped"));
    assert_eq!(ec2.changes(), ["StartInstances", "StopInstances"]);
}

#[tokio::test]
async fn status_and_list_show_the_contracts_fields() {
    let (ec2, handler) = world("running").await;
    let status = format!(r#"{{"instance_id":"{ID}","state":"running","type":"t2.micro"}}"#);
    assert_eq!(get(&handler, "action=status").await, (200, status.clone()));
    assert_eq!(get(&handler, "action=list").await, (200, format!(r#"{{"instances":[{status}]}}"#)));
    assert!(ec2.changes().is_empty());
}

#[tokio::test]
async fn who_does_not_wait_gets_the_state_as_it_is() {
    let (ec2, handler) = world("stopped").await;
    ec2.never_settle();
    assert_eq!(get(&handler, "action=start&wait=0").await, changed("started", "pending"));
    assert_eq!(get(&handler, "action=start&wait=0").await, changed("started", "pending"));
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn a_stopping_instance_is_started_once_it_has_stopped() {
    let (ec2, handler) = world("stopping").await;
    assert_eq!(get(&handler, "action=start").await, changed("started", "running"));
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn a_state_that_forbids_the_action_is_a_conflict_and_nothing_is_ordered() {
    for (state, query) in [
        ("terminated", "action=start"),
        ("terminated", "action=stop"),
        ("shutting-down", "action=start"),
        ("pending", "action=stop"),
        ("stopping", "action=start&wait=0"),
    ] {
        let (ec2, handler) = world(state).await;
        ec2.never_settle();
        let (status, body) = get(&handler, query).await;
        assert_eq!((status, code(&body).as_str()), (409, "conflict"), "{state} {query}");
        assert!(ec2.changes().is_empty());
    }
}

#[tokio::test]
async fn what_is_absent_or_not_ours_is_the_same_404() {
    let foreign = FakeInstance { stack: "other", ..FakeInstance::new("running") };
    for instances in [vec![], vec![foreign]] {
        let ec2 = FakeEc2::start(instances).await;
        let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
        let not_found = (404, r#"{"error":"Instance not found","code":"not_found"}"#.to_owned());
        for action in ["start", "stop", "status"] {
            assert_eq!(get(&handler, &format!("action={action}")).await, not_found);
        }
        assert_eq!(get(&handler, "action=list").await, (200, r#"{"instances":[]}"#.to_owned()));
        assert!(ec2.changes().is_empty());
    }
}

#[tokio::test]
async fn of_several_instances_always_the_same_one_is_meant() {
    let young = FakeInstance { id: "i-0000000a", launched: "2026-02-01T00:00:00Z", ..FakeInstance::new("running") };
    let gone = FakeInstance { id: "i-0000000b", launched: "2025-01-01T00:00:00Z", ..FakeInstance::new("terminated") };
    let ec2 = FakeEc2::start(vec![young, gone, FakeInstance::new("stopped")]).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    assert!(get(&handler, "action=status").await.1.contains(ID));
}

#[tokio::test]
async fn fifty_equal_starts_succeed_with_one_order() {
    let (ec2, handler) = world("stopped").await;
    let answers = join_all((0..50).map(|_| get(&handler, "action=start"))).await;
    assert!(answers.iter().all(|answer| *answer == changed("started", "running")));
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn waiting_and_hasty_starts_share_one_order() {
    let (ec2, handler) = world("stopped").await;
    let queries = ["action=start", "action=start&wait=0"];
    let answers = join_all((0..20).map(|turn| get(&handler, queries[turn % 2]))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn start_against_stop_never_answers_a_lie() {
    let (ec2, handler) = world("stopped").await;
    let queries = ["action=start", "action=stop"];
    let answers = join_all((0..40).map(|turn| get(&handler, queries[turn % 2]))).await;
    for (turn, (status, body)) in answers.iter().enumerate() {
        match status {
            200 => assert_eq!(
                *body,
                if turn % 2 == 0 { changed("started", "running").1 } else { changed("stopped", "stopped").1 }
            ),
            409 => assert_eq!(code(body), "conflict"),
            other => panic!("{other}: {body}"),
        }
    }
    let state = get(&handler, "action=status").await.1;
    assert!(state.contains(ec2.state()), "{state}");
}

#[tokio::test]
async fn an_engine_that_refuses_or_talks_nonsense_is_told_apart_by_status() {
    let nonsense = "<html>oops /var/task</html>";
    for (fault, expected) in [
        (Fault::Error(503, "RequestLimitExceeded"), (429, "throttled")),
        (Fault::Error(400, "Throttling"), (429, "throttled")),
        (Fault::Error(403, "UnauthorizedOperation"), (502, "bad_gateway")),
        (Fault::Error(400, "InvalidInstanceID.NotFound"), (404, "not_found")),
        (Fault::Error(400, "IncorrectInstanceState"), (409, "conflict")),
        (Fault::Error(500, "InternalError"), (502, "bad_gateway")),
        (Fault::Error(503, "Unavailable"), (503, "unavailable")),
        (Fault::Answer(200, nonsense), (502, "bad_gateway")),
        (Fault::Answer(200, ""), (502, "bad_gateway")),
        (Fault::Answer(200, "<DescribeInstancesResponse><reservationSet><item>"), (502, "bad_gateway")),
        (Fault::Answer(200, "<DescribeInstancesResponse><reservationSet>"), (502, "bad_gateway")),
        (Fault::Huge, (502, "bad_gateway")),
        (Fault::Answer(500, nonsense), (502, "bad_gateway")),
        (Fault::Answer(503, nonsense), (503, "unavailable")),
        (Fault::Answer(429, "{}"), (429, "throttled")),
        (Fault::Answer(302, ""), (502, "bad_gateway")),
    ] {
        let (ec2, handler) = world("stopped").await;
        ec2.fail(fault);
        let (status, body) = get(&handler, "action=start").await;
        assert_eq!((status, code(&body).as_str()), expected);
        assert!(ec2.changes().is_empty());
    }
}

#[tokio::test]
async fn an_instance_that_makes_no_sense_is_a_bad_gateway() {
    for instance in [
        FakeInstance { id: "../../etc", ..FakeInstance::new("running") },
        FakeInstance { id: "", ..FakeInstance::new("running") },
        FakeInstance::new("exploding"),
        FakeInstance::new(""),
        FakeInstance { kind: "", ..FakeInstance::new("running") },
        FakeInstance { kind: "t2.micro' onload=x", ..FakeInstance::new("running") },
        FakeInstance { kind: "T2.MICRO", ..FakeInstance::new("running") },
        FakeInstance { kind: "a-name-of-a-type-that-goes-on-and-on", ..FakeInstance::new("running") },
    ] {
        let ec2 = FakeEc2::start(vec![instance]).await;
        let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
        let (status, body) = get(&handler, "action=stop").await;
        assert_eq!((status, code(&body).as_str()), (502, "bad_gateway"));
        assert!(ec2.changes().is_empty());
    }
}

#[tokio::test]
async fn every_page_is_read_and_a_list_without_an_end_is_a_bad_gateway() {
    let (ec2, handler) = world("stopped").await;
    ec2.has_pages(10);
    assert_eq!(get(&handler, "action=start").await, changed("started", "running"));
    ec2.has_pages(usize::MAX);
    for query in ["action=list", "action=status", "action=stop"] {
        let (status, body) = get(&handler, query).await;
        assert_eq!((status, code(&body).as_str()), (502, "bad_gateway"), "{query}");
    }
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_a_503() {
    let (ec2, _) = world("stopped").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut connection = ec2.connection();
    connection.endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    let handler = Handler::new(Config { ec2: Some(connection), ..config() });
    let (status, body) = get(&handler, "action=status").await;
    assert_eq!((status, code(&body).as_str()), (503, "unavailable"));
}

#[tokio::test]
async fn a_function_without_credentials_says_so_without_detail() {
    let (status, body) = get(&Handler::new(config()), "action=status").await;
    assert_eq!((status, code(&body).as_str()), (500, "internal"));
}
