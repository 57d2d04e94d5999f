//! The metrics of the emulator's own services, under the names that AWS has for them.
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>

use super::{
    bucket::Bucket,
    metric::{Metric, Unit},
    metrics::Sample,
};
use crate::emulator::{context::Context, store::Region};
use std::{collections::BTreeMap, time::Duration};

const LAMBDA: &str = "AWS/Lambda";
const API_GATEWAY: &str = "AWS/ApiGateway";

/// An invocation that has ended.
pub(in crate::emulator) struct Invoked<'a> {
    /// The function's name.
    pub(in crate::emulator) function: &'a str,
    /// What the function did wrong is an error, what its caller did is none.
    pub(in crate::emulator) has_failed: bool,
    pub(in crate::emulator) duration: Duration,
    /// How many invocations of the function ran when it began, itself included.
    pub(in crate::emulator) concurrent: u32,
}

/// Counts an invocation.
pub(in crate::emulator) fn invoked(context: &Context, region: &Region, invoked: &Invoked<'_>) {
    let error = if invoked.has_failed { 1.0 } else { 0.0 };
    for (name, unit, value) in [
        ("Invocations", Unit::COUNT, 1.0),
        ("Errors", Unit::COUNT, error),
        ("Throttles", Unit::COUNT, 0.0),
        ("Duration", Unit::MILLISECONDS, millis(invoked.duration)),
        ("ConcurrentExecutions", Unit::COUNT, f64::from(invoked.concurrent)),
    ] {
        note(context, region, LAMBDA, name, unit, value, &[&[], &[("FunctionName", invoked.function)]]);
    }
}

/// Counts an invocation for which there was no room.
pub(in crate::emulator) fn throttled(context: &Context, region: &Region, function: &str) {
    note(context, region, LAMBDA, "Throttles", Unit::COUNT, 1.0, &[&[], &[("FunctionName", function)]]);
}

/// A call of an API that was answered.
pub(in crate::emulator) struct ApiCall<'a> {
    /// What names the API in its metrics: `ApiName` and the name of a REST API, `ApiId` and the id of an HTTP API.
    pub(in crate::emulator) api: (&'static str, &'a str),
    pub(in crate::emulator) stage: &'a str,
    /// The method and the resource (the route, of an HTTP API) where they have metrics of their own.
    pub(in crate::emulator) method: Option<(&'a str, &'a str)>,
    pub(in crate::emulator) status: u16,
    pub(in crate::emulator) latency: Duration,
    /// How long what is behind the API took, where it was asked.
    pub(in crate::emulator) integration: Option<Duration>,
}

/// Counts a call of an API.
pub(in crate::emulator) fn api_called(context: &Context, region: &Region, call: &ApiCall<'_>) {
    let is_http = call.api.0 == "ApiId";
    let (client, server) = if is_http { ("4xx", "5xx") } else { ("4XXError", "5XXError") };
    let one = |holds: bool| if holds { 1.0 } else { 0.0 };
    let values = [
        Some(("Count", Unit::COUNT, 1.0)),
        Some((client, Unit::COUNT, one((400..500).contains(&call.status)))),
        Some((server, Unit::COUNT, one(call.status >= 500))),
        Some(("Latency", Unit::MILLISECONDS, millis(call.latency))),
        call.integration.map(|taken| ("IntegrationLatency", Unit::MILLISECONDS, millis(taken))),
    ];
    let stage = ("Stage", call.stage);
    for (name, unit, value) in values.into_iter().flatten() {
        note(context, region, API_GATEWAY, name, unit, value, &[&[call.api], &[call.api, stage]]);
        if let Some((method, resource)) = call.method {
            let detailed = [call.api, ("Method", method), ("Resource", resource), stage];
            note(context, region, API_GATEWAY, name, unit, value, &[&detailed]);
        }
    }
}

/// What a metric filter made of a log event.
pub(in crate::emulator) struct Filtered<'a> {
    pub(in crate::emulator) namespace: &'a str,
    pub(in crate::emulator) name: &'a str,
    /// None where it is not said.
    pub(in crate::emulator) unit: Option<Unit>,
    pub(in crate::emulator) dimensions: &'a BTreeMap<String, String>,
    /// When the event was, milliseconds since the Unix epoch.
    pub(in crate::emulator) time: i64,
    pub(in crate::emulator) value: f64,
}

/// Adds what a metric filter made of a log event.
pub(in crate::emulator) fn filtered(context: &Context, region: &Region, filtered: &Filtered<'_>) {
    let Filtered { namespace, name, unit, dimensions, time, value } = *filtered;
    let dimensions: Vec<_> = dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let unit = unit.unwrap_or(Unit::NONE);
    let sample = Sample { time, now: context.now_millis(), unit, is_fine: false, bucket: Bucket::of(value, 1.0) };
    context.metrics.add(region, &Metric::new(namespace, name, &dimensions), sample);
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn note(
    context: &Context,
    region: &Region,
    namespace: &str,
    name: &str,
    unit: Unit,
    value: f64,
    dimensions: &[&[(&str, &str)]],
) {
    for dimensions in dimensions {
        context.metrics.note(region, &Metric::new(namespace, name, dimensions), context.now_millis(), unit, value);
    }
}
