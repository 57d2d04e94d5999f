//! The decision log: one JSON line per request on stderr, which a container's log takes. The only place of the proxy
//! that prints. Of what a client sent, only a valid container name is ever in it; the token never.

use super::rules::Operation;
use serde::Serialize;
use std::{io::Write, net::SocketAddr, time::Duration};

/// What was decided about a request.
#[derive(Debug, Serialize)]
pub(super) struct Entry<'a> {
    /// The id in the answer's `x-request-id`.
    pub(super) request_id: &'a str,
    /// Who asked.
    pub(super) peer: Option<SocketAddr>,
    /// Whether an operation was carried out.
    pub(super) decision: &'static str,
    /// `ok`, or why not.
    pub(super) reason: &'a str,
    /// The operation, once it is known.
    pub(super) operation: Option<&'static str>,
    /// The container, once its name is known to be one.
    pub(super) container: Option<&'a str>,
    /// The answer's status.
    pub(super) status: u16,
    /// How long it took.
    pub(super) duration_ms: u128,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        request_id: &'a str,
        peer: Option<SocketAddr>,
        operation: Option<&'a Operation>,
        reason: &'a str,
        status: http::StatusCode,
        took: Duration,
    ) -> Self {
        Self {
            request_id,
            peer,
            decision: if reason == OK { "allow" } else { "deny" },
            reason,
            operation: operation.map(Operation::name),
            container: operation.and_then(Operation::container).map(crate::names::ContainerName::as_str),
            status: status.as_u16(),
            duration_ms: took.as_millis(),
        }
    }

    /// Writes the line.
    pub(super) fn write(&self) {
        write(self);
    }
}

/// The reason of what was carried out.
pub(super) const OK: &str = "ok";

/// Writes why the proxy does not run.
pub fn fatal(error: &dyn std::fmt::Display) {
    #[derive(Serialize)]
    struct Line {
        decision: &'static str,
        error: String,
    }
    write(&Line { decision: "exit", error: error.to_string() });
}

/// A line that cannot be written is lost: a full log must not stop the proxy.
fn write(line: &impl Serialize) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let _ = std::io::stderr().lock().write_all(&text);
    }
}
