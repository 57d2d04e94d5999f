//! The role `@proxy` as its container runs it.

use super::{
    TOKEN,
    daemon::{Daemon, OWNER, container},
    request, send,
};
use crate::support::engine_port;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{net::SocketAddr, process::Stdio, time::Duration};
use tokio::{net::TcpStream, process::Command, time::timeout};

/// The longest wait for anything; passing it fails the test.
const DEADLINE: Duration = Duration::from_secs(20);

/// A free port: the role is told where to listen and tells nobody.
fn free_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], engine_port()))
}

fn role(daemon: &Daemon, address: SocketAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command
        .arg("@proxy")
        .env_clear()
        .env("ATELIER_PROXY_LISTEN", address.to_string())
        .env("ATELIER_PROXY_TOKEN", TOKEN)
        .env("ATELIER_OWNER", OWNER)
        .env("ATELIER_DOCKER_SOCKET", &daemon.socket)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_role_serves_logs_its_decisions_and_ends_on_sigterm() {
    let daemon = Daemon::start(vec![container('a', "one", "running", Some(OWNER))]);
    let address = free_address();
    let process = role(&daemon, address).spawn().unwrap();
    let listening = async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, listening).await.unwrap();
    assert_eq!(send(address, &request("POST /containers/one/stop")).await.status, 200);
    assert_eq!(send(address, &request("POST /containers/two/stop")).await.status, 404);
    assert_eq!(send(address, "GET /containers HTTP/1.1\r\nhost: x\r\n\r\n").await.status, 401);
    assert_eq!(send(address, &request("GET /containers?canary")).await.status, 400);
    assert_eq!(send(address, "GET / HTTP/1.0\r\n\r\n").await.status, 505);

    let pid = Pid::from_raw(process.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let output = timeout(DEADLINE, process.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(!log.contains(TOKEN) && !log.contains("canary"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reasons: Vec<&str> = lines.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["ok", "not_owned", "unauthorized", "query", "bad_version"]);
    for line in &lines {
        let peer: SocketAddr = line["peer"].as_str().unwrap().parse().unwrap();
        assert!(peer.ip().is_loopback() && peer != address, "who asked is in every line: {log}");
    }
    assert_eq!(lines[0]["decision"], "allow");
    assert_eq!(lines[0]["operation"], "stop");
    assert_eq!(lines[0]["container"], "one");
    assert!(lines[1..].iter().all(|line| line["decision"] == "deny"));
}

#[tokio::test]
async fn a_proxy_without_a_token_does_not_start() {
    let daemon = Daemon::start(Vec::new());
    let output = role(&daemon, free_address()).env("ATELIER_PROXY_TOKEN", "short").output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("ATELIER_PROXY_TOKEN") && !log.contains("short"), "{log}");
    assert!(daemon.seen().is_empty());
}
