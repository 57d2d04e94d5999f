//! VPCs, subnets and internet gateways as they are kept, and how they are found. What belongs to the default network has
//! no record until it is changed; then its record stands for it.

use super::{block::Block, options, table::RouteTable};
use crate::emulator::{
    ec2::{kind, network::Network, options::Names, state::State},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::net::Ipv4Addr;

/// The block of the default VPC.
const DEFAULT: Block = Block::of([172, 31, 0, 0], 16);
/// Addresses that AWS keeps for itself at the start of each subnet; it also keeps the last one.
const RESERVED: u32 = 4;

/// A VPC.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "EC2 has these switches, each for itself")]
pub(in crate::emulator::ec2) struct Vpc {
    pub(super) id: String,
    pub(super) block: Block,
    /// `default` or `dedicated`.
    pub(super) tenancy: String,
    pub(super) is_default: bool,
    pub(super) has_dns: bool,
    /// Whether what has a public address has a public name.
    pub(super) has_names: bool,
    pub(super) counts_usage: bool,
    /// The blocks that it was given after it was made.
    #[serde(default)]
    pub(super) more: Vec<More>,
    /// Its DHCP options, where they are not those of the region.
    #[serde(default)]
    pub(super) options: Option<String>,
}

/// A block that was associated with a VPC after it was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct More {
    pub(super) association: String,
    pub(super) block: Block,
}

/// A subnet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Subnet {
    pub(in crate::emulator::ec2) id: String,
    pub(in crate::emulator::ec2) vpc: String,
    pub(in crate::emulator::ec2) zone: String,
    pub(super) block: Block,
    /// Whether it came with the default network.
    pub(super) is_default: bool,
    pub(in crate::emulator::ec2) maps_public: bool,
    #[serde(default)]
    pub(super) names: Names,
}

/// An internet gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Gateway {
    pub(super) id: String,
    /// The VPC that it is attached to.
    pub(super) vpc: Option<String>,
}

impl Subnet {
    /// The subnet that the default network has in a zone.
    pub(in crate::emulator::ec2) fn default_of(network: &Network, zone: &str) -> Self {
        Self {
            id: network.subnet(zone),
            vpc: network.vpc(),
            zone: zone.to_owned(),
            block: network.subnet_block(zone),
            is_default: true,
            maps_public: true,
            names: Names::default(),
        }
    }

    /// By what its addresses are kept: its id, where it did not come with the default network.
    pub(in crate::emulator::ec2) fn own(&self) -> Option<&str> {
        (!self.is_default).then_some(self.id.as_str())
    }

    /// How many addresses there are for whoever is in it.
    pub(in crate::emulator::ec2) fn room(&self) -> usize {
        usize::try_from(self.block.size()).unwrap_or(usize::MAX).saturating_sub(RESERVED as usize + 1)
    }

    /// Whether an address is one that somebody in it may have.
    pub(in crate::emulator::ec2) fn is_usable(&self, address: Ipv4Addr) -> bool {
        let place = u64::from(u32::from(address)).checked_sub(u64::from(self.block.start() + RESERVED));
        place.is_some_and(|place| usize::try_from(place).is_ok_and(|place| place < self.room()))
    }

    /// The first free address at or after a place that follows from the id of whoever is to have it.
    pub(in crate::emulator::ec2) fn address(&self, id: &str, is_taken: impl Fn(Ipv4Addr) -> bool) -> Option<Ipv4Addr> {
        let digest = Sha256::digest(id.as_bytes());
        let room = u32::try_from(self.room()).ok()?;
        let start = u32::from(u16::from_be_bytes([digest[0], digest[1]])) % room.max(1);
        (0..room)
            .map(|step| Ipv4Addr::from(self.block.start() + RESERVED + (start + step) % room))
            .find(|address| !is_taken(*address))
    }
}

impl Vpc {
    /// Its id.
    pub(in crate::emulator::ec2) fn id(&self) -> &str {
        &self.id
    }

    /// Whether what has a public address in it has a public name.
    pub(in crate::emulator::ec2) fn has_names(&self) -> bool {
        self.has_dns && self.has_names
    }

    fn default_of(network: &Network) -> Self {
        Self {
            id: network.vpc(),
            block: DEFAULT,
            tenancy: "default".to_owned(),
            is_default: true,
            has_dns: true,
            has_names: true,
            counts_usage: false,
            more: Vec::new(),
            options: None,
        }
    }

    /// The id of the association with the block that it was made with.
    pub(super) fn association(&self, network: &Network) -> String {
        network.id("vpc-cidr-assoc", if self.is_default { "" } else { &self.id })
    }

    /// Its blocks with the ids of their associations, the one that it was made with first.
    pub(super) fn associated(&self, network: &Network) -> Vec<(String, Block)> {
        let more = self.more.iter().map(|more| (more.association.clone(), more.block));
        std::iter::once((self.association(network), self.block)).chain(more).collect()
    }

    /// Its blocks, the one that it was made with first.
    pub(super) fn blocks(&self) -> Vec<Block> {
        std::iter::once(self.block).chain(self.more.iter().map(|more| more.block)).collect()
    }
    /// The id of its DHCP options.
    pub(super) fn options(&self, network: &Network) -> String {
        self.options.clone().unwrap_or_else(|| options::id(network))
    }
}

impl State {
    /// The id of the VPC that has a block by an association.
    pub(in crate::emulator::ec2) fn associated_vpc(&self, id: &str, network: &Network) -> Option<String> {
        let has_it = |vpc: &Vpc| vpc.associated(network).iter().any(|(known, _)| known == id);
        self.vpcs(network).into_iter().find(has_it).map(|vpc| vpc.id)
    }

    /// Every VPC.
    pub(in crate::emulator::ec2) fn vpcs(&self, network: &Network) -> Vec<Vpc> {
        let is_kept = self.vpcs.contains_key(&network.vpc());
        self.vpcs.values().cloned().chain((!is_kept).then(|| Vpc::default_of(network))).collect()
    }

    /// Finds a VPC.
    pub(in crate::emulator::ec2) fn vpc(&self, id: &str, network: &Network) -> Result<Vpc, AwsError> {
        let default = || (id == network.vpc()).then(|| Vpc::default_of(network));
        self.vpcs.get(id).cloned().or_else(default).ok_or_else(|| kind::VPC.absent(id))
    }

    /// The blocks that everybody in a VPC reaches.
    pub(super) fn locals(&self, vpc: &str, network: &Network) -> Vec<Block> {
        self.vpc(vpc, network).map(|vpc| vpc.blocks()).unwrap_or_default()
    }
    /// Every subnet.
    pub(super) fn subnets(&self, network: &Network) -> Vec<Subnet> {
        let defaults = network.zones().into_iter().map(|zone| Subnet::default_of(network, &zone));
        let defaults = defaults.filter(|subnet| !self.subnets.contains_key(&subnet.id));
        self.subnets.values().cloned().chain(defaults).collect()
    }

    /// The subnet of the default network in a zone.
    pub(in crate::emulator::ec2) fn default_subnet(&self, zone: &str, network: &Network) -> Subnet {
        let kept = self.subnets.get(&network.subnet(zone)).cloned();
        kept.unwrap_or_else(|| Subnet::default_of(network, zone))
    }

    /// Finds a subnet.
    pub(in crate::emulator::ec2) fn subnet(&self, id: &str, network: &Network) -> Result<Subnet, AwsError> {
        if let Some(subnet) = self.subnets.get(id) {
            return Ok(subnet.clone());
        }
        let zone = network.zones().into_iter().find(|zone| network.subnet(zone) == id);
        zone.map(|zone| Subnet::default_of(network, &zone)).ok_or_else(|| kind::SUBNET.absent(id))
    }

    /// Every internet gateway.
    pub(super) fn gateways(&self, network: &Network) -> Vec<Gateway> {
        let default = Gateway { id: network.id("igw", ""), vpc: Some(network.vpc()) };
        let is_kept = self.gateways.contains_key(&default.id);
        self.gateways.values().cloned().chain((!is_kept).then_some(default)).collect()
    }

    /// Finds an internet gateway.
    pub(in crate::emulator::ec2) fn gateway(&self, id: &str, network: &Network) -> Result<Gateway, AwsError> {
        self.gateways(network).into_iter().find(|gateway| gateway.id == id).ok_or_else(|| kind::GATEWAY.absent(id))
    }

    /// Every route table.
    pub(super) fn route_tables(&self, network: &Network) -> Vec<RouteTable> {
        let default = RouteTable::default_of(network);
        let is_kept = self.route_tables.contains_key(&default.id);
        self.route_tables.values().cloned().chain((!is_kept).then_some(default)).collect()
    }

    /// Finds a route table.
    pub(in crate::emulator::ec2) fn route_table(&self, id: &str, network: &Network) -> Result<RouteTable, AwsError> {
        let found = self.route_tables(network).into_iter().find(|table| table.id == id);
        found.ok_or_else(|| kind::ROUTE_TABLE.absent(id))
    }

    /// Whether a VPC has a way to the internet.
    pub(super) fn has_gateway(&self, vpc: &str, network: &Network) -> bool {
        self.gateways(network).iter().any(|gateway| gateway.vpc.as_deref() == Some(vpc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_subnet_gives_each_of_its_addresses_once() {
        let region = "us-east-1".parse().unwrap();
        let network = Network::new("000000000000", &region);
        let mut subnet = Subnet::default_of(&network, "us-east-1b");
        assert_eq!(subnet.room(), 4091);
        let usable = |address: [u8; 4]| subnet.is_usable(address.into());
        assert!(usable([172, 31, 16, 4]) && usable([172, 31, 31, 254]));
        assert!(!usable([172, 31, 16, 3]) && !usable([172, 31, 31, 255]) && !usable([172, 31, 0, 9]));
        subnet.block = "10.0.0.16/28".parse().unwrap();
        let mut taken = BTreeSet::new();
        for number in 0..11 {
            let address = subnet.address(&format!("i-{number}"), |address| taken.contains(&address)).unwrap();
            assert!(subnet.is_usable(address) && taken.insert(address));
        }
        assert_eq!(subnet.address("i-more", |address| taken.contains(&address)), None);
    }
}
