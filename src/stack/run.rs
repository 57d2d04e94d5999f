//! What every operation on a stack works with.

use crate::{engine::Engine, progress::Progress, settings::Settings};
use tokio_util::sync::CancellationToken;

/// What a run works with.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The engine that the stack lives on.
    pub engine: &'a Engine,
    /// The command's settings: folder, stack name, deadline.
    pub settings: &'a Settings,
    /// Where steps are told.
    pub progress: &'a Progress,
    /// Ends the run after the call in flight.
    pub cancel: &'a CancellationToken,
}
