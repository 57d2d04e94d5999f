//! EC2, query protocol 2016-11-15: instances, their tags and what describes them. No machine runs; states, times and
//! error codes are those that a client of the real service sees.
//!
//! Not here: networks, volumes, key pairs and images of one's own. Every account has the default network of its region
//! ([`network`]), and every well-formed image id is an image ([`images`]).

mod attributes;
mod catalog;
mod describe;
mod filter;
mod images;
mod index;
mod instance;
mod instance_xml;
mod launch_options;
mod network;
mod paging;
mod run;
mod states;
mod status;
mod tags;

pub use instance::{Instance, State};

use super::{
    service::{Handler, Service},
    wire::{AwsError, Fault, QueryParams},
};
use http::StatusCode;

/// EC2, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "ec2",
    routes: None,
    operations: &[
        ("CreateTags", Handler::Async(|operation| Box::pin(tags::create(operation)))),
        ("DeleteTags", Handler::Async(|operation| Box::pin(tags::delete(operation)))),
        ("DescribeImages", Handler::Sync(images::describe)),
        ("DescribeInstanceAttribute", Handler::Sync(attributes::describe)),
        ("DescribeInstanceCreditSpecifications", Handler::Sync(attributes::describe_credits)),
        ("DescribeInstanceStatus", Handler::Sync(status::describe)),
        ("DescribeInstanceTypes", Handler::Sync(catalog::describe_types)),
        ("DescribeInstances", Handler::Sync(describe::instances)),
        ("DescribeRegions", Handler::Sync(network::describe_regions)),
        ("DescribeTags", Handler::Sync(tags::describe)),
        ("ModifyInstanceAttribute", Handler::Async(|operation| Box::pin(attributes::modify(operation)))),
        ("RebootInstances", Handler::Sync(states::reboot)),
        ("RunInstances", Handler::Async(|operation| Box::pin(run::instances(operation)))),
        ("StartInstances", Handler::Async(|operation| Box::pin(states::start(operation)))),
        ("StopInstances", Handler::Async(|operation| Box::pin(states::stop(operation)))),
        ("TerminateInstances", Handler::Async(|operation| Box::pin(states::terminate(operation)))),
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

/// Takes `DryRun`.
fn take_dry_run(params: &mut QueryParams) -> Result<bool, AwsError> {
    Ok(params.flag("DryRun")?.unwrap_or(false))
}
