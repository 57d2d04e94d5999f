//! Progress where nothing may move: one line per state change, and a sign of life while a step lasts.

use super::{
    Face, Volume,
    style::{Tone, paint},
};
use crate::{progress::Event, text::Message};
use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// CI systems end a job that says nothing for some minutes, people lose patience earlier.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How often it is looked whose sign of life is due.
const GLANCE: Duration = Duration::from_secs(1);

/// Writes one line to stderr. Where stderr is closed there is nobody to tell.
pub(super) fn print(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// The steps under way.
pub(super) struct Lines {
    face: Face,
    steps: Mutex<BTreeMap<String, Step>>,
}

struct Step {
    message: Message,
    began: Instant,
    /// When it was last said that it goes on, or that it began.
    told: Instant,
    done: Option<(u64, Option<u64>)>,
}

impl Lines {
    pub(super) fn new(face: Face) -> Self {
        Self { face, steps: Mutex::default() }
    }

    fn steps(&self) -> MutexGuard<'_, BTreeMap<String, Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn event(&self, event: &Event) {
        match event {
            Event::Begin { step, message } => {
                self.begin(step, message);
                self.tell(message, None);
            }
            Event::Wait { step, message } => self.begin(step, message),
            Event::Advance { step, done, total } => {
                if let Some(step) = self.steps().get_mut(step) {
                    step.done = Some((*done, *total));
                }
            }
            Event::End { step, message } => {
                let took = self.steps().remove(step).map(|step| step.began.elapsed());
                self.tell(message, took);
            }
            Event::Done { step } => {
                if let Some(step) = self.steps().remove(step).filter(|_| self.face.volume == Volume::Verbose) {
                    self.tell(&step.message, Some(step.began.elapsed()));
                }
            }
            Event::Note(message) => self.tell(message, None),
            Event::Warn(message) => print(&warning(message, self.face)),
        }
    }

    fn begin(&self, step: &str, message: &Message) {
        let now = Instant::now();
        self.steps().insert(step.to_owned(), Step { message: message.clone(), began: now, told: now, done: None });
    }

    fn tell(&self, message: &Message, took: Option<Duration>) {
        if self.face.volume != Volume::Quiet {
            print(&told(message, took, self.face));
        }
    }

    /// Says of each step what is still under way, every 15 s from its own beginning; never ends.
    pub(super) async fn tick(&self) {
        loop {
            tokio::time::sleep(GLANCE).await;
            self.due(Instant::now()).iter().for_each(|line| print(line));
        }
    }

    /// The signs of life that are due by now.
    fn due(&self, now: Instant) -> Vec<String> {
        if self.face.volume == Volume::Quiet {
            return Vec::new();
        }
        let mut steps = self.steps();
        let due = steps.values_mut().filter(|step| now.duration_since(step.told) >= SIGN_OF_LIFE);
        due.map(|step| {
            step.told = now;
            step.still(now, self.face)
        })
        .collect()
    }
}

impl Step {
    fn still(&self, now: Instant, face: Face) -> String {
        let still = Message::new("ui.still")
            .with("what", face.render(&self.message))
            .with("seconds", now.duration_since(self.began).as_secs());
        match self.done {
            Some((done, total)) => format!("{} ({})", face.render(&still), share(done, total)),
            None => face.render(&still),
        }
    }
}

/// Renders a line about a step, with its duration where the user wants to know more.
pub(super) fn told(message: &Message, took: Option<Duration>, face: Face) -> String {
    let text = face.render(message);
    match took {
        Some(took) if face.volume == Volume::Verbose => {
            format!("{text} {}", paint(face.color, Tone::Dim, &format!("({} ms)", took.as_millis())))
        }
        _ => text,
    }
}

/// Renders a warning.
pub(super) fn warning(message: &Message, face: Face) -> String {
    let label = Message::new("ui.warning").render(face.lang);
    format!("{} {}", paint(face.color, Tone::Warn, &label), face.render(message))
}

fn share(done: u64, total: Option<u64>) -> String {
    match total {
        Some(total) if total > 0 => format!("{} %", done.min(total) * 100 / total),
        _ => format!("{} MB", done / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn the_first_sign_of_life_comes_after_15_seconds_and_then_every_15() {
        let face = Face { lang: Lang::En, color: false, volume: Volume::Normal, plain: false };
        let lines = Lines::new(face);
        lines.event(&Event::Wait { step: "one".to_owned(), message: Message::literal("waiting") });
        let began = Instant::now();
        let told: Vec<u64> =
            (0..=50).filter(|seconds| !lines.due(began + Duration::from_secs(*seconds)).is_empty()).collect();
        assert_eq!(told, [15, 30, 45]);
        assert_eq!(lines.due(began + Duration::from_mins(1)), ["waiting still, 60 s"]);
        lines.event(&Event::Done { step: "one".to_owned() });
        assert!(lines.due(began + Duration::from_hours(1)).is_empty());
        let quiet = Lines::new(Face { volume: Volume::Quiet, ..face });
        quiet.event(&Event::Wait { step: "one".to_owned(), message: Message::literal("waiting") });
        assert!(quiet.due(began + Duration::from_hours(1)).is_empty());
    }
}
