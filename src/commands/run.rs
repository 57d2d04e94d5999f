//! `atelier run`: a command with what `atelier env` prints in its environment, and with an engine of its own where none
//! runs.
//!
//! stdin, stdout and stderr are the command's, and so is Ctrl-C; it ends as the command does. What is ours to say is said on
//! stderr before the command begins, and with `--json` after it has ended.

use super::env::{Variables, variables};
use crate::{
    cli,
    commands::context::Context,
    engine::{
        self,
        temporary::{self, Temporary},
    },
    engine_kind::EngineKind,
    error::{Code, Error, Exit, Result},
    settings::Settings,
    text::Message,
    ui::{Page, Report},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

/// What shells add to the number of the signal that ended a command.
const BY_SIGNAL: i32 = 128;

/// How the command ended.
#[derive(Debug, serde::Serialize)]
pub struct RunReport {
    /// What this process ends with: the command's exit code, or 128 and its signal.
    pub exit_code: u8,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The AWS API that it was given; absent on AWS.
    pub endpoint: Option<String>,
    /// Whether that was an engine of its own.
    pub own_engine: bool,
}

impl Report for RunReport {
    fn human(&self, _page: &mut Page) {}

    fn exit(&self) -> Option<Exit> {
        (self.exit_code != 0).then_some(Exit::Command(self.exit_code))
    }
}

/// Runs the command.
///
/// # Errors
/// Why no engine can be had, or why the command cannot be run. A command that fails is no error.
pub async fn run(context: &Context, args: &cli::Run) -> Result<RunReport> {
    let mut signals = Signals::listen()?;
    let (own, Variables { set, unset }) = tokio::select! {
        prepared = prepare(context) => prepared?,
        // Nothing runs yet; what was started ends with what holds it.
        _ = signals.next() => return Err(Error::new(Code::Interrupted)),
    };
    let mut command = Command::new(&args.command[0]);
    command.args(&args.command[1..]).envs(&set);
    for name in unset {
        command.env_remove(name);
    }
    let ended = match command.spawn() {
        Ok(child) => signals.until_end(child).await,
        Err(error) => Err(not_run(&args.command[0], &error)),
    };
    let own_engine = own.is_some();
    if let Some(own) = own {
        own.stop().await?;
    }
    let status = ended?;
    let endpoint = set.get("AWS_ENDPOINT_URL").cloned();
    Ok(RunReport { exit_code: exit_code(status), signal: status.signal(), endpoint, own_engine })
}

/// Finds the engine, or starts one; gives the variables with which it is reached.
async fn prepare(context: &Context) -> Result<(Option<Temporary>, Variables)> {
    let settings = &context.settings;
    match engine::connect(settings).await {
        Ok(engine) => return Ok((None, variables(settings, &engine).await?)),
        Err(error) if !may_start(settings, &error) => return Err(error),
        Err(_) => {}
    }
    let own = temporary::start(settings, &context.progress).await.map_err(|error| match error.code {
        Code::PortTaken => error.hint(Message::new("hint.run_port")),
        _ => error,
    })?;
    context.progress.note(Message::new("run.own_engine").with("url", own.url()));
    let wanted = settings.port.value;
    if ![0, own.port()].contains(&wanted) {
        context.progress.note(Message::new("run.other_port").with("port", wanted));
    }
    let there = own.settings(settings);
    let mut variables = variables(&there, &engine::connect(&there).await?).await?;
    // An `atelier` that the command runs follows it too, and not the record of a folder.
    variables.set.insert("ATELIER_ENDPOINT", own.url());
    Ok((Some(own), variables))
}

/// Whether an engine of the command's own stands in for the one that does not run.
fn may_start(settings: &Settings, error: &Error) -> bool {
    let is_process = |kind: EngineKind| !kind.facts().needs_docker() && !kind.facts().is_remote();
    let is_wanted = settings.engine.value.is_none_or(is_process) && settings.endpoint.value.is_none();
    error.code == Code::NotRunning && is_wanted
}

fn not_run(program: &OsStr, error: &io::Error) -> Error {
    let code = if error.kind() == ErrorKind::NotFound { Code::CommandNotFound } else { Code::CommandNotRun };
    Error::new(code).with("command", program.to_string_lossy().into_owned()).cause(error)
}

/// How this process ends, in the way of shells.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// The signals that are meant for the command.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen =
            |kind| signal(kind).map_err(|error| Error::new(Code::Bug).with("detail", "no signals").cause(&error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.hangup.recv() => Signal::HUP,
        }
    }

    /// Waits for the command's end and passes on what comes meanwhile.
    async fn until_end(&mut self, mut child: Child) -> Result<ExitStatus> {
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        loop {
            tokio::select! {
                status = child.wait() => {
                    return status.map_err(|error| Error::new(Code::Bug).with("detail", "the command was lost").cause(&error));
                }
                signal = self.next() => {
                    // What is typed at the terminal has reached the command already, and would come twice.
                    if signal == Signal::TERM || !is_in_foreground() {
                        // One that has just ended needs no signal.
                        let _ = pid.map(|pid| kill_process(pid, signal));
                    }
                }
            }
        }
    }
}

/// Whether the terminal sends its signals to this process, and so to the command, which is of the same group.
fn is_in_foreground() -> bool {
    let group = File::open("/dev/tty").ok().and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
    group == Some(rustix::process::getpgrp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_as_shells_say() {
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(exit_code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }
}
