//! The handler against EC2 and docker proxy endpoints at HTTP level, and as a process under a Runtime API.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod deadlines;
mod docker;
mod ec2;
mod fake_ec2;
mod fake_proxy;
mod keys;
mod many;
mod modify;
mod process;
mod tick;

use atelier::{
    clock::Clock,
    handler::{Config, Deadlines, Handler, Invocation, Payload},
};
use serde_json::{Value, json};

/// The function that is invoked.
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:infrastructure-handler";

/// A handler that knows nobody.
fn config() -> Config {
    Config {
        stack: "atelier".parse().unwrap(),
        ec2: None,
        docker: None,
        keys: None,
        idle: None,
        deadlines: Deadlines::default(),
        clock: Clock::System,
        turns: None,
    }
}

/// Asks with a v1 event, and gives the answer's status and body.
async fn get(handler: &Handler, query: &str) -> (u16, String) {
    let parameters: serde_json::Map<String, Value> =
        form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), json!(value))).collect();
    let event = json!({"httpMethod": "GET", "path": "/infra", "queryStringParameters": parameters});
    let answer = answer(handler, &event).await;
    assert_eq!(answer["headers"]["content-type"], "application/json; charset=utf-8");
    assert_eq!(answer["headers"]["cache-control"], "no-store");
    (status(&answer), answer["body"].as_str().unwrap().to_owned())
}

async fn answer(handler: &Handler, event: &Value) -> Value {
    let invocation = Invocation { id: "invocation".to_owned(), deadline: 0, function_arn: ARN.to_owned() };
    let reply = handler.answer(Payload::parse(event.to_string().as_bytes()), invocation).await;
    serde_json::to_value(&reply).unwrap()
}

fn status(answer: &Value) -> u16 {
    answer["statusCode"].as_u64().unwrap().try_into().unwrap()
}

/// The code of an error's body, which has exactly two members and tells nothing of the inside.
fn code(body: &str) -> String {
    let error: serde_json::Map<String, Value> = serde_json::from_str(body).unwrap();
    assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "error"]);
    for leak in ["arn:", "/var", "secret", "<", "http", "127.0.0.1"] {
        assert!(!body.contains(leak), "{body}");
    }
    error["code"].as_str().unwrap().to_owned()
}
