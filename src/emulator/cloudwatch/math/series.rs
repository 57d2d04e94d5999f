//! Numbers, series of them, and what operators make of those.

use super::{Aggregate, Operator};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

/// Takes values that are about to be made from those that may still be: what is too much is refused before it is there.
pub(in super::super) fn take(work: &Cell<usize>, values: usize) -> Result<(), String> {
    let left = work.get().checked_sub(values).ok_or("It takes more than the engine does for a request")?;
    work.set(left);
    Ok(())
}

/// The data of a metric, or what an expression made of some.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Series {
    /// What it is called where an expression has several.
    pub(in super::super) label: String,
    /// In milliseconds.
    pub(in super::super) period: i64,
    /// By their times, milliseconds since the Unix epoch.
    pub(in super::super) points: BTreeMap<i64, f64>,
}

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Value {
    Number(f64),
    Series(Series),
    List(Vec<Series>),
}

impl Series {
    /// How many values there are in it.
    pub(super) fn size(&self) -> usize {
        self.points.len()
    }

    /// Another series of the same name and period; what is no number is no point.
    pub(super) fn with(&self, points: impl IntoIterator<Item = (i64, f64)>) -> Self {
        let points = points.into_iter().filter(|(_, value)| value.is_finite()).collect();
        Self { label: self.label.clone(), period: self.period, points }
    }

    pub(super) fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        self.with(self.points.iter().map(|(time, value)| (*time, change(*value))))
    }

    /// Joins two by their times; where one has no value, it counts as 0.
    fn join(&self, other: &Self, operator: Operator) -> Self {
        let times: BTreeSet<i64> = self.points.keys().chain(other.points.keys()).copied().collect();
        let at = |series: &Self, time: i64| series.points.get(&time).copied().unwrap_or_default();
        self.with(times.into_iter().map(|time| (time, operator.of(at(self, time), at(other, time)))))
    }
}

impl Value {
    /// How many values there are in it, one for each series besides.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Series(series) => 1 + series.size(),
            Self::List(list) => 1 + list.iter().map(|series| 1 + series.size()).sum::<usize>(),
        }
    }

    /// Changes every series of it; `cost` says how many values that takes, which are taken before each is changed.
    pub(super) fn each(
        self,
        work: &Cell<usize>,
        cost: impl Fn(&Series) -> usize,
        change: impl Fn(&Series) -> Series,
    ) -> Result<Self, String> {
        let changed = |series: &Series| -> Result<Series, String> {
            take(work, 1 + cost(series))?;
            Ok(change(series))
        };
        match self {
            Self::Number(_) => Err("A time series is wanted where there is a number".to_owned()),
            Self::Series(series) => changed(&series).map(Self::Series),
            Self::List(list) => list.iter().map(changed).collect::<Result<Vec<Series>, String>>().map(Self::List),
        }
    }

    /// Changes every number of it.
    pub(super) fn map(self, work: &Cell<usize>, change: impl Fn(f64) -> f64) -> Result<Self, String> {
        match self {
            Self::Number(number) => Ok(Self::Number(change(number))),
            several => several.each(work, Series::size, |series| series.map(&change)),
        }
    }

    /// What an operator makes of two.
    pub(super) fn combine(self, work: &Cell<usize>, operator: Operator, other: Self) -> Result<Self, String> {
        match (self, other) {
            (a, Self::Number(b)) => a.map(work, |a| operator.of(a, b)),
            (Self::Number(a), b) => b.map(work, |b| operator.of(a, b)),
            (Self::Series(a), list @ Self::List(_)) => {
                let join = |b: &Series| Series { label: b.label.clone(), ..a.join(b, operator) };
                list.each(work, |b| a.size() + b.size(), join)
            }
            (several, Self::Series(b)) => several.each(work, |a| a.size() + b.size(), |a| a.join(&b, operator)),
            (Self::List(_), Self::List(_)) => Err("An operator does not take two arrays of time series".to_owned()),
        }
    }

    /// Makes one number of a series, or one series of several. That takes no more than these took, and they are gone.
    pub(super) fn sum(self, sum: Aggregate) -> Result<Self, String> {
        match self {
            Self::Number(_) => Err("A time series is wanted where there is a number".to_owned()),
            Self::Series(series) => {
                let values: Vec<f64> = series.points.values().copied().collect();
                Ok(Self::Number(sum.of(&values, values.len())))
            }
            Self::List(list) => {
                let mut at: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
                for (time, value) in list.iter().flat_map(|series| &series.points) {
                    at.entry(*time).or_default().push(*value);
                }
                let period = list.iter().map(|series| series.period).max().unwrap_or_default();
                let points = at.iter().map(|(time, values)| (*time, sum.of(values, list.len())));
                Ok(Self::Series(Series { period, ..Series::default() }.with(points)))
            }
        }
    }
}

impl Aggregate {
    /// Of values, and how many there would be were none missing.
    #[expect(clippy::cast_precision_loss, reason = "there are never that many")]
    pub(super) fn of(self, values: &[f64], count: usize) -> f64 {
        let sum: f64 = values.iter().sum();
        match self {
            Self::Sum => sum,
            // What is missing counts as 0.
            Self::Average => sum / count as f64,
            Self::Least => values.iter().copied().reduce(f64::min).unwrap_or(f64::NAN),
            Self::Greatest => values.iter().copied().reduce(f64::max).unwrap_or(f64::NAN),
            Self::Deviation => {
                let average = sum / values.len() as f64;
                let squares: f64 = values.iter().map(|value| (value - average).powi(2)).sum();
                (squares / values.len() as f64).sqrt()
            }
        }
    }
}
