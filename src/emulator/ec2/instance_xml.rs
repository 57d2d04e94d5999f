//! An instance as `RunInstances` and `DescribeInstances` write it.

use super::{
    catalog::{self, Architecture},
    images,
    instance::{Goal, Instance, Phase},
    network::Network,
};
use crate::emulator::wire::{iso_time, xml};
use sha2::{Digest, Sha256};

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
        write_tags(each, instance);
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
    if instance.goal != Goal::Run {
        xml::element(item, "stateReason", |reason| {
            xml::text(reason, "code", "Client.UserInitiatedShutdown");
            xml::text(reason, "message", "Client.UserInitiatedShutdown: User initiated shutdown");
        });
    }
    xml::text(item, "amiLaunchIndex", &instance.index.to_string());
    xml::element(item, "productCodes", |_| ());
    xml::text(item, "instanceType", &instance.kind);
    xml::text(item, "launchTime", &iso_time(instance.launched));
    if !instance.client_token.is_empty() {
        xml::text(item, "clientToken", &instance.client_token);
    }
}

fn write_placement(item: &mut xml::Element, instance: &Instance, network: &Network, now: i64) {
    xml::element(item, "placement", |placement| {
        xml::text(placement, "availabilityZone", &instance.zone);
        xml::text(placement, "availabilityZoneId", &Network::zone_id(&instance.zone));
        xml::text(placement, "groupName", "");
        xml::text(placement, "tenancy", "default");
    });
    xml::text(item, "dnsName", "");
    // A terminated instance has given its place in the network back.
    if instance.phase(now) == Phase::Terminated {
        xml::text(item, "privateDnsName", "");
        xml::element(item, "networkInterfaceSet", |_| ());
        return;
    }
    let (vpc, subnet, group) = (network.vpc(), network.subnet(&instance.zone), network.security_group());
    let (address, name) = (instance.address.to_string(), network.private_name(instance.address));
    xml::text(item, "privateDnsName", &name);
    xml::text(item, "privateIpAddress", &address);
    xml::text(item, "subnetId", &subnet);
    xml::text(item, "vpcId", &vpc);
    xml::text(item, "sourceDestCheck", &instance.attributes.source_dest_check.to_string());
    xml::list(item, "groupSet", "item", [()], |each, ()| write_group(each, &group));
    xml::list(item, "networkInterfaceSet", "item", [()], |interface, ()| {
        let digest = Sha256::digest(instance.id.as_bytes());
        xml::text(interface, "networkInterfaceId", &instance.id.replacen("i-", "eni-", 1));
        xml::text(interface, "subnetId", &subnet);
        xml::text(interface, "vpcId", &vpc);
        // A locally administered address, the same at every look.
        let mac =
            format!("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", digest[0], digest[1], digest[2], digest[3], digest[4]);
        xml::text(interface, "macAddress", &mac);
        xml::text(interface, "status", "in-use");
        xml::text(interface, "privateIpAddress", &address);
        xml::text(interface, "privateDnsName", &name);
        xml::text(interface, "sourceDestCheck", &instance.attributes.source_dest_check.to_string());
        xml::list(interface, "groupSet", "item", [()], |each, ()| write_group(each, &group));
        xml::element(interface, "attachment", |attachment| {
            xml::text(attachment, "attachmentId", &instance.id.replacen("i-", "eni-attach-", 1));
            xml::text(attachment, "deviceIndex", "0");
            xml::text(attachment, "networkCardIndex", "0");
            xml::text(attachment, "status", "attached");
            xml::text(attachment, "attachTime", &iso_time(instance.created));
            xml::text(attachment, "deleteOnTermination", "true");
        });
        xml::text(interface, "interfaceType", "interface");
    });
}

fn write_group(item: &mut xml::Element, group: &str) {
    xml::text(item, "groupId", group);
    xml::text(item, "groupName", "default");
}

fn write_machine(item: &mut xml::Element, instance: &Instance) {
    let kind = catalog::find(&instance.kind);
    xml::text(item, "architecture", architecture(instance).as_str());
    xml::text(item, "rootDeviceType", "ebs");
    xml::text(item, "rootDeviceName", images::root_device(&instance.image));
    xml::element(item, "blockDeviceMapping", |_| ());
    xml::text(item, "virtualizationType", "hvm");
    xml::text(item, "hypervisor", "xen");
    xml::text(item, "ebsOptimized", &instance.attributes.ebs_optimized.to_string());
    xml::text(item, "enaSupport", "true");
    xml::element(item, "monitoring", |monitoring| {
        xml::text(monitoring, "state", if instance.attributes.monitoring { "enabled" } else { "disabled" });
    });
    xml::element(item, "cpuOptions", |cpu| {
        xml::text(cpu, "coreCount", &kind.map_or(1, |kind| kind.cpus).to_string());
        xml::text(cpu, "threadsPerCore", "1");
    });
    xml::element(item, "capacityReservationSpecification", |capacity| {
        xml::text(capacity, "capacityReservationPreference", "open");
    });
    xml::element(item, "hibernationOptions", |options| xml::text(options, "configured", "false"));
    xml::element(item, "enclaveOptions", |options| xml::text(options, "enabled", "false"));
    xml::element(item, "metadataOptions", |options| {
        xml::text(options, "state", "applied");
        xml::text(options, "httpTokens", "optional");
        xml::text(options, "httpPutResponseHopLimit", "1");
        xml::text(options, "httpEndpoint", "enabled");
        xml::text(options, "httpProtocolIpv6", "disabled");
        xml::text(options, "instanceMetadataTags", "disabled");
    });
    xml::element(item, "maintenanceOptions", |options| xml::text(options, "autoRecovery", "default"));
    xml::text(item, "platformDetails", "Linux/UNIX");
    xml::text(item, "usageOperation", "RunInstances");
    xml::text(item, "usageOperationUpdateTime", &iso_time(instance.created));
}

fn write_tags(item: &mut xml::Element, instance: &Instance) {
    if instance.tags.is_empty() {
        return;
    }
    xml::list(item, "tagSet", "item", &instance.tags, |tag, (key, value)| {
        xml::text(tag, "key", key);
        xml::text(tag, "value", value);
    });
}

/// The architecture of an instance: its type's.
pub(super) fn architecture(instance: &Instance) -> Architecture {
    catalog::find(&instance.kind).map_or(Architecture::X86, |kind| kind.architecture)
}
