//! How a role that serves comes to its end: at SIGTERM or SIGINT, or with whoever holds the other end of its tether,
//! after what is in flight.

use crate::engine::record::Record;
use std::{
    io,
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe::Receiver,
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The signals that end a role.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
    tether: Option<Tether>,
    /// The project whose record says when this is to end.
    project: Option<PathBuf>,
}

/// How often the record is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Waits until the record says that time is over; `up` may write another time into it at any time.
async fn is_over(project: &Path) {
    while !Record::read_from(project).is_some_and(|record| record.is_over()) {
        sleep(LOOK).await;
    }
}

/// A pipe whose other end a process holds for as long as it lives.
pub(super) struct Tether(Receiver);

impl Tether {
    /// Takes the one that is this process's standard input.
    ///
    /// # Errors
    /// When standard input is no pipe.
    pub(super) fn stdin() -> io::Result<Self> {
        Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?).map(Self)
    }

    /// Waits until the other end is closed; what is written there means nothing.
    async fn cut(&mut self) {
        let mut bytes = [0; 64];
        while matches!(self.0.read(&mut bytes).await, Ok(1..)) {}
    }
}

impl Stop {
    /// Begins to listen for the signals. The first process of a container has no default for them: without a handler
    /// they would be ignored.
    ///
    /// # Errors
    /// Returns the operating system's error when a handler cannot be set.
    pub(super) fn listen() -> io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, tether: None, project: None })
    }

    /// Ends the role also when the tether is cut.
    pub(super) fn hold(&mut self, tether: Tether) {
        self.tether = Some(tether);
    }

    /// Ends the role also when the project's record says so.
    pub(super) fn heed(&mut self, project: PathBuf) {
        self.project = Some(project);
    }

    /// Runs a server until it ends or a signal comes; then cancels `shutdown`, and cuts off what does not end within
    /// `drain`.
    pub(super) async fn serve(
        mut self,
        server: impl Future<Output = ()>,
        shutdown: &CancellationToken,
        drain: Duration,
    ) {
        let Self { terminate, interrupt, tether, project } = &mut self;
        tokio::pin!(server);
        let cut = async {
            match tether {
                Some(tether) => tether.cut().await,
                None => std::future::pending().await,
            }
        };
        let over = async {
            match project {
                Some(project) => is_over(project).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut server => return,
            () = cut => {}
            () = over => tracing::info!("its time is over (`up --stop-after`)"),
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        shutdown.cancel();
        let _ = timeout(drain, server).await;
    }
}
