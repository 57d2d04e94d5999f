//! EventBridge: rules that are due, events that match, and the functions that hear of them. (What becomes of an
//! asynchronous invocation after that is Lambda's: [`super::events`].)

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    cloud::{ACCOUNT, Cloud},
    lambda::creation,
    local::Local,
    runtime::logged,
};
use aws_sdk_eventbridge::{
    error::ProvideErrorMetadata,
    primitives::DateTime,
    types::{InputTransformer, PutEventsRequestEntry, ReplayDestination, ReplayState, RuleState, Tag, Target},
};
use aws_sdk_lambda::{
    Client as Lambda,
    types::{DestinationConfig, InvocationType, OnSuccess},
};
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::{sleep, timeout};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";
const RULE: &str = "arn:aws:events:us-east-1:000000000000:rule/";

/// An emulator with the function `f`, which writes down its events and may be invoked by every rule.
struct Stage {
    local: Local,
    events: aws_sdk_eventbridge::Client,
}

impl Stage {
    async fn start() -> Self {
        let stage = Self::without_permission().await;
        stage.permit(&format!("{RULE}*")).await;
        stage
    }

    async fn without_permission() -> Self {
        let local = Local::start().await;
        let record = local.folder().join("record");
        let lambda = Lambda::new(&local.sdk);
        creation(&lambda, "f", &[("RECORD", record.to_str().unwrap())]).send().await.unwrap();
        local.settle();
        let events = aws_sdk_eventbridge::Client::new(&local.sdk);
        Self { local, events }
    }

    async fn permit(&self, source: &str) {
        let permission = Lambda::new(&self.local.sdk).add_permission().function_name("f").statement_id("events");
        let permission = permission.action("lambda:InvokeFunction").principal("events.amazonaws.com");
        permission.source_arn(source).send().await.unwrap();
    }

    fn record(&self) -> PathBuf {
        self.local.folder().join("record")
    }

    /// The events that the function has had.
    fn seen(&self) -> Vec<Value> {
        let written = std::fs::read_to_string(self.record()).unwrap_or_default();
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until the function has had so many events, and has answered them; gives them.
    async fn events(&self, count: usize) -> Vec<Value> {
        let wait = async {
            while self.seen().len() < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("only {:?}", self.seen()));
        // Who moves the clock before an invocation has ended makes it time out.
        logged(&self.local, |lines| lines.iter().filter(|(_, line)| line.starts_with("REPORT")).count() >= count).await;
        self.seen()
    }

    /// Makes sure that nothing was sent but what was seen: an event of the test's own is the next one.
    async fn nothing_but(&self, count: usize) -> Vec<Value> {
        let lambda = Lambda::new(&self.local.sdk);
        // Its own turn comes after whatever was sent before.
        lambda.invoke().function_name("f").payload(br#"{"marker":true}"#.to_vec().into()).send().await.unwrap();
        let seen = self.events(count + 1).await;
        let others: Vec<Value> = seen.into_iter().filter(|event| event["marker"] != true).collect();
        assert_eq!(others.len(), count, "{others:?}");
        others
    }

    async fn schedule(&self, name: &str, expression: &str) {
        self.events.put_rule().name(name).schedule_expression(expression).send().await.unwrap();
        self.aim(name, Target::builder()).await;
    }

    async fn aim(&self, rule: &str, target: aws_sdk_eventbridge::types::builders::TargetBuilder) {
        let target = target.id("f").arn(FUNCTION).build().unwrap();
        let put = self.events.put_targets().rule(rule).targets(target).send().await.unwrap();
        assert_eq!(put.failed_entry_count(), 0);
    }

    async fn put(&self, source: &str, detail: &Value) -> String {
        let entry = PutEventsRequestEntry::builder().source(source).detail_type("T").detail(detail.to_string());
        let put = self.events.put_events().entries(entry.build()).send().await.unwrap();
        assert_eq!(put.failed_entry_count(), 0, "{put:?}");
        put.entries()[0].event_id().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_fires_once_for_each_due_time_with_the_event_that_aws_sends() {
    let stage = Stage::start().await;
    let made = stage.local.clock.now();
    stage.schedule("tick", "rate(1 minute)").await;
    stage.local.clock.advance(Duration::from_secs(59));
    stage.nothing_but(0).await;
    for minute in 1..=3 {
        stage.local.clock.advance(Duration::from_secs(if minute == 1 { 1 } else { 60 }));
        let mut seen = stage.events(minute + 1).await;
        let event = seen.pop().unwrap();
        let time = OffsetDateTime::parse(event["time"].as_str().unwrap(), &Rfc3339).unwrap();
        assert_eq!(time.unix_timestamp(), made.unix_timestamp() + 60 * i64::try_from(minute).unwrap());
        assert_eq!(event["id"].as_str().unwrap().len(), 36);
        let expected = json!({
            "version": "0",
            "id": event["id"],
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "time": event["time"],
            "region": "us-east-1",
            "resources": [format!("{RULE}tick")],
            "detail": {},
        });
        assert_eq!(event, expected);
    }
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_made_up_for_once_and_what_is_off_is_not() {
    let stage = Stage::start().await;
    stage.schedule("tick", "rate(1 minute)").await;
    stage.local.clock.advance(Duration::from_mins(5));
    assert_eq!(stage.events(1).await.len(), 1);
    stage.nothing_but(1).await;
    stage.events.disable_rule().name("tick").send().await.unwrap();
    let shown = stage.events.describe_rule().name("tick").send().await.unwrap();
    assert_eq!(shown.state(), Some(&RuleState::Disabled));
    stage.local.clock.advance(Duration::from_mins(5));
    let off = stage.nothing_but(1).await;
    assert_eq!(off.len(), 1);
    stage.events.enable_rule().name("tick").send().await.unwrap();
    stage.local.clock.advance(Duration::from_mins(1));
    // Two were the test's own.
    stage.events(4).await;
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_hears_of_the_rules_that_its_policy_permits_and_of_no_other() {
    let stage = Stage::without_permission().await;
    stage.permit(&format!("{RULE}permitted")).await;
    // Both are due at the same time, in the order of their names.
    for rule in ["permitted", "stranger"] {
        stage.schedule(rule, "rate(1 minute)").await;
    }
    stage.local.clock.advance(Duration::from_mins(1));
    stage.events(1).await;
    let seen = stage.nothing_but(1).await;
    assert_eq!(seen[0]["resources"], json!([format!("{RULE}permitted")]));
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_the_targets_of_the_rules_that_match_in_the_form_that_each_target_wants() {
    let stage = Stage::start().await;
    let pattern = json!({
        "source": [{ "prefix": "shop." }],
        "detail": { "total": [{ "numeric": [">=", 10] }], "state": [{ "anything-but": "test" }] },
    });
    stage.events.put_rule().name("orders").event_pattern(pattern.to_string()).send().await.unwrap();
    let transformer = InputTransformer::builder()
        .input_paths_map("total", "$.detail.total")
        .input_paths_map("state", "$.detail.state")
        .input_template(r#"{"total":<total>,"text":"it is <state>","rule":"<aws.events.rule-name>"}"#)
        .build()
        .unwrap();
    stage.aim("orders", Target::builder().input_transformer(transformer)).await;
    stage.put("shop.web", &json!({ "total": 9, "state": "paid" })).await;
    stage.put("other", &json!({ "total": 10, "state": "paid" })).await;
    stage.put("shop.web", &json!({ "total": 10, "state": "test" })).await;
    stage.put("shop.web", &json!({ "total": 10.5, "state": "paid" })).await;
    let seen = stage.events(1).await;
    assert_eq!(seen, [json!({ "total": 10.5, "text": "it is paid", "rule": "orders" })]);

    stage.aim("orders", Target::builder().input_path("$.detail")).await;
    stage.put("shop.app", &json!({ "total": 12, "state": "paid" })).await;
    assert_eq!(stage.events(2).await[1], json!({ "total": 12, "state": "paid" }));
    stage.aim("orders", Target::builder().input(r#"{"fixed":true}"#)).await;
    stage.put("shop.app", &json!({ "total": 12, "state": "paid" })).await;
    assert_eq!(stage.events(3).await[2], json!({ "fixed": true }));
    stage.aim("orders", Target::builder()).await;
    let id = stage.put("shop.app", &json!({ "total": 12, "state": "paid" })).await;
    let event = stage.events(4).await.remove(3);
    assert_eq!((&event["id"], &event["detail"]["total"]), (&json!(id), &json!(12)));
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_over_another_bus_into_a_log_group_and_an_archive_and_comes_again_when_it_is_replayed() {
    let stage = Stage::start().await;
    let (events, logs) = (&stage.events, aws_sdk_cloudwatchlogs::Client::new(&stage.local.sdk));
    let bus = events.create_event_bus().name("second").send().await.unwrap().event_bus_arn().unwrap().to_owned();
    let archive = events.create_archive().archive_name("a").event_source_arn(&bus).send().await.unwrap();
    for group in ["/events", "/closed"] {
        logs.create_log_group().log_group_name(group).send().await.unwrap();
    }
    let target = |id: &str, arn: &str| Target::builder().id(id).arn(arn).build().unwrap();
    let pattern = r#"{"source":["own"]}"#;
    events.put_rule().name("on").event_pattern(pattern).send().await.unwrap();
    events.put_targets().rule("on").targets(target("bus", &bus)).send().await.unwrap();
    events.put_rule().name("end").event_bus_name("second").event_pattern(pattern).send().await.unwrap();
    let put = events.put_targets().rule("end").event_bus_name("second").targets(target("f", FUNCTION));
    let group = "arn:aws:logs:us-east-1:000000000000:log-group:/events";
    let closed = "arn:aws:logs:us-east-1:000000000000:log-group:/closed";
    put.targets(target("log", group)).targets(target("closed", closed)).send().await.unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"] },
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": format!("{group}:*"),
        "Condition": { "ArnEquals": { "aws:SourceArn": "arn:aws:events:us-east-1:000000000000:rule/second/end" } },
    }] });
    let put = logs.put_resource_policy().policy_name("events").policy_document(policy.to_string());
    put.send().await.unwrap();

    let id = stage.put("own", &json!({ "n": 1 })).await;
    assert_eq!(stage.events(1).await[0]["id"], json!(id));
    let wait = async {
        loop {
            let logged = logs.filter_log_events().log_group_name("/events").send().await.unwrap();
            let archived = events.describe_archive().archive_name("a").send().await.unwrap();
            if let ([event], 1) = (logged.events(), archived.event_count()) {
                return event.message().unwrap().to_owned();
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let logged: Value = serde_json::from_str(&timeout(Duration::from_secs(20), wait).await.unwrap()).unwrap();
    assert_eq!((&logged["id"], &logged["detail"]), (&json!(id), &json!({ "n": 1 })));
    let closed = logs.filter_log_events().log_group_name("/closed").send().await.unwrap();
    assert!(closed.events().is_empty(), "nothing lets EventBridge write there");

    let now = stage.local.clock.now().unix_timestamp();
    let destination = ReplayDestination::builder().arn(&bus).build().unwrap();
    let replay = events.start_replay().replay_name("again").event_source_arn(archive.archive_arn().unwrap());
    let replay = replay.event_start_time(DateTime::from_secs(now - 60)).event_end_time(DateTime::from_secs(now + 60));
    replay.destination(destination).send().await.unwrap();
    let wait = async {
        while stage.seen().len() < 2 {
            stage.local.clock.advance(Duration::from_secs(1));
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.unwrap();
    let again = stage.seen().remove(1);
    assert_eq!((&again["id"], &again["replay-name"]), (&json!(id), &json!("again")));
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_was_under_way_has_failed_after_a_restart() {
    let cloud = Cloud::start().await;
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    let bus = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default");
    let archive = events.create_archive().archive_name("a").event_source_arn(&bus).send().await.unwrap();
    let replay = events.start_replay().replay_name("r").event_source_arn(archive.archive_arn().unwrap());
    let replay = replay.event_start_time(DateTime::from_secs(0)).event_end_time(DateTime::from_secs(1));
    replay.destination(ReplayDestination::builder().arn(&bus).build().unwrap()).send().await.unwrap();
    let cloud = cloud.restart().await;
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    let wait = async {
        loop {
            let replay = events.describe_replay().replay_name("r").send().await.unwrap();
            if replay.state() == Some(&ReplayState::Failed) {
                return replay;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let replay = timeout(Duration::from_secs(20), wait).await.unwrap();
    assert!(replay.state_reason().is_some() && replay.replay_end_time().is_some(), "{replay:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_an_asynchronous_invocation_is_told_to_a_bus() {
    let stage = Stage::start().await;
    let lambda = Lambda::new(&stage.local.sdk);
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    let told = DestinationConfig::builder().on_success(OnSuccess::builder().destination(bus).build()).build();
    lambda.put_function_event_invoke_config().function_name("f").destination_config(told).send().await.unwrap();
    // What it hears of this is told of as well, and nobody hears of that.
    let pattern = r#"{"source":["lambda"],"detail":{"requestPayload":{"first":[true]}}}"#;
    stage.events.put_rule().name("results").event_pattern(pattern).send().await.unwrap();
    stage.aim("results", Target::builder()).await;
    let call = lambda.invoke().function_name("f").invocation_type(InvocationType::Event);
    call.payload(br#"{"first":true}"#.to_vec().into()).send().await.unwrap();
    let event = stage.events(2).await.remove(1);
    assert_eq!(event["detail-type"], "Lambda Function Invocation Result - Success");
    assert_eq!(event["resources"], json!([bus, format!("{FUNCTION}:$LATEST")]));
    assert_eq!(event["detail"]["responsePayload"], json!({ "first": true }));
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_and_a_bus_that_tell_each_other_come_to_an_end() {
    let stage = Stage::start().await;
    let lambda = Lambda::new(&stage.local.sdk);
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    let told = DestinationConfig::builder().on_success(OnSuccess::builder().destination(bus).build()).build();
    lambda.put_function_event_invoke_config().function_name("f").destination_config(told).send().await.unwrap();
    stage.events.put_rule().name("loop").event_pattern(r#"{"source":["lambda"]}"#).send().await.unwrap();
    stage.aim("loop", Target::builder().input(r#"{"again":true}"#)).await;
    let call = lambda.invoke().function_name("f").invocation_type(InvocationType::Event);
    call.payload(br#"{"again":false}"#.to_vec().into()).send().await.unwrap();
    // The first one, and the sixteen that Lambda lets follow.
    stage.events(17).await;
    stage.nothing_but(17).await;
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_tell_the_default_bus_of_each_state_that_they_come_to() {
    let stage = Stage::start().await;
    let pattern = json!({ "source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"] });
    stage.events.put_rule().name("states").event_pattern(pattern.to_string()).send().await.unwrap();
    stage.aim("states", Target::builder()).await;
    let ec2 = aws_sdk_ec2::Client::new(&stage.local.sdk);
    let run = ec2.run_instances().image_id("ami-12345678").min_count(1).max_count(1).send().await.unwrap();
    let id = run.instances()[0].instance_id().unwrap().to_owned();
    let states = |events: &[Value]| {
        let mut states: Vec<_> =
            events.iter().map(|event| event["detail"]["state"].as_str().unwrap().to_owned()).collect();
        states.sort();
        states
    };
    assert_eq!(states(&stage.events(1).await), ["pending"]);
    stage.local.settle();
    let seen = stage.events(2).await;
    assert_eq!(states(&seen), ["pending", "running"]);
    assert_eq!(seen[0]["resources"], json!([format!("arn:aws:ec2:us-east-1:000000000000:instance/{id}")]));
    assert_eq!(seen[0]["detail"], json!({ "instance-id": id, "state": "pending" }));
    ec2.start_instances().instance_ids(&id).send().await.unwrap();
    ec2.stop_instances().instance_ids(&id).send().await.unwrap();
    stage.events(3).await;
    stage.local.settle();
    assert_eq!(states(&stage.events(4).await), ["pending", "running", "stopped", "stopping"]);
    stage.nothing_but(4).await;
    stage.local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_their_timers_survive_a_restart() {
    let cloud = super::cloud::Cloud::start().await;
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    events.put_rule().name("daily").schedule_expression("cron(30 8 ? * MON-FRI *)").send().await.unwrap();
    let target = Target::builder().id("f").arn(FUNCTION).build().unwrap();
    events.put_targets().rule("daily").targets(target).send().await.unwrap();
    let cloud = cloud.restart().await;
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    let rules = events.list_rules().send().await.unwrap();
    assert_eq!(rules.rules()[0].schedule_expression(), Some("cron(30 8 ? * MON-FRI *)"));
    let targets = events.list_targets_by_rule().rule("daily").send().await.unwrap();
    assert_eq!(targets.targets()[0].arn(), FUNCTION);
    let names = events.list_rule_names_by_target().target_arn(FUNCTION).send().await.unwrap();
    assert_eq!(names.rule_names(), ["daily"]);
    // It is a Monday, 12:00: its timer sleeps.
    assert!(crate::support::eventually(Duration::from_secs(20), || cloud.clock.sleepers() == 1));
}

#[tokio::test]
async fn what_aws_refuses_is_refused_in_its_words() {
    let cloud = super::cloud::Cloud::start().await;
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    for bad in [
        "rate(1 minutes)",
        "rate(0 minutes)",
        "cron(* * * * *)",
        "cron(0 8 1 * MON *)",
        "every day",
        "cron(0 25 * * ? *)",
    ] {
        let refused = events.put_rule().name("r").schedule_expression(bad).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("ValidationException"), "{bad}");
        assert_eq!(refused.message(), Some("Parameter ScheduleExpression is not valid."), "{bad}");
    }
    for bad in ["{", "[]", r#"{"a":"b"}"#, r#"{"a":[{"matches":"b"}]}"#] {
        let refused = events.put_rule().name("r").event_pattern(bad).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidEventPatternException"), "{bad}");
    }
    let refused = events.put_rule().name("r").schedule_expression("rate(1 minute)").state(RuleState::from("NONE"));
    let refused = refused.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationException"));
    let set = "Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]";
    assert!(refused.message().unwrap().ends_with(set), "{refused:?}");
    let refused = events.put_rule().name("r").send().await.unwrap_err();
    assert!(refused.message().unwrap().contains("must be specified"));
    let refused = events.put_rule().name("a b").schedule_expression("rate(1 minute)").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationException"));
    assert!(events.list_rules().send().await.unwrap().rules().is_empty());

    events.put_rule().name("r").schedule_expression("rate(1 minute)").send().await.unwrap();
    for (arn, status) in [
        ("nonsense", 400),
        ("arn:aws:sqs:us-east-1:000000000000:q", 501),
        ("arn:aws:lambda:eu-west-1:000000000000:function:f", 400),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", 400),
    ] {
        let target = Target::builder().id("t").arn(arn).build().unwrap();
        let refused = events.put_targets().rule("r").targets(target).send().await.unwrap_err();
        assert_eq!(refused.raw_response().unwrap().status().as_u16(), status, "{arn}");
    }
    let deny = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "s", "Effect": "Deny", "Principal": "*", "Action": "events:PutEvents",
        "Resource": "arn:aws:events:us-east-1:000000000000:event-bus/default",
    }] });
    let refused = events.put_permission().policy(deny.to_string()).send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 501);
    let target = Target::builder().id("t").arn(FUNCTION).input("{").build().unwrap();
    let refused = events.put_targets().rule("r").targets(target).send().await.unwrap_err();
    assert!(refused.message().unwrap().starts_with("JSON syntax error in input for target t"));
    let target = Target::builder().id("t").arn(FUNCTION).build().unwrap();
    let refused = events.put_targets().rule("absent").targets(target.clone()).send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Rule absent does not exist on EventBus default."));
    events.put_targets().rule("r").targets(target).send().await.unwrap();
    let refused = events.delete_rule().name("r").send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Rule can't be deleted since it has targets."));
    events.remove_targets().rule("r").ids("t").send().await.unwrap();
    events.delete_rule().name("r").send().await.unwrap();
    events.delete_rule().name("r").send().await.unwrap();
    assert_eq!(events.describe_rule().name("r").send().await.unwrap_err().code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn each_event_of_a_call_is_refused_by_itself() {
    let cloud = super::cloud::Cloud::start().await;
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    let entry = || PutEventsRequestEntry::builder().source("own").detail_type("T").detail("{}");
    let time = DateTime::from_secs(1_700_000_000);
    let call = events.put_events().entries(entry().time(time).build());
    let call = call.entries(entry().source("aws.ec2").build()).entries(entry().detail("{").build());
    let put = call.entries(entry().detail("[]").build()).entries(PutEventsRequestEntry::builder().build());
    let elsewhere = "arn:aws:events:us-east-1:123456789012:event-bus/default";
    let put = put.entries(entry().event_bus_name(elsewhere).build());
    let put = put.send().await.unwrap();
    assert_eq!(put.failed_entry_count(), 5);
    let codes: Vec<_> = put.entries().iter().map(|entry| entry.error_code().unwrap_or("-")).collect();
    assert_eq!(
        codes,
        [
            "-",
            "NotAuthorizedForSourceException",
            "MalformedDetail",
            "MalformedDetail",
            "InvalidArgument",
            "AccessDeniedException"
        ]
    );
    let long = |bytes: usize| entry().detail(format!("{{\"a\":\"{}\"}}", "x".repeat(bytes))).build();
    let taken = events.put_events().entries(long(512 * 1024)).send().await.unwrap();
    assert_eq!(taken.failed_entry_count(), 0);
    let refused = events.put_events().entries(long(1024 * 1024)).send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Total size of the entries in the request is over the limit."));
}

#[tokio::test]
async fn buses_have_rules_and_tags_of_their_own() {
    let cloud = super::cloud::Cloud::start().await;
    let events = aws_sdk_eventbridge::Client::new(&cloud.sdk());
    let tag = |key: &str| Tag::builder().key(key).value("v").build().unwrap();
    let made = events.create_event_bus().name("own").tags(tag("a")).send().await.unwrap();
    let arn = made.event_bus_arn().unwrap();
    assert_eq!(arn, "arn:aws:events:us-east-1:000000000000:event-bus/own");
    let again = events.create_event_bus().name("own").send().await.unwrap_err();
    assert_eq!(again.code(), Some("ResourceAlreadyExistsException"));
    let timed = events.put_rule().name("r").event_bus_name("own").schedule_expression("rate(1 hour)");
    assert!(timed.send().await.unwrap_err().message().unwrap().contains("only on the default event bus"));
    let rule = events.put_rule().name("r").event_bus_name(arn).event_pattern(r#"{"source":["a"]}"#).tags(tag("x"));
    let rule_arn = rule.send().await.unwrap().rule_arn().unwrap().to_owned();
    assert_eq!(rule_arn, format!("{RULE}own/r"));
    events.tag_resource().resource_arn(&rule_arn).tags(tag("y")).send().await.unwrap();
    events.untag_resource().resource_arn(&rule_arn).tag_keys("x").send().await.unwrap();
    let tags = events.list_tags_for_resource().resource_arn(&rule_arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag("y")]);
    for (here, there) in [("000000000000", "123456789012"), ("us-east-1", "eu-west-1")] {
        let listed = events.list_tags_for_resource().resource_arn(rule_arn.replace(here, there)).send().await;
        assert_eq!(listed.unwrap_err().code(), Some("ResourceNotFoundException"), "{there}");
        let rule = events.put_rule().name("s").event_bus_name(arn.replace(here, there));
        let rule = rule.event_pattern(r#"{"source":["a"]}"#).send().await;
        assert_eq!(rule.unwrap_err().code(), Some("ResourceNotFoundException"), "{there}");
    }
    assert!(events.list_rules().send().await.unwrap().rules().is_empty());
    let refused = events.delete_event_bus().name("own").send().await.unwrap_err();
    assert_eq!(refused.message(), Some("Event bus can't be deleted since it has rules."));
    events.delete_rule().name("r").event_bus_name("own").send().await.unwrap();
    events.delete_event_bus().name("own").send().await.unwrap();
    assert!(events.delete_event_bus().name("default").send().await.is_err());
    let names = events.list_event_buses().send().await.unwrap();
    assert_eq!(names.event_buses().iter().map(|bus| bus.name().unwrap()).collect::<Vec<_>>(), ["default"]);
}
