//! How many calls may be in flight, a quarter of them reserved for some callers: whoever holds the others up cannot hold
//! up these.

use tokio::sync::{Semaphore, SemaphorePermit};

/// The calls of one kind.
#[derive(Debug)]
pub(super) struct Capacity {
    all: Semaphore,
    /// Those among them that are not reserved.
    common: Semaphore,
}

/// One call in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    _one: SemaphorePermit<'a>,
    _common: Option<SemaphorePermit<'a>>,
}

impl Capacity {
    /// Has room for `most` calls.
    pub(super) fn new(most: usize) -> Self {
        Self { all: Semaphore::new(most), common: Semaphore::new(most - most / 4) }
    }

    /// Lets a call in, if there is room now: nobody waits. `reserved` is whether it may have what is reserved.
    pub(super) fn try_acquire(&self, reserved: bool) -> Option<Permit<'_>> {
        let common = if reserved { None } else { Some(self.common.try_acquire().ok()?) };
        Some(Permit { _one: self.all.try_acquire().ok()?, _common: common })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_left_to_those_for_whom_it_is_reserved() {
        let capacity = Capacity::new(4);
        let common: Vec<_> = std::iter::from_fn(|| capacity.try_acquire(false)).collect();
        assert_eq!(common.len(), 3);
        let reserved = capacity.try_acquire(true);
        assert!(reserved.is_some() && capacity.try_acquire(true).is_none());
        drop(common);
        assert!(capacity.try_acquire(false).is_some());
    }

    #[test]
    fn who_may_have_what_is_reserved_may_have_all() {
        let capacity = Capacity::new(8);
        let all: Vec<_> = std::iter::from_fn(|| capacity.try_acquire(true)).collect();
        assert_eq!(all.len(), 8);
        assert!(capacity.try_acquire(false).is_none());
    }
}
