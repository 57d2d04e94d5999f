//! The proxy's service: rules, then the daemon, then an answer that is rebuilt from checked values.

use super::{
    Config, UPSTREAM_TIMEOUT,
    docker::{Container, Daemon, DaemonError, Id, find},
    header::STATE_BEFORE,
    log::{Entry, OK},
    rules::{self, Change, Operation, Refusal},
};
use crate::{
    clock::Clock,
    flight::{Flights, Turn},
    http1::{
        Admission, Peer, Rejection, Request, Response, Service,
        ids::{self, RequestIds},
    },
    names::ContainerName,
    secret::Secret,
};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::Serialize;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Mutex, Semaphore, SemaphorePermit},
    time,
};

/// How many operations may be with the daemon at once; further ones wait for a permit within their own deadline.
const IN_FLIGHT: usize = 8;
/// How many changes of one container may be on their way: one that is carried out, and one that waits for it. A
/// container takes its time to stop, and who waits for it must not be all who can be served.
const CHANGES: usize = 2;

/// The longest wait for the daemon's answer to a ping; one that takes longer is not well.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer to a ping holds.
const PING_AGE: Duration = Duration::from_secs(1);

/// The docker proxy as a service of [`crate::http1`].
pub(super) struct Proxy {
    token: Secret,
    daemon: Arc<Daemon>,
    clock: Clock,
    permits: Arc<Semaphore>,
    /// Functions run in a process each, so this is the one place where equal changes meet.
    changes: Flights<Id, Change, Result<Container, Failure>>,
    /// How the last ping ended, and when.
    pulse: Mutex<Option<(time::Instant, Result<(), Failure>)>>,
    ids: RequestIds,
}

/// What an operation found.
enum Outcome {
    Pong,
    All(Vec<Container>),
    One(Container),
    /// A container after it was changed, and its state before.
    Changed(Container, String),
}

/// Why an operation was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Refused(Refusal),
    /// Absent, or not ours: the proxy itself cannot tell which.
    NotFound,
    Daemon(DaemonError),
    /// As many changes of this container are on their way as may be.
    Busy,
    Deadline,
}

#[derive(Serialize)]
struct All {
    containers: Vec<Container>,
}

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    code: &'static str,
}

impl Proxy {
    pub(super) fn new(config: Config) -> Self {
        Self {
            token: config.token,
            daemon: Arc::new(Daemon::new(config.socket, config.owner, config.project)),
            clock: config.clock,
            permits: Arc::new(Semaphore::new(IN_FLIGHT)),
            changes: Flights::new(),
            pulse: Mutex::new(None),
            ids: RequestIds::default(),
        }
    }

    async fn perform(&self, operation: &Operation) -> Result<Outcome, Failure> {
        match operation {
            Operation::Ping => self.ping().await.map(|()| Outcome::Pong),
            Operation::List => Ok(Outcome::All(self.list().await?)),
            Operation::Inspect(name) => Ok(Outcome::One(self.resolve(name).await?)),
            Operation::Change(change, name) => {
                let (after, before) = self.change(*change, name).await?;
                Ok(Outcome::Changed(after, before))
            }
        }
    }

    async fn list(&self) -> Result<Vec<Container>, Failure> {
        let _permit = permit(&self.permits).await?;
        Ok(self.daemon.list().await?)
    }

    /// Asks the daemon whether it answers. Whoever reaches the port may ask, so this takes no permit from those who
    /// have the token, and however many ask, the daemon is asked by one of them at a time and once per [`PING_AGE`].
    async fn ping(&self) -> Result<(), Failure> {
        let mut pulse = self.pulse.lock().await;
        if let Some((when, outcome)) = *pulse
            && when.elapsed() < PING_AGE
        {
            return outcome;
        }
        let outcome = self.clock.timeout(PING_TIMEOUT, self.daemon.ping()).await.ok_or(Failure::Deadline);
        let outcome = outcome.and_then(|answer| Ok(answer?));
        *pulse = Some((time::Instant::now(), outcome));
        outcome
    }

    /// Finds a name in the list of what is ours: the one way to an id, and the one place that says "not found".
    async fn resolve(&self, name: &ContainerName) -> Result<Container, Failure> {
        find(self.list().await?, name).ok_or(Failure::NotFound)
    }

    /// Changes a container by the id that its name has now, and tells its state after that. A name may move to another
    /// container meanwhile; the id cannot. Of one container, one change is on its way at a time, and only that one is
    /// with the daemon: who waits for it holds no permit.
    async fn change(&self, change: Change, name: &ContainerName) -> Result<(Container, String), Failure> {
        let before = self.resolve(name).await?;
        let (id, state) = (before.id().clone(), before.state.clone());
        let (daemon, permits) = (Arc::clone(&self.daemon), Arc::clone(&self.permits));
        let set_out = |turn: Turn| {
            async move {
                let _turn = turn.lock().await;
                let _permit = permit(&permits).await?;
                carry_out(&daemon, change, before).await
            }
            .boxed()
        };
        let after = self.changes.try_join(id, change, CHANGES, set_out).ok_or(Failure::Busy)?.await?;
        Ok((after, state))
    }
}

/// Waits for a permit to ask the daemon.
async fn permit(permits: &Semaphore) -> Result<SemaphorePermit<'_>, Failure> {
    // Never closed, so a permit always comes, unless the deadline comes first.
    permits.acquire().await.map_err(|_| Failure::Deadline)
}

async fn carry_out(daemon: &Daemon, change: Change, before: Container) -> Result<Container, Failure> {
    // Docker answers differently from version to version here.
    if before.state == "paused" {
        return Err(Failure::Daemon(DaemonError::Conflict));
    }
    daemon.change(change, before.id()).await?;
    let after = daemon.list().await?.into_iter().find(|container| container.id() == before.id());
    match (after, change) {
        (Some(after), _) => Ok(after),
        // One that was started with `--rm` goes when it stops; the daemon may or may not still show it at this point.
        (None, Change::Stop) => Ok(before.on_its_way_out()),
        (None, _) => Err(Failure::NotFound),
    }
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Gone => Self::NotFound,
            other => Self::Daemon(other),
        }
    }
}

impl Failure {
    /// The status, the stable code, the sentence, and the reason in the log.
    fn parts(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::Refused(refusal) => {
                let (code, sentence) = match refusal {
                    Refusal::Token => ("unauthorized", "Unauthorized"),
                    Refusal::Route => ("not_found", "Not found"),
                    Refusal::Method => ("method_not_allowed", "Method not allowed"),
                    _ => ("bad_request", "Bad request"),
                };
                (refusal.status(), code, sentence, refusal.reason())
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Not found", "not_owned"),
            Self::Daemon(DaemonError::Conflict) => {
                (StatusCode::CONFLICT, "conflict", "The container's state does not allow this", "conflict")
            }
            Self::Daemon(DaemonError::Unreachable) => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Docker is not reachable", "unreachable")
            }
            Self::Daemon(_) => (StatusCode::BAD_GATEWAY, "bad_gateway", "Docker gave an invalid answer", "nonsense"),
            Self::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, "busy", "Other changes of this container are on their way", "busy")
            }
            Self::Deadline => (StatusCode::GATEWAY_TIMEOUT, "deadline", "Docker did not answer in time", "deadline"),
        }
    }
}

/// A request that was heard, for the log.
pub(super) struct Asked {
    id: String,
    peer: Option<SocketAddr>,
    began: Instant,
}

/// An operation that was let in.
pub(super) struct Admitted {
    asked: Asked,
    operation: Operation,
}

impl Asked {
    /// Words the outcome, and writes it down.
    fn answer(self, operation: Option<&Operation>, outcome: Result<Outcome, Failure>) -> Response {
        let (mut response, reason) = match outcome {
            Ok(outcome) => (success(outcome), OK),
            Err(failure) => {
                let (status, code, sentence, reason) = failure.parts();
                let mut response = error(status, code, sentence);
                if failure == Failure::Busy {
                    // The handler tells by this that Docker is there.
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                (response, reason)
            }
        };
        ids::name(&mut response, &self.id);
        Entry::new(&self.id, self.peer, operation, reason, response.status(), self.began.elapsed()).write();
        response
    }
}

impl Service for Proxy {
    type Pass = Admitted;

    async fn admit(&self, head: &Parts) -> Result<(Admission, Admitted), Response> {
        let peer = head.extensions.get::<Peer>().map(|peer| peer.0);
        let asked = Asked { id: self.ids.of(&head.headers), peer, began: Instant::now() };
        match rules::decide(head, &self.token) {
            Ok(operation) => Ok((Admission::default(), Admitted { asked, operation })),
            Err(refusal) => Err(asked.answer(None, Err(Failure::Refused(refusal)))),
        }
    }

    async fn call(&self, _: Request, Admitted { asked, operation }: Admitted) -> Response {
        let work = self.clock.timeout(UPSTREAM_TIMEOUT, self.perform(&operation));
        let outcome = work.await.unwrap_or(Err(Failure::Deadline));
        asked.answer(Some(&operation), outcome)
    }

    fn reject(&self, peer: Peer, rejection: Rejection) -> Response {
        let id = self.ids.draw();
        Entry::new(&id, Some(peer.0), None, rejection.code(), rejection.status(), Duration::ZERO).write();
        let mut response = error(rejection.status(), "bad_request", "Bad request");
        ids::name(&mut response, &id);
        response
    }
}

fn success(outcome: Outcome) -> Response {
    match outcome {
        Outcome::Pong => answer(StatusCode::OK, "text/plain; charset=utf-8", Bytes::from_static(b"OK")),
        Outcome::All(containers) => json(StatusCode::OK, &All { containers }),
        Outcome::One(container) => json(StatusCode::OK, &container),
        Outcome::Changed(container, before) => {
            let mut response = json(StatusCode::OK, &container);
            if let Ok(before) = HeaderValue::try_from(before) {
                response.headers_mut().insert(STATE_BEFORE, before);
            }
            response
        }
    }
}

/// An error ends its connection: what comes after a request that we did not like is not read.
fn error(status: StatusCode, code: &'static str, sentence: &'static str) -> Response {
    let mut response = json(status, &ErrorBody { error: sentence, code });
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // These bodies are structs of texts; they always serialise.
    let body = serde_json::to_vec(body).unwrap_or_default();
    answer(status, "application/json; charset=utf-8", body.into())
}

fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
