//! The clock, injected: what depends on the time of day (signatures, timed state transitions, timestamps) asks a
//! [`Clock`], and so does what waits for a deadline, so that a test can decide what time it is.

use std::{
    future::Future,
    sync::LazyLock,
    time::{Duration, Instant},
};
use time::OffsetDateTime;
use tokio::sync::watch;

/// When this process first asked for an [`Clock::uptime`].
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Tells the time in UTC.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that stands still until it is moved; nanoseconds since the Unix epoch.
    Manual(watch::Sender<i64>),
}

impl Clock {
    /// Makes a clock that stands at `start` until [`Clock::advance`] moves it.
    ///
    /// # Panics
    /// Never for dates between 1678 and 2262, which fit the clock.
    #[must_use]
    pub fn manual(start: OffsetDateTime) -> Self {
        Self::Manual(watch::Sender::new(nanos_of(start)))
    }

    /// Tells the time.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        match self {
            Self::System => OffsetDateTime::now_utc(),
            Self::Manual(nanos) => OffsetDateTime::from_unix_timestamp_nanos((*nanos.borrow()).into())
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        }
    }

    /// Tells the time since some start; unlike [`Clock::now`] it never goes back.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        match self {
            Self::System => START.elapsed(),
            Self::Manual(nanos) => Duration::from_nanos(u64::try_from(*nanos.borrow()).unwrap_or_default()),
        }
    }

    /// Tells how many wait in [`Clock::sleep`] for a manual clock to be moved.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        match self {
            Self::System => 0,
            Self::Manual(nanos) => nanos.receiver_count(),
        }
    }

    /// Moves a manual clock forward; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(nanos) = self {
            nanos.send_modify(|now| *now = after(*now, by));
        }
    }

    /// Waits for `duration` from this call on; by the system's clock monotonically, whatever happens to the time of day.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        let sleep = match self {
            Self::System => Sleep::System(tokio::time::sleep(duration)),
            Self::Manual(nanos) => Sleep::Manual(nanos.subscribe(), after(*nanos.borrow(), duration)),
        };
        sleep.end()
    }

    /// Waits until `duration` after `start`, a time that this clock has told. Who decides by one time and sleeps from a
    /// later one oversleeps when a manual clock is moved between the two.
    pub fn sleep_from(&self, start: OffsetDateTime, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        let sleep = match self {
            Self::System => {
                let passed = Duration::try_from(self.now() - start).unwrap_or_default();
                Sleep::System(tokio::time::sleep(duration.saturating_sub(passed)))
            }
            Self::Manual(nanos) => Sleep::Manual(nanos.subscribe(), after(nanos_of(start), duration)),
        };
        sleep.end()
    }

    /// Gives `work` so much time from this call on; `None` when it takes longer.
    pub fn timeout<T>(&self, limit: Duration, work: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
        // In a box: what is waited for would be in the future twice, and what asks AWS is large.
        let (mut work, end) = (Box::pin(work), self.sleep(limit));
        async move {
            tokio::select! {
                biased;
                done = &mut work => Some(done),
                () = end => None,
            }
        }
    }
}

/// A sleep that has begun.
enum Sleep {
    System(tokio::time::Sleep),
    /// Until the clock has come there; nanoseconds since the Unix epoch.
    Manual(watch::Receiver<i64>, i64),
}

impl Sleep {
    async fn end(self) {
        match self {
            Self::System(sleep) => sleep.await,
            Self::Manual(mut now, end) => {
                // A clock that nobody can move any more stands still for ever.
                if now.wait_for(|now| *now >= end).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Nanoseconds since the Unix epoch.
fn nanos_of(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos()).unwrap_or(i64::MAX)
}

/// The time so much later; both in nanoseconds since the Unix epoch.
fn after(nanos: i64, duration: Duration) -> i64 {
    nanos.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::{future::pending, pin::pin};

    #[test]
    fn what_waits_ends_when_the_clock_gets_there_and_not_before() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let mut late = pin!(clock.timeout(Duration::from_secs(29), pending::<()>()));
        clock.advance(Duration::from_millis(28_999));
        assert_eq!(late.as_mut().now_or_never(), None);
        clock.advance(Duration::from_millis(1));
        assert_eq!(late.now_or_never(), Some(None));
    }

    #[test]
    fn what_sleeps_from_a_time_that_was_told_does_not_oversleep() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let told = clock.now();
        clock.advance(Duration::from_mins(1));
        assert_eq!(clock.sleep_from(told, Duration::from_mins(1)).now_or_never(), Some(()));
        assert_eq!(clock.sleep_from(told, Duration::from_secs(61)).now_or_never(), None);
    }

    #[test]
    fn what_is_done_at_the_last_moment_is_done() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let done = clock.timeout(Duration::from_secs(1), async { 1 });
        clock.advance(Duration::from_secs(1));
        assert_eq!(done.now_or_never(), Some(Some(1)));
    }
}
