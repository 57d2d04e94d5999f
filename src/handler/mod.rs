//! The handler: the code that runs inside Lambda. It turns an event into one EC2 or Docker action and its outcome into
//! an answer, always as JSON and always within its deadline.
//!
//! Not here: which routes exist and who may call them (API Gateway's document, the edge), the rules of the Docker
//! socket (the proxy), creating or deleting anything (the stack).

mod config;
mod deadline;
mod docker;
mod ec2;
mod event;
mod failure;
mod front;
mod instance;
mod json;
mod lifetime;
mod log;
mod many;
mod modify;
mod response;
mod rule;
mod strict;
mod tick;
mod time;
mod turn;

pub use config::{Config, ConfigError, IDLE_SECONDS, is_lambda};
pub use deadline::{Deadlines, HANDLER_TIMEOUT};

use self::{
    deadline::Timing,
    docker::Docker,
    ec2::Ec2,
    event::{Call, Caller, Event},
    failure::{Failure, Upstream},
    front::Seen,
    instance::{Aim, Instance},
    json::Json,
    modify::Modification,
    response::Reply,
    rule::Rule,
    tick::Idle,
};
use crate::{
    api_key::{KeyScopes, Scope},
    contract::{
        Answer, Change, Lifetime, Modified, Operation, PATH, Parameter, Request, WhichContainer, WhichInstance,
    },
    flight::{Flights, Turn},
    marks::{NO_ACTION, TICK},
    names::{ContainerName, StackName},
};
use futures_util::FutureExt;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::{Deserialize, Deserializer, Serialize};
use std::{
    convert::Infallible,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Runs the function until Lambda ends it.
///
/// One thread: Lambda gives a process one event at a time, and a runtime without workers starts faster.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = Config::from_env().map_err(lambda_runtime::Error::from).and_then(|config| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // A task, not the future that is blocked on: waking that one writes to the thread's own event descriptor, and
        // every answer that arrives wakes it.
        runtime.block_on(async { tokio::spawn(serve(Handler::new(config))).await? })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::fatal(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn serve(handler: Handler) -> Result<(), lambda_runtime::Error> {
    let handler = Arc::new(handler);
    let service = service_fn(move |event: LambdaEvent<Payload>| {
        let handler = handler.clone();
        async move {
            let invocation = Invocation {
                id: event.context.request_id,
                deadline: event.context.deadline,
                function_arn: event.context.invoked_function_arn,
            };
            Ok::<_, Infallible>(handler.answer(event.payload, invocation).await)
        }
    });
    Runtime::new(service).run().await
}

/// An event as it came; `None` is one that is not JSON. Reading it never fails, so that every event gets an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Option<Json>);

impl Payload {
    /// Reads an event's text.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        Self(Json::parse(text))
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Json::deserialize(deserializer).ok()))
    }
}

/// What Lambda tells about an invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's request id.
    pub id: String,
    /// When Lambda ends the function, in milliseconds since the Unix epoch; 0 is unknown.
    pub deadline: u64,
    /// The function that was invoked.
    pub function_arn: String,
}

/// What bounds the work on an event.
#[derive(Debug, Clone)]
struct Bounds {
    /// The function, as rules know it.
    function_arn: String,
    /// When what is not done yet is answered as it is, by the clock's uptime: some time before everything ends.
    until: Duration,
}

/// A change of an instance: whether it is waited for, and how long it then may run.
type Course = (Change, bool, Option<Lifetime>);

/// Answers events; it may be asked many times at once.
pub struct Handler {
    stack: StackName,
    /// Whether an event has come yet: the process was started for the first.
    is_warm: AtomicBool,
    ec2: Option<Arc<Ec2>>,
    rule: Option<Arc<Rule>>,
    docker: Option<Arc<Docker>>,
    keys: Option<KeyScopes>,
    timing: Timing,
    /// How long nobody may call before what runs is stopped, and when a call was last noted.
    idle: Option<Idle>,
    /// One tick after the other.
    ticks: Turn,
    instance_changes: Flights<Aim, Course, Result<Instance, Failure>>,
    modifications: Flights<Aim, Modification, Result<(Instance, bool), Failure>>,
    container_changes: Flights<ContainerName, Change, Result<(), Failure>>,
}

impl Handler {
    /// Makes a handler. It connects to nobody before the first event needs it.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let Config { stack, ec2, docker, keys, idle, deadlines, clock, turns } = config;
        let timing = Timing { deadlines, clock };
        Self {
            stack: stack.clone(),
            is_warm: AtomicBool::new(false),
            rule: ec2.clone().map(|connection| Arc::new(Rule::new(stack.clone(), connection, timing.clone()))),
            ec2: ec2.map(|connection| Arc::new(Ec2::new(stack, connection, timing.clone(), turns))),
            docker: docker.and_then(|door| Docker::new(&door, timing.clone())).map(Arc::new),
            keys,
            timing,
            idle: idle.map(Idle::new),
            ticks: Turn::default(),
            instance_changes: Flights::new(),
            modifications: Flights::new(),
            container_changes: Flights::new(),
        }
    }

    /// Answers one event, with what the Runtime API is given.
    pub async fn answer(&self, payload: Payload, invocation: Invocation) -> impl Serialize + use<> {
        let begin = Instant::now();
        let is_cold = !self.is_warm.swap(true, Ordering::Relaxed);
        let seen = Seen::of(payload.0.as_ref());
        let Event { shape, request_id, caller, call } = Event::read(payload.0.as_ref());
        let request_id = request_id.unwrap_or_else(|| invocation.id.clone());
        let key = self.key(&caller);
        // Also of who may not: an attempt is a part of the history.
        let (operation, name, options) = match &call {
            Ok(Call::Api(request)) => (Some(request.operation()), name_in(request), request.options()),
            _ => (None, None, String::new()),
        };
        let call = self.admit(&caller, call);
        let is_tick = matches!(call, Ok(Call::Tick { .. }));
        let (outcome, work) = match call {
            Ok(Call::Preflight) => (Ok(None), log::Work::default()),
            Ok(call) => {
                let until = self.timing.soft_end(invocation.deadline);
                let bounds = Bounds { function_arn: invocation.function_arn.clone(), until };
                let work = async {
                    match call {
                        Call::Preflight => Ok(None),
                        Call::Api(request) => {
                            self.note_call().await;
                            self.perform(request, &bounds).await.map(Some)
                        }
                        Call::Tick { time } => self.tick(time.as_deref(), &bounds).await.map(Some),
                    }
                };
                let work = self.timing.answer(invocation.deadline, work);
                // Boxed: what EC2's client keeps while it waits is large, and most of an answer's life is short.
                let (outcome, work) = Box::pin(log::about(request_id.clone(), work)).await;
                (outcome.unwrap_or(Err(Failure::Deadline)), work)
            }
            Err(failure) => (Err(failure), log::Work::default()),
        };
        let is_our_path = seen.method.is_some() && !matches!(outcome, Err(Failure::PathNotFound));
        let reply = Reply { shape, outcome, request_id };
        let line = log::Entry {
            request_id: &reply.request_id,
            invocation_id: &invocation.id,
            stack: self.stack.as_str(),
            method: seen.method.as_deref(),
            path: is_our_path.then_some(PATH),
            action: operation
                .map(|Operation { action, .. }| action.as_str())
                .or(is_tick.then_some(TICK))
                .unwrap_or(NO_ACTION),
            target: operation.map(|Operation { target, .. }| target.as_str()),
            name: name.as_deref(),
            options: Some(options.as_str()).filter(|options| !options.is_empty()),
            status: reply.status().as_u16(),
            outcome: reply.outcome.as_ref().map_or_else(Failure::code, |_| "ok"),
            key,
            source: seen.source.as_deref(),
        };
        log::answered(&line, &work, begin.elapsed(), is_cold);
        reply
    }

    /// The name of the key that a caller shows, where it is one of ours.
    fn key(&self, caller: &Caller) -> Option<&str> {
        let (Some(keys), Caller::Client(Some(key))) = (&self.keys, caller) else { return None };
        keys.find(key.expose())?.1
    }

    /// Lets a call through that its caller may make. Who shows no key is not even told what is wrong with the request.
    fn admit(&self, caller: &Caller, call: Result<Call, Failure>) -> Result<Call, Failure> {
        let (Some(keys), Caller::Client(key)) = (&self.keys, caller) else { return call };
        let needed = match &call {
            // A tick comes from nobody who could have a key.
            Ok(Call::Preflight | Call::Tick { .. }) => return call,
            Ok(Call::Api(request)) => request.scope(),
            Err(_) => Scope::Status,
        };
        match key.as_ref().and_then(|key| keys.scope_of(key.expose())) {
            None => Err(Failure::Unauthorized),
            Some(scope) if !scope.allows(needed) => Err(Failure::Forbidden),
            Some(_) => call,
        }
    }

    async fn perform(&self, request: Request, bounds: &Bounds) -> Result<Answer, Failure> {
        match request {
            Request::ChangeInstance { change, which: WhichInstance::All, wait, lifetime } => {
                self.change_instances(change, wait, lifetime, bounds).await
            }
            Request::ChangeInstance { change, which, wait, lifetime } => {
                let instance = self.change_instance(change, aim(which), wait, lifetime, bounds).await?;
                Ok(instance_changed(change, &instance))
            }
            Request::ModifyInstance { name, kind, restart, wait } => {
                let aim = name.map_or(Aim::Only, Aim::Named);
                self.modify_instance(aim, Modification { kind, restart, wait }, bounds).await
            }
            Request::Instance(WhichInstance::All) => self.see_instances().await,
            Request::Instance(which) => Ok(Answer::Instance(self.ec2()?.find(&aim(which)).await?.into())),
            Request::Instances => {
                let instances = self.ec2()?.list().await?;
                Ok(Answer::Instances { instances: instances.into_iter().map(Into::into).collect() })
            }
            Request::ChangeContainer { change, which: WhichContainer::Named(name), lifetime } => {
                let container = name.to_string();
                let stops_at = self.change_container_for(change, name, lifetime, bounds).await?;
                Ok(Answer::container_changed(change, container, stops_at))
            }
            Request::ChangeContainer { change, which: WhichContainer::All, lifetime } => {
                self.change_containers(change, lifetime, bounds).await
            }
            Request::Container(WhichContainer::Named(name)) => {
                Ok(Answer::Container(self.docker()?.find(&name).await?.into()))
            }
            Request::Container(WhichContainer::All) => self.see_containers().await,
            Request::Containers => {
                let containers = self.docker()?.list().await?;
                Ok(Answer::Containers { containers: containers.into_iter().map(Into::into).collect() })
            }
        }
    }

    /// Changes an instance. How long it may run is settled before it starts, and forgotten once it is stopped.
    async fn change_instance(
        &self,
        change: Change,
        aim: Aim,
        wait: bool,
        lifetime: Option<Lifetime>,
        bounds: &Bounds,
    ) -> Result<Instance, Failure> {
        let ec2 = self.ec2()?.clone();
        let timer = lifetime.map(|lifetime| self.timer(lifetime, bounds)).transpose()?;
        let thing = aim.clone();
        let set_out = |turn: Turn| {
            async move {
                let Some(timer) = timer else { return ec2.change(change, &aim, wait, &turn).await };
                let stops_at = timer.set(&ec2, &aim).await?;
                let mut instance = ec2.change(change, &aim, wait, &turn).await?;
                instance.will_stop(stops_at);
                Ok(instance)
            }
            .boxed()
        };
        self.instance_changes.join(thing, (change, wait, lifetime), set_out).await
    }

    async fn modify_instance(&self, aim: Aim, modification: Modification, bounds: &Bounds) -> Result<Answer, Failure> {
        let ec2 = self.ec2()?.clone();
        let (thing, kind, until) = (aim.clone(), modification.clone(), bounds.until);
        let set_out = |turn: Turn| async move { ec2.modify(&aim, &modification, until, &turn).await }.boxed();
        let (instance, is_done) = self.modifications.join(thing, kind, set_out).await?;
        if is_done {
            return Ok(Answer::InstanceModified { status: Modified::Modified, instance: instance.into() });
        }
        // The next minute goes on with it; where there is no rule to be had, the same request does.
        let _ = self.rule()?.ensure(&bounds.function_arn).await;
        Ok(Answer::InstanceModified { status: Modified::Modifying, instance: instance.into() })
    }

    async fn change_container(&self, change: Change, name: ContainerName) -> Result<(), Failure> {
        let docker = self.docker()?.clone();
        let thing = name.clone();
        let set_out = |turn: Turn| {
            async move {
                let _turn = turn.lock().await;
                docker.change(change, &name).await
            }
            .boxed()
        };
        self.container_changes.join(thing, change, set_out).await
    }

    fn rule(&self) -> Result<&Arc<Rule>, Failure> {
        self.rule.as_ref().ok_or(Failure::Internal)
    }

    fn ec2(&self) -> Result<&Arc<Ec2>, Failure> {
        self.ec2.as_ref().ok_or(Failure::Internal)
    }

    fn docker(&self) -> Result<&Arc<Docker>, Failure> {
        self.docker.as_ref().ok_or(Failure::Unavailable(Upstream::Docker))
    }
}

/// The name in a request, which has been found to be one.
fn name_in(request: &Request) -> Option<String> {
    let query = request.query();
    let is_name = |(name, value)| (name == Parameter::Name.as_str()).then_some(value);
    query.split('&').filter_map(|pair| pair.split_once('=')).find_map(is_name).map(str::to_owned)
}

fn aim(which: WhichInstance) -> Aim {
    match which {
        WhichInstance::Named(name) => Aim::Named(name),
        // All is not one; who asks for all does not come here.
        WhichInstance::Only | WhichInstance::All => Aim::Only,
    }
}

fn instance_changed(status: Change, instance: &Instance) -> Answer {
    Answer::InstanceChanged {
        status,
        instance_id: instance.id.to_string(),
        state: instance.state.as_str().to_owned(),
        name: instance.name().map(|name| name.to_string()),
        stops_at: instance.stops_at(),
    }
}
