//! What happens when an alarm changes its state: functions are invoked, instances are stopped, and the default bus is told.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>

use super::{
    alarm::{Alarm, Composite, Condition, Core, Watched, arn},
    history::{Item, Kind},
    query::{Query, Source, Stat},
    validation,
};
use crate::emulator::{
    context::Context,
    ec2::{self, Deed},
    events::{self, Event},
    lambda::{self, Denied},
    runtime::Functions,
    store::Region,
    wire::{Arn, AwsError, Here, iso_time, request_id},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The service in whose name functions are invoked.
const PRINCIPAL: &str = "lambda.alarms.cloudwatch.amazonaws.com";

/// An alarm that has come into another state.
pub(super) struct Change {
    pub(super) name: String,
    pub(super) is_composite: bool,
    /// As it is now.
    pub(super) core: Core,
    /// Where it was.
    pub(super) before: Condition,
    /// What it watches, as functions and events are told.
    pub(super) configuration: Value,
    /// The instance that its metric is of.
    pub(super) instance: Option<String>,
}

/// Refuses an action that nobody would perform. One that tells a topic is taken, as CloudWatch takes it without asking
/// whether there is such a topic; here there is none, and the history of the alarm says so.
pub(super) fn check(here: Here<'_>, operation: &str, text: &str) -> Result<(), AwsError> {
    let wrong = |message: String| Err(validation(message));
    let wrong_region =
        |region: &str| wrong(format!("Invalid region {region} specified. Only {} is supported.", here.region));
    match Arn::parse(text) {
        Some(arn) if (deed(&arn).is_some() || arn.service == "sns") && arn.region != here.region => {
            wrong_region(arn.region)
        }
        Some(arn) if deed(&arn).is_some() && operation == "PutCompositeAlarm" => {
            wrong(format!("Composite alarms do not support the action {text}"))
        }
        Some(arn) if deed(&arn).is_some() || arn.service == "sns" => Ok(()),
        Some(arn) if !arn.service.is_empty() && arn.service != "lambda" => {
            let what = format!("{operation} with an action of {}", arn.service);
            Err(AwsError::not_implemented("monitoring", &what))
        }
        Some(arn) if arn.service == "lambda" && arn.resource.starts_with("function:") => {
            if arn.region != here.region {
                return wrong_region(arn.region);
            }
            match here.resource("lambda", text) {
                Some(_) => Ok(()),
                None => wrong(format!("Invalid account specified in {text}. Only {} is supported.", here.account)),
            }
        }
        _ => wrong(format!("Invalid arn syntax: {text}")),
    }
}

/// What an action does to an instance (`arn:aws:automate:us-east-1:ec2:stop`), if it is one of those.
fn deed(arn: &Arn<'_>) -> Option<Deed> {
    Deed::parse(arn.resource).filter(|_| arn.partition == "aws" && arn.service == "automate" && arn.account == "ec2")
}

/// Does what is set for the state; gives what is to be noted of it.
pub(super) async fn perform(
    context: &Arc<Context>,
    functions: &Functions,
    region: &Region,
    change: &Change,
) -> Vec<Item> {
    if !change.core.actions_enabled {
        return Vec::new();
    }
    let alarm_arn = arn(region.as_str(), &context.config.account, &change.name);
    let mut items = Vec::new();
    for action in change.core.actions(change.core.condition.value) {
        let done = if let Some(deed) = Arn::parse(action).as_ref().and_then(deed) {
            match &change.instance {
                Some(id) => ec2::act(context, functions, region, (id, deed)).await.map_err(|error| error.message),
                None => Err("the alarm's metric has no dimension InstanceId".to_owned()),
            }
        } else if Arn::parse(action).is_some_and(|arn| arn.service == "sns") {
            Err("Topic does not exist".to_owned())
        } else {
            let payload = event(context, region, &alarm_arn, change).to_string();
            invoke(context, functions, action, &alarm_arn, payload)
        };
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
            "stateUpdateTimestamp": change.core.condition.updated,
            "error": done.err(),
        });
        items.push(Item {
            alarm: change.name.clone(),
            is_composite: change.is_composite,
            time: context.now_millis(),
            kind: Kind::Action,
            summary: summary.chars().take(255).collect(),
            data: data.to_string(),
        });
    }
    items
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
    let condition = &change.core.condition;
    let mut data = details(change);
    data["configuration"] = change.configuration.clone();
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": alarm_arn,
        "accountId": context.config.account,
        "time": time(condition.updated),
        "region": region.as_str(),
        "alarmData": data,
    })
}

/// Writes a time as alarms and their history do.
pub(super) fn time(millis: i64) -> String {
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
        "state": condition(&change.core.condition),
        "previousState": condition(&change.before),
    })
}

/// What an alarm on metrics watches; functions and events are told in the same form.
pub(super) fn configuration(alarm: &Alarm) -> Value {
    let of_stat = |stat: &Stat| {
        let mut shown = json!({
            "metric": {
                "namespace": stat.metric.namespace,
                "name": stat.metric.name,
                "dimensions": stat.metric.dimensions.0,
            },
            "period": stat.period,
            "stat": stat.statistic,
        });
        if let Some(unit) = stat.unit {
            shown["unit"] = unit.as_str().into();
        }
        shown
    };
    let of_query = |query: &Query| {
        let mut shown = json!({ "id": query.id, "returnData": query.returns });
        match &query.source {
            Source::Metric(stat) => shown["metricStat"] = of_stat(stat),
            Source::Expression(text) => shown["expression"] = text.as_str().into(),
        }
        if let Some(label) = &query.label {
            shown["label"] = label.as_str().into();
        }
        shown
    };
    let metrics: Vec<Value> = match &alarm.watched {
        // CloudWatch draws an id for the one metric, too.
        Watched::Metric(stat) => vec![json!({ "id": request_id(), "metricStat": of_stat(stat), "returnData": true })],
        Watched::Queries { queries } => queries.iter().map(of_query).collect(),
    };
    described(json!({ "metrics": metrics }), &alarm.core)
}

/// What a composite alarm watches.
pub(super) fn rule(alarm: &Composite) -> Value {
    described(json!({ "alarmRule": alarm.rule }), &alarm.core)
}

fn described(mut configuration: Value, core: &Core) -> Value {
    if let Some(description) = &core.description {
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
    detail["configuration"] = change.configuration.clone();
    let event = Event {
        source: "aws.cloudwatch".to_owned(),
        detail_type: "CloudWatch Alarm State Change".to_owned(),
        time: change.core.condition.updated,
        resources: vec![arn(region.as_str(), &context.config.account, &change.name)],
        detail,
    };
    events::publish(context, functions, region, events::DEFAULT_BUS, event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_a_function_of_this_region_and_account_or_is_done_to_an_instance() {
        let here = Here { region: "us-east-1", account: "000000000000" };
        let code = |arn: &str| check(here, "PutMetricAlarm", arn).map_err(|error| error.code).err();
        assert_eq!(code("arn:aws:lambda:us-east-1:000000000000:function:f:live"), None);
        for deed in ["stop", "terminate", "reboot", "recover"] {
            assert_eq!(code(&format!("arn:aws:automate:us-east-1:ec2:{deed}")), None, "{deed}");
        }
        assert_eq!(code("arn:aws:sns:us-east-1:111122223333:t"), None);
        let stop = "arn:aws:automate:us-east-1:ec2:stop";
        assert!(check(here, "PutCompositeAlarm", stop).is_err());
        for (arn, refused) in [
            ("arn:aws:lambda:eu-west-1:000000000000:function:f", "ValidationError"),
            ("arn:aws:lambda:us-east-1:123456789012:function:f", "ValidationError"),
            ("arn:aws:lambda:us-east-1:000000000000:layer:l", "ValidationError"),
            ("nonsense", "ValidationError"),
            ("arn:aws:automate:eu-west-1:ec2:stop", "ValidationError"),
            ("arn:aws:automate:us-east-1:ec2:sleep", "NotImplemented"),
            ("arn:aws:sns:eu-west-1:000000000000:t", "ValidationError"),
            ("arn:aws:ssm:us-east-1:000000000000:opsitem:1", "NotImplemented"),
        ] {
            assert_eq!(code(arn).as_deref(), Some(refused), "{arn}");
        }
    }
}
