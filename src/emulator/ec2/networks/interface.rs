//! Interfaces that are no instance's first one, and whoever can bear an elastic address.

use super::elastic::Bound;
use crate::emulator::{
    ec2::{
        groups::GroupName,
        instance::{Instance, Phase},
        kind,
        network::Network,
        new_hex,
        state::State,
    },
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// An interface that was made by itself, or for a NAT gateway or an endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own, and is on disk by its name")]
pub(in crate::emulator::ec2) struct OwnInterface {
    pub(super) id: String,
    pub(super) subnet: String,
    /// Whether the subnet came with the default network.
    pub(super) is_in_default: bool,
    pub(super) vpc: String,
    pub(super) zone: String,
    pub(super) address: Ipv4Addr,
    pub(super) description: String,
    pub(in crate::emulator::ec2) groups: Vec<GroupName>,
    pub(in crate::emulator::ec2) source_dest_check: bool,
    pub(super) is_of_nat: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_of_endpoint: bool,
    /// The elastic address that leads to it.
    pub(super) elastic: Option<Bound>,
    pub(in crate::emulator::ec2) attachment: Option<Attachment>,
    /// The attachment that has ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<Left>,
    #[serde(default)]
    pub(super) token: String,
}

/// Where an interface is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Attachment {
    pub(super) id: String,
    pub(super) instance: String,
    /// From 1, unless it is in the place of the one that the instance would have come with.
    pub(super) index: u32,
    /// Milliseconds since the Unix epoch.
    pub(super) attached: i64,
    pub(in crate::emulator::ec2) delete_on_termination: bool,
}

/// An attachment that has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Left {
    pub(super) attachment: Attachment,
    /// Milliseconds since the Unix epoch.
    pub(super) ended: i64,
}

/// How long an attachment is shown as `detached`, in milliseconds: clients wait for that state.
const SHOWN: i64 = 3000;

impl Left {
    pub(super) fn is_shown(&self, now: i64) -> bool {
        (self.ended..self.ended.saturating_add(SHOWN)).contains(&now)
    }
}

/// Whoever has a private address: an instance by its own interface, or another interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bearer {
    Instance(String),
    Interface(String),
}

impl OwnInterface {
    /// Its id and its instance's, where this is how it is attached.
    pub(in crate::emulator::ec2) fn attached_as(&self, attachment: &str) -> Option<(String, String)> {
        let place = self.attachment.as_ref().filter(|place| place.id == attachment)?;
        Some((self.id.clone(), place.instance.clone()))
    }

    /// Whether it belongs to something that EC2 manages, and so to no instance.
    pub(super) fn is_managed(&self) -> bool {
        self.is_of_nat || self.is_of_endpoint
    }

    /// By what its address is kept.
    pub(in crate::emulator::ec2) fn own_subnet(&self) -> Option<&str> {
        (!self.is_in_default).then_some(self.subnet.as_str())
    }

    /// Its address.
    pub(in crate::emulator::ec2) fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The elastic address that leads to it.
    pub(in crate::emulator::ec2) fn elastic_address(&self) -> Option<Ipv4Addr> {
        self.elastic.as_ref().map(|bound| bound.address)
    }

    /// Whether an instance in a subnet can have it.
    pub(in crate::emulator::ec2) fn is_near(&self, subnet: &super::records::Subnet) -> bool {
        self.zone == subnet.zone && self.vpc == subnet.vpc
    }

    /// The allocation of the elastic address that leads to it.
    pub(in crate::emulator::ec2) fn allocation(&self) -> Option<&str> {
        self.elastic.as_ref().map(|bound| bound.allocation.as_str())
    }

    /// The id of its subnet.
    pub(in crate::emulator::ec2) fn subnet(&self) -> &str {
        &self.subnet
    }

    /// The same interface at an instance that is launched with it.
    pub(in crate::emulator::ec2) fn at(&self, instance: &str, index: u32, now: i64) -> Result<Self, AwsError> {
        let id = format!("eni-attach-{}", new_hex()?);
        let instance = instance.to_owned();
        let attachment = Attachment { id, instance, index, attached: now, delete_on_termination: false };
        Ok(Self { attachment: Some(attachment), left: None, ..self.clone() })
    }
}

impl Instance {
    /// The VPC that it is in.
    pub(in crate::emulator::ec2) fn vpc(&self, network: &Network) -> String {
        self.interface.lot.as_ref().map_or_else(|| network.vpc(), |lot| lot.vpc.clone())
    }

    /// The subnet that it is in.
    pub(in crate::emulator::ec2) fn subnet(&self, network: &Network) -> String {
        self.interface.lot.as_ref().map_or_else(|| network.subnet(&self.zone), |lot| lot.subnet.clone())
    }
}

impl State {
    /// Finds who has an interface.
    pub(super) fn bearer(&self, interface: &str, now: i64) -> Result<Bearer, AwsError> {
        if self.interfaces.contains_key(interface) {
            return Ok(Bearer::Interface(interface.to_owned()));
        }
        let instance = interface.replacen("eni-", "i-", 1);
        match self.instances.get(&instance) {
            Some(owner) if owner.phase(now) != Phase::Terminated && !owner.interface.is_given => {
                Ok(Bearer::Instance(instance))
            }
            _ => Err(kind::INTERFACE.absent(interface)),
        }
    }

    /// Finds an interface that is attached to nothing.
    pub(in crate::emulator::ec2) fn free_interface(&self, id: &str, now: i64) -> Result<&OwnInterface, AwsError> {
        self.bearer(id, now)?;
        let known = self.interfaces.get(id).filter(|known| known.attachment.is_none() && !known.is_managed());
        known.ok_or_else(|| AwsError::sender("InvalidNetworkInterface.InUse", format!("Interface: [{id}] in use.")))
    }

    /// Whether there is an interface of this id.
    pub(in crate::emulator::ec2) fn has_interface(&self, id: &str, now: i64) -> bool {
        self.bearer(id, now).is_ok()
    }

    /// The VPC of an interface.
    pub(super) fn interface_vpc(&self, id: &str, network: &Network, now: i64) -> Result<String, AwsError> {
        let vpc = match self.bearer(id, now)? {
            Bearer::Instance(id) => self.instances.get(&id).map(|instance| instance.vpc(network)),
            Bearer::Interface(id) => self.interfaces.get(&id).map(|interface| interface.vpc.clone()),
        };
        vpc.ok_or_else(|| kind::INTERFACE.absent(id))
    }

    /// Takes in an interface as it is now; its instance knows it too.
    pub(in crate::emulator::ec2) fn put_interface(&mut self, interface: OwnInterface) {
        let owner = interface.attachment.as_ref().map(|attachment| attachment.instance.clone());
        self.detach_from_owner(&interface.id);
        if let Some(instance) = owner.and_then(|owner| self.instances.get_mut(&owner)) {
            instance.attached.push(interface.clone());
            instance.attached.sort_by_key(|each| each.attachment.as_ref().map(|attachment| attachment.index));
        }
        self.index.hold(interface.own_subnet(), interface.address, true);
        self.interfaces.insert(interface.id.clone(), interface);
    }

    /// Makes the instance that had an interface forget it.
    fn detach_from_owner(&mut self, id: &str) {
        let before = self.interfaces.get(id).and_then(|known| known.attachment.as_ref());
        let Some(owner) = before.map(|attachment| attachment.instance.clone()) else { return };
        if let Some(instance) = self.instances.get_mut(&owner) {
            instance.attached.retain(|each| each.id != id);
        }
    }

    /// Removes an interface; its addresses are free.
    pub(super) fn remove_interface(&mut self, id: &str) {
        self.detach_from_owner(id);
        let Some(interface) = self.interfaces.remove(id) else { return };
        self.index.hold(interface.own_subnet(), interface.address, false);
        self.set_tags(id, super::super::listing::Tags::new());
        if let Some(bound) = interface.elastic {
            self.unhold(&bound.allocation);
        }
    }

    /// Lets go of what a terminated instance had: its elastic address and the interfaces that were attached to it.
    pub(in crate::emulator::ec2) fn leave(&mut self, bound: Option<Bound>, attached: Vec<OwnInterface>) {
        if let Some(bound) = bound {
            self.unhold(&bound.allocation);
        }
        for interface in attached {
            if interface.attachment.as_ref().is_some_and(|attachment| attachment.delete_on_termination) {
                self.remove_interface(&interface.id);
            } else {
                let holder = interface.elastic.as_ref().map(|bound| bound.allocation.clone());
                self.put_interface(OwnInterface { attachment: None, ..interface });
                holder.iter().for_each(|allocation| self.hold_alone(allocation));
            }
        }
    }

    /// Finds a free private address, or checks the one that is asked for.
    pub(super) fn private_address(
        &self,
        subnet: &super::records::Subnet,
        id: &str,
        asked: Option<Ipv4Addr>,
    ) -> Result<Ipv4Addr, AwsError> {
        let is_taken = |address: Ipv4Addr| self.index.addresses().contains(subnet.own(), address);
        match asked {
            Some(address) if !subnet.is_usable(address) => {
                let message = format!("Address {address} does not fall within the subnet's address range");
                Err(AwsError::sender("InvalidParameterValue", message))
            }
            Some(address) if is_taken(address) => {
                Err(AwsError::sender("InvalidIPAddress.InUse", format!("Address {address} is in use.")))
            }
            Some(address) => Ok(address),
            None => subnet.address(id, is_taken).ok_or_else(|| {
                let message = format!("The specified subnet does not have enough free addresses: {}", subnet.id);
                AwsError::sender("InsufficientFreeAddressesInSubnet", message)
            }),
        }
    }
}
