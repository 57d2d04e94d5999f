//! A docker proxy that answers as the test says, and records what it was asked.

use atelier::{
    http1::{self, Admission, Limits, Peer, Rejection, Request, Response, Service},
    proxy::ProxyAddress,
    secret::Secret,
};
use bytes::Bytes;
use std::sync::{Arc, Mutex};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The token that the proxy wants.
const TOKEN: &str = "0123456789abcdef";

/// The proxy; it ends with this value.
pub(crate) struct FakeProxy {
    pub(crate) door: ProxyAddress,
    asked: Arc<Mutex<Vec<String>>>,
    _server: (DropGuard, JoinHandle<()>),
}

impl FakeProxy {
    /// Answers every request with `status` and `body`.
    pub(crate) async fn start(status: u16, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::answering(status, move |_| body.clone()).await
    }

    /// Answers every request with `status` and the body that fits its path.
    pub(crate) async fn answering(status: u16, body: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door =
            ProxyAddress { url: format!("http://{}", listener.local_addr().unwrap()), token: Secret::new(TOKEN) };
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stop = CancellationToken::new();
        let service = Arc::new(Door { status, body: Box::new(body), asked: asked.clone() });
        let server = tokio::spawn(http1::serve(listener, Limits::proxy(), service, stop.clone()));
        Self { door, asked, _server: (stop.drop_guard(), server) }
    }

    /// The requests so far, as `METHOD /path`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

struct Door {
    status: u16,
    body: Box<dyn Fn(&str) -> String + Send + Sync>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service for Door {
    type Pass = ();

    async fn admit(&self, _: &http::request::Parts) -> Result<(Admission, ()), Response> {
        Ok((Admission::default(), ()))
    }

    async fn call(&self, request: Request, (): ()) -> Response {
        self.asked.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        assert_eq!(request.headers()["authorization"], format!("Bearer {TOKEN}"));
        http::Response::builder().status(self.status).body(Bytes::from((self.body)(request.uri().path()))).unwrap()
    }

    fn reject(&self, _: Peer, rejection: Rejection) -> Response {
        panic!("the handler sent what no door takes: {rejection}")
    }
}
