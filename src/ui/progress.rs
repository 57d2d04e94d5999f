//! Progress on a terminal: one moving line per step under way, a line that stays when it ends.

use super::{Face, Volume, plain};
use crate::{progress::Event, text::Message};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Slow enough not to flicker over ssh, fast enough to look alive.
const FRAME: Duration = Duration::from_millis(120);

/// The moving lines.
pub(super) struct Bars {
    face: Face,
    screen: MultiProgress,
    steps: Mutex<BTreeMap<String, (ProgressBar, Instant)>>,
}

impl Bars {
    pub(super) fn new(face: Face) -> Self {
        Self { face, screen: MultiProgress::new(), steps: Mutex::default() }
    }

    fn steps(&self) -> MutexGuard<'_, BTreeMap<String, (ProgressBar, Instant)>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn event(&self, event: &Event) {
        match event {
            Event::Begin { step, message } | Event::Wait { step, message } => self.begin(step, message),
            Event::Advance { step, done, total } => {
                if let Some((bar, _)) = self.steps().get(step) {
                    if let (Some(total), None) = (total, bar.length()) {
                        bar.set_length(*total);
                        bar.set_style(style("{spinner} {wide_msg} [{bar:24}] {bytes}/{total_bytes}"));
                    }
                    bar.set_position(*done);
                }
            }
            Event::End { step, message } => {
                let took = self.end(step).map(|(_, took)| took);
                self.print(&plain::told(message, took, self.face));
            }
            Event::Done { step } => {
                let ended = self.end(step).filter(|_| self.face.volume == Volume::Verbose);
                if let Some((message, took)) = ended {
                    self.print(&plain::told(&Message::literal(message), Some(took), self.face));
                }
            }
            Event::Note(message) => self.print(&self.face.render(message)),
            Event::Warn(message) => self.print(&plain::warning(message, self.face)),
        }
    }

    fn begin(&self, step: &str, message: &Message) {
        // Several of a kind are one line.
        if let Some((bar, _)) = self.steps().get(step) {
            bar.set_message(self.face.render(message));
            return;
        }
        let bar = self.screen.add(ProgressBar::no_length());
        // Not as wide as the terminal: what it echoes at Ctrl-C would begin a line that nobody takes away.
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.set_message(self.face.render(message));
        bar.tick();
        self.steps().insert(step.to_owned(), (bar, Instant::now()));
    }

    /// Takes a step's line off the screen; gives what it said and how long it was there.
    fn end(&self, step: &str) -> Option<(String, Duration)> {
        let (bar, began) = self.steps().remove(step)?;
        bar.finish_and_clear();
        self.screen.remove(&bar);
        Some((bar.message(), began.elapsed()))
    }

    /// Prints a line that stays, above those that move.
    pub(super) fn print(&self, text: &str) {
        self.aside(|| plain::print(text));
    }

    /// Takes the moving lines off the screen while something else is written to it.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.screen.suspend(write)
    }

    /// Takes every moving line off the screen.
    pub(super) fn clear(&self) {
        for (bar, _) in std::mem::take(&mut *self.steps()).into_values() {
            bar.finish_and_clear();
        }
    }

    /// Moves the lines; never ends. One ticker for all, in the task of the command: no thread outlives it.
    pub(super) async fn tick(&self) {
        loop {
            tokio::time::sleep(FRAME).await;
            for (bar, _) in self.steps().values() {
                bar.tick();
            }
        }
    }
}

/// Parses one of the templates above; they are constants and right, so the default is never seen.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
