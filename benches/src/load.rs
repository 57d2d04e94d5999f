//! Load on one URL: bounded in requests and clients, loopback only by what it is given.

use crate::http::Connection;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// What a load run saw.
pub struct Load {
    latencies: Vec<Duration>,
    /// Requests that were not answered with 200, lost ones included.
    pub failed: usize,
    elapsed: Duration,
}

impl Load {
    /// Sends `requests` GETs over `clients` keep-alive connections, each with `headers` (CRLF-ended lines).
    pub fn run(address: SocketAddr, path: &str, headers: &str, clients: usize, requests: usize) -> Self {
        let start = Instant::now();
        let workers: Vec<_> = (0..clients)
            .map(|_| {
                let (path, headers) = (path.to_owned(), headers.to_owned());
                thread::spawn(move || client(address, &path, &headers, requests / clients))
            })
            .collect();
        let mut latencies = Vec::with_capacity(requests);
        let mut failed = 0;
        for worker in workers {
            match worker.join() {
                Ok((times, failures)) => {
                    latencies.extend(times);
                    failed += failures;
                }
                Err(_) => failed += requests / clients,
            }
        }
        let elapsed = start.elapsed();
        latencies.sort_unstable();
        Self { latencies, failed, elapsed }
    }

    /// The latency that `percent` of the successful requests stayed under.
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).copied().unwrap_or(Duration::MAX)
    }

    /// Successful requests per second.
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }
}

fn client(address: SocketAddr, path: &str, headers: &str, requests: usize) -> (Vec<Duration>, usize) {
    let mut connection = None;
    let mut latencies = Vec::with_capacity(requests);
    let mut failed = 0;
    for _ in 0..requests {
        let start = Instant::now();
        let answer = match connection.take() {
            Some(open) => Ok(open),
            None => Connection::open(address),
        }
        .and_then(|mut open: Connection| open.get(path, headers).map(|answer| (open, answer)));
        match answer {
            Ok((open, (200, _))) => {
                latencies.push(start.elapsed());
                connection = Some(open);
            }
            Ok((open, _)) => {
                failed += 1;
                connection = Some(open);
            }
            Err(_) => failed += 1,
        }
    }
    (latencies, failed)
}
