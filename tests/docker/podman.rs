//! Podman: its service speaks Docker's API, so the same commands use it through the same connector.

use crate::{
    machine::{self, HTTPD, MINISTACK, Site, docker},
    support::{Project, eventually},
};
use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Podman's defaults are above what some machines allow.
const LIMITS: &str = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n";

/// A Podman with a store of its own, so that everything in it is this test's; it goes with the test.
struct Podman {
    folder: TempDir,
    service: Child,
}

fn is_here() -> bool {
    if !machine::is_here() {
        return false;
    }
    if !rustix::process::geteuid().is_root() {
        return machine::skip("root's Podman is tested by root only");
    }
    let version = Command::new("podman").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success()) || machine::fail_or_skip("podman is not installed")
}

fn podman(folder: &Path) -> Command {
    let mut command = Command::new("podman");
    command.arg("--root").arg(folder.join("store")).arg("--runroot").arg(folder.join("run"));
    command.env("CONTAINERS_CONF", folder.join("containers.conf")).stdin(Stdio::null());
    command
}

impl Podman {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("containers.conf"), LIMITS).unwrap();
        let socket = folder.path().join("podman.sock");
        let mut command = podman(folder.path());
        command.args(["system", "service", "--time=0", &format!("unix://{}", socket.display())]);
        let service = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(eventually(Duration::from_secs(20), || UnixStream::connect(&socket).is_ok()), "no service");
        // As the package's own unit for systemd has it.
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o660)).unwrap();
        Self { folder, service }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("podman.sock")
    }

    /// Runs podman and gives what it prints.
    fn run(&self, args: &[&str]) -> String {
        let output = podman(self.folder.path()).args(args).output().unwrap();
        assert!(output.status.success(), "podman {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Takes images over from Docker.
    fn take(&self, images: &[&str]) {
        let archive = self.folder.path().join("images.tar");
        for image in images {
            docker(&["save", "--output", archive.to_str().unwrap(), image]);
            self.run(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
        }
        fs::remove_file(archive).unwrap();
    }

    /// Everything that it has: containers, images, networks, volumes.
    fn inventory(&self) -> [String; 4] {
        [
            self.run(&["ps", "--all", "--quiet"]),
            self.run(&["images", "--all", "--no-trunc", "--format", "{{.Id}} {{.Repository}}:{{.Tag}}"]),
            self.run(&["network", "ls", "--quiet"]),
            self.run(&["volume", "ls", "--quiet"]),
        ]
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        // Also unmounts what is below the folder that goes next.
        let _ = podman(self.folder.path()).args(["rm", "--all", "--force", "--time=0"]).output();
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

#[test]
fn podman_does_what_docker_does() {
    if !is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let podman = Podman::start();
    podman.take(&[MINISTACK, HTTPD]);
    let before = podman.inventory();
    let host = format!("unix://{}", podman.socket().display());
    let site = Site::of(Project::new().with("DOCKER_HOST", &host));
    let doctor = site.ok(&["doctor", "--json"]).json();
    let found = doctor["data"].to_string();
    assert!(found.contains(&host) && found.contains("Podman "), "{doctor}");

    site.ok(&["up", "--image", MINISTACK]);
    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], false);
    site.ok(&["deploy"]);
    site.ok(&["test"]);
    site.ok(&["bonus", "--image", HTTPD]);
    site.ok(&["test-bonus"]);
    site.ok(&["status", "--check"]);

    // Until it has cleaned up after them, they are in a state that Docker does not know.
    podman.run(&["kill", &site.name("atelier-edge"), &site.name("docker-proxy")]);
    let state = site.run(&["status", "--json"]);
    assert_eq!(state.json()["data"]["components"].as_array().map(Vec::len), Some(4), "{state:?}");
    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], true);
    site.ok(&["test-bonus"]);

    site.ok(&["clean", "--yes"]);
    assert_eq!(podman.inventory(), before);
}

/// A socket that is not root's is how a Podman without root is known. What that one changes, the containers' own network,
/// is there with root as well; that its containers do not reach this machine is not.
#[test]
fn containers_of_a_podman_without_root_meet_on_a_network_of_their_own() {
    if !is_here() {
        return;
    }
    let _turn = machine::engine_turn();
    let podman = Podman::start();
    podman.take(&[MINISTACK, HTTPD]);
    chown(podman.socket(), Some(65534), None).unwrap();
    let before = podman.inventory();
    let site = Site::of(Project::new().with("DOCKER_HOST", &format!("unix://{}", podman.socket().display())));
    let networks = || podman.run(&["network", "ls", "--format", "{{.Name}}"]);
    let network = format!("atelier-{}", site.port);

    site.ok(&["up", "--image", MINISTACK]);
    assert_eq!(site.ok(&["up", "--json"]).json()["data"]["changed"], false);
    assert!(networks().lines().any(|name| name == network), "{}", networks());
    let published = podman.run(&["port", &site.name("localstack-main")]);
    assert!(published.trim_end().ends_with(&format!("-> 127.0.0.1:{}", site.port + 1)), "{published}");
    site.ok(&["deploy"]);
    site.ok(&["test"]);
    site.ok(&["bonus", "--image", HTTPD]);
    site.ok(&["test-bonus"]);

    site.ok(&["down"]);
    assert!(networks().lines().all(|name| name != network), "{}", networks());
    site.ok(&["clean", "--yes"]);
    assert_eq!(podman.inventory(), before);
}
