//! The machine under test: its daemon, fixture images, and a project whose containers are looked at with the docker CLI,
//! which knows nothing of atelier.

use crate::support::{Output, Project, Running, raw};
use atelier::settings::Environment;
use sha2::{Digest, Sha256};
use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The daemon's socket.
pub(crate) const SOCKET: &str = "/var/run/docker.sock";
/// The engine's pinned image.
pub(crate) const ENGINE: &str = "localstack/localstack:4.14.0";
/// Another maker's engine, see scripts/ministack-image.sh.
pub(crate) const MINISTACK: &str = "atelier-test/ministack:1.5.33-cbor";
/// A small HTTP server, in the place of `nginx:alpine`, which needs a registry.
pub(crate) const HTTPD: &str = "atelier-test/httpd:1";
/// An engine image that ends as LocalStack does without a license.
pub(crate) const UNLICENSED: &str = "atelier-test/unlicensed:1";
/// An engine image that crashes.
pub(crate) const CRASHING: &str = "atelier-test/crashing:1";
/// An engine image that never answers.
pub(crate) const SILENT: &str = "atelier-test/silent:1";

static SKIPPED: AtomicUsize = AtomicUsize::new(0);
/// Engines take a core each while they start; one at a time is faster than three at once.
static ENGINE_TURN: Mutex<()> = Mutex::new(());

/// Tells whether there is a daemon with the engine's image; says so, and counts it, where a test must be skipped.
pub(crate) fn is_here() -> bool {
    static MISSING: OnceLock<Option<&str>> = OnceLock::new();
    let missing = MISSING.get_or_init(|| {
        if !succeeds(&["version"]) {
            return Some("there is no Docker daemon");
        }
        if !succeeds(&["image", "inspect", ENGINE]) {
            return Some("the engine's image is absent: run scripts/localstack-image.sh");
        }
        if !succeeds(&["image", "inspect", MINISTACK]) {
            return Some("MiniStack's image is absent: run scripts/ministack-image.sh");
        }
        make_fixtures();
        None
    });
    missing.is_none_or(fail_or_skip)
}

/// Says that a test must be skipped because something is missing here; where nothing may be missing, fails.
pub(crate) fn fail_or_skip(reason: &str) -> bool {
    let required = Environment::capture().get("ATELIER_REQUIRE_DOCKER").is_some();
    assert!(!required, "Docker tests must run here: {reason}");
    skip(reason)
}

/// Says that a test is skipped, and counts it; `false`, for "is not here".
pub(crate) fn skip(reason: &str) -> bool {
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    // Past the test harness, which shows what is printed of failed tests only.
    let _ = writeln!(std::io::stderr(), "SKIPPED ({count}): {reason}");
    false
}

/// Waits for this test's turn to run an engine.
pub(crate) fn engine_turn() -> MutexGuard<'static, ()> {
    ENGINE_TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn succeeds(args: &[&str]) -> bool {
    let mut command = Command::new("docker");
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs the docker CLI and gives what it prints.
pub(crate) fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Imports images of nothing but a static busybox, unless they are here.
fn make_fixtures() {
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().map(PathBuf::from).find(|path| path.exists());
    let busybox = std::fs::read(busybox.expect("busybox-static is installed")).unwrap();
    let run = |script: &str| format!(r#"CMD ["/bin/busybox","sh","-c","{script}"]"#);
    for (image, command) in [
        (HTTPD, "VOLUME /data\nCMD [\"/bin/busybox\",\"httpd\",\"-f\",\"-p\",\"80\"]".to_owned()),
        (UNLICENSED, run("echo license activation failed; exit 55")),
        (CRASHING, run("echo out of luck; exit 3")),
        (SILENT, run("exec /bin/busybox sleep 600")),
    ] {
        let made_of = atelier::secret::hex(&Sha256::digest([&busybox, command.as_bytes()].concat()));
        if !succeeds(&["image", "inspect", image]) || !docker(&["image", "inspect", image]).contains(&made_of) {
            import(image, &busybox, &format!("{command}\nLABEL atelier-test.made-of={made_of}"));
        }
    }
}

fn import(image: &str, busybox: &[u8], changes: &str) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bin/busybox");
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    std::fs::write(&program, busybox).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let archive = Command::new("tar").arg("-C").arg(folder.path()).args(["-c", "."]).output().unwrap().stdout;
    let mut import = Command::new("docker");
    import.args(["import", "-c", changes, "-", image]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut import = import.spawn().unwrap();
    import.stdin.take().unwrap().write_all(&archive).unwrap();
    assert!(import.wait().unwrap().success(), "{image}");
}

/// A project on a port of its own; what it made is removed when the test ends, however it ends.
pub(crate) struct Site {
    project: Project,
    pub(crate) port: u16,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::of(Project::new())
    }

    /// A site in a prepared project.
    pub(crate) fn of(project: Project) -> Self {
        let port = free_ports();
        Self { project: project.with("ATELIER_PORT", &port.to_string()), port }
    }

    /// A site whose commands are told of no port.
    pub(crate) fn without_port() -> Self {
        Self { project: Project::new(), port: free_ports() }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.project.run(args)
    }

    /// Runs a command that must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Output {
        let output = self.run(args);
        assert_eq!(output.code, Some(0), "atelier {args:?}: {output:?}\n{}", self.state());
        output
    }

    /// Runs a command with `--json` that must fail in this way.
    pub(crate) fn fails(&self, args: &[&str], exit: i32, code: &str) -> serde_json::Value {
        let output = self.run(&[args, &["--json"]].concat());
        let answer = output.json();
        assert_eq!((output.code, answer["error"]["code"].as_str()), (Some(exit), Some(code)), "{args:?}: {output:?}");
        answer["error"].clone()
    }

    /// Brings up the embedded engine, with the stack deployed and the bonus behind it.
    pub(crate) fn up_embedded_with_bonus(&self) {
        self.ok(&["up", "--engine", "embedded"]);
        self.ok(&["deploy"]);
        self.ok(&["bonus", "--image", HTTPD]);
    }

    /// Asserts that Docker has nothing of this project any more.
    pub(crate) fn left_nothing(&self) {
        assert_eq!((self.containers(), self.images()), (Vec::new(), String::new()));
    }

    /// Runs a command for which there is no Docker.
    pub(crate) fn run_without_docker(&self, args: &[&str]) -> Output {
        let mut command = self.project.command(args);
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        Running::start(command).end()
    }

    /// Asks the public door as anybody can.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.get_with(path, "")
    }

    /// Asks it with further headers, each with its line's end.
    pub(crate) fn get_with(&self, path: &str, headers: &str) -> (u16, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(get(self.port, path, headers))
    }

    /// Where the engine itself listens.
    pub(crate) fn engine(&self) -> SocketAddr {
        docker(&["port", &self.name("localstack-main")]).rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Asks the engine itself, past the edge; engines check no signature.
    pub(crate) fn ask_engine(&self, service: &str, line: &str, body: &str) -> String {
        let address = self.engine();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=00\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut client = raw::Client::connect(address).await;
            client.send(request).await;
            client.answer().await.expect("an answer").text()
        })
    }

    /// The path of the deployed API.
    pub(crate) fn api(&self) -> String {
        let id = std::fs::read_to_string(self.project.path().join(".api_id")).unwrap();
        format!("/restapis/{}/dev/_user_request_", id.trim())
    }

    /// Loses the record of the engine.
    pub(crate) fn forget(&self) {
        std::fs::remove_file(self.project.path().join(".atelier/engine.json")).unwrap();
    }

    pub(crate) fn project(&self) -> &Project {
        &self.project
    }

    /// The name of a container of this site's set.
    pub(crate) fn name(&self, base: &str) -> String {
        format!("{base}-{}", self.port)
    }

    /// The names of the containers that belong to this project, running or not.
    pub(crate) fn containers(&self) -> Vec<String> {
        let filter = format!("label=atelier.project={}", self.project.path().canonicalize().unwrap().display());
        let names = docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        let mut names: Vec<String> = names.lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Atelier's own images of this installation.
    pub(crate) fn images(&self) -> String {
        let owner = home(&self.project).join(".local/share/atelier/owner");
        let Ok(owner) = std::fs::read_to_string(owner) else { return String::new() };
        docker(&["images", "-q", "--filter", &format!("label=atelier.owner={}", owner.trim())])
    }

    /// What Docker says of a container, by a Go template.
    pub(crate) fn inspect(&self, base: &str, template: &str) -> String {
        docker(&["inspect", "--format", template, &self.name(base)])
    }

    fn state(&self) -> String {
        self.containers().iter().map(|name| format!("{name}: {}", logs(name))).collect::<Vec<_>>().join("\n")
    }
}

/// The last lines that a container wrote, to either stream.
pub(crate) fn logs(name: &str) -> String {
    let output = Command::new("docker").args(["logs", "--tail", "200", name]).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Drop for Site {
    fn drop(&mut self) {
        for name in self.containers() {
            succeeds(&["rm", "-f", "-v", &name]);
        }
        for image in self.images().lines() {
            succeeds(&["rmi", image]);
        }
    }
}

/// Asks a port of loopback with further headers; gives the answer's status and text.
pub(crate) async fn get(port: u16, path: &str, headers: &str) -> (u16, String) {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut client = raw::Client::connect(address).await;
    client.send(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: close\r\n\r\n")).await;
    let answer = client.answer().await.expect("an answer");
    (answer.status, answer.text())
}

/// The HOME of a project's commands.
fn home(project: &Project) -> PathBuf {
    project.path().with_file_name("home")
}

/// A port that is free together with the two after it, on every address.
fn free_ports() -> u16 {
    loop {
        let first = TcpListener::bind(("0.0.0.0", 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let free = |port: u16| TcpListener::bind(("0.0.0.0", port)).is_ok();
        if port < 65000 && free(port + 1) && free(port + 2) {
            return port;
        }
    }
}
