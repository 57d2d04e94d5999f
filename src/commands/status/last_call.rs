//! How the last call of the deployed API ended: everything can be there and as it should be, and the function fails all
//! the same.

use crate::{
    commands::{call_line, overview},
    settings::Settings,
    stack::Discovery,
    text::Message,
    ui::Tone,
};
use time::OffsetDateTime;

/// The last call that was let in.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LastCall {
    /// The status of its answer.
    pub status: u16,
    /// Why it was not done, where it was not.
    pub code: Option<String>,
    /// When it was answered.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// How long it took.
    pub duration_ms: f64,
    /// Why the next one will hardly end better.
    #[serde(skip)]
    pub(super) why_never: Option<Message>,
}

impl LastCall {
    /// Finds it in the logs, of whichever engine; one of more than a day ago is not told.
    pub(super) async fn find(settings: &Settings, stack: &Discovery) -> Option<Self> {
        let found = overview::last_calls(settings, std::slice::from_ref(&stack.stack)).await;
        let ended = found.into_values().next()?;
        let why_never = ended.why_never(stack);
        let overview::Ended { time, status, code, total_ms, .. } = ended;
        Some(Self { status: status?, code, time, duration_ms: total_ms.unwrap_or_default(), why_never })
    }

    /// Writes it as a part of a line of `--watch`: the time of the call, to tell it from another that ended the same.
    pub(crate) fn in_a_line(&self) -> String {
        let code = self.code.as_deref().map(|code| format!(" {}", call_line::word(code))).unwrap_or_default();
        format!("last call {}{code} at {}", self.status, call_line::clock(self.time))
    }

    /// Writes it for people.
    pub(crate) fn line(&self, now: OffsetDateTime) -> (Tone, Message) {
        let tone = if self.status >= 500 { Tone::Bad } else { Tone::Dim };
        let ago = call_line::age((now - self.time).whole_seconds().max(0));
        let code = self.code.as_deref().map(|code| format!(" {}", call_line::word(code))).unwrap_or_default();
        let line = Message::new("status.last_call").with("status", format!("{}{code}", self.status));
        (tone, line.with_message("ago", ago).with("millis", format!("{:.0}", self.duration_ms)))
    }
}
