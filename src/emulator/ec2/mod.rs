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
mod network;
mod paging;
mod run;
mod states;
mod status;
mod tags;

pub use instance::{Instance, State};

use super::{
    Call, Context,
    wire::{AwsError, Protocol, QueryParams, xml, xml_response},
};
use crate::http1::Response;
use http::StatusCode;
use std::sync::Arc;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// What an operation works with.
struct Scope<'a> {
    context: &'a Context,
    call: &'a Call,
    /// Milliseconds since the Unix epoch, the same for the whole operation.
    now: i64,
}

/// The content of an answer: writes what follows `requestId`.
type Answer = Box<dyn FnOnce(&mut xml::Element) + Send>;

/// Answers one call.
pub async fn serve(context: &Arc<Context>, call: &Call) -> Response {
    match answer(context, call).await {
        Ok(document) => xml_response(document, &call.request_id),
        Err(error) => error.response(Protocol::Ec2, &call.request_id),
    }
}

async fn answer(context: &Context, call: &Call) -> Result<String, AwsError> {
    let mut params = QueryParams::parse(&call.request)?;
    let action = params.action()?;
    let scope = Scope { context, call, now: context.now_millis() };
    let write = match action.as_str() {
        "CreateTags" => tags::create(&scope, params).await,
        "DeleteTags" => tags::delete(&scope, params).await,
        "DescribeImages" => images::describe(&scope, params),
        "DescribeInstanceAttribute" => attributes::describe(&scope, params),
        "DescribeInstanceCreditSpecifications" => attributes::describe_credits(&scope, params),
        "DescribeInstanceStatus" => status::describe(&scope, params),
        "DescribeInstanceTypes" => catalog::describe_types(params),
        "DescribeInstances" => describe::instances(&scope, params),
        "DescribeRegions" => network::describe_regions(params),
        "DescribeTags" => tags::describe(&scope, params),
        "ModifyInstanceAttribute" => attributes::modify(&scope, params).await,
        "RebootInstances" => states::reboot(&scope, params),
        "RunInstances" => run::instances(&scope, params).await,
        "StartInstances" => states::start(&scope, params).await,
        "StopInstances" => states::stop(&scope, params).await,
        "TerminateInstances" => states::terminate(&scope, params).await,
        unknown => Err(AwsError::not_implemented("ec2", unknown)),
    }?;
    Ok(xml::document(&format!("{action}Response"), NAMESPACE, |root| {
        xml::text(root, "requestId", &call.request_id);
        write(root);
    }))
}

/// Answers `<return>true</return>`: what EC2 says when there is nothing else to say.
fn done() -> Answer {
    Box::new(|root| xml::text(root, "return", "true"))
}

/// Ends a call that asked only whether it would succeed. Everything else has been checked by then.
fn dry_run(asked: bool) -> Result<(), AwsError> {
    if asked {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(AwsError::new(StatusCode::PRECONDITION_FAILED, "DryRunOperation", message));
    }
    Ok(())
}
