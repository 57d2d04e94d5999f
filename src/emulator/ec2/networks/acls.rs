//! Network ACLs: made, shown, removed, and which subnets are in them. Nothing is kept out by them: no packet goes anywhere.

use super::{
    acl::{Acl, Entry, Whom},
    in_use, no_association,
};
use crate::emulator::{
    ec2::{
        dry_run, kind,
        listing::{Listing, Record, Tags, created, flag, flag_passes},
        network::Network,
        new_hex, new_id,
        state::State,
        tags, take_client_token, take_dry_run,
    },
    service::{Operation, Output},
    wire::{AwsError, xml},
};
use std::collections::BTreeMap;

/// The most network ACLs of a VPC.
const ACLS: usize = 200;
/// The number of the entry that refuses what no other one is about.
const REST: &str = "32767";

/// A network ACL as a listing shows it.
struct Shown {
    acl: Acl,
    /// The id of each association, and of its subnet.
    subnets: Vec<(String, String)>,
    owner: String,
    tags: Tags,
}

impl Shown {
    fn of(state: &State, acl: Acl, network: &Network) -> Self {
        Self {
            subnets: state.acl_associations(&acl, network),
            owner: network.account().to_owned(),
            tags: state.tags_of(&acl.id).clone(),
            acl,
        }
    }
}

/// `CreateNetworkAcl`: one that lets nothing pass.
pub(in crate::emulator::ec2) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((vpc, new_tags, token, dry), scope) = operation.query(|params| {
        let tags = tags::take_for(params, &kind::ACL)?;
        Ok((params.required("VpcId")?, tags, take_client_token(params)?, take_dry_run(params)?))
    })?;
    let id = new_id(kind::ACL.prefix)?;
    let network = Network::new(scope.account(), scope.region);
    let shown = scope
        .change(|state| {
            let vpc = state.ec2.vpc(&vpc, &network)?;
            let is_repeated = |known: &&Acl| !token.is_empty() && known.token == token;
            let known = state.ec2.acls.values().find(is_repeated).cloned();
            if known.is_none() && state.ec2.acls(&network).iter().filter(|acl| acl.vpc == vpc.id()).count() >= ACLS {
                let message = "The maximum number of network acls has been reached.";
                return Err(AwsError::sender("NetworkAclLimitExceeded", message));
            }
            dry_run(dry)?;
            let acl = known.unwrap_or_else(|| {
                let acl = Acl {
                    id,
                    vpc: vpc.id().to_owned(),
                    is_default: false,
                    entries: Vec::new(),
                    associations: BTreeMap::new(),
                    token: token.clone(),
                };
                state.ec2.set_tags(&acl.id, new_tags);
                state.ec2.acls.insert(acl.id.clone(), acl.clone());
                acl
            });
            Ok(Shown::of(&state.ec2, acl, &network))
        })
        .await?;
    Ok(created("networkAcl", shown, &token))
}

/// `DeleteNetworkAcl`: not while a subnet is in it, and never the one that came with the VPC.
pub(in crate::emulator::ec2) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((id, dry), scope) = operation.query(|params| Ok((params.required("NetworkAclId")?, take_dry_run(params)?)))?;
    let network = Network::new(scope.account(), scope.region);
    scope
        .change(|state| {
            let acl = state.ec2.acl(&id, &network)?;
            if acl.is_default {
                let message = format!("cannot delete default network ACL {id}");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            if !acl.associations.is_empty() {
                return Err(in_use("networkAcl", &id));
            }
            dry_run(dry)?;
            state.ec2.acls.remove(&id);
            state.ec2.set_tags(&id, Tags::new());
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ReplaceNetworkAclAssociation`: a subnet goes from one network ACL to another of its VPC.
pub(in crate::emulator::ec2) async fn replace_association(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((association, id, dry), scope) = operation.query(|params| {
        Ok((params.required("AssociationId")?, params.required("NetworkAclId")?, take_dry_run(params)?))
    })?;
    let network = Network::new(scope.account(), scope.region);
    let new = format!("aclassoc-{}", new_hex()?);
    let made = new.clone();
    scope
        .change(|state| {
            let ec2 = &mut state.ec2;
            let mut target = ec2.acl(&id, &network)?;
            let found = ec2.acls(&network).into_iter().find_map(|acl| {
                let all = ec2.acl_associations(&acl, &network);
                all.into_iter().find(|(known, _)| *known == association).map(|(_, subnet)| (acl.vpc, subnet))
            });
            let (vpc, subnet) = found.ok_or_else(|| no_association(&association))?;
            if vpc != target.vpc {
                let message = format!("network acl {id} and subnet {subnet} belong to different networks");
                return Err(AwsError::sender("InvalidParameterValue", message));
            }
            dry_run(dry)?;
            ec2.leave_acl(&subnet);
            target.associations.remove(&subnet);
            target.associations.insert(subnet, new);
            ec2.acls.insert(id, target);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |root| xml::text(root, "newAssociationId", &made)))
}

/// `DescribeNetworkAcls`.
pub(in crate::emulator::ec2) fn describe(operation: Operation<'_>) -> Result<Output, AwsError> {
    let known = [
        "association.association-id",
        "association.network-acl-id",
        "association.subnet-id",
        "default",
        "entry.cidr",
        // Nothing tells of this one; clients ask by it.
        "entry.egress",
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
        let acls = state.ec2.acls(&network).into_iter();
        acls.map(|acl| Shown::of(&state.ec2, acl, &network)).collect()
    });
    listing.answer(&kind::ACL, "networkAclSet", shown)
}

impl Record for Shown {
    const LISTS_NO_TAGS: bool = true;

    fn id(&self) -> &str {
        &self.acl.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn has(&self, filter: &str, test: &dyn Fn(&str) -> bool) -> bool {
        let any = |has: &dyn Fn(&Entry) -> bool| self.acl.entries.iter().any(has);
        match filter {
            "association.association-id" => self.subnets.iter().any(|(id, _)| test(id)),
            "association.network-acl-id" => !self.subnets.is_empty() && test(&self.acl.id),
            "association.subnet-id" => self.subnets.iter().any(|(_, subnet)| test(subnet)),
            "default" => flag_passes(self.acl.is_default, test),
            "entry.cidr" => test("0.0.0.0/0") || any(&|entry| entry.block().is_some_and(|block| test(&block))),
            // There is always one that refuses the rest, in both directions.
            "entry.egress" => test("true") || test("false"),
            "entry.icmp.code" => any(&|entry| entry.icmp.is_some_and(|(_, code)| test(&code.to_string()))),
            "entry.icmp.type" => any(&|entry| entry.icmp.is_some_and(|(kind, _)| test(&kind.to_string()))),
            "entry.ipv6-cidr" => any(&|entry| matches!(&entry.whom, Whom::V6(block) if test(block))),
            "entry.port-range.from" => any(&|entry| entry.ports.is_some_and(|(from, _)| test(&from.to_string()))),
            "entry.port-range.to" => any(&|entry| entry.ports.is_some_and(|(_, to)| test(&to.to_string()))),
            "entry.protocol" => test("-1") || any(&|entry| test(&entry.protocol.to_string())),
            "entry.rule-action" => test("deny") || any(&|entry| test(entry.action())),
            "entry.rule-number" => test(REST) || any(&|entry| test(&entry.number.to_string())),
            "network-acl-id" => test(&self.acl.id),
            "owner-id" => test(&self.owner),
            _ => test(&self.acl.vpc),
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "networkAclId", &self.acl.id);
        xml::text(item, "vpcId", &self.acl.vpc);
        xml::text(item, "ownerId", &self.owner);
        flag(item, "default", self.acl.is_default);
        xml::element(item, "entrySet", |set| {
            for is_egress in [true, false] {
                for entry in self.acl.entries.iter().filter(|entry| entry.is_egress == is_egress) {
                    xml::element(set, "item", |item| entry.write(item));
                }
                xml::element(set, "item", |item| {
                    xml::text(item, "ruleNumber", REST);
                    xml::text(item, "protocol", "-1");
                    xml::text(item, "ruleAction", "deny");
                    flag(item, "egress", is_egress);
                    xml::text(item, "cidrBlock", "0.0.0.0/0");
                });
            }
        });
        xml::list(item, "associationSet", "item", &self.subnets, |each, (id, subnet)| {
            xml::text(each, "networkAclAssociationId", id);
            xml::text(each, "networkAclId", &self.acl.id);
            xml::text(each, "subnetId", subnet);
        });
    }
}

impl Entry {
    fn action(&self) -> &'static str {
        if self.allows { "allow" } else { "deny" }
    }

    fn block(&self) -> Option<String> {
        match &self.whom {
            Whom::V4(block) => Some(block.to_string()),
            Whom::V6(_) => None,
        }
    }

    fn write(&self, item: &mut xml::Element) {
        xml::text(item, "ruleNumber", &self.number.to_string());
        xml::text(item, "protocol", &self.protocol.to_string());
        xml::text(item, "ruleAction", self.action());
        flag(item, "egress", self.is_egress);
        match &self.whom {
            Whom::V4(block) => xml::text(item, "cidrBlock", &block.to_string()),
            Whom::V6(block) => xml::text(item, "ipv6CidrBlock", block),
        }
        if let Some((kind, code)) = self.icmp {
            xml::element(item, "icmpTypeCode", |icmp| {
                xml::text(icmp, "code", &code.to_string());
                xml::text(icmp, "type", &kind.to_string());
            });
        }
        if let Some((from, to)) = self.ports {
            xml::element(item, "portRange", |range| {
                xml::text(range, "from", &from.to_string());
                xml::text(range, "to", &to.to_string());
            });
        }
    }
}
