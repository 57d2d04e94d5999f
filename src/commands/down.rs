//! `atelier down`: stops the engine, under the folder's lock. The embedded engine's state stays on disk.

use super::{locked, up};
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
#[serde(untagged)]
pub enum DownReport {
    /// It stopped the engine of this folder, or found none.
    Engine(engine::Shutdown),
    /// An AWS API is named that `up` has not started.
    Named {
        /// Where it is.
        url: String,
        /// Never.
        changed: bool,
    },
}

impl Report for DownReport {
    fn human(&self, page: &mut Page) {
        page.line(match self {
            Self::Engine(down) => Message::new(match (down.changed, down.is_lost) {
                (false, _) => "down.unchanged",
                (true, true) => "down.removed",
                (true, false) => "down.stopped",
            }),
            Self::Named { url, .. } => Message::new("down.named").with("url", url),
        });
    }
}

/// Runs `down`.
///
/// # Errors
/// What [`engine::down`] says, or that another run is at work here.
pub async fn run(context: &Context, _args: &cli::Down) -> Result<DownReport> {
    if let Some(url) = up::named(&context.settings) {
        return Ok(DownReport::Named { url, changed: false });
    }
    let _lock = locked(context).await?;
    engine::down(&context.settings, &context.progress).await.map(DownReport::Engine)
}
