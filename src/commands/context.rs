//! What every command is given.

use crate::{engine::Engine, progress::Progress, settings::Settings, stack::Run, ui::Console};
use tokio_util::sync::CancellationToken;

/// What every command is given.
#[derive(Clone)]
pub struct Context {
    /// Every setting, resolved.
    pub settings: Settings,
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
