//! What the emulator does after minutes, at the durations of Lambda, on a clock that the test moves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{
    lambda::{create, invoke, text},
    local::Local,
    runtime::{gone, logged},
};
use crate::support::eventually;
use aws_sdk_lambda::{primitives::Blob, types::InvocationType};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// Waits until as many tasks wait for the clock.
fn sleeping(local: &Local, tasks: usize) {
    assert!(eventually(PATIENCE, || local.clock.sleepers() == tasks), "{} wait", local.clock.sleepers());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_ends_when_it_was_idle_for_five_minutes() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let first = text(&invoke(&client, "f", r#"{"do":"pid"}"#).await);
    for _ in 0..2 {
        sleeping(&local, 1);
        local.clock.advance(MINUTE * 4);
        sleeping(&local, 1);
        assert_eq!(text(&invoke(&client, "f", r#"{"do":"pid"}"#).await), first, "it was used in between");
    }
    sleeping(&local, 1);
    local.clock.advance(MINUTE * 5);
    gone(&first).await;
    assert_ne!(text(&invoke(&client, "f", r#"{"do":"pid"}"#).await), first);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_fails_is_tried_again_after_one_minute_and_after_two_more() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let begun = local.clock.uptime();
    let event = client.invoke().function_name("f").invocation_type(InvocationType::Event);
    event.payload(Blob::new(r#"{"do":"error"}"#)).send().await.unwrap();
    let attempts = |lines: &[(i64, String)]| {
        let ends = lines.iter().filter(|(_, line)| line.starts_with("REPORT"));
        ends.map(|&(time, _)| i64::try_from(begun.as_millis()).unwrap().abs_diff(time) / 1000).collect::<Vec<_>>()
    };
    let mut expected = vec![0];
    for pause in [60, 120] {
        assert_eq!(attempts(&logged(&local, |lines| attempts(lines).len() == expected.len()).await), expected);
        // The reaper of idle processes, and the event.
        sleeping(&local, 2);
        local.clock.advance(Duration::from_secs(pause - 1));
        sleeping(&local, 2);
        local.clock.advance(SECOND);
        expected.push(expected.last().unwrap() + pause);
    }
    assert_eq!(attempts(&logged(&local, |lines| attempts(lines).len() == 3).await), expected);
    // The third was the last: only the reaper waits.
    sleeping(&local, 1);
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_a_deleted_function_is_kept_while_an_invocation_of_it_may_last() {
    let local = Local::start().await;
    let client = create(&local, "f", &[]).await;
    let count = || std::fs::read_dir(local.folder().join("blobs")).unwrap().count();
    client.delete_function().function_name("f").send().await.unwrap();
    sleeping(&local, 1);
    local.clock.advance(Duration::from_secs(15 * 60 - 1));
    sleeping(&local, 1);
    assert_eq!(count(), 1);
    local.clock.advance(SECOND);
    assert!(eventually(PATIENCE, || count() == 0));
    local.stop().await;
}
