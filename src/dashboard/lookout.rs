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
    trace::{Filter, Reader},
};
use sha2::{Digest, Sha256};
use std::{
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
    let mut newest = Newest::default();
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
fn print(status: &StatusReport, newest: &str) -> [u8; 32] {
    let mut value = serde_json::to_value(status).unwrap_or_default();
    for part in value["parts"].as_array_mut().into_iter().flatten() {
        part["age_seconds"].take();
    }
    Sha256::digest(format!("{newest} {value}")).into()
}

/// The last call that was not ours. Each look goes back to the one before it only: there may be hours of our own traffic
/// before that.
#[derive(Default)]
struct Newest {
    /// From when on the doors' logs, and all logs, are to be looked at; each as far as it was.
    since: [Option<OffsetDateTime>; 2],
    told: String,
}

impl Newest {
    /// Tells it by its id and its end. The embedded engine's own log has it: what the function wrote of the last seconds
    /// may be much, and is asked for where nothing else tells. Others are called past our door, too.
    async fn look(&mut self, context: &Context) -> &str {
        let began = OffsetDateTime::now_utc();
        let is_embedded = Record::read(&context.settings).is_some_and(|record| record.door.is_some());
        let passes = [DOORS, &[]].into_iter().zip(&mut self.since);
        for (sources, since) in passes.skip(usize::from(!is_embedded)) {
            let filter = Filter { ended_since: *since, ..Filter::default() };
            let Ok(page) = Reader::of(&context.settings, sources).page(&filter, 1, None).await else { continue };
            // What could not be read is still to be looked at.
            if page.failure.is_none() {
                *since = Some(began - BACK);
            }
            if let Some(call) = page.calls.first() {
                self.told = format!("{} {}", call.request_id, call.end);
                break;
            }
        }
        &self.told
    }
}
