//! Tells open pages that something has changed, as server-sent events: which, they ask for themselves. A reader that is
//! slow gets one event for all that happened; one that reads nothing loses its connection.

use super::board::Board;
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, sleep_until},
};

/// What is as it was is said this often: pages tell ages, and who is gone is noticed by it.
const BEAT: Duration = Duration::from_secs(15);
/// A stream ends after this long; the browser opens another, if it is still let in.
const LONGEST: Duration = Duration::from_mins(30);

/// One open stream.
struct Stream {
    changes: watch::Receiver<u64>,
    board: Arc<Board>,
    end: Instant,
    is_begun: bool,
    _place: OwnedSemaphorePermit,
}

impl Stream {
    /// Waits for the next event; `None` is the end.
    async fn next(&mut self) -> Option<&'static str> {
        if !self.is_begun {
            self.is_begun = true;
            return Some("retry: 2000\n\n");
        }
        tokio::select! {
            changed = self.changes.changed() => changed.ok().map(|()| "event: change\ndata:\n\n"),
            () = sleep_until(Instant::now() + BEAT) => Some("event: beat\ndata:\n\n"),
            () = self.board.cancel.cancelled() => None,
            () = sleep_until(self.end) => None,
        }
    }
}

/// Opens a stream, if there is a place for one.
pub(super) fn open(board: &Arc<Board>) -> Response {
    let Ok(place) = board.streams.clone().try_acquire_owned() else {
        let wait = [(header::RETRY_AFTER, HeaderValue::from_static("5"))];
        return (StatusCode::SERVICE_UNAVAILABLE, wait, "Busy\n").into_response();
    };
    let changes = board.lookout.changes();
    let end = Instant::now() + LONGEST;
    let stream = Stream { changes, board: board.clone(), end, is_begun: false, _place: place };
    let events = stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from_static(event.as_bytes())), stream))
    });
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))];
    (kind, Body::from_stream(events)).into_response()
}
