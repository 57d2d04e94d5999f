//! The stack: what `deploy` makes and `clean` takes away.
//!
//! The truth about a stack is in its resources' tags ([`discover`]); files are hints. Every part is brought to what is
//! wanted by the same loop (`reconcile`), which only ever acts on what it has just discovered, so a run that was cut
//! off anywhere is continued by the next one. What is wanted is data (`spec`).
//!
//! Not here: what runs inside the function (`handler`), how engines start and stop (`engine`), and anything printed.

mod alarm;
mod api;
mod clean;
mod client;
mod clock;
mod deploy;
mod discover;
mod error;
mod export;
mod files;
mod function;
mod instance;
mod instances;
mod inventory;
pub mod kept_key;
mod key;
pub mod keys;
mod limits;
mod lock;
mod log_group;
mod outcome;
mod own;
mod package;
mod part;
mod parts;
mod plan;
mod predict;
mod reconcile;
mod rights;
mod role;
mod run;
pub mod schedules;
mod ship;
mod sighting;
mod snapshot;
mod spec;
mod usage_plan;
mod wanted;

pub use clean::{Cleanup, clean, forget};
pub use deploy::{Deployment, OwnCode, check_owner, check_types, deploy, deploy_checked, own_code, own_stamp};
pub use discover::{Discovery, discover, discover_all, is_deserted, names};
pub use error::{Class, Error, Whose};
pub use export::{
    Difference, Error as ExportError, Exported, LeftOut, Order, cloudformation_commands, compare, export,
};
pub use function::knows_door;
pub use inventory::{BilledInstance, instances};
pub use key::Key;
pub use lock::Lock;
pub use outcome::{Outcome, PartReport};
pub use part::Part;
pub use plan::{Plan, plan};
pub use predict::{PlannedChange, PlannedPart};
pub use reconcile::until_cancelled;
pub use run::Run;
pub use ship::ship;
pub use sighting::{Foreign, Found, InstanceFacts};
pub use spec::MEMORY as FUNCTION_MEMORY;

use crate::names::StackName;

/// The name of the log group that a stack's function writes to; whether there is one is not asked.
#[must_use]
pub fn log_group_name(stack: &StackName, region: &str) -> String {
    spec::Names::of(stack, region).log_group
}
