//! What names a metric, the units, and the numbers and times that come in.

use super::invalid;
use crate::emulator::wire::{AwsError, Text};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt, ops::Deref};

/// The most dimensions of a metric.
const MAX_DIMENSIONS: usize = 30;

/// The units that CloudWatch knows, in its order: of data in several, that in the first one is answered.
const UNITS: [&str; 27] = [
    "Megabits",
    "Terabits",
    "Gigabits",
    "Count",
    "Bytes",
    "Gigabytes",
    "Gigabytes/Second",
    "Kilobytes",
    "Kilobits/Second",
    "Terabytes",
    "Terabits/Second",
    "Bytes/Second",
    "Percent",
    "Megabytes",
    "Megabits/Second",
    "Milliseconds",
    "Microseconds",
    "Kilobytes/Second",
    "Gigabits/Second",
    "Megabytes/Second",
    "Bits",
    "Bits/Second",
    "Count/Second",
    "Seconds",
    "Kilobits",
    "Terabytes/Second",
    "None",
];

/// A unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub(in crate::emulator) struct Unit(&'static str);

impl Unit {
    /// The first in the order of units.
    pub(super) const FIRST: Self = Self("");
    pub(super) const NONE: Self = Self("None");
    pub(super) const COUNT: Self = Self("Count");
    pub(super) const MILLISECONDS: Self = Self("Milliseconds");

    pub(super) fn parse(text: &str) -> Option<Self> {
        UNITS.into_iter().find(|unit| *unit == text).map(Self)
    }

    pub(super) fn as_str(self) -> &'static str {
        self.0
    }

    /// Its place in CloudWatch's order.
    fn rank(self) -> usize {
        UNITS.into_iter().position(|unit| unit == self.0).unwrap_or(UNITS.len())
    }

    /// Sorts units as CloudWatch does.
    pub(super) fn sorted(units: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut units: Vec<Self> = units.into_iter().collect();
        units.sort_by_key(|unit| unit.rank());
        units
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let unknown = || D::Error::custom(format!("Member must satisfy enum value set: [{}]", UNITS.join(", ")));
        Self::parse(&text).ok_or_else(unknown)
    }
}

/// A namespace: a text that begins with no colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Namespace(Text<1, 255>);

impl Deref for Namespace {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Namespace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        if text.starts_with(':') {
            return Err(D::Error::custom("Member must satisfy regular expression pattern: [^:].*"));
        }
        Ok(Self(text))
    }
}

/// The name of a metric.
pub(super) type MetricName = Text<1, 255>;

/// The dimensions of a metric, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub(super) struct Dimensions(pub(super) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Dimensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DimensionList::deserialize(deserializer).map(Self::from)
    }
}

/// Dimensions in the order in which they came.
#[derive(Default)]
pub(super) struct DimensionList(Vec<Dimension>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: Text<1, 255>,
    value: Text<1, 1024>,
}

impl<'de> Deserialize<'de> for DimensionList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::deserialize(deserializer)?;
        if list.len() > MAX_DIMENSIONS {
            return Err(D::Error::custom(format!("Member must have length less than or equal to {MAX_DIMENSIONS}")));
        }
        Ok(Self(list))
    }
}

impl From<DimensionList> for Dimensions {
    fn from(list: DimensionList) -> Self {
        Self(list.0.into_iter().map(|one| (one.name.into(), one.value.into())).collect())
    }
}

impl DimensionList {
    /// Refuses dimensions under which nobody may put data; `member` is whose they are.
    pub(super) fn check(&self, member: &str) -> Result<(), AwsError> {
        for (at, Dimension { name, value }) in self.0.iter().enumerate() {
            let faulty = [("Name", &**name, is_name(name)), ("Value", &**value, is_plain(value))];
            if let Some((part, text, _)) = faulty.into_iter().find(|(_, _, is_good)| !is_good) {
                let parameter = format!("{member}.Dimensions.member.{}.{part}", at + 1);
                return Err(invalid(format!("The value {text} for parameter {parameter} is invalid.")));
            }
        }
        Ok(())
    }
}

/// Whether data may be put under a dimension.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
pub(super) fn is_dimension(name: &str, value: &str) -> bool {
    is_name(name) && is_plain(value)
}

fn is_name(name: &str) -> bool {
    is_plain(name) && !name.starts_with(':')
}

/// Whether a text is of ASCII's visible characters, one of which is no space.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b)) && !text.trim().is_empty()
}

impl Dimensions {
    /// Shows them as answers have them.
    pub(super) fn show(&self) -> Value {
        self.0.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
    }
}

/// What names a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(in crate::emulator) struct Metric {
    pub(super) namespace: String,
    pub(super) name: String,
    #[serde(with = "as_map")]
    pub(super) dimensions: Dimensions,
}

/// On disk dimensions are a map.
mod as_map {
    use super::Dimensions;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(dimensions: &Dimensions, serializer: S) -> Result<S::Ok, S::Error> {
        dimensions.0.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Dimensions, D::Error> {
        Deserialize::deserialize(deserializer).map(Dimensions)
    }
}

impl Metric {
    /// Names a metric whose name and dimensions are known to be good.
    pub(super) fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: Dimensions(dimensions) }
    }

    /// Shows it as answers have it.
    pub(super) fn show(&self) -> Value {
        json!({ "Namespace": self.namespace, "MetricName": self.name, "Dimensions": self.dimensions.show() })
    }
}

/// A number that comes in, which may be none: JSON has texts for those.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Double(f64);

impl Double {
    /// Gives the number; refuses what is none, as the value of this parameter.
    pub(super) fn finite(self, parameter: &str) -> Result<f64, AwsError> {
        if self.0.is_finite() {
            return Ok(self.0);
        }
        Err(invalid(format!("The value {self} for parameter {parameter} is invalid.")))
    }
}

impl fmt::Display for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number if number.is_finite() => write!(f, "{number}"),
            number if number.is_nan() => f.write_str("NaN"),
            number => f.write_str(if number > 0.0 { "Infinity" } else { "-Infinity" }),
        }
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // The query protocol writes them in the words of whichever language the client is written in.
        let none = |text: &str| text.parse().ok().filter(|number: &f64| !number.is_finite());
        let number = value.as_f64().or_else(|| value.as_str().and_then(none));
        let wrong = || match &value {
            Value::String(text) => D::Error::invalid_type(Unexpected::Str(text), &"a number"),
            _ => D::Error::invalid_type(Unexpected::Other("something else"), &"a number"),
        };
        number.map(Self).ok_or_else(wrong)
    }
}

/// A time that comes in: seconds since the Unix epoch; here milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

impl Moment {
    /// The second in which it is.
    pub(super) fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(-1e11..1e11).contains(&seconds) {
            return Err(D::Error::custom("it is beyond all times"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it was just made sure that it fits")]
        let millis = (seconds * 1000.0).round() as i64;
        Ok(Self(millis))
    }
}

/// Checks a period: 1, 5, 10, 20, 30 or whole minutes; gives it in milliseconds.
pub(super) fn period(seconds: u32, member: &str) -> Result<i64, AwsError> {
    if matches!(seconds, 1 | 5 | 10 | 20 | 30) || seconds > 0 && seconds.is_multiple_of(60) && seconds <= 86_400 * 365 {
        return Ok(i64::from(seconds) * 1000);
    }
    Err(invalid(format!("The parameter {member} must be 1, 5, 10, 20, 30 or a multiple of 60, and is {seconds}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dimension_has_a_name_without_a_colon_before_it_and_texts_that_can_be_seen() {
        assert!(is_dimension("FunctionName", ":a b"));
        for (name, value) in
            [(":a", "b"), (" ", "b"), ("a", " "), ("é", "b"), ("a", "é"), ("a\n", "b"), ("a", "\u{7f}")]
        {
            assert!(!is_dimension(name, value), "{name:?} {value:?}");
            let list: DimensionList = serde_json::from_value(json!([
                { "Name": "first", "Value": "1" },
                { "Name": name, "Value": value },
            ]))
            .unwrap();
            let refused = list.check("MetricData.member.7").unwrap_err();
            let (part, text) = if is_name(name) { ("Value", value) } else { ("Name", name) };
            let parameter = format!("MetricData.member.7.Dimensions.member.2.{part}");
            assert_eq!(refused.message, format!("The value {text} for parameter {parameter} is invalid."));
            assert_eq!(refused.code, "InvalidParameterValue");
        }
    }

    #[test]
    fn what_is_no_number_is_read_to_be_refused_by_its_name() {
        let read = |value: Value| serde_json::from_value::<Double>(value);
        assert_eq!(read(json!(7)).unwrap().finite("x"), Ok(7.0));
        assert_eq!(read(json!(-1.5)).unwrap().finite("x"), Ok(-1.5));
        for (text, shown) in [
            ("NaN", "NaN"),
            ("nan", "NaN"),
            ("Infinity", "Infinity"),
            ("inf", "Infinity"),
            ("-Infinity", "-Infinity"),
            ("1e999", "Infinity"),
        ] {
            let refused = read(json!(text)).unwrap().finite("MetricData.member.1.Value").unwrap_err();
            let message = format!("The value {shown} for parameter MetricData.member.1.Value is invalid.");
            assert_eq!((&*refused.code, refused.message.as_str()), ("InvalidParameterValue", message.as_str()));
        }
        for bad in [json!("abc"), json!("7"), json!(true), json!([1]), json!({})] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
