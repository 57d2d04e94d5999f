//! The functions.

use super::{Aggregate, Calendar, Each, Expression, Function, Scene, Series, Value, evaluate, series::take};
use std::{cell::Cell, collections::BTreeSet};
use time::OffsetDateTime;

/// The most values that a function makes by itself, which are as many as CloudWatch answers.
const MAX_POINTS: usize = 100_800;

/// Calls a function.
pub(super) fn call(scene: &Scene<'_>, function: Function, arguments: &[Expression]) -> Result<Value, String> {
    let value = |at: usize| match arguments.get(at) {
        Some(argument) => evaluate(scene, argument),
        None => Err("An argument is missing".to_owned()),
    };
    let (work, own) = (scene.work, Series::size);
    match function {
        Function::Each(each) => value(0)?.map(work, |number| each.of(number)),
        Function::Aggregate(sum) => value(0)?.sum(sum),
        Function::Calendar(calendar) => value(0)?.each(
            work,
            |series| times(scene, series.period).count(),
            |series| series.with(times(scene, series.period).map(|time| (time, calendar.of(time)))),
        ),
        Function::DatapointCount => match value(0)? {
            Value::Series(series) => Ok(Value::Number(count(series.points.len()))),
            list @ Value::List(_) => list.map(work, |_| 1.0)?.sum(Aggregate::Sum),
            Value::Number(_) => Err("DATAPOINT_COUNT takes time series".to_owned()),
        },
        Function::Diff => value(0)?.each(work, own, |series| steps(series, |_, step| step)),
        Function::DiffTime => value(0)?.each(work, own, |series| steps(series, |seconds, _| seconds)),
        Function::Rate => value(0)?.each(work, own, |series| steps(series, |seconds, step| step / seconds)),
        Function::RunningSum => value(0)?.each(work, own, |series| {
            let mut sum = 0.0;
            series.with(series.points.iter().map(|(time, value)| {
                sum += value;
                (*time, sum)
            }))
        }),
        Function::Fill => fill(scene, value(0)?, arguments.get(1)),
        Function::If => choose(work, value(0)?, value(1)?, arguments.get(2).map(|_| value(2)).transpose()?),
        Function::Metrics => metrics(scene, arguments.first()),
        Function::First => Ok(Value::Series(list(value(0)?)?.into_iter().next().unwrap_or_default())),
        Function::Last => Ok(Value::Series(list(value(0)?)?.pop().unwrap_or_default())),
        Function::MetricCount => Ok(Value::Number(count(list(value(0)?)?.len()))),
        Function::RemoveEmpty => {
            let mut all = list(value(0)?)?;
            all.retain(|series| !series.points.is_empty());
            Ok(Value::List(all))
        }
        Function::Slice => {
            let end = if arguments.len() > 2 { place(&value(2)?)? } else { usize::MAX };
            let begin = place(&value(1)?)?;
            Ok(Value::List(list(value(0)?)?.into_iter().take(end).skip(begin).collect()))
        }
        Function::Sort => {
            let most = if arguments.len() > 3 { place(&value(3)?)? } else { usize::MAX };
            sort(work, list(value(0)?)?, arguments, most)
        }
        Function::TimeSeries => match value(0)? {
            Value::Number(number) => {
                take(work, 1 + times(scene, scene.period).count())?;
                let series = Series { period: scene.period, ..Series::default() };
                Ok(Value::Series(series.with(times(scene, scene.period).map(|time| (time, number)))))
            }
            _ => Err("TIME_SERIES takes a number".to_owned()),
        },
        Function::Period => Err("PERIOD takes the id of a metric".to_owned()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are never that many")]
fn count(number: usize) -> f64 {
    number as f64
}

/// The times at which periods begin, from that in which the range begins; a series that is of nothing has no period.
fn times(scene: &Scene<'_>, period: i64) -> impl Iterator<Item = i64> {
    let period = if period > 0 { period } else { scene.period.max(1000) };
    let (start, end) = scene.range;
    let first = scene.origin + (start - scene.origin).div_euclid(period) * period;
    (0..).map(move |number| first + number * period).take_while(move |time| *time < end).take(MAX_POINTS)
}

/// What each value but the first makes of the seconds and the difference to the one before.
fn steps(series: &Series, make: impl Fn(f64, f64) -> f64) -> Series {
    let later = series.points.iter().skip(1);
    series.with(series.points.iter().zip(later).map(|((before, old), (time, new))| {
        #[expect(clippy::cast_precision_loss, reason = "steps are short")]
        let seconds = (time - before) as f64 / 1000.0;
        (*time, make(seconds, new - old))
    }))
}

fn list(value: Value) -> Result<Vec<Series>, String> {
    match value {
        Value::List(list) => Ok(list),
        Value::Series(_) | Value::Number(_) => Err("An array of time series is wanted".to_owned()),
    }
}

/// A number as a place in an array.
fn place(value: &Value) -> Result<usize, String> {
    match value {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is made sure that it fits")]
        Value::Number(number) if (0.0..1e9).contains(number) => Ok(*number as usize),
        _ => Err("A number that is not below 0 is wanted".to_owned()),
    }
}

/// The metrics of the request, or those whose ids have a text in them.
fn metrics(scene: &Scene<'_>, part: Option<&Expression>) -> Result<Value, String> {
    let part = match part {
        None => "",
        Some(Expression::Text(text)) => text.as_str(),
        Some(_) => return Err("METRICS takes a text".to_owned()),
    };
    let copy = |series: &Series| -> Result<Series, String> {
        take(scene.work, 1 + series.size())?;
        Ok(series.clone())
    };
    let wanted = scene.metrics.iter().filter(|(id, _)| id.contains(part));
    wanted.map(|(_, series)| copy(series)).collect::<Result<Vec<Series>, String>>().map(Value::List)
}

fn fill(scene: &Scene<'_>, value: Value, filler: Option<&Expression>) -> Result<Value, String> {
    let filler = match filler {
        Some(Expression::Word(word)) if word == "REPEAT" => Filler::Last,
        Some(Expression::Word(word)) if word == "LINEAR" => Filler::Line,
        Some(other) => match evaluate(scene, other)? {
            Value::Number(number) => Filler::Number(number),
            Value::Series(series) => Filler::Series(series),
            Value::List(_) => return Err("FILL fills with a number or with a time series".to_owned()),
        },
        None => return Err("An argument is missing".to_owned()),
    };
    let cost = |series: &Series| times(scene, series.period).count() + series.size();
    value.each(scene.work, cost, |series| {
        let times: BTreeSet<i64> = times(scene, series.period).chain(series.points.keys().copied()).collect();
        series.with(times.into_iter().filter_map(|time| {
            let value = series.points.get(&time).copied().or_else(|| filler.at(series, time))?;
            Some((time, value))
        }))
    })
}

/// What stands where a series has no value.
enum Filler {
    Number(f64),
    Series(Series),
    /// The value before.
    Last,
    /// A line between the values before and behind.
    Line,
}

impl Filler {
    fn at(&self, series: &Series, time: i64) -> Option<f64> {
        let before = || series.points.range(..time).next_back();
        match self {
            Self::Number(number) => Some(*number),
            Self::Series(other) => other.points.get(&time).copied(),
            Self::Last => before().map(|(_, value)| *value),
            Self::Line => {
                let ((from, old), (to, new)) = (before()?, series.points.range(time..).next()?);
                #[expect(clippy::cast_precision_loss, reason = "ranges are short")]
                let part = (time - from) as f64 / (to - from) as f64;
                Some(old + (new - old) * part)
            }
        }
    }
}

/// `IF`: the one value or the other by a condition, for each time where that is a series. Where it is true and the one
/// has no value, that counts as 0; what the other has no value for is no point.
fn choose(work: &Cell<usize>, condition: Value, yes: Value, no: Option<Value>) -> Result<Value, String> {
    let at = |value: Option<&Value>, time: i64| match value {
        Some(Value::Number(number)) => Some(*number),
        Some(Value::Series(series)) => series.points.get(&time).copied(),
        _ => None,
    };
    if [Some(&yes), no.as_ref()].into_iter().flatten().any(|value| matches!(value, Value::List(_))) {
        return Err("IF does not take arrays of time series".to_owned());
    }
    match condition {
        Value::Series(series) => {
            take(work, 1 + series.size())?;
            let picked = series.points.iter().filter_map(|(time, truth)| {
                let value =
                    if *truth == 0.0 { at(no.as_ref(), *time)? } else { at(Some(&yes), *time).unwrap_or_default() };
                Some((*time, value))
            });
            Ok(Value::Series(series.with(picked)))
        }
        Value::Number(0.0) => Ok(no.unwrap_or(Value::Series(Series::default()))),
        Value::Number(_) => Ok(yes),
        Value::List(_) => Err("IF does not take arrays of time series".to_owned()),
    }
}

/// `SORT`: by what a function makes of each series.
fn sort(work: &Cell<usize>, list: Vec<Series>, arguments: &[Expression], most: usize) -> Result<Value, String> {
    let word = |at: usize| match arguments.get(at) {
        Some(Expression::Word(word)) => word.as_str(),
        _ => "",
    };
    let by = match word(1) {
        "AVG" => Aggregate::Average,
        "MIN" => Aggregate::Least,
        "MAX" => Aggregate::Greatest,
        "SUM" => Aggregate::Sum,
        _ => return Err("SORT sorts by AVG, MIN, MAX or SUM".to_owned()),
    };
    let of = |series: &Series| {
        let values: Vec<f64> = series.points.values().copied().collect();
        by.of(&values, values.len())
    };
    take(work, list.iter().map(|series| 1 + series.size()).sum())?;
    let mut all: Vec<(f64, Series)> = list.into_iter().map(|series| (of(&series), series)).collect();
    all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    match word(2) {
        "ASC" => {}
        "DESC" => all.reverse(),
        _ => return Err("SORT sorts in the order ASC or DESC".to_owned()),
    }
    Ok(Value::List(all.into_iter().take(most).map(|(_, series)| series).collect()))
}

impl Each {
    fn of(self, number: f64) -> f64 {
        match self {
            Self::Abs => number.abs(),
            Self::Ceil => number.ceil(),
            Self::Floor => number.floor(),
            Self::Log => number.ln(),
            Self::Log10 => number.log10(),
        }
    }
}

impl Calendar {
    /// What a time is in UTC; milliseconds since the Unix epoch.
    fn of(self, millis: i64) -> f64 {
        let seconds = millis.div_euclid(1000);
        let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        match self {
            Self::Minute => time.minute().into(),
            Self::Hour => time.hour().into(),
            Self::Day => time.weekday().number_from_monday().into(),
            Self::Date => time.day().into(),
            Self::Month => u8::from(time.month()).into(),
            Self::Year => time.year().into(),
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
            Self::Epoch => seconds as f64,
        }
    }
}
