//! The sign of a state: a shape beside its word, so that nothing is said by colour alone.

use crate::{text::Message, ui::Tone};
use maud::{Markup, html};

/// How something is, as a class of the style sheet and as a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dashboard) enum Sign {
    /// As it should be: a disc with a tick.
    Good,
    /// At rest, and as it should be: a disc with two bars.
    Rest,
    /// On its way, or worth a look: a triangle.
    Warn,
    /// Not as it should be: a square with a cross.
    Bad,
    /// Not there, or unknown: a ring.
    None,
}

impl Sign {
    /// The sign of a tone and the word that goes with it.
    pub(in crate::dashboard) fn of(tone: Tone, state: &Message) -> Self {
        match tone {
            Tone::Good if state.key() == "state.stopped" => Self::Rest,
            Tone::Good => Self::Good,
            Tone::Warn => Self::Warn,
            Tone::Bad => Self::Bad,
            Tone::Dim | Tone::Strong | Tone::Series(_) => Self::None,
        }
    }

    /// Its class.
    pub(in crate::dashboard) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Rest => "rest",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::None => "none",
        }
    }

    /// Draws it.
    pub(in crate::dashboard) fn draw(self) -> Markup {
        html! {
            svg.sign.(self.class()) viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
                @match self {
                    Self::Good => { circle cx="12" cy="12" r="10" {} path d="M7 12.5l3.4 3.4L17 9" {} }
                    Self::Rest => { circle cx="12" cy="12" r="10" {} path d="M9.5 8.5v7M14.5 8.5v7" {} }
                    Self::Warn => { polygon points="12,1.5 23,21.5 1,21.5" {} path d="M12 9v5.5M12 17.6v.4" {} }
                    Self::Bad => { rect x="2.5" y="2.5" width="19" height="19" rx="3" {} path d="M8 8l8 8M16 8l-8 8" {} }
                    Self::None => { circle.ring cx="12" cy="12" r="9" {} }
                }
            }
        }
    }
}
