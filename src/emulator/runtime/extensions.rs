//! The Lambda Extensions API, version 2020-01-01, as the extensions of one function process see it.
//!
//! An extension registers while the process starts, then asks for one event after the other; the process takes its next
//! invocation when all of them have asked again. External extensions are programs of layers, known by their files before
//! they register; internal ones run inside the function's own process.
//! Specified in <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>; what it refuses, and how,
//! is as in AWS's own runtime interface emulator. Not here: the programs themselves (`external`).

use super::api::{self, Job};
use crate::{emulator::wire, http1::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// How the paths of this API begin.
pub(super) const PREFIX: &str = "/2020-01-01/extension/";
/// The paths of the APIs by which extensions ask for logs and telemetry, the older one first.
pub(super) const SUBSCRIPTIONS: [(&str, &str); 2] =
    [("/2020-08-15/logs", "Logs"), ("/2022-07-01/telemetry", "Telemetry")];
/// The most extensions of a function: Lambda's own limit.
const MOST: usize = 10;

const NAME: HeaderName = HeaderName::from_static("lambda-extension-name");
const IDENTIFIER: HeaderName = HeaderName::from_static("lambda-extension-identifier");
const FEATURES: HeaderName = HeaderName::from_static("lambda-extension-accept-feature");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-extension-function-error-type");
const EVENT_IDENTIFIER: HeaderName = HeaderName::from_static("lambda-extension-event-identifier");

/// What extensions are told of their function.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) handler: String,
    pub(super) account: String,
}

/// Why a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shutdown {
    /// It is not needed any more.
    Spindown,
    /// Its invocation took too long.
    Timeout,
    /// It failed.
    Failure,
}

impl Shutdown {
    fn as_str(self) -> &'static str {
        match self {
            Self::Spindown => "spindown",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
        }
    }
}

/// What an extension that has failed said of it: the type of its error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) name: String,
    pub(super) kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// A program that was started.
    Started,
    /// It has registered and not asked for an event yet.
    Registered,
    /// It waits for an event.
    Waiting,
    /// It has got one.
    Running,
    /// It has told of an error, or crashed.
    Failed(String),
}

#[derive(Debug)]
struct Extension {
    id: String,
    name: String,
    is_external: bool,
    wants_invoke: bool,
    wants_shutdown: bool,
    stage: Stage,
    events: VecDeque<Bytes>,
}

#[derive(Debug)]
struct State {
    extensions: Vec<Extension>,
    /// Whether the function has asked for work, after which nobody registers any more.
    is_closed: bool,
}

impl State {
    fn failed(&self) -> Option<Failed> {
        self.extensions.iter().find_map(|Extension { name, stage, .. }| match stage {
            Stage::Failed(kind) => Some(Failed { name: name.clone(), kind: kind.clone() }),
            _ => None,
        })
    }
}

/// The extensions of one process.
#[derive(Debug)]
pub(super) struct Extensions {
    facts: Facts,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    events: Vec<String>,
}

impl Extensions {
    /// Starts with the external ones, by the names of their files.
    pub(super) fn new(facts: Facts, external: &[String]) -> Self {
        let extensions = external.iter().map(|name| extension(name, Stage::Started, true)).collect();
        let state = Mutex::new(State { extensions, is_closed: false });
        Self { facts, state, changed: watch::channel(()).0 }
    }

    /// Answers a call below [`PREFIX`].
    pub(super) async fn call(&self, method: &Method, path: &str, headers: &HeaderMap, body: &Bytes) -> Response {
        match (method, path) {
            (&Method::POST, "register") => self.register(headers, body),
            (&Method::GET, "event/next") => match self.identified(headers) {
                Ok(id) => self.next(&id).await,
                Err(refusal) => refusal,
            },
            (&Method::POST, "init/error") => self.fail(headers, "Extension.InitError"),
            (&Method::POST, "exit/error") => self.fail(headers, "Extension.ExitError"),
            _ => api::not_found(),
        }
    }

    fn register(&self, headers: &HeaderMap, body: &Bytes) -> Response {
        let name = text(headers, &NAME).unwrap_or_default();
        if name.is_empty() {
            return forbidden("Extension.InvalidExtensionName", "Empty extension name");
        }
        let Ok(Registration { events }) = serde_json::from_slice(body) else {
            return forbidden("InvalidRequestFormat", "The body is an object with a list `events`");
        };
        let mut state = self.state();
        let is_external = state.extensions.iter().any(|known| known.is_external && known.name == name);
        for event in &events {
            let is_known = event == "INVOKE" || (event == "SHUTDOWN" && is_external);
            if !is_known {
                let message = format!("{event}: ShutdownEventNotSupportedForInternalExtension");
                let message = if event == "SHUTDOWN" { message } else { format!("{event}: InvalidEventType") };
                return forbidden("Extension.InvalidEventType", &message);
            }
        }
        if !is_external {
            if state.is_closed {
                return forbidden("Extension.RegistrationClosed", "Extension registration closed already");
            }
            if state.extensions.iter().any(|known| known.name == name) {
                return forbidden("Extension.InvalidExtensionName", "An extension of this name has registered already");
            }
            if state.extensions.len() >= MOST {
                let message = format!("Extension limit ({MOST}) reached");
                return forbidden("Extension.TooManyExtensions", &message);
            }
            state.extensions.push(extension(&name, Stage::Started, false));
        }
        let Some(found) = state.extensions.iter_mut().find(|known| known.name == name) else {
            return api::not_found();
        };
        if found.stage != Stage::Started {
            return invalid_state(found, "Registered");
        }
        found.wants_invoke = events.iter().any(|event| event == "INVOKE");
        found.wants_shutdown = events.iter().any(|event| event == "SHUTDOWN");
        found.stage = Stage::Registered;
        let id = found.id.clone();
        drop(state);
        self.changed.send_replace(());
        self.registered_answer(headers, &id)
    }

    fn registered_answer(&self, headers: &HeaderMap, id: &str) -> Response {
        let Facts { name, version, handler, account, .. } = &self.facts;
        let mut members = json!({ "functionName": name, "functionVersion": version, "handler": handler });
        let features = text(headers, &FEATURES).unwrap_or_default();
        if features.split(',').any(|feature| feature.trim() == "accountId") {
            members["accountId"] = account.as_str().into();
        }
        let mut response = respond(&members);
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(IDENTIFIER, id);
        }
        response
    }

    async fn next(&self, id: &str) -> Response {
        let mut changed = self.changed.subscribe();
        {
            let mut state = self.state();
            let Some(found) = state.extensions.iter_mut().find(|known| known.id == id) else { return unknown(id) };
            match found.stage {
                Stage::Registered | Stage::Running => found.stage = Stage::Waiting,
                // Asked again on a new connection: the one before was given up.
                Stage::Waiting => {}
                Stage::Started | Stage::Failed(_) => return invalid_state(found, "Ready"),
            }
        }
        self.changed.send_replace(());
        loop {
            changed.borrow_and_update();
            if let Some(event) = self.take_event(id) {
                let mut response = Response::new(event);
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                if let Ok(id) = HeaderValue::from_str(&wire::request_id()) {
                    response.headers_mut().insert(EVENT_IDENTIFIER, id);
                }
                return response;
            }
            if changed.changed().await.is_err() {
                return api::shutting_down();
            }
        }
    }

    fn take_event(&self, id: &str) -> Option<Bytes> {
        self.state().extensions.iter_mut().find(|known| known.id == id)?.events.pop_front()
    }

    fn fail(&self, headers: &HeaderMap, default: &str) -> Response {
        let id = match self.identified(headers) {
            Ok(id) => id,
            Err(refusal) => return refusal,
        };
        let Some(kind) = text(headers, &ERROR_TYPE).filter(|kind| !kind.is_empty()) else {
            return forbidden("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
        };
        // A type that is none of an extension's gets a name that is.
        let kind = if kind.starts_with("Extension.") { kind } else { default.to_owned() };
        let mut state = self.state();
        let Some(found) = state.extensions.iter_mut().find(|known| known.id == id) else { return unknown(&id) };
        if matches!(found.stage, Stage::Started | Stage::Failed(_)) {
            return invalid_state(found, "Failed");
        }
        found.stage = Stage::Failed(kind);
        drop(state);
        self.changed.send_replace(());
        api::accepted()
    }

    /// Reads which extension a call comes from.
    #[expect(clippy::result_large_err, reason = "a refusal is an answer, and on its way out at once")]
    fn identified(&self, headers: &HeaderMap) -> Result<String, Response> {
        match text(headers, &IDENTIFIER) {
            None => {
                Err(forbidden("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"))
            }
            Some(id) if self.state().extensions.iter().any(|known| known.id == id) => Ok(id),
            Some(id) if id.len() == 36 => Err(unknown(&id)),
            Some(_) => Err(forbidden("Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")),
        }
    }

    /// Lets nobody register any more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
    }

    /// Tells everybody who wants to know that an invocation begins.
    pub(super) fn begin(&self, job: &Job) {
        let event = json!({
            "eventType": "INVOKE",
            "deadlineMs": i64::try_from(job.deadline_ms).unwrap_or_default(),
            "requestId": job.id,
            "invokedFunctionArn": job.function_arn,
            "tracing": { "type": "X-Amzn-Trace-Id", "value": job.trace },
        });
        self.push(&event, |extension| extension.wants_invoke);
    }

    /// Tells everybody who wants to know that the process ends; tells whether anybody does.
    pub(super) fn shut_down(&self, reason: Shutdown, deadline_ms: i128) -> bool {
        let event = json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": reason.as_str(),
            "deadlineMs": i64::try_from(deadline_ms).unwrap_or_default(),
        });
        self.push(&event, |extension| extension.wants_shutdown)
    }

    fn push(&self, event: &Value, wants: impl Fn(&Extension) -> bool) -> bool {
        let (mut state, mut anybody) = (self.state(), false);
        let live = |stage: &Stage| !matches!(stage, Stage::Failed(_) | Stage::Started);
        for extension in state.extensions.iter_mut().filter(|known| wants(known) && live(&known.stage)) {
            extension.events.push_back(event.to_string().into());
            // From now on it is at work, whether it has taken the event yet or not.
            extension.stage = Stage::Running;
            anybody = true;
        }
        drop(state);
        self.changed.send_replace(());
        anybody
    }

    /// Notes that an extension's program has ended.
    pub(super) fn crashed(&self, name: &str) {
        if let Some(found) = self.state().extensions.iter_mut().find(|known| known.is_external && known.name == name)
            && !matches!(found.stage, Stage::Failed(_))
        {
            found.stage = Stage::Failed("Extension.Crash".to_owned());
        }
        self.changed.send_replace(());
    }

    /// Waits until every external extension has registered.
    ///
    /// # Errors
    /// The first that cannot.
    pub(super) async fn registered(&self) -> Result<(), Failed> {
        self.all(|stage| *stage != Stage::Started).await
    }

    /// Waits until every extension asks for its next event.
    ///
    /// # Errors
    /// The first that failed.
    pub(super) async fn ready(&self) -> Result<(), Failed> {
        self.all(|stage| *stage == Stage::Waiting).await
    }

    /// Waits until every extension that was told of the end has come to its own.
    pub(super) async fn ended(&self) {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if !self.state().extensions.iter().any(|known| known.wants_shutdown && known.stage == Stage::Running) {
                return;
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.state().extensions.is_empty()
    }

    /// The extension that has failed, where one has.
    pub(super) fn failed(&self) -> Option<Failed> {
        self.state().failed()
    }

    async fn all(&self, is_there: impl Fn(&Stage) -> bool) -> Result<(), Failed> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            {
                let state = self.state();
                if let Some(failed) = state.failed() {
                    return Err(failed);
                }
                if state.extensions.iter().all(|known| is_there(&known.stage)) {
                    return Ok(());
                }
            }
            if changed.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn extension(name: &str, stage: Stage, is_external: bool) -> Extension {
    let (id, name) = (wire::request_id(), name.to_owned());
    Extension { id, name, is_external, wants_invoke: false, wants_shutdown: false, stage, events: VecDeque::new() }
}

/// Says that extensions get no logs and no telemetry here, as AWS's own emulator says it: a 202, which extensions take
/// for an environment that has none, and go on.
pub(super) fn no_subscriptions(api: &str) -> Response {
    let message = format!("{api} API is not supported");
    api::respond(StatusCode::ACCEPTED, api::error_document(&format!("{api}.NotSupported"), &message))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn respond(members: &Value) -> Response {
    api::respond(StatusCode::OK, members.to_string().into())
}

fn forbidden(kind: &str, message: &str) -> Response {
    api::refusal(StatusCode::FORBIDDEN, kind, message)
}

fn unknown(id: &str) -> Response {
    forbidden("Extension.UnknownExtensionIdentifier", &format!("Unknown extension {id}"))
}

fn invalid_state(extension: &Extension, wanted: &str) -> Response {
    let stage = match extension.stage {
        Stage::Started => "Started",
        Stage::Registered => "Registered",
        Stage::Waiting => "Ready",
        Stage::Running => "Running",
        Stage::Failed(_) => "Failed",
    };
    let message = format!("State transition from {stage} to {wanted} failed for extension {}", extension.name);
    forbidden("Extension.InvalidExtensionState", &message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::oneshot;

    fn extensions(external: &[&str]) -> Arc<Extensions> {
        let [name, version, handler, account] = ["f", "$LATEST", "app.handler", "000000000000"].map(str::to_owned);
        let external: Vec<String> = external.iter().map(|name| (*name).to_owned()).collect();
        Arc::new(Extensions::new(Facts { name, version, handler, account }, &external))
    }

    async fn call(extensions: &Extensions, path: &str, headers: &[(&HeaderName, &str)], body: &str) -> Response {
        let method = if path == "event/next" { Method::GET } else { Method::POST };
        let headers = headers.iter().map(|(name, value)| ((*name).clone(), value.parse().unwrap())).collect();
        extensions.call(&method, path, &headers, &Bytes::copy_from_slice(body.as_bytes())).await
    }

    async fn register(extensions: &Extensions, name: &str, events: &str) -> Response {
        call(extensions, "register", &[(&NAME, name)], &format!(r#"{{"events":{events}}}"#)).await
    }

    fn id(response: &Response) -> String {
        assert_eq!(response.status(), 200, "{response:?}");
        response.headers()[IDENTIFIER].to_str().unwrap().to_owned()
    }

    fn job() -> Job {
        let (answer, _) = oneshot::channel();
        let (payload, trace, taken, function_arn) = ("{}".into(), "Root=1".into(), Arc::default(), "arn:f".to_owned());
        Job {
            id: "id-1".into(),
            function_arn,
            payload,
            deadline_ms: 5,
            trace,
            client_context: None,
            stream: None,
            taken,
            answer,
        }
    }

    #[tokio::test]
    async fn an_extension_registers_and_gets_its_events_until_the_end() {
        let extensions = extensions(&["watch"]);
        let asked = call(
            &extensions,
            "register",
            &[(&NAME, "watch"), (&FEATURES, "x, accountId")],
            r#"{"events":["INVOKE","SHUTDOWN"]}"#,
        )
        .await;
        let id = id(&asked);
        let told: Value = serde_json::from_slice(asked.body()).unwrap();
        assert_eq!(
            told,
            json!({ "functionName": "f", "functionVersion": "$LATEST", "handler": "app.handler", "accountId": "000000000000" })
        );
        extensions.registered().await.unwrap();
        let own = [(&IDENTIFIER, id.as_str())];
        let (next, ()) = tokio::join!(call(&extensions, "event/next", &own, ""), async {
            extensions.ready().await.unwrap();
            extensions.begin(&job());
        });
        let event: Value = serde_json::from_slice(next.body()).unwrap();
        assert_eq!(
            event,
            json!({
                "eventType": "INVOKE", "deadlineMs": 5, "requestId": "id-1", "invokedFunctionArn": "arn:f",
                "tracing": { "type": "X-Amzn-Trace-Id", "value": "Root=1" },
            })
        );
        assert!(next.headers().contains_key(EVENT_IDENTIFIER));
        let (last, wants) = tokio::join!(call(&extensions, "event/next", &own, ""), async {
            extensions.ready().await.unwrap();
            extensions.shut_down(Shutdown::Timeout, 7)
        });
        assert!(wants);
        let event: Value = serde_json::from_slice(last.body()).unwrap();
        assert_eq!(event, json!({ "eventType": "SHUTDOWN", "shutdownReason": "timeout", "deadlineMs": 7 }));
    }

    #[tokio::test]
    async fn what_lambda_refuses_is_refused() {
        let extensions = extensions(&["watch"]);
        let kind = |response: Response| {
            assert_eq!(response.status(), 403);
            serde_json::from_slice::<Value>(response.body()).unwrap()["errorType"].as_str().unwrap().to_owned()
        };
        assert_eq!(kind(call(&extensions, "register", &[], "{}").await), "Extension.InvalidExtensionName");
        assert_eq!(kind(call(&extensions, "register", &[(&NAME, "a")], "no").await), "InvalidRequestFormat");
        assert_eq!(kind(register(&extensions, "a", r#"["SHUTDOWN"]"#).await), "Extension.InvalidEventType");
        assert_eq!(kind(register(&extensions, "watch", r#"["DANCE"]"#).await), "Extension.InvalidEventType");
        let inside = id(&register(&extensions, "inside", r#"["INVOKE"]"#).await);
        assert_eq!(kind(register(&extensions, "inside", "[]").await), "Extension.InvalidExtensionName");
        for number in 2..MOST {
            id(&register(&extensions, &number.to_string(), "[]").await);
        }
        assert_eq!(kind(register(&extensions, "more", "[]").await), "Extension.TooManyExtensions");
        assert_eq!(kind(call(&extensions, "event/next", &[], "").await), "Extension.MissingExtensionIdentifier");
        let wrong = "00000000-0000-0000-0000-000000000000";
        for (id, refusal) in
            [("x", "Extension.InvalidExtensionIdentifier"), (wrong, "Extension.UnknownExtensionIdentifier")]
        {
            assert_eq!(kind(call(&extensions, "event/next", &[(&IDENTIFIER, id)], "").await), refusal);
        }
        assert_eq!(
            kind(call(&extensions, "init/error", &[(&IDENTIFIER, &inside)], "").await),
            "Extension.MissingHeader"
        );
        extensions.close();
        assert_eq!(kind(register(&extensions, "late", "[]").await), "Extension.RegistrationClosed");
    }

    #[tokio::test]
    async fn an_error_at_the_start_and_a_crash_end_the_wait_for_everybody() {
        let extensions = extensions(&["watch"]);
        let id = id(&register(&extensions, "watch", "[]").await);
        let headers = [(&IDENTIFIER, id.as_str()), (&ERROR_TYPE, "Extension.NoKey")];
        assert_eq!(call(&extensions, "init/error", &headers, "{}").await.status(), 202);
        assert_eq!(extensions.ready().await.unwrap_err().kind, "Extension.NoKey");
        let crashed = self::extensions(&["watch"]);
        crashed.crashed("watch");
        assert_eq!(
            crashed.registered().await.unwrap_err(),
            Failed { name: "watch".into(), kind: "Extension.Crash".into() }
        );
    }
}
