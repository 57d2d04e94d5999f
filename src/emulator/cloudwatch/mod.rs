//! CloudWatch, over Smithy's RPC v2 with CBOR, JSON 1.0 and the query protocol: metrics, and alarms on them.
//!
//! Metric data is in memory ([`Metrics`]), bounded, and gone with the emulator: a call of a function costs no write.
//! Alarms, their states and their history are on disk. [`super::timers`] asks for their evaluation.
//!
//! Not here: anomaly detection, metric streams, insight rules, muting and suppressing; actions that are no function. A call
//! that needs one is refused by name.

mod action;
mod alarm;
mod alarms;
mod bucket;
mod composite;
mod dashboards;
mod describe;
mod described;
mod emf;
mod evaluate;
mod form;
mod history;
mod insights;
mod math;
mod metric;
mod metrics;
mod own;
mod put;
mod query;
mod read;
mod rule;
mod set;
mod statistic;
mod tags;
mod timed;
mod transition;
mod widgets;

pub use alarm::State;
pub use metrics::Metrics;
pub(super) use {
    emf::collect,
    metric::Unit,
    own::{ApiCall, Filtered, Invoked, api_called, filtered, invoked, throttled},
    timed::tick,
};

use super::{
    service::{Handler, Names, Operation, Output, Scope, Service},
    wire::{AwsError, Fault, Shape},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// CloudWatch, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "monitoring",
    routes: None,
    names: Some(Names {
        all: include_str!("members.txt"),
        versions: &["2010-08-01"],
        target: Some("GraniteServiceVersion20100801"),
    }),
    members: include_str!("members.txt"),
    operations: &[
        ("DeleteAlarms", Handler::Async(|operation| Box::pin(alarms::delete(operation)))),
        ("DeleteDashboards", Handler::Async(|operation| Box::pin(dashboards::delete(operation)))),
        ("DescribeAlarmHistory", Handler::Sync(history::describe)),
        ("DescribeAlarms", Handler::Sync(describe::describe)),
        ("DescribeAlarmsForMetric", Handler::Sync(describe::describe_for_metric)),
        ("DisableAlarmActions", Handler::Async(|operation| Box::pin(set::switch(operation, false)))),
        ("EnableAlarmActions", Handler::Async(|operation| Box::pin(set::switch(operation, true)))),
        ("GetDashboard", Handler::Sync(dashboards::get)),
        ("GetMetricData", Handler::Sync(read::data)),
        ("GetMetricStatistics", Handler::Sync(read::statistics)),
        ("ListDashboards", Handler::Sync(dashboards::list)),
        ("ListMetrics", Handler::Sync(read::list)),
        ("ListTagsForResource", Handler::Sync(tags::list)),
        ("PutCompositeAlarm", Handler::Async(|operation| Box::pin(composite::put(operation)))),
        ("PutDashboard", Handler::Async(|operation| Box::pin(dashboards::put(operation)))),
        ("PutMetricAlarm", Handler::Async(|operation| Box::pin(alarms::put(operation)))),
        ("PutMetricData", Handler::Sync(put::data)),
        ("SetAlarmState", Handler::Async(|operation| Box::pin(set::state(operation)))),
        ("TagResource", Handler::Async(|operation| Box::pin(tags::add(operation)))),
        ("UntagResource", Handler::Async(|operation| Box::pin(tags::remove(operation)))),
    ],
    fault,
};

/// What the members of answers are.
static SHAPE: Shape = Shape {
    times: &[
        "AlarmConfigurationUpdatedTimestamp",
        "LastModified",
        "StateTransitionedTimestamp",
        "StateUpdatedTimestamp",
        "Timestamp",
        "Timestamps",
    ],
    maps: &["ExtendedStatistics"],
};

/// Reads the members of an input, however it came.
fn input<T: DeserializeOwned>(operation: Operation<'_>) -> Result<(T, Scope<'_>), AwsError> {
    operation.input_of_any(form::members)
}

/// Reads an input that is described by two types, however it came.
fn inputs<A: DeserializeOwned, B: DeserializeOwned>(operation: Operation<'_>) -> Result<(A, B, Scope<'_>), AwsError> {
    operation.inputs_of_any(form::members)
}

/// Answers with members.
fn answer(members: Value) -> Output {
    Output::Shaped(members, &SHAPE)
}

/// Writes milliseconds as the seconds that answers have.
fn seconds(millis: i64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact")]
    let seconds = millis as f64 / 1000.0;
    seconds.into()
}

fn fault(fault: Fault) -> AwsError {
    match fault {
        Fault::Unreadable(why) => AwsError::sender("SerializationException", why),
        Fault::WrongType(..) => AwsError::sender("SerializationException", fault.to_string()),
        Fault::Invalid(path, why) => AwsError::sender(
            "ValidationError",
            format!("1 validation error detected: Value at '{path}' failed to satisfy constraint: {why}"),
        ),
        Fault::Missing(path) => AwsError::sender("MissingParameter", format!("The parameter {path} is required.")),
        Fault::Unknown(path) => invalid(format!("The member {path} is not known: this operation does not have it.")),
    }
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterValue", message)
}

fn validation(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationError", message)
}
