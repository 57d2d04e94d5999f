//! Networks: VPCs, subnets, routes, gateways, addresses and interfaces, as records. No packet goes anywhere.
//!
//! The default network of a region is there without a record until something of it is changed ([`records`]); its ids
//! follow from the account and the region ([`super::network`]).
//!
//! Not here: IPv6, peerings, endpoints, transit gateways and network ACLs of one's own, which are refused by name.

mod acls;
mod block;
mod elastic;
mod face;
mod gateways;
mod interface;
mod interfaces;
mod nat;
mod records;
mod routes;
mod subnets;
mod table;
mod vpcs;

pub(super) use acls::{describe as describe_acls, id as acl_id};
pub(super) use block::Block;
pub(super) use elastic::{
    ADDRESSES, Bound, Elastic, allocate, associate as associate_address, describe as describe_addresses,
    describe_attribute as describe_addresses_attribute, disassociate as disassociate_address,
    release as release_address,
};
pub(super) use face::Face;
pub(super) use gateways::{
    attach as attach_gateway, create as create_gateway, delete as delete_gateway, describe as describe_gateways,
    detach as detach_gateway,
};
pub(super) use interface::OwnInterface;
pub(super) use interfaces::{
    attach as attach_interface, create as create_interface, delete as delete_interface,
    describe as describe_interfaces, describe_attribute as describe_interface_attribute, detach as detach_interface,
    modify as modify_interface,
};
pub(super) use nat::{Nat, create as create_nat, delete as delete_nat, describe as describe_nats};
pub(super) use records::{Gateway, Subnet, Vpc};
pub(super) use routes::{
    associate as associate_table, create_route, delete_route, disassociate as disassociate_table, replace_association,
    replace_route,
};
pub(super) use subnets::{
    create as create_subnet, delete as delete_subnet, describe as describe_subnets, modify as modify_subnet,
};
pub(super) use table::{RouteTable, create as create_table, delete as delete_table, describe as describe_tables};
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
