//! Filter patterns, metric and subscription filters and queries of log events, as their users meet them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::{ACCOUNT, Cloud},
    lambda,
};
use aws_sdk_cloudwatchlogs::{
    Client,
    error::ProvideErrorMetadata,
    types::{InputLogEvent, MetricTransformation},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::{io::Read, path::Path, time::Duration};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
/// The time of the tests' clock, in milliseconds.
const NOW: i64 = 1_795_435_200_000;
const GROUP: &str = "app";

const MESSAGES: [&str; 4] = [
    r#"{"level":"ERROR","ms":30,"route":"/a"}"#,
    r#"{"level":"INFO","ms":10,"route":"/a"}"#,
    r#"127.0.0.1 - ann [10/Oct/2000:13:25:15 -0700] "GET /x HTTP/1.1" 404 12"#,
    "plain ERROR text",
];

async fn with_events() -> (Cloud, Client) {
    let cloud = Cloud::start().await;
    let logs = cloud.logs();
    logs.create_log_group().log_group_name(GROUP).send().await.unwrap();
    logs.create_log_stream().log_group_name(GROUP).log_stream_name("s").send().await.unwrap();
    put_events(&logs, &MESSAGES).await;
    (cloud, logs)
}

async fn put_events(logs: &Client, messages: &[&str]) {
    let event = |(message, at): (&&str, i64)| InputLogEvent::builder().timestamp(NOW + at).message(*message).build();
    let events = messages.iter().zip(0..).map(|pair| event(pair).unwrap()).collect();
    let put = logs.put_log_events().log_group_name(GROUP).log_stream_name("s");
    put.set_log_events(Some(events)).send().await.unwrap();
}

#[tokio::test]
async fn events_are_found_by_every_kind_of_pattern() {
    let (_cloud, logs) = with_events().await;
    for (pattern, found) in [
        (r#"{ $.level = "ERROR" }"#, vec![0]),
        ("{ $.ms >= 10 && $.route = /a }", vec![0, 1]),
        ("{ $.level NOT EXISTS }", vec![]),
        ("[ip, id, user, time, request, status = 4*, size]", vec![2]),
        ("[..., size > 100]", vec![]),
        ("ERROR -plain", vec![0]),
        ("?plain ?INFO", vec![1, 3]),
        (r"%\d{3} \d+$%", vec![2]),
    ] {
        let events = logs.filter_log_events().log_group_name(GROUP).filter_pattern(pattern).send().await.unwrap();
        let messages: Vec<_> = events.events().iter().filter_map(|event| event.message()).collect();
        assert_eq!(messages, found.iter().map(|at: &usize| MESSAGES[*at]).collect::<Vec<_>>(), "{pattern}");
    }
    let refused = logs.filter_log_events().log_group_name(GROUP).filter_pattern("{ $.a }").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
}

#[tokio::test]
async fn a_metric_filter_is_tried_kept_shown_and_deleted() {
    let (cloud, logs) = with_events().await;
    let test = logs.test_metric_filter().filter_pattern("{ $.ms > 20 }");
    let tested = MESSAGES.iter().fold(test, |test, message| test.log_event_messages(*message)).send().await.unwrap();
    let [found] = tested.matches() else { panic!("{tested:?}") };
    assert_eq!((found.event_number(), found.extracted_values().unwrap()["$.ms"].as_str()), (1, "30"));

    let transformation = |value: &str| {
        let one = MetricTransformation::builder().metric_name("Slow").metric_namespace("App").metric_value(value);
        one.build().unwrap()
    };
    let put = |value: &str| {
        let put = logs.put_metric_filter().log_group_name(GROUP).filter_name("slow").filter_pattern("{ $.ms > 20 }");
        put.metric_transformations(transformation(value))
    };
    assert_eq!(put("many").send().await.unwrap_err().code(), Some("InvalidParameterException"));
    let transformed = put("$.ms").apply_on_transformed_logs(true).send().await.unwrap_err();
    assert_eq!(transformed.code(), Some("NotImplemented"), "no log is transformed here");
    put("$.ms").apply_on_transformed_logs(false).send().await.unwrap();
    put("1").send().await.unwrap();
    let shown = logs.describe_metric_filters().log_group_name(GROUP).send().await.unwrap();
    let [filter] = shown.metric_filters() else { panic!("{shown:?}") };
    assert_eq!((filter.filter_name(), filter.metric_transformations()[0].metric_value()), (Some("slow"), "1"));
    let by_metric = logs.describe_metric_filters().metric_name("Slow").metric_namespace("App").send().await.unwrap();
    assert_eq!(by_metric.metric_filters().len(), 1);
    put_events(&logs, &[r#"{"ms":50}"#, r#"{"ms":5}"#]).await;
    let metrics = aws_sdk_cloudwatch::Client::new(&cloud.sdk());
    let time = |millis: i64| aws_sdk_cloudwatch::primitives::DateTime::from_millis(millis);
    let sums = metrics.get_metric_statistics().namespace("App").metric_name("Slow").period(60);
    let sums = sums.start_time(time(NOW - 60_000)).end_time(time(NOW + 60_000));
    let sums = sums.statistics(aws_sdk_cloudwatch::types::Statistic::Sum).send().await.unwrap();
    let slow: f64 = sums.datapoints().iter().filter_map(aws_sdk_cloudwatch::types::Datapoint::sum).sum();
    assert!((slow - 1.0).abs() < 1e-9, "one was slow: {slow}");
    let groups = logs.describe_log_groups().send().await.unwrap();
    assert_eq!(groups.log_groups()[0].metric_filter_count(), Some(1));
    logs.delete_metric_filter().log_group_name(GROUP).filter_name("slow").send().await.unwrap();
    let gone = logs.delete_metric_filter().log_group_name(GROUP).filter_name("slow").send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
}

/// Waits until a function has been told of log events; gives the first of what it was told.
async fn first_told(record: &Path) -> Value {
    let told = async {
        loop {
            let text = std::fs::read_to_string(record).unwrap_or_default();
            if let Some(line) = text.lines().next() {
                return serde_json::from_str::<Value>(line).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let event = tokio::time::timeout(Duration::from_secs(20), told).await.unwrap();
    let data = BASE64_STANDARD.decode(event["awslogs"]["data"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    GzDecoder::new(data.as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_not_told_of_each_others_logs_in_a_circle() {
    let (cloud, logs) = with_events().await;
    cloud.iam().create_role().role_name("worker").assume_role_policy_document(TRUST).send().await.unwrap();
    let functions = aws_sdk_lambda::Client::new(&cloud.sdk());
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let record = folder.path().join(name).to_string_lossy().into_owned();
        lambda::creation(&functions, name, &[("RECORD", &record)]).send().await.unwrap();
        cloud.settle();
        let permission = functions.add_permission().function_name(name).statement_id("logs");
        permission.action("lambda:InvokeFunction").principal("logs.amazonaws.com").send().await.unwrap();
        logs.create_log_group().log_group_name(format!("/aws/lambda/{name}")).send().await.unwrap();
    }
    for (group, name) in [("/aws/lambda/a", "b"), ("/aws/lambda/b", "a"), (GROUP, "b")] {
        let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}");
        let put = logs.put_subscription_filter().log_group_name(group).filter_name("all").filter_pattern("");
        put.destination_arn(arn).send().await.unwrap();
    }
    let group = "/aws/lambda/a";
    logs.create_log_stream().log_group_name(group).log_stream_name("s").send().await.unwrap();
    let event = InputLogEvent::builder().timestamp(NOW).message("from a").build().unwrap();
    logs.put_log_events().log_group_name(group).log_stream_name("s").log_events(event).send().await.unwrap();
    put_events(&logs, &["from elsewhere"]).await;
    assert_eq!(first_told(&folder.path().join("b")).await["logGroup"], json!(GROUP));
    assert!(!folder.path().join("a").exists(), "what `b` logs is not told to `a`, whose log is told to `b`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_gets_what_it_has_subscribed_to() {
    let (cloud, logs) = with_events().await;
    cloud.iam().create_role().role_name("worker").assume_role_policy_document(TRUST).send().await.unwrap();
    let functions = aws_sdk_lambda::Client::new(&cloud.sdk());
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("events");
    let path = record.to_string_lossy().into_owned();
    lambda::creation(&functions, "f", &[("RECORD", &path)]).send().await.unwrap();
    cloud.settle();
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let subscribe = || {
        let put = logs.put_subscription_filter().log_group_name(GROUP).filter_name("errors").filter_pattern("ERROR");
        put.destination_arn(&arn)
    };
    let refused = subscribe().send().await.unwrap_err();
    assert!(refused.message().unwrap().starts_with("Could not execute the lambda function"), "{refused:?}");
    let permission = functions.add_permission().function_name("f").statement_id("logs").action("lambda:InvokeFunction");
    let source = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{GROUP}:*");
    permission.principal("logs.amazonaws.com").source_arn(source).send().await.unwrap();
    let transformed = subscribe().apply_on_transformed_logs(true).send().await.unwrap_err();
    assert_eq!(transformed.code(), Some("NotImplemented"), "no log is transformed here");
    subscribe().apply_on_transformed_logs(false).send().await.unwrap();
    put_events(&logs, &["an ERROR", "nothing", "one more ERROR"]).await;

    let told = first_told(&record).await;
    assert_eq!((&told["logGroup"], &told["logStream"], &told["owner"]), (&json!(GROUP), &json!("s"), &json!(ACCOUNT)));
    let messages: Vec<_> = told["logEvents"].as_array().unwrap().iter().map(|event| &event["message"]).collect();
    assert_eq!(messages, [&json!("an ERROR"), &json!("one more ERROR")]);

    let shown = logs.describe_subscription_filters().log_group_name(GROUP).send().await.unwrap();
    assert_eq!(shown.subscription_filters()[0].destination_arn(), Some(arn.as_str()));
    let kinesis = || subscribe().destination_arn(format!("arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"));
    assert_eq!(kinesis().send().await.unwrap_err().code(), Some("InvalidParameterException"), "without a role");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
    assert_eq!(kinesis().role_arn(role).send().await.unwrap_err().code(), Some("NotImplemented"));
    for (elsewhere, code) in [
        (arn.replace(ACCOUNT, "123456789012"), "AccessDeniedException"),
        (arn.replace("us-east-1", "eu-west-1"), "InvalidParameterException"),
    ] {
        let refused = subscribe().destination_arn(&elsewhere).send().await.unwrap_err();
        assert_eq!(refused.code(), Some(code), "{refused:?}");
    }
    logs.delete_subscription_filter().log_group_name(GROUP).filter_name("errors").send().await.unwrap();
    assert!(
        logs.describe_subscription_filters()
            .log_group_name(GROUP)
            .send()
            .await
            .unwrap()
            .subscription_filters()
            .is_empty()
    );
}

#[tokio::test]
async fn a_query_answers_and_is_remembered() {
    let (_cloud, logs) = with_events().await;
    let start = |query: &str| {
        let start = logs.start_query().log_group_name(GROUP).start_time(NOW / 1000 - 60).end_time(NOW / 1000 + 60);
        start.query_string(query)
    };
    let query = "filter ispresent(level) | stats count(*) as n, max(ms) as slowest by route | sort n desc";
    let id = start(query).send().await.unwrap().query_id.unwrap();
    let results = logs.get_query_results().query_id(&id).send().await.unwrap();
    assert_eq!(results.status().map(aws_sdk_cloudwatchlogs::types::QueryStatus::as_str), Some("Complete"));
    let cells = |row: &Vec<aws_sdk_cloudwatchlogs::types::ResultField>| -> Vec<String> {
        row.iter().map(|cell| format!("{}={}", cell.field().unwrap(), cell.value().unwrap())).collect()
    };
    assert_eq!(results.results().iter().map(cells).collect::<Vec<_>>(), [["route=/a", "n=2", "slowest=30"]]);
    let statistics = results.statistics().unwrap();
    assert_eq!((statistics.records_matched(), statistics.records_scanned()), (2.0, 4.0));
    let described = logs.describe_queries().log_group_name(GROUP).send().await.unwrap();
    // As AWS keeps it: with what was asked for beside it.
    let kept = described.queries()[0].query_string().unwrap();
    assert!(
        kept.starts_with(&format!("SOURCE \"{GROUP}\" START=")) && kept.ends_with(&format!(" | {query}")),
        "{kept}"
    );
    let stopped = logs.stop_query().query_id(&id).send().await.unwrap_err();
    assert_eq!(stopped.code(), Some("InvalidParameterException"), "it had ended: {stopped:?}");
    for (query, code) in [("nonsense", "MalformedQueryException"), ("pattern @message", "NotImplemented")] {
        assert_eq!(start(query).send().await.unwrap_err().code(), Some(code), "{query}");
    }
    let absent = start("fields a").log_group_name("none").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("ResourceNotFoundException"));
    let unknown = logs.get_query_results().query_id("none").send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("ResourceNotFoundException"));
    let nowhere = logs.describe_queries().log_group_name("none").send().await.unwrap_err();
    assert_eq!(nowhere.code(), Some("ResourceNotFoundException"));
    let running = logs.describe_queries().status("Running".into()).send().await.unwrap();
    assert!(running.queries().is_empty(), "each is done when it was started");
    let bogus = logs.describe_queries().status("Bogus".into()).send().await.unwrap_err();
    assert_eq!(bogus.code(), Some("InvalidParameterException"));
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_at_its_timeout() {
    let (_cloud, logs) = with_events().await;
    put_events(&logs, &["a".repeat(700_000).as_str()]).await;
    let query = format!("filter @message like /{}b/", "[ab]{40}".repeat(12));
    let start = logs.start_query().log_group_name(GROUP).start_time(NOW / 1000 - 60).end_time(NOW / 1000 + 60);
    let id = start.query_string(query).send().await.unwrap().query_id.unwrap();
    let results = logs.get_query_results().query_id(&id).send().await.unwrap();
    assert_eq!(results.status().map(aws_sdk_cloudwatchlogs::types::QueryStatus::as_str), Some("Timeout"));
    assert!(results.results().is_empty());
    assert!((results.statistics().unwrap().records_scanned() - 5.0).abs() < f64::EPSILON);
    for (status, count) in [("Timeout", 1), ("Complete", 0)] {
        let described = logs.describe_queries().status(status.into()).send().await.unwrap();
        assert_eq!(described.queries().len(), count, "{status}");
    }
}
