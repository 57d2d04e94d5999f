//! The bonus beside the embedded engine, whose functions are processes of this machine.

use crate::{
    machine::{self, HTTPD, SOCKET, Site, docker},
    support::{
        Project,
        fault::{At, Fault, FaultProxy},
    },
};
use futures_util::future::join_all;
use std::{
    fs, io,
    net::{Shutdown, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixListener},
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

    site.ok(&["clean", "--yes"]);
    assert_eq!(site.containers(), [""; 0]);
    site.ok(&["down"]);
}

/// A socket of the test's own, every connection to which goes on to a port of loopback.
fn relay(path: &Path, port: u16) {
    let listener = UnixListener::bind(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(daemon) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let (mut from, mut to) = (client.try_clone().unwrap(), daemon.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut from, &mut to));
            thread::spawn(move || {
                let _ = io::copy(&mut { daemon }, &mut &client);
                client.shutdown(Shutdown::Both)
            });
        }
    });
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
        let outlives = logs.code == Some(5) && logs.stdout.contains(&format!(" {source} "));
        assert!(outlives, "the last run's end outlives it: {logs:?}");
    }
}
