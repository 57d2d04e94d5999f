//! How a role that serves comes to its end: at SIGTERM or SIGINT, after what is in flight.

use std::{io, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// The signals that end a role.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Begins to listen for the signals. The first process of a container has no default for them: without a handler
    /// they would be ignored.
    ///
    /// # Errors
    /// Returns the operating system's error when a handler cannot be set.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Runs a server until it ends or a signal comes; then cancels `shutdown`, and cuts off what does not end within
    /// `drain`.
    pub(super) async fn serve(
        mut self,
        server: impl Future<Output = ()>,
        shutdown: &CancellationToken,
        drain: Duration,
    ) {
        tokio::pin!(server);
        tokio::select! {
            () = &mut server => return,
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        shutdown.cancel();
        let _ = timeout(drain, server).await;
    }
}
