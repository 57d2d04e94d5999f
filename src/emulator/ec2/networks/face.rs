//! An interface as descriptions show it, whoever's it is.

use super::{elastic::Bound, interface::OwnInterface};
use crate::emulator::{
    ec2::{
        groups::GroupName,
        instance::Instance,
        listing::{flag, flag_passes},
        network::Network,
    },
    wire::{iso_time, xml},
};
use sha2::{Digest, Sha256};
use std::net::Ipv4Addr;

/// The kind of the interfaces that instances can have.
const OF_INSTANCES: &str = "interface";

/// An interface as it is shown.
#[derive(Clone)]
pub(in crate::emulator::ec2) struct Face {
    pub(super) id: String,
    subnet: String,
    vpc: String,
    zone: String,
    owner: String,
    description: String,
    address: Ipv4Addr,
    name: String,
    groups: Vec<GroupName>,
    source_dest_check: bool,
    /// What it is for, as EC2 calls that.
    kind: &'static str,
    public: Option<Public>,
    attachment: Option<Place>,
}

/// The public address of an interface.
#[derive(Clone)]
struct Public {
    address: Ipv4Addr,
    name: Option<String>,
    /// What it is by, where it is an elastic one.
    bound: Option<Bound>,
}

/// Where an interface is attached.
#[derive(Clone)]
struct Place {
    id: String,
    instance: Option<String>,
    instance_owner: String,
    index: u32,
    attached: i64,
    delete_on_termination: bool,
    is_over: bool,
}

impl Instance {
    /// Its interfaces, the first one first.
    pub(in crate::emulator::ec2) fn faces(&self, network: &Network, now: i64) -> Vec<Face> {
        let attached = self.attached.iter().map(|interface| Face::of(interface, network, now));
        let own = (!self.interface.is_given).then(|| Face::of_instance(self, network, now));
        own.into_iter().chain(attached).collect()
    }

    /// Its public name, where it has one.
    pub(in crate::emulator::ec2) fn public_name(&self, network: &Network, now: i64) -> Option<String> {
        let has_names = self.interface.lot.as_ref().is_none_or(|lot| lot.has_names);
        self.public_address(now).filter(|_| has_names).map(|address| network.public_name(address))
    }
}

impl Face {
    /// The first interface of an instance.
    pub(in crate::emulator::ec2) fn of_instance(instance: &Instance, network: &Network, now: i64) -> Self {
        let id = instance.interface_id();
        Self {
            subnet: instance.subnet(network),
            vpc: instance.vpc(network),
            zone: instance.zone.clone(),
            owner: network.account().to_owned(),
            description: instance.interface.description.clone(),
            address: instance.address,
            name: instance.private_name(network),
            groups: instance.groups(network),
            source_dest_check: instance.attributes.source_dest_check,
            kind: OF_INSTANCES,
            public: instance.public_address(now).map(|address| Public {
                address,
                name: instance.public_name(network, now),
                bound: instance.interface.elastic.clone(),
            }),
            attachment: Some(Place {
                id: id.replacen("eni-", "eni-attach-", 1),
                instance: Some(instance.id.clone()),
                instance_owner: network.account().to_owned(),
                index: 0,
                attached: instance.created,
                delete_on_termination: instance.interface.delete_on_termination,
                is_over: false,
            }),
            id,
        }
    }

    /// Another interface.
    pub(super) fn of(interface: &OwnInterface, network: &Network, now: i64) -> Self {
        let account = network.account().to_owned();
        let managed = || Place {
            id: interface.id.replacen("eni-", "eni-attach-", 1),
            instance: None,
            instance_owner: "amazon-aws".to_owned(),
            index: 1,
            attached: 0,
            delete_on_termination: false,
            is_over: false,
        };
        let ended = interface.left.as_ref().filter(|left| left.is_shown(now)).map(|left| &left.attachment);
        let attached = interface.attachment.as_ref().or(ended).map(|attachment| Place {
            id: attachment.id.clone(),
            instance: Some(attachment.instance.clone()),
            instance_owner: account.clone(),
            index: attachment.index,
            attached: attachment.attached,
            delete_on_termination: attachment.delete_on_termination,
            is_over: interface.attachment.is_none(),
        });
        Self {
            id: interface.id.clone(),
            subnet: interface.subnet.clone(),
            vpc: interface.vpc.clone(),
            zone: interface.zone.clone(),
            description: interface.description.clone(),
            address: interface.address,
            name: network.private_name(interface.address),
            groups: interface.groups.clone(),
            source_dest_check: interface.source_dest_check,
            kind: match interface {
                OwnInterface { is_of_nat: true, .. } => "nat_gateway",
                OwnInterface { is_of_endpoint: true, .. } => "vpc_endpoint",
                _ => OF_INSTANCES,
            },
            public: interface.elastic.as_ref().map(|bound| Public {
                address: bound.address,
                name: Some(network.public_name(bound.address)),
                bound: Some(bound.clone()),
            }),
            attachment: if interface.is_managed() { Some(managed()) } else { attached },
            owner: account,
        }
    }

    /// Tells whether it has a value for a filter that passes; also for the filters of `DescribeInstances` that begin with
    /// `network-interface.`.
    pub(in crate::emulator::ec2) fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        if let Some(filter) = filter.strip_prefix("attachment.") {
            return self.attachment.as_ref().is_some_and(|place| place.has(filter, test));
        }
        if let Some(filter) = filter.strip_prefix("addresses.association.").or(filter.strip_prefix("association.")) {
            return self.public.as_ref().is_some_and(|public| public.has(filter, test, &self.owner));
        }
        match filter {
            "public-dns-name" => self.public.as_ref().is_some_and(|public| public.name.as_deref().is_some_and(test)),
            "addresses.primary" => flag_passes(true, test),
            "addresses.private-dns-name" | "private-dns-name" => test(&self.name),
            "addresses.private-ip-address" | "private-ip-address" => test(&self.address.to_string()),
            "owner-id" => test(&self.owner),
            "availability-zone" => test(&self.zone),
            "availability-zone-id" => test(&Network::zone_id(&self.zone)),
            "deny-all-igw-traffic" | "ipv6-native" | "operator.managed" => flag_passes(false, test),
            "requester-managed" => flag_passes(self.is_managed(), test),
            "requester-id" => self.is_managed() && test(&self.owner),
            "description" => test(&self.description),
            "group-id" => self.groups.iter().any(|group| test(&group.id)),
            "group-name" => self.groups.iter().any(|group| test(&group.name)),
            "interface-type" => test(self.kind),
            "mac-address" => test(&self.mac()),
            "network-interface-id" => test(&self.id),
            "source-dest-check" => flag_passes(self.source_dest_check, test),
            "status" => test(self.status()),
            "subnet-id" => test(&self.subnet),
            "vpc-id" => test(&self.vpc),
            // It has no IPv6 address, and nobody else's.
            _ => false,
        }
    }

    fn is_managed(&self) -> bool {
        self.kind != OF_INSTANCES
    }

    fn status(&self) -> &'static str {
        if self.attachment.as_ref().is_some_and(|place| !place.is_over) { "in-use" } else { "available" }
    }

    /// A locally administered address, the same at every look.
    fn mac(&self) -> String {
        // An instance's first interface has that of the instance.
        let digest = Sha256::digest(self.id.replacen("eni-", "i-", 1).as_bytes());
        format!("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", digest[0], digest[1], digest[2], digest[3], digest[4])
    }

    /// Writes the members that both descriptions of an interface have; that of an instance does not say what an elastic
    /// address is by.
    pub(in crate::emulator::ec2) fn write(&self, item: &mut xml::Element, is_of_instance: bool) {
        let address = self.address.to_string();
        let associate = |parent: &mut xml::Element| {
            if let Some(public) = &self.public {
                xml::element(parent, "association", |association| {
                    public.write(association, &self.owner, is_of_instance);
                });
            }
        };
        xml::text(item, "networkInterfaceId", &self.id);
        xml::text(item, "subnetId", &self.subnet);
        xml::text(item, "vpcId", &self.vpc);
        xml::text(item, "description", &self.description);
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "status", self.status());
        xml::text(item, "macAddress", &self.mac());
        xml::text(item, "privateIpAddress", &address);
        xml::text(item, "privateDnsName", &self.name);
        flag(item, "sourceDestCheck", self.source_dest_check);
        xml::list(item, "groupSet", "item", &self.groups, |each, group| group.write(each));
        associate(item);
        xml::list(item, "privateIpAddressesSet", "item", [()], |each, ()| {
            xml::text(each, "privateIpAddress", &address);
            xml::text(each, "privateDnsName", &self.name);
            flag(each, "primary", true);
            associate(each);
        });
        xml::element(item, "ipv6AddressesSet", |_| ());
        xml::text(item, "interfaceType", self.kind);
    }

    /// Writes the members that only a description of interfaces has.
    pub(super) fn write_rest(&self, item: &mut xml::Element) {
        xml::text(item, "availabilityZone", &self.zone);
        xml::text(item, "availabilityZoneId", &Network::zone_id(&self.zone));
        flag(item, "requesterManaged", self.is_managed());
        if self.is_managed() {
            xml::text(item, "requesterId", &self.owner);
        }
        if let Some(place) = &self.attachment {
            xml::element(item, "attachment", |attachment| {
                place.write(attachment);
                if let Some(instance) = &place.instance {
                    xml::text(attachment, "instanceId", instance);
                }
                xml::text(attachment, "instanceOwnerId", &place.instance_owner);
            });
        }
    }

    /// Writes its attachment as a description of its instance has it.
    pub(in crate::emulator::ec2) fn write_attachment(&self, attachment: &mut xml::Element) {
        self.attachment.iter().for_each(|place| place.write(attachment));
    }

    pub(super) fn has_attachment(&self) -> bool {
        self.attachment.is_some()
    }

    pub(super) fn groups(&self) -> &[GroupName] {
        &self.groups
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }

    pub(super) fn source_dest_check(&self) -> bool {
        self.source_dest_check
    }
}

impl Public {
    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool, owner: &str) -> bool {
        match filter {
            "ip-owner-id" | "owner-id" => test(self.owner(owner)),
            "public-ip" => test(&self.address.to_string()),
            "public-dns-name" => self.name.as_deref().is_some_and(test),
            "allocation-id" => self.bound.as_ref().is_some_and(|bound| test(&bound.allocation)),
            "association-id" => self.bound.as_ref().is_some_and(|bound| test(&bound.association)),
            _ => false,
        }
    }

    /// Whose the address is: AWS's, unless it was allocated.
    fn owner<'a>(&self, account: &'a str) -> &'a str {
        if self.bound.is_some() { account } else { "amazon" }
    }

    fn write(&self, association: &mut xml::Element, account: &str, is_of_instance: bool) {
        if let Some(bound) = self.bound.as_ref().filter(|_| !is_of_instance) {
            xml::text(association, "allocationId", &bound.allocation);
            xml::text(association, "associationId", &bound.association);
        }
        xml::text(association, "ipOwnerId", self.owner(account));
        xml::text(association, "publicDnsName", self.name.as_deref().unwrap_or_default());
        xml::text(association, "publicIp", &self.address.to_string());
    }
}

impl Place {
    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "attach-time" => test(&iso_time(self.attached)),
            "attachment-id" => test(&self.id),
            "delete-on-termination" => flag_passes(self.delete_on_termination, test),
            "device-index" => test(&self.index.to_string()),
            "network-card-index" => test("0"),
            "instance-id" => self.instance.as_deref().is_some_and(test),
            "instance-owner-id" => test(&self.instance_owner),
            "status" => test(self.status()),
            _ => false,
        }
    }

    fn status(&self) -> &'static str {
        if self.is_over { "detached" } else { "attached" }
    }

    fn write(&self, attachment: &mut xml::Element) {
        xml::text(attachment, "attachmentId", &self.id);
        xml::text(attachment, "deviceIndex", &self.index.to_string());
        xml::text(attachment, "networkCardIndex", "0");
        xml::text(attachment, "status", self.status());
        xml::text(attachment, "attachTime", &iso_time(self.attached));
        flag(attachment, "deleteOnTermination", self.delete_on_termination);
    }
}
