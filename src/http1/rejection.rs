//! Why something that arrived on a connection never became a request.

use http::StatusCode;

/// Declares every rejection once: its stable code, its status and its sentence.
macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $text:literal;)*) => {
        /// Why the server refused what it read, or could not go on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        pub enum Rejection { $($(#[$doc])* #[error($text)] $name),* }

        impl Rejection {
            /// The stable reason code, for answers and decision logs.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The status of the answer.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }
        }
    };
}

rejections! {
    /// A control or non-ASCII byte, a bare CR or a bare LF in the head.
    Byte = "bad_byte", BAD_REQUEST, "the head holds a byte that HTTP does not allow there";
    /// The request line is not `METHOD SP target SP version`.
    RequestLine = "bad_request_line", BAD_REQUEST, "the request line is malformed";
    /// The target is not in origin form, or holds a character or escape that it must not.
    Target = "bad_target", BAD_REQUEST, "the request target is malformed or not a path";
    /// The target is longer than the door allows.
    TargetTooLong = "target_too_long", URI_TOO_LONG, "the request target is too long";
    /// Not HTTP/1.1.
    Version = "bad_version", HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.1 is spoken here";
    /// A malformed header line: folded, without a name, or with a space before the colon.
    Header = "bad_header", BAD_REQUEST, "a header line is malformed";
    /// No `Host`, several, or one that is not a host.
    Host = "bad_host", BAD_REQUEST, "exactly one well-formed `Host` is needed";
    /// A `Content-Length` that is not one plain decimal number, or several of them.
    Length = "bad_length", BAD_REQUEST, "`Content-Length` is malformed or repeated";
    /// A `Content-Length` beside a `Transfer-Encoding`.
    LengthAndCoding = "length_and_coding", BAD_REQUEST, "a request has a length or a transfer coding, not both";
    /// A `Transfer-Encoding` other than exactly `chunked`.
    Coding = "bad_coding", BAD_REQUEST, "the only transfer coding spoken here is `chunked`";
    /// Chunked where the door wants a length.
    LengthRequired = "length_required", LENGTH_REQUIRED, "a body needs a `Content-Length` here";
    /// A chunk header that is malformed, extended or followed by trailers.
    Chunk = "bad_chunk", BAD_REQUEST, "the chunked body is malformed";
    /// `Upgrade`, or a `Connection` that names anything but `close` and `keep-alive`.
    Connection = "bad_connection", BAD_REQUEST, "upgrades and connection options are not supported";
    /// A `Trailer` announcement.
    Trailer = "trailer", BAD_REQUEST, "trailers are not supported";
    /// An `Expect` that the door does not meet.
    Expectation = "bad_expectation", EXPECTATION_FAILED, "this expectation is not met here";
    /// The head is longer than the door allows, or has too many lines.
    HeadTooLarge = "head_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too large";
    /// The body is longer than the door allows.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "the body is too large";
    /// The client ended its half of the connection inside a request.
    Truncated = "truncated", BAD_REQUEST, "the request ends before its end";
    /// The head or the body took longer than the door allows.
    Timeout = "request_timeout", REQUEST_TIMEOUT, "the request took too long to arrive";
    /// The bodies of all requests in flight take as much memory as they may.
    Room = "no_room", SERVICE_UNAVAILABLE, "too many large requests at once";
    /// More connections than the door allows.
    Connections = "too_many_connections", SERVICE_UNAVAILABLE, "too many connections";
    /// The service panicked: a bug, contained to this request.
    Bug = "internal_error", INTERNAL_SERVER_ERROR, "this request met a bug";
}
