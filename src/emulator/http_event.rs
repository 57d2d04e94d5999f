//! What the events of calls over HTTP have in common in payload version 2.0, whether an HTTP API or a function's URL was
//! called: lower-case headers with one value each, cookies by themselves, bodies as text or in base64.
//!
//! Not here: the members of the events, in which the two differ.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, header};
use serde::Serialize;
use std::{collections::BTreeMap, net::IpAddr};
use time::OffsetDateTime;

/// The header by which calls are traced.
pub(in crate::emulator) const TRACE_ID: &str = "x-amzn-trace-id";
pub(in crate::emulator) const FORWARDED_FOR: &str = "x-forwarded-for";
pub(in crate::emulator) const FORWARDED_PORT: &str = "x-forwarded-port";
pub(in crate::emulator) const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// What an event says of the request itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::emulator) struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: String,
    user_agent: String,
}

impl<'a> Http<'a> {
    /// Reads it from the request.
    pub(in crate::emulator) fn of(method: &'a str, path: &'a str, headers: &HeaderMap, caller: Option<IpAddr>) -> Self {
        let user_agent = text(headers, "user-agent").unwrap_or_default();
        Self { method, path, protocol: "HTTP/1.1", source_ip: address(caller), user_agent }
    }
}

/// The caller's address; empty where it is not known.
pub(in crate::emulator) fn address(caller: Option<IpAddr>) -> String {
    caller.map(|ip| ip.to_canonical().to_string()).unwrap_or_default()
}

/// The first value of a header.
pub(in crate::emulator) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// All values of a header.
pub(in crate::emulator) fn texts(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

/// The cookies, each by itself; their header is not among the headers.
pub(in crate::emulator) fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = texts(headers, header::COOKIE.as_str());
    values.iter().flat_map(|value| value.split(';')).map(|cookie| cookie.trim().to_owned()).collect()
}

/// The parameters of a query string, the values of one name in one, with commas between.
pub(in crate::emulator) fn parameters(query: &str) -> BTreeMap<String, String> {
    joined(form_urlencoded::parse(query.as_bytes()).into_owned())
}

fn joined(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        all.entry(name).or_default().push(value);
    }
    all.into_iter().map(|(name, values)| (name, values.join(","))).collect()
}

/// The caller's headers, the values of one name in one, and those that AWS adds; all in lower case.
pub(in crate::emulator) fn headers(sent: &HeaderMap, caller: Option<IpAddr>, trace: &str) -> BTreeMap<String, String> {
    let own = sent.iter().filter(|(name, _)| **name != header::COOKIE && **name != header::CONNECTION);
    let own =
        own.map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut headers = joined(own);
    let mut hops = texts(sent, FORWARDED_FOR);
    hops.extend(caller.map(|ip| ip.to_canonical().to_string()));
    // A tunnel says how it was called; without one the caller came here himself.
    let proto = text(sent, FORWARDED_PROTO).unwrap_or_else(|| "http".to_owned());
    let port = || text(sent, "host")?.rsplit_once(':').map(|(_, port)| port.to_owned());
    let usual = if proto == "https" { "443" } else { "80" };
    let port = text(sent, FORWARDED_PORT).or_else(port).unwrap_or_else(|| usual.to_owned());
    headers.insert(FORWARDED_FOR.to_owned(), hops.join(", "));
    headers.insert(FORWARDED_PROTO.to_owned(), proto);
    headers.insert(FORWARDED_PORT.to_owned(), port);
    headers.entry(TRACE_ID.to_owned()).or_insert_with(|| trace.to_owned());
    headers
}

/// The body as text where its type is one of text, else in base64; `unnamed` is the type of one that names none.
pub(in crate::emulator) fn body(headers: &HeaderMap, body: &[u8], unnamed: &str) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let kind = text(headers, "content-type").unwrap_or_else(|| unnamed.to_owned()).to_ascii_lowercase();
    let is_text = ["text", "json", "xml", "javascript"].iter().any(|known| kind.contains(known));
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(BASE64_STANDARD.encode(body)), true),
    }
}

/// What a function answers, as it was written but for the white space between its parts: members keep their order, numbers
/// their digits.
pub(in crate::emulator) fn without_spaces(document: &[u8]) -> Bytes {
    let (mut is_text, mut is_escaped) = (false, false);
    let is_kept = |byte: &u8| {
        if is_text {
            is_text = is_escaped || *byte != b'"';
            is_escaped = !is_escaped && *byte == b'\\';
            return true;
        }
        is_text = *byte == b'"';
        !byte.is_ascii_whitespace()
    };
    document.iter().copied().filter(is_kept).collect()
}

/// Writes a time as in an access log: `23/Nov/2026:04:46:00 +0000`.
pub(in crate::emulator) fn request_time(time: OffsetDateTime) -> String {
    let format = time::macros::format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    time.format(&format).unwrap_or_default()
}

/// A time in milliseconds since 1970.
pub(in crate::emulator) fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}
