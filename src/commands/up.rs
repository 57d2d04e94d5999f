//! `atelier up`: starts the engine, under the folder's lock.

use super::locked;
use crate::{
    cli,
    commands::context::Context,
    engine,
    error::Result,
    text::Message,
    ui::{Page, Report},
};

/// What `up` did.
#[derive(Debug, serde::Serialize)]
pub struct UpReport(engine::Startup);

impl Report for UpReport {
    fn human(&self, page: &mut Page) {
        let key = if self.0.changed { "up.ready" } else { "up.unchanged" };
        page.line(Message::new(key).with("engine", self.0.engine).with("url", &self.0.url));
    }
}

/// Runs `up`.
///
/// # Errors
/// What [`engine::up`] says, or that another run is at work here.
pub async fn run(context: &Context, _args: &cli::Up) -> Result<UpReport> {
    let _lock = locked(context).await?;
    engine::up(&context.settings, &context.progress).await.map(UpReport)
}
