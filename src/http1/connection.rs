//! One connection: requests in, answers out, one after the other.
//!
//! A phase (waiting, head, body, answer) has one timer, whatever the number of reads in it. An answer leaves in one
//! system call.

use super::{
    Admission, Incoming, Limits, Local, Peer, Piece, Rejection, Request, Response, Rest, Service, Trailers,
    chunked::Decoder,
    head::{self, Framing, Head},
    response,
    room::{Pool, Room, Share},
    seats::Seats,
};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::FutureExt;
use http::{Method, header};
use std::{io, mem, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, mpsc},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Room for one read; most requests fit.
const READ_BYTES: usize = 8 * 1024;
/// Room for an answer's head that a connection keeps between requests.
const OUT_BYTES: usize = 1024;
/// How long, and for how many bytes, a client that was refused may go on talking. Closing while bytes are unread makes
/// the kernel send a reset, which can overtake the answer that says what was wrong.
pub(super) const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// Why a connection ends.
enum End {
    /// The client is gone, or has been idle for too long, or this side shuts down: nothing to say.
    Quiet,
    /// What arrived is refused: an answer, then the end.
    Refused(Rejection),
    /// The service has answered before the body was read: the answer, then the end.
    Answered(Response),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Quiet
    }
}

impl From<Rejection> for End {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// A client's connection and what it takes to serve it.
pub(super) struct Connection<S> {
    pub(super) stream: TcpStream,
    pub(super) peer: Peer,
    pub(super) local: Local,
    pub(super) limits: Arc<Limits>,
    pub(super) service: Arc<S>,
    pub(super) pool: Pool,
    pub(super) seats: Seats,
    pub(super) shutdown: CancellationToken,
}

impl<S: Service> Connection<S> {
    /// Serves requests until one side has had enough, and then leaves its seat.
    pub(super) async fn run(self, _seat: OwnedSemaphorePermit) {
        let mut exchange = Exchange { buffer: BytesMut::new(), out: Vec::with_capacity(OUT_BYTES), connection: self };
        let mut wait = exchange.connection.limits.head_time;
        loop {
            match exchange.once(wait).await {
                Ok(true) => wait = exchange.connection.limits.idle_time,
                Ok(false) => return exchange.linger().await,
                Err(End::Quiet) => return,
                Err(End::Refused(rejection)) => return exchange.refuse(rejection).await,
                Err(End::Answered(response)) => return exchange.part_with(response).await,
            }
        }
    }

    /// Answers the first bytes with a refusal, whatever they are: this connection is one too many.
    pub(super) async fn turn_away(self) {
        let mut exchange = Exchange { buffer: BytesMut::new(), out: Vec::with_capacity(OUT_BYTES), connection: self };
        // An answer before the request confuses clients, which take it for the answer to nothing.
        if let Ok(Ok(())) = timeout(LINGER, exchange.connection.stream.readable()).await {
            exchange.refuse(Rejection::Connections).await;
        }
    }
}

/// A connection in the middle of its work.
struct Exchange<S> {
    connection: Connection<S>,
    /// What was read and not yet used; pipelined requests wait here.
    buffer: BytesMut,
    /// The head of the answer; kept for its capacity.
    out: Vec<u8>,
}

impl<S: Service> Exchange<S> {
    /// Serves one request, whose first byte must come within `wait`; tells whether the connection stays open.
    async fn once(&mut self, wait: Duration) -> Result<bool, End> {
        let waiting = self.connection.seats.wait();
        let head = waiting.unless_over(self.whole_head(wait), End::Quiet).await?;
        // From here to the answer only a stranger's body is waited for.
        drop(waiting);
        let Head { method, uri, headers, spelling, framing, close, expects_continue } = head;

        let (mut parts, ()) = http::Request::new(()).into_parts();
        (parts.method, parts.uri, parts.headers) = (method.clone(), uri, headers);
        parts.extensions.insert(self.connection.peer);
        parts.extensions.insert(self.connection.local);
        parts.extensions.insert(spelling);
        let admitted = AssertUnwindSafe(self.connection.service.admit(&parts)).catch_unwind().await;
        let response = match admitted.map_err(|_| Rejection::Bug)? {
            Ok((admission, pass)) => {
                if let Some(incoming) = self.connection.service.stream(&parts, &pass) {
                    let trailers = self.streamed_body(framing, incoming, expects_continue).await?;
                    parts.extensions.insert(trailers);
                    let response = self.answer(Request::from_parts(parts, Bytes::new()), pass).await?;
                    return self.send(response, &method, close).await;
                }
                // The room is held until the answer is there: the service keeps the body for as long.
                let admitted = self.admitted_body(framing, admission, expects_continue).await;
                let (body, _room, trailers) = admitted.map_err(|end| match end {
                    End::Refused(rejection) => {
                        let worded = self.connection.service.reject_body(&parts, &pass, rejection);
                        worded.map_or(End::Refused(rejection), End::Answered)
                    }
                    end => end,
                })?;
                parts.extensions.insert(trailers);
                self.answer(Request::from_parts(parts, body), pass).await?
            }
            Err(response) if framing == Framing::Length(0) => response,
            Err(response) => return Err(End::Answered(response)),
        };
        self.send(response, &method, close).await
    }

    /// Writes an answer; tells whether the connection stays open.
    async fn send(&mut self, response: Response, method: &Method, close: bool) -> Result<bool, End> {
        let service_closes = response.headers().get(header::CONNECTION).is_some_and(|option| option == "close");
        let close = close || service_closes || self.connection.shutdown.is_cancelled();
        if let Some(rest) = response.extensions().get::<Rest>().and_then(Rest::take) {
            self.write_pieces(response, rest, method, close).await?;
        } else {
            let waiting = self.connection.seats.wait();
            waiting.unless_over(self.write(response, method, close), End::Quiet).await?;
        }
        Ok(!close)
    }

    /// Waits for a request, whose first byte must come within `wait`, and reads its head.
    async fn whole_head(&mut self, wait: Duration) -> Result<Head, End> {
        if self.buffer.is_empty() {
            self.wait_for_bytes(wait).await?;
        }
        let limit = self.connection.limits.head_time;
        timeout(limit, self.head()).await.map_err(|_| Rejection::Timeout)?
    }

    /// Waits for the first bytes of a request; a connection that is shut down has nothing more to wait for.
    async fn wait_for_bytes(&mut self, wait: Duration) -> Result<(), End> {
        self.buffer.reserve(READ_BYTES);
        tokio::select! {
            biased;
            read = timeout(wait, self.connection.stream.read_buf(&mut self.buffer)) => match read {
                Ok(Ok(count)) if count > 0 => Ok(()),
                _ => Err(End::Quiet),
            },
            () = self.connection.shutdown.cancelled() => Err(End::Quiet),
        }
    }

    async fn head(&mut self) -> Result<Head, End> {
        let mut scanned = 0;
        loop {
            if let Some(end) = head::end(&self.buffer, scanned, &self.connection.limits)? {
                let bytes = self.buffer.split_to(end).freeze();
                return Ok(head::parse(&bytes, &self.connection.limits)?);
            }
            scanned = self.buffer.len();
            self.read().await?;
        }
    }

    /// Reads a body as far as it was admitted; it comes with the room that it takes.
    async fn admitted_body(
        &mut self,
        framing: Framing,
        Admission { bytes, share }: Admission,
        expects_continue: bool,
    ) -> Result<(Bytes, Room, Trailers), End> {
        let mut room = self.connection.pool.enter(share);
        if framing == Framing::Length(0) {
            return Ok((Bytes::new(), room, Trailers::default()));
        }
        let limits = Arc::clone(&self.connection.limits);
        let waiting = (share == Share::Strangers).then(|| self.connection.seats.wait());
        let reading = self.body(framing, bytes.min(limits.body_bytes), expects_continue, &mut room);
        let reading = async { timeout(limits.body_time, reading).await.map_err(|_| Rejection::Timeout)? };
        let (body, trailers) = match waiting {
            Some(waiting) => waiting.unless_over(reading, End::Quiet).await?,
            None => reading.await?,
        };
        Ok((body, room, trailers))
    }

    async fn body(
        &mut self,
        framing: Framing,
        most: usize,
        expects_continue: bool,
        room: &mut Room,
    ) -> Result<(Bytes, Trailers), End> {
        let length = match framing {
            Framing::Length(length) => Some(usize::try_from(length).map_err(|_| Rejection::BodyTooLarge)?),
            Framing::Chunked => None,
        };
        if length.is_some_and(|length| length > most) {
            return Err(Rejection::BodyTooLarge.into());
        }
        self.go_on(expects_continue).await?;
        if let Some(length) = length {
            return Ok((self.sized_body(length, room).await?, Trailers::default()));
        }
        let mut decoder = Decoder::with_trailers(most, self.connection.limits.trailer_bytes);
        let mut arrived = self.buffer.len();
        loop {
            // What has arrived can make the decoder's buffer grow to twice that.
            room.grow(2 * arrived.min(most))?;
            if let Some(body) = decoder.decode(&mut self.buffer)? {
                return Ok((body, Trailers(decoder.take_trailers())));
            }
            arrived += self.read().await?;
        }
    }

    /// Asks for the body that a client holds back.
    async fn go_on(&mut self, expects_continue: bool) -> Result<(), End> {
        if expects_continue && self.buffer.is_empty() {
            self.connection.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        Ok(())
    }

    /// Hands a body on while it arrives. It may take as long as it likes: who takes it knows when that is too long.
    async fn streamed_body(
        &mut self,
        framing: Framing,
        Incoming { pieces, most }: Incoming,
        expects_continue: bool,
    ) -> Result<Trailers, End> {
        self.go_on(expects_continue).await?;
        let mut decoder = Decoder::with_trailers(most, self.connection.limits.trailer_bytes);
        let mut left = match framing {
            Framing::Length(length) => Some(length),
            Framing::Chunked => None,
        };
        if left.is_some_and(|length| length > most as u64) {
            return Err(Rejection::BodyTooLarge.into());
        }
        loop {
            let (piece, is_over) = if let Some(left) = &mut left {
                let taken = self.buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                (self.buffer.split_to(taken).freeze(), *left == 0)
            } else {
                let is_over = decoder.advance(&mut self.buffer)?;
                (decoder.take(), is_over)
            };
            if !piece.is_empty() {
                // Who has stopped listening misses it; the client is told nothing of that, as at AWS.
                let _ = pieces.send(piece).await;
            }
            if is_over {
                return Ok(Trailers(decoder.take_trailers()));
            }
            self.read().await?;
        }
    }

    /// Reads a body of so many bytes. One that is not here already gets the buffer for itself: sharing it would keep a
    /// large body's memory for as long as the connection lives.
    async fn sized_body(&mut self, length: usize, room: &mut Room) -> Result<Bytes, End> {
        if self.buffer.len() >= length {
            return Ok(self.buffer.split_to(length).freeze());
        }
        room.grow(self.buffer.len())?;
        let mut body = mem::take(&mut self.buffer).to_vec();
        while body.len() < length {
            let left = length - body.len();
            if body.len() == body.capacity() {
                // Twice the size each time, but never beyond the end.
                let more = body.len().max(READ_BYTES).min(left);
                room.grow(body.len() + more)?;
                body.reserve_exact(more);
            }
            if (&mut self.connection.stream).take(left as u64).read_buf(&mut body).await? == 0 {
                return Err(Rejection::Truncated.into());
            }
        }
        Ok(body.into())
    }

    /// Reads some more of a request that has begun, and counts it. Room grows with what arrives, never with what was announced.
    async fn read(&mut self) -> Result<usize, End> {
        self.buffer.reserve(READ_BYTES);
        match self.connection.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Rejection::Truncated.into()),
            count => Ok(count),
        }
    }

    /// Asks the service; a panic in there costs this request and nothing else.
    async fn answer(&mut self, request: Request, pass: S::Pass) -> Result<Response, End> {
        let Self { connection: Connection { stream, service, limits, .. }, buffer, .. } = self;
        let call = AssertUnwindSafe(service.call(request, pass)).catch_unwind();
        let answered = if limits.drop_on_hang_up {
            tokio::select! {
                biased;
                answered = call => answered,
                () = hang_up(stream, buffer, limits.head_bytes) => return Err(End::Quiet),
            }
        } else {
            call.await
        };
        answered.map_err(|_| Rejection::Bug.into())
    }

    async fn write(&mut self, response: Response, method: &Method, close: bool) -> Result<(), End> {
        self.out.clear();
        let has_body = response::write_head(&mut self.out, &response, method, close);
        let (_kept, body) = response.into_parts();
        let body = if has_body { body } else { Bytes::new() };
        let mut bytes = Buf::chain(&self.out[..], body);
        let writing = self.connection.stream.write_all_buf(&mut bytes);
        timeout(self.connection.limits.write_time, writing).await.map_err(|_| End::Quiet)??;
        Ok(())
    }

    /// Writes an answer whose rest is still being made, each piece as a chunk. One that does not come to its end leaves
    /// the client with a body that it knows to be broken off.
    async fn write_pieces(
        &mut self,
        mut response: Response,
        mut rest: mpsc::Receiver<Piece>,
        method: &Method,
        close: bool,
    ) -> Result<(), End> {
        let first = mem::take(response.body_mut());
        self.out.clear();
        let has_body = response::write_head(&mut self.out, &response, method, close);
        response::chunk(&mut self.out, &first, has_body);
        loop {
            let (limit, stream) = (self.connection.limits.write_time, &mut self.connection.stream);
            timeout(limit, stream.write_all(&self.out)).await.map_err(|_| End::Quiet)??;
            self.out.clear();
            match rest.recv().await {
                Some(Piece::Bytes(bytes)) => response::chunk(&mut self.out, &bytes, has_body),
                Some(Piece::End) => break,
                None => return Err(End::Quiet),
            }
        }
        if has_body {
            let ending = self.connection.stream.write_all(b"0\r\n\r\n");
            timeout(self.connection.limits.write_time, ending).await.map_err(|_| End::Quiet)??;
        }
        Ok(())
    }

    async fn refuse(&mut self, rejection: Rejection) {
        let response = self.connection.service.reject(self.connection.peer, rejection);
        self.part_with(response).await;
    }

    /// Writes the last answer of this connection.
    async fn part_with(&mut self, response: Response) {
        if self.write(response, &Method::GET, true).await.is_ok() {
            self.linger().await;
        }
    }

    /// Says that nothing more will come, and gives the client a moment to read what did.
    async fn linger(&mut self) {
        if self.connection.stream.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut drained = 0;
            while drained < LINGER_BYTES {
                self.buffer.clear();
                self.buffer.reserve(READ_BYTES);
                match self.connection.stream.read_buf(&mut self.buffer).await {
                    Ok(count) if count > 0 => drained += count,
                    _ => return,
                }
            }
        };
        // Whether the client hung up in time changes nothing: the connection is closed either way.
        let _ = timeout(LINGER, drain).await;
    }
}

/// Ends when the client has closed its side. Bytes of a pipelined request are kept; with `most` of them, the client is
/// there and may wait.
async fn hang_up(stream: &mut TcpStream, buffer: &mut BytesMut, most: usize) {
    while buffer.len() < most {
        buffer.reserve(READ_BYTES);
        match stream.read_buf(buffer).await {
            Ok(count) if count > 0 => {}
            _ => return,
        }
    }
    std::future::pending::<()>().await;
}
