//! What can be asked of samples: `Average`, `p99.9`, …

use super::bucket::Bucket;

/// A statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// Of a hundred.
    Percentile(f64),
}

impl Statistic {
    /// Reads one of the five that every metric has.
    pub(super) fn plain(text: &str) -> Option<Self> {
        Some(match text {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => return None,
        })
    }

    /// Reads a percentile: `p0.0` to `p100`, with up to ten decimals.
    pub(super) fn percentile(text: &str) -> Option<Self> {
        let number = text.strip_prefix('p')?;
        let is_plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.') && number.len() <= 14;
        let percent: f64 = number.parse().ok().filter(|_| is_plain)?;
        (0.0..=100.0).contains(&percent).then_some(Self::Percentile(percent))
    }

    /// Reads any.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::plain(text).or_else(|| Self::percentile(text))
    }

    /// Tells it of samples; nothing where it is not known of them.
    pub(super) fn of(self, bucket: &Bucket) -> Option<f64> {
        Some(match self {
            Self::SampleCount => bucket.count,
            Self::Average => bucket.average(),
            Self::Sum => bucket.sum,
            Self::Minimum => bucket.least,
            Self::Maximum => bucket.greatest,
            Self::Percentile(percent) => return bucket.percentile(percent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_have_a_number_up_to_a_hundred() {
        assert_eq!(Statistic::parse("p99.9"), Some(Statistic::Percentile(99.9)));
        assert_eq!(Statistic::parse("p50"), Some(Statistic::Percentile(50.0)));
        for bad in ["p", "p101", "p-1", "p1e1", "pnan", "99", "tm99", "average", ""] {
            assert_eq!(Statistic::parse(bad), None, "{bad}");
        }
    }
}
