//! The stack: what `deploy` makes and `clean` takes away.
//!
//! The truth about a stack is in its resources' tags ([`discover`]); files are hints. Every part is brought to what is
//! wanted by the same loop (`reconcile`), which only ever acts on what it has just discovered, so a run that was cut
//! off anywhere is continued by the next one. What is wanted is data (`spec`).
//!
//! Not here: what runs inside the function (`handler`), how engines start and stop (`engine`), and anything printed.

mod api;
mod clean;
mod client;
mod deploy;
mod discover;
mod error;
mod files;
mod function;
mod instance;
pub mod kept_key;
pub mod keys;
mod lock;
mod log_group;
mod package;
mod plan;
mod reconcile;
mod role;
mod spec;
mod state;
mod usage_plan;

pub use clean::{CleanReport, clean, forget};
pub use deploy::{DeployReport, Outcome, PartReport, deploy};
pub use discover::{Discovery, Foreign, Found, discover, discover_all, is_deserted};
pub use error::{Class, Error, Whose};
pub use lock::Lock;
pub use plan::{Change, PlanReport, PlannedPart, plan};
pub use reconcile::until_cancelled;
pub use spec::Part;

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
