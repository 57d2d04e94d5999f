//! EC2, query protocol 2016-11-15: instances, their tags and what describes them. No machine runs; states, times and
//! error codes are those that a client of the real service sees.
//!
//! Not here: networks of one's own; every account has the default network of its region ([`network`], [`vpc`]). Every
//! well-formed image id is an image ([`images`]).

mod attributes;
mod catalog;
mod describe;
mod filter;
mod groups;
mod images;
mod index;
mod instance;
mod instance_filters;
mod instance_xml;
mod interfaces;
mod key_pairs;
mod kind;
mod launch_place;
mod listing;
mod machine;
mod network;
mod notices;
mod options;
mod own_images;
mod paging;
mod profile;
mod run;
mod snapshots;
mod state;
mod states;
mod status;
mod tags;
mod volumes;
mod vpc;
mod zones;

pub use instance::Instance;
pub use state::State;

use super::{
    service::{Handler, Service},
    wire::{AwsError, Fault, QueryParams, hex_id},
};
use http::StatusCode;

/// EC2, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "ec2",
    routes: None,
    operations: &[
        ("AssociateIamInstanceProfile", Handler::Async(|operation| Box::pin(profile::associate(operation)))),
        ("AttachVolume", Handler::Async(|operation| Box::pin(volumes::attach(operation)))),
        ("AuthorizeSecurityGroupEgress", Handler::Async(|operation| Box::pin(groups::authorize_egress(operation)))),
        ("AuthorizeSecurityGroupIngress", Handler::Async(|operation| Box::pin(groups::authorize_ingress(operation)))),
        ("CopyImage", Handler::Async(|operation| Box::pin(own_images::copy(operation)))),
        ("CreateImage", Handler::Async(|operation| Box::pin(own_images::create(operation)))),
        ("CreateKeyPair", Handler::Async(|operation| Box::pin(key_pairs::create(operation)))),
        ("CreateSecurityGroup", Handler::Async(|operation| Box::pin(groups::create(operation)))),
        ("CreateSnapshot", Handler::Async(|operation| Box::pin(snapshots::create(operation)))),
        ("CreateTags", Handler::Async(|operation| Box::pin(tags::create(operation)))),
        ("CreateVolume", Handler::Async(|operation| Box::pin(volumes::create(operation)))),
        ("DeleteKeyPair", Handler::Async(|operation| Box::pin(key_pairs::delete(operation)))),
        ("DeleteSecurityGroup", Handler::Async(|operation| Box::pin(groups::delete(operation)))),
        ("DeleteSnapshot", Handler::Async(|operation| Box::pin(snapshots::delete(operation)))),
        ("DeleteTags", Handler::Async(|operation| Box::pin(tags::delete(operation)))),
        ("DeleteVolume", Handler::Async(|operation| Box::pin(volumes::delete(operation)))),
        ("DeregisterImage", Handler::Async(|operation| Box::pin(own_images::deregister(operation)))),
        ("DescribeAccountAttributes", Handler::Sync(zones::describe_account)),
        ("DescribeAvailabilityZones", Handler::Sync(zones::describe_zones)),
        ("DescribeIamInstanceProfileAssociations", Handler::Sync(profile::describe)),
        ("DescribeImageAttribute", Handler::Sync(own_images::describe_attribute)),
        ("DescribeImages", Handler::Sync(images::describe)),
        ("DescribeInstanceAttribute", Handler::Sync(attributes::describe)),
        ("DescribeInstanceCreditSpecifications", Handler::Sync(machine::describe_credits)),
        ("DescribeInstanceStatus", Handler::Sync(status::describe)),
        ("DescribeInstanceTypeOfferings", Handler::Sync(catalog::describe_offerings)),
        ("DescribeInstanceTypes", Handler::Sync(catalog::describe_types)),
        ("DescribeInstances", Handler::Sync(describe::instances)),
        ("DescribeInternetGateways", Handler::Sync(vpc::describe_gateways)),
        ("DescribeKeyPairs", Handler::Sync(key_pairs::describe)),
        ("DescribeNetworkInterfaces", Handler::Sync(interfaces::describe)),
        ("DescribeRegions", Handler::Sync(zones::describe_regions)),
        ("DescribeRouteTables", Handler::Sync(vpc::describe_route_tables)),
        ("DescribeSecurityGroupRules", Handler::Sync(groups::describe_rules)),
        ("DescribeSecurityGroups", Handler::Sync(groups::describe)),
        ("DescribeSnapshots", Handler::Sync(snapshots::describe)),
        ("DescribeSubnets", Handler::Sync(vpc::describe_subnets)),
        ("DescribeTags", Handler::Sync(tags::describe)),
        ("DescribeVolumeAttribute", Handler::Sync(volumes::describe_attribute)),
        ("DescribeVolumes", Handler::Sync(volumes::describe)),
        ("DescribeVolumesModifications", Handler::Sync(volumes::describe_modifications)),
        ("DescribeVpcAttribute", Handler::Sync(vpc::describe_vpc_attribute)),
        ("DescribeVpcs", Handler::Sync(vpc::describe_vpcs)),
        ("DetachVolume", Handler::Async(|operation| Box::pin(volumes::detach(operation)))),
        ("DisassociateIamInstanceProfile", Handler::Async(|operation| Box::pin(profile::disassociate(operation)))),
        ("GetConsoleOutput", Handler::Sync(machine::console)),
        ("ImportKeyPair", Handler::Async(|operation| Box::pin(key_pairs::import(operation)))),
        ("ModifyInstanceAttribute", Handler::Async(|operation| Box::pin(attributes::modify(operation)))),
        ("ModifyInstanceCreditSpecification", Handler::Async(|operation| Box::pin(machine::modify_credits(operation)))),
        ("ModifyInstanceMetadataOptions", Handler::Async(|operation| Box::pin(machine::modify_metadata(operation)))),
        ("ModifySecurityGroupRules", Handler::Async(|operation| Box::pin(groups::modify_rules(operation)))),
        ("ModifyVolume", Handler::Async(|operation| Box::pin(volumes::modify(operation)))),
        ("MonitorInstances", Handler::Async(|operation| Box::pin(machine::monitor(operation)))),
        ("RebootInstances", Handler::Sync(states::reboot)),
        ("RegisterImage", Handler::Async(|operation| Box::pin(own_images::register(operation)))),
        ("ReplaceIamInstanceProfileAssociation", Handler::Async(|operation| Box::pin(profile::replace(operation)))),
        ("RevokeSecurityGroupEgress", Handler::Async(|operation| Box::pin(groups::revoke_egress(operation)))),
        ("RevokeSecurityGroupIngress", Handler::Async(|operation| Box::pin(groups::revoke_ingress(operation)))),
        ("RunInstances", Handler::Async(|operation| Box::pin(run::instances(operation)))),
        ("StartInstances", Handler::Async(|operation| Box::pin(states::start(operation)))),
        ("StopInstances", Handler::Async(|operation| Box::pin(states::stop(operation)))),
        ("TerminateInstances", Handler::Async(|operation| Box::pin(states::terminate(operation)))),
        ("UnmonitorInstances", Handler::Async(|operation| Box::pin(machine::unmonitor(operation)))),
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
    Ok(format!("{prefix}-{}", hex_id(17)?))
}
