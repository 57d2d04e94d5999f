//! The role `@proxy`: the docker proxy, as the only process of its container. Its settings are in the environment.

use super::stop::Stop;
use crate::{
    clock::Clock,
    docker::PROXY_MEMORY,
    http1::Limits,
    proxy::{self, Config, UPSTREAM_TIMEOUT},
    settings::{Environment, roles::Proxy},
};
use std::{error::Error, ffi::OsString, process::ExitCode};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Half of the container's memory is for what the daemon answers.
const _: () = assert!(Limits::proxy().memory() < PROXY_MEMORY / 2);

/// Runs the role: `@proxy`, without arguments.
pub fn run(_: impl Iterator<Item = OsString>) -> ExitCode {
    // One thread: the daemon is the bottleneck, and idle threads would only take memory.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(serve())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            proxy::fatal(&error);
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let Proxy { listen, token, owner, project, socket } = Proxy::read(&Environment::capture())?;
    let stop = Stop::listen()?;
    let listener = TcpListener::bind(listen).await?;
    let shutdown = CancellationToken::new();
    let config = Config { owner, project, token, socket, clock: Clock::System };
    stop.serve(proxy::run(listener, config, shutdown.clone()), &shutdown, UPSTREAM_TIMEOUT).await;
    Ok(())
}
