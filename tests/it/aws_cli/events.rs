//! Rules, metrics and alarms as the AWS CLI drives them.

use super::Cli;
use crate::support::eventually;
use serde_json::{Value, json};
use std::time::Duration;

const NAME: &str = "infrastructure-handler";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:infrastructure-handler";

#[test]
fn rules_are_put_aimed_listed_and_removed() {
    let cli = Cli::start();
    let rule = cli.ok(&["events", "put-rule", "--name", "nightly", "--schedule-expression", "cron(0 3 * * ? *)"]);
    let arn = rule["RuleArn"].as_str().expect("an ARN").to_owned();
    assert!(arn.ends_with(":rule/nightly"), "{arn}");
    let target = json!([{ "Id": "1", "Arn": FUNCTION, "Input": "{\"action\":\"stop\"}" }]).to_string();
    let put = cli.ok(&["events", "put-targets", "--rule", "nightly", "--targets", &target]);
    assert_eq!(put["FailedEntryCount"], 0);
    let listed = cli.ok(&["events", "list-targets-by-rule", "--rule", "nightly"]);
    assert_eq!(listed["Targets"][0]["Arn"], FUNCTION);
    let names = cli.ok(&["events", "list-rule-names-by-target", "--target-arn", FUNCTION]);
    assert_eq!(names["RuleNames"], json!(["nightly"]));
    cli.ok(&["events", "disable-rule", "--name", "nightly"]);
    assert_eq!(cli.ok(&["events", "describe-rule", "--name", "nightly"])["State"], "DISABLED");
    cli.ok(&["events", "enable-rule", "--name", "nightly"]);
    cli.ok(&["events", "tag-resource", "--resource-arn", &arn, "--tags", "Key=a,Value=b"]);
    let tags = cli.ok(&["events", "list-tags-for-resource", "--resource-arn", &arn]);
    assert_eq!(tags["Tags"], json!([{ "Key": "a", "Value": "b" }]));
    let bad = cli.refused(&["events", "put-rule", "--name", "bad", "--schedule-expression", "rate(1 minutes)"]);
    assert_eq!(bad, "ValidationException");
    assert_eq!(cli.refused(&["events", "delete-rule", "--name", "nightly"]), "ValidationException");
    cli.ok(&["events", "remove-targets", "--rule", "nightly", "--ids", "1"]);
    cli.ok(&["events", "delete-rule", "--name", "nightly"]);
    assert_eq!(cli.ok(&["events", "list-rules"])["Rules"], json!([]));
    let pattern = r#"{"source":[{"prefix":"shop."}]}"#;
    let event = json!({
        "id": "1", "detail-type": "T", "source": "shop.web", "account": "000000000000", "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1", "resources": [], "detail": {},
    });
    let tested = ["events", "test-event-pattern", "--event-pattern", pattern, "--event", &event.to_string()];
    assert_eq!(cli.ok(&tested)["Result"], true);
    let entries = json!([{ "Source": "shop.web", "DetailType": "T", "Detail": "{}" }]).to_string();
    let put = cli.ok(&["events", "put-events", "--entries", &entries]);
    assert_eq!((&put["FailedEntryCount"], put["Entries"][0]["EventId"].is_string()), (&json!(0), true));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from a metric to the function that its alarm runs")]
fn metrics_are_put_and_got_and_an_alarm_goes_off_and_runs_a_function() {
    let cli = Cli::start();
    cli.deploy();
    cli.ok(&[
        "lambda",
        "add-permission",
        "--function-name",
        NAME,
        "--statement-id",
        "alarms",
        "--action",
        "lambda:InvokeFunction",
        "--principal",
        "lambda.alarms.cloudwatch.amazonaws.com",
    ]);
    let invocations = || -> f64 {
        let got = cli.ok(&[
            "cloudwatch",
            "get-metric-statistics",
            "--namespace",
            "AWS/Lambda",
            "--metric-name",
            "Invocations",
            "--dimensions",
            &format!("Name=FunctionName,Value={NAME}"),
            "--period",
            "86400",
            "--statistics",
            "Sum",
            "--start-time",
            "2026-01-01T00:00:00Z",
            "--end-time",
            "2029-01-01T00:00:00Z",
        ]);
        let points = got["Datapoints"].as_array().expect("data points");
        points.iter().filter_map(|point| point["Sum"].as_f64()).sum()
    };
    let before = invocations();

    let dimensions = ["--dimensions", "Name=Shop,Value=a"];
    let alarm = [
        "cloudwatch",
        "put-metric-alarm",
        "--alarm-name",
        "many",
        "--namespace",
        "Own",
        "--metric-name",
        "orders",
        "--statistic",
        "Sum",
        "--period",
        "60",
        "--evaluation-periods",
        "1",
        "--threshold",
        "10",
        "--comparison-operator",
        "GreaterThanThreshold",
        "--treat-missing-data",
        "notBreaching",
        "--alarm-actions",
        FUNCTION,
    ];
    cli.ok(&[&alarm[..], &dimensions].concat());
    let state = || -> Value {
        let shown = cli.ok(&["cloudwatch", "describe-alarms", "--alarm-names", "many"]);
        shown["MetricAlarms"][0]["StateValue"].clone()
    };
    assert!(eventually(Duration::from_secs(30), || state() == "OK"), "{}", state());
    // Of a minute that is over, so that nobody has to wait for the end of this one; and of this one, which may be over before
    // anybody has looked.
    let this_minute = time::OffsetDateTime::now_utc().unix_timestamp() / 60 * 60;
    let data = [this_minute - 30, this_minute].map(|at| {
        json!({
            "MetricName": "orders", "Value": 11, "Timestamp": at, "Dimensions": [{ "Name": "Shop", "Value": "a" }],
        })
    });
    let data = json!(data);
    cli.ok(&["cloudwatch", "put-metric-data", "--namespace", "Own", "--metric-data", &data.to_string()]);
    let listed = cli.ok(&["cloudwatch", "list-metrics", "--namespace", "Own"]);
    assert_eq!(listed["Metrics"][0]["Dimensions"], json!([{ "Name": "Shop", "Value": "a" }]));
    let (start, end) = ("2026-01-01T00:00:00Z", "2126-01-01T00:00:00Z");
    let query = json!([{ "Id": "q", "MetricStat": {
        "Metric": { "Namespace": "Own", "MetricName": "orders", "Dimensions": [{ "Name": "Shop", "Value": "a" }] },
        "Period": 60, "Stat": "Sum",
    } }])
    .to_string();
    let got = cli.ok(&[
        "cloudwatch",
        "get-metric-data",
        "--start-time",
        start,
        "--end-time",
        end,
        "--metric-data-queries",
        &query,
    ]);
    assert_eq!(got["MetricDataResults"][0]["Values"], json!([11.0, 11.0]));
    assert!(eventually(Duration::from_secs(90), || state() == "ALARM"), "{}", state());
    assert!(eventually(Duration::from_secs(30), || invocations() > before), "the function is not invoked");
    let history =
        cli.ok(&["cloudwatch", "describe-alarm-history", "--alarm-name", "many", "--history-item-type", "Action"]);
    let summary = history["AlarmHistoryItems"][0]["HistorySummary"].as_str().expect("a summary");
    assert!(summary.starts_with("Successfully executed action"), "{summary}");
    assert_eq!(
        cli.refused(&[
            "cloudwatch",
            "set-alarm-state",
            "--alarm-name",
            "no",
            "--state-value",
            "OK",
            "--state-reason",
            "r"
        ]),
        "ResourceNotFound"
    );
    cli.ok(&["cloudwatch", "delete-alarms", "--alarm-names", "many"]);
}
