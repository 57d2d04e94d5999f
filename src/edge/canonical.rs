//! The canonical form of a request and the arithmetic of Signature Version 4.
//!
//! Pure. The rules are those of <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>. Dot
//! segments and double slashes need no rule here: the routes let no such path through.

use crate::secret::{Secret, hex};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The only algorithm.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What `UriEncode` escapes: all but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same for paths, whose slashes separate.
const ESCAPED_IN_PATH: &AsciiSet = &ESCAPED.remove(b'/');

/// The scope of a credential: the day, region and service that a signing key is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `YYYYMMDD`.
    pub date: String,
    /// The region.
    pub region: String,
    /// The service's signing name.
    pub service: String,
}

/// A request, ready to be hashed with whatever host and payload hash it may have been signed for.
#[derive(Debug)]
pub struct Canonical<'a> {
    method: &'a str,
    path: String,
    query: String,
    headers: &'a HeaderMap,
    signed_headers: &'a str,
}

impl<'a> Canonical<'a> {
    /// Takes a request apart; `signed_headers` is the list as the client sent it (`host;x-amz-date`). The query of a
    /// presigned URL is signed without the signature.
    #[must_use]
    pub fn new(parts: &'a http::request::Parts, service: &str, signed_headers: &'a str, presigned: bool) -> Self {
        Self {
            method: parts.method.as_str(),
            path: path(parts.uri.path(), service),
            query: query(parts.uri.query().unwrap_or_default(), presigned),
            headers: &parts.headers,
            signed_headers,
        }
    }

    /// Gives the SHA-256 of the canonical request, as hex; `None` when a signed header is not there.
    #[must_use]
    pub fn hash(&self, host: &str, payload_hash: &str) -> Option<String> {
        let mut text = format!("{}\n{}\n{}\n", self.method, self.path, self.query);
        for name in self.signed_headers.split(';') {
            text.push_str(name);
            text.push(':');
            text.push_str(&if name == "host" { Cow::Borrowed(host) } else { header(self.headers, name)? });
            text.push('\n');
        }
        text.push('\n');
        text.push_str(self.signed_headers);
        text.push('\n');
        text.push_str(payload_hash);
        Some(sha256(text.as_bytes()))
    }
}

/// Escapes the path as it was sent once more, as every service but S3 wants it.
fn path(path: &str, service: &str) -> String {
    if service == "s3" { path.to_owned() } else { percent_encode(path.as_bytes(), ESCAPED_IN_PATH).to_string() }
}

/// Sorts the parameters by their escaped names and values. They are decoded as bytes: going through text would make
/// different invalid UTF-8 equal.
fn query(query: &str, presigned: bool) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (escape_again(name), escape_again(value)))
        .filter(|(name, _)| !presigned || name != "X-Amz-Signature")
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Brings an escaped text into the one form that signatures are made over.
fn escape_again(text: &str) -> String {
    percent_encode(&unescape(text), ESCAPED).to_string()
}

/// Decodes a name or value of a query.
pub(super) fn unescape(text: &str) -> Vec<u8> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).collect()
}

/// Joins a header's values, white space folded; `None` when it is not there.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut joined: Option<String> = None;
    for value in headers.get_all(name) {
        let words: Vec<&str> = value.to_str().ok()?.split_ascii_whitespace().collect();
        let folded = words.join(" ");
        joined = Some(joined.map_or(folded.clone(), |before| format!("{before},{folded}")));
    }
    joined.map(Cow::Owned)
}

/// Hashes bytes, as lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Signs a canonical request's hash; `timestamp` is `YYYYMMDDTHHMMSSZ`. The result is lower-case hex.
#[must_use]
pub fn sign(secret: &Secret, scope: &Scope, timestamp: &str, canonical_hash: &str) -> String {
    let Scope { date, region, service } = scope;
    let text = format!("{ALGORITHM}\n{timestamp}\n{date}/{region}/{service}/aws4_request\n{canonical_hash}");
    let mut key = hmac(format!("AWS4{}", secret.expose()).as_bytes(), date);
    for step in [region.as_str(), service, "aws4_request", &text] {
        key = hmac(&key, step);
    }
    hex(&key)
}

/// HMAC-SHA256.
#[must_use]
pub fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length: the error cannot happen, and an empty key would verify nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
