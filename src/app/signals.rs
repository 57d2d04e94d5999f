//! Ctrl-C (and SIGTERM, which is the same wish from a supervisor): the first one ends the call in flight and begins no
//! other, the second one leaves at once. A verb that leaves nothing half done is left at the first.

use super::Ending;
use crate::{
    commands::context::Context,
    error::{Code, Error},
    text::Message,
};
use std::{future::Future, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// Runs `work` beside the signals and the console's sign of life. After the first signal it may take `grace` to come to
/// its end.
pub(super) async fn guard(context: &Context, grace: Duration, work: impl Future<Output = Ending>) -> Ending {
    let (mut interrupt, mut terminate) = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
        (Err(error), _) | (_, Err(error)) => {
            return context.console.fail(&Error::new(Code::Bug).with("detail", "no signals").cause(&error)).map(Some);
        }
    };
    let mut next = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    tokio::pin!(work);
    tokio::select! {
        ending = &mut work => return ending,
        () = context.console.heartbeat() => {}
        () = next() => {}
    }
    context.cancel.cancel();
    if grace.is_zero() {
        return give_up(context);
    }
    context.console.say(&Message::new("ui.interrupting"));
    tokio::select! {
        ending = &mut work => ending,
        () = next() => give_up(context),
        () = tokio::time::sleep(grace) => give_up(context),
    }
}

/// Runs `work`, which has its own way with signals, beside the console's sign of life.
pub(super) async fn unguarded(context: &Context, work: impl Future<Output = Ending>) -> Ending {
    tokio::pin!(work);
    tokio::select! {
        ending = &mut work => ending,
        () = context.console.heartbeat() => work.await,
    }
}

/// Leaves what is in flight where it is: dropped, and safe to run again.
fn give_up(context: &Context) -> Ending {
    context.console.fail(&Error::new(Code::Interrupted)).map(Some)
}

/// Makes the error of a command that was cut short one that says so.
pub(super) fn interrupted(error: Error) -> Error {
    if error.code == Code::Interrupted {
        return error;
    }
    let causes =
        error.causes.into_iter().fold(Error::new(Code::Interrupted).because_of(error.message), Error::because_of);
    error.hints.into_iter().fold(causes, Error::hint)
}
