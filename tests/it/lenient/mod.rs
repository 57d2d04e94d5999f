//! Lenient engines beside strict ones: scripts as they are written for `LocalStack`, with the AWS CLI and `awslocal`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hosts;
mod opening;
mod record;
mod scripts;

use crate::support::{Project, engine_port, interpreters, skipped, tool};
use atelier::runtimes::Runtime;
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A role that nobody has made.
const ROLE: &str = "arn:aws:iam::000000000000:role/irrelevant";

/// An engine, and a shell as somebody has it who writes for `LocalStack`.
struct Lab {
    project: Project,
    port: u16,
    environment: Vec<(String, String)>,
}

impl Lab {
    /// Starts a lenient engine, for scripts with any credentials.
    fn lenient() -> Self {
        let port = engine_port();
        let project = alone();
        let output = project.run(&["up", "--lenient", "--port", &port.to_string()]);
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.stdout.contains("doctor --aws"), "{output:?}");
        Self { project, port, environment: any_credentials(port) }
    }

    /// Starts a strict engine, for scripts with its credentials.
    fn strict() -> Self {
        let port = engine_port();
        let project = alone();
        let output = project.run(&["up", "--engine", "embedded", "--port", &port.to_string()]);
        assert_eq!(output.code, Some(0), "{output:?}");
        Self { environment: project.environment(), project, port }
    }

    /// The same engine for somebody who has other credentials.
    fn with_any_credentials(mut self) -> Self {
        self.environment = any_credentials(self.port);
        self
    }

    /// Runs `aws ARGUMENTS`; a failure is what it wrote.
    fn aws(&self, arguments: &[&str]) -> Result<Value, String> {
        self.tool("ATELIER_AWS_CLI", "aws", arguments)
    }

    /// Runs `aws ARGUMENTS`, which must succeed.
    fn ok(&self, arguments: &[&str]) -> Value {
        self.aws(arguments).unwrap_or_else(|error| panic!("aws {}: {error}", arguments.join(" ")))
    }

    fn tool(&self, variable: &str, name: &str, arguments: &[&str]) -> Result<Value, String> {
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let mut command = tool(variable, name, &self.project.path(), environment);
        command.args(arguments);
        let output = command.output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8(output.stdout).unwrap();
        Ok(if text.trim().is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        })
    }

    /// Creates a function in Python, and gives its ARN; `None` where there is no Python, which is said.
    fn create(&self, name: &str, code: &str, more: &[&str]) -> Option<Result<Value, String>> {
        Some(self.create_in(newest("python")?, name, ("app.py", code), more))
    }

    /// Creates a function of one file.
    fn create_in(&self, runtime: Runtime, name: &str, file: (&str, &str), more: &[&str]) -> Result<Value, String> {
        let (runtime, (file, code)) = (runtime.to_string(), file);
        let path = self.project.path().join(format!("{name}.zip"));
        let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        archive.start_file(file, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(code.as_bytes()).unwrap();
        archive.finish().unwrap();
        let code = format!("fileb://{}", path.display());
        let create = ["lambda", "create-function", "--function-name", name, "--runtime", &runtime, "--zip-file", &code];
        self.aws(&[&create, &["--handler", "app.handler", "--timeout", "20"][..], more].concat())
    }

    /// Invokes a function with `{}`.
    fn invoke(&self, name: &str) -> Value {
        self.ok(&["lambda", "wait", "function-active-v2", "--function-name", name]);
        self.ok(&["lambda", "invoke", "--function-name", name, "out.json"]);
        serde_json::from_slice(&std::fs::read(self.project.path().join("out.json")).unwrap()).unwrap()
    }

    /// Sends a request with these header lines.
    fn request(&self, line: &str, headers: &[&str]) -> (u16, String) {
        send(([127, 0, 0, 1], self.port).into(), line, headers)
    }

    /// Calls a path of the engine's.
    fn get(&self, path: &str) -> (u16, String) {
        self.get_at(&format!("localhost:{}", self.port), path)
    }

    /// Calls a path under another host name.
    fn get_at(&self, host: &str, path: &str) -> (u16, String) {
        self.request(&format!("GET {path}"), &[&format!("Host: {host}")])
    }

    fn doctor(&self) -> Value {
        self.project.run(&["doctor", "--aws", "--json"]).json()["data"].clone()
    }

    /// The kinds of things that were noted, each once.
    fn kinds(&self) -> Vec<String> {
        let doctor = self.doctor();
        let differences = doctor["differences"].as_array().unwrap();
        let mut kinds: Vec<_> = differences.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

/// Sends one request to an address and reads its answer to the end.
fn send(address: SocketAddr, line: &str, headers: &[&str]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!("{line} HTTP/1.1\r\n{}\r\nConnection: close\r\n\r\n", headers.join("\r\n"));
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A project that knows no Docker.
fn alone() -> Project {
    Project::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock").with("PATH", "/usr/local/bin:/usr/bin:/bin")
}

fn any_credentials(port: u16) -> Vec<(String, String)> {
    let endpoint = format!("http://localhost:{port}");
    let variables = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &endpoint),
    ];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The newest runtime of a language whose interpreter is here; where there is none, says so.
fn newest(language: &str) -> Option<Runtime> {
    tokio::runtime::Runtime::new().unwrap().block_on(interpreters::here(language)).pop()
}

/// Whether `awslocal` is here; where it is not, says so.
#[expect(clippy::disallowed_methods, reason = "the tests are told their tools by the environment")]
fn has_awslocal() -> bool {
    let is_here = std::env::var_os("ATELIER_AWSLOCAL").is_some();
    if !is_here {
        skipped("no `awslocal`: `scripts/awslocal.sh` installs it, and ATELIER_AWSLOCAL names it");
    }
    is_here
}
