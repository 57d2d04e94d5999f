//! `DescribeSecurityGroups`, `DescribeSecurityGroupRules` and `GetSecurityGroupsForVpc`.

use super::{
    group::Group,
    manage::arn,
    rule::{Peer, Protocol, Rule},
};
use crate::emulator::{
    ec2::{
        kind,
        listing::{Listing, Record, Tags, write_tags},
        network::Network,
    },
    service::{Operation, Output},
    store::Region,
    wire::{AwsError, xml},
};
use std::collections::BTreeMap;

const FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.from-port",
    "egress.ip-permission.group-id",
    "egress.ip-permission.group-name",
    "egress.ip-permission.ipv6-cidr",
    "egress.ip-permission.prefix-list-id",
    "egress.ip-permission.protocol",
    "egress.ip-permission.to-port",
    "egress.ip-permission.user-id",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.from-port",
    "ip-permission.group-id",
    "ip-permission.group-name",
    "ip-permission.ipv6-cidr",
    "ip-permission.prefix-list-id",
    "ip-permission.protocol",
    "ip-permission.to-port",
    "ip-permission.user-id",
    "owner-id",
    "vpc-id",
];

/// What rules of one permission have in common.
type Ports = (Protocol, Option<(i32, i32)>);

/// A group as a listing shows it.
struct Shown {
    group: Group,
    /// The names of the groups that its rules are about.
    names: BTreeMap<String, String>,
    vpc: String,
    owner: String,
    region: Region,
    tags: Tags,
}

/// `DescribeSecurityGroups`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((names, listing), scope) =
        operation.query(|params| Ok((params.list("GroupName")?, Listing::take(params, "GroupId", FILTERS)?)))?;
    let network = Network::new(scope.account(), scope.region);
    let mut shown = scope.read(|state| {
        names.iter().try_for_each(|name| state.ec2.group_named(name, &network).map(drop))?;
        let groups = state.ec2.all_groups(&network);
        let known: BTreeMap<String, String> =
            groups.iter().map(|group| (group.id.clone(), group.name.clone())).collect();
        let shown = groups.into_iter().map(|group| Shown {
            vpc: group.vpc(&network),
            tags: state.ec2.tags_of(&group.id).clone(),
            names: group
                .rules
                .iter()
                .filter_map(|rule| match &rule.peer {
                    Peer::Group(id) => known.get(id).map(|name| (id.clone(), name.clone())),
                    _ => None,
                })
                .collect(),
            group,
            owner: scope.account().to_owned(),
            region: scope.region.clone(),
        });
        Ok::<_, AwsError>(shown.collect::<Vec<_>>())
    })?;
    for id in &listing.ids {
        if !shown.iter().any(|known| known.group.id == *id) {
            return Err(kind::GROUP.absent(id));
        }
    }
    // A name alone is one in the default VPC.
    let is_named = |known: &Shown| known.vpc == network.vpc() && names.contains(&known.group.name);
    shown.retain(|known| names.is_empty() || is_named(known));
    listing.write("securityGroupInfo", shown)
}

impl Shown {
    /// Whether a rule of one direction has a value for a filter that passes.
    fn a_rule_has(&self, is_egress: bool, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        self.group.rules.iter().filter(|rule| rule.is_egress == is_egress).any(|rule| match (filter, &rule.peer) {
            ("cidr", Peer::Ipv4(block)) | ("ipv6-cidr", Peer::Ipv6(block)) => test(block),
            ("group-id", Peer::Group(id)) => test(id),
            ("group-name", Peer::Group(id)) => self.names.get(id).is_some_and(|name| test(name)),
            ("user-id", Peer::Group(_)) => test(&self.owner),
            ("protocol", _) => test(&rule.protocol.name()),
            ("from-port", _) => rule.ports.is_some_and(|(from, _)| test(&from.to_string())),
            ("to-port", _) => rule.ports.is_some_and(|(_, to)| test(&to.to_string())),
            _ => false,
        })
    }

    /// Writes the rules of one direction, those with the same ports together.
    fn write_permissions(&self, item: &mut xml::Element, tag: &str, is_egress: bool) {
        let mut permissions: Vec<(Ports, Vec<&Rule>)> = Vec::new();
        for rule in self.group.rules.iter().filter(|rule| rule.is_egress == is_egress) {
            let ports = (rule.protocol, rule.ports);
            match permissions.iter_mut().find(|(known, _)| *known == ports) {
                Some((_, rules)) => rules.push(rule),
                None => permissions.push((ports, vec![rule])),
            }
        }
        xml::list(item, tag, "item", permissions, |each, ((protocol, ports), rules)| {
            xml::text(each, "ipProtocol", &protocol.name());
            if let Some((from, to)) = ports {
                xml::text(each, "fromPort", &from.to_string());
                xml::text(each, "toPort", &to.to_string());
            }
            self.write_peers(each, &rules);
        });
    }

    fn write_peers(&self, item: &mut xml::Element, rules: &[&Rule]) {
        let describe = |peer: &mut xml::Element, rule: &Rule| {
            if let Some(description) = &rule.description {
                xml::text(peer, "description", description);
            }
        };
        let of_kind = |wanted: fn(&Peer) -> Option<&String>| {
            rules.iter().filter_map(move |rule| wanted(&rule.peer).map(|text| (*rule, text))).collect::<Vec<_>>()
        };
        let groups = of_kind(|peer| if let Peer::Group(id) = peer { Some(id) } else { None });
        xml::list(item, "groups", "item", groups, |pair, (rule, id)| {
            xml::text(pair, "userId", &self.owner);
            xml::text(pair, "groupId", id);
            describe(pair, rule);
        });
        let blocks = of_kind(|peer| if let Peer::Ipv4(block) = peer { Some(block) } else { None });
        xml::list(item, "ipRanges", "item", blocks, |range, (rule, block)| {
            xml::text(range, "cidrIp", block);
            describe(range, rule);
        });
        let blocks = of_kind(|peer| if let Peer::Ipv6(block) = peer { Some(block) } else { None });
        xml::list(item, "ipv6Ranges", "item", blocks, |range, (rule, block)| {
            xml::text(range, "cidrIpv6", block);
            describe(range, rule);
        });
        xml::element(item, "prefixListIds", |_| ());
    }
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.group.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        if let Some(filter) = filter.strip_prefix("egress.ip-permission.") {
            return self.a_rule_has(true, filter, test);
        }
        if let Some(filter) = filter.strip_prefix("ip-permission.") {
            return self.a_rule_has(false, filter, test);
        }
        match filter {
            "description" => test(&self.group.description),
            "group-id" => test(&self.group.id),
            "group-name" => test(&self.group.name),
            "owner-id" => test(&self.owner),
            _ => test(&self.vpc),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "groupId", &self.group.id);
        xml::text(item, "groupName", &self.group.name);
        xml::text(item, "groupDescription", &self.group.description);
        xml::text(item, "vpcId", &self.vpc);
        xml::text(item, "securityGroupArn", &arn(self.region.as_str(), &self.owner, &self.group.id));
        self.write_permissions(item, "ipPermissions", false);
        self.write_permissions(item, "ipPermissionsEgress", true);
    }
}

/// A group as `GetSecurityGroupsForVpc` shows it.
struct OfVpc {
    group: Group,
    vpc: String,
    owner: String,
    tags: Tags,
}

/// `GetSecurityGroupsForVpc`: the groups that what is in a VPC can be in, which are its own.
pub(in crate::emulator::ec2) fn of_vpc(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = ["description", "group-id", "group-name", "owner-id", "primary-vpc-id"];
    let ((vpc, listing), scope) =
        operation.query(|params| Ok((params.required("VpcId")?, Listing::take_all(params, &known)?)))?;
    let network = Network::new(scope.account(), scope.region);
    let shown = scope.read(|state| {
        state.ec2.vpc(&vpc, &network)?;
        let groups = state.ec2.all_groups(&network).into_iter().filter(|group| group.vpc(&network) == vpc);
        let shown = groups.map(|group| OfVpc {
            tags: state.ec2.tags_of(&group.id).clone(),
            group,
            vpc: vpc.clone(),
            owner: scope.account().to_owned(),
        });
        Ok::<_, AwsError>(shown.collect::<Vec<_>>())
    })?;
    listing.write("securityGroupForVpcSet", shown)
}

impl Record for OfVpc {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.group.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "description" => test(&self.group.description),
            "group-id" => test(&self.group.id),
            "group-name" => test(&self.group.name),
            "owner-id" => test(&self.owner),
            _ => test(&self.vpc),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "description", &self.group.description);
        xml::text(item, "groupName", &self.group.name);
        xml::text(item, "ownerId", &self.owner);
        xml::text(item, "groupId", &self.group.id);
        xml::text(item, "primaryVpcId", &self.vpc);
    }
}

/// A rule as a listing shows it.
struct ShownRule {
    rule: Rule,
    group: String,
    owner: String,
    region: Region,
    tags: Tags,
}

/// `DescribeSecurityGroupRules`.
pub(in crate::emulator::ec2) fn describe_rules(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (listing, scope) = operation
        .query(|params| Listing::take(params, "SecurityGroupRuleId", &["group-id", "security-group-rule-id"]))?;
    let network = Network::new(scope.account(), scope.region);
    let rules = scope.read(|state| {
        let of_group = |group: Group| {
            let Group { id, rules, .. } = group;
            rules.into_iter().map(move |rule| (id.clone(), rule))
        };
        let rules = state.ec2.all_groups(&network).into_iter().flat_map(of_group).map(|(group, rule)| ShownRule {
            tags: state.ec2.tags_of(&rule.id).clone(),
            rule,
            group,
            owner: scope.account().to_owned(),
            region: scope.region.clone(),
        });
        rules.collect::<Vec<_>>()
    });
    listing.answer(&kind::RULE, "securityGroupRuleSet", rules)
}

impl Record for ShownRule {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.rule.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        if filter == "group-id" { test(&self.group) } else { test(&self.rule.id) }
    }

    fn write(&self, item: &mut xml::Element) {
        write_rule(item, &self.rule, &self.group, &self.owner, self.region.as_str());
    }
}

/// Writes `securityGroupRuleSet`.
pub(super) fn write_rules(
    root: &mut xml::Element,
    group: &str,
    rules: impl IntoIterator<Item = (Rule, Tags)>,
    owner: &str,
    region: &str,
) {
    xml::list(root, "securityGroupRuleSet", "item", rules, |item, (rule, tags)| {
        write_rule(item, &rule, group, owner, region);
        write_tags(item, &tags);
    });
}

fn write_rule(item: &mut xml::Element, rule: &Rule, group: &str, owner: &str, region: &str) {
    rule.write(item, group);
    xml::text(item, "groupOwnerId", owner);
    if let Peer::Group(peer) = &rule.peer {
        xml::element(item, "referencedGroupInfo", |info| {
            xml::text(info, "groupId", peer);
            xml::text(info, "userId", owner);
        });
    }
    let arn = format!("arn:aws:ec2:{region}:{owner}:security-group-rule/{}", rule.id);
    xml::text(item, "securityGroupRuleArn", &arn);
}
