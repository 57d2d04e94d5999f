//! Looks at everything again and again while somebody watches, and keeps what was seen last: any number of pages cost the
//! engine one look a second, and none costs it anything.

use super::current::Current;
use crate::{
    cli::LogSource,
    commands::{
        context::Context,
        status::{self, StatusReport},
    },
    engine::record::Record,
    trace::{Filter, Page, Reader},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(800);
/// What was seen longer ago is looked at again before it is shown.
const FRESH: Duration = Duration::from_millis(1500);
/// How long a page waits for that; then it shows what there is.
const PATIENCE: Duration = Duration::from_millis(1200);
/// How long the first page waits, which has nothing to show.
const FIRST: Duration = Duration::from_secs(8);
/// How long after the last page nobody looks any more.
const REST: Duration = Duration::from_secs(30);
/// How much later than it happened a call may stand in a log: clocks of containers may be behind.
const BACK: Duration = Duration::from_secs(10);
/// Where the embedded engine and the door before any other write down what they were asked.
const DOORS: &[LogSource] = &[LogSource::Engine, LogSource::Edge];
/// What a look reads, pass by pass: the doors' logs, then all.
const SOURCES: [&[LogSource]; 2] = [DOORS, &[]];
/// How many calls one look tells apart; where there are more, the newest are new ones.
const MOST: usize = 64;

/// What was seen.
pub(super) struct Seen {
    pub(super) status: StatusReport,
    /// When the look began: what happened before is in it.
    began: Instant,
    /// Another one means that something has changed.
    print: [u8; 32],
}

/// Keeps what was seen.
pub(super) struct Lookout {
    seen: watch::Sender<Option<Arc<Seen>>>,
    changes: watch::Sender<u64>,
    wanted: Notify,
    asked: Mutex<Instant>,
}

impl Default for Lookout {
    fn default() -> Self {
        let (seen, changes) = (watch::Sender::new(None), watch::Sender::new(0));
        Self { seen, changes, wanted: Notify::new(), asked: Mutex::new(Instant::now()) }
    }
}

impl Lookout {
    /// What was seen just now.
    pub(super) async fn fresh(&self) -> Option<Arc<Seen>> {
        self.since(Instant::now().checked_sub(FRESH)?).await
    }

    /// What was seen after an instant; what was seen before when that takes too long.
    pub(super) async fn since(&self, instant: Instant) -> Option<Arc<Seen>> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let mut seen = self.seen.subscribe();
        let is_fresh = |seen: &Option<Arc<Seen>>| seen.as_ref().is_some_and(|seen| seen.began >= instant);
        if is_fresh(&seen.borrow()) {
            return seen.borrow().clone();
        }
        let patience = if seen.borrow().is_some() { PATIENCE } else { FIRST };
        self.wanted.notify_one();
        let found = timeout(patience, seen.wait_for(is_fresh)).await;
        if let Ok(Ok(found)) = found {
            return found.clone();
        }
        self.seen.borrow().clone()
    }

    /// Counts the changes.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn is_wanted(&self) -> bool {
        self.changes.receiver_count() > 0 || self.asked.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < REST
    }
}

/// Looks for as long as the command runs.
pub(super) async fn keep(lookout: &Lookout, current: &Current) {
    let mut newest = Newest::from(OffsetDateTime::now_utc());
    loop {
        let began = Instant::now();
        let (context, problem) = current.context();
        let mut status = Box::pin(status::look(&context, status::Depth::Parts)).await;
        if let Some(problem) = problem {
            (status.hints, status.problem) = (problem.hints, Some(problem.message));
        }
        let print = print(&status, newest.look(&context).await);
        let before = lookout.seen.send_replace(Some(Arc::new(Seen { status, began, print })));
        if before.is_none_or(|before| before.print != print) {
            lookout.changes.send_modify(|count| *count += 1);
        }
        if lookout.is_wanted() {
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = lookout.wanted.notified() => {}
            }
        } else {
            lookout.wanted.notified().await;
        }
    }
}

/// What makes one look differ from another: everything but how old things are.
fn print(status: &StatusReport, newest: u64) -> [u8; 32] {
    let mut value = serde_json::to_value(status).unwrap_or_default();
    for part in value["parts"].as_array_mut().into_iter().flatten() {
        part["age_seconds"].take();
    }
    Sha256::digest(format!("{newest} {value}")).into()
}

/// Which calls that were not ours have ended. Each look goes back to the one before it only: there may be hours of our own
/// traffic before that.
struct Newest {
    /// From when on the doors' logs, and all logs, are to be looked at; each as far as it was.
    since: [OffsetDateTime; 2],
    /// The calls that were told, by id and end, while a look may still meet them.
    told: HashSet<(String, OffsetDateTime)>,
    /// How many looks have met one that was not told yet.
    count: u64,
}

impl Newest {
    fn from(began: OffsetDateTime) -> Self {
        Self { since: [began - BACK; 2], told: HashSet::new(), count: 0 }
    }

    /// Tells by another number that there are more. The embedded engine's own log has most: what the function wrote of the
    /// last seconds may be much, and is asked for where nothing else tells of a new call. Ticks are in it alone, and others
    /// are called past our door, too.
    async fn look(&mut self, context: &Context) -> u64 {
        let is_embedded = Record::read(&context.settings).is_some_and(|record| record.door.is_some());
        let passes = usize::from(!is_embedded)..self.since.len();
        let read = async |sources: &'static [LogSource], since| {
            let filter = Filter { ended_since: Some(since), ..Filter::default() };
            Reader::of(&context.settings, sources).bare().page(&filter, MOST, None).await.ok()
        };
        self.look_by(OffsetDateTime::now_utc(), passes, read).await
    }

    async fn look_by(
        &mut self,
        began: OffsetDateTime,
        passes: Range<usize>,
        read: impl AsyncFn(&'static [LogSource], OffsetDateTime) -> Option<Page>,
    ) -> u64 {
        for pass in passes.clone() {
            let Some(page) = read(SOURCES[pass], self.since[pass]).await else { continue };
            // What could not be read is still to be looked at.
            if page.failure.is_none() {
                self.since[pass] = began - BACK;
            }
            let before = self.told.len();
            self.told.extend(page.calls.into_iter().map(|call| (call.request_id, call.end)));
            if self.told.len() > before {
                self.count += 1;
                break;
            }
        }
        let oldest = passes.map(|pass| self.since[pass]).min();
        self.told.retain(|(_, end)| oldest.is_none_or(|oldest| *end >= oldest));
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Call;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    /// Looks so many seconds after noon, with calls in the doors' logs and others past the doors.
    async fn look(newest: &mut Newest, after: i64, doors: &[(&str, i64)], past: &[(&str, i64)]) -> u64 {
        let read = async |sources: &'static [LogSource], since: OffsetDateTime| {
            let calls = doors.iter().chain(past.iter().filter(|_| sources.is_empty()));
            let calls = calls.map(|(id, at)| Call::new((*id).to_owned(), NOON + time::Duration::seconds(*at)));
            Some(Page { calls: calls.filter(|call| call.end >= since).collect(), ..Page::default() })
        };
        newest.look_by(NOON + time::Duration::seconds(after), 0..2, read).await
    }

    #[tokio::test]
    async fn a_tick_right_after_a_call_is_noticed_by_the_next_look() {
        let mut newest = Newest::from(NOON);
        assert_eq!(look(&mut newest, 0, &[], &[]).await, 0);
        assert_eq!(look(&mut newest, 2, &[("call", 1)], &[]).await, 1);
        assert_eq!(look(&mut newest, 3, &[("call", 1)], &[]).await, 1, "nothing is told twice");
        assert_eq!(look(&mut newest, 4, &[("call", 1)], &[("tick", 3)]).await, 2);
        assert_eq!(look(&mut newest, 5, &[("call", 1)], &[("tick", 3)]).await, 2);
        // It was written down late, and is not the newest.
        assert_eq!(look(&mut newest, 6, &[("call", 1)], &[("late", 2), ("tick", 3)]).await, 3);
        assert_eq!(look(&mut newest, 60, &[], &[]).await, 3);
        assert!(newest.told.is_empty(), "what no look can meet again is not kept");
    }
}
