//! The role `@engine`: the edge and the emulator in one background process, on one loopback port.
//!
//! Started by `engine::embedded` with its news in a pipe (standard output) and its log on standard error. It writes its
//! own record once it listens, then its news, and then lets go of the pipe: whoever reads it need not wait.

use crate::{
    clock::Clock,
    disk,
    edge::{
        self, Edge,
        keyring::{Key, Keyring},
    },
    emulator::{self, Emulator},
    engine::{
        EngineKind,
        embedded::News,
        installation,
        record::{Process, Record},
    },
    settings::roles::Door,
};
use std::{
    error::Error,
    ffi::OsString,
    fmt::Display,
    io::{self, Write},
    net::Ipv4Addr,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// The argument that chooses this role.
pub const NAME: &str = "@engine";

/// How long function processes get to end after the last request was answered.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long requests in flight get after SIGTERM; `down` insists after 8 s.
const DRAIN: Duration = Duration::from_secs(5);

/// What the role is started with.
struct Arguments {
    project: PathBuf,
    port: u16,
    account: String,
    door: Door,
}

impl Arguments {
    fn parse(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let project = PathBuf::from(args.next()?);
        let port = args.next()?.to_str()?.parse().ok()?;
        let account = args.next()?.into_string().ok()?;
        let door = Door::parse(args.next()?.to_str()?)?;
        Some(Self { project, port, account, door })
    }
}

/// Runs the role: `@engine <project folder> <port> <account> <door>`.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    // A session of its own: neither Ctrl-C in the terminal nor its closing reaches the engine.
    let _ = rustix::process::setsid();
    crate::log::start();
    let Some(arguments) = Arguments::parse(args) else { return failed(&"wrong arguments") };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let served = runtime.block_on(serve(arguments));
    runtime.shutdown_timeout(FAREWELL);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(tell(&News::PortTaken)?),
        listener => listener?,
    };
    let port = listener.local_addr()?.port();
    let (access_key_id, secret) = installation::key_pair(&arguments.project)?;
    let keyring = Keyring::default();
    keyring.insert(access_key_id.clone(), Key { secret, session_token: None });
    let emulator = Arc::new(Emulator::open(emulator::Config {
        folder: disk::own_folder(&arguments.project).join("engine"),
        account: arguments.account.clone(),
        endpoint: format!("http://{}:{port}", Ipv4Addr::LOCALHOST),
        clock: Clock::System,
        keyring: keyring.clone(),
        processes: emulator::runtime::MAX_PROCESSES,
        executable: std::env::current_exe()?,
    })?);
    let edge = Edge::new(Arc::clone(&emulator), keyring, arguments.door.clone().config());

    // The door to Docker outlives an engine that died, under a name and an address that go by the port.
    let before = Record::read_from(&arguments.project);
    let before = before.filter(|record| record.kind == EngineKind::Embedded && record.port == port);
    let record = Record {
        process: Some(Process::current()),
        access_key_id: Some(access_key_id),
        docker_proxy: before.and_then(|record| record.docker_proxy),
        ..Record::begin(EngineKind::Embedded, port, arguments.account)?
    };
    record.write_to(&arguments.project)?;
    let set_aside = emulator.set_aside().to_vec();
    tell(&News::Ready { record, set_aside })?;

    let shutdown = CancellationToken::new();
    let server = edge::server::run(listener, edge, shutdown.clone());
    tokio::pin!(server);
    tokio::select! {
        () = &mut server => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    shutdown.cancel();
    // What does not drain in time is cut off; the emulator's state is on disk with every answer.
    let _ = timeout(DRAIN, server).await;
    let _ = timeout(FAREWELL, emulator.shutdown()).await;
    Ok(())
}

/// Writes the news into the pipe and lets go of it: standard output becomes standard error, the log.
fn tell(news: &News) -> io::Result<()> {
    let mut pipe = io::stdout().lock();
    // Whoever started us may be gone already; the engine serves all the same.
    let _ = serde_json::to_writer(&mut pipe, news).map_err(io::Error::from).and_then(|()| pipe.flush());
    Ok(rustix::stdio::dup2_stdout(io::stderr())?)
}

fn failed(error: &dyn Display) -> ExitCode {
    // The pipe may be closed already; then the exit code has to do.
    let _ = tell(&News::Failed { reason: error.to_string() });
    ExitCode::FAILURE
}
