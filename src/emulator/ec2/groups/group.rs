//! A group, how it is found, and who belongs to it.

use super::rule::{Peer, Protocol, Rule};
use crate::emulator::{
    ec2::{kind, listing::Tags, network::Network, new_id, state::State},
    wire::{AwsError, xml},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The most groups of one interface,
pub(in crate::emulator::ec2) const PER_INTERFACE: usize = 5;
/// and the most rules of one group in one direction.
pub(super) const RULES: usize = 60;

/// A security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct Group {
    pub(in crate::emulator::ec2) id: String,
    pub(in crate::emulator::ec2) name: String,
    pub(in crate::emulator::ec2) description: String,
    pub(in crate::emulator::ec2) rules: Vec<Rule>,
    /// The VPC, where it is not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) vpc: Option<String>,
}

/// A group as whoever belongs to it knows it. A group keeps its name for life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator::ec2) struct GroupName {
    pub(in crate::emulator::ec2) id: String,
    pub(in crate::emulator::ec2) name: String,
}

impl GroupName {
    /// The name of the network's default group.
    pub(in crate::emulator::ec2) fn default_of(network: &Network) -> Self {
        Self { id: network.security_group(), name: "default".to_owned() }
    }

    /// Writes `groupId` and `groupName`.
    pub(in crate::emulator::ec2) fn write(&self, item: &mut xml::Element) {
        xml::text(item, "groupId", &self.id);
        xml::text(item, "groupName", &self.name);
    }
}

impl Group {
    /// The default group as the network comes with it: what is in it may talk with each other, and with everybody.
    fn default_of(network: &Network) -> Self {
        let id = network.security_group();
        let open = |id: &str, is_egress, peer| Rule {
            id: network.id("sgr", id),
            is_egress,
            protocol: Protocol::All,
            ports: None,
            peer,
            description: None,
        };
        let rules =
            vec![open("ingress", false, Peer::Group(id.clone())), open("egress", true, Peer::Ipv4("0.0.0.0/0".into()))];
        Self { id, name: "default".to_owned(), description: "default VPC security group".to_owned(), rules, vpc: None }
    }

    /// The default group that a VPC comes with.
    pub(in crate::emulator::ec2) fn default_in(vpc: &str) -> Result<Self, AwsError> {
        let id = new_id(kind::GROUP.prefix)?;
        let open = |is_egress, peer| {
            let id = new_id(kind::RULE.prefix)?;
            Ok(Rule { id, is_egress, protocol: Protocol::All, ports: None, peer, description: None })
        };
        let rules = [open(false, Peer::Group(id.clone())), open(true, Peer::Ipv4("0.0.0.0/0".into()))];
        Ok(Self {
            id,
            name: "default".to_owned(),
            description: "default VPC security group".to_owned(),
            rules: rules.into_iter().collect::<Result<_, AwsError>>()?,
            vpc: Some(vpc.to_owned()),
        })
    }

    /// The VPC that it is in.
    pub(in crate::emulator::ec2) fn vpc(&self, network: &Network) -> String {
        self.vpc.clone().unwrap_or_else(|| network.vpc())
    }

    /// Whether its VPC came with it; nobody can give this name.
    pub(in crate::emulator::ec2) fn is_default(&self) -> bool {
        self.name == "default"
    }
}

impl State {
    /// Finds a group by its id.
    pub(in crate::emulator::ec2) fn group(&self, id: &str, network: &Network) -> Result<Cow<'_, Group>, AwsError> {
        match self.groups.get(id) {
            Some(group) => Ok(Cow::Borrowed(group)),
            None if id == network.security_group() => Ok(Cow::Owned(Group::default_of(network))),
            None => Err(kind::GROUP.absent(id)),
        }
    }

    /// Finds a group by its id to change it.
    pub(super) fn group_mut(&mut self, id: &str, network: &Network) -> Result<&mut Group, AwsError> {
        if id == network.security_group() && !self.groups.contains_key(id) {
            self.groups.insert(id.to_owned(), Group::default_of(network));
        }
        self.groups.get_mut(id).ok_or_else(|| kind::GROUP.absent(id))
    }

    /// Finds the id of a group by its name.
    pub(in crate::emulator::ec2) fn group_named(&self, name: &str, network: &Network) -> Result<GroupName, AwsError> {
        if name == "default" {
            return Ok(GroupName::default_of(network));
        }
        let group = self.groups.values().find(|group| group.name == name && group.vpc.is_none());
        let group = group.map(|group| GroupName { id: group.id.clone(), name: group.name.clone() });
        group.ok_or_else(|| {
            let message = format!("The security group '{name}' does not exist in default VPC '{}'", network.vpc());
            AwsError::sender("InvalidGroup.NotFound", message)
        })
    }

    /// Whether a group has a rule of this id.
    pub(in crate::emulator::ec2) fn has_rule(&self, id: &str, network: &Network) -> bool {
        self.all_groups(network).iter().any(|group| group.rules.iter().any(|rule| rule.id == id))
    }

    /// Every group, the default one with them.
    pub(super) fn all_groups(&self, network: &Network) -> Vec<Group> {
        let mut groups: Vec<Group> = self.groups.values().cloned().collect();
        if !self.groups.contains_key(&network.security_group()) {
            groups.push(Group::default_of(network));
        }
        groups
    }

    /// Finds the groups that somebody in a VPC is to belong to, by ids and by names; the default one where none is named.
    ///
    /// # Errors
    /// `InvalidGroup.NotFound`, `InvalidParameter` for a group of another VPC, and
    /// `SecurityGroupsPerInterfaceLimitExceeded`.
    pub(in crate::emulator::ec2) fn groups_of(
        &self,
        ids: &[String],
        names: &[String],
        vpc: &str,
        network: &Network,
    ) -> Result<Vec<GroupName>, AwsError> {
        let mut groups = Vec::new();
        for id in ids {
            let group = self.group(id, network)?;
            if group.vpc(network) != vpc {
                let message = format!("Security group {id} and network {vpc} belong to different networks.");
                return Err(AwsError::sender("InvalidParameter", message));
            }
            groups.push(GroupName { id: group.id.clone(), name: group.name.clone() });
        }
        for name in names {
            groups.push(self.group_named(name, network)?);
        }
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        groups.dedup();
        if groups.len() > PER_INTERFACE {
            let message = "The maximum number of security groups per interface has been reached.";
            return Err(AwsError::sender("SecurityGroupsPerInterfaceLimitExceeded", message));
        }
        if groups.is_empty() {
            groups.push(self.default_group(vpc, network));
        }
        Ok(groups)
    }

    /// The default group of a VPC.
    fn default_group(&self, vpc: &str, network: &Network) -> GroupName {
        let own = self.groups.values().find(|group| group.is_default() && group.vpc.as_deref() == Some(vpc));
        own.map_or_else(
            || GroupName::default_of(network),
            |group| GroupName { id: group.id.clone(), name: group.name.clone() },
        )
    }

    /// Removes a group, and the tags of it and of its rules.
    pub(in crate::emulator::ec2) fn remove_group(&mut self, id: &str) {
        if let Some(group) = self.groups.remove(id) {
            group.rules.iter().for_each(|rule| self.set_tags(&rule.id, Tags::new()));
        }
        self.set_tags(id, Tags::new());
    }
}
