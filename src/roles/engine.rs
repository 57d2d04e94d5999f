//! The role `@engine`: the edge and the emulator in one background process, on one loopback port.
//!
//! Started by `engine::embedded` with its news in a pipe (standard output) and its log on standard error. It writes its
//! own record once it listens, then its news, and then lets go of the pipe: whoever reads it need not wait.

use super::stop::{Stop, Tether};
use crate::{
    clock::Clock,
    disk,
    docker::Role,
    edge::{
        self, Edge,
        keyring::{Key, Keyring},
    },
    emulator::{
        self, Emulator,
        runtime::{INIT_LIMIT, MAX_PROCESSES, MAX_WAITING},
    },
    engine::{
        embedded::{self, News},
        installation, log_path,
        record::Record,
        refusal::Refusal,
        temporary,
    },
    lenience::Leans,
    marks,
    runtimes::Machine,
    settings::{
        Environment,
        roles::{Door, Habits},
    },
};
use std::{
    error::Error,
    ffi::OsString,
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long function processes get to end after the last request was answered.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long requests in flight get after SIGTERM; `down` insists after 8 s.
const DRAIN: Duration = Duration::from_secs(5);

/// Every running function finds room for a call of its own, and of too many invocations it is Lambda that refuses some.
const _: () = assert!(edge::AWS_IN_FLIGHT / 4 >= MAX_PROCESSES);
const _: () = assert!(edge::AWS_IN_FLIGHT - edge::AWS_IN_FLIGHT / 4 > MAX_PROCESSES + MAX_WAITING);

/// What the role is started with.
struct Arguments {
    project: PathBuf,
    port: u16,
    account: String,
    door: Door,
    machine: Machine,
    habits: Habits,
    /// Whether it ends with whoever started it, and its folder with it.
    is_tethered: bool,
}

impl Arguments {
    fn parse(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let project = PathBuf::from(args.next()?);
        let port = args.next()?.to_str()?.parse().ok()?;
        let account = args.next()?.into_string().ok()?;
        let door = Door::parse(args.next()?.to_str()?)?;
        let machine = Machine { tools: Environment::capture().of_installers(), ..Machine::parse(&args.next()?)? };
        let habits = Habits::parse(args.next()?.to_str()?)?;
        let is_tethered = match args.next() {
            Some(word) if word == marks::TETHERED => true,
            Some(_) => return None,
            None => false,
        };
        Some(Self { project, port, account, door, machine, habits, is_tethered })
    }
}

/// Runs the role: `@engine <project folder> <port> <account> <door> <machine> <habits> [tethered]`.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    // A session of its own: neither Ctrl-C in the terminal nor its closing reaches the engine.
    let _ = rustix::process::setsid();
    let Some(arguments) = Arguments::parse(args) else {
        return failed(Refusal::Other { causes: vec!["wrong arguments".to_owned()] });
    };
    crate::log::start_rotated(log_path(&arguments.project, Role::Engine), arguments.habits.logs);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(Refusal::of(&error)),
    };
    let folder = arguments.is_tethered.then(|| arguments.project.clone());
    let served = runtime.block_on(serve(arguments));
    runtime.shutdown_timeout(FAREWELL);
    if let (Ok(()), Some(folder)) = (&served, folder) {
        temporary::remove(&folder);
    }
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(Refusal::of(&*error)),
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let mut stop = Stop::listen()?;
    if arguments.is_tethered {
        stop.hold(Tether::stdin()?);
    }
    // Of all addresses loopback is one, and no other socket may have it.
    let all = arguments.habits.listen.filter(IpAddr::is_unspecified);
    let listener = match TcpListener::bind((all.unwrap_or(Ipv4Addr::LOCALHOST.into()), arguments.port)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(tell(&News::PortTaken)?),
        listener => listener?,
    };
    let port = listener.local_addr()?.port();
    let (access_key_id, secret) = installation::key_pair(&arguments.project)?;
    let keyring = Keyring::default();
    keyring.insert(access_key_id.clone(), Key { secret, session_token: None });
    let folder = disk::own_folder(&arguments.project).join("engine");
    let Habits { lenient, bridge, listen, iam, logs } = arguments.habits;
    let leans = Leans::open(lenient, &folder, Clock::System);
    let emulator = Arc::new(Emulator::open(emulator::Config {
        folder,
        account: arguments.account.clone(),
        endpoint: format!("http://{}:{port}", Ipv4Addr::LOCALHOST),
        clock: Clock::System,
        keyring: keyring.clone(),
        processes: MAX_PROCESSES,
        init_limit: INIT_LIMIT,
        executable: std::env::current_exe()?,
        machine: arguments.machine,
        leans: leans.clone(),
        evaluates: iam,
    })?);
    let config = edge::Config { leans, ..arguments.door.clone().config() };
    let edge = Edge::new(Arc::clone(&emulator), keyring, config);
    // One that is not there, or is taken, is left out; `up` says so.
    let beside = match bridge.filter(|_| all.is_none()) {
        Some(address) => TcpListener::bind((address, port)).await.ok(),
        None => None,
    };
    // What was asked for by name is not left out.
    let named = match listen
        .filter(|address| !address.is_unspecified() && !address.is_loopback() && Some(*address) != bridge)
    {
        Some(address) => Some(TcpListener::bind((address, port)).await?),
        None => None,
    };

    let record = embedded::begin_record(&arguments.project, port, arguments.account, access_key_id, arguments.door)?;
    let bridge = bridge.filter(|_| beside.is_some() || all.is_some());
    let record = Record { lenient, bridge, listen, iam, logs: Some(logs), ..record };
    record.write_to(&arguments.project)?;
    let set_aside = emulator.set_aside().to_vec();
    tell(&News::Ready { record: Box::new(record), set_aside })?;

    stop.heed(arguments.project);
    let shutdown = CancellationToken::new();
    let listeners = [Some(listener), beside, named].into_iter().flatten().collect();
    let served = edge::server::run_on(listeners, edge, shutdown.clone());
    // Beside the first calls, of which only those wait for it that ask how a function is; so it begins before them.
    let serve = async { tokio::join!(emulator.verify(), served).1 };
    // What is cut off loses nothing: the emulator's state is on disk with every answer.
    stop.serve(serve, &shutdown, DRAIN).await;
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

fn failed(reason: Refusal) -> ExitCode {
    // The pipe may be closed already; then the exit code has to do.
    let _ = tell(&News::Failed { reason });
    ExitCode::FAILURE
}
