//! Extensions of functions.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    function,
    lambda::{create, creation, document, invoke},
    local::Local,
};
use crate::support::skipped;
use aws_sdk_lambda::{Client, primitives::Blob, types::LayerVersionContentInput};
use serde_json::json;
use std::path::Path;

const PYTHON: &str = "/usr/bin/python3";
/// An extension that tells the log what it is told.
const WATCH: &str = r#"#!/usr/bin/python3
import json, os, sys, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2020-01-01/extension/"
def ask(path, headers, body=None):
    with urllib.request.urlopen(urllib.request.Request(base + path, data=body, headers=headers)) as answer:
        return answer.headers, json.load(answer)
events = json.dumps({"events": ["INVOKE", "SHUTDOWN"]}).encode()
headers, _ = ask("register", {"Lambda-Extension-Name": "watch"}, events)
own = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
while True:
    _, event = ask("event/next", own)
    print("extension saw", event["eventType"], event.get("shutdownReason"), "handler:", os.environ.get("_HANDLER"), flush=True)
    if event["eventType"] == "SHUTDOWN":
        sys.exit(0)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_inside_the_process_is_told_of_every_invocation() {
    let local = Local::start().await;
    let client = create(&local, "f", &[("INIT", "extension")]).await;
    for calls in 1..3_usize {
        let event = json!({ "do": "told", "least": calls + 1 }).to_string();
        let told = document(&invoke(&client, "f", &event).await);
        assert_eq!(told[0], json!({ "functionName": "f", "functionVersion": "$LATEST", "handler": "bootstrap" }));
        let last = &told[calls];
        assert_eq!(last["eventType"], "INVOKE", "{told}");
        assert_eq!(last["invokedFunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:f");
        assert_eq!(
            (last["requestId"].as_str().unwrap().len(), &last["tracing"]["type"]),
            (36, &json!("X-Amzn-Trace-Id"))
        );
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_a_layer_is_started_before_the_function_and_told_of_its_end() {
    if !Path::new(PYTHON).exists() {
        return skipped(&format!("there is no {PYTHON}"));
    }
    let local = Local::start().await;
    let client = Client::new(&local.sdk);
    let zip = function::zip(&[("extensions/watch", 0o755, WATCH.as_bytes())]);
    let content = LayerVersionContentInput::builder().zip_file(Blob::new(zip)).build();
    let layer = client.publish_layer_version().layer_name("watch").content(content).send().await.unwrap();
    creation(&client, "f", &[]).layers(layer.layer_version_arn().unwrap()).send().await.unwrap();
    local.settle();
    let first = invoke(&client, "f", r#"{"do":"pid"}"#).await;
    local.says("extension saw INVOKE None handler: None").await;
    let pid = super::lambda::text(&first);
    // The process is given back when the extension has asked again, and then used again.
    let reused = async { while super::lambda::text(&invoke(&client, "f", r#"{"do":"pid"}"#).await) != pid {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), reused).await.unwrap();
    client.update_function_configuration().function_name("f").description("another").send().await.unwrap();
    local.says("extension saw SHUTDOWN spindown").await;
    local.stop().await;
}
