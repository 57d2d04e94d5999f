//! Networks: VPCs, subnets, routes, gateways, addresses and interfaces, as records. No packet goes anywhere.
//!
//! The default network of a region is there without a record until something of it is changed ([`records`]); its ids
//! follow from the account and the region ([`super::network`]).
//!
//! Not here: IPv6, peerings and transit gateways, which are refused by name.

pub(super) mod acl;
mod acl_entries;
mod acls;
pub(super) mod block;
mod blocks;
pub(super) mod elastic;
pub(super) mod endpoints;
mod face;
mod gateways;
pub(super) mod interface;
mod interfaces;
pub(super) mod nat;
pub(super) mod options;
pub(super) mod records;
mod routes;
mod subnets;
pub(super) mod table;
mod vpcs;

pub(super) use acl_entries::{create as create_acl_entry, delete as delete_acl_entry, replace as replace_acl_entry};
pub(super) use acls::{
    create as create_acl, delete as delete_acl, describe as describe_acls,
    replace_association as replace_acl_association,
};
pub(super) use blocks::{associate as associate_block, disassociate as disassociate_block};
pub(super) use elastic::{
    allocate, associate as associate_address, describe as describe_addresses,
    describe_attribute as describe_addresses_attribute, disassociate as disassociate_address,
    release as release_address,
};
pub(super) use gateways::{
    attach as attach_gateway, create as create_gateway, delete as delete_gateway, describe as describe_gateways,
    detach as detach_gateway,
};
pub(super) use interfaces::{
    attach as attach_interface, create as create_interface, delete as delete_interface,
    describe as describe_interfaces, describe_attribute as describe_interface_attribute, detach as detach_interface,
    modify as modify_interface,
};
pub(super) use nat::{create as create_nat, delete as delete_nat, describe as describe_nats};
pub(super) use options::{
    associate as associate_options, create as create_options, delete as delete_options, describe as describe_options,
};
pub(super) use routes::{
    associate as associate_table, create_route, delete_route, disassociate as disassociate_table, replace_association,
    replace_route,
};
pub(super) use subnets::{
    create as create_subnet, delete as delete_subnet, describe as describe_subnets, modify as modify_subnet,
};
pub(super) use table::{create as create_table, delete as delete_table, describe as describe_tables};
pub(super) use vpcs::{
    create as create_vpc, delete as delete_vpc, describe as describe_vpcs,
    describe_attribute as describe_vpc_attribute, modify as modify_vpc,
};

use super::super::wire::{AwsError, QueryParams};

/// Refuses what EC2 has and atelier has not, by its name.
fn refuse(params: &QueryParams, operation: &str, lacking: &[&str]) -> Result<(), AwsError> {
    match lacking.iter().find(|name| params.has(name)) {
        Some(name) => Err(AwsError::not_implemented("ec2", &format!("{operation} with {name}"))),
        None => Ok(()),
    }
}

/// The refusal to remove what something else needs.
fn in_use(what: &str, id: &str) -> AwsError {
    let message = format!("The {what} '{id}' has dependencies and cannot be deleted.");
    AwsError::sender("DependencyViolation", message)
}

/// The refusal of an association that nothing has.
fn no_association(id: &str) -> AwsError {
    AwsError::sender("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
}
