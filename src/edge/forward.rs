//! The upstream for an engine that is reached over HTTP (a container that speaks the AWS API).
//!
//! A request is written anew: its target, method and body, and of its headers those that mean something to the API or
//! the service behind. The installation's credentials end here: AWS calls go on under the engine's own, static ones.
//! The engine's answer is bounded, and nothing in it is acted on but its status.
//!
//! Not here: deadlines of calls, which the edge sets, and TLS, which no local engine needs.

use super::{
    answer, canonical,
    config::{AWS_IN_FLIGHT, IN_FLIGHT},
    list::List,
    loading::Loading,
    upstream::{ApiCall, AwsCall, Lookup, Upstream},
};
use crate::{
    aws_protocol::Protocol,
    http1::{Peer, Request, Response, ids::REQUEST_ID},
    names::{ApiId, StageName},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header,
    uri::{Authority, PathAndQuery, Scheme},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use time::{OffsetDateTime, macros::format_description};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// The longest wait for a TCP connection to the engine.
const CONNECT_TIME: Duration = crate::deadlines::CONNECT;
/// How long an idle connection is kept; less than engines keep theirs.
const IDLE_TIME: Duration = Duration::from_secs(4);
/// Bytes of an engine's answer; more is a 502.
const ANSWER_BYTES: usize = 10 * 1024 * 1024;
/// Bytes of all answers together, from the engine's first byte to the client's last. The first ones of each are free:
/// the connections' own memory has room for a small answer.
const ANSWERS_BYTES: usize = 32 * 1024 * 1024;
const FREE_BYTES: usize = 32 * 1024;
/// Bytes that are counted as one.
const UNIT: usize = 4 * 1024;
/// The most that one connection to the engine reads ahead.
const READ_AHEAD_BYTES: usize = 64 * 1024;
/// Bytes of memory that this upstream takes at the very most: an answer that moves to a larger buffer is there twice.
pub const MEMORY: usize = 2 * ANSWERS_BYTES + (IN_FLIGHT + AWS_IN_FLIGHT) * READ_AHEAD_BYTES;
/// The longest wait for the engine to say that it is there.
const HEALTH_TIME: Duration = Duration::from_secs(2);
/// Headers of an answer that concern one connection, or tell what the engine is made of.
const NOT_ANSWERED: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::PROXY_AUTHENTICATE,
    header::SERVER,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("x-localstack"),
];
/// The most that one list of the engine's may have.
const LISTED: usize = 500;

/// Headers of an API call that go on; the API knows no others.
const PASSED: [&str; 6] = ["accept", "accept-language", "content-type", "origin", "user-agent", "x-api-key"];

/// Headers of an AWS call that do not go on: they concern one connection, say where a request comes from, or change
/// what it means to an engine.
const DROPPED: [&str; 25] = [
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];
/// The same by how their names begin.
const DROPPED_PREFIXES: [&str; 3] = ["x-forwarded-", "x-localstack-", "x-moto-"];

/// Which engine, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Where it listens (`172.17.0.1:4566`).
    pub authority: Authority,
    /// The path that answers 200 when it is ready (`/_localstack/health`).
    pub health_path: PathAndQuery,
    /// The access key id that calls go on under; local engines read it and verify nothing (`test`).
    pub access_key_id: String,
    /// The region that APIs are deployed in; engines keep the regions apart, and the URL of an API does not name its.
    pub region: String,
}

/// Why there is no answer to pass on.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the engine cannot be reached")]
    Unreachable,
    #[error("the engine's answer makes no sense or is too large")]
    Nonsense,
    #[error("too many large answers at once")]
    Room,
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unreachable | Self::Room => StatusCode::SERVICE_UNAVAILABLE,
            Self::Nonsense => StatusCode::BAD_GATEWAY,
        }
    }
}

/// An engine behind HTTP.
pub struct Forward {
    engine: Engine,
    client: Client<HttpConnector, Full<Bytes>>,
    apis: List<ApiId>,
    /// The stages of those APIs that the engine has listed.
    stages: Mutex<HashMap<ApiId, Arc<List<StageName>>>>,
    /// The digests of the API keys.
    keys: List<[u8; 32]>,
    answers: Arc<Semaphore>,
    loading: Loading,
    health: tokio::sync::Mutex<Option<(bool, Instant)>>,
}

impl Forward {
    /// Makes the upstream for `engine`; nothing is connected yet.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIME));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(READ_AHEAD_BYTES)
            .build(connector);
        Self {
            engine,
            client,
            apis: List::default(),
            stages: Mutex::default(),
            keys: List::default(),
            answers: Arc::new(Semaphore::new(ANSWERS_BYTES / UNIT)),
            loading: Loading::default(),
            health: tokio::sync::Mutex::default(),
        }
    }

    /// Sends an AWS call, which may be the first one for its service.
    async fn call(
        &self,
        service: &str,
        method: Method,
        target: PathAndQuery,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, Fault> {
        let turn = self.loading.turn(service).await;
        let answer = self.send(method, target, headers, body).await?;
        if let Some(turn) = turn {
            turn.answered();
        }
        Ok(answer)
    }

    async fn send(
        &self,
        method: Method,
        target: PathAndQuery,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, Fault> {
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.engine.authority.clone());
        uri.path_and_query = Some(target);
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_parts(uri).map_err(|_| Fault::Nonsense)?;
        *request.headers_mut() = headers;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| if error.is_connect() { Fault::Unreachable } else { Fault::Nonsense })?;
        let (mut parts, body) = answer.into_parts();
        let (body, room) = self.collect(body).await?;
        if let Some(room) = room {
            parts.extensions.insert(Arc::new(room));
        }
        for name in NOT_ANSWERED {
            parts.headers.remove(name);
        }
        Ok(Response::from_parts(parts, body))
    }

    /// Reads an answer's body, and takes room for what is more than a little.
    async fn collect(&self, mut body: Incoming) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Fault> {
        let mut bytes = Vec::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Fault::Nonsense)?.into_data() else { continue };
            let length = bytes.len() + data.len();
            if length > ANSWER_BYTES {
                return Err(Fault::Nonsense);
            }
            let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more = length.saturating_sub(FREE_BYTES).div_ceil(UNIT).saturating_sub(held);
            if more > 0 {
                let more = u32::try_from(more).map_err(|_| Fault::Room)?;
                let more = Arc::clone(&self.answers).try_acquire_many_owned(more).map_err(|_| Fault::Room)?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.into(), room))
    }

    /// Asks the engine for one of its lists; `None` when it does not say. No byte of a client is in `target`: it is a
    /// constant, or has an id that the engine itself has listed.
    async fn list<T: Eq + Hash>(&self, target: String, item: impl Fn(&Value) -> Option<T>) -> Option<HashSet<T>> {
        let service = "apigateway";
        let authorization = self.authorization(&self.engine.region, service);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]);
        let answer = self.call(service, Method::GET, target.parse().ok()?, headers, Bytes::new()).await.ok()?;
        if answer.status() != StatusCode::OK {
            return None;
        }
        let mut document: Value = serde_json::from_slice(answer.body()).ok()?;
        let items = document.get_mut("item").map_or_else(|| Value::Array(Vec::new()), Value::take);
        Some(items.as_array()?.iter().filter_map(item).collect())
    }

    async fn has_api(&self, api: &ApiId) -> Option<bool> {
        let ask = async {
            let id = |item: &Value| item["id"].as_str()?.parse::<ApiId>().ok();
            let listed = self.list(format!("/restapis?limit={LISTED}"), id).await?;
            let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
            stages.retain(|api, _| listed.contains(api));
            Some(listed)
        };
        self.apis.has(api, ask).await
    }

    async fn has_stage(&self, api: &ApiId, stage: &StageName) -> Option<bool> {
        let stages = {
            let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(stages.entry(api.clone()).or_default())
        };
        let name = |item: &Value| item["stageName"].as_str()?.parse::<StageName>().ok();
        stages.has(stage, self.list(format!("/restapis/{api}/stages"), name)).await
    }

    async fn has_key(&self, key: &str) -> Option<bool> {
        let wanted: [u8; 32] = Sha256::digest(key).into();
        let digest = |item: &Value| {
            let value = item["value"].as_str().filter(|_| item["enabled"] != false)?;
            Some(Sha256::digest(value).into())
        };
        self.keys.has(&wanted, self.list(format!("/apikeys?includeValues=true&limit={LISTED}"), digest)).await
    }

    /// Signs for an engine that reads who signed, where and for what, and verifies nothing.
    fn authorization(&self, region: &str, service: &str) -> HeaderValue {
        let today = OffsetDateTime::now_utc().format(format_description!("[year][month][day]")).unwrap_or_default();
        let id = &self.engine.access_key_id;
        let signature = "0".repeat(64);
        HeaderValue::try_from(format!(
            "AWS4-HMAC-SHA256 Credential={id}/{today}/{region}/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}"
        ))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

impl Upstream for Forward {
    /// The engine itself keeps what a stage serves.
    type Deployment = ();

    /// Any key that the engine has opens: what it opens, the engine decides.
    async fn find(&self, api: &ApiId, stage: &StageName, key: Option<&str>) -> Lookup<()> {
        let is_opened = match key {
            Some(key) => self.has_key(key).await == Some(true),
            None => false,
        };
        match self.has_api(api).await {
            Some(true) => match self.has_stage(api, stage).await {
                Some(true) => Lookup::Deployed { deployment: (), is_opened },
                // A stranger is not told which of the two it is.
                Some(false) => Lookup::Absent,
                None => Lookup::Unknown,
            },
            Some(false) => Lookup::Absent,
            None => Lookup::Unknown,
        }
    }

    fn services(&self) -> Option<&'static [&'static str]> {
        None
    }

    async fn api(&self, call: ApiCall<()>) -> Response {
        let request = call.request;
        let mut headers = only(&PASSED, request.headers());
        forwarded_for(&mut headers, &request);
        // The function behind it logs what it does under this.
        if let Ok(id) = HeaderValue::from_str(&call.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        let target = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let sent = self.send(request.method().clone(), target, headers, request.into_body()).await;
        sent.unwrap_or_else(|fault| answer::failure(fault.status(), "engine", &fault.to_string()))
    }

    async fn aws(&self, call: AwsCall) -> Response {
        let AwsCall { request_id, service, region, request, .. } = call;
        let (parts, body) = request.into_parts();
        let protocol = Protocol::of(&service, &parts.headers);
        let mut headers = without_dropped(&parts.headers);
        headers.remove("x-amz-security-token");
        headers.insert(header::AUTHORIZATION, self.authorization(&region, &service));
        let sent = match without_signature(&parts.uri) {
            Some(target) => self.call(&service, parts.method.clone(), target, headers, body).await,
            None => Err(Fault::Nonsense),
        };
        sent.unwrap_or_else(|fault| {
            protocol.error(fault.status(), "ServiceUnavailable", &fault.to_string(), &request_id)
        })
    }

    /// Asks once a second at most, however many ask the edge.
    async fn is_healthy(&self) -> bool {
        let mut health = self.health.lock().await;
        if let Some((healthy, until)) = *health
            && Instant::now() < until
        {
            return healthy;
        }
        let asking = self.send(Method::GET, self.engine.health_path.clone(), HeaderMap::new(), Bytes::new());
        let healthy = matches!(timeout(HEALTH_TIME, asking).await, Ok(Ok(answer)) if answer.status() == StatusCode::OK);
        *health = Some((healthy, Instant::now() + Duration::from_secs(1)));
        healthy
    }
}

/// Copies the headers of these names.
fn only(names: &[&str], headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| names.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Copies the headers of an AWS call that go on. Names with `_` do not: engines in Python take them for those with `-`.
fn without_dropped(headers: &HeaderMap) -> HeaderMap {
    let goes_on = |name: &HeaderName| {
        let name = name.as_str();
        let dropped = DROPPED.contains(&name) || DROPPED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        !dropped && !name.contains('_')
    };
    headers.iter().filter(|(name, _)| goes_on(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Tells the API who called, by the connection and not by what the client says.
fn forwarded_for(headers: &mut HeaderMap, request: &Request) {
    if let Some(Peer(peer)) = request.extensions().get::<Peer>()
        && let Ok(address) = HeaderValue::try_from(peer.ip().to_canonical().to_string())
    {
        headers.insert("x-forwarded-for", address);
    }
}

/// Drops a presigned URL's own parameters from its target, however their names are written.
fn without_signature(uri: &Uri) -> Option<PathAndQuery> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let of_signature = |pair: &str| {
        let name = canonical::unescape(pair.split_once('=').map_or(pair, |(name, _)| name));
        name.to_ascii_lowercase().starts_with(b"x-amz-")
    };
    let kept: Vec<&str> = pairs.filter(|pair| !pair.is_empty() && !of_signature(pair)).collect();
    let target = if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), kept.join("&")) };
    target.parse().ok()
}
