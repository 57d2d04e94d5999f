//! What is decided from a request's head alone, before any of its body is read: where it goes, whose it is, and whether
//! whoever sends it has asked too much.

use super::{
    Edge, Upstream, answer,
    answer::Protocol,
    hosts::{self, Site},
    limits::Client,
    routes::{Refused, Route, route},
    server::{retry_after, too_many},
    signature,
};
use crate::{
    api_key,
    http1::{Local, Peer, Response},
    names::{ApiId, StageName},
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A head that may go on.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) route: Route,
    pub(super) site: Site,
    pub(super) who: Who,
    /// What this took of the time that the request has.
    pub(super) took: Duration,
}

/// Who sends a request, as far as its head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Somebody with a key that opens the called API, or who names the access key of an AWS call as the owner does.
    Known,
    /// Anybody; has paid with a token of its address.
    Stranger,
}

impl<U: Upstream> Edge<U> {
    /// Decides about a head: host, route, site, key, rate. The answer of a refusal is whole but for its request id.
    pub(super) async fn pass(&self, parts: &Parts) -> Result<Passed, Response> {
        let began = self.instant();
        let public_host = self.config.public_host.as_deref();
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !hosts::is_ours(host, parts.extensions.get::<Local>().copied(), public_host) {
            self.count(parts).map_err(too_many)?;
            return Err(answer::failure(StatusCode::FORBIDDEN, "forbidden_host", "this host is not served here"));
        }
        let site = hosts::site(&parts.headers, public_host, &self.config.cors_origins);
        let route = route(&parts.method, parts.uri.path());
        let refused = match route {
            Route::Health | Route::Api { .. } if parts.method == Method::OPTIONS => Some(options(&site)),
            _ if site == Site::Foreign => Some(answer::failure(
                StatusCode::FORBIDDEN,
                "forbidden_origin",
                "pages of other sites may not call; type the URL into the address bar, or use curl",
            )),
            Route::Refused(refused) => Some(refusal(refused)),
            Route::Health | Route::Api { .. } | Route::Aws => None,
        };
        if let Some(response) = refused {
            let response = self.count(parts).map_or_else(too_many, |()| response);
            return Err(allowing(&site, response));
        }
        let (who, counted) = match &route {
            Route::Api { api, stage, .. } => match self.key_of(parts, api, stage).await {
                Some(key) => (Who::Known, self.take(Client::Key(key))),
                None => (Who::Stranger, self.count(parts)),
            },
            // Pays later, if the signature turns out to be wrong.
            Route::Aws if self.claims_a_key(parts) => (Who::Known, Ok(())),
            _ => (Who::Stranger, self.count(parts)),
        };
        match counted {
            Ok(()) => Ok(Passed { route, site, who, took: self.instant() - began }),
            Err(wait) if route == Route::Aws => Err(throttled(parts, wait)),
            Err(wait) => Err(allowing(&site, too_many(wait))),
        }
    }

    /// Gives the digest of the request's API key, if it opens the stage that is called. An invented key is as good as
    /// none: it pays for nobody.
    async fn key_of(&self, parts: &Parts, api: &ApiId, stage: &StageName) -> Option<[u8; 32]> {
        let mut keys = parts.headers.get_all(api_key::HEADER).iter();
        let key = keys.next().filter(|_| keys.next().is_none())?.to_str().ok()?;
        self.upstream.knows_key(api, stage, key).await.then(|| Sha256::digest(key).into())
    }

    /// Tells whether a signature is claimed to be made with a key that exists; strangers do not know its name.
    fn claims_a_key(&self, parts: &Parts) -> bool {
        signature::claimed(parts).is_some_and(|claim| self.keyring.get(&claim.access_key_id).is_some())
    }

    /// Counts a request against its client: the tunnel, behind which everybody has one address, or an address.
    pub(super) fn count(&self, parts: &Parts) -> Result<(), Duration> {
        let tunnelled = hosts::is_tunnelled(&parts.headers, self.config.public_host.as_deref());
        match parts.extensions.get::<Peer>() {
            _ if tunnelled => self.take(Client::Tunnel),
            Some(Peer(peer)) => self.take(Client::at(peer.ip())),
            None => Ok(()),
        }
    }

    /// Takes a token, where there is a limit.
    pub(super) fn take(&self, client: Client) -> Result<(), Duration> {
        self.buckets.as_ref().map_or(Ok(()), |buckets| buckets.take(client, self.instant()))
    }
}

/// Says that a client asks too much, in the words of the AWS service that it calls.
pub(super) fn throttled(parts: &Parts, wait: Duration) -> Response {
    let claimed = signature::claimed(parts);
    let protocol = Protocol::of(claimed.as_ref().map(|claim| claim.service.as_str()), parts, b"");
    retry_after(answer::throttled(protocol, ""), wait)
}

/// Lets a page of an allowed origin read the answer.
pub(super) fn allowing(site: &Site, mut response: Response) -> Response {
    if let Site::Allowed(origin) = site {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

pub(super) fn not_found() -> Response {
    answer::failure(StatusCode::NOT_FOUND, "not_found", "not found")
}

fn refusal(refused: Refused) -> Response {
    match refused {
        Refused::NotFound => not_found(),
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
