//! CloudWatch: metrics of clients, of functions and APIs and from log lines, and alarms that go off.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::{Cloud, config},
    lambda::creation,
    local::Local,
};
use crate::support::eventually;
use atelier::{
    clock::Clock,
    edge::{AwsCall, Upstream, keyring::Keyring},
    emulator::Emulator,
    http1::{Request, Response},
};
use aws_sdk_cloudwatch::{
    Client,
    error::ProvideErrorMetadata,
    primitives::DateTime,
    types::{
        ComparisonOperator, Dimension, HistoryItemType, Metric, MetricDataQuery, MetricDatum, MetricStat, ScanBy,
        StandardUnit, StateValue, Statistic, StatisticSet, Tag,
    },
};
use aws_sdk_lambda::{Client as Lambda, primitives::Blob};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_mins(1);

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

fn at(clock: &Clock, seconds_ago: i64) -> DateTime {
    DateTime::from_secs(clock.now().unix_timestamp() - seconds_ago)
}

/// Puts one value of the metric `m`, so many seconds ago.
async fn put(client: &Client, clock: &Clock, seconds_ago: i64, value: f64) {
    let datum = MetricDatum::builder().metric_name("m").timestamp(at(clock, seconds_ago)).value(value).build();
    client.put_metric_data().namespace("Own").metric_data(datum).send().await.unwrap();
}

#[tokio::test]
async fn data_comes_back_by_period_and_statistic() {
    let cloud = Cloud::start().await;
    let client = Client::new(&cloud.sdk());
    let datum = || {
        let datum = MetricDatum::builder().metric_name("latency").dimensions(dimension("Api", "a"));
        datum.timestamp(at(&cloud.clock, 90)).unit(StandardUnit::Milliseconds)
    };
    let values = datum().set_values(Some(vec![10.0, 20.0, 30.0])).set_counts(Some(vec![1.0, 8.0, 1.0])).build();
    let set = StatisticSet::builder().sample_count(2.0).sum(80.0).minimum(40.0).maximum(40.0).build();
    let call = client.put_metric_data().namespace("Own").metric_data(values);
    call.metric_data(datum().timestamp(at(&cloud.clock, 30)).statistic_values(set).build()).send().await.unwrap();

    let statistics = client.get_metric_statistics().namespace("Own").metric_name("latency");
    let statistics = statistics.dimensions(dimension("Api", "a")).period(300).start_time(at(&cloud.clock, 600));
    let statistics = statistics.end_time(at(&cloud.clock, -60)).statistics(Statistic::Average);
    let statistics = statistics.statistics(Statistic::SampleCount).statistics(Statistic::Maximum);
    let answer = statistics.extended_statistics("p50").extended_statistics("p99").send().await.unwrap();
    assert_eq!((answer.label(), answer.datapoints().len()), (Some("latency"), 1));
    let point = &answer.datapoints()[0];
    assert_eq!((point.sample_count(), point.maximum(), point.average()), (Some(12.0), Some(40.0), Some(280.0 / 12.0)));
    assert_eq!(point.unit(), Some(&StandardUnit::Milliseconds));
    assert_eq!(point.extended_statistics().unwrap()["p50"].to_string(), "20");
    assert_eq!(point.extended_statistics().unwrap()["p99"].to_string(), "40");

    let metric = Metric::builder().namespace("Own").metric_name("latency").dimensions(dimension("Api", "a")).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
    let query = MetricDataQuery::builder().id("q1").metric_stat(stat).build();
    let data = || {
        let call = client.get_metric_data().metric_data_queries(query.clone());
        call.start_time(at(&cloud.clock, 600)).end_time(at(&cloud.clock, 0))
    };
    let newest_first = data().send().await.unwrap();
    let result = &newest_first.metric_data_results()[0];
    assert_eq!((result.id(), result.values()), (Some("q1"), &[80.0, 200.0][..]));
    assert_eq!(result.timestamps()[0].secs() - result.timestamps()[1].secs(), 60);
    let oldest_first = data().scan_by(ScanBy::TimestampAscending).send().await.unwrap();
    assert_eq!(oldest_first.metric_data_results()[0].values(), [200.0, 80.0]);

    let listed = client.list_metrics().namespace("Own").send().await.unwrap();
    assert_eq!(listed.metrics()[0].dimensions(), [dimension("Api", "a")]);
    assert!(client.list_metrics().metric_name("other").send().await.unwrap().metrics().is_empty());
}

#[tokio::test]
async fn what_aws_refuses_is_refused_with_its_codes() {
    let cloud = Cloud::start().await;
    let client = Client::new(&cloud.sdk());
    let datum = || MetricDatum::builder().metric_name("m");
    let put = |datum: MetricDatum| client.put_metric_data().namespace("Own").metric_data(datum).send();
    assert_eq!(put(datum().build()).await.unwrap_err().code(), Some("InvalidParameterCombination"));
    let refused = put(datum().value(1.0).values(1.0).build()).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterCombination"));
    let message = "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you \
                   have specified both.";
    assert_eq!(refused.message(), Some(message));
    for (number, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
        let refused = put(datum().value(number).build()).await.unwrap_err();
        let message = format!("The value {shown} for parameter MetricData.member.1.Value is invalid.");
        assert_eq!((refused.code(), refused.message()), (Some("InvalidParameterValue"), Some(message.as_str())));
    }
    for (name, value) in [(":a", "b"), (" ", "b"), ("a", " ")] {
        let refused = put(datum().value(1.0).dimensions(dimension(name, value)).build()).await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidParameterValue"), "{name}={value}");
        assert!(refused.message().unwrap().contains("MetricData.member.1.Dimensions.member.1."), "{refused:?}");
    }
    for bad in [
        datum().value(1.0).storage_resolution(5).build(),
        datum().value(1.0).timestamp(at(&cloud.clock, 15 * 86_400)).build(),
        datum().values(1.0).counts(1.0).counts(2.0).build(),
    ] {
        let refused = put(bad.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidParameterValue"), "{bad:?}: {refused:?}");
    }
    let own = client.put_metric_data().namespace("AWS/Lambda").metric_data(datum().value(1.0).build());
    assert!(own.send().await.unwrap_err().message().unwrap().contains("AWS/"));
    let expression = MetricDataQuery::builder().id("e1").expression("m1 * 2").build();
    let math = client.get_metric_data().metric_data_queries(expression);
    let refused = math.start_time(at(&cloud.clock, 60)).end_time(at(&cloud.clock, 0)).send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Error in expression 'e1': There is no query m1"));
    let refused = client.set_alarm_state().alarm_name("absent").state_value(StateValue::Ok).state_reason("r");
    let refused = refused.send().await.unwrap_err();
    assert_eq!((refused.code(), refused.raw_response().unwrap().status().as_u16()), (Some("ResourceNotFound"), 404));
    assert!(refused.as_service_error().unwrap().is_resource_not_found());
    let bogus = client.set_alarm_state().alarm_name("absent").state_value("BOGUS".into()).state_reason("r");
    let refused = bogus.send().await.unwrap_err();
    let states = "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]";
    assert!(refused.message().unwrap().ends_with(states), "{refused:?}");
}

#[tokio::test]
async fn an_alarm_follows_its_metric_and_survives_a_restart() {
    let cloud = Cloud::start().await;
    let client = Client::new(&cloud.sdk());
    let alarm = client.put_metric_alarm().alarm_name("high").namespace("Own").metric_name("m").period(60);
    let alarm =
        alarm.evaluation_periods(1).threshold(5.0).comparison_operator(ComparisonOperator::GreaterThanThreshold);
    let tag = Tag::builder().key("a").value("b").build();
    alarm.statistic(Statistic::Sum).treat_missing_data("notBreaching").tags(tag.clone()).send().await.unwrap();
    let state = |client: Client| async move {
        let answer = client.describe_alarms().alarm_names("high").send().await.unwrap();
        answer.metric_alarms()[0].state_value().unwrap().clone()
    };
    let becomes = async |client: &Client, wanted: StateValue| {
        for _ in 0..4000 {
            if state(client.clone()).await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it is never {wanted:?}, but {:?}", state(client.clone()).await);
    };
    becomes(&client, StateValue::Ok).await;
    // What is put of a minute that is over is seen at once; what is put of now, when the minute is over.
    put(&client, &cloud.clock, 30, 4.0).await;
    put(&client, &cloud.clock, 31, 2.0).await;
    becomes(&client, StateValue::Alarm).await;
    let shown = client.describe_alarms().state_value(StateValue::Alarm).send().await.unwrap();
    let shown = &shown.metric_alarms()[0];
    assert!(shown.state_reason().unwrap().contains("was greater than the threshold (5.0)"), "{shown:?}");
    let arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:high";
    assert_eq!((shown.alarm_arn(), shown.period(), shown.threshold()), (Some(arn), Some(60), Some(5.0)));
    let tags = client.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);
    for elsewhere in [arn.replace("000000000000", "123456789012"), arn.replace("us-east-1", "eu-west-1")] {
        let refused = client.list_tags_for_resource().resource_arn(&elsewhere).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("ResourceNotFoundException"), "{elsewhere}");
    }

    let cloud = cloud.restart().await;
    let client = Client::new(&cloud.sdk());
    let history = client.describe_alarm_history().alarm_name("high").history_item_type(HistoryItemType::StateUpdate);
    let history = history.send().await.unwrap();
    let summaries: Vec<_> = history.alarm_history_items().iter().map(|item| item.history_summary().unwrap()).collect();
    assert_eq!(
        summaries[summaries.len() - 2..],
        ["Alarm updated from OK to ALARM", "Alarm updated from INSUFFICIENT_DATA to OK"]
    );
    // Without data it is well again, as it was told.
    cloud.clock.advance(MINUTE * 3);
    becomes(&client, StateValue::Ok).await;
    client.delete_alarms().alarm_names("high").send().await.unwrap();
    assert!(client.describe_alarms().send().await.unwrap().metric_alarms().is_empty());
}

/// An emulator with the function `f`, which writes down its events.
struct Stage {
    local: Local,
    client: Client,
    lambda: Lambda,
}

impl Stage {
    async fn start() -> Self {
        let local = Local::start().await;
        let lambda = Lambda::new(&local.sdk);
        let record = local.folder().join("record");
        creation(&lambda, "f", &[("RECORD", record.to_str().unwrap())]).send().await.unwrap();
        local.settle();
        Self { client: Client::new(&local.sdk), lambda, local }
    }

    /// The events that the function has had from an alarm.
    fn told(&self) -> Vec<Value> {
        let written = std::fs::read_to_string(self.local.folder().join("record")).unwrap_or_default();
        let events = written.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event["source"] == "aws.cloudwatch").collect()
    }

    async fn invoke(&self, event: &str) {
        self.lambda.invoke().function_name("f").payload(Blob::new(event)).send().await.unwrap();
    }

    /// The sum of a metric within the last five minutes.
    async fn sum(&self, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Option<f64> {
        let dimensions = dimensions.iter().map(|(name, value)| dimension(name, value)).collect();
        let call = self.client.get_metric_statistics().namespace(namespace).metric_name(name);
        let call = call.set_dimensions(Some(dimensions)).period(600).statistics(Statistic::Sum);
        let call = call.start_time(at(&self.local.clock, 300)).end_time(at(&self.local.clock, -60));
        let points = call.send().await.unwrap();
        points.datapoints().iter().map(|point| point.sum().unwrap()).reduce(|a, b| a + b)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_on_a_functions_errors_goes_off_and_invokes_a_function_that_permits_it() {
    let stage = Stage::start().await;
    let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let permission = stage.lambda.add_permission().function_name("f").statement_id("alarms");
    let permission = permission.action("lambda:InvokeFunction").principal("lambda.alarms.cloudwatch.amazonaws.com");
    permission.source_arn("arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors").send().await.unwrap();
    for name in ["errors", "stranger"] {
        let alarm = stage.client.put_metric_alarm().alarm_name(name).namespace("AWS/Lambda").metric_name("Errors");
        let alarm = alarm.dimensions(dimension("FunctionName", "f")).statistic(Statistic::Sum).period(60);
        let alarm = alarm.evaluation_periods(1).threshold(1.0).treat_missing_data("notBreaching");
        let alarm = alarm.comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold);
        alarm.alarm_actions(function).alarm_description("own").send().await.unwrap();
    }
    stage.invoke(r#"{"do":"error"}"#).await;
    stage.invoke(r#"{"do":"echo"}"#).await;
    let of_f = [("FunctionName", "f")];
    assert_eq!(stage.sum("AWS/Lambda", "Invocations", &of_f).await, Some(2.0));
    assert_eq!(stage.sum("AWS/Lambda", "Errors", &of_f).await, Some(1.0));
    assert_eq!(stage.sum("AWS/Lambda", "Throttles", &[]).await, Some(0.0));
    assert!(stage.sum("AWS/Lambda", "Duration", &of_f).await.unwrap() > 0.0);
    assert!(stage.sum("AWS/Lambda", "ConcurrentExecutions", &of_f).await.unwrap() >= 2.0);

    stage.local.clock.advance(MINUTE);
    assert!(eventually(PATIENCE, || stage.told().len() == 1), "{:?}", stage.told());
    let event = stage.told().remove(0);
    let data = &event["alarmData"];
    assert_eq!(event["alarmArn"], "arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors");
    assert_eq!((&event["accountId"], &event["region"]), (&json!("000000000000"), &json!("us-east-1")));
    assert_eq!((&data["alarmName"], &data["state"]["value"]), (&json!("errors"), &json!("ALARM")));
    assert_eq!(data["configuration"]["description"], "own");
    let metric = &data["configuration"]["metrics"][0]["metricStat"];
    assert_eq!(metric["metric"]["dimensions"], json!({ "FunctionName": "f" }));
    let failed = async || {
        let history = stage.client.describe_alarm_history().alarm_name("stranger").send().await.unwrap();
        history
            .alarm_history_items()
            .iter()
            .any(|item| item.history_summary().unwrap().starts_with("Failed to execute"))
    };
    for _ in 0..4000 {
        if failed().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(failed().await);
    assert_eq!(stage.told().len(), 1);

    // What is set by hand acts as well, unless actions are off.
    let set = |value: StateValue| {
        stage.client.set_alarm_state().alarm_name("errors").state_value(value).state_reason("by hand").send()
    };
    set(StateValue::Ok).await.unwrap();
    set(StateValue::Alarm).await.unwrap();
    assert!(eventually(PATIENCE, || stage.told().len() == 2), "{:?}", stage.told());
    assert_eq!(stage.told()[1]["alarmData"]["state"]["reason"], "by hand");
    stage.client.disable_alarm_actions().alarm_names("errors").send().await.unwrap();
    set(StateValue::Ok).await.unwrap();
    set(StateValue::Alarm).await.unwrap();
    stage.invoke("{}").await;
    assert_eq!(stage.told().len(), 2);
    stage.local.stop().await;
}

#[tokio::test]
async fn an_alarm_does_to_an_instance_what_it_is_set_to() {
    let cloud = Cloud::start().await;
    let (client, ec2) = (Client::new(&cloud.sdk()), cloud.ec2());
    let run = ec2.run_instances().image_id("ami-0a1b2c3d4e5f60001").instance_type("t3.micro".into());
    let run = run.min_count(1).max_count(1);
    let id = run.send().await.unwrap().instances()[0].instance_id().unwrap().to_owned();
    cloud.clock.advance(MINUTE);
    let state = async || {
        let found = ec2.describe_instances().instance_ids(&id).send().await.unwrap();
        found.reservations()[0].instances()[0].state().unwrap().name().unwrap().as_str().to_owned()
    };
    for (deed, name, failed, arrived) in [
        ("reboot", "cpu", false, "running"),
        ("stop", "cpu", false, "stopping"),
        ("reboot", "cpu", true, "stopping"),
        ("terminate", "idle", true, "stopping"),
    ] {
        let alarm = client.put_metric_alarm().alarm_name(name).namespace("AWS/EC2").metric_name("CPUUtilization");
        let alarm = alarm.statistic(Statistic::Average).period(60).evaluation_periods(1).threshold(1.0);
        let alarm = alarm.comparison_operator(ComparisonOperator::LessThanThreshold);
        let alarm = alarm.alarm_actions(format!("arn:aws:automate:us-east-1:ec2:{deed}"));
        let alarm = if name == "cpu" { alarm.dimensions(dimension("InstanceId", &id)) } else { alarm };
        alarm.send().await.unwrap();
        for value in [StateValue::Ok, StateValue::Alarm] {
            client.set_alarm_state().alarm_name(name).state_value(value).state_reason("r").send().await.unwrap();
        }
        assert_eq!(state().await, arrived, "{deed}");
        let history = client.describe_alarm_history().alarm_name(name).history_item_type(HistoryItemType::Action);
        let history = history.send().await.unwrap();
        let said = if failed { "Failed to execute action" } else { "Successfully executed action" };
        let last = format!("{said} arn:aws:automate:us-east-1:ec2:{deed}");
        let items = history.alarm_history_items();
        assert!(items.iter().any(|item| item.history_summary() == Some(last.as_str())), "{deed}: {items:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_in_log_lines_are_metrics() {
    let stage = Stage::start().await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&stage.local.sdk);
    logs.create_log_group().log_group_name("g").send().await.unwrap();
    logs.create_log_stream().log_group_name("g").log_stream_name("s").send().await.unwrap();
    let now = i64::try_from(stage.local.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap();
    let line = json!({
        "_aws": { "Timestamp": now, "CloudWatchMetrics": [{
            "Namespace": "Shop", "Dimensions": [["Action"]], "Metrics": [{ "Name": "Calls", "Unit": "Count" }],
        }] },
        "Action": "start", "Calls": 3,
    });
    for message in [line.to_string(), "{\"Calls\":1}".to_owned(), "plain".to_owned()] {
        let event = aws_sdk_cloudwatchlogs::types::InputLogEvent::builder().timestamp(now).message(message);
        let call = logs.put_log_events().log_group_name("g").log_stream_name("s");
        call.log_events(event.build().unwrap()).send().await.unwrap();
    }
    assert_eq!(stage.sum("Shop", "Calls", &[("Action", "start")]).await, Some(3.0));
    assert_eq!(stage.client.list_metrics().namespace("Shop").send().await.unwrap().metrics().len(), 1);
    stage.local.stop().await;
}

/// Makes a call below the edge, as a client of another protocol does.
async fn raw(emulator: &Emulator, request: Request) -> Response {
    let text = str::to_owned;
    let (service, region, access_key_id) = (text("monitoring"), text("us-east-1"), text("AKIATEST"));
    emulator.aws(AwsCall { request_id: text("id-1"), service, region, access_key_id, request }).await
}

#[tokio::test]
async fn json_and_query_clients_are_understood_and_answered_in_their_own_forms() {
    let folder = tempfile::tempdir().unwrap();
    let emulator =
        Emulator::open(config(folder.path(), "http://127.0.0.1:1", Clock::System, Keyring::default())).unwrap();
    let query = async |form: &'static str| {
        let answer = raw(&emulator, Request::new(Bytes::from_static(form.as_bytes()))).await;
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    };
    let json = async |operation: &str, body: Value| {
        let request = http::Request::post("/").header("content-type", "application/x-amz-json-1.0");
        let request = request.header("x-amz-target", format!("GraniteServiceVersion20100801.{operation}"));
        let answer = raw(&emulator, request.body(body.to_string().into()).unwrap()).await;
        let error = answer.headers().get("x-amzn-query-error").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), serde_json::from_slice::<Value>(answer.body()).unwrap_or_default(), error)
    };
    let (status, body) = query(
        "Action=PutMetricData&Version=2010-08-01&Namespace=Own&MetricData.member.1.MetricName=m&\
         MetricData.member.1.Value=2.5&MetricData.member.1.Dimensions.member.1.Name=a&\
         MetricData.member.1.Dimensions.member.1.Value=7",
    )
    .await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body.contains("<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"),
        "{body}"
    );
    let (_, body) = query("Action=ListMetrics&Version=2010-08-01&Namespace=Own").await;
    assert!(body.contains("<ListMetricsResult><Metrics><member>"), "{body}");
    assert!(body.contains("<Name>a</Name><Value>7</Value>"), "{body}");
    let (_, body) = query(
        "Action=GetMetricStatistics&Version=2010-08-01&Namespace=Own&MetricName=m&Period=60&Statistics.member.1=Sum&\
         Dimensions.member.1.Name=a&Dimensions.member.1.Value=7&StartTime=2026-01-01T00:00:00Z&EndTime=2026-01-01T01:00:00Z",
    )
    .await;
    assert!(body.contains("<Label>m</Label>"), "{body}");
    let (status, body) = query("Action=DescribeAlarms&Version=2010-08-01&MaxRecords=0").await;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>ValidationError</Code>") && body.contains("MaxRecords"), "{body}");
    let (status, body) = query("Action=DescribeAlarms&Version=2010-08-01&Colour=red").await;
    assert!(status == 400 && body.contains("Colour"), "{body}");

    let (status, body) = query(
        "Action=PutMetricData&Version=2010-08-01&Namespace=Own&MetricData.member.1.MetricName=m&\
         MetricData.member.1.Value=nan",
    )
    .await;
    assert_eq!(status, 400);
    assert!(body.contains("The value NaN for parameter MetricData.member.1.Value is invalid."), "{body}");
    let (status, body) = query(
        "Action=PutMetricData&Version=2010-08-01&Namespace=Own&MetricData.member.1.MetricName=m&\
         MetricData.member.1.Value=abc",
    )
    .await;
    assert!(status == 400 && body.contains("is not a number") && !body.contains("f64"), "{body}");
    let (status, body) =
        query("Action=SetAlarmState&Version=2010-08-01&AlarmName=a&StateReason=r&StateValue=FOO").await;
    assert_eq!(status, 400);
    let set = "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]";
    assert!(body.contains("<Code>ValidationError</Code>") && body.contains(set), "{body}");

    let alarm = json!({
        "AlarmName": "a", "Namespace": "Own", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
    });
    for period in [0, 1, 5, 45, 90] {
        let mut other = alarm.clone();
        other["Period"] = period.into();
        let (status, answer, _) = json("PutMetricAlarm", other).await;
        assert_eq!((status, &answer["__type"]), (400, &json!("ValidationError")), "{period}: {answer}");
    }
    let math = json!({
        "AlarmName": "a", "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        "Metrics": [{ "Id": "e", "Expression": "m / 2" }],
    });
    let (status, answer, _) = json("PutMetricAlarm", math).await;
    assert!(status == 400 && answer["message"].as_str().unwrap().contains("There is no query m"), "{answer}");
    for extended in ["tm90", "IQM", "PR(:300)"] {
        let mut other = alarm.clone();
        other.as_object_mut().unwrap().remove("Statistic");
        (other["AlarmName"], other["ExtendedStatistic"]) = ("trimmed".into(), extended.into());
        assert_eq!(json("PutMetricAlarm", other).await.0, 200, "{extended}");
    }
    json("DeleteAlarms", json!({ "AlarmNames": ["trimmed"] })).await;
    let (status, _, _) = json("PutMetricAlarm", alarm).await;
    assert_eq!(status, 200);
    let (_, answer, _) = json("DescribeAlarms", json!({})).await;
    let alarm = &answer["MetricAlarms"][0];
    assert_eq!((&alarm["AlarmName"], &alarm["Threshold"]), (&json!("a"), &json!(1.0)));
    assert!(alarm["StateUpdatedTimestamp"].is_f64(), "{alarm}");
    let (_, body) = query("Action=DescribeAlarms&Version=2010-08-01").await;
    assert!(body.contains("<AlarmName>a</AlarmName>") && body.contains("<Threshold>1.0</Threshold>"), "{body}");
    assert!(body.contains("<StateUpdatedTimestamp>20"), "{body}");
    let set = json!({ "AlarmName": "b", "StateValue": "OK", "StateReason": "r" });
    let (status, answer, error) = json("SetAlarmState", set).await;
    assert_eq!((status, error.as_deref()), (404, Some("ResourceNotFound;Sender")), "{answer}");
    let (status, answer, _) = json("DescribeAnomalyDetectors", json!({})).await;
    assert!(status == 501 && answer["message"].as_str().unwrap().contains("DescribeAnomalyDetectors"), "{answer}");
}

#[tokio::test]
async fn a_call_in_cbor_is_a_post_to_its_own_service() {
    let folder = tempfile::tempdir().unwrap();
    let emulator =
        Emulator::open(config(folder.path(), "http://127.0.0.1:1", Clock::System, Keyring::default())).unwrap();
    for (method, path, body, status) in [
        ("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", &b"\xa0"[..], 200),
        ("GET", "/service/GraniteServiceVersion20100801/operation/ListMetrics", b"\xa0", 400),
        ("POST", "/service/Nonsense/operation/ListMetrics", b"\xa0", 400),
        ("POST", "/operation/ListMetrics", b"\xa0", 400),
        ("POST", "/service/GraniteServiceVersion20100801/operation/FooBar", b"\xa0", 400),
        ("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", b"\xa0junk", 400),
    ] {
        let request = http::Request::builder().method(method).uri(path).header("smithy-protocol", "rpc-v2-cbor");
        let answer = raw(&emulator, request.body(Bytes::from_static(body)).unwrap()).await;
        assert_eq!(answer.status(), status, "{method} {path}: {:?}", answer.body());
    }
}
