//! EC2 as the handler uses it: the stack's instances, and nobody else's.

use super::{
    deadline::Timing,
    failure::{Failure, Upstream},
    instance::{Goal, Instance, Pursuit, State, Step, in_order},
    log,
    strict::Strict,
    turn,
};
use crate::{
    aws::Connection,
    flight::Turn,
    marks::{INSTANCE, PART_TAG, STACK_TAG},
    names::StackName,
};
use aws_sdk_ec2::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::describe_instances::DescribeInstancesOutput,
    types::{Filter, Instance as WireInstance, InstanceStateChange, Reservation, Tag},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{
    future::Future,
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, Instant},
};

/// The pauses between two looks at an instance that is on its way: they double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How many pages of instances are read; the stack has one instance.
const MAX_PAGES: usize = 10;

/// The door to EC2.
pub(super) struct Ec2 {
    stack: StackName,
    connection: Connection,
    timing: Timing,
    /// The file whose lock is the turn among the processes of this machine.
    turns: Option<PathBuf>,
    /// Built at the first call, to keep the cold start short.
    client: OnceLock<Client>,
}

impl Ec2 {
    pub(super) fn new(stack: StackName, connection: Connection, timing: Timing, turns: Option<PathBuf>) -> Self {
        Self { stack, connection, timing, turns, client: OnceLock::new() }
    }

    /// Finds the stack's instance.
    pub(super) async fn find(&self) -> Result<Instance, Failure> {
        self.list().await?.into_iter().next().ok_or(Failure::InstanceNotFound)
    }

    /// Lists the stack's instances, the one that is acted on first.
    pub(super) async fn list(&self) -> Result<Vec<Instance>, Failure> {
        let mut instances = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let page = self.page(token.take()).await?;
            let ours =
                page.reservations().iter().flat_map(Reservation::instances).filter(|instance| self.owns(instance));
            for instance in ours {
                instances.push(parse(instance).ok_or_else(|| nonsense("DescribeInstances"))?);
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(in_order(instances));
            }
        }
        // An engine that never comes to an end has not told which instance is the oldest.
        Err(nonsense("DescribeInstances"))
    }

    /// Brings the instance to `goal`; with `wait` until it is there, else as far as an order takes it.
    ///
    /// Looking and ordering happen under `turn`, and in the turn of this process among those of the machine, so that no
    /// two changes decide from the same look.
    pub(super) async fn reach(&self, goal: Goal, wait: bool, turn: Turn) -> Result<Instance, Failure> {
        let mut pursuit = Pursuit::new(goal);
        let mut pause = FIRST_PAUSE;
        loop {
            let (instance, step) = self.step(goal, &mut pursuit, &turn).await?;
            if step == Step::Done {
                return Ok(instance);
            }
            if !wait {
                pursuit.settle_for(instance.state)?;
                return Ok(instance);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn step(&self, goal: Goal, pursuit: &mut Pursuit, turn: &Turn) -> Result<(Instance, Step), Failure> {
        let _turn = turn.lock().await;
        let _turn_of_process = turn::take(self.turns.as_deref()).await;
        let mut instance = self.find().await?;
        log::saw(instance.id.as_str(), instance.state.as_str());
        let mut step = pursuit.next(instance.state)?;
        if step == Step::Order {
            instance.state = self.order(goal, instance.id.as_str()).await?;
            log::saw(instance.id.as_str(), instance.state.as_str());
            pursuit.ordered();
            step = pursuit.next(instance.state)?;
        }
        Ok((instance, step))
    }

    /// Orders a start or a stop, and tells the state that EC2 answers.
    async fn order(&self, goal: Goal, id: &str) -> Result<State, Failure> {
        let (operation, changes) = match goal {
            Goal::Running => {
                let call = self.client().start_instances().instance_ids(id);
                ("StartInstances", self.call("StartInstances", call.send()).await?.starting_instances)
            }
            Goal::Stopped => {
                let call = self.client().stop_instances().instance_ids(id);
                ("StopInstances", self.call("StopInstances", call.send()).await?.stopping_instances)
            }
        };
        let changes = changes.unwrap_or_default();
        changes
            .iter()
            .find(|change| change.instance_id() == Some(id))
            .and_then(new_state)
            .ok_or_else(|| nonsense(operation))
    }

    /// Reads one page. A kept connection may have died while Lambda had this process frozen, and reading twice does no
    /// harm: a connection that breaks is tried once more.
    async fn page(&self, token: Option<String>) -> Result<DescribeInstancesOutput, Failure> {
        let call = self
            .client()
            .describe_instances()
            .filters(filter(STACK_TAG, self.stack.as_str()))
            .filters(filter(PART_TAG, INSTANCE))
            .set_next_token(token);
        match self.call("DescribeInstances", call.clone().send()).await {
            Err(Failure::Unavailable(_)) => self.call("DescribeInstances", call.send()).await,
            answer => answer,
        }
    }

    async fn call<T, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        let (reason, failure) = match self.timing.call(call).await {
            Some(Ok(output)) => {
                log::asked(Upstream::Ec2, operation, began, None);
                return Ok(output);
            }
            Some(Err(error)) => classify(&error),
            None => ("deadline".to_owned(), Failure::Deadline),
        };
        log::asked(Upstream::Ec2, operation, began, Some(log::word(&reason)));
        log::upstream(Upstream::Ec2, operation, &reason);
        Err(failure)
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let config = aws_sdk_ec2::config::Builder::from(&self.connection.sdk_config());
            Client::from_conf(config.interceptor(Strict).build())
        })
    }

    /// Checks the tags again: an engine that ignores a filter must not lend us somebody else's instance.
    fn owns(&self, instance: &WireInstance) -> bool {
        let has = |key: &str, value: &str| {
            let is = |tag: &Tag| tag.key() == Some(key) && tag.value() == Some(value);
            instance.tags().iter().any(is)
        };
        has(STACK_TAG, self.stack.as_str()) && has(PART_TAG, INSTANCE)
    }
}

fn filter(tag: &str, value: &str) -> Filter {
    Filter::builder().name(format!("tag:{tag}")).values(value).build()
}

fn parse(instance: &WireInstance) -> Option<Instance> {
    Some(Instance {
        id: instance.instance_id()?.parse().ok()?,
        state: State::parse(instance.state()?.name()?.as_str())?,
        kind: kind(instance.instance_type()?.as_str())?,
        launched: instance.launch_time().map_or(i64::MAX, aws_smithy_types::DateTime::secs),
    })
}

/// A type is shown to the client, so it must look like one of EC2's (`t2.micro`, `u-6tb1.56xlarge`).
fn kind(name: &str) -> Option<String> {
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    ((1..=32).contains(&name.len()) && name.bytes().all(plain)).then(|| name.to_owned())
}

fn new_state(change: &InstanceStateChange) -> Option<State> {
    State::parse(change.current_state()?.name()?.as_str())
}

fn nonsense(operation: &'static str) -> Failure {
    log::upstream(Upstream::Ec2, operation, "nonsense");
    Failure::BadGateway(Upstream::Ec2)
}

/// Tells what a failed call means for the client, and why, in a word for the log.
fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> (String, Failure) {
    match error {
        SdkError::TimeoutError(_) => ("deadline".to_owned(), Failure::Deadline),
        // Without an answer: not connected in time, refused, or cut off.
        SdkError::DispatchFailure(_) => ("unreachable".to_owned(), Failure::Unavailable(Upstream::Ec2)),
        SdkError::ConstructionFailure(_) => ("construction".to_owned(), Failure::Internal),
        SdkError::ServiceError(refusal) => {
            let code = refusal.err().code().unwrap_or("none");
            (code.to_owned(), refusal_failure(code, refusal.raw().status().as_u16()))
        }
        _ => ("nonsense".to_owned(), Failure::BadGateway(Upstream::Ec2)),
    }
}

/// EC2's own error codes: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
fn refusal_failure(code: &str, status: u16) -> Failure {
    match (code, status) {
        ("InvalidInstanceID.NotFound" | "InvalidInstanceID.Malformed", _) => Failure::InstanceNotFound,
        ("IncorrectInstanceState" | "IncorrectState", _) => {
            Failure::Conflict("The instance's state does not allow this now")
        }
        ("RequestLimitExceeded" | "Throttling" | "ThrottlingException" | "TooManyRequestsException", _) | (_, 429) => {
            Failure::Throttled
        }
        ("Unavailable" | "ServiceUnavailable", _) | (_, 503) => Failure::Unavailable(Upstream::Ec2),
        _ => Failure::BadGateway(Upstream::Ec2),
    }
}
