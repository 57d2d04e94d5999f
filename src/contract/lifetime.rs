//! How long something may run: `for=2h`.

use std::{fmt, str::FromStr, time::Duration};

/// How long something may run until it is stopped, from a second to thirty days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime {
    number: u32,
    unit: Unit,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Unit {
    /// Reads the letter after the number; none means seconds, as in the settings.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "s" => Some(Self::Seconds),
            "m" => Some(Self::Minutes),
            "h" => Some(Self::Hours),
            "d" => Some(Self::Days),
            _ => None,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Seconds => 's',
            Self::Minutes => 'm',
            Self::Hours => 'h',
            Self::Days => 'd',
        }
    }

    fn seconds(self) -> u32 {
        match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
            Self::Hours => 60 * 60,
            Self::Days => 24 * 60 * 60,
        }
    }
}

/// A text that is no lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: expected {}", Lifetime::RULE)]
pub struct InvalidLifetime;

impl Lifetime {
    /// The rule in words.
    pub const RULE: &str = "a duration from `1s` to `30d`, such as `45m`, `2h` or `1d`";
    /// The rule as a regular expression that every dialect reads alike; each unit has its own most.
    pub const PATTERN: &str = "^(([1-9][0-9]{0,5}|1[0-9]{6}|2[0-4][0-9]{5}|25[0-8][0-9]{4}|259[01][0-9]{3}|2592000)s?\
                               |([1-9][0-9]{0,3}|[1-3][0-9]{4}|4[0-2][0-9]{3}|43[01][0-9]{2}|43200)m\
                               |([1-9][0-9]?|[1-6][0-9]{2}|7[01][0-9]|720)h|([1-9]|[12][0-9]|30)d)$";
    /// The longest.
    const MOST: u32 = 30 * 24 * 60 * 60;

    /// Returns it as time.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.number * self.unit.seconds()))
    }
}

impl FromStr for Lifetime {
    type Err = InvalidLifetime;

    fn from_str(text: &str) -> Result<Self, InvalidLifetime> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let unit = Unit::parse(unit).ok_or(InvalidLifetime)?;
        // No zero, not even before other digits: one time has one text.
        let number: u32 = number.parse().ok().filter(|_| !number.starts_with('0')).ok_or(InvalidLifetime)?;
        match number.checked_mul(unit.seconds()) {
            Some(1..=Self::MOST) => Ok(Self { number, unit }),
            _ => Err(InvalidLifetime),
        }
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit.letter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex_lite::Regex;

    #[test]
    fn a_lifetime_has_a_unit_or_is_seconds_and_ends_within_a_month() {
        for (text, seconds) in
            [("90", 90), ("1s", 1), ("45m", 2_700), ("2h", 7_200), ("30d", 2_592_000), ("720h", 2_592_000)]
        {
            assert_eq!(text.parse::<Lifetime>().unwrap().duration().as_secs(), seconds, "{text}");
        }
        for bad in
            ["", "0", "0h", "-1", "-2h", "1y", "365d", "31d", "721h", "8760h", "1.5h", "2 h", "2H", "h", "02h", "+2h"]
        {
            assert_eq!(bad.parse::<Lifetime>(), Err(InvalidLifetime), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_pattern_says_what_the_parser_does(text in "[0-9]{0,8}[smhdw]?") {
            let pattern = Regex::new(Lifetime::PATTERN).unwrap();
            prop_assert_eq!(pattern.is_match(&text), text.parse::<Lifetime>().is_ok());
        }
    }
}
