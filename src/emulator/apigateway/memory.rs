//! What API Gateway remembers while it runs: decisions of authorizers, how fast stages and keys were called, and which
//! lines of logs are on their way. None of it survives a restart, as at AWS none of it is promised.

use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many things of a kind are remembered before those that mean nothing any more are let go.
const MANY: usize = 10_000;
/// The most calls whose lines are on their way to a log.
const MAX_LINES: usize = 1024;

/// API Gateway's own limits of a region, which a throttle without one of them has.
const RATE: f64 = 10_000.0;
const BURST: u32 = 5000;

/// The memory of both kinds of APIs.
#[derive(Debug)]
pub struct Memory {
    decisions: Mutex<HashMap<String, Decision>>,
    buckets: Mutex<HashMap<String, Bucket>>,
    lines: Arc<Semaphore>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { decisions: Mutex::default(), buckets: Mutex::default(), lines: Arc::new(Semaphore::new(MAX_LINES)) }
    }
}

/// What an authorizer answered.
#[derive(Debug)]
struct Decision {
    until: Duration,
    answer: Arc<Value>,
}

/// Tokens of those who may call; full at first.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Duration,
    fill: Duration,
}

/// How fast something may be called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::emulator) struct Pace {
    /// Calls per second.
    pub(in crate::emulator) rate: f64,
    /// Calls at once.
    pub(in crate::emulator) burst: f64,
}

impl Pace {
    /// The pace of a throttle; none where a limit is -1, is not said or is the region's own: as fast as one likes.
    pub(in crate::emulator) fn of(rate: Option<f64>, burst: Option<i64>) -> Option<Self> {
        let rate = rate.filter(|rate| *rate >= 0.0).unwrap_or(RATE);
        let burst = burst.and_then(|burst| u32::try_from(burst).ok()).unwrap_or(BURST);
        (rate < RATE || burst < BURST).then(|| Self { rate, burst: burst.into() })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    /// What was answered under a name, if that still counts at `now`.
    pub(in crate::emulator) fn recall(&self, name: &str, now: Duration) -> Option<Arc<Value>> {
        let decisions = locked(&self.decisions);
        decisions.get(name).filter(|decision| decision.until > now).map(|decision| Arc::clone(&decision.answer))
    }

    /// Remembers an answer for `ttl`.
    pub(in crate::emulator) fn keep(&self, name: String, answer: &Arc<Value>, now: Duration, ttl: Duration) {
        let mut decisions = locked(&self.decisions);
        if decisions.len() >= MANY {
            decisions.retain(|_, decision| decision.until > now);
        }
        if decisions.len() < MANY {
            decisions.insert(name, Decision { until: now + ttl, answer: Arc::clone(answer) });
        }
    }

    /// Forgets what was answered under names that begin like this.
    pub(in crate::emulator) fn forget(&self, start: &str) {
        locked(&self.decisions).retain(|name, _| !name.starts_with(start));
    }

    /// Takes the place of a call whose lines are on their way to a log; none when too many are.
    pub(in crate::emulator) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.lines).try_acquire_owned().ok()
    }

    /// Takes a token of a bucket, which fills with time; tells whether there was one.
    pub(in crate::emulator) fn take(&self, name: &str, pace: Pace, now: Duration) -> bool {
        let mut buckets = locked(&self.buckets);
        if buckets.len() >= MANY {
            // A bucket that is full again is as good as none.
            buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < bucket.fill);
        }
        let full = Bucket { tokens: pace.burst, at: now, fill: Duration::ZERO };
        let bucket = buckets.entry(name.to_owned()).or_insert(full);
        let since = now.saturating_sub(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + since * pace.rate).min(pace.burst);
        bucket.at = now;
        bucket.fill = Duration::try_from_secs_f64(pace.burst / pace.rate).unwrap_or(Duration::MAX);
        let has = bucket.tokens >= 1.0;
        if has {
            bucket.tokens -= 1.0;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_decision_counts_for_its_time_and_until_it_is_flushed() {
        let memory = Memory::default();
        let answer = Arc::new(json!({ "a": 1 }));
        let (second, minute) = (Duration::from_secs(1), Duration::from_mins(1));
        memory.keep("api/dev/x".to_owned(), &answer, second, minute);
        memory.keep("api/prod/x".to_owned(), &answer, second, minute);
        assert_eq!(memory.recall("api/dev/x", minute), Some(answer.clone()));
        assert_eq!(memory.recall("api/dev/x", second + minute), None);
        memory.forget("api/dev/");
        assert_eq!(memory.recall("api/dev/x", second), None);
        assert_eq!(memory.recall("api/prod/x", second), Some(answer));
    }

    #[test]
    fn a_bucket_has_its_burst_and_fills_at_its_rate() {
        let memory = Memory::default();
        let pace = Pace { rate: 2.0, burst: 3.0 };
        let took = |at: u64| (0..9).filter(|_| memory.take("k", pace, Duration::from_millis(at))).count();
        assert_eq!([took(0), took(0), took(499), took(500), took(1000), took(60_000)], [3, 0, 0, 1, 1, 3]);
        assert!(!memory.take("never", Pace { rate: 0.0, burst: 0.0 }, Duration::from_secs(1)));
    }
}
