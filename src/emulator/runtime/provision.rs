//! Has the packages that AWS has beside an interpreter installed where this machine lacks them, so that `import boto3`
//! does what it does there.
//!
//! `atelier runtimes install` does it, in a process that ends with the emulator: once at a time for each runtime, and not
//! again soon after it has failed. Until it is done, functions of the runtime are still being made; one that is called
//! meanwhile waits, but not for long: most of them need no packages.

use super::{Executor, Functions};
use crate::{
    emulator::sandbox::Program,
    runtimes::{
        Runtime,
        interpreter::Interpreter,
        packages::{Packages, Shelf},
    },
};
use serde_json::Value;
use std::{
    collections::HashMap,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

/// The longest that a step of an installation may take.
const PATIENCE: &str = "60s";
/// How long `pip` waits for an index, in seconds, and how often it tries again: a machine without a network is told soon.
const PIP: [(&str, &str); 2] = [("PIP_DEFAULT_TIMEOUT", "5"), ("PIP_RETRIES", "1")];
/// How long an invocation waits; less than API Gateway waits for an answer.
const WAIT: Duration = Duration::from_secs(20);
/// How long a failure is remembered.
const REMEMBERED: Duration = Duration::from_mins(10);

/// How far the packages of a runtime are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provision {
    /// Nothing is to be said of them.
    Done,
    /// They are being installed: what is said meanwhile.
    Coming(String),
    /// They could not be installed: why, and the way out.
    Lacking(String),
}

/// How far an installation is.
enum Stage {
    /// Under way: what is said meanwhile.
    Coming(String),
    /// The interpreter has the packages itself.
    Needless,
    /// Done, unless somebody has removed them since.
    Installed,
    /// Failed.
    Failed {
        /// Why, and the way out.
        why: String,
        at: Instant,
        /// An interpreter of another release that has the packages.
        instead: Option<Interpreter>,
    },
}

/// The installations of this emulator's life.
#[derive(Default)]
pub(super) struct Provisions(Mutex<HashMap<Runtime, watch::Receiver<Stage>>>);

impl Provisions {
    fn known(&self) -> MutexGuard<'_, HashMap<Runtime, watch::Receiver<Stage>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the place where the outcome of an installation is told; none while one is under way, or another one would
    /// have the same outcome.
    fn begin(&self, runtime: Runtime, told: String) -> Option<watch::Sender<Stage>> {
        let mut known = self.known();
        let is_decided = known.get(&runtime).is_some_and(|stage| match &*stage.borrow() {
            // Whoever was at it may be gone without having told what came of it.
            Stage::Coming(_) => stage.has_changed().is_ok(),
            Stage::Needless => true,
            Stage::Installed => false,
            Stage::Failed { at, .. } => at.elapsed() < REMEMBERED,
        });
        if is_decided {
            return None;
        }
        let (outcome, stage) = watch::channel(Stage::Coming(told));
        known.insert(runtime, stage);
        Some(outcome)
    }
}

impl Functions {
    /// Begins to install the packages of a runtime, where they lack and nobody does so already.
    pub async fn provide(&self, runtime: Runtime) {
        let (provisions, machine) = (&self.0.provisions, &self.0.context.config.machine);
        let Some(cache) = machine.cache.as_deref().filter(|_| machine.installs) else { return };
        let Ok(Executor::Interpreter(interpreter)) = self.executor(runtime).await else { return };
        let shelf = Shelf::new(cache);
        if shelf.installed(&interpreter).is_some() {
            provisions.known().remove(&runtime);
            return;
        }
        let (language, version) = (runtime.language(), interpreter.version);
        let told = format!("{} is being installed for {language} {version}, once for this user.", language.sdk());
        let Some(outcome) = provisions.begin(runtime, told) else { return };
        let functions = self.clone();
        self.aside(async move {
            let stage = match shelf.find(&interpreter).await {
                Packages::Nowhere => functions.install(&interpreter, &shelf).await,
                Packages::Atelier(_) | Packages::Interpreter => Stage::Needless,
            };
            outcome.send_replace(stage);
        });
    }

    /// Tells how far the packages of a runtime are.
    #[must_use]
    pub fn provision(&self, runtime: Runtime) -> Provision {
        let stage = self.0.provisions.known().get(&runtime).cloned();
        stage.map_or(Provision::Done, |stage| match &*stage.borrow() {
            Stage::Coming(told) if stage.has_changed().is_ok() => Provision::Coming(told.clone()),
            Stage::Coming(_) | Stage::Needless | Stage::Installed => Provision::Done,
            Stage::Failed { why, .. } => Provision::Lacking(why.clone()),
        })
    }

    /// Waits for the packages of a runtime; where they are not there then, tells what is to be known, and which interpreter
    /// has them, if any does.
    pub(super) async fn await_packages(&self, runtime: Runtime) -> (Option<String>, Option<Interpreter>) {
        self.provide(runtime).await;
        let stage = self.0.provisions.known().get(&runtime).cloned();
        let Some(mut stage) = stage else { return (None, None) };
        let settled = async {
            while matches!(*stage.borrow_and_update(), Stage::Coming(_)) {
                if stage.changed().await.is_err() {
                    break;
                }
            }
        };
        let _ = self.0.stop.run_until_cancelled(timeout(WAIT, settled)).await;
        match &*stage.borrow() {
            Stage::Needless | Stage::Installed => (None, None),
            Stage::Coming(told) => (Some(format!("atelier: {told}")), None),
            Stage::Failed { why, instead, .. } => (Some(format!("atelier: {why}")), instead.clone()),
        }
    }

    async fn install(&self, lacking: &Interpreter, shelf: &Shelf) -> Stage {
        let runtime = lacking.runtime;
        let Err(reason) = self.run_installer(runtime).await else { return Stage::Installed };
        tracing::warn!(%runtime, reason, "packages could not be installed");
        let mut instead = None;
        for other in self.0.launcher.interpreters(runtime).await {
            if other.path != lacking.path && shelf.find(&other).await != Packages::Nowhere {
                instead = Some(other);
                break;
            }
        }
        let until_then = match &instead {
            Some(other) => {
                format!("{} {} at {} runs its functions", runtime.language(), other.version, other.path.display())
            }
            None => "its functions have what is in their archives and layers only".to_owned(),
        };
        let why = format!("{reason}: `atelier runtimes install {runtime}` tries again, and until then {until_then}.");
        Stage::Failed { why, at: Instant::now(), instead }
    }

    /// Runs `atelier runtimes install`; a failure is what that says.
    async fn run_installer(&self, runtime: Runtime) -> Result<(), String> {
        let program = self.installer(runtime);
        let spawner = self.spawner().await.map_err(|error| error.to_string())?;
        let child = spawner.spawn(&program).await.map_err(|error| error.to_string())?;
        let output = child.wait_with_output().await.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let sdk = runtime.language().sdk();
        let message = report["error"]["message"].as_str();
        let message = message.map_or_else(|| format!("{sdk} could not be installed"), str::to_owned);
        // The last line of what a tool has said names its reason.
        let cause = report["error"]["causes"][0].as_str().and_then(|cause| cause.lines().next_back());
        Err(match cause {
            Some(cause) => format!("{message} ({cause})"),
            None => message,
        })
    }

    /// What installs the packages: this very program, in the eyes of the user who has started the engine.
    fn installer(&self, runtime: Runtime) -> Program {
        let config = &self.0.context.config;
        let machine = &config.machine;
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let own = [
            ("HOME", machine.home.as_deref().and_then(text)),
            ("PATH", machine.path.clone()),
            ("XDG_CACHE_HOME", machine.cache.as_deref().and_then(Path::parent).and_then(text)),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let quick = PIP.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let said = machine.tools.iter().map(|(name, value)| (name.clone(), value.clone()));
        let runtime = runtime.to_string();
        let words = ["runtimes", "install", &runtime, "--json", "--lang", "en", "--timeout", PATIENCE];
        Program {
            path: config.executable.clone(),
            arguments: words.iter().map(Into::into).collect(),
            task: None,
            opt: None,
            tmp: None,
            hosts: None,
            // There is no `atelier.toml` in it.
            folder: std::path::absolute(&config.folder).unwrap_or_else(|_| config.folder.clone()),
            // What the user says is said last.
            environment: quick.into_iter().chain(said).chain(own).collect(),
        }
    }
}
