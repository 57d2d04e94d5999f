//! The role `@edge`: the edge in front of an engine that is a container, in a container of its own.
//!
//! It has no files and no arguments; what it must know is in its environment. It ends at SIGTERM, after the requests in
//! flight.

use super::stop::Stop;
use crate::{
    docker::EDGE_MEMORY,
    edge::{
        self, Edge,
        forward::{Engine, Forward},
        keyring::{Key, Keyring},
    },
    http1::Limits,
    settings::{self, Environment},
};
use std::{
    error::Error,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests in flight get after SIGTERM; less than `down` waits before it insists.
const DRAIN: Duration = Duration::from_secs(2);

/// The container's memory is enough for the most that the door and its upstream can take.
const _: () = assert!(OWN_BYTES + Limits::edge().memory() + edge::forward::MEMORY < EDGE_MEMORY);

/// Bytes that the process takes without a request: threads, the allocator, the log.
const OWN_BYTES: usize = 32 << 20;

/// The access key id under which calls go on: local engines read an account from it, and `test` means their own.
const ENGINE_ACCESS_KEY_ID: &str = "test";

/// Runs the role: `@edge`, without arguments.
#[must_use]
pub fn run(_: impl Iterator<Item = OsString>) -> ExitCode {
    crate::log::start();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(serve()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let stop = Stop::listen()?;
    let settings = settings::roles::Edge::read(&Environment::capture())?;
    let listener = TcpListener::bind(settings.listen).await?;
    let keyring = Keyring::default();
    keyring.insert(settings.access_key_id, Key { secret: settings.secret_access_key, session_token: None });
    let engine = Engine {
        authority: settings.engine,
        health_path: settings.health,
        access_key_id: ENGINE_ACCESS_KEY_ID.to_owned(),
        region: settings.region,
    };
    let config = edge::Config { in_flight: settings.in_flight, ..settings.door.config() };
    let edge = Edge::new(Arc::new(Forward::new(engine)), keyring, config);

    let shutdown = CancellationToken::new();
    stop.serve(edge::server::run(listener, edge, shutdown.clone()), &shutdown, DRAIN).await;
    Ok(())
}

fn failed(error: &dyn Error) -> ExitCode {
    // Standard error is the container's log, the only place where the reason can be seen.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}
