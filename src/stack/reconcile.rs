//! The loop that brings one part to what is wanted, and that is safe to cut off anywhere.
//!
//! `look -> next -> act -> look …`: every action follows from a fresh look, and every action is followed by one. So an
//! unknown outcome (a timeout, a reset, a 5xx, half an answer) needs no case of its own: the next look tells whether it
//! was done. An action that succeeded is not sent again by the same run when the engine is slow to show it (AWS is
//! eventually consistent); the loop waits for it instead. Throttled calls were not done and are sent again, bounded.
//!
//! What is a part's unfinished state, and which action finishes it, is in the part's own module.

use super::{
    error::{Class, Error},
    run::Run,
};
use crate::{progress::Progress, text::Message};
use std::{
    fmt::Debug,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How long a call in flight may go on after Ctrl-C. Shorter than the 5 s after which the process leaves without having
/// said at which step it stopped.
const GRACE: Duration = Duration::from_secs(4);
/// How long the engine may take to show what it has confirmed.
const LAG: Duration = Duration::from_secs(15);
/// How long a part's calls may fail one after the other: with the last of them, no run of a broken engine takes 30 s.
const STALL: Duration = Duration::from_secs(20);
/// From when on it is said that calls are put off, or what is waited for.
const NOTICEABLE: Duration = Duration::from_secs(2);
/// How long failing reads are repeated.
const READ_PATIENCE: Duration = Duration::from_secs(8);
/// How many unknown outcomes of one part are looked into before the run gives up.
const MOST_UNKNOWN: u32 = 5;

/// What a part needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next<A> {
    /// Nothing.
    Done,
    /// Time; the text says for what.
    Wait(Message),
    /// An action.
    Act(A),
}

/// One part, as the loop sees it.
pub(super) trait Reconcile {
    /// What a look sees.
    type View;
    /// What can be done.
    type Action: Clone + Debug + PartialEq;

    /// The part's name, for progress and for the line that says where a run was interrupted.
    fn step(&self) -> &'static str;

    /// What the user reads when the first action begins; nothing of what takes no time.
    fn begun(&self, _first: &Self::Action) -> Option<Message> {
        None
    }

    /// Looks what is there; changes nothing.
    async fn look(&self) -> Result<Self::View, Error>;

    /// Decides from what is seen and from what this run has done already.
    fn next(&self, view: &Self::View, done: &[Self::Action]) -> Result<Next<Self::Action>, Error>;

    /// Does one thing.
    async fn act(&self, action: &Self::Action, view: &Self::View) -> Result<(), Error>;

    /// How long what it waits for may take.
    fn patience(&self, pace: &Pace) -> Duration {
        pace.timeout
    }
}

/// What all parts of a run share.
#[derive(Clone)]
pub(super) struct Pace {
    pub(super) progress: Progress,
    pub(super) cancel: CancellationToken,
    /// How long the engine may take for what it has begun,
    pub(super) timeout: Duration,
    /// and where others have to do it, such as an index that packages come from.
    pub(super) longest: Duration,
    /// How long its calls may fail one after the other.
    pub(super) stall: Duration,
    /// How long it may put calls off.
    pub(super) throttle: Duration,
    /// The longest pause between two looks at what it has begun.
    pub(super) pause: Duration,
}

impl Pace {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let (timeout, pace) = (run.settings.timeout.value, &run.engine.facts.pace);
        Self {
            progress: run.progress.clone(),
            cancel: run.cancel.clone(),
            timeout: pace.patience.map_or(timeout, |patience| timeout.min(patience)),
            longest: timeout,
            stall: STALL,
            throttle: pace.throttle.unwrap_or(STALL),
            pause: pace.pause,
        }
    }
}

/// Looks at something until Ctrl-C: what changes nothing may end anywhere.
///
/// # Errors
/// What the look says, or [`Error::Interrupted`].
pub async fn until_cancelled<T>(
    cancel: &CancellationToken,
    step: &'static str,
    look: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        seen = look => seen,
        () = cancel.cancelled() => Err(Error::Interrupted { step }),
    }
}

/// Brings a part to what is wanted; returns the last look and what was done.
pub(super) async fn converge<P: Reconcile>(part: &P, pace: &Pace) -> Result<(P::View, Vec<P::Action>), Error> {
    resume(part, Vec::new(), pace).await
}

/// Like [`converge`], for a part of which this run has done something already; that is returned, too.
pub(super) async fn resume<P: Reconcile>(
    part: &P,
    mut done: Vec<P::Action>,
    pace: &Pace,
) -> Result<(P::View, Vec<P::Action>), Error> {
    let step = part.step();
    let mut waits = Waits::new(pace, step);
    let mut begun = false;
    loop {
        let view = until_cancelled(&pace.cancel, step, reading(|| part.look())).await?;
        match part.next(&view, &done)? {
            Next::Done => return Ok((view, done)),
            Next::Wait(what) => waits.until(what, part.patience(pace)).await?,
            Next::Act(action) if done.contains(&action) => waits.until(Message::new("awaited.shown"), LAG).await?,
            Next::Act(action) => {
                if pace.cancel.is_cancelled() {
                    return Err(Error::Interrupted { step });
                }
                if !std::mem::replace(&mut begun, true)
                    && let Some(message) = part.begun(&action)
                {
                    pace.progress.begin(step, message);
                }
                let start = Instant::now();
                match finish(&pace.cancel, step, Box::pin(part.act(&action, &view))).await {
                    Ok(()) => {
                        done.push(action);
                        waits.restart();
                    }
                    Err(error) => waits.after(error, start).await?,
                }
            }
        }
    }
}

/// The first failure among parts that go at once; those after it are mostly its consequences.
#[derive(Default)]
pub(super) struct FirstFailure(Mutex<Option<Error>>);

impl FirstFailure {
    /// Runs a part's work; its failure ends the others after their calls in flight.
    pub(super) async fn watch<T>(&self, pace: &Pace, work: impl Future<Output = Result<T, Error>>) -> Option<T> {
        match Box::pin(work).await {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                pace.cancel.cancel();
                None
            }
        }
    }

    pub(super) fn into_error(self) -> Error {
        let first = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        first.unwrap_or_else(|| Error::Bug("a part ended without a result".to_owned()))
    }
}

/// Lets a call that is in flight end, also after Ctrl-C, but then not for long.
async fn finish<T>(
    cancel: &CancellationToken,
    step: &'static str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        done = call => done,
        () = async { cancel.cancelled().await; sleep(GRACE).await } => Err(Error::Interrupted { step }),
    }
}

/// The waits of one part: growing, bounded, ended by Ctrl-C.
struct Waits<'a> {
    pace: &'a Pace,
    step: &'static str,
    pause: Duration,
    since: Option<Instant>,
    /// When the first of the calls began that have failed since one succeeded.
    stalled: Option<Instant>,
    is_told: bool,
    /// Whether it was said what is waited for.
    is_said: bool,
    unknown: u32,
}

impl<'a> Waits<'a> {
    const FIRST: Duration = Duration::from_millis(10);

    fn new(pace: &'a Pace, step: &'static str) -> Self {
        Self { pace, step, pause: Self::FIRST, since: None, stalled: None, is_told: false, is_said: false, unknown: 0 }
    }

    /// Something was done: the next wait starts short again.
    fn restart(&mut self) {
        self.pause = Self::FIRST;
        self.since = None;
        self.stalled = None;
        self.is_said = false;
    }

    /// Waits a little for something that takes `patience` at most in all.
    async fn until(&mut self, what: Message, patience: Duration) -> Result<(), Error> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= patience {
            return Err(Error::Deadline { seconds: patience.as_secs(), what });
        }
        if since.elapsed() >= NOTICEABLE && !std::mem::replace(&mut self.is_said, true) {
            self.pace.progress.note(Message::new("stack.awaits").with_message("what", what));
        }
        self.sleep(Duration::ZERO).await
    }

    /// Waits after a failed action before the next look, or gives the failure back.
    async fn after(&mut self, error: Error, start: Instant) -> Result<(), Error> {
        let stalled = self.stalled.get_or_insert(start).elapsed();
        match error.class() {
            Some(Class::Throttled(wanted)) if stalled < self.pace.throttle => {
                if stalled >= NOTICEABLE && !std::mem::replace(&mut self.is_told, true) {
                    let part = Message::new(format!("part.{}", self.step));
                    self.pace.progress.note(Message::new("stack.throttled").with_message("part", part));
                }
                self.sleep(wanted.unwrap_or_default()).await
            }
            // NotFound: what was just seen is gone, so a look decides anew.
            Some(Class::Unknown | Class::Silent | Class::NotFound)
                if self.unknown < MOST_UNKNOWN && stalled < self.pace.stall =>
            {
                self.unknown += 1;
                self.sleep(Duration::ZERO).await
            }
            _ => Err(error),
        }
    }

    async fn sleep(&mut self, at_least: Duration) -> Result<(), Error> {
        let pause = self.pause.max(at_least.min(Duration::from_secs(10)));
        self.pause = (self.pause * 2).min(self.pace.pause);
        tokio::select! {
            () = sleep(pause) => Ok(()),
            () = self.pace.cancel.cancelled() => Err(Error::Interrupted { step: self.step }),
        }
    }
}

/// Repeats a read whose answer was lost, bounded; a read changes nothing, so this is never blind.
pub(super) async fn reading<T, F: Future<Output = Result<T, Error>>>(read: impl Fn() -> F) -> Result<T, Error> {
    let since = Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        // Boxed, as are all calls: the SDK's futures are tens of kilobytes.
        match Box::pin(read()).await {
            Err(error)
                if matches!(error.class(), Some(Class::Throttled(_) | Class::Unknown | Class::Silent))
                    && since.elapsed() < READ_PATIENCE =>
            {
                let wanted = match error.class() {
                    Some(Class::Throttled(Some(wanted))) => wanted.min(READ_PATIENCE),
                    _ => Duration::ZERO,
                };
                sleep(pause.max(wanted)).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// A part that wants to be there once; each entry of `answers` is what its next create meets.
    struct Thing {
        there: Cell<u32>,
        hidden_looks: Cell<u32>,
        answers: RefCell<Vec<Result<bool, Class>>>,
        creates: Cell<u32>,
        /// How long a create takes.
        takes: Duration,
    }

    impl Thing {
        fn answering(answers: impl Into<Vec<Result<bool, Class>>>) -> Self {
            Self {
                there: Cell::new(0),
                hidden_looks: Cell::new(0),
                answers: RefCell::new(answers.into()),
                creates: Cell::new(0),
                takes: Duration::ZERO,
            }
        }
    }

    impl Reconcile for Thing {
        type View = u32;
        type Action = ();

        fn step(&self) -> &'static str {
            "thing"
        }

        async fn look(&self) -> Result<u32, Error> {
            if self.there.get() > 0 && self.hidden_looks.get() > 0 {
                self.hidden_looks.set(self.hidden_looks.get() - 1);
                return Ok(0);
            }
            Ok(self.there.get())
        }

        fn next(&self, view: &u32, _done: &[()]) -> Result<Next<()>, Error> {
            Ok(if *view == 0 { Next::Act(()) } else { Next::Done })
        }

        async fn act(&self, (): &(), _view: &u32) -> Result<(), Error> {
            self.creates.set(self.creates.get() + 1);
            sleep(self.takes).await;
            let fail = |class| Error::Call { operation: "Create", class, code: None, detail: Message::literal("") };
            match self.answers.borrow_mut().remove(0) {
                Ok(_) => {
                    self.there.set(self.there.get() + 1);
                    Ok(())
                }
                Err(class) => Err(fail(class)),
            }
        }
    }

    fn pace() -> Pace {
        Pace {
            progress: Progress::silent(),
            cancel: CancellationToken::new(),
            timeout: Duration::from_secs(9),
            longest: Duration::from_secs(9),
            stall: STALL,
            throttle: STALL,
            pause: Duration::from_millis(50),
        }
    }

    #[tokio::test]
    async fn what_the_engine_shows_late_is_not_created_again() {
        let thing = Thing::answering([Ok(true)]);
        thing.hidden_looks.set(5);
        converge(&thing, &pace()).await.unwrap();
        assert_eq!((thing.creates.get(), thing.there.get()), (1, 1));
    }

    #[tokio::test]
    async fn an_unknown_outcome_is_looked_into_and_throttling_waited_for() {
        let thing = Thing::answering([Err(Class::Throttled(None)), Err(Class::Unknown), Ok(true)]);
        converge(&thing, &pace()).await.unwrap();
        assert_eq!((thing.creates.get(), thing.there.get()), (3, 1));
    }

    #[tokio::test]
    async fn endless_unknown_outcomes_and_refusals_end_the_run() {
        let thing = Thing::answering(vec![Err(Class::Unknown); 20]);
        assert_eq!(converge(&thing, &pace()).await.unwrap_err().class(), Some(Class::Unknown));
        let thing = Thing::answering([Err(Class::Refused)]);
        assert_eq!(converge(&thing, &pace()).await.unwrap_err().class(), Some(Class::Refused));
        assert_eq!(thing.creates.get(), 1);
    }

    #[tokio::test]
    async fn an_engine_that_only_hangs_or_only_puts_off_is_given_up_after_a_time_without_progress() {
        for class in [Class::Silent, Class::Unknown, Class::Throttled(None)] {
            let takes = Duration::from_millis(30);
            let thing = Thing { takes, ..Thing::answering(vec![Err(class); 100]) };
            let pace = Pace { stall: takes * 3 / 2, throttle: takes * 3 / 2, ..pace() };
            assert_eq!(converge(&thing, &pace).await.unwrap_err().class(), Some(class));
            // The first began it, and was not too long yet; whether a second is depends on this machine.
            assert!(thing.creates.get() <= 2, "{class:?}: {}", thing.creates.get());
        }
    }

    #[tokio::test]
    async fn after_ctrl_c_no_new_step_begins() {
        let thing = Thing::answering([Ok(true)]);
        let pace = pace();
        pace.cancel.cancel();
        assert!(matches!(converge(&thing, &pace).await, Err(Error::Interrupted { step: "thing" })));
        assert_eq!(thing.creates.get(), 0);
    }

    #[tokio::test]
    async fn the_failure_that_ended_the_others_is_the_one_that_is_told() {
        let (pace, failure) = (pace(), FirstFailure::default());
        let consequence = async {
            pace.cancel.cancelled().await;
            Err::<(), Error>(Error::Interrupted { step: "role" })
        };
        let cause = async { Err::<(), Error>(Error::FunctionFailed { reason: String::new() }) };
        let (first, second) = tokio::join!(failure.watch(&pace, consequence), failure.watch(&pace, cause));
        assert!(first.is_none() && second.is_none());
        assert!(matches!(failure.into_error(), Error::FunctionFailed { .. }));
    }
}
