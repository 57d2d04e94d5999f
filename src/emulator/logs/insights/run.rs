//! Running a query over events.

use super::{
    datum::Datum,
    discover,
    eval::{eval, is_true},
    query::{Command, Named, Query},
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
}

impl Query {
    /// Asks events that are in the order of their times, the newest first; `most` is how many rows are wanted where the
    /// query does not say.
    pub(super) fn run(&self, events: Vec<Event>, most: usize) -> Found {
        let (scanned, bytes) = (events.len(), events.iter().map(|event| event.message.len()).sum());
        let mut rows: Vec<Row> = events.into_iter().map(discover::row).collect();
        let mut columns: Vec<String> = Vec::new();
        let (mut is_display, mut is_stats, mut is_limited) = (false, false, false);
        let mut matched = rows.len();
        for command in &self.0 {
            match command {
                Command::Fields(all) | Command::Display(all) => {
                    compute(&mut rows, all);
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
                    rows.retain(|row| is_true(condition, &[row]));
                    if !is_stats {
                        matched = rows.len();
                    }
                }
                Command::Sort(keys) => rows.sort_by(|a, b| {
                    let orders = keys.iter().map(|(key, is_falling)| {
                        let order = match (known(key, a), known(key, b)) {
                            (Some(a), Some(b)) => a.compare(&b),
                            (a, b) => a.is_some().cmp(&b.is_some()),
                        };
                        if *is_falling { order.reverse() } else { order }
                    });
                    orders.fold(Ordering::Equal, Ordering::then)
                }),
                Command::Limit(limit) => {
                    rows.truncate(*limit);
                    is_limited = true;
                }
                Command::Stats { values, by } => {
                    rows = grouped(&rows, values, by);
                    columns = by.iter().chain(values).map(|named| named.name.clone()).collect();
                    (is_display, is_stats) = (false, true);
                }
                Command::Parse { field, pattern, names } => {
                    for row in &mut rows {
                        let text = eval(field, &[row]).map(|value| value.to_string()).unwrap_or_default();
                        let captures = pattern.captures(&text);
                        for (at, name) in names {
                            let part = captures.as_ref().and_then(|captures| captures.get(*at));
                            row.set(name, part.map(|part| Datum::Text(part.as_str().to_owned())));
                        }
                    }
                }
                Command::Dedup(all) => {
                    let mut seen = HashSet::new();
                    rows.retain(|row| {
                        let key: Vec<_> = all.iter().map(|one| eval(&one.expression, &[row])).collect();
                        // What has none of the fields stays.
                        key.iter().any(Option::is_none)
                            || seen.insert(key.iter().flatten().map(Datum::to_string).collect::<Vec<_>>())
                    });
                }
            }
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
        Found { rows: rows.iter().map(cells).collect(), matched, scanned, bytes }
    }
}

/// What an expression is worth for a row, which may be the row of a group that has it already (`sort count(*)`).
fn known(named: &Named, row: &Row) -> Option<Datum> {
    row.get(&named.name).cloned().or_else(|| eval(&named.expression, &[row]))
}

fn compute(rows: &mut [Row], all: &[Named]) {
    for named in all
        .iter()
        .filter(|named| named.is_alias || !matches!(named.expression, super::expression::Expression::Field(_)))
    {
        for row in rows.iter_mut() {
            let value = if named.is_alias { eval(&named.expression, &[row]) } else { known(named, row) };
            row.set(&named.name, value);
        }
    }
}

/// One row for each group of rows, in the order of their first ones.
fn grouped(rows: &[Row], values: &[Named], by: &[Named]) -> Vec<Row> {
    let mut groups: Vec<(Vec<Option<Datum>>, Vec<&Row>)> = Vec::new();
    let mut places: HashMap<Vec<Option<String>>, usize> = HashMap::new();
    if by.is_empty() {
        groups.push((Vec::new(), rows.iter().collect()));
    } else {
        for row in rows {
            let key: Vec<_> = by.iter().map(|named| eval(&named.expression, &[row])).collect();
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
            row.set(&named.name, eval(&named.expression, &rows));
        }
        row
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::{super::Malformed, *};

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
        let found = Query::parse(query).unwrap_or_else(|why| panic!("{query}: {why:?}")).run(events.collect(), 100);
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
            assert!(matches!(Query::parse(query), Err(Malformed::Syntax(_))), "{query}");
        }
        for query in ["pattern @message", "fields jsonParse(@message) as j"] {
            assert!(matches!(Query::parse(query), Err(Malformed::Lacking(_))), "{query}");
        }
        let deep = format!("filter {}a = 1{}", "(".repeat(200), ")".repeat(200));
        assert!(matches!(Query::parse(&deep), Err(Malformed::Syntax(_))));
    }
}
