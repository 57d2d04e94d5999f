//! A project folder of its own, and the real binary run in it as a user would: cleared environment, own HOME, deadline.

use super::{Running, engine_port};
use atelier::aws::Connection;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_types::SdkConfig;
use rustix::process::Pid;
use std::{
    fs::{Permissions, set_permissions},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A folder in which `atelier` is run.
pub(crate) struct Project {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    program: PathBuf,
}

/// What a process wrote, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// What it wrote to stdout.
    pub(crate) stdout: String,
    /// What it wrote to stderr.
    pub(crate) stderr: String,
}

impl Output {
    /// Reads stdout as the one JSON document that it must be.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// What an AWS client of a folder's embedded engine is configured with: the engine's own credentials.
pub(crate) fn sdk_of(project: &Path, port: u16) -> SdkConfig {
    let stored = std::fs::read_to_string(project.join(".atelier/credentials.json")).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
    let key = |name: &str| stored[name].as_str().unwrap().to_owned();
    let credentials = Credentials::from_keys(key("access_key_id"), key("secret_access_key"), None);
    let connection = Connection {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: "us-east-1".to_owned(),
        credentials: SharedCredentialsProvider::new(credentials),
    };
    connection.sdk_config()
}

impl Project {
    /// Makes an empty project, its HOME inside.
    pub(crate) fn new() -> Self {
        Self::inside(&std::env::temp_dir())
    }

    /// Makes an empty project in memory, where the system has a place for that: an engine in it need not wait for a
    /// disk, and nothing can be executed there on some machines.
    pub(crate) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::inside(memory) } else { Self::new() }
    }

    fn inside(place: &Path) -> Self {
        let folder = tempfile::tempdir_in(place).unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        std::fs::create_dir(folder.path().join("project")).unwrap();
        Self { folder, variables: Vec::new(), program: env!("CARGO_BIN_EXE_atelier").into() }
    }

    /// Runs this program instead of the binary as cargo built it.
    pub(crate) fn running(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// What an AWS client of this project's embedded engine is configured with.
    pub(crate) fn sdk(&self, port: u16) -> SdkConfig {
        sdk_of(&self.path(), port)
    }

    /// Sets a variable for every command of this project.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The project folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Prepares `atelier` with these arguments, nothing of this process's environment and closed stdin.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.prepare(&self.program, args)
    }

    /// The same for a user who is denied something now and then, which root never is; the project is as open to them
    /// as the test has made it.
    pub(crate) fn command_of_a_user(&self, args: &[&str]) -> Command {
        if !rustix::process::geteuid().is_root() {
            return self.command(args);
        }
        let program = self.folder.path().join("atelier");
        if !program.exists() {
            for (folder, mode) in [(self.folder.path().to_owned(), 0o755), (self.folder.path().join("home"), 0o777)] {
                set_permissions(folder, Permissions::from_mode(mode)).unwrap();
            }
            // The build's folder may be closed to others; and another process makes the copy, because a file that this
            // one has open while another test forks cannot be run.
            assert!(Command::new("cp").arg(&self.program).arg(&program).status().unwrap().success());
        }
        let mut command = self.prepare(&program, args);
        command.uid(65534).gid(65534);
        command
    }

    fn prepare(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            // No test needs a network, or the time that this takes.
            .env("ATELIER_RUNTIME_PACKAGES", "off")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs `atelier` to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Running::start(self.command(args)).end()
    }

    /// Starts an engine of this project's own, which ends with the project.
    pub(crate) fn up(self) -> Self {
        let port = engine_port().to_string();
        let output = self.run(&["up", "--engine", "embedded", "--port", &port]);
        assert_eq!(output.code, Some(0), "{output:?}");
        self
    }

    /// What is recorded of the engine that runs here.
    pub(crate) fn record(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.path().join(".atelier/engine.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The port of that engine.
    pub(crate) fn port(&self) -> u16 {
        u16::try_from(self.record()["port"].as_u64().unwrap()).unwrap()
    }

    /// The process of that engine.
    pub(crate) fn engine(&self) -> Pid {
        let pid = self.record()["process"]["pid"].as_i64().unwrap();
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    /// What leads other tools to that engine, as `env` prints it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let printed = self.run(&["env", "--json"]).json();
        let variables = printed["data"]["variables"].as_object().unwrap().clone();
        variables.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, name: impl AsRef<Path>, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }
}

/// An engine must not outlive its test, whichever way the test ends.
impl Drop for Project {
    fn drop(&mut self) {
        if self.path().join(".atelier/engine").exists() {
            let _ = self.command(&["down"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}
