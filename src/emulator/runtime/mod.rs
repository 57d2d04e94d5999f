//! The processes of the functions: one per concurrent invocation, kept warm, reaped when idle.
//!
//! An invocation takes an idle process of its function's current revision or starts one, and gives it back when it
//! was answered. Nothing here knows how functions are stored or called; a [`Spec`] says all that a process needs.

mod api;
pub mod archive;
mod attempt;
mod clients;
mod container;
mod ending;
mod entrypoint;
pub mod environment;
mod extensions;
mod external;
mod invoking;
mod launch;
mod memory;
mod neighbours;
mod output;
mod platform;
mod pool;
mod provision;
mod rooms;
mod streaming;
mod user;
mod worker;

pub use api::Answer;
pub use launch::{Executor, NoExecutor};
pub use platform::{Level, LogFormat};
pub use provision::Provision;
pub use streaming::{Begun, MAX_STREAM, Streaming};
pub use worker::{Invocation, Invoked};

use super::{
    cloudwatch,
    context::Context,
    sandbox::{self, Spawner},
    state::Store,
    store::{BlobError, Region},
};
use crate::{clock::Clock, runtimes::Runtime, secret::random_hex};
use attempt::Attempt;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use launch::Launcher;
use pool::Pool;
use provision::Provisions;
use rooms::{Room, Rooms};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::{Mutex, MutexGuard, OnceCell, OwnedSemaphorePermit, RwLock, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use worker::{StartContext, Worker};

/// How many function processes a machine bears: most of them wait for an answer most of the time.
pub const MAX_PROCESSES: usize = 32;
/// The most invocations that wait for a process while their callers wait for them; one more is refused at once.
pub const MAX_WAITING: usize = 96;
/// How long an idle process is kept.
pub const IDLE_TIME: Duration = Duration::from_mins(5);
/// How long a process may take to ask for its first work before an invocation waits for it: Lambda's own limit.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How often idle processes are looked at.
const REAP_INTERVAL: Duration = Duration::from_secs(30);
/// The most asynchronous invocations at a time, those that wait for their next attempt included.
const MAX_EVENTS: usize = 256;

/// How long unused code is kept: the longest that a function may run.
const DISCARD_AFTER: Duration = Duration::from_mins(15);

/// The folder of unpacked code, below that of the functions.
const CODE: &str = "code";
/// The folder of what processes have for themselves, below that of the functions.
const SCRATCH: &str = "scratch";

/// How many digits of a layer's name are in the name of a folder, which has five of them at most.
const LAYER_DIGITS: usize = 40;

/// Keeps stored code from being discarded.
pub type CodeGuard<'a> = MutexGuard<'a, ()>;

/// All that a process is started from; its variables may hold secrets.
#[derive(Clone)]
pub struct Spec {
    /// The function's region.
    pub region: Region,
    /// The function's name.
    pub name: String,
    /// The ARN of the version (the function's own for `$LATEST`), which also tells versions apart here.
    pub arn: String,
    /// The function's own ARN.
    pub function_arn: String,
    /// `$LATEST`, or the number of a published version.
    pub version: String,
    /// The ARN by which this invocation names the function.
    pub invoked_arn: String,
    /// The ARN of its role.
    pub role: String,
    /// Tells the function from an earlier one of its name.
    pub identity: String,
    /// Changes with code and configuration: a process serves one revision.
    pub revision: String,
    /// The runtime whose interpreter runs the function; none where its own `bootstrap` does.
    pub runtime: Option<Runtime>,
    /// The handler's name.
    pub handler: String,
    /// The most memory that its processes may hold together, in MB.
    pub memory: u32,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// The user's own variables.
    pub variables: BTreeMap<String, String>,
    /// The name of the code's blob.
    pub code: String,
    /// The names of the layers' blobs, each laid over those before it.
    pub layers: Vec<String>,
    /// The log group.
    pub log_group: String,
    /// The format of the log.
    pub log_format: LogFormat,
    /// How many invocations of the function may run at a time, where that is set.
    pub reserved: Option<u32>,
}

/// Why an invocation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// As many processes run as may, and none came free in time; or too many invocations wait already.
    #[error("all function processes are busy, and others wait for them")]
    Busy,
    /// As many invocations of the function run as are reserved for it.
    #[error("as many invocations of the function run as are reserved for it")]
    Reserved,
    /// The emulator is ending.
    #[error("the emulator is shutting down")]
    ShuttingDown,
    /// There is no process to be had.
    #[error("the function could not be started: {0}")]
    Start(#[from] io::Error),
    /// The code cannot be unpacked any more.
    #[error("the function's code is unusable: {0}")]
    Code(#[from] archive::ArchiveError),
    /// The code is gone, or not what was kept.
    #[error("the function's code is unusable: {0}")]
    Lost(String),
}

/// What is to be known of those who have code, and told to them.
#[derive(Clone, Copy)]
pub struct Owners {
    /// Whether a function has this code.
    pub uses: fn(&Store, &str) -> bool,
    /// Notes in every function with this code that it is lost, and how.
    pub lose: for<'a> fn(&'a Context, &'a str, &'a str) -> BoxFuture<'a, ()>,
    /// Puts what came of an invocation on a bus.
    pub announce: Announce,
}

/// Puts something on the bus of a region and an ARN: how many functions have told each other before, and which kind of event it
/// is, what it is about, and what it says.
pub type Announce = fn(&Functions, &Region, &str, u8, (&str, &str, Value));

/// The function processes; cheap to clone.
#[derive(Clone)]
pub struct Functions(Arc<Inner>);

/// The same, without keeping them.
pub struct WeakFunctions(Weak<Inner>);

impl WeakFunctions {
    /// Gives the function processes, unless they are gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Functions> {
        self.0.upgrade().map(Functions)
    }
}

struct Inner {
    context: Arc<Context>,
    owners: Owners,
    pool: Pool,
    rooms: Rooms,
    launcher: Launcher,
    provisions: Provisions,
    /// One for each invocation whose caller waits.
    calls: Semaphore,
    /// One for each asynchronous invocation.
    events: Arc<Semaphore>,
    spawner: OnceCell<Spawner>,
    /// Held while code is stored but no function has it yet, and while unused code is removed.
    code: Mutex<()>,
    /// Held for writing while it is looked whether the code of all functions is what was kept.
    verifying: RwLock<()>,
    tasks: TaskTracker,
    /// Cancelled when everything must end.
    stop: CancellationToken,
}

impl Functions {
    /// What they work with.
    #[must_use]
    pub fn context(&self) -> &Arc<Context> {
        &self.0.context
    }

    /// Starts with no process; the first invocation starts the thread that forks them. Code that has an owner is not
    /// discarded.
    #[must_use]
    pub fn new(context: Arc<Context>, owners: Owners) -> Self {
        Self(Arc::new(Inner {
            pool: Pool::new(context.config.processes, context.config.clock.clone()),
            rooms: Rooms::default(),
            launcher: Launcher::new(&context.config.machine, folder(&context).join("clients")),
            provisions: Provisions::default(),
            calls: Semaphore::new(context.config.processes + MAX_WAITING),
            context,
            owners,
            events: Arc::new(Semaphore::new(MAX_EVENTS)),
            spawner: OnceCell::new(),
            code: Mutex::new(()),
            verifying: RwLock::new(()),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Refers to them without keeping them.
    #[must_use]
    pub fn downgrade(&self) -> WeakFunctions {
        WeakFunctions(Arc::downgrade(&self.0))
    }

    /// Runs a function and waits for its answer, at most its timeout and the time that it takes to get a process.
    ///
    /// # Errors
    /// When no process could be given the invocation. What the function itself does wrong is an [`Answer::Error`].
    pub async fn invoke(&self, spec: &Spec, invocation: Invocation) -> Result<Invoked, InvokeError> {
        let Ok(_permit) = self.0.calls.try_acquire() else {
            cloudwatch::throttled(&self.0.context, &spec.region, &spec.name);
            return Err(InvokeError::Busy);
        };
        self.run(spec, &invocation).await
    }

    /// The same for one whose caller does not wait.
    ///
    /// # Errors
    /// As [`Functions::invoke`].
    pub async fn run(&self, spec: &Spec, invocation: &Invocation) -> Result<Invoked, InvokeError> {
        let ran = match self.0.rooms.enter(spec) {
            Some(room) => self.run_in(spec, invocation, &room).await,
            None => Err(InvokeError::Reserved),
        };
        if matches!(ran, Err(InvokeError::Busy | InvokeError::Reserved)) {
            cloudwatch::throttled(&self.0.context, &spec.region, &spec.name);
        }
        ran
    }

    fn clock(&self) -> &Clock {
        &self.0.context.config.clock
    }

    /// Counts an invocation that has its answer.
    fn count(&self, spec: &Spec, answer: &Answer, duration: Duration, room: &Room) {
        let has_failed = matches!(answer, Answer::Error(_));
        let concurrent = room.running();
        let counted = cloudwatch::Invoked { function: &spec.name, has_failed, duration, concurrent };
        cloudwatch::invoked(&self.0.context, &spec.region, &counted);
    }

    /// Runs a function whose answer is taken as it comes. The invocation goes on whether somebody takes it or not.
    #[must_use]
    pub fn stream(&self, spec: Spec, invocation: Invocation) -> Streaming {
        let (sink, end, streaming) = Streaming::channel();
        let (functions, stop) = (self.clone(), self.0.stop.clone());
        self.0.tasks.spawn(async move {
            let invocation = Invocation { stream: Some(sink), ..invocation };
            let invoked = stop.run_until_cancelled(functions.invoke(&spec, invocation)).await;
            let _ = end.send(invoked.unwrap_or(Err(InvokeError::ShuttingDown)));
        });
        streaming
    }

    /// Puts what came of an invocation on a bus, as [`Announce`] says.
    pub fn announce(&self, region: &Region, bus: &str, chain: u8, event: (&str, &str, Value)) {
        (self.0.owners.announce)(self, region, bus, chain, event);
    }

    /// Does what belongs to an invocation that has its place already, until it is done or the emulator ends.
    pub fn aside(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.0.stop.clone();
        self.0.tasks.spawn(async move {
            let _ = stop.run_until_cancelled(task).await;
        });
    }

    /// Does something beside the calls, until the emulator ends: an asynchronous invocation with all its attempts.
    ///
    /// # Errors
    /// When too many are waiting.
    pub fn later(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), InvokeError> {
        let permit = Arc::clone(&self.0.events).try_acquire_owned().map_err(|_| InvokeError::Busy)?;
        let stop = self.0.stop.clone();
        self.0.tasks.spawn(async move {
            let _permit = permit;
            let _ = stop.run_until_cancelled(task).await;
        });
        Ok(())
    }

    /// Finds what would run a runtime's functions.
    ///
    /// # Errors
    /// When this machine has nothing that does.
    pub async fn executor(&self, runtime: Runtime) -> Result<Executor, NoExecutor> {
        self.0.launcher.executor(runtime).await
    }

    /// Ends the processes of a function: idle ones now, others after the invocation that they are in.
    pub fn retire(&self, arn: &str) {
        self.0.pool.retire(arn);
    }

    /// Ends every process and waits for them.
    pub async fn shutdown(&self) {
        self.0.stop.cancel();
        self.0.pool.clear();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Gives the folder of unpacked code, unpacking the archive when it is not there.
    ///
    /// # Errors
    /// When the archive or the disk does not allow it.
    pub async fn unpack(&self, code: &str) -> Result<PathBuf, InvokeError> {
        self.unpack_into(folder(&self.0.context).join(CODE).join(code), &[code.to_owned()]).await
    }

    /// Gives the folder of a function's layers, each laid over those before it; none when there are none.
    async fn lay(&self, layers: &[String]) -> Result<Option<PathBuf>, InvokeError> {
        if layers.is_empty() {
            return Ok(None);
        }
        let target = folder(&self.0.context).join("layers").join(layers_name(layers));
        self.unpack_into(target, layers).await.map(Some)
    }

    /// Unpacks archives over each other into a folder that appears whole, unless it is there.
    async fn unpack_into(&self, target: PathBuf, archives: &[String]) -> Result<PathBuf, InvokeError> {
        if tokio::fs::metadata(&target).await.is_ok() {
            return Ok(target);
        }
        let mut zips = Vec::new();
        for archive in archives {
            zips.push(self.archive(archive).await?);
        }
        let scratch = target.with_extension(random_id()?);
        let unpacked = target.clone();
        let result = tokio::task::spawn_blocking(move || archive::unpack(&zips, &unpacked, &scratch)).await;
        result.map_err(io::Error::other)??;
        Ok(target)
    }

    /// Reads an archive as it was kept. One that is lost is noted in the functions that have it.
    async fn archive(&self, code: &str) -> Result<Bytes, InvokeError> {
        let reason = match self.0.context.store.blobs().get(code).await {
            Ok(zip) => return Ok(zip),
            Err(BlobError::Io(error)) => return Err(error.into()),
            Err(error) => error.to_string(),
        };
        tracing::error!(code, reason, "an archive is lost");
        (self.0.owners.lose)(&self.0.context, code, &reason).await;
        Err(InvokeError::Lost(reason))
    }

    /// Looks whether these archives are what was kept, so that a lost one is known before anybody calls its function.
    pub async fn verify(&self, codes: BTreeSet<String>) {
        let _verifying = self.0.verifying.write().await;
        for code in codes {
            // What it says is in the function and in the log.
            let _ = self.0.stop.run_until_cancelled(self.archive(&code)).await;
        }
    }

    /// Waits until that is known, where it is being looked at: whoever asks how a function is, right after a start, is
    /// not told that all is well because nobody has looked yet.
    pub async fn verified(&self) {
        drop(self.0.verifying.read().await);
    }

    /// Keeps stored code from being discarded as long as the guard lives.
    pub async fn guard_code(&self) -> CodeGuard<'_> {
        self.0.code.lock().await
    }

    /// Forgets code, packed and unpacked, unless a function uses it by then. Not now: an invocation that has begun may
    /// still start a process of it, or run one. What a crash before then leaves on disk is swept at the next start.
    pub fn discard_later(&self, code: String) {
        let functions = self.clone();
        self.0.tasks.spawn(async move {
            let inner = &functions.0;
            let _ = inner.stop.run_until_cancelled(inner.context.config.clock.sleep(DISCARD_AFTER)).await;
            let _guard = functions.guard_code().await;
            if (inner.owners.uses)(&inner.context.store, &code) {
                return;
            }
            let base = folder(&inner.context);
            let _ = tokio::fs::remove_dir_all(base.join(CODE).join(&code)).await;
            let _ = tokio::task::spawn_blocking({
                let code = code.clone();
                move || discard_layers(&base.join("layers"), &code)
            })
            .await;
            if let Err(error) = inner.context.store.blobs().remove(&code) {
                tracing::warn!(code, %error, "the code of a removed function stays on disk");
            }
        });
    }

    /// Starts a process of the function: the first, or one after another that has failed to start.
    async fn start(
        &self,
        spec: &Spec,
        permit: Arc<OwnedSemaphorePermit>,
        failed: Option<&Worker>,
    ) -> Result<Worker, InvokeError> {
        let inner = &self.0;
        let (lacking, instead) = match spec.runtime {
            Some(runtime) => self.await_packages(runtime).await,
            None => (None, None),
        };
        // Until its tasks are, the start itself is waited for: a process that comes late must not be left behind.
        let _start = inner.tasks.token();
        if inner.stop.is_cancelled() {
            return Err(InvokeError::ShuttingDown);
        }
        let spawner = self.spawner().await?;
        let code = self.unpack(&spec.code).await?;
        let layers = self.lay(&spec.layers).await?;
        let mut launch = inner.launcher.launch(spec, &code, layers.as_deref(), instead).await?;
        launch.remarks.extend(lacking);
        let start = StartContext {
            context: &inner.context,
            spawner,
            tasks: &inner.tasks,
            launch,
            code,
            layers,
            scratch: folder(&inner.context).join(SCRATCH).join(random_id()?),
            hosts: inner.context.config.leans.is_on().then(|| hosts_file(&inner.context)),
            attempt: match failed {
                None => Attempt::first(self.clock(), &spec.version, inner.context.config.init_limit)?,
                Some(failed) => failed.attempt().again(self.clock(), spec.timeout),
            },
            kill: inner.stop.child_token(),
            permit,
        };
        Ok(Worker::start(spec, start).await?)
    }

    /// What forks processes that end with the emulator.
    async fn spawner(&self) -> io::Result<&Spawner> {
        self.0.spawner.get_or_try_init(|| async { self.first_start() }).await
    }

    /// Starts the spawner and the reaper.
    fn first_start(&self) -> io::Result<Spawner> {
        let (pool, stop, clock) = (self.0.pool.clone(), self.0.stop.clone(), self.0.context.config.clock.clone());
        self.0.tasks.spawn(async move {
            while stop.run_until_cancelled(clock.sleep(REAP_INTERVAL)).await.is_some() {
                pool.reap(IDLE_TIME);
            }
        });
        if self.0.context.config.leans.is_on() {
            neighbours::write_hosts(&hosts_file(&self.0.context))?;
        }
        Spawner::start(self.0.context.config.executable.clone())
    }
}

/// Ends what a former emulator's functions left running, and removes what it unpacked and what they wrote. Unpacked code
/// is not synced to the disk, so after a power loss it may be there and be damaged; it is unpacked again from its blob,
/// which cannot be.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    let functions = functions(&std::path::absolute(folder)?);
    sandbox::end_leftovers(environment::TASK_ROOT, &functions, CODE, SCRATCH);
    match std::fs::remove_dir_all(functions) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The name of the folder in which layers are laid over each other: the beginnings of their names, which tell them apart.
fn layers_name(layers: &[String]) -> String {
    let short = |layer: &String| layer.chars().take(LAYER_DIGITS).collect::<String>();
    layers.iter().map(short).collect::<Vec<_>>().join("+")
}

/// Removes the folders in which a layer was laid.
fn discard_layers(folder: &Path, layer: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let short: String = layer.chars().take(LAYER_DIGITS).collect();
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.split('+').any(|part| part == short)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn folder(context: &Context) -> PathBuf {
    // A process may have another working folder than the emulator.
    let base = std::path::absolute(&context.config.folder).unwrap_or_else(|_| context.config.folder.clone());
    functions(&base)
}

/// The hosts file of the functions of a lenient engine.
fn hosts_file(context: &Context) -> PathBuf {
    folder(context).join("hosts")
}

fn functions(folder: &Path) -> PathBuf {
    folder.join("functions")
}

fn random_id() -> io::Result<String> {
    random_hex(8).map_err(io::Error::other)
}
