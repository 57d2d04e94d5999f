//! Bodies that are not whole: an answer that goes on while its service makes it, and a request whose service takes it
//! as it arrives.
//!
//! Both are channels of pieces with a bound, so that who is faster waits for who is slower. Not here: what is read from
//! and written to a connection (`connection`).

use bytes::Bytes;
use http::HeaderMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// How many pieces wait in a channel.
const WAITING: usize = 8;

/// What an answer goes on with.
#[derive(Debug)]
pub enum Piece {
    /// More of its body.
    Bytes(Bytes),
    /// Its end. Without it the client sees an answer that was broken off.
    End,
}

/// What of an answer's body comes after the part that the answer has; kept in its extensions. The length of such an
/// answer is not known, so it is sent in chunks.
#[derive(Debug, Clone)]
pub struct Rest(Arc<Mutex<Option<mpsc::Receiver<Piece>>>>);

impl Rest {
    /// Makes a rest, and the end of the channel that it comes through.
    #[must_use]
    pub fn channel() -> (mpsc::Sender<Piece>, Self) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (sender, Self(Arc::new(Mutex::new(Some(receiver)))))
    }

    /// Takes the channel; whoever writes the answer does, once.
    pub(super) fn take(&self) -> Option<mpsc::Receiver<Piece>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Where a service takes a request's body as it arrives.
#[derive(Debug)]
pub struct Incoming {
    /// Where the pieces go; who does not listen any more misses the rest.
    pub pieces: mpsc::Sender<Bytes>,
    /// The most bytes of all of them; more is a 413.
    pub most: usize,
}

/// The trailers of a request, in its extensions.
#[derive(Debug, Clone, Default)]
pub struct Trailers(pub HeaderMap);
