//! An attempt to start a function. One that fails is followed by a second one, as at AWS ("suppressed init"):
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>.

use crate::{clock::Clock, secret::random_hex};
use std::{io, time::Duration};
use tokio::time::{Instant, timeout};

/// When something began: by the clock that measures, and by the clock that limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beginning {
    at: Instant,
    uptime: Duration,
}

impl Beginning {
    /// Begins now.
    pub(super) fn now(clock: &Clock) -> Self {
        Self { at: Instant::now(), uptime: clock.uptime() }
    }

    /// How long it has taken.
    pub(super) fn elapsed(&self) -> Duration {
        self.at.elapsed()
    }

    /// What is left of the time that it may take.
    pub(super) fn left(&self, clock: &Clock, most: Duration) -> Duration {
        most.saturating_sub(clock.uptime().saturating_sub(self.uptime))
    }
}

/// An attempt to start a function.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Whether it is the second, which is a part of the invocation and in its time.
    pub(super) is_second: bool,
    /// When it began.
    pub(super) begun: Beginning,
    /// The log stream of the process, which both have.
    pub(super) log_stream: String,
    /// How long it may take.
    most: Duration,
}

impl Attempt {
    /// Begins the first attempt to start a version of a function.
    ///
    /// # Errors
    /// Returns the operating system's refusal of random bytes.
    pub(super) fn first(clock: &Clock, version: &str, most: Duration) -> io::Result<Self> {
        let log_stream = log_stream(clock, version)?;
        Ok(Self { is_second: false, begun: Beginning::now(clock), log_stream, most })
    }

    /// Begins the attempt that follows this one.
    pub(super) fn again(&self, clock: &Clock, most: Duration) -> Self {
        Self { is_second: true, begun: Beginning::now(clock), log_stream: self.log_stream.clone(), most }
    }

    /// Waits for a part of the attempt, as long as that may take; `None` when it takes longer. The first is measured in
    /// the machine's own time, the second in that of its invocation.
    pub(super) async fn wait<T>(&self, clock: &Clock, part: impl Future<Output = T>) -> Option<T> {
        if self.is_second {
            clock.timeout(self.begun.left(clock, self.most), part).await
        } else {
            timeout(self.most.saturating_sub(self.begun.elapsed()), part).await.ok()
        }
    }

    /// What Lambda calls it.
    pub(super) fn phase(&self) -> &'static str {
        if self.is_second { "invoke" } else { "init" }
    }
}

/// Names a log stream as Lambda does: `2026/11/23/[$LATEST]` and 32 hex digits.
fn log_stream(clock: &Clock, version: &str) -> io::Result<String> {
    let today = clock.now().date();
    let id = random_hex(16).map_err(io::Error::other)?;
    Ok(format!("{}/{:02}/{:02}/[{version}]{id}", today.year(), u8::from(today.month()), today.day()))
}
