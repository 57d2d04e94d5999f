//! The docker proxy in front of the real daemon: what a holder of its token cannot do.

use crate::{
    machine::{self, HTTPD, docker},
    support::raw::Client,
};
use atelier::{
    clock::Clock,
    proxy::{self, Config},
    secret::Secret,
};
use futures_util::future::join_all;
use std::{net::SocketAddr, process::id};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

const OWNER: &str = "0d0c0b0a090807060504030201000f0e";
const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const NOT_FOUND: (u16, &str) = (404, r#"{"error":"Not found","code":"not_found"}"#);

/// A container of the test's own, removed with it.
struct Container {
    id: String,
    name: String,
}

impl Container {
    /// Creates a container that does not run yet; its name begins with `name`.
    fn create(name: &str, args: &[&str], image: &str) -> Self {
        let name = format!("{name}-{}", id());
        Self { id: docker(&[&["create", "--name", &name], args, &[image]].concat()), name }
    }

    fn rename(&mut self, name: &str) {
        docker(&["rename", &self.id, name]);
        name.clone_into(&mut self.name);
    }

    fn inspect(&self, template: &str) -> String {
        docker(&["inspect", "--format", template, &self.id])
    }

    fn state(&self) -> String {
        self.inspect("{{.State.Status}}")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", "-v", &self.id]);
    }
}

/// The proxy as a process of ours, its upstream the socket that the docker CLI uses.
struct Door {
    address: SocketAddr,
    _shutdown: DropGuard,
}

impl Door {
    async fn open() -> Self {
        let host = docker(&["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
        let socket = host.strip_prefix("unix://").expect("the daemon's socket is on this machine").into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let (owner, token) = (OWNER.parse().unwrap(), Secret::new(TOKEN));
        let config = Config { owner, project: None, token, socket, clock: Clock::System };
        tokio::spawn(proxy::run(listener, config, shutdown.clone()));
        Self { address, _shutdown: shutdown.drop_guard() }
    }

    /// Sends a request line with more headers and a body.
    async fn send(&self, line: &str, rest: &str) -> (u16, String) {
        let mut client = Client::connect(self.address).await;
        let head = format!("{line} HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\nhost: docker-proxy:2375\r\n");
        client.send(format!("{head}{rest}")).await;
        let answer = client.answer().await.expect("an answer");
        (answer.status, answer.text())
    }

    async fn ask(&self, line: &str) -> (u16, String) {
        self.send(line, "\r\n").await
    }

    async fn refuses(&self, line: &str) {
        let (status, text) = self.ask(line).await;
        assert_eq!((status, text.as_str()), NOT_FOUND, "{line}");
    }
}

fn owned() -> String {
    format!("atelier.owner={OWNER}")
}

#[tokio::test]
async fn a_start_with_a_host_configuration_starts_nothing_and_changes_nothing() {
    if !machine::is_here() {
        return;
    }
    let door = Door::open().await;
    let ours = Container::create("atelier-test-body", &["--label", &owned()], HTTPD);
    let before = ours.inspect("{{json .HostConfig}}");
    let body = r#"{"HostConfig":{"Privileged":true,"Binds":["/:/host"],"PidMode":"host"}}"#;
    let start = format!("POST /containers/{}/start", ours.name);
    let with_body = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let chunked = format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for rest in [with_body, chunked] {
        let (status, text) = door.send(&start, &rest).await;
        assert!((400..500).contains(&status), "{status} {text}");
        assert_eq!(ours.state(), "created");
    }
    assert_eq!(door.ask(&start).await.0, 200);
    assert_eq!((ours.state().as_str(), ours.inspect("{{json .HostConfig}}")), ("running", before));
}

#[tokio::test]
async fn fifty_starts_at_once_are_fifty_equal_successes() {
    if !machine::is_here() {
        return;
    }
    let door = Door::open().await;
    let ours = Container::create("atelier-test-crowd", &["--label", &owned()], HTTPD);
    let start = format!("POST /containers/{}/start", ours.name);
    let answers = join_all((0..50).map(|_| door.ask(&start))).await;
    assert_eq!((answers[0].0, ours.state().as_str()), (200, "running"), "{answers:?}");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_label_of_the_image_or_of_another_owner_grants_nothing() {
    if !machine::is_here() {
        return;
    }
    let door = Door::open().await;
    let image = format!("atelier-test/labelled:{}", id());
    let base = Container::create("atelier-test-base", &[], HTTPD);
    // All that the maker of an image can know: the label's name, not this installation's random id.
    docker(&["commit", "-c", "LABEL atelier.owner=* atelier.role=target", &base.id, &image]);
    let containers = [
        Container::create("atelier-test-image", &[], &image),
        Container::create("atelier-test-other", &["--label", "atelier.owner=ffffffffffffffffffffffffffffffff"], HTTPD),
        Container::create("atelier-test-longer", &["--label", &format!("{}0", owned())], HTTPD),
        Container::create("atelier-test-empty", &["--label", "atelier.owner="], HTTPD),
        Container::create("atelier-test-part", &["--label", &owned(), "--label", "atelier.role=engine"], HTTPD),
    ];
    for foreign in &containers {
        door.refuses(&format!("POST /containers/{}/start", foreign.name)).await;
        door.refuses(&format!("GET /containers/{}", foreign.id)).await;
        assert_eq!(foreign.state(), "created", "{}", foreign.name);
    }
    let (status, listed) = door.ask("GET /containers").await;
    // The tests beside this one have owned containers of their own.
    assert!(status == 200 && containers.iter().all(|foreign| !listed.contains(&foreign.id)), "{listed}");
    drop(containers);
    docker(&["rmi", &image]);
}

#[tokio::test]
async fn names_ids_and_renames_act_on_the_owned_container_or_on_none() {
    if !machine::is_here() {
        return;
    }
    let door = Door::open().await;
    let mut ours = Container::create("atelier-test-ours", &["--label", &owned()], HTTPD);
    let mut foreign = Container::create("atelier-test-foreign", &[], HTTPD);
    let (id, name) = (ours.id.clone(), ours.name.clone());
    for other in [&id[..12], &id[..63], &name[..name.len() - 1], &name.to_uppercase(), &format!("{name}.")] {
        door.refuses(&format!("POST /containers/{other}/start")).await;
    }
    assert_eq!(ours.state(), "created");

    // A foreign container that takes our container's old name, or its id as a name, is still foreign.
    ours.rename(&format!("{name}-aside"));
    foreign.rename(&name);
    door.refuses(&format!("POST /containers/{name}/start")).await;
    assert_eq!(door.ask(&format!("POST /containers/{}/start", ours.name)).await.0, 200);
    foreign.rename(&id);
    assert_eq!(door.ask(&format!("POST /containers/{id}/stop")).await.0, 200);
    assert_eq!((ours.state().as_str(), foreign.state().as_str()), ("exited", "created"));
}
