//! Calls of the deployed API, made as `atelier call` makes them, and known in every log as the dashboard's by their
//! request id.

use crate::{
    api_key::Scope,
    commands::{
        context::Context,
        deployed_url,
        test::{CLIENT_DEADLINE, client_for},
    },
    contract::{Entry, PATH, Request},
    engine::{self, reach},
    error::{Code, Error, Result},
    http_client::HttpClient,
    secret::random_hex,
    settings::{Auth, Setting},
    stack::{self, Discovery, Part},
    text::Message,
};
use bytes::Bytes;
use http::Method;
use tokio::time::Instant;

/// How every request id of ours begins.
pub(super) const MARK: &str = "dashboard";
/// The states of an instance that there is something to stop in.
const RUNNING: [&str; 2] = ["running", "pending"];

/// What is to be called.
#[derive(Debug, Clone)]
pub(super) enum Invocation {
    /// Something that atelier's own function knows.
    Contract(Request),
    /// A path of the user's own function.
    Path { method: Method, path: String, body: String },
}

impl Invocation {
    /// What a key must open for it.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Contract(request) => request.scope(),
            Self::Path { .. } => Scope::Control,
        }
    }
}

/// What the API answered.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) millis: u128,
    /// The request's id.
    pub(super) id: String,
}

impl Answered {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Calls the API; without a key where that is what somebody wants to see.
///
/// # Errors
/// As `atelier call`.
pub(super) async fn call(context: &Context, invocation: &Invocation, with_key: bool) -> Result<Answered> {
    let base = deployed_url(context).await?;
    let (method, url, body) = match invocation {
        Invocation::Contract(request) => (Method::GET, format!("{base}?{}", request.query()), String::new()),
        Invocation::Path { method, path, body } => {
            let base = base.trim_end_matches('/').trim_end_matches(PATH);
            (method.clone(), format!("{base}{path}"), body.clone())
        }
    };
    let engine = engine::connect(&context.settings).await?;
    reach::check(&context.settings, &engine).await?;
    let client = if with_key {
        client_for(context, &engine, &url, invocation.scope()).await?
    } else {
        HttpClient::for_url(&url).map_err(|error| {
            Error::new(Code::File)
                .with_message("action", Message::new("action.read"))
                .with_message("path", Message::new("action.certificates"))
                .cause(&error)
        })?
    };
    let id = format!("{MARK}-{}", random_hex(8).unwrap_or_default());
    let mut headers = vec![("x-request-id".to_owned(), id.clone())];
    if !body.is_empty() {
        headers.push(("content-type".to_owned(), kind_of(&body).to_owned()));
    }
    let (began, deadline) = (Instant::now(), CLIENT_DEADLINE.min(context.settings.timeout.value));
    let answer = client.send(method, &url, &headers, Bytes::from(body), deadline).await;
    let millis = began.elapsed().as_millis();
    let answer = match answer {
        Err(error) => return Err(reach::unanswered(&context.settings, &engine, &error).await),
        Ok(answer) => answer,
    };
    if let Some(error) = reach::misled(&context.settings, &engine, &url, &answer).await {
        return Err(error);
    }
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Answered {
        url,
        status: answer.status.as_u16(),
        headers: answer.headers.iter().map(pair).collect(),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
        millis,
        id,
    })
}

fn kind_of(body: &str) -> &'static str {
    let is_json = serde_json::from_str::<serde_json::Value>(body).is_ok();
    if is_json { "application/json" } else { "text/plain; charset=utf-8" }
}

/// Every stack of the engine.
///
/// # Errors
/// That no engine runs, or what it answers.
pub(super) async fn stacks(context: &Context) -> Result<Vec<Discovery>> {
    let engine = engine::connect(&context.settings).await?;
    Ok(stack::discover_all(&engine).await?)
}

/// What became of stopping the instances of all stacks.
#[derive(Debug, Default)]
pub(super) struct Stopped {
    /// How many instances.
    pub(super) stopped: usize,
    /// The stacks of which one runs on, and why.
    pub(super) failed: Vec<(String, Message)>,
}

/// Stops the instance of every stack, through its own API.
///
/// # Errors
/// As [`stacks`].
pub(super) async fn stop_all(context: &Context, stop: &Request) -> Result<Stopped> {
    let mut result = Stopped::default();
    for stack in stacks(context).await? {
        let running = running(&stack);
        if running.is_empty() {
            continue;
        }
        let name = stack.stack.to_string();
        match call(&of_stack(context, &stack), &Invocation::Contract(stop.clone()), true).await {
            Ok(answered) => {
                result.stopped += stopped(&answered.body, &running);
                if !answered.is_success() {
                    result.failed.push((name, Message::new("board.answered").with("status", answered.status)));
                }
            }
            Err(error) => result.failed.push((name, error.message)),
        }
    }
    Ok(result)
}

/// The ids of the stack's instances that can be stopped.
fn running(stack: &Discovery) -> Vec<&str> {
    let instances = stack.found.iter().filter(|found| found.part == Part::Instance);
    let runs = instances.filter(|found| found.state.as_deref().is_some_and(|state| RUNNING.contains(&state)));
    runs.map(|found| found.id.as_str()).collect()
}

/// How many of these an answer says are stopped: it has an outcome for each, whatever became of the others.
fn stopped(answer: &str, running: &[&str]) -> usize {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    let is_stopped = |entry: &&serde_json::Value| {
        entry["code"] == Entry::OK && entry["instance_id"].as_str().is_some_and(|id| running.contains(&id))
    };
    answer["results"].as_array().map_or(0, |entries| entries.iter().filter(is_stopped).count())
}

/// The context of another stack of the same engine.
fn of_stack(context: &Context, stack: &Discovery) -> Context {
    let mut settings = context.settings.clone();
    let wants_key = stack.part(Part::UsagePlan).is_some();
    settings.auth.value = if wants_key { Auth::ApiKey } else { Auth::None };
    settings.stack = Setting { value: stack.stack.clone(), ..settings.stack };
    Context { settings, ..context.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stopped_is_counted_by_instance_and_never_what_was_stopped_before() {
        let answer = r#"{"results":[{"status":"stopped","code":"ok","instance_id":"i-1"},
            {"status":"stopped","code":"ok","instance_id":"i-2"},
            {"status":"failed","code":"conflict","instance_id":"i-3"}]}"#;
        assert_eq!(stopped(answer, &["i-1", "i-3"]), 1);
        assert_eq!(stopped("no answer", &["i-1"]), 0);
    }
}
