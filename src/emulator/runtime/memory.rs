//! How much memory a function's processes hold, and when that is more than the function may have.
//!
//! The bound is kept by looking, not by the kernel: limits of address space break runtimes that reserve far more than
//! they touch (Node.js, Go), and control groups are delegated to hardly anybody who runs this. A process may hold more
//! than its bound for as long as it takes to be looked at. Only running invocations are looked at.

use crate::emulator::process_tree;
use rustix::process::Pid;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::sleep;

/// How often the processes of an invocation are looked at.
const LOOK: Duration = Duration::from_millis(50);
const MIB: u64 = 1 << 20;

/// The memory of one process and its descendants.
pub(super) struct Memory {
    /// The parent of the function's process, which does not count itself.
    parent: Option<Pid>,
    /// The most that they may hold, in bytes.
    bound: u64,
    /// The most that was seen, in bytes.
    most: AtomicU64,
}

impl Memory {
    /// Watches the descendants of `parent`, which may hold `megabytes`.
    pub(super) fn new(parent: Option<Pid>, megabytes: u32) -> Self {
        Self { parent, bound: u64::from(megabytes) * MIB, most: AtomicU64::new(0) }
    }

    /// Waits until more is held than may be.
    pub(super) async fn is_outgrown(&self) {
        loop {
            sleep(LOOK).await;
            if self.look() > self.bound {
                return;
            }
        }
    }

    /// Tells how much was held when it was looked at, in MB, and at most what may be held.
    pub(super) fn used(&self) -> u64 {
        let mut most = self.most.load(Ordering::Relaxed);
        if most == 0 {
            most = self.look();
        }
        most.min(self.bound).div_ceil(MIB)
    }

    /// Looks how much is held now, in bytes.
    pub(super) fn look(&self) -> u64 {
        let held = self.parent.map_or(0, |parent| process_tree::resident(parent, self.bound));
        self.most.fetch_max(held, Ordering::Relaxed);
        held
    }
}
