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
    /// Of what lies within bounds.
    Within(Of, Bounds),
}

/// What is asked of what lies within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// `tm`: the average.
    Mean,
    /// `tc`: how many samples.
    Count,
    /// `ts`: their sum.
    Sum,
    /// `wm`: the average, where what lies outside counts as the bound that it is beyond.
    Winsorized,
    /// `PR`: how many of a hundred samples.
    Rank,
}

/// The bounds: the lower one does not belong to what lies within, the upper one does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bounds {
    /// In samples of a hundred, by the order of their values.
    Percent(f64, f64),
    /// As values.
    Value(f64, f64),
}

impl Bounds {
    /// Reads `2%:98%`, `150:1000`, `:95%`; one bound at least.
    fn parse(text: &str) -> Option<Self> {
        let (low, high) = text.split_once(':').filter(|_| text.len() > 1)?;
        let (low_percent, high_percent) = (low.strip_suffix('%'), high.strip_suffix('%'));
        if low_percent.is_some() || high_percent.is_some() {
            // Where one is a percentage, the other is one, too.
            let of = |text: &str, percent: Option<&str>, open: f64| match percent {
                None if text.is_empty() => Some(open),
                percent => number(percent?, 14).filter(|percent| *percent <= 100.0),
            };
            let (low, high) = (of(low, low_percent, 0.0)?, of(high, high_percent, 100.0)?);
            return (low < high).then_some(Self::Percent(low, high));
        }
        let of = |text: &str, open: f64| if text.is_empty() { Some(open) } else { number(text, 32) };
        let (low, high) = (of(low, f64::NEG_INFINITY)?, of(high, f64::INFINITY)?);
        (low < high).then_some(Self::Value(low, high))
    }
}

/// Reads a number without a sign, with up to so many characters.
fn number(text: &str, most: usize) -> Option<f64> {
    let is_plain = text.len() <= most && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse().ok().filter(|_| is_plain)
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

    /// Reads one that only a distribution tells: `p0.0` to `p100`, `tm90`, `IQM`, `TC(2%:98%)`, `PR(:300)`; percentages
    /// have up to ten decimals.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>
    pub(super) fn extended(text: &str) -> Option<Self> {
        const FORMS: [(&str, &str, Of); 4] =
            [("tm", "TM(", Of::Mean), ("tc", "TC(", Of::Count), ("ts", "TS(", Of::Sum), ("wm", "WM(", Of::Winsorized)];
        let percent = |text: &str| number(text, 14).filter(|percent| *percent <= 100.0);
        if let Some(rest) = text.strip_prefix('p') {
            return percent(rest).map(Self::Percentile);
        }
        if text == "IQM" {
            return Some(Self::Within(Of::Mean, Bounds::Percent(25.0, 75.0)));
        }
        if let Some(bounds) = text.strip_prefix("PR(").and_then(|rest| rest.strip_suffix(')')) {
            let bounds = Bounds::parse(bounds).filter(|bounds| matches!(bounds, Bounds::Value(..)))?;
            return Some(Self::Within(Of::Rank, bounds));
        }
        FORMS.into_iter().find_map(|(short, long, of)| {
            let bounds = match (text.strip_prefix(short), text.strip_prefix(long)) {
                (Some(rest), _) => Bounds::Percent(0.0, percent(rest).filter(|percent| *percent > 0.0)?),
                (_, Some(rest)) => Bounds::parse(rest.strip_suffix(')')?)?,
                _ => return None,
            };
            Some(Self::Within(of, bounds))
        })
    }

    /// Reads any.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::plain(text).or_else(|| Self::extended(text))
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
            Self::Within(of, bounds) => return within(of, bounds, bucket),
        })
    }
}

fn within(of: Of, bounds: Bounds, bucket: &Bucket) -> Option<f64> {
    if of == Of::Winsorized {
        let (low, high) = match bounds {
            Bounds::Percent(low, high) => (bucket.percentile(low)?, bucket.percentile(high)?),
            Bounds::Value(low, high) => (low, high),
        };
        return bucket.average_within(low, high);
    }
    let (count, sum) = match bounds {
        Bounds::Percent(low, high) => bucket.between(low, high)?,
        Bounds::Value(low, high) => bucket.above(low, high)?,
    };
    match of {
        Of::Count => Some(count),
        Of::Sum => Some(sum),
        Of::Rank => (bucket.count > 0.0).then(|| count / bucket.count * 100.0),
        Of::Mean | Of::Winsorized => (count > 0.0).then(|| sum / count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_within_bounds_is_averaged_counted_summed_and_ranked() {
        let mut bucket = Bucket::of(1.0, 1.0);
        for value in 2..=10 {
            bucket.add(&Bucket::of(f64::from(value), 1.0));
        }
        for (text, expected) in [
            ("tm90", 5.0),
            ("tc90", 9.0),
            ("ts90", 45.0),
            ("wm90", 5.4),
            ("TM(10%:90%)", 5.5),
            ("TM(10%:)", 6.0),
            ("TC(:20%)", 2.0),
            ("TS(8:)", 19.0),
            ("TM(2:4)", 3.5),
            ("WM(3:8)", 5.5),
            ("PR(:3)", 30.0),
            ("PR(3:5.5)", 20.0),
            ("IQM", 5.5),
        ] {
            let found = Statistic::parse(text).unwrap_or_else(|| panic!("{text}")).of(&bucket).unwrap();
            assert!((found - expected).abs() < 1e-9, "{text}: {found} and not {expected}");
        }
        assert_eq!(Statistic::parse("tm90").unwrap().of(&Bucket::of_set(3.0, 9.0, 1.0, 4.0)), None);
        assert_eq!(Statistic::parse("TM(20:30)").unwrap().of(&bucket), None, "nothing lies there");
    }

    #[test]
    fn percentiles_have_a_number_up_to_a_hundred() {
        assert_eq!(Statistic::parse("p99.9"), Some(Statistic::Percentile(99.9)));
        assert_eq!(Statistic::parse("p50"), Some(Statistic::Percentile(50.0)));
        for bad in [
            "p",
            "p101",
            "p-1",
            "p1e1",
            "pnan",
            "99",
            "tm",
            "tm0",
            "tm101",
            "TM90",
            "TM(:)",
            "TM(90%:10%)",
            "TM(1:5%)",
            "PR(1%:5%)",
            "PR(:3",
            "iqm",
            "average",
            "",
        ] {
            assert_eq!(Statistic::parse(bad), None, "{bad}");
        }
    }
}
