//! Running a query over events.

use super::{
    datum::Datum,
    discover,
    eval::{eval, is_true},
    expression::Expression,
    query::{Command, Named, Query},
    work::Work,
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
};

/// An event that may be found.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) pointer: String,
    pub(super) timestamp: i64,
    pub(super) ingested: i64,
    /// The account and the group.
    pub(super) log: String,
    pub(super) stream: String,
    pub(super) message: String,
}

/// The fields of an event, or of a group of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Row(BTreeMap<String, Datum>);

impl Row {
    pub(super) fn get(&self, name: &str) -> Option<&Datum> {
        self.0.get(name)
    }

    pub(super) fn set(&mut self, name: &str, value: Option<Datum>) {
        match value {
            Some(value) => self.0.insert(name.to_owned(), value),
            None => self.0.remove(name),
        };
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What a query found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rows: Vec<Vec<(String, Datum)>>,
    pub(super) matched: usize,
    pub(super) scanned: usize,
    pub(super) bytes: usize,
    /// Whether it took too long, and so there is nothing.
    pub(super) is_late: bool,
}

impl Query {
    /// Asks events that are in the order of their times, the newest first; `most` is how many rows are wanted where the
    /// query does not say. There is nothing where that takes too much.
    pub(super) fn run(&self, events: Vec<Event>, most: usize) -> Option<Found> {
        self.run_within(&Work::default(), events, most)
    }

    fn run_within(&self, work: &Work, events: Vec<Event>, most: usize) -> Option<Found> {
        let (scanned, bytes) = (events.len(), events.iter().map(|event| event.message.len()).sum());
        let mut rows: Vec<Row> = events.into_iter().map(|event| discover::row(event, work)).collect();
        let mut columns: Vec<String> = Vec::new();
        let (mut is_display, mut is_stats, mut is_limited) = (false, false, false);
        let mut matched = rows.len();
        for command in &self.0 {
            match command {
                Command::Fields(all) | Command::Display(all) => {
                    compute(&mut rows, all, work);
                    let is_final = matches!(command, Command::Display(_));
                    if is_final && !is_display {
                        columns.clear();
                        is_display = true;
                    }
                    if is_final || !is_display {
                        columns.extend(all.iter().map(|named| named.name.clone()));
                    }
                }
                Command::Filter(condition) => {
                    rows.retain(|row| is_true(condition, &[row], work));
                    if !is_stats {
                        matched = rows.len();
                    }
                }
                Command::Sort(keys) => rows = sorted(rows, keys, work),
                Command::Limit(limit) => {
                    rows.truncate(*limit);
                    is_limited = true;
                }
                Command::Stats { values, by } => {
                    rows = grouped(&rows, values, by, work);
                    columns = by.iter().chain(values).map(|named| named.name.clone()).collect();
                    (is_display, is_stats) = (false, true);
                }
                Command::Parse { field, pattern, names } => {
                    for row in &mut rows {
                        let text = eval(field, &[row], work).map(|value| value.to_string()).unwrap_or_default();
                        let captures = pattern.captures(&text, work);
                        for (at, name) in names {
                            let part = captures.as_ref().and_then(|captures| captures.get(*at));
                            let part = part.map(|part| Datum::Text(part.as_str().to_owned()));
                            work.take(name.len() + part.as_ref().map_or(0, Datum::size))?;
                            row.set(name, part);
                        }
                    }
                }
                Command::Dedup(all) => {
                    let mut seen = HashSet::new();
                    rows.retain(|row| {
                        let key: Vec<_> = all.iter().map(|one| kept(&one.expression, row, work)).collect();
                        // What has none of the fields stays.
                        key.iter().any(Option::is_none)
                            || seen.insert(key.iter().flatten().map(Datum::to_string).collect::<Vec<_>>())
                    });
                }
            }
        }
        if work.is_late() {
            return Some(Found { rows: Vec::new(), matched: 0, scanned, bytes, is_late: true });
        }
        if work.is_spent() {
            return None;
        }
        if columns.is_empty() {
            columns = vec!["@timestamp".to_owned(), "@message".to_owned()];
        }
        if !is_stats {
            columns.push("@ptr".to_owned());
        }
        let mut seen = HashSet::new();
        columns.retain(|column| seen.insert(column.clone()));
        let cells = |row: &Row| {
            let cells = columns.iter().filter_map(|column| Some((column.clone(), row.get(column)?.clone())));
            cells.collect::<Vec<_>>()
        };
        rows.truncate(if is_limited { super::MAX_ROWS } else { most });
        Some(Found { rows: rows.iter().map(cells).collect(), matched, scanned, bytes, is_late: false })
    }
}

/// What an expression is worth for a row, which may be the row of a group that has it already (`sort count(*)`).
fn known(named: &Named, row: &Row, work: &Work) -> Option<Datum> {
    let Some(value) = row.get(&named.name) else { return kept(&named.expression, row, work) };
    work.take(value.size())?;
    Some(value.clone())
}

/// Sorts rows by what they are worth, each by expressions of which the largest value comes first or last.
fn sorted(rows: Vec<Row>, keys: &[(Named, bool)], work: &Work) -> Vec<Row> {
    let values = |row: &Row| keys.iter().map(|(key, _)| known(key, row, work)).collect::<Vec<_>>();
    let mut all: Vec<_> = rows.into_iter().map(|row| (values(&row), row)).collect();
    all.sort_by(|(a, _), (b, _)| {
        let orders = keys.iter().zip(a.iter().zip(b)).map(|((_, is_falling), values)| {
            let order = match values {
                (Some(a), Some(b)) => a.order(b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            };
            if *is_falling { order.reverse() } else { order }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    });
    all.into_iter().map(|(_, row)| row).collect()
}

/// What an expression is worth for a row, which is kept.
fn kept(expression: &Expression, row: &Row, work: &Work) -> Option<Datum> {
    let value = eval(expression, &[row], work)?;
    work.take(value.size())?;
    Some(value)
}

fn compute(rows: &mut [Row], all: &[Named], work: &Work) {
    for named in all.iter().filter(|named| named.is_alias || !matches!(named.expression, Expression::Field(_))) {
        for row in rows.iter_mut() {
            let old = if named.is_alias { None } else { row.get(&named.name).cloned() };
            let value = old.or_else(|| {
                work.take(named.name.len())?;
                kept(&named.expression, row, work)
            });
            row.set(&named.name, value);
        }
    }
}

/// One row for each group of rows, in the order of their first ones.
fn grouped(rows: &[Row], values: &[Named], by: &[Named], work: &Work) -> Vec<Row> {
    let mut groups: Vec<(Vec<Option<Datum>>, Vec<&Row>)> = Vec::new();
    let mut places: HashMap<Vec<Option<String>>, usize> = HashMap::new();
    if by.is_empty() {
        groups.push((Vec::new(), rows.iter().collect()));
    } else {
        for row in rows {
            let key: Vec<_> = by.iter().map(|named| kept(&named.expression, row, work)).collect();
            let written = key.iter().map(|value| value.as_ref().map(Datum::to_string)).collect();
            let place = *places.entry(written).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(row);
        }
    }
    let made = groups.into_iter().map(|(key, rows)| {
        let mut row = Row::default();
        for (named, value) in by.iter().zip(key) {
            row.set(&named.name, value);
        }
        for named in values {
            let value = eval(&named.expression, &rows, work);
            row.set(&named.name, value.filter(|value| work.take(named.name.len() + value.size()).is_some()));
        }
        row
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::{super::Malformed, *};
    use std::time::Duration;

    /// When the queries are started.
    const NOW: i64 = 1_700_000_200_000;

    /// Work that takes as long as it takes.
    fn unhurried() -> Work {
        Work::lasting(Duration::from_hours(1))
    }

    /// What a query shows of some events: the fields of each row but its pointer.
    fn asked(query: &str) -> Vec<String> {
        let messages = [
            r#"{"level":"ERROR","ms":30,"route":"/a","user":"ann"}"#,
            r#"{"level":"INFO","ms":10,"route":"/a"}"#,
            r#"{"level":"INFO","ms":20,"route":"/b","user":"bob"}"#,
            "plain user=carl, method:GET",
        ];
        let numbered: Vec<_> = messages.iter().zip(0_i64..).collect();
        let events = numbered.into_iter().rev().map(|(message, at)| Event {
            pointer: at.to_string(),
            timestamp: 1_700_000_000_000 + at * 60_000,
            ingested: 0,
            log: "0:g".to_owned(),
            stream: "s".to_owned(),
            message: (*message).to_owned(),
        });
        let read = Query::parse(query, NOW).unwrap_or_else(|why| panic!("{query}: {why:?}"));
        let found = read.run_within(&unhurried(), events.collect(), 100).unwrap();
        let shown = |row: &Vec<(String, Datum)>| {
            let cells = row.iter().filter(|(name, _)| name != "@ptr");
            cells.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        found.rows.iter().map(shown).collect()
    }

    #[test]
    fn events_are_filtered_sorted_and_cut() {
        assert_eq!(asked("fields ms | filter ispresent(ms) | sort ms asc | limit 2"), ["ms=10", "ms=20"]);
        assert_eq!(asked("fields route, ms | filter level = 'ERROR'"), ["route=/a ms=30"]);
        assert_eq!(asked("filter @message like /carl/ | display @logStream"), ["@logStream=s"]);
        assert_eq!(
            asked("filter level in ['ERROR', 'WARN'] or ms < 15 | fields ms | sort ms desc"),
            ["ms=30", "ms=10"]
        );
        assert_eq!(asked("filter not (level like 'INFO') and ms > 1 | fields ms * 2 + 1 as twice"), ["twice=61"]);
        assert_eq!(
            asked("filter user = 'bob' | limit 1"),
            [r#"@timestamp=2023-11-14 22:15:20.000 @message={"level":"INFO","ms":20,"route":"/b","user":"bob"}"#]
        );
        assert_eq!(
            asked("fields level | dedup level | sort level | filter ispresent(level)"),
            ["level=ERROR", "level=INFO"]
        );
    }

    #[test]
    fn events_are_counted_in_groups() {
        assert_eq!(
            asked("stats count(*) as n, sum(ms), avg(ms), max(ms), min(ms)"),
            ["n=4 sum(ms)=60 avg(ms)=20 max(ms)=30 min(ms)=10"]
        );
        assert_eq!(
            asked("filter ispresent(ms) | stats count(*), pct(ms, 50) as p by route | sort route"),
            ["route=/a count(*)=2 p=20", "route=/b count(*)=1 p=20"]
        );
        assert_eq!(asked("stats count() as n by bin(2m) as t | sort t").len(), 3);
        assert_eq!(asked("stats count(*) as n by level | filter n > 1 | display level"), ["level=INFO"]);
        assert_eq!(asked("stats count_distinct(route) as routes, sum(ms) / count(*) as share"), ["routes=2 share=15"]);
        assert_eq!(asked("filter level = 'NONE' | stats count(*) as n"), ["n=0"]);
        for order in ["asc", "desc"] {
            let query = format!("sort @timestamp {order} | stats latest(ms) as last, earliest(ms) as first");
            assert_eq!(asked(&query), ["last=20 first=30"], "{order}");
        }
    }

    #[test]
    fn parts_of_messages_get_names() {
        for query in [
            "filter @message like 'carl' | parse @message 'user=*, method:*' as who, how | display who, how",
            "filter @message like 'carl' | parse @message /user=(?<who>\\w+), method:(?<how>\\w+)/ | display who, how",
            "parse 'user=*, method:*' as who, how | filter ispresent(who) | display who, how",
        ] {
            assert_eq!(asked(query), ["who=carl how=GET"], "{query}");
        }
    }

    #[test]
    fn functions_are_worth_what_the_documentation_says() {
        for (expression, expected) in [
            ("ltrim('xyZxyfooxyZ', 'xyZ')", "fooxyZ"),
            ("strcontains(level, 'err')", "0"),
            ("strcontains(level, 'err', true)", "1"),
            ("startsWith(level, 'ERR')", "1"),
            ("case(ms > 100, 'slow', ms > 20, 'so', 'fast')", "so"),
            ("case(ms > 100, 'slow', 'fast')", "fast"),
            ("case(ms > 100, 'slow')", ""),
            ("isValidIpV6('2001:db8::1')", "1"),
            ("isValidIpV6('192.0.2.1')", "0"),
            ("isIpv6InSubnet('2001:db8::1', '2001:db8::/32')", "1"),
            ("isIpv4InSubnet('192.0.2.1', '192.0.2.0/24')", "1"),
            ("isIpv4InSubnet('2001:db8::1', '2001:db8::/32')", "0"),
            ("isIpInSubnet('no address', '2001:db8::/32')", "0"),
            ("ipv4ToNumber('0.0.1.2')", "258"),
            ("isPrivateIP('172.16.0.1')", "1"),
            ("now()", "1700000200"),
        ] {
            let found = asked(&format!("filter level = 'ERROR' | display {expression} as found"));
            let expected = if expected.is_empty() { String::new() } else { format!("found={expected}") };
            assert_eq!(found, [expected], "{expression}");
        }
        assert_eq!(asked("filter toMillis(@timestamp) >= now() * 1000 - 80000 | display ms"), ["", "ms=20"]);
    }

    #[test]
    fn a_query_that_would_fill_the_memory_finds_nothing() {
        let run = |query: &str, message: &str| {
            let message = message.to_owned();
            let (log, stream) = ("0:g".to_owned(), "s".to_owned());
            let event = Event { pointer: "0".to_owned(), timestamp: 0, ingested: 0, log, stream, message };
            Query::parse(query, NOW).unwrap().run_within(&unhurried(), vec![event], 100)
        };
        let letters = "a".repeat(200);
        let grown = |text: &str| format!("replace({text}, 'a', '{letters}')");
        let two = grown(&grown("'a'"));
        assert!(run(&format!("display strlen({two}) as n"), "").is_some());
        let doubled = format!("fields '{letters}' as a {}", "| fields concat(a, a) as a ".repeat(40));
        let columns: Vec<String> = (0..400).map(|at| format!("@message as f{at}")).collect();
        let encoded = format!("fields {}@message{} as a", "base64encode(".repeat(40), ")".repeat(40));
        let (long, name) = ("a".repeat(1 << 20), "n".repeat(1 << 20));
        let members: Vec<String> = (0..190).map(|at| format!("\"m{at}\":{{\"a\":1,\"b\":2}}")).collect();
        let wide = format!("{{\"{name}\":{{{}}}}}", members.join(","));
        for (query, message) in [
            (format!("fields {} as a", grown(&grown(&two))), &letters),
            (doubled, &letters),
            (format!("fields {}", columns.join(", ")), &long),
            (encoded, &long),
            ("limit 1".to_owned(), &wide),
        ] {
            assert!(run(&query, message).is_none(), "{query}");
        }
    }

    #[test]
    fn a_query_that_takes_too_long_has_found_nothing() {
        let message = "a".repeat(1 << 20);
        let event = |at: usize| Event {
            pointer: at.to_string(),
            timestamp: 0,
            ingested: 0,
            log: "0:g".to_owned(),
            stream: "s".to_owned(),
            message: message.clone(),
        };
        let large = "[ab]{40}".repeat(12);
        for query in [
            format!("filter @message like /{large}b/"),
            format!("fields @timestamp | filter @message not like /{large}b/ | stats count(*)"),
            format!("parse @message /(?<x>{large})b/ | display x"),
        ] {
            let found =
                Query::parse(&query, NOW).unwrap().run_within(&unhurried(), (0..2).map(event).collect(), 100).unwrap();
            assert!(found.is_late && found.rows.is_empty(), "{query}");
            assert_eq!((found.scanned, found.bytes), (2, 2 << 20));
        }
        let query = Query::parse("filter @message like /b|^a/ | limit 1", NOW).unwrap();
        let found = query.run_within(&unhurried(), vec![event(0)], 100).unwrap();
        assert!(!found.is_late && found.rows.len() == 1);
        let found = query.run_within(&Work::lasting(Duration::ZERO), vec![event(0)], 100).unwrap();
        assert!(found.is_late && found.rows.is_empty());
    }

    #[test]
    fn rows_are_sorted_by_values_of_every_kind_and_times_end_somewhere() {
        let values: Vec<String> = (0..2000).map(|at| format!("{}{}", at * 7919 % 2003, ["", "a"][at % 2])).collect();
        let events = values.iter().map(|value| Event {
            pointer: value.clone(),
            timestamp: 0,
            ingested: 0,
            log: "0:g".to_owned(),
            stream: "s".to_owned(),
            message: format!("{{\"x\":\"{value}\"}}"),
        });
        let query = Query::parse("fields x | sort x", NOW).unwrap();
        let found = query.run_within(&unhurried(), events.collect(), 10_000).unwrap();
        let is_number = |row: &Vec<(String, Datum)>| row[0].1.number().is_some();
        assert!(found.rows.is_sorted_by_key(is_number));
        for far in ["dateceil(9 * 10 ^ 18, 1d)", "datefloor(0 - 10 ^ 19, 1d)", "dateceil(10 ^ 19, 3y)"] {
            assert_eq!(asked(&format!("filter level = 'ERROR' | display {far} as far")), ["far="], "{far}");
        }
    }

    #[test]
    fn a_long_expression_is_no_deep_one() {
        let (plus, and, or) = ("+ 1 ".repeat(4900), "ms = 30 and ".repeat(900), "ms = 1 or ".repeat(900));
        assert_eq!(asked(&format!("filter ms = 30 | display ms {plus} as n")), ["n=4930"]);
        assert_eq!(asked(&format!("filter {and} ms > 1 | display ms")), ["ms=30"]);
        assert_eq!(asked(&format!("filter {or} ms = 30 | display ms")), ["ms=30"]);
        assert_eq!(asked("filter ms = 30 | display 20 - 5 - 4 * 3 / 2 % 4 as n"), ["n=13"]);
    }

    #[test]
    fn what_is_no_query_is_refused_and_what_is_lacking_is_named() {
        for query in [
            "nonsense",
            "fields",
            "fields a b",
            "filter a =",
            "stats ms",
            "limit 0",
            "limit many",
            "parse @message",
            "parse 'a *' as b, c",
            "filter (a = 1",
            "| limit 1",
        ] {
            assert!(matches!(Query::parse(query, NOW), Err(Malformed::Syntax(_))), "{query}");
        }
        for query in ["pattern @message", "fields jsonParse(@message) as j"] {
            assert!(matches!(Query::parse(query, NOW), Err(Malformed::Lacking(_))), "{query}");
        }
        let deep = format!("filter {}a = 1{}", "(".repeat(200), ")".repeat(200));
        assert!(matches!(Query::parse(&deep, NOW), Err(Malformed::Syntax(_))));
    }
}
