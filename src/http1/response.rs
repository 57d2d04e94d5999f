//! An answer's head, from a [`Response`] to bytes.

use super::{Response, Rest};
use http::{Method, StatusCode, header};
use std::{cell::RefCell, io::Write, time::SystemTime};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// IMF-fixdate (RFC 9110, 5.6.7).
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// Writes the head of `response` and tells whether its body follows: not to HEAD, and not where the status forbids it.
///
/// The lengths and connection options of the service are dropped: only the server knows them.
pub(super) fn write_head(out: &mut Vec<u8>, response: &Response, method: &Method, close: bool) -> bool {
    let status = response.status();
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or("Unknown").as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in response.headers() {
        let ours = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::DATE];
        if !ours.contains(name) {
            line(out, name.as_str(), value.as_bytes());
        }
    }
    with_date(|date| line(out, "date", date));
    let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) && !status.is_informational();
    if has_body && response.extensions().get::<Rest>().is_some() {
        line(out, "transfer-encoding", b"chunked");
    } else if has_body {
        // Writing to a `Vec` cannot fail.
        let _ = write!(out, "content-length: {}\r\n", response.body().len());
    }
    if close {
        line(out, "connection", b"close");
    }
    out.extend_from_slice(b"\r\n");
    has_body && method != Method::HEAD
}

/// Writes a piece of a body as a chunk; an empty one would be the last.
pub(super) fn chunk(out: &mut Vec<u8>, bytes: &[u8], has_body: bool) {
    if has_body && !bytes.is_empty() {
        let _ = write!(out, "{:x}\r\n", bytes.len());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
}

fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Lends the current date, formatted once a second and thread.
fn with_date(use_it: impl FnOnce(&[u8])) {
    thread_local! {
        static DATE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    DATE.with_borrow_mut(|(second, text)| {
        if *second != now || text.is_empty() {
            let date = i64::try_from(now).ok().and_then(|now| OffsetDateTime::from_unix_timestamp(now).ok());
            *text = date.unwrap_or(OffsetDateTime::UNIX_EPOCH).format(HTTP_DATE).unwrap_or_default();
            *second = now;
        }
        use_it(text.as_bytes());
    });
}
