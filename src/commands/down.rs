//! `atelier down`: stops the engine, under the folder's lock. The embedded engine's state stays on disk.

use super::locked;
use crate::{
    cli,
    commands::context::Context,
    engine,
    error::Result,
    text::Message,
    ui::{Page, Report},
};

/// What `down` did.
#[derive(Debug, serde::Serialize)]
pub struct DownReport(engine::Shutdown);

impl Report for DownReport {
    fn human(&self, page: &mut Page) {
        let key = match (self.0.changed, self.0.is_lost) {
            (false, _) => "down.unchanged",
            (true, true) => "down.removed",
            (true, false) => "down.stopped",
        };
        page.line(Message::new(key));
    }
}

/// Runs `down`.
///
/// # Errors
/// What [`engine::down`] says, or that another run is at work here.
pub async fn run(context: &Context, _args: &cli::Down) -> Result<DownReport> {
    let _lock = locked(context).await?;
    engine::down(&context.settings, &context.progress).await.map(DownReport)
}
