//! What the same would cost on AWS: an estimate, from a small table of prices with its date.

use serde::Serialize;
use time::OffsetDateTime;

/// When the prices were looked up, and in which region: they change. Of Linux on demand, without the free tier.
pub const PRICES_OF: &str = "2025-06, us-east-1";

/// USD an hour by type of instance: <https://aws.amazon.com/ec2/pricing/on-demand/>.
const HOURLY: &[(&str, f64)] = &[
    ("c5.large", 0.085),
    ("c5.xlarge", 0.17),
    ("m5.large", 0.096),
    ("m5.xlarge", 0.192),
    ("r5.large", 0.126),
    ("t2.2xlarge", 0.3712),
    ("t2.large", 0.0928),
    ("t2.medium", 0.0464),
    ("t2.micro", 0.0116),
    ("t2.nano", 0.0058),
    ("t2.small", 0.023),
    ("t2.xlarge", 0.1856),
    ("t3.2xlarge", 0.3328),
    ("t3.large", 0.0832),
    ("t3.medium", 0.0416),
    ("t3.micro", 0.0104),
    ("t3.nano", 0.0052),
    ("t3.small", 0.0208),
    ("t3.xlarge", 0.1664),
    ("t4g.large", 0.0672),
    ("t4g.medium", 0.0336),
    ("t4g.micro", 0.0084),
    ("t4g.nano", 0.0042),
    ("t4g.small", 0.0168),
];
/// USD a call of a REST API: <https://aws.amazon.com/api-gateway/pricing/>.
const API_CALL: f64 = 3.5e-6;
/// USD an invocation: <https://aws.amazon.com/lambda/pricing/>.
const INVOCATION: f64 = 0.2e-6;
/// USD a GB-second.
const GB_SECOND: f64 = 0.000_016_666_7;

/// The price of an hour, where the table has the type.
#[must_use]
pub fn hourly(kind: &str) -> Option<f64> {
    HOURLY.iter().find(|(name, _)| *name == kind).map(|(_, price)| *price)
}

/// How long an instance ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceHours {
    /// Its id.
    pub instance_id: String,
    /// Its name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its type (`t2.micro`).
    pub r#type: String,
    /// Its state now.
    pub state: String,
    /// How long it ran within the time that was asked for.
    pub hours: f64,
    /// What that would cost on AWS, in USD; `None` where the table has no price of the type.
    pub usd_estimate: Option<f64>,
}

/// What was used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Calls of the API.
    pub api_calls: usize,
    /// Invocations of the function.
    pub invocations: usize,
    /// Its memory times its time.
    pub gb_seconds: f64,
}

/// What it would cost on AWS.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// Always `estimate`: it is no bill.
    pub kind: &'static str,
    /// Of when and of what the prices are.
    pub prices_of: &'static str,
    /// The instances' hours.
    pub instances_usd: f64,
    /// API Gateway's calls.
    pub api_usd: f64,
    /// Lambda's invocations and time.
    pub function_usd: f64,
    /// All of it.
    pub total_usd: f64,
}

impl Bill {
    /// Estimates.
    #[must_use]
    pub fn of(instances: &[InstanceHours], usage: Usage) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "nobody makes 2^52 calls")]
        let count = |number: usize| number as f64;
        let instances_usd = instances.iter().filter_map(|instance| instance.usd_estimate).sum();
        let api_usd = count(usage.api_calls) * API_CALL;
        let function_usd = count(usage.invocations) * INVOCATION + usage.gb_seconds * GB_SECOND;
        let total_usd = instances_usd + api_usd + function_usd;
        Self { kind: "estimate", prices_of: PRICES_OF, instances_usd, api_usd, function_usd, total_usd }
    }
}

/// What EC2 itself tells of when an instance ran.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// Since when it is.
    pub created: OffsetDateTime,
    /// When it was started last.
    pub launched: OffsetDateTime,
    /// When it was stopped after that, as far as EC2 says.
    pub stopped: Option<OffsetDateTime>,
    /// Whether it runs now.
    pub runs: bool,
}

/// Sums up how many hours an instance ran within a window of time, from the states that calls were seen to bring it
/// into, and from what EC2 says: who starts or stops an instance past the API leaves no other trace.
#[must_use]
pub fn running(
    changes: &[(OffsetDateTime, bool)],
    life: &Life,
    (from, until): (OffsetDateTime, OffsetDateTime),
) -> f64 {
    let mut changes = changes.to_vec();
    changes.push((life.launched, true));
    changes.extend(life.stopped.map(|stopped| (stopped, false)));
    changes.sort_by_key(|(time, _)| *time);
    // As it is now it has been since the last that is known, at the latest.
    changes.extend(changes.last().map(|(time, _)| (*time, life.runs)));
    // Before the first change that is known it was in the other state.
    let mut is_running = changes.first().is_some_and(|(_, runs)| !*runs);
    let mut since = life.created;
    let mut seconds = 0.0;
    let mut add = |is_running: bool, begin: OffsetDateTime, end: OffsetDateTime| {
        let (begin, end) = (begin.max(from), end.min(until));
        if is_running && end > begin {
            seconds += (end - begin).as_seconds_f64();
        }
    };
    for (time, runs) in changes {
        add(is_running, since, time);
        (is_running, since) = (runs, time);
    }
    add(is_running, since, until);
    seconds / 3600.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::datetime};

    const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    fn at(hours: i64) -> OffsetDateTime {
        NOON + Duration::hours(hours)
    }

    #[test]
    fn hours_are_those_between_start_and_stop_within_the_window() {
        let all = (at(0), at(24));
        let runs_since = |launched| Life { created: at(0), launched, stopped: None, runs: true };
        let stopped_at = |stopped| Life { created: at(0), launched: at(0), stopped, runs: false };
        let sums = |changes: &[(OffsetDateTime, bool)], life: Life, window, hours: f64| {
            let sum = running(changes, &life, window);
            assert!((sum - hours).abs() < 1e-9, "{changes:?} {life:?}: {sum} and not {hours}");
        };
        sums(&[], runs_since(at(2)), all, 22.0);
        let changes = [(at(4), false), (at(10), true)];
        sums(&changes, runs_since(at(10)), all, 18.0);
        sums(&changes, runs_since(at(10)), (at(8), at(12)), 2.0);
        // An engine that does not tell of the last start.
        sums(&changes, runs_since(at(0)), all, 18.0);
        sums(&[(at(4), true)], runs_since(at(4)), all, 20.0);
        // Started by hand, stopped by hand, and by one who does not say when.
        sums(&[(at(4), false)], runs_since(at(20)), all, 8.0);
        sums(&[], stopped_at(Some(at(3))), all, 3.0);
        sums(&changes, stopped_at(Some(at(12))), all, 6.0);
        sums(&changes, stopped_at(None), all, 4.0);
    }

    #[test]
    fn a_bill_is_an_estimate_and_sums_up() {
        let instance = |kind: &str| InstanceHours {
            instance_id: "i-1".to_owned(),
            name: None,
            r#type: kind.to_owned(),
            state: "running".to_owned(),
            hours: 10.0,
            usd_estimate: hourly(kind).map(|price| price * 10.0),
        };
        let usage = Usage { api_calls: 1_000_000, invocations: 1_000_000, gb_seconds: 1000.0 };
        let bill = Bill::of(&[instance("t2.micro"), instance("of tomorrow")], usage);
        assert_eq!(bill.kind, "estimate");
        assert!((bill.instances_usd - 0.116).abs() < 1e-9 && (bill.api_usd - 3.5).abs() < 1e-9, "{bill:?}");
        assert!((bill.total_usd - (0.116 + 3.5 + 0.2 + 0.016_666_7)).abs() < 1e-6, "{bill:?}");
        assert!(HOURLY.is_sorted_by(|a, b| a.0 < b.0));
    }
}
