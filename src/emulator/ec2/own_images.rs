//! Images of one's own: registered from a snapshot, made of an instance, or copied. Nothing boots from them here.

use super::{
    catalog::Architecture,
    images,
    instance::Phase,
    kind,
    listing::Tags,
    new_id,
    sharing::Sharing,
    snapshots::{Snapshot, check_description},
    state::State,
    tags,
    volumes::{AskedDevice, Mapping, merge},
    zones,
};
use crate::{
    emulator::{
        service::{Operation, Output},
        wire::{AwsError, QueryParams, iso_time, xml},
    },
    lenience::Lean,
};
use serde::{Deserialize, Serialize};

/// An image of the account.
#[expect(clippy::struct_excessive_bools, reason = "what is known of an image, each by itself")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OwnImage {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    is_arm: bool,
    pub(super) root: String,
    pub(super) devices: Vec<Mapping>,
    pub(super) created: i64,
    pub(super) knows_version_2: bool,
    pub(super) has_ena: bool,
    /// Whether it has the older way of faster networking, which is called `simple`.
    #[serde(default)]
    pub(super) has_sriov: bool,
    /// The instance, or the image and its region, that it was made of.
    pub(super) of_instance: Option<String>,
    pub(super) of_image: Option<(String, String)>,
    /// What makes the call that copied it repeatable; empty where it was not said.
    #[serde(default)]
    token: String,
    /// Who may launch from it besides the account.
    #[serde(default)]
    pub(super) sharing: Sharing,
    /// Whether it was deregistered: its id is never that of another one.
    pub(super) is_gone: bool,
}

impl OwnImage {
    pub(super) fn architecture(&self) -> Architecture {
        if self.is_arm { Architecture::Arm } else { Architecture::X86 }
    }

    /// When it was made, as `DescribeImages` writes it.
    pub(super) fn creation(&self) -> String {
        iso_time(self.created)
    }
}

impl State {
    /// Finds an image of the account; `None` for an id that belongs to somebody else.
    ///
    /// # Errors
    /// `InvalidAMIID.Unavailable` for one that was deregistered.
    pub(super) fn own_image(&self, id: &str) -> Result<Option<&OwnImage>, AwsError> {
        match self.images.get(id) {
            Some(image) if image.is_gone => {
                let message = format!("The image ID '{id}' is no longer available");
                Err(AwsError::sender("InvalidAMIID.Unavailable", message))
            }
            found => Ok(found),
        }
    }

    /// The images of the account that are there.
    pub(super) fn own_images(&self) -> impl Iterator<Item = &OwnImage> {
        self.images.values().filter(|image| !image.is_gone)
    }

    /// Whether instances of an image answer for their metadata to whoever has a token only, unless it is said.
    pub(super) fn knows_version_2(&self, image: &str) -> bool {
        self.images.get(image).map_or_else(|| images::knows_version_2(image), |own| own.knows_version_2)
    }

    /// The id of an image that is made of a snapshot.
    pub(super) fn image_of(&self, snapshot: &str) -> Option<&str> {
        let is_of_it = |image: &&OwnImage| image.devices.iter().any(|device| device.snapshot == snapshot);
        self.own_images().find(is_of_it).map(|image| image.id.as_str())
    }

    fn check_name(&self, name: &str) -> Result<(), AwsError> {
        if let Some(image) = self.own_images().find(|image| image.name == name) {
            let message = format!("AMI name {name} is already in use by AMI {}", image.id);
            return Err(AwsError::sender("InvalidAMIName.Duplicate", message));
        }
        Ok(())
    }

    fn keep_image(&mut self, image: OwnImage, tags: Tags) {
        self.set_tags(&image.id, tags);
        self.images.insert(image.id.clone(), image);
    }
}

fn take_name(params: &mut QueryParams) -> Result<String, AwsError> {
    let name = params.required("Name")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || " ()[].-/'@_".contains(c);
    if (3..=128).contains(&name.chars().count()) && name.chars().all(plain) {
        return Ok(name);
    }
    let message = "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', \
                   '-', '/' and '_'";
    Err(AwsError::sender("InvalidAMIName.Malformed", message))
}

fn take_description(params: &mut QueryParams) -> Result<String, AwsError> {
    let description = params.text("Description").unwrap_or_default();
    check_description(&description)?;
    Ok(description)
}

/// Refuses, by name, what EC2 has for an operation, and atelier has not.
pub(super) fn refuse(params: &QueryParams, operation: &str, lacking: &[&str]) -> Result<(), AwsError> {
    match lacking.iter().find(|name| params.has(name)) {
        Some(name) => Err(AwsError::not_implemented("ec2", &format!("{operation} with {name}"))),
        None => Ok(()),
    }
}

fn answer(id: String) -> Output {
    Output::xml(move |root| xml::text(root, "imageId", &id))
}

/// `RegisterImage`: of a snapshot.
pub(super) async fn register(operation: Operation<'_>) -> Result<Output, AwsError> {
    let lacking = ["BillingProduct", "BootMode", "KernelId", "RamdiskId", "TpmSupport", "UefiData"];
    let ((mut image, devices, new_tags, dry), scope) = operation.query(|params| {
        refuse(params, "RegisterImage", &lacking)?;
        // Of an archive in S3; Terraform writes it empty.
        if params.text("ImageLocation").is_some_and(|location| !location.is_empty()) {
            return Err(AwsError::not_implemented("ec2", "RegisterImage with ImageLocation"));
        }
        let architecture = params.one_of("Architecture", &["arm64", "arm64_mac", "i386", "x86_64", "x86_64_mac"])?;
        if let Some(other) = architecture.as_deref().filter(|name| !matches!(*name, "arm64" | "x86_64")) {
            return Err(AwsError::not_implemented("ec2", &format!("RegisterImage with Architecture {other}")));
        }
        // Paravirtual images start on no type that there is.
        if let Some(other) = params.text("VirtualizationType").filter(|kind| kind != "hvm") {
            return Err(AwsError::invalid_parameter(&other, "virtualizationType", "Expected hvm."));
        }
        let image = OwnImage {
            id: new_id(kind::IMAGE.prefix)?,
            name: take_name(params)?,
            description: take_description(params)?,
            is_arm: architecture.as_deref() == Some("arm64"),
            root: params
                .text("RootDeviceName")
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "/dev/sda1".to_owned()),
            devices: Vec::new(),
            created: 0,
            knows_version_2: params.one_of("ImdsSupport", &["v2.0"])?.is_some(),
            has_ena: params.flag("EnaSupport")?.unwrap_or(false),
            has_sriov: params.one_of("SriovNetSupport", &["simple"])?.is_some(),
            of_instance: None,
            of_image: None,
            token: String::new(),
            sharing: Sharing::default(),
            is_gone: false,
        };
        let devices = AskedDevice::take(params)?;
        Ok((image, devices, tags::take_for(params, &kind::IMAGE)?, super::take_dry_run(params)?))
    })?;
    image.created = scope.now_millis();
    let id = image.id.clone();
    scope
        .change(|state| {
            state.ec2.check_name(&image.name)?;
            image.devices = merge(&[], &devices, |id| state.ec2.snapshot(id).map(|found| found.shape.clone()))?;
            let root = image.devices.iter().find(|device| device.name == image.root);
            let lean = Lean::Snapshot { image: image.name.clone(), root: image.root.clone() };
            if root.is_none_or(|root| root.snapshot.is_empty()) && !scope.lets(&lean) {
                return Err(AwsError::sender("InvalidBlockDeviceMapping", lean.refusal()));
            }
            if root.is_none() {
                image.devices.insert(0, images::blank(&image.root));
            }
            super::dry_run(dry)?;
            state.ec2.keep_image(image, new_tags);
            Ok(())
        })
        .await?;
    Ok(answer(id))
}

/// `CreateImage`: of an instance, with a snapshot of each of its volumes.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((instance, name, description, asked, mut by_kind, dry), scope) = operation.query(|params| {
        refuse(params, "CreateImage", &["SnapshotLocation"])?;
        // Nothing runs that would have to be shut down.
        params.flag("NoReboot")?;
        let (instance, name) = (params.required("InstanceId")?, take_name(params)?);
        let (description, asked) = (take_description(params)?, AskedDevice::take(params)?);
        let tags = tags::take_specifications(params, &[kind::IMAGE.tagged, kind::SNAPSHOT.tagged])?;
        Ok((instance, name, description, asked, tags, super::take_dry_run(params)?))
    })?;
    let (id, now) = (new_id(kind::IMAGE.prefix)?, scope.now_millis());
    let made = id.clone();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let found = ec2.find(std::slice::from_ref(&instance), now)?;
            let found = found.first().map(|found| (*found).clone());
            let found = found.ok_or_else(|| AwsError::internal("No instance."))?;
            if !matches!(found.phase(now), Phase::Running | Phase::Stopped | Phase::Stopping) {
                let message = format!("Instance '{instance}' is not in state 'running', 'stopping' or 'stopped'.");
                return Err(AwsError::sender("IncorrectState", message));
            }
            ec2.check_name(&name)?;
            let mut snapshots = Vec::new();
            let mut base = Vec::new();
            for device in &found.devices {
                let volume = ec2.volume(&device.volume)?;
                let snapshot = new_id(kind::SNAPSHOT.prefix)?;
                base.push(Mapping {
                    name: device.name.clone(),
                    snapshot: snapshot.clone(),
                    shape: volume.shape.clone(),
                    delete_on_termination: device.delete_on_termination,
                });
                let description = format!("Created by CreateImage({instance}) for {id}");
                let (volume, shape) = (volume.id.clone(), volume.shape.clone());
                snapshots.push(Snapshot {
                    id: snapshot,
                    volume,
                    shape,
                    description,
                    created: now,
                    sharing: Sharing::default(),
                });
            }
            let devices = merge(&base, &asked, |id| ec2.snapshot(id).map(|found| found.shape.clone()))?;
            super::dry_run(dry)?;
            let tags = by_kind.remove(kind::SNAPSHOT.tagged).unwrap_or_default();
            snapshots.retain(|snapshot| devices.iter().any(|device| device.snapshot == snapshot.id));
            for snapshot in snapshots {
                ec2.set_tags(&snapshot.id, tags.clone());
                ec2.snapshots.insert(snapshot.id.clone(), snapshot);
            }
            let image = OwnImage {
                id,
                name,
                description,
                is_arm: super::instance_xml::architecture(&found) == Architecture::Arm,
                root: found.root_device().to_owned(),
                devices,
                created: now,
                knows_version_2: ec2.knows_version_2(&found.image),
                has_ena: true,
                has_sriov: false,
                of_instance: Some(instance),
                of_image: None,
                token: String::new(),
                sharing: Sharing::default(),
                is_gone: false,
            };
            ec2.keep_image(image, by_kind.remove(kind::IMAGE.tagged).unwrap_or_default());
            Ok(())
        })
        .await?;
    Ok(answer(made))
}

/// `CopyImage`: from any region, with a snapshot of each device.
pub(super) async fn copy(operation: Operation<'_>) -> Result<Output, AwsError> {
    let lacking = [
        "DestinationAvailabilityZone",
        "DestinationAvailabilityZoneId",
        "DestinationOutpostArn",
        "SnapshotCopyCompletionDurationMinutes",
    ];
    let ((source, region, name, description, encrypted, key, with_tags, token, mut by_kind, dry), scope) = operation
        .query(|params| {
            refuse(params, "CopyImage", &lacking)?;
            let (source, region) = (params.required("SourceImageId")?, params.required("SourceRegion")?);
            let (encrypted, key) = (params.flag("Encrypted")?, params.text("KmsKeyId"));
            let with_tags = params.flag("CopyImageTags")?.unwrap_or(false);
            let (name, description) = (take_name(params)?, take_description(params)?);
            let tags = tags::take_specifications(params, &[kind::IMAGE.tagged, kind::SNAPSHOT.tagged])?;
            let (token, dry) = (super::take_client_token(params)?, super::take_dry_run(params)?);
            Ok((source, region, name, description, encrypted, key, with_tags, token, tags, dry))
        })?;
    images::check_id(&source)?;
    let region = zones::source_region(&region)?;
    let (found, old_tags) = scope.context.store.read(&region, |state| {
        Ok::<_, AwsError>((state.ec2.own_image(&source)?.cloned(), state.ec2.tags_of(&source).clone()))
    })?;
    let (id, now) = (new_id(kind::IMAGE.prefix)?, scope.now_millis());
    let mut devices = found.as_ref().map_or_else(|| images::devices(&source), |found| found.devices.clone());
    for device in &mut devices {
        if !device.snapshot.is_empty() {
            device.snapshot = new_id(kind::SNAPSHOT.prefix)?;
        }
        device.shape.is_encrypted |= encrypted == Some(true) || key.is_some();
        device.shape.key = key.clone().or(device.shape.key.take());
    }
    let image = OwnImage {
        id: id.clone(),
        name,
        description,
        is_arm: match &found {
            Some(found) => found.is_arm,
            None => images::architecture(&source) == Some(Architecture::Arm),
        },
        root: found.as_ref().map_or_else(|| images::root_device(&source).to_owned(), |found| found.root.clone()),
        devices,
        created: now,
        knows_version_2: found.as_ref().map_or_else(|| images::knows_version_2(&source), |found| found.knows_version_2),
        has_ena: found.as_ref().is_none_or(|found| found.has_ena),
        has_sriov: found.as_ref().is_some_and(|found| found.has_sriov),
        of_instance: None,
        of_image: Some((source.clone(), region.to_string())),
        token,
        sharing: Sharing::default(),
        is_gone: false,
    };
    let made = scope
        .change(|state| {
            let is_repeated = |known: &&OwnImage| !known.token.is_empty() && known.token == image.token;
            if let Some(known) = state.ec2.own_images().find(is_repeated) {
                return Ok(known.id.clone());
            }
            state.ec2.check_name(&image.name)?;
            super::dry_run(dry)?;
            let tags = by_kind.remove(kind::SNAPSHOT.tagged).unwrap_or_default();
            for device in image.devices.iter().filter(|device| !device.snapshot.is_empty()) {
                let snapshot = Snapshot {
                    id: device.snapshot.clone(),
                    // What AWS says of a volume that nobody has.
                    volume: "vol-ffffffff".to_owned(),
                    shape: device.shape.clone(),
                    description: format!("Copied for DestinationAmi {} from SourceAmi {source}", image.id),
                    created: now,
                    sharing: Sharing::default(),
                };
                state.ec2.set_tags(&snapshot.id, tags.clone());
                state.ec2.snapshots.insert(snapshot.id.clone(), snapshot);
            }
            let mut own = if with_tags { old_tags } else { Tags::new() };
            own.extend(by_kind.remove(kind::IMAGE.tagged).unwrap_or_default());
            state.ec2.keep_image(image, own);
            Ok(id)
        })
        .await?;
    Ok(answer(made))
}

/// `DeregisterImage`: instances that were launched from it stay.
pub(super) async fn deregister(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, with_snapshots, dry), scope) = operation.query(|params| {
        let with_snapshots = params.flag("DeleteAssociatedSnapshots")?.unwrap_or(false);
        Ok((params.required("ImageId")?, with_snapshots, super::take_dry_run(params)?))
    })?;
    images::check_id(&id)?;
    let results = scope
        .change(|state| {
            state.ec2.own_image(&id)?;
            let Some(image) = state.ec2.images.get_mut(&id) else { return Err(not_owned(&id)) };
            super::dry_run(dry)?;
            image.is_gone = true;
            let snapshots: Vec<String> = image.devices.iter().map(|device| device.snapshot.clone()).collect();
            state.ec2.set_tags(&id, Tags::new());
            let mut results = Vec::new();
            for snapshot in snapshots.into_iter().filter(|snapshot| with_snapshots && !snapshot.is_empty()) {
                let is_used = state.ec2.image_of(&snapshot).is_some();
                if !is_used {
                    state.ec2.snapshots.remove(&snapshot);
                    state.ec2.set_tags(&snapshot, Tags::new());
                }
                results.push((snapshot, if is_used { "skipped" } else { "success" }));
            }
            Ok(results)
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "return", "true");
        xml::list(root, "deleteSnapshotResultSet", "item", results, |item, (snapshot, code)| {
            xml::text(item, "snapshotId", &snapshot);
            xml::text(item, "returnCode", code);
        });
    }))
}

/// The refusal of what only an image's owner may do.
pub(super) fn not_owned(id: &str) -> AwsError {
    AwsError::sender("AuthFailure", format!("Not authorized for image:{id}"))
}

/// What a launch takes from its image.
pub(super) struct Base {
    pub(super) devices: Vec<Mapping>,
    pub(super) root: String,
}

impl State {
    /// Finds what a launch takes from an image, and refuses a type of another architecture.
    pub(super) fn base_of(&self, image: &str) -> Result<(Base, Option<Architecture>), AwsError> {
        Ok(if let Some(own) = self.own_image(image)? {
            (Base { devices: own.devices.clone(), root: own.root.clone() }, Some(own.architecture()))
        } else {
            let base = Base { devices: images::devices(image), root: images::root_device(image).to_owned() };
            (base, images::architecture(image))
        })
    }
}
