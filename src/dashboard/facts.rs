//! What views show beyond what the lookout has seen, as the commands told it.

use crate::{
    commands::{metrics::MetricsReport, overview::OverviewReport},
    error::Error,
    stack::{Key, Plan},
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// How many minutes the picture of calls shows.
pub(super) const MINUTES: usize = 60;

/// What a deploy would do, and the keys.
pub(super) struct Found {
    pub(super) plan: Result<Plan, Error>,
    pub(super) keys: Result<Vec<Key>, Error>,
}

/// What the last day brought to a stack.
#[derive(Debug, Clone, Default)]
pub(super) struct Day {
    pub(super) calls: usize,
    pub(super) errors: usize,
    /// The key of the last call that had one.
    pub(super) key: Option<String>,
}

/// Every stack.
pub(super) struct Register {
    pub(super) overview: Result<OverviewReport, Error>,
    /// The last day, by stack of this engine.
    pub(super) days: BTreeMap<String, Day>,
}

/// Calls in numbers.
pub(super) struct Counted {
    pub(super) metrics: Result<MetricsReport, Error>,
    pub(super) minutes: Vec<Minute>,
    pub(super) engine: Footprint,
}

/// What an engine that is a process of this machine takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Footprint {
    /// Its memory in KiB.
    pub(super) memory: Option<u64>,
    /// What it keeps on disk, in bytes.
    pub(super) disk: Option<u64>,
}

/// The calls of one minute, by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Minute {
    pub(super) good: usize,
    pub(super) refused: usize,
    pub(super) failed: usize,
}

impl Minute {
    /// All of them.
    pub(super) fn sum(self) -> usize {
        self.good + self.refused + self.failed
    }
}

/// Counts calls by the minute in which they ended, the last minute last.
pub(super) fn minutes(calls: &[(OffsetDateTime, Option<u16>)], now: OffsetDateTime) -> Vec<Minute> {
    let mut minutes = vec![Minute::default(); MINUTES];
    for (end, status) in calls {
        let ago = usize::try_from((now - *end).whole_minutes().max(0)).unwrap_or(MINUTES);
        let Some(minute) = MINUTES.checked_sub(ago + 1).and_then(|at| minutes.get_mut(at)) else { continue };
        match status {
            Some(..400) => minute.good += 1,
            Some(400..500) => minute.refused += 1,
            _ => minute.failed += 1,
        }
    }
    minutes
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn calls_are_counted_in_the_minute_in_which_they_ended() {
        let now = datetime!(2026-11-23 12:00 UTC);
        let at = |seconds: i64, status| (now - time::Duration::seconds(seconds), status);
        let calls = [at(0, Some(200)), at(59, Some(404)), at(60, Some(502)), at(3599, None), at(3600, Some(200))];
        let minutes = minutes(&calls, now);
        assert_eq!(minutes.len(), MINUTES);
        assert_eq!(minutes[MINUTES - 1], Minute { good: 1, refused: 1, failed: 0 });
        assert_eq!((minutes[MINUTES - 2].failed, minutes[0].failed), (1, 1));
        assert_eq!(minutes.iter().map(|minute| minute.sum()).sum::<usize>(), 4, "an hour, and no more");
    }
}
