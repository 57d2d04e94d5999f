//! One function process: started, given one invocation at a time, and gone when its time or its function is over.

use super::{
    Spec,
    api::{Answer, Job, Phase, RuntimeApi},
    attempt::{Attempt, Beginning},
    container::{Container, Given},
    ending::{
        OUT_OF_MEMORY, OUTGROWN, describe, entrypoint_document, exit_document, extension_document, failure, status,
        timeout_document,
    },
    entrypoint::{self, Entrypoint},
    environment::{self, Place},
    extensions::{Extensions, Facts, Shutdown},
    external,
    launch::Launch,
    memory::Memory,
    neighbours,
    output::{self, Log, Mark, Report},
    platform::{Status, Subject},
    streaming::Sink,
};
use crate::{
    clock::Clock,
    emulator::{
        Context, logs, sandbox,
        sandbox::{Program, Spawner},
    },
    http1,
};
use bytes::Bytes;
use std::{
    fs, io,
    net::Ipv4Addr,
    os::unix::{fs::DirBuilderExt, process::ExitStatusExt},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    process::Child,
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long the last lines of a log are waited for.
const TAIL_TIMEOUT: Duration = Duration::from_secs(10);
/// Marks that may wait for the log's task; further ones are dropped rather than waited for.
const MARKS: usize = 64;
/// The exit code of a sandbox that could not become the function.
const CANNOT_START: i32 = 126;

/// One invocation, as a process gets it.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The request's id, a UUID.
    pub id: String,
    /// The event.
    pub payload: Bytes,
    /// The X-Ray header.
    pub trace: String,
    /// What the client says about itself, in JSON.
    pub client_context: Option<String>,
    /// Whether the last lines of the log are wanted.
    pub wants_tail: bool,
    /// Where a streamed answer goes; without it, such an answer comes whole.
    pub stream: Option<Sink>,
}

/// What came of an invocation.
#[derive(Debug)]
pub struct Invoked {
    /// The function's answer, or an error in its name.
    pub answer: Answer,
    /// The last lines of its log, when they were wanted.
    pub tail: Option<String>,
}

/// What a process needs to start.
pub(super) struct StartContext<'a> {
    pub context: &'a Arc<Context>,
    pub spawner: &'a Spawner,
    pub tasks: &'a TaskTracker,
    /// The unpacked code.
    pub code: PathBuf,
    /// The folder of its layers, where it has any.
    pub layers: Option<PathBuf>,
    /// What starts it.
    pub launch: Launch,
    /// A folder that does not exist yet, for the process alone.
    pub scratch: PathBuf,
    /// The hosts file for it, where it is to find the neighbours that `LocalStack`'s functions have.
    pub hosts: Option<PathBuf>,
    /// Which attempt it is.
    pub attempt: Attempt,
    /// Cancelled when the process must end.
    pub kill: CancellationToken,
    /// Given back when the process is gone, and the one that follows it where it cannot start.
    pub permit: Arc<OwnedSemaphorePermit>,
}

/// A function process, from outside; it ends with this value.
pub(super) struct Worker {
    revision: String,
    timeout: Duration,
    clock: Clock,
    jobs: mpsc::Sender<Job>,
    marks: mpsc::Sender<Mark>,
    phase: watch::Receiver<Phase>,
    extensions: Arc<Extensions>,
    end: End,
    retired: AtomicBool,
    attempt: Attempt,
    init: Mutex<Option<Duration>>,
    memory: Memory,
}

/// Ends a process, and says why.
#[derive(Clone)]
struct End {
    kill: CancellationToken,
    is_late: Arc<AtomicBool>,
    is_outgrown: Arc<AtomicBool>,
}

/// What a process has for itself, taken back when it is gone: its credentials and its folder.
struct Resources {
    context: Arc<Context>,
    access_key_id: String,
    scratch: PathBuf,
}

impl Drop for Resources {
    fn drop(&mut self) {
        self.context.sessions.revoke(&self.access_key_id);
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

impl Worker {
    /// Starts a process of `spec`; it is not ready yet.
    pub(super) async fn start(spec: &Spec, start: StartContext<'_>) -> io::Result<Self> {
        let StartContext { context, spawner, tasks, code, layers, launch, scratch, hosts, attempt, kill, permit } =
            start;
        let clock = context.config.clock.clone();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let credentials = context.sessions.lend(&spec.role, &spec.name).map_err(io::Error::other)?;
        let access_key_id = credentials.access_key_id.clone();
        let resources = Resources { context: Arc::clone(context), access_key_id, scratch: scratch.clone() };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&scratch)?;
        let neighbours = hosts.as_ref().map(|_| neighbours::variables(&context.config.endpoint)).unwrap_or_default();
        let place = Place {
            runtime_api: listener.local_addr()?,
            task_root: &code,
            scratch: &scratch,
            log_group: &spec.log_group,
            log_stream: &attempt.log_stream,
            endpoint: &context.config.endpoint,
            engine: &neighbours,
            defaults: &launch.defaults,
            reserved: &launch.reserved,
        };
        let environment = environment::build(spec, &place, &credentials);
        let task = launch.has_own_task.then(|| code.clone());
        let tmp = launch.has_own_tmp.then(|| scratch.clone());
        let log = log(spec, context, &attempt);
        let programs = external::programs(layers.as_deref());
        let entrypoint = spec.runtime.is_none().then(|| entrypoint::find(&code, layers.as_deref()));
        let opt = layers.filter(|_| launch.has_own_opt || launch.container.is_some());
        let names: Vec<_> = programs.iter().map(|program| external::name_of(program)).collect();
        let extensions = Arc::new(Extensions::new(facts(spec), &names));
        let (jobs, inbox) = mpsc::channel(1);
        let (marks, marks_inbox) = mpsc::channel(MARKS);
        let (phase_sender, phase) = watch::channel(Phase::Starting);
        let ended = CancellationToken::new();
        let api =
            RuntimeApi::new(inbox, phase_sender.clone(), Arc::clone(&extensions), marks.downgrade(), ended.clone());
        let api = api.open(launch.container.is_some());
        let remarks = if attempt.is_second { Vec::new() } else { launch.remarks };
        let _ = marks.try_send(Mark::Start { phase: attempt.phase(), remarks });
        tasks.spawn(http1::serve(listener, http1::Limits::runtime_api(), Arc::new(api), ended.clone()));
        let over = ended.clone().drop_guard();
        let end = End { kill, is_late: Arc::default(), is_outgrown: Arc::default() };
        let start = external::Start {
            spawner,
            tasks,
            extensions: &extensions,
            folder: &code,
            task: task.as_deref(),
            opt: opt.as_deref(),
            tmp: tmp.as_deref(),
            hosts: hosts.as_deref(),
            environment: &environment,
            log: &Log { joins_lines: false, ..log.clone() },
            kill: &end.kill,
            over: &ended,
        };
        external::start(programs, &start).await?;
        // They are there before the function is; one that is not shows when the process is waited for.
        let _ = attempt.wait(&clock, extensions.registered()).await;
        let given = Given {
            handler: &spec.handler,
            memory: spec.memory,
            code: &code,
            tmp: &scratch,
            opt: opt.as_deref(),
            environment: &environment,
        };
        let arguments = match &launch.container {
            Some(container) => container.arguments(&given),
            None => launch.arguments,
        };
        let is_outside = launch.container.is_none();
        let (opt, hosts) = (opt.filter(|_| is_outside), hosts.filter(|_| is_outside));
        let program = Program { path: launch.program, arguments, task, opt, tmp, hosts, folder: code, environment };
        let mut child = spawner.spawn(&program).await?;
        let memory = Memory::new(sandbox::id(&child), spec.memory);
        tasks.spawn(output::run(child.stdout.take(), child.stderr.take(), marks_inbox, log));
        over.disarm();
        let supervised = Supervised {
            child,
            container: launch.container,
            entrypoint,
            end: end.clone(),
            phase: phase_sender,
            extensions: Arc::clone(&extensions),
            ended,
        };
        tasks.spawn(supervised.run(resources, permit));
        let (timeout, revision) = (spec.timeout, spec.revision.clone());
        let (retired, init) = (AtomicBool::new(false), Mutex::new(None));
        Ok(Self { revision, timeout, clock, jobs, marks, phase, extensions, end, retired, attempt, init, memory })
    }

    /// Waits until the process asks for work, and its extensions for events.
    ///
    /// # Errors
    /// The answer in the function's name when it does not.
    pub(super) async fn ready(&self, id: &str) -> Result<(), Bytes> {
        let mut phase = self.phase.clone();
        let settled = async {
            let settled = phase.wait_for(|phase| *phase != Phase::Starting).await.map(|phase| phase.clone());
            let failed = if let Ok(Phase::Ready) = settled { self.extensions.ready().await.err() } else { None };
            (settled, failed)
        };
        let settled = tokio::select! {
            biased;
            settled = self.attempt.wait(&self.clock, settled) => settled,
            () = self.memory.is_outgrown() => return Err(self.outgrown(id)),
        };
        match settled {
            Some((_, Some(failed)) | (Ok(Phase::ExtensionFailed(failed)), _)) => Err(extension_document(id, &failed)),
            Some((Ok(Phase::Ready), None)) => {
                self.memory.look();
                // The start of a second attempt is in the duration of its invocation.
                if !self.attempt.is_second {
                    *self.init.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.attempt.begun.elapsed());
                }
                Ok(())
            }
            Some((Ok(Phase::InitFailed(document)), _)) => Err(document),
            Some((Ok(Phase::CannotStart(why)), _)) => Err(entrypoint_document(id, &why)),
            Some((Ok(Phase::Ended(how)), _)) => Err(exit_document(id, &how)),
            Some((Ok(Phase::Starting) | Err(_), _)) => Err(exit_document(id, "it was ended")),
            None => Err(timeout_document(id, self.timeout)),
        }
    }

    /// The attempt to start the function that it is.
    pub(super) fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// The answer in the name of a process that holds more memory than it may.
    fn outgrown(&self, id: &str) -> Bytes {
        self.end.is_outgrown.store(true, Ordering::SeqCst);
        exit_document(id, OUTGROWN)
    }

    /// Whether something in the process goes on after it has answered.
    pub(super) fn has_extensions(&self) -> bool {
        !self.extensions.is_empty()
    }

    /// Waits until the extensions have done with the invocation too; one that takes longer than an invocation may, or
    /// fails, is the end of the process.
    pub(super) async fn settle(&self) {
        let ready = async { self.extensions.ready().await.is_ok() };
        if !timeout(self.timeout, ready).await.unwrap_or(false) {
            self.kill();
        }
    }

    /// Gives the process an invocation that began then, and waits for the answer; `None` when the process was gone before
    /// it took it.
    pub(super) async fn invoke(&self, spec: &Spec, invocation: &Invocation, begun: Beginning) -> Option<Invoked> {
        let (answer, reply) = oneshot::channel();
        let left = begun.left(&self.clock, self.timeout);
        let taken = Arc::new(AtomicBool::new(false));
        let job = Job {
            id: invocation.id.clone(),
            function_arn: spec.invoked_arn.clone(),
            payload: invocation.payload.clone(),
            deadline_ms: deadline_ms(left),
            trace: invocation.trace.clone(),
            client_context: invocation.client_context.clone(),
            stream: invocation.stream.clone(),
            taken: Arc::clone(&taken),
            answer,
        };
        let timeout = self.clock.sleep(left);
        self.begin(&invocation.id);
        if self.jobs.try_send(job).is_err() {
            return None;
        }
        let answer = tokio::select! {
            biased;
            Ok(answer) = reply => answer,
            phase = self.ended() => {
                if !taken.load(Ordering::SeqCst) {
                    return None;
                }
                Answer::Error(match phase {
                    Phase::ExtensionFailed(failed) => extension_document(&invocation.id, &failed),
                    Phase::Ended(how) => exit_document(&invocation.id, &how),
                    _ => exit_document(&invocation.id, "it was ended"),
                })
            }
            () = timeout => {
                self.end.is_late.store(true, Ordering::SeqCst);
                self.kill();
                Answer::Error(timeout_document(&invocation.id, self.timeout))
            }
            () = self.memory.is_outgrown() => {
                self.kill();
                Answer::Error(self.outgrown(&invocation.id))
            }
        };
        let tail = self.end(invocation, &answer, begun.elapsed()).await;
        Some(Invoked { answer, tail })
    }

    /// Says in the log that the process could not start.
    pub(super) fn init_failed(&self, answer: &Answer) {
        let (status, duration) = (self.status(answer), self.attempt.begun.elapsed());
        let _ = self.marks.try_send(Mark::InitFailed { phase: self.attempt.phase(), status, duration });
    }

    /// Says in the log that an invocation begins.
    pub(super) fn begin(&self, id: &str) {
        let _ = self.marks.try_send(Mark::Begin { id: id.to_owned() });
    }

    /// Says in the log that an invocation has ended, and gives the last lines when they are wanted.
    pub(super) async fn end(&self, invocation: &Invocation, answer: &Answer, duration: Duration) -> Option<String> {
        let (sender, tail) = oneshot::channel();
        let report = Report {
            id: invocation.id.clone(),
            status: self.status(answer),
            failure: if self.is_gone() { failure(answer) } else { None },
            duration,
            memory: self.memory.used(),
            init: self.init.lock().unwrap_or_else(PoisonError::into_inner).take(),
            tail: invocation.wants_tail.then_some(sender),
        };
        let _ = self.marks.try_send(Mark::End(report));
        if invocation.wants_tail { timeout(TAIL_TIMEOUT, tail).await.ok()?.ok() } else { None }
    }

    /// How an invocation ended, as the log's records say it.
    fn status(&self, answer: &Answer) -> Status {
        match status(answer) {
            Status::Error(_) if self.end.is_outgrown.load(Ordering::SeqCst) => Status::Error(OUT_OF_MEMORY.to_owned()),
            status => status,
        }
    }

    /// Ends the process, now.
    pub(super) fn kill(&self) {
        self.end.kill.cancel();
    }

    /// Ends the process after the invocation that it may be in.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    /// Tells whether the process may get another invocation.
    pub(super) fn is_alive(&self) -> bool {
        !self.retired.load(Ordering::SeqCst) && !self.is_gone()
    }

    fn is_gone(&self) -> bool {
        self.end.kill.is_cancelled() || is_over(&self.phase.borrow())
    }

    /// Tells whether the process may get an invocation of this revision of its function.
    pub(super) fn serves(&self, revision: &str) -> bool {
        self.revision == revision && self.is_alive()
    }

    /// Waits until the process is no more; gives how it ended.
    pub(super) async fn ended(&self) -> Phase {
        let mut phase = self.phase.clone();
        phase.wait_for(is_over).await.map_or(Phase::Ended(Arc::from("it was ended")), |phase| phase.clone())
    }
}

fn is_over(phase: &Phase) -> bool {
    matches!(phase, Phase::Ended(_) | Phase::CannotStart(_) | Phase::ExtensionFailed(_))
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process, from the inside of the task that watches it.
struct Supervised {
    child: Child,
    /// What the child runs, where that is a container.
    container: Option<Container>,
    /// The function's own program, where no interpreter runs it.
    entrypoint: Option<Entrypoint>,
    end: End,
    phase: watch::Sender<Phase>,
    extensions: Arc<Extensions>,
    ended: CancellationToken,
}

impl Supervised {
    /// Waits for the end of the process, or makes it, and cleans up after it.
    async fn run(mut self, resources: Resources, permit: Arc<OwnedSemaphorePermit>) {
        let is_own_end = tokio::select! {
            () = sandbox::death(&mut self.child) => true,
            () = self.end.kill.cancelled() => false,
        };
        sandbox::end(&mut self.child).await;
        let status = self.child.wait().await;
        if is_own_end && status.as_ref().is_ok_and(|status| status.signal().is_some()) {
            // It may be the sandbox that was killed, by the function itself; what that started is nobody's then.
            let scratch = resources.scratch.clone();
            let _ = tokio::task::spawn_blocking(move || sandbox::end_left(&scratch)).await;
        }
        let is_refused = is_own_end && status.as_ref().is_ok_and(|status| status.code() == Some(CANNOT_START));
        let fault = if is_refused { self.fault() } else { None };
        let how = match status {
            Ok(status) => describe(status),
            Err(error) => error.to_string(),
        };
        if let Some(container) = &self.container {
            container.remove().await;
        }
        let failed = self.extensions.failed();
        let ended = fault.map_or(Phase::Ended(how.into()), |fault| Phase::CannotStart(fault.into()));
        self.phase.send_replace(failed.map_or(ended, Phase::ExtensionFailed));
        let reason = match (is_own_end, self.end.is_late.load(Ordering::SeqCst)) {
            (_, true) => Shutdown::Timeout,
            (true, false) => Shutdown::Failure,
            (false, false) => Shutdown::Spindown,
        };
        external::farewell(&self.extensions, reason).await;
        self.ended.cancel();
        let _ = tokio::task::spawn_blocking(move || drop(resources)).await;
        drop(permit);
    }

    /// Why the function's program could not be executed, if that is what has ended the process.
    fn fault(&self) -> Option<String> {
        self.entrypoint.as_ref().filter(|_| *self.phase.borrow() == Phase::Starting)?.fault()
    }
}

/// Where the process's lines go.
fn log(spec: &Spec, context: &Arc<Context>, attempt: &Attempt) -> Log {
    Log {
        context: Arc::clone(context),
        target: logs::Target {
            region: spec.region.clone(),
            function: spec.function_arn.clone(),
            identity: spec.identity.clone(),
            role: spec.role.clone(),
            group: spec.log_group.clone(),
            stream: attempt.log_stream.clone(),
        },
        subject: Subject { name: spec.name.clone(), version: spec.version.clone(), memory: spec.memory },
        format: spec.log_format,
        joins_lines: spec.runtime.is_some(),
    }
}

/// What the extensions of a process are told of its function.
fn facts(spec: &Spec) -> Facts {
    Facts {
        name: spec.name.clone(),
        version: spec.version.clone(),
        handler: spec.handler.clone(),
        account: spec.arn.split(':').nth(4).unwrap_or_default().to_owned(),
    }
}

/// The process compares this with its own clock, which is the machine's whatever the emulator's says.
fn deadline_ms(timeout: Duration) -> i128 {
    (Clock::System.now() + timeout).unix_timestamp_nanos() / 1_000_000
}
