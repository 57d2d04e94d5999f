//! How an invocation gets a process, the start of one included.

use super::{
    Answer, Functions, InvokeError, Spec,
    attempt::Beginning,
    pool::{Available, Checkout},
    rooms::Room,
    worker::{Invocation, Invoked},
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::sleep,
};

/// How long an invocation waits for a process before it is refused; less than API Gateway waits for an answer.
const QUEUE_TIME: Duration = Duration::from_secs(20);
/// How long a busy process is waited for before another one is started: about what starting one costs.
const GRACE: Duration = Duration::from_millis(20);

/// How an invocation gets its process.
enum Start {
    /// From the invocation before it.
    Warm(Checkout),
    /// By starting one, for which there is a permit.
    Cold(OwnedSemaphorePermit),
}

impl Functions {
    /// Runs a function that has its place.
    pub(super) async fn run_in(
        &self,
        spec: &Spec,
        invocation: &Invocation,
        room: &Room,
    ) -> Result<Invoked, InvokeError> {
        let pool = &self.0.pool;
        loop {
            let checkout = match pool.check_out(spec) {
                Available::Idle(checkout) => checkout,
                Available::Next(next) => match self.wait(spec, next).await? {
                    Start::Warm(checkout) => checkout,
                    Start::Cold(permit) => return self.invoke_cold(spec, invocation, permit, room).await,
                },
            };
            let begun = Beginning::now(self.clock());
            // A warm process may end between two invocations; then the next one is asked.
            if let Some(invoked) = checkout.invoke(spec, invocation, begun).await {
                self.count(spec, &invoked.answer, begun.elapsed(), room);
                self.give_back(checkout);
                return Ok(invoked);
            }
        }
    }

    /// Waits for a process that somebody gives back, or for a permit to start one, whichever comes first.
    async fn wait(&self, spec: &Spec, mut next: oneshot::Receiver<Checkout>) -> Result<Start, InvokeError> {
        let pool = &self.0.pool;
        let permit = async {
            if pool.is_busy(spec) {
                sleep(GRACE).await;
            }
            pool.permit().await
        };
        let permit = tokio::select! {
            biased;
            Ok(checkout) = &mut next => return Ok(Start::Warm(checkout)),
            Some(permit) = permit => permit,
            () = self.0.stop.cancelled() => return Err(InvokeError::ShuttingDown),
            () = self.0.context.config.clock.sleep(QUEUE_TIME) => return Err(InvokeError::Busy),
        };
        // One that was given back at the same moment must not be lost.
        next.close();
        Ok(next.try_recv().map_or(Start::Cold(permit), Start::Warm))
    }

    /// Starts a process for an invocation. A start that fails is tried once more, as a part of the invocation.
    async fn invoke_cold(
        &self,
        spec: &Spec,
        invocation: &Invocation,
        permit: OwnedSemaphorePermit,
        room: &Room,
    ) -> Result<Invoked, InvokeError> {
        let permit = Arc::new(permit);
        let first = self.0.pool.add(spec, self.start(spec, Arc::clone(&permit), None).await?);
        let Err(document) = first.ready(&invocation.id).await else {
            // What the start took is none of the invocation's.
            return self.invoke_started(spec, invocation, first, Beginning::now(self.clock()), room).await;
        };
        first.kill();
        first.ended().await;
        first.init_failed(&Answer::Error(document));
        let second = self.0.pool.add(spec, self.start(spec, permit, Some(&first)).await?);
        drop(first);
        let begun = second.attempt().begun;
        let Err(document) = second.ready(&invocation.id).await else {
            return self.invoke_started(spec, invocation, second, begun, room).await;
        };
        second.kill();
        let answer = Answer::Error(document);
        second.init_failed(&answer);
        second.begin(&invocation.id);
        self.count(spec, &answer, begun.elapsed(), room);
        let tail = second.end(invocation, &answer, begun.elapsed()).await;
        Ok(Invoked { answer, tail })
    }

    /// Gives a process that has just started its first invocation, which began then.
    async fn invoke_started(
        &self,
        spec: &Spec,
        invocation: &Invocation,
        checkout: Checkout,
        begun: Beginning,
        room: &Room,
    ) -> Result<Invoked, InvokeError> {
        match checkout.invoke(spec, invocation, begun).await {
            Some(invoked) => {
                self.count(spec, &invoked.answer, begun.elapsed(), room);
                self.give_back(checkout);
                Ok(invoked)
            }
            None => Err(io::Error::other("its process ended before it took any work").into()),
        }
    }

    /// Gives a process back once its extensions have done with the invocation too; its caller need not wait for that.
    fn give_back(&self, checkout: Checkout) {
        if !checkout.has_extensions() {
            return checkout.finish();
        }
        self.aside(async move {
            checkout.settle().await;
            checkout.finish();
        });
    }
}
