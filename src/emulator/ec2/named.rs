//! What the ARNs of resources have, where calls name these by something else (a name, an address, an association) or not at
//! all, and the condition keys that follow from an ARN.

use super::{
    instance::Instance,
    listing::Tags,
    network::Network,
    networks::{interface::OwnInterface, records::Subnet},
    state::State,
};
use crate::emulator::store::Region;
use std::net::Ipv4Addr;

impl State {
    /// What the ARN of a resource of this kind (`key-pair`) has after the kind, by whatever else a call names it by;
    /// nothing where nothing is named so. The kinds and their ARNs are those of AWS's service authorization reference:
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    pub(in crate::emulator) fn in_arn(&self, kind: &str, by: &str, account: &str, region: &Region) -> Option<String> {
        let network = Network::new(account, region);
        match kind {
            // The one kind whose ARN has the name, as that of a placement group does.
            "key-pair" => self.key_pairs.values().find(|pair| pair.id == by).map(|pair| pair.name.clone()),
            "launch-template" => {
                self.templates.values().find(|template| template.name == by).map(|template| template.id.clone())
            }
            "security-group" => self.group_named(by, &network).ok().map(|group| group.id),
            "elastic-ip" => self.elastic.values().find_map(|elastic| elastic.allocation_of(by)).map(str::to_owned),
            "route-table" => self.associated_table(by, &network),
            "subnet" => self.associated_subnet(by, &network),
            "vpc" => self.associated_vpc(by, &network),
            "network-interface" => self.attached(by).map(|(interface, _)| interface),
            "instance" => self.attached(by).map(|(_, instance)| instance).or_else(|| self.associated_instance(by)),
            _ => None,
        }
    }

    /// The tags of what an ARN names, by the kind of it and what follows.
    pub(in crate::emulator) fn tags_by_arn(&self, kind: &str, rest: &str) -> Option<Tags> {
        match kind {
            "placement-group" => self.placement_tags(rest),
            "key-pair" => self.tags_by_id(&self.key_pairs.get(rest)?.id),
            _ => self.tags_by_id(rest),
        }
    }

    /// The id of the subnet that a launch of so many takes if it names none: that of the default network in the zone (by
    /// name or id) and with the address that it asks for, or else the first one with room.
    pub(in crate::emulator) fn unnamed_subnet(
        &self,
        zone: Option<&str>,
        address: Option<Ipv4Addr>,
        fewest: usize,
        account: &str,
        region: &Region,
    ) -> Option<String> {
        let (network, taken) = (Network::new(account, region), self.index.addresses());
        let is_asked = |name: &str| zone.is_none_or(|zone| zone == name || zone == Network::zone_id(name));
        let fits = |subnet: &Subnet| {
            address.is_none_or(|address| subnet.is_usable(address))
                && subnet.room().saturating_sub(taken.count(subnet, &network)) >= fewest
        };
        let zones = network.zones().into_iter().filter(|name| is_asked(name));
        zones.map(|name| self.default_subnet(&name, &network)).find(fits).map(|subnet| subnet.id)
    }

    /// The id of the group that what is made in a subnet is in if none is named.
    pub(in crate::emulator) fn unnamed_group(&self, subnet: &str, account: &str, region: &Region) -> Option<String> {
        let network = Network::new(account, region);
        let vpc = self.subnet(subnet, &network).ok()?.vpc;
        self.groups_of(&[], &[], &vpc, &network).ok()?.into_iter().next().map(|group| group.id)
    }

    /// The ids of the subnet and of the groups of an interface that was made by itself.
    pub(in crate::emulator) fn interface_place(&self, id: &str) -> Option<(String, Vec<String>)> {
        let interface = self.interfaces.get(id)?;
        Some((interface.subnet().to_owned(), interface.groups.iter().map(|group| group.id.clone()).collect()))
    }

    /// The condition keys that something has for what it is (`ec2:Vpc`), by what its ARN has: the kind and what follows.
    pub(in crate::emulator) fn keys_by_arn(
        &self,
        kind: &str,
        rest: &str,
        account: &str,
        region: &Region,
    ) -> Vec<(&'static str, String)> {
        let network = Network::new(account, region);
        let arn = |kind: &str, id: &str| format!("arn:aws:ec2:{region}:{account}:{kind}/{id}");
        let within = |subnet: Subnet| vec![("ec2:AvailabilityZone", subnet.zone), ("ec2:Vpc", arn("vpc", &subnet.vpc))];
        let (own, mut keys) = match kind {
            "subnet" => ("ec2:SubnetID", self.subnet(rest, &network).ok().map(within)),
            "security-group" => {
                let group = self.group(rest, &network).ok();
                ("ec2:SecurityGroupID", group.map(|group| vec![("ec2:Vpc", arn("vpc", &group.vpc(&network)))]))
            }
            "network-interface" => {
                let subnet = self.interfaces.get(rest).map(OwnInterface::subnet);
                let keys = subnet.and_then(|id| Some((id, self.subnet(id, &network).ok()?)));
                let keys = keys.map(|(id, subnet)| [within(subnet), vec![("ec2:Subnet", arn("subnet", id))]].concat());
                ("ec2:NetworkInterfaceID", keys)
            }
            "instance" => {
                let keys = self.instances.get(rest).map(|instance| {
                    vec![
                        ("ec2:AvailabilityZone", instance.zone.clone()),
                        ("ec2:InstanceType", instance.kind.clone()),
                        ("ec2:Tenancy", instance.options.tenancy.clone()),
                    ]
                });
                ("ec2:InstanceID", keys)
            }
            _ => return Vec::new(),
        };
        if let Some(keys) = &mut keys {
            keys.push((own, rest.to_owned()));
        }
        keys.unwrap_or_default()
    }

    /// The interface of an attachment, and the instance that has it.
    fn attached(&self, attachment: &str) -> Option<(String, String)> {
        self.interfaces.values().find_map(|interface| interface.attached_as(attachment))
    }

    /// The instance that an association of a profile is with.
    fn associated_instance(&self, association: &str) -> Option<String> {
        let has_it =
            |instance: &&Instance| instance.profile.as_ref().is_some_and(|profile| profile.association == association);
        self.instances.values().find(has_it).map(|instance| instance.id.clone())
    }
}
