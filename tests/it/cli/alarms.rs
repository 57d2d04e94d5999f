//! `[alarm]` in `atelier.toml`: parts of the stack like the others.

use crate::support::Project;
use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{Dimension, StateValue, Statistic},
};
use serde_json::{Value, json};

fn alarms(answer: &Value) -> Vec<(String, String)> {
    let parts = answer["data"]["parts"].as_array().unwrap().iter();
    let alarms = parts.filter(|part| part["part"] == "alarm");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    alarms.map(|part| (text(&part["id"]), text(&part["outcome"]))).collect()
}

/// The sum of a metric of API Gateway since an hour ago.
async fn sum(client: &Client, name: &str, dimensions: &[(&str, &str)]) -> f64 {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let dimensions = dimensions.iter().map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
    let call = client.get_metric_statistics().namespace("AWS/ApiGateway").metric_name(name).period(3600);
    let call = call.set_dimensions(Some(dimensions.collect())).statistics(Statistic::Sum);
    let call = call.start_time(DateTime::from_secs(now - 3600)).end_time(DateTime::from_secs(now + 60));
    call.send().await.unwrap().datapoints().iter().filter_map(aws_sdk_cloudwatch::types::Datapoint::sum).sum()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, outcome)| ((*id).to_owned(), (*outcome).to_owned())).collect()
}

/// What a plan says of each alarm.
fn planned(project: &Project) -> Vec<(String, String)> {
    let plan = project.run(&["plan", "--json"]).json();
    let parts = plan["data"]["parts"].as_array().unwrap().iter();
    let name = |part: &Value| part["id"].as_str().or(part["name"].as_str()).unwrap().to_owned();
    let alarms = parts.filter(|part| part["part"] == "alarm");
    alarms.map(|part| (name(part), part["change"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_become_alarms_which_follow_the_file_are_shown_and_go_with_the_stack() {
    let project = Project::new().up();
    let (errors, p95) = ("infrastructure-handler-errors", "infrastructure-handler-p95");
    let deploy = || project.run(&["deploy", "--json"]).json();
    assert_eq!(alarms(&deploy()), []);

    project.write("atelier.toml", "[alarm]\nerrors_per_minute = 5\np95 = '800ms'\n");
    assert_eq!(planned(&project), pairs(&[(errors, "create"), (p95, "create")]));
    assert_eq!(alarms(&deploy()), pairs(&[(errors, "created"), (p95, "created")]));
    assert_eq!(alarms(&deploy()), pairs(&[(errors, "unchanged"), (p95, "unchanged")]));
    let client = Client::new(&project.sdk(project.port()));
    let made = client.describe_alarms().send().await.unwrap();
    let made: Vec<_> =
        made.metric_alarms().iter().map(|alarm| (alarm.metric_name().unwrap(), alarm.threshold().unwrap())).collect();
    assert_eq!(made, [("Errors", 5.0), ("Duration", 800.0)]);

    // The API's own metrics, under the names that AWS has for them.
    assert_eq!(project.run(&["call", "status"]).code, Some(0));
    for dimensions in [&[("ApiName", "atelier")][..], &[("ApiName", "atelier"), ("Stage", "dev")]] {
        assert!(sum(&client, "Count", dimensions).await >= 1.0, "{dimensions:?}");
        assert!(sum(&client, "Latency", dimensions).await >= sum(&client, "IntegrationLatency", dimensions).await);
    }
    assert!(sum(&client, "5XXError", &[("ApiName", "atelier")]).await < 1.0);

    // Whoever has looked at the state by hand sees the same in `status`.
    let set = client.set_alarm_state().alarm_name(errors).state_value(StateValue::Alarm).state_reason("of a test");
    set.send().await.unwrap();
    let status = project.run(&["status", "--json"]).json();
    let shown = status["data"]["parts"].as_array().unwrap().iter().find(|part| part["id"] == errors).unwrap();
    assert_eq!(shown["finished"], true);
    assert!(["ALARM", "OK"].contains(&shown["state"].as_str().unwrap()), "{shown}");
    assert!(project.run(&["status"]).stdout.contains(errors));

    project.write("atelier.toml", "[alarm]\nerrors_per_minute = 7\nthrottles = 1\n");
    let throttled = "infrastructure-handler-throttles";
    assert_eq!(planned(&project), pairs(&[(errors, "update"), (p95, "remove"), (throttled, "create")]));
    let plan = project.run(&["plan"]).stdout;
    assert!(plan.contains("\n+ ") && plan.contains(throttled) && plan.contains("\n- "), "{plan}");
    assert!(plan.contains("1 to create, 1 to update"), "{plan}");
    project.write("atelier.toml", "[alarm]\nerrors_per_minute = 7\n");
    assert_eq!(alarms(&deploy()), pairs(&[(errors, "updated"), (p95, "removed")]));
    let left = client.describe_alarms().send().await.unwrap();
    assert_eq!((left.metric_alarms().len(), left.metric_alarms()[0].threshold()), (1, Some(7.0)));
    assert_eq!(project.run(&["plan", "--json"]).json()["data"]["changes"], json!(false));
    // The last of them goes, and no other is made.
    project.write("atelier.toml", "");
    assert_eq!(planned(&project), pairs(&[(errors, "remove")]));
    assert_eq!(alarms(&deploy()), pairs(&[(errors, "removed")]));
    assert!(client.describe_alarms().send().await.unwrap().metric_alarms().is_empty());
    project.write("atelier.toml", "[alarm]\nthrottles = 1\n");
    let throttles = "infrastructure-handler-throttles";
    assert_eq!(alarms(&deploy()), pairs(&[(throttles, "created")]));
    let cleaned = project.run(&["clean", "--yes", "--json"]).json();
    assert_eq!(cleaned["data"]["removed"][0], json!({ "part": "alarm", "id": throttles }));
    assert!(client.describe_alarms().send().await.unwrap().metric_alarms().is_empty());
}

#[test]
fn limits_that_are_none_are_refused_before_anything_is_asked() {
    let project = Project::new();
    for (file, code) in [
        ("[alarm]\nerrors_per_minute = 0\n", "bad_setting"),
        ("[alarm]\np95 = 'soon'\n", "bad_setting"),
        ("[alarm]\nerrors = 3\n", "unknown_setting"),
    ] {
        project.write("atelier.toml", file);
        let output = project.run(&["deploy", "--json"]);
        assert_eq!((output.code, output.json()["error"]["code"].as_str()), (Some(2), Some(code)), "{file}");
    }
}
