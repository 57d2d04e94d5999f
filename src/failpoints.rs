//! Steps at which the crash tests end this process or make the system refuse; only in builds with the feature of this
//! name, which no released binary has (`scripts/check.sh` looks).
//!
//! The variable `FAILPOINTS` says where, when and what: `disk.rename=2:kill` is the third time at that step. A crate for
//! that exists (`fail`); with its features all AWS SDKs are compiled a second time, which takes a clean check ten minutes.

use rustix::process::{Signal, getpid, kill_process};
use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What is to happen where, and how often the step was passed.
struct Point {
    step: String,
    at: usize,
    what: String,
    passed: AtomicUsize,
}

static POINT: OnceLock<Point> = OnceLock::new();

/// Reads `FAILPOINTS`; what it says holds for as long as the process lives.
pub fn arm() {
    #[expect(clippy::disallowed_methods, reason = "no setting: the released binary has none of this")]
    let text = std::env::var("FAILPOINTS").unwrap_or_default();
    let point = text.split_once('=').and_then(|(step, rest)| {
        let (at, what) = rest.split_once(':')?;
        Some(Point { step: step.to_owned(), at: at.parse().ok()?, what: what.to_owned(), passed: AtomicUsize::new(0) })
    });
    if let Some(point) = point {
        let _ = POINT.set(point);
    }
}

/// Passes a step: `kill` ends the process as `kill -9` does, `full` is a full disk.
///
/// # Errors
/// What the tests want the system to say.
pub(crate) fn reach(step: &str) -> io::Result<()> {
    let Some(point) = POINT.get().filter(|point| point.step == step) else { return Ok(()) };
    if point.passed.fetch_add(1, Ordering::SeqCst) != point.at {
        return Ok(());
    }
    match point.what.as_str() {
        "kill" => Ok(kill_process(getpid(), Signal::KILL)?),
        "full" => Err(io::ErrorKind::StorageFull.into()),
        _ => Ok(()),
    }
}
