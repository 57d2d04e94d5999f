//! What a long action tells while it runs, as data; `ui` decides how it looks.

use crate::text::Message;
use std::sync::Arc;

/// Something that happened on the way.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step began; steps may overlap.
    Begin {
        /// Identifies the step until its end (`instance`, `pull`).
        step: String,
        /// What is being done.
        message: Message,
    },
    /// A step began that is worth a word only if it lasts.
    Wait {
        /// The step.
        step: String,
        /// What is being waited for.
        message: Message,
    },
    /// A step that moves bytes came further.
    Advance {
        /// The step.
        step: String,
        /// Bytes done.
        done: u64,
        /// Bytes in all, once known.
        total: Option<u64>,
    },
    /// A step ended well.
    End {
        /// The step.
        step: String,
        /// What was done.
        message: Message,
    },
    /// A step ended well, and the command's result is what tells so.
    Done {
        /// The step.
        step: String,
    },
    /// Something worth a line that is neither a step nor a warning.
    Note(Message),
    /// Something that the user should know, though the action goes on.
    Warn(Message),
}

/// Where events go; cheap to clone, callable from any task.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Event) + Send + Sync>);

impl Progress {
    /// Sends every event to `sink`.
    pub fn new(sink: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Drops every event.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(|_| ())
    }

    /// Tells that a step begins.
    pub fn begin(&self, step: impl Into<String>, message: Message) {
        (self.0)(Event::Begin { step: step.into(), message });
    }

    /// Tells that something begins that is usually over at once; what moves on a terminal and a sign of life is all that
    /// is seen of it.
    pub fn wait(&self, step: impl Into<String>, message: Message) {
        (self.0)(Event::Wait { step: step.into(), message });
    }

    /// Tells how far a step has come, in bytes.
    pub fn advance(&self, step: impl Into<String>, done: u64, total: Option<u64>) {
        (self.0)(Event::Advance { step: step.into(), done, total });
    }

    /// Tells that a step ended well.
    pub fn end(&self, step: impl Into<String>, message: Message) {
        (self.0)(Event::End { step: step.into(), message });
    }

    /// Tells that a step ended well where the command's result is going to say what was done.
    pub fn done(&self, step: impl Into<String>) {
        (self.0)(Event::Done { step: step.into() });
    }

    /// Says something.
    pub fn note(&self, message: Message) {
        (self.0)(Event::Note(message));
    }

    /// Warns.
    pub fn warn(&self, message: Message) {
        (self.0)(Event::Warn(message));
    }
}
