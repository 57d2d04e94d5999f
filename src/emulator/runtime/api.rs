//! The Lambda Runtime API, version 2018-06-01, as one function process sees it.
//!
//! Each process has a listener of its own on loopback, so a call needs no token to tell whose it is. Work is handed
//! over through a channel: the process's pending `next` takes a [`Job`], its `response` or `error` answers it.
//! Specified in <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use super::{
    extensions::{self, Extensions, Failed},
    output::Mark,
    streaming::{MAX_STREAM, Sink},
    user,
};
use crate::{
    hosts,
    http1::{Admission, Incoming, Local, Peer, Rejection, Request, Response, Service, Trailers},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, HOST, ORIGIN, REFERER},
    request::Parts,
};
use serde_json::json;
use std::{
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// The largest answer of a function, in bytes: Lambda's own limit for a synchronous call.
pub(super) const MAX_ANSWER: usize = 6 * 1024 * 1024 + 100;

const PREFIX: &str = "/2018-06-01/runtime/";

/// How a function answers: `streaming`, or without it at once.
const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
/// What went wrong, behind an answer that was streamed: the error's type,
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
/// and its document in base64.
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// What browsers say of the page that sends a request. No runtime sends any of it.
const FROM_A_PAGE: [HeaderName; 3] = [ORIGIN, REFERER, HeaderName::from_static("sec-fetch-site")];

/// One invocation on its way into a process.
#[derive(Debug)]
pub(super) struct Job {
    /// The request's id, a UUID.
    pub id: String,
    /// The ARN by which the function was invoked.
    pub function_arn: String,
    /// The event.
    pub payload: Bytes,
    /// When the process is killed, in milliseconds since the Unix epoch.
    pub deadline_ms: i128,
    /// The X-Ray header that is passed through.
    pub trace: String,
    /// What the client says about itself, in JSON.
    pub client_context: Option<String>,
    /// Where a streamed answer goes, for who takes one.
    pub stream: Option<Sink>,
    /// Set when the process has taken it.
    pub taken: Arc<AtomicBool>,
    /// Where the answer goes; dropped when the process ends without one.
    pub answer: oneshot::Sender<Answer>,
}

/// What a function said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The result, as it came: Lambda does not look into it.
    Result(Bytes),
    /// The error document that the runtime posted, or one in its name.
    Error(Bytes),
}

/// How far a process has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was started and has not asked for work yet.
    Starting,
    /// It has asked for work at least once.
    Ready,
    /// Its runtime reported that it cannot start; the document is the runtime's own.
    InitFailed(Bytes),
    /// It is no more; what is said is how it ended.
    Ended(Arc<str>),
    /// Its program cannot be executed; what is said is why.
    CannotStart(Arc<str>),
    /// It is no more, because an extension failed.
    ExtensionFailed(Failed),
}

/// Makes an error document in Lambda's shape.
#[must_use]
pub(super) fn error_document(kind: &str, message: &str) -> Bytes {
    json!({ "errorType": kind, "errorMessage": message }).to_string().into()
}

/// Answers the calls of one process.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    jobs: tokio::sync::Mutex<mpsc::Receiver<Job>>,
    current: Mutex<Option<Current>>,
    phase: watch::Sender<Phase>,
    extensions: Arc<Extensions>,
    /// Where the log is told what it should know.
    marks: mpsc::WeakSender<Mark>,
    ended: CancellationToken,
    /// Whether only processes of this user are let in: those of a container may have a user of their own.
    is_guarded: bool,
}

#[derive(Debug)]
struct Current {
    id: String,
    stream: Option<Sink>,
    /// Whether its answer is being streamed.
    has_begun: bool,
    answer: oneshot::Sender<Answer>,
}

impl RuntimeApi {
    /// Makes the API of a process that gets its work from `jobs`; `ended` releases a pending `next`.
    pub(super) fn new(
        jobs: mpsc::Receiver<Job>,
        phase: watch::Sender<Phase>,
        extensions: Arc<Extensions>,
        marks: mpsc::WeakSender<Mark>,
        ended: CancellationToken,
    ) -> Self {
        let (jobs, current) = (tokio::sync::Mutex::new(jobs), Mutex::new(None));
        Self { jobs, current, phase, extensions, marks, ended, is_guarded: true }
    }

    /// Lets processes of any user in, where `is_open`.
    pub(super) fn open(self, is_open: bool) -> Self {
        Self { is_guarded: !is_open, ..self }
    }

    async fn next(&self) -> Response {
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Ready;
            }
            starting
        });
        self.extensions.close();
        if self.current().is_some() {
            return refusal(StatusCode::FORBIDDEN, "InvalidStateTransition", "The last invocation was not answered");
        }
        // Both waits are cancel safe: a client that goes away leaves the job in the channel.
        let next = async {
            match self.jobs.lock().await.recv().await {
                Some(job) => job,
                // As on AWS, a process that gets no more work is ended while it waits: runtimes take any answer for work, and
                // panic over one that has none.
                None => pending().await,
            }
        };
        tokio::select! {
            job = next => self.hand_over(job),
            () = self.ended.cancelled() => shutting_down(),
        }
    }

    fn hand_over(&self, job: Job) -> Response {
        self.extensions.begin(&job);
        let mut response = Response::new(job.payload);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let deadline = job.deadline_ms.to_string();
        let texts = [
            ("lambda-runtime-invoked-function-arn", Some(job.function_arn.as_str())),
            ("lambda-runtime-aws-request-id", Some(job.id.as_str())),
            ("lambda-runtime-deadline-ms", Some(&deadline)),
            ("lambda-runtime-trace-id", Some(&job.trace)),
            ("lambda-runtime-client-context", job.client_context.as_deref()),
        ];
        for (name, text) in texts.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                headers.insert(name, value);
            }
        }
        job.taken.store(true, Ordering::SeqCst);
        *self.current() = Some(Current { id: job.id, stream: job.stream, has_begun: false, answer: job.answer });
        response
    }

    /// Says where the answer goes that this head begins, if it is streamed and somebody wants to see it so.
    fn begin_stream(&self, head: &Parts) -> Option<Incoming> {
        let id = head.uri.path().strip_prefix(PREFIX)?.strip_prefix("invocation/")?.strip_suffix("/response")?;
        if head.method != Method::POST || response_mode(&head.headers) != Ok(true) {
            return None;
        }
        let mut current = self.current();
        let current = current.as_mut().filter(|current| current.id == id && !current.has_begun)?;
        let pieces = current.stream.as_ref()?.begin(head.headers.get(CONTENT_TYPE).cloned());
        current.has_begun = true;
        Some(Incoming { pieces, most: MAX_STREAM })
    }

    /// Takes the answer of an invocation, or the end of one that was streamed.
    fn response(&self, id: &str, headers: &HeaderMap, trailers: Option<&Trailers>, body: Bytes) -> Response {
        let Ok(is_streamed) = response_mode(headers) else {
            let message = "Invalid function response mode: it is `streaming`, or not said";
            return refusal(StatusCode::BAD_REQUEST, "InvalidFunctionResponseMode", message);
        };
        let failure = trailers.filter(|_| is_streamed).and_then(|Trailers(trailers)| error_behind(trailers));
        self.answer(id, failure.map_or(Answer::Result(body), Answer::Error))
    }

    fn answer(&self, id: &str, answer: Answer) -> Response {
        let Some(current) = self.current().take_if(|current| current.id == id) else {
            return refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
        };
        let too_large = matches!(&answer, Answer::Result(body) if body.len() > MAX_ANSWER);
        // Whoever waited may have given up: the process is told the same.
        let _ = current.answer.send(if too_large { too_large_answer() } else { answer });
        if too_large {
            return too_large_refusal();
        }
        accepted()
    }

    /// Answers an extension, which is not the function's runtime.
    async fn extension(&self, head: &Parts, body: &Bytes) -> Response {
        let path = head.uri.path();
        if let Some(path) = path.strip_prefix(extensions::PREFIX) {
            let answer = self.extensions.call(&head.method, path, &head.headers, body);
            return tokio::select! {
                answer = answer => answer,
                () = self.ended.cancelled() => shutting_down(),
            };
        }
        let subscription = extensions::SUBSCRIPTIONS.iter().find(|(known, _)| *known == path);
        let Some((_, api)) = subscription.filter(|_| head.method == Method::PUT) else { return not_found() };
        if let Some(marks) = self.marks.upgrade() {
            let remark =
                format!("atelier: an extension asks for the {api} API, which this engine does not have: it gets none");
            let _ = marks.try_send(Mark::Remark { remark });
        }
        extensions::no_subscriptions(api)
    }

    fn init_error(&self, body: Bytes) -> Response {
        let reported = self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::InitFailed(document_or_default(body));
            }
            starting
        });
        if reported {
            accepted()
        } else {
            refusal(StatusCode::FORBIDDEN, "InvalidStateTransition", "The runtime has started already")
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether a page in a browser may have sent this, which reaches any port of loopback: it could take an event, or
/// answer it. A rebound name shows in `Host`.
fn is_from_a_page(head: &Parts) -> bool {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
    let local = head.extensions.get::<Local>().copied();
    let is_ours = host.is_some_and(|host| hosts::is_ours(host, local, None));
    !is_ours || FROM_A_PAGE.iter().any(|name| head.headers.contains_key(name))
}

impl Service for RuntimeApi {
    type Pass = ();

    /// Whoever else uses the machine could take events, and answer them.
    fn takes(&self, peer: Peer, local: Local) -> bool {
        let is_another = self.is_guarded && user::is_another(peer.0, local.0);
        if is_another {
            tracing::warn!(peer = %peer.0, "another user of this machine is kept from a function's runtime API");
        }
        !is_another
    }

    /// Before the body is read: one that is too large ends the current invocation.
    async fn admit(&self, head: &Parts) -> Result<(Admission, ()), Response> {
        if is_from_a_page(head) { Err(forbidden()) } else { Ok((Admission::default(), ())) }
    }

    fn stream(&self, head: &Parts, (): &()) -> Option<Incoming> {
        self.begin_stream(head)
    }

    async fn call(&self, request: Request, (): ()) -> Response {
        let (parts, body) = request.into_parts();
        let Some(path) = parts.uri.path().strip_prefix(PREFIX) else { return self.extension(&parts, &body).await };
        let invocation = path.strip_prefix("invocation/").and_then(|rest| rest.split_once('/'));
        match (parts.method, path, invocation) {
            (Method::GET, "invocation/next", _) => self.next().await,
            (Method::POST, "init/error", _) => self.init_error(body),
            (Method::POST, _, Some((id, "response"))) => {
                self.response(id, &parts.headers, parts.extensions.get(), body)
            }
            (Method::POST, _, Some((id, "error"))) => self.answer(id, Answer::Error(document_or_default(body))),
            _ => not_found(),
        }
    }

    fn reject(&self, _: Peer, rejection: Rejection) -> Response {
        if rejection == Rejection::BodyTooLarge {
            // A body that the server does not even read can only be the current invocation's answer.
            if let Some(current) = self.current().take() {
                let _ = current.answer.send(too_large_answer());
            }
            return too_large_refusal();
        }
        if rejection == Rejection::Truncated
            && let Some(current) = self.current().take_if(|current| current.has_begun)
        {
            let message = "The response was broken off before its end";
            let _ = current.answer.send(Answer::Error(error_document("Runtime.TruncatedResponse", message)));
        }
        refusal(rejection.status(), "InvalidRequest", "The request is not valid HTTP/1.1")
    }
}

/// Tells whether a function streams its answer.
fn response_mode(headers: &HeaderMap) -> Result<bool, ()> {
    match headers.get(RESPONSE_MODE).map(HeaderValue::as_bytes) {
        None => Ok(false),
        Some(mode) if mode.eq_ignore_ascii_case(b"streaming") => Ok(true),
        Some(_) => Err(()),
    }
}

/// The error document of trailers that tell of an error.
fn error_behind(trailers: &HeaderMap) -> Option<Bytes> {
    let kind = trailers.get(ERROR_TYPE)?.to_str().unwrap_or("Runtime.Unknown");
    let document = trailers.get(ERROR_BODY).and_then(|body| BASE64_STANDARD.decode(body).ok());
    Some(document.map_or_else(|| error_document(kind, ""), |document| document_or_default(document.into())))
}

/// An error document must be an object; what is none is told as it came, in one.
fn document_or_default(body: Bytes) -> Bytes {
    match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body) {
        Ok(_) => body,
        Err(_) => error_document("Runtime.Unknown", &String::from_utf8_lossy(&body[..body.len().min(1024)])),
    }
}

fn too_large_answer() -> Answer {
    let message = format!("Response payload size exceeded maximum allowed payload size ({MAX_ANSWER} bytes).");
    Answer::Error(error_document("Function.ResponseSizeTooLarge", &message))
}

fn too_large_refusal() -> Response {
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
}

fn forbidden() -> Response {
    refusal(StatusCode::FORBIDDEN, "Forbidden", "The Runtime API is for the function's own process")
}

pub(super) fn shutting_down() -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "Runtime.Shutdown", "The process is being ended")
}

pub(super) fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "NotFound", "The Runtime API has no such operation")
}

pub(super) fn accepted() -> Response {
    respond(StatusCode::ACCEPTED, Bytes::from_static(br#"{"status":"OK"}"#))
}

pub(super) fn refusal(status: StatusCode, kind: &str, message: &str) -> Response {
    respond(status, error_document(kind, message))
}

pub(super) fn respond(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    struct Fixture {
        api: RuntimeApi,
        jobs: mpsc::Sender<Job>,
        phase: watch::Receiver<Phase>,
    }

    fn fixture() -> Fixture {
        let (jobs, receiver) = mpsc::channel(1);
        let (sender, phase) = watch::channel(Phase::Starting);
        let [name, version, handler, account] = ["f", "$LATEST", "h", "0"].map(str::to_owned);
        let extensions = Extensions::new(extensions::Facts { name, version, handler, account }, &[]);
        let (marks, _) = mpsc::channel(1);
        let (extensions, ended) = (Arc::new(extensions), CancellationToken::new());
        Fixture { api: RuntimeApi::new(receiver, sender, extensions, marks.downgrade(), ended), jobs, phase }
    }

    fn request(method: Method, path: &str, body: &'static str) -> Request {
        let uri = format!("{PREFIX}{path}");
        let request = http::Request::builder().method(method).uri(uri).header(HOST, "127.0.0.1:9001");
        request.body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    async fn submit(jobs: &mpsc::Sender<Job>, id: &str) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        jobs.send(job(id, None, answer)).await.unwrap();
        receiver
    }

    fn job(id: &str, stream: Option<Sink>, answer: oneshot::Sender<Answer>) -> Job {
        let (payload, trace, taken) = ("{}".into(), "Root=1".into(), Arc::default());
        let (function_arn, client_context) = ("arn:f".to_owned(), None);
        Job { id: id.into(), function_arn, payload, deadline_ms: 5, trace, client_context, stream, taken, answer }
    }

    #[tokio::test]
    async fn an_invocation_is_handed_over_with_its_headers_and_answered_by_its_id() {
        let Fixture { api, jobs, phase } = fixture();
        let answer = submit(&jobs, "id-1").await;
        let next = api.call(request(Method::GET, "invocation/next", ""), ()).await;
        assert_eq!(next.headers()["lambda-runtime-aws-request-id"], "id-1");
        assert_eq!(next.headers()["lambda-runtime-deadline-ms"], "5");
        assert_eq!(next.headers()["lambda-runtime-invoked-function-arn"], "arn:f");
        assert_eq!(next.headers()["lambda-runtime-trace-id"], "Root=1");
        assert_eq!(*phase.borrow(), Phase::Ready);
        let posted = api.call(request(Method::POST, "invocation/id-1/response", "42"), ()).await;
        assert_eq!(posted.status(), 202);
        assert_eq!(answer.await.unwrap(), Answer::Result("42".into()));
    }

    #[tokio::test]
    async fn a_next_that_waits_when_there_is_no_more_work_is_not_answered_before_the_process_is_gone() {
        let Fixture { api, jobs, .. } = fixture();
        drop(jobs);
        let mut next = Box::pin(api.call(request(Method::GET, "invocation/next", ""), ()));
        assert!(next.as_mut().now_or_never().is_none());
        api.ended.cancel();
        assert_eq!(next.await.status(), 500, "to nobody: its connection may end");
    }

    #[tokio::test]
    async fn a_wrong_id_is_a_400_and_the_right_one_still_counts_once() {
        let Fixture { api, jobs, .. } = fixture();
        let answer = submit(&jobs, "id-1").await;
        api.call(request(Method::GET, "invocation/next", ""), ()).await;
        assert_eq!(api.call(request(Method::POST, "invocation/other/response", "1"), ()).await.status(), 400);
        assert_eq!(api.call(request(Method::POST, "invocation/id-1/response", "2"), ()).await.status(), 202);
        assert_eq!(api.call(request(Method::POST, "invocation/id-1/response", "3"), ()).await.status(), 400);
        assert_eq!(answer.await.unwrap(), Answer::Result("2".into()));
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_a_413_and_the_callers_error() {
        let Fixture { api, jobs, .. } = fixture();
        let answer = submit(&jobs, "id-1").await;
        api.call(request(Method::GET, "invocation/next", ""), ()).await;
        let mut post = request(Method::POST, "invocation/id-1/response", "");
        *post.body_mut() = Bytes::from(vec![b'1'; MAX_ANSWER + 1]);
        assert_eq!(api.call(post, ()).await.status(), 413);
        let Answer::Error(document) = answer.await.unwrap() else { panic!("an error was expected") };
        assert!(String::from_utf8_lossy(&document).contains("Function.ResponseSizeTooLarge"));
    }

    #[tokio::test]
    async fn an_extension_that_wants_telemetry_is_told_that_there_is_none() {
        let Fixture { api, .. } = fixture();
        for (path, kind) in [("/2022-07-01/telemetry", "Telemetry"), ("/2020-08-15/logs", "Logs")] {
            let request = http::Request::builder().method(Method::PUT).uri(path).header(HOST, "127.0.0.1:9001");
            let answer = api.call(request.body(Bytes::from_static(b"{}")).unwrap(), ()).await;
            assert_eq!(answer.status(), 202);
            assert!(String::from_utf8_lossy(answer.body()).contains(&format!("{kind}.NotSupported")));
        }
    }

    #[tokio::test]
    async fn an_answer_is_streamed_to_who_takes_it_so_and_its_error_comes_behind_it() {
        let Fixture { api, jobs, .. } = fixture();
        let (sink, _end, mut streaming) = super::super::streaming::Streaming::channel();
        let (answer, reply) = oneshot::channel();
        jobs.send(job("id-1", Some(sink), answer)).await.unwrap();
        api.call(request(Method::GET, "invocation/next", ""), ()).await;
        let mut post = request(Method::POST, "invocation/id-1/response", "");
        post.headers_mut().insert(RESPONSE_MODE, HeaderValue::from_static("Streaming"));
        post.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        let (parts, body) = post.into_parts();
        let incoming = api.stream(&parts, &()).unwrap();
        assert!(api.stream(&parts, &()).is_none(), "one answer begins twice");
        incoming.pieces.send("one".into()).await.unwrap();
        drop(incoming);
        let mut post = Request::from_parts(parts, body);
        let mut trailers = HeaderMap::new();
        trailers.insert(ERROR_TYPE, HeaderValue::from_static("Own"));
        trailers.insert(ERROR_BODY, BASE64_STANDARD.encode(r#"{"errorType":"Own"}"#).parse().unwrap());
        post.extensions_mut().insert(Trailers(trailers));
        assert_eq!(api.call(post, ()).await.status(), 202);
        assert_eq!(reply.await.unwrap(), Answer::Error(r#"{"errorType":"Own"}"#.into()));
        assert!(matches!(streaming.begun().await, super::super::Begun::Stream(Some(kind)) if kind == "text/plain"));
        assert_eq!(streaming.piece().await.unwrap(), "one");
    }

    #[tokio::test]
    async fn garbage_gets_a_404_and_an_error_that_is_no_object_is_wrapped() {
        let Fixture { api, jobs, .. } = fixture();
        for path in ["", "invocation/", "invocation//response", "invocation/x/y", "nonsense"] {
            let status = api.call(request(Method::POST, path, "x"), ()).await.status();
            assert!(matches!(status.as_u16(), 400 | 404), "{path}: {status}");
        }
        let answer = submit(&jobs, "id-1").await;
        api.call(request(Method::GET, "invocation/next", ""), ()).await;
        api.call(request(Method::POST, "invocation/id-1/error", "boom"), ()).await;
        assert_eq!(answer.await.unwrap(), Answer::Error(error_document("Runtime.Unknown", "boom")));
    }

    #[tokio::test]
    async fn a_failed_start_is_reported_once_and_before_the_first_next_only() {
        let Fixture { api, phase, .. } = fixture();
        let body = r#"{"errorType":"X"}"#;
        assert_eq!(api.call(request(Method::POST, "init/error", body), ()).await.status(), 202);
        assert_eq!(*phase.borrow(), Phase::InitFailed(body.into()));
        assert_eq!(api.call(request(Method::POST, "init/error", body), ()).await.status(), 403);
    }
}
