//! What came of something that a page had done: said first, with the way back where there is one.

use crate::{
    contract::{Change, Target},
    dashboard::{layout::Frame, shown::rich, views::sign::Sign},
    error::Error,
    text::Message,
    ui::Tone,
};
use maud::{Markup, html};

/// What came of it.
#[derive(Debug)]
pub(in crate::dashboard) struct Outcome {
    tone: Tone,
    message: Message,
    hints: Vec<Message>,
    /// What takes it back.
    undo: Option<Undo>,
}

/// A change of what another change has changed.
#[derive(Debug, Clone)]
pub(in crate::dashboard) struct Undo {
    pub(in crate::dashboard) change: Change,
    /// Of what kind that is.
    pub(in crate::dashboard) target: Target,
    /// Which one, where that must be said.
    pub(in crate::dashboard) name: Option<String>,
}

impl Outcome {
    pub(in crate::dashboard) fn good(message: Message) -> Self {
        Self { tone: Tone::Good, message, hints: Vec::new(), undo: None }
    }

    pub(in crate::dashboard) fn bad(message: Message) -> Self {
        Self { tone: Tone::Bad, ..Self::good(message) }
    }

    pub(in crate::dashboard) fn of(error: &Error) -> Self {
        Self { hints: error.hints_or_default(), ..Self::bad(error.message.clone()) }
    }

    pub(in crate::dashboard) fn undo(self, undo: Undo) -> Self {
        Self { undo: Some(undo), ..self }
    }

    /// Writes it.
    pub(in crate::dashboard) fn show(&self, frame: &Frame<'_>) -> Markup {
        let lang = frame.lang();
        let sign = Sign::of(self.tone, &self.message);
        html! {
            section #outcome.outcome.(sign.class()) tabindex="-1" role="status" {
                (sign.draw())
                div {
                    p { (rich(lang, &self.message)) }
                    @for hint in &self.hints { p.hint { (rich(lang, hint)) } }
                }
                @if let Some(undo) = &self.undo { (change(frame, undo, "quiet", &frame.say("board.undo"))) }
            }
        }
    }
}

/// Writes the button that has something changed.
pub(in crate::dashboard) fn change(frame: &Frame<'_>, change: &Undo, class: &str, label: &str) -> Markup {
    html! {
        form.change method="post" action="/act" data-busy=(frame.say("board.busy")) {
            (frame.proof())
            input type="hidden" name="action" value=(change.change.as_str());
            input type="hidden" name="target" value=(change.target.as_str());
            @if let Some(name) = &change.name {
                input type="hidden" name="name" value=(name);
            }
            button.(class) data-press=(change.change.as_str()) { (label) }
        }
    }
}
