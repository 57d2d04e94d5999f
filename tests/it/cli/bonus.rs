//! `test-bonus` in front of an API and a Docker daemon of the test's own: the container is left as it was found.

use super::journey::deployed;
use crate::support::{Project, Running, eventually};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::net::UnixListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// The container, and what Docker was asked to do with it.
#[derive(Default)]
struct Container {
    state: &'static str,
    changes: Vec<&'static str>,
    /// How often the API was called.
    calls: usize,
}

type Shared = Arc<Mutex<Container>>;

/// Reads a request's head; `None` when there is none.
fn head(stream: &mut impl Read) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let mut head = String::new();
    loop {
        let line = lines.next()?.ok()?;
        if line.is_empty() {
            return Some(head);
        }
        head.push_str(&line);
        head.push('\n');
    }
}

fn answer(stream: &mut impl Write, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n");
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let _ = stream.write_all(format!("{head}{length}\r\n{body}").as_bytes());
}

/// A Docker daemon that has one container, which is ours.
fn docker(project: &Project, container: Shared) -> String {
    let home = project.path().parent().unwrap().join("home");
    let owner = std::fs::read_to_string(home.join(".local/share/atelier/owner")).unwrap();
    let socket = home.join("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Some(head) = head(&mut stream) else { continue };
            let line = head.lines().next().unwrap_or_default();
            let mut container = container.lock().unwrap();
            let change = [("/start ", "start", "running"), ("/stop?", "stop", "exited")];
            if let Some((_, change, state)) = change.into_iter().find(|(end, ..)| line.contains(end)) {
                container.changes.push(change);
                container.state = state;
                answer(&mut stream, 204, "");
            } else if line.contains("/containers/json?") {
                let (id, owner, state) = ("a".repeat(64), owner.trim(), container.state);
                let labels = serde_json::json!({ "atelier.owner": owner });
                let found =
                    serde_json::json!([{ "Id": id, "Names": ["/mycontainer"], "State": state, "Labels": labels }]);
                answer(&mut stream, 200, &found.to_string());
            } else {
                answer(&mut stream, 200, "{}");
            }
        }
    });
    format!("unix://{}", socket.display())
}

/// An API that brings the container into this state, and then answers with an error or, with `hangs`, not at all.
fn api(project: &Project, container: Shared, state: &'static str, hangs: bool) -> String {
    let project = project.path();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut waiting = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let Some(head) = head(&mut stream) else { continue };
            if super::passes_on(&project, &head, &mut stream) {
                continue;
            }
            let mut container = container.lock().unwrap();
            (container.state, container.calls) = (state, container.calls + 1);
            if hangs {
                waiting.push(stream);
            } else {
                answer(&mut stream, 500, "{}");
            }
        }
    });
    url
}

#[test]
fn checks_that_fail_leave_the_container_as_it_was() {
    for (before, meanwhile, change) in [("running", "exited", "start"), ("exited", "running", "stop")] {
        let project = deployed();
        let container = Shared::default();
        container.lock().unwrap().state = before;
        let api = api(&project, container.clone(), meanwhile, false);
        let docker = docker(&project, container.clone());
        let project = project.with("DOCKER_HOST", &docker).with("AWS_ENDPOINT_PUBLIC", &api);
        let output = project.run(&["test-bonus"]);
        assert_eq!(output.code, Some(1), "{output:?}");
        let container = container.lock().unwrap();
        assert_eq!((container.state, container.changes.as_slice(), container.calls), (before, [change].as_slice(), 4));
    }
}

#[test]
fn ctrl_c_while_the_container_is_being_stopped_leaves_it_running() {
    let project = deployed();
    let container = Shared::default();
    container.lock().unwrap().state = "running";
    // To Docker, a container that is being stopped is running.
    let api = api(&project, container.clone(), "running", true);
    let docker = docker(&project, container.clone());
    let project = project.with("DOCKER_HOST", &docker).with("AWS_ENDPOINT_PUBLIC", &api);
    let running = Running::start(project.command(&["test-bonus"]));
    assert!(eventually(Duration::from_secs(30), || container.lock().unwrap().calls == 1));
    running.interrupt();
    let output = running.end();
    assert_eq!(output.code, Some(130), "{output:?}");
    let container = container.lock().unwrap();
    assert_eq!((container.state, container.changes.as_slice()), ("running", ["stop", "start"].as_slice()));
}
