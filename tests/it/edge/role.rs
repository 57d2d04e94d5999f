//! The role `@edge` as its container runs it.

use super::{
    API, KEY_ID, SECRET,
    forward::{Fake, ask},
    raw,
    signing::Signer,
};
use crate::support::{engine_port, raw::Client};
use atelier::http1::Limits;
use std::{net::SocketAddr, process::Stdio, time::Duration};
use time::OffsetDateTime;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// The longest wait for anything; passing it fails the test.
const DEADLINE: Duration = Duration::from_secs(20);

/// Starts the role in front of `engine`, and waits until it listens.
async fn start(engine: SocketAddr) -> (Child, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], engine_port()));
    let process = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .arg("@edge")
        .env_clear()
        .env("ATELIER_EDGE_LISTEN", address.to_string())
        .env("ATELIER_EDGE_ENGINE", engine.to_string())
        .env("ATELIER_EDGE_HEALTH", "/_localstack/health")
        .env("ATELIER_EDGE_REGION", "us-east-1")
        .env("ATELIER_EDGE_ACCESS_KEY_ID", KEY_ID)
        .env("ATELIER_EDGE_SECRET_ACCESS_KEY", SECRET)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let listening = async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, listening).await.unwrap();
    (process, address)
}

/// Bytes of memory of a process that no file backs.
fn memory(process: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn bodies_that_never_end_take_neither_the_memory_nor_the_door() {
    let fake = Fake::open().await;
    let (process, address) = start(fake.address).await;
    let limits = Limits::edge();
    // As many as there are places, each all but the last byte of what an API call may send.
    let half = vec![b'a'; 1024 * 1024 - 1];
    let request = raw("POST", &format!("{API}/infra"), &[("Content-Length", "1048576")], b"");
    let mut clients = Vec::new();
    for _ in 0..limits.connections - 8 {
        let mut client = Client::connect(address).await;
        client.send(&request).await;
        client.send(&half).await;
        clients.push(client);
    }
    assert_eq!(ask(address, "GET", "/healthz", &[], b"").await.status, 200);
    assert_eq!(ask(address, "GET", &format!("{API}/infra"), &[], b"").await.status, 200);
    // The owner's upload finds its own share of the memory.
    let archive = vec![b'b'; 8 * 1024 * 1024];
    let owner = Signer { at: OffsetDateTime::now_utc(), service: "lambda", ..Signer::default() };
    let parts = owner.sign("POST", "/2015-03-31/functions", &[], &archive);
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(ask(address, "POST", "/2015-03-31/functions", &headers, &archive).await.status, 200);

    let most = limits.strangers_bytes * 3 / 2 + archive.len() * 3 / 2 + (48 << 20);
    let taken = memory(&process);
    assert!(taken < most, "{taken} of {most} bytes");
    assert!(clients.len() * half.len() > most, "the flood proves nothing");
    drop(clients);
    fake.close().await;
}
