//! What a query makes and how long it takes: texts that grow out of each other, and fields for each row, would fill the
//! memory; a search for a large expression holds every character against all of it.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// The most bytes that a query makes besides those of its events.
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// How long a query may take. AWS ends one after an hour (`Timeout`); here whoever starts it waits, and no client waits
/// for longer than a minute.
const MOST_TIME: Duration = Duration::from_secs(5);
/// The most that one search may cost, which nothing interrupts: bytes of the expression times bytes of the text. An
/// expression as short as most are is held against any event.
const MAX_SEARCH: usize = 1 << 33;

/// How much of it is left; nothing once there was too little.
#[derive(Debug)]
pub(super) struct Work {
    bytes: Cell<Option<usize>>,
    until: Instant,
    is_late: Cell<bool>,
    /// How often it was asked about since the clock was.
    asked: Cell<u8>,
}

impl Default for Work {
    fn default() -> Self {
        Self::lasting(MOST_TIME)
    }
}

impl Work {
    /// Begins, to be over after a time.
    pub(super) fn lasting(time: Duration) -> Self {
        Self {
            bytes: Cell::new(Some(MAX_BYTES)),
            until: Instant::now() + time,
            is_late: Cell::new(false),
            asked: Cell::new(0),
        }
    }

    /// Takes bytes before they are made; nothing where that is too much, or something was.
    pub(super) fn take(&self, bytes: usize) -> Option<()> {
        let left = self.bytes.get().and_then(|left| left.checked_sub(bytes));
        self.bytes.set(left);
        left.map(drop)
    }

    /// Begins a search for an expression in a text, both in bytes; nothing where it would take too long, or the time is
    /// over.
    pub(super) fn search(&self, expression: usize, text: usize) -> Option<()> {
        if expression.saturating_mul(text) > MAX_SEARCH || Instant::now() >= self.until {
            self.is_late.set(true);
        }
        (!self.is_late.get()).then_some(())
    }

    /// Whether something was too much.
    pub(super) fn is_spent(&self) -> bool {
        self.asked.set(self.asked.get().wrapping_add(1));
        // Expressions ask this for each row: most are worked out sooner than the clock is read.
        if self.asked.get() == 0 && Instant::now() >= self.until {
            self.is_late.set(true);
        }
        self.bytes.get().is_none() || self.is_late.get()
    }

    /// Whether it took too long.
    pub(super) fn is_late(&self) -> bool {
        self.is_late.get()
    }
}
