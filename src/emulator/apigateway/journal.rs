//! What is written down about a call while it is answered: lines for people, where somebody reads them, and what the
//! backend answered.

use std::sync::{Mutex, OnceLock, PoisonError};

/// How much of the end of a secret is shown at most, in characters.
const SHOWN: usize = 6;
/// How much of a line is kept for a log, in bytes: what is shown of it in the end, and the longest head of a request behind
/// it, so that no secret is cut before it is found.
const OF_A_LOG: usize = 40 * 1024;

/// The notes about one call; by default nobody reads its lines, and none is kept.
#[derive(Debug, Default)]
pub(super) struct Journal {
    lines: Option<Mutex<Vec<String>>>,
    /// How much of each line is kept, in bytes.
    most: usize,
    backend: OnceLock<u16>,
}

impl Journal {
    /// One that keeps its lines.
    pub(super) fn kept() -> Self {
        Self { lines: Some(Mutex::default()), most: usize::MAX, backend: OnceLock::new() }
    }

    /// One that keeps the beginnings of its lines, for a log.
    pub(super) fn for_log() -> Self {
        Self { most: OF_A_LOG, ..Self::kept() }
    }

    /// Tells whether its lines are kept.
    pub(super) fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    /// Writes a line down.
    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            // What it says may depend on the lines before it.
            let mut line = line();
            line.truncate(line.floor_char_boundary(self.most));
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    /// The lines.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.as_ref().map_or_else(Vec::new, |lines| lines.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Keeps the status of the backend's answer.
    pub(super) fn backend_answered(&self, status: u16) {
        let _ = self.backend.set(status);
    }

    /// The status of the backend's answer, if there was one.
    pub(super) fn backend(&self) -> Option<u16> {
        self.backend.get().copied()
    }
}

/// A secret with stars in the place of all but its end; at most half of it is shown.
pub(super) fn masked(secret: &str) -> String {
    let count = secret.chars().count();
    let shown: String = secret.chars().skip(count.saturating_sub(SHOWN).max(count / 2)).collect();
    format!("{}{shown}", "*".repeat(count - shown.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_the_end_is_shown() {
        for (secret, shown) in [("0123456789abcdef", "**********abcdef"), ("ab", "*b"), ("é", "é"), ("", "")] {
            assert_eq!(masked(secret), shown);
        }
    }

    #[test]
    fn of_a_line_for_a_log_the_beginning_is_kept() {
        let (log, whole) = (Journal::for_log(), Journal::kept());
        for journal in [&log, &whole] {
            journal.note(|| format!("{}é", "x".repeat(OF_A_LOG - 1)));
        }
        assert_eq!((log.lines()[0].len(), whole.lines()[0].len()), (OF_A_LOG - 1, OF_A_LOG + 1));
    }
}
