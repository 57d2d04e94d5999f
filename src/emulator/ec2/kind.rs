//! The kinds of resources that have ids, and how EC2 refuses an id that names none.

use crate::emulator::wire::AwsError;

/// A kind of resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// What ids start with, without the hyphen.
    pub(super) prefix: &'static str,
    /// The name in `TagSpecification` and `DescribeTags`.
    pub(super) tagged: &'static str,
    /// The code for what cannot be such an id.
    malformed: &'static str,
    /// The code for an id that nothing has.
    not_found: &'static str,
    /// The sentence for it, around the id.
    sentence: (&'static str, &'static str),
}

macro_rules! kinds {
    ($($name:ident: $prefix:literal, $tagged:literal, $malformed:literal, $not_found:literal, $before:literal, $after:literal;)*) => {
        $(pub(super) const $name: Kind = Kind {
            prefix: $prefix,
            tagged: $tagged,
            malformed: $malformed,
            not_found: $not_found,
            sentence: ($before, $after),
        };)*
        /// Every kind that can have tags.
        const ALL: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    ACL: "acl", "network-acl", "InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound", "The networkAcl ID '", "' does not exist";
    ADDRESS: "eipalloc", "elastic-ip", "InvalidAllocationID.NotFound", "InvalidAllocationID.NotFound", "The allocation ID '", "' does not exist";
    ENDPOINT: "vpce", "vpc-endpoint", "InvalidVpcEndpointId.Malformed", "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '", "' does not exist";
    GATEWAY: "igw", "internet-gateway", "InvalidInternetGatewayId.Malformed", "InvalidInternetGatewayID.NotFound", "The internetGateway ID '", "' does not exist";
    GROUP: "sg", "security-group", "InvalidGroupId.Malformed", "InvalidGroup.NotFound", "The security group '", "' does not exist";
    IMAGE: "ami", "image", "InvalidAMIID.Malformed", "InvalidAMIID.NotFound", "The image id '[", "]' does not exist";
    INSTANCE: "i", "instance", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound", "The instance ID '", "' does not exist";
    INTERFACE: "eni", "network-interface", "InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '", "' does not exist";
    KEY_PAIR: "key", "key-pair", "InvalidKeyPairId.Malformed", "InvalidKeyPair.NotFound", "The key pair '", "' does not exist";
    NAT: "nat", "natgateway", "NatGatewayMalformed", "NatGatewayNotFound", "NatGateway ", " was not found";
    OPTIONS: "dopt", "dhcp-options", "InvalidDhcpOptionsId.Malformed", "InvalidDhcpOptionsID.NotFound", "The dhcpOptions ID '", "' does not exist";
    PLACEMENT: "pg", "placement-group", "InvalidPlacementGroupId.Malformed", "InvalidPlacementGroup.Unknown", "The Placement Group '", "' is unknown.";
    PREFIX_LIST: "pl", "prefix-list", "InvalidPrefixListId.Malformed", "InvalidPrefixListId.NotFound", "The prefix list ID '", "' does not exist";
    ROUTE_TABLE: "rtb", "route-table", "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound", "The routeTable ID '", "' does not exist";
    RULE: "sgr", "security-group-rule", "InvalidSecurityGroupRuleId.Malformed", "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '", "' does not exist";
    SNAPSHOT: "snap", "snapshot", "InvalidSnapshotID.Malformed", "InvalidSnapshot.NotFound", "The snapshot '", "' does not exist.";
    SUBNET: "subnet", "subnet", "InvalidSubnetId.Malformed", "InvalidSubnetID.NotFound", "The subnet ID '", "' does not exist";
    TEMPLATE: "lt", "launch-template", "InvalidLaunchTemplateId.Malformed", "InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID ", ", does not exist.";
    VOLUME: "vol", "volume", "InvalidVolumeID.Malformed", "InvalidVolume.NotFound", "The volume '", "' does not exist.";
    VPC: "vpc", "vpc", "InvalidVpcId.Malformed", "InvalidVpcID.NotFound", "The vpc ID '", "' does not exist";
}

impl Kind {
    /// The kind of what has this id, by the id's form alone.
    pub(super) fn of(id: &str) -> Option<&'static Self> {
        let (prefix, _) = id.split_once('-')?;
        ALL.iter().find(|kind| kind.prefix == prefix).copied()
    }

    /// Refuses what cannot be an id of this kind: the prefix, and letters and digits.
    pub(super) fn check(&self, id: &str) -> Result<(), AwsError> {
        let rest = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let message = match rest {
            Some(digits) if is_plain(digits) => return Ok(()),
            Some(_) => format!("Invalid id: \"{id}\""),
            None => format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix),
        };
        Err(AwsError::sender(self.malformed, message))
    }

    /// The refusal of an id that nothing has, or that cannot be one.
    pub(super) fn absent(&self, id: &str) -> AwsError {
        match self.check(id) {
            Ok(()) => self.missing(id),
            Err(malformed) => malformed,
        }
    }

    /// The refusal of a name that nothing has.
    pub(super) fn missing(&self, name: &str) -> AwsError {
        let (before, after) = self.sentence;
        AwsError::sender(self.not_found, format!("{before}{name}{after}"))
    }
}

fn is_plain(digits: &str) -> bool {
    (1..=32).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_id_and_what_nothing_has_are_told_apart() {
        assert_eq!(GROUP.absent("sg-0123456789abcdef0").code, "InvalidGroup.NotFound");
        for bad in ["", "sg", "sg-", "vpc-12345678", "sg-<x>", "SG-12345678"] {
            assert_eq!(GROUP.absent(bad).code, "InvalidGroupId.Malformed", "{bad}");
        }
        assert_eq!(VOLUME.absent("vol-12345678").message, "The volume 'vol-12345678' does not exist.");
    }

    #[test]
    fn a_kind_is_told_by_the_form_of_the_id() {
        assert_eq!(Kind::of("sgr-1").unwrap().tagged, "security-group-rule");
        assert_eq!(Kind::of("i-1").unwrap().tagged, "instance");
        assert!(Kind::of("x-1").is_none() && Kind::of("vpc").is_none());
    }
}
