//! The places of one door's connections. When all are taken, the connection that has waited longest for its client (for
//! a head, a stranger's body, or the client to take an answer) gives up its own: whoever only holds connections open
//! keeps nobody else out.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places, and who could do without theirs.
#[derive(Debug, Clone)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    waiting: Arc<Mutex<Waiting>>,
}

/// Connections that wait for their clients, in the order in which they began to.
#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    connections: BTreeMap<u64, Arc<Notify>>,
}

impl Seats {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))), waiting: Arc::default() }
    }

    /// Takes a free place.
    pub(super) fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Asks whoever has waited longest to go, and waits for a place; `None` when nobody could be asked.
    pub(super) fn vacate(&self) -> Option<impl Future<Output = Option<OwnedSemaphorePermit>> + Send + use<>> {
        let (_, oldest) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).connections.pop_first()?;
        oldest.notify_one();
        let free = Arc::clone(&self.free);
        Some(async move { free.acquire_owned().await.ok() })
    }

    /// Says that a connection waits for its client, until the guard is dropped.
    pub(super) fn wait(&self) -> Wait {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, leave) = (waiting.next, Arc::<Notify>::default());
        waiting.next += 1;
        waiting.connections.insert(number, Arc::clone(&leave));
        Wait { seats: self.clone(), number, leave }
    }
}

/// A connection's wait for its client.
#[derive(Debug)]
pub(super) struct Wait {
    seats: Seats,
    number: u64,
    leave: Arc<Notify>,
}

impl Wait {
    /// Does what is waited for, unless this connection is to give up its place.
    pub(super) async fn unless_over<T, E>(&self, work: impl Future<Output = Result<T, E>>, over: E) -> Result<T, E> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.leave.notified() => Err(over),
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.seats.waiting.lock().unwrap_or_else(PoisonError::into_inner).connections.remove(&self.number);
    }
}
