//! The docker proxy over raw sockets, a recorder as the Docker daemon.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod daemon;
mod faults;
mod hostile;
mod operations;
mod process;

use crate::support::raw::{Answer, Client};
use atelier::{
    clock::Clock,
    proxy::{self, Config},
    secret::Secret,
};
use daemon::{Daemon, OWNER, PROJECT};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The token that the proxy wants.
const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A proxy in front of a recording daemon.
struct World {
    daemon: Daemon,
    address: SocketAddr,
    _shutdown: DropGuard,
}

impl World {
    async fn start(containers: Vec<serde_json::Value>) -> Self {
        Self::by(Clock::System, containers).await
    }

    async fn by(clock: Clock, containers: Vec<serde_json::Value>) -> Self {
        let daemon = Daemon::start(containers);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let (owner, token, socket) = (OWNER.parse().unwrap(), Secret::new(TOKEN), daemon.socket.clone());
        let config = Config { owner, project: Some(PROJECT.to_owned()), token, socket, clock };
        tokio::spawn(proxy::run(listener, config, shutdown.clone()));
        Self { daemon, address, _shutdown: shutdown.drop_guard() }
    }

    /// Asks as our handler does.
    async fn ask(&self, line: &str) -> (u16, String) {
        let answer = send(self.address, &request(line)).await;
        assert!(answer.header("server").is_none());
        (answer.status, answer.text())
    }
}

/// A request as our handler writes it.
fn request(line: &str) -> String {
    format!("{line} HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\nhost: docker-proxy:2375\r\n\r\n")
}

async fn send(address: SocketAddr, bytes: &str) -> Answer {
    let mut client = Client::connect(address).await;
    client.send(bytes).await;
    client.answer().await.expect("an answer")
}
