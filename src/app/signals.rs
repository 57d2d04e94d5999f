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

/// How a verb takes Ctrl-C.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// How long it may go on, to end the call in flight and to put back what it moved.
    pub(super) grace: Duration,
    /// What is to be known of what is left.
    pub(super) left: &'static str,
    /// Whether Ctrl-C is how it ends: then nothing has gone wrong, and nothing is said.
    pub(super) is_way_out: bool,
}

/// Runs `work` beside the signals and the console's sign of life. After the first signal it may take its grace to come to
/// its end.
pub(super) async fn guard(context: &Context, manner: Manner, work: impl Future<Output = Ending>) -> Ending {
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
    let is_asking = context.console.is_asking();
    context.cancel.cancel();
    if manner.grace.is_zero() {
        return give_up(context, manner);
    }
    // A question is answered so, and no call is in flight.
    if !manner.is_way_out && !is_asking {
        context.console.say(&Message::new("ui.interrupting"));
    }
    tokio::select! {
        ending = &mut work => ending,
        () = next() => give_up(context, manner),
        () = tokio::time::sleep(manner.grace) => give_up(context, manner),
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
fn give_up(context: &Context, manner: Manner) -> Ending {
    if manner.is_way_out {
        return Ok(None);
    }
    context.console.fail(&Error::new(Code::Interrupted).hint(Message::new(manner.left))).map(Some)
}

/// Makes the error of a command that was cut short one that says so, and what is left of it.
pub(super) fn interrupted(error: Error, left: &'static str) -> Error {
    let error = if error.code == Code::Interrupted {
        error
    } else {
        let causes =
            error.causes.into_iter().fold(Error::new(Code::Interrupted).because_of(error.message), Error::because_of);
        error.hints.into_iter().fold(causes, Error::hint)
    };
    if error.hints.is_empty() { error.hint(Message::new(left)) } else { error }
}
