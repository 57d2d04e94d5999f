//! An outside client drives the emulator: the AWS CLI, its answers parsed and compared.
//!
//! `scripts/aws-cli.sh` installs the CLI where the machine lacks it and names it in `ATELIER_AWS_CLI`.

mod api;
mod ec2;
mod events;
mod lambda;
mod workshop;

use crate::support::{Project, tool};
use atelier::http_client::HttpClient;
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// An engine that runs in a project of its own, and the AWS CLI with the environment that `atelier env` prints.
struct Cli {
    project: Project,
    environment: Vec<(String, String)>,
}

/// What one call of the AWS CLI gave: its answer, or the error code that it printed (`InvalidInstanceID.NotFound`).
type Answer = Result<Value, String>;

impl Cli {
    /// Starts the embedded engine in an empty folder.
    fn start() -> Self {
        let project = Project::new().up();
        Self { environment: project.environment(), project }
    }

    /// Deploys the stack.
    fn deploy(&self) {
        let output = self.project.run(&["deploy"]);
        assert_eq!(output.code, Some(0), "{output:?}");
    }

    /// The value of a variable that `atelier env` prints.
    fn variable(&self, name: &str) -> &str {
        let found = self.environment.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("`env` prints no {name}")).1
    }

    /// Calls a path of the public URL as a stranger would.
    async fn get(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.variable("AWS_ENDPOINT_PUBLIC"));
        let client = HttpClient::for_url(&url).expect("a client");
        let answer = client.call(Method::GET, &url, Bytes::new(), Duration::from_secs(20)).await.expect("an answer");
        (answer.status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// Runs `aws ARGUMENTS` in the project folder and parses what it prints.
    fn aws(&self, arguments: &[&str]) -> Answer {
        let output = self.command(arguments).output().expect("the AWS CLI runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            let code = stderr.split_once("An error occurred (").and_then(|(_, rest)| rest.split_once(')'));
            return Err(code.map_or(stderr.clone(), |(code, _)| code.to_owned()));
        }
        let text = String::from_utf8(output.stdout).expect("the CLI prints UTF-8");
        Ok(if text.trim().is_empty() { Value::Null } else { serde_json::from_str(&text).expect("the CLI prints JSON") })
    }

    /// Runs `aws ARGUMENTS`, which must succeed.
    fn ok(&self, arguments: &[&str]) -> Value {
        self.aws(arguments).unwrap_or_else(|error| panic!("aws {}: {error}", arguments.join(" ")))
    }

    /// Runs `aws ARGUMENTS`, which must fail, and tells the error's code.
    fn refused(&self, arguments: &[&str]) -> String {
        match self.aws(arguments) {
            Err(code) => code,
            Ok(answer) => panic!("aws {} succeeded: {answer}", arguments.join(" ")),
        }
    }

    /// A shell in the project folder that has nothing but a HOME and a PATH, which begins with `bin`.
    #[expect(clippy::disallowed_methods, reason = "the tools are where the tests have them")]
    fn shell(&self, script: &str, bin: &Path) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.project.path())
            .env_clear()
            .env("HOME", self.project.path())
            .env("PATH", format!("{}:{path}", bin.display()))
            .stdin(Stdio::null());
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let mut command = tool("ATELIER_AWS_CLI", "aws", &self.project.path(), environment);
        command.args(arguments);
        command
    }
}
