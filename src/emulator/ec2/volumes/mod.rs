//! Volumes, as records: nothing is stored on one here.

mod attach;
mod device;
mod modify;
mod shape;
mod shown;
mod status;
mod volume;

pub(super) use attach::{attach, create, delete, detach};
pub(super) use device::{AskedDevice, Device, Mapping, merge};
pub(super) use modify::{describe as describe_modifications, modify};
pub(super) use shape::Shape;
pub(super) use shown::{describe, describe_attribute};
pub(super) use status::describe as describe_status;
pub(super) use volume::Volume;
