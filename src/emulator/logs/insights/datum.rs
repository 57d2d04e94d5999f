//! Values of queries: numbers, texts and times, compared as the language compares them.

use std::{cmp::Ordering, fmt};
use time::{OffsetDateTime, macros::format_description};

/// A value that is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum {
    Number(f64),
    Text(String),
    /// Milliseconds since the Unix epoch.
    Time(i64),
}

impl Datum {
    /// Makes a truth value, which the language writes as a number.
    pub(super) fn truth(is_true: bool) -> Self {
        Self::Number(if is_true { 1.0 } else { 0.0 })
    }

    /// The number that this is, or that it writes.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            #[expect(clippy::cast_precision_loss, reason = "a time in milliseconds has fewer than 53 bits")]
            Self::Time(millis) => Some(*millis as f64),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !matches!(text.as_str(), "" | "false" | "0"),
            Self::Time(_) => true,
        }
    }

    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        let text = if let Self::Text(text) = self { text.len() } else { 0 };
        size_of::<Self>() + text
    }

    /// The order in which rows are sorted: what is no number comes before all numbers. Unlike comparisons it is one order
    /// of all values.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Sort.html>
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (None, None) => self.to_string().cmp(&other.to_string()),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }

    /// Compares numbers as numbers, and everything else as texts.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => self.to_string().cmp(&other.to_string()),
        }
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{}", (number * 10_000.0).round() / 10_000.0),
            Self::Text(text) => f.write_str(text),
            Self::Time(millis) => {
                let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(*millis) * 1_000_000);
                let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]");
                f.write_str(&time.ok().and_then(|time| time.format(&format).ok()).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_answers_have_them() {
        for (value, text) in [
            (Datum::Number(3.0), "3"),
            (Datum::Number(2.0 / 3.0), "0.6667"),
            (Datum::Time(1_700_000_000_123), "2023-11-14 22:13:20.123"),
            (Datum::Text("a".to_owned()), "a"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn texts_that_are_numbers_are_compared_as_such() {
        let text = |text: &str| Datum::Text(text.to_owned());
        assert!(text("9").compare(&Datum::Number(10.0)).is_lt());
        assert!(text("9").compare(&text("10")).is_lt());
        assert!(text("b").compare(&text("a")).is_gt());
    }

    #[test]
    fn what_is_sorted_has_one_order() {
        let values = ["10", "9", "1a", "b", ""].map(|text| Datum::Text(text.to_owned()));
        let mut sorted = values.to_vec();
        sorted.sort_by(Datum::order);
        assert_eq!(sorted.iter().map(Datum::to_string).collect::<Vec<_>>(), ["", "1a", "b", "9", "10"]);
    }
}
