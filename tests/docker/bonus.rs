//! The bonus beside the embedded engine, whose functions are processes of this machine.

use crate::{
    machine::{self, HTTPD, SOCKET, Site, docker},
    support::{
        Project, connections,
        fault::{At, Fault, FaultProxy},
    },
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    fs, io,
    net::{Shutdown, TcpStream},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

/// The workshop gives the container one name, so its tests take turns.
pub(crate) fn name_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_function_of_the_embedded_engine_drives_the_container_too() {
    if !machine::is_here() {
        return;
    }
    let _name = name_turn();
    let site = Site::new();
    site.ok(&["up", "--engine", "embedded"]);
    site.ok(&["deploy"]);
    site.fails(&["test-bonus"], 5, "not_deployed");
    // The door is open by then, and the function does not hear of it.
    site.project().write("atelier.toml", "[instances]\nweb = \"t9.none\"\n");
    assert_ne!(site.run(&["bonus", "--image", HTTPD]).code, Some(0));
    // The next run makes up for it.
    site.project().write("atelier.toml", "");
    site.ok(&["bonus", "--image", HTTPD]);
    site.ok(&["test-bonus"]);
    site.ok(&["status", "--check"]);

    // What the user stops by hand, `bonus` starts again; a second time it changes nothing.
    docker(&["stop", "-t", "0", "mycontainer"]);
    assert_eq!(site.ok(&["bonus", "--image", HTTPD, "--json"]).json()["data"]["changed"], true);
    assert_eq!(site.ok(&["bonus", "--image", HTTPD, "--json"]).json()["data"]["changed"], false);

    // Fifty at once: the proxy lets a few of them to Docker at a time, and the others wait for their turn.
    docker(&["stop", "-t", "0", "mycontainer"]);
    let path = format!("{}/infra?target=docker&action=start&name=mycontainer", site.api());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answers = runtime.block_on(join_all((0..50).map(|_| machine::get(site.port, &path, ""))));
    let started = (200, r#"{"status":"started","target":"docker","container":"mycontainer"}"#.to_owned());
    assert!(answers.iter().all(|answer| *answer == started), "{answers:?}");

    the_files_containers_come_and_go(&site);
    site.ok(&["clean", "--yes"]);
    assert_eq!(site.containers(), [""; 0]);
    site.ok(&["down"]);
}

/// What `plan` would do to each container of `[containers]`, and to how many parts of the stack it would do something.
fn planned(site: &Site) -> (Vec<String>, usize) {
    let plan = site.ok(&["plan", "--json"]).json();
    let text = |of: &Value, key: &str| of[key].as_str().unwrap().to_owned();
    let containers = plan["data"]["containers"].as_array().unwrap().iter();
    let containers = containers.map(|container| format!("{} {}", text(container, "change"), text(container, "name")));
    let parts = plan["data"]["parts"].as_array().unwrap().iter();
    (containers.collect(), parts.filter(|part| part["change"] != "unchanged").count())
}

/// `deploy` brings the containers of `[containers]` and takes those away that stand there no more, and leaves alone what
/// `bonus --name` has made; the API drives each by its name, and all at once.
fn the_files_containers_come_and_go(site: &Site) {
    let (one, two, other) = (site.name("one"), site.name("two"), site.name("other"));
    let state = |base: &str| site.inspect(base, "{{.State.Status}}");
    let entry = |name: &str| format!("{name}={HTTPD}");
    let deployed = site.ok(&["deploy", "--container", &entry(&one), "--container", &entry(&two)]);
    for name in [&one, &two] {
        assert!(deployed.stderr.contains(&format!("Container {name} started from {HTTPD}")), "{deployed:?}");
    }
    assert_eq!(planned(site), (vec![format!("unchanged {one}"), format!("unchanged {two}")], 0));
    site.ok(&["bonus", "--name", &other, "--image", HTTPD]);
    assert_eq!(["one", "two", "other"].map(state), ["running"; 3]);
    // Whether they run is their user's business.
    docker(&["stop", "-t", "0", &one, &two, &other]);
    site.ok(&["plan", "--check"]);

    let id = site.inspect("one", "{{.Id}}");
    site.project().write("atelier.toml", &format!("[containers]\n{one} = \"{HTTPD}\"\n"));
    assert_eq!(planned(site), (vec![format!("unchanged {one}"), format!("remove {two}")], 0));
    site.fails(&["plan", "--check"], 1, "pending");
    let said = site.ok(&["deploy"]).stderr;
    assert!(said.contains(&format!("Container {two} removed")), "{said}");
    let (containers, door) = (site.containers(), site.name("docker-proxy"));
    assert_eq!(containers, [door.as_str(), "mycontainer", one.as_str(), other.as_str()]);
    assert_eq!(site.inspect("one", "{{.Id}} {{.State.Status}}"), format!("{id} exited"), "it is left as it is");
    site.ok(&["plan", "--check"]);

    let started = site.ok(&["call", "start", "--target", "docker", "--name", &one, "--json"]).json();
    assert_eq!(started["data"]["answer"], json!({"status": "started", "target": "docker", "container": one}));
    assert_eq!(["one", "other"].map(state), ["running", "exited"]);
    let all = site.ok(&["call", "start", "--target", "docker", "--all", "--json"]).json();
    let results = all["data"]["answer"]["results"].as_array().unwrap().iter();
    let mut outcomes: Vec<String> = results.map(|entry| format!("{} {}", entry["container"], entry["code"])).collect();
    outcomes.sort();
    let ok = |name: &str| format!(r#""{name}" "ok""#);
    assert_eq!(outcomes, [ok("mycontainer"), ok(&one), ok(&other)]);
    assert_eq!(["one", "other"].map(state), ["running"; 2]);
}

/// A socket of the test's own, every connection to which goes on to a port of loopback.
fn relay(path: &Path, port: u16) {
    let listener = UnixListener::bind(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    let carry = move |client: UnixStream| {
        let Ok(daemon) = TcpStream::connect(("127.0.0.1", port)) else { return };
        let (mut from, mut to) = (client.try_clone().unwrap(), daemon.try_clone().unwrap());
        thread::spawn(move || io::copy(&mut from, &mut to));
        let _ = io::copy(&mut { daemon }, &mut &client);
        let _ = client.shutdown(Shutdown::Both);
    };
    thread::spawn(move || connections::each(listener.incoming(), || false, carry));
}

#[test]
fn where_only_loopback_is_shared_with_containers_the_door_is_there() {
    if !machine::is_here() {
        return;
    }
    let _name = name_turn();
    // A daemon that says that it has no root.
    let proxy = FaultProxy::to_socket(SOCKET);
    proxy.arm(Some((At::Every("GET /info"), Fault::Reworded("name=seccomp,profile", "name=rootless,rofile"))));
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    relay(&socket, proxy.port);
    let site = Site::of(Project::new().with("DOCKER_HOST", &format!("unix://{}", socket.display())));
    site.up_embedded_with_bonus();
    assert!(proxy.has_struck());
    let door = docker(&["port", &site.name("docker-proxy")]);
    assert!(door.ends_with(&format!("-> 127.0.0.1:{}", site.port + 2)), "{door}");
    site.ok(&["test-bonus"]);
    site.ok(&["clean", "--yes"]);
    site.ok(&["down"]);
    assert_eq!(site.containers(), [""; 0]);
}

#[test]
fn a_failed_check_is_a_failure() {
    if !machine::is_here() {
        return;
    }
    let _name = name_turn();
    let site = Site::new();
    site.up_embedded_with_bonus();
    docker(&["pause", "mycontainer"]);
    let tested = site.run(&["test-bonus", "--json"]);
    docker(&["unpause", "mycontainer"]);
    assert_eq!((tested.code, tested.json()["error"]["code"].as_str()), (Some(1), Some("tests_failed")), "{tested:?}");
    site.ok(&["down"]);
    assert_eq!(site.containers(), ["mycontainer"], "`down` leaves what `bonus` made to `clean`");
    for source in ["engine", "proxy"] {
        let logs = site.run(&["logs", "--raw", "--source", source]);
        let outlives = logs.code == Some(0) && logs.stdout.contains(&format!(" {source} "));
        assert!(outlives, "the last run's end outlives it: {logs:?}");
    }
}
