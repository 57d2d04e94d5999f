//! The edge as a server: every request is checked in one order before the engine hears of it.
//!
//! From the head: host, route, site, rate (`gate.rs`). Then in-flight cap, deployed or signed; then the upstream, within
//! a deadline. Every answer, also a refusal, leaves with a request id. What an API answers is otherwise left as it is,
//! unless the API leaves it to the edge which pages may call it: then no answer opens this door to other origins.

use super::{
    answer,
    capacity::Capacity,
    config::Config,
    event::{Asked, Told},
    function_url::{self, UrlAuth, UrlCaller},
    gate::{Gate, Passed, Target, Who, allowing},
    keyring::Keyring,
    lenient,
    limits::Client,
    origin,
    pages::Pages,
    proof, scope,
    signature::{Claim, Denied, Verified},
    upstream::{ApiCall, AwsCall, Upstream, UrlCall},
};
use crate::{
    aws_protocol::Protocol,
    http1::{
        self, Admission, Peer, Rejection, Request, Response, Share,
        ids::{self, REQUEST_ID, RequestIds},
    },
    lenience::Lean,
};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

/// Bytes of a body that an API takes:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>.
const API_BODY_BYTES: usize = 10 * 1024 * 1024;
/// Bytes of body of a call of a function's URL: Lambda's own limit of an event.
const URL_BODY_BYTES: usize = 6 * 1024 * 1024;
/// Bytes of body of all else but AWS calls that claim a key; those are limited by [`http1::Limits::body_bytes`].
const SMALL_BODY_BYTES: usize = 1024 * 1024;
/// The deadline of an AWS call: an invoked function may run for 15 minutes.
const AWS_TIME: Duration = Duration::from_secs(905);
/// The deadline of the question whether the engine is healthy.
const HEALTH_TIME: Duration = Duration::from_secs(5);

/// How far into the body of an AWS call its operation is looked for, in bytes: clients write it first.
const NAMED_WITHIN: usize = 4096;

/// The AWS calls that nobody signs: a token in them says who makes them.
const UNSIGNED: [&str; 2] = ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

/// How many characters the log has of how a call names its operation.
const OPERATION: usize = 160;

/// What a client is told to wait where nobody knows better.
const A_MOMENT: Duration = Duration::from_secs(1);

/// The edge in front of one upstream.
pub struct Edge<U> {
    gate: Gate<U>,
    api_calls: Capacity,
    aws_calls: Capacity,
    pages: Pages,
    ids: RequestIds,
}

/// Serves the edge on `listener` until `shutdown`.
pub async fn run<U: Upstream>(listener: TcpListener, edge: Edge<U>, shutdown: CancellationToken) {
    run_on(vec![listener], edge, shutdown).await;
}

/// Serves the edge on several listeners until `shutdown`; connections are counted for each.
pub async fn run_on<U: Upstream>(listeners: Vec<TcpListener>, edge: Edge<U>, shutdown: CancellationToken) {
    let edge = Arc::new(edge);
    let serve = |listener| http1::serve(listener, edge.gate.config.limits.clone(), Arc::clone(&edge), shutdown.clone());
    join_all(listeners.into_iter().map(serve)).await;
}

impl<U: Upstream> Edge<U> {
    /// Puts an edge in front of `upstream`, which accepts the keys of `keyring`.
    #[must_use]
    pub fn new(upstream: Arc<U>, keyring: Keyring, config: Config) -> Self {
        Self {
            api_calls: Capacity::new(config.in_flight),
            aws_calls: Capacity::new(config.aws_in_flight),
            pages: Pages::new(config.clock.clone()),
            ids: RequestIds::default(),
            gate: Gate::new(upstream, keyring, config),
        }
    }

    /// Answers a request whose head has passed.
    async fn answer(&self, passed: Passed<U::Deployment>, parts: Parts, body: Bytes, id: &str) -> Response {
        let Passed { target, site, who, is_lenient, took } = passed;
        let response = match target {
            Target::Health => self.health(&parts).await,
            Target::Page(page) => self.pages.answer(page, self.gate.upstream.services().unwrap_or_default()),
            Target::Code => match self.api_calls.try_acquire(false) {
                Some(_permit) => self.gate.upstream.code(&parts.uri).await.unwrap_or_else(answer::no_code),
                None => answer::busy(),
            },
            Target::Api { api, stage, path, deployment, voice } => {
                let caller = self.api_caller(&parts, &body);
                let (request_id, request) = (id.to_owned(), Request::from_parts(parts, body));
                let call = ApiCall { request_id, api, stage, deployment, path, caller, request };
                let left = self.gate.config.api_time.saturating_sub(took);
                let answered = self.gate.config.clock.timeout(left, self.api(who, call)).await;
                return match answered {
                    Some(Ok(response)) if voice.is_own => response,
                    Some(Ok(response)) => allowing(&site, without_cors(response)),
                    Some(Err(response)) => allowing(&site, answer::uncached(response)),
                    None => allowing(&site, answer::uncached(answer::deadline())),
                };
            }
            Target::Url { id: url, path, auth, claim } => {
                let caller = self.url_caller(claim, &auth, &parts, &body);
                if matches!((&caller, who), (UrlCaller::Denied(_), Who::Known))
                    && let Err(wait) = self.gate.count(&parts)
                {
                    return answer::too_many(wait);
                }
                let (request_id, request) = (id.to_owned(), Request::from_parts(parts, body));
                return self.url(who, UrlCall { request_id, id: url, caller, path, request }).await;
            }
            Target::Aws(claim) => {
                let caller = Caller { claim, who, is_lenient };
                self.aws(caller, Request::from_parts(parts, body), id).await
            }
        };
        allowing(&site, answer::uncached(response))
    }

    async fn health(&self, parts: &Parts) -> Response {
        let mut response = if timeout(HEALTH_TIME, self.gate.upstream.is_healthy()).await.unwrap_or(false) {
            answer::json(StatusCode::OK, &json!({ "status": "ok" }))
        } else {
            answer::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "unavailable" }))
        };
        if let Some(proof) = proof::of(&parts.headers, &self.gate.keyring) {
            response.headers_mut().insert(proof::PROOF, proof);
        }
        response
    }

    /// Has an API answer; the error is the edge's own answer instead.
    async fn api(&self, who: Who, call: ApiCall<U::Deployment>) -> Result<Response, Response> {
        let _permit = self.api_calls.try_acquire(who == Who::Known).ok_or_else(answer::busy)?;
        Ok(self.gate.upstream.api(call).await)
    }

    async fn url(&self, who: Who, call: UrlCall) -> Response {
        let Some(_permit) = self.api_calls.try_acquire(who == Who::Known) else { return answer::busy() };
        let mut response = match timeout(AWS_TIME, self.gate.upstream.call_url(call)).await {
            Ok(response) => response,
            Err(_) => answer::deadline(),
        };
        response.extensions_mut().insert(Theirs);
        response
    }

    /// Proves who has signed a call of an API. Most are not signed, and other schemes than AWS's are the API's own.
    fn api_caller(&self, parts: &Parts, body: &[u8]) -> UrlCaller {
        let claim = match Claim::of(parts) {
            Err(Denied::Missing) => return UrlCaller::Anybody,
            claim => claim,
        };
        let candidates = origin::signed_candidates(&parts.headers, self.gate.config.public_host.as_deref());
        let now = self.gate.config.clock.now();
        let verified = claim.and_then(|claim| claim.verify(parts, body, &candidates, &self.gate.keyring, now));
        match verified {
            Ok(verified) if verified.service != "execute-api" => UrlCaller::Denied(Denied::Scope(
                "Credential should be scoped to correct service: 'execute-api'.".to_owned(),
            )),
            Ok(verified) => UrlCaller::Key(verified.access_key_id),
            Err(denied) => UrlCaller::Denied(denied),
        }
    }

    /// Proves who calls a function's URL, where that is asked.
    fn url_caller(
        &self,
        claim: Option<Result<Claim, Denied>>,
        auth: &UrlAuth,
        parts: &Parts,
        body: &[u8],
    ) -> UrlCaller {
        let Some(claim) = claim else { return UrlCaller::Anybody };
        let candidates = origin::signed_candidates(&parts.headers, self.gate.config.public_host.as_deref());
        let verified = claim
            .and_then(|claim| claim.verify(parts, body, &candidates, &self.gate.keyring, self.gate.config.clock.now()))
            .and_then(|verified| function_url::check_scope(&verified, auth).map(|()| verified));
        match verified {
            Ok(verified) => UrlCaller::Key(verified.access_key_id),
            Err(denied) => UrlCaller::Denied(denied),
        }
    }

    async fn aws(&self, caller: Caller, request: Request, id: &str) -> Response {
        let (mut parts, body) = request.into_parts();
        let Caller { claim, who, is_lenient } = caller;
        let word = || lenient::at_its_word(&parts).or_else(|| lenient::unsigned(&parts, &body));
        let word = if is_lenient { word() } else { None };
        let service = claim.as_ref().ok().map(Claim::service).or_else(|| Some(word.as_ref()?.service.as_str()));
        let protocol = answer::protocol(service, &parts, &body);
        let operation = lenient::call(service.unwrap_or("aws"), &parts, &body[..body.len().min(NAMED_WITHIN)]);
        let claim = claim.map_err(|denied| self.unsigned(denied, &operation));
        let Verified { access_key_id, region, service, is_lent } = match self.verify(claim, word, &parts, &body) {
            Ok(verified) => verified,
            Err(denied) => {
                let refusal = self.deny(&denied, (who, is_lenient), &parts, protocol, id);
                return told(refusal, &operation, false);
            }
        };
        self.pages.note(&service);
        let Some(_permit) = self.aws_calls.try_acquire(is_lent) else {
            let busy = answer::unavailable(protocol, "too many requests in flight", id);
            return told(busy, &operation, is_lent);
        };
        name_request(&mut parts, id);
        let (request_id, request) = (id.to_owned(), Request::from_parts(parts, body));
        let call = AwsCall { request_id, service, region, access_key_id, request };
        let response = match timeout(AWS_TIME, self.gate.upstream.aws(call)).await {
            Ok(response) => without_cors(response),
            Err(_) => answer::unavailable(protocol, "the engine did not answer in time", id),
        };
        told(response, &operation, is_lent)
    }

    /// What is said of a call that nobody signed: of one that nobody has to sign, that it is not here.
    fn unsigned(&self, denied: Denied, operation: &str) -> Denied {
        let name = operation.rsplit(' ').next().unwrap_or_default();
        let has_sts = self.gate.upstream.services().is_some_and(|services| services.contains(&"sts"));
        match denied {
            Denied::Missing if has_sts && UNSIGNED.contains(&name) => {
                Denied::Service(format!("The operation {name} of sts is not implemented by atelier's emulator."))
            }
            denied => denied,
        }
    }

    /// Proves what an AWS call claims, and that it is for a region and a service that are here. Where the engine is
    /// lenient for whoever calls, what cannot be proved is taken at its `word`, and noted.
    fn verify(
        &self,
        claim: Result<Claim, Denied>,
        word: Option<Verified>,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Verified, Denied> {
        let candidates = origin::signed_candidates(&parts.headers, self.gate.config.public_host.as_deref());
        let prove =
            |claim: Claim| claim.verify(parts, body, &candidates, &self.gate.keyring, self.gate.config.clock.now());
        let (verified, refusal) = match (claim.and_then(prove), word) {
            (Err(denied), Some(word)) => (word, Some(denied)),
            (proved, _) => (proved?, None),
        };
        scope::check(&verified, self.gate.upstream.services())?;
        if let Some(refusal) = refusal {
            let lean =
                Lean::Credentials { access_key_id: verified.access_key_id.clone(), refusal: refusal.to_string() };
            self.gate.config.leans.note(&lean, || lenient::call(&verified.service, parts, body));
        }
        Ok(verified)
    }

    /// Words a refusal. A stranger has paid for it already.
    fn deny(
        &self,
        denied: &Denied,
        (who, is_lenient): (Who, bool),
        parts: &Parts,
        protocol: Protocol,
        id: &str,
    ) -> Response {
        let paid = if who == Who::Known { self.gate.count(parts) } else { Ok(()) };
        match paid {
            Ok(()) => answer::denied(denied, protocol, is_lenient, id),
            Err(wait) => answer::throttled(protocol, wait, id),
        }
    }
}

/// Who makes an AWS call, as far as its head tells.
struct Caller {
    claim: Result<Claim, Denied>,
    who: Who,
    is_lenient: bool,
}

/// A request that was let in.
pub struct Admitted<D> {
    asked: Asked,
    passed: Passed<D>,
}

impl<U: Upstream> http1::Service for Edge<U> {
    type Pass = Admitted<U::Deployment>;

    /// Only who claims a key that exists may send more than a small body; and known keys have room when strangers have
    /// taken theirs.
    async fn admit(&self, head: &Parts) -> Result<(Admission, Self::Pass), Response> {
        let asked = Asked::of(head, self.ids.of(&head.headers));
        let passed = match self.gate.pass(head, &asked.id).await {
            Ok(passed) => passed,
            Err(response) => return Err(finished(&asked, answer::uncached(response))),
        };
        let bytes = match (&passed.target, passed.who) {
            (Target::Aws(_), Who::Known) => self.gate.config.limits.body_bytes,
            (Target::Url { .. }, _) => URL_BODY_BYTES,
            (Target::Api { .. }, _) => API_BODY_BYTES,
            _ => SMALL_BODY_BYTES,
        };
        let share = match passed.who {
            Who::Known => Share::Known,
            Who::Stranger => Share::Strangers,
        };
        Ok((Admission { bytes, share }, Admitted { asked, passed }))
    }

    async fn call(&self, request: Request, Admitted { asked, passed }: Self::Pass) -> Response {
        let (parts, body) = request.into_parts();
        let response = self.answer(passed, parts, body, &asked.id).await;
        finished(&asked, response)
    }

    /// A body that is too large is worded by what it is for: an API by its gateway, an AWS call by its service. Of AWS
    /// calls only the owner's are; strangers learn nothing from it.
    fn reject_body(&self, head: &Parts, admitted: &Self::Pass, rejection: Rejection) -> Option<Response> {
        let Admitted { passed: Passed { target, who, .. }, asked } = admitted;
        if rejection != Rejection::BodyTooLarge {
            return None;
        }
        let upstream = &self.gate.upstream;
        let response = match (target, who) {
            (Target::Aws(Ok(claim)), Who::Known) => {
                upstream.too_large(claim.service(), head, self.gate.config.limits.body_bytes, &asked.id)
            }
            (Target::Api { deployment, .. }, _) => upstream.api_too_large(deployment),
            _ => None,
        }?;
        Some(finished(asked, response))
    }

    fn reject(&self, peer: Peer, rejection: Rejection) -> Response {
        let id = self.ids.draw();
        let status = rejection.status().as_u16();
        tracing::info!(request_id = id, peer = %peer.0, reason = rejection.code(), status, "rejected");
        let answer = match rejection {
            Rejection::Connections | Rejection::Room | Rejection::Bug => answer::rejected(rejection),
            // Apart from what is well-formed: nobody can tell who among an address's clients speaks so.
            _ => self
                .gate
                .take(Client::malformed(peer.0.ip()))
                .map_or_else(answer::too_many, |()| answer::rejected(rejection)),
        };
        finish(answer::uncached(answer), &id)
    }
}

/// Finishes the answer, and writes down what was asked and what came of it.
fn finished(asked: &Asked, response: Response) -> Response {
    let response = finish(response, &asked.id);
    asked.answered(&response);
    response
}

/// Takes off what an engine says about other origins: only the edge decides that.
fn without_cors(mut response: Response) -> Response {
    origin::silence(response.headers_mut());
    response
}

/// Puts on an answer which AWS call it answers, as far as nobody behind the edge has said it better.
fn told(mut response: Response, operation: &str, is_lent: bool) -> Response {
    let told = response.extensions_mut().get_or_insert_with(Told::default);
    // A stranger's words have a bound in the log.
    told.operation.get_or_insert_with(|| operation.chars().take(OPERATION).collect());
    told.is_lent = is_lent;
    response
}

/// Gives an AWS call its id on the way to the upstream, so that both log the same one. A call of an API has its id beside
/// it: what an API shows of headers is what its client sent.
fn name_request(parts: &mut Parts, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        parts.headers.insert(REQUEST_ID, id);
    }
}

/// Marks an answer that leaves with nothing of the edge's but its id: whoever made it says what may be kept and shown.
#[derive(Debug, Clone)]
struct Theirs;

/// Puts on what every answer carries. One that asks to come back later says when, also where what is behind the edge
/// does not.
fn finish(mut response: Response, id: &str) -> Response {
    if response.extensions().get::<Theirs>().is_some() {
        ids::name(&mut response, id);
        return response;
    }
    let asks_back = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    if asks_back && !response.headers().contains_key(header::RETRY_AFTER) {
        response = answer::retry_after(response, A_MOMENT);
    }
    ids::name(&mut response, id);
    response
}
