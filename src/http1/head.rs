//! The head of a request: from bytes to a [`Head`] that no two parsers can read differently, or a [`Rejection`].
//!
//! Pure: it reads no socket and keeps no state. `httparse` does the grammar of header lines, after stricter rules of
//! our own; nothing is normalised but the optional white space around header values.

use super::{Limits, Rejection};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

/// Header lines of a head; more is a 431.
const HEADERS: usize = 100;

/// What the head says about the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes; 0 also without a `Content-Length`.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// A request's head.
#[derive(Debug)]
pub struct Head {
    /// The method, in capitals.
    pub method: Method,
    /// The target, in origin form.
    pub uri: Uri,
    /// The headers, in order, duplicates kept.
    pub headers: HeaderMap,
    /// Their names as the client wrote them.
    pub spelling: Spelling,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the client wants the connection closed after the answer.
    pub close: bool,
    /// Whether the client waits for `100 Continue` before it sends its body.
    pub expects_continue: bool,
}

/// The names of a request's headers as its client wrote them, in the order of the lines.
#[derive(Debug, Clone, Default)]
pub struct Spelling(Vec<Bytes>);

impl Spelling {
    /// That of a request whose head nobody wrote.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(Vec::new())
    }

    /// That of a request whose names came by another way.
    #[must_use]
    pub fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.map(|name| Bytes::copy_from_slice(name.as_bytes())).collect())
    }

    /// Gives a name as the client wrote it the first time; as it is where the client did not write it.
    #[must_use]
    pub fn of<'a>(&'a self, name: &'a HeaderName) -> &'a str {
        let written = self.0.iter().find(|written| written.eq_ignore_ascii_case(name.as_str().as_bytes()));
        written.and_then(|written| std::str::from_utf8(written).ok()).unwrap_or(name.as_str())
    }
}

/// Finds the end of the head in `buffer`, whose first `scanned` bytes an earlier call has already looked at; `None`
/// means that more bytes are needed.
///
/// # Errors
/// Refuses at the first byte that cannot be part of a head, so a flood is cut where it starts to be one.
pub fn end(buffer: &[u8], scanned: usize, limits: &Limits) -> Result<Option<usize>, Rejection> {
    for (index, &byte) in buffer.iter().enumerate().skip(scanned) {
        if index >= limits.head_bytes {
            return Err(too_large(buffer, limits));
        }
        let before = index.checked_sub(1).map(|previous| buffer[previous]);
        match (byte, before) {
            (b'\r' | b'\n', None) => return Err(Rejection::RequestLine),
            (b'\n', Some(b'\r')) if buffer[..index].ends_with(b"\r\n\r") => return Ok(Some(index + 1)),
            (b'\n', Some(b'\r')) => {}
            (b'\n', _) | (_, Some(b'\r')) => return Err(Rejection::Byte),
            // A line that starts with a space continues the one before: obs-fold.
            (b' ', Some(b'\n')) => return Err(Rejection::Header),
            (b'\r' | b' '..=b'~', _) => {}
            // Only values get past the rules for the request line and for names.
            (0x80.., _) if byte <= limits.highest_byte => {}
            _ => return Err(Rejection::Byte),
        }
    }
    Ok(None)
}

/// Tells a head that is too large from one whose request line alone is.
fn too_large(buffer: &[u8], limits: &Limits) -> Rejection {
    if buffer.iter().take(limits.head_bytes).any(|&byte| byte == b'\n') {
        Rejection::HeadTooLarge
    } else {
        Rejection::TargetTooLong
    }
}

/// Reads a whole head, which ends where [`end`] found it.
///
/// # Errors
/// Returns the first rule that the head breaks.
pub fn parse(head: &Bytes, limits: &Limits) -> Result<Head, Rejection> {
    let line = head.iter().position(|&byte| byte == b'\r').ok_or(Rejection::RequestLine)?;
    let (method, uri) = request_line(&head.slice(..line), limits)?;
    let (headers, spelling) = headers(head, line + 2)?;

    let host = only(&headers, &header::HOST, Rejection::Host)?.ok_or(Rejection::Host)?;
    if !is_host(host.as_bytes()) {
        return Err(Rejection::Host);
    }
    if headers.contains_key(header::UPGRADE) {
        return Err(Rejection::Connection);
    }
    if limits.trailer_bytes == 0 && headers.contains_key(header::TRAILER) {
        return Err(Rejection::Trailer);
    }
    let close = wants_close(&headers)?;
    let framing = framing(&headers, limits)?;
    let expects_continue = expects_continue(&headers, limits)?;
    Ok(Head { method, uri, headers, spelling, framing, close, expects_continue })
}

fn request_line(line: &Bytes, limits: &Limits) -> Result<(Method, Uri), Rejection> {
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Rejection::RequestLine);
    };
    if !(1..=20).contains(&method.len()) || !method.iter().all(u8::is_ascii_uppercase) {
        return Err(Rejection::RequestLine);
    }
    if version != b"HTTP/1.1" {
        return Err(if version.starts_with(b"HTTP/") { Rejection::Version } else { Rejection::RequestLine });
    }
    if target.len() > limits.target_bytes {
        return Err(Rejection::TargetTooLong);
    }
    if !is_origin_form(target) {
        return Err(Rejection::Target);
    }
    let method = Method::from_bytes(method).map_err(|_| Rejection::RequestLine)?;
    let uri = Uri::from_maybe_shared(line.slice_ref(target)).map_err(|_| Rejection::Target)?;
    Ok((method, uri))
}

/// Checks `/path?query` against RFC 3986; in the query, `[` and `]` pass too, because clients write `name[]=value`.
fn is_origin_form(target: &[u8]) -> bool {
    let mut query = false;
    let mut bytes = target.iter();
    while let Some(&byte) = bytes.next() {
        let valid = match byte {
            b'%' => bytes.next().is_some_and(u8::is_ascii_hexdigit) && bytes.next().is_some_and(u8::is_ascii_hexdigit),
            b'?' => {
                query = true;
                true
            }
            b'[' | b']' => query,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
            | b':' | b'@' | b'/' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if !valid {
            return false;
        }
    }
    target.starts_with(b"/")
}

/// Reads header lines, from `start` to the empty line at the end, and how their names were spelt.
pub(super) fn headers(head: &Bytes, start: usize) -> Result<(HeaderMap, Spelling), Rejection> {
    let mut lines = [httparse::EMPTY_HEADER; HEADERS];
    let lines = match httparse::parse_headers(&head[start..], &mut lines) {
        Ok(httparse::Status::Complete((length, lines))) if start + length == head.len() => lines,
        Err(httparse::Error::TooManyHeaders) => return Err(Rejection::HeadTooLarge),
        _ => return Err(Rejection::Header),
    };
    let mut headers = HeaderMap::with_capacity(lines.len());
    let mut spelling = Vec::with_capacity(lines.len());
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| Rejection::Header)?;
        let value = HeaderValue::from_maybe_shared(head.slice_ref(line.value)).map_err(|_| Rejection::Header)?;
        headers.append(name, value);
        spelling.push(head.slice_ref(line.name.as_bytes()));
    }
    Ok((headers, Spelling(spelling)))
}

/// Gives the only value of a header; several are the rejection `several`, also when they are equal.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    several: Rejection,
) -> Result<Option<&'a HeaderValue>, Rejection> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(several) } else { Ok(first) }
}

/// Checks `host[:port]`, the host a DNS name, an IPv4 address or an IPv6 address in brackets.
fn is_host(host: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(host) else { return false };
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", port),
            _ => return false,
        },
        None => match text.find(':') {
            Some(colon) => text.split_at(colon),
            None => (text, ""),
        },
    };
    let port_is_valid = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok());
    port_is_valid
        && (1..=253).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// Reads `Connection`. A client that names a header there asks for it to be dropped on the way: refused.
fn wants_close(headers: &HeaderMap) -> Result<bool, Rejection> {
    let mut close = false;
    for value in headers.get_all(header::CONNECTION) {
        for option in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if option.eq_ignore_ascii_case(b"close") {
                close = true;
            } else if !option.eq_ignore_ascii_case(b"keep-alive") {
                return Err(Rejection::Connection);
            }
        }
    }
    Ok(close)
}

fn framing(headers: &HeaderMap, limits: &Limits) -> Result<Framing, Rejection> {
    let length = only(headers, &header::CONTENT_LENGTH, Rejection::Length)?;
    let coding = only(headers, &header::TRANSFER_ENCODING, Rejection::Coding)?;
    match (length, coding) {
        (Some(_), Some(_)) => Err(Rejection::LengthAndCoding),
        (None, None) => Ok(Framing::Length(0)),
        (Some(length), None) => content_length(length.as_bytes()).map(Framing::Length),
        (None, Some(coding)) if coding.as_bytes() != b"chunked" => Err(Rejection::Coding),
        (None, Some(_)) if limits.chunked => Ok(Framing::Chunked),
        (None, Some(_)) => Err(Rejection::LengthRequired),
    }
}

/// Reads a plain decimal number without sign, list or leading zeros.
fn content_length(text: &[u8]) -> Result<u64, Rejection> {
    let plain = !text.is_empty() && text.iter().all(u8::is_ascii_digit) && (text == b"0" || !text.starts_with(b"0"));
    if !plain {
        return Err(Rejection::Length);
    }
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Rejection::BodyTooLarge)
}

fn expects_continue(headers: &HeaderMap, limits: &Limits) -> Result<bool, Rejection> {
    match only(headers, &header::EXPECT, Rejection::Expectation)? {
        None => Ok(false),
        Some(value) if limits.expect_continue && value.as_bytes().eq_ignore_ascii_case(b"100-continue") => Ok(true),
        Some(_) => Err(Rejection::Expectation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Finds and parses the head at the start of `bytes`, which arrive in pieces of `piece` bytes.
    fn read(bytes: &[u8], piece: usize) -> Result<Option<(Head, usize)>, Rejection> {
        let limits = Limits::edge();
        let mut scanned = 0;
        for arrived in (piece..bytes.len()).step_by(piece).chain([bytes.len()]) {
            if let Some(end) = end(&bytes[..arrived], scanned, &limits)? {
                return parse(&Bytes::copy_from_slice(&bytes[..end]), &limits).map(|head| Some((head, end)));
            }
            scanned = arrived;
        }
        Ok(None)
    }

    /// Checks what must hold of every head that is accepted, against another parser's reading of the same bytes.
    fn check(bytes: &[u8], head: &Head, length: usize) -> Result<(), TestCaseError> {
        let mut lines = [httparse::EMPTY_HEADER; 100];
        let mut other = httparse::Request::new(&mut lines);
        prop_assert_eq!(other.parse(bytes), Ok(httparse::Status::Complete(length)));
        prop_assert_eq!(other.method, Some(head.method.as_str()));
        prop_assert_eq!(other.path.map(str::to_owned), Some(head.uri.to_string()));
        prop_assert_eq!(other.version, Some(1));
        prop_assert_eq!(other.headers.len(), head.headers.len());
        let count = |name: &str| other.headers.iter().filter(|line| line.name.eq_ignore_ascii_case(name)).count();
        prop_assert_eq!(count("host"), 1);
        prop_assert!(count("content-length") + count("transfer-encoding") <= 1);
        prop_assert_eq!(count("upgrade") + count("trailer"), 0);
        prop_assert!(bytes[..length].iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n')));
        Ok(())
    }

    #[test]
    fn a_plain_head_is_read() {
        let bytes =
            b"POST /a%20b?c[]=d HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 3\r\nA:  b \r\na: c\r\nE:\r\n\r\nabc";
        let (head, length) = read(bytes, 7).unwrap().unwrap();
        assert_eq!(length, bytes.len() - 3);
        assert_eq!((head.method, head.uri.path(), head.uri.query()), (Method::POST, "/a%20b", Some("c[]=d")));
        assert_eq!((head.framing, head.close, head.expects_continue), (Framing::Length(3), false, false));
        assert_eq!(head.headers.get_all("a").iter().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(head.headers["e"], "");
    }

    #[test]
    fn what_a_runtime_says_of_an_error_may_be_long_and_in_any_language() {
        let (runtime, edge) = (Limits::runtime_api(), Limits::edge());
        let head =
            |name: &str, value: &str| format!("POST /e HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\r\n").into_bytes();
        let cause = "é".repeat(500_000);
        let bytes = head("Cause", &cause);
        assert_eq!(end(&bytes, 0, &runtime), Ok(Some(bytes.len())));
        let read = parse(&Bytes::from(bytes.clone()), &runtime).unwrap();
        assert_eq!(read.headers["cause"].as_bytes(), cause.as_bytes());
        assert_eq!(end(&bytes, 0, &edge), Err(Rejection::Byte));
        assert_eq!(parse(&Bytes::from(head("É", "x")), &runtime).unwrap_err(), Rejection::Header);
        assert_eq!(end(&head("Cause", &"e".repeat(1_070_000)), 0, &runtime), Err(Rejection::HeadTooLarge));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_head_is_refused_or_read_as_every_parser_reads_it(
            at in any::<proptest::sample::Index>(),
            with in proptest::collection::vec(any::<u8>(), 0..3),
            cut in 0_usize..3,
        ) {
            let mut bytes = b"POST /infra?action=start HTTP/1.1\r\nHost: localhost:4566\r\nContent-Length: 12\r\n\
                Connection: keep-alive\r\nX-Api-Key: abc\r\nAccept: */*\r\n\r\n".to_vec();
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, with);
            if let Ok(Some((head, length))) = read(&bytes, bytes.len().max(1)) {
                check(&bytes, &head, length)?;
            }
        }

        #[test]
        fn lines_in_any_order_are_refused_or_read_as_every_parser_reads_them(
            lines in proptest::collection::vec(prop_oneof![
                Just("Host: x"), Just("host: y:1"), Just("Content-Length: 1"), Just("content-length: 0"),
                Just("Transfer-Encoding: chunked"), Just("Transfer-Encoding: identity"), Just(" folded"), Just("A: b"),
                Just("Upgrade: h2c"), Just("Trailer: a"), Just("Expect: 100-continue"), Just("Connection: close"),
                Just("a_b: c"), Just("X : y"), Just(""),
            ], 0..6),
            piece in 1_usize..40,
        ) {
            let bytes = format!("GET / HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n")).into_bytes();
            let whole = read(&bytes, bytes.len());
            prop_assert_eq!(read(&bytes, piece).is_ok(), whole.is_ok());
            if let Ok(Some((head, length))) = whole {
                check(&bytes, &head, length)?;
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), piece in 1_usize..10) {
            if let Ok(Some((head, length))) = read(&bytes, piece) {
                check(&bytes, &head, length)?;
            }
        }
    }
}
