//! VPC endpoints, and the services of AWS that they lead to, as records: a gateway endpoint is a route in its route
//! tables, an interface endpoint has an interface in each of its subnets.
//!
//! Not here: services of one's own, and endpoints of load balancers, resources and service networks.

mod create;
mod delete;
mod describe;
pub(in crate::emulator::ec2) mod endpoint;
mod lists;
mod modify;
mod parts;
mod services;

pub(in crate::emulator::ec2) use create::create;
pub(in crate::emulator::ec2) use delete::delete;
pub(in crate::emulator::ec2) use describe::describe;
pub(in crate::emulator::ec2) use lists::{describe_prefix_lists, describe_services};
pub(in crate::emulator::ec2) use modify::modify;
