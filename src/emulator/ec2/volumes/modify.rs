//! `ModifyVolume` and what tells how far it is: it is done at once, as nothing has to be moved.

use super::{
    shape::{Asked, Shape},
    volume::Volume,
};
use crate::emulator::{
    ec2::{
        kind,
        listing::{Listing, Record, Tags, flag, flag_passes},
    },
    service::{Operation, Output},
    wire::{AwsError, iso_time, xml},
};
use serde::{Deserialize, Serialize};

/// How long a volume is left alone after it was modified, in milliseconds: six hours.
const REST: i64 = 6 * 60 * 60 * 1000;

/// The last modification of a volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Modification {
    /// What it was like before, and was to be like.
    before: Shape,
    after: Shape,
    at: i64,
}

impl Modification {
    fn write(&self, item: &mut xml::Element, volume: &str, state: &str) {
        let number = |item: &mut xml::Element, tag: &str, value: Option<u32>| {
            if let Some(value) = value {
                xml::text(item, tag, &value.to_string());
            }
        };
        xml::text(item, "volumeId", volume);
        xml::text(item, "modificationState", state);
        for (prefix, shape) in [("target", &self.after), ("original", &self.before)] {
            number(item, &format!("{prefix}Size"), Some(shape.size));
            number(item, &format!("{prefix}Iops"), shape.iops);
            xml::text(item, &format!("{prefix}VolumeType"), &shape.kind);
            number(item, &format!("{prefix}Throughput"), shape.throughput);
            flag(item, &format!("{prefix}MultiAttachEnabled"), false);
        }
        xml::text(item, "progress", if state == "completed" { "100" } else { "0" });
        xml::text(item, "startTime", &iso_time(self.at));
        if state == "completed" {
            xml::text(item, "endTime", &iso_time(self.at));
        }
    }
}

/// `ModifyVolume`: larger, faster or of another type.
pub(in crate::emulator::ec2) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, asked, dry), scope) = operation.query(|params| {
        // `false` is what it is.
        if params.flag("MultiAttachEnabled")? == Some(true) {
            return Err(AwsError::not_implemented("ec2", "ModifyVolume with MultiAttachEnabled"));
        }
        let (id, asked) = (params.required("VolumeId")?, Asked::take_changes(params)?);
        Ok((id, asked, super::super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let modification = scope
        .change(|state| {
            let volume = state.ec2.volume(&id)?;
            if volume.modified.as_ref().is_some_and(|last| (last.at..last.at.saturating_add(REST)).contains(&now)) {
                let message = "You've reached the maximum modification rate per volume limit. Wait at least 6 hours \
                               between modifications per EBS volume.";
                return Err(AwsError::sender("VolumeModificationRateExceeded", message));
            }
            let before = volume.shape.clone();
            let after = asked.change(&before)?;
            super::super::dry_run(dry)?;
            let modification = Modification { before, after, at: now };
            if let Some(volume) = state.ec2.volumes.get_mut(&id) {
                volume.shape = modification.after.clone();
                volume.modified = Some(modification.clone());
            }
            Ok::<_, AwsError>(modification)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::element(root, "volumeModification", |item| modification.write(item, &id, "modifying"));
    }))
}

/// A modification as a listing shows it.
struct Shown {
    volume: String,
    modification: Modification,
    none: Tags,
}

/// `DescribeVolumesModifications`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "modification-state",
        "original-iops",
        "original-size",
        "original-volume-type",
        "originalMultiAttachEnabled",
        "start-time",
        "target-iops",
        "target-size",
        "target-volume-type",
        "targetMultiAttachEnabled",
        "volume-id",
    ];
    let (listing, scope) = operation.query(|params| Listing::take(params, "VolumeId", &known))?;
    let shown = scope.read(|state| {
        listing.ids.iter().try_for_each(|id| state.ec2.volume(id).map(drop))?;
        let of = |volume: &Volume| {
            let modification = volume.modified.clone()?;
            Some(Shown { volume: volume.id.clone(), modification, none: Tags::new() })
        };
        Ok::<_, AwsError>(state.ec2.volumes.values().filter_map(of).collect::<Vec<_>>())
    })?;
    match listing.ids.iter().find(|id| !shown.iter().any(|known| known.volume == **id)) {
        Some(id) => {
            let message = format!("Modification for volume '{id}' does not exist.");
            Err(AwsError::sender("InvalidVolumeModification.NotFound", message))
        }
        None => listing.answer(&kind::VOLUME, "volumeModificationSet", shown),
    }
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.volume
    }

    fn tags(&self) -> &Tags {
        &self.none
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let Modification { before, after, at } = &self.modification;
        let number = |value: Option<u32>| value.is_some_and(|value| test(&value.to_string()));
        match filter {
            "modification-state" => test("completed"),
            "original-iops" => number(before.iops),
            "original-size" => number(Some(before.size)),
            "original-volume-type" => test(&before.kind),
            "start-time" => test(&iso_time(*at)),
            "target-iops" => number(after.iops),
            "target-size" => number(Some(after.size)),
            "target-volume-type" => test(&after.kind),
            "volume-id" => test(&self.volume),
            _ => flag_passes(false, test),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        self.modification.write(item, &self.volume, "completed");
    }
}
