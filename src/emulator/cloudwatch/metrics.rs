//! The metric data of every region, in memory: by the minute, or by the second where that was asked for.
//!
//! Bounded in every way, because whoever calls a function adds to it. Nothing of it is on disk: at a restart metrics
//! begin anew, and alarms are evaluated by what comes from then on.

use super::{
    bucket::Bucket,
    metric::{Metric, Unit},
};
use crate::emulator::store::Region;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

/// A bucket's time unless data has a finer one, in milliseconds.
const MINUTE: i64 = 60 * 1000;
const SECOND: i64 = 1000;
/// The most buckets of one metric: three days of minutes.
const MAX_OF_METRIC: usize = 3 * 24 * 60;
/// The most metrics of all regions.
const MAX_METRICS: usize = 5000;
/// The most buckets of all metrics.
const MAX_BUCKETS: usize = 100_000;

/// The metric data of every region.
#[derive(Default)]
pub struct Metrics {
    shared: Mutex<Shared>,
    /// Until when alarms were evaluated, milliseconds since the Unix epoch.
    evaluated: AtomicI64,
    /// Whether data has come in that alarms should see at once.
    is_fresh: AtomicBool,
}

#[derive(Default)]
struct Shared {
    series: HashMap<Region, HashMap<Metric, Series>>,
    metrics: usize,
    buckets: usize,
}

#[derive(Default)]
struct Series {
    buckets: BTreeMap<(i64, Unit), Bucket>,
    /// When data last came.
    last: i64,
}

/// Which data of a metric is wanted.
pub(super) struct Wanted<'a> {
    pub(super) metric: &'a Metric,
    /// From the first time on, up to the second one without it; milliseconds since the Unix epoch.
    pub(super) range: (i64, i64),
    /// Where periods begin: at this time and whole periods before and after it.
    pub(super) origin: i64,
    /// In milliseconds.
    pub(super) period: i64,
    /// Any unit when it is not said.
    pub(super) unit: Option<Unit>,
}

impl Metrics {
    /// Adds samples to a metric.
    pub(super) fn add(&self, region: &Region, metric: &Metric, sample: Sample) {
        let Sample { time, now, unit, is_fine, bucket } = sample;
        let mut shared = self.lock();
        let Shared { series, metrics, buckets } = &mut *shared;
        if !series.contains_key(region) {
            series.insert(region.clone(), HashMap::new());
        }
        let Some(of_region) = series.get_mut(region) else { return };
        if !of_region.contains_key(metric) {
            of_region.insert(metric.clone(), Series::default());
            *metrics += 1;
        }
        let Some(own) = of_region.get_mut(metric) else { return };
        own.last = own.last.max(now);
        let start = time.div_euclid(if is_fine { SECOND } else { MINUTE }) * if is_fine { SECOND } else { MINUTE };
        if let Some(known) = own.buckets.get_mut(&(start, unit)) {
            known.add(&bucket);
        } else {
            own.buckets.insert((start, unit), bucket);
            *buckets += 1;
            if own.buckets.len() > MAX_OF_METRIC {
                own.buckets.pop_first();
                *buckets -= 1;
            }
        }
        if *metrics > MAX_METRICS || *buckets > MAX_BUCKETS {
            shared.forget();
        }
    }

    /// Adds what a service of the emulator's own has counted or measured just now.
    pub(super) fn note(&self, region: &Region, metric: &Metric, now: i64, unit: Unit, value: f64) {
        self.add(region, metric, Sample { time: now, now, unit, is_fine: false, bucket: Bucket::of(value, 1.0) });
    }

    /// Reads the data of a metric, by the beginnings of periods.
    pub(super) fn read(&self, region: &Region, wanted: &Wanted<'_>) -> BTreeMap<i64, Bucket> {
        let shared = self.lock();
        let Some(series) = shared.series.get(region).and_then(|series| series.get(wanted.metric)) else {
            return BTreeMap::new();
        };
        let mut points: BTreeMap<i64, Bucket> = BTreeMap::new();
        let (from, to) = wanted.range;
        // The least of all units comes first.
        for ((start, unit), bucket) in
            series.buckets.range((from, Unit::FIRST)..).take_while(|((start, _), _)| *start < to)
        {
            if wanted.unit.is_some_and(|wanted| wanted != *unit) {
                continue;
            }
            let period = wanted.origin + (start - wanted.origin).div_euclid(wanted.period) * wanted.period;
            match points.get_mut(&period) {
                Some(point) => point.add(bucket),
                None => drop(points.insert(period, bucket.clone())),
            }
        }
        points
    }

    /// How many buckets of a metric whoever reads a range looks at.
    pub(super) fn count(&self, region: &Region, metric: &Metric, (from, to): (i64, i64)) -> usize {
        let shared = self.lock();
        let series = shared.series.get(region).and_then(|series| series.get(metric)).into_iter();
        let buckets = series.flat_map(|series| series.buckets.range((from, Unit::FIRST)..));
        buckets.take_while(|((start, _), _)| *start < to).count()
    }

    /// The units in which a metric has data within a range, in CloudWatch's order.
    pub(super) fn units(&self, region: &Region, metric: &Metric, (from, to): (i64, i64)) -> Vec<Unit> {
        let shared = self.lock();
        let series = shared.series.get(region).and_then(|series| series.get(metric)).into_iter();
        let buckets = series.flat_map(|series| series.buckets.range((from, Unit::FIRST)..));
        Unit::sorted(
            buckets
                .map(|(key, _)| key)
                .take_while(|(start, _)| *start < to)
                .map(|(_, unit)| *unit)
                .collect::<BTreeSet<_>>(),
        )
    }

    /// Lists the metrics of a region with when data last came for each, in their order.
    pub(super) fn list(&self, region: &Region) -> Vec<(Metric, i64)> {
        let shared = self.lock();
        let series = shared.series.get(region).into_iter().flatten();
        let mut metrics: Vec<_> = series.map(|(metric, series)| (metric.clone(), series.last)).collect();
        metrics.sort();
        metrics
    }

    /// Has the alarms evaluated although no minute has passed.
    pub(super) fn freshen(&self) {
        self.is_fresh.store(true, Ordering::Relaxed);
    }

    /// Tells whether alarms are to be evaluated up to `end`: a period has passed, or there is fresh data.
    pub(super) fn wants_evaluation(&self, end: i64) -> bool {
        let was_fresh = self.is_fresh.swap(false, Ordering::Relaxed);
        self.evaluated.swap(end, Ordering::Relaxed) != end || was_fresh
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Samples on their way in.
pub(super) struct Sample {
    /// When they were taken, milliseconds since the Unix epoch.
    pub(super) time: i64,
    pub(super) now: i64,
    pub(super) unit: Unit,
    /// Whether they are kept by the second.
    pub(super) is_fine: bool,
    pub(super) bucket: Bucket,
}

impl Shared {
    /// Forgets a tenth of the metrics: those whose last data is oldest.
    fn forget(&mut self) {
        let mut ages: Vec<i64> = self.series.values().flat_map(HashMap::values).map(|series| series.last).collect();
        ages.sort_unstable();
        let mut excess = (ages.len() / 10).max(1);
        let Some(limit) = ages.get(excess - 1).copied() else { return };
        for of_region in self.series.values_mut() {
            of_region.retain(|_, series| {
                let goes = excess > 0 && series.last <= limit;
                if goes {
                    excess -= 1;
                    self.metrics -= 1;
                    self.buckets -= series.buckets.len();
                }
                !goes
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> Region {
        "us-east-1".parse().unwrap()
    }

    #[test]
    fn data_is_read_by_periods_of_its_range() {
        let (metrics, metric) = (Metrics::default(), Metric::new("Own", "m", &[("a", "b")]));
        for (time, value) in [(0, 1.0), (59_999, 2.0), (60_000, 4.0), (120_000, 8.0), (180_000, 16.0)] {
            metrics.note(&region(), &metric, time, Unit::COUNT, value);
        }
        let read = |period: i64, unit: Option<Unit>| {
            let wanted = Wanted { metric: &metric, range: (0, 180_000), origin: 0, period, unit };
            metrics.read(&region(), &wanted).into_iter().map(|(at, point)| (at, point.sum)).collect::<Vec<_>>()
        };
        assert_eq!(read(60_000, None), [(0, 3.0), (60_000, 4.0), (120_000, 8.0)]);
        assert_eq!(read(120_000, Some(Unit::COUNT)), [(0, 7.0), (120_000, 8.0)]);
        assert_eq!(read(60_000, Some(Unit::NONE)), []);
        assert_eq!(metrics.count(&region(), &metric, (0, 180_000)), 3);
        assert_eq!(metrics.list(&region()), [(metric, 180_000)]);
        assert!(metrics.list(&"eu-west-1".parse().unwrap()).is_empty());
    }

    #[test]
    fn there_is_no_end_of_data_but_one_of_memory() {
        let metrics = Metrics::default();
        for number in 0..MAX_METRICS + 10 {
            let name = format!("m{number}");
            metrics.note(&region(), &Metric::new("Own", &name, &[]), i64::try_from(number).unwrap(), Unit::NONE, 1.0);
        }
        let left = metrics.list(&region());
        assert!(left.len() <= MAX_METRICS && left.len() > MAX_METRICS * 8 / 10, "{}", left.len());
        assert!(left.iter().any(|(metric, _)| metric.name == format!("m{}", MAX_METRICS + 9)));
        let one = Metric::new("Own", "long", &[]);
        for minute in 0..i64::try_from(MAX_OF_METRIC).unwrap() + 5 {
            metrics.note(&region(), &one, minute * MINUTE, Unit::NONE, 1.0);
        }
        let wanted = Wanted { metric: &one, range: (0, i64::MAX), origin: 0, period: MINUTE, unit: None };
        assert_eq!(metrics.read(&region(), &wanted).len(), MAX_OF_METRIC);
    }
}
