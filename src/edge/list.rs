//! What the engine says that it has (APIs, stages, keys), asked for as seldom as strangers' questions allow.
//!
//! A list is asked for when something is not on it, by one at a time and at a bounded pace: whoever invents names costs
//! the engine a question a second. None of those names is in the question.

use std::{
    borrow::Borrow,
    collections::HashSet,
    hash::Hash,
    sync::{PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, timeout},
};

/// How long what is on a list is taken to be so.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// The pace of questions: one a second, and this many at once after a rest, because what was deployed just now is to be
/// found just now.
const INTERVAL: Duration = Duration::from_secs(1);
const AT_ONCE: u32 = 4;
/// The most who wait for a list at a time; an engine that is slow to say must not hold everybody who asks.
const WAITING: usize = 64;
/// The longest wait for a list.
const ASK_TIME: Duration = Duration::from_secs(5);

/// Tells the time; tests have their own.
type Now = Box<dyn Fn() -> Instant + Send + Sync>;

/// A list, and how it was come by.
pub(super) struct List<T> {
    now: Now,
    known: RwLock<Known<T>>,
    /// When the pace allows [`AT_ONCE`] questions again. Held while one is asked.
    asking: Mutex<Option<Instant>>,
    waiting: Semaphore,
}

#[derive(Debug)]
struct Known<T> {
    items: HashSet<T>,
    /// When the last question was asked and answered; an engine that did not say leaves the items as they were.
    asked: Option<Instant>,
    answered: Option<Instant>,
    said: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::by(Box::new(Instant::now))
    }
}

impl<T> List<T> {
    fn by(now: Now) -> Self {
        let known = Known { items: HashSet::new(), asked: None, answered: None, said: false };
        Self { now, known: RwLock::new(known), asking: Mutex::default(), waiting: Semaphore::new(WAITING) }
    }
}

impl<T: Eq + Hash> List<T> {
    /// Tells whether something is on the list, and asks where that is not known; `None` when the engine does not say.
    pub(super) async fn has<Q: Eq + Hash + ?Sized>(
        &self,
        wanted: &Q,
        ask: impl Future<Output = Option<HashSet<T>>>,
    ) -> Option<bool>
    where
        T: Borrow<Q>,
    {
        let arrived = (self.now)();
        if self.knows(wanted) {
            return Some(true);
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        let mut asking = self.asking.lock().await;
        let now = (self.now)();
        if let Some(said) = self.said(wanted, arrived) {
            return said;
        }
        let full = asking.map_or(now, |full| full.max(now)) + INTERVAL;
        if full - now > INTERVAL * AT_ONCE {
            return self.said(wanted, now.checked_sub(GOOD_FOR).unwrap_or(now)).flatten();
        }
        *asking = Some(full);
        let items = timeout(ASK_TIME, ask).await.ok().flatten();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        (known.asked, known.answered, known.said) = (Some(now), Some((self.now)()), items.is_some());
        if let Some(items) = items {
            known.items = items;
        }
        known.said.then(|| known.items.contains(wanted))
    }

    /// Tells whether something is known to be on the list, without asking.
    fn knows<Q: Eq + Hash + ?Sized>(&self, wanted: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let good = known.said && known.asked.is_some_and(|asked| (self.now)().duration_since(asked) < GOOD_FOR);
        good && known.items.contains(wanted)
    }

    /// Gives the answer of a question that was asked since `since`, or the silence that ended since then.
    #[expect(clippy::option_option, reason = "there may be no answer yet, or one that leaves the question open")]
    fn said<Q: Eq + Hash + ?Sized>(&self, wanted: &Q, since: Instant) -> Option<Option<bool>>
    where
        T: Borrow<Q>,
    {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.said {
            (known.asked? > since).then(|| Some(known.items.contains(wanted)))
        } else {
            (known.answered? >= since).then_some(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        cell::Cell,
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
    };
    use tokio::task::yield_now;

    /// An engine that counts the questions, and the time by which they are asked.
    struct Engine {
        items: Cell<Option<&'static [&'static str]>>,
        asked: Cell<usize>,
        millis: Arc<AtomicU64>,
    }

    fn world(items: &'static [&'static str]) -> (List<&'static str>, Engine) {
        let (began, millis) = (Instant::now(), Arc::<AtomicU64>::default());
        let at = Arc::clone(&millis);
        let list = List::by(Box::new(move || began + Duration::from_millis(at.load(Ordering::Relaxed))));
        (list, Engine { items: Cell::new(Some(items)), asked: Cell::new(0), millis })
    }

    impl Engine {
        async fn list(&self) -> Option<HashSet<&'static str>> {
            self.asked.set(self.asked.get() + 1);
            yield_now().await;
            self.items.get().map(|items| items.iter().copied().collect())
        }

        fn wait(&self, time: Duration) {
            self.millis.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn what_is_on_the_list_is_known_for_a_while() {
        let (list, engine) = world(&["a", "b"]);
        for _ in 0..10 {
            assert_eq!(list.has("a", engine.list()).await, Some(true));
            assert_eq!(list.has("b", engine.list()).await, Some(true));
        }
        assert_eq!(engine.asked.get(), 1);
        engine.items.set(Some(&["a"]));
        engine.wait(GOOD_FOR);
        assert_eq!(list.has("b", engine.list()).await, Some(false));
        assert_eq!(engine.asked.get(), 2);
    }

    #[tokio::test]
    async fn what_is_new_is_found_at_once() {
        let (list, engine) = world(&["a"]);
        assert_eq!(list.has("a", engine.list()).await, Some(true));
        assert_eq!(list.has("b", engine.list()).await, Some(false));
        engine.items.set(Some(&["a", "b"]));
        assert_eq!(list.has("b", engine.list()).await, Some(true));
    }

    #[tokio::test]
    async fn invented_names_cost_the_engine_a_question_a_second() {
        let (list, engine) = world(&["a"]);
        for _ in 0..100 {
            for name in ["x", "y", "z"] {
                assert_eq!(list.has(name, engine.list()).await, Some(false));
            }
            assert_eq!(list.has("a", engine.list()).await, Some(true));
            engine.wait(Duration::from_millis(100));
        }
        assert!((10..=14).contains(&engine.asked.get()), "{}", engine.asked.get());
    }

    #[tokio::test]
    async fn an_engine_that_says_nothing_is_asked_once_for_all_who_wait() {
        let (list, engine) = world(&["a"]);
        assert_eq!(list.has("a", engine.list()).await, Some(true));
        engine.wait(GOOD_FOR);
        engine.items.set(None);
        let ask = || list.has("a", engine.list());
        assert_eq!(tokio::join!(ask(), ask(), ask(), ask(), ask()), (None, None, None, None, None));
        assert_eq!(engine.asked.get(), 2);
        engine.wait(INTERVAL);
        engine.items.set(Some(&["a"]));
        assert_eq!(list.has("a", engine.list()).await, Some(true));
    }

    #[tokio::test]
    async fn of_more_than_may_wait_for_an_engine_the_rest_is_told_at_once() {
        let (list, engine) = world(&["a"]);
        let all = futures_util::future::join_all((0..=WAITING).map(|_| list.has("a", engine.list()))).await;
        assert_eq!(all.iter().filter(|said| **said == Some(true)).count(), WAITING);
        assert_eq!(all.last(), Some(&None));
        // The clock stands still here, so that a question of this very instant may be one of before.
        assert!(u32::try_from(engine.asked.get()).unwrap() <= AT_ONCE);
    }
}
