//! The edge over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod calls;
mod deadlines;
mod flood;
mod forward;
mod hostile;
mod overload;
mod property;
mod role;
pub(crate) mod signing;
mod vectors;

use crate::support::raw::{Answer, Client};
use atelier::{
    clock::Clock,
    edge::{
        ApiCall, AwsCall, Config, Edge, Lookup, Upstream, Voice,
        keyring::{Key, Keyring},
        server,
    },
    http1::Response,
    names::{ApiId, StageName},
    secret::Secret,
};
use bytes::Bytes;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use time::{OffsetDateTime, macros::datetime};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle, time::Interval};
use tokio_util::sync::CancellationToken;

const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
pub(crate) const KEY_ID: &str = "AKIDTEST";
pub(crate) const SECRET: &str = "a secret that only tests know";
/// An API key that opens every stage.
const KNOWN_KEY: &str = "atl_known";
const API: &str = "/restapis/abc123/dev/_user_request_";

/// An engine that writes down what reaches it. `abc123`/`dev` is deployed; it does not say whether `silent` is, and
/// never ends saying whether `hung` is.
struct Recorder {
    seen: Mutex<Vec<String>>,
    /// Calls of `/slow` wait for a place here.
    gate: Semaphore,
    arrived: Semaphore,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { seen: Mutex::default(), gate: Semaphore::new(0), arrived: Semaphore::new(0) }
    }
}

impl Recorder {
    fn note(&self, line: String) {
        self.seen.lock().unwrap().push(line);
    }
}

impl Upstream for Recorder {
    type Deployment = ();

    async fn find(&self, api: &ApiId, stage: &StageName, key: Option<&str>) -> Lookup<()> {
        match api.as_str() {
            "silent" => Lookup::Unknown,
            "hung" => std::future::pending().await,
            "abc123" if stage.as_str() == "dev" => {
                Lookup::Deployed { deployment: (), is_opened: key == Some(KNOWN_KEY) }
            }
            _ => Lookup::Absent,
        }
    }

    const SPEAKS: bool = true;

    /// One path of its API speaks for itself.
    fn voice(&self, (): &(), path: &str) -> Voice {
        let speaks = path.starts_with("/open");
        Voice { is_own: speaks, answers_pages: speaks }
    }

    fn services(&self) -> Option<&'static [&'static str]> {
        Some(&["apigateway", "ec2", "iam", "lambda", "logs", "sts"])
    }

    async fn api(&self, call: ApiCall<()>) -> Response {
        self.note(format!("api {} {}", call.request.method(), call.path));
        if call.path == "/slow" {
            self.arrived.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
        }
        if call.path == "/never" {
            std::future::pending::<()>().await;
        }
        let mut response = Response::new(Bytes::from(call.path));
        response.headers_mut().insert("access-control-allow-origin", "*".parse().unwrap());
        response
    }

    async fn aws(&self, call: AwsCall) -> Response {
        self.note(format!("aws {} {} {}", call.service, call.region, call.request.uri()));
        if call.request.uri().path() == "/slow" {
            self.arrived.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
        }
        Response::new(call.request.into_body())
    }

    async fn is_healthy(&self) -> bool {
        true
    }
}

/// A running edge, and what it takes to stop it.
struct Door {
    address: SocketAddr,
    recorder: Arc<Recorder>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Door {
    async fn open(config: Config) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let recorder = Arc::new(Recorder::default());
        let shutdown = CancellationToken::new();
        let edge = Edge::new(Arc::clone(&recorder), keyring(), config);
        let task = tokio::spawn(server::run(listener, edge, shutdown.clone()));
        Self { address, recorder, shutdown, task }
    }

    fn seen(&self) -> Vec<String> {
        self.recorder.seen.lock().unwrap().clone()
    }

    /// Sends one request with these header lines on a connection of its own.
    async fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut client = Client::connect(self.address).await;
        client.send(raw(method, target, headers, body)).await;
        client.answer().await.unwrap()
    }

    async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[], b"").await
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

/// How many answers of 200, 429 and 503 there were; there must be no other.
type Sums = [usize; 3];

/// Sends `count` requests over one connection, at `pace` where there is one, and counts the answers.
async fn flood(address: SocketAddr, request: Vec<u8>, count: usize, mut pace: Option<Interval>) -> Sums {
    let mut client = Client::connect(address).await;
    let mut sums = Sums::default();
    for _ in 0..count {
        if let Some(ticks) = &mut pace {
            ticks.tick().await;
        }
        client.send(&request).await;
        let answer = client.answer().await.expect("no answer is lost");
        let kind = [200, 429, 503].iter().position(|status| *status == answer.status);
        sums[kind.unwrap_or_else(|| panic!("{answer:?}"))] += 1;
        assert_eq!(answer.header("retry-after").is_some(), answer.status != 200);
    }
    sums
}

fn add(sums: Sums, more: Sums) -> Sums {
    [0, 1, 2].map(|kind| sums[kind] + more[kind])
}

/// Writes a request; `Host` is this machine unless the headers say otherwise.
fn raw(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        lines.push("Host: localhost:4566\r\n".to_owned());
    }
    if !body.is_empty() {
        lines.push(format!("Content-Length: {}\r\n", body.len()));
    }
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n{}\r\n", lines.concat()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn config() -> Config {
    Config { clock: Clock::manual(NOW), ..Config::default() }
}

pub(crate) fn keyring() -> Keyring {
    let keyring = Keyring::default();
    keyring.insert(KEY_ID, Key { secret: Secret::new(SECRET), session_token: None });
    keyring.insert(
        "ASIATEST",
        Key { secret: Secret::new(SECRET), session_token: Some(Secret::new("the/session+token=")) },
    );
    keyring
}
