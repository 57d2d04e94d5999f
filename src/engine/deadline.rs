//! The bound of what a command waits for.

use crate::{
    error::{Code, Error, Result},
    settings::Settings,
    text::Message,
};

/// Bounds a wait by `--timeout`; `what` is the key of what it was for.
pub(crate) async fn within<T>(
    settings: &Settings,
    what: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let limit = settings.timeout.value;
    let late = || Error::new(Code::Deadline).with("seconds", limit.as_secs()).with_message("what", Message::new(what));
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
}
