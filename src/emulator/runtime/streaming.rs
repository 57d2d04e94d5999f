//! Answers that a function gives piece by piece, on their way from its process to who called it.
//!
//! Who wants to see the pieces gives an invocation a [`Sink`]; to everybody else such an answer comes whole. Where it
//! begins, what it consists of and how it ended come separately: its end is the [`Invoked`] of any invocation.

use super::{InvokeError, Invoked};
use bytes::Bytes;
use http::HeaderValue;
use tokio::sync::{mpsc, oneshot};

/// The most bytes of a streamed answer: Lambda's own limit. Its pace beyond the first 6 MB, 2 MB/s, is not kept.
pub const MAX_STREAM: usize = 200 * 1024 * 1024;
/// How many pieces wait for who takes them before the function has to wait.
const PIECES: usize = 8;

/// Where a process's streamed answer goes.
#[derive(Debug, Clone)]
pub struct Sink {
    begun: mpsc::Sender<Option<HeaderValue>>,
    pieces: mpsc::Sender<Bytes>,
}

impl Sink {
    /// Says that the answer begins, and of which type it is; gives where its pieces go.
    pub(super) fn begin(&self, content_type: Option<HeaderValue>) -> mpsc::Sender<Bytes> {
        let _ = self.begun.try_send(content_type);
        self.pieces.clone()
    }
}

/// How an invocation has come out so far, once that is known.
#[derive(Debug)]
pub enum Begun {
    /// The function streams its answer, which is of this type.
    Stream(Option<HeaderValue>),
    /// It has answered at once, or not at all.
    Whole(Result<Invoked, InvokeError>),
}

/// An invocation whose answer is taken as it comes.
#[derive(Debug)]
pub struct Streaming {
    begun: mpsc::Receiver<Option<HeaderValue>>,
    pieces: mpsc::Receiver<Bytes>,
    end: oneshot::Receiver<Result<Invoked, InvokeError>>,
}

impl Streaming {
    /// Makes the two ends of an invocation: what the process gets, where its end is told, and what its caller has.
    pub(super) fn channel() -> (Sink, oneshot::Sender<Result<Invoked, InvokeError>>, Self) {
        let (begun_sender, begun) = mpsc::channel(1);
        let (pieces_sender, pieces) = mpsc::channel(PIECES);
        let (end_sender, end) = oneshot::channel();
        (Sink { begun: begun_sender, pieces: pieces_sender }, end_sender, Self { begun, pieces, end })
    }

    /// Waits until the answer begins, or there is none to be streamed.
    pub async fn begun(&mut self) -> Begun {
        match self.begun.recv().await {
            Some(content_type) => Begun::Stream(content_type),
            None => Begun::Whole(self.end().await),
        }
    }

    /// Waits for the next piece; `None` when there are no more.
    pub async fn piece(&mut self) -> Option<Bytes> {
        self.pieces.recv().await
    }

    /// Waits for what came of the invocation.
    ///
    /// # Errors
    /// When no process could be given it.
    pub async fn end(&mut self) -> Result<Invoked, InvokeError> {
        (&mut self.end).await.unwrap_or(Err(InvokeError::ShuttingDown))
    }
}
