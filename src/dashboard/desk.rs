//! Where pages put questions to commands: what a command does is done on the thread that owns it, a bounded number at a
//! time, and its result is handed back.

use super::current::Current;
use crate::commands::context::Context;
use futures_util::{StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use std::future::Future;
use tokio::sync::{mpsc, oneshot};

/// How many pieces of work are done at once; what comes then waits.
const AT_ONCE: usize = 8;
/// How many wait; who comes then waits to be let in.
const WAITING: usize = 32;

type Work = Box<dyn FnOnce(Context) -> LocalBoxFuture<'static, ()> + Send>;

/// Takes work from pages; cheap to clone.
#[derive(Clone)]
pub(super) struct Desk(mpsc::Sender<Work>);

/// The other side.
pub(super) struct Worker(mpsc::Receiver<Work>);

/// Opens a desk.
pub(super) fn open() -> (Desk, Worker) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Desk(sender), Worker(receiver))
}

impl Desk {
    /// Has something done with the command's context; `None` when the command ends before.
    pub(super) async fn ask<T, F>(&self, work: impl FnOnce(Context) -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move |context| {
            let work = work(context);
            Box::pin(async move {
                // Nobody waits for it any more: a page that was closed.
                let _ = tell.send(work.await);
            })
        });
        self.0.send(work).await.ok()?;
        told.await.ok()
    }
}

impl Worker {
    /// Does what is asked for as long as somebody can ask.
    pub(super) async fn serve(mut self, current: &Current) {
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                work = self.0.recv(), if running.len() < AT_ONCE => match work {
                    Some(work) => running.push(work(current.context().0)),
                    None => break,
                },
                Some(()) = running.next() => {}
            }
        }
        while running.next().await.is_some() {}
    }
}
