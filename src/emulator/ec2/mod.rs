//! EC2, query protocol 2016-11-15: instances, their tags and what describes them. No machine runs; states, times and
//! error codes are those that a client of the real service sees.
//!
//! Every account has the default network of its region ([`network`]), and can make others ([`networks`]). Every
//! well-formed image id is an image ([`images`]).

mod attributes;
mod catalog;
mod describe;
mod filter;
mod groups;
mod image_attributes;
mod images;
mod index;
mod instance;
mod instance_filters;
mod instance_xml;
mod key_pairs;
mod kind;
mod launch_place;
mod listing;
mod machine;
mod named;
mod network;
mod networks;
mod notices;
mod options;
mod own_images;
mod paging;
mod placement;
mod placement_groups;
mod profile;
mod run;
mod sharing;
mod snapshot_attributes;
mod snapshots;
mod state;
mod states;
mod status;
mod tags;
mod templates;
mod unused;
mod volumes;
mod zones;

pub use instance::Instance;
pub use state::State;
pub(super) use states::{Deed, act};

use super::{
    service::{Handler, Names, Service},
    wire::{AwsError, Fault, QueryParams, hex_id},
};
use http::StatusCode;

/// EC2, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "ec2",
    routes: None,
    names: Some(Names {
        all: include_str!("operations.txt"),
        // Those that SDKs have sent in the last ten years; what is answered is the newest.
        versions: &[
            "2014-09-01",
            "2014-10-01",
            "2015-03-01",
            "2015-04-15",
            "2015-10-01",
            "2016-04-01",
            "2016-09-15",
            "2016-11-15",
        ],
        target: None,
    }),
    members: "",
    operations: &[
        ("AllocateAddress", Handler::Async(|operation| Box::pin(networks::allocate(operation)))),
        ("AssociateAddress", Handler::Async(|operation| Box::pin(networks::associate_address(operation)))),
        ("AssociateDhcpOptions", Handler::Async(|operation| Box::pin(networks::associate_options(operation)))),
        ("AssociateIamInstanceProfile", Handler::Async(|operation| Box::pin(profile::associate(operation)))),
        ("AssociateRouteTable", Handler::Async(|operation| Box::pin(networks::associate_table(operation)))),
        ("AssociateVpcCidrBlock", Handler::Async(|operation| Box::pin(networks::associate_block(operation)))),
        ("AttachInternetGateway", Handler::Async(|operation| Box::pin(networks::attach_gateway(operation)))),
        ("AttachNetworkInterface", Handler::Async(|operation| Box::pin(networks::attach_interface(operation)))),
        ("AttachVolume", Handler::Async(|operation| Box::pin(volumes::attach(operation)))),
        ("AuthorizeSecurityGroupEgress", Handler::Async(|operation| Box::pin(groups::authorize_egress(operation)))),
        ("AuthorizeSecurityGroupIngress", Handler::Async(|operation| Box::pin(groups::authorize_ingress(operation)))),
        ("CopyImage", Handler::Async(|operation| Box::pin(own_images::copy(operation)))),
        ("CopySnapshot", Handler::Async(|operation| Box::pin(snapshots::copy(operation)))),
        ("CreateDhcpOptions", Handler::Async(|operation| Box::pin(networks::create_options(operation)))),
        ("CreateImage", Handler::Async(|operation| Box::pin(own_images::create(operation)))),
        ("CreateInternetGateway", Handler::Async(|operation| Box::pin(networks::create_gateway(operation)))),
        ("CreateKeyPair", Handler::Async(|operation| Box::pin(key_pairs::create(operation)))),
        ("CreateLaunchTemplate", Handler::Async(|operation| Box::pin(templates::create(operation)))),
        ("CreateLaunchTemplateVersion", Handler::Async(|operation| Box::pin(templates::create_version(operation)))),
        ("CreateNatGateway", Handler::Async(|operation| Box::pin(networks::create_nat(operation)))),
        ("CreateNetworkAcl", Handler::Async(|operation| Box::pin(networks::create_acl(operation)))),
        ("CreateNetworkAclEntry", Handler::Async(|operation| Box::pin(networks::create_acl_entry(operation)))),
        ("CreateNetworkInterface", Handler::Async(|operation| Box::pin(networks::create_interface(operation)))),
        ("CreatePlacementGroup", Handler::Async(|operation| Box::pin(placement_groups::create(operation)))),
        ("CreateRoute", Handler::Async(|operation| Box::pin(networks::create_route(operation)))),
        ("CreateRouteTable", Handler::Async(|operation| Box::pin(networks::create_table(operation)))),
        ("CreateSecurityGroup", Handler::Async(|operation| Box::pin(groups::create(operation)))),
        ("CreateSnapshot", Handler::Async(|operation| Box::pin(snapshots::create(operation)))),
        ("CreateSnapshots", Handler::Async(|operation| Box::pin(snapshots::create_all(operation)))),
        ("CreateSubnet", Handler::Async(|operation| Box::pin(networks::create_subnet(operation)))),
        ("CreateTags", Handler::Async(|operation| Box::pin(tags::create(operation)))),
        ("CreateVolume", Handler::Async(|operation| Box::pin(volumes::create(operation)))),
        ("CreateVpc", Handler::Async(|operation| Box::pin(networks::create_vpc(operation)))),
        ("CreateVpcEndpoint", Handler::Async(|operation| Box::pin(networks::endpoints::create(operation)))),
        ("DeleteDhcpOptions", Handler::Async(|operation| Box::pin(networks::delete_options(operation)))),
        ("DeleteInternetGateway", Handler::Async(|operation| Box::pin(networks::delete_gateway(operation)))),
        ("DeleteKeyPair", Handler::Async(|operation| Box::pin(key_pairs::delete(operation)))),
        ("DeleteLaunchTemplate", Handler::Async(|operation| Box::pin(templates::delete(operation)))),
        ("DeleteLaunchTemplateVersions", Handler::Async(|operation| Box::pin(templates::delete_versions(operation)))),
        ("DeleteNatGateway", Handler::Async(|operation| Box::pin(networks::delete_nat(operation)))),
        ("DeleteNetworkAcl", Handler::Async(|operation| Box::pin(networks::delete_acl(operation)))),
        ("DeleteNetworkAclEntry", Handler::Async(|operation| Box::pin(networks::delete_acl_entry(operation)))),
        ("DeleteNetworkInterface", Handler::Async(|operation| Box::pin(networks::delete_interface(operation)))),
        ("DeletePlacementGroup", Handler::Async(|operation| Box::pin(placement_groups::delete(operation)))),
        ("DeleteRoute", Handler::Async(|operation| Box::pin(networks::delete_route(operation)))),
        ("DeleteRouteTable", Handler::Async(|operation| Box::pin(networks::delete_table(operation)))),
        ("DeleteSecurityGroup", Handler::Async(|operation| Box::pin(groups::delete(operation)))),
        ("DeleteSnapshot", Handler::Async(|operation| Box::pin(snapshots::delete(operation)))),
        ("DeleteSubnet", Handler::Async(|operation| Box::pin(networks::delete_subnet(operation)))),
        ("DeleteTags", Handler::Async(|operation| Box::pin(tags::delete(operation)))),
        ("DeleteVolume", Handler::Async(|operation| Box::pin(volumes::delete(operation)))),
        ("DeleteVpc", Handler::Async(|operation| Box::pin(networks::delete_vpc(operation)))),
        ("DeleteVpcEndpoints", Handler::Async(|operation| Box::pin(networks::endpoints::delete(operation)))),
        ("DeregisterImage", Handler::Async(|operation| Box::pin(own_images::deregister(operation)))),
        ("DescribeAccountAttributes", Handler::Sync(zones::describe_account)),
        ("DescribeAddresses", Handler::Sync(networks::describe_addresses)),
        ("DescribeAddressesAttribute", Handler::Sync(networks::describe_addresses_attribute)),
        ("DescribeAvailabilityZones", Handler::Sync(zones::describe_zones)),
        ("DescribeDhcpOptions", Handler::Sync(networks::describe_options)),
        ("DescribeIamInstanceProfileAssociations", Handler::Sync(profile::describe)),
        ("DescribeImageAttribute", Handler::Sync(image_attributes::describe)),
        ("DescribeImages", Handler::Sync(images::describe)),
        ("DescribeInstanceAttribute", Handler::Sync(attributes::describe)),
        ("DescribeInstanceCreditSpecifications", Handler::Sync(machine::describe_credits)),
        ("DescribeInstanceStatus", Handler::Sync(status::describe)),
        ("DescribeInstanceTypeOfferings", Handler::Sync(catalog::describe_offerings)),
        ("DescribeInstanceTypes", Handler::Sync(catalog::describe_types)),
        ("DescribeInstances", Handler::Sync(describe::instances)),
        ("DescribeInternetGateways", Handler::Sync(networks::describe_gateways)),
        ("DescribeKeyPairs", Handler::Sync(key_pairs::describe)),
        ("DescribeLaunchTemplateVersions", Handler::Sync(templates::describe_versions)),
        ("DescribeLaunchTemplates", Handler::Sync(templates::describe)),
        ("DescribeNatGateways", Handler::Sync(networks::describe_nats)),
        ("DescribeNetworkAcls", Handler::Sync(networks::describe_acls)),
        ("DescribeNetworkInterfaceAttribute", Handler::Sync(networks::describe_interface_attribute)),
        ("DescribeNetworkInterfaces", Handler::Sync(networks::describe_interfaces)),
        ("DescribePlacementGroups", Handler::Sync(placement_groups::describe)),
        ("DescribePrefixLists", Handler::Sync(networks::endpoints::describe_prefix_lists)),
        ("DescribeRegions", Handler::Sync(zones::describe_regions)),
        ("DescribeRouteTables", Handler::Sync(networks::describe_tables)),
        ("DescribeSecurityGroupRules", Handler::Sync(groups::describe_rules)),
        ("DescribeSecurityGroups", Handler::Sync(groups::describe)),
        ("DescribeSnapshotAttribute", Handler::Sync(snapshot_attributes::describe)),
        ("DescribeSnapshots", Handler::Sync(snapshots::describe)),
        ("DescribeSubnets", Handler::Sync(networks::describe_subnets)),
        ("DescribeTags", Handler::Sync(tags::describe)),
        ("DescribeVolumeAttribute", Handler::Sync(volumes::describe_attribute)),
        ("DescribeVolumeStatus", Handler::Sync(volumes::describe_status)),
        ("DescribeVolumes", Handler::Sync(volumes::describe)),
        ("DescribeVolumesModifications", Handler::Sync(volumes::describe_modifications)),
        ("DescribeVpcAttribute", Handler::Sync(networks::describe_vpc_attribute)),
        ("DescribeVpcEndpointServices", Handler::Sync(networks::endpoints::describe_services)),
        ("DescribeVpcEndpoints", Handler::Sync(networks::endpoints::describe)),
        ("DescribeVpcs", Handler::Sync(networks::describe_vpcs)),
        ("DetachInternetGateway", Handler::Async(|operation| Box::pin(networks::detach_gateway(operation)))),
        ("DetachNetworkInterface", Handler::Async(|operation| Box::pin(networks::detach_interface(operation)))),
        ("DetachVolume", Handler::Async(|operation| Box::pin(volumes::detach(operation)))),
        ("DisassociateAddress", Handler::Async(|operation| Box::pin(networks::disassociate_address(operation)))),
        ("DisassociateIamInstanceProfile", Handler::Async(|operation| Box::pin(profile::disassociate(operation)))),
        ("DisassociateRouteTable", Handler::Async(|operation| Box::pin(networks::disassociate_table(operation)))),
        ("DisassociateVpcCidrBlock", Handler::Async(|operation| Box::pin(networks::disassociate_block(operation)))),
        ("GetConsoleOutput", Handler::Sync(machine::console)),
        ("GetEbsEncryptionByDefault", Handler::Sync(unused::encryption_by_default)),
        ("GetPasswordData", Handler::Sync(machine::password)),
        ("GetSecurityGroupsForVpc", Handler::Sync(groups::of_vpc)),
        ("ImportKeyPair", Handler::Async(|operation| Box::pin(key_pairs::import(operation)))),
        ("ModifyImageAttribute", Handler::Async(|operation| Box::pin(image_attributes::modify(operation)))),
        ("ModifyInstanceAttribute", Handler::Async(|operation| Box::pin(attributes::modify(operation)))),
        ("ModifyInstanceCreditSpecification", Handler::Async(|operation| Box::pin(machine::modify_credits(operation)))),
        (
            "ModifyInstanceMaintenanceOptions",
            Handler::Async(|operation| Box::pin(machine::modify_maintenance(operation))),
        ),
        ("ModifyInstanceMetadataOptions", Handler::Async(|operation| Box::pin(machine::modify_metadata(operation)))),
        ("ModifyInstancePlacement", Handler::Async(|operation| Box::pin(placement_groups::modify(operation)))),
        ("ModifyLaunchTemplate", Handler::Async(|operation| Box::pin(templates::modify(operation)))),
        (
            "ModifyNetworkInterfaceAttribute",
            Handler::Async(|operation| Box::pin(networks::modify_interface(operation))),
        ),
        ("ModifySecurityGroupRules", Handler::Async(|operation| Box::pin(groups::modify_rules(operation)))),
        ("ModifySnapshotAttribute", Handler::Async(|operation| Box::pin(snapshot_attributes::modify(operation)))),
        ("ModifySubnetAttribute", Handler::Async(|operation| Box::pin(networks::modify_subnet(operation)))),
        ("ModifyVolume", Handler::Async(|operation| Box::pin(volumes::modify(operation)))),
        ("ModifyVpcAttribute", Handler::Async(|operation| Box::pin(networks::modify_vpc(operation)))),
        ("ModifyVpcEndpoint", Handler::Async(|operation| Box::pin(networks::endpoints::modify(operation)))),
        ("MonitorInstances", Handler::Async(|operation| Box::pin(machine::monitor(operation)))),
        ("RebootInstances", Handler::Sync(states::reboot)),
        ("RegisterImage", Handler::Async(|operation| Box::pin(own_images::register(operation)))),
        ("ReleaseAddress", Handler::Async(|operation| Box::pin(networks::release_address(operation)))),
        ("ReplaceIamInstanceProfileAssociation", Handler::Async(|operation| Box::pin(profile::replace(operation)))),
        (
            "ReplaceNetworkAclAssociation",
            Handler::Async(|operation| Box::pin(networks::replace_acl_association(operation))),
        ),
        ("ReplaceNetworkAclEntry", Handler::Async(|operation| Box::pin(networks::replace_acl_entry(operation)))),
        ("ReplaceRoute", Handler::Async(|operation| Box::pin(networks::replace_route(operation)))),
        (
            "ReplaceRouteTableAssociation",
            Handler::Async(|operation| Box::pin(networks::replace_association(operation))),
        ),
        ("ResetImageAttribute", Handler::Async(|operation| Box::pin(image_attributes::reset(operation)))),
        ("ResetSnapshotAttribute", Handler::Async(|operation| Box::pin(snapshot_attributes::reset(operation)))),
        ("RevokeSecurityGroupEgress", Handler::Async(|operation| Box::pin(groups::revoke_egress(operation)))),
        ("RevokeSecurityGroupIngress", Handler::Async(|operation| Box::pin(groups::revoke_ingress(operation)))),
        ("RunInstances", Handler::Async(|operation| Box::pin(run::instances(operation)))),
        ("StartInstances", Handler::Async(|operation| Box::pin(states::start(operation)))),
        ("StopInstances", Handler::Async(|operation| Box::pin(states::stop(operation)))),
        ("TerminateInstances", Handler::Async(|operation| Box::pin(states::terminate(operation)))),
        ("UnmonitorInstances", Handler::Async(|operation| Box::pin(machine::unmonitor(operation)))),
        (
            "UpdateSecurityGroupRuleDescriptionsEgress",
            Handler::Async(|operation| Box::pin(groups::describe_egress(operation))),
        ),
        (
            "UpdateSecurityGroupRuleDescriptionsIngress",
            Handler::Async(|operation| Box::pin(groups::describe_ingress(operation))),
        ),
    ],
    fault: |fault: Fault| AwsError::sender("InvalidParameterValue", fault.to_string()),
};

/// Ends a call that asked only whether it would succeed. Everything else has been checked by then.
fn dry_run(asked: bool) -> Result<(), AwsError> {
    if asked {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(AwsError::new(StatusCode::PRECONDITION_FAILED, "DryRunOperation", message));
    }
    Ok(())
}

/// Takes what makes a call repeatable; empty where it was not said.
fn take_client_token(params: &mut QueryParams) -> Result<String, AwsError> {
    let token = params.text("ClientToken").unwrap_or_default();
    if token.len() > 64 || !token.is_ascii() {
        let message = "Invalid value for ClientToken: expected at most 64 ASCII characters.";
        return Err(AwsError::sender("InvalidParameterValue", message));
    }
    Ok(token)
}

/// Takes `DryRun`.
fn take_dry_run(params: &mut QueryParams) -> Result<bool, AwsError> {
    Ok(params.flag("DryRun")?.unwrap_or(false))
}

/// Draws an id: the prefix and 17 hex digits.
fn new_id(prefix: &str) -> Result<String, AwsError> {
    Ok(format!("{prefix}-{}", new_hex()?))
}

/// Draws the 17 hex digits of an id.
fn new_hex() -> Result<String, AwsError> {
    hex_id(17)
}
