//! Errors for people: the sentence, what caused it, what to do about it.

use super::{
    Face,
    style::{Tone, paint},
};
use crate::{
    error::{Code, Error},
    text::Message,
};

/// Renders an error: `error: …`, `caused by: …`, `hint: …`, each on its line.
pub(super) fn error(error: &Error, face: Face) -> String {
    let label = |key: &str, tone| paint(face.color, tone, &Message::new(key).render(face.lang));
    // Who has just said no needs not be told of an error.
    if error.code == Code::Declined {
        return face.render(&error.message);
    }
    let mut lines = vec![format!("{} {}", label("ui.error", Tone::Bad), error.message.render(face.lang))];
    for cause in &error.causes {
        lines.push(format!("  {} {}", label("ui.caused_by", Tone::Dim), cause.render(face.lang)));
    }
    for hint in error.hints_or_default() {
        lines.push(format!("  {} {}", label("ui.hint", Tone::Warn), hint.render(face.lang)));
    }
    lines.join("\n")
}
