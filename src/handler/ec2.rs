//! EC2 as the handler uses it: the stack's instances, and nobody else's.

use super::{
    deadline::Timing,
    failure::{Failure, Possible, Upstream},
    instance::{Aim, Goal, Instance, State, Step, Transition, in_order},
    log,
    strict::Strict,
    turn,
};
use crate::{
    aws::Connection,
    flight::Turn,
    marks::{INSTANCE, PART_TAG, STACK_TAG},
    names::{InstanceType, StackName},
};
use aws_sdk_ec2::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::describe_instances::DescribeInstancesOutput,
    types::{AttributeValue, Filter, Instance as WireInstance, InstanceStateChange, Reservation, Tag},
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
/// How many pages of instances are read; a stack has some instances.
const MAX_PAGES: usize = 10;
/// What the tags begin with that are ours.
const OURS: &str = "atelier:";

/// What EC2 calls a type that it does not have.
const UNKNOWN_TYPE: [&str; 3] = ["InvalidInstanceType", "InvalidParameterValue", "InvalidInstanceAttributeValue"];
/// What EC2 says to who lacks a right.
const NOT_PERMITTED: [&str; 3] = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"];
/// What gives the function the right to change types.
const MODIFY_NEEDED: &str = "its role gets the right to change types by `modify = true` in `atelier.toml` and a deploy, or \
     an export where another tool looks after the stack";
/// What gives the function its other rights.
const RIGHT_NEEDED: &str = "its role lacks a right that a deploy gives it";

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

    /// Finds the instance that is meant.
    pub(super) async fn find(&self, aim: &Aim) -> Result<Instance, Failure> {
        aim.choose(self.list().await?)
    }

    /// Lists the stack's instances, the oldest first.
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
    pub(super) async fn reach(&self, aim: &Aim, goal: Goal, wait: bool, turn: &Turn) -> Result<Instance, Failure> {
        let mut transition = Transition::new(goal);
        let mut pause = FIRST_PAUSE;
        loop {
            let (instance, step) = self.step(aim, goal, &mut transition, turn).await?;
            if step == Step::Done {
                return Ok(instance);
            }
            if !wait {
                transition.settle_for(instance.state)?;
                return Ok(instance);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn step(
        &self,
        aim: &Aim,
        goal: Goal,
        transition: &mut Transition,
        turn: &Turn,
    ) -> Result<(Instance, Step), Failure> {
        let _turn = turn.lock().await;
        let _turn_of_process = self.turn().await;
        let mut instance = self.find(aim).await?;
        log::saw(instance.id.as_str(), instance.state.as_str());
        let mut step = transition.next(instance.state)?;
        if step == Step::Order {
            instance.state = self.order(goal, instance.id.as_str()).await?;
            log::saw(instance.id.as_str(), instance.state.as_str());
            transition.ordered();
            step = transition.next(instance.state)?;
        }
        Ok((instance, step))
    }

    /// The clock's uptime.
    pub(super) fn uptime(&self) -> Duration {
        self.timing.clock.uptime()
    }

    /// Waits for this process's turn among those of the machine.
    pub(super) async fn turn(&self) -> Option<std::fs::File> {
        turn::take(self.turns.as_deref()).await
    }

    /// Starts the instance anew. One that runs is rebooted, which EC2 takes at once and which leaves it running; one that
    /// is at rest, or on its way, is started.
    pub(super) async fn restart(&self, aim: &Aim, wait: bool, turn: &Turn) -> Result<Instance, Failure> {
        {
            let _turn = turn.lock().await;
            let _turn_of_process = self.turn().await;
            let instance = self.find(aim).await?;
            log::saw(instance.id.as_str(), instance.state.as_str());
            if instance.state == State::Running {
                let call = self.client().reboot_instances().instance_ids(instance.id.as_str());
                self.call("RebootInstances", call.send()).await?;
                return Ok(instance);
            }
        }
        self.reach(aim, Goal::Running, wait, turn).await
    }

    /// Orders a start or a stop, and tells the state that EC2 answers.
    pub(super) async fn order(&self, goal: Goal, id: &str) -> Result<State, Failure> {
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

    /// Orders many at once; EC2 takes all of them or none.
    pub(super) async fn order_all(&self, goal: Goal, ids: &[&str]) -> Result<(), Failure> {
        let ids = Some(ids.iter().map(|id| (*id).to_owned()).collect());
        let changes = match goal {
            Goal::Running => {
                let call = self.client().start_instances().set_instance_ids(ids);
                self.call("StartInstances", call.send()).await?.starting_instances
            }
            Goal::Stopped => {
                let call = self.client().stop_instances().set_instance_ids(ids);
                self.call("StopInstances", call.send()).await?.stopping_instances
            }
        };
        for change in changes.iter().flatten() {
            if let (Some(id), Some(state)) = (change.instance_id(), new_state(change)) {
                log::saw(id, state.as_str());
            }
        }
        Ok(())
    }

    /// Gives an instance that is at rest another type.
    pub(super) async fn give_type(&self, id: &str, kind: &str) -> Result<(), Failure> {
        let kind = AttributeValue::builder().value(kind).build();
        let call = self.client().modify_instance_attribute().instance_id(id).instance_type(kind);
        match self.call("ModifyInstanceAttribute", call.send()).await {
            Err(Failure::NotPermitted(_)) => Err(Failure::NotPermitted(MODIFY_NEEDED)),
            answer => answer.map(drop),
        }
    }

    /// Checks that the engine has a type and that it is for the processors of the instance.
    ///
    /// # Errors
    /// [`Failure::UnknownType`] and [`Failure::UnfitType`] tell what there is.
    pub(super) async fn check_type(&self, kind: &InstanceType, instance: &Instance) -> Result<(), Failure> {
        let call = self.client().describe_instance_types().instance_types(kind.as_str().into());
        let types = match self.call_known("DescribeInstanceTypes", call.send()).await? {
            Ok(answer) => answer.instance_types.unwrap_or_default(),
            Err(code) if UNKNOWN_TYPE.contains(&code.as_str()) => Vec::new(),
            Err(code) if NOT_PERMITTED.contains(&code.as_str()) => return Err(Failure::NotPermitted(MODIFY_NEEDED)),
            Err(code) => return Err(refusal_failure(&code, 400)),
        };
        let Some(known) =
            types.iter().find(|known| known.instance_type().is_some_and(|it| it.as_str() == kind.as_str()))
        else {
            return Err(Failure::UnknownType(self.possible(kind, instance).await?));
        };
        let supported =
            known.processor_info().map(aws_sdk_ec2::types::ProcessorInfo::supported_architectures).unwrap_or_default();
        let fits = |wanted: &str| supported.iter().any(|architecture| architecture.as_str() == wanted);
        match &instance.architecture {
            Some(wanted) if !supported.is_empty() && !fits(wanted) => {
                Err(Failure::UnfitType(self.possible(kind, instance).await?))
            }
            _ => Ok(()),
        }
    }

    /// Some types that the instance could have: of the family that was asked for, or else small ones.
    async fn possible(&self, kind: &InstanceType, instance: &Instance) -> Result<Possible, Failure> {
        for pattern in [format!("{}.*", kind.family()), "t*".to_owned()] {
            let mut call = self.client().describe_instance_types().filters(plain_filter("instance-type", &pattern));
            if let Some(architecture) = &instance.architecture {
                call = call.filters(plain_filter("processor-info.supported-architecture", architecture));
            }
            let answer = self.call("DescribeInstanceTypes", call.send()).await?;
            let names = answer.instance_types.unwrap_or_default().into_iter().filter_map(|known| known.instance_type);
            let types: Vec<InstanceType> = names.filter_map(|name| name.as_str().parse().ok()).collect();
            if !types.is_empty() {
                return Ok(Possible::near(kind, types));
            }
        }
        Ok(Possible::near(kind, Vec::new()))
    }

    /// Sets tags of an instance, whatever they were.
    pub(super) async fn tag(&self, ids: &[&str], tags: &[(String, String)]) -> Result<(), Failure> {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let call = self.client().create_tags().set_resources(Some(ids)).set_tags(Some(tags));
        self.call("CreateTags", call.send()).await.map(drop)
    }

    /// Takes tags of an instance away.
    pub(super) async fn untag(&self, ids: &[&str], keys: &[&str]) -> Result<(), Failure> {
        let tags = keys.iter().map(|key| Tag::builder().key(*key).build()).collect();
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let call = self.client().delete_tags().set_resources(Some(ids)).set_tags(Some(tags));
        self.call("DeleteTags", call.send()).await.map(drop)
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

    /// Makes a call whose refusals are part of the answer; the code of one is returned.
    async fn call_known<T, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<Result<T, String>, Failure> {
        let answer = self.timing.call(call).await;
        if let Some(Err(SdkError::ServiceError(refusal))) = &answer
            && let Some(code) = refusal.err().code()
        {
            return Ok(Err(code.to_owned()));
        }
        self.call(operation, async { answer.ok_or(SdkError::timeout_error("deadline"))? }).await.map(Ok)
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
    plain_filter(&format!("tag:{tag}"), value)
}

fn plain_filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn parse(instance: &WireInstance) -> Option<Instance> {
    Some(Instance {
        id: instance.instance_id()?.parse().ok()?,
        state: State::parse(instance.state()?.name()?.as_str())?,
        kind: kind(instance.instance_type()?.as_str())?,
        launched: instance.launch_time().map_or(i64::MAX, aws_smithy_types::DateTime::secs),
        architecture: instance.architecture().map(|architecture| architecture.as_str().to_owned()),
        tags: instance
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)))
            .filter(|(key, _)| key.starts_with(OURS))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
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
        (code, _) if NOT_PERMITTED.contains(&code) => Failure::NotPermitted(RIGHT_NEEDED),
        ("RequestLimitExceeded" | "Throttling" | "ThrottlingException" | "TooManyRequestsException", _) | (_, 429) => {
            Failure::Throttled
        }
        ("Unavailable" | "ServiceUnavailable", _) | (_, 503) => Failure::Unavailable(Upstream::Ec2),
        _ => Failure::BadGateway(Upstream::Ec2),
    }
}
