//! Connections of browsers: a bounded number, and each ends once nothing has moved on it for a while.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep},
};

/// How many connections there may be; a browser opens six.
const MOST: usize = 64;
/// How long nothing may move on one. A stream that is read says something more often.
const PATIENCE: Duration = Duration::from_secs(40);
/// The pause after a connection that could not be taken (no descriptors are left).
const PAUSE: Duration = Duration::from_millis(100);

/// A listener with seats.
pub(super) struct Seated {
    listener: TcpListener,
    seats: Arc<Semaphore>,
}

impl Seated {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, seats: Arc::new(Semaphore::new(MOST)) }
    }
}

impl axum::serve::Listener for Seated {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        loop {
            // The semaphore is never closed.
            let Ok(seat) = self.seats.clone().acquire_owned().await else { std::future::pending().await };
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // What is small goes at once.
                    let _ = stream.set_nodelay(true);
                    return (Guest { stream, patience: Box::pin(sleep(PATIENCE)), _seat: seat }, address);
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that has a seat.
pub(super) struct Guest {
    stream: TcpStream,
    patience: Pin<Box<Sleep>>,
    _seat: OwnedSemaphorePermit,
}

impl Guest {
    /// Begins to wait anew when something has moved; else ends the connection once it took too long.
    fn moved<T>(&mut self, context: &mut Context<'_>, moved: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if moved.is_ready() {
            self.patience.as_mut().reset(Instant::now() + PATIENCE);
            return moved;
        }
        ready!(self.patience.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Guest {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guest = self.get_mut();
        let moved = Pin::new(&mut guest.stream).poll_read(context, into);
        guest.moved(context, moved)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let guest = self.get_mut();
        let moved = Pin::new(&mut guest.stream).poll_write(context, from);
        guest.moved(context, moved)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
