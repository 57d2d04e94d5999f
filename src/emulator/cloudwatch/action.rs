//! What happens when an alarm changes its state: functions are invoked, and the default bus is told.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>

use super::{
    alarm::{Alarm, Condition, arn},
    history::{Item, Kind},
};
use crate::emulator::{
    context::Context,
    events::{self, Event},
    lambda::{self, Denied},
    runtime::Functions,
    store::Region,
    wire::{AwsError, iso_time},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The service in whose name functions are invoked.
const PRINCIPAL: &str = "lambda.alarms.cloudwatch.amazonaws.com";

/// An alarm that has come into another state.
pub(super) struct Change {
    pub(super) name: String,
    /// As it is now.
    pub(super) alarm: Alarm,
    /// Where it was.
    pub(super) before: Condition,
}

/// Refuses an action that nobody would perform.
pub(super) fn check(arn: &str) -> Result<(), AwsError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "lambda", _, _, function] if function.starts_with("function:") => Ok(()),
        ["arn", _, service, _, _, _] if !service.is_empty() && *service != "lambda" => {
            Err(AwsError::not_implemented("monitoring", &format!("PutMetricAlarm with an action of {service}")))
        }
        _ => Err(AwsError::sender("ValidationError", format!("Invalid arn syntax: {arn}"))),
    }
}

/// Invokes the functions that are set for the state; gives what is to be noted of it.
pub(super) fn perform(context: &Arc<Context>, functions: &Functions, region: &Region, change: &Change) -> Vec<Item> {
    if !change.alarm.actions_enabled {
        return Vec::new();
    }
    let alarm_arn = arn(region.as_str(), &context.config.account, &change.name);
    let actions = change.alarm.actions(change.alarm.condition.value).iter();
    let perform = |action: &String| {
        let payload = event(context, region, &alarm_arn, change).to_string();
        let done = invoke(context, functions, action, &alarm_arn, payload);
        if let Err(reason) = &done {
            tracing::warn!(alarm = change.name, action, reason, "the action of an alarm failed");
        }
        let (summary, state) = match &done {
            Ok(()) => (format!("Successfully executed action {action}"), "Succeeded"),
            Err(_) => (format!("Failed to execute action {action}"), "Failed"),
        };
        let data = json!({
            "actionState": state,
            "notificationResource": action,
            "stateUpdateTimestamp": change.alarm.condition.updated,
            "error": done.err(),
        });
        Item {
            alarm: change.name.clone(),
            time: context.now_millis(),
            kind: Kind::Action,
            summary: summary.chars().take(255).collect(),
            data: data.to_string(),
        }
    };
    actions.map(perform).collect()
}

fn invoke(
    context: &Arc<Context>,
    functions: &Functions,
    function: &str,
    alarm_arn: &str,
    payload: String,
) -> Result<(), String> {
    lambda::invocable(context, function, PRINCIPAL, alarm_arn).map_err(|denied| match denied {
        Denied::Absent => "there is no such function".to_owned(),
        Denied::Pending => "the function is still being created".to_owned(),
        Denied::Failed => "the function's code is lost".to_owned(),
        Denied::Forbidden => format!(
            "CloudWatch Alarms is not authorized to perform: lambda:InvokeFunction on the resource because no \
             resource-based policy allows the lambda:InvokeFunction action (`aws lambda add-permission --principal \
             {PRINCIPAL}`)"
        ),
    })?;
    let invocation = lambda::event(context, payload.into());
    lambda::enqueue(context, functions, function, invocation).map_err(|error| error.to_string())
}

/// What a function is told.
fn event(context: &Context, region: &Region, alarm_arn: &str, change: &Change) -> Value {
    let condition = &change.alarm.condition;
    let mut data = details(change);
    data["configuration"] = configuration(&change.alarm);
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": alarm_arn,
        "accountId": context.config.account,
        "time": time(condition.updated),
        "region": region.as_str(),
        "alarmData": data,
    })
}

fn time(millis: i64) -> String {
    iso_time(millis).replace('Z', "+0000")
}

fn details(change: &Change) -> Value {
    let condition = |condition: &Condition| {
        let mut shown = json!({
            "value": condition.value.as_str(), "reason": condition.reason, "timestamp": time(condition.updated),
        });
        if let Some(data) = &condition.data {
            shown["reasonData"] = data.as_str().into();
        }
        shown
    };
    json!({
        "alarmName": change.name,
        "state": condition(&change.alarm.condition),
        "previousState": condition(&change.before),
    })
}

/// The metric of an alarm; functions and events have it in nearly the same form.
fn configuration(alarm: &Alarm) -> Value {
    let mut stat = json!({
        "metric": {
            "namespace": alarm.metric.namespace,
            "name": alarm.metric.name,
            "dimensions": alarm.metric.dimensions.0,
        },
        "period": alarm.period,
        "stat": alarm.statistic,
    });
    if let Some(unit) = alarm.unit {
        stat["unit"] = unit.as_str().into();
    }
    let mut configuration = json!({ "metrics": [{ "id": "m1", "metricStat": stat, "returnData": true }] });
    if let Some(description) = &alarm.description {
        configuration["description"] = description.as_str().into();
    }
    configuration
}

/// Tells the default bus.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>
pub(super) fn announce(context: &Arc<Context>, functions: &Functions, region: &Region, change: &Change) {
    if !events::listens(context, region) {
        return;
    }
    let mut detail = details(change);
    detail["configuration"] = configuration(&change.alarm);
    let event = Event {
        source: "aws.cloudwatch".to_owned(),
        detail_type: "CloudWatch Alarm State Change".to_owned(),
        time: change.alarm.condition.updated,
        resources: vec![arn(region.as_str(), &context.config.account, &change.name)],
        detail,
    };
    events::publish(context, functions, region, events::DEFAULT_BUS, event);
}
