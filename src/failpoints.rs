//! Steps at which the crash tests end this process or make the system refuse; only in builds with the feature of this
//! name, which no released binary has (`scripts/check.sh` looks).
//!
//! The variable `FAILPOINTS` says where and when, in the words of the crate `fail`: `disk.rename=2*off->return(kill)`.

use rustix::process::{Signal, getpid, kill_process};
use std::io;

/// Reads `FAILPOINTS`; what it says holds for as long as the value lives.
#[must_use]
pub fn arm() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}

/// Passes a step: `kill` ends the process as `kill -9` does, `full` is a full disk.
///
/// # Errors
/// What the tests want the system to say.
pub(crate) fn reach(step: &str) -> io::Result<()> {
    match fail::eval(step, |what| what).flatten().as_deref() {
        Some("kill") => {
            kill_process(getpid(), Signal::KILL)?;
            Ok(())
        }
        Some("full") => Err(io::ErrorKind::StorageFull.into()),
        _ => Ok(()),
    }
}
