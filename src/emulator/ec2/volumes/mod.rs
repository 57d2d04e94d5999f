//! Volumes, as records: nothing is stored on one here.

mod attach;
mod device;
mod shape;
mod shown;
mod volume;

pub(super) use attach::{attach, create, delete, detach};
pub(super) use device::{AskedDevice, Device, Mapping, merge};
pub(super) use shape::Shape;
pub(super) use shown::{describe, describe_attribute};
pub(super) use volume::Volume;
