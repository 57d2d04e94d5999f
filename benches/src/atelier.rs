//! The binary under measurement, run in a project folder of its own.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A temporary project folder, the port of its engine, and the flags that every command gets.
pub struct Project {
    binary: PathBuf,
    folder: PathBuf,
    port: u16,
    flags: Vec<String>,
}

impl Project {
    /// Makes an empty project folder and picks a free port.
    pub fn new(binary: &Path, flags: &[&str]) -> io::Result<Self> {
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("atelier-bench-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            binary: binary.to_owned(),
            folder,
            port,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        })
    }

    /// Runs a command to its end and tells how long it took; an exit code other than 0 is an error with its output.
    pub fn run(&self, arguments: &[&str]) -> io::Result<Duration> {
        let start = Instant::now();
        let output = self.command(arguments).output()?;
        let elapsed = start.elapsed();
        if output.status.success() {
            return Ok(elapsed);
        }
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(io::Error::other(format!("`atelier {}` ended with {}: {told}", arguments.join(" "), output.status)))
    }

    /// Starts a command that goes on; its output is to be read.
    pub fn start(&self, arguments: &[&str]) -> io::Result<Child> {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .args(&self.flags)
            .args(["--port", &self.port.to_string()])
            .current_dir(&self.folder)
            .env_clear()
            .env("HOME", &self.folder)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null());
        command
    }

    /// The address of the public port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The path of `GET /infra?action=status` of the deployed API.
    pub fn status_path(&self) -> io::Result<String> {
        let api = fs::read_to_string(self.folder.join(".api_id"))?;
        Ok(format!("/restapis/{}/dev/_user_request_/infra?action=status", api.trim()))
    }

    /// The resident memory of the embedded engine, in KiB.
    pub fn engine_memory(&self) -> io::Result<u64> {
        resident_kib(&self.engine_pid()?)
    }

    /// What the embedded engine has used of the processors so far.
    pub fn engine_cpu(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.engine_pid()?))?;
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        // The 14th and 15th field, in hundredths of a second; the third follows the name.
        let hundredths = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
        Ok(Duration::from_millis(hundredths.sum::<u64>() * 10))
    }

    /// Ends the embedded engine as a crash would, and waits until it is gone: one with much memory takes a while.
    pub fn kill_engine(&self) -> io::Result<()> {
        let pid = self.engine_pid()?;
        if !Command::new("kill").args(["-9", &pid]).status()?.success() {
            return Err(io::Error::other("the engine could not be killed"));
        }
        let lives = || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        while lives() {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn engine_pid(&self) -> io::Result<String> {
        let record = fs::read_to_string(self.folder.join(".atelier/engine.json"))?;
        let digits = |rest: &str| rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        record
            .split_once("\"pid\":")
            .map(|(_, rest)| digits(rest))
            .ok_or_else(|| io::Error::other("no pid in the engine's record"))
    }

    /// A file in the project's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file in the engine's folder.
    pub fn engine_file(&self, name: &str) -> PathBuf {
        self.folder.join(".atelier/engine").join(name)
    }

    /// The archive that `deploy` made.
    pub fn archive(&self) -> io::Result<PathBuf> {
        let files = fs::read_dir(self.folder.join(".atelier/cache"))?.flatten().map(|entry| entry.path());
        let mut archives = files.filter(|path| path.extension().is_some_and(|extension| extension == "zip"));
        archives.next().ok_or_else(|| io::Error::other("deploy left no archive"))
    }

    /// The token of the project's docker proxy.
    pub fn proxy_token(&self) -> io::Result<String> {
        self.credential("proxy_token")
    }

    /// The access key that the engine accepts: its id and its secret.
    pub fn credentials(&self) -> io::Result<(String, String)> {
        Ok((self.credential("access_key_id")?, self.credential("secret_access_key")?))
    }

    fn credential(&self, name: &str) -> io::Result<String> {
        let credentials = fs::read_to_string(self.folder.join(".atelier/credentials.json"))?;
        let value = credentials.split_once(&format!("\"{name}\":")).and_then(|(_, rest)| rest.split('"').nth(1));
        value.map(ToOwned::to_owned).ok_or_else(|| io::Error::other(format!("no {name}")))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.run(&["clean", "--yes"]);
        let _ = self.run(&["down"]);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The resident memory of a process, in KiB (`VmRSS` of `/proc/<pid>/status`).
pub fn resident_kib(pid: &str) -> io::Result<u64> {
    fs::read_to_string(format!("/proc/{pid}/status"))?
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse().ok())
        .ok_or_else(|| io::Error::other("no VmRSS"))
}
