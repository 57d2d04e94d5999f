//! Request ids: what an answer, the log lines about it and what happens behind the door have in common.

use super::Response;
use crate::secret;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::atomic::{AtomicU64, Ordering};

/// The header that carries a request's id, in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Draws request ids at random: an id tells nobody how many requests there were.
#[derive(Default)]
pub struct RequestIds {
    drawn: AtomicU64,
}

impl RequestIds {
    /// Draws one.
    pub fn draw(&self) -> String {
        // Without randomness ids are still unique in this process, which is what a log needs.
        let hex = secret::random_hex(16);
        uuid(&hex.unwrap_or_else(|_| format!("{:032x}", self.drawn.fetch_add(1, Ordering::Relaxed))))
    }

    /// Takes the client's own id if it has sent one that can be logged as it is, else draws one.
    pub fn of(&self, headers: &HeaderMap) -> String {
        clean(headers).map_or_else(|| self.draw(), str::to_owned)
    }
}

/// Writes 32 hex digits in the form of a UUID, the form of AWS's own request ids.
#[must_use]
pub fn uuid(hex: &str) -> String {
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Gives the client's own request id, if it is one and can be logged as it is.
#[must_use]
pub fn clean(headers: &HeaderMap) -> Option<&str> {
    let mut ids = headers.get_all(REQUEST_ID).iter();
    let id = ids.next().filter(|_| ids.next().is_none())?.to_str().ok()?;
    let clean = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    clean.then_some(id)
}

/// Puts an id on an answer.
pub fn name(response: &mut Response, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}
