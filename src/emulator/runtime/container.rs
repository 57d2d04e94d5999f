//! Functions in a container of AWS's own image, where the machine has no interpreter of their language and has Docker.
//!
//! The container is run by the `docker` program as a child like any other, attached: its output is the function's log and
//! its end the process's end. It has the host's network, so that the Runtime API and the AWS API are where any function
//! finds them, the code at `/var/task`, a `/tmp` of its own, the layers at `/opt`, and Lambda's limits. Nothing is pulled
//! here: what takes minutes is the user's to ask for.

use crate::runtimes::{Language, Machine, Runtime};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// How long Docker may take to say whether it has an image, or to end a container.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the largest file, as for every function's process.
const FILE_BYTES: u64 = 1 << 30;
/// What the image has of its own, or what the command line of the container says.
const NOT_INSIDE: [&str; 5] = ["PATH", "TMPDIR", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "_HANDLER"];

/// The `docker` program, and the daemon that it is to talk to.
#[derive(Debug, Clone)]
pub(super) struct Docker {
    program: PathBuf,
    host: Option<String>,
}

/// The name of AWS's image for a runtime.
pub(super) fn image(runtime: Runtime) -> String {
    let name = match runtime.language() {
        Language::Python => "python",
        Language::Node => "nodejs",
    };
    format!("amazon/aws-lambda-{name}:{}", runtime.release())
}

impl Docker {
    /// Finds the program where `machine` has programs.
    pub(super) fn find(machine: &Machine) -> Option<Self> {
        let folders = std::env::split_paths(machine.path.as_deref()?).filter(|folder| folder.is_absolute());
        let program = folders.map(|folder| folder.join("docker")).find(|program| program.is_file())?;
        Some(Self { program, host: machine.docker_host.clone() })
    }

    /// Tells whether the daemon answers and has an image.
    pub(super) async fn has(&self, image: &str) -> bool {
        self.succeeds(&["image", "inspect", "--format", "-", image]).await
    }

    async fn succeeds(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new(&self.program);
        command.args(self.host_arguments()).args(arguments).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        matches!(timeout(PATIENCE, command.status()).await, Ok(Ok(status)) if status.success())
    }

    fn host_arguments(&self) -> Vec<&str> {
        self.host.as_deref().map_or(Vec::new(), |host| vec!["--host", host])
    }
}

/// A container to be.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) docker: Docker,
    pub(super) image: String,
    /// Nobody else's.
    pub(super) name: String,
}

/// What a container is given.
pub(super) struct Given<'a> {
    pub(super) handler: &'a str,
    /// MB.
    pub(super) memory: u32,
    pub(super) code: &'a Path,
    pub(super) tmp: &'a Path,
    pub(super) opt: Option<&'a Path>,
    pub(super) environment: &'a [(String, String)],
}

impl Container {
    /// The program that runs it.
    pub(super) fn program(&self) -> PathBuf {
        self.docker.program.clone()
    }

    /// The program's arguments. Variables are named only: the program takes their values from its own environment, where
    /// nobody else sees them.
    pub(super) fn arguments(&self, given: &Given<'_>) -> Vec<OsString> {
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let memory = format!("{}m", given.memory);
        let mut arguments: Vec<OsString> = self.docker.host_arguments().into_iter().map(OsString::from).collect();
        let fixed = ["run", "--rm", "--pull", "never", "--network", "host", "--read-only", "--cap-drop", "ALL"];
        arguments.extend(fixed.map(OsString::from));
        for (flag, value) in [
            ("--security-opt", "no-new-privileges".to_owned()),
            ("--pids-limit", "1024".to_owned()),
            ("--ulimit", "nofile=1024".to_owned()),
            ("--ulimit", "core=0".to_owned()),
            ("--ulimit", format!("fsize={FILE_BYTES}")),
            ("--memory", memory.clone()),
            ("--memory-swap", memory),
            ("--user", format!("{user}:{group}")),
            ("--name", self.name.clone()),
        ] {
            arguments.extend([flag.into(), value.into()]);
        }
        let mounts =
            [(Some(given.code), "/var/task", true), (Some(given.tmp), "/tmp", false), (given.opt, "/opt", true)];
        for (from, to, is_read_only) in mounts {
            let Some(from) = from else { continue };
            let mut mount = OsString::from("type=bind,source=");
            mount.push(from);
            mount.push(format!(",target={to}{}", if is_read_only { ",readonly" } else { "" }));
            arguments.extend(["--mount".into(), mount]);
        }
        for (name, _) in given.environment.iter().filter(|(name, _)| !NOT_INSIDE.contains(&name.as_str())) {
            arguments.extend(["--env".into(), name.into()]);
        }
        arguments.extend([self.image.as_str().into(), given.handler.into()]);
        arguments
    }

    /// Ends it, with whatever runs in it: the end of the program that runs it does not.
    pub(super) async fn remove(&self) {
        if !self.docker.succeeds(&["rm", "--force", &self.name]).await {
            tracing::debug!(container = self.name, "the container of a function was gone already");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_has_the_code_a_tmp_the_limits_and_no_secret_in_its_command_line() {
        let docker = Docker { program: "/bin/docker".into(), host: Some("unix:///d.sock".into()) };
        let runtime: Runtime = "python3.12".parse().unwrap();
        let container = Container { docker, image: image(runtime), name: "n".into() };
        let environment = [("AWS_SECRET_ACCESS_KEY", "secret"), ("PATH", "/x"), ("MODE", "y")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let arguments = container.arguments(&Given {
            handler: "app.handler",
            memory: 128,
            code: Path::new("/code"),
            tmp: Path::new("/scratch"),
            opt: None,
            environment: &environment,
        });
        let line = arguments.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        assert!(line.starts_with("--host unix:///d.sock run --rm --pull never --network host --read-only "), "{line}");
        for part in [
            "--mount type=bind,source=/code,target=/var/task,readonly --mount type=bind,source=/scratch,target=/tmp --env",
            "--memory 128m --memory-swap 128m",
            "--env AWS_SECRET_ACCESS_KEY --env MODE amazon/aws-lambda-python:3.12 app.handler",
        ] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("secret") && !line.contains("PATH"), "{line}");
        assert_eq!(image("nodejs22.x".parse().unwrap()), "amazon/aws-lambda-nodejs:22");
    }
}
