//! Subscription filters: what a pattern finds goes to a function as it arrives, in batches of compressed JSON.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>
//!
//! Batches that are on their way when the emulator ends are lost, as asynchronous invocations are.

use super::{
    events::Event,
    invalid,
    metric_filters::{OfFilter, absent, check_name, check_untransformed, too_many},
    pattern::FilterPattern,
    read::event_id,
    state::{Name, StreamKey, group_arn, limit},
};
use crate::emulator::{
    context::Context,
    lambda,
    runtime::{Functions, Invocation},
    service::{Operation, Output},
    state::RegionState,
    store::Region,
    wire::{
        self, Arn, AwsError, Text,
        page::{key_of, page, token},
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{self, Write};

/// CloudWatch Logs' own limit on the filters of one group.
const MAX_FILTERS: usize = 2;
/// The most bytes of messages in one batch, so that its event is one that a function takes.
const MAX_BATCH: usize = 1024 * 1024;

/// Who is told of what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscription {
    pattern: String,
    destination: String,
    role: Option<String>,
    distribution: String,
    /// Milliseconds since the Unix epoch.
    created: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    log_group_name: Name,
    filter_name: Name,
    filter_pattern: Text<0, 1024>,
    destination_arn: Text<1, 2048>,
    role_arn: Option<Text<1, 2048>>,
    distribution: Option<String>,
    #[serde(default)]
    apply_on_transformed_logs: bool,
}

/// `PutSubscriptionFilter`: makes one, or puts it in the place of that of its name.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Put>()?;
    check_untransformed("PutSubscriptionFilter", input.apply_on_transformed_logs)?;
    check_name(&input.filter_name)?;
    FilterPattern::parse(&input.filter_pattern)?;
    let distribution = input.distribution.unwrap_or_else(|| "ByLogStream".to_owned());
    if !matches!(distribution.as_str(), "ByLogStream" | "Random") {
        return Err(invalid(format!(
            "1 validation error detected: Value '{distribution}' at 'distribution' failed to satisfy constraint: Member \
             must satisfy enum value set: [Random, ByLogStream]"
        )));
    }
    let destination: String = input.destination_arn.into();
    let service = destination.split(':').nth(2).unwrap_or_default();
    match service {
        "lambda" if scope.here().resource("lambda", &destination).is_some() => {}
        "lambda" if Arn::parse(&destination).is_some_and(|arn| arn.account != scope.account()) => {
            let message = "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create \
                           cross account lambda triggers.";
            return Err(AwsError::sender("AccessDeniedException", message));
        }
        "lambda" => return Err(invalid("destinationArn is that of a function in another region.")),
        "kinesis" | "firehose" if input.role_arn.is_none() => {
            return Err(invalid(format!("destinationArn for vendor {service} cannot be used without roleArn")));
        }
        "kinesis" | "firehose" | "logs" => {
            return Err(AwsError::not_implemented(
                "logs",
                &format!("PutSubscriptionFilter with a destination of {service}"),
            ));
        }
        _ => return Err(invalid("destinationArn is not the ARN of a destination that events can be sent to.")),
    }
    scope.read(|state| state.logs.group(&input.log_group_name).map(drop))?;
    let group = &input.log_group_name;
    may_tell(scope.context, scope.region, group, &destination).map_err(|denied| {
        invalid(match denied {
            lambda::Denied::Absent => "Could not deliver test message to specified Lambda function: it does not exist.",
            _ => {
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute \
                 your function."
            }
        })
    })?;
    let subscription = Subscription {
        pattern: input.filter_pattern.into(),
        destination,
        role: input.role_arn.map(String::from),
        distribution,
        created: scope.now_millis(),
    };
    let put = scope.change(|state| {
        state.logs.group(group)?;
        let key = StreamKey::new(group, &input.filter_name);
        let subscriptions = &mut state.logs.subscriptions;
        let created = subscriptions.get(&key).map_or(subscription.created, |known| known.created);
        let count = subscriptions.keys().filter(|known| known.group == key.group).count();
        if !subscriptions.contains_key(&key) && count >= MAX_FILTERS {
            return Err(too_many());
        }
        subscriptions.insert(key, Subscription { created, ..subscription });
        Ok(())
    });
    put.await?;
    Ok(Output::Done)
}

/// Whether what a function logs is told, by one filter after the other, to a function that logs to a group: what it says
/// about what it was told would be told again, without end. CloudWatch Logs does not look.
fn leads_to(state: &RegionState, function: &str, group: &str) -> bool {
    let mut groups = lambda::log_groups(&state.lambda, function);
    let mut at = 0;
    while let Some(found) = groups.get(at).cloned() {
        if found == group {
            return true;
        }
        let told = state.logs.subscriptions.iter().filter(|(key, _)| key.group == found);
        for next in told.flat_map(|(_, told)| lambda::log_groups(&state.lambda, &told.destination)) {
            if !groups.contains(&next) {
                groups.push(next);
            }
        }
        at += 1;
    }
    false
}

/// Asks the function's resource policy, by either of the names that CloudWatch Logs has.
fn may_tell(context: &Context, region: &Region, group: &str, function: &str) -> Result<(), lambda::Denied> {
    let source = format!("{}:*", group_arn(region, &context.config.account, group));
    let regional = format!("logs.{region}.amazonaws.com");
    let regionally = lambda::invocable(context, function, &regional, &source);
    regionally.or_else(|_| lambda::invocable(context, function, "logs.amazonaws.com", &source)).map(drop)
}

/// `DeleteSubscriptionFilter`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (OfFilter { log_group_name: group, filter_name: name }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        state.logs.group(&group)?;
        let removed = state.logs.subscriptions.remove(&StreamKey::new(&group, &name));
        removed.map(drop).ok_or_else(|| absent("subscription filter"))
    });
    removed.await?;
    Ok(Output::Done)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name: Name,
    filter_name_prefix: Option<Name>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// `DescribeSubscriptionFilters`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Describe>()?;
    let most = limit(input.limit, 50)?;
    let prefix = input.filter_name_prefix.as_deref().unwrap_or_default();
    let after = input.next_token.as_deref().map(|token| {
        let name = key_of(token).filter(|name| check_name(name).is_ok());
        name.ok_or_else(|| invalid("The specified nextToken is invalid."))
    });
    let after = after.transpose()?;
    scope.read(|state| {
        let group: &str = &input.log_group_name;
        state.logs.group(group)?;
        let own = state.logs.subscriptions.iter();
        let own = own.filter(|(key, _)| key.group == group && key.stream.starts_with(prefix));
        let (own, last) = page(own, |(key, _)| key.stream.clone(), after.as_ref(), most);
        let shown: Vec<Value> = own
            .into_iter()
            .map(|(key, subscription)| {
                let mut shown = json!({
                    "filterName": key.stream,
                    "logGroupName": key.group,
                    "filterPattern": subscription.pattern,
                    "destinationArn": subscription.destination,
                    "distribution": subscription.distribution,
                    "creationTime": subscription.created,
                    "applyOnTransformedLogs": false,
                });
                if let Some(role) = &subscription.role {
                    shown["roleArn"] = role.as_str().into();
                }
                shown
            })
            .collect();
        let mut answer = json!({ "subscriptionFilters": shown });
        if let Some(last) = last {
            answer["nextToken"] = token(&last).into();
        }
        Ok(Output::Members(answer))
    })
}

/// Events that have just been written to a stream.
pub(super) struct Arrived<'a> {
    pub(super) region: &'a Region,
    pub(super) group: &'a str,
    pub(super) stream: &'a str,
    /// The number of the first of them.
    pub(super) first: u64,
    pub(super) events: &'a [Event],
}

impl Arrived<'_> {
    /// Tells whoever has subscribed. Nobody waits for that, and nobody hears of it when it fails.
    pub(super) fn tell(&self, context: &Context) {
        let subscriptions: Vec<_> = context.store.read(self.region, |state| {
            if state.logs.subscriptions.is_empty() {
                return Vec::new();
            }
            let own = state.logs.subscriptions.iter().filter(|(key, _)| key.group == self.group);
            own.map(|(key, subscription)| (key.stream.clone(), subscription.clone())).collect()
        });
        if subscriptions.is_empty() {
            return;
        }
        let Some(functions) = context.functions.get().and_then(super::super::runtime::WeakFunctions::upgrade) else {
            return;
        };
        for (name, subscription) in subscriptions {
            if let Err(reason) = self.tell_one(&functions, &name, &subscription) {
                let group = self.group;
                tracing::warn!(group, subscription = name, reason, "log events do not reach their function");
            }
        }
    }

    fn tell_one(&self, functions: &Functions, name: &str, subscription: &Subscription) -> Result<(), String> {
        let context = functions.context();
        let comes_back = |state: &RegionState| leads_to(state, &subscription.destination, self.group);
        if context.store.read(self.region, comes_back) {
            return Err("what the function logs would come back to it, by this filter or over others".to_owned());
        }
        let pattern = FilterPattern::parse(&subscription.pattern).map_err(|error| error.message)?;
        let found: Vec<(u64, &Event)> =
            (self.first..).zip(self.events).filter(|(_, event)| pattern.accepts(&event.message)).collect();
        if found.is_empty() {
            return Ok(());
        }
        may_tell(context, self.region, self.group, &subscription.destination)
            .map_err(|denied| format!("{denied:?}"))?;
        for batch in batches(&found) {
            let payload = self.packed(&context.config.account, name, batch).map_err(|error| error.to_string())?;
            let invocation = Invocation {
                id: wire::request_id(),
                payload: payload.into(),
                trace: format!("Root={}", crate::emulator::apigateway::new_trace(context, &wire::request_id())),
                client_context: None,
                wants_tail: false,
                stream: None,
            };
            lambda::enqueue(context, functions, &subscription.destination, invocation)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The event that a function gets of a batch.
    fn packed(&self, account: &str, name: &str, batch: &[(u64, &Event)]) -> io::Result<String> {
        let events: Vec<Value> = batch
            .iter()
            .map(|(number, event)| {
                let id = event_id(&(event.timestamp, self.stream.to_owned(), *number));
                json!({ "id": id, "timestamp": event.timestamp, "message": event.message })
            })
            .collect();
        let message = json!({
            "messageType": "DATA_MESSAGE",
            "owner": account,
            "logGroup": self.group,
            "logStream": self.stream,
            "subscriptionFilters": [name],
            "logEvents": events,
        });
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(message.to_string().as_bytes())?;
        Ok(json!({ "awslogs": { "data": BASE64_STANDARD.encode(encoder.finish()?) } }).to_string())
    }
}

/// Events in batches of bounded size.
fn batches<'b, 'e>(events: &'b [(u64, &'e Event)]) -> impl Iterator<Item = &'b [(u64, &'e Event)]> {
    let mut bytes = 0;
    events.chunk_by(move |_, (_, next)| {
        bytes += next.message.len();
        let fits = bytes < MAX_BATCH;
        if !fits {
            bytes = 0;
        }
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn a_batch_is_what_aws_sends() {
        let region: Region = "us-east-1".parse().unwrap();
        let events = [Event { timestamp: 5, message: "hello".to_owned() }];
        let arrived = Arrived { region: &region, group: "g", stream: "s", first: 7, events: &events };
        let packed: Value =
            serde_json::from_str(&arrived.packed("000000000000", "f", &[(7, &events[0])]).unwrap()).unwrap();
        let data = BASE64_STANDARD.decode(packed["awslogs"]["data"].as_str().unwrap()).unwrap();
        let mut text = String::new();
        GzDecoder::new(data.as_slice()).read_to_string(&mut text).unwrap();
        let message: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&message["messageType"], &message["logGroup"]), (&json!("DATA_MESSAGE"), &json!("g")));
        assert_eq!(message["subscriptionFilters"], json!(["f"]));
        let event = &message["logEvents"][0];
        assert_eq!((&event["timestamp"], &event["message"]), (&json!(5), &json!("hello")));
        assert_eq!(event["id"].as_str().unwrap().len(), 56);
    }

    #[test]
    fn a_batch_is_bounded_and_none_is_empty() {
        let large = Event { timestamp: 0, message: "x".repeat(MAX_BATCH / 2 + 1) };
        let events: Vec<(u64, &Event)> = (0..5).map(|number| (number, &large)).collect();
        let sizes: Vec<_> = batches(&events).map(<[_]>::len).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 5);
        assert!(sizes.iter().all(|size| (1..=2).contains(size)), "{sizes:?}");
    }
}
