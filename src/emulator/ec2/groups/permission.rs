//! Rules as callers write them: `IpPermissions`, several rules with the same ports, and the older flat form.

use super::rule::{Peer, Protocol, Rule, check_description};
use crate::emulator::{
    ec2::{kind, network::Network, state::State},
    wire::{AwsError, QueryParams},
};

/// Rules that are asked for, the groups among their peers not looked up yet.
#[derive(Debug)]
pub(super) struct Asked {
    is_egress: bool,
    protocol: Protocol,
    ports: Option<(i32, i32)>,
    peer: AskedPeer,
    description: Option<String>,
}

#[derive(Debug)]
enum AskedPeer {
    Known(Peer),
    Group { id: Option<String>, name: Option<String>, owner: Option<String>, vpc: Option<String> },
}

/// Reads the rules of a call, in either form; none where it has neither.
pub(super) fn take(params: &mut QueryParams, is_egress: bool) -> Result<Vec<Asked>, AwsError> {
    let flat = take_flat(params, is_egress)?;
    let asked = params.structures("IpPermissions", |permission| take_permission(permission, is_egress))?;
    let asked: Vec<_> = asked.into_iter().flatten().collect();
    match flat {
        Some(_) if !asked.is_empty() => {
            let message = "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'";
            Err(AwsError::sender("InvalidParameterCombination", message))
        }
        Some(rule) => Ok(vec![rule]),
        None => Ok(asked),
    }
}

/// Reads the flat form, which rules for what goes out do not have.
fn take_flat(params: &mut QueryParams, is_egress: bool) -> Result<Option<Asked>, AwsError> {
    let (protocol, from, to) =
        (params.text("IpProtocol"), params.number::<i32>("FromPort")?, params.number::<i32>("ToPort")?);
    let (block, name) = (params.text("CidrIp"), params.text("SourceSecurityGroupName"));
    let owner = params.text("SourceSecurityGroupOwnerId");
    let is_empty =
        protocol.is_none() && from.is_none() && to.is_none() && block.is_none() && name.is_none() && owner.is_none();
    if is_empty {
        return Ok(None);
    }
    if is_egress {
        let message = "The parameters CidrIp, FromPort, IpProtocol, SourceSecurityGroupName, SourceSecurityGroupOwnerId \
                       and ToPort are not supported for egress rules. Use IpPermissions instead.";
        return Err(AwsError::sender("InvalidParameterCombination", message));
    }
    let peer = match (block, name) {
        (Some(block), None) => AskedPeer::Known(Peer::ipv4(&block)?),
        (None, Some(name)) => AskedPeer::Group { id: None, name: Some(name), owner, vpc: None },
        (Some(_), Some(_)) => {
            let message = "The parameter 'cidrIp' may not be used in combination with 'sourceSecurityGroupName'";
            return Err(AwsError::sender("InvalidParameterCombination", message));
        }
        (None, None) => return Err(AwsError::missing_parameter("CidrIp")),
    };
    // A whole group may be let in without a protocol.
    let protocol = match (protocol, &peer) {
        (Some(protocol), _) => Protocol::parse(&protocol)?,
        (None, AskedPeer::Group { .. }) => Protocol::All,
        (None, AskedPeer::Known(_)) => return Err(AwsError::missing_parameter("IpProtocol")),
    };
    Ok(Some(Asked { is_egress, protocol, ports: protocol.ports(from, to)?, peer, description: None }))
}

fn take_permission(permission: &mut QueryParams, is_egress: bool) -> Result<Vec<Asked>, AwsError> {
    let (from, to) = (permission.number::<i32>("FromPort")?, permission.number::<i32>("ToPort")?);
    let mut peers = permission.structures("IpRanges", |range| {
        let description = check_description(range.text("Description"))?;
        Ok((AskedPeer::Known(Peer::ipv4(&range.required("CidrIp")?)?), description))
    })?;
    peers.extend(permission.structures("Ipv6Ranges", |range| {
        let description = check_description(range.text("Description"))?;
        Ok((AskedPeer::Known(Peer::ipv6(&range.required("CidrIpv6")?)?), description))
    })?);
    let lists = permission.structures("PrefixListIds", |list| {
        check_description(list.text("Description"))?;
        list.required("PrefixListId")
    })?;
    if let Some(id) = lists.first() {
        return Err(no_prefix_list(id));
    }
    peers.extend(permission.structures("Groups", |pair| {
        let description = check_description(pair.text("Description"))?;
        let (id, name) = (pair.text("GroupId"), pair.text("GroupName"));
        if id.is_none() && name.is_none() {
            return Err(AwsError::missing_parameter("IpPermissions.Groups.GroupId"));
        }
        if let Some(peering) = pair.text("VpcPeeringConnectionId") {
            let message = format!("The vpcPeeringConnection ID '{peering}' does not exist");
            return Err(AwsError::sender("InvalidVpcPeeringConnectionID.NotFound", message));
        }
        // A copy of what a description has: it says nothing where there is no peering.
        pair.text("PeeringStatus");
        Ok((AskedPeer::Group { id, name, owner: pair.text("UserId"), vpc: pair.text("VpcId") }, description))
    })?);
    let protocol = Protocol::parse(&permission.required("IpProtocol")?)?;
    let ports = protocol.ports(from, to)?;
    if peers.is_empty() {
        return Err(AwsError::missing_parameter("IpPermissions.IpRanges"));
    }
    let asked = |(peer, description)| Asked { is_egress, protocol, ports, peer, description };
    Ok(peers.into_iter().map(asked).collect())
}

/// The refusal of a prefix list: no rule names one here.
pub(super) fn no_prefix_list(id: &str) -> AwsError {
    AwsError::sender("InvalidPrefixListID.NotFound", format!("The prefix list ID '{id}' does not exist"))
}

impl Asked {
    /// Makes the rule, its id still empty.
    ///
    /// # Errors
    /// `InvalidGroup.NotFound` when its peer is a group that does not exist.
    pub(super) fn rule(&self, state: &State, network: &Network) -> Result<Rule, AwsError> {
        let peer = match &self.peer {
            AskedPeer::Known(peer) => peer.clone(),
            AskedPeer::Group { id, name, owner, vpc } => {
                let named = id.as_deref().or(name.as_deref()).unwrap_or_default();
                // There are no other accounts.
                if owner.as_deref().is_some_and(|owner| owner != network.account())
                    || vpc.as_deref().is_some_and(|vpc| state.vpc(vpc, network).is_err())
                {
                    return Err(kind::GROUP.missing(named));
                }
                match (id, name) {
                    (Some(id), _) => Peer::Group(state.group(id, network)?.id.clone()),
                    (None, name) => Peer::Group(state.group_named(name.as_deref().unwrap_or_default(), network)?.id),
                }
            }
        };
        Ok(Rule {
            id: String::new(),
            is_egress: self.is_egress,
            protocol: self.protocol,
            ports: self.ports,
            peer,
            description: self.description.clone(),
        })
    }
}
