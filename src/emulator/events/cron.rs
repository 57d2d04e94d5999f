//! Cron expressions in EventBridge's own dialect: minutes, hours, day of the month, month, day of the week, year, all
//! in UTC, with `?`, `L`, `W` and `#`. <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html>

use time::{Date, Duration, Month, OffsetDateTime, Time, Weekday, util::days_in_month};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// The years that an expression can name.
const YEARS: (u16, u16) = (1970, 2199);

/// When something happens, to the minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cron {
    /// A bit for each minute, hour and month.
    minutes: u64,
    hours: u64,
    days: Days,
    months: u64,
    years: Vec<u16>,
}

/// On which days of a month: one of the two fields says so, the other is `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<DayOfMonth>),
    OfWeek(Vec<DayOfWeek>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayOfMonth {
    /// `15`
    On(u8),
    /// `15W`: the working day that is nearest, in the same month.
    Near(u8),
    /// `L`
    Last,
    /// `LW`
    LastWorking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayOfWeek {
    /// `2`, from Sunday as 1
    On(u8),
    /// `2#3`: the third Monday.
    Nth(u8, u8),
    /// `6L`: the last Friday.
    Last(u8),
}

/// What one field can have.
struct Field {
    least: u16,
    most: u16,
    /// Words for its numbers, from the least on.
    names: &'static [&'static str],
    /// Whether a range may go on at its beginning (`FRI-MON`).
    is_round: bool,
}

const MINUTES: Field = Field { least: 0, most: 59, names: &[], is_round: true };
const HOURS: Field = Field { least: 0, most: 23, names: &[], is_round: true };
const DAYS_OF_MONTH: Field = Field { least: 1, most: 31, names: &[], is_round: false };
const MONTHS_OF_YEAR: Field = Field { least: 1, most: 12, names: &MONTHS, is_round: true };
const DAYS_OF_WEEK: Field = Field { least: 1, most: 7, names: &WEEKDAYS, is_round: true };
const ALL_YEARS: Field = Field { least: YEARS.0, most: YEARS.1, names: &[], is_round: false };

impl Field {
    /// Reads a number, or a word for one.
    fn number(&self, text: &str) -> Option<u16> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match named {
            Some(at) => self.least + u16::try_from(at).ok()?,
            None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        (self.least..=self.most).contains(&number).then_some(number)
    }

    /// Reads one element of a list: `*`, `5`, `5-10`, `*/2`, `5/2`, `5-10/2`.
    fn element(&self, text: &str) -> Option<Vec<u16>> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u16>().ok().filter(|step| *step > 0)?)),
            None => (text, None),
        };
        let all: Vec<u16> = if range == "*" {
            (self.least..=self.most).collect()
        } else if let Some((from, to)) = range.split_once('-') {
            let (from, to) = (self.number(from)?, self.number(to)?);
            if from <= to {
                (from..=to).collect()
            } else if self.is_round {
                (from..=self.most).chain(self.least..=to).collect()
            } else {
                return None;
            }
        } else {
            let from = self.number(range)?;
            // With a step it is where the steps begin.
            (from..=if step.is_some() { self.most } else { from }).collect()
        };
        Some(all.into_iter().step_by(step.unwrap_or(1).into()).collect())
    }

    fn list(&self, text: &str) -> Option<Vec<u16>> {
        let elements = text.split(',').map(|element| self.element(element)).collect::<Option<Vec<_>>>()?;
        Some(elements.into_iter().flatten().collect())
    }

    fn bits(&self, text: &str) -> Option<u64> {
        Some(self.list(text)?.into_iter().fold(0, |bits, number| bits | 1 << number))
    }
}

impl Cron {
    /// Reads the six fields.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, of_month, month, of_week, years] = fields.as_slice() else { return None };
        let days = match (*of_month, *of_week) {
            ("?", "?") => return None,
            (of_month, "?") => Days::OfMonth(days_of_month(of_month)?),
            ("?", of_week) => Days::OfWeek(days_of_week(of_week)?),
            _ => return None,
        };
        let mut years = ALL_YEARS.list(years)?;
        years.sort_unstable();
        years.dedup();
        Some(Self {
            minutes: MINUTES.bits(minutes)?,
            hours: HOURS.bits(hours)?,
            days,
            months: MONTHS_OF_YEAR.bits(month)?,
            years,
        })
    }

    /// Finds the first time after this one, if there is any.
    pub(super) fn after(&self, time: OffsetDateTime) -> Option<OffsetDateTime> {
        let start = time.replace_second(0).ok()?.replace_nanosecond(0).ok()? + Duration::minutes(1);
        let (date, clock) = (start.date(), start.time());
        if self.is_on(date)
            && let Some(time) = self.time_from(clock.hour(), clock.minute())
        {
            return Some(date.with_time(time).assume_utc());
        }
        let first = self.time_from(0, 0)?;
        let next_day = date.next_day()?;
        for year in self.years.iter().map(|year| i32::from(*year)).filter(|year| *year >= next_day.year()) {
            for month in (1..=12).filter(|month| self.months & 1 << month != 0) {
                let month = Month::try_from(month).ok()?;
                if (year, u8::from(month)) < (next_day.year(), u8::from(next_day.month())) {
                    continue;
                }
                let of_month =
                    (1..=days_in_month(month, year)).filter_map(|day| Date::from_calendar_date(year, month, day).ok());
                if let Some(date) = of_month.filter(|date| *date >= next_day).find(|date| self.is_on(*date)) {
                    return Some(date.with_time(first).assume_utc());
                }
            }
        }
        None
    }

    /// The first time of a day from this hour and minute on.
    fn time_from(&self, hour: u8, minute: u8) -> Option<Time> {
        let has = |bits: u64, number: u8| bits & 1 << number != 0;
        let minute_from = |from: u8| (from..60).find(|minute| has(self.minutes, *minute));
        if has(self.hours, hour)
            && let Some(minute) = minute_from(minute)
        {
            return Time::from_hms(hour, minute, 0).ok();
        }
        let hour = (hour + 1..24).find(|hour| has(self.hours, *hour))?;
        Time::from_hms(hour, minute_from(0)?, 0).ok()
    }

    fn is_on(&self, date: Date) -> bool {
        let is_in = u16::try_from(date.year()).is_ok_and(|year| self.years.binary_search(&year).is_ok());
        is_in
            && self.months & 1 << u8::from(date.month()) != 0
            && match &self.days {
                Days::OfMonth(days) => days.iter().any(|day| day.is_on(date)),
                Days::OfWeek(days) => days.iter().any(|day| day.is_on(date)),
            }
    }
}

fn days_of_month(text: &str) -> Option<Vec<DayOfMonth>> {
    let mut days = Vec::new();
    for element in text.split(',') {
        let upper = element.to_ascii_uppercase();
        match upper.as_str() {
            "L" => days.push(DayOfMonth::Last),
            "LW" => days.push(DayOfMonth::LastWorking),
            near if near.ends_with('W') => {
                let day = DAYS_OF_MONTH.number(&near[..near.len() - 1])?;
                days.push(DayOfMonth::Near(u8::try_from(day).ok()?));
            }
            plain => {
                for day in DAYS_OF_MONTH.element(plain)? {
                    days.push(DayOfMonth::On(u8::try_from(day).ok()?));
                }
            }
        }
    }
    Some(days)
}

fn days_of_week(text: &str) -> Option<Vec<DayOfWeek>> {
    let number = |text: &str| DAYS_OF_WEEK.number(text).and_then(|day| u8::try_from(day).ok());
    let mut days = Vec::new();
    for element in text.split(',') {
        let upper = element.to_ascii_uppercase();
        if upper == "L" {
            // The last day of the week.
            days.push(DayOfWeek::On(7));
        } else if let Some((day, nth)) = upper.split_once('#') {
            let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth))?;
            days.push(DayOfWeek::Nth(number(day)?, nth));
        } else if let Some(day) = upper.strip_suffix('L') {
            days.push(DayOfWeek::Last(number(day)?));
        } else {
            for day in DAYS_OF_WEEK.element(&upper)? {
                days.push(DayOfWeek::On(u8::try_from(day).ok()?));
            }
        }
    }
    Some(days)
}

impl DayOfMonth {
    fn is_on(self, date: Date) -> bool {
        let last = days_in_month(date.month(), date.year());
        match self {
            Self::On(day) => date.day() == day,
            Self::Last => date.day() == last,
            // A day that the month lacks has no working day near it.
            Self::Near(day) => day <= last && working_day(date, day, last) == Some(date),
            Self::LastWorking => working_day(date, last, last) == Some(date),
        }
    }
}

/// The working day that is nearest to a day of a date's month, within that month.
fn working_day(date: Date, day: u8, last: u8) -> Option<Date> {
    let wanted = date.replace_day(day).ok()?;
    let day = match wanted.weekday() {
        Weekday::Saturday if day == 1 => 3,
        Weekday::Saturday => day - 1,
        Weekday::Sunday if day == last => day - 2,
        Weekday::Sunday => day + 1,
        _ => day,
    };
    date.replace_day(day).ok()
}

impl DayOfWeek {
    fn is_on(self, date: Date) -> bool {
        let weekday = date.weekday().number_from_sunday();
        match self {
            Self::On(day) => weekday == day,
            Self::Nth(day, nth) => weekday == day && (date.day() - 1) / 7 + 1 == nth,
            Self::Last(day) => weekday == day && date.day() + 7 > days_in_month(date.month(), date.year()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn the_next_times_of_what_the_documentation_shows() {
        let from = datetime!(2026-11-23 12:00 UTC);
        for (cron, next) in [
            ("0 10 * * ? *", datetime!(2026-11-24 10:00 UTC)),
            ("15 12 * * ? *", datetime!(2026-11-23 12:15 UTC)),
            ("0 18 ? * MON-FRI *", datetime!(2026-11-23 18:00 UTC)),
            ("0 8 1 * ? *", datetime!(2026-12-01 08:00 UTC)),
            ("0/15 * * * ? *", datetime!(2026-11-23 12:15 UTC)),
            ("0/10 * ? * MON-FRI *", datetime!(2026-11-23 12:10 UTC)),
            ("0/5 8-17 ? * mon-fri *", datetime!(2026-11-23 12:05 UTC)),
            ("0/30 20-2 ? * MON-FRI *", datetime!(2026-11-23 20:00 UTC)),
            ("0 12 L * ? *", datetime!(2026-11-30 12:00 UTC)),
            ("0 9 ? * 2#1 *", datetime!(2026-12-07 09:00 UTC)),
            ("0 9 ? * 6L *", datetime!(2026-11-27 09:00 UTC)),
            ("0 9 ? * L *", datetime!(2026-11-28 09:00 UTC)),
            ("0 9 29W * ? *", datetime!(2026-11-30 09:00 UTC)),
            ("0 9 1W AUG ? *", datetime!(2027-08-02 09:00 UTC)),
            ("0 9 LW 1 ? 2027", datetime!(2027-01-29 09:00 UTC)),
            ("0 0 29 2 ? *", datetime!(2028-02-29 00:00 UTC)),
            ("0 0 ? * SAT-SUN *", datetime!(2026-11-28 00:00 UTC)),
            ("0 0 1 1 ? 2026,2030", datetime!(2030-01-01 00:00 UTC)),
            ("* * * * ? *", datetime!(2026-11-23 12:01 UTC)),
        ] {
            assert_eq!(Cron::parse(cron).unwrap().after(from), Some(next), "{cron}");
        }
        assert_eq!(Cron::parse("0 0 31 2 ? *").unwrap().after(from), None);
        assert_eq!(Cron::parse("0 0 1 1 ? 2020").unwrap().after(from), None);
    }

    #[test]
    fn a_time_is_not_after_itself_and_seconds_do_not_count() {
        let cron = Cron::parse("0 12 * * ? *").unwrap();
        assert_eq!(cron.after(datetime!(2026-11-23 12:00 UTC)), Some(datetime!(2026-11-24 12:00 UTC)));
        assert_eq!(cron.after(datetime!(2026-11-23 11:59:59.9 UTC)), Some(datetime!(2026-11-23 12:00 UTC)));
    }

    /// Whether a minute is one of an expression's, looked at by itself.
    fn is_at(cron: &Cron, time: OffsetDateTime) -> bool {
        cron.is_on(time.date()) && cron.hours & 1 << time.hour() != 0 && cron.minutes & 1 << time.minute() != 0
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn the_next_time_is_the_first_that_a_walk_by_the_minute_meets(
            minutes in prop_oneof!["[0-5]?[0-9]", Just("*/17".to_owned()), Just("50-10".to_owned()), Just("*".to_owned())],
            hours in prop_oneof!["1?[0-9]", Just("*/5".to_owned()), Just("22-2".to_owned()), Just("*".to_owned())],
            days in prop_oneof![
                Just("? * *"), Just("* * ?"), Just("L * ?"), Just("15W * ?"), Just("1W * ?"), Just("LW * ?"), Just("? * FRI-MON"),
                Just("? * 2#3"), Just("? * 6L"), Just("1,15,31 * ?"), Just("29 FEB ?"), Just("? JAN-MAR,DEC TUE"),
            ],
            start in 1_767_225_600_i64..1_893_456_000,
        ) {
            let days = days.replace("? * *", "? * MON-SUN");
            let cron = Cron::parse(&format!("{minutes} {hours} {days} *")).unwrap();
            let start = OffsetDateTime::from_unix_timestamp(start).unwrap();
            // Forty days: every month's end is among them.
            let horizon = start + Duration::days(40);
            let mut time = start.replace_second(0).unwrap() + Duration::minutes(1);
            while time <= horizon && !is_at(&cron, time) {
                time += Duration::minutes(1);
            }
            let next = cron.after(start);
            if time <= horizon {
                prop_assert_eq!(next, Some(time));
            } else {
                prop_assert!(next.is_none_or(|next| next > horizon));
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_none() {
        for bad in [
            "",
            "* * * * *",
            "0 10 * * * *",
            "0 10 ? * ? *",
            "60 * * * ? *",
            "0 24 * * ? *",
            "0 0 0 * ? *",
            "0 0 32 * ? *",
            "0 0 1 13 ? *",
            "0 0 ? * 8 *",
            "0 0 ? * 0 *",
            "0 0 1 * ? 1969",
            "0 0 1 * ? 2200",
            "*/0 * * * ? *",
            "0 0 ? * 2#6 *",
            "0 0 20-10 * ? *",
            "0 0 1 * MON *",
            "a 0 1 * ? *",
            "0,, 0 1 * ? *",
            "-1 0 1 * ? *",
            "0 0 ? ? * *",
            "0 0 W * ? *",
            "0 0 1 * ? * *",
            "+1 0 1 * ? *",
            "0 0 ? * L-1 *",
        ] {
            assert_eq!(Cron::parse(bad), None, "{bad}");
        }
    }
}
