//! API keys at the handler: who is let in, and how far.

use super::{
    answer, code, config,
    fake_ec2::{FakeEc2, FakeInstance},
    status,
};
use atelier::{
    api_key::{Digest, KeyScopes, Scope},
    handler::{Config, Handler},
};
use serde_json::{Value, json};

const LOOK: &str = "atl_0000000000000000000000000000000000000001";
const CHANGE: &str = "atl_0000000000000000000000000000000000000002";

fn keys() -> KeyScopes {
    [(Digest::of(LOOK), Scope::Status), (Digest::of(CHANGE), Scope::Control)].into_iter().collect()
}

fn event(action: &str, headers: &Value) -> Value {
    json!({"httpMethod": "GET", "path": "/infra", "queryStringParameters": {"action": action}, "headers": headers})
}

async fn outcome(handler: &Handler, event: &Value) -> (u16, String) {
    let answer = answer(handler, event).await;
    let body = answer["body"].as_str().unwrap();
    let code = if status(&answer) < 400 { String::new() } else { code(body) };
    (status(&answer), code)
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_status_key_looks_and_a_control_key_changes() {
    let ec2 = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), keys: Some(keys()), ..config() });
    for action in ["status", "list"] {
        assert_eq!(outcome(&handler, &event(action, &json!({"x-api-key": LOOK}))).await.0, 200);
    }
    for action in ["start", "stop"] {
        let answer = outcome(&handler, &event(action, &json!({"x-api-key": LOOK}))).await;
        assert_eq!(answer, refused(403, "forbidden"));
    }
    assert!(ec2.changes().is_empty());
    assert_eq!(outcome(&handler, &event("start", &json!({"X-Api-Key": CHANGE}))).await.0, 200);
    assert_eq!(ec2.changes(), ["StartInstances"]);
}

#[tokio::test]
async fn without_one_known_key_nothing_is_done_and_nothing_is_told() {
    let ec2 = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), keys: Some(keys()), ..config() });
    let wrong = [
        json!({}),
        json!(null),
        json!({"x-api-key": ""}),
        json!({"x-api-key": "atl_"}),
        json!({"x-api-key": Digest::of(CHANGE).as_str()}),
        json!({"x-api-key": format!("{CHANGE} ")}),
        json!({"x-api-key": [CHANGE, CHANGE]}),
        json!({"x-api-key": 1}),
        json!({"authorization": format!("Bearer {CHANGE}"), "x-api_key": CHANGE}),
        json!({"x-api-key": CHANGE, "X-API-KEY": CHANGE}),
    ];
    for headers in wrong {
        for action in ["start", "status", "explode"] {
            let answer = outcome(&handler, &event(action, &headers)).await;
            assert_eq!(answer, refused(401, "unauthorized"), "{headers}");
        }
    }
    let mut twice = event("start", &json!({"x-api-key": CHANGE}));
    twice["multiValueHeaders"] = json!({"x-api-key": [CHANGE, LOOK]});
    assert_eq!(outcome(&handler, &twice).await, refused(401, "unauthorized"));
    let mut query = event("start", &json!({}));
    query["queryStringParameters"]["x-api-key"] = json!(CHANGE);
    assert_eq!(outcome(&handler, &query).await, refused(401, "unauthorized"));
    assert!(ec2.changes().is_empty());
}

#[tokio::test]
async fn an_empty_list_of_keys_opens_nothing_and_no_list_everything() {
    let ec2 = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    let closed = Handler::new(Config { ec2: Some(ec2.connection()), keys: Some(KeyScopes::default()), ..config() });
    let with_key = event("status", &json!({"x-api-key": CHANGE}));
    assert_eq!(outcome(&closed, &with_key).await, refused(401, "unauthorized"));
    let open = Handler::new(Config { ec2: Some(ec2.connection()), ..config() });
    assert_eq!(outcome(&open, &event("status", &json!({}))).await.0, 200);
}

#[tokio::test]
async fn a_preflight_and_a_signed_invoke_need_no_key() {
    let ec2 = FakeEc2::start(vec![FakeInstance::new("stopped")]).await;
    let handler = Handler::new(Config { ec2: Some(ec2.connection()), keys: Some(keys()), ..config() });
    let options = answer(&handler, &json!({"httpMethod": "OPTIONS", "path": "/infra", "headers": {}})).await;
    assert_eq!(status(&options), 204);
    assert_eq!(answer(&handler, &json!({"action": "status"})).await["state"], "stopped");
    assert!(ec2.changes().is_empty());
}
