//! Office hours of an instance: when it starts and stops, by the clock on the wall of some zone. Pure: no call, no clock.
//!
//! An *edge* is an instant at which it is to be started or stopped. Where the clock goes forward, what would have been in
//! the hour that is skipped is at the end of it; where it goes back, what comes twice is at the first time only. Who acts
//! looks for the last edge up to now, acts if it is younger than the last one that was acted on, and notes it. So minutes
//! that were missed are caught up once, and a start by hand in off hours holds until the next edge.
//!
//! Not here: acting (the handler's tick), and where schedules are set (`[schedule]`, `atelier schedule`).

mod pattern;

pub use pattern::{InvalidPattern, Pattern};

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The tag with the time at which an instance is started.
pub const START_TAG: &str = "atelier:start";
/// The tag with the time at which it is stopped.
pub const STOP_TAG: &str = "atelier:stop";
/// The tag with the zone of both.
pub const ZONE_TAG: &str = "atelier:zone";
/// The tag with the last edge that was acted on, or when the schedule was set.
pub const EDGE_TAG: &str = "atelier:edge";
/// The tag of schedules that stand in `atelier.toml`.
pub const SOURCE_TAG: &str = "atelier:schedule-by";
/// Its value.
pub const FILE_SOURCE: &str = "file";
/// Every tag of a schedule.
pub const TAGS: [&str; 5] = [START_TAG, STOP_TAG, ZONE_TAG, EDGE_TAG, SOURCE_TAG];

/// How far back an edge is looked for that nobody has acted on, in days; who was away for longer starts anew.
const LONGEST_AWAY: i32 = 400;
/// How far ahead the next edge is looked for, in days: the 29th of February may be eight years away.
const FURTHEST: i32 = 8 * 366 + 7;
/// After how many days each day of a month has been each day of the week: in 28 years.
const DAYS_OF_ALL_KINDS: usize = 28 * 366;

/// A zone of the time zone database (`Europe/Paris`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A text that names no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone: expected {}", Zone::RULE)]
pub struct InvalidZone;

impl Zone {
    /// The rule in words.
    pub const RULE: &str = "a zone of the time zone database, such as `Europe/Paris` or `UTC`";

    /// The zone of schedules that name none.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        let is_name = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+'));
        let zone = TimeZone::get(text).ok().filter(|_| is_name).ok_or(InvalidZone)?;
        let name = zone.iana_name().unwrap_or(text).to_owned();
        Ok(Self { name, zone })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl crate::text::Verbatim for Zone {}

impl serde::Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

/// What happens at an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// The instance is started.
    Start,
    /// The instance is stopped.
    Stop,
}

impl Turn {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }
}

/// An instant at which something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Seconds since the Unix epoch.
    pub at: i64,
    /// What happens.
    pub turn: Turn,
}

/// When an instance starts and stops; at least one of both.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Schedule {
    start: Option<Pattern>,
    stop: Option<Pattern>,
    zone: Zone,
}

/// Why times are no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// Neither a start nor a stop.
    #[error("it neither starts nor stops anything")]
    Empty,
    /// On each day of a start there is a stop, and only before it.
    #[error("it stops before it starts")]
    Backwards,
    /// Both at once.
    #[error("it starts and stops at the same minute")]
    AtOnce,
}

impl InvalidSchedule {
    /// Its name in the locale files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "schedule_empty",
            Self::Backwards => "schedule_backwards",
            Self::AtOnce => "schedule_at_once",
        }
    }
}

impl Schedule {
    /// Makes a schedule. A stop that names no days is on those of the start.
    ///
    /// # Errors
    /// Returns what contradicts itself. Who works through the night says so: `22:00 Mon-Fri` to `06:00 Tue-Sat`.
    pub fn new(start: Option<Pattern>, stop: Option<Pattern>, zone: Zone) -> Result<Self, InvalidSchedule> {
        let (start, stop) = match (start, stop) {
            (None, None) => return Err(InvalidSchedule::Empty),
            (Some(start), Some(stop)) => {
                let stop = if stop.has_days() { stop } else { stop.on_days_of(&start) };
                check(&start, &stop)?;
                (Some(start), Some(stop))
            }
            one => one,
        };
        Ok(Self { start, stop, zone })
    }

    /// Reads the schedule that stands in an instance's tags; `None` where there is none, or none that makes sense.
    #[must_use]
    pub fn from_tags(tags: &BTreeMap<String, String>) -> Option<Self> {
        let pattern = |key: &str| tags.get(key).map(|text| Pattern::from_tag(text)).transpose().ok();
        let zone = tags.get(ZONE_TAG).map_or(Ok(Zone::utc()), |name| name.parse()).ok()?;
        Self::new(pattern(START_TAG)?, pattern(STOP_TAG)?, zone).ok()
    }

    /// Writes it as an instance's tags.
    #[must_use]
    pub fn to_tags(&self) -> Vec<(String, String)> {
        let of = |key: &str, pattern: &Option<Pattern>| pattern.as_ref().map(|it| (key.to_owned(), it.to_tag()));
        let zone = Some((ZONE_TAG.to_owned(), self.zone.to_string()));
        [of(START_TAG, &self.start), of(STOP_TAG, &self.stop), zone].into_iter().flatten().collect()
    }

    /// When it starts.
    #[must_use]
    pub fn start(&self) -> Option<&Pattern> {
        self.start.as_ref()
    }

    /// When it stops.
    #[must_use]
    pub fn stop(&self) -> Option<&Pattern> {
        self.stop.as_ref()
    }

    /// The zone of both.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The last edge after `since` and not after `now`, both in seconds since the Unix epoch.
    #[must_use]
    pub fn last_edge(&self, since: i64, now: i64) -> Option<Edge> {
        let mut date = self.date(now)?.tomorrow().ok()?;
        let mut best: Option<Dated> = None;
        for _ in 0..LONGEST_AWAY {
            let is_final = best.is_some();
            let of_day = self.of_day(date).filter(|edge| edge.edge.at > since && edge.edge.at <= now);
            best = of_day.chain(best).max_by_key(Dated::order);
            // One day more, because where the clock changes edges may come in another order than their days.
            if is_final || date < self.date(since)?.yesterday().ok()? {
                break;
            }
            date = date.yesterday().ok()?;
        }
        best.map(|dated| dated.edge)
    }

    /// The first edge after `now`, in seconds since the Unix epoch.
    #[must_use]
    pub fn next_edge(&self, now: i64) -> Option<Edge> {
        let mut date = self.date(now)?.yesterday().ok()?;
        let mut best: Option<Dated> = None;
        for _ in 0..FURTHEST {
            let is_final = best.is_some();
            let of_day = self.of_day(date).filter(|edge| edge.edge.at > now);
            // Of those at one instant the last is what counts.
            let first = of_day.chain(best).map(|dated| dated.edge.at).min();
            if let Some(first) = first {
                let at_first = self.of_day(date).chain(best).filter(|dated| dated.edge.at == first);
                best = at_first.max_by_key(Dated::order);
            }
            if is_final {
                break;
            }
            date = date.tomorrow().ok()?;
        }
        best.map(|dated| dated.edge)
    }

    fn date(&self, at: i64) -> Option<Date> {
        Some(self.zone.zone.to_datetime(Timestamp::from_second(at).ok()?).date())
    }

    /// The edges whose wall clock is on this day.
    fn of_day(&self, date: Date) -> impl Iterator<Item = Dated> + '_ {
        let turns = [(Turn::Start, &self.start), (Turn::Stop, &self.stop)].into_iter();
        let turns = turns.filter_map(|(turn, pattern)| Some((turn, pattern.as_ref()?)));
        turns.filter(move |(_, pattern)| pattern.is_on(date)).flat_map(move |(turn, pattern)| {
            pattern.times().filter_map(move |(hour, minute)| {
                let wall = date.at(hour, minute, 0, 0);
                Some(Dated { edge: Edge { at: instant(&self.zone.zone, wall)?, turn }, wall })
            })
        })
    }
}

/// An edge and what the clock on the wall says, or would have said.
#[derive(Debug, Clone, Copy)]
struct Dated {
    edge: Edge,
    wall: DateTime,
}

impl Dated {
    /// The later of two edges wins, and of two at one instant the one that is later on the wall.
    fn order(&self) -> (i64, DateTime, Turn) {
        (self.edge.at, self.wall, self.edge.turn)
    }
}

/// When the clock on the wall first says this or, where it never does, more.
fn instant(zone: &TimeZone, wall: DateTime) -> Option<i64> {
    let at = |offset: jiff::tz::Offset| offset.to_timestamp(wall).ok();
    let instant = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset)?,
        AmbiguousOffset::Fold { before, .. } => at(before)?,
        // By the new offset it would have been before the clock went forward.
        AmbiguousOffset::Gap { after, .. } => zone.following(at(after)?).next()?.timestamp(),
    };
    Some(instant.as_second())
}

/// Whether a start and a stop make sense together.
fn check(start: &Pattern, stop: &Pattern) -> Result<(), InvalidSchedule> {
    let days = || Date::constant(2024, 1, 1).series(jiff::Span::new().days(1)).take(DAYS_OF_ALL_KINDS);
    let is_before = stop.times().last() < start.times().next();
    // Every night can be said by cron only, which names no day then.
    let is_nightly = start.is_cron() && stop.is_cron() && !start.is_on_some_days() && !stop.is_on_some_days();
    if is_before && !is_nightly && days().filter(|date| start.is_on(*date)).all(|date| stop.is_on(date)) {
        return Err(InvalidSchedule::Backwards);
    }
    if start.shares_time_with(stop) && days().any(|date| start.is_on(date) && stop.is_on(date)) {
        return Err(InvalidSchedule::AtOnce);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
