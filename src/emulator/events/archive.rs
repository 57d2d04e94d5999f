//! Archives: the events of a bus that are kept to be replayed, on disk as all that survives a restart.
//!
//! Not here: keys of KMS, and the rules that EventBridge manages for archives.

use super::pattern::{Pattern, Seen};
use crate::emulator::wire;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, str::FromStr};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// An archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Archive {
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    /// The name of the bus whose events it keeps.
    pub(super) bus: String,
    pub(super) description: Option<String>,
    /// Which of them; all where there is none.
    pub(super) pattern: Option<String>,
    /// For how many days; for ever where that is 0.
    pub(super) retention: u32,
    /// The number of the last event that it ever had.
    pub(super) last: u64,
    /// How much it has; to be counted where an older version has kept it.
    #[serde(default)]
    pub(super) size: Option<Size>,
}

/// How much an archive has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Size {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl Size {
    /// One event more.
    pub(super) fn with(self, kept: &Kept) -> Self {
        Self { events: self.events + 1, bytes: self.bytes + kept.event.len() }
    }

    /// One event less.
    pub(super) fn without(self, kept: &Kept) -> Self {
        Self { events: self.events.saturating_sub(1), bytes: self.bytes.saturating_sub(kept.event.len()) }
    }
}

/// An event in an archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// When it came in, milliseconds since the Unix epoch.
    pub(super) at: i64,
    /// When it happened, by its own word; what an older version has kept does not say.
    #[serde(default)]
    pub(super) time: Option<i64>,
    /// JSON: what was nested as deep as a text may be is deeper within this.
    pub(super) event: String,
}

impl Kept {
    /// What is kept of an event that comes in; nothing of one that is replayed, which is in an archive already.
    pub(super) fn of(event: &Value, at: i64) -> Option<Self> {
        if event.get("replay-name").is_some() {
            return None;
        }
        let time = event.get("time").and_then(Value::as_str);
        let time = time.and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok());
        Some(Self { at, time: time.map(wire::millis), event: event.to_string() })
    }

    /// The time by which replays choose it.
    pub(super) fn when(&self) -> i64 {
        self.time.unwrap_or(self.at)
    }
}

/// Where an event is kept, written `archive/number`: the name of an archive has no slash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeptKey {
    pub(super) archive: String,
    pub(super) number: u64,
}

impl fmt::Display for KeptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.archive, self.number)
    }
}

impl FromStr for KeptKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (archive, number) = text.rsplit_once('/').ok_or(())?;
        Ok(Self { archive: archive.to_owned(), number: number.parse().map_err(drop)? })
    }
}

impl Archive {
    /// One of all events of a bus, for ever.
    pub(super) fn new(bus: String, created: i64) -> Self {
        Self { created, bus, description: None, pattern: None, retention: 0, last: 0, size: Some(Size::default()) }
    }

    /// Whether an event of a bus is for it.
    pub(super) fn takes(&self, bus: &str, event: &Seen<'_>) -> bool {
        let fits = |text: &String| Pattern::kept(text).is_ok_and(|pattern| pattern.accepts(event));
        self.bus == bus && self.pattern.as_ref().is_none_or(fits)
    }

    /// Whether an event of its own is young enough to stay.
    pub(super) fn keeps(&self, kept: &Kept, now: i64) -> bool {
        self.retention == 0 || kept.at > now - i64::from(self.retention) * DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_chosen_by_its_own_time() {
        let kept = Kept::of(&json!({ "time": "1970-01-01T00:00:07Z", "detail": {} }), 9_000).unwrap();
        assert_eq!((kept.at, kept.when()), (9_000, 7_000));
        assert_eq!(Kept::of(&json!({ "time": "soon" }), 9_000).unwrap().when(), 9_000);
        let older: Kept = serde_json::from_value(json!({ "at": 5, "event": "{}" })).unwrap();
        assert_eq!(older.when(), 5);
    }

    #[test]
    fn what_is_replayed_is_not_kept_again() {
        assert!(Kept::of(&json!({ "id": "1", "replay-name": "r" }), 0).is_none());
    }
}
