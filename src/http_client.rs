//! A small HTTP(S) client for the public URL, with a deadline and a bound on what it reads.
//!
//! Not here: AWS calls (`aws`), Docker (`docker`). It follows no redirect: where a private Codespaces port redirects
//! to, is a login page.

use crate::{
    api_key, calls,
    secret::Secret,
    text::{Message, system_words},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{io, time::Duration};

/// API Gateway answers with at most 10 MB; ours with far less.
const MAX_BODY: usize = 1024 * 1024;

/// A call that brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The URL or the request cannot be.
    #[error("`{0}` is not a URL that can be called")]
    Url(String),
    /// Nobody answers there.
    #[error("nobody answers at `{url}`")]
    Unreachable {
        /// What was called.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer was broken off, or larger than the bound.
    #[error("the answer of `{url}` was broken off or larger than 1 MiB")]
    Broken {
        /// What was called.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The deadline passed.
    #[error("no answer from `{url}` within {} s", .deadline.as_secs())]
    Deadline {
        /// What was called.
        url: String,
        /// The deadline.
        deadline: Duration,
    },
}

impl CallError {
    /// Says why no answer came, for whoever knows already what was called.
    #[must_use]
    pub fn reason(&self) -> Message {
        match self {
            Self::Url(_) => Message::new("answer.not_a_url"),
            Self::Unreachable { source, .. } => {
                let first: &(dyn std::error::Error + 'static) = &**source;
                let causes = std::iter::successors(Some(first), |error| error.source());
                causes.last().map_or_else(|| Message::literal(""), system_words)
            }
            Self::Broken { .. } => Message::new("answer.broken"),
            Self::Deadline { deadline, .. } => Message::new("answer.late").with("seconds", deadline.as_secs_f32()),
        }
    }
}

/// An answer with its whole body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Whether this is not the API but the gate in front of a private Codespaces port.
    #[must_use]
    pub fn is_private_port(&self) -> bool {
        let tunnel = |value: &header::HeaderValue| value.as_bytes().to_ascii_lowercase().starts_with(b"tunnel");
        let is_tunnel = (self.status == StatusCode::UNAUTHORIZED || self.status.is_redirection())
            && self.headers.get_all(header::WWW_AUTHENTICATE).iter().any(tunnel);
        is_tunnel || self.status.is_redirection() && self.location().is_some_and(is_login)
    }

    /// Where a redirect leads.
    fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION)?.to_str().ok()
    }
}

/// Whether a redirect leads to where people log in. The API redirects nobody.
fn is_login(location: &str) -> bool {
    let location = location.to_ascii_lowercase();
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let host = path.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    host.is_some_and(|host| host == "github.com" || host.ends_with(".github.com"))
        || path.ends_with("/signin")
        || path.ends_with("/login")
        || path.contains("/auth/")
}

/// A client; its connections are kept for the next call.
#[derive(Clone)]
pub struct HttpClient {
    connections: Connections,
    /// Sent with every call.
    api_key: Option<HeaderValue>,
}

#[derive(Clone)]
enum Connections {
    /// For `http://` only: loading root certificates costs more than a local call.
    Plain(Client<HttpConnector, Full<Bytes>>),
    /// For both.
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl HttpClient {
    /// Makes a client that can call `url` and what is below it.
    ///
    /// # Errors
    /// Returns the system's error when `url` needs TLS and there are no root certificates.
    pub fn for_url(url: &str) -> io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(crate::aws::CONNECT_TIMEOUT));
        connector.enforce_http(false);
        let builder = Client::builder(TokioExecutor::new());
        if url.starts_with("http://") {
            return Ok(Self { connections: Connections::Plain(builder.build(connector)), api_key: None });
        }
        let tls = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1();
        Ok(Self { connections: Connections::Tls(builder.build(tls.wrap_connector(connector))), api_key: None })
    }

    /// The same client, which sends `key` with every call; a key that no header can hold is not sent.
    #[must_use]
    pub fn with_api_key(self, key: &Secret) -> Self {
        let mut value = HeaderValue::from_str(key.expose()).ok();
        if let Some(value) = &mut value {
            // Keeps it out of `Debug`.
            value.set_sensitive(true);
        }
        Self { api_key: value, ..self }
    }

    /// Sends a request and waits for the whole answer; both together take `deadline` at most.
    ///
    /// # Errors
    /// Every way in which no answer comes; an answer with a bad status is an answer.
    pub async fn call(&self, method: Method, url: &str, body: Bytes, deadline: Duration) -> Result<Answer, CallError> {
        let json = [("content-type".to_owned(), "application/json".to_owned())];
        let headers = if body.is_empty() { &[][..] } else { &json };
        self.send(method, url, headers, body, deadline).await
    }

    /// The same with headers.
    ///
    /// # Errors
    /// As [`HttpClient::call`], and when a header cannot be sent.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(String, String)],
        body: Bytes,
        deadline: Duration,
    ) -> Result<Answer, CallError> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(key) = &self.api_key {
            request = request.header(api_key::HEADER, key);
        }
        let is_named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(calls::NAME_HEADER));
        if let Some(name) = calls::next_name().filter(|_| !is_named) {
            request = request.header(calls::NAME_HEADER, name);
        }
        let request = request.body(Full::new(body)).map_err(|_| CallError::Url(url.to_owned()))?;
        let answer = tokio::time::timeout(deadline, self.exchange(request, url)).await;
        answer.unwrap_or_else(|_| Err(CallError::Deadline { url: url.to_owned(), deadline }))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, url: &str) -> Result<Answer, CallError> {
        let response = match &self.connections {
            Connections::Plain(client) => client.request(request).await,
            Connections::Tls(client) => client.request(request).await,
        };
        let response =
            response.map_err(|error| CallError::Unreachable { url: url.to_owned(), source: Box::new(error) })?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        let body = body.map_err(|source| CallError::Broken { url: url.to_owned(), source })?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }
}
