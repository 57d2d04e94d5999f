//! Network interfaces: each instance has one, for as long as it has a place in the network. None can be made by itself.

use super::{
    groups::GroupName,
    instance::{Instance, Phase},
    kind,
    listing::{Listing, Record, Tags, flag, flag_passes},
    network::Network,
};
use crate::emulator::{
    service::{Operation, Output},
    store::Region,
    wire::{AwsError, iso_time, xml},
};
use sha2::{Digest, Sha256};

const FILTERS: &[&str] = &[
    "addresses.association.owner-id",
    "addresses.association.public-ip",
    "addresses.primary",
    "addresses.private-ip-address",
    "association.allocation-id",
    "association.association-id",
    "association.ip-owner-id",
    "association.public-dns-name",
    "association.public-ip",
    "attachment.attach-time",
    "attachment.attachment-id",
    "attachment.delete-on-termination",
    "attachment.device-index",
    "attachment.instance-id",
    "attachment.instance-owner-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "group-name",
    "interface-type",
    "ipv6-addresses.ipv6-address",
    "mac-address",
    "network-interface-id",
    "operator.managed",
    "operator.principal",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-id",
    "requester-managed",
    "source-dest-check",
    "status",
    "subnet-id",
    "vpc-id",
];

/// An instance's interface as a listing shows it.
struct Shown {
    id: String,
    instance: Instance,
    tags: Tags,
    account: String,
    region: Region,
    now: i64,
}

/// `DescribeNetworkInterfaces`.
pub(super) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (listing, scope) = operation.query(|params| {
        // No service manages one here.
        params.flag("IncludeManagedResources")?;
        Listing::take(params, "NetworkInterfaceId", FILTERS)
    })?;
    let now = scope.now_millis();
    let shown = scope.read(|state| {
        let with_one = state.ec2.instances.values().filter(|instance| instance.phase(now) != Phase::Terminated);
        let shown = with_one.map(|instance| Shown {
            id: instance.interface_id(),
            tags: state.ec2.tags_of(&instance.interface_id()).clone(),
            instance: instance.clone(),
            account: scope.account().to_owned(),
            region: scope.region.clone(),
            now,
        });
        shown.collect::<Vec<_>>()
    });
    listing.answer(&kind::INTERFACE, "networkInterfaceSet", shown)
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        has(&self.instance, filter, test, &Network::new(&self.account, &self.region), self.now)
    }

    fn write(&self, item: &mut xml::Element) {
        let network = Network::new(&self.account, &self.region);
        write(item, &self.instance, &network, self.now);
        xml::text(item, "availabilityZone", &self.instance.zone);
        xml::text(item, "availabilityZoneId", &Network::zone_id(&self.instance.zone));
        flag(item, "requesterManaged", false);
        xml::element(item, "attachment", |attachment| {
            write_attachment(attachment, &self.instance);
            xml::text(attachment, "instanceId", &self.instance.id);
            xml::text(attachment, "instanceOwnerId", &self.account);
        });
    }
}

/// Tells whether an instance's interface has a value for a filter that passes; also for the filters of
/// `DescribeInstances` that begin with `network-interface.`.
pub(super) fn has(instance: &Instance, filter: &str, test: &dyn Fn(&str) -> bool, network: &Network, now: i64) -> bool {
    let public = instance.public_address(now);
    match filter {
        "addresses.association.ip-owner-id" | "addresses.association.owner-id" | "association.ip-owner-id" => {
            public.is_some() && test("amazon")
        }
        "addresses.association.public-ip" | "association.public-ip" => {
            public.is_some_and(|address| test(&address.to_string()))
        }
        "addresses.association.public-dns-name" | "association.public-dns-name" | "public-dns-name" => {
            public.is_some_and(|address| test(&network.public_name(address)))
        }
        "addresses.primary" => flag_passes(true, test),
        "addresses.private-dns-name" | "private-dns-name" => test(&instance.private_name(network)),
        "addresses.private-ip-address" | "private-ip-address" => test(&instance.address.to_string()),
        "attachment.attach-time" => test(&iso_time(instance.created)),
        "attachment.attachment-id" => test(&attachment_id(instance)),
        "attachment.delete-on-termination" => flag_passes(instance.interface.delete_on_termination, test),
        "attachment.device-index" | "attachment.network-card-index" => test("0"),
        "attachment.instance-id" => test(&instance.id),
        "attachment.instance-owner-id" | "owner-id" => test(network.account()),
        "attachment.status" => test("attached"),
        "availability-zone" => test(&instance.zone),
        "availability-zone-id" => test(&Network::zone_id(&instance.zone)),
        "deny-all-igw-traffic" | "ipv6-native" | "operator.managed" | "requester-managed" => flag_passes(false, test),
        "description" => test(&instance.interface.description),
        "group-id" => instance.groups(network).iter().any(|group| test(&group.id)),
        "group-name" => instance.groups(network).iter().any(|group| test(&group.name)),
        "interface-type" => test("interface"),
        "mac-address" => test(&mac(instance)),
        "network-interface-id" => test(&instance.interface_id()),
        "source-dest-check" => flag_passes(instance.attributes.source_dest_check, test),
        "status" => test("in-use"),
        "subnet-id" => test(&network.subnet(&instance.zone)),
        "vpc-id" => test(&network.vpc()),
        // It has no elastic address, no IPv6 one, and nobody else's.
        _ => false,
    }
}

/// Writes the members that both descriptions of an interface have.
pub(super) fn write(item: &mut xml::Element, instance: &Instance, network: &Network, now: i64) {
    let (address, name) = (instance.address.to_string(), instance.private_name(network));
    let public = instance.public_address(now);
    let associate = |parent: &mut xml::Element| {
        if let Some(address) = public {
            xml::element(parent, "association", |association| {
                xml::text(association, "ipOwnerId", "amazon");
                xml::text(association, "publicDnsName", &network.public_name(address));
                xml::text(association, "publicIp", &address.to_string());
            });
        }
    };
    xml::text(item, "networkInterfaceId", &instance.interface_id());
    xml::text(item, "subnetId", &network.subnet(&instance.zone));
    xml::text(item, "vpcId", &network.vpc());
    xml::text(item, "description", &instance.interface.description);
    xml::text(item, "ownerId", network.account());
    xml::text(item, "status", "in-use");
    xml::text(item, "macAddress", &mac(instance));
    xml::text(item, "privateIpAddress", &address);
    xml::text(item, "privateDnsName", &name);
    flag(item, "sourceDestCheck", instance.attributes.source_dest_check);
    xml::list(item, "groupSet", "item", instance.groups(network), |each, group: GroupName| group.write(each));
    associate(item);
    xml::list(item, "privateIpAddressesSet", "item", [()], |each, ()| {
        xml::text(each, "privateIpAddress", &address);
        xml::text(each, "privateDnsName", &name);
        flag(each, "primary", true);
        associate(each);
    });
    xml::element(item, "ipv6AddressesSet", |_| ());
    xml::text(item, "interfaceType", "interface");
}

/// Writes the members that both descriptions of an attachment have.
pub(super) fn write_attachment(attachment: &mut xml::Element, instance: &Instance) {
    xml::text(attachment, "attachmentId", &attachment_id(instance));
    xml::text(attachment, "deviceIndex", "0");
    xml::text(attachment, "networkCardIndex", "0");
    xml::text(attachment, "status", "attached");
    xml::text(attachment, "attachTime", &iso_time(instance.created));
    flag(attachment, "deleteOnTermination", instance.interface.delete_on_termination);
}

fn attachment_id(instance: &Instance) -> String {
    instance.id.replacen("i-", "eni-attach-", 1)
}

/// A locally administered address, the same at every look.
fn mac(instance: &Instance) -> String {
    let digest = Sha256::digest(instance.id.as_bytes());
    format!("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", digest[0], digest[1], digest[2], digest[3], digest[4])
}
