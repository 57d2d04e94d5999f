//! The volumes of an instance: what a launch says of them, and under which names the instance has them.

use super::{
    shape::{Asked, Shape},
    volume::Volume,
};
use crate::emulator::{
    ec2::{kind, listing::flag_passes, new_id},
    wire::{AwsError, QueryParams, iso_time, xml},
};
use serde::{Deserialize, Serialize};

/// A volume as an instance has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Device {
    pub(in crate::emulator::ec2) name: String,
    pub(in crate::emulator::ec2) volume: String,
    pub(in crate::emulator::ec2) attached: i64,
    pub(in crate::emulator::ec2) delete_on_termination: bool,
}

impl Device {
    /// Writes an item of an instance's `blockDeviceMapping`.
    pub(in crate::emulator::ec2) fn write(&self, item: &mut xml::Element) {
        xml::text(item, "deviceName", &self.name);
        xml::element(item, "ebs", |ebs| {
            xml::text(ebs, "volumeId", &self.volume);
            xml::text(ebs, "status", "attached");
            xml::text(ebs, "attachTime", &iso_time(self.attached));
            xml::text(ebs, "deleteOnTermination", if self.delete_on_termination { "true" } else { "false" });
        });
    }

    /// Whether a filter of `DescribeInstances` (`block-device-mapping.` before it) passes.
    pub(in crate::emulator::ec2) fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "attach-time" => test(&iso_time(self.attached)),
            "delete-on-termination" => flag_passes(self.delete_on_termination, test),
            "device-name" => test(&self.name),
            "status" => test("attached"),
            "volume-id" => test(&self.volume),
            _ => false,
        }
    }
}

/// A device of an image, or of a launch, of which a volume is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Mapping {
    pub(in crate::emulator::ec2) name: String,
    /// Empty where the volume is blank.
    pub(in crate::emulator::ec2) snapshot: String,
    pub(in crate::emulator::ec2) shape: Shape,
    pub(in crate::emulator::ec2) delete_on_termination: bool,
}

/// One entry of a call's `BlockDeviceMapping`.
#[derive(Debug)]
pub(in crate::emulator::ec2) struct AskedDevice {
    name: String,
    /// Whether the image's device of this name is left away.
    is_none: bool,
    snapshot: Option<String>,
    volume: Asked,
    delete_on_termination: Option<bool>,
}

impl AskedDevice {
    /// Reads `BlockDeviceMapping.N`.
    pub(in crate::emulator::ec2) fn take(params: &mut QueryParams) -> Result<Vec<Self>, AwsError> {
        let mut asked: Vec<Self> = Vec::new();
        for device in params.structures("BlockDeviceMapping", Self::of)? {
            if asked.iter().any(|known| known.name == device.name) {
                let message = format!("The device '{}' is used in more than one block-device mapping", device.name);
                return Err(AwsError::sender("InvalidBlockDeviceMapping", message));
            }
            asked.push(device);
        }
        Ok(asked)
    }

    fn of(item: &mut QueryParams) -> Result<Self, AwsError> {
        if item.has("VirtualName") {
            return Err(AwsError::not_implemented("ec2", "BlockDeviceMapping with VirtualName"));
        }
        let (name, is_none) = (item.required("DeviceName")?, item.text("NoDevice").is_some());
        item.structure("Ebs", |ebs| {
            for name in
                ["AvailabilityZone", "AvailabilityZoneId", "EbsCardIndex", "OutpostArn", "VolumeInitializationRate"]
            {
                if ebs.has(name) {
                    return Err(AwsError::not_implemented("ec2", &format!("BlockDeviceMapping with Ebs.{name}")));
                }
            }
            Ok(Self {
                name,
                is_none,
                snapshot: ebs.text("SnapshotId").filter(|id| !id.is_empty()),
                volume: Asked::take(ebs, "VolumeSize")?,
                delete_on_termination: ebs.flag("DeleteOnTermination")?,
            })
        })
    }

    /// The device of a new image or instance; `base` is the one of this name that the image has, `find` looks a
    /// snapshot up.
    fn settle(
        &self,
        base: Option<&Mapping>,
        find: &impl Fn(&str) -> Result<Shape, AwsError>,
    ) -> Result<Mapping, AwsError> {
        let own = self.snapshot.as_deref().map(find).transpose()?;
        let from = own.as_ref().or(base.map(|base| &base.shape));
        let snapshot = self.snapshot.clone().or_else(|| base.map(|base| base.snapshot.clone())).unwrap_or_default();
        if let (Some(size), Some(from)) = (
            self.volume.size,
            from.filter(|from| !snapshot.is_empty() && from.size > self.volume.size.unwrap_or(u32::MAX)),
        ) {
            let message = format!(
                "Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size >= {}GB",
                from.size
            );
            return Err(AwsError::sender("InvalidBlockDeviceMapping", message));
        }
        Ok(Mapping {
            name: self.name.clone(),
            snapshot,
            shape: self.volume.clone().settle(from, "gp2")?,
            delete_on_termination: self
                .delete_on_termination
                .or(base.map(|base| base.delete_on_termination))
                .unwrap_or(true),
        })
    }
}

/// The devices that come of those of an image and of what a call says of them.
pub(in crate::emulator::ec2) fn merge(
    base: &[Mapping],
    asked: &[AskedDevice],
    find: impl Fn(&str) -> Result<Shape, AwsError>,
) -> Result<Vec<Mapping>, AwsError> {
    let mut devices = base.to_vec();
    for asked in asked {
        let at = devices.iter().position(|device| device.name == asked.name);
        match (at, asked.is_none) {
            (Some(at), true) => drop(devices.remove(at)),
            (None, true) => {}
            (Some(at), false) => devices[at] = asked.settle(Some(&devices[at]), &find)?,
            (None, false) => devices.push(asked.settle(None, &find)?),
        }
    }
    Ok(devices)
}

impl Mapping {
    /// Writes an item of an image's `blockDeviceMapping`.
    pub(in crate::emulator::ec2) fn write(&self, item: &mut xml::Element) {
        xml::text(item, "deviceName", &self.name);
        xml::element(item, "ebs", |ebs| {
            if !self.snapshot.is_empty() {
                xml::text(ebs, "snapshotId", &self.snapshot);
            }
            xml::text(ebs, "volumeSize", &self.shape.size.to_string());
            xml::text(ebs, "deleteOnTermination", if self.delete_on_termination { "true" } else { "false" });
            xml::text(ebs, "volumeType", &self.shape.kind);
            self.shape.write_speed(ebs);
        });
    }

    /// Makes the volume of an instance, and its place there.
    pub(in crate::emulator::ec2) fn make(
        &self,
        instance: &str,
        zone: &str,
        now: i64,
    ) -> Result<(Device, Volume), AwsError> {
        let volume = Volume {
            id: new_id(kind::VOLUME.prefix)?,
            shape: self.shape.clone(),
            zone: zone.to_owned(),
            snapshot: self.snapshot.clone(),
            created: now,
            instance: Some(instance.to_owned()),
            token: String::new(),
            modified: None,
        };
        let device = Device {
            name: self.name.clone(),
            volume: volume.id.clone(),
            attached: now,
            delete_on_termination: self.delete_on_termination,
        };
        Ok((device, volume))
    }
}
