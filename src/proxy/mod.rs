//! The docker proxy: a re-generator in front of the Docker socket, not a forwarder.
//!
//! A request is parsed to one of six operations, its name resolved among the containers that carry our owner label and are
//! of our project, and the daemon is asked in requests built from constants and the id that it gave itself. Not here: the
//! HTTP grammar (`http1`, which refuses before a request exists) and the container that the proxy runs in (`docker`).

mod address;
mod docker;
mod header;
mod log;
mod rules;
mod server;

pub use address::ProxyAddress;
pub(crate) use header::STATE_BEFORE;
pub use log::fatal;
pub use rules::{Change, Operation, Refusal, decide};

use crate::{
    clock::Clock,
    http1::{self, Limits},
    names::OwnerId,
    secret::Secret,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The longest time for one operation, all its requests to the daemon together.
pub const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(25);

/// What the proxy must know.
#[derive(Clone)]
pub struct Config {
    /// Whose containers it drives: those whose label `atelier.owner` is this id.
    pub owner: OwnerId,
    /// Of them only those whose label `atelier.project` is this, or that have none.
    pub project: Option<String>,
    /// The bearer token of every call but `/_ping`.
    pub token: Secret,
    /// The Docker daemon's socket.
    pub socket: PathBuf,
    /// Tells when an operation has taken too long.
    pub clock: Clock,
}

/// Serves until `shutdown`, then lets operations that are on their way end.
pub async fn run(listener: TcpListener, config: Config, shutdown: CancellationToken) {
    let service = Arc::new(server::Proxy::new(config));
    http1::serve(listener, Limits::proxy(), service, shutdown).await;
}
