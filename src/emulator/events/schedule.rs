//! When a rule is due: `rate(5 minutes)` from a time on, or `cron(…)`.

use super::cron::Cron;
use crate::emulator::wire;
use time::OffsetDateTime;

const MINUTE: i64 = 60 * 1000;
/// The longest that a due time is made up for: as long as EventBridge itself tries to deliver, in milliseconds.
const MAX_AGE: i64 = 24 * 60 * MINUTE;

/// A schedule expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Every so many milliseconds.
    Rate(i64),
    /// At certain minutes.
    Cron(Cron),
}

/// What a schedule asks for at some time; milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// The due time that has come and was not served: of several the last.
    pub(super) now: Option<i64>,
    /// The one after that.
    pub(super) next: Option<i64>,
}

impl Schedule {
    /// Reads an expression; `None` for what is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let within = |word: &str| text.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(cron) = within("cron") {
            return Cron::parse(cron).map(Self::Cron);
        }
        let (number, unit) = within("rate")?.split_once(' ')?;
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = number.parse().ok().filter(|number| digits && *number > 0)?;
        // One is singular, more are plural; nothing else is taken.
        let minutes = match (unit, number) {
            ("minute", 1) | ("minutes", 2..) => 1,
            ("hour", 1) | ("hours", 2..) => 60,
            ("day", 1) | ("days", 2..) => 24 * 60,
            _ => return None,
        };
        number.checked_mul(minutes)?.checked_mul(MINUTE).filter(|rate| *rate < i64::MAX / 4).map(Self::Rate)
    }

    /// Tells what is due at `now` for a rule that was last served, or switched on, at `since`. Of what was missed (the
    /// machine slept, the emulator was down) the last is made up for, once, unless it is older than a day.
    pub(super) fn due(&self, since: i64, now: i64) -> Due {
        match self {
            Self::Rate(rate) => {
                let passed = (now - since).div_euclid(*rate).max(0);
                let last = since + passed * rate;
                let is_due = passed > 0 && now - last <= MAX_AGE;
                Due { now: is_due.then_some(last), next: Some(last + rate) }
            }
            Self::Cron(cron) => {
                let after = |millis: i64| cron.after(moment(millis)).map(wire::millis);
                let mut due = after(since.max(now - MAX_AGE)).filter(|first| *first <= now);
                while let Some(later) = due.and_then(after).filter(|later| *later <= now) {
                    due = Some(later);
                }
                Due { now: due, next: after(now.max(since)) }
            }
        }
    }
}

fn moment(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn rates_are_read_as_strictly_as_aws_reads_them() {
        for (text, minutes) in
            [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(1 hour)", 60), ("rate(7 days)", 10080)]
        {
            assert_eq!(Schedule::parse(text), Some(Schedule::Rate(minutes * MINUTE)), "{text}");
        }
        for bad in [
            "",
            "rate()",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(-1 minutes)",
            "rate(5 seconds)",
            "rate(5)",
            "rate(1.5 hours)",
            "Rate(1 minute)",
            "rate(1 minute",
            "every minute",
            "cron()",
            "at(2026-01-01T00:00:00)",
            "rate(99999999999999999 days)",
            "rate(+5 minutes)",
            "rate( 5 minutes )",
        ] {
            assert_eq!(Schedule::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_rate_keeps_its_step_and_is_due_once() {
        let rate = Schedule::parse("rate(5 minutes)").unwrap();
        let at = |minutes: i64, seconds: i64| minutes * MINUTE + seconds * 1000;
        assert_eq!(rate.due(at(0, 7), at(5, 6)), Due { now: None, next: Some(at(5, 7)) });
        assert_eq!(rate.due(at(0, 7), at(5, 9)), Due { now: Some(at(5, 7)), next: Some(at(10, 7)) });
        assert_eq!(rate.due(at(5, 7), at(5, 9)), Due { now: None, next: Some(at(10, 7)) });
        // Three were missed.
        assert_eq!(rate.due(at(0, 7), at(16, 0)), Due { now: Some(at(15, 7)), next: Some(at(20, 7)) });
    }

    #[test]
    fn of_a_cron_expression_the_last_missed_time_is_due_and_none_that_is_older_than_a_day() {
        let cron = Schedule::parse("cron(0 12 * * ? *)").unwrap();
        let noon = wire::millis(datetime!(2026-11-23 12:00 UTC));
        let day = 24 * 60 * MINUTE;
        assert_eq!(cron.due(noon - 3 * day, noon + MINUTE), Due { now: Some(noon), next: Some(noon + day) });
        assert_eq!(cron.due(noon, noon + MINUTE), Due { now: None, next: Some(noon + day) });
        let yearly = Schedule::parse("cron(0 12 23 11 ? 2026)").unwrap();
        assert_eq!(yearly.due(noon - 3 * day, noon + 2 * day), Due { now: None, next: None });
    }
}
