//! An instance as `RunInstances` and `DescribeInstances` write it.

use super::{
    catalog::{self, Architecture},
    groups::GroupName,
    instance::{Goal, Instance, Phase},
    listing::{flag, write_tags},
    network::Network,
};
use crate::emulator::wire::{iso_time, xml};

/// Writes reservations: instances that stand side by side and were launched together share one.
pub(super) fn write_reservations(
    root: &mut xml::Element,
    instances: &[Instance],
    network: &Network,
    account: &str,
    now: i64,
) {
    let reservations = instances.chunk_by(|a, b| a.reservation == b.reservation);
    xml::list(root, "reservationSet", "item", reservations, |item, members| {
        write_reservation(item, members, network, account, now);
    });
}

/// Writes the content of one reservation.
pub(super) fn write_reservation(
    item: &mut xml::Element,
    members: &[Instance],
    network: &Network,
    account: &str,
    now: i64,
) {
    let reservation = members.first().map_or("", |first| first.reservation.as_str());
    xml::text(item, "reservationId", reservation);
    xml::text(item, "ownerId", account);
    xml::element(item, "groupSet", |_| ());
    xml::list(item, "instancesSet", "item", members, |each, instance| {
        write_identity(each, instance, now);
        write_placement(each, instance, network, now);
        write_machine(each, instance);
        write_tags(each, &instance.tags);
    });
}

/// Writes `<tag><code/><name/></tag>`.
pub(super) fn write_state(parent: &mut xml::Element, tag: &str, phase: Phase) {
    let (name, code) = phase.name_and_code();
    xml::element(parent, tag, |state| {
        xml::text(state, "code", code);
        xml::text(state, "name", name);
    });
}

fn write_identity(item: &mut xml::Element, instance: &Instance, now: i64) {
    xml::text(item, "instanceId", &instance.id);
    xml::text(item, "imageId", &instance.image);
    write_state(item, "instanceState", instance.phase(now));
    xml::text(item, "reason", &instance.reason());
    if let Some((code, message)) = state_reason(instance, now) {
        xml::element(item, "stateReason", |reason| {
            xml::text(reason, "code", code);
            xml::text(reason, "message", message);
        });
    }
    if let Some(profile) = &instance.profile {
        profile.write(item);
    }
    if let Some(key) = &instance.key {
        xml::text(item, "keyName", key);
    }
    xml::text(item, "amiLaunchIndex", &instance.index.to_string());
    xml::element(item, "productCodes", |_| ());
    xml::text(item, "instanceType", &instance.kind);
    xml::text(item, "launchTime", &iso_time(instance.launched));
    xml::text(item, "clientToken", &instance.client_token);
}

/// Why the instance is in its state, by code and in words; nothing while it runs.
pub(super) fn state_reason(instance: &Instance, now: i64) -> Option<(&'static str, &'static str)> {
    match (instance.goal, instance.phase(now)) {
        (Goal::Run, Phase::Pending) => Some(("pending", "pending")),
        (Goal::Run, _) => None,
        (Goal::Stop | Goal::Terminate, _) => {
            Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"))
        }
    }
}

fn write_placement(item: &mut xml::Element, instance: &Instance, network: &Network, now: i64) {
    xml::element(item, "placement", |placement| {
        xml::text(placement, "availabilityZone", &instance.zone);
        xml::text(placement, "availabilityZoneId", &Network::zone_id(&instance.zone));
        let group = instance.options.group.as_ref();
        xml::text(placement, "groupName", group.map_or("", |placed| placed.name.as_str()));
        xml::text(placement, "tenancy", &instance.options.tenancy);
        if let Some(placed) = group {
            placed.write(placement);
        }
    });
    xml::text(item, "dnsName", &instance.public_name(network, now).unwrap_or_default());
    // A terminated instance has given its place in the network back.
    if instance.phase(now) == Phase::Terminated {
        xml::text(item, "privateDnsName", "");
        xml::element(item, "networkInterfaceSet", |_| ());
        return;
    }
    xml::text(item, "privateDnsName", &instance.private_name(network));
    xml::text(item, "privateIpAddress", &instance.address.to_string());
    if let Some(address) = instance.public_address(now) {
        xml::text(item, "ipAddress", &address.to_string());
    }
    xml::text(item, "subnetId", &instance.subnet(network));
    xml::text(item, "vpcId", &instance.vpc(network));
    flag(item, "sourceDestCheck", instance.source_dest_check());
    xml::list(item, "groupSet", "item", instance.groups(network), |each, group: GroupName| group.write(each));
    xml::list(item, "networkInterfaceSet", "item", instance.faces(network, now), |each, face| {
        face.write(each, true);
        xml::element(each, "attachment", |attachment| face.write_attachment(attachment));
    });
}

fn write_machine(item: &mut xml::Element, instance: &Instance) {
    let kind = catalog::find(&instance.kind);
    xml::text(item, "architecture", architecture(instance).as_str());
    xml::text(item, "rootDeviceType", "ebs");
    xml::text(item, "rootDeviceName", instance.root_device());
    xml::list(item, "blockDeviceMapping", "item", &instance.devices, |each, device| device.write(each));
    xml::text(item, "virtualizationType", "hvm");
    xml::text(item, "hypervisor", "xen");
    flag(item, "ebsOptimized", instance.attributes.ebs_optimized);
    xml::text(item, "enaSupport", "true");
    xml::element(item, "monitoring", |monitoring| {
        xml::text(monitoring, "state", if instance.attributes.monitoring { "enabled" } else { "disabled" });
    });
    instance.options.write(item, kind);
    xml::text(item, "platformDetails", "Linux/UNIX");
    xml::text(item, "usageOperation", "RunInstances");
    xml::text(item, "usageOperationUpdateTime", &iso_time(instance.created));
}

/// The architecture of an instance: its type's.
pub(super) fn architecture(instance: &Instance) -> Architecture {
    catalog::find(&instance.kind).map_or(Architecture::X86, |kind| kind.architecture)
}
