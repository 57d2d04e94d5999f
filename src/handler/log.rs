//! The function's log: one JSON line per event on stdout, and one per upstream call that went wrong. The only place of
//! the handler that prints; Lambda takes its logs from stdout. Never a parameter's value, a header or a body.

use super::failure::Upstream;
use serde::Serialize;
use std::{io::Write, time::Duration};

/// What became of an event.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    /// The id in the answer's `x-request-id`.
    pub(super) request_id: &'a str,
    /// The id that Lambda gave the invocation.
    pub(super) invocation_id: &'a str,
    /// What was asked for, as far as it was understood.
    pub(super) action: Option<&'static str>,
    /// Of whom.
    pub(super) target: Option<&'static str>,
    /// The answer's HTTP status.
    pub(super) status: u16,
    /// `ok`, or the failure's code.
    pub(super) outcome: &'static str,
}

/// Writes the line of an event that took `duration`.
pub(super) fn answered(entry: &Entry<'_>, duration: Duration) {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'static str,
        #[serde(flatten)]
        entry: &'a Entry<'a>,
        duration_ms: u128,
    }
    let level = if entry.status >= 500 { "ERROR" } else { "INFO" };
    write(&Line { level, entry, duration_ms: duration.as_millis() });
}

/// Something that the tick did, and why.
#[derive(Debug, Serialize)]
pub(super) struct Acted<'a> {
    /// `start` or `stop`.
    pub(super) action: &'static str,
    /// Of whom: `ec2` or `docker`.
    pub(super) target: &'static str,
    /// The instance's id or the container's name.
    pub(super) id: &'a str,
    /// `schedule`, `lifetime` or `idle`.
    pub(super) by: &'static str,
    /// `ok`, or the failure's code.
    pub(super) outcome: &'static str,
}

/// Writes what the tick did.
pub(super) fn acted(acted: &Acted<'_>) {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        #[serde(flatten)]
        acted: &'a Acted<'a>,
    }
    write(&Line { level: "INFO", request_id: REQUEST.try_with(Clone::clone).ok(), acted });
}

tokio::task_local! {
    /// The id of the request that is being worked on.
    static REQUEST: String;
}

/// Does some work for a request, whose id its lines then carry.
pub(super) async fn about<T>(request_id: String, work: impl Future<Output = T>) -> T {
    REQUEST.scope(request_id, work).await
}

/// Writes why a call of `operation` went wrong, as a short word: an engine's error code, or ours.
pub(super) fn upstream(upstream: Upstream, operation: &'static str, reason: &str) {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        upstream: String,
        operation: &'static str,
        reason: &'a str,
    }
    let is_word = (1..=64).contains(&reason.len())
        && reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let reason = if is_word { reason } else { "unprintable" };
    let request_id = REQUEST.try_with(Clone::clone).ok();
    write(&Line { level: "WARN", request_id, upstream: upstream.to_string(), operation, reason });
}

/// Writes why the function cannot work at all.
pub(super) fn fatal(error: &(dyn std::error::Error + 'static)) {
    #[derive(Serialize)]
    struct Line {
        level: &'static str,
        error: String,
    }
    write(&Line { level: "FATAL", error: error.to_string() });
}

/// A line that cannot be written is lost: the answer matters more.
fn write(line: &impl Serialize) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let _ = std::io::stdout().lock().write_all(&text);
    }
}
