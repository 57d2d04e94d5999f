//! The packages that AWS has beside an interpreter: boto3, the AWS SDK for JavaScript.
//!
//! They are installed once for each user and release of an interpreter, into a folder that appears whole or not at all;
//! nothing is downloaded before somebody asks for it or the first function needs it, and nothing once it is there.

use super::{Language, interpreter::Interpreter};
use crate::{progress::Progress, text::Message};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{process::Command, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long an interpreter may take to say what it can import.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of what a tool said is told, in lines from the end.
const LAST_LINES: usize = 5;

/// What Python functions find at AWS.
const BOTO3: &[&str] = &["boto3"];
/// Of what Node.js functions find at AWS, the clients of the services that the embedded engine answers for.
const NODE_CLIENTS: &[&str] = &[
    "@aws-sdk/client-api-gateway",
    "@aws-sdk/client-apigatewayv2",
    "@aws-sdk/client-cloudwatch",
    "@aws-sdk/client-cloudwatch-logs",
    "@aws-sdk/client-ec2",
    "@aws-sdk/client-eventbridge",
    "@aws-sdk/client-iam",
    "@aws-sdk/client-lambda",
    "@aws-sdk/client-sts",
];

/// Where a function has the packages from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase", tag = "from", content = "folder")]
pub enum Packages {
    /// From a folder of ours, for `PYTHONPATH` or `NODE_PATH`.
    Atelier(PathBuf),
    /// From the interpreter's own packages.
    Interpreter,
    /// From nowhere.
    Nowhere,
}

/// Why packages could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A tool that this takes is not there.
    #[error("`{tool}` is missing")]
    NoTool {
        /// The tool (`npm`, `venv`).
        tool: &'static str,
    },
    /// A tool was there and did not succeed.
    #[error("`{tool}` failed: {words}")]
    Failed {
        /// The tool.
        tool: &'static str,
        /// The end of what it said.
        words: String,
    },
    /// It took too long.
    #[error("not done within {} s", .0.as_secs())]
    Deadline(Duration),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The disk refused.
    #[error("cannot write `{}`", path.display())]
    Disk {
        /// The folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

/// Where packages are kept: a folder of the user's cache.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

/// How far an installation may go.
pub struct Bounds<'a> {
    /// Where to tell what is being done.
    pub progress: &'a Progress,
    /// Ends it.
    pub cancel: &'a CancellationToken,
    /// The longest that one of its steps may take.
    pub patience: Duration,
}

impl Language {
    /// The packages by the names that their index has.
    #[must_use]
    pub fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Python => BOTO3,
            Self::Node => NODE_CLIENTS,
        }
    }

    /// What people call the packages.
    #[must_use]
    pub fn sdk(self) -> &'static str {
        match self {
            Self::Python => "boto3",
            Self::Node => "@aws-sdk",
        }
    }
}

impl Shelf {
    /// Keeps packages below atelier's folder in the user's cache.
    #[must_use]
    pub fn new(cache: &Path) -> Self {
        Self { folder: cache.join("runtimes") }
    }

    /// Tells where functions that an interpreter runs have their packages from.
    pub async fn find(&self, interpreter: &Interpreter) -> Packages {
        match self.installed(interpreter) {
            Some(folder) => Packages::Atelier(folder),
            None if imports_sdk(interpreter).await => Packages::Interpreter,
            None => Packages::Nowhere,
        }
    }

    /// The folder with an interpreter's packages, where they are installed.
    #[must_use]
    pub fn installed(&self, interpreter: &Interpreter) -> Option<PathBuf> {
        let modules = modules(&self.target(interpreter), interpreter);
        modules.join(interpreter.runtime.language().packages()[0]).is_dir().then_some(modules)
    }

    /// Installs an interpreter's packages; gives the folder that they are in.
    ///
    /// # Errors
    /// Says what was missing or went wrong; then nothing is left behind.
    pub async fn install(&self, interpreter: &Interpreter, bounds: &Bounds<'_>) -> Result<PathBuf, InstallError> {
        let target = self.target(interpreter);
        let aside = Aside::make(&target)?;
        match interpreter.runtime.language() {
            Language::Python => with_pip(interpreter, &aside.0, bounds).await?,
            Language::Node => with_npm(interpreter, &aside.0, bounds).await?,
        }
        if self.installed(interpreter).is_none() {
            // What stands in its place is of no use.
            let _ = fs::remove_dir_all(&target);
        }
        match fs::rename(&aside.0, &target) {
            // Another run was faster, and installed the same.
            Err(_) if self.installed(interpreter).is_some() => {}
            renamed => renamed.map_err(|source| InstallError::Disk { path: target.clone(), source })?,
        }
        Ok(modules(&target, interpreter))
    }

    fn target(&self, interpreter: &Interpreter) -> PathBuf {
        let name = match interpreter.runtime.language() {
            Language::Python => "python",
            Language::Node => "nodejs",
        };
        self.folder.join(format!("{name}{}", interpreter.release()))
    }
}

/// A folder in the making; removed unless it was renamed.
struct Aside(PathBuf);

impl Aside {
    /// Makes a folder beside `target`, and removes those of runs that have ended without doing so.
    fn make(target: &Path) -> Result<Self, InstallError> {
        let disk = |source| InstallError::Disk { path: target.to_owned(), source };
        let (folder, name) = (target.parent().unwrap_or(target), target.file_name().unwrap_or_default());
        fs::create_dir_all(folder).map_err(disk)?;
        let prefix = format!(".{}.", name.display());
        for entry in fs::read_dir(folder).map_err(disk)?.flatten() {
            let name = entry.file_name();
            let pid = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.parse().ok());
            let is_left = pid.and_then(rustix::process::Pid::from_raw).is_some_and(|pid| {
                // Only a process that is not there is said not to be there.
                rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
            });
            if is_left {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let path = folder.join(format!("{prefix}{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).map_err(disk)?;
        Ok(Self(path))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Where a folder's modules are.
fn modules(folder: &Path, interpreter: &Interpreter) -> PathBuf {
    match interpreter.runtime.language() {
        Language::Python => folder.join("lib").join(format!("python{}", interpreter.release())).join("site-packages"),
        Language::Node => folder.join("node_modules"),
    }
}

/// Tells whether an interpreter has the SDK among its own packages. Node.js has nothing that all its programs can use.
async fn imports_sdk(interpreter: &Interpreter) -> bool {
    interpreter.runtime.language() == Language::Python
        && says_yes(interpreter, "import importlib.util, sys; sys.exit(importlib.util.find_spec('boto3') is None)")
            .await
}

async fn says_yes(interpreter: &Interpreter, program: &str) -> bool {
    let mut command = Command::new(&interpreter.path);
    command.args(["-c", program]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    matches!(timeout(PATIENCE, command.status()).await, Ok(Ok(status)) if status.success())
}

async fn with_pip(interpreter: &Interpreter, folder: &Path, bounds: &Bounds<'_>) -> Result<(), InstallError> {
    // Debian has them in a package of their own.
    if !says_yes(interpreter, "import ensurepip, venv").await {
        return Err(InstallError::NoTool { tool: "venv" });
    }
    let mut venv = Command::new(&interpreter.path);
    venv.args(["-m", "venv"]).arg(folder);
    step("venv", "runtimes.making", venv, interpreter, bounds).await?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check"]).args(BOTO3);
    step("pip", "runtimes.installing", pip, interpreter, bounds).await
}

async fn with_npm(interpreter: &Interpreter, folder: &Path, bounds: &Bounds<'_>) -> Result<(), InstallError> {
    // The one that came with the interpreter, which it is to find first in `PATH`.
    let npm = interpreter.path.with_file_name("npm");
    if !npm.is_file() {
        return Err(InstallError::NoTool { tool: "npm" });
    }
    let mut path = OsString::from(interpreter.path.parent().unwrap_or(Path::new("/")));
    path.push(":/usr/local/bin:/usr/bin:/bin");
    let mut command = Command::new(npm);
    // By itself it tries for minutes where there is no network.
    command.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]);
    command.arg("--prefix").arg(folder).args(NODE_CLIENTS);
    command.env("PATH", path);
    step("npm", "runtimes.installing", command, interpreter, bounds).await
}

async fn step(
    tool: &'static str,
    message: &'static str,
    command: Command,
    interpreter: &Interpreter,
    bounds: &Bounds<'_>,
) -> Result<(), InstallError> {
    let language = interpreter.runtime.language();
    let told = Message::new(message).with("language", language).with("version", interpreter.version);
    run(tool, told.with("packages", language.sdk()), command, bounds).await
}

/// Runs a tool with the user's environment, which knows of proxies, indexes and certificates.
///
/// # Errors
/// That it is not there, how it failed, or that it was ended before.
pub async fn run(
    tool: &'static str,
    told: Message,
    mut command: Command,
    bounds: &Bounds<'_>,
) -> Result<(), InstallError> {
    bounds.progress.begin(tool, told);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::select! {
        output = timeout(bounds.patience, output) => output.map_err(|_| InstallError::Deadline(bounds.patience))?,
        () = bounds.cancel.cancelled() => return Err(InstallError::Interrupted),
    };
    match output {
        Ok(output) if output.status.success() => {
            bounds.progress.done(tool);
            Ok(())
        }
        Ok(output) => Err(InstallError::Failed { tool, words: last_words(&output) }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(InstallError::NoTool { tool }),
        Err(error) => Err(InstallError::Failed { tool, words: error.to_string() }),
    }
}

/// The end of what a tool said, of its errors rather than of its progress.
fn last_words(output: &Output) -> String {
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}
