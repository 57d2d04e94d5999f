//! What every command is given.

use crate::{engine::Engine, error::Result, progress::Progress, settings::Settings, stack::Run, ui::Console};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Resolves the settings once more, from the same flags and variables: `atelier.toml` may say something else by then.
pub type Reread = Arc<dyn Fn() -> Result<Settings> + Send + Sync>;

/// What every command is given.
#[derive(Clone)]
pub struct Context {
    /// Every setting, resolved.
    pub settings: Settings,
    /// Resolves them anew, for a command that stays.
    pub reread: Reread,
    /// Where to tell what is being done.
    pub progress: Progress,
    /// Cancelled by the first Ctrl-C; what is in flight may end, nothing new may begin.
    pub cancel: CancellationToken,
    /// The output, for streams and questions; results are returned.
    pub console: Console,
}

impl Context {
    /// Returns what the stack's operations on `engine` work with.
    #[must_use]
    pub fn run<'a>(&'a self, engine: &'a Engine) -> Run<'a> {
        Run { engine, settings: &self.settings, progress: &self.progress, cancel: &self.cancel }
    }
}
