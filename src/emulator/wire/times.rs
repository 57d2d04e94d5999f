//! Times: milliseconds since the Unix epoch in the state, ISO 8601 in XML.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const SECONDS: &[BorrowedFormatItem] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const MILLIS: &[BorrowedFormatItem] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const PLAIN: &[BorrowedFormatItem] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// Counts the milliseconds since the Unix epoch.
#[must_use]
pub fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// Writes milliseconds since the Unix epoch as `2026-01-02T03:04:05.678Z`.
#[must_use]
pub fn iso_time(millis: i64) -> String {
    format(millis, MILLIS)
}

/// Writes milliseconds since the Unix epoch as `2026-01-02T03:04:05Z`.
#[must_use]
pub fn iso_seconds(millis: i64) -> String {
    format(millis, SECONDS)
}

/// Writes milliseconds since the Unix epoch as `2026-01-02 03:04:05`.
#[must_use]
pub fn utc_time(millis: i64) -> String {
    format(millis, PLAIN)
}

fn format(millis: i64, items: &[BorrowedFormatItem]) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    time.unwrap_or(OffsetDateTime::UNIX_EPOCH).format(items).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_are_written_in_utc_to_the_wanted_precision() {
        let now = millis(datetime!(2026-01-02 03:04:05.678 UTC));
        assert_eq!(iso_time(now), "2026-01-02T03:04:05.678Z");
        assert_eq!(iso_seconds(now), "2026-01-02T03:04:05Z");
        assert_eq!(utc_time(now), "2026-01-02 03:04:05");
    }
}
