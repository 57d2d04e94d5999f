//! Looking again and again: drawn over in place on a terminal, one line per change in a pipe, NDJSON with `--json`.

use super::{call_line, read_on};
use crate::{
    commands::context::Context,
    error::Result,
    ui::{Page, Report},
};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::sleep;

/// One line of a pipe.
#[derive(serde::Serialize)]
struct Change {
    time: String,
    state: String,
}

impl Report for Change {
    fn human(&self, page: &mut Page) {
        page.raw(format_args!("{}  {}", self.time, self.state));
    }
}

/// Looks every `pause` until Ctrl-C, or until nobody reads any more, and gives the last that was seen. `state` says in a
/// line what counts as a change.
pub(super) async fn watch<R, F>(
    context: &Context,
    pause: Duration,
    mut look: F,
    state: impl Fn(&R) -> String,
) -> Result<R>
where
    R: Report,
    F: AsyncFnMut() -> Result<R>,
{
    let is_drawn = context.console.is_watched();
    let (mut lines, mut before) = (0, None);
    let mut report = look().await?;
    loop {
        let said = state(&report);
        let goes_on = if is_drawn {
            lines = match context.console.redraw(&report, lines) {
                Ok(lines) => lines,
                written => return read_on(written.map(drop)).map(|_| report),
            };
            true
        } else if before.as_ref() == Some(&said) {
            true
        } else if context.console.is_json() {
            read_on(context.console.entry(&report))?
        } else {
            let time = call_line::clock(OffsetDateTime::now_utc());
            read_on(context.console.entry(&Change { time, state: said.clone() }))?
        };
        if !goes_on {
            return Ok(report);
        }
        before = Some(said);
        let next = async {
            sleep(pause).await;
            look().await
        };
        // Ctrl-C is the way out of what has no end.
        match context.cancel.run_until_cancelled(next).await {
            Some(next) => report = next?,
            None => return Ok(report),
        }
    }
}
