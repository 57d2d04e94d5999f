//! Whether a role lets the service that has taken it on write a log: Lambda a function's, API Gateway an API's.

use super::{Decision, caller::of_role, general, need::Need};
use crate::emulator::{context::Context, policy::Keys, store::Region, wire::iso_time};

/// Whether the role may do something (`logs:PutLogEvents`) with a stream, for a service (`lambda`). Without `--iam` every
/// role may.
pub(in crate::emulator) fn may_log(
    context: &Context,
    region: &Region,
    service: &str,
    role: &str,
    action: &str,
    group: &str,
    stream: &str,
) -> bool {
    if !context.config.evaluates {
        return true;
    }
    let caller = of_role(context, role, service);
    let account = &context.config.account;
    let resource = format!("arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}");
    let need = Need { action: action.to_owned(), resource, keys: Keys::default() };
    let mut keys = general(context, region, &caller);
    keys.set("aws:ViaAWSService", "true");
    let verdict = super::ask(context, region, &caller, &keys, &need);
    if !verdict.is_allowed() {
        let at = iso_time(context.now_millis());
        let call = format!("{service} writes {group}");
        context.decisions.write(&Decision::new("", at, call, &caller.arn, action, &need.resource, &verdict));
    }
    verdict.is_allowed()
}
