//! Rules are let in, taken out and changed: all of a call, or none.

use super::{
    describe::write_rules,
    group::{Group, RULES},
    permission::{self, Asked, no_prefix_list},
    rule::{Peer, Protocol, Rule, check_description},
};
use crate::emulator::{
    ec2::{kind, listing::Tags, network::Network, new_id, state::State, tags},
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// `AuthorizeSecurityGroupIngress`.
pub(in crate::emulator::ec2) async fn authorize_ingress(operation: Operation<'_>) -> Result<Output, AwsError> {
    authorize(operation, false).await
}

/// `AuthorizeSecurityGroupEgress`.
pub(in crate::emulator::ec2) async fn authorize_egress(operation: Operation<'_>) -> Result<Output, AwsError> {
    authorize(operation, true).await
}

/// `RevokeSecurityGroupIngress`.
pub(in crate::emulator::ec2) async fn revoke_ingress(operation: Operation<'_>) -> Result<Output, AwsError> {
    revoke(operation, false).await
}

/// `RevokeSecurityGroupEgress`.
pub(in crate::emulator::ec2) async fn revoke_egress(operation: Operation<'_>) -> Result<Output, AwsError> {
    revoke(operation, true).await
}

/// Which group a call is about.
pub(super) struct Target {
    id: Option<String>,
    name: Option<String>,
}

impl Target {
    /// Reads `GroupId`; where rules come in, `GroupName` as well.
    pub(super) fn take(params: &mut QueryParams, is_egress: bool) -> Result<Self, AwsError> {
        let name = if is_egress { None } else { params.text("GroupName") };
        let id = params.text("GroupId").filter(|id| !id.is_empty());
        if id.is_none() && name.is_none() {
            return Err(AwsError::missing_parameter("GroupId"));
        }
        Ok(Self { id, name })
    }

    pub(super) fn find(&self, state: &State, network: &Network) -> Result<String, AwsError> {
        match (&self.id, &self.name) {
            (Some(id), _) => state.group(id, network).map(|group| group.id.clone()),
            (None, name) => state.group_named(name.as_deref().unwrap_or_default(), network).map(|group| group.id),
        }
    }
}

async fn authorize(operation: Operation<'_>, is_egress: bool) -> Result<Output, AwsError> {
    let ((target, asked, new_tags, dry), scope) = operation.query(|params| {
        let (target, asked) = (Target::take(params, is_egress)?, permission::take(params, is_egress)?);
        if asked.is_empty() {
            return Err(AwsError::missing_parameter("IpPermissions"));
        }
        let new_tags = tags::take_for(params, &kind::RULE)?;
        Ok((target, asked, new_tags, super::super::take_dry_run(params)?))
    })?;
    let (group, rules) = scope
        .change(|state| {
            let (ec2, network) = (&mut state.ec2, Network::new(scope.account(), scope.region));
            let id = target.find(ec2, &network)?;
            let rules = new_rules(&asked, ec2, &network)?;
            let group = ec2.group_mut(&id, &network)?;
            rules.iter().try_for_each(|rule| add(group, rule))?;
            for rule in &rules {
                ec2.set_tags(&rule.id, new_tags.clone());
            }
            super::super::dry_run(dry)?;
            Ok::<_, AwsError>((id, rules))
        })
        .await?;
    let account = scope.account().to_owned();
    let region = scope.region.clone();
    Ok(Output::xml(move |root| {
        xml::text(root, "return", "true");
        write_rules(root, &group, rules.into_iter().map(|rule| (rule, new_tags.clone())), &account, region.as_str());
    }))
}

/// Makes the rules, each with an id; the same one twice is refused.
fn new_rules(asked: &[Asked], state: &State, network: &Network) -> Result<Vec<Rule>, AwsError> {
    let mut rules: Vec<Rule> = Vec::new();
    for asked in asked {
        let rule = Rule { id: new_id(kind::RULE.prefix)?, ..asked.rule(state, network)? };
        if rules.iter().any(|known| known.is_like(&rule)) {
            let message = "The same permission must not appear multiple times";
            return Err(AwsError::sender("InvalidParameterValue", message));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn add(group: &mut Group, rule: &Rule) -> Result<(), AwsError> {
    if group.rules.iter().any(|known| known.is_like(rule)) {
        return Err(rule.duplicate());
    }
    if group.rules.iter().filter(|known| known.is_egress == rule.is_egress).count() >= RULES {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(AwsError::sender("RulesPerSecurityGroupLimitExceeded", message));
    }
    group.rules.push(rule.clone());
    Ok(())
}

async fn revoke(operation: Operation<'_>, is_egress: bool) -> Result<Output, AwsError> {
    let ((target, ids, asked, dry), scope) = operation.query(|params| {
        let (target, ids) = (Target::take(params, is_egress)?, params.list("SecurityGroupRuleId")?);
        let asked = permission::take(params, is_egress)?;
        match (ids.is_empty(), asked.is_empty()) {
            (true, true) => {
                let message = "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.";
                Err(AwsError::sender("MissingParameter", message))
            }
            (false, false) => {
                let message =
                    "The parameter 'securityGroupRuleIds' may not be used in combination with 'ipPermissions'";
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
            _ => Ok((target, ids, asked, super::super::take_dry_run(params)?)),
        }
    })?;
    let (group, rules) = scope
        .change(|state| {
            let (ec2, network) = (&mut state.ec2, Network::new(scope.account(), scope.region));
            let id = target.find(ec2, &network)?;
            let asked = asked.iter().map(|asked| asked.rule(ec2, &network)).collect::<Result<Vec<_>, _>>()?;
            let group = ec2.group_mut(&id, &network)?;
            let mut gone = Vec::new();
            for id in &ids {
                kind::RULE.check(id)?;
                let is_it = |rule: &Rule| rule.id == *id && rule.is_egress == is_egress;
                gone.push(remove(group, is_it).ok_or_else(|| kind::RULE.missing(id))?);
            }
            for rule in &asked {
                gone.push(remove(group, |known| known.is_like(rule)).ok_or_else(absent)?);
            }
            for rule in &gone {
                ec2.set_tags(&rule.id, Tags::new());
            }
            super::super::dry_run(dry)?;
            Ok::<_, AwsError>((id, gone))
        })
        .await?;
    Ok(Output::xml(move |root| {
        xml::text(root, "return", "true");
        xml::list(root, "revokedSecurityGroupRuleSet", "item", rules, |item, rule| {
            rule.write(item, &group);
            if let Peer::Group(peer) = &rule.peer {
                xml::text(item, "referencedGroupId", peer);
            }
        });
    }))
}

fn remove(group: &mut Group, is_it: impl Fn(&Rule) -> bool) -> Option<Rule> {
    let at = group.rules.iter().position(is_it)?;
    Some(group.rules.remove(at))
}

pub(super) fn absent() -> AwsError {
    AwsError::sender("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
}

/// What a rule is to become.
struct Changed {
    id: String,
    protocol: Protocol,
    ports: Option<(i32, i32)>,
    peer: Peer,
    description: Option<String>,
}

/// `ModifySecurityGroupRules`: each rule keeps its id and its direction.
pub(in crate::emulator::ec2) async fn modify_rules(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((group, changes, dry), scope) = operation.query(|params| {
        let group = params.required("GroupId")?;
        let changes = params.structures("SecurityGroupRule", Changed::take)?;
        if changes.is_empty() {
            return Err(AwsError::missing_parameter("SecurityGroupRule"));
        }
        Ok((group, changes, super::super::take_dry_run(params)?))
    })?;
    scope
        .change(|state| {
            let (ec2, network) = (&mut state.ec2, Network::new(scope.account(), scope.region));
            for change in &changes {
                if let Peer::Group(peer) = &change.peer {
                    ec2.group(peer, &network)?;
                }
            }
            let group = ec2.group_mut(&group, &network)?;
            changes.iter().try_for_each(|change| change.apply(group))?;
            super::super::dry_run(dry)
        })
        .await?;
    Ok(Output::Done)
}

impl Changed {
    fn take(params: &mut QueryParams) -> Result<Self, AwsError> {
        let id = params.required("SecurityGroupRuleId")?;
        params.structure("SecurityGroupRule", |rule| Self::of(id, rule))
    }

    fn of(id: String, rule: &mut QueryParams) -> Result<Self, AwsError> {
        let protocol = Protocol::parse(&rule.required("IpProtocol")?)?;
        let ports = protocol.ports(rule.number("FromPort")?, rule.number("ToPort")?)?;
        let description = check_description(rule.text("Description"))?;
        let mut peers = Vec::new();
        peers.extend(rule.text("CidrIpv4").map(|block| Peer::ipv4(&block)).transpose()?);
        peers.extend(rule.text("CidrIpv6").map(|block| Peer::ipv6(&block)).transpose()?);
        peers.extend(rule.text("ReferencedGroupId").map(Peer::Group));
        if let Some(list) = rule.text("PrefixListId") {
            return Err(no_prefix_list(&list));
        }
        match (peers.pop(), peers.is_empty()) {
            (Some(peer), true) => Ok(Self { id, protocol, ports, peer, description }),
            (None, _) => Err(AwsError::missing_parameter("SecurityGroupRule.CidrIpv4")),
            (Some(_), false) => {
                let message = "Only one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId can be specified.";
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
        }
    }

    fn apply(&self, group: &mut Group) -> Result<(), AwsError> {
        kind::RULE.check(&self.id)?;
        let at = group.rules.iter().position(|rule| rule.id == self.id).ok_or_else(|| kind::RULE.missing(&self.id))?;
        let rule = Rule {
            id: self.id.clone(),
            is_egress: group.rules[at].is_egress,
            protocol: self.protocol,
            ports: self.ports,
            peer: self.peer.clone(),
            description: self.description.clone(),
        };
        if group.rules.iter().any(|other| other.id != rule.id && other.is_like(&rule)) {
            return Err(rule.duplicate());
        }
        group.rules[at] = rule;
        Ok(())
    }
}
