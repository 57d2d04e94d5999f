//! Several instances and containers: by name, and all at once.

use super::{
    code, config,
    fake_ec2::{FakeEc2, FakeInstance},
    fake_proxy::FakeProxy,
    get,
};
use atelier::handler::{Config, Handler};
use serde_json::{Value, json};

const WEB: &str = "i-0000000a";
const DB: &str = "i-0000000b";

async fn world(web: &'static str, db: &'static str) -> (FakeEc2, Handler) {
    let instances = vec![FakeInstance::named(WEB, "web", web), FakeInstance::named(DB, "db", db)];
    let ec2 = FakeEc2::start(instances).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    (ec2, handler)
}

async fn results(handler: &Handler, query: &str) -> (u16, Vec<Value>) {
    let (status, body) = get(handler, query).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    (status, body["results"].as_array().cloned().unwrap_or_default())
}

#[tokio::test]
async fn of_several_one_is_named_and_who_names_none_is_told_the_names() {
    let (ec2, handler) = world("stopped", "running").await;
    let started = format!(r#"{{"status":"started","instance_id":"{WEB}","state":"running","name":"web"}}"#);
    assert_eq!(get(&handler, "action=start&name=web").await, (200, started.clone()));
    assert_eq!(get(&handler, "action=start&name=web&target=ec2").await, (200, started));
    for query in ["action=start", "action=stop", "action=status", "action=restart", "action=modify&type=t3.small"] {
        let (status, body) = get(&handler, query).await;
        assert_eq!((status, code(&body).as_str()), (400, "missing_parameter"), "{query}");
        assert!(body.contains("the instances are `db`, `web`"), "{body}");
    }
    for name in ["cache", "WEB", "i-0000000a"] {
        assert_eq!(get(&handler, &format!("action=stop&name={name}")).await.0, 404, "{name}");
    }
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn all_have_an_entry_each_and_the_whole_is_what_they_are() {
    let (ec2, handler) = world("running", "stopped").await;
    let (status, entries) = results(&handler, "action=stop&all=1").await;
    let entry = |id: &str, name: &str| json!({"status": "stopped", "code": "ok", "instance_id": id, "state": "stopped", "name": name});
    assert_eq!((status, entries), (200, vec![entry(WEB, "web"), entry(DB, "db")]));
    assert_eq!(ec2.changes(), ["StopInstances"]);
    let (status, entries) = results(&handler, "action=status&all=1").await;
    assert_eq!((status, entries.len()), (200, 2));
    assert_eq!((&entries[0]["status"], &entries[0]["type"]), (&json!("seen"), &json!("t2.micro")));
    let (status, entries) = results(&handler, "action=start&all=1").await;
    let entry = |id: &str, name: &str| json!({"status": "started", "code": "ok", "instance_id": id, "state": "running", "name": name});
    assert_eq!((status, entries), (200, vec![entry(WEB, "web"), entry(DB, "db")]));
    assert_eq!(ec2.changes(), ["StopInstances", "StartInstances", "StartInstances"]);
}

#[tokio::test]
async fn when_one_fails_the_others_are_done_and_each_is_told_of() {
    let (ec2, handler) = world("running", "pending").await;
    ec2.never_settle();
    let (status, body) = get(&handler, "action=stop&all=1&wait=0").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["code"]), (502, &json!("partial_failure")));
    let of = |at: usize| (body["results"][at]["status"].clone(), body["results"][at]["code"].clone());
    assert_eq!(of(0), (json!("stopped"), json!("ok")));
    assert_eq!(of(1), (json!("failed"), json!("conflict")));
    assert_eq!(body["results"][1]["instance_id"], DB);
    assert_eq!(body["results"][1]["error"], "The instance is still starting");
}

#[tokio::test]
async fn what_is_not_done_in_time_has_its_entry_like_the_others() {
    let (ec2, _) = world("running", "stopped").await;
    ec2.never_settle();
    let deadlines = atelier::handler::Deadlines {
        handler: std::time::Duration::from_millis(2_300),
        ..atelier::handler::Deadlines::default()
    };
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), deadlines, ..config() });
    let (status, entries) = results(&handler, "action=stop&all=1").await;
    let codes: Vec<&Value> = entries.iter().map(|entry| &entry["code"]).collect();
    assert_eq!((status, codes), (502, vec![&json!("deadline"), &json!("ok")]));
}

#[tokio::test]
async fn all_containers_have_an_entry_each() {
    let container = |name: &str, state: &str| json!({"id": "a".repeat(64), "name": name, "state": state, "image": "x"});
    let proxy = FakeProxy::answering(200, move |path| match path {
        "/containers" => json!({"containers": [container("one", "running"), container("two", "paused")]}).to_string(),
        "/containers/one/stop" => container("one", "exited").to_string(),
        _ => container("two", "paused").to_string(),
    })
    .await;
    let handler = Handler::new(Config { docker: Some(proxy.door.clone()), ..config() });
    let (status, entries) = results(&handler, "target=docker&action=stop&all=1").await;
    assert_eq!(status, 502);
    assert_eq!(entries[0], json!({"status": "stopped", "code": "ok", "container": "one", "state": "exited"}));
    assert_eq!((&entries[1]["code"], &entries[1]["container"]), (&json!("conflict"), &json!("two")));
    let (status, entries) = results(&handler, "target=docker&action=status&all=1").await;
    assert_eq!((status, &entries[1]["state"]), (200, &json!("paused")));
}

#[tokio::test]
async fn all_of_none_is_an_empty_list() {
    let ec2 = FakeEc2::start(Vec::new()).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    assert_eq!(get(&handler, "action=stop&all=1").await, (200, r#"{"results":[]}"#.to_owned()));
}
