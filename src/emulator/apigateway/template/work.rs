//! How much a template may do: no template runs for ever, or fills the memory, however it goes about it.

use super::error::TemplateError;
use std::mem;

/// The most bytes of text that a template handles, read or made; a step counts as many.
const MOST: usize = 1_000_000_000;
/// The most bytes of values and texts that a template makes, whether it keeps them or not. What a step makes beside them is
/// less than half a kilobyte, so that the steps bound it.
const MOST_MADE: usize = 256_000_000;
/// What a step costs: a template takes at most a million of them.
const STEP: usize = 1000;
/// What it costs to remember something for the end.
const REMEMBERED: usize = 160;
/// How much dearer a byte is that a pattern is held against.
const PATTERN: usize = 500;
/// How much dearer it is for each byte that a long pattern has.
const PATTERN_BYTE: usize = 20;

/// What a run of a template, or of a path, may still do.
pub(super) struct Work {
    left: usize,
    room: usize,
    end: End,
}

/// What is done when the run is over, and the address of the value that the last of it is about.
#[derive(Default)]
struct End {
    last: Option<usize>,
    todo: Vec<Box<dyn FnOnce()>>,
}

impl Drop for End {
    fn drop(&mut self) {
        mem::take(&mut self.todo).into_iter().for_each(|todo| todo());
    }
}

impl Work {
    pub(super) fn new() -> Self {
        Self { left: MOST, room: MOST_MADE, end: End::default() }
    }

    /// Takes a step.
    pub(super) fn step(&mut self) -> Result<(), TemplateError> {
        self.look(STEP)
    }

    /// Looks at so many bytes of what there is.
    pub(super) fn look(&mut self, bytes: usize) -> Result<(), TemplateError> {
        self.left = self.left.checked_sub(bytes).ok_or(TemplateError::TooLong)?;
        Ok(())
    }

    /// Makes so many bytes of texts or values.
    pub(super) fn handle(&mut self, bytes: usize) -> Result<(), TemplateError> {
        self.look(bytes)?;
        self.room = self.room.checked_sub(bytes).ok_or(TemplateError::TooLong)?;
        Ok(())
    }

    /// Has something done about the value at an address when the run is over.
    pub(super) fn at_the_end(&mut self, address: usize, todo: impl FnOnce() + 'static) -> Result<(), TemplateError> {
        if self.end.last != Some(address) {
            self.handle(REMEMBERED)?;
            self.end.last = Some(address);
            self.end.todo.push(Box::new(todo));
        }
        Ok(())
    }

    /// Reads a pattern and holds it against so many bytes.
    pub(super) fn search(&mut self, bytes: usize, pattern: &str) -> Result<(), TemplateError> {
        let each = pattern.len().saturating_mul(PATTERN_BYTE).max(PATTERN);
        self.look(bytes.saturating_add(1).saturating_mul(each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_ends_before_what_is_looked_at() {
        let mut work = Work::new();
        assert_eq!(work.handle(MOST_MADE), Ok(()));
        assert_eq!(work.handle(1), Err(TemplateError::TooLong));
        assert_eq!(work.step(), Ok(()));
        assert_eq!(work.look(MOST), Err(TemplateError::TooLong));
    }

    #[test]
    fn a_long_pattern_is_dearer_than_a_short_one() {
        assert_eq!(Work::new().search(1_000_000, "a"), Ok(()));
        assert_eq!(Work::new().search(1_000_000, &"a".repeat(1000)), Err(TemplateError::TooLong));
    }
}
