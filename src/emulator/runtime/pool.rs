//! Which processes are idle, for how long, and who waits for one. Knows nothing of what a process does.
//!
//! Whoever waits is served in the order of arrival, whichever function it is for: a process that was given back goes
//! to the first that can use it, and ends when one of another function has waited longer for its place.

use super::{Spec, worker::Worker};
use crate::clock::Clock;
use std::{
    collections::{HashMap, VecDeque},
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The most invocations that may wait for a process.
const MAX_WAITING: usize = 256;

/// The processes by their function's ARN; cheap to clone.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Mutex<Shared>>,
    /// One for each process that lives.
    places: Arc<Semaphore>,
    clock: Clock,
}

#[derive(Default)]
struct Shared {
    functions: HashMap<String, Processes>,
    /// In the order of arrival. Those who have given up stay until they are looked at.
    waiting: VecDeque<Waiting>,
}

#[derive(Default)]
struct Processes {
    /// Idle ones, the one that was used last at the end.
    idle: Vec<Idle>,
    /// Those in an invocation.
    busy: Vec<Weak<Worker>>,
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
    process: oneshot::Sender<Busy>,
    /// Whether a process of another function was ended to make a place for it.
    promised: bool,
}

/// What there is for an invocation.
pub(super) enum Taken {
    /// An idle process.
    Idle(Busy),
    /// None; the next one that is given back comes through here.
    Next(oneshot::Receiver<Busy>),
    /// None, and too many wait already.
    Full,
}

impl Pool {
    /// Starts with no process, and with room for `most`.
    pub(super) fn new(most: usize, clock: Clock) -> Self {
        Self { shared: Arc::default(), places: Arc::new(Semaphore::new(most)), clock }
    }

    /// Takes the idle process that was used last, or a place in the queue. Those of another revision are ended.
    pub(super) fn take(&self, spec: &Spec) -> Taken {
        let mut shared = self.lock();
        let Shared { functions, waiting } = &mut *shared;
        if let Some(processes) = functions.get_mut(&spec.arn) {
            while let Some(Idle { worker, .. }) = processes.idle.pop() {
                if worker.serves(&spec.revision) {
                    processes.busy.push(Arc::downgrade(&worker));
                    return Taken::Idle(Busy::new(self, &spec.arn, worker));
                }
                worker.kill();
            }
        }
        if waiting.len() >= MAX_WAITING {
            waiting.retain(|waiting| !waiting.process.is_closed());
        }
        if waiting.len() >= MAX_WAITING {
            return Taken::Full;
        }
        let (process, next) = oneshot::channel();
        let (arn, revision) = (spec.arn.clone(), spec.revision.clone());
        waiting.push_back(Waiting { arn, revision, process, promised: false });
        Taken::Next(next)
    }

    /// Tells whether processes of the function are in an invocation that they may soon have ended.
    pub(super) fn works(&self, spec: &Spec) -> bool {
        let shared = self.lock();
        let mut busy = shared.functions.get(&spec.arn).into_iter().flat_map(|processes| &processes.busy);
        busy.any(|worker| worker.upgrade().is_some_and(|worker| worker.serves(&spec.revision)))
    }

    /// Waits for a place for one more process, if need be by ending the process that was idle longest.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        self.evict();
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Notes that a new process is in an invocation until the result is dropped, which ends the process, or given back.
    pub(super) fn busy(&self, spec: &Spec, worker: Arc<Worker>) -> Busy {
        let mut shared = self.lock();
        shared.functions.entry(spec.arn.clone()).or_default().busy.push(Arc::downgrade(&worker));
        Busy::new(self, &spec.arn, worker)
    }

    /// Ends the idle processes of a function now, and the others after their invocation.
    pub(super) fn retire(&self, arn: &str) {
        let Some(processes) = self.lock().functions.remove(arn) else { return };
        processes.idle.iter().for_each(|idle| idle.worker.kill());
        processes.busy.iter().filter_map(Weak::upgrade).for_each(|worker| worker.retire());
    }

    /// Ends the process that was idle longest, of whichever function.
    fn evict(&self) {
        let mut shared = self.lock();
        let oldest = shared.functions.values_mut().filter(|processes| !processes.idle.is_empty());
        if let Some(processes) = oldest.min_by_key(|processes| processes.idle[0].since) {
            processes.idle.remove(0).worker.kill();
        }
    }

    /// Ends the processes that were idle for longer than `most`.
    pub(super) fn reap(&self, most: Duration) {
        let now = self.clock.uptime();
        self.lock().functions.retain(|_, processes| {
            processes.idle.retain(|idle| {
                let keep = idle.worker.is_alive() && now.saturating_sub(idle.since) < most;
                if !keep {
                    idle.worker.kill();
                }
                keep
            });
            !processes.idle.is_empty() || !processes.busy.is_empty()
        });
    }

    /// Ends every process.
    pub(super) fn clear(&self) {
        let Shared { functions, waiting } = std::mem::take(&mut *self.lock());
        drop(waiting);
        functions.values().flat_map(|processes| &processes.idle).for_each(|idle| idle.worker.kill());
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Hands a process that was answered to whoever has waited longest; gives it back when it is idle now, or is to end.
    fn hand_on(&mut self, mut busy: Busy, is_full: bool) -> Option<Busy> {
        let mut at = 0;
        while let Some(waiting) = self.waiting.get_mut(at) {
            if waiting.process.is_closed() {
                self.waiting.remove(at);
            } else if waiting.arn == busy.arn && busy.worker.serves(&waiting.revision) {
                let waiting = self.waiting.remove(at)?;
                busy = match waiting.process.send(busy) {
                    Ok(()) => return None,
                    Err(busy) => busy,
                };
            } else if is_full && !waiting.promised {
                waiting.promised = true;
                busy.worker.kill();
                return Some(busy);
            } else {
                at += 1;
            }
        }
        Some(busy)
    }
}

/// A process in an invocation. Dropped without [`Busy::give_back`] (the caller went away, say), it ends the process,
/// whose state nobody knows any more.
pub(super) struct Busy {
    pool: Pool,
    arn: String,
    worker: Arc<Worker>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has no work: new, idle until now, or answered.
    Free,
    /// It has been given work.
    Working,
    /// The pool has taken it back.
    Returned,
}

impl Busy {
    fn new(pool: &Pool, arn: &str, worker: Arc<Worker>) -> Self {
        Self { pool: pool.clone(), arn: arn.to_owned(), worker, state: State::Free }
    }

    /// Notes that the process gets work, and so a state that nobody knows until it has answered.
    pub(super) fn work(&mut self) -> &Worker {
        self.state = State::Working;
        &self.worker
    }

    /// Makes the process idle again, if it still lives and is still wanted.
    pub(super) fn give_back(mut self) {
        self.state = State::Free;
    }
}

impl Deref for Busy {
    type Target = Worker;

    fn deref(&self) -> &Worker {
        &self.worker
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.state == State::Returned {
            return;
        }
        let is_free = self.state == State::Free && self.worker.is_alive();
        // The one that goes back keeps the name; this one is dropped without a trace.
        self.state = State::Returned;
        let (pool, worker) = (self.pool.clone(), Arc::clone(&self.worker));
        let mut shared = pool.lock();
        let is_known = shared.functions.contains_key(&self.arn);
        if is_free && is_known {
            let busy = Self::new(&pool, &self.arn, worker);
            let Some(mut busy) = shared.hand_on(busy, pool.places.available_permits() == 0) else { return };
            busy.state = State::Returned;
        }
        let Some(processes) = shared.functions.get_mut(&self.arn) else { return self.worker.kill() };
        let ours = Arc::downgrade(&self.worker);
        processes.busy.retain(|worker| !worker.ptr_eq(&ours));
        if is_free && self.worker.is_alive() {
            processes.idle.push(Idle { worker: Arc::clone(&self.worker), since: pool.clock.uptime() });
        } else {
            self.worker.kill();
        }
    }
}
