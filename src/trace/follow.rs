//! What came since the last look.

use super::{
    call::Call,
    filter::Filter,
    line::Line,
    reader::{Page, Reader},
};
use crate::{cli::LogSource, error::Result};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use tokio::time::{Instant, sleep};

/// How long the pieces of a call are waited for after it has ended, where something is still missing.
const SETTLING: Duration = Duration::milliseconds(1_500);
/// How long the call is waited for that a function makes one for.
const LENT_SETTLING: Duration = Duration::seconds(4);
/// How long somebody who asks for calls waits for the whole of them, and how often it is looked for meanwhile.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(1_500);
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// How far back each look goes, for what was written late.
const BACK: Duration = Duration::seconds(6);

/// Gives calls as they end. Each call comes once, when all is known of it, or a moment after it ended.
pub struct Follower {
    reader: Reader,
    filter: Filter,
    /// From when on calls are wanted.
    from: OffsetDateTime,
    /// The newest that was given, by its own account of the time.
    newest: OffsetDateTime,
    /// What was given, as far as a look goes back, with the time of each.
    given: HashMap<Key, OffsetDateTime>,
}

/// What tells a call or a line from all others.
type Key = (i128, String);

impl Follower {
    /// Follows from a moment on.
    #[must_use]
    pub fn new(reader: Reader, filter: Filter, from: OffsetDateTime) -> Self {
        Self { reader, filter, from, newest: from, given: HashMap::new() }
    }

    /// Takes calls and lines for given that were shown otherwise.
    pub fn skip(&mut self, page: &Page) {
        self.given.extend(page.calls.iter().map(|call| (call_key(call), call.end)));
        self.given.extend(page.others.iter().map(|line| (line_key(line), line.time)));
        self.newest = self.given.values().copied().max().unwrap_or(self.newest).max(self.newest);
    }

    /// Looks at the logs: what has come, oldest first. `next` of the page is none.
    ///
    /// # Errors
    /// As [`Reader::page`].
    pub async fn look(&mut self) -> Result<Page> {
        let now = OffsetDateTime::now_utc();
        let mut page = Page::default();
        // What lies between the newest that is known and now is wanted whole, however long ago that was: clocks of
        // containers may be behind.
        let since = (self.newest.min(now) - BACK).max(self.from);
        let filter = Filter { ended_since: Some(since), ..self.filter.clone() };
        let mut cursor = None;
        loop {
            let found = self.reader.page(&filter, 1_000, cursor.as_ref()).await?;
            page.calls.extend(found.calls);
            page.others.extend(found.others);
            page.failure = page.failure.or(found.failure);
            match found.next {
                Some(next) if page.failure.is_none() => cursor = Some(next),
                _ => break,
            }
        }
        page.calls.retain(|call| is_settled(call, now) && !self.given.contains_key(&call_key(call)));
        page.others.retain(|line| !self.given.contains_key(&line_key(line)));
        page.calls.reverse();
        page.others.reverse();
        self.skip(&page);
        self.given.retain(|_, time| *time >= since - BACK);
        Ok(page)
    }
}

/// Waits for the whole of what has just been: what a function writes comes a moment after its answer.
pub struct Patience {
    until: Instant,
}

impl Patience {
    /// Begins to wait.
    #[must_use]
    pub fn begin() -> Self {
        Self { until: Instant::now() + PATIENCE }
    }

    /// Waits a moment where not all is known of these calls; `false` where it is, or nobody waits any longer.
    pub async fn awaits<'c>(&self, calls: impl IntoIterator<Item = &'c Call>) -> bool {
        let now = OffsetDateTime::now_utc();
        let is_open = calls.into_iter().any(|call| !call.lent && !is_settled(call, now));
        let goes_on = is_open && Instant::now() < self.until;
        if goes_on {
            sleep(PAUSE).await;
        }
        goes_on
    }
}

fn call_key(call: &Call) -> Key {
    // The end of what nobody but the function tells of moves with its last line.
    let is_of_edge = call.lines.iter().any(|line| line.source != LogSource::Lambda);
    (if is_of_edge { call.end.unix_timestamp_nanos() } else { 0 }, call.request_id.clone())
}

fn line_key(line: &Line) -> Key {
    (line.time.unix_timestamp_nanos(), line.text.clone())
}

/// Whether nothing more is to come about a call, or nothing more is waited for.
fn is_settled(call: &Call, now: OffsetDateTime) -> bool {
    let is_report =
        |line: &Line| line.text.starts_with("REPORT RequestId") || line.text.contains(r#""type":"platform.report""#);
    let is_function_known = call.lines.iter().any(is_report);
    // One that reached the function was refused by it, which tells of it.
    let is_refused =
        call.invocation_id.is_none() && call.status.is_some_and(|status| matches!(status, 401 | 403 | 404 | 429));
    let is_aws = call.method.is_some() && !call.is_of_api();
    if call.lent {
        // The call that it was made for ends soon, and has it then.
        return now - call.end > LENT_SETTLING;
    }
    // Whose invocation it is may be still to come: the door writes when it answers, which is after the function.
    let is_alone = call.status.is_none() && call.lines.iter().all(|line| line.source == LogSource::Lambda);
    (is_function_known && !is_alone) || is_refused || is_aws || now - call.end > SETTLING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_is_waited_for_until_its_function_has_told_of_it_and_not_for_ever() {
        // However slow the machine is, it has just ended.
        let now = OffsetDateTime::now_utc();
        let mut call = Call::new("r".to_owned(), now + Duration::hours(1));
        (call.status, call.invocation_id) = (Some(404), Some("i".to_owned()));
        let patience = Patience { until: Instant::now() + std::time::Duration::from_hours(1) };
        assert!(patience.awaits([&call]).await, "its function is still to tell");
        let report = "REPORT RequestId: i\tDuration: 1.00 ms".to_owned();
        let told = Call { lines: vec![Line::new(call.end, LogSource::Lambda, report)], ..call.clone() };
        assert!(!patience.awaits([&told]).await);
        assert!(patience.awaits([&Call { status: None, ..told.clone() }]).await, "whose it is is still to come");
        assert!(!patience.awaits([&Call { invocation_id: None, ..call.clone() }]).await, "refused before it");
        assert!(!patience.awaits([&Call { end: now - SETTLING * 2, ..call.clone() }]).await, "long ago");
        assert!(!Patience { until: Instant::now() }.awaits([&call]).await, "nobody waits any longer");
    }
}
