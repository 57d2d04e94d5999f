//! The command line as a program: parse -> settings -> dispatch -> exit code.
//!
//! Owns the runtime, the signals and what becomes of a panic. Not here: what any verb does.

mod parse;
mod signals;
mod usage;

use crate::{
    calls,
    cli::{self, Cli, Command, ConfigAction, Global, KeyAction, RuntimesAction, ScheduleAction},
    commands::{
        self,
        context::{Context, Reread},
    },
    dashboard, engine,
    error::{Code, Error, Exit, Result},
    lenience::Lenience,
    marks::OWN_CALLS,
    secret,
    settings::{Environment, Flags, FunctionFlags, Settings},
    ui::{self, Console, Report},
};
use parse::{Parsed, parse};
use signals::Manner;
use std::{
    future::{Future, ready},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// What remains of background work once the answer is printed gets this long to end.
const RUNTIME_FAREWELL: Duration = Duration::from_millis(200);

/// How long the call in flight may take to end after the first Ctrl-C.
const CALL: Duration = Duration::from_secs(5);
/// How long an engine in the foreground may take to end.
const FAREWELL: Duration = Duration::from_secs(20);
/// How long an instance of AWS may take back to where it was: it has to come to rest first.
const RESTORE: Duration = Duration::from_secs(90);
/// The same for a container: the call in flight, a stop with its grace, a start.
const RESTORE_CONTAINER: Duration = Duration::from_secs(15);

/// How a process ends: `None` is 0.
type Ending = io::Result<Option<Exit>>;

/// Runs the command line of this process.
#[must_use]
pub fn run(environment: &Environment) -> ExitCode {
    let (console, parsed) = parse(std::env::args_os(), environment);
    let last_words = remember_panics();
    let ending = catch_unwind(AssertUnwindSafe(|| obey(&console, parsed, environment))).unwrap_or_else(|_| {
        let words = last_words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        console.fail(&Error::new(Code::Bug).with("detail", words)).map(Some)
    });
    match ending {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(exit)) => ExitCode::from(exit.code()),
        Err(error) => ExitCode::from(ui::stdout_failed(&error, console.face()).code()),
    }
}

/// Keeps what a panic says for the error that is made of it, instead of a trace on stderr.
fn remember_panics() -> Arc<Mutex<String>> {
    let words = Arc::new(Mutex::new(String::new()));
    let kept = words.clone();
    std::panic::set_hook(Box::new(move |panic| {
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string().replace('\n', " ");
    }));
    words
}

fn obey(console: &Console, parsed: Parsed, environment: &Environment) -> Ending {
    let cli = match parsed {
        Parsed::Command(cli) => cli,
        Parsed::Told(error, tree) => return parse::answer(console, &error, &tree),
    };
    let (flags, look, environment) = (flags(&cli), console.look().clone(), environment.clone());
    let reread: Reread = Arc::new(move || Settings::resolve(&flags, &look, &environment));
    let settings = match prepared(&cli).and_then(|()| reread()) {
        Ok(settings) => settings,
        Err(error) => return console.fail(&error).map(Some),
    };
    // A verb waits for answers and computes little: what other threads would do first is wake each other.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return console.fail(&Error::new(Code::Bug).with("detail", "no runtime").cause(&error)).map(Some),
    };
    if console.is_verbose() {
        calls::tell_to(console.progress());
    }
    // Without randomness, those of two runs have one name.
    let run = secret::random_hex(4).unwrap_or_default();
    calls::name(&format!("{OWN_CALLS}{}-{run}", console.command().replace(' ', "-")));
    let cancel = CancellationToken::new();
    let manner = manner(&cli.command, &settings);
    let context = Context { settings, reread, progress: console.progress(), cancel, console: console.clone() };
    let work = obeyed(&context, &cli.command);
    let ending = match &cli.command {
        // Signals are for the command that it runs.
        Command::Run(_) => runtime.block_on(signals::unguarded(&context, work)),
        _ => runtime.block_on(signals::guard(&context, manner, work)),
    };
    runtime.shutdown_timeout(RUNTIME_FAREWELL);
    ending
}

/// Makes the folder of a new project: it need not be there, other verbs' folders must.
fn prepared(cli: &Cli) -> Result<()> {
    match (&cli.command, &cli.global.folder) {
        (Command::Init(_), Some(folder)) => commands::init::make(folder),
        _ => Ok(()),
    }
}

/// Returns what the command line says about settings; some of them only one verb has a flag for.
fn flags(cli: &Cli) -> Flags {
    let Global { engine, stack, region, port, timeout, endpoint, folder, .. } = cli.global.clone();
    let flags = Flags { folder, engine, stack, region, port, timeout, endpoint, ..Flags::default() };
    match &cli.command {
        Command::Up(args) => {
            let (image, rate, lenient) = (args.image.clone(), args.rate, args.lenient);
            // There is one engine that ends by itself.
            let engine = flags.engine.or(args.stop_after.map(|_| engine::ENDS_BY_ITSELF));
            Flags { engine, image, rate, lenient, listen: args.listen, iam: args.iam, ..flags }
        }
        Command::Run(args) => Flags { lenient: args.lenient.then_some(Lenience::On), ..flags },
        Command::Deploy(cli::Deploy { auth, function, runtime, handler, instance, container, .. }) => {
            let (dir, runtime, handler) = (function.clone(), runtime.clone(), handler.clone());
            let (instances, containers) = (instance.clone(), container.clone());
            Flags { auth: *auth, function: FunctionFlags { dir, runtime, handler }, instances, containers, ..flags }
        }
        _ => flags,
    }
}

/// How a verb takes Ctrl-C.
fn manner(command: &Command, settings: &Settings) -> Manner {
    let grace = match command {
        Command::Test(_) if engine::is_remote(settings) => RESTORE,
        Command::TestBonus(_) => RESTORE_CONTAINER,
        Command::Deploy(_)
        | Command::Test(_)
        | Command::Bonus(_)
        | Command::Call(_)
        | Command::Clean(_)
        | Command::Dashboard(_)
        | Command::Down(_)
        | Command::Open(_) => CALL,
        Command::Key(key) if !matches!(key.action, KeyAction::List(_)) => CALL,
        Command::Schedule(schedule) if !matches!(schedule.action, ScheduleAction::List(_)) => CALL,
        // What is half installed is removed.
        Command::Runtimes(runtimes) if matches!(runtimes.action, RuntimesAction::Install(_)) => CALL,
        Command::Logs(logs) if logs.follow => CALL,
        Command::Status(status) if status.watch => CALL,
        Command::Metrics(metrics) if metrics.watch => CALL,
        Command::Up(up) if up.foreground => FAREWELL,
        // They change nothing, or are gone on with from anywhere.
        _ => Duration::ZERO,
    };
    let is_way_out = match command {
        Command::Logs(logs) => logs.follow,
        Command::Deploy(deploy) => deploy.watch,
        Command::Status(status) => status.watch,
        Command::Metrics(metrics) => metrics.watch,
        Command::Up(up) => up.foreground,
        Command::Dashboard(_) | Command::Open(_) => true,
        _ => false,
    };
    Manner { grace, left: left(command), is_way_out }
}

/// What is to be known of what a verb leaves behind that was cut short.
fn left(command: &Command) -> &'static str {
    match command {
        Command::Up(_) => "hint.interrupted_up",
        Command::Deploy(_)
        | Command::Bonus(_)
        | Command::Clean(_)
        | Command::Down(_)
        | Command::Key(_)
        | Command::Schedule(_) => "hint.again",
        _ => "hint.interrupted_anew",
    }
}

/// Whether a verb follows the engine that runs here, so that a flag that names another one contradicts it.
fn follows_engine(command: &Command) -> bool {
    !matches!(
        command,
        // It says so itself, where it does; the others look at the machine, at the settings, or at nothing.
        Command::Up(_)
            | Command::Doctor(_)
            | Command::Explain(_)
            | Command::Config(_)
            | Command::Completions(_)
            | Command::Help(_)
            | Command::Man(_)
            | Command::Version(_)
            | Command::Runtimes(_)
    )
}

/// Runs the verb, unless its flags contradict the engine that runs here.
async fn obeyed(context: &Context, command: &Command) -> Ending {
    if follows_engine(command)
        && let Err(error) = engine::heed(&context.settings).await
    {
        return context.console.fail(&error).map(Some);
    }
    dispatch(context, command).await
}

/// Runs the verb. The one list of what exists.
///
/// Each verb is boxed: together with the SDK's, their futures are too large for a thread's stack in debug builds.
fn dispatch<'a>(context: &'a Context, command: &'a Command) -> Pin<Box<dyn Future<Output = Ending> + 'a>> {
    let left = left(command);
    match command {
        Command::Init(args) => Box::pin(answer(context, left, ready(commands::init::run(context, args)))),
        Command::Up(args) => Box::pin(answer(context, left, commands::up::run(context, args))),
        Command::Plan(args) => Box::pin(answer(context, left, commands::plan::run(context, args))),
        Command::Deploy(args) => Box::pin(answer(context, left, commands::deploy::run(context, args))),
        Command::Export(args) => Box::pin(answer(context, left, commands::export::run(context, args))),
        Command::Test(args) => Box::pin(answer(context, left, commands::test::run(context, args))),
        Command::Bonus(args) => Box::pin(answer(context, left, commands::bonus::run(context, args))),
        Command::TestBonus(args) => Box::pin(answer(context, left, commands::test_bonus::run(context, args))),
        Command::Call(args) => Box::pin(answer(context, left, commands::call::run(context, args))),
        Command::Dashboard(args) => Box::pin(answer(context, left, dashboard::run(context, args))),
        Command::Open(args) if dashboard::is_opened(context, args) => {
            Box::pin(answer(context, left, dashboard::open(context, args)))
        }
        Command::Open(args) => Box::pin(answer(context, left, commands::open::run(context, args))),
        Command::Status(args) if args.all => Box::pin(answer(context, left, commands::overview::run(context, args))),
        Command::Status(args) => Box::pin(answer(context, left, commands::status::run(context, args))),
        Command::Logs(args) => Box::pin(answer(context, left, commands::logs::run(context, args))),
        Command::Trace(args) => Box::pin(answer(context, left, commands::trace::run(context, args))),
        Command::History(args) => Box::pin(answer(context, left, commands::history::run(context, args))),
        Command::Metrics(args) => Box::pin(answer(context, left, commands::metrics::run(context, args))),
        Command::Env(args) => Box::pin(answer(context, left, commands::env::run(context, args))),
        Command::Run(args) => Box::pin(answer(context, left, commands::run::run(context, args))),
        Command::Aws(args) => Box::pin(answer(context, left, commands::aws::run(context, args))),
        Command::Explain(args) => Box::pin(answer(context, left, ready(commands::explain::run(context, args)))),
        Command::Help(args) => Box::pin(answer(context, left, ready(commands::help::run(context, args)))),
        Command::Clean(args) => Box::pin(answer(context, left, commands::clean::run(context, args))),
        Command::Down(args) if args.all => Box::pin(answer(context, left, commands::down::all(context, args))),
        Command::Down(args) => Box::pin(answer(context, left, commands::down::run(context, args))),
        Command::Key(args) => match &args.action {
            KeyAction::Create(args) => Box::pin(answer(context, left, commands::key::create(context, args))),
            KeyAction::List(args) => Box::pin(answer(context, left, commands::key::list(context, args))),
            KeyAction::Revoke(args) => Box::pin(answer(context, left, commands::key::revoke(context, args))),
            KeyAction::Rotate(args) => Box::pin(answer(context, left, commands::key::rotate(context, args))),
        },
        Command::Schedule(args) => match &args.action {
            ScheduleAction::Set(args) => Box::pin(answer(context, left, commands::schedule::set(context, args))),
            ScheduleAction::List(args) => Box::pin(answer(context, left, commands::schedule::list(context, args))),
            ScheduleAction::Remove(args) => Box::pin(answer(context, left, commands::schedule::remove(context, args))),
        },
        Command::Runtimes(args) => match &args.action {
            RuntimesAction::List(args) => Box::pin(answer(context, left, commands::runtimes::list(context, args))),
            RuntimesAction::Install(args) => {
                Box::pin(answer(context, left, commands::runtimes::install(context, args)))
            }
        },
        Command::Doctor(args) if args.aws => {
            Box::pin(answer(context, left, ready(commands::doctor::aws(context, args))))
        }
        Command::Doctor(args) => Box::pin(answer(context, left, commands::doctor::run(context, args))),
        Command::Config(args) => match &args.action {
            ConfigAction::Show(args) => Box::pin(answer(context, left, ready(commands::config::show(context, args)))),
        },
        Command::Completions(args) => Box::pin(answer(context, left, ready(commands::completions::run(context, args)))),
        Command::Man(args) => Box::pin(answer(context, left, ready(commands::man::run(context, args)))),
        Command::Version(args) => Box::pin(answer(context, left, commands::version::run(context, args))),
    }
}

/// Prints a verb's result. What failed after Ctrl-C failed because of it.
async fn answer<R: Report>(context: &Context, left: &'static str, work: impl Future<Output = Result<R>>) -> Ending {
    let result = work.await;
    let result =
        result.map_err(|error| if context.cancel.is_cancelled() { signals::interrupted(error, left) } else { error });
    context.console.answer(result)
}
