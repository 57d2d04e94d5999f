//! Whether a function's role lets Lambda write the function's log.

use super::{Decision, caller::of_role, general, needs::Need};
use crate::emulator::{context::Context, policy::Keys, store::Region, wire::iso_time};

/// Whether the role may do something (`logs:PutLogEvents`) with a stream. Without `--iam` every role may.
pub(in crate::emulator) fn may_log(
    context: &Context,
    region: &Region,
    role: &str,
    action: &str,
    group: &str,
    stream: &str,
) -> bool {
    if !context.config.evaluates {
        return true;
    }
    let caller = of_role(context, role, "lambda");
    let account = &context.config.account;
    let resource = format!("arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}");
    let need = Need { action: action.to_owned(), resource, keys: Keys::default() };
    let mut keys = general(context, region, &caller);
    keys.set("aws:ViaAWSService", "true");
    let verdict = super::ask(context, region, &caller, &keys, &need);
    if !verdict.is_allowed() {
        let at = iso_time(context.now_millis());
        let call = format!("lambda writes {group}");
        context.decisions.write(&Decision::new("", at, call, &caller.arn, action, &need.resource, &verdict));
    }
    verdict.is_allowed()
}
