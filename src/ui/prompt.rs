//! Questions. Nobody is asked where nobody can answer.

use super::{Console, Format};
use crate::{
    error::{Code, Error, Result},
    text::{Lang, Message},
};
use std::{
    io::{self, BufRead, IsTerminal, Write},
    sync::atomic::Ordering,
};
use tokio_util::sync::CancellationToken;

impl Console {
    /// Whether somebody is there to answer.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal()
            && io::stderr().is_terminal()
            && !self.inner.look.ci
            && self.inner.format == Format::Human
    }

    /// Whether a question waits for its answer, and nothing else goes on.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.inner.is_asking.load(Ordering::SeqCst)
    }

    /// Asks a yes-or-no question; only an explicit yes is one. `flag` is what answers it in advance (`--yes`).
    ///
    /// # Errors
    /// `confirmation_needed` where nobody can answer: not on a terminal, in CI, or with `--json`; `interrupted` when
    /// the answer is Ctrl-C.
    pub async fn confirm(&self, question: &Message, flag: &'static str, cancel: &CancellationToken) -> Result<bool> {
        if !self.can_ask() {
            return Err(Error::new(Code::ConfirmationNeeded).hint(Message::new("hint.flag").with("flag", flag)));
        }
        self.settle();
        let (lang, question) = (self.lang(), question.clone());
        self.inner.is_asking.store(true, Ordering::SeqCst);
        let asked = tokio::task::spawn_blocking(move || ask(&question, lang));
        // The thread that reads the terminal cannot be ended; it ends with the process, which does not wait for it.
        let answer = tokio::select! {
            answer = asked => Ok(answer.is_ok_and(|answer| answer.unwrap_or(false))),
            () = cancel.cancelled() => {
                self.end_question();
                Err(Error::new(Code::Interrupted).hint(Message::new("hint.nothing_done")))
            }
        };
        self.inner.is_asking.store(false, Ordering::SeqCst);
        answer
    }

    /// Leaves the line of a question that gets no answer: what is said next begins on its own.
    pub(super) fn end_question(&self) {
        if self.inner.is_asking.swap(false, Ordering::SeqCst) {
            let _ = io::stderr().write_all(b"\n");
        }
    }
}

fn ask(question: &Message, lang: Lang) -> io::Result<bool> {
    // No lock is held while the user thinks: Ctrl-C must be able to say something.
    let question = format!("{} {} ", question.render(lang), Message::new("ui.yes_no").render(lang));
    io::stderr().write_all(question.as_bytes())?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

/// Both languages' yes, whichever is on: fingers have habits.
fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "o" | "oui")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_explicit_yes_is_one() {
        for yes in ["y\n", "YES", " oui ", "O"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "\n", "n", "no", "non", "yep", "0"] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
