//! What is set for the asynchronous invocations of a function, a version or an alias, and the operations on it.

use super::{
    State,
    error::{invalid, not_found, validation},
    name::{LATEST, Named, Reference, Versioned},
    paging::{self, Paging},
    qualified::{self, Qualified},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{self, AwsError},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use time::OffsetDateTime;

/// The most that may be asked for in a list.
const MAX_CONFIGS: i64 = 50;
/// How often a failed invocation is tried again where nothing is set, and the most that may be.
pub(super) const MAX_RETRIES: u32 = 2;
/// How long an event may wait where nothing is set, and the longest that may be: six hours.
const MAX_AGE: u32 = 21_600;
/// The shortest that may be.
const MIN_AGE: u32 = 60;

/// The services that AWS takes destinations of and that are not here.
const ELSEWHERE: [&str; 3] = ["sqs", "sns", "s3"];

/// What is set for asynchronous invocations.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct InvokeConfig {
    retries: Option<u32>,
    /// Seconds.
    age: Option<u32>,
    /// The ARN of the function or the bus that is told of successes.
    pub(super) on_success: Option<String>,
    /// The same for failures.
    pub(super) on_failure: Option<String>,
    /// Milliseconds since the Unix epoch.
    modified: i64,
}

impl InvokeConfig {
    /// How often a failed invocation is tried again.
    pub(super) fn retries(&self) -> u32 {
        self.retries.unwrap_or(MAX_RETRIES)
    }

    /// How long an event may wait.
    pub(super) fn max_age(&self) -> Duration {
        Duration::from_secs(self.age.unwrap_or(MAX_AGE).into())
    }

    fn show(&self, arn: &str) -> Value {
        let destination = |arn: &Option<String>| arn.as_ref().map_or(json!({}), |arn| json!({ "Destination": arn }));
        let mut shown = json!({
            // Seconds with a fraction, as JSON has times.
            "LastModified": std::time::Duration::from_millis(self.modified.unsigned_abs()).as_secs_f64(),
            "FunctionArn": arn,
            "DestinationConfig": {
                "OnSuccess": destination(&self.on_success),
                "OnFailure": destination(&self.on_failure),
            },
        });
        for (member, value) in [("MaximumRetryAttempts", self.retries), ("MaximumEventAgeInSeconds", self.age)] {
            if let Some(value) = value {
                shown[member] = value.into();
            }
        }
        shown
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigInput {
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
    destination_config: Option<Destinations>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Destinations {
    on_success: Option<Destination>,
    on_failure: Option<Destination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    destination: Option<String>,
}

impl Destination {
    fn arn(of: Option<Self>) -> Option<String> {
        of.and_then(|of| of.destination).filter(|arn| !arn.is_empty())
    }
}

impl ConfigInput {
    /// Checks what was sent and lays it over what there is.
    fn over(self, old: InvokeConfig, now: OffsetDateTime) -> Result<InvokeConfig, AwsError> {
        if self.maximum_retry_attempts.is_none()
            && self.maximum_event_age_in_seconds.is_none()
            && self.destination_config.is_none()
        {
            return Err(invalid("You must specify at least one of error handling or destination setting."));
        }
        let retries = bounded(self.maximum_retry_attempts, "maximumRetryAttempts", 0, MAX_RETRIES)?;
        let age = bounded(self.maximum_event_age_in_seconds, "maximumEventAgeInSeconds", MIN_AGE, MAX_AGE)?;
        let (on_success, on_failure) = match self.destination_config {
            Some(given) => (Destination::arn(given.on_success), Destination::arn(given.on_failure)),
            None => (old.on_success, old.on_failure),
        };
        let (retries, age) = (retries.or(old.retries), age.or(old.age));
        Ok(InvokeConfig { retries, age, on_success, on_failure, modified: wire::millis(now) })
    }
}

fn bounded(value: Option<i64>, member: &str, least: u32, most: u32) -> Result<Option<u32>, AwsError> {
    let Some(value) = value else { return Ok(None) };
    let fitting = u32::try_from(value).ok().filter(|value| (least..=most).contains(value));
    let rule = if value < i64::from(least) {
        format!("have value greater than or equal to {least}")
    } else {
        format!("have value less than or equal to {most}")
    };
    fitting.map(Some).ok_or_else(|| validation(&value.to_string(), member, &rule))
}

/// `PutFunctionEventInvokeConfig`: what is not said is not set any more.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, input, scope) = operation.inputs::<Versioned, ConfigInput>()?;
    let function = function.reference(&scope)?;
    let config = input.over(InvokeConfig::default(), scope.now)?;
    keep(&scope, function, |_| Ok(config)).await
}

/// `UpdateFunctionEventInvokeConfig`: what is not said stays.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (function, input, scope) = operation.inputs::<Versioned, ConfigInput>()?;
    let function = function.reference(&scope)?;
    let now = scope.now;
    keep(&scope, function, |old| input.over(old?, now)).await
}

async fn keep(
    scope: &Scope<'_>,
    function: Reference,
    config: impl FnOnce(Result<InvokeConfig, AwsError>) -> Result<InvokeConfig, AwsError>,
) -> Result<Output, AwsError> {
    scope
        .change(|state| {
            let lambda = &mut state.lambda;
            lambda.view(&function).map_err(|_| not_found("The function doesn't exist."))?;
            let (key, arn) = (key(&function), arn(&function));
            let old = lambda.invoke_configs.get(&key).cloned().ok_or_else(|| absent(&arn));
            let config = config(old)?;
            lambda.check_destinations(scope, &function, &config)?;
            let shown = config.show(&arn);
            lambda.invoke_configs.insert(key, config);
            Ok(Output::Members(shown))
        })
        .await
}

/// `GetFunctionEventInvokeConfig`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let function = input.reference(&scope)?;
    let arn = arn(&function);
    scope.read(|state| {
        let config = state.lambda.invoke_configs.get(&key(&function));
        config.map(|config| Output::Members(config.show(&arn))).ok_or_else(|| absent(&arn))
    })
}

/// `DeleteFunctionEventInvokeConfig`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<Versioned>()?;
    let function = input.reference(&scope)?;
    scope
        .change(|state| {
            let removed = state.lambda.invoke_configs.remove(&key(&function));
            removed.map(|_| Output::Done).ok_or_else(|| absent(&arn(&function)))
        })
        .await
}

/// `ListFunctionEventInvokeConfigs`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, paging, scope) = operation.inputs::<Named, Paging>()?;
    let function = input.reference(&scope)?;
    scope.read(|state| {
        state.lambda.find(&function).map_err(|_| not_found("The function doesn't exist."))?;
        let configs = qualified::of(&state.lambda.invoke_configs, &function.name);
        let (configs, marker) = paging.cut(configs, |(qualifier, _)| (*qualifier).clone(), MAX_CONFIGS)?;
        let show =
            |(qualifier, config): (&String, &InvokeConfig)| config.show(&format!("{}:{qualifier}", function.arn));
        let shown: Vec<_> = configs.into_iter().map(show).collect();
        Ok(paging::show("FunctionEventInvokeConfigs", &shown, marker))
    })
}

/// The function itself counts as its version `$LATEST`.
pub(super) fn key(function: &Reference) -> Qualified<String> {
    Qualified::new(&function.name, function.qualifier.clone().unwrap_or_else(|| LATEST.to_owned()))
}

/// The ARN of what is invoked, which always has a qualifier here.
pub(super) fn arn(function: &Reference) -> String {
    format!("{}:{}", function.arn, function.qualifier.as_deref().unwrap_or(LATEST))
}

fn absent(arn: &str) -> AwsError {
    not_found(format!("The function {arn} doesn't have an EventInvokeConfig"))
}

impl State {
    /// Refuses destinations that cannot be told anything: other functions that are there can, and buses.
    fn check_destinations(
        &self,
        scope: &Scope<'_>,
        function: &Reference,
        config: &InvokeConfig,
    ) -> Result<(), AwsError> {
        for (member, arn) in [("OnSuccess", &config.on_success), ("OnFailure", &config.on_failure)] {
            let Some(arn) = arn else { continue };
            let service = arn.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(1));
            match service {
                Some("lambda") => {}
                // Whether there is such a bus shows when it is told something.
                Some("events") => {
                    let bus = scope.here().resource("events", arn).and_then(|name| name.strip_prefix("event-bus/"));
                    bus.ok_or_else(|| invalid(format!("The destination ARN {arn} is invalid.")))?;
                    continue;
                }
                Some(other) if ELSEWHERE.contains(&other) => {
                    let member = format!("(parameter DestinationConfig.{member}.Destination={arn})");
                    return Err(AwsError::not_implemented("lambda", &member));
                }
                Some(_) => {
                    let part = |name, arn: &Option<String>| {
                        arn.as_ref().map_or("null".to_owned(), |arn| format!("{name}(destination={arn})"))
                    };
                    return Err(invalid(format!(
                        "The provided destination config DestinationConfig(onSuccess={}, onFailure={}) is invalid.",
                        part("OnSuccess", &config.on_success),
                        part("OnFailure", &config.on_failure)
                    )));
                }
                None => {
                    let parameter = format!("destinationConfig.{}.destination", lower_first(member));
                    let rule = "satisfy regular expression pattern: $|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|\
                                arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:\
                                (\\d{12})?:(.*)";
                    return Err(validation(arn, &parameter, rule));
                }
            }
            let bad = || invalid(format!("The destination ARN {arn} is invalid."));
            let (region, destination) = Reference::of_arn(arn).ok_or_else(bad)?;
            let here = region == *scope.region
                && self.view(&destination).is_ok_and(|view| view.function.arn == destination.arn);
            if !here {
                return Err(bad());
            }
            if destination.name == function.name {
                return Err(invalid("You can't specify the function as a destination for itself."));
            }
        }
        Ok(())
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
