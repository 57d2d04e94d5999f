//! A small, strict HTTP/1.1 server, shared by every door that this binary opens (edge, docker proxy, Lambda Runtime API).
//!
//! It rejects where general servers normalise: bare line feeds, obs-fold, two lengths, a length beside a transfer
//! coding, several or no `Host`, absolute form and upgrades are answered with a 4xx, HTTP/1.0 and HTTP/2 prefaces with
//! a 505, and the connection is closed, so no two parsers in a row can disagree about where a request ends. Bodies are
//! whole ([`Bytes`]), because everything that passes these doors has a size limit; where a function streams, the pieces
//! go through a channel ([`Rest`], [`Incoming`]).
//!
//! Not here: routes, authentication and the shape of errors; each door is a [`Service`] and words its own answers,
//! also those to requests that never became one ([`Service::reject`]).

pub mod chunked;
mod connection;
pub mod head;
pub mod ids;
mod limits;
mod rejection;
mod response;
mod room;
mod seats;
mod serve;
mod streams;

pub use head::Spelling;
pub use limits::Limits;
pub use rejection::Rejection;
pub use room::Share;
pub use serve::serve;
pub use streams::{Incoming, Piece, Rest, Trailers};

use bytes::Bytes;
use http::request::Parts;
use std::{future::Future, net::SocketAddr};

/// A request with its whole body. Its URI is in origin form, as the client wrote it (still percent-encoded); its
/// extensions hold the client's [`Peer`] and the address that it reached, [`Local`].
pub type Request = http::Request<Bytes>;

/// An answer with its whole body, or the first part of it where its extensions hold a [`Rest`]; the server adds
/// `content-length` or `transfer-encoding`, `date` and `connection`. A service that wants the connection closed after it
/// says `connection: close`. Its extensions are kept until it is written: a service can tie to them what the answer takes.
pub type Response = http::Response<Bytes>;

/// The address of the client at the other end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The address of this end of the connection, as the client reached it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local(pub SocketAddr);

/// Answers the requests of one door.
pub trait Service: Send + Sync + 'static {
    /// What lets a request in: whatever was decided about it from its head.
    type Pass: Send;

    /// Tells whether a connection is taken at all, before anything of it is read; one that is not ends without a word.
    fn takes(&self, _peer: Peer, _local: Local) -> bool {
        true
    }

    /// Decides about a request from its head, before any of its body is read: lets it in and says what body it may have,
    /// or answers it. Asked once about every request; one that is answered here is the connection's last if a body
    /// follows it, because that is never read.
    fn admit(&self, head: &Parts) -> impl Future<Output = Result<(Admission, Self::Pass), Response>> + Send;

    /// Says where the body of a request that was let in goes while it arrives; `None`, the default, has it whole. The
    /// request then comes to [`Service::call`] without a body, once that has ended, with its [`Trailers`].
    fn stream(&self, _head: &Parts, _pass: &Self::Pass) -> Option<Incoming> {
        None
    }

    /// Answers one request that was let in. The server sets no deadline of its own: a long poll may wait as long as its
    /// door likes.
    fn call(&self, request: Request, pass: Self::Pass) -> impl Future<Output = Response> + Send;

    /// Words the answer to what never became a request; the server closes the connection after it.
    fn reject(&self, peer: Peer, rejection: Rejection) -> Response;

    /// Words the answer to a request that was let in and whose body is refused, where the door has words of its own for
    /// that; `None`, the default, leaves it to [`Service::reject`].
    fn reject_body(&self, _head: &Parts, _pass: &Self::Pass, _rejection: Rejection) -> Option<Response> {
        None
    }
}

/// What a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Its bytes; never more than [`Limits::body_bytes`].
    pub bytes: usize,
    /// Whose share of the door's memory it takes.
    pub share: Share,
}

impl Default for Admission {
    /// As many bytes as the door allows, of a stranger's.
    fn default() -> Self {
        Self { bytes: usize::MAX, share: Share::Strangers }
    }
}
