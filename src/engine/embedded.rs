//! The `embedded` engine: this binary again, as a background process that outlives the command that started it.
//!
//! The child writes its own record once it listens and only then says so through its standard output, a pipe: a kill of
//! `up` at any point leaves either no engine or one that is recorded. What runs in the child is `roles::engine`.

use super::{
    component::{Component, Health, OUTSIDE_CONTAINERS},
    daemon,
    description::Engine,
    installation::Installation,
    local::{docker_proxy, local_connection, log_path, loopback, public_url},
    orphan, port, probe,
    record::{Process, Record},
    refusal::Refusal,
    report::Startup,
};
use crate::{
    disk,
    docker::{self, Role},
    emulator::SetAside,
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    hosts::is_here,
    lenience::Lenience,
    marks::{API_ID_TAG, ENGINE_ROLE, LOCAL_ACCOUNT, TETHERED},
    progress::Progress,
    settings::{
        Origin, Settings,
        roles::{Door, Habits, rotation},
        source,
    },
    text::Message,
};
use rustix::process::{Signal, kill_process};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    time::{Instant, sleep, timeout},
};

/// How long Docker may take to tell its bridge's address.
const BRIDGE_DEADLINE: Duration = Duration::from_secs(3);
/// How long the child may take until it listens; it takes milliseconds unless the disk hangs.
const START_DEADLINE: Duration = Duration::from_secs(10);
/// How long a SIGTERM may take: requests in flight have 25 s, but nobody waits that long for `down`.
const STOP_DEADLINE: Duration = Duration::from_secs(8);
/// How long a SIGKILL may take.
const KILL_DEADLINE: Duration = Duration::from_secs(5);
/// What the C library's allocator reads at its start (mallopt(3)): left to itself it gives each thread a heap of its own, and
/// what the freed blocks of the busiest moment took is never given back.
const MEMORY: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "2"), ("MALLOC_TRIM_THRESHOLD_", "262144"), ("MALLOC_MMAP_THRESHOLD_", "262144")];

/// What the child says through the pipe, one line.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "news")]
pub(crate) enum News {
    /// It listens, and its record is written.
    Ready {
        /// The record.
        record: Box<Record>,
        /// What of the state was damaged and set aside.
        set_aside: Vec<SetAside>,
    },
    /// The port is taken.
    PortTaken,
    /// It cannot start.
    Failed {
        /// Why.
        reason: Refusal,
    },
}

/// Starts the engine unless it runs.
pub(super) async fn up(settings: &Settings, progress: &Progress) -> Result<Startup> {
    // The child reads the key pair from its file: secrets never pass through arguments or the environment.
    let installation = Installation::load_or_create_telling(settings, progress)?;
    let recorded = Record::read(settings).filter(is_running);
    let settings = &as_it_runs(settings, recorded.as_ref());
    let lenient = wanted(settings, recorded.as_ref());
    let iam = wanted_iam(settings, recorded.as_ref());
    // Another start makes its life no longer.
    let stops_at = recorded.as_ref().and_then(|record| record.stops_at);
    // Nor does one from another shell close a door to the public.
    let host = recorded.as_ref().and_then(|record| record.door.as_ref()?.public_host.clone());
    match recorded {
        Some(record) if knows(&record, &installation) => {
            let changes = changes(settings, &record, (lenient, iam));
            if changes.is_empty() {
                return Ok(described(settings, &record, false));
            }
            for change in changes {
                progress.note(change);
            }
            down(&record, progress).await?;
        }
        Some(record) => {
            progress.warn(Message::new("engine.other_credentials"));
            down(&record, progress).await?;
        }
        None => {
            down_unrecorded(settings, progress).await?;
        }
    }
    progress.begin("engine", Message::new("engine.starting"));
    let bridge = if lenient.is_on() { bridge(settings).await } else { None };
    let habits = Habits { lenient, bridge, listen: settings.listen.value, iam, logs: rotation(settings) };
    let (mut record, _) = start(&with_host(settings, host), habits, progress, None).await?;
    progress.done("engine");
    if stops_at.is_some() {
        record.stops_at = stops_at;
        record.write_to(&settings.folder)?;
    }
    if record.bridge != bridge
        && let Some(address) = bridge
    {
        progress.warn(Message::new("engine.no_bridge").with("address", SocketAddr::new(address, record.port)));
    }
    Ok(described(settings, &record, true))
}

/// The settings, with what a running engine was started with where the user says nothing of it.
fn as_it_runs(settings: &Settings, running: Option<&Record>) -> Settings {
    let mut meant = settings.clone();
    let Some(record) = running else { return meant };
    if meant.listen.value.is_none() {
        meant.listen.value = record.listen;
    }
    if let Some(logs) = record.logs.filter(|_| meant.log_files.origin == Origin::Default) {
        meant.log_files.value = logs.files;
    }
    if let Some(logs) = record.logs.filter(|_| meant.log_size.origin == Origin::Default) {
        meant.log_size.value = logs.bytes;
    }
    let Some(door) = &record.door else { return meant };
    // What follows from a public URL is nobody's word; a door that had none before is to have it.
    let is_unsaid = match meant.rate.origin {
        Origin::Default => true,
        Origin::Derived(_) => door.public_host.as_deref().is_some_and(|host| !is_here(host)),
        _ => false,
    };
    if is_unsaid {
        meant.rate.value = door.rate;
    }
    if meant.cors_origins.origin == Origin::Default {
        meant.cors_origins.value.clone_from(&door.cors_origins);
    }
    meant
}

/// The settings, with the public host that the door had, where the user names none now. For the door only: nobody else
/// is told of it.
fn with_host(settings: &Settings, host: Option<String>) -> Settings {
    let mut meant = settings.clone();
    if let Some(host) = host.filter(|_| settings.public_endpoint.value.is_none()) {
        meant.public_endpoint.value = Some(format!("https://{host}"));
    }
    meant
}

/// What the user says otherwise than the engine runs, and takes another start of it.
fn changes(settings: &Settings, record: &Record, (lenient, iam): (Lenience, bool)) -> Vec<Message> {
    let mut changes = Vec::new();
    if record.lenient != lenient {
        changes.push(Message::new("engine.other_lenience").with("lenient", lenient.as_str()));
    }
    if record.iam != iam {
        let switch = if iam { "on" } else { "off" };
        changes.push(Message::new("engine.other_iam").with("iam", switch));
    }
    let (door, logs) = (record.door.as_ref(), record.logs);
    // Only a host that the user names: a shell that knows none, or one that follows from a port, takes none away.
    let is_said = !matches!(settings.public_endpoint.origin, Origin::Default | Origin::Derived(_));
    let host = Door::of(settings).public_host.filter(|_| is_said);
    let others = [
        (source::CORS_ORIGINS, door.is_some_and(|door| door.cors_origins != settings.cors_origins.value)),
        (source::LISTEN, record.listen != settings.listen.value),
        (source::LOG_FILES, logs.is_some_and(|logs| logs.files != settings.log_files.value)),
        (source::LOG_SIZE, logs.is_some_and(|logs| logs.bytes != settings.log_size.value)),
        (source::PUBLIC_ENDPOINT, door.is_some_and(|door| host.is_some() && door.public_host != host)),
        (source::RATE, door.is_some_and(|door| door.rate != settings.rate.value)),
    ];
    let others = others.into_iter().filter(|(_, is_other)| *is_other);
    changes.extend(others.map(|(source, _)| Message::new("engine.other_setting").with("name", source.key)));
    changes
}

/// For whom the engine is to be lenient: as the user says, else as it runs, else for nobody.
fn wanted(settings: &Settings, running: Option<&Record>) -> Lenience {
    match running {
        Some(record) if settings.lenient.origin == Origin::Default => record.lenient,
        _ => settings.lenient.value,
    }
}

/// Whether policies of identities are to have a say: as the user says, else as it runs, else not.
fn wanted_iam(settings: &Settings, running: Option<&Record>) -> bool {
    match running {
        Some(record) if settings.iam.origin == Origin::Default => record.iam,
        _ => settings.iam.value,
    }
}

/// For whom `up` would open the engine that is none yet, or that is less lenient; `None` where nothing is opened.
#[must_use]
pub fn becomes_lenient(settings: &Settings) -> Option<Lenience> {
    let running = Record::read(settings).filter(is_running);
    let wanted = wanted(settings, running.as_ref());
    let is_new = running.is_none_or(|record| record.lenient != wanted);
    Some(wanted).filter(|lenience| lenience.is_on() && is_new)
}

/// The address at which containers reach this machine, where Docker has a bridge on it.
async fn bridge(settings: &Settings) -> Option<IpAddr> {
    let look = async { docker::gateway::find(&daemon::glance(settings).await.ok()?).await.ok() };
    let gateway = timeout(BRIDGE_DEADLINE, look).await.ok().flatten()?;
    Some(gateway.publish).filter(|address| *address != IpAddr::from(Ipv4Addr::LOCALHOST))
}

fn described(settings: &Settings, record: &Record, changed: bool) -> Startup {
    let pid = record.process.as_ref().map(|process| process.pid);
    Startup {
        engine: EngineKind::Embedded,
        url: public_url(settings, record.port),
        port: record.port,
        pid,
        lenient: record.lenient,
        iam: record.iam,
        changed,
    }
}

/// Starts the process and waits until it listens. With a tether it ends when the other end of that pipe is closed.
pub(super) async fn start(
    settings: &Settings,
    habits: Habits,
    progress: &Progress,
    tether: Option<io::PipeReader>,
) -> Result<(Record, std::process::Child)> {
    let log = log_path(&settings.folder, Role::Engine);
    let before = std::fs::metadata(&log).map_or(0, |log| log.len());
    let (reader, mut child) = spawn(settings, habits, &log, tether).map_err(|source| disk::Error::Io {
        action: "start",
        path: log.clone(),
        source,
    })?;
    let mut line = String::new();
    let mut reader = tokio::net::unix::pipe::Receiver::from_owned_fd(reader.into())
        .map_err(|error| Error::new(Code::Bug).with("detail", error))?;
    // The pipe ends when the child closes it, which it does right after its line, or when it dies.
    let read = timeout(START_DEADLINE, reader.read_to_string(&mut line)).await;
    match serde_json::from_str(&line) {
        Ok(News::Ready { record, set_aside }) => {
            for aside in &set_aside {
                progress.warn(told(aside));
            }
            Ok((*record, child))
        }
        Ok(News::PortTaken) => Err(port_taken(settings.port.value)),
        Ok(News::Failed { reason }) => Err(reason.into_error(stopped(&mut child))),
        Err(_) if read.is_err() => {
            let _ = child.kill();
            let error = Error::new(Code::Deadline).with("seconds", START_DEADLINE.as_secs());
            Err(error.with_message("what", Message::new("awaited.engine")))
        }
        Err(_) => Err(crashed(&mut child, &log, before)),
    }
}

/// Starts the child with nothing in its environment but what the allocator and installers of packages read there, its news in a pipe and its errors in the log. It leaves our session
/// itself, which needs no code between fork and exec.
fn spawn(
    settings: &Settings,
    habits: Habits,
    log: &Path,
    tether: Option<io::PipeReader>,
) -> io::Result<(io::PipeReader, std::process::Child)> {
    let errors = disk::append(log)?;
    let (reader, writer) = io::pipe()?;
    let child = std::process::Command::new(std::env::current_exe()?)
        .arg(ENGINE_ROLE)
        .arg(&settings.folder)
        .arg(settings.port.value.to_string())
        .arg(LOCAL_ACCOUNT)
        .arg(Door::of(settings).to_text())
        .arg(settings.machine.to_text())
        .arg(habits.to_text())
        .args(tether.is_some().then_some(TETHERED))
        .env_clear()
        .envs(MEMORY)
        .envs(&settings.machine.tools)
        .current_dir(&settings.folder)
        .stdin(tether.map_or_else(Stdio::null, Stdio::from))
        .stdout(writer)
        .stderr(errors)
        .spawn()?;
    Ok((reader, child))
}

/// Tells of state that was damaged.
fn told(SetAside { path, kept, lost }: &SetAside) -> Message {
    let path = path.display();
    match (lost, kept) {
        (Some(lost), kept) => {
            Message::new("engine.set_aside").with("path", path).with("lost", *lost).with("kept", *kept)
        }
        (None, 0) => Message::new("engine.set_aside_whole").with("path", path),
        (None, kept) => Message::new("engine.set_aside_pieces").with("path", path).with("kept", *kept),
    }
}

/// Describes a child that ended before it said anything, with the end of what it has logged; what the log held `before`
/// is another's.
fn crashed(child: &mut std::process::Child, log: &Path, before: u64) -> Error {
    let error = stopped(child);
    let text = std::fs::read(log).unwrap_or_default();
    let before = usize::try_from(before).unwrap_or(usize::MAX);
    // A file that is shorter now was begun anew.
    let own = String::from_utf8_lossy(text.get(before..).unwrap_or(&text));
    match own.lines().next_back() {
        Some(line) => error.because(line),
        None => error,
    }
}

/// Describes a child that ended before it was ready.
fn stopped(child: &mut std::process::Child) -> Error {
    // Its pipe is closed, so it is at its end; a kill makes sure that the wait is short.
    let _ = child.kill();
    let code = child.wait().ok().and_then(|status| status.code());
    Error::new(Code::EngineCrashed).with("code", code.map_or_else(|| "?".to_owned(), |code| code.to_string()))
}

fn port_taken(port: u16) -> Error {
    let holder = port::holder((Ipv4Addr::LOCALHOST, port).into());
    Error::new(Code::PortTaken).with("port", port).with_message("holder", port::named(holder))
}

/// Whether the engine accepts this project's signatures: the file that they are made from may have been lost while
/// it ran.
fn knows(record: &Record, installation: &Installation) -> bool {
    record.access_key_id.as_ref() == Some(&installation.access_key_id)
}

/// Whether the recorded process still runs.
pub(super) fn is_running(record: &Record) -> bool {
    record.kind == EngineKind::Embedded && record.process.as_ref().is_some_and(Process::is_alive)
}

/// Stops the recorded process: asks, waits, insists. Tells whether it ran.
pub(super) async fn down(record: &Record, progress: &Progress) -> Result<bool> {
    match record.process.as_ref().filter(|process| process.is_alive()) {
        Some(process) => stop(process, progress).await.map(|()| true),
        None => Ok(false),
    }
}

/// Stops an engine of this folder that no record tells of. Tells whether there was one.
pub(super) async fn down_unrecorded(settings: &Settings, progress: &Progress) -> Result<bool> {
    let Some(process) = orphan::find(&settings.folder) else { return Ok(false) };
    progress.warn(Message::new("engine.unrecorded").with("pid", process.pid));
    stop(&process, progress).await.map(|()| true)
}

/// Ends a process: asks, waits, insists.
pub(super) async fn stop(process: &Process, progress: &Progress) -> Result<()> {
    progress.begin("engine", Message::new("engine.stopping"));
    for (signal, deadline) in [(Signal::TERM, STOP_DEADLINE), (Signal::KILL, KILL_DEADLINE)] {
        if let Some(pid) = process.pid() {
            // A refusal means that it has just ended; what counts is whether it is gone.
            let _ = kill_process(pid, signal);
        }
        if ended(process, deadline).await {
            progress.done("engine");
            return Ok(());
        }
    }
    Err(Error::new(Code::Deadline)
        .with("seconds", (STOP_DEADLINE + KILL_DEADLINE).as_secs())
        .with_message("what", Message::new("awaited.process").with("pid", process.pid)))
}

async fn ended(process: &Process, deadline: Duration) -> bool {
    let end = Instant::now() + deadline;
    let mut pause = Duration::from_millis(2);
    while process.is_alive() {
        if Instant::now() >= end {
            return false;
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    true
}

/// Begins the record of the engine that this process is. The door to Docker outlives an engine that died, under a name
/// and an address that go by the port.
///
/// # Errors
/// Returns the operating system's error when it has no randomness to give.
pub(crate) fn begin_record(
    project: &Path,
    port: u16,
    account: String,
    access_key_id: String,
    door: Door,
) -> std::result::Result<Record, getrandom::Error> {
    let before = Record::read_from(project);
    let before = before.filter(|record| record.kind == EngineKind::Embedded && record.port == port);
    Ok(Record {
        process: Some(Process::current()),
        access_key_id: Some(access_key_id),
        door: Some(door),
        docker_proxy: before.and_then(|record| record.docker_proxy),
        ..Record::begin(EngineKind::Embedded, port, account)?
    })
}

/// Describes the running engine for the stack.
pub(super) fn connect(settings: &Settings, record: &Record) -> Result<Engine> {
    let installation = Installation::load_or_create(settings)?;
    if !knows(record, &installation) {
        return Err(Error::new(Code::OtherCredentials));
    }
    let endpoint = loopback(record.port);
    Ok(Engine {
        facts: EngineKind::Embedded.facts(),
        connection: local_connection(settings, &installation, endpoint.clone()),
        public_url: Some(public_url(settings, record.port)),
        internal_endpoint: Some(settings.internal_endpoint.value.clone().unwrap_or(endpoint)),
        docker: docker_proxy(settings, &installation, record.docker_proxy.as_deref()),
        api_id_tag: Some(API_ID_TAG),
        session: Some(record.session.clone()),
        patience: settings.timeout.value,
    })
}

/// Tells how the process is, by asking it.
pub(super) async fn components(settings: &Settings, record: &Record) -> Vec<Component> {
    let alive = is_running(record);
    let since = || {
        let key = if record.stops_at.is_some() { "component.since_until" } else { "component.since" };
        let until = record.stops_at.and_then(|at| time::OffsetDateTime::from_unix_timestamp(at).ok());
        let until = until.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok());
        Message::new(key)
            .with_message("engine", record.kind.message())
            .with("time", record.started_to_the_second())
            .with("until", until.unwrap_or_default())
    };
    // Where the key pair is lost, it is drawn anew by whoever connects, and nobody here knows it.
    let is_known =
        || super::installation::key_pair(&settings.folder).is_ok_and(|(id, _)| record.access_key_id == Some(id));
    let (health, detail) = if alive && is_known() {
        match probe::status((Ipv4Addr::LOCALHOST, record.port).into(), "/healthz").await {
            Ok(200) => (Health::Healthy, since()),
            Ok(429) => (Health::Limited, Message::new("reach.limited")),
            Ok(status) => (Health::Unhealthy, Message::new("reach.answers").with("status", status)),
            Err(_) => (Health::Unhealthy, Message::new("status.silent")),
        }
    } else if alive {
        (Health::Unhealthy, Message::new("error.other_credentials"))
    } else {
        (Health::Stopped, since())
    };
    vec![Component {
        name: OUTSIDE_CONTAINERS.to_owned(),
        kind: "process",
        health,
        detail,
        image: None,
        url: alive.then(|| loopback(record.port)),
        pid: record.process.as_ref().filter(|_| alive).map(|process| process.pid),
    }]
}
