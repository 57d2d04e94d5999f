//! What happens by itself: one task for all rules and alarms, which sleeps until the first of them is due.
//!
//! It knows nothing between two looks but when the next one is: what is due follows from the state, so it survives a
//! restart. Who changes what may be due wakes it.

use super::{
    cloudwatch,
    context::Context,
    events,
    runtime::{Functions, WeakFunctions},
    wire,
};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::{
    runtime::Handle,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest sleep: a machine that was asleep has another time of day than the timers of its processes know of.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// The most events that wait for another attempt to be delivered.
const MAX_WAITING: usize = 1024;

/// Wakes the task, and ends it when it goes.
pub struct Timers {
    wake: Arc<Notify>,
    waiting: Arc<Semaphore>,
    /// Cancelled when this goes.
    end: CancellationToken,
    _guard: DropGuard,
}

impl Default for Timers {
    fn default() -> Self {
        let end = CancellationToken::new();
        let guard = end.clone().drop_guard();
        Self { wake: Arc::default(), waiting: Arc::new(Semaphore::new(MAX_WAITING)), end, _guard: guard }
    }
}

impl Timers {
    /// Has the task look again when it is due.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Takes the place of something that waits for another attempt; none when too much waits.
    #[must_use]
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.waiting).try_acquire_owned().ok()
    }
}

/// Starts the task. Who opens the state outside of a runtime only looks at it, and nothing happens by itself.
pub(super) fn start(context: &Arc<Context>, functions: &Functions) {
    if Handle::try_current().is_err() {
        return;
    }
    let (wake, clock) = (Arc::clone(&context.timers.wake), context.config.clock.clone());
    let end = context.timers.end.clone();
    // Before anybody can ask for others.
    let interrupted = events::interrupted_replays(context);
    // The task keeps nothing alive: who lets go of the emulator has its folder back.
    let (context, runner) = (Arc::downgrade(context), functions.downgrade());
    functions.aside(async move {
        if let Some(context) = context.upgrade() {
            events::fail_replays(&context, interrupted).await;
        }
        loop {
            // Whatever changes after this is slept from this on, or wakes.
            let now = clock.now();
            let Some(next) = look(&context, &runner, now).await else { return };
            let sleep = async {
                match next {
                    Some(pause) => clock.sleep_from(now, pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wake.notified() => {}
                () = sleep => {}
                () = end.cancelled() => return,
            }
        }
    });
}

/// Serves what is due at `now`, and tells how long from then on there is nothing to do, at most; none when the emulator
/// is gone.
async fn look(context: &Weak<Context>, functions: &WeakFunctions, now: OffsetDateTime) -> Option<Option<Duration>> {
    let (context, functions) = (context.upgrade()?, functions.upgrade()?);
    let now = wire::millis(now);
    let rules = events::tick(&context, &functions, now).await;
    let alarms = cloudwatch::tick(&context, &functions, now).await;
    let next = [rules, alarms].into_iter().flatten().min();
    let pause = |due: i64| Duration::from_millis(u64::try_from(due - now).unwrap_or_default());
    // A millisecond at least, so that a due time which is served late by a hair is not asked for again and again.
    Some(next.map(|due| pause(due).clamp(Duration::from_millis(1), LONGEST_SLEEP)))
}
