//! Changes on their way to the disk: what waits goes there together, and nobody is told before it is there.
//!
//! There are two heads. The *pending* one holds every change that was accepted, and the next change works on it; the
//! *durable* one holds what is on disk, and readers see that. One thread takes whatever changes wait, commits them as
//! one transaction and makes the head after them the durable one. When it cannot, all of them fail, and so does what
//! was accepted on top of them in the meantime: the pending head is the durable one again.

use super::{
    Region, SaveError, Tables, Touched,
    database::{self, Database},
};
use rpds::RedBlackTreeMapSync;
use std::{
    io, mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock},
    thread::{self, JoinHandle},
};
use tokio::sync::oneshot;

/// The state of every region that was ever written to.
pub(super) type Regions<S> = RedBlackTreeMapSync<Region, Arc<S>>;

/// Gives a store its writer's thread.
pub(super) struct Committer<S: State> {
    shared: Arc<Shared<S>>,
    thread: Option<JoinHandle<()>>,
}

/// What a region's state has to be able to.
pub trait State: Clone + Default + Tables + Send + Sync + 'static {}

impl<S: Clone + Default + Tables + Send + Sync + 'static> State for S {}

struct Shared<S> {
    pending: Mutex<Pending<S>>,
    /// Wakes the thread.
    work: Condvar,
    durable: RwLock<Regions<S>>,
}

struct Pending<S> {
    head: Regions<S>,
    waiting: Vec<Job<S>>,
    /// Whether the thread is at work on jobs that it took.
    is_committing: bool,
    is_closed: bool,
}

/// A change that waits for the disk, or somebody who waits for the changes before.
struct Job<S> {
    writes: Vec<Touch>,
    /// The head with this change.
    head: Regions<S>,
    told: oneshot::Sender<Result<(), SaveError>>,
}

/// A record that a change has touched.
struct Touch {
    region: Region,
    table: &'static str,
    id: String,
    /// `None` where it was removed.
    json: Option<Vec<u8>>,
}

impl Touch {
    fn write(&self) -> database::Write<'_> {
        (database::key(self.region.as_str(), self.table, &self.id), self.json.as_deref())
    }
}

/// Resolves when what was accepted is on disk.
type Ticket = oneshot::Receiver<Result<(), SaveError>>;

impl<S: State> Committer<S> {
    /// Starts with what is on disk.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub(super) fn start(mut database: Database, regions: Regions<S>) -> io::Result<Self> {
        Self::with(regions, move |touched| database.commit(touched.iter().copied().map(Touch::write)))
    }

    /// Starts with what is on disk; `commit` brings there what was touched, all of it or nothing.
    fn with(
        regions: Regions<S>,
        commit: impl FnMut(&[&Touch]) -> Result<(), SaveError> + Send + 'static,
    ) -> io::Result<Self> {
        let pending = Pending { head: regions.clone(), waiting: Vec::new(), is_committing: false, is_closed: false };
        let shared =
            Arc::new(Shared { pending: Mutex::new(pending), work: Condvar::new(), durable: RwLock::new(regions) });
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || worker.run(commit))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Returns what is on disk.
    pub(super) fn durable(&self) -> Regions<S> {
        self.shared.durable.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// See [`super::Store::change`]. Once `edit` has succeeded the change takes its way, whether its caller waits for
    /// it or goes away: memory and disk cannot part.
    pub(super) async fn change<T, E: From<SaveError>>(
        &self,
        region: &Region,
        edit: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> Result<T, E> {
        let (result, ticket) = self.shared.accept(region, edit);
        if let Some(ticket) = ticket {
            // A ticket is lost only with the thread.
            ticket.await.unwrap_or_else(|_| Err(io::Error::other("the store is closed").into()))?;
        }
        result
    }
}

impl<S: State> Drop for Committer<S> {
    /// Waits until what was accepted is on disk and the file is closed.
    fn drop(&mut self) {
        self.shared.pending().is_closed = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl<S: State> Shared<S> {
    fn pending(&self) -> MutexGuard<'_, Pending<S>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs an edit on the pending head; gives its result and what has to be waited for before it may be told.
    fn accept<T, E: From<SaveError>>(
        &self,
        region: &Region,
        edit: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> (Result<T, E>, Option<Ticket>) {
        let mut pending = self.pending();
        let mut state = pending.head.get(region).map_or_else(S::default, |state| S::clone(state));
        let edited = edit(&mut state).and_then(|value| Ok((value, writes(region, &mut state)?)));
        let (result, writes) = match edited {
            Ok((value, writes)) => (Ok(value), writes),
            Err(error) => (Err(error), Vec::new()),
        };
        if writes.is_empty() {
            // What was found, or refused, was perhaps found on a head that is not on disk yet, and may never be.
            let is_durable = pending.waiting.is_empty() && !pending.is_committing;
            return (result, if is_durable { None } else { Some(self.submit(&mut pending, writes)) });
        }
        pending.head.insert_mut(region.clone(), Arc::new(state));
        (result, Some(self.submit(&mut pending, writes)))
    }

    fn submit(&self, pending: &mut Pending<S>, writes: Vec<Touch>) -> Ticket {
        let (told, ticket) = oneshot::channel();
        pending.waiting.push(Job { writes, head: pending.head.clone(), told });
        self.work.notify_one();
        ticket
    }

    /// Commits what waits, again and again, until the store is closed.
    fn run(&self, mut commit: impl FnMut(&[&Touch]) -> Result<(), SaveError>) {
        // What a failed transaction may have left on disk all the same, as it should be there.
        let mut amends = Vec::new();
        while let Some(mut jobs) = self.take() {
            let touched: Vec<_> = amends.iter().chain(jobs.iter().flat_map(|job| &job.writes)).collect();
            let outcome = commit(&touched);
            let mut pending = self.pending();
            if outcome.is_ok() {
                amends.clear();
                if let Some(last) = jobs.last() {
                    *self.durable.write().unwrap_or_else(PoisonError::into_inner) = last.head.clone();
                }
            } else {
                let durable = self.durable.read().unwrap_or_else(PoisonError::into_inner).clone();
                amends.extend(jobs.iter().flat_map(|job| &job.writes).filter_map(|touch| amend(&durable, touch)));
                pending.head = durable;
                jobs.append(&mut pending.waiting);
            }
            pending.is_committing = false;
            drop(pending);
            for job in jobs {
                // Whoever asked may have gone away.
                let _ = job.told.send(outcome.clone());
            }
        }
    }

    /// Waits for jobs and takes all that there are; `None` when the store is closed and nothing waits.
    fn take(&self) -> Option<Vec<Job<S>>> {
        let mut pending = self.pending();
        while pending.waiting.is_empty() {
            if pending.is_closed {
                return None;
            }
            pending = self.work.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        pending.is_committing = true;
        Some(mem::take(&mut pending.waiting))
    }
}

/// Lists what a change has touched.
fn writes<S: Tables>(region: &Region, state: &mut S) -> Result<Vec<Touch>, SaveError> {
    let mut writes = Vec::new();
    for (table, content) in state.tables() {
        let touched = content.take_touched().map_err(|error| SaveError::from(io::Error::from(error)))?;
        let of_region = |Touched { id, json }| Touch { region: region.clone(), table, id, json };
        writes.extend(touched.into_iter().map(of_region));
    }
    Ok(writes)
}

/// Says what a record has to be so that it is as it was before a write that failed.
fn amend<S: State>(durable: &Regions<S>, touch: &Touch) -> Option<Touch> {
    let mut state = durable.get(&touch.region).map_or_else(S::default, |state| S::clone(state));
    let (_, table) = state.tables().into_iter().find(|(name, _)| *name == touch.table)?;
    // What was written before can be written again.
    let json = table.encode(&touch.id).ok()?;
    Some(Touch { region: touch.region.clone(), table: touch.table, id: touch.id.clone(), json })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::store::tests::{Texts, region};
    use std::sync::mpsc;

    /// A store whose every commit tells how many records it has and then takes until it is let go.
    fn gated() -> (Committer<Texts>, mpsc::Receiver<usize>, mpsc::Sender<()>) {
        let (tell, begun) = mpsc::channel();
        let (go, wait) = mpsc::channel();
        let commit = move |touched: &[&Touch]| {
            // A test that has failed listens no more, and lets everything go.
            let _ = tell.send(touched.len());
            let _ = wait.recv();
            Ok(())
        };
        (Committer::with(Regions::default(), commit).unwrap(), begun, go)
    }

    fn put(store: &Committer<Texts>, name: &str) -> Ticket {
        let put = |state: &mut Texts| {
            state.0.insert(name.to_owned(), String::new());
            Ok::<_, SaveError>(())
        };
        let (accepted, ticket) = store.shared.accept(&region(), put);
        accepted.unwrap();
        ticket.unwrap()
    }

    fn names(durable: &Regions<Texts>) -> Vec<String> {
        durable.get(&region()).map(|state| state.0.keys().cloned().collect()).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_reader_is_answered_while_a_commit_is_under_way_and_keeps_what_it_saw_after_it() {
        let (store, begun, go) = gated();
        let first = put(&store, "a");
        assert_eq!(begun.recv(), Ok(1));
        // The commit ends only below: who waited for it would wait here for ever.
        assert!(names(&store.durable()).is_empty());
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        let held = store.durable();
        assert_eq!(names(&held), ["a"]);
        let second = put(&store, "b");
        assert_eq!(begun.recv(), Ok(1));
        assert_eq!(names(&store.durable()), ["a"]);
        go.send(()).unwrap();
        // Nor does a commit wait for a reader.
        second.await.unwrap().unwrap();
        assert_eq!(
            (names(&held), names(&store.durable())),
            (vec!["a".to_owned()], vec!["a".to_owned(), "b".to_owned()])
        );
    }

    #[tokio::test]
    async fn all_who_come_during_a_commit_share_the_next_one_and_none_is_told_before_it_ends() {
        let (store, begun, go) = gated();
        let first = put(&store, "first");
        assert_eq!(begun.recv(), Ok(1));
        let mut others: Vec<_> = (0..99).map(|number| put(&store, &format!("other-{number}"))).collect();
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(begun.recv(), Ok(99));
        assert!(others.iter_mut().all(|ticket| ticket.try_recv().is_err()));
        assert_eq!(names(&store.durable()), ["first"]);
        go.send(()).unwrap();
        for ticket in others {
            ticket.await.unwrap().unwrap();
        }
        assert_eq!(names(&store.durable()).len(), 100);
        drop(store);
        assert!(begun.recv().is_err(), "two commits for a hundred writers");
    }
}
