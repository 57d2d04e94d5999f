//! One function process: started, given one invocation at a time, and gone when its time or its function is over.

use super::{
    Spec,
    api::{Answer, Job, Phase, RuntimeApi, error_document},
    container::{Container, Given},
    environment::{self, Place},
    extensions::{Extensions, Facts, Failed, Shutdown},
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
    secret::random_hex,
};
use bytes::Bytes;
use std::{
    fs, io,
    net::Ipv4Addr,
    os::unix::{fs::DirBuilderExt, process::ExitStatusExt},
    path::PathBuf,
    process::ExitStatus,
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
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a process may take to ask for its first work: Lambda's own limit.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the last lines of a log are waited for.
const TAIL_TIMEOUT: Duration = Duration::from_secs(10);
/// The type of the error of what ran out of time.
const TIMED_OUT: &str = "Sandbox.Timedout";
/// The type of an error that has none.
const UNKNOWN: &str = "Runtime.Unknown";
/// Marks that may wait for the log's task; further ones are dropped rather than waited for.
const MARKS: usize = 64;
/// What Lambda says of a process that was ended because it held too much memory.
const KILLED: &str = "killed";

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
    /// Cancelled when the process must end.
    pub kill: CancellationToken,
    /// Given back when the process is gone.
    pub permit: OwnedSemaphorePermit,
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
    born: Instant,
    init: Mutex<Option<Duration>>,
    memory: Memory,
}

/// Ends a process, and says why.
#[derive(Clone)]
struct End {
    kill: CancellationToken,
    is_late: Arc<AtomicBool>,
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
        let StartContext { context, spawner, tasks, code, layers, launch, scratch, hosts, kill, permit } = start;
        let born = Instant::now();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let credentials = context.sessions.lend(&spec.role, &spec.name).map_err(io::Error::other)?;
        let access_key_id = credentials.access_key_id.clone();
        let resources = Resources { context: Arc::clone(context), access_key_id, scratch: scratch.clone() };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&scratch)?;
        let log_group = spec.log_group.clone();
        let log_stream = log_stream(&context.config.clock, &spec.version)?;
        let neighbours = hosts.as_ref().map(|_| neighbours::variables(&context.config.endpoint)).unwrap_or_default();
        let place = Place {
            runtime_api: listener.local_addr()?,
            task_root: &code,
            scratch: &scratch,
            log_group: &log_group,
            log_stream: &log_stream,
            endpoint: &context.config.endpoint,
            engine: &neighbours,
            defaults: &launch.defaults,
            reserved: &launch.reserved,
        };
        let environment = environment::build(spec, &place, &credentials);
        let tmp = launch.has_own_tmp.then(|| scratch.clone());
        let log = Log {
            context: Arc::clone(context),
            target: logs::Target {
                region: spec.region.clone(),
                function: spec.function_arn.clone(),
                identity: spec.identity.clone(),
                role: spec.role.clone(),
                group: log_group,
                stream: log_stream,
            },
            subject: Subject { name: spec.name.clone(), version: spec.version.clone(), memory: spec.memory },
            format: spec.log_format,
            joins_lines: spec.runtime.is_some(),
        };

        let programs = external::programs(layers.as_deref());
        let opt = layers.filter(|_| launch.has_own_opt || launch.container.is_some());
        let names: Vec<_> = programs.iter().map(|program| external::name_of(program)).collect();
        let extensions = Arc::new(Extensions::new(facts(spec), &names));
        let (jobs, inbox) = mpsc::channel(1);
        let (marks, marks_inbox) = mpsc::channel(MARKS);
        let (phase_sender, phase) = watch::channel(Phase::Starting);
        let ended = CancellationToken::new();
        let api =
            RuntimeApi::new(inbox, phase_sender.clone(), Arc::clone(&extensions), marks.downgrade(), ended.clone());
        let _ = marks.try_send(Mark::Start { remarks: launch.remarks });
        tasks.spawn(http1::serve(listener, http1::Limits::runtime_api(), Arc::new(api), ended.clone()));
        let over = ended.clone().drop_guard();
        let end = End { kill, is_late: Arc::default() };
        let start = external::Start {
            spawner,
            tasks,
            extensions: &extensions,
            folder: &code,
            tmp: tmp.as_deref(),
            opt: opt.as_deref(),
            hosts: hosts.as_deref(),
            environment: &environment,
            log: &Log { joins_lines: false, ..log.clone() },
            kill: &end.kill,
            over: &ended,
        };
        external::start(programs, &start).await?;
        // They are there before the function is; one that is not shows when the process is waited for.
        let _ = timeout(INIT_TIMEOUT, extensions.registered()).await;
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
            None => launch.argument.into_iter().map(Into::into).collect(),
        };
        let is_outside = launch.container.is_none();
        let (opt, hosts) = (opt.filter(|_| is_outside), hosts.filter(|_| is_outside));
        let program = Program { path: launch.program, arguments, tmp, opt, hosts, folder: code.clone(), environment };
        let mut child = spawner.spawn(&program).await?;
        let memory = Memory::new(sandbox::id(&child), spec.memory);
        tasks.spawn(output::run(child.stdout.take(), child.stderr.take(), marks_inbox, log));
        over.disarm();
        let supervised = Supervised {
            child,
            container: launch.container,
            end: end.clone(),
            phase: phase_sender,
            extensions: Arc::clone(&extensions),
            ended,
        };
        tasks.spawn(supervised.run(resources, permit));
        let (timeout, revision, clock) = (spec.timeout, spec.revision.clone(), context.config.clock.clone());
        let (retired, init) = (AtomicBool::new(false), Mutex::new(None));
        Ok(Self { revision, timeout, clock, jobs, marks, phase, extensions, end, retired, born, init, memory })
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
            settled = timeout(INIT_TIMEOUT, settled) => settled,
            () = self.memory.is_outgrown() => return Err(exit_document(id, &format!("signal: {KILLED}"))),
        };
        match settled {
            Ok((_, Some(failed)) | (Ok(Phase::ExtensionFailed(failed)), _)) => Err(extension_document(id, &failed)),
            Ok((Ok(Phase::Ready), None)) => {
                *self.init.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.born.elapsed());
                Ok(())
            }
            Ok((Ok(Phase::InitFailed(document)), _)) => Err(document),
            Ok((Ok(Phase::Ended(how)), _)) => Err(exit_document(id, &how)),
            Ok((Ok(Phase::Starting) | Err(_), _)) => Err(exit_document(id, "it was ended")),
            Err(_) => Err(timeout_document(id, "Init timed out", INIT_TIMEOUT)),
        }
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

    /// Gives the process an invocation and waits for the answer; `None` when the process was gone before it took it.
    pub(super) async fn invoke(&self, spec: &Spec, invocation: &Invocation) -> Option<Invoked> {
        let (answer, reply) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let job = Job {
            id: invocation.id.clone(),
            function_arn: spec.invoked_arn.clone(),
            payload: invocation.payload.clone(),
            deadline_ms: deadline_ms(self.timeout),
            trace: invocation.trace.clone(),
            client_context: invocation.client_context.clone(),
            stream: invocation.stream.clone(),
            taken: Arc::clone(&taken),
            answer,
        };
        let (begun, timeout) = (Instant::now(), self.clock.sleep(self.timeout));
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
                Answer::Error(timeout_document(&invocation.id, "Task timed out", self.timeout))
            }
            () = self.memory.is_outgrown() => {
                self.kill();
                Answer::Error(exit_document(&invocation.id, &format!("signal: {KILLED}")))
            }
        };
        let tail = self.end(invocation, &answer, begun.elapsed()).await;
        Some(Invoked { answer, tail })
    }

    /// Says in the log that the process could not start.
    pub(super) fn init_failed(&self, answer: &Answer) {
        let _ = self.marks.try_send(Mark::InitFailed { status: status(answer), duration: self.born.elapsed() });
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
            status: status(answer),
            failure: if self.is_gone() { failure(answer) } else { None },
            duration,
            memory: self.memory.used(),
            init: self.init.lock().unwrap_or_else(PoisonError::into_inner).take(),
            tail: invocation.wants_tail.then_some(sender),
        };
        let _ = self.marks.try_send(Mark::End(report));
        if invocation.wants_tail { timeout(TAIL_TIMEOUT, tail).await.ok()?.ok() } else { None }
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

    async fn ended(&self) -> Phase {
        let mut phase = self.phase.clone();
        phase.wait_for(is_over).await.map_or(Phase::Ended(Arc::from("it was ended")), |phase| phase.clone())
    }
}

fn is_over(phase: &Phase) -> bool {
    matches!(phase, Phase::Ended(_) | Phase::ExtensionFailed(_))
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
    end: End,
    phase: watch::Sender<Phase>,
    extensions: Arc<Extensions>,
    ended: CancellationToken,
}

impl Supervised {
    /// Waits for the end of the process, or makes it, and cleans up after it.
    async fn run(mut self, resources: Resources, permit: OwnedSemaphorePermit) {
        let is_own_end = tokio::select! {
            () = sandbox::death(&mut self.child) => true,
            () = self.end.kill.cancelled() => false,
        };
        sandbox::end(&mut self.child).await;
        let how = match self.child.wait().await {
            Ok(status) => describe(status),
            Err(error) => error.to_string(),
        };
        if let Some(container) = &self.container {
            container.remove().await;
        }
        let failed = self.extensions.failed();
        self.phase.send_replace(failed.map_or(Phase::Ended(how.into()), Phase::ExtensionFailed));
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

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal: {}", signal_name(signal)),
        (None, None) => "unknown status".to_owned(),
    }
}

/// The words of Go's standard library, in which Lambda speaks.
fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "hangup",
        2 => "interrupt",
        4 => "illegal instruction",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => KILLED,
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

fn exit_document(id: &str, how: &str) -> Bytes {
    // A process that ends by itself with 0 is an error too: it was to ask for more work.
    let reason = if how == "exit status 0" {
        "Runtime exited without providing a reason".to_owned()
    } else {
        format!("Runtime exited with error: {how}")
    };
    error_document("Runtime.ExitError", &format!("RequestId: {id} Error: {reason}"))
}

fn extension_document(id: &str, Failed { name, kind }: &Failed) -> Bytes {
    error_document(kind, &format!("RequestId: {id} Error: the extension `{name}` failed"))
}

fn timeout_document(id: &str, what: &str, after: Duration) -> Bytes {
    let message = format!("RequestId: {id} Error: {what} after {:.2} seconds", after.as_secs_f64());
    error_document(TIMED_OUT, &message)
}

/// How an invocation ended, as the log's records say it.
fn status(answer: &Answer) -> Status {
    let Answer::Error(document) = answer else { return Status::Success };
    let kind = serde_json::from_slice::<ErrorType>(document).ok().and_then(|document| document.kind);
    match kind.as_deref() {
        Some(TIMED_OUT) => Status::Timeout,
        kind => Status::Error(kind.unwrap_or(UNKNOWN).to_owned()),
    }
}

#[derive(serde::Deserialize)]
struct ErrorType {
    #[serde(rename = "errorType")]
    kind: Option<String>,
}

/// What the log says of an error document when the process is gone.
fn failure(answer: &Answer) -> Option<String> {
    let Answer::Error(document) = answer else { return None };
    let document: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
    let message = document["errorMessage"].as_str().unwrap_or_default();
    match document["errorType"].as_str() {
        // Of what ran out of time, the log has its own beginning of the line.
        Some(TIMED_OUT) => Some(message.split_once(" Error: ").map_or(message, |(_, what)| what).to_owned()),
        kind => Some(format!("{message} {}", kind.unwrap_or(UNKNOWN)).trim_start().to_owned()),
    }
}

/// The process compares this with its own clock, which is the machine's whatever the emulator's says.
fn deadline_ms(timeout: Duration) -> i128 {
    (Clock::System.now() + timeout).unix_timestamp_nanos() / 1_000_000
}

/// Names a log stream as Lambda does: `2026/11/23/[$LATEST]` and 32 hex digits.
fn log_stream(clock: &Clock, version: &str) -> io::Result<String> {
    let today = clock.now().date();
    let id = random_hex(16).map_err(io::Error::other)?;
    Ok(format!("{}/{:02}/{:02}/[{version}]{id}", today.year(), u8::from(today.month()), today.day()))
}
