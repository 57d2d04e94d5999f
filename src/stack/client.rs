//! The SDK clients of one engine, made once: they share their connections.

use super::error::Error;
use crate::engine::Engine;
use aws_smithy_types::timeout::TimeoutConfig;
use std::time::Duration;

/// The longest wait for one call of a run. Shorter than the SDK-wide bound, so that a hanging engine is reported within
/// 30 s even when it hangs twice.
const CALL_TIMEOUT: Duration = Duration::from_secs(12);

/// The clients of the services that a stack is made of.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
    /// The same, for calls that carry the function's code.
    pub(super) upload: aws_sdk_lambda::Client,
    pub(super) api: aws_sdk_apigateway::Client,
    pub(super) events: aws_sdk_eventbridge::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    sts: aws_sdk_sts::Client,
    /// The region that all of them speak to.
    pub(super) region: String,
}

impl Clients {
    pub(super) fn new(engine: &Engine) -> Self {
        let config = engine.connection.sdk_config();
        let within = |longest: Duration| {
            let longest = longest.min(engine.patience);
            let timeouts = TimeoutConfig::builder()
                .connect_timeout(crate::aws::CONNECT_TIMEOUT)
                .operation_timeout(longest)
                .operation_attempt_timeout(longest);
            config.to_builder().timeout_config(timeouts.build()).build()
        };
        let upload = within(engine.facts.pace.upload.unwrap_or(CALL_TIMEOUT));
        let config = within(CALL_TIMEOUT);
        Self {
            ec2: aws_sdk_ec2::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            upload: aws_sdk_lambda::Client::new(&upload),
            api: aws_sdk_apigateway::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            region: engine.connection.region.clone(),
        }
    }

    /// Asks the engine for its account, which is never assumed: engines differ, and some check it in ARNs.
    pub(super) async fn account(&self) -> Result<String, Error> {
        let answer = self.sts.get_caller_identity().send().await;
        let answer = answer.map_err(|error| Error::call("GetCallerIdentity", &error))?;
        answer.account.ok_or_else(|| Error::Bug("`GetCallerIdentity` named no account".to_owned()))
    }

    /// Asks the engine whose credentials these are; `None` where it does not say.
    pub(super) async fn caller(&self) -> Option<String> {
        self.sts.get_caller_identity().send().await.ok()?.arn
    }
}
