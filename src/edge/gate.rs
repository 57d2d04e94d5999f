//! What is decided from a request's head alone, before any of its body is read: where it goes, whose it is, and whether
//! whoever sends it has asked too much.

use super::{
    answer,
    config::Config,
    function_url::{self, UrlAuth},
    keyring::Keyring,
    lenient::{self, Page},
    limits::{Buckets, Client},
    origin::{Site, is_tunnelled, site},
    routes::{ApiPath, Refused, Route, api_of_host, route, route_of},
    signature::{Claim, Denied},
    upstream::{Lookup, Upstream, Voice},
    welcome,
};
use crate::{
    api_key,
    clock::Clock,
    hosts,
    http1::{Local, Peer, Response},
    lenience::Lean,
    names::{ApiId, FunctionUrlId, StageName},
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::Instant;

/// A head that may go on.
#[derive(Debug)]
pub(super) struct Passed<D> {
    pub(super) target: Target<D>,
    pub(super) site: Site,
    pub(super) who: Who,
    /// Whether the engine is lenient for whoever sends it.
    pub(super) is_lenient: bool,
    /// What this took of the time that the request has.
    pub(super) took: Duration,
}

/// Where a request that was let in goes.
#[derive(Debug)]
pub(super) enum Target<D> {
    /// To the edge itself, which tells whether the engine is healthy.
    Health,
    /// To the edge itself, which answers as `LocalStack` does.
    Page(Page),
    /// To the engine, which knows the links to code that it has handed out.
    Code,
    /// To this deployment of an API.
    Api { api: ApiId, stage: StageName, path: String, deployment: D, voice: Voice },
    /// To the function of a URL, with what is claimed about who calls it where that is asked.
    Url { id: FunctionUrlId, path: String, auth: UrlAuth, claim: Option<Result<Claim, Denied>> },
    /// To an AWS service, if what it claims is proved once its body is there.
    Aws(Result<Claim, Denied>),
}

/// Who sends a request, as far as its head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Somebody with a key that opens the called API, or who names the access key of an AWS call as the owner does.
    Known,
    /// Anybody; has paid with a token of its address.
    Stranger,
}

/// What decides about heads.
pub(super) struct Gate<U> {
    pub(super) upstream: Arc<U>,
    pub(super) keyring: Keyring,
    pub(super) config: Config,
    buckets: Option<Buckets>,
    /// When this was made, by both clocks.
    began: (Instant, OffsetDateTime),
}

impl<U: Upstream> Gate<U> {
    pub(super) fn new(upstream: Arc<U>, keyring: Keyring, config: Config) -> Self {
        let buckets = config.rate.map(Buckets::new);
        Self { upstream, keyring, buckets, began: (Instant::now(), config.clock.now()), config }
    }

    /// Decides about a head: host, route, site, key, rate. The answer of a refusal is whole but for its request id.
    pub(super) async fn pass(&self, parts: &Parts, id: &str) -> Result<Passed<U::Deployment>, Response> {
        let began = self.instant();
        let public_host = self.config.public_host.as_deref();
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let called = function_url::of_host(host).map(|id| (id, parts.uri.path()));
        let leans = &self.config.leans;
        let is_lenient = lenient::is_for(leans.lenience(), parts, public_host);
        let of_host = api_of_host(host);
        let is_ours = of_host.is_some() || hosts::is_ours(host, parts.extensions.get::<Local>().copied(), public_host);
        let is_alias = is_lenient && !is_ours && hosts::is_localstacks(host);
        if called.is_none() && !is_ours && !is_alias {
            return Err(self.refuse(parts, || unserved_host(parts, id)));
        }
        if let Some((id, path)) = called.or_else(|| function_url::of_path(parts.uri.path())) {
            // What pages of other sites may do with it is said by the URL itself, whose id nobody guesses.
            let (target, who) = self.pass_url(parts, id, path).await?;
            return Ok(Passed { target, site: Site::Own, who, is_lenient, took: self.instant() - began });
        }
        let site = site(&parts.headers, public_host, &self.config.cors_origins);
        if (is_alias || is_lenient && hosts::is_dockers(host)) && site != Site::Foreign {
            self.note(&Lean::Host { host: hosts::without_port(host).to_owned() }, parts);
        }
        let (method, path) = (&parts.method, parts.uri.path());
        let page = lenient::page(parts).filter(|_| is_lenient && of_host.is_none());
        let is_of_api = of_host.is_some();
        let route = match of_host {
            Some(api) => route_of(api, method, path),
            None => route(method, path),
        };
        // An API that speaks for itself is asked what it says to pages.
        let is_asked = U::SPEAKS && matches!(route, Route::Api(_));
        let decided = match (route, page) {
            (Route::Health | Route::Code | Route::Api(_), _) if parts.method == Method::OPTIONS && !is_asked => {
                Err(self.refuse(parts, || options(&site)))
            }
            _ if site == Site::Foreign && !is_asked => Err(self.refuse(parts, foreign_origin)),
            (_, Some(page)) => {
                self.note(&Lean::Page { path: parts.uri.path().to_owned() }, parts);
                Ok((Target::Page(page), Who::Stranger))
            }
            (Route::Aws, None) if !is_of_api && welcome::is_wanted(parts) => Err(self.refuse(parts, welcome::page)),
            (Route::Refused(refused), None) => Err(self.refuse(parts, || refusal(refused))),
            // Costs no token: whoever watches over the engine must not take a flood for its end.
            (Route::Health, None) => Ok((Target::Health, Who::Stranger)),
            (Route::Code, None) => self.count(parts).map(|()| (Target::Code, Who::Stranger)).map_err(answer::too_many),
            (Route::Api(path), None) if !path.is_plain && !self.upstream.takes_escapes() => {
                Err(self.refuse(parts, answer::not_found))
            }
            (Route::Api(path), None) => self.pass_api(parts, path, &site).await,
            (Route::Aws, None) => self.pass_aws(parts, id, is_lenient),
        };
        match decided {
            Ok((target, who)) => Ok(Passed { target, site, who, is_lenient, took: self.instant() - began }),
            Err(response) => Err(allowing(&site, response)),
        }
    }

    /// Looks up the called stage, and who pays: a key that opens it, else the address. An invented key is as good as
    /// none: it pays for nobody. Who sends none pays before the engine is asked.
    async fn pass_api(
        &self,
        parts: &Parts,
        ApiPath { api, mut stage, mut path, unnamed, .. }: ApiPath,
        site: &Site,
    ) -> Result<(Target<U::Deployment>, Who), Response> {
        let key = only_key(parts);
        if key.is_none() {
            self.count(parts).map_err(answer::too_many)?;
        }
        let find = async {
            let lookup = self.upstream.find(&api, &stage, key).await;
            let (Lookup::Absent | Lookup::NoStage(_), Some(whole)) = (&lookup, unnamed) else { return lookup };
            (stage, path) = (StageName::default_stage(), whole);
            self.upstream.find(&api, &stage, key).await
        };
        let lookup = self.config.clock.timeout(self.config.api_time, find).await;
        let who = match (&lookup, key) {
            (_, None) => Who::Stranger,
            (Some(Lookup::Deployed { is_opened: true, .. }), Some(key)) => {
                self.take(Client::Key(Sha256::digest(key).into())).map_err(answer::too_many)?;
                Who::Known
            }
            (_, Some(_)) => {
                self.count(parts).map_err(answer::too_many)?;
                Who::Stranger
            }
        };
        let is_preflight = U::SPEAKS && parts.method == Method::OPTIONS;
        match lookup {
            Some(Lookup::Deployed { deployment, .. }) => {
                let voice = self.upstream.voice(&deployment, &path);
                if is_preflight && !voice.is_own {
                    return Err(options(site));
                }
                if *site == Site::Foreign && !voice.answers_pages {
                    return Err(foreign_origin());
                }
                Ok((Target::Api { api, stage, path, deployment, voice }, who))
            }
            Some(Lookup::Absent) if is_preflight => Err(options(site)),
            Some(Lookup::Absent) if *site == Site::Foreign => Err(foreign_origin()),
            Some(Lookup::Absent) => Err(answer::not_found()),
            Some(Lookup::NoStage(response)) => Err(response),
            Some(Lookup::Unknown) => {
                Err(answer::failure(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the engine does not answer"))
            }
            None => Err(answer::deadline()),
        }
    }

    /// Looks up a function's URL, and reads what is claimed about its caller where that has to be proved.
    async fn pass_url(
        &self,
        parts: &Parts,
        id: FunctionUrlId,
        path: &str,
    ) -> Result<(Target<U::Deployment>, Who), Response> {
        let lookup = self.config.clock.timeout(self.config.api_time, self.upstream.url(&id)).await;
        let Some(auth) = lookup.ok_or_else(answer::deadline)? else {
            return Err(self.refuse(parts, answer::no_url));
        };
        let is_signed = matches!(auth, UrlAuth::Iam { .. }) && !function_url::is_preflight(parts);
        let claim = is_signed.then(|| Claim::of(parts));
        let is_known = matches!(&claim, Some(Ok(claim)) if self.keyring.has(claim.access_key_id()));
        let who = if is_known { Who::Known } else { Who::Stranger };
        if !is_known {
            self.count(parts).map_err(answer::too_many)?;
        }
        Ok((Target::Url { id, path: path.to_owned(), auth, claim }, who))
    }

    /// Reads what an AWS call claims. Who names a key that exists pays later, if the signature turns out to be wrong;
    /// strangers do not know its name.
    #[expect(clippy::result_large_err, reason = "a refusal is an answer, and on its way out at once")]
    fn pass_aws(&self, parts: &Parts, id: &str, is_lenient: bool) -> Result<(Target<U::Deployment>, Who), Response> {
        let claim = Claim::of(parts);
        let is_known = claim.as_ref().is_ok_and(|claim| self.keyring.has(claim.access_key_id()));
        let may_lean = is_lenient && (lenient::at_its_word(parts).is_some() || lenient::may_be_unsigned(parts));
        if is_known || may_lean {
            return Ok((Target::Aws(claim), Who::Known));
        }
        match self.count(parts) {
            Ok(()) => Ok((Target::Aws(claim), Who::Stranger)),
            Err(wait) => {
                let service = claim.as_ref().ok().map(Claim::service);
                Err(answer::throttled(answer::protocol(service, parts, b""), wait, id))
            }
        }
    }

    /// Notes what a call leans on.
    fn note(&self, lean: &Lean, parts: &Parts) {
        self.config.leans.note(lean, || format!("{} {}", parts.method, parts.uri.path()));
    }

    /// Answers who is not let in; that costs a token, too.
    fn refuse(&self, parts: &Parts, response: impl FnOnce() -> Response) -> Response {
        self.count(parts).map_or_else(answer::too_many, |()| response())
    }

    /// Counts a request against its client: the tunnel, behind which everybody has one address, or an address.
    pub(super) fn count(&self, parts: &Parts) -> Result<(), Duration> {
        let tunnelled = is_tunnelled(&parts.headers, self.config.public_host.as_deref());
        match parts.extensions.get::<Peer>() {
            _ if tunnelled => self.take(Client::Tunnel),
            Some(Peer(peer)) => self.take(Client::at(peer.ip())),
            None => Ok(()),
        }
    }

    /// The instant by which buckets fill: monotonic, because the system's time of day may be set back; a test's clock
    /// stands in for both.
    fn instant(&self) -> Instant {
        let (began, at) = self.began;
        match &self.config.clock {
            Clock::System => Instant::now(),
            manual @ Clock::Manual(_) => began + (manual.now() - at).unsigned_abs(),
        }
    }

    /// Takes a token, where there is a limit.
    pub(super) fn take(&self, client: Client) -> Result<(), Duration> {
        self.buckets.as_ref().map_or(Ok(()), |buckets| buckets.take(client, self.instant()))
    }
}

/// Gives the API key of a request; of several, none.
fn only_key(parts: &Parts) -> Option<&str> {
    let mut keys = parts.headers.get_all(api_key::HEADER).iter();
    keys.next().filter(|_| keys.next().is_none())?.to_str().ok()
}

/// Lets a page of an allowed origin read the answer.
pub(super) fn allowing(site: &Site, mut response: Response) -> Response {
    if let Site::Allowed(origin) = site {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

fn forbidden(code: &str, error: &str) -> Response {
    answer::failure(StatusCode::FORBIDDEN, code, error)
}

fn unserved_host(parts: &Parts, id: &str) -> Response {
    let (code, error) = ("forbidden_host", "this host is not served here");
    match Claim::of(parts) {
        // AWS clients show what is said in the protocol of the service that they call.
        Ok(claim) => answer::protocol(Some(claim.service()), parts, b"").error(StatusCode::FORBIDDEN, code, error, id),
        Err(_) => forbidden(code, error),
    }
}

fn foreign_origin() -> Response {
    forbidden("forbidden_origin", "pages of other sites may not call; type the URL into the address bar, or use curl")
}

fn refusal(refused: Refused) -> Response {
    match refused {
        Refused::NotFound => answer::not_found(),
        Refused::DoubleSlash => answer::failure(
            StatusCode::NOT_FOUND,
            "not_found",
            "not found: the path has two slashes in a row; does `AWS_ENDPOINT_PUBLIC` end with one?",
        ),
        Refused::Method(allow) => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = answer::failure(status, "method_not_allowed", "this method is not supported");
            // RFC 9110, section 15.5.6: a 405 names the methods that there are.
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
            response
        }
    }
}

/// Answers a preflight without asking anybody; only an allowed origin learns what it may send.
fn options(site: &Site) -> Response {
    const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, METHODS);
    if let Site::Allowed(_) = site {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type, x-api-key, x-request-id"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}
