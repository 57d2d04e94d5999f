//! Single flight: equal changes of one thing that arrive together are carried out once, and all get its outcome.
//!
//! Reads are not here: an answer that was on its way before a change is not the state after it.

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Keeps changes of one thing apart: the holder may look at its state and order a change.
pub(crate) type Turn = Arc<tokio::sync::Mutex<()>>;

/// The changes on their way, by the thing `K` that they change.
pub(crate) struct Flights<K, L, V>(Mutex<Table<K, L, V>>);

/// The latest change of each thing.
struct Table<K, L, V>(HashMap<K, Flight<L, V>>);

/// The latest change of one thing. An older one of another kind may still be on its way, but nobody joins it any more:
/// what it saw may be older than the latest change.
struct Flight<L, V> {
    kind: L,
    outcome: WeakShared<BoxFuture<'static, V>>,
    turn: Turn,
}

impl<L, V: Clone> Flight<L, V> {
    fn on_its_way(&self) -> Option<Shared<BoxFuture<'static, V>>> {
        self.outcome.upgrade().filter(|outcome| outcome.peek().is_none())
    }
}

impl<K: Eq + Hash, L: PartialEq, V: Clone> Flights<K, L, V> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Table(HashMap::new())))
    }

    /// Joins the change of this kind that is on its way, or sets one out. Whoever waits drives it: it goes on as long
    /// as one of its callers does, and ends with the last of them.
    pub(crate) fn join(
        &self,
        thing: K,
        kind: L,
        set_out: impl FnOnce(Turn) -> BoxFuture<'static, V>,
    ) -> Shared<BoxFuture<'static, V>> {
        let mut flights = self.lock();
        match flights.look(&thing, &kind) {
            Ok(outcome) => outcome,
            Err(turn) => flights.set_out(thing, kind, turn, set_out),
        }
    }

    /// The same, unless `most` changes of the thing, which this one cannot join, are on their way already.
    pub(crate) fn try_join(
        &self,
        thing: K,
        kind: L,
        most: usize,
        set_out: impl FnOnce(Turn) -> BoxFuture<'static, V>,
    ) -> Option<Shared<BoxFuture<'static, V>>> {
        let mut flights = self.lock();
        match flights.look(&thing, &kind) {
            Ok(outcome) => Some(outcome),
            // Each of them has the turn, and so have the table and this one.
            Err(turn) if Arc::strong_count(&turn) >= most + 2 => None,
            Err(turn) => Some(flights.set_out(thing, kind, turn, set_out)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table<K, L, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, L: PartialEq, V: Clone> Table<K, L, V> {
    /// Finds the change of this kind that is on its way; else gives the turn that the next one has to wait for.
    fn look(&mut self, thing: &K, kind: &L) -> Result<Shared<BoxFuture<'static, V>>, Turn> {
        // Nothing of the thing is on its way once the latest change has landed and nobody else holds its turn.
        self.0.retain(|_, flight| flight.on_its_way().is_some() || Arc::strong_count(&flight.turn) > 1);
        let Some(flight) = self.0.get(thing) else { return Err(Turn::default()) };
        let outcome = if flight.kind == *kind { flight.on_its_way() } else { None };
        outcome.ok_or_else(|| flight.turn.clone())
    }

    fn set_out(
        &mut self,
        thing: K,
        kind: L,
        turn: Turn,
        set_out: impl FnOnce(Turn) -> BoxFuture<'static, V>,
    ) -> Shared<BoxFuture<'static, V>> {
        let outcome = set_out(turn.clone()).shared();
        if let Some(weak) = outcome.downgrade() {
            self.0.insert(thing, Flight { kind, outcome: weak, turn });
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn equal_changes_are_carried_out_once_and_all_get_the_outcome() {
        let flights = Flights::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Notify::new());
        let join = || {
            let (runs, gate) = (runs.clone(), gate.clone());
            flights.join("instance", "start", move |turn| {
                async move {
                    let _turn = turn.lock().await;
                    gate.notified().await;
                    runs.fetch_add(1, Ordering::SeqCst) + 1
                }
                .boxed()
            })
        };
        let all: Vec<_> = (0..50).map(|_| join()).collect();
        gate.notify_one();
        assert_eq!(futures_util::future::join_all(all).await, vec![1; 50]);
        gate.notify_one();
        assert_eq!(join().await, 2, "a change that has landed is not joined");
    }

    #[tokio::test]
    async fn a_change_outlives_the_caller_that_set_it_out() {
        let flights = Flights::new();
        let gate = Arc::new(Notify::new());
        let inner = gate.clone();
        let first = flights.join(1, "start", |_| async move { inner.notified().await }.boxed());
        let second = flights.join(1, "start", |_| async { unreachable!("joined") }.boxed());
        drop(first);
        gate.notify_one();
        second.await;
    }

    #[tokio::test]
    async fn another_kind_of_change_gets_its_own_flight_and_the_same_turn() {
        let flights = Flights::new();
        let start = flights.join(1, "start", |turn| async move { Arc::as_ptr(&turn) as usize }.boxed());
        let stop = flights.join(1, "stop", |turn| async move { Arc::as_ptr(&turn) as usize }.boxed());
        let other = flights.join(2, "stop", |turn| async move { Arc::as_ptr(&turn) as usize }.boxed());
        let late = flights.join(1, "start", |_| async { 7 }.boxed());
        let (start, stop) = (start.await, stop.await);
        assert_eq!(start, stop);
        assert_ne!(stop, other.await);
        assert_eq!(late.await, 7, "a start from before a stop is not joined after it");
    }

    #[tokio::test]
    async fn a_change_that_cannot_join_is_refused_where_too_many_are_on_their_way() {
        let flights = Flights::new();
        let try_join = |kind| {
            flights.try_join(1, kind, 2, |turn| {
                async move {
                    let _turn = turn.lock().await;
                    kind
                }
                .boxed()
            })
        };
        let (start, stop) = (try_join("start").unwrap(), try_join("stop").unwrap());
        assert!(try_join("start").is_none() && try_join("restart").is_none());
        let same = try_join("stop").unwrap();
        assert_eq!((start.await, stop.await, same.await), ("start", "stop", "stop"));
        assert_eq!(try_join("restart").unwrap().await, "restart", "those that have landed do not count");
    }
}
