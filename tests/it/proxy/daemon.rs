//! A Docker daemon that records every byte it is sent and answers as the test says.

use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::Notify,
    task::JoinSet,
};

/// The owner that the proxy works for.
pub(crate) const OWNER: &str = "00112233445566778899aabbccddeeff";
/// The folder whose containers the proxy drives.
pub(crate) const PROJECT: &str = "/home/ann/site";

/// What the daemon answers instead.
#[derive(Clone)]
pub(crate) enum Fault {
    /// These bytes to every list, and then the end of the connection.
    List(Vec<u8>),
    /// This status to every change.
    Change(u16),
    /// Nothing until [`Daemon::speak`].
    Silence,
    /// Nothing to changes until [`Daemon::speak`], as when a container takes its time to stop.
    SlowChange,
    /// The end of the connection.
    HangUp,
}

#[derive(Default)]
struct World {
    containers: Vec<Value>,
    fault: Option<Fault>,
    pause: Duration,
    seen: Vec<String>,
    open: usize,
    most_open: usize,
    changes: usize,
    most_changes: usize,
}

/// The daemon; it ends with this value.
pub(crate) struct Daemon {
    pub(crate) socket: PathBuf,
    world: Arc<Mutex<World>>,
    speech: Arc<Notify>,
    _folder: TempDir,
    _tasks: JoinSet<()>,
}

/// A container as `GET /containers/json` shows it; `owner` is the value of its label.
pub(crate) fn container(id: char, name: &str, state: &str, owner: Option<&str>) -> Value {
    json!({
        "Id": id.to_string().repeat(64), "Names": [format!("/{name}")], "Image": "nginx:alpine", "State": state,
        "Status": "Up 3 minutes", "Labels": owner.map_or(json!({}), |owner| json!({"atelier.owner": owner})),
        "Mounts": [{"Source": "/etc"}]
    })
}

impl Daemon {
    pub(crate) fn start(containers: Vec<Value>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let world = Arc::new(Mutex::new(World { containers, ..World::default() }));
        let (mut tasks, speech) = (JoinSet::new(), Arc::new(Notify::new()));
        tasks.spawn(accept(listener, world.clone(), speech.clone()));
        Self { socket, world, speech, _folder: folder, _tasks: tasks }
    }

    /// The requests so far, byte for byte.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.world.lock().unwrap().seen.clone()
    }

    /// How many connections were open at the same time at most.
    pub(crate) fn most_open(&self) -> usize {
        self.world.lock().unwrap().most_open
    }

    /// How many changes were with the daemon at the same time at most.
    pub(crate) fn most_changes(&self) -> usize {
        self.world.lock().unwrap().most_changes
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.world.lock().unwrap().fault = Some(fault);
    }

    /// Ends a silence with the answers that are owed.
    pub(crate) fn speak(&self) {
        self.recover();
        self.speech.notify_waiters();
    }

    pub(crate) fn recover(&self) {
        self.world.lock().unwrap().fault = None;
    }

    /// Takes this long for every answer.
    pub(crate) fn dawdle(&self, pause: Duration) {
        self.world.lock().unwrap().pause = pause;
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        for container in &mut self.world.lock().unwrap().containers {
            if container["Names"][0] == format!("/{from}") {
                container["Names"][0] = json!(format!("/{to}"));
            }
        }
    }
}

async fn accept(listener: UnixListener, world: Arc<Mutex<World>>, speech: Arc<Notify>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, world.clone(), speech.clone()));
    }
}

async fn serve(mut stream: UnixStream, world: Arc<Mutex<World>>, speech: Arc<Notify>) {
    {
        let mut world = world.lock().unwrap();
        world.open += 1;
        world.most_open = world.most_open.max(world.open);
    }
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            break;
        }
    }
    let request = String::from_utf8(request).unwrap();
    let change = usize::from(request.starts_with("POST "));
    let (answer, fault, pause) = {
        let mut world = world.lock().unwrap();
        world.changes += change;
        world.most_changes = world.most_changes.max(world.changes);
        world.seen.push(request.clone());
        (world.answer(&request), world.fault.clone(), world.pause)
    };
    let is_silent = match fault {
        Some(Fault::Silence) => true,
        Some(Fault::SlowChange) => change == 1,
        _ => false,
    };
    if is_silent {
        speech.notified().await;
    }
    if !matches!(fault, Some(Fault::HangUp)) {
        tokio::time::sleep(pause).await;
        let _ = stream.write_all(&answer).await;
    }
    // The proxy may open the next connection as soon as it has the answer.
    let mut world = world.lock().unwrap();
    world.open -= 1;
    world.changes -= change;
}

impl World {
    fn answer(&mut self, request: &str) -> Vec<u8> {
        let line = request.lines().next().unwrap_or_default().to_owned();
        if line.starts_with("GET /_ping ") {
            return http(200, "OK");
        }
        // As Docker 29 answers the versions of Docker 20, and Docker 20 those of Docker 29.
        if line.contains(" /v") {
            return http(400, r#"{"message":"client version 1.41 is too old. Minimum supported API version is 1.44"}"#);
        }
        if line.starts_with("GET /containers/json?") {
            return match &self.fault {
                Some(Fault::List(bytes)) => bytes.clone(),
                _ => http(200, &Value::from(self.containers.clone()).to_string()),
            };
        }
        if let Some(Fault::Change(status)) = self.fault {
            return http(status, r#"{"message":"driver failed: /var/lib/docker"}"#);
        }
        let (id, change) = line
            .strip_prefix("POST /containers/")
            .and_then(|rest| rest.strip_suffix(" HTTP/1.1"))
            .and_then(|rest| rest.split_once('/'))
            .unwrap_or_else(|| panic!("no template allows `{line}`"));
        let Some(container) = self.containers.iter_mut().find(|container| container["Id"] == id) else {
            return http(404, r#"{"message":"No such container"}"#);
        };
        let state = if change == "stop" { "exited" } else { "running" };
        let settled = container["State"] == state && change != "restart";
        container["State"] = json!(state);
        if change == "stop" && container["AutoRemove"] == true {
            self.containers.retain(|container| container["Id"] != id);
        }
        http(if settled { 304 } else { 204 }, "")
    }
}

/// Writes an answer that ends with its connection.
pub(crate) fn http(status: u16, body: &str) -> Vec<u8> {
    let length =
        if matches!(status, 204 | 304) { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("HTTP/1.1 {status} X\r\nServer: Docker/28\r\n{length}Connection: close\r\n\r\n{body}").into_bytes()
}

/// The bytes of a request that the proxy may send: one of four templates, filled with nothing but an id.
pub(crate) fn is_allowed(request: &str) -> bool {
    let head = |line: &str| format!("{line} HTTP/1.1\r\nhost: docker\r\n\r\n");
    if request == head("GET /_ping") || request == list_request() {
        return true;
    }
    ["a", "b", "c", "d"]
        .iter()
        .any(|id| ["start", "stop", "restart"].iter().any(|change| request == change_request(&id.repeat(64), change)))
}

/// The one list request.
pub(crate) fn list_request() -> String {
    format!(
        "GET /containers/json?all=1&filters=%7B%22label%22%3A%5B%22atelier.owner%3D{OWNER}%22%5D%7D HTTP/1.1\r\n\
         host: docker\r\n\r\n"
    )
}

/// A change of a container, by its full id.
pub(crate) fn change_request(id: &str, change: &str) -> String {
    format!("POST /containers/{id}/{change} HTTP/1.1\r\nhost: docker\r\n\r\n")
}
