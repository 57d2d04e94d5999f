//! How long a request may take. Each deadline is shorter than the one around it, so that the innermost one answers:
//! connect 2 s < EC2 or Docker call 20 s < handler 25 s < function 28 s < gateway 29 s < client 30 s.

use crate::{
    aws::{CALL_TIMEOUT, CONNECT_TIMEOUT},
    clock::Clock,
};
use std::{future::Future, time::Duration};

/// The longest time between an event and its answer.
pub const HANDLER_TIMEOUT: Duration = crate::deadlines::HANDLER;
/// What is kept free before the function's own deadline: to answer, and for the answer to arrive.
const MARGIN: Duration = Duration::from_millis(500);

/// What is kept free to finish what is begun and to tell of it.
const FINISH: Duration = Duration::from_secs(2);

/// The deadlines of one handler.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// The longest wait for a TCP connection to the docker proxy; that to EC2 is the SDK client's.
    pub connect: Duration,
    /// The longest wait for the answer of one EC2 or Docker call.
    pub call: Duration,
    /// The longest time between an event and its answer.
    pub handler: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: CONNECT_TIMEOUT, call: CALL_TIMEOUT, handler: HANDLER_TIMEOUT }
    }
}

impl Deadlines {
    /// Tells how long this invocation may take when the function is ended at `function_deadline`, in milliseconds
    /// since the Unix epoch. A deadline that has passed on arrival says only that two clocks differ: it is ignored.
    fn left(&self, function_deadline: u64, clock: &Clock) -> Duration {
        let now = clock.now().unix_timestamp_nanos() / 1_000_000;
        match u64::try_from(i128::from(function_deadline) - now) {
            Ok(left) if left > 0 => self.handler.min(Duration::from_millis(left).saturating_sub(MARGIN)),
            _ => self.handler,
        }
    }
}

/// The deadlines and the clock that they are kept by.
#[derive(Clone)]
pub(super) struct Timing {
    /// The deadlines.
    pub(super) deadlines: Deadlines,
    /// The clock.
    pub(super) clock: Clock,
}

impl Timing {
    /// Waits for the answer of one EC2 or Docker call; `None` when it does not come in time.
    pub(super) async fn call<F: Future>(&self, call: F) -> Option<F::Output> {
        self.clock.timeout(self.deadlines.call, call).await
    }

    /// Tells when what is not done yet is to be answered as it is, by the clock's uptime: early enough for the answer to
    /// an event whose function is ended at `function_deadline`.
    pub(super) fn soft_end(&self, function_deadline: u64) -> Duration {
        self.clock.uptime() + self.deadlines.left(function_deadline, &self.clock).saturating_sub(FINISH)
    }

    /// Waits for the answer to an event whose function is ended at `function_deadline`, in milliseconds since the Unix
    /// epoch; `None` when it does not come in time.
    pub(super) async fn answer<F: Future>(&self, function_deadline: u64, answer: F) -> Option<F::Output> {
        self.clock.timeout(self.deadlines.left(function_deadline, &self.clock), answer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    #[test]
    fn the_functions_own_deadline_counts_when_it_is_the_shorter_one() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_000));
        let left = |deadline| Deadlines::default().left(deadline, &clock);
        assert_eq!(left(1_028_000), HANDLER_TIMEOUT);
        assert_eq!(left(1_003_000), Duration::from_millis(2_500));
        assert_eq!(left(1_000_100), Duration::ZERO);
        assert_eq!(left(0), HANDLER_TIMEOUT);
        assert_eq!(left(999_999), HANDLER_TIMEOUT);
        assert_eq!(left(u64::MAX), HANDLER_TIMEOUT);
    }
}
