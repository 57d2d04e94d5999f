//! The function's log: one JSON line per event on stdout, and one per upstream call that went wrong. The only place of
//! the handler that prints; Lambda takes its logs from stdout. Never a header, a body, a key's value, or of a parameter
//! more than a name that was valid.
//!
//! The line of an event is in CloudWatch's Embedded Metric Format, so that it makes metrics of the namespace `atelier`
//! wherever that is read; who did what to which thing stands beside them.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use super::failure::Upstream;
use crate::{calls, log::millis, marks::NAMESPACE};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// How many calls and changes one line tells of; what polls for long makes more.
const MOST: usize = 64;

/// What became of an event.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    /// The id in the answer's `x-request-id`.
    pub(super) request_id: &'a str,
    /// The id that Lambda gave the invocation.
    pub(super) invocation_id: &'a str,
    /// The stack.
    pub(super) stack: &'a str,
    /// The HTTP method, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<&'a str>,
    /// The path, where it is the API's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<&'static str>,
    /// What was asked for, as far as it was understood, else [`NO_ACTION`](crate::marks::NO_ACTION): a metric needs a word.
    pub(super) action: &'static str,
    /// Of whom.
    pub(super) target: Option<&'static str>,
    /// The name that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    /// What else the request said, as its query has it (`type=t3.small&restart=1`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) options: Option<&'a str>,
    /// The answer's HTTP status.
    pub(super) status: u16,
    /// `ok`, or the failure's code.
    pub(super) outcome: &'static str,
    /// The name of the key that came with it, where it is known; never its value.
    pub(super) key: Option<&'a str>,
    /// The address that the front saw.
    pub(super) source: Option<&'a str>,
}

/// What was done for an event: the calls that it took, and the states that were seen.
#[derive(Debug, Default, Serialize)]
pub(super) struct Work {
    changes: Vec<Changed>,
    upstream: Vec<Asked>,
}

/// A thing that was changed, or was to be.
#[derive(Debug, Serialize)]
struct Changed {
    resource: String,
    before: Option<String>,
    after: Option<String>,
    /// Why it was changed, where nobody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
}

/// A call of EC2 or the docker proxy.
#[derive(Debug, Serialize)]
struct Asked {
    operation: String,
    at_ms: f64,
    ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Writes the line of an event that took `duration`, and for which the process was started where it is `cold`.
pub(super) fn answered(entry: &Entry<'_>, work: &Work, duration: Duration, cold: bool) {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'static str,
        #[serde(flatten)]
        entry: &'a Entry<'a>,
        duration_ms: u128,
        #[serde(flatten)]
        work: &'a Work,
        #[serde(rename = "Calls")]
        calls: u8,
        #[serde(rename = "Errors")]
        errors: u8,
        #[serde(rename = "Refused")]
        refused: u8,
        #[serde(rename = "Duration")]
        duration: f64,
        #[serde(rename = "ColdStart")]
        cold_start: u8,
        #[serde(rename = "_aws")]
        metrics: Value,
    }
    let is_error = entry.status >= 500;
    write(&Line {
        level: if is_error { "ERROR" } else { "INFO" },
        entry,
        duration_ms: duration.as_millis(),
        work,
        calls: 1,
        errors: is_error.into(),
        refused: (400..500).contains(&entry.status).into(),
        duration: millis(duration),
        cold_start: cold.into(),
        metrics: metrics(OffsetDateTime::now_utc()),
    });
}

/// What of a line are metrics, and by what they are told apart: few dimensions, because each combination is billed.
fn metrics(now: OffsetDateTime) -> Value {
    let metric = |name: &str, unit: &str| json!({ "Name": name, "Unit": unit });
    let counts = ["Calls", "Errors", "Refused", "ColdStart"].map(|name| metric(name, "Count"));
    let metrics: Vec<Value> = counts.into_iter().chain([metric("Duration", "Milliseconds")]).collect();
    json!({
        "Timestamp": i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
        "CloudWatchMetrics": [
            { "Namespace": NAMESPACE, "Dimensions": [["stack", "action"], ["stack"]], "Metrics": metrics }
        ],
    })
}

/// A request that is being worked on.
#[derive(Clone)]
struct Current {
    id: String,
    began: Instant,
    work: Arc<Mutex<Work>>,
}

impl Current {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    write(&Line { level: "INFO", request_id: request_id(), acted });
}

tokio::task_local! {
    static CURRENT: Current;
}

/// Does some work for a request, whose id its lines and its calls then carry, and tells what that took.
pub(super) async fn about<T>(request_id: String, work: impl Future<Output = T>) -> (T, Work) {
    let current = Current { id: request_id.clone(), began: Instant::now(), work: Arc::default() };
    let kept = Arc::clone(&current.work);
    let done = CURRENT.scope(current, calls::on_behalf_of(request_id, work)).await;
    let work = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    (done, work)
}

/// The id of the request that is being worked on.
pub(super) fn request_id() -> Option<String> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

/// Notes a call of `operation` that began then and has ended now.
pub(super) fn asked(upstream: Upstream, operation: &str, began: Instant, problem: Option<&str>) {
    let _ = CURRENT.try_with(|current| {
        let mut work = current.work();
        if work.upstream.len() < MOST {
            let operation = format!("{} {operation}", upstream.to_string().to_ascii_lowercase());
            let at_ms = millis(began.saturating_duration_since(current.began));
            let problem = problem.map(str::to_owned);
            work.upstream.push(Asked { operation, at_ms, ms: millis(began.elapsed()), problem });
        }
    });
}

/// Notes the state of a thing that is being changed: the first that was seen is that before, the last that after.
pub(super) fn saw(resource: &str, state: &str) {
    let _ = CURRENT.try_with(|current| {
        let mut work = current.work();
        if let Some(known) = work.changes.iter_mut().find(|changed| changed.resource == resource) {
            known.after = Some(state.to_owned());
        } else if work.changes.len() < MOST {
            let (resource, state) = (resource.to_owned(), Some(state.to_owned()));
            work.changes.push(Changed { resource, before: state.clone(), after: state, by: None });
        }
    });
}

/// Notes why a thing is being changed that nobody asked for, once its state was seen.
pub(super) fn because(resource: &str, why: &'static str) {
    let _ = CURRENT.try_with(|current| {
        let mut work = current.work();
        if let Some(known) = work.changes.iter_mut().find(|changed| changed.resource == resource) {
            known.by = Some(why);
        }
    });
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
    let reason = word(reason);
    write(&Line { level: "WARN", request_id: request_id(), upstream: upstream.to_string(), operation, reason });
}

/// A reason as it may be written.
pub(super) fn word(reason: &str) -> &str {
    let is_word = (1..=64).contains(&reason.len())
        && reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if is_word { reason } else { "unprintable" }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::NO_ACTION;

    #[tokio::test]
    async fn the_first_state_is_that_before_and_the_last_that_after() {
        let work = async {
            for state in ["stopped", "pending", "running"] {
                saw("i-1", state);
            }
            saw("i-2", "running");
            because("i-2", "idle");
            asked(Upstream::Ec2, "StartInstances", Instant::now(), Some("Throttling"));
        };
        let ((), work) = about("r".to_owned(), work).await;
        let told = serde_json::to_value(&work).unwrap();
        let started = json!({ "resource": "i-1", "before": "stopped", "after": "running" });
        let idle = json!({ "resource": "i-2", "before": "running", "after": "running", "by": "idle" });
        assert_eq!(told["changes"], json!([started, idle]));
        let asked = &told["upstream"][0];
        assert_eq!((&asked["operation"], &asked["problem"]), (&json!("ec2 StartInstances"), &json!("Throttling")));
        saw("i-1", "stopped");
        assert_eq!(request_id(), None, "outside of a request nothing is noted");
    }

    #[test]
    fn every_metric_and_dimension_of_a_line_is_in_it() {
        let entry = Entry {
            request_id: "r",
            invocation_id: "i",
            stack: "atelier",
            method: None,
            path: None,
            action: NO_ACTION,
            target: None,
            name: None,
            options: None,
            status: 403,
            outcome: "forbidden",
            key: None,
            source: None,
        };
        let entry = serde_json::to_value(&entry).unwrap();
        assert_eq!((&entry["action"], &entry["stack"]), (&json!("none"), &json!("atelier")));
        let found = metrics(OffsetDateTime::UNIX_EPOCH);
        let directive = &found["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["stack", "action"], ["stack"]]));
        let names: Vec<_> = directive["Metrics"].as_array().unwrap().iter().map(|metric| &metric["Name"]).collect();
        assert_eq!(names, ["Calls", "Errors", "Refused", "ColdStart", "Duration"]);
    }
}
