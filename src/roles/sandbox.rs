//! The role `@sandbox`: sets the limits of a function's process on itself, starts that process, and ends it.
//!
//! It is not a container: a function runs as the user who runs atelier and reads what that user reads. What is promised
//! is that it and whatever it started die with the emulator, dump no core and cannot take all descriptors or disk by
//! accident. How much memory they may hold, the emulator watches itself.

use super::supervise::supervise;
use rustix::{
    fs::Mode,
    mount::{MountPropagationFlags, mount_bind, mount_change},
    process::{Pid, Resource, Rlimit, Signal},
    thread::UnshareFlags,
};
use std::{ffi::OsString, io, path::Path, process::ExitCode};

/// The exit code for a sandbox that could not become the function: what a shell says of a command that cannot be run.
const CANNOT_START: u8 = 126;

const GIB: u64 = 1 << 30;

/// The limits, in the units of `setrlimit(2)`. Address space is far above what a function uses, because runtimes
/// reserve much more than they touch; the number of processes is left alone, because it is counted per user.
const LIMITS: [(Resource, u64); 4] =
    [(Resource::Core, 0), (Resource::Nofile, 1024), (Resource::Fsize, GIB), (Resource::As, 64 * GIB)];

/// Runs the role: `@sandbox <pid of the emulator> <folder> <folder for /tmp> <folder for /opt> <file for /etc/hosts>
/// <program> [argument…]`; an empty path leaves the machine's own there. Ends as the program ends.
pub fn run(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let parent = args.next().and_then(|pid| Pid::from_raw(pid.to_str()?.parse().ok()?));
    let (folder, tmp, opt) = (args.next(), args.next(), args.next());
    let (hosts, program) = (args.next(), args.next());
    let (Some(parent), Some(folder), Some(tmp), Some(opt)) = (parent, folder, tmp, opt) else {
        return ExitCode::from(CANNOT_START);
    };
    let (Some(hosts), Some(program)) = (hosts, program) else { return ExitCode::from(CANNOT_START) };
    // In this order: what is below the machine's `/tmp` is hidden by another one.
    let mounts = [(&hosts, "/etc/hosts"), (&opt, "/opt"), (&tmp, "/tmp")];
    let mounts: Vec<_> = mounts.into_iter().filter(|(own, _)| !own.is_empty()).collect();
    if !mounts.is_empty() {
        let made = own_mounts().and_then(|()| {
            let mut mounts = mounts.iter();
            mounts.try_for_each(|(own, place)| Ok(mount_bind(Path::new(own), *place)?))
        });
        if let Err(error) = made
            && !tmp.is_empty()
        {
            // Functions that ask for `TMPDIR` see no difference; for the others the function's log says it.
            say(&format!(
                "atelier: this function sees the machine's /tmp, because the system lets nobody give it another one \
                 ({error}); TMPDIR names a folder of its own"
            ));
        }
    }
    let arguments: Vec<OsString> = args.collect();
    let error = match confine(parent, Path::new(&folder)).and_then(|()| supervise(Path::new(&program), &arguments)) {
        Ok(code) => return code,
        Err(error) => error,
    };
    say(&format!("{} could not be started: {error}", Path::new(&program).display()));
    ExitCode::from(CANNOT_START)
}

/// Writes a line to the function's log, which the pipe is: there is no other place where it could be seen.
fn say(line: &str) {
    let _ = io::Write::write_all(&mut io::stderr(), format!("{line}\n").as_bytes());
}

/// Gives this process and those that it starts mounts of their own.
///
/// Only root may do so in the namespace that it has; others get one in which they may. Both are made before the life of
/// the process is bound to its parent's: the kernel forgets that bond when a process gets new rights.
fn own_mounts() -> io::Result<()> {
    if unshare(UnshareFlags::NEWNS).is_err() {
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)?;
        // Everybody stays who they are; <https://man7.org/linux/man-pages/man7/user_namespaces.7.html> has the order.
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    // What is mounted here is to be seen nowhere else.
    Ok(mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?)
}

/// Gives this process, which has one thread, namespaces of its own.
#[expect(deprecated, reason = "what makes it unsafe is a flag about file descriptors that is never given here")]
fn unshare(flags: UnshareFlags) -> io::Result<()> {
    Ok(rustix::thread::unshare(flags)?)
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
