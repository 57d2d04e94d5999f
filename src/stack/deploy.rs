//! Makes the stack what it should be: the order of the parts, and what is told on the way.
//!
//! Instance, role and archive depend on nothing and go at once; the function needs role and archive. While the engine
//! makes it ready come log group and the API with its document, and last what needs the function: that the API may call
//! it, and serves. What each part does is its own module's.

use super::{
    alarm::StackAlarms,
    api::{self, Api},
    client::Clients,
    clock::{self, Clock},
    discover::{Discovery, discover_with},
    error::Error,
    files,
    function::{self, Function},
    instances,
    log_group::LogGroup,
    outcome::{Outcome, PartReport},
    own::{self, Own},
    package::Package,
    part::Part,
    reconcile::{FirstFailure, Pace, converge, reading, resume, until_cancelled},
    rights,
    role::Role,
    run::Run,
    sighting::Sighting,
    snapshot::{Cached, Location, Snapshot},
    spec::{Spec, WantedInstance},
    usage_plan::{self, UsagePlan},
    wanted,
};
use crate::{
    api_key::KeyScopes,
    marks::clock_rule,
    names::{ApiId, InstanceId},
    settings::{OwnFunction, Settings},
    text::Message,
};
use std::{collections::BTreeMap, path::PathBuf};

/// A stack after a deploy.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Deployment {
    /// The stack.
    pub stack: crate::names::StackName,
    /// `false` when no part needed anything.
    pub changed: bool,
    /// The API's id.
    pub api_id: ApiId,
    /// The API's URL, without a slash at the end.
    pub url: String,
    /// The instance.
    pub instance_id: InstanceId,
    /// The function's name.
    pub function: String,
    /// The user's own code in it; absent where it is atelier's.
    pub own: Option<OwnCode>,
    /// Every part but the keys, in the order of [`Part::EVERY`].
    pub parts: Vec<PartReport>,
    /// How many keys open the API; absent when it is open.
    pub keys: Option<usize>,
}

/// The user's own code behind the API.
#[derive(Debug, Clone, serde::Serialize)]
pub struct OwnCode {
    /// The folder.
    pub dir: PathBuf,
    /// The runtime.
    pub runtime: String,
    /// The handler.
    pub handler: String,
}

impl OwnCode {
    fn of(own: &Own) -> Self {
        Self { dir: own.function.dir.clone(), runtime: own.runtime.clone(), handler: own.handler.clone() }
    }
}

/// Finds out what the user's own code is; `None` where the function is atelier's.
///
/// # Errors
/// When the folder holds no function, or more than one.
pub fn own_code(settings: &Settings) -> Result<Option<OwnCode>, Error> {
    let own = settings.function.value.as_ref().map(own::resolve).transpose()?;
    Ok(own.as_ref().map(OwnCode::of))
}

/// Tells one state of the user's own code from another.
#[must_use]
pub fn own_stamp(function: &OwnFunction) -> String {
    own::stamp(function)
}

/// Checks the names of the stack, and the types of the instances that settings want, before anything is written or
/// made. Types that only the stack tells of were checked when it was made.
///
/// # Errors
/// Names the first that the engine does not have, or returns the call that failed.
pub async fn check_types(run: &Run<'_>) -> Result<(), Error> {
    wanted::check_names(run)?;
    let clients = Clients::new(run.engine);
    let wanted = WantedInstance::all(run.settings, BTreeMap::new());
    let check = until_cancelled(run.cancel, "discovery", instances::check_types(&clients, &wanted));
    Box::pin(check).await.map_err(|error| error.at(run.engine))
}

/// Checks that a deploy may change the stack, for who makes something before it that is no part of it.
///
/// # Errors
/// Another tool looks after the stack, something foreign is in its way, AWS would refuse what is wanted, or the call that
/// failed.
pub async fn check_owner(run: &Run<'_>) -> Result<(), Error> {
    let clients = Clients::new(run.engine);
    let look = async {
        let own = wanted::own(run)?;
        let account = reading(|| clients.account()).await?;
        let before = discover_with(&clients, &run.settings.stack.value, &account).await?;
        refuse(&before)?;
        let spec = wanted::spec(run, own.as_ref(), &before.instances(), &clients, &account).await?;
        permit(run, &clients, &spec, &before).await
    };
    let look = until_cancelled(run.cancel, "discovery", look);
    Box::pin(look).await.map_err(|error| error.at(run.engine))
}

/// Refuses what whoever deploys may not do; engines of this machine have nobody to ask.
async fn permit(run: &Run<'_>, clients: &Clients, spec: &Spec, before: &Discovery) -> Result<(), Error> {
    if run.engine.facts.is_remote() { rights::check(clients, spec, before).await } else { Ok(()) }
}

/// Refuses a stack that a deploy must not change.
fn refuse(before: &Discovery) -> Result<(), Error> {
    // First what explains the most: a tool may have made what has no tag of ours.
    before.refuse_managed()?;
    before.refuse_foreign()
}

/// Brings every part of the stack to what is wanted, once the types of its instances are known to be some.
///
/// # Errors
/// As [`check_types`] and [`deploy_checked`].
pub async fn deploy(run: &Run<'_>) -> Result<Deployment, Error> {
    check_types(run).await?;
    deploy_checked(run, || Ok(())).await
}

/// Brings every part of the stack to what is wanted, where its types are checked already. A run that was cut off is
/// continued by the next: `keep` writes down what it has to know for that, once nothing refuses the deploy and before
/// anything is made.
///
/// # Errors
/// Returns what failed first; what was done until then is kept.
pub async fn deploy_checked(
    run: &Run<'_>,
    keep: impl FnOnce() -> crate::error::Result<()>,
) -> Result<Deployment, Error> {
    let done = Box::pin(make(run, keep)).await.map_err(|error| error.at(run.engine));
    if let Err(error) = &done {
        // A log that cannot be written is not what went wrong.
        let _ = files::log(&run.settings.folder, &[format!("failed: {error}").replace('\n', " ")]);
    }
    done
}

async fn make(run: &Run<'_>, keep: impl FnOnce() -> crate::error::Result<()>) -> Result<Deployment, Error> {
    let clients = Clients::new(run.engine);
    let own = wanted::own(run)?;
    if let Some(own) = own.as_ref().filter(|own| own.is_guessed) {
        let guessed = Message::new("function.guessed").with("dir", own.function.dir.display());
        run.progress.note(guessed.with("runtime", &own.runtime).with("handler", &own.handler));
    }
    let package = wanted::packed(run, own.as_ref(), true);
    let last = Cached::read(&run.settings.folder, run.progress);
    let stack = &run.settings.stack.value;
    let look = async {
        let account = reading(|| clients.account()).await?;
        let before = discover_with(&clients, stack, &account).await?;
        refuse(&before)?;
        tell_of_change(run, last.as_ref(), &before);
        let spec = wanted::spec(run, own.as_ref(), &before.instances(), &clients, &account).await?;
        permit(run, &clients, &spec, &before).await?;
        Ok((account, spec))
    };
    let (account, spec) = until_cancelled(run.cancel, "discovery", look).await?;
    keep().map_err(|error| Error::Settings(Box::new(error)))?;
    // A part that fails ends the others after their calls in flight.
    let pace = Pace { cancel: run.cancel.child_token(), ..Pace::of(run) };
    let parts = parts(&clients, &spec, &pace, package).await?;
    let report = report(run, &spec, own.as_ref(), parts)?;
    remember(run, &account, last.as_ref(), &report)?;
    Ok(report)
}

/// Says, before anything is changed, that this is not where the last deploy was, or that what it made is gone: the ids
/// are going to change.
fn tell_of_change(run: &Run<'_>, last: Option<&Cached>, before: &Discovery) {
    let Some(last) = last.map(|last| &last.snapshot).filter(|last| last.stack == before.stack) else { return };
    let (was, is) = (last.location(), Location { account: &before.account, region: &run.engine.connection.region });
    let key = match before.is_empty() {
        _ if was != is => "stack.elsewhere",
        false => return,
        true if last.session == run.engine.session => "stack.gone",
        true => "stack.reset",
    };
    run.progress.note(Message::new(key).with("was", was).with("is", is));
}

async fn parts(
    clients: &Clients,
    spec: &Spec,
    pace: &Pace,
    package: impl Future<Output = Result<Package, Error>>,
) -> Result<Vec<PartReport>, Error> {
    let (role, log_group) = (Role::new(clients, spec), LogGroup::new(clients, spec));
    let failure = FirstFailure::default();
    let made = tokio::join!(
        failure.watch(pace, async {
            let instances = instances::converge_all(clients, spec, pace).await?;
            for instance in &instances {
                pace.progress.end(Part::Instance.as_str(), instances::told(instance));
            }
            Ok(instances)
        }),
        failure.watch(pace, async {
            let (view, done) = converge(&role, pace).await?;
            part(Part::Role, &view.sighting, Outcome::of(&done, &super::role::Action::Create))
        }),
        failure.watch(pace, package),
    );
    let (Some(instances), Some(role), Some(package)) = made else { return Err(failure.into_error()) };

    let first = instances.iter().find(|instance| instance.outcome != Outcome::Removed);
    let spec = &spec.clone().knowing(first.map(|first| first.id.as_str()).unwrap_or_default());
    let (_, done) = converge(&Function::existing(clients, spec, &package), pace).await?;
    let (function, undeployed) = (Function::new(clients, spec, &package), Api::undeployed(clients, spec));
    let made = tokio::join!(
        failure.watch(pace, resume(&function, done, pace)),
        failure.watch(pace, async {
            let (view, done) = converge(&log_group, pace).await?;
            part(Part::LogGroup, &view.sighting, Outcome::of(&done, &super::log_group::Action::Create))
        }),
        failure.watch(pace, converge(&undeployed, pace)),
    );
    let (Some((view, done)), Some(log_group), Some((_, api_done))) = made else { return Err(failure.into_error()) };
    let function = part(Part::Function, &view.sighting, Outcome::of(&done, &function::Action::Create))?;
    tell(pace, &function);

    let (view, done) = resume(&Api::new(clients, spec), api_done, pace).await?;
    let api = part(Part::Api, &view.sighting, Outcome::of(&done, &api::Action::Create))?;
    tell(pace, &api);
    let api_id = api.id.clone();
    let mut parts = instances;
    parts.extend([role, log_group, function, api]);
    if spec.keys.is_some() {
        let plan = UsagePlan::new(clients, spec, &api_id);
        let (view, done) = converge(&plan, pace).await?;
        let plan = part(Part::UsagePlan, &view.sighting, Outcome::of(&done, &usage_plan::Action::Create))?;
        tell(pace, &plan);
        parts.push(plan);
    }
    let alarms = StackAlarms::new(clients, spec);
    let (view, done) = converge(&alarms, pace).await?;
    for (id, outcome) in alarms.outcomes(&view, &done) {
        let alarm = PartReport { part: Part::Alarm, id, name: None, outcome };
        tell(pace, &alarm);
        parts.push(alarm);
    }
    parts.extend(clock(clients, spec, pace).await?);
    Ok(parts)
}

/// Brings the rule that wakes the function to what is wanted; there is none where nothing depends on the time.
async fn clock(clients: &Clients, spec: &Spec, pace: &Pace) -> Result<Option<PartReport>, Error> {
    // A function of the user's own does not know what to do when it is woken.
    if spec.is_own {
        return Ok(None);
    }
    let (view, done) = converge(&Clock::new(clients, spec), pace).await?;
    let outcome = match view.sighting.kept() {
        Some(_) => Outcome::of(&done, &clock::Action::Put),
        None if done.contains(&clock::Action::Remove) => Outcome::Removed,
        None => return Ok(None),
    };
    let clock = PartReport { part: Part::Clock, id: clock_rule(&spec.names.stack), outcome, name: None };
    tell(pace, &clock);
    Ok(Some(clock))
}

fn part(part: Part, view: &Sighting, outcome: Outcome) -> Result<PartReport, Error> {
    let id = view.kept().map(|found| &found.id).or_else(|| view.stand_in().map(|foreign| &foreign.name));
    let id = id.ok_or_else(|| Error::Bug(format!("the {} is done and not there", part.as_str())))?;
    Ok(PartReport { part, id: id.clone(), outcome, name: None })
}

fn tell(pace: &Pace, part: &PartReport) {
    let key = format!("deploy.{}.{}", part.part.as_str(), part.outcome.as_str());
    pace.progress.end(part.part.as_str(), Message::new(key).with("id", &part.id));
}

fn report(run: &Run<'_>, spec: &Spec, own: Option<&Own>, parts: Vec<PartReport>) -> Result<Deployment, Error> {
    let id = |wanted| {
        let found = parts.iter().find(|part| part.part == wanted && part.outcome != Outcome::Removed);
        found.map(|part| part.id.clone()).unwrap_or_default()
    };
    let strange = |error: crate::names::InvalidName| Error::Bug(error.to_string());
    let api_id: ApiId = id(Part::Api).parse().map_err(strange)?;
    Ok(Deployment {
        stack: run.settings.stack.value.clone(),
        changed: parts.iter().any(|part| part.outcome != Outcome::Unchanged),
        url: run.engine.api_url(&api_id),
        instance_id: id(Part::Instance).parse().map_err(strange)?,
        function: spec.names.function.clone(),
        own: own.map(OwnCode::of),
        keys: spec.keys.as_ref().map(KeyScopes::len),
        api_id,
        parts,
    })
}

/// Writes the hints. They come last and describe what is there: losing them loses nothing.
fn remember(run: &Run<'_>, account: &str, last: Option<&Cached>, report: &Deployment) -> Result<(), Error> {
    let folder = &run.settings.folder;
    let snapshot = Snapshot {
        stack: report.stack.clone(),
        account: account.to_owned(),
        region: run.engine.connection.region.clone(),
        session: run.engine.session.clone(),
        api_id: report.api_id.to_string(),
        instance_id: report.instance_id.to_string(),
    };
    Cached::write(folder, last, snapshot)?;
    files::write_ids(folder, report.instance_id.as_str(), report.api_id.as_str())?;
    let lines = report.parts.iter().map(|part| format!("{} {} {}", part.part.as_str(), part.id, part.outcome.as_str()));
    files::log(folder, &lines.chain([format!("url {}", report.url)]).collect::<Vec<_>>())?;
    Ok(())
}
