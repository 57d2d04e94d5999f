//! Reserved concurrency, and what becomes of asynchronous invocations: attempts, destinations, events that are too old.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{creation, invoke, text},
    local::Local,
};
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{DestinationConfig, InvocationType, OnFailure, OnSuccess, ThrottleReason},
};
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};
use tokio::time::{sleep, timeout};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:";

/// Functions `f` and `told`, which write down their events.
struct Stage {
    local: Local,
    client: Client,
}

impl Stage {
    async fn start() -> Self {
        let local = Local::start().await;
        let client = Client::new(&local.sdk);
        for name in ["f", "told"] {
            let record = local.folder().join(name);
            let variables = [("RECORD", record.to_str().unwrap())];
            creation(&client, name, &variables).timeout(900).send().await.unwrap();
        }
        local.settle();
        Self { local, client }
    }

    fn record(&self, name: &str) -> PathBuf {
        self.local.folder().join(name)
    }

    /// Sends `f` an event.
    async fn send(&self, event: &str) {
        let call = self.client.invoke().function_name("f").invocation_type(InvocationType::Event);
        assert_eq!(call.payload(Blob::new(event)).send().await.unwrap().status_code(), 202);
    }

    /// Lets time pass until a function has had so many events; gives them.
    async fn events(&self, name: &str, count: usize) -> Vec<Value> {
        let wait = async {
            loop {
                let written = std::fs::read_to_string(self.record(name)).unwrap_or_default();
                let events: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                if events.len() >= count {
                    return events;
                }
                // Not so fast that a process which starts slowly runs out of its time.
                self.local.clock.advance(Duration::from_secs(1));
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("`{name}` has too few events"))
    }
}

fn destinations(on_success: Option<&str>, on_failure: Option<&str>) -> DestinationConfig {
    let success = OnSuccess::builder().set_destination(on_success.map(|name| format!("{ARN}{name}"))).build();
    let failure = OnFailure::builder().set_destination(on_failure.map(|name| format!("{ARN}{name}"))).build();
    DestinationConfig::builder().on_success(success).on_failure(failure).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_event_is_tried_again_as_often_as_is_set_and_then_told_of() {
    let stage = Stage::start().await;
    let put = stage.client.put_function_event_invoke_config().function_name("f").maximum_retry_attempts(1);
    put.destination_config(destinations(None, Some("told"))).send().await.unwrap();
    stage.send(r#"{"do":"error"}"#).await;
    let told = stage.events("told", 1).await.remove(0);
    assert_eq!(stage.events("f", 2).await.len(), 2);
    let id = told["requestContext"]["requestId"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let expected = json!({
        "version": "1.0",
        "timestamp": told["timestamp"],
        "requestContext": {
            "requestId": id,
            "functionArn": format!("{ARN}f:$LATEST"),
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 2,
        },
        "requestPayload": { "do": "error" },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "responsePayload": { "errorType": "Own", "errorMessage": "mine" },
    });
    assert_eq!(told, expected);
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_told_of_and_an_event_of_an_alias_follows_what_is_set_for_the_alias() {
    let stage = Stage::start().await;
    let client = &stage.client;
    client.publish_version().function_name("f").send().await.unwrap();
    stage.local.settle();
    client.create_alias().function_name("f").name("live").function_version("1").send().await.unwrap();
    let put = client.put_function_event_invoke_config().function_name("f").qualifier("live");
    put.destination_config(destinations(Some("told"), None)).send().await.unwrap();
    stage.send(r#"{"of":"latest"}"#).await;
    let call = client.invoke().function_name("f:live").invocation_type(InvocationType::Event);
    call.payload(Blob::new(r#"{"of":"live"}"#)).send().await.unwrap();
    let told = stage.events("told", 1).await.remove(0);
    assert_eq!(told["requestContext"]["condition"], "Success");
    assert_eq!(told["requestContext"]["functionArn"], format!("{ARN}f:live"));
    assert_eq!(
        (&told["responsePayload"], &told["responseContext"]["executedVersion"]),
        (&json!({ "of": "live" }), &json!("1"))
    );
    assert_eq!(stage.events("f", 2).await.len(), 2);
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_would_be_too_old_is_given_up() {
    let stage = Stage::start().await;
    let put = stage.client.put_function_event_invoke_config().function_name("f").maximum_event_age_in_seconds(60);
    put.destination_config(destinations(None, Some("told"))).send().await.unwrap();
    stage.send(r#"{"do":"error"}"#).await;
    stage.events("f", 1).await;
    let told = stage.events("told", 1).await.remove(0);
    let context = &told["requestContext"];
    assert!(
        context["condition"] == "EventAgeExceeded" && context["approximateInvokeCount"].as_u64().unwrap() <= 2,
        "{told}"
    );
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_asynchronous_invocations_are_kept_changed_listed_and_removed() {
    let stage = Stage::start().await;
    let client = &stage.client;
    let put = || client.put_function_event_invoke_config().function_name("f");
    let kept = put().maximum_retry_attempts(0).maximum_event_age_in_seconds(60).send().await.unwrap();
    assert_eq!(kept.function_arn(), Some(format!("{ARN}f:$LATEST").as_str()));
    assert!(kept.last_modified().is_some());
    let update = client.update_function_event_invoke_config().function_name("f");
    let changed = update.destination_config(destinations(Some("told"), None)).send().await.unwrap();
    assert_eq!((changed.maximum_retry_attempts(), changed.maximum_event_age_in_seconds()), (Some(0), Some(60)));
    let got = client.get_function_event_invoke_config().function_name("f").send().await.unwrap();
    let destination = got.destination_config().unwrap().on_success().unwrap().destination();
    assert_eq!(destination, Some(format!("{ARN}told").as_str()));
    let listed = client.list_function_event_invoke_configs().function_name("f").send().await.unwrap();
    assert_eq!(listed.function_event_invoke_configs().len(), 1);
    let elsewhere = |arn: &str| {
        let failure = OnFailure::builder().destination(arn).build();
        put().destination_config(DestinationConfig::builder().on_failure(failure).build()).send()
    };
    for (arn, code, words) in [
        ("arn:aws:sqs:us-east-1:000000000000:q", "NotImplemented", "OnFailure.Destination=arn:aws:sqs"),
        (&format!("{ARN}nobody"), "InvalidParameterValueException", "is invalid."),
        (&format!("{ARN}f"), "InvalidParameterValueException", "a destination for itself"),
        ("arn:aws:iam::000000000000:role/r", "InvalidParameterValueException", "The provided destination config"),
        ("nonsense", "ValidationException", "destinationConfig.onFailure.destination"),
    ] {
        let error = elsewhere(arn).await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{arn}");
        assert!(error.message().unwrap().contains(words), "{arn}: {error:?}");
    }
    let nothing = put().send().await.unwrap_err();
    assert!(nothing.message().unwrap().starts_with("You must specify at least one"), "{nothing:?}");
    for call in [put().maximum_retry_attempts(3), put().maximum_event_age_in_seconds(59)] {
        assert_eq!(call.send().await.unwrap_err().code(), Some("ValidationException"));
    }
    let absent = put().qualifier("7").maximum_retry_attempts(0).send().await.unwrap_err();
    assert_eq!(absent.message(), Some("The function doesn't exist."));
    let delete = || client.delete_function_event_invoke_config().function_name("f").send();
    delete().await.unwrap();
    let message = format!("The function {ARN}f:$LATEST doesn't have an EventInvokeConfig");
    assert_eq!(delete().await.unwrap_err().message(), Some(message.as_str()));
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_invocations_run_as_are_reserved() {
    let stage = Stage::start().await;
    let client = &stage.client;
    let reserve =
        |number: i32| client.put_function_concurrency().function_name("f").reserved_concurrent_executions(number);
    let most = reserve(901).send().await.unwrap_err();
    assert!(most.message().unwrap().contains("below its minimum value of [100]"), "{most:?}");
    let of_one = reserve(1).function_name("f:$LATEST").send().await.unwrap_err();
    assert!(of_one.message().unwrap().starts_with("This operation is permitted on Lambda functions only."));
    assert_eq!(reserve(1).send().await.unwrap().reserved_concurrent_executions(), Some(1));
    let account = client.get_account_settings().send().await.unwrap();
    assert_eq!(account.account_limit().unwrap().unreserved_concurrent_executions(), Some(999));
    let shown = client.get_function().function_name("f").send().await.unwrap();
    assert_eq!(shown.concurrency().unwrap().reserved_concurrent_executions(), Some(1));
    let (here, gate) = (stage.record("here"), stage.record("gate"));
    let event = json!({ "do": "meet", "mine": here, "theirs": gate }).to_string();
    let busy = invoke(client, "f", &event);
    let refused = async {
        let is_in = async {
            while !here.exists() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), is_in).await.unwrap();
        let refused = client.invoke().function_name("f").send().await.unwrap_err().into_service_error();
        std::fs::write(&gate, "").unwrap();
        refused
    };
    let (answered, refused) = tokio::join!(busy, refused);
    assert_eq!(answered.function_error(), None);
    assert_eq!(refused.code(), Some("TooManyRequestsException"));
    let aws_sdk_lambda::operation::invoke::InvokeError::TooManyRequestsException(refused) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.reason(), Some(&ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded));
    assert_eq!(refused.message(), Some("Rate Exceeded."));
    assert_eq!(text(&invoke(client, "f", "[1]").await), "[1]");
    reserve(0).send().await.unwrap();
    assert_eq!(client.invoke().function_name("f").send().await.unwrap_err().code(), Some("TooManyRequestsException"));
    let put = client.put_function_event_invoke_config().function_name("f");
    put.destination_config(destinations(None, Some("told"))).send().await.unwrap();
    stage.send(r#"{"do":"echo"}"#).await;
    let told = stage.events("told", 1).await.remove(0);
    assert_eq!(told["requestContext"]["condition"], "ZeroReservedConcurrency");
    assert_eq!(told["requestContext"]["approximateInvokeCount"], 0, "nobody has tried it");
    assert_eq!(told["responsePayload"], Value::Null);
    client.delete_function_concurrency().function_name("f").send().await.unwrap();
    let none = client.get_function_concurrency().function_name("f").send().await.unwrap();
    assert_eq!(none.reserved_concurrent_executions(), None);
    assert_eq!(text(&invoke(client, "f", "[1]").await), "[1]");
    stage.local.stop().await;
}
