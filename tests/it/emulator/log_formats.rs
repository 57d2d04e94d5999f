//! How a function's log is written: in a group of its own choice, as text or as records, and how much of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{create, create_from, document, invoke},
    local::Local,
};
use crate::support::interpreters::here;
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{ApplicationLogLevel, LogFormat, LogType, LoggingConfig, SystemLogLevel},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{sleep, timeout};

async fn configure(local: &Local, client: &Client, logging: LoggingConfig) {
    client.update_function_configuration().function_name("f").logging_config(logging).send().await.unwrap();
    local.settle();
}

/// Invokes `f` and gives the lines of its log.
async fn tail(client: &Client, event: &str) -> Vec<String> {
    let call = client.invoke().function_name("f").payload(Blob::new(event)).log_type(LogType::Tail);
    let output = call.send().await.unwrap();
    let log = String::from_utf8(BASE64_STANDARD.decode(output.log_result().unwrap_or_default()).unwrap()).unwrap();
    log.lines().map(str::to_owned).collect()
}

fn records(lines: &[String]) -> Vec<Value> {
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn kinds(lines: &[String]) -> Vec<String> {
    records(lines).iter().filter_map(|record| record["type"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_about_a_function_are_json_in_the_group_that_it_names() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let json = LoggingConfig::builder().log_format(LogFormat::Json).log_group("/mine").build();
    configure(&local, &client, json).await;
    let shown = client.get_function_configuration().function_name("f").send().await.unwrap();
    let shown = shown.logging_config().unwrap();
    assert_eq!((shown.log_group(), shown.system_log_level()), (Some("/mine"), Some(&SystemLogLevel::Info)));
    let lines = tail(&client, r#"{"do":"print"}"#).await;
    assert_eq!(kinds(&lines), ["platform.start", "platform.report"]);
    assert!(lines.iter().any(|line| line == "a line on stdout"), "{lines:?}");
    let records = records(&lines);
    assert_eq!(records[0]["record"]["version"], "$LATEST");
    let report = &records.last().unwrap()["record"];
    assert_eq!((&report["status"], &report["requestId"]), (&json!("success"), &records[0]["record"]["requestId"]));
    assert!(report["metrics"]["initDurationMs"].as_f64().unwrap() > 0.0, "{report}");
    let failed = tail(&client, r#"{"do":"error"}"#).await;
    let failed = &self::records(&failed).pop().unwrap()["record"];
    assert_eq!((&failed["status"], &failed["errorType"]), (&json!("error"), &json!("Own")));
    let environment = document(&invoke(&client, "f", r#"{"do":"environment"}"#).await);
    for (name, value) in
        [("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "INFO"), ("AWS_LAMBDA_LOG_GROUP_NAME", "/mine")]
    {
        assert_eq!(environment[name], value);
    }
    let logs = aws_sdk_cloudwatchlogs::Client::new(&local.sdk);
    let written = async {
        loop {
            let found =
                logs.filter_log_events().log_group_name("/mine").filter_pattern("\"platform.report\"").send().await;
            if found.is_ok_and(|found| found.events().len() >= 3) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_mins(1), written).await.expect("no records in the group");
    assert!(logs.describe_log_streams().log_group_name("/aws/lambda/f").send().await.is_err());
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_say_how_a_process_failed() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let crashed = tail(&client, r#"{"do":"crash"}"#).await;
    let report = crashed.last().unwrap();
    assert!(report.ends_with("\tStatus: error\tError Type: Runtime.ExitError"), "{crashed:?}");
    let told = tail(&client, r#"{"do":"error"}"#).await;
    assert!(!told.last().unwrap().contains("Status: "), "{told:?}");
    client.delete_function().function_name("f").send().await.unwrap();
    create(&local, "f", &[("INIT", "error")]).await;
    let broken = tail(&client, "{}").await;
    let ended = "\tStatus: error\tError Type: Init.Broken";
    assert!(broken.last().unwrap().ends_with(ended), "{broken:?}");
    local.says("INIT_REPORT Init Duration: ").await;
    local.says(&format!("\tPhase: init{ended}")).await;
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_decide_what_is_written() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let json = || LoggingConfig::builder().log_format(LogFormat::Json);
    configure(&local, &client, json().system_log_level(SystemLogLevel::Warn).build()).await;
    assert!(kinds(&tail(&client, "{}").await).is_empty());
    assert_eq!(kinds(&tail(&client, r#"{"do":"error"}"#).await), ["platform.runtimeDone", "platform.report"]);
    configure(&local, &client, json().system_log_level(SystemLogLevel::Debug).build()).await;
    assert_eq!(kinds(&tail(&client, "{}").await), ["platform.start", "platform.runtimeDone", "platform.report"]);
    let level = LoggingConfig::builder().log_format(LogFormat::Text).application_log_level(ApplicationLogLevel::Debug);
    let refused = client.update_function_configuration().function_name("f").logging_config(level.build()).send().await;
    assert!(
        refused
            .unwrap_err()
            .message()
            .unwrap()
            .starts_with("LogLevel is not supported when LogFormat is set to \"Text\".")
    );
    configure(&local, &client, LoggingConfig::builder().log_format(LogFormat::Text).build()).await;
    assert!(tail(&client, "{}").await[0].starts_with("START RequestId: "));
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_python_and_node_log_is_json_of_the_level_that_is_set() {
    const PYTHON: &str =
        "import logging\n\ndef handler(event, context):\n    logging.info('low')\n    logging.warning('high')\n";
    const NODE: &str = "exports.handler = async () => { console.info('low'); console.warn('high'); };";
    let functions = [("python", "app.handler", "app.py", PYTHON), ("node", "index.handler", "index.js", NODE)];
    for (language, handler, file, program) in functions {
        let Some(runtime) = here(language).await.pop() else { continue };
        let local = Local::start().await;
        let client = create_from(&local, "f", runtime, handler, &[(file, program)]).await;
        let warn =
            LoggingConfig::builder().log_format(LogFormat::Json).application_log_level(ApplicationLogLevel::Warn);
        configure(&local, &client, warn.build()).await;
        let own = records(&tail(&client, "{}").await);
        let own: Vec<_> =
            own.iter().filter(|record| record["type"].is_null() && record["message"] != Value::Null).collect();
        let own: Vec<_> =
            own.iter().filter(|record| !record["message"].as_str().unwrap().starts_with("atelier")).collect();
        let [one] = own.as_slice() else { panic!("{language}: {own:?}") };
        assert_eq!(one["message"], "high", "{language}");
        assert!(one["level"].as_str().unwrap().starts_with("WARN"), "{language}: {one}");
        assert_eq!(one["requestId"].as_str().unwrap().len(), 36, "{language}");
        local.stop().await;
    }
}
