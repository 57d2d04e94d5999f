//! A volume.

use super::{device::Device, shape::Shape};
use crate::emulator::ec2::{listing::Tags, state::State};
use serde::{Deserialize, Serialize};

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Volume {
    pub(in crate::emulator::ec2) id: String,
    pub(in crate::emulator::ec2) shape: Shape,
    pub(in crate::emulator::ec2) zone: String,
    /// Empty where it was made of none.
    pub(in crate::emulator::ec2) snapshot: String,
    pub(in crate::emulator::ec2) created: i64,
    /// What makes the call that made it repeatable; empty where it was not said.
    #[serde(default)]
    pub(in crate::emulator::ec2) token: String,
    /// The instance that has it; under which name, the instance knows.
    pub(in crate::emulator::ec2) instance: Option<String>,
}

impl State {
    /// Takes what a terminated instance had: volumes end with it, or are free.
    pub(in crate::emulator::ec2) fn release(&mut self, devices: Vec<Device>) {
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
