//! What is written down about a call while it is answered, for `TestInvokeMethod` to show.

use std::sync::{Mutex, PoisonError};

/// The lines about one call; by default nobody reads them, and none is kept.
#[derive(Debug, Default)]
pub(super) struct Journal(Option<Mutex<Vec<String>>>);

impl Journal {
    /// One that keeps its lines.
    pub(super) fn kept() -> Self {
        Self(Some(Mutex::default()))
    }

    /// Writes a line down.
    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.0 {
            // What it says may depend on the lines before it.
            let line = line();
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    /// The lines.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.as_ref().map_or_else(Vec::new, |lines| lines.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}
