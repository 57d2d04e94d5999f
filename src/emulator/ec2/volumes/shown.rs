//! Volumes as they are described.

use super::{device::Device, volume::Volume};
use crate::emulator::{
    ec2::{
        kind,
        listing::{Listing, Record, Tags, flag, flag_passes},
        network::Network,
    },
    service::{Operation, Output, Scope},
    wire::{AwsError, iso_time, xml},
};

const FILTERS: &[&str] = &[
    "attachment.attach-time",
    "attachment.delete-on-termination",
    "attachment.device",
    "attachment.instance-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "create-time",
    "encrypted",
    "fast-restored",
    "multi-attach-enabled",
    "operator.managed",
    "operator.principal",
    "size",
    "snapshot-id",
    "status",
    "volume-id",
    "volume-type",
];

/// A volume as a listing shows it.
pub(super) struct Shown {
    volume: Volume,
    device: Option<Device>,
    tags: Tags,
}

/// Reads which volumes are wanted, by these filters.
pub(super) fn take_listing<'a>(operation: Operation<'a>, filters: &[&str]) -> Result<(Listing, Scope<'a>), AwsError> {
    let (listing, scope) = operation.query(|params| {
        // No service manages one here.
        params.flag("IncludeManagedResources")?;
        Listing::take(params, "VolumeId", filters)
    })?;
    if !listing.ids.is_empty() && listing.is_paged() {
        let message = "The parameter volumesSet cannot be used with the parameter maxResults";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    Ok((listing, scope))
}

/// `DescribeVolumes`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (listing, scope) = take_listing(operation, FILTERS)?;
    let shown = scope.read(|state| {
        let volumes = state.ec2.volumes.values().map(|volume| Shown {
            device: state.ec2.device_of(volume),
            tags: state.ec2.tags_of(&volume.id).clone(),
            volume: volume.clone(),
        });
        volumes.collect::<Vec<_>>()
    });
    listing.answer(&kind::VOLUME, "volumeSet", shown)
}

impl Volume {
    fn status(&self) -> &'static str {
        if self.instance.is_some() { "in-use" } else { "available" }
    }
}

impl Shown {
    /// Writes the members of a volume without its attachments.
    pub(super) fn write_own(item: &mut xml::Element, volume: &Volume, status: &str) {
        xml::text(item, "volumeId", &volume.id);
        xml::text(item, "size", &volume.shape.size.to_string());
        xml::text(item, "snapshotId", &volume.snapshot);
        xml::text(item, "availabilityZone", &volume.zone);
        xml::text(item, "availabilityZoneId", &Network::zone_id(&volume.zone));
        xml::text(item, "status", status);
        xml::text(item, "createTime", &iso_time(volume.created));
        xml::text(item, "volumeType", &volume.shape.kind);
        volume.shape.write_speed(item);
        flag(item, "multiAttachEnabled", false);
    }
}

/// Writes the members of an attachment.
pub(super) fn write_attachment(item: &mut xml::Element, device: &Device, instance: &str, status: &str) {
    xml::text(item, "volumeId", &device.volume);
    xml::text(item, "instanceId", instance);
    xml::text(item, "device", &device.name);
    xml::text(item, "status", status);
    xml::text(item, "attachTime", &iso_time(device.attached));
    flag(item, "deleteOnTermination", device.delete_on_termination);
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.volume.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let volume = &self.volume;
        let attached = |has: &dyn Fn(&Device) -> bool| self.device.as_ref().is_some_and(has);
        match filter {
            "attachment.attach-time" => attached(&|device| test(&iso_time(device.attached))),
            "attachment.delete-on-termination" => attached(&|device| flag_passes(device.delete_on_termination, test)),
            "attachment.device" => attached(&|device| test(&device.name)),
            "attachment.instance-id" => volume.instance.as_ref().is_some_and(|instance| test(instance)),
            "attachment.status" => attached(&|_| test("attached")),
            "availability-zone" => test(&volume.zone),
            "availability-zone-id" => test(&Network::zone_id(&volume.zone)),
            "create-time" => test(&iso_time(volume.created)),
            "encrypted" => flag_passes(volume.shape.is_encrypted, test),
            "fast-restored" | "multi-attach-enabled" | "operator.managed" => flag_passes(false, test),
            "size" => test(&volume.shape.size.to_string()),
            "snapshot-id" => test(&volume.snapshot),
            "status" => test(volume.status()),
            "volume-id" => test(&volume.id),
            "volume-type" => test(&volume.shape.kind),
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        Self::write_own(item, &self.volume, self.volume.status());
        let attachment = self.device.as_ref().zip(self.volume.instance.as_ref());
        xml::list(item, "attachmentSet", "item", attachment, |each, (device, instance)| {
            write_attachment(each, device, instance, "attached");
        });
    }
}

/// `DescribeVolumeAttribute`.
pub(in crate::emulator::ec2) fn describe_attribute(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, attribute, dry), scope) = operation.query(|params| {
        let attribute = params.one_of("Attribute", &["autoEnableIO", "productCodes"])?;
        let attribute = attribute.ok_or_else(|| AwsError::missing_parameter("Attribute"))?;
        Ok((params.required("VolumeId")?, attribute, super::super::take_dry_run(params)?))
    })?;
    scope.read(|state| state.ec2.volume(&id).map(drop))?;
    super::super::dry_run(dry)?;
    Ok(Output::xml(move |root| {
        xml::text(root, "volumeId", &id);
        xml::element(root, &attribute, |value| {
            if attribute == "autoEnableIO" {
                flag(value, "value", false);
            }
        });
    }))
}
