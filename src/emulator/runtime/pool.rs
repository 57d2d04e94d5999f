//! Which processes are idle, for how long, and who waits for one. Knows nothing of what a process does.
//!
//! Whoever waits is served in the order of arrival, whichever function it is for: a process that is given back goes
//! to the first that can use it, and ends when one of another function has waited longer for its permit.

use super::{Spec, worker::Worker};
use crate::clock::Clock;
use std::{
    collections::{HashMap, VecDeque},
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The processes by their function's ARN; cheap to clone.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Mutex<Shared>>,
    /// One for each process that lives.
    permits: Arc<Semaphore>,
    clock: Clock,
}

#[derive(Default)]
struct Shared {
    functions: HashMap<String, Processes>,
    /// In the order of arrival. Those who have given up stay until they are looked at.
    waiting: VecDeque<Waiting>,
    /// How many processes were ended for those who wait for a permit, and have not freed theirs yet.
    ending: usize,
}

#[derive(Default)]
struct Processes {
    /// Idle ones, the one that was used last at the end.
    idle: Vec<Idle>,
    /// Those in an invocation; the ones that have ended since stay until they are looked at.
    busy: Vec<Weak<Worker>>,
}

impl Processes {
    /// Notes that a process is in an invocation.
    fn begin(&mut self, worker: &Arc<Worker>) {
        self.busy.retain(|other| other.strong_count() > 0);
        self.busy.push(Arc::downgrade(worker));
    }

    /// Notes that a process is not in an invocation any more.
    fn end(&mut self, worker: &Arc<Worker>) {
        let worker = Arc::downgrade(worker);
        self.busy.retain(|other| !other.ptr_eq(&worker));
    }
}

struct Idle {
    worker: Arc<Worker>,
    /// The clock's uptime at its beginning.
    since: Duration,
}

/// An invocation that waits for a process of its function and revision.
struct Waiting {
    arn: String,
    revision: String,
    process: oneshot::Sender<Checkout>,
}

/// What there is for an invocation.
pub(super) enum Available {
    /// An idle process.
    Idle(Checkout),
    /// None; the next one that is given back comes through here.
    Next(oneshot::Receiver<Checkout>),
}

/// A process in an invocation. Whoever holds it calls [`Checkout::finish`] once the process has answered; dropped
/// before that (the caller went away, say) it ends with its last holder, because nobody knows its state any more.
pub(super) struct Checkout {
    pool: Pool,
    arn: String,
    worker: Arc<Worker>,
}

impl Checkout {
    /// Makes the process idle again, or hands it to whoever has waited longest, if it still lives and is still wanted.
    pub(super) fn finish(self) {
        let pool = self.pool.clone();
        pool.give_back(self);
    }
}

impl Deref for Checkout {
    type Target = Worker;

    fn deref(&self) -> &Worker {
        &self.worker
    }
}

impl Pool {
    /// Starts with no process, and with permits for `most`.
    pub(super) fn new(most: usize, clock: Clock) -> Self {
        Self { shared: Arc::default(), permits: Arc::new(Semaphore::new(most)), clock }
    }

    /// Takes the idle process that was used last, or a place in the queue. Those of another revision are ended.
    pub(super) fn check_out(&self, spec: &Spec) -> Available {
        let mut shared = self.lock();
        let Shared { functions, waiting, .. } = &mut *shared;
        if let Some(processes) = functions.get_mut(&spec.arn) {
            while let Some(Idle { worker, .. }) = processes.idle.pop() {
                if worker.serves(&spec.revision) {
                    processes.begin(&worker);
                    return Available::Idle(Checkout { pool: self.clone(), arn: spec.arn.clone(), worker });
                }
            }
        }
        waiting.retain(|waiting| !waiting.process.is_closed());
        let (process, next) = oneshot::channel();
        let (arn, revision) = (spec.arn.clone(), spec.revision.clone());
        waiting.push_back(Waiting { arn, revision, process });
        Available::Next(next)
    }

    /// Tells whether processes of the function are in an invocation that they may soon have ended.
    pub(super) fn is_busy(&self, spec: &Spec) -> bool {
        let shared = self.lock();
        let mut busy = shared.functions.get(&spec.arn).into_iter().flat_map(|processes| &processes.busy);
        busy.any(|worker| worker.upgrade().is_some_and(|worker| worker.serves(&spec.revision)))
    }

    /// Waits for a permit for one more process, if need be by ending the process that was idle longest.
    pub(super) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        self.evict();
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        let ending = &mut self.lock().ending;
        *ending = ending.saturating_sub(1);
        Some(permit)
    }

    /// Takes in a new process, which is checked out to whoever started it.
    pub(super) fn add(&self, spec: &Spec, worker: Worker) -> Checkout {
        let worker = Arc::new(worker);
        self.lock().functions.entry(spec.arn.clone()).or_default().begin(&worker);
        Checkout { pool: self.clone(), arn: spec.arn.clone(), worker }
    }

    fn give_back(&self, checkout: Checkout) {
        let mut shared = self.lock();
        let is_full = self.permits.available_permits() == 0;
        if !is_full {
            shared.ending = 0;
        }
        let is_wanted = checkout.is_alive() && shared.functions.contains_key(&checkout.arn);
        let checkout = if is_wanted { shared.hand_on(checkout, is_full) } else { Some(checkout) };
        let Some(Checkout { arn, worker, .. }) = checkout else { return };
        let Some(processes) = shared.functions.get_mut(&arn) else { return };
        processes.end(&worker);
        if worker.is_alive() {
            processes.idle.push(Idle { worker, since: self.clock.uptime() });
        }
    }

    /// Ends the idle processes of a function now, and the others after their invocation.
    pub(super) fn retire(&self, arn: &str) {
        let Some(processes) = self.lock().functions.remove(arn) else { return };
        processes.busy.iter().filter_map(Weak::upgrade).for_each(|worker| worker.retire());
    }

    /// Ends the process that was idle longest, of whichever function.
    fn evict(&self) {
        let mut shared = self.lock();
        let oldest = shared.functions.values_mut().filter(|processes| !processes.idle.is_empty());
        if let Some(processes) = oldest.min_by_key(|processes| processes.idle[0].since) {
            processes.idle.remove(0);
            shared.ending += 1;
        }
    }

    /// Ends the processes that were idle for longer than `most`.
    pub(super) fn reap(&self, most: Duration) {
        let now = self.clock.uptime();
        self.lock().functions.retain(|_, processes| {
            processes.idle.retain(|idle| idle.worker.is_alive() && now.saturating_sub(idle.since) < most);
            processes.busy.retain(|worker| worker.strong_count() > 0);
            !processes.idle.is_empty() || !processes.busy.is_empty()
        });
    }

    /// Ends every idle process, and lets nobody wait for one any more.
    pub(super) fn clear(&self) {
        *self.lock() = Shared::default();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Hands a process that has answered to whoever has waited longest; gives it back when it is idle now, or is to end.
    fn hand_on(&mut self, mut checkout: Checkout, is_full: bool) -> Option<Checkout> {
        let (mut at, mut freed) = (0, self.ending);
        while let Some(waiting) = self.waiting.get(at) {
            if waiting.process.is_closed() {
                self.waiting.remove(at);
            } else if waiting.arn == checkout.arn && checkout.serves(&waiting.revision) {
                let waiting = self.waiting.remove(at)?;
                checkout = match waiting.process.send(checkout) {
                    Ok(()) => return None,
                    Err(checkout) => checkout,
                };
            } else if is_full && freed == 0 {
                self.ending += 1;
                checkout.kill();
                return Some(checkout);
            } else {
                freed = freed.saturating_sub(1);
                at += 1;
            }
        }
        Some(checkout)
    }
}
