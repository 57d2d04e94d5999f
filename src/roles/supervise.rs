//! The life of one function process: started, waited for, and ended with everything that it started.
//!
//! A function may start processes that leave its group and its session. This process is the one to which the kernel
//! gives them when their parents are gone (`PR_SET_CHILD_SUBREAPER`), so none of them gets away while it lives. It is
//! asked to end by SIGTERM, which is also what the kernel sends when the emulator dies.

use crate::emulator::process_tree;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, set_child_subreaper, wait};
use std::{
    ffi::OsString,
    io,
    path::Path,
    process::{Child, Command, ExitCode},
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

/// How often, and how far apart, a busy file is tried: a second in all.
const BUSY_ATTEMPTS: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// How long the next look at descendants that do not end is put off: they were sent SIGKILL, and it takes effect soon.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What a shell adds to the number of the signal that ended a program.
const SIGNALLED: u8 = 128;

/// A program, and all that it is started with.
pub(super) struct Start<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [OsString],
    /// The whole environment.
    pub(super) variables: &'a [(OsString, OsString)],
}

/// Runs a program until it ends or this process is asked to end, then ends all that it left, and says how it ended:
/// by its own exit code or, where the system lets it, by the same signal.
///
/// # Errors
/// When the program cannot be started.
pub(super) fn supervise(start: &Start<'_>) -> io::Result<ExitCode> {
    set_child_subreaper(Some(getpid()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let status = runtime.block_on(async {
        // Before there is a child: neither its end nor the emulator's may be missed.
        let (mut ends, mut deaths) = (signal(SignalKind::terminate())?, signal(SignalKind::child())?);
        let child = Pid::from_child(&spawn(start)?);
        let status = loop {
            if let Some(status) = reap(child) {
                break Some(status);
            }
            tokio::select! {
                _ = deaths.recv() => {}
                _ = ends.recv() => break None,
            }
        };
        end_all().await;
        io::Result::Ok(status)
    })?;
    drop(runtime);
    Ok(status.map_or(ExitCode::FAILURE, end_like))
}

/// Starts the program.
///
/// Another thread of the emulator may fork while the program's file is being written; until its child execs, that
/// child holds the file open for writing and the kernel says `ETXTBSY`. That passes within milliseconds.
fn spawn(Start { program, arguments, variables }: &Start<'_>) -> io::Result<Child> {
    let variables = || variables.iter().map(|(name, value)| (name, value));
    for _ in 0..BUSY_ATTEMPTS {
        match Command::new(program).args(*arguments).env_clear().envs(variables()).spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => std::thread::sleep(BUSY_PAUSE),
            started => return started,
        }
    }
    Err(io::ErrorKind::ExecutableFileBusy.into())
}

/// Takes note of every child that has ended, its own and those it was given, and gives the status of one of them.
fn reap(child: Pid) -> Option<WaitStatus> {
    let mut found = None;
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if pid == child {
            found = Some(status);
        }
    }
    found
}

/// Kills all descendants. What a killed process had started becomes a child of this one and is killed next; it is over
/// when there is no child any more.
async fn end_all() {
    loop {
        for pid in process_tree::descendants(getpid()) {
            let _ = kill_process(pid, Signal::KILL);
        }
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => tokio::time::sleep(LOOK_AGAIN).await,
            Err(_) => return,
        }
    }
}

/// Ends this process as another one ended; returns only when that was by exit, or when the signal does not end it.
fn end_like(status: WaitStatus) -> ExitCode {
    if let Some(code) = status.exit_status() {
        return ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX));
    }
    let Some(number) = status.terminating_signal() else { return ExitCode::FAILURE };
    if let Some(signal) = Signal::from_named_raw(number) {
        // Twice: the standard library's own handler of a broken access only steps aside at the first.
        for _ in 0..2 {
            let _ = kill_process(getpid(), signal);
        }
    }
    ExitCode::from(SIGNALLED.saturating_add(u8::try_from(number).unwrap_or_default()))
}
