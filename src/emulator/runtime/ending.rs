//! How processes and invocations end, in Lambda's words: the answers in a function's name, and what the log says of them.

use super::{
    api::{Answer, error_document},
    extensions::Failed,
    platform::Status,
};
use bytes::Bytes;
use std::{os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

/// The type of the error of what ran out of time.
const TIMED_OUT: &str = "Sandbox.Timedout";
/// The type of an error that has none.
const UNKNOWN: &str = "Runtime.Unknown";
/// How a process has ended that held too much memory,
pub(super) const OUTGROWN: &str = "signal: killed";
/// and how the log's records call that.
pub(super) const OUT_OF_MEMORY: &str = "Runtime.OutOfMemory";

/// How a process has ended.
pub(super) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal: {}", signal_name(signal)),
        (None, None) => "unknown status".to_owned(),
    }
}

/// The words of Go's standard library, in which Lambda speaks.
fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "hangup",
        2 => "interrupt",
        4 => "illegal instruction",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

/// The answer in the name of a function whose process is gone.
pub(super) fn exit_document(id: &str, how: &str) -> Bytes {
    // A process that ends by itself with 0 is an error too: it was to ask for more work.
    let reason = if how == "exit status 0" {
        "Runtime exited without providing a reason".to_owned()
    } else {
        format!("Runtime exited with error: {how}")
    };
    error_document("Runtime.ExitError", &format!("RequestId: {id} Error: {reason}"))
}

/// The same where its program cannot be executed.
pub(super) fn entrypoint_document(id: &str, why: &str) -> Bytes {
    error_document("Runtime.InvalidEntrypoint", &format!("RequestId: {id} Error: {why}"))
}

/// The same where an extension has failed.
pub(super) fn extension_document(id: &str, Failed { name, kind }: &Failed) -> Bytes {
    error_document(kind, &format!("RequestId: {id} Error: the extension `{name}` failed"))
}

/// The same where its time is over.
pub(super) fn timeout_document(id: &str, after: Duration) -> Bytes {
    let message = format!("RequestId: {id} Error: Task timed out after {:.2} seconds", after.as_secs_f64());
    error_document(TIMED_OUT, &message)
}

/// How an invocation ended, as the log's records say it.
pub(super) fn status(answer: &Answer) -> Status {
    let Answer::Error(document) = answer else { return Status::Success };
    let kind = serde_json::from_slice::<ErrorType>(document).ok().and_then(|document| document.kind);
    match kind.as_deref() {
        Some(TIMED_OUT) => Status::Timeout,
        kind => Status::Error(kind.unwrap_or(UNKNOWN).to_owned()),
    }
}

#[derive(serde::Deserialize)]
struct ErrorType {
    #[serde(rename = "errorType")]
    kind: Option<String>,
}

/// What the log says of an error document when the process is gone.
pub(super) fn failure(answer: &Answer) -> Option<String> {
    let Answer::Error(document) = answer else { return None };
    let document: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
    let message = document["errorMessage"].as_str().unwrap_or_default();
    match document["errorType"].as_str() {
        // Of what ran out of time, the log has its own beginning of the line.
        Some(TIMED_OUT) => Some(message.split_once(" Error: ").map_or(message, |(_, what)| what).to_owned()),
        kind => Some(format!("{message} {}", kind.unwrap_or(UNKNOWN)).trim_start().to_owned()),
    }
}
