//! The rule that wakes the function every minute, as far as the function makes it: where something is to be stopped in
//! time, that must not depend on who asked for it. Making it twice is harmless.
//!
//! Not here: what is done when it wakes (the tick), and taking the rule away (the stack).

use super::{
    deadline::Timing,
    failure::{Failure, Upstream},
    log,
};
use crate::{
    aws::Connection,
    marks::{CLOCK, CLOCK_RATE, CLOCK_TARGET, PART_TAG, STACK_TAG, clock_rule},
    names::StackName,
};
use aws_sdk_eventbridge::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{Tag, Target},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{future::Future, sync::OnceLock};

/// The door to EventBridge.
pub(super) struct Rule {
    stack: StackName,
    connection: Connection,
    timing: Timing,
    client: OnceLock<Client>,
}

impl Rule {
    pub(super) fn new(stack: StackName, connection: Connection, timing: Timing) -> Self {
        Self { stack, connection, timing, client: OnceLock::new() }
    }

    /// Makes sure that the rule is there and wakes this function.
    pub(super) async fn ensure(&self, function_arn: &str) -> Result<(), Failure> {
        let target = Target::builder().id(CLOCK_TARGET).arn(unqualified(function_arn)).build();
        let target = target.map_err(|_| Failure::Internal)?;
        let client = self.client.get_or_init(|| Client::new(&self.connection.sdk_config()));
        let name = clock_rule(&self.stack);
        let rule = client.put_rule().name(&name).schedule_expression(CLOCK_RATE).set_tags(Some(self.tags()?));
        self.call("PutRule", rule.send()).await?;
        let answer = self.call("PutTargets", client.put_targets().rule(&name).targets(target).send()).await?;
        if answer.failed_entry_count > 0 {
            log::upstream(Upstream::EventBridge, "PutTargets", "failed_entries");
            return Err(Failure::NoTimer);
        }
        Ok(())
    }

    fn tags(&self) -> Result<Vec<Tag>, Failure> {
        [(STACK_TAG, self.stack.as_str()), (PART_TAG, CLOCK)]
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(|_| Failure::Internal))
            .collect()
    }

    /// Whatever the reason: without the rule nothing is stopped, and that is what the client has to know.
    async fn call<T, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure> {
        let reason = match self.timing.call(call).await {
            Some(Ok(output)) => return Ok(output),
            Some(Err(SdkError::ServiceError(refusal))) => refusal.err().code().unwrap_or("none").to_owned(),
            Some(Err(_)) => "unreachable".to_owned(),
            None => "deadline".to_owned(),
        };
        log::upstream(Upstream::EventBridge, operation, &reason);
        Err(Failure::NoTimer)
    }
}

/// The function's ARN without a version or an alias.
fn unqualified(arn: &str) -> String {
    arn.split(':').take(7).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_not_what_the_rule_wakes() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:handler";
        assert_eq!(unqualified(arn), arn);
        assert_eq!(unqualified(&format!("{arn}:$LATEST")), arn);
    }
}
