//! Builds: the commands of the user's own that make what is deployed.

use super::watch::child;
use crate::{
    commands::context::Context,
    error::{Code, Error, Result},
    text::Message,
};

/// Runs the command that makes the code of a function of the user's own, where there is one.
pub(super) async fn own(context: &Context) -> Result<()> {
    let command = context.settings.function.value.as_ref().and_then(|function| function.build.as_deref());
    let Some(command) = command else { return Ok(()) };
    context.progress.note(Message::new("watch.building").with("command", command));
    let built = tokio::select! {
        built = child::build(command, &context.settings) => built,
        () = context.cancel.cancelled() => return Err(Error::new(Code::Interrupted)),
    };
    built.map_err(|reason| Error::new(Code::BuildFailed).with("command", command).because(reason))
}
