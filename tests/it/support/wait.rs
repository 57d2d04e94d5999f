//! Waiting for a condition, never for a time.

use rustix::process::{Pid, test_kill_process};
use std::{
    fs,
    time::{Duration, Instant},
};

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// Waits until `condition` holds; `false` when it does not within `deadline`.
pub(crate) fn eventually(deadline: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + deadline;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(GLANCE);
    }
}

/// Tells whether a process runs no more: it is not there, or only its end is, which nobody has taken note of. (Where the
/// first process of a container takes note of nothing, it stays so.)
pub(crate) fn has_ended(pid: Pid) -> bool {
    let is_dead = || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "));
    test_kill_process(pid).is_err() || is_dead()
}
