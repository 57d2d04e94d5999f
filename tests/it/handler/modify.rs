//! Another type, a restart, and how long something may run, against an EC2 endpoint.

use super::{
    code, config,
    fake_ec2::{FakeEc2, FakeInstance},
    get,
};
use atelier::handler::{Config, Deadlines, Handler};
use futures_util::future::join_all;
use std::time::Duration;

const ID: &str = "i-0123456789abcdef0";

async fn world(instance: FakeInstance) -> (FakeEc2, Handler) {
    let ec2 = FakeEc2::start(vec![instance]).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    (ec2, handler)
}

fn modified(state: &str) -> (u16, String) {
    (200, format!(r#"{{"status":"modified","instance_id":"{ID}","state":"{state}","type":"t3.small"}}"#))
}

#[tokio::test]
async fn one_at_rest_gets_its_type_at_once_and_a_second_time_costs_nothing() {
    let (ec2, handler) = world(FakeInstance::new("stopped")).await;
    assert_eq!(get(&handler, "action=modify&type=t3.small").await, modified("stopped"));
    assert_eq!(get(&handler, "action=modify&type=t3.small&restart=1").await, modified("stopped"));
    assert_eq!(ec2.changes(), ["ModifyInstanceAttribute"]);
}

#[tokio::test]
async fn one_that_runs_is_left_alone_unless_it_may_be_restarted() {
    let (ec2, handler) = world(FakeInstance::new("running")).await;
    for query in ["action=modify&type=t3.small", "action=modify&type=t3.small&restart=0"] {
        let (status, body) = get(&handler, query).await;
        assert_eq!((status, code(&body).as_str()), (409, "conflict"));
    }
    assert!(ec2.changes().is_empty());
    assert_eq!(get(&handler, "action=modify&type=t3.small&restart=1").await, modified("running"));
    let steps = ["CreateTags", "StopInstances", "ModifyInstanceAttribute", "StartInstances", "DeleteTags"];
    assert_eq!(ec2.changes(), steps);
    assert!(ec2.instances()[0].tags.is_empty());
}

#[tokio::test]
async fn a_type_that_is_not_there_or_does_not_fit_is_refused_with_those_that_do() {
    for state in ["stopped", "running"] {
        let (ec2, handler) = world(FakeInstance::new(state)).await;
        for (kind, possible) in [("t3.gigantic", true), ("x9.small", true), ("t4g.small", true)] {
            let (status, body) = get(&handler, &format!("action=modify&type={kind}&restart=1")).await;
            assert_eq!((status, code(&body).as_str()), (400, "invalid_parameter"), "{kind}");
            assert_eq!(body.contains("`t3.micro`, `t3.small`"), possible, "{body}");
        }
        assert!(ec2.changes().is_empty());
    }
}

#[tokio::test]
async fn what_is_not_done_in_time_is_told_as_it_is_and_the_same_request_goes_on_with_it() {
    let (ec2, _) = world(FakeInstance::new("running")).await;
    ec2.never_settle();
    let deadlines = Deadlines { handler: Duration::from_millis(2_300), ..Deadlines::default() };
    let hasty = Handler::new(Config { ec2: Some(ec2.connection()), deadlines, ..config() });
    let on_its_way = format!(r#"{{"status":"modifying","instance_id":"{ID}","state":"stopping","type":"t2.micro"}}"#);
    assert_eq!(get(&hasty, "action=modify&type=t3.small&restart=1").await, (202, on_its_way.clone()));
    assert_eq!(get(&hasty, "action=modify&type=t3.small&restart=1&wait=0").await, (202, on_its_way));
    let (steps, rule) = (["CreateTags", "StopInstances"], ["PutRule", "PutTargets"]);
    assert_eq!(ec2.changes(), [steps, rule, rule].concat());
    assert_eq!(ec2.instances()[0].tags["atelier:modify"], "t3.small");
    ec2.settle();
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    assert_eq!(get(&handler, "action=modify&type=t3.small").await, modified("running"));
    assert!(ec2.instances()[0].tags.is_empty());
}

#[tokio::test]
async fn one_that_ec2_will_not_change_runs_again_as_it_was() {
    let (ec2, handler) = world(FakeInstance::new("running")).await;
    ec2.refuse("ModifyInstanceAttribute", "UnauthorizedOperation");
    let (status, body) = get(&handler, "action=modify&type=t3.small&restart=1").await;
    assert_eq!((status, code(&body).as_str()), (502, "bad_gateway"));
    assert!(body.contains("modify = true"), "{body}");
    assert!(get(&handler, "action=status").await.1.contains("t2.micro"));
    assert_eq!(ec2.changes().last().map(String::as_str), Some("DeleteTags"));
    assert!(matches!(ec2.state(), "pending" | "running"));
}

#[tokio::test]
async fn a_restart_reboots_what_runs_and_starts_what_does_not() {
    let restarted = (200, format!(r#"{{"status":"restarted","instance_id":"{ID}","state":"running"}}"#));
    for (state, order) in
        [("running", "RebootInstances"), ("stopped", "StartInstances"), ("stopping", "StartInstances")]
    {
        let (ec2, handler) = world(FakeInstance::new(state)).await;
        assert_eq!(get(&handler, "action=restart").await, restarted, "{state}");
        assert_eq!(ec2.changes(), [order]);
    }
    let (ec2, handler) = world(FakeInstance::new("terminated")).await;
    assert_eq!(code(&get(&handler, "action=restart").await.1), "conflict");
    assert!(ec2.changes().is_empty());
}

#[tokio::test]
async fn how_long_it_may_run_is_settled_before_it_starts_and_forgotten_once_it_is_stopped() {
    let (ec2, handler) = world(FakeInstance::new("stopped")).await;
    let (status, body) = get(&handler, "action=start&for=2h").await;
    let started: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, started["status"].as_str()), (200, Some("started")));
    let stops_at = started["stops_at"].as_str().unwrap().to_owned();
    assert!(stops_at.ends_with('Z') && stops_at.len() == 20, "{stops_at}");
    assert_eq!(ec2.changes(), ["CreateTags", "PutRule", "PutTargets", "StartInstances"]);
    assert_eq!(ec2.instances()[0].tags["atelier:stops-at"], stops_at);
    for query in ["action=status", "action=list", "action=start"] {
        assert!(get(&handler, query).await.1.contains(&format!(r#""stops_at":"{stops_at}""#)), "{query}");
    }
    // Again: it counts from now on, and nothing is started.
    let again = get(&handler, "action=start&for=30d").await.1;
    assert!(!again.contains(&stops_at), "{again}");
    let stopped = format!(r#"{{"status":"stopped","instance_id":"{ID}","state":"stopped"}}"#);
    assert_eq!(get(&handler, "action=stop").await, (200, stopped));
    assert!(ec2.instances()[0].tags.is_empty());
}

#[tokio::test]
async fn without_a_rule_nothing_is_started_for_a_time() {
    for operation in ["PutRule", "PutTargets"] {
        let (ec2, handler) = world(FakeInstance::new("stopped")).await;
        ec2.refuse(operation, "AccessDeniedException");
        let (status, body) = get(&handler, "action=start&for=2h").await;
        assert_eq!((status, code(&body).as_str()), (502, "bad_gateway"));
        assert!(!ec2.changes().iter().any(|call| call == "StartInstances"));
        assert!(ec2.instances()[0].tags.is_empty());
    }
}

#[tokio::test]
async fn fifty_equal_modifications_at_once_are_one() {
    let (ec2, handler) = world(FakeInstance::new("running")).await;
    let answers = join_all((0..50).map(|_| get(&handler, "action=modify&type=t3.small&restart=1"))).await;
    assert!(answers.iter().all(|answer| *answer == modified("running")), "{answers:?}");
    assert_eq!(ec2.changes().iter().filter(|call| *call == "StopInstances").count(), 1);
}
