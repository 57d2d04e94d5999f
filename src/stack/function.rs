//! The function: this binary, run by Lambda, or code of the user's own.
//!
//! `CreateFunction` sets code, configuration and all tags at once. An update goes code (when `CodeSha256` differs), then
//! configuration (when the rev differs); the configuration goes first where the code is for another runtime, which the one
//! that is there would be refused for. The rev is written last: a function without the wanted rev has its
//! configuration put again, which is harmless. A function that an earlier run left `Failed` is deleted and made anew,
//! because Lambda accepts no update for it.

use super::{
    client::Clients,
    error::{Class, Error},
    export::{
        resource::{Body, Concern, Function as ExportedFunction, Resource},
        scene::Scene,
        value::Thing,
    },
    package::Package,
    part::Part,
    predict::{self, PlannedChange, PlannedPart, Predict, Prediction, Wanted},
    reconcile::{Next, Pace, Reconcile, reading},
    sighting::{Found, Sighting, Tags, rev as tagged_rev},
    spec::{Code, Names, Spec, rev},
};
use crate::{engine::Engine, marks::STACK_TAG, names::StackName, text::Message};
use aws_sdk_lambda::{
    primitives::Blob,
    types::{Architecture, Environment, FunctionCode, FunctionConfiguration, LastUpdateStatus, Runtime, State},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(super) struct Function<'a> {
    clients: &'a Clients,
    spec: &'a Spec,
    /// What it runs; `None` leaves the code as it is.
    package: Option<&'a Package>,
    /// Whether it is to be ready and as wanted, or only to be there.
    is_ready: bool,
    wanted: Value,
    rev: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Create,
    Code,
    Configuration,
    /// Writes the rev.
    Finish,
    /// Takes away what an earlier run left failed.
    Delete,
}

/// The function as Lambda describes it.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) sighting: Sighting,
    code_sha256: Option<String>,
    /// What Lambda tells of the configuration, in the shape of [`Function::wanted`].
    configuration: Value,
    /// What it is waiting for.
    pending: Option<String>,
    failure: Option<String>,
    update_failure: Option<String>,
}

impl<'a> Function<'a> {
    pub(super) fn new(clients: &'a Clients, spec: &'a Spec, package: &'a Package) -> Self {
        Self { package: Some(package), ..Self::configuration(clients, spec) }
    }

    /// The same function, satisfied when it exists: the engine takes its time until it is ready, and that is time for
    /// other parts.
    pub(super) fn existing(clients: &'a Clients, spec: &'a Spec, package: &'a Package) -> Self {
        Self { is_ready: false, ..Self::new(clients, spec, package) }
    }

    /// The same function, of which only the configuration matters: it is neither made nor given other code.
    pub(super) fn configuration(clients: &'a Clients, spec: &'a Spec) -> Self {
        let wanted = wanted_configuration(spec);
        Self { clients, spec, package: None, is_ready: true, rev: rev(&wanted), wanted }
    }

    fn zip(&self) -> Blob {
        Blob::new(self.package.map(|package| package.zip.clone()).unwrap_or_default())
    }

    /// The settings that somebody has changed; one of which the engine does not tell is taken as it should be.
    fn changed<'v>(&'v self, view: &'v View) -> Vec<&'v str> {
        let mut differs = differing_keys(&self.wanted, &view.configuration);
        differs.retain(|key| !view.configuration[key].is_null());
        differs
    }

    /// Names what differs from what is wanted; never a value, because the environment holds a token.
    pub(super) fn differences(&self, view: &View) -> Vec<Message> {
        let mut differs = Vec::new();
        if !self.has_code(view) {
            differs.push(predict::differs("code"));
        }
        let configuration = self.changed(view);
        let (environment, others): (Vec<&str>, Vec<&str>) =
            configuration.into_iter().partition(|key| *key == "environment");
        differs.extend(others.into_iter().map(predict::differs));
        if !environment.is_empty() {
            let variables = differing_keys(&self.wanted["environment"], &view.configuration["environment"]);
            differs.extend(variables.into_iter().map(|name| predict::differs("environment").with("name", name)));
        }
        let has_rev = view.sighting.kept().is_some_and(|found| found.rev.as_ref() == Some(&self.rev));
        if differs.is_empty() && !has_rev {
            differs.push(predict::differs("tags"));
        }
        differs
    }

    fn has_code(&self, view: &View) -> bool {
        self.package.is_none_or(|package| view.code_sha256 == Some(package.sha256_base64()))
    }

    fn environment(&self) -> Environment {
        let variables = self.spec.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Environment::builder().set_variables(Some(variables)).build()
    }

    fn tags(&self) -> HashMap<String, String> {
        self.spec.names.tags(Part::Function, Some(&self.rev)).into_iter().collect()
    }

    async fn create(&self) -> Result<(), Error> {
        let names = &self.spec.names;
        let code = FunctionCode::builder().zip_file(self.zip()).build();
        let call = self.clients.upload.create_function().function_name(&names.function).role(self.spec.role_arn());
        let Code { runtime, handler, timeout, memory } = &self.spec.code;
        let call = call.runtime(Runtime::from(runtime.as_str())).handler(handler).architectures(architecture());
        let call = call.timeout(*timeout).memory_size(*memory).environment(self.environment()).code(code);
        let answer = call.set_tags(Some(self.tags())).send().await;
        answer.map(drop).map_err(|error| self.not_yet_assumable(Error::call("CreateFunction", &error)))
    }

    /// AWS needs seconds until a new role can be assumed, and refuses the function with this code until then.
    fn not_yet_assumable(&self, error: Error) -> Error {
        match error {
            Error::Call { operation, code: Some(code), detail, .. }
                if self.spec.role_pause.is_some() && code == "InvalidParameterValueException" =>
            {
                let class = Class::Throttled(self.spec.role_pause);
                Error::Call { operation, class, code: Some(code), detail }
            }
            error => error,
        }
    }

    async fn update_code(&self) -> Result<(), Error> {
        let call = self.clients.upload.update_function_code().function_name(&self.spec.names.function);
        let call = call.zip_file(self.zip()).architectures(architecture());
        call.send().await.map(drop).map_err(|error| Error::call("UpdateFunctionCode", &error))
    }

    async fn update_configuration(&self) -> Result<(), Error> {
        let call = self.clients.lambda.update_function_configuration().function_name(&self.spec.names.function);
        let Code { runtime, handler, timeout, memory } = &self.spec.code;
        let call = call.role(self.spec.role_arn()).runtime(Runtime::from(runtime.as_str())).handler(handler);
        let call = call.timeout(*timeout).memory_size(*memory).environment(self.environment());
        call.send().await.map(drop).map_err(|error| Error::call("UpdateFunctionConfiguration", &error))
    }
}

/// The configuration that is wanted.
fn wanted_configuration(spec: &Spec) -> Value {
    json!({
        "architecture": architecture().as_str(),
        "environment": spec.environment,
        "handler": spec.code.handler,
        "memory": spec.code.memory,
        "role": spec.role_arn(),
        "runtime": spec.code.runtime,
        "timeout": spec.code.timeout,
    })
}

/// The keys of two objects whose values differ, those that only one of them has included.
fn differing_keys<'a>(wanted: &'a Value, found: &'a Value) -> Vec<&'a str> {
    let keys = [wanted, found].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys());
    let keys: BTreeSet<&str> = keys.map(String::as_str).collect();
    keys.into_iter().filter(|key| wanted.get(key) != found.get(key)).collect()
}

/// The architecture that the function's code is built for: this machine's.
fn architecture() -> Architecture {
    if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X8664 }
}

impl Reconcile for Function<'_> {
    type View = View;
    type Action = Action;

    fn step(&self) -> &'static str {
        Part::Function.as_str()
    }

    fn begun(&self, _first: &Action) -> Option<Message> {
        // Who only tells it something packages nothing.
        self.package.map(|_| Message::new("deploy.function.begin"))
    }

    async fn look(&self) -> Result<View, Error> {
        look(self.clients, &self.spec.names).await
    }

    fn next(&self, view: &View, done: &[Action]) -> Result<Next<Action>, Error> {
        view.sighting.refuse_foreign()?;
        let Some(found) = view.sighting.kept() else {
            return Ok(self.package.map_or(Next::Done, |_| Next::Act(Action::Create)));
        };
        let did = |action| done.contains(&action);
        if let Some(reason) = &view.failure {
            let is_final = did(Action::Create) || self.package.is_none();
            return if is_final { Err(failed(reason)) } else { Ok(Next::Act(Action::Delete)) };
        }
        if !self.is_ready {
            return Ok(Next::Done);
        }
        if let Some(reason) = &view.pending {
            return Ok(Next::Wait(Message::new("awaited.active").with("reason", reason)));
        }
        if let Some(reason) = view.update_failure.as_ref().filter(|_| did(Action::Code) || did(Action::Configuration)) {
            return Err(failed(reason));
        }
        let has_rev = found.rev.as_ref() == Some(&self.rev);
        let is_other_runtime = self.changed(view).contains(&"runtime");
        Ok(match self.has_code(view) {
            false if is_other_runtime && !did(Action::Configuration) => Next::Act(Action::Configuration),
            false => Next::Act(Action::Code),
            // What was just put is as wanted, whatever this engine makes of it.
            true if did(Action::Configuration) && has_rev => Next::Done,
            true if did(Action::Configuration) => Next::Act(Action::Finish),
            true if has_rev && self.changed(view).is_empty() => Next::Done,
            true => Next::Act(Action::Configuration),
        })
    }

    async fn act(&self, action: &Action, _view: &View) -> Result<(), Error> {
        match action {
            Action::Create => self.create().await,
            Action::Code => self.update_code().await,
            Action::Configuration => self.update_configuration().await,
            Action::Delete => delete(self.clients, &self.spec.names.function).await,
            Action::Finish => {
                let call = self.clients.lambda.tag_resource().resource(self.spec.function_arn());
                let answer = call.set_tags(Some(self.tags())).send().await;
                answer.map(drop).map_err(|error| Error::call("TagResource", &error))
            }
        }
    }

    /// An engine of this machine may have to install packages first, or to pull an image.
    fn patience(&self, pace: &Pace) -> Duration {
        pace.longest
    }
}

impl Predict for Function<'_> {
    fn sighting(view: &View) -> &Sighting {
        &view.sighting
    }

    fn prediction(&self, action: &Action, view: &View) -> Prediction {
        match action {
            Action::Create => Prediction::CREATE,
            Action::Delete => Prediction { change: PlannedChange::Replace, differs: vec![predict::differs("failed")] },
            Action::Code | Action::Configuration | Action::Finish => {
                Prediction { change: PlannedChange::Update, differs: self.differences(view) }
            }
        }
    }

    /// Lambda tells of an update what it will lead to while it is still in progress.
    fn prediction_at_rest(&self, view: &View) -> Prediction {
        let differs = self.differences(view);
        Prediction {
            change: if differs.is_empty() { PlannedChange::Unchanged } else { PlannedChange::Update },
            differs,
        }
    }
}

/// Predicts what a deploy would do to the function.
pub(super) async fn predict(clients: &Clients, wanted: &Wanted<'_>) -> Result<Option<PlannedPart>, Error> {
    predict::predict(&Function::new(clients, wanted.spec, wanted.package), Part::Function).await.map(Some)
}

fn failed(reason: &str) -> Error {
    Error::FunctionFailed { reason: reason.to_owned() }
}

/// Describes the function for other tools.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let Code { runtime, handler, timeout, memory } = scene.spec.code.clone();
    let function = ExportedFunction {
        runtime,
        handler,
        timeout: timeout.into(),
        memory: memory.into(),
        architecture: architecture().as_str().to_owned(),
        environment: scene.environment(),
        has_secrets: scene.has_secrets(),
        tags: scene.tags(Part::Function, Some(&rev(&wanted_configuration(scene.spec))), Vec::new()),
    };
    vec![Resource {
        part: Part::Function,
        thing: Thing::Function,
        concern: Concern::Function,
        why: "What answers the API. Its timeout is longer than its own deadline and shorter than API Gateway's.",
        body: Body::Function(function),
    }]
}

/// Looks the function up by its name.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    look(clients, names).await.map(|view| view.sighting)
}

/// Whether the function that is deployed was told of the engine's door to Docker; one that is not there was not.
///
/// # Errors
/// Returns the call that failed.
pub async fn knows_door(engine: &Engine, stack: &StackName) -> Result<bool, Error> {
    let clients = Clients::new(engine);
    let names = Names::of(stack, &clients.region);
    let view = reading(|| look(&clients, &names)).await.map_err(|error| error.at(engine))?;
    let knows = |name: &str, wanted: Option<&str>| view.configuration["environment"][name].as_str() == wanted;
    let door = engine.docker.as_ref();
    Ok(knows("DOCKER_PROXY", door.map(|door| door.url.as_str()))
        && knows("DOCKER_PROXY_TOKEN", door.map(|door| door.token.expose())))
}

async fn look(clients: &Clients, names: &Names) -> Result<View, Error> {
    let answer = clients.lambda.get_function().function_name(&names.function).send().await;
    let answer = match answer.map_err(|error| Error::call("GetFunction", &error)) {
        Err(error) if error.is_not_found() => return Ok(View::default()),
        answer => answer?,
    };
    let Some(configuration) = answer.configuration else { return Ok(View::default()) };
    let tags: Tags = answer.tags.unwrap_or_default().into_iter().collect();
    let arn = configuration.function_arn.clone().unwrap_or_default();
    let found = Found {
        part: Part::Function,
        id: names.function.clone(),
        rev: tagged_rev(&tags),
        state: configuration.state.as_ref().map(|state| state.as_str().to_owned()),
        reason: (configuration.state == Some(State::Failed)).then(|| reason(&configuration)),
        created: 0,
        changed: configuration.last_modified.as_deref().and_then(moment),
        instance: None,
    };
    Ok(View {
        pending: pending(&configuration),
        failure: (configuration.state == Some(State::Failed)).then(|| reason(&configuration)),
        update_failure: (configuration.last_update_status == Some(LastUpdateStatus::Failed))
            .then(|| configuration.last_update_status_reason.clone().unwrap_or_default()),
        configuration: described(&configuration),
        code_sha256: configuration.code_sha256,
        sighting: Sighting::named(names, found, &tags, &arn),
    })
}

/// Describes a configuration in the shape of what is wanted.
fn described(configuration: &FunctionConfiguration) -> Value {
    let environment = configuration.environment().and_then(|environment| environment.variables());
    json!({
        "architecture": configuration.architectures().first().map(Architecture::as_str),
        "environment": environment.cloned().unwrap_or_default(),
        "handler": configuration.handler(),
        "memory": configuration.memory_size(),
        "role": configuration.role(),
        "runtime": configuration.runtime().map(Runtime::as_str),
        "timeout": configuration.timeout(),
    })
}

/// Says what a function that is not ready waits for, in the engine's words where it has some.
fn pending(configuration: &FunctionConfiguration) -> Option<String> {
    let update = configuration.last_update_status == Some(LastUpdateStatus::InProgress);
    match configuration.state {
        Some(State::Pending) => Some(reason(configuration)),
        _ if update => Some(configuration.last_update_status_reason.clone().unwrap_or_else(|| "update".to_owned())),
        _ => None,
    }
}

/// Reads a time as Lambda writes it (`2026-11-23T12:00:00.000+0000`).
fn moment(text: &str) -> Option<OffsetDateTime> {
    let text = text.strip_suffix("+0000").map_or_else(|| text.to_owned(), |utc| format!("{utc}Z"));
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

fn reason(configuration: &FunctionConfiguration) -> String {
    configuration.state_reason.clone().unwrap_or_else(|| "the engine gives no reason".to_owned())
}

/// Returns the stacks that have a function.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let mut stacks = BTreeSet::new();
    let mut marker = None;
    loop {
        let call = clients.lambda.list_functions().set_marker(marker);
        let page = call.send().await.map_err(|error| Error::call("ListFunctions", &error))?;
        for function in page.functions.unwrap_or_default() {
            // Only functions of our names can be ours; asking each for its tags would be a call per function.
            let is_candidate = function.function_name().is_some_and(|name| name.ends_with(super::spec::FUNCTION));
            if let Some(arn) = function.function_arn.filter(|_| is_candidate) {
                let answer = clients.lambda.list_tags().resource(arn).send().await;
                let tags = match answer.map_err(|error| Error::call("ListTags", &error)) {
                    Err(error) if error.is_not_found() => continue,
                    answer => answer?.tags.unwrap_or_default(),
                };
                stacks.extend(tags.get(STACK_TAG).and_then(|name| name.parse().ok()));
            }
        }
        match page.next_marker.filter(|marker| !marker.is_empty()) {
            Some(next) => marker = Some(next),
            None => return Ok(stacks),
        }
    }
}

/// Deletes the function, its versions and its policy.
pub(super) async fn delete(clients: &Clients, name: &str) -> Result<(), Error> {
    let answer = clients.lambda.delete_function().function_name(name).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteFunction", &error))
}
