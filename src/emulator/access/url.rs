//! Whether somebody who signed may do something that is no call of the AWS API: call a function by its URL, or an API.

use super::{Decision, caller, general, need::Need};
use crate::emulator::{context::Context, policy::Keys, store::Region, wire::iso_time};

/// Whether the holder of a key may do something (`execute-api:Invoke`) with a resource. Without `--iam` the account's own
/// may.
pub(in crate::emulator) fn may(
    context: &Context,
    region: &Region,
    access_key_id: &str,
    (action, resource): (&str, &str),
    own: &Keys,
    request_id: &str,
) -> bool {
    let Some(caller) = caller(context, access_key_id).filter(|_| context.config.evaluates) else { return true };
    let general = general(context, region, &caller);
    let need = Need { action: action.to_owned(), resource: resource.to_owned(), keys: own.clone() };
    let verdict = super::ask(context, region, &caller, &general, &need);
    let (at, call) = (iso_time(context.now_millis()), action.replace(':', " "));
    let decision = Decision::new(request_id, at, call, &caller.arn, action, resource, &verdict);
    context.decisions.write(&decision);
    verdict.is_allowed()
}

/// Whether the holder of a key may call a function by its URL. It takes two actions since October 2025:
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>.
pub(in crate::emulator) fn may_call_url(
    context: &Context,
    region: &Region,
    access_key_id: &str,
    function_arn: &str,
    request_id: &str,
) -> bool {
    let mut own = Keys::default();
    own.set("lambda:FunctionUrlAuthType", "AWS_IAM");
    own.set("lambda:InvokedViaFunctionUrl", "true");
    ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
        .into_iter()
        .all(|action| may(context, region, access_key_id, (action, function_arn), &own, request_id))
}
