//! Docker as the handler uses it: our docker proxy's HTTP API. The proxy owns the rules (which containers are ours,
//! which operations there are); the handler validates names before they go into a path, and bounds every answer.

use super::{
    deadline::Timing,
    failure::{Failure, Upstream},
    log,
};
use crate::{
    contract::Change,
    http1::ids::REQUEST_ID,
    names::ContainerName,
    proxy::{ProxyAddress, STATE_BEFORE},
};
use bytes::Bytes;
use http::{Method, StatusCode, Uri, header, response::Parts, uri::Authority};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Instant;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// A container of ours, as the proxy shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Container {
    pub(super) name: String,
    /// The daemon's own word (`running`, `exited`, `created`, `paused`).
    pub(super) state: String,
}

#[derive(Deserialize)]
struct Containers {
    containers: Vec<Container>,
}

/// The door to the docker proxy.
pub(super) struct Docker {
    proxy: Authority,
    authorization: header::HeaderValue,
    timing: Timing,
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Docker {
    /// Takes the proxy's address apart; `None` where it is no plain HTTP URL, or the token cannot be a header.
    pub(super) fn new(door: &ProxyAddress, timing: Timing) -> Option<Self> {
        let url: Uri = door.url.parse().ok()?;
        if url.scheme_str() != Some("http") || url.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return None;
        }
        let mut authorization = header::HeaderValue::try_from(format!("Bearer {}", door.token.expose())).ok()?;
        authorization.set_sensitive(true);
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(timing.deadlines.connect));
        // A kept connection could die unnoticed while Lambda has this process frozen; a new one costs microseconds.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Some(Self { proxy: url.authority()?.clone(), authorization, timing, client })
    }

    /// Lists the containers that we own.
    pub(super) async fn list(&self) -> Result<Vec<Container>, Failure> {
        let Containers { containers } = self.call("list", Method::GET, "/containers".to_owned()).await?;
        containers.into_iter().map(|container| check("list", container)).collect()
    }

    /// Looks a container up.
    pub(super) async fn find(&self, name: &ContainerName) -> Result<Container, Failure> {
        check("inspect", self.call("inspect", Method::GET, format!("/containers/{name}")).await?)
    }

    /// Changes a container; starting what runs and stopping what is stopped succeeds. A change has succeeded once the
    /// state after it says so: Docker starts what ends at once, and somebody else may have undone the change.
    pub(super) async fn change(&self, change: Change, name: &ContainerName) -> Result<(), Failure> {
        let operation = change.as_str();
        let path = format!("/containers/{name}/{operation}");
        let (container, head) = self.ask(operation, Method::POST, path).await?;
        let container = check(operation, container)?;
        let before =
            head.headers.get(STATE_BEFORE).and_then(|state| state.to_str().ok()).filter(|state| is_word(state));
        if let Some(before) = before {
            log::saw(&container.name, before);
        }
        log::saw(&container.name, &container.state);
        if has_led_to(change, &container.state) {
            Ok(())
        } else {
            log::upstream(Upstream::Docker, operation, "undone");
            Err(Failure::Conflict("The container did not stay in the state that was asked for"))
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        path: String,
    ) -> Result<T, Failure> {
        self.ask(operation, method, path).await.map(|(value, _)| value)
    }

    /// Has the proxy answer, and gives the answer with its head.
    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        path: String,
    ) -> Result<(T, Parts), Failure> {
        let began = Instant::now();
        let answer = self.timing.call(self.exchange(method, path));
        let (reason, failure) = match answer.await {
            Some(Ok((head, body))) if head.status == StatusCode::OK => match serde_json::from_slice(&body) {
                Ok(value) => {
                    log::asked(Upstream::Docker, operation, began, None);
                    return Ok((value, head));
                }
                Err(_) => ("nonsense", Failure::BadGateway(Upstream::Docker)),
            },
            Some(Ok((head, _))) => refusal(&head),
            Some(Err(failure)) => ("unreachable", failure),
            None => ("deadline", Failure::Deadline),
        };
        log::asked(Upstream::Docker, operation, began, Some(reason));
        log::upstream(Upstream::Docker, operation, reason);
        Err(failure)
    }

    async fn exchange(&self, method: Method, path: String) -> Result<(Parts, Bytes), Failure> {
        let uri = Uri::builder().scheme("http").authority(self.proxy.clone()).path_and_query(path).build();
        let request = http::Request::builder()
            .method(method)
            .uri(uri.map_err(|_| Failure::Internal)?)
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(REQUEST_ID, log::request_id().unwrap_or_default())
            .body(Empty::new())
            .map_err(|_| Failure::Internal)?;
        let answer = self.client.request(request).await.map_err(|_| Failure::Unavailable(Upstream::Docker))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        Ok((head, body.map_err(|_| Failure::BadGateway(Upstream::Docker))?.to_bytes()))
    }
}

/// Tells whether a container in this state has been started or stopped. One that is on its way is neither.
fn has_led_to(change: Change, state: &str) -> bool {
    match change {
        Change::Start | Change::Restart => state == "running",
        Change::Stop => !matches!(state, "running" | "restarting" | "paused" | "stopping"),
    }
}

/// A state is shown to the client, so it must be one of Docker's short words.
fn check(operation: &'static str, container: Container) -> Result<Container, Failure> {
    if is_word(&container.state) && container.name.parse::<ContainerName>().is_ok() {
        Ok(container)
    } else {
        log::upstream(Upstream::Docker, operation, "nonsense");
        Err(Failure::BadGateway(Upstream::Docker))
    }
}

fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The proxy's refusals. That our token is wrong is our operator's business, not the client's.
fn refusal(head: &Parts) -> (&'static str, Failure) {
    match head.status {
        StatusCode::NOT_FOUND => ("not_found", Failure::ContainerNotFound),
        StatusCode::CONFLICT => ("conflict", Failure::Conflict("The container's state does not allow this")),
        StatusCode::TOO_MANY_REQUESTS => ("throttled", Failure::Throttled),
        StatusCode::SERVICE_UNAVAILABLE if head.headers.contains_key(header::RETRY_AFTER) => ("busy", Failure::Busy),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", Failure::Unavailable(Upstream::Docker)),
        StatusCode::GATEWAY_TIMEOUT => ("deadline", Failure::Deadline),
        StatusCode::UNAUTHORIZED => ("unauthorized", Failure::BadGateway(Upstream::Docker)),
        _ => ("refused", Failure::BadGateway(Upstream::Docker)),
    }
}
