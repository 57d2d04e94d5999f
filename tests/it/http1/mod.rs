//! The strict HTTP server over raw sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hostile;
mod serving;

use atelier::http1::{Admission, Limits, Peer, Rejection, Request, Response, Service, Share, serve};
use bytes::Bytes;
use http::Uri;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Writes down what it is asked, and answers with the method, the target and the body.
#[derive(Default)]
struct Recorder {
    seen: Mutex<Vec<String>>,
    /// Wakes whoever waits for a request to `/wait` to arrive, and for its future to be dropped.
    arrived: Notify,
    dropped: Notify,
    release: Notify,
}

/// Tells the recorder when the future that holds it ends, in whatever way.
struct OnDrop<'a>(&'a Notify);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Service for Recorder {
    /// The target that was let in.
    type Pass = Uri;

    async fn admit(&self, head: &http::request::Parts) -> Result<(Admission, Uri), Response> {
        let admission = match head.uri.path() {
            "/small" => Admission { bytes: 4, ..Admission::default() },
            "/known" => Admission { share: Share::Known, ..Admission::default() },
            "/refused" => return Err(http::Response::builder().status(429).body("refused".into()).unwrap()),
            "/undecided" => panic!("the service has a bug"),
            _ => Admission::default(),
        };
        Ok((admission, head.uri.clone()))
    }

    async fn call(&self, request: Request, pass: Uri) -> Response {
        assert_eq!(request.uri(), &pass);
        let line = format!("{} {} {}", request.method(), request.uri(), String::from_utf8_lossy(request.body()));
        assert!(request.extensions().get::<Peer>().is_some());
        self.seen.lock().unwrap().push(line.clone());
        match request.uri().path() {
            "/panic" => panic!("the service has a bug"),
            "/wait" => {
                let _guard = OnDrop(&self.dropped);
                self.arrived.notify_one();
                self.release.notified().await;
            }
            _ => {}
        }
        let mut response = Response::new(Bytes::from(line));
        if request.uri().path() == "/last" {
            response.headers_mut().insert("connection", "close".parse().unwrap());
        }
        response
    }

    fn reject(&self, _: Peer, rejection: Rejection) -> Response {
        let mut response = Response::new(Bytes::from(rejection.code()));
        *response.status_mut() = rejection.status();
        response
    }
}

/// A running server, and what it takes to stop it.
struct Door {
    address: SocketAddr,
    recorder: Arc<Recorder>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Door {
    async fn open(limits: Limits) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let recorder = Arc::new(Recorder::default());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(listener, limits, Arc::clone(&recorder), shutdown.clone()));
        Self { address, recorder, shutdown, task }
    }

    fn seen(&self) -> Vec<String> {
        self.recorder.seen.lock().unwrap().clone()
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}
