//! A request's head: it is refused, or nothing in it can mean two things to two parsers.

#![no_main]

use atelier_fuzz::http1::{
    Limits,
    head::{self, Framing},
};
use bytes::Bytes;
use http::header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::edge();
    let whole = head::end(bytes, 0, &limits);
    // Where the head ends does not depend on how many reads it came in.
    let half = bytes.len() / 2;
    if head::end(&bytes[..half], 0, &limits) == Ok(None) {
        assert_eq!(head::end(bytes, half, &limits), whole);
    }
    let Ok(Some(end)) = whole else { return };
    let Ok(head) = head::parse(&Bytes::copy_from_slice(&bytes[..end]), &limits) else { return };
    assert!(bytes[..end].ends_with(b"\r\n\r\n") && end <= limits.head_bytes);
    assert!(head.uri.path().starts_with('/') && head.uri.authority().is_none());
    assert_eq!(head.headers.get_all(header::HOST).iter().count(), 1);
    let lengths = head.headers.get_all(header::CONTENT_LENGTH).iter().count();
    let codings = head.headers.get_all(header::TRANSFER_ENCODING).iter().count();
    assert!(lengths + codings <= 1);
    assert_eq!(head.framing == Framing::Chunked, codings == 1);
    assert!(!head.headers.contains_key(header::UPGRADE) && !head.headers.contains_key(header::TRAILER));
});
