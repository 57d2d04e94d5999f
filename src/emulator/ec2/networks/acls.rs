//! `DescribeNetworkAcls`: each VPC has the one that it came with, which lets everything pass. None can be made or changed
//! here.

use super::records::{Subnet, Vpc};
use crate::emulator::{
    ec2::{
        kind,
        listing::{Listing, Record, Tags, flag, flag_passes},
        network::Network,
    },
    service::{Operation, Output},
    wire::{AwsError, xml},
};

struct Shown {
    id: String,
    vpc: Vpc,
    /// The id of each association, and of its subnet.
    subnets: Vec<(String, String)>,
    owner: String,
    tags: Tags,
}

/// Whether it is about what goes out, its number, and what it does.
const ENTRIES: [(bool, &str, &str); 4] =
    [(true, "100", "allow"), (true, "32767", "deny"), (false, "100", "allow"), (false, "32767", "deny")];

/// The id of a VPC's network ACL.
pub(in crate::emulator::ec2) fn id(vpc: &str, network: &Network) -> String {
    network.id(kind::ACL.prefix, vpc)
}

/// `DescribeNetworkAcls`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "association.association-id",
        "association.network-acl-id",
        "association.subnet-id",
        "default",
        "entry.cidr",
        "entry.icmp.code",
        "entry.icmp.type",
        "entry.ipv6-cidr",
        "entry.port-range.from",
        "entry.port-range.to",
        "entry.protocol",
        "entry.rule-action",
        "entry.rule-number",
        "network-acl-id",
        "owner-id",
        "vpc-id",
    ];
    let (listing, scope) = operation.query(|params| Listing::take(params, "NetworkAclId", &known))?;
    let network = Network::new(scope.account(), scope.region);
    let shown = scope.read(|state| {
        let subnets = state.ec2.subnets(&network);
        let shown = state.ec2.vpcs(&network).into_iter().map(|vpc| {
            let id = id(&vpc.id, &network);
            let of_vpc = subnets.iter().filter(|subnet| subnet.vpc == vpc.id);
            let associate = |subnet: &Subnet| (network.id("aclassoc", &subnet.id), subnet.id.clone());
            Shown {
                subnets: of_vpc.map(associate).collect(),
                owner: scope.account().to_owned(),
                tags: state.ec2.tags_of(&id).clone(),
                id,
                vpc,
            }
        });
        shown.collect()
    });
    listing.answer(&kind::ACL, "networkAclSet", shown)
}

impl Record for Shown {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        match filter {
            "association.association-id" => self.subnets.iter().any(|(id, _)| test(id)),
            "association.network-acl-id" => !self.subnets.is_empty() && test(&self.id),
            "association.subnet-id" => self.subnets.iter().any(|(_, subnet)| test(subnet)),
            "default" => flag_passes(true, test),
            "entry.cidr" => test("0.0.0.0/0"),
            "entry.protocol" => test("-1"),
            "entry.rule-action" => ENTRIES.iter().any(|(.., action)| test(action)),
            "entry.rule-number" => ENTRIES.iter().any(|(_, number, _)| test(number)),
            "network-acl-id" => test(&self.id),
            "owner-id" => test(&self.owner),
            "vpc-id" => test(&self.vpc.id),
            // It says nothing of ports, and has no IPv6 addresses.
            _ => false,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "networkAclId", &self.id);
        xml::text(item, "vpcId", &self.vpc.id);
        xml::text(item, "ownerId", &self.owner);
        flag(item, "default", true);
        xml::list(item, "entrySet", "item", ENTRIES, |entry, (is_egress, number, action)| {
            xml::text(entry, "ruleNumber", number);
            xml::text(entry, "protocol", "-1");
            xml::text(entry, "ruleAction", action);
            flag(entry, "egress", is_egress);
            xml::text(entry, "cidrBlock", "0.0.0.0/0");
        });
        xml::list(item, "associationSet", "item", &self.subnets, |each, (id, subnet)| {
            xml::text(each, "networkAclAssociationId", id);
            xml::text(each, "networkAclId", &self.id);
            xml::text(each, "subnetId", subnet);
        });
    }
}
