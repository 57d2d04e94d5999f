//! A network ACL as it is kept, and how it is found. Each VPC came with one that lets everything pass, which has no record
//! until it is changed; whoever is in no other is in that.

use super::{block::Block, records::Vpc};
use crate::emulator::{
    ec2::{kind, network::Network, state::State},
    wire::AwsError,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A network ACL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Acl {
    pub(super) id: String,
    pub(super) vpc: String,
    /// Whether it came with the VPC.
    pub(super) is_default: bool,
    /// In their order, without the last ones, which refuse the rest.
    pub(super) entries: Vec<Entry>,
    /// The ids of the associations that were made by a call, by their subnets.
    pub(super) associations: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) token: String,
}

/// What is to be done with some traffic.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) is_egress: bool,
    pub(super) number: u16,
    /// The number of the protocol, or `-1` for all of them.
    pub(super) protocol: i16,
    pub(super) allows: bool,
    pub(super) whom: Whom,
    /// The first port and the last one.
    pub(super) ports: Option<(u16, u16)>,
    /// The type and the code; `-1` is any.
    pub(super) icmp: Option<(i16, i16)>,
}

/// Whom an entry is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Whom {
    #[serde(rename = "ipv4")]
    V4(Block),
    #[serde(rename = "ipv6")]
    V6(String),
}

impl Acl {
    /// The one that a VPC came with.
    fn default_of(vpc: &Vpc, network: &Network) -> Self {
        let allow = |is_egress| Entry {
            is_egress,
            number: 100,
            protocol: -1,
            allows: true,
            whom: Whom::V4(Block::everything()),
            ports: None,
            icmp: None,
        };
        Self {
            id: network.id(kind::ACL.prefix, &vpc.id),
            vpc: vpc.id.clone(),
            is_default: true,
            entries: vec![allow(true), allow(false)],
            associations: BTreeMap::new(),
            token: String::new(),
        }
    }
}

impl State {
    /// Every network ACL.
    pub(super) fn acls(&self, network: &Network) -> Vec<Acl> {
        let defaults = self.vpcs(network).into_iter().map(|vpc| Acl::default_of(&vpc, network));
        let defaults = defaults.filter(|acl| !self.acls.contains_key(&acl.id));
        self.acls.values().cloned().chain(defaults).collect()
    }

    /// Finds a network ACL.
    pub(in crate::emulator::ec2) fn acl(&self, id: &str, network: &Network) -> Result<Acl, AwsError> {
        if let Some(acl) = self.acls.get(id) {
            return Ok(acl.clone());
        }
        self.acls(network).into_iter().find(|acl| acl.id == id).ok_or_else(|| kind::ACL.absent(id))
    }

    /// The id of the subnet that an association with a network ACL is of.
    pub(in crate::emulator::ec2) fn associated_subnet(&self, association: &str, network: &Network) -> Option<String> {
        let associations = |acl: Acl| self.acl_associations(&acl, network);
        let found = self.acls(network).into_iter().flat_map(associations).find(|(known, _)| known == association);
        found.map(|(_, subnet)| subnet)
    }

    /// The associations of a network ACL: their ids, and their subnets.
    pub(super) fn acl_associations(&self, acl: &Acl, network: &Network) -> Vec<(String, String)> {
        let own = acl.associations.iter().map(|(subnet, id)| (id.clone(), subnet.clone()));
        let is_elsewhere = |subnet: &str| self.acls.values().any(|other| other.associations.contains_key(subnet));
        let all = if acl.is_default { self.subnets(network) } else { Vec::new() };
        let others = all.into_iter().filter(|subnet| subnet.vpc == acl.vpc && !is_elsewhere(&subnet.id));
        own.chain(others.map(|subnet| (network.id("aclassoc", &subnet.id), subnet.id))).collect()
    }

    /// Forgets which network ACL a subnet that goes was in.
    pub(super) fn leave_acl(&mut self, subnet: &str) {
        self.acls.change_where(
            |acl| acl.associations.contains_key(subnet),
            |acl| {
                acl.associations.remove(subnet);
            },
        );
    }
}
