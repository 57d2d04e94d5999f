//! A Lambda function as a backend: whether a route may invoke it, and what it answers.

use super::{failure::Failure, journal::Journal};
use crate::emulator::{
    Context,
    access::Decision,
    iam,
    lambda::{self, Denied},
    policy::{Layer, Verdict},
    runtime::{Answer, Functions, Invocation, InvokeError},
    wire,
};
use crate::{lenience::Lean, log};
use bytes::Bytes;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The largest event that a function takes, in bytes: Lambda's own limit.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// A function, and the route on whose behalf it is invoked.
pub(in crate::emulator) struct Function<'a> {
    pub(in crate::emulator) context: &'a Arc<Context>,
    pub(in crate::emulator) functions: &'a Functions,
    pub(in crate::emulator) arn: &'a str,
    /// What the function's resource policy is asked about
    /// (`arn:aws:execute-api:us-east-1:000000000000:api/stage/GET/path`).
    pub(in crate::emulator) source_arn: &'a str,
    /// The role that invokes it, where it is not the function's resource policy that lets the route in.
    pub(in crate::emulator) role: Option<&'a str>,
    /// How long it may take.
    pub(in crate::emulator) limit: Duration,
    /// What the call is logged under.
    pub(in crate::emulator) request_id: &'a str,
    /// The call's place in a trace (`Root=1-…`).
    pub(in crate::emulator) trace: &'a str,
}

/// What became of an invocation.
pub(in crate::emulator) enum Outcome {
    /// The function's answer.
    Result(Bytes),
    /// The function failed; the document says how.
    Error(Bytes),
    /// Nobody waits for it.
    Accepted,
}

impl Function<'_> {
    /// Writes down, for `atelier explain`, that the function's policy does not let the route in.
    fn note_refusal(&self) {
        let (at, missing) = (wire::iso_time(self.context.now_millis()), Verdict::Missing(Layer::Resource));
        let (service, action) = ("apigateway.amazonaws.com", "lambda:InvokeFunction");
        let call = format!("execute-api {}", self.source_arn);
        self.context.decisions.write(&Decision::new(self.request_id, at, call, service, action, self.arn, &missing));
    }

    /// Refuses an integration that would call the function by another method than POST, by which Lambda knows no operation.
    /// <https://repost.aws/knowledge-center/api-gateway-lambda-template-invoke-error>
    pub(super) fn check_method(&self, method: Option<&str>, journal: &Journal) -> Result<(), Failure> {
        let Some(method) = method.filter(|method| !method.eq_ignore_ascii_case("POST")) else { return Ok(()) };
        let name = self.arn.split_once(":function:").map_or(self.arn, |(_, name)| name);
        let lean = Lean::Method { function: name.to_owned(), method: method.to_owned() };
        if self.context.config.leans.lets(&lean, || format!("execute-api {}", self.source_arn)) {
            return Ok(());
        }
        let (request_id, function, reason) = (self.request_id, self.arn, lean.refusal());
        tracing::warn!(request_id, function, method, reason, "an integration of a function needs the method POST");
        journal.note(|| {
            format!(
                "Endpoint response body before transformations: <AccessDeniedException>\n  <Message>{reason}</Message>\n\
                 </AccessDeniedException>"
            )
        });
        journal.note(|| format!("Lambda invocation failed with status: 403. Lambda request id: {request_id}"));
        journal.note(|| "Execution failed due to configuration error: ".to_owned());
        Err(Failure::Configuration)
    }

    /// Has the function answer.
    pub(in crate::emulator) async fn invoke(&self, payload: Bytes, waits: bool) -> Result<Outcome, Failure> {
        if payload.len() > MAX_EVENT {
            return Err(Failure::TooLarge);
        }
        let (request_id, function) = (self.request_id, self.arn);
        let spec = match self.role {
            Some(role) if !is_passed_through(role) && !iam::has_role(self.context, role) => Err(Denied::Forbidden),
            Some(_) => lambda::invocable_as_owner(self.context, self.arn),
            None => lambda::invocable(self.context, self.arn, "apigateway.amazonaws.com", self.source_arn),
        };
        let spec = spec.map_err(|denied| {
            let reason = match denied {
                Denied::Absent => "there is no such function",
                Denied::Pending => "it is still being created (`aws lambda wait function-active-v2 --function-name …`)",
                Denied::Failed => "its code is lost",
                Denied::Forbidden => {
                    "Invalid permissions on Lambda function: its resource policy does not allow this API (`aws lambda \
                     add-permission`)"
                }
            };
            let source = self.source_arn;
            if denied == Denied::Forbidden {
                self.note_refusal();
            }
            tracing::warn!(request_id, function, source, reason, "an API call cannot invoke its function");
            Failure::Configuration
        })?;
        let invocation = Invocation {
            id: wire::request_id(),
            payload,
            trace: self.trace.to_owned(),
            client_context: None,
            wants_tail: false,
            stream: None,
        };
        let refused = |error: InvokeError| {
            tracing::warn!(request_id, function, %error, "a function could not answer an API call");
            if matches!(error, InvokeError::Busy) { Failure::Throttled } else { Failure::Configuration }
        };
        if !waits {
            let queued = lambda::enqueue(self.context, self.functions, self.arn, invocation);
            return queued.map(|()| Outcome::Accepted).map_err(refused);
        }
        let (began, invocation_id) = (Instant::now(), invocation.id.clone());
        let invoked = self.context.config.clock.timeout(self.limit, self.functions.invoke(&spec, invocation)).await;
        // Which invocation a request had, nobody else knows who does not look into the function's own lines.
        let duration_ms = log::millis(began.elapsed());
        tracing::info!(request_id, invocation_id, function, duration_ms, "invoked");
        match invoked.ok_or(Failure::Timeout)?.map_err(refused)?.answer {
            Answer::Result(document) => Ok(Outcome::Result(document)),
            Answer::Error(document) => {
                let error = String::from_utf8_lossy(&document[..document.len().min(1024)]).into_owned();
                tracing::warn!(request_id, function, error, "a function failed to answer an API call");
                Ok(Outcome::Error(document))
            }
        }
    }
}

/// Whether the credentials of an integration are those of whoever calls (`arn:aws:iam::*:user/*`).
fn is_passed_through(role: &str) -> bool {
    role == "arn:aws:iam::*:user/*"
}

/// Names a trace that begins with a call.
pub(in crate::emulator) fn new_trace(context: &Context, id: &str) -> String {
    let id: String = id.chars().filter(|c| *c != '-').take(24).collect();
    format!("1-{:08x}-{id}", context.config.clock.now().unix_timestamp())
}
