//! Snapshots, as records: of what a volume was like, as nothing was stored on it.

use super::{
    kind,
    listing::{Listing, Record, Tags, flag, flag_passes, write_tags},
    new_id,
    state::State,
    tags,
    volumes::Shape,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, iso_time, xml},
};
use serde::{Deserialize, Serialize};

/// A snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) id: String,
    /// The id of the volume; it may be gone.
    pub(super) volume: String,
    pub(super) shape: Shape,
    pub(super) description: String,
    pub(super) created: i64,
}

impl State {
    /// Finds a snapshot.
    pub(super) fn snapshot(&self, id: &str) -> Result<&Snapshot, AwsError> {
        self.snapshots.get(id).ok_or_else(|| kind::SNAPSHOT.absent(id))
    }
}

fn write(item: &mut xml::Element, snapshot: &Snapshot, owner: &str, status: &str, progress: &str) {
    xml::text(item, "snapshotId", &snapshot.id);
    xml::text(item, "volumeId", &snapshot.volume);
    xml::text(item, "status", status);
    xml::text(item, "startTime", &iso_time(snapshot.created));
    xml::text(item, "progress", progress);
    xml::text(item, "ownerId", owner);
    xml::text(item, "volumeSize", &snapshot.shape.size.to_string());
    xml::text(item, "description", &snapshot.description);
    flag(item, "encrypted", snapshot.shape.is_encrypted);
    if let Some(key) = &snapshot.shape.key {
        xml::text(item, "kmsKeyId", key);
    }
    xml::text(item, "storageTier", "standard");
}

/// `CreateSnapshot`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((volume, description, new_tags, dry), scope) = operation.query(|params| {
        for name in ["Location", "OutpostArn"] {
            if params.has(name) {
                return Err(AwsError::not_implemented("ec2", &format!("CreateSnapshot with {name}")));
            }
        }
        let (volume, description) = (params.required("VolumeId")?, params.text("Description").unwrap_or_default());
        check_description(&description)?;
        Ok((volume, description, tags::take_for(params, &kind::SNAPSHOT)?, super::take_dry_run(params)?))
    })?;
    let (id, created) = (new_id(kind::SNAPSHOT.prefix)?, scope.now_millis());
    let snapshot = scope
        .change(|state| {
            let shape = state.ec2.volume(&volume)?.shape.clone();
            super::dry_run(dry)?;
            let snapshot = Snapshot { id, volume, shape, description, created };
            state.ec2.set_tags(&snapshot.id, new_tags.clone());
            state.ec2.snapshots.insert(snapshot.id.clone(), snapshot.clone());
            Ok::<_, AwsError>(snapshot)
        })
        .await?;
    let owner = scope.account().to_owned();
    Ok(Output::xml(move |root| {
        write(root, &snapshot, &owner, "pending", "");
        write_tags(root, &new_tags);
    }))
}

/// Refuses a description that is too long.
pub(super) fn check_description(text: &str) -> Result<(), AwsError> {
    if text.chars().count() <= 255 {
        return Ok(());
    }
    let message = "The parameter Description is longer than 255 characters.";
    Err(AwsError::sender("InvalidParameterValue", message))
}

/// `DeleteSnapshot`: refused while an image is made of it.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) =
        operation.query(|params| Ok((params.required("SnapshotId")?, super::take_dry_run(params)?)))?;
    scope
        .change(|state| {
            state.ec2.snapshot(&id)?;
            if let Some(image) = state.ec2.image_of(&id) {
                let message = format!("The snapshot {id} is currently in use by {image}");
                return Err(AwsError::sender("InvalidSnapshot.InUse", message));
            }
            super::dry_run(dry)?;
            state.ec2.snapshots.remove(&id);
            state.ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

struct Shown {
    snapshot: Snapshot,
    owner: String,
    tags: Tags,
}

/// `DescribeSnapshots`: the account's own; nobody shares any.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "description",
        "encrypted",
        "owner-alias",
        "owner-id",
        "progress",
        "snapshot-id",
        "start-time",
        "status",
        "storage-tier",
        "transfer-type",
        "volume-id",
        "volume-size",
    ];
    let ((owners, restorable, listing), scope) = operation.query(|params| {
        let (owners, restorable) = (params.list("Owner")?, params.list("RestorableBy")?);
        Ok((owners, restorable, Listing::take(params, "SnapshotId", &known)?))
    })?;
    let owner = scope.account().to_owned();
    let is_own = |named: &String| *named == owner || named == "self";
    let is_all =
        |names: &[String], more: &str| names.is_empty() || names.iter().any(|name| is_own(name) || name == more);
    let shown = scope.read(|state| {
        let snapshots = state.ec2.snapshots.values().map(|snapshot| Shown {
            tags: state.ec2.tags_of(&snapshot.id).clone(),
            snapshot: snapshot.clone(),
            owner: owner.clone(),
        });
        snapshots.collect::<Vec<_>>()
    });
    for id in &listing.ids {
        if !shown.iter().any(|known| known.snapshot.id == *id) {
            return Err(kind::SNAPSHOT.absent(id));
        }
    }
    let is_shown = is_all(&owners, "self") && is_all(&restorable, "all");
    listing.write("snapshotSet", if is_shown { shown } else { Vec::new() })
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.snapshot.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let snapshot = &self.snapshot;
        match filter {
            "description" => test(&snapshot.description),
            "encrypted" => flag_passes(snapshot.shape.is_encrypted, test),
            "owner-id" => test(&self.owner),
            "progress" => test("100%"),
            "snapshot-id" => test(&snapshot.id),
            "start-time" => test(&iso_time(snapshot.created)),
            "status" => test("completed"),
            "storage-tier" | "transfer-type" => test("standard"),
            "volume-id" => test(&snapshot.volume),
            "volume-size" => test(&snapshot.shape.size.to_string()),
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        write(item, &self.snapshot, &self.owner, "completed", "100%");
    }
}
