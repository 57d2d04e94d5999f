//! Launch templates: what a launch would be asked for, in versions that never change.
//!
//! What a template holds is kept as the parameters that it came as ([`data`]); `RunInstances` reads them as its own
//! ([`launch`]), and refuses there what no instance can be here.
//!
//! Not here: requirements instead of an instance type, which are refused by name.

mod data;
mod launch;
mod operations;
mod shown;
mod template;
mod versions;

pub(super) use launch::overlay;
pub(super) use operations::{create, delete, modify};
pub(super) use shown::{describe, describe_versions};
pub(super) use template::Template;
pub(super) use versions::{create as create_version, delete as delete_versions};
