//! When something recurs: `08:00 Mon-Fri`, or the five fields of cron.

use jiff::civil::{Date, DateTime};
use std::{fmt, str::FromStr};

/// The names of the days, as both forms have them.
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// The names of the months, as cron has them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Every day of the week, as bits from Sunday on.
const EVERY_DAY: u64 = 0b111_1111;
/// The longest text; the value of a tag may have 256 characters.
const LONGEST: usize = 120;

/// Minutes at which something happens, by the clock on the wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As it was given, without superfluous spaces.
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether days of the month are named, and days of the week: cron takes either then.
    by_day: bool,
    by_weekday: bool,
    /// Whether days were said at all.
    has_days: bool,
}

/// A text that says no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time: expected {}", Pattern::RULE)]
pub struct InvalidPattern;

impl Pattern {
    /// The rule in words.
    pub const RULE: &str =
        "a time with or without days, such as `08:00` or `18:30 Mon-Fri`, or cron such as `30 18 * * 1-5`";

    /// Whether it names days; else it is every day.
    #[must_use]
    pub fn has_days(&self) -> bool {
        self.has_days
    }

    /// The same time on the days of another.
    #[must_use]
    pub fn on_days_of(mut self, other: &Self) -> Self {
        if let Some((_, days)) = other.text.split_once(' ').filter(|_| !other.is_cron()) {
            self.text = format!("{} {days}", self.text);
            (self.weekdays, self.by_weekday, self.has_days) = (other.weekdays, other.by_weekday, true);
        }
        self
    }

    /// Whether it is cron.
    #[must_use]
    pub fn is_cron(&self) -> bool {
        !self.text.contains(':')
    }

    /// Whether there are days on which there is nothing.
    #[must_use]
    pub fn is_on_some_days(&self) -> bool {
        let every = |set: u64, from: u32, to: u32| (from..=to).all(|bit| set & (1 << bit) != 0);
        !(every(self.days, 1, 31) && every(self.months, 1, 12) && every(self.weekdays, 0, 6))
    }

    /// Whether there is anything on this day.
    #[must_use]
    pub fn is_on(&self, date: Date) -> bool {
        let day = self.days & (1 << date.day()) != 0;
        let weekday = self.weekdays & (1 << date.weekday().to_sunday_zero_offset()) != 0;
        let is_day = match (self.by_day, self.by_weekday) {
            (true, true) => day || weekday,
            _ => day && weekday,
        };
        is_day && self.months & (1 << date.month()) != 0
    }

    /// The minutes of a day at which it happens, the first first.
    pub fn times(&self) -> impl Iterator<Item = (i8, i8)> + '_ {
        let bits = |set: u64, most: i8| (0..=most).filter(move |bit| set & (1 << bit) != 0);
        bits(self.hours, 23).flat_map(move |hour| bits(self.minutes, 59).map(move |minute| (hour, minute)))
    }

    /// Whether it happens in this minute.
    #[must_use]
    pub fn is_at(&self, at: DateTime) -> bool {
        self.is_on(at.date()) && self.hours & (1 << at.hour()) != 0 && self.minutes & (1 << at.minute()) != 0
    }

    /// Whether both have a time of the day in common.
    #[must_use]
    pub fn shares_time_with(&self, other: &Self) -> bool {
        self.hours & other.hours != 0 && self.minutes & other.minutes != 0
    }

    /// Writes it so that every AWS service takes it for the value of a tag, which has neither `*` nor `,`.
    #[must_use]
    pub fn to_tag(&self) -> String {
        self.text.replace('*', "@").replace(',', "+")
    }

    /// Reads what [`Pattern::to_tag`] wrote.
    ///
    /// # Errors
    /// The text is no time.
    pub fn from_tag(text: &str) -> Result<Self, InvalidPattern> {
        text.replace('@', "*").replace('+', ",").parse()
    }

    fn time(words: &[&str]) -> Option<Self> {
        let (time, days) = words.split_first()?;
        let (hour, minute) = time.split_once(':')?;
        let number = |text: &str, most: u64| {
            let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number: &u64| is_plain && *number <= most)
        };
        // `8:00` is what people write.
        let hour = if hour.len() == 1 { format!("0{hour}") } else { hour.to_owned() };
        let (hour_number, minute_number) = (number(&hour, 23)?, number(minute, 59)?);
        let weekdays = match days {
            [] => EVERY_DAY,
            [days] => Field::WEEKDAYS.parse(days).filter(|_| days.bytes().all(|b| !b.is_ascii_digit() && b != b'/'))?,
            _ => return None,
        };
        let text = [format!("{hour}:{minute}").as_str()].iter().chain(days).copied().collect::<Vec<_>>().join(" ");
        Some(Self {
            text,
            minutes: 1 << minute_number,
            hours: 1 << hour_number,
            days: u64::MAX,
            months: u64::MAX,
            weekdays,
            by_day: false,
            by_weekday: !days.is_empty(),
            has_days: !days.is_empty(),
        })
    }

    fn cron(words: &[&str]) -> Option<Self> {
        let [minutes, hours, days, months, weekdays] = words else { return None };
        let is_any = |word: &str| word.starts_with('*');
        Some(Self {
            text: words.join(" "),
            minutes: Field::MINUTES.parse(minutes)?,
            hours: Field::HOURS.parse(hours)?,
            days: Field::DAYS.parse(days)?,
            months: Field::MONTHS.parse(months)?,
            weekdays: Field::WEEKDAYS.parse(weekdays)?,
            by_day: !is_any(days),
            by_weekday: !is_any(weekdays),
            has_days: true,
        })
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        if text.len() > LONGEST || !text.is_ascii() {
            return Err(InvalidPattern);
        }
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let pattern = if text.contains(':') { Self::time(&words) } else { Self::cron(&words) };
        pattern.filter(Self::ever_comes).ok_or(InvalidPattern)
    }
}

impl Pattern {
    /// Whether there is a day on which it happens: the 31st of February is none. A leap year has every day that there
    /// can be, and a day of the week comes in every month.
    fn ever_comes(&self) -> bool {
        let mut days = Date::constant(2024, 1, 1).series(jiff::Span::new().days(1)).take(366);
        !self.by_day || self.by_weekday || days.any(|date| self.is_on(date))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl crate::text::Verbatim for Pattern {}

impl serde::Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// One of cron's fields.
struct Field {
    least: u64,
    most: u64,
    names: &'static [&'static str],
    /// The number of the first name.
    first: u64,
}

impl Field {
    const MINUTES: Self = Self { least: 0, most: 59, names: &[], first: 0 };
    const HOURS: Self = Self { least: 0, most: 23, names: &[], first: 0 };
    const DAYS: Self = Self { least: 1, most: 31, names: &[], first: 0 };
    const MONTHS: Self = Self { least: 1, most: 12, names: &MONTHS, first: 1 };
    /// 7 is Sunday, too.
    const WEEKDAYS: Self = Self { least: 0, most: 7, names: &DAYS, first: 0 };

    /// Reads `*`, `5`, `1-5`, `Mon-Fri`, `*/15`, `1-31/2` and lists of these, as bits.
    fn parse(&self, text: &str) -> Option<u64> {
        let mut set = 0;
        for item in text.split(',') {
            set |= self.item(item)?;
        }
        if self.names.len() == 7 {
            // Sunday has two numbers.
            set = (set | set >> 7) & EVERY_DAY;
        }
        Some(set)
    }

    fn item(&self, item: &str) -> Option<u64> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(number(step).filter(|step| (1..=self.most).contains(step))?)),
            None => (item, None),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (self.least, if self.names.len() == 7 { 6 } else { self.most }),
            (_, Some((from, to))) => self.range(from, to)?,
            // `5/10` is from the fifth on.
            (one, None) => {
                let one = self.value(one)?;
                (one, if step.is_some() { self.most } else { one })
            }
        };
        let mut set = 0;
        let mut at = from;
        while at <= to {
            set |= 1 << (if self.names.len() == 7 && at > 7 { at - 7 } else { at });
            at += step.unwrap_or(1);
        }
        Some(set)
    }

    /// A range does not go backwards, but over the end of a week: `Fri-Mon`.
    fn range(&self, from: &str, to: &str) -> Option<(u64, u64)> {
        let (from, to) = (self.value(from)?, self.value(to)?);
        match from <= to {
            true => Some((from, to)),
            false if self.names.len() == 7 => Some((from, to + 7)),
            false => None,
        }
    }

    fn value(&self, text: &str) -> Option<u64> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = named.and_then(|at| u64::try_from(at).ok()).map(|at| at + self.first);
        named.or_else(|| number(text)).filter(|value| (self.least..=self.most).contains(value))
    }
}

fn number(text: &str) -> Option<u64> {
    let is_plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn a_time_has_days_or_is_every_day() {
        let office = pattern("8:00  Mon-Fri");
        assert_eq!((office.to_string().as_str(), office.to_tag().as_str()), ("08:00 Mon-Fri", "08:00 Mon-Fri"));
        let monday = Date::constant(2026, 11, 30);
        assert!(office.is_on(monday) && !office.is_on(monday.yesterday().unwrap()));
        assert_eq!(office.times().collect::<Vec<_>>(), [(8, 0)]);
        assert!(pattern("18:30").is_on(monday.yesterday().unwrap()));
        let weekend = pattern("23:59 fri-sun,Tue");
        let days: Vec<bool> = (0..7).map(|day| weekend.is_on(Date::constant(2026, 11, 23 + day))).collect();
        assert_eq!(days, [false, true, false, false, true, true, true]);
    }

    #[test]
    fn cron_is_crons() {
        let at = |text: &str, at: DateTime| pattern(text).is_at(at);
        let monday = Date::constant(2026, 11, 30).at(18, 30, 0, 0);
        for text in ["30 18 * * 1-5", "30 18 * * MON-FRI", "*/15 18 * * *", "30 6-23/12 30 11 *", "0,30 * 30 Nov 7"] {
            assert!(at(text, monday), "{text}");
        }
        for text in ["31 18 * * *", "30 18 * * 2-7", "30 18 29 * *", "30 18 * 12 *", "30 18 29 11 0"] {
            assert!(!at(text, monday), "{text}");
        }
        // Named both ways, either will do.
        assert!(at("30 18 1 * 1", monday) && at("30 18 30 * 2", monday));
        assert!(at("0 8 * * 7", Date::constant(2026, 11, 29).at(8, 0, 0, 0)));
        assert_eq!(pattern("*/5 8-18 * * 1,3,5").to_tag(), "@/5 8-18 @ @ 1+3+5");
        assert_eq!(Pattern::from_tag("@/5 8-18 @ @ 1+3+5").unwrap(), pattern("*/5 8-18 * * 1,3,5"));
    }

    #[test]
    fn what_says_no_time_is_refused() {
        for bad in [
            "",
            "8",
            "24:00",
            "08:60",
            "8h",
            "08:00:00",
            "08:00 Mon-Fri Tue",
            "08:00 1-5",
            "08:00 Lun",
            "08:00 Mon-",
            "08:00 Mon/2",
            "-8:00",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-1 * * * *",
            "0 8 ? * 1",
            "0 8 L * *",
            "0 8 31 2 *",
            "@daily",
            "cron(0 8 * * ? *)",
            "08:00\nMon",
        ] {
            assert_eq!(bad.parse::<Pattern>(), Err(InvalidPattern), "{bad}");
        }
    }
}
