//! MiniStack, the fastest peer that needs no account, started as its own users start it from PyPI.

use crate::atelier::{free_port, resident_kib};
use crate::http::Connection;
use std::io;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running MiniStack on a free loopback port.
pub struct MiniStack {
    process: Child,
    port: u16,
    /// From exec to the first 200 of its health page.
    pub ready_after: Duration,
}

impl MiniStack {
    /// Starts it and waits, at most 60 s, until it is healthy.
    pub fn start() -> io::Result<Self> {
        let port = free_port()?;
        let start = Instant::now();
        let process = Command::new("ministack")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut engine = Self { process, port, ready_after: Duration::ZERO };
        while start.elapsed() < Duration::from_secs(60) {
            let health = Connection::open(engine.address()).and_then(|mut open| open.get("/_localstack/health", ""));
            if matches!(health, Ok((200, _))) {
                engine.ready_after = start.elapsed();
                return Ok(engine);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "MiniStack did not become healthy in 60 s"))
    }

    /// The address of its only port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its URL, for `--endpoint`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its resident memory, in KiB.
    pub fn memory(&self) -> io::Result<u64> {
        resident_kib(&self.process.id().to_string())
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
