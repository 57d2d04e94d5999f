//! Times as tags and answers have them: in UTC, to the second (`2026-11-28T20:00:00Z`).

use crate::clock::Clock;
use std::time::Duration;
use time::{OffsetDateTime, PrimitiveDateTime, format_description::FormatItem, macros::format_description};

const FORMAT: &[FormatItem<'static>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Writes a time.
pub(super) fn text(time: OffsetDateTime) -> String {
    time.to_offset(time::UtcOffset::UTC).format(FORMAT).unwrap_or_default()
}

/// Reads what [`text`] wrote, and nothing else.
pub(super) fn parse(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, FORMAT).ok().map(PrimitiveDateTime::assume_utc)
}

/// Tells when `duration` will have passed.
pub(super) fn after(clock: &Clock, duration: Duration) -> String {
    text(clock.now() + duration)
}
