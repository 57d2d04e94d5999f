//! Whether a call may be made: what an operation needs, whom it is asked by, which policies have a say, and how a refusal
//! is worded. Asked for every call of somebody who is not the installation's owner, where the engine was started with
//! `--iam`; without it only the policies of functions, APIs and roles have a say.
//!
//! The rule itself is `policy`'s; what each operation needs stands in `tables`, a file for each service, a line for each
//! operation ([`needs`] says how to read one).

mod caller;
mod gateway;
mod journal;
mod launch;
mod logging;
mod need;
mod needs;
mod resource;
mod tags;
mod tree;
mod trust;
mod url;
mod words;

pub(in crate::emulator) use caller::of_arn;
pub use caller::{Caller, caller};
pub use journal::{Decision, Journal, Outcome, read as decisions};
pub(in crate::emulator) use logging::may_log;
pub(in crate::emulator) use trust::{Assumed, assume, lets_service, trusts_service};
pub(in crate::emulator) use url::may_call_url;

use super::{
    context::Context,
    policy::{self, Keys, Policies, Request as Asked, Verdict},
    service::Input,
    store::Region,
    wire::AwsError,
};
use crate::http1::{Peer, Request};
use http::header::{REFERER, USER_AGENT};
use need::Need;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use tree::tree;

/// A call that somebody makes.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The emulator's state.
    pub context: &'a Context,
    /// The service, as calls are signed for it.
    pub service: &'a str,
    /// The operation.
    pub operation: &'a str,
    /// The region that was signed for.
    pub region: &'a Region,
    /// The key that signed.
    pub access_key_id: &'a str,
    /// The call as it came.
    pub request: &'a Request,
    /// The id that the answer carries.
    pub request_id: &'a str,
}

/// Refuses a call that its caller may not make.
///
/// # Errors
/// In the words of the service, with the first need that nothing allows.
pub(in crate::emulator) fn check(call: &Call<'_>, input: &Input) -> Result<(), AwsError> {
    let Some(caller) = caller(call.context, call.access_key_id) else { return Ok(()) };
    let general = general_keys(call, &caller);
    for need in needs::of(call, &caller, &meant(call, input)) {
        let verdict = ask(call.context, call.region, &caller, &general, &need);
        let decision = Decision::of(call, &caller, &need, &verdict);
        let token = call.context.decisions.note(&decision, &need.keys, &general);
        if !verdict.is_allowed() {
            return Err(words::refusal(call.service, &caller.arn, &need, &verdict, &token));
        }
    }
    Ok(())
}

/// The input of a call as it is meant: a launch asks for what its template says, too.
fn meant(call: &Call<'_>, input: &Input) -> Value {
    match input {
        Input::Query(params) if (call.service, call.operation) == ("ec2", "RunInstances") => {
            let mut params = params.clone();
            // What cannot be read here, the launch itself refuses.
            let _ = call.context.store.read(call.region, |state| state.ec2.with_template(&mut params));
            tree(&Input::Query(params))
        }
        _ => tree(input),
    }
}

/// Decides about one need of a caller.
fn ask(context: &Context, region: &Region, caller: &Caller, general: &Keys, need: &Need) -> Verdict {
    let mut keys = need.keys.clone();
    keys.add(general);
    keys.set_tags("aws:ResourceTag", &tags::of(context, region, &need.resource));
    let service = need.action.split(':').next().unwrap_or_default();
    keys.set_tags(&format!("{service}:ResourceTag"), &tags::of(context, region, &need.resource));
    let mut policies = caller.policies();
    policies.sources.extend(resource::policy_of(context, region, need));
    decide(&policies, caller, need, &keys)
}

fn decide(policies: &Policies, caller: &Caller, need: &Need, keys: &Keys) -> Verdict {
    let asked = Asked { principal: &caller.principal, action: &need.action, resource: &need.resource, keys };
    policy::decide(policies, &asked)
}

/// The condition keys that every call has.
fn general_keys(call: &Call<'_>, caller: &Caller) -> Keys {
    let mut keys = general(call.context, call.region, caller);
    if let Some(peer) = call.request.extensions().get::<Peer>() {
        keys.set("aws:SourceIp", peer.0.ip().to_canonical().to_string());
    }
    for (header, key) in [(USER_AGENT, "aws:UserAgent"), (REFERER, "aws:Referer")] {
        if let Some(value) = call.request.headers().get(header).and_then(|value| value.to_str().ok()) {
            keys.set(key, value);
        }
    }
    keys
}

/// Those of them that do not depend on how it came.
fn general(context: &Context, region: &Region, caller: &Caller) -> Keys {
    let mut keys = caller.keys.clone();
    keys.add(&time_keys(context));
    keys.set("aws:RequestedRegion", region.as_str());
    keys.set("aws:ResourceAccount", &context.config.account);
    keys.set("aws:ViaAWSService", "false");
    keys.set("aws:PrincipalIsAWSService", "false");
    // The engine stands where AWS's endpoint is, which speaks TLS only; what it speaks itself is on loopback.
    keys.set("aws:SecureTransport", "true");
    keys
}

/// Those that tell the time.
pub(in crate::emulator) fn time_keys(context: &Context) -> Keys {
    let (mut keys, now) = (Keys::default(), context.config.clock.now());
    keys.set("aws:CurrentTime", now.format(&Rfc3339).unwrap_or_default());
    keys.set("aws:EpochTime", now.unix_timestamp().to_string());
    keys
}

#[cfg(test)]
mod tests {
    use super::needs;
    use crate::emulator::services::SERVICES;

    #[test]
    fn every_operation_says_what_it_needs() {
        let mut count = 0;
        for service in SERVICES {
            for (operation, _) in service.operations {
                assert!(needs::is_known(service.name, operation), "{} {operation}: no line in its table", service.name);
                count += 1;
            }
        }
        assert!(count > 200, "{count}");
    }
}
