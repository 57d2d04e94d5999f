//! The role `@sandbox`: sets the limits of a function's process on itself, starts that process, and ends it.
//!
//! It is not a container: a function runs as the user who runs atelier and reads what that user reads. What is promised
//! is that it and whatever it started die with the emulator, dump no core and cannot take all descriptors or disk by
//! accident. How much memory they may hold, the emulator watches itself.

use super::{
    mounts::{self, Own},
    supervise::{Start, supervise},
};
use rustix::{
    fs::Mode,
    process::{Pid, Resource, Rlimit, Signal},
};
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The exit code for a sandbox that could not become the function: what a shell says of a command that cannot be run.
const CANNOT_START: u8 = 126;

const GIB: u64 = 1 << 30;

/// The limits, in the units of `setrlimit(2)`. Address space is far above what a function uses, because runtimes
/// reserve much more than they touch; the number of processes is left alone, because it is counted per user.
const LIMITS: [(Resource, u64); 4] =
    [(Resource::Core, 0), (Resource::Nofile, 1024), (Resource::Fsize, GIB), (Resource::As, 64 * GIB)];

/// Runs the role: `@sandbox <pid of the emulator> <folder> <folder for /var/task> <folder for /opt> <folder for /tmp>
/// <file for /etc/hosts> <program> [argument…]`; an empty path leaves the machine's own there. Ends as the program ends.
pub fn run(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let parent = args.next().and_then(|pid| Pid::from_raw(pid.to_str()?.parse().ok()?));
    let paths = <[PathBuf; 6]>::try_from(args.by_ref().take(6).map(PathBuf::from).collect::<Vec<_>>());
    let (Some(parent), Ok([folder, task, opt, tmp, hosts, program])) = (parent, paths) else {
        return ExitCode::from(CANNOT_START);
    };
    let view = mounts::make(Own { task, opt, tmp, hosts });
    for remark in &view.remarks {
        say(remark);
    }
    let program = view.of(&program);
    let arguments: Vec<OsString> = args.collect();
    let variables = view.variables(own_variables());
    let start = Start { program: &program, arguments: &arguments, variables: &variables };
    let error = match confine(parent, &view.of(&folder)).and_then(|()| supervise(&start)) {
        Ok(code) => return code,
        Err(error) => error,
    };
    say(&format!("{} could not be started: {error}", program.display()));
    ExitCode::from(CANNOT_START)
}

#[expect(clippy::disallowed_methods, reason = "they are the function's: the emulator gives this process no others")]
fn own_variables() -> std::env::VarsOs {
    std::env::vars_os()
}

/// Writes a line to the function's log, which the pipe is: there is no other place where it could be seen.
fn say(line: &str) {
    let _ = io::Write::write_all(&mut io::stderr(), format!("{line}\n").as_bytes());
}

/// Binds this process's life to its parent's and limits what it can take.
fn confine(parent: Pid, folder: &Path) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
    // A parent that died before the line above sends no signal any more.
    if rustix::process::getppid() != Some(parent) {
        return Err(io::Error::other("the emulator is gone"));
    }
    for (resource, wanted) in LIMITS {
        let most = rustix::process::getrlimit(resource).maximum.map_or(wanted, |most| most.min(wanted));
        rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    rustix::process::umask(Mode::from_raw_mode(0o077));
    std::env::set_current_dir(folder)
}
