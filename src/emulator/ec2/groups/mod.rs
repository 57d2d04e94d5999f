//! Security groups and their rules, as records: nothing is filtered by them here.
//!
//! The default group exists without a record until one of its rules is changed ([`group`]).
//!
//! Not here: rules that name prefix lists, and groups of other accounts, of which there are none.

mod change;
mod cidr;
mod describe;
mod descriptions;
mod group;
mod manage;
mod permission;
mod rule;

pub(super) use change::{authorize_egress, authorize_ingress, modify_rules, revoke_egress, revoke_ingress};
pub(super) use cidr::ipv6 as ipv6_block;
pub(super) use describe::{describe, describe_rules, of_vpc};
pub(super) use descriptions::{describe_egress, describe_ingress};
pub(super) use group::{Group, GroupName, PER_INTERFACE};
pub(super) use manage::{create, delete};
