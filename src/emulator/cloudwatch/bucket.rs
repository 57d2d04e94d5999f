//! What is known of a metric within some seconds: how many samples, their sum, the least and the greatest, and how they
//! are distributed.

/// How many different values are kept of a distribution; beyond that, neighbours become one.
const MAX_VALUES: usize = 64;

/// The samples of a metric within some seconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bucket {
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
    /// Values and how often each came, above 0, in the order of the values; none where only sums are known of some samples.
    values: Option<Vec<(f64, f64)>>,
}

impl Bucket {
    /// Begins with one value that came so often.
    pub(super) fn of(value: f64, count: f64) -> Self {
        Self { count, sum: value * count, least: value, greatest: value, values: Some(vec![(value, count)]) }
    }

    /// Begins with what somebody else has summed up.
    pub(super) fn of_set(count: f64, sum: f64, least: f64, greatest: f64) -> Self {
        #[expect(clippy::float_cmp, reason = "when they are one number, all samples are")]
        let is_plain = least == greatest;
        Self { count, sum, least, greatest, values: is_plain.then(|| vec![(least, count)]) }
    }

    /// Adds the samples of another.
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        let Some(values) = &mut self.values else { return };
        let Some(others) = &other.values else {
            self.values = None;
            return;
        };
        for (value, count) in others {
            match values.binary_search_by(|(known, _)| known.total_cmp(value)) {
                Ok(at) => values[at].1 += count,
                Err(at) => {
                    values.insert(at, (*value, *count));
                    if values.len() > MAX_VALUES {
                        join_nearest(values);
                    }
                }
            }
        }
    }

    pub(super) fn average(&self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }

    /// The value below which are so many of a hundred samples; none where their distribution is not known.
    pub(super) fn percentile(&self, percent: f64) -> Option<f64> {
        let values = self.values.as_ref()?;
        if percent <= 0.0 {
            return Some(self.least);
        }
        if percent >= 100.0 {
            return Some(self.greatest);
        }
        let rank = self.count * percent / 100.0;
        let mut seen = 0.0;
        let found = values.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        // Of joined neighbours the middle is known, and it is no more than the greatest.
        found.or(values.last()).map(|(value, _)| value.clamp(self.least, self.greatest))
    }

    /// How many samples lie between two parts of a hundred of them, by the order of their values, and their sum.
    pub(super) fn between(&self, low: f64, high: f64) -> Option<(f64, f64)> {
        let (low, high) = (self.count * low / 100.0, self.count * high / 100.0);
        let mut seen = 0.0_f64;
        let part = |(value, count): &(f64, f64)| {
            let (from, to) = (seen.max(low), (seen + count).min(high));
            seen += count;
            let count = (to - from).max(0.0);
            (count, value * count)
        };
        Some(self.values.as_ref()?.iter().map(part).fold((0.0, 0.0), |sums, part| (sums.0 + part.0, sums.1 + part.1)))
    }

    /// How many samples are above a value and not above another, and their sum.
    pub(super) fn above(&self, low: f64, high: f64) -> Option<(f64, f64)> {
        let values = self.values.as_ref()?.iter().filter(|(value, _)| *value > low && *value <= high);
        Some(values.fold((0.0, 0.0), |sums, (value, count)| (sums.0 + count, sums.1 + value * count)))
    }

    /// The average of samples that count as the bound that they are beyond.
    pub(super) fn average_within(&self, low: f64, high: f64) -> Option<f64> {
        let sum: f64 = self.values.as_ref()?.iter().map(|(value, count)| value.max(low).min(high) * count).sum();
        (self.count > 0.0).then(|| sum / self.count)
    }
}

/// Makes one of the two neighbours that are least missed: the nearest, and of those that are as near the rarest. The first
/// and the last value stay what they are: they are the least and the greatest.
fn join_nearest(values: &mut Vec<(f64, f64)>) {
    let cost = |pair: &[(f64, f64)]| match pair {
        [(a, m), (b, n)] => (b - a) * (b - a) * m * n / (m + n),
        _ => f64::INFINITY,
    };
    let nearest = (2..values.len().saturating_sub(1))
        .min_by(|a, b| cost(&values[a - 1..=*a]).total_cmp(&cost(&values[b - 1..=*b])));
    let Some(at) = nearest else { return };
    let (value, count) = values.remove(at);
    let (below, rarity) = &mut values[at - 1];
    *below = (*below * *rarity + value * count) / (*rarity + count);
    *rarity += count;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(values: impl IntoIterator<Item = f64>) -> Bucket {
        values
            .into_iter()
            .map(|value| Bucket::of(value, 1.0))
            .reduce(|mut a, b| {
                a.add(&b);
                a
            })
            .unwrap()
    }

    #[test]
    fn samples_are_summed_up() {
        let all = bucket([3.0, 1.0, 2.0, 2.0]);
        assert_eq!((all.count, all.sum, all.least, all.greatest, all.average()), (4.0, 8.0, 1.0, 3.0, 2.0));
        assert_eq!(
            (all.percentile(50.0), all.percentile(75.0), all.percentile(99.0)),
            (Some(2.0), Some(2.0), Some(3.0))
        );
    }

    #[test]
    fn many_values_cost_no_more_than_some_and_percentiles_stay_near() {
        let all = bucket((1..=1000).map(f64::from));
        assert!(all.values.as_ref().unwrap().len() <= MAX_VALUES);
        for percent in [10.0, 50.0, 90.0, 99.0] {
            let found = all.percentile(percent).unwrap();
            assert!((found - percent * 10.0).abs() < 60.0, "{percent} {found}");
        }
        assert!((all.count - 1000.0).abs() < 1e-6);
    }

    #[test]
    fn the_ends_of_a_distribution_are_its_least_and_its_greatest_value() {
        let rising: Vec<f64> = (1..=100).map(f64::from).collect();
        let falling: Vec<f64> = rising.iter().rev().copied().collect();
        for values in [rising, falling] {
            let all = bucket(values);
            assert_eq!((all.percentile(0.0), all.percentile(100.0)), (Some(1.0), Some(100.0)));
            assert_eq!((all.percentile(1.0), all.percentile(99.5)), (Some(1.0), Some(100.0)));
        }
    }

    #[test]
    fn of_sums_alone_there_are_no_percentiles_unless_all_samples_are_one_number() {
        assert_eq!(Bucket::of_set(3.0, 9.0, 3.0, 3.0).percentile(50.0), Some(3.0));
        let mut all = bucket([1.0]);
        all.add(&Bucket::of_set(2.0, 5.0, 1.0, 4.0));
        assert_eq!((all.percentile(50.0), all.sum, all.greatest), (None, 6.0, 4.0));
    }
}
