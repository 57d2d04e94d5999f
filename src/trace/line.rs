//! One line of a log, and the time that it tells.

use crate::cli::LogSource;
use serde::Serialize;
use std::sync::Arc;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// When it was written; lines without a time of their own have that of the line before them.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// Where it comes from.
    pub source: LogSource,
    /// The line, as it was written.
    pub text: String,
    /// The log stream of a function's line, within which lines between START and END belong together.
    #[serde(skip)]
    pub stream: Option<String>,
    /// The stack whose function wrote it, of a function's line.
    #[serde(skip)]
    pub stack: Option<Arc<str>>,
}

impl Line {
    /// A line of a file or a container.
    #[must_use]
    pub fn new(time: OffsetDateTime, source: LogSource, text: String) -> Self {
        Self { time, source, text, stream: None, stack: None }
    }

    /// Whether it says that something went wrong.
    #[must_use]
    pub fn is_error(&self) -> bool {
        let words = [r#""level":"ERROR""#, r#""level":"WARN""#, "ERROR", "Error", "error:"];
        words.iter().any(|word| self.text.contains(word))
    }
}

/// Finds the time that a line tells: the `time` or `timestamp` of a JSON object, or an RFC 3339 word at its start.
#[must_use]
pub fn time_of(line: &str) -> Option<OffsetDateTime> {
    // Engines in containers leave the zone out, which is UTC there.
    let parse = |text: &str| {
        OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339)).ok()
    };
    if line.starts_with('{') {
        // Our own lines say it first or last; reading all of each would cost more than what is looked for.
        let own = line.rsplit_once(r#""time":""#).and_then(|(_, rest)| parse(rest.split('"').next()?));
        return own.or_else(|| {
            let object: serde_json::Value = serde_json::from_str(line).ok()?;
            ["time", "timestamp"].iter().find_map(|key| parse(object.get(key)?.as_str()?))
        });
    }
    parse(line.split_ascii_whitespace().next()?.trim_matches(['[', ']']))
}

/// A line without the time that Docker has put before it.
#[must_use]
pub(super) fn unstamped(text: &str) -> &str {
    match text.split_once(' ') {
        Some((stamp, rest)) if rest.starts_with('{') && OffsetDateTime::parse(stamp, &Rfc3339).is_ok() => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_lines_time_is_its_own_where_it_tells_one() {
        let noon = Some(datetime!(2026-11-23 12:00 UTC));
        assert_eq!(time_of("2026-11-23T12:00:00Z listening"), noon);
        assert_eq!(time_of("[2026-11-23T12:00:00Z] listening"), noon);
        assert_eq!(time_of(r#"{"time":"2026-11-23T12:00:00Z","reason":"ok"}"#), noon);
        assert_eq!(time_of(r#"{"timestamp":"2026-11-23T12:00:00Z","time":5}"#), noon);
        assert_eq!(time_of("2026-11-23T12:00:00.000  INFO --- listening"), noon);
        for none in ["", "listening", "{not json", r#"{"time":5}"#] {
            assert_eq!(time_of(none), None, "{none}");
        }
    }

    #[test]
    fn what_docker_put_before_a_line_is_taken_off() {
        assert_eq!(unstamped(r#"2026-11-23T12:00:00Z {"a":1}"#), r#"{"a":1}"#);
        assert_eq!(unstamped("2026-11-23T12:00:00Z words"), "2026-11-23T12:00:00Z words");
        assert_eq!(unstamped(r#"{"a":1}"#), r#"{"a":1}"#);
    }
}
