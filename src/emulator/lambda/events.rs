//! Asynchronous invocations: tried again when they fail, given up when they are too old, and told of to the destination
//! that is set for them. They wait in memory: those that are on their way when the emulator ends are lost.

use super::{
    State, invoke,
    invoke_config::{self, InvokeConfig},
    name::Reference,
};
use crate::emulator::{
    context::Context,
    runtime::{Answer, Functions, Invocation, InvokeError, Invoked, Spec},
    store::Region,
    wire::iso_time,
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;

/// When a failed invocation is tried again: Lambda's own pauses.
const RETRIES: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];
/// The first pause of one for which there was no room, which doubles,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// until it is this long.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// How many functions may tell each other something before it counts as a loop: Lambda's own limit.
const MAX_CHAIN: u8 = 16;

/// An asynchronous invocation.
pub(super) struct Event {
    pub(super) region: Region,
    /// Which function, version or alias it is for; looked up again for each attempt.
    pub(super) function: Reference,
    pub(super) invocation: Invocation,
    /// When it came.
    pub(super) begun: OffsetDateTime,
    /// How many functions have told each other before it.
    pub(super) chain: u8,
}

/// What came of an event.
struct Outcome {
    condition: &'static str,
    /// The version that answered last, and what it said.
    answer: Option<(String, Answer)>,
    attempts: u32,
}

/// Takes an event, and runs it later.
///
/// # Errors
/// When too many are waiting.
pub(super) fn enqueue(context: &Arc<Context>, functions: &Functions, event: Event) -> Result<(), InvokeError> {
    let (context, runner) = (Arc::clone(context), functions.clone());
    functions.later(async move { run(context, runner, event).await })
}

async fn run(context: Arc<Context>, functions: Functions, event: Event) {
    let Some((outcome, config)) = attempt(&context, &functions, &event).await else { return };
    let destination = match outcome.condition {
        "Success" => config.on_success,
        _ => config.on_failure,
    };
    let Some(destination) = destination else { return };
    // Over a bus a function may be told of itself as well as directly.
    if event.chain >= MAX_CHAIN && !context.store.read(&event.region, |state| state.lambda.may_loop(&event.function)) {
        tracing::warn!(function = event.function.arn, "functions tell each other in a loop, which is ended");
        return;
    }
    let chain = event.chain.saturating_add(1);
    let told = record(&event, &outcome, context.now_millis());
    let Some((region, function)) = Reference::of_arn(&destination) else {
        let result = if outcome.condition == "Success" { "Success" } else { "Failure" };
        let kind = format!("Lambda Function Invocation Result - {result}");
        let about = invoke_config::arn(&event.function);
        return functions.announce(&event.region, &destination, chain, (&kind, &about, told));
    };
    let invocation = super::event(&context, told.to_string().into());
    let told = Event { region, function, invocation, begun: context.config.clock.now(), chain };
    if let Err(error) = enqueue(&context, &functions, told) {
        tracing::warn!(function = event.function.arn, %error, "the destination of an invocation was not told");
    }
}

/// Tries an event until something has come of it; none when the function is gone or the emulator ends.
async fn attempt(context: &Context, functions: &Functions, event: &Event) -> Option<(Outcome, InvokeConfig)> {
    let clock = &context.config.clock;
    let mut outcome = Outcome { condition: "Success", answer: None, attempts: 0 };
    let mut pause_when_full = FIRST_PAUSE;
    loop {
        let place = invoke::place().ok()?;
        let (spec, config) = context.store.read(&event.region, |state| resolve(&state.lambda, event, place))?;
        let pause = match functions.run(&spec, &event.invocation).await {
            Ok(Invoked { answer, .. }) => {
                let failed = matches!(answer, Answer::Error(_));
                outcome.attempts += 1;
                outcome.answer = Some((spec.version.clone(), answer));
                if !failed {
                    return Some((outcome, config));
                }
                if outcome.attempts > config.retries() {
                    return Some((Outcome { condition: "RetriesExhausted", ..outcome }, config));
                }
                let pause = RETRIES.get(outcome.attempts as usize - 1);
                pause.copied().unwrap_or(RETRIES[1])
            }
            Err(InvokeError::ShuttingDown) => return None,
            Err(InvokeError::Reserved) if spec.reserved == Some(0) => {
                return Some((Outcome { condition: "ZeroReservedConcurrency", ..outcome }, config));
            }
            Err(error) => {
                tracing::warn!(function = spec.name, %error, "asynchronous invocation is put off");
                let pause = pause_when_full;
                pause_when_full = (2 * pause).min(LONGEST_PAUSE);
                pause
            }
        };
        if clock.now() + pause > event.begun + config.max_age() {
            return Some((Outcome { condition: "EventAgeExceeded", ..outcome }, config));
        }
        clock.sleep(pause).await;
    }
}

fn resolve(state: &State, event: &Event, place: f64) -> Option<(Spec, InvokeConfig)> {
    let spec = state.spec(&event.function, place, &event.region).ok()?;
    let config = state.invoke_configs.get(&invoke_config::key(&event.function));
    Some((spec, config.cloned().unwrap_or_default()))
}

/// Words what a destination is told:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>.
fn record(event: &Event, outcome: &Outcome, now: i64) -> Value {
    let mut told = json!({
        "version": "1.0",
        "timestamp": iso_time(now),
        "requestContext": {
            "requestId": event.invocation.id,
            "functionArn": invoke_config::arn(&event.function),
            "condition": outcome.condition,
            "approximateInvokeCount": outcome.attempts,
        },
        "requestPayload": parsed(&event.invocation.payload),
    });
    let Some((version, answer)) = &outcome.answer else { return told };
    told["responseContext"] = json!({ "statusCode": 200, "executedVersion": version });
    let body = match answer {
        Answer::Result(body) => body,
        Answer::Error(document) => {
            told["responseContext"]["functionError"] = "Unhandled".into();
            document
        }
    };
    told["responsePayload"] = parsed(body);
    told
}

/// What a function answers need not be JSON; then it is told as a text.
fn parsed(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
}
