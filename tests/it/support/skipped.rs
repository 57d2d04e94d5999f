//! Tests that cannot run here say so, past what the test harness keeps to itself, and are counted.

use std::{
    io::Write,
    sync::atomic::{AtomicUsize, Ordering},
};

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// Says that a test is skipped, and why.
pub(crate) fn skipped(reason: &str) {
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    let _ = writeln!(std::io::stderr(), "SKIPPED ({count}): {reason}");
}
