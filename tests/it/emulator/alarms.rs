//! CloudWatch: alarms on expressions and on other alarms, and dashboards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::cloud::Cloud;
use aws_sdk_cloudwatch::{
    Client, config,
    error::ProvideErrorMetadata,
    primitives::DateTime,
    types::{
        AlarmType, ComparisonOperator, HistoryItemType, Metric, MetricDataQuery, MetricDatum, MetricStat, StateValue,
        Tag,
    },
};
use std::time::Duration;

fn query(id: &str, name: &str) -> MetricDataQuery {
    let metric = Metric::builder().namespace("Own").metric_name(name).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
    MetricDataQuery::builder().id(id).metric_stat(stat).return_data(false).build()
}

/// Puts three errors of four calls, half a minute ago.
async fn put(cloud: &Cloud, client: &Client) {
    let at = DateTime::from_secs(cloud.clock.now().unix_timestamp() - 30);
    for (name, value) in [("errors", 3.0), ("calls", 4.0)] {
        let datum = MetricDatum::builder().metric_name(name).timestamp(at).value(value).build();
        client.put_metric_data().namespace("Own").metric_data(datum).send().await.unwrap();
    }
}

async fn becomes(client: &Client, name: &str, wanted: StateValue) {
    let state = async || {
        let all = client.describe_alarms().alarm_names(name);
        let all = all.alarm_types(AlarmType::CompositeAlarm).alarm_types(AlarmType::MetricAlarm).send().await.unwrap();
        let of_metrics = all.metric_alarms().iter().map(|alarm| alarm.state_value().unwrap().clone());
        let composite = all.composite_alarms().iter().map(|alarm| alarm.state_value().unwrap().clone());
        of_metrics.chain(composite).next().unwrap()
    };
    for _ in 0..4000 {
        if state().await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{name} is never {wanted:?}, but {:?}", state().await);
}

#[tokio::test]
async fn an_alarm_watches_what_an_expression_makes_of_metrics_and_another_alarm_watches_it() {
    let cloud = Cloud::start().await;
    let client = Client::new(&cloud.sdk());
    put(&cloud, &client).await;
    let expression = |text: &str| MetricDataQuery::builder().id("e1").expression(text).build();
    let alarm = |expression: MetricDataQuery| {
        let call = client.put_metric_alarm().alarm_name("rate").evaluation_periods(1).threshold(70.0);
        let call = call.comparison_operator(ComparisonOperator::GreaterThanThreshold).metrics(expression);
        call.metrics(query("m1", "errors")).metrics(query("m2", "calls"))
    };
    let both = expression("100 * m1 / m2");
    let refused = alarm(both.clone()).metrics(MetricDataQuery::builder().id("e2").expression("m1").build());
    let refused = refused.send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Exactly one element of the metrics list should return data."));
    let refused = alarm(expression("SUM(m1)")).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationError"));
    let refused = alarm(expression("ANOMALY_DETECTION_BAND(m1)")).send().await.unwrap_err();
    assert!(refused.message().unwrap().contains("ANOMALY_DETECTION_BAND"), "{refused:?}");
    alarm(both).send().await.unwrap();

    let composite = |rule: &str| client.put_composite_alarm().alarm_name("any").alarm_rule(rule);
    let refused = composite("ALARM(rate) OR ALARM(gone)").send().await.unwrap_err();
    let message = "Could not save the composite alarm as alarms [gone] in the alarm rule do not exist";
    assert_eq!(refused.message(), Some(message));
    let told = "arn:aws:sns:us-east-1:000000000000:told";
    composite("NOT OK(rate) AND ALARM(\"rate\")").alarm_actions(told).send().await.unwrap();
    becomes(&client, "rate", StateValue::Alarm).await;
    becomes(&client, "any", StateValue::Alarm).await;
    let shown = client.describe_alarms().parents_of_alarm_name("rate").send().await.unwrap();
    assert_eq!(shown.composite_alarms()[0].alarm_name(), Some("any"));
    let actions = async || {
        let history = client.describe_alarm_history().alarm_name("any").alarm_types(AlarmType::CompositeAlarm);
        let history = history.history_item_type(HistoryItemType::Action).send().await.unwrap();
        history.alarm_history_items().first().map(|item| item.history_summary().unwrap().to_owned())
    };
    // There is no topic that could be told, and the history says so.
    while actions().await.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(actions().await, Some(format!("Failed to execute action {told}")));

    let refused = client.delete_alarms().alarm_names("rate").send().await.unwrap_err();
    let message = "Cannot delete rate as there are composite alarm(s) depending on it.";
    assert_eq!(refused.message(), Some(message));
    let set = client.set_alarm_state().alarm_name("rate").state_value(StateValue::Ok).state_reason("by hand");
    set.send().await.unwrap();
    let shown = client.describe_alarms().alarm_types(AlarmType::CompositeAlarm).send().await.unwrap();
    let shown = &shown.composite_alarms()[0];
    assert_eq!(shown.state_value(), Some(&StateValue::Ok), "at once");
    assert!(shown.state_reason().unwrap().contains("alarm:rate transitioned to OK at "), "{shown:?}");
    client.delete_alarms().alarm_names("rate").alarm_names("any").send().await.unwrap();
}

#[tokio::test]
async fn data_may_be_what_expressions_make_of_metrics() {
    let cloud = Cloud::start().await;
    let client = Client::new(&cloud.sdk());
    put(&cloud, &client).await;
    let now = cloud.clock.now().unix_timestamp();
    let each = MetricDataQuery::builder().id("e1").expression("METRICS() * 2").build();
    let rate = MetricDataQuery::builder().id("e2").expression("100 * m1 / m2").label("rate").build();
    let call = client.get_metric_data().metric_data_queries(each).metric_data_queries(rate);
    let call = call.metric_data_queries(query("m1", "errors")).metric_data_queries(query("m2", "calls"));
    let call = call.start_time(DateTime::from_secs(now - 600)).end_time(DateTime::from_secs(now + 60));
    let answer = call.send().await.unwrap();
    let shown = answer
        .metric_data_results()
        .iter()
        .map(|result| (result.id().unwrap(), result.label().unwrap(), result.values()));
    let expected = [("e1", "errors", &[6.0][..]), ("e1", "calls", &[8.0]), ("e2", "rate", &[75.0])];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_dashboard_is_that_of_every_region_and_what_is_none_is_refused() {
    let cloud = Cloud::start().await;
    let client = Client::new(&cloud.sdk());
    let body = r#"{"widgets":[{"type":"text","properties":{"markdown":"own"}}]}"#;
    let put = |name: &str, body: &str| client.put_dashboard().dashboard_name(name).dashboard_body(body);
    let tag = Tag::builder().key("a").value("b").build();
    put("d", body).tags(tag.clone()).send().await.unwrap();
    let elsewhere = config::Builder::from(&cloud.sdk()).region(config::Region::new("eu-west-1")).build();
    let got = Client::from_conf(elsewhere).get_dashboard().dashboard_name("d").send().await.unwrap();
    let arn = "arn:aws:cloudwatch::000000000000:dashboard/d";
    assert_eq!((got.dashboard_body(), got.dashboard_arn()), (Some(body), Some(arn)));
    let tags = client.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);

    let refused = put("a b", body).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    let refused = put("d", r#"{"widgets":[{"type":"text","properties":{}}]}"#).send().await.unwrap_err();
    assert!(refused.as_service_error().unwrap().is_dashboard_invalid_input_error(), "{refused:?}");
    assert!(refused.message().unwrap().contains("Should have required property 'markdown'"), "{refused:?}");
    let refused = client.delete_dashboards().dashboard_names("d").dashboard_names("gone").send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Dashboard gone does not exist"));
    let refused = client.get_dashboard().dashboard_name("gone").send().await.unwrap_err();
    assert!(refused.as_service_error().unwrap().is_dashboard_not_found_error(), "{refused:?}");
    put("e", body).send().await.unwrap();
    let refused = client.delete_dashboards().dashboard_names("lost").dashboard_names("e").send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Dashboard lost does not exist"), "and the other goes");
    assert!(client.list_dashboards().send().await.unwrap().dashboard_entries().is_empty());
    put("d", body).send().await.unwrap();
    client.delete_dashboards().dashboard_names("d").send().await.unwrap();
    assert!(client.list_dashboards().send().await.unwrap().dashboard_entries().is_empty());
}
