//! `PutMetricData`.

use super::{
    bucket::Bucket,
    input, invalid,
    metric::{DimensionList, Double, Metric, MetricName, Moment, Namespace, Unit},
    metrics::Sample,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use std::mem::take;

/// The most data of a call, and the most values of one datum.
const MAX_DATA: usize = 1000;
const MAX_VALUES: usize = 150;
/// The largest magnitude of a value: 2^360.
const LARGEST: f64 = 2.348_542_582_773_833_3e108;
/// How far from now data may be, in milliseconds: two weeks back, two hours ahead.
const MAX_AGE: i64 = 14 * 24 * 60 * 60 * 1000;
const MAX_AHEAD: i64 = 2 * 60 * 60 * 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    namespace: Namespace,
    #[serde(default)]
    metric_data: Vec<Datum>,
    /// Whether what is wrong with entities is an error; there are none here.
    #[serde(default)]
    #[expect(dead_code, reason = "read to be known")]
    strict_entity_validation: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datum {
    metric_name: MetricName,
    #[serde(default)]
    dimensions: DimensionList,
    timestamp: Option<Moment>,
    value: Option<Double>,
    statistic_values: Option<Set>,
    #[serde(default)]
    values: Vec<Double>,
    #[serde(default)]
    counts: Vec<Double>,
    unit: Option<Unit>,
    storage_resolution: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Set {
    sample_count: Double,
    sum: Double,
    minimum: Double,
    maximum: Double,
}

/// `PutMetricData`: all of it, or nothing.
pub(super) fn data(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = input::<Put>(operation)?;
    if input.namespace.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("AWS/")) {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid: it is for the services of AWS."));
    }
    if !(1..=MAX_DATA).contains(&input.metric_data.len()) {
        return Err(invalid(format!("The collection MetricData must have a size between 1 and {MAX_DATA}.")));
    }
    let now = scope.now_millis();
    let samples = input.metric_data.into_iter().enumerate().map(|(at, mut datum)| {
        let member = format!("MetricData.member.{}", at + 1);
        datum.dimensions.check(&member)?;
        let (name, dimensions) = (datum.metric_name.to_string(), take(&mut datum.dimensions).into());
        let metric = Metric { namespace: input.namespace.to_string(), name, dimensions };
        datum.sample(&member, now).map(|sample| (metric, sample))
    });
    for (metric, sample) in samples.collect::<Result<Vec<_>, _>>()? {
        scope.context.metrics.add(scope.region, &metric, sample);
    }
    // Who puts data of minutes that are over need not wait for the next one.
    scope.context.metrics.freshen();
    scope.context.timers.wake();
    Ok(Output::Done)
}

impl Datum {
    /// Checks the datum, which is this member of its call, and makes a sample of it.
    fn sample(self, member: &str, now: i64) -> Result<Sample, AwsError> {
        let time = self.timestamp.map_or(now, |moment| moment.0);
        if !(now - MAX_AGE..=now + MAX_AHEAD).contains(&time) {
            return Err(invalid(format!(
                "The parameter {member}.Timestamp must specify a time no more than two weeks in the past and no more than \
                 two hours in the future."
            )));
        }
        if let Some(other) = self.storage_resolution.filter(|resolution| !matches!(resolution, 1 | 60)) {
            return Err(invalid(format!(
                "The value {other} for parameter {member}.StorageResolution must be 1 or 60."
            )));
        }
        let is_fine = self.storage_resolution == Some(1);
        let unit = self.unit.unwrap_or(Unit::NONE);
        let bucket = self.bucket(member)?;
        let numbers = [bucket.count, bucket.sum, bucket.least, bucket.greatest];
        if numbers.iter().any(|number| !number.is_finite() || number.abs() > LARGEST) {
            return Err(invalid(format!("The value of parameter {member}.Value must be between -2^360 and 2^360.")));
        }
        Ok(Sample { time, now, unit, is_fine, bucket })
    }

    fn bucket(self, member: &str) -> Result<Bucket, AwsError> {
        let has_set = self.statistic_values.is_some();
        // AWS takes values together with a set of statistics; what the values say is what counts here.
        let other = match (self.value.is_some(), !self.values.is_empty(), has_set) {
            (true, true, _) => Some("Values"),
            (true, false, true) => Some("StatisticValues"),
            (true, false, false) | (false, true, _) | (false, false, true) => None,
            (false, false, false) => {
                let message = format!(
                    "At least one of the parameters {member}.Value, {member}.Values and {member}.StatisticValues must be \
                     specified."
                );
                return Err(AwsError::sender("InvalidParameterCombination", message));
            }
        };
        if let Some(other) = other {
            let message = format!(
                "The parameters {member}.Value and {member}.{other} are mutually exclusive and you have specified both."
            );
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        if let Some(value) = self.value {
            return Ok(Bucket::of(value.finite(&format!("{member}.Value"))?, 1.0));
        }
        if let Some(set) = self.statistic_values.filter(|_| self.values.is_empty()) {
            let of = |number: Double, name: &str| number.finite(&format!("{member}.StatisticValues.{name}"));
            let (count, sum) = (of(set.sample_count, "SampleCount")?, of(set.sum, "Sum")?);
            let (least, greatest) = (of(set.minimum, "Minimum")?, of(set.maximum, "Maximum")?);
            if count <= 0.0 || greatest < least {
                return Err(invalid(format!(
                    "The parameter {member}.StatisticValues must have a SampleCount above 0 and a Maximum not below its Minimum."
                )));
            }
            return Ok(Bucket::of_set(count, sum, least, greatest));
        }
        if self.values.len() > MAX_VALUES {
            return Err(invalid(format!(
                "The collection {member}.Values must not have a size greater than {MAX_VALUES}."
            )));
        }
        if !self.counts.is_empty() && self.counts.len() != self.values.len() {
            let message = format!("The parameters {member}.Values and {member}.Counts must be of the same size.");
            return Err(invalid(message));
        }
        let values = all(&self.values, &format!("{member}.Values"))?;
        let counts = all(&self.counts, &format!("{member}.Counts"))?;
        if counts.iter().any(|count| *count <= 0.0) {
            return Err(invalid(format!("The numbers of {member}.Counts must be above 0.")));
        }
        let counts = counts.into_iter().chain(std::iter::repeat(1.0));
        let buckets = values.into_iter().zip(counts).map(|(value, count)| Bucket::of(value, count));
        let whole = buckets.reduce(|mut whole, part| {
            whole.add(&part);
            whole
        });
        whole.ok_or_else(|| invalid(format!("The parameter {member}.Values is empty.")))
    }
}

/// The numbers of a list, each of which is one.
fn all(numbers: &[Double], parameter: &str) -> Result<Vec<f64>, AwsError> {
    numbers.iter().enumerate().map(|(at, number)| number.finite(&format!("{parameter}.member.{}", at + 1))).collect()
}
