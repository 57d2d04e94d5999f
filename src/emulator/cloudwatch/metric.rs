//! What names a metric, and the units.

use crate::emulator::wire::Text;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, json};
use std::{collections::BTreeMap, ops::Deref};

/// The most dimensions of a metric.
const MAX_DIMENSIONS: usize = 30;

/// The units that CloudWatch knows.
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
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
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Dimension {
            name: Text<1, 255>,
            value: Text<1, 1024>,
        }
        let list = Vec::<Dimension>::deserialize(deserializer)?;
        if list.len() > MAX_DIMENSIONS {
            return Err(D::Error::custom(format!("Member must have length less than or equal to {MAX_DIMENSIONS}")));
        }
        Ok(Self(list.into_iter().map(|one| (one.name.into(), one.value.into())).collect()))
    }
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

/// A time that comes in: seconds since the Unix epoch; here milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

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
