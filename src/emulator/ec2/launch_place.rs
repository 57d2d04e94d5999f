//! Where a launch puts its instances: zone, subnet, groups and addresses, said of the instance, of the one interface that
//! it comes with, or by interfaces that were made before.

use super::{
    instance::{Instance, Interface, Lot},
    network::{Addresses, Network},
    networks::{interface::OwnInterface, records::Subnet},
    state::State,
};
use crate::emulator::wire::{AwsError, QueryParams};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Where the instances of a launch are to go.
pub(super) struct Place {
    zone: Option<String>,
    subnet: Option<String>,
    group_ids: Vec<String>,
    group_names: Vec<String>,
    /// The private address, where one is asked for.
    address: Option<Ipv4Addr>,
    is_public: Option<bool>,
    description: String,
    delete_on_termination: bool,
    /// The interfaces that were made before, by where they are to be.
    given: BTreeMap<u32, String>,
}

/// Where they go, with what is taken there.
pub(super) struct Site {
    subnet: Subnet,
    interface: Interface,
    address: Option<Ipv4Addr>,
    taken: Addresses,
    given: Vec<(u32, OwnInterface)>,
    /// How many there is room for.
    pub(super) room: usize,
}

/// What is said of the one interface that an instance comes with.
#[derive(Default)]
struct AskedInterface {
    is_there: bool,
    subnet: Option<String>,
    groups: Vec<String>,
    address: Option<String>,
    is_public: Option<bool>,
    description: Option<String>,
    delete_on_termination: Option<bool>,
    given: BTreeMap<u32, String>,
}

/// What EC2 has for an interface, and atelier has not.
const LACKING: [&str; 14] = [
    "AssociateCarrierIpAddress",
    "ConnectionTrackingSpecification",
    "EnaQueueCount",
    "EnaSrdSpecification",
    "InterfaceType",
    "Ipv4Prefix",
    "Ipv4PrefixCount",
    "Ipv6AddressCount",
    "Ipv6Addresses",
    "Ipv6Prefix",
    "Ipv6PrefixCount",
    "PrimaryIpv6",
    "PrivateIpAddresses",
    "SecondaryPrivateIpAddressCount",
];

impl AskedInterface {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        let mut asked = Self::default();
        let mut given = BTreeMap::new();
        params.structures("NetworkInterface", |interface| {
            if interface.has("NetworkInterfaceId") {
                let (index, id) = take_given(interface)?;
                if given.insert(index, id).is_some() {
                    let message = format!("Each network interface requires a unique device index: {index}.");
                    return Err(AwsError::sender("InvalidParameterCombination", message));
                }
            } else if asked.is_there {
                return Err(lacking("more than one NetworkInterface that is made"));
            } else {
                asked = Self::of(interface)?;
            }
            Ok(())
        })?;
        if asked.is_there == given.contains_key(&0) && (asked.is_there || !given.is_empty()) {
            let message = "One network interface has the device index 0.";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        Ok(Self { given, ..asked })
    }

    fn of(first: &mut QueryParams) -> Result<Self, AwsError> {
        if let Some(name) = LACKING.into_iter().find(|name| first.has(name)) {
            return Err(lacking(&format!("NetworkInterface.{name}")));
        }
        let index = take_index(first)?;
        let card = first.number::<u32>("NetworkCardIndex")?.unwrap_or(0);
        if (index, card) != (0, 0) {
            return Err(AwsError::sender(
                "InvalidParameterCombination",
                "The first NetworkInterface must have DeviceIndex 0 and NetworkCardIndex 0.",
            ));
        }
        Ok(Self {
            is_there: true,
            subnet: first.text("SubnetId"),
            groups: first.list("SecurityGroupId")?,
            address: first.text("PrivateIpAddress"),
            is_public: first.flag("AssociatePublicIpAddress")?,
            description: first.text("Description"),
            delete_on_termination: first.flag("DeleteOnTermination")?,
            given: BTreeMap::new(),
        })
    }
}

/// Reads an interface that was made before, and where it is to be: all else is said of it already.
fn take_given(interface: &mut QueryParams) -> Result<(u32, String), AwsError> {
    let combination = |message: &str| Err(AwsError::sender("InvalidParameterCombination", message));
    for name in ["SubnetId", "SecurityGroupId", "PrivateIpAddress", "Description", "AssociatePublicIpAddress"] {
        if interface.has(name) {
            return combination(&format!("You may not specify {name} and NetworkInterfaceId together."));
        }
    }
    if interface.flag("DeleteOnTermination")? == Some(true) {
        return combination(
            "A network interface that is attached cannot be deleted on termination from its launch on.",
        );
    }
    if interface.number::<u32>("NetworkCardIndex")?.is_some_and(|card| card != 0) {
        return Err(AwsError::invalid_parameter("1", "NetworkCardIndex", "The instance has one network card."));
    }
    Ok((take_index(interface)?, interface.required("NetworkInterfaceId")?))
}

fn take_index(interface: &mut QueryParams) -> Result<u32, AwsError> {
    interface.number::<u32>("DeviceIndex")?.ok_or_else(|| {
        let message = "The request must contain the parameter NetworkInterface.DeviceIndex";
        AwsError::sender("MissingParameter", message)
    })
}

fn lacking(what: &str) -> AwsError {
    AwsError::not_implemented("ec2", &format!("RunInstances with {what}"))
}

impl Place {
    /// Reads a zone, a subnet, or neither; groups and addresses.
    pub(super) fn take(params: &mut QueryParams, network: &Network, most: usize) -> Result<Self, AwsError> {
        let interface = AskedInterface::take(params)?;
        let wanted = take_zone(params, network)?;
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (subnet, address) = (said(params.text("SubnetId")), said(params.text("PrivateIpAddress")));
        let (group_ids, group_names) = (params.list("SecurityGroupId")?, params.list("SecurityGroup")?);
        let both = |what: &str| {
            let message =
                format!("Network interfaces and an instance-level {what} may not be specified on the same request");
            Err(AwsError::sender("InvalidParameterCombination", message))
        };
        let is_there = interface.is_there || !interface.given.is_empty();
        if is_there && subnet.is_some() {
            return both("subnet ID");
        }
        if is_there && !(group_ids.is_empty() && group_names.is_empty()) {
            return both("security groups");
        }
        if is_there && address.is_some() {
            return both("private address");
        }
        if !interface.given.is_empty() && most > 1 {
            let message = "A network interface cannot be used when more than one instance is launched.";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        if subnet.is_some() && !group_names.is_empty() {
            let message = "The parameter groupName cannot be used with the parameter subnet";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        Ok(Self {
            zone: wanted,
            subnet: subnet.or(said(interface.subnet)),
            group_ids: if interface.is_there { interface.groups } else { group_ids },
            group_names,
            address: take_address(address.or(said(interface.address)), most)?,
            is_public: interface.is_public,
            description: interface.description.unwrap_or_default(),
            delete_on_termination: interface.delete_on_termination.unwrap_or(true),
            given: interface.given,
        })
    }

    /// Finds the subnet: the one that is asked for, or one of the default network with room for the fewest that will do.
    pub(super) fn find(&self, state: &State, network: &Network, fewest: usize, now: i64) -> Result<Site, AwsError> {
        let given = self.given.iter().map(|(index, id)| Ok((*index, state.free_interface(id, now)?.clone())));
        let given = given.collect::<Result<Vec<_>, AwsError>>()?;
        let first = given.first().filter(|(index, _)| *index == 0).map(|(_, interface)| interface);
        let subnet = match first.map(OwnInterface::subnet).or(self.subnet.as_deref()) {
            Some(id) => Some(state.subnet(id, network)?),
            None => None,
        };
        if let (Some(zone), Some(subnet)) = (&self.zone, &subnet)
            && *zone != subnet.zone
        {
            let message = format!("The availability zone {zone} does not match that of the subnet, {}.", subnet.zone);
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        let subnets = subnet.map_or_else(
            || {
                let zones = self.zone.clone().map_or_else(|| network.zones().to_vec(), |zone| vec![zone]);
                zones.iter().map(|zone| state.default_subnet(zone, network)).collect()
            },
            |subnet| vec![subnet],
        );
        let taken = state.index.addresses().clone();
        let vpc = subnets.first().map(|subnet| subnet.vpc.clone()).unwrap_or_default();
        let groups = state.groups_of(&self.group_ids, &self.group_names, &vpc, network)?;
        let outside = |address: Ipv4Addr| {
            let message = format!("Address {address} does not fall within the subnet's address range");
            AwsError::sender("InvalidParameterValue", message)
        };
        let mut fitting = subnets;
        if let Some(address) = self.address {
            fitting.retain(|subnet| subnet.is_usable(address));
            if fitting.is_empty() {
                return Err(outside(address));
            }
        }
        // One that was made before has its address already.
        let own = usize::from(first.is_some());
        let room = |subnet: &Subnet| (subnet.room() + own).saturating_sub(taken.count(subnet, network));
        let subnet = fitting.into_iter().find(|subnet| room(subnet) >= fewest).ok_or_else(full)?;
        let lot = match subnet.own() {
            None => None,
            Some(id) => {
                let has_names = state.vpc(&subnet.vpc, network)?.has_names();
                Some(Lot { subnet: id.to_owned(), vpc: subnet.vpc.clone(), has_names })
            }
        };
        let interface = Interface {
            groups,
            is_public: self.is_public.unwrap_or(subnet.maps_public),
            starts: 0,
            description: self.description.clone(),
            delete_on_termination: self.delete_on_termination,
            lot,
            elastic: None,
            is_given: first.is_some(),
        };
        let is_near = |(_, other): &(u32, OwnInterface)| other.is_near(&subnet);
        if !given.iter().all(is_near) {
            let message = "You may not attach a network interface to an instance if they are not in the same \
                           availability zone and VPC";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        Ok(Site { room: room(&subnet), subnet, interface, address: self.address, taken, given })
    }
}

impl Site {
    /// The zone of the subnet.
    pub(super) fn zone(&self) -> &str {
        &self.subnet.zone
    }

    /// The interface of each instance.
    pub(super) fn interface(&self) -> Interface {
        self.interface.clone()
    }

    /// The interfaces that were made before, at the instance that has them from now on.
    pub(super) fn given(&self, instance: &str, now: i64) -> Result<Vec<OwnInterface>, AwsError> {
        self.given.iter().map(|(index, interface)| interface.at(instance, *index, now)).collect()
    }

    /// Takes the private address of an instance.
    pub(super) fn address(&mut self, instance: &str) -> Result<Ipv4Addr, AwsError> {
        if let Some((0, first)) = self.given.first() {
            return Ok(first.address());
        }
        let own = self.subnet.own();
        let address = match self.address {
            Some(address) if self.taken.contains(own, address) => {
                return Err(AwsError::sender("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
            }
            Some(address) => address,
            None => self.subnet.address(instance, |address| self.taken.contains(own, address)).ok_or_else(full)?,
        };
        self.taken.set(own, address, true);
        Ok(address)
    }
}

/// The refusal of a subnet without room.
pub(super) fn full() -> AwsError {
    AwsError::sender("InsufficientFreeAddressesInSubnet", "The subnet has no free address left.")
}

/// Reads the zone, by its name or by its id.
fn take_zone(params: &mut QueryParams, network: &Network) -> Result<Option<String>, AwsError> {
    let zones = network.zones();
    let mut said = |name: &str| params.text(name).filter(|zone| !zone.is_empty());
    let (name, id) = (said("Placement.AvailabilityZone"), said("Placement.AvailabilityZoneId"));
    let invalid =
        |zone: &str| AwsError::sender("InvalidParameterValue", format!("Invalid availability zone: [{zone}]"));
    if let Some(zone) = name.as_ref().filter(|zone| !zones.contains(zone)) {
        return Err(invalid(zone));
    }
    let of_id = match &id {
        Some(id) => Some(zones.into_iter().find(|zone| Network::zone_id(zone) == *id).ok_or_else(|| invalid(id))?),
        None => None,
    };
    match (name, of_id) {
        (Some(_), Some(_)) => {
            let message = "The parameter AvailabilityZone cannot be used with the parameter AvailabilityZoneId";
            Err(AwsError::sender("InvalidParameterCombination", message))
        }
        (name, of_id) => Ok(name.or(of_id)),
    }
}

/// Reads the private address, which one instance can have.
fn take_address(asked: Option<String>, most: usize) -> Result<Option<Ipv4Addr>, AwsError> {
    let Some(asked) = asked else { return Ok(None) };
    let invalid = |message: String| AwsError::sender("InvalidParameterValue", message);
    let address: Ipv4Addr = asked.parse().map_err(|_| invalid(format!("Invalid IPv4 address: {asked}")))?;
    if most > 1 {
        let message = "The parameter PrivateIpAddress cannot be used when more than one instance is launched.";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    Ok(Some(address))
}

impl Instance {
    /// Its private name: by its address, or by its id.
    pub(super) fn private_name(&self, network: &Network) -> String {
        let name = network.private_name(self.address);
        match name.split_once('.') {
            Some((_, domain)) if self.options.names.by_id => format!("{}.{domain}", self.id),
            _ => name,
        }
    }
}
