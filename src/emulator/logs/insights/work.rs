//! What a query makes: texts that grow out of each other, and fields for each row, would fill the memory.

use std::cell::Cell;

/// The most bytes that a query makes besides those of its events.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// How many of them are left; nothing once there were too few.
#[derive(Debug)]
pub(super) struct Work(Cell<Option<usize>>);

impl Default for Work {
    fn default() -> Self {
        Self(Cell::new(Some(MAX_BYTES)))
    }
}

impl Work {
    /// Takes bytes before they are made; nothing where that is too much, or something was.
    pub(super) fn take(&self, bytes: usize) -> Option<()> {
        let left = self.0.get().and_then(|left| left.checked_sub(bytes));
        self.0.set(left);
        left.map(drop)
    }

    /// Whether something was too much.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get().is_none()
    }
}
