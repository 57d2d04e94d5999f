//! Ports for engines.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below what systems give to whoever asks for any port (Linux from 32768, macOS from 49152).
const FIRST: u16 = 12_000;
const COUNT: u32 = 18_000;

/// A free port that nobody else is given, also while the engine that has it is stopped and started again: proxies and
/// connections of other tests take theirs from another range.
pub(crate) fn engine_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        // Two runs of the tests at once begin in different places.
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed)) + std::process::id() * 37;
        let port = FIRST + u16::try_from(next % COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
