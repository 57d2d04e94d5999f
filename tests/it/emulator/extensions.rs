//! Extensions of functions.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{create, document, invoke},
    local::Local,
};
use serde_json::json;

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
