//! Metrics Insights: `SELECT AVG(Latency) FROM "Own" WHERE Api = 'a' GROUP BY Route ORDER BY MAX() DESC LIMIT 5`.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html>

use super::{
    bucket::Bucket,
    math::Series,
    metric::Metric,
    metrics::{Metrics, Wanted},
    statistic::Statistic,
};
use crate::emulator::store::Region;
use std::collections::{BTreeMap, BTreeSet};

/// The most series of an answer.
const MAX_SERIES: usize = 500;

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    statistic: Statistic,
    name: String,
    namespace: String,
    /// The names of the dimensions, all of which a metric must have and no other; any where it is not said.
    schema: Option<BTreeSet<String>>,
    /// Dimensions, whether they must or must not have a value, and the value.
    conditions: Vec<(String, bool, String)>,
    groups: Vec<String>,
    /// By what of each series they are ordered, and whether the greatest comes first.
    order: Option<(Statistic, bool)>,
    most: usize,
}

/// Whether a text is meant to be a query of this kind.
pub(super) fn is_select(text: &str) -> bool {
    text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("SELECT"))
}

impl Select {
    /// Reads a query.
    ///
    /// # Errors
    /// What stands where something else should.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words(words(text)?.into_iter().peekable());
        words.expect("SELECT")?;
        let statistic = words.statistic()?;
        words.expect("(")?;
        let name = words.name()?;
        words.expect(")")?;
        words.expect("FROM")?;
        let is_schema = words.takes("SCHEMA");
        if is_schema {
            words.expect("(")?;
        }
        let namespace = words.name()?;
        let mut schema = is_schema.then(BTreeSet::new);
        if let Some(schema) = &mut schema {
            while words.takes(",") {
                schema.insert(words.name()?);
            }
            words.expect(")")?;
        }
        let mut conditions = Vec::new();
        if words.takes("WHERE") {
            loop {
                let dimension = words.name()?;
                let is_equal = words.takes("=");
                if !is_equal {
                    words.expect("!=")?;
                }
                conditions.push((dimension, is_equal, words.name()?));
                if !words.takes("AND") {
                    break;
                }
            }
        }
        let mut groups = Vec::new();
        if words.takes("GROUP") {
            words.expect("BY")?;
            groups.push(words.name()?);
            while words.takes(",") {
                groups.push(words.name()?);
            }
        }
        let mut order = None;
        if words.takes("ORDER") {
            words.expect("BY")?;
            let by = words.statistic()?;
            words.expect("(")?;
            words.expect(")")?;
            let is_descending = words.takes("DESC");
            if !is_descending {
                words.takes("ASC");
            }
            order = Some((by, is_descending));
        }
        let most = if words.takes("LIMIT") { words.count()? } else { MAX_SERIES };
        words.end()?;
        Ok(Self { statistic, name, namespace, schema, conditions, groups, order, most })
    }

    /// Whether it finds a series for each of several values.
    pub(super) fn is_grouped(&self) -> bool {
        !self.groups.is_empty()
    }

    fn wants(&self, metric: &Metric) -> bool {
        let dimensions = &metric.dimensions.0;
        metric.namespace == self.namespace
            && metric.name == self.name
            && self.schema.as_ref().is_none_or(|schema| schema.iter().eq(dimensions.keys()))
            && self.groups.iter().all(|group| dimensions.contains_key(group))
            && self
                .conditions
                .iter()
                .all(|(name, is_equal, value)| dimensions.get(name).is_some_and(|own| (own == value) == *is_equal))
    }

    /// What it finds within a range: a series for each group; `label` is what one that has no group is called.
    pub(super) fn read(
        &self,
        (metrics, region): (&Metrics, &Region),
        range: (i64, i64),
        (origin, period): (i64, i64),
        label: &str,
    ) -> Vec<Series> {
        let start = origin + (range.0 - origin).div_euclid(period) * period;
        let mut found: BTreeMap<Vec<String>, BTreeMap<i64, Bucket>> = BTreeMap::new();
        for (metric, _) in metrics.list(region).into_iter().filter(|(metric, _)| self.wants(metric)) {
            let group = self.groups.iter().map(|group| metric.dimensions.0[group].clone()).collect();
            let wanted = Wanted { metric: &metric, range: (start, range.1), origin, period, unit: None };
            let of_group = found.entry(group).or_default();
            for (time, own) in metrics.read(region, &wanted) {
                match of_group.get_mut(&time) {
                    Some(bucket) => bucket.add(&own),
                    None => drop(of_group.insert(time, own)),
                }
            }
        }
        found.retain(|_, buckets| !buckets.is_empty());
        let mut series: Vec<Series> = found
            .into_iter()
            .map(|(group, buckets)| {
                let points = buckets.iter().filter_map(|(time, bucket)| Some((*time, self.statistic.of(bucket)?)));
                let label = if group.is_empty() { label.to_owned() } else { group.join(" ") };
                Series { label, period, points: points.collect() }
            })
            .collect();
        if let Some((by, is_descending)) = self.order {
            series.sort_by(|a, b| whole(a, by).total_cmp(&whole(b, by)));
            if is_descending {
                series.reverse();
            }
        }
        series.truncate(self.most);
        series
    }
}

/// What a statistic says of all values of a series.
fn whole(series: &Series, by: Statistic) -> f64 {
    let values = series.points.values().map(|value| Bucket::of(*value, 1.0));
    let all = values.reduce(|mut all, one| {
        all.add(&one);
        all
    });
    all.and_then(|all| by.of(&all)).unwrap_or_default()
}

/// The words of a query; a name or a value in quotes is told from a word of the language.
#[derive(Debug, Clone, PartialEq)]
enum Word {
    Plain(String),
    Quoted(String),
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '"' | '\'' => {
                let end = rest[1..].find(first).ok_or("A quote does not end")?;
                (Word::Quoted(rest[1..=end].to_owned()), end + 2)
            }
            '(' | ')' | ',' | '=' => (Word::Plain(first.to_string()), 1),
            '!' if rest.starts_with("!=") => (Word::Plain("!=".to_owned()), 2),
            _ => {
                let ends = |c: char| c.is_whitespace() || "()=,!\"'".contains(c);
                let length = rest.find(ends).filter(|length| *length > 0).unwrap_or(rest.len());
                (Word::Plain(rest[..length].to_owned()), length)
            }
        };
        found.push(word);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

struct Words(std::iter::Peekable<std::vec::IntoIter<Word>>);

impl Words {
    fn takes(&mut self, wanted: &str) -> bool {
        self.0.next_if(|word| matches!(word, Word::Plain(word) if word.eq_ignore_ascii_case(wanted))).is_some()
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        if self.takes(wanted) {
            return Ok(());
        }
        Err(match self.0.peek() {
            Some(Word::Plain(word) | Word::Quoted(word)) => format!("Unexpected {word}, where {wanted} should be"),
            None => format!("The query ends where {wanted} should be"),
        })
    }

    fn name(&mut self) -> Result<String, String> {
        match self.0.next() {
            Some(Word::Quoted(name)) => Ok(name),
            Some(Word::Plain(name)) if !name.starts_with(['(', ')', '=', ',', '!']) => Ok(name),
            Some(Word::Plain(sign)) => Err(format!("Unexpected {sign}, where a name should be")),
            None => Err("The query ends where a name should be".to_owned()),
        }
    }

    fn statistic(&mut self) -> Result<Statistic, String> {
        let name = self.name()?;
        match name.to_ascii_uppercase().as_str() {
            "AVG" => Ok(Statistic::Average),
            "COUNT" => Ok(Statistic::SampleCount),
            "MAX" => Ok(Statistic::Maximum),
            "MIN" => Ok(Statistic::Minimum),
            "SUM" => Ok(Statistic::Sum),
            _ => Err(format!("Unexpected function {name}")),
        }
    }

    fn count(&mut self) -> Result<usize, String> {
        let name = self.name()?;
        name.parse().ok().filter(|count| (1..=MAX_SERIES).contains(count)).ok_or(format!("Unexpected limit {name}"))
    }

    fn end(&mut self) -> Result<(), String> {
        match self.0.next() {
            None => Ok(()),
            Some(Word::Plain(word) | Word::Quoted(word)) => Err(format!("Unexpected {word} at the end of the query")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::metric::Unit, *};

    #[test]
    fn metrics_are_selected_grouped_and_ordered() {
        let (metrics, region) = (Metrics::default(), "us-east-1".parse().unwrap());
        for (path, host, value) in [("/a", "x", 1.0), ("/a", "y", 2.0), ("/b", "x", 10.0)] {
            let metric = Metric::new("Own", "m", &[("Path", path), ("Host", host)]);
            metrics.note(&region, &metric, 60_000, Unit::COUNT, value);
        }
        metrics.note(&region, &Metric::new("Own", "m", &[("Path", "/a")]), 60_000, Unit::COUNT, 100.0);
        let found = |text: &str| {
            let select = Select::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            let series = select.read((&metrics, &region), (0, 120_000), (0, 60_000), "q");
            series.into_iter().map(|series| format!("{}={}", series.label, series.points[&60_000])).collect::<Vec<_>>()
        };
        for (text, expected) in [
            ("SELECT SUM(m) FROM Own", &["q=113"][..]),
            ("SELECT SUM(m) FROM \"Own\" WHERE Path = '/a' GROUP BY Host", &["x=1", "y=2"]),
            ("select max(m) from SCHEMA(Own, Host, Path)", &["q=10"]),
            ("SELECT SUM(m) FROM SCHEMA(Own, Path, Host) GROUP BY Path ORDER BY SUM() DESC LIMIT 1", &["/b=10"]),
            ("SELECT COUNT(m) FROM Own WHERE Host != 'x' AND Path = '/a'", &["q=1"]),
            ("SELECT SUM(other) FROM Own", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
        for wrong in
            ["SELECT m FROM Own", "SELECT SUM(m)", "SELECT SUM(m) FROM Own WHERE", "SELECT SUM(m) FROM Own LIMIT 0"]
        {
            assert!(Select::parse(wrong).is_err(), "{wrong}");
        }
    }
}
