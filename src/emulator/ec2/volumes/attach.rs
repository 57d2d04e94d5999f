//! Volumes are made, given to instances, taken from them and removed.

use super::{
    device::Device,
    shape::{Asked, Shape},
    shown::{Shown, write_attachment},
    volume::Volume,
};
use crate::emulator::{
    ec2::{
        instance::Phase,
        kind,
        listing::{Tags, write_tags},
        network::Network,
        new_id,
        state::State,
        tags,
    },
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams},
};

/// What EC2 has for a new volume, and atelier has not.
const LACKING: [&str; 4] = ["Operator", "OutpostArn", "SourceVolumeId", "VolumeInitializationRate"];

/// `CreateVolume`.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (account, region) = (operation.account().to_owned(), operation.region().clone());
    let ((zone, snapshot, asked, token, new_tags, dry), scope) = operation.query(|params| {
        // `false` is what it is.
        if params.flag("MultiAttachEnabled")? == Some(true) {
            return Err(lacking("MultiAttachEnabled"));
        }
        if let Some(name) = LACKING.into_iter().find(|name| params.has(name)) {
            return Err(lacking(name));
        }
        let zone = take_zone(params, &Network::new(&account, &region))?;
        let snapshot = params.text("SnapshotId").filter(|id| !id.is_empty());
        let (mut asked, token) = (Asked::take(params, "Size")?, super::super::take_client_token(params)?);
        // A snapshot tells the size; the type is gp2 unless it is said.
        asked.kind.get_or_insert_with(|| "gp2".to_owned());
        let new_tags = tags::take_for(params, &kind::VOLUME)?;
        Ok((zone, snapshot, asked, token, new_tags, super::super::take_dry_run(params)?))
    })?;
    let (id, now) = (new_id(kind::VOLUME.prefix)?, scope.now_millis());
    let volume = scope
        .change(|state| {
            let from = snapshot.as_deref().map(|id| state.ec2.snapshot(id).map(|found| found.shape.clone()));
            let from = from.transpose()?;
            let is_too_small = |from: &&Shape| asked.size.is_some_and(|size| size < from.size);
            if let Some(from) = from.as_ref().filter(is_too_small) {
                let reason = format!("The volume size is smaller than the snapshot's, {} GiB.", from.size);
                let size = asked.size.unwrap_or_default().to_string();
                return Err(AwsError::invalid_parameter(&size, "size", &reason));
            }
            let shape = asked.settle(from.as_ref(), "gp2")?;
            let snapshot = snapshot.unwrap_or_default();
            let volume = Volume { id, shape, zone, snapshot, created: now, instance: None, token, modified: None };
            if let Some(known) = state.ec2.repeated(&volume)? {
                return Ok(known);
            }
            super::super::dry_run(dry)?;
            state.ec2.set_tags(&volume.id, new_tags.clone());
            state.ec2.volumes.insert(volume.id.clone(), volume.clone());
            Ok::<_, AwsError>(volume)
        })
        .await?;
    Ok(Output::xml(move |root| {
        Shown::write_own(root, &volume, "creating");
        write_tags(root, &new_tags);
    }))
}

impl State {
    /// The volume that an earlier call with the same client token made.
    fn repeated(&self, volume: &Volume) -> Result<Option<Volume>, AwsError> {
        let has_token = |known: &&Volume| !volume.token.is_empty() && known.token == volume.token;
        let Some(known) = self.volumes.values().find(has_token) else { return Ok(None) };
        if (&known.shape, &known.zone, &known.snapshot) == (&volume.shape, &volume.zone, &volume.snapshot) {
            return Ok(Some(known.clone()));
        }
        let message =
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        Err(AwsError::sender("IdempotentParameterMismatch", message))
    }
}

fn lacking(name: &str) -> AwsError {
    AwsError::not_implemented("ec2", &format!("CreateVolume with {name}"))
}

fn take_zone(params: &mut QueryParams, network: &Network) -> Result<String, AwsError> {
    let (name, id) = (params.text("AvailabilityZone"), params.text("AvailabilityZoneId"));
    let zones = network.zones();
    let found = match (&name, &id) {
        (Some(name), None) => zones.into_iter().find(|zone| zone == name),
        (None, Some(id)) => zones.into_iter().find(|zone| Network::zone_id(zone) == *id),
        (None, None) => return Err(AwsError::missing_parameter("AvailabilityZone")),
        (Some(_), Some(_)) => {
            let message = "The parameter AvailabilityZone cannot be used with the parameter AvailabilityZoneId";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
    };
    found.ok_or_else(|| {
        let asked = name.or(id).unwrap_or_default();
        AwsError::sender("InvalidZone.NotFound", format!("The zone '{asked}' does not exist."))
    })
}

impl State {
    /// Finds a volume.
    pub(in crate::emulator::ec2) fn volume(&self, id: &str) -> Result<&Volume, AwsError> {
        self.volumes.get(id).ok_or_else(|| kind::VOLUME.absent(id))
    }

    /// The place of a volume in the instance that has it.
    pub(super) fn device_of(&self, volume: &Volume) -> Option<Device> {
        let instance = self.instances.get(volume.instance.as_ref()?)?;
        instance.devices.iter().find(|device| device.volume == volume.id).cloned()
    }
}

/// `DeleteVolume`: refused while an instance has it.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) =
        operation.query(|params| Ok((params.required("VolumeId")?, super::super::take_dry_run(params)?)))?;
    scope
        .change(|state| {
            if let Some(instance) = &state.ec2.volume(&id)?.instance {
                let message = format!("Volume {id} is currently attached to {instance}");
                return Err(AwsError::sender("VolumeInUse", message));
            }
            super::super::dry_run(dry)?;
            state.ec2.volumes.remove(&id);
            state.ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `AttachVolume`.
pub(in crate::emulator::ec2) async fn attach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, instance, name, dry), scope) = operation.query(|params| {
        if params.number::<u32>("EbsCardIndex")?.is_some_and(|index| index != 0) {
            return Err(AwsError::not_implemented("ec2", "AttachVolume with EbsCardIndex"));
        }
        let (id, instance) = (params.required("VolumeId")?, params.required("InstanceId")?);
        Ok((id, instance, take_device(params)?, super::super::take_dry_run(params)?))
    })?;
    let now = scope.now_millis();
    let device = scope
        .change(|state| {
            let volume = state.ec2.volume(&id)?.clone();
            let found = state.ec2.find(std::slice::from_ref(&instance), now)?;
            let found = found.first().ok_or_else(|| AwsError::internal("No instance."))?;
            if !matches!(found.phase(now), Phase::Running | Phase::Stopped) {
                let message = format!("Instance '{instance}' is not 'running'.");
                return Err(AwsError::sender("IncorrectState", message));
            }
            if volume.instance.is_some() {
                let message = format!("{id} is already attached to an instance");
                return Err(AwsError::sender("VolumeInUse", message));
            }
            if found.zone != volume.zone {
                let message =
                    format!("The volume '{id}' is not in the same availability zone as instance '{instance}'");
                return Err(AwsError::sender("InvalidVolume.ZoneMismatch", message));
            }
            if found.devices.iter().any(|device| device.name == name) {
                let message =
                    format!("Invalid value '{name}' for unixDevice. Attachment point {name} is already in use");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            super::super::dry_run(dry)?;
            let device = Device { name, volume: id.clone(), attached: now, delete_on_termination: false };
            if let Some(found) = state.ec2.instances.get_mut(&instance) {
                found.devices.push(device.clone());
            }
            if let Some(volume) = state.ec2.volumes.get_mut(&id) {
                volume.instance = Some(instance.clone());
            }
            Ok::<_, AwsError>(device)
        })
        .await?;
    Ok(Output::xml(move |root| write_attachment(root, &device, &instance, "attaching")))
}

/// Takes the name of a device.
fn take_device(params: &mut QueryParams) -> Result<String, AwsError> {
    let name = params.required("Device")?;
    let rest = name.strip_prefix("/dev/").unwrap_or(&name);
    let is_plain = !rest.is_empty() && rest.len() <= 32 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_plain && (rest.starts_with("sd") || rest.starts_with("xvd") || rest.starts_with("hd")) {
        return Ok(name);
    }
    let message = format!("Value ({name}) for parameter device is invalid. {name} is not a valid EBS device name.");
    Err(AwsError::sender("InvalidParameterValue", message))
}

/// `DetachVolume`: not from a running instance when it started from it.
pub(in crate::emulator::ec2) async fn detach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, instance, name, dry), scope) = operation.query(|params| {
        // Nothing holds on to it.
        params.flag("Force")?;
        let (instance, name) = (params.text("InstanceId"), params.text("Device"));
        Ok((params.required("VolumeId")?, instance, name, super::super::take_dry_run(params)?))
    })?;
    let (device, instance) = scope
        .change(|state| {
            let (device, owner) = attached(&state.ec2, &id, &scope)?;
            let other = |asked: &Option<String>, real: &String| asked.as_ref().is_some_and(|asked| asked != real);
            if other(&instance, &owner) || other(&name, &device.name) {
                let message = format!("The volume '{id}' is not attached to the instance and device that were given.");
                return Err(AwsError::sender("InvalidAttachment.NotFound", message));
            }
            super::super::dry_run(dry)?;
            if let Some(owner) = state.ec2.instances.get_mut(&owner) {
                owner.devices.retain(|device| device.volume != id);
            }
            if let Some(volume) = state.ec2.volumes.get_mut(&id) {
                volume.instance = None;
            }
            Ok::<_, AwsError>((device, owner))
        })
        .await?;
    Ok(Output::xml(move |root| write_attachment(root, &device, &instance, "detaching")))
}

/// The place of a volume that may be detached, and its instance.
fn attached(state: &State, id: &str, scope: &Scope<'_>) -> Result<(Device, String), AwsError> {
    let volume = state.volume(id)?;
    let found = state.device_of(volume).zip(volume.instance.clone());
    let (device, owner) = found.ok_or_else(|| {
        let message = format!("Volume '{id}' is in the 'available' state.");
        AwsError::sender("IncorrectState", message)
    })?;
    let now = scope.now_millis();
    let instance = state.instances.get(&owner);
    let is_root =
        instance.is_some_and(|owner| owner.phase(now) != Phase::Stopped && device.name == owner.root_device());
    if is_root {
        let message = format!("Unable to detach root volume '{id}' from instance '{owner}'");
        return Err(AwsError::sender("OperationNotPermitted", message));
    }
    Ok((device, owner))
}
