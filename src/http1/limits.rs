//! What a door puts up with: sizes, times and connections.

use std::time::Duration;

/// The limits of one door. The presets are the doors' own; tests shrink single fields.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a head, from the request line to the empty line; more is a 431.
    pub head_bytes: usize,
    /// The highest byte of a header's value: `~`, or 255 where text beyond ASCII is let through; a higher one is a 400.
    pub highest_byte: u8,
    /// Bytes of a request target; more is a 414.
    pub target_bytes: usize,
    /// Time from the first byte of a head to its last; more is a 408.
    pub head_time: Duration,
    /// Bytes of a decoded body; more is a 413. A [`Service`](super::Service) may ask for less per request.
    pub body_bytes: usize,
    /// Bytes of the bodies in flight of all strangers together; a body that finds no room is a 503.
    pub strangers_bytes: usize,
    /// The same for clients whom the [`Service`](super::Service) knows.
    pub known_bytes: usize,
    /// Time for a whole body; more is a 408.
    pub body_time: Duration,
    /// Time that a connection may wait for its next request; then it is closed without a word.
    pub idle_time: Duration,
    /// Time for a client to take a whole answer; then the connection is cut.
    pub write_time: Duration,
    /// Time that requests in flight get to end after shutdown; then they are cut.
    pub drain_time: Duration,
    /// Connections at a time. A further one takes the place of the one that has waited longest for its client; where
    /// none waits, it is answered 503 and closed.
    pub connections: usize,
    /// Whether `transfer-encoding: chunked` is accepted; otherwise it is a 411.
    pub chunked: bool,
    /// Bytes of trailers behind a chunked body; 0 refuses them, announced or not.
    pub trailer_bytes: usize,
    /// Whether `expect: 100-continue` is accepted; otherwise it is a 417.
    pub expect_continue: bool,
    /// Whether a request's future is dropped when its client closes the connection, as long polls want it. Off, the
    /// request runs to its end: a client that only half-closes still gets its answer.
    pub drop_on_hang_up: bool,
}

/// Bytes that a connection of edge and proxy takes beside its body: buffers for two heads and for a small answer, a map of headers, the
/// task, and as much again for the kernel's buffers, which a container's memory includes.
const CONNECTION_BYTES: usize = 256 * 1024;

impl Limits {
    /// Bytes of memory that the door takes at the very most. While a body moves to a buffer of twice the size, half as
    /// much as is counted is in use again.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.connections * CONNECTION_BYTES + (self.strangers_bytes + self.known_bytes) * 3 / 2
    }

    /// The edge: AWS clients upload function archives through it, strangers reach it.
    #[must_use]
    pub const fn edge() -> Self {
        Self {
            head_bytes: 16 * 1024,
            highest_byte: b'~',
            target_bytes: 8 * 1024,
            head_time: Duration::from_secs(5),
            // Lambda's own limit of a `CreateFunction` request: 50 MB of archive in base64, and its JSON.
            body_bytes: 70_167_211,
            strangers_bytes: 32 * 1024 * 1024,
            // Two of the largest at once.
            known_bytes: 144 * 1024 * 1024,
            body_time: Duration::from_secs(20),
            idle_time: Duration::from_mins(1),
            write_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(5),
            connections: 256,
            chunked: true,
            trailer_bytes: 0,
            expect_continue: true,
            drop_on_hang_up: false,
        }
    }

    /// The docker proxy: no request has a body, so none may announce one.
    #[must_use]
    pub const fn proxy() -> Self {
        Self {
            target_bytes: 1024,
            body_bytes: 0,
            strangers_bytes: 0,
            known_bytes: 0,
            body_time: Duration::from_secs(5),
            idle_time: Duration::from_secs(30),
            connections: 64,
            chunked: false,
            expect_continue: false,
            ..Self::edge()
        }
    }

    /// The Lambda Runtime API: a function process on loopback, whose poll for work may last for hours.
    #[must_use]
    pub const fn runtime_api() -> Self {
        Self {
            // AWS's clients tell X-Ray the cause of an error in a header: a stack trace of up to 1 MiB, in UTF-8.
            head_bytes: (1024 + 16) * 1024,
            highest_byte: u8::MAX,
            // 6 MB is the limit of an answer; its overrun is the emulator's to word, as Lambda does.
            body_bytes: 8 * 1024 * 1024,
            idle_time: Duration::from_hours(1),
            connections: 64,
            // An error, in base64, behind an answer that was streamed.
            trailer_bytes: 512 * 1024,
            drop_on_hang_up: true,
            ..Self::edge()
        }
    }
}
