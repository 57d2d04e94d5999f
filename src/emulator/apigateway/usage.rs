//! How often and how fast a key may call: the throttles of stages and usage plans, and the quotas of plans with what was
//! used of them.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>
//!
//! Buckets are in memory; what was used of a quota is on disk before the call goes on.

use super::{
    State,
    error::{absent, bad_request},
    failure::Failure,
    memory::Pace,
    method_settings::MethodSettings,
    model::Method,
    patch,
    usage_plan::{PathThrottles, Period, Quota, Throttle, UsagePlan},
};
use crate::emulator::{
    Context,
    service::{Operation, Output},
    store::Region,
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};
use time::{Date, Duration, OffsetDateTime, Weekday, macros::format_description};

/// How many days of usage are kept: API Gateway shows those of the last 90.
const KEPT_DAYS: usize = 90;

/// What one key has used in one plan.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Usage {
    /// The calls of each day (`2026-11-30`), and what remained after them.
    days: BTreeMap<String, (u64, i64)>,
    /// The first day of the period that `remaining` is of.
    period: String,
    /// What may still be called in the period; what `UpdateUsage` sets.
    remaining: i64,
}

/// The name under which the usage of a key in a plan is kept.
pub(super) fn name(plan: &str, key: &str) -> String {
    format!("{plan}:{key}")
}

/// What the plan of a key says of its calls of a stage.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) plan: String,
    pub(super) throttle: Option<Throttle>,
    pub(super) paths: PathThrottles,
    pub(super) has_quota: bool,
}

impl Limits {
    pub(super) fn of(plan: &UsagePlan, stage: &str) -> Self {
        let settings = &plan.settings;
        Self {
            plan: plan.id.clone(),
            throttle: settings.throttle.clone(),
            paths: settings.path_throttles.get(stage).cloned().unwrap_or_default(),
            has_quota: settings.quota.as_ref().is_some_and(|quota| quota.limit.is_some()),
        }
    }
}

/// A call that is to be counted.
pub(super) struct Counted<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) region: &'a Region,
    /// `api:stage`.
    pub(super) stage: &'a str,
    /// The path of the called resource.
    pub(super) resource: &'a str,
    pub(super) method: &'a Method,
    /// The settings that the stage has for the method.
    pub(super) settings: Option<&'a MethodSettings>,
    /// The key, and what its plan says.
    pub(super) key: Option<(&'a str, &'a Limits)>,
}

impl Counted<'_> {
    /// Counts the call, or refuses it.
    pub(super) async fn count(&self) -> Result<(), Failure> {
        let route = format!("{}/{}", self.resource, self.method.name);
        if let Some(pace) = self.settings.and_then(MethodSettings::pace) {
            self.take(&format!("stage {} {route}", self.stage), pace)?;
        }
        let Some((key, limits)) = self.key else { return Ok(()) };
        let of_path = limits.paths.get(&route).or_else(|| limits.paths.get("/*/*"));
        if let Some(pace) = of_path.and_then(Throttle::pace) {
            self.take(&format!("path {} {key} {} {route}", limits.plan, self.stage), pace)?;
        } else if let Some(pace) = limits.throttle.as_ref().and_then(Throttle::pace) {
            self.take(&format!("plan {} {key}", limits.plan), pace)?;
        }
        if !limits.has_quota {
            return Ok(());
        }
        let now = self.context.config.clock.now();
        let counted = self
            .context
            .store
            .change(self.region, |state| Ok::<_, AwsError>(use_one(&mut state.apigateway, key, limits, now)));
        match counted.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::QuotaExceeded),
            Err(_) => Err(Failure::Configuration),
        }
    }

    fn take(&self, name: &str, pace: Pace) -> Result<(), Failure> {
        let now = self.context.config.clock.uptime();
        self.context.gateway.take(name, pace, now).then_some(()).ok_or(Failure::TooFast)
    }
}

/// Counts one call of a key against its plan's quota; tells whether there was one left.
fn use_one(state: &mut State, key: &str, limits: &Limits, now: OffsetDateTime) -> bool {
    // A plan that is gone or has no quota any more limits nothing.
    let Some(plan) = state.plans.get(&limits.plan) else { return true };
    let Some(quota) = plan.settings.quota.clone() else { return true };
    let name = name(&limits.plan, key);
    let mut usage = state.usage.get(&name).cloned().unwrap_or_default();
    usage.enter(&quota, now);
    if usage.remaining <= 0 {
        return false;
    }
    usage.remaining -= 1;
    let today = usage.days.entry(written(now.date())).or_default();
    *today = (today.0 + 1, usage.remaining);
    while usage.days.len() > KEPT_DAYS {
        usage.days.pop_first();
    }
    state.usage.insert(name, usage);
    true
}

impl Usage {
    /// Begins a period where another one has begun meanwhile.
    fn enter(&mut self, quota: &Quota, now: OffsetDateTime) {
        let begin = written(begin(quota, now.date()));
        if self.period == begin {
            return;
        }
        let limit = i64::from(quota.limit.unwrap_or_default());
        // The offset is taken off the first period only.
        let offset = if self.period.is_empty() { i64::from(quota.offset.unwrap_or_default()) } else { 0 };
        (self.period, self.remaining) = (begin, limit - offset);
    }
}

/// The first day of the period that a day is in: weeks begin on Sundays.
fn begin(quota: &Quota, day: Date) -> Date {
    match quota.period.unwrap_or(Period::Day) {
        Period::Day => day,
        Period::Week if day.weekday() == Weekday::Sunday => day,
        Period::Week => day.prev_occurrence(Weekday::Sunday),
        Period::Month => day.replace_day(1).unwrap_or(day),
    }
}

fn written(day: Date) -> String {
    day.format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

fn read(text: &str) -> Result<Date, AwsError> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| bad_request(format!("Invalid date specified: {text}. Must be in the format yyyy-MM-dd")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetUsage {
    usage_plan_id: String,
    key_id: Option<String>,
    start_date: String,
    end_date: String,
    position: Option<String>,
    limit: Option<usize>,
}

/// `GetUsage`: for each key the calls of each day, and what remained.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<GetUsage>()?;
    let (start, end) = (read(&input.start_date)?, read(&input.end_date)?);
    if start > end || end - start > Duration::days(KEPT_DAYS.try_into().unwrap_or(i64::MAX)) {
        return Err(bad_request("Invalid date range specified: at most 90 days, the first before the last"));
    }
    let size = input.limit.unwrap_or(25);
    if !(1..=500).contains(&size) {
        return Err(bad_request("Invalid limit: it must be between 1 and 500"));
    }
    scope.read(|state| {
        let state = &state.apigateway;
        let plan = state.plan(&input.usage_plan_id)?;
        if input.key_id.as_ref().is_some_and(|key| !plan.keys.contains(key)) {
            return Err(absent("API Key"));
        }
        let wanted = |key: &&String| {
            input.key_id.as_ref().is_none_or(|wanted| wanted == *key)
                && input.position.as_ref().is_none_or(|position| *key > position)
        };
        let mut keys = plan.keys.iter().filter(wanted);
        let mut items = Map::new();
        let mut last = None;
        for key in keys.by_ref().take(size) {
            items.insert(key.clone(), state.used(plan, key, start, end));
            last = Some(key.clone());
        }
        let mut shown = json!({
            "usagePlanId": plan.id, "startDate": input.start_date, "endDate": input.end_date, "values": items,
        });
        if let (Some(last), true) = (last, keys.next().is_some()) {
            shown["position"] = last.into();
        }
        Ok(Output::Members(shown))
    })
}

impl State {
    /// The calls of a key on each day of a range, and what remained on it.
    fn used(&self, plan: &UsagePlan, key: &str, start: Date, end: Date) -> Value {
        let none = Usage::default();
        let usage = self.usage.get(&name(&plan.id, key)).unwrap_or(&none);
        let limit = plan.settings.quota.as_ref().and_then(|quota| quota.limit).map_or(0, i64::from);
        let days = std::iter::successors(Some(start), |day| day.next_day()).take_while(|day| *day <= end);
        let mut remaining = limit;
        days.map(|day| {
            let (used, left) = usage.days.get(&written(day)).copied().unwrap_or((0, remaining));
            // On a day without calls the rest of the period is what it was before, unless a new one begins.
            let begins =
                plan.settings.quota.as_ref().is_some_and(|quota| begin(quota, day.next_day().unwrap_or(day)) > day);
            remaining = if begins { limit } else { left };
            json!([used, left])
        })
        .collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlanKeyPath {
    usage_plan_id: String,
    key_id: String,
}

/// `UpdateUsage`: says what remains of a key's quota in this period.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    #[derive(Serialize, Deserialize)]
    struct Remaining {
        remaining: i64,
    }
    let (PlanKeyPath { usage_plan_id, key_id }, patch, scope) = patch::inputs::<PlanKeyPath>(operation)?;
    patch.only(&["remaining"])?;
    let shown = scope.change(|state| {
        let state = &mut state.apigateway;
        let plan = state.plan(&usage_plan_id)?.clone();
        if !plan.keys.contains(&key_id) {
            return Err(absent("Usage Plan Key"));
        }
        let quota = plan.settings.quota.as_ref().ok_or_else(|| bad_request("Usage Plan does not have a quota"))?;
        let name = name(&plan.id, &key_id);
        let mut usage = state.usage.get(&name).cloned().unwrap_or_default();
        usage.enter(quota, scope.now);
        let new: Remaining = patch.apply(&Remaining { remaining: usage.remaining })?;
        usage.remaining = new.remaining;
        let today = usage.days.entry(written(scope.now.date())).or_default();
        today.1 = usage.remaining;
        state.usage.insert(name, usage);
        let today = scope.now.date();
        let used = state.used(&plan, &key_id, today, today);
        let today = written(today);
        Ok(json!({
            "usagePlanId": plan.id, "startDate": today, "endDate": today, "values": { key_id.as_str(): used },
        }))
    });
    Ok(Output::Members(shown.await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn quota(limit: u32, offset: u32, period: Period) -> Quota {
        Quota { limit: Some(limit), offset: Some(offset), period: Some(period) }
    }

    #[test]
    fn a_period_begins_with_its_day_its_sunday_or_its_first() {
        let day = date!(2026 - 11 - 25);
        for (period, first) in
            [(Period::Day, day), (Period::Week, date!(2026 - 11 - 22)), (Period::Month, date!(2026 - 11 - 01))]
        {
            assert_eq!(begin(&quota(1, 0, period), day), first);
        }
        let sunday = date!(2026 - 11 - 22);
        assert_eq!(begin(&quota(1, 0, Period::Week), sunday), sunday);
    }

    #[test]
    fn the_offset_is_taken_off_the_first_period_only() {
        let mut usage = Usage::default();
        let quota = quota(10, 4, Period::Day);
        usage.enter(&quota, datetime!(2026-11-25 12:00 UTC));
        assert_eq!(usage.remaining, 6);
        usage.remaining = 1;
        usage.enter(&quota, datetime!(2026-11-25 23:59 UTC));
        assert_eq!(usage.remaining, 1);
        usage.enter(&quota, datetime!(2026-11-26 00:00 UTC));
        assert_eq!(usage.remaining, 10);
    }
}
