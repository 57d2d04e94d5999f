//! Snapshots, as records: of what a volume was like, as nothing was stored on it.

use super::{
    kind,
    listing::{Listing, Record, Tags, flag, flag_passes, write_tag_set, write_tags},
    new_id,
    sharing::Sharing,
    state::State,
    tags,
    volumes::{Shape, Volume},
    zones,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams, iso_time, xml},
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
    /// Who may make volumes of it besides the account.
    #[serde(default)]
    pub(super) sharing: Sharing,
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
            let snapshot = Snapshot { id, volume, shape, description, created, sharing: Sharing::default() };
            state.ec2.set_tags(&snapshot.id, new_tags.clone());
            state.ec2.snapshots.insert(snapshot.id.clone(), snapshot.clone());
            Ok::<_, AwsError>(snapshot)
        })
        .await?;
    let owner = scope.account().to_owned();
    Ok(Output::xml(move |root| {
        write(root, &snapshot, &owner, "pending", "");
        write_tag_set(root, &new_tags);
    }))
}

/// The volumes of an instance of which snapshots are asked for.
struct Wanted {
    instance: String,
    without_root: bool,
    /// The ids of those that are left out.
    without: Vec<String>,
}

impl Wanted {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        Ok(Self {
            instance: params.required("InstanceId")?,
            without_root: params.flag("ExcludeBootVolume")?.unwrap_or(false),
            without: params.list("ExcludeDataVolumeId")?,
        })
    }

    fn find(&self, state: &State, now: i64) -> Result<Vec<Volume>, AwsError> {
        let found = state.find(std::slice::from_ref(&self.instance), now)?;
        let instance = found.first().ok_or_else(|| AwsError::internal("No instance."))?;
        let mut volumes = Vec::new();
        for device in &instance.devices {
            let is_root = device.name == instance.root_device();
            let is_left_out = self.without.contains(&device.volume);
            if is_root && is_left_out {
                let reason = "To leave the root volume out, use ExcludeBootVolume.";
                return Err(AwsError::invalid_parameter(&device.volume, "ExcludeDataVolumeId", reason));
            }
            if !(is_left_out || (is_root && self.without_root)) {
                volumes.push(state.volume(&device.volume)?.clone());
            }
        }
        Ok(volumes)
    }
}

/// `CreateSnapshots`: of the volumes of an instance, all at once.
pub(super) async fn create_all(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((wanted, description, new_tags, copies_tags, dry), scope) = operation.query(|params| {
        let is_local = params.one_of("Location", &["local", "regional"])?.is_some_and(|place| place == "local");
        if is_local || params.has("OutpostArn") {
            return Err(AwsError::not_implemented("ec2", "CreateSnapshots with OutpostArn or Location local"));
        }
        let wanted = params.structure("InstanceSpecification", Wanted::take)?;
        let description = params.text("Description").unwrap_or_default();
        check_description(&description)?;
        let copies_tags = params.one_of("CopyTagsFromSource", &["volume"])?.is_some();
        let new_tags = tags::take_for(params, &kind::SNAPSHOT)?;
        Ok((wanted, description, new_tags, copies_tags, super::take_dry_run(params)?))
    })?;
    let (now, owner) = (scope.now_millis(), scope.account().to_owned());
    let made = scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let volumes = wanted.find(ec2, now)?;
            super::dry_run(dry)?;
            let mut made = Vec::new();
            for volume in volumes {
                let mut tags = if copies_tags { ec2.tags_of(&volume.id).clone() } else { Tags::new() };
                tags.extend(new_tags.clone());
                let snapshot = Snapshot {
                    id: new_id(kind::SNAPSHOT.prefix)?,
                    volume: volume.id,
                    shape: volume.shape,
                    description: description.clone(),
                    created: now,
                    sharing: Sharing::default(),
                };
                ec2.set_tags(&snapshot.id, tags.clone());
                ec2.snapshots.insert(snapshot.id.clone(), snapshot.clone());
                made.push((snapshot, tags));
            }
            Ok::<_, AwsError>(made)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::list(root, "snapshotSet", "item", made, |item, (snapshot, tags)| {
            xml::text(item, "snapshotId", &snapshot.id);
            xml::text(item, "volumeId", &snapshot.volume);
            xml::text(item, "state", "pending");
            xml::text(item, "startTime", &iso_time(snapshot.created));
            xml::text(item, "progress", "");
            xml::text(item, "ownerId", &owner);
            xml::text(item, "volumeSize", &snapshot.shape.size.to_string());
            xml::text(item, "description", &snapshot.description);
            flag(item, "encrypted", snapshot.shape.is_encrypted);
            write_tag_set(item, &tags);
        });
    }))
}

/// What is asked of a copy.
struct Copied {
    source: String,
    /// The region that it is in.
    region: String,
    description: String,
    is_encrypted: bool,
    key: Option<String>,
    tags: Tags,
    dry: bool,
}

impl Copied {
    /// Reads a copy to the region `here`.
    fn take(params: &mut QueryParams, here: &str) -> Result<Self, AwsError> {
        for name in ["CompletionDurationMinutes", "DestinationAvailabilityZone", "DestinationOutpostArn"] {
            if params.has(name) {
                return Err(AwsError::not_implemented("ec2", &format!("CopySnapshot with {name}")));
            }
        }
        // SDKs add where the call goes, and the signed URL of the same call to the other region.
        if let Some(other) = params.text("DestinationRegion").filter(|region| region != here) {
            let reason = format!("The copy is made in the region that is called, {here}.");
            return Err(AwsError::invalid_parameter(&other, "destinationRegion", &reason));
        }
        if let Some(other) = params.text("PresignedUrl").filter(|url| !url.starts_with("http")) {
            return Err(AwsError::invalid_parameter(&other, "presignedUrl", "Expected a URL."));
        }
        let (source, region) = (params.required("SourceSnapshotId")?, params.required("SourceRegion")?);
        let description = params.text("Description").unwrap_or_default();
        check_description(&description)?;
        let is_encrypted = params.flag("Encrypted")?.unwrap_or(false);
        let key = params.text("KmsKeyId").filter(|key| !key.is_empty());
        let (tags, dry) = (tags::take_for(params, &kind::SNAPSHOT)?, super::take_dry_run(params)?);
        Ok(Self { source, region, description, is_encrypted, key, tags, dry })
    }

    /// What the copy is like: that of something encrypted is encrypted, too.
    fn shape(&self, from: Shape) -> Result<Shape, AwsError> {
        let is_encrypted = self.is_encrypted || from.is_encrypted;
        if self.key.is_some() && !is_encrypted {
            let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
            return Err(AwsError::sender("InvalidParameterDependency", message));
        }
        Ok(Shape { is_encrypted, key: self.key.clone().or(from.key), ..from })
    }
}

/// `CopySnapshot`: from any region.
pub(super) async fn copy(operation: Operation<'_>) -> Result<Output, AwsError> {
    let here = operation.region().clone();
    let (asked, scope) = operation.query(|params| Copied::take(params, here.as_str()))?;
    let region = zones::source_region(&asked.region)?;
    let found = scope.context.store.read(&region, |state| state.ec2.snapshot(&asked.source).cloned())?;
    let snapshot = Snapshot {
        id: new_id(kind::SNAPSHOT.prefix)?,
        // What AWS says of a volume that nobody has.
        volume: "vol-ffffffff".to_owned(),
        shape: asked.shape(found.shape)?,
        description: asked.description,
        created: scope.now_millis(),
        sharing: Sharing::default(),
    };
    super::dry_run(asked.dry)?;
    let (id, new_tags) = (snapshot.id.clone(), asked.tags.clone());
    scope
        .change(|state| {
            state.ec2.set_tags(&snapshot.id, asked.tags);
            state.ec2.snapshots.insert(snapshot.id.clone(), snapshot);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "snapshotId", &id);
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

/// `DescribeSnapshots`: the account's own; nobody else shares any.
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
    let is_restorable = |snapshot: &Snapshot| {
        restorable.is_empty() || restorable.iter().any(|name| is_own(name) || snapshot.sharing.names(name))
    };
    let mut shown = scope.read(|state| {
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
    shown.retain(|known| (owners.is_empty() || owners.iter().any(is_own)) && is_restorable(&known.snapshot));
    listing.write("snapshotSet", shown)
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
