//! Log groups, streams and events.

use super::cloud::{ACCOUNT, Cloud};
use aws_sdk_cloudwatchlogs::{
    Client,
    error::ProvideErrorMetadata,
    types::{InputLogEvent, LogGroupClass, OrderBy},
};
use std::time::Duration;

/// The time of the tests' clock, in milliseconds.
const NOW: i64 = 1_795_435_200_000;
const GROUP: &str = "/aws/lambda/f";

async fn with_streams(names: &[&str]) -> (Cloud, Client) {
    let cloud = Cloud::start().await;
    let logs = cloud.logs();
    logs.create_log_group().log_group_name(GROUP).send().await.unwrap();
    for name in names {
        logs.create_log_stream().log_group_name(GROUP).log_stream_name(*name).send().await.unwrap();
    }
    (cloud, logs)
}

async fn put(logs: &Client, stream: &str, events: &[(i64, &str)]) {
    let put = logs.put_log_events().log_group_name(GROUP).log_stream_name(stream);
    put.set_log_events(Some(events.iter().map(|(at, text)| event(*at, text)).collect())).send().await.unwrap();
}

fn event(at: i64, text: &str) -> InputLogEvent {
    InputLogEvent::builder().timestamp(at).message(text).build().unwrap()
}

#[tokio::test]
async fn events_are_read_forward_from_the_head_until_the_token_stays() {
    let (_cloud, logs) = with_streams(&["s"]).await;
    put(&logs, "s", &[(NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c")]).await;
    let get = || logs.get_log_events().log_group_name(GROUP).log_stream_name("s").start_from_head(true).limit(2);
    let first = get().send().await.unwrap();
    assert_eq!(first.events().iter().filter_map(|event| event.message()).collect::<Vec<_>>(), ["a", "b"]);
    let second = get().next_token(first.next_forward_token().unwrap()).send().await.unwrap();
    assert_eq!(second.events().iter().filter_map(|event| event.message()).collect::<Vec<_>>(), ["c"]);
    let end = get().next_token(second.next_forward_token().unwrap()).send().await.unwrap();
    assert!(end.events().is_empty());
    assert_eq!(end.next_forward_token(), second.next_forward_token());
    put(&logs, "s", &[(NOW + 3, "d")]).await;
    let more = get().next_token(end.next_forward_token().unwrap()).send().await.unwrap();
    assert_eq!(more.events()[0].message(), Some("d"));
    assert_eq!(more.events()[0].ingestion_time(), Some(NOW));
}

#[tokio::test]
async fn events_are_read_backward_from_the_tail() {
    let (_cloud, logs) = with_streams(&["s"]).await;
    put(&logs, "s", &[(NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c")]).await;
    let get = || logs.get_log_events().log_group_name(GROUP).log_stream_name("s").limit(2);
    let last = get().send().await.unwrap();
    assert_eq!(last.events().iter().filter_map(|event| event.message()).collect::<Vec<_>>(), ["b", "c"]);
    let before = get().next_token(last.next_backward_token().unwrap()).send().await.unwrap();
    assert_eq!(before.events().iter().filter_map(|event| event.message()).collect::<Vec<_>>(), ["a"]);
    let window = get().start_time(NOW + 1).end_time(NOW + 2).send().await.unwrap();
    assert_eq!(window.events().iter().filter_map(|event| event.message()).collect::<Vec<_>>(), ["b"]);
}

#[tokio::test]
async fn a_group_is_filtered_across_its_streams_page_by_page() {
    let (_cloud, logs) = with_streams(&["s1", "s2", "other"]).await;
    put(&logs, "s1", &[(NOW, "INFO one"), (NOW + 2, "ERROR two")]).await;
    put(&logs, "s2", &[(NOW + 1, "ERROR three")]).await;
    put(&logs, "other", &[(NOW + 3, "ERROR four")]).await;
    let filter = || logs.filter_log_events().log_group_name(GROUP).filter_pattern("ERROR").limit(2);
    let first = filter().send().await.unwrap();
    let seen = |answer: &aws_sdk_cloudwatchlogs::operation::filter_log_events::FilterLogEventsOutput| {
        answer.events().iter().map(|event| event.message().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen(&first), ["ERROR three", "ERROR two"]);
    let second = filter().next_token(first.next_token().unwrap()).send().await.unwrap();
    assert_eq!(seen(&second), ["ERROR four"]);
    assert!(second.next_token().is_none());
    assert_eq!(seen(&filter().log_stream_name_prefix("s").end_time(NOW + 1).send().await.unwrap()), ["ERROR three"]);
    let unknown = filter().log_stream_names("none").send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn events_too_old_or_too_new_are_left_out_and_named() {
    let (_cloud, logs) = with_streams(&["s"]).await;
    let put = |events: Vec<InputLogEvent>| {
        logs.put_log_events().log_group_name(GROUP).log_stream_name("s").set_log_events(Some(events)).send()
    };
    let hour = 3_600_000;
    let answer = put(vec![event(NOW, "a"), event(NOW + 3 * hour, "future")]).await.unwrap();
    assert_eq!(answer.rejected_log_events_info().unwrap().too_new_log_event_start_index(), Some(1));
    let call = logs.put_log_events().log_group_name(GROUP).log_stream_name("s").log_events(event(NOW, "a"));
    call.sequence_token(answer.next_sequence_token().unwrap()).send().await.unwrap();
    let answer = put(vec![event(NOW - 15 * 24 * hour, "past")]).await.unwrap();
    assert_eq!(answer.rejected_log_events_info().unwrap().too_old_log_event_end_index(), Some(1));
    for wrong in
        [vec![event(NOW, "b"), event(NOW - 1, "a")], vec![event(NOW - 25 * hour, "a"), event(NOW, "b")], vec![]]
    {
        assert_eq!(put(wrong).await.unwrap_err().code(), Some("InvalidParameterException"));
    }
    let all = logs.get_log_events().log_group_name(GROUP).log_stream_name("s").send().await.unwrap();
    assert_eq!(all.events().len(), 2);
}

#[tokio::test]
async fn groups_and_streams_are_described_and_deleted_with_their_events() {
    let (cloud, logs) = with_streams(&["s1", "s2"]).await;
    put(&logs, "s2", &[(NOW, "x")]).await;
    logs.put_retention_policy().log_group_name(GROUP).retention_in_days(7).send().await.unwrap();
    let odd = logs.put_retention_policy().log_group_name(GROUP).retention_in_days(8).send().await.unwrap_err();
    assert_eq!(odd.code(), Some("InvalidParameterException"));
    let cloud = cloud.restart().await;
    let logs = cloud.logs();
    let groups = logs.describe_log_groups().log_group_name_prefix("/aws/").send().await.unwrap();
    let group = &groups.log_groups()[0];
    assert_eq!(group.retention_in_days(), Some(7));
    assert_eq!(group.arn(), Some(format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{GROUP}:*").as_str()));
    let invented = logs.describe_log_groups().next_token("invented").send().await.unwrap_err();
    assert_eq!(invented.code(), Some("InvalidParameterException"));
    let infrequent = logs.describe_log_groups().log_group_class(LogGroupClass::InfrequentAccess).send().await.unwrap();
    assert!(infrequent.log_groups().is_empty());
    let reserved = logs.create_log_group().log_group_name("aws/f").send().await.unwrap_err();
    assert_eq!(reserved.code(), Some("InvalidParameterException"));
    let describe = logs.describe_log_streams().log_group_name(GROUP).order_by(OrderBy::LastEventTime).descending(true);
    let streams = describe.send().await.unwrap();
    assert_eq!(streams.log_streams()[0].log_stream_name(), Some("s2"));
    assert_eq!(streams.log_streams()[0].last_event_timestamp(), Some(NOW));
    cloud.clock.advance(Duration::from_hours(8 * 24));
    let expired = logs.get_log_events().log_group_name(GROUP).log_stream_name("s2").send().await.unwrap();
    assert!(expired.events().is_empty());
    logs.delete_log_stream().log_group_name(GROUP).log_stream_name("s2").send().await.unwrap();
    logs.delete_log_group().log_group_name(GROUP).send().await.unwrap();
    assert!(logs.describe_log_groups().send().await.unwrap().log_groups().is_empty());
    assert_eq!(std::fs::read_dir(cloud.folder().join("logs")).unwrap().count(), 0);
    let gone = logs.delete_log_group().log_group_name(GROUP).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn a_group_takes_tags_by_arn() {
    let (_cloud, logs) = with_streams(&[]).await;
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{GROUP}");
    logs.tag_resource().resource_arn(&arn).tags("a", "1").tags("b", "2").send().await.unwrap();
    logs.untag_resource().resource_arn(&arn).tag_keys("a").send().await.unwrap();
    let tags = logs.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap().iter().collect::<Vec<_>>(), [(&"b".to_owned(), &"2".to_owned())]);
    for elsewhere in [arn.replace(ACCOUNT, "123456789012"), arn.replace("us-east-1", "eu-west-1")] {
        let tagged = logs.tag_resource().resource_arn(&elsewhere).tags("c", "3").send().await.unwrap_err();
        let listed = logs.list_tags_for_resource().resource_arn(&elsewhere).send().await.unwrap_err();
        let filtered = logs.filter_log_events().log_group_identifier(&elsewhere).send().await.unwrap_err();
        for code in [tagged.code(), listed.code(), filtered.code()] {
            assert_eq!(code, Some("ResourceNotFoundException"), "{elsewhere}");
        }
    }
    let twice = logs.create_log_group().log_group_name(GROUP).send().await.unwrap_err();
    assert_eq!(twice.code(), Some("ResourceAlreadyExistsException"));
    let (long, words) =
        ("a".repeat(513), "Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
    let refused = logs.create_log_group().log_group_name(&long).send().await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Some("InvalidParameterException"), Some(words)));
    let refused = logs.delete_metric_filter().log_group_name(&long).filter_name("f").send().await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Some("InvalidParameterException"), Some(words)));
}

#[tokio::test]
async fn resource_policies_are_kept_ten_of_them_and_shown() {
    let (_cloud, logs) = with_streams(&[]).await;
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}"#;
    let put = |name: String| logs.put_resource_policy().policy_name(name).policy_document(document);
    for number in 0..10 {
        put(format!("p{number}")).send().await.unwrap();
    }
    put("p3".to_owned()).send().await.unwrap();
    let refused = put("one-more".to_owned()).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("LimitExceededException"));
    let refused = logs.put_resource_policy().policy_name("p1").policy_document("{").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
    logs.delete_resource_policy().policy_name("p0").send().await.unwrap();
    let gone = logs.delete_resource_policy().policy_name("p0").send().await.unwrap_err();
    assert_eq!(gone.message(), Some("Policy with name [p0] does not exist."));
    let shown = logs.describe_resource_policies().send().await.unwrap();
    assert_eq!(shown.resource_policies().len(), 9);
    assert_eq!(shown.resource_policies()[0].policy_document(), Some(document));
}

#[tokio::test]
async fn queries_are_kept_by_a_name() {
    let (_cloud, logs) = with_streams(&[]).await;
    let put = || logs.put_query_definition().query_string("fields @message").log_group_names(GROUP);
    let token = "a".repeat(36);
    let first = put().name("b").client_token(&token).send().await.unwrap();
    let again = put().name("b").client_token(&token).send().await.unwrap();
    assert_eq!(first.query_definition_id(), again.query_definition_id(), "the call is repeated");
    put().name("a").send().await.unwrap();
    let id = first.query_definition_id().unwrap();
    put().name("c").query_definition_id(id).send().await.unwrap();
    let shown = logs.describe_query_definitions().send().await.unwrap();
    let names: Vec<_> = shown.query_definitions().iter().filter_map(|one| one.name()).collect();
    assert_eq!(names, ["a", "c"]);
    let unknown = put().name("d").query_definition_id("none").send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("ResourceNotFoundException"));
    assert!(logs.delete_query_definition().query_definition_id(id).send().await.unwrap().success());
    let gone = logs.delete_query_definition().query_definition_id(id).send().await.unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn a_protected_group_is_not_deleted() {
    let (_cloud, logs) = with_streams(&[]).await;
    let protect =
        |on: bool| logs.put_log_group_deletion_protection().log_group_identifier(GROUP).deletion_protection_enabled(on);
    protect(true).send().await.unwrap();
    let refused = logs.delete_log_group().log_group_name(GROUP).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationException"));
    protect(false).send().await.unwrap();
    logs.delete_log_group().log_group_name(GROUP).send().await.unwrap();
}
