//! The memory that the bodies of one door may take in all, so that many allowed bodies are not too much together.
//!
//! Two shares: strangers can fill theirs and no more, so those whom a service knows always find the other.

use super::{Limits, Rejection};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that are counted as one; counted are the buffers of a body, from its first byte.
const UNIT: usize = 4 * 1024;

/// Whose share of the room a body takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// Anybody's.
    #[default]
    Strangers,
    /// That of clients whom the service knows.
    Known,
}

/// The room of one door.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    strangers: Arc<Semaphore>,
    known: Arc<Semaphore>,
}

impl Pool {
    /// Makes the room that the limits allow.
    pub(super) fn new(limits: &Limits) -> Self {
        let units = |bytes: usize| Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)));
        Self { strangers: units(limits.strangers_bytes), known: units(limits.known_bytes) }
    }

    /// Begins a body, which has taken nothing yet.
    pub(super) fn enter(&self, share: Share) -> Room {
        let share = match share {
            Share::Strangers => &self.strangers,
            Share::Known => &self.known,
        };
        Room { share: Arc::clone(share), held: None }
    }
}

/// What one body has taken; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    share: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Takes room for a buffer of so many bytes. Buffers grow with what arrives, not with what was announced: an
    /// announcement costs a client nothing.
    pub(super) fn grow(&mut self, buffer: usize) -> Result<(), Rejection> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = buffer.div_ceil(UNIT).checked_sub(held).filter(|more| *more > 0) else { return Ok(()) };
        let more = u32::try_from(more).map_err(|_| Rejection::Room)?;
        let permit = Arc::clone(&self.share).try_acquire_many_owned(more).map_err(|_| Rejection::Room)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Pool {
        Pool::new(&Limits { strangers_bytes: 4 * UNIT, known_bytes: UNIT, ..Limits::edge() })
    }

    #[test]
    fn bodies_share_the_room_and_give_it_back() {
        let pool = pool();
        let (mut a, mut b) = (pool.enter(Share::Strangers), pool.enter(Share::Strangers));
        assert_eq!(a.grow(1), Ok(()));
        assert_eq!(a.grow(3 * UNIT), Ok(()));
        assert_eq!(a.grow(2 * UNIT + 1), Ok(()));
        assert_eq!(b.grow(UNIT), Ok(()));
        assert_eq!(b.grow(UNIT + 1), Err(Rejection::Room));
        drop(a);
        assert_eq!(b.grow(4 * UNIT), Ok(()));
        assert_eq!(pool.enter(Share::Strangers).grow(1), Err(Rejection::Room));
        drop(b);
        assert_eq!(pool.enter(Share::Strangers).grow(4 * UNIT), Ok(()));
    }

    #[test]
    fn strangers_who_fill_their_share_leave_the_other_alone() {
        let pool = pool();
        let mut strangers = pool.enter(Share::Strangers);
        assert_eq!(strangers.grow(4 * UNIT), Ok(()));
        let mut known = pool.enter(Share::Known);
        assert_eq!(known.grow(UNIT), Ok(()));
        assert_eq!(known.grow(2 * UNIT), Err(Rejection::Room));
    }
}
