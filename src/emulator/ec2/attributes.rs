//! `ModifyInstanceAttribute` and what reads attributes back.

use super::{
    catalog,
    groups::GroupName,
    instance::{Instance, Phase},
    listing::flag,
    network::Network,
    run::{check_shutdown_behavior, check_user_data, invalid_type},
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, xml},
};

/// A change of one attribute, its value checked.
enum Change {
    Type(String),
    UserData(Option<String>),
    ShutdownBehavior(String),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    EbsOptimized(bool),
    SourceDestCheck(bool),
    Groups(Vec<String>),
    /// Whether the volumes at these devices end with the instance.
    DeleteOnTermination(Vec<(String, bool)>),
    EnaSupport,
}

/// `ModifyInstanceAttribute`.
pub(super) async fn modify(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry, changes), scope) = operation
        .query(|params| Ok((params.required("InstanceId")?, super::take_dry_run(params)?, Change::take(params)?)))?;
    let change = Change::only(changes)?;
    let now = scope.now_millis();
    scope
        .change(|state| {
            let network = Network::new(scope.account(), scope.region);
            let vpc = state.ec2.find(std::slice::from_ref(&id), now)?.first().map(|instance| instance.vpc(&network));
            let groups = match &change {
                Change::Groups(ids) => state.ec2.groups_of(ids, &[], &vpc.unwrap_or_default(), &network)?,
                _ => Vec::new(),
            };
            if let Some(instance) = state.ec2.instances.get_mut(&id) {
                change.apply(instance, groups, now)?;
                if let Some(first) = instance.first().cloned() {
                    state.ec2.put_interface(first);
                }
            }
            super::dry_run(dry)
        })
        .await?;
    Ok(Output::Done)
}

/// The attributes that can be changed, by their parameter and by their name.
const ATTRIBUTES: [(&str, &str); 8] = [
    ("DisableApiStop", "disableApiStop"),
    ("DisableApiTermination", "disableApiTermination"),
    ("EbsOptimized", "ebsOptimized"),
    ("EnaSupport", "enaSupport"),
    ("InstanceInitiatedShutdownBehavior", "instanceInitiatedShutdownBehavior"),
    ("InstanceType", "instanceType"),
    ("SourceDestCheck", "sourceDestCheck"),
    ("UserData", "userData"),
];

impl Change {
    /// Reads all changes, in the new form (`InstanceType.Value`) or the old (`Attribute` and `Value`).
    fn take(params: &mut QueryParams) -> Result<Vec<Self>, AwsError> {
        let mut changes = Vec::new();
        if let Some(attribute) = params.text("Attribute") {
            if !ATTRIBUTES.iter().any(|(_, known)| *known == attribute) {
                return Err(lacking(&attribute));
            }
            changes.push(Self::of(&attribute, params.required("Value")?)?);
        }
        for (name, attribute) in ATTRIBUTES {
            if let Some(value) = params.text(&format!("{name}.Value")) {
                changes.push(Self::of(attribute, value)?);
            }
        }
        for (name, attribute) in [("Kernel", "kernel"), ("Ramdisk", "ramdisk"), ("SriovNetSupport", "sriovNetSupport")]
        {
            if params.has(name) {
                return Err(lacking(attribute));
            }
        }
        let groups = params.list("GroupId")?;
        if !groups.is_empty() {
            changes.push(Self::Groups(groups));
        }
        let devices = take_devices(params)?;
        if !devices.is_empty() {
            changes.push(Self::DeleteOnTermination(devices));
        }
        Ok(changes)
    }

    /// Returns the only one: a call changes one attribute.
    fn only(mut changes: Vec<Self>) -> Result<Self, AwsError> {
        let combination = |message: &str| Err(AwsError::sender("InvalidParameterCombination", message));
        match (changes.pop(), changes.is_empty()) {
            (Some(change), true) => Ok(change),
            (Some(_), false) => combination("Fields for multiple attribute types specified"),
            (None, _) => combination("No attributes specified."),
        }
    }

    fn of(attribute: &str, value: String) -> Result<Self, AwsError> {
        let flag = |value: &str| match value.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(AwsError::invalid_parameter(value, attribute, "Expected a boolean.")),
        };
        Ok(match attribute {
            "disableApiStop" => Self::DisableApiStop(flag(&value)?),
            "disableApiTermination" => Self::DisableApiTermination(flag(&value)?),
            "ebsOptimized" => Self::EbsOptimized(flag(&value)?),
            "enaSupport" if flag(&value)? => Self::EnaSupport,
            "instanceInitiatedShutdownBehavior" => Self::ShutdownBehavior(check_shutdown_behavior(value)?),
            "instanceType" if catalog::find(&value).is_some() => Self::Type(value),
            "instanceType" => return Err(invalid_type(&value)),
            "sourceDestCheck" => Self::SourceDestCheck(flag(&value)?),
            "userData" => {
                check_user_data(&value)?;
                Self::UserData(Some(value).filter(|data| !data.is_empty()))
            }
            other => return Err(lacking(other)),
        })
    }

    /// Changes the instance; `groups` are those that were asked for, where they were.
    fn apply(&self, instance: &mut Instance, groups: Vec<GroupName>, now: i64) -> Result<(), AwsError> {
        let needs_stop = matches!(self, Self::Type(_) | Self::UserData(_) | Self::EbsOptimized(_));
        if needs_stop && instance.phase(now) != Phase::Stopped {
            let message = format!("The instance '{}' is not in the 'stopped' state.", instance.id);
            return Err(AwsError::sender("IncorrectInstanceState", message));
        }
        let attributes = &mut instance.attributes;
        match self {
            Self::Type(kind) => {
                instance.kind.clone_from(kind);
                // Each family has its own default.
                instance.options.credits = None;
            }
            Self::UserData(data) => attributes.user_data.clone_from(data),
            Self::ShutdownBehavior(behavior) => attributes.shutdown_behavior.clone_from(behavior),
            Self::DisableApiTermination(on) => attributes.disable_api_termination = *on,
            Self::DisableApiStop(on) => attributes.disable_api_stop = *on,
            Self::EbsOptimized(on) => attributes.ebs_optimized = *on,
            Self::SourceDestCheck(on) => match instance.attached.first_mut() {
                Some(first) if instance.interface.is_given => first.source_dest_check = *on,
                _ => attributes.source_dest_check = *on,
            },
            Self::Groups(_) => match instance.attached.first_mut() {
                Some(first) if instance.interface.is_given => first.groups = groups,
                _ => instance.interface.groups = groups,
            },
            Self::DeleteOnTermination(devices) => {
                for (name, is_on) in devices {
                    let device = instance.devices.iter_mut().find(|device| device.name == *name);
                    device.ok_or_else(|| no_device(name))?.delete_on_termination = *is_on;
                }
            }
            // It has that already.
            Self::EnaSupport => {}
        }
        Ok(())
    }
}

/// Reads `BlockDeviceMapping.N`: of a device that is there only this can be changed.
fn take_devices(params: &mut QueryParams) -> Result<Vec<(String, bool)>, AwsError> {
    params.structures("BlockDeviceMapping", |item| {
        for name in ["Ebs.VolumeId", "NoDevice", "VirtualName"] {
            if item.has(name) {
                return Err(lacking(&format!("BlockDeviceMapping.{name}")));
            }
        }
        let on = item.flag("Ebs.DeleteOnTermination")?;
        let on = on.ok_or_else(|| AwsError::missing_parameter("BlockDeviceMapping.Ebs.DeleteOnTermination"))?;
        Ok((item.required("DeviceName")?, on))
    })
}

fn no_device(name: &str) -> AwsError {
    AwsError::sender("InvalidInstanceAttributeValue", format!("No device is currently mapped at {name}"))
}

fn lacking(attribute: &str) -> AwsError {
    AwsError::not_implemented("ec2", &format!("ModifyInstanceAttribute of {attribute}"))
}

/// The attributes that can be read.
const READABLE: [&str; 16] = [
    "blockDeviceMapping",
    "disableApiStop",
    "disableApiTermination",
    "ebsOptimized",
    "enaSupport",
    "enclaveOptions",
    "groupSet",
    "instanceInitiatedShutdownBehavior",
    "instanceType",
    "kernel",
    "productCodes",
    "ramdisk",
    "rootDeviceName",
    "sourceDestCheck",
    "sriovNetSupport",
    "userData",
];

/// `DescribeInstanceAttribute`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, attribute, dry), scope) = operation.query(|params| {
        let id = params.required("InstanceId")?;
        let attribute = params.one_of("Attribute", &READABLE)?;
        Ok((id, attribute.ok_or_else(|| AwsError::missing_parameter("Attribute"))?, super::take_dry_run(params)?))
    })?;
    let instance = one(&scope, &id)?;
    super::dry_run(dry)?;
    let groups = instance.groups(&Network::new(scope.account(), scope.region));
    Ok(Output::xml(move |root| {
        xml::text(root, "instanceId", &id);
        match attribute.as_str() {
            "blockDeviceMapping" => {
                xml::list(root, &attribute, "item", &instance.devices, |item, device| device.write(item));
            }
            "enclaveOptions" => {
                xml::element(root, &attribute, |options| flag(options, "enabled", instance.options.has_enclave));
            }
            "groupSet" => xml::list(root, &attribute, "item", groups, |item, group: GroupName| group.write(item)),
            name => xml::element(root, name, |element| {
                if let Some(value) = value(&instance, name) {
                    xml::text(element, "value", &value);
                }
            }),
        }
    }))
}

/// The value of an attribute that has one; no instance has a kernel of its own, a product code or another network card.
fn value(instance: &Instance, name: &str) -> Option<String> {
    let attributes = &instance.attributes;
    Some(match name {
        "disableApiStop" => attributes.disable_api_stop.to_string(),
        "disableApiTermination" => attributes.disable_api_termination.to_string(),
        "ebsOptimized" => attributes.ebs_optimized.to_string(),
        "enaSupport" => true.to_string(),
        "instanceInitiatedShutdownBehavior" => attributes.shutdown_behavior.clone(),
        "instanceType" => instance.kind.clone(),
        "rootDeviceName" => instance.root_device().to_owned(),
        "sourceDestCheck" => instance.source_dest_check().to_string(),
        "userData" => return attributes.user_data.clone(),
        _ => return None,
    })
}

fn one(scope: &Scope<'_>, id: &str) -> Result<Instance, AwsError> {
    scope.read(|state| {
        let found = state.ec2.find(&[id.to_owned()], scope.now_millis())?;
        found.first().map(|instance| Instance::clone(instance)).ok_or_else(|| AwsError::internal("No instance."))
    })
}
