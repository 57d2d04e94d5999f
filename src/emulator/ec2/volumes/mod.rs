//! Volumes, as records: nothing is stored on one here.

mod device;
mod shape;

pub(super) use device::{AskedDevice, Device, Mapping, merge};
pub(super) use shape::Shape;

use super::{listing::Tags, state::State};
use serde::{Deserialize, Serialize};

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Volume {
    pub(super) id: String,
    pub(super) shape: Shape,
    pub(super) zone: String,
    /// Empty where it was made of none.
    pub(super) snapshot: String,
    pub(super) created: i64,
    /// The instance that has it; under which name, the instance knows.
    pub(super) instance: Option<String>,
}

impl State {
    /// Takes what a terminated instance had: volumes end with it, or are free.
    pub(super) fn release(&mut self, devices: Vec<Device>) {
        for device in devices {
            if device.delete_on_termination {
                self.volumes.remove(&device.volume);
                self.set_tags(&device.volume, Tags::new());
            } else if let Some(volume) = self.volumes.get_mut(&device.volume) {
                volume.instance = None;
            }
        }
    }
}
