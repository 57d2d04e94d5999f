//! A year of schedules in zones whose clocks change, against a second, slow reckoning.

use super::*;
use jiff::civil::DateTime;
use proptest::prelude::*;

fn schedule(start: &str, stop: &str, zone: &str) -> Schedule {
    let of = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    Schedule::new(of(start), of(stop), zone.parse().unwrap()).unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be none")]
fn edge(turn: Turn, text: &str) -> Option<Edge> {
    Some(Edge { at: at(text), turn })
}

#[test]
fn office_hours_follow_the_clock_on_the_wall() {
    let paris = schedule("08:00 Mon-Fri", "18:30", "Europe/Paris");
    assert_eq!(paris.stop().unwrap().to_string(), "18:30 Mon-Fri");
    // Friday before the clock goes forward, and Monday after.
    assert_eq!(paris.next_edge(at("2026-03-27T08:00:00Z")), edge(Turn::Stop, "2026-03-27T17:30:00Z"));
    assert_eq!(paris.next_edge(at("2026-03-27T17:30:00Z")), edge(Turn::Start, "2026-03-30T06:00:00Z"));
    let last = |now: &str| paris.last_edge(at("2026-03-01T00:00:00Z"), at(now));
    assert_eq!(last("2026-03-29T12:00:00Z"), edge(Turn::Stop, "2026-03-27T17:30:00Z"));
    assert_eq!(last("2026-03-30T06:00:00Z"), edge(Turn::Start, "2026-03-30T06:00:00Z"));
    assert_eq!(last("2026-03-30T05:59:59Z"), edge(Turn::Stop, "2026-03-27T17:30:00Z"));
    assert_eq!(paris.last_edge(at("2026-03-27T17:30:00Z"), at("2026-03-30T05:59:59Z")), None);
}

#[test]
fn the_hour_that_is_skipped_ends_with_what_was_in_it_and_the_doubled_one_counts_once() {
    let spring = schedule("02:15", "02:45", "Europe/Paris");
    let night = (at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"));
    assert_eq!(spring.last_edge(night.0, night.1), edge(Turn::Stop, "2026-03-29T01:00:00Z"));
    assert_eq!(spring.next_edge(night.0), edge(Turn::Stop, "2026-03-29T01:00:00Z"));
    let autumn = schedule("02:15", "02:45", "Europe/Paris");
    let night = at("2026-10-24T12:00:00Z");
    assert_eq!(autumn.next_edge(night), edge(Turn::Start, "2026-10-25T00:15:00Z"));
    assert_eq!(autumn.next_edge(at("2026-10-25T00:15:00Z")), edge(Turn::Stop, "2026-10-25T00:45:00Z"));
    assert_eq!(autumn.next_edge(at("2026-10-25T00:45:00Z")), edge(Turn::Start, "2026-10-26T01:15:00Z"));
}

#[test]
fn what_contradicts_itself_is_no_schedule() {
    let of = |start: &str, stop: &str| {
        let parse = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        Schedule::new(parse(start), parse(stop), Zone::utc()).err()
    };
    assert_eq!(of("", ""), Some(InvalidSchedule::Empty));
    assert_eq!(of("18:30", "08:00"), Some(InvalidSchedule::Backwards));
    assert_eq!(of("18:30 Mon-Fri", "08:00"), Some(InvalidSchedule::Backwards));
    for (start, stop) in [
        ("18:30 Mon-Fri", "08:00 Mon-Fri"),
        ("08:00 Mon-Fri", "07:00 Mon-Sat"),
        ("0 18 * * 1-5", "0 8 * * 1-5"),
        ("0 18 * * 1-5", "08:00"),
        ("18:30 Mon", "*/10 8 * * *"),
        ("0 9 1 * *", "0 8 * * *"),
    ] {
        assert_eq!(of(start, stop), Some(InvalidSchedule::Backwards), "{start} {stop}");
    }
    assert_eq!(of("08:00", "08:00"), Some(InvalidSchedule::AtOnce));
    assert_eq!(of("08:00 Mon", "0 8 * * *"), Some(InvalidSchedule::AtOnce));
    for (start, stop) in [
        ("22:00 Mon-Fri", "06:00 Tue-Sat"),
        ("0 22 * * *", "0 6 * * *"),
        ("", "18:30"),
        ("08:00", ""),
        ("0 8 * * 1-5", "0 7,18 * * 1-5"),
        ("22:00 Mon,Tue", "06:00 Tue,Wed"),
    ] {
        assert_eq!(of(start, stop), None, "{start} {stop}");
    }
    assert_eq!(of("08:00 Mon", "08:00 Tue"), None);
}

#[test]
fn zones_are_those_of_the_database() {
    for good in ["Europe/Paris", "UTC", "America/New_York", "Etc/GMT+5", "europe/paris"] {
        assert!(good.parse::<Zone>().is_ok(), "{good}");
    }
    assert_eq!("europe/paris".parse::<Zone>().unwrap().to_string(), "Europe/Paris");
    for bad in ["", "Paris", "CEST+1", "Europe/Atlantis", "../etc/passwd", "Europe/Paris\n", "+02:00"] {
        assert_eq!(bad.parse::<Zone>(), Err(InvalidZone), "{bad}");
    }
}

#[test]
fn a_schedule_survives_its_tags_which_aws_takes() {
    for (start, stop) in [("08:00 Mon-Fri", "18:30"), ("*/5 8 1,15 * *", ""), ("", "23:59 Sat,Sun")] {
        let schedule = schedule(start, stop, "America/Argentina/Buenos_Aires");
        let tags: BTreeMap<String, String> = schedule.to_tags().into_iter().collect();
        assert_eq!(Schedule::from_tags(&tags), Some(schedule));
        for text in tags.values() {
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b" _.:/=+-@".contains(&b)), "{text}");
        }
    }
    assert_eq!(Schedule::from_tags(&BTreeMap::new()), None);
    let damaged = BTreeMap::from([(START_TAG.to_owned(), "soon".to_owned())]);
    assert_eq!(Schedule::from_tags(&damaged), None);
}

/// The edges of some days, minute by minute: whatever the clock on the wall says for the first time, or has just skipped,
/// happens now.
fn slowly(schedule: &Schedule, from: i64, to: i64) -> Vec<Edge> {
    let wall = |at: i64| schedule.zone.zone.to_datetime(Timestamp::from_second(at).unwrap());
    let minute = |wall: DateTime, by: i64| wall.checked_add(jiff::Span::new().minutes(by)).unwrap();
    // The furthest that the clock has ever come.
    let mut furthest = minute(wall(from), -1);
    let mut edges = Vec::new();
    let mut now = from;
    while now <= to {
        let seen = wall(now);
        let mut turn = None;
        while furthest < seen {
            furthest = minute(furthest, 1);
            for (kind, pattern) in [(Turn::Start, schedule.start()), (Turn::Stop, schedule.stop())] {
                if pattern.is_some_and(|pattern| pattern.is_at(furthest)) {
                    turn = Some(kind);
                }
            }
        }
        edges.extend(turn.map(|turn| Edge { at: now, turn }));
        now += 60;
    }
    edges
}

/// The same by the next edge after each.
fn quickly(schedule: &Schedule, from: i64, to: i64) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut now = from;
    while let Some(edge) = schedule.next_edge(now).filter(|edge| edge.at <= to) {
        now = edge.at;
        edges.push(edge);
    }
    edges
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Europe/Paris",
        "America/New_York",
        "America/Sao_Paulo",
        // Half an hour, at another time of the day, and on the other half of the earth.
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "America/Nuuk",
        "America/Havana",
        "UTC",
    ])
}

fn patterns() -> impl Strategy<Value = String> {
    let days = prop::sample::select(vec!["", " Mon-Fri", " Sat,Sun", " Sun", " Fri-Mon"]);
    let time = (0..24_u8, 0..60_u8, days).prop_map(|(hour, minute, days)| format!("{hour:02}:{minute:02}{days}"));
    // What lies in the hours that are skipped and doubled is what differs.
    let night = (0..4_u8, 0..60_u8).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
    let cron = (0..60_u8, 0..24_u8, prop::sample::select(vec!["* * *", "* * 0", "29-31 * *", "*/7 3,10 *", "1 * 1"]))
        .prop_map(|(minute, hour, rest)| format!("{minute} {hour} {rest}"));
    prop_oneof![time, night, cron, Just("*/20 1-3 * * 0".to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_year_is_the_same_by_a_second_and_slow_reckoning(start in patterns(), stop in patterns(), zone in zones(), year in 2024..2030_i16) {
        let parse = |text: &str| text.parse::<Pattern>().unwrap();
        let Ok(schedule) = Schedule::new(Some(parse(&start)), Some(parse(&stop)), zone.parse().unwrap()) else {
            return Ok(());
        };
        let (from, to) = (at(&format!("{year}-01-02T00:00:00Z")), at(&format!("{}-01-02T00:00:00Z", year + 1)));
        let slow = slowly(&schedule, from, to);
        prop_assert_eq!(&quickly(&schedule, from - 1, to), &slow, "{} {} {}", start, stop, zone);
        // Whoever wakes at any time finds the last edge before.
        for pair in slow.windows(2).step_by(7) {
            let now = pair[1].at - 1;
            prop_assert_eq!(schedule.last_edge(pair[0].at - 1, now), Some(pair[0]));
            prop_assert_eq!(schedule.last_edge(pair[0].at, now), None);
            prop_assert_eq!(schedule.last_edge(from - 1, now), Some(pair[0]));
        }
    }
}
