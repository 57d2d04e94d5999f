//! Office hours of the stack's instances: in their tags, and nowhere else.

use super::{
    client::Clients,
    clock::Clock,
    discover::{Discovery, discover_with},
    error::Error,
    instance,
    part::Part,
    reconcile::{Pace, converge, reading},
    run::Run,
    sighting::{Found, InstanceFacts},
    wanted,
};
use crate::{
    engine::Engine,
    names::{InstanceName, StackName},
    schedule::{START_TAG, STOP_TAG, Schedule, TAGS},
};

/// An instance and what its tags say about the time.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// The instance's id.
    pub id: String,
    /// Its state, in EC2's words.
    pub state: Option<String>,
    /// What its tags say.
    pub facts: InstanceFacts,
}

impl Scheduled {
    fn of(found: Found) -> Option<Self> {
        let Found { id, state, instance, .. } = found;
        Some(Self { id, state, facts: instance? })
    }
}

/// Lists the stack's instances with their office hours.
///
/// # Errors
/// Returns the call that failed.
pub async fn list(engine: &Engine, stack: &StackName) -> Result<Vec<Scheduled>, Error> {
    let clients = Clients::new(engine);
    let names = super::spec::Names::of(stack, &clients.region);
    let found = reading(|| instance::discover(&clients, &names)).await.map_err(|error| error.at(engine))?;
    Ok(found.ours.into_iter().filter_map(Scheduled::of).collect())
}

/// Gives an instance office hours, from the next edge on, and makes sure that the function is woken for them.
///
/// # Errors
/// There is no such instance, another tool looks after the stack, its office hours stand in `atelier.toml`, or a call failed.
pub async fn set(run: &Run<'_>, name: Option<&InstanceName>, schedule: &Schedule) -> Result<Scheduled, Error> {
    let clients = Clients::new(run.engine);
    let (account, found) = sighted(run, &clients).await?;
    let mut one = choose(&found, name)?;
    if one.facts.schedule.as_ref() != Some(schedule) {
        instance::untag(&clients, &one.id, &[START_TAG, STOP_TAG]).await?;
        instance::set_tags(&clients, &one.id, instance::schedule_tags(schedule)).await?;
    }
    wake(run, &clients, &account, &found).await?;
    one.facts.schedule = Some(schedule.clone());
    Ok(one)
}

/// Takes the office hours of an instance away, and with the last of them what woke the function.
///
/// # Errors
/// As [`set`].
pub async fn remove(run: &Run<'_>, name: Option<&InstanceName>) -> Result<Scheduled, Error> {
    let clients = Clients::new(run.engine);
    let (account, found) = sighted(run, &clients).await?;
    let one = choose(&found, name)?;
    instance::untag(&clients, &one.id, &TAGS).await?;
    wake(run, &clients, &account, &found).await?;
    Ok(one)
}

/// Looks the stack up, in its account; one that another tool looks after is refused, which would take the tags away again.
async fn sighted(run: &Run<'_>, clients: &Clients) -> Result<(String, Discovery), Error> {
    let look = async {
        let account = reading(|| clients.account()).await?;
        let found = discover_with(clients, &run.settings.stack.value, &account).await?;
        Ok((account, found))
    };
    let (account, found) = look.await.map_err(|error: Error| error.at(run.engine))?;
    found.refuse_managed()?;
    Ok((account, found))
}

fn choose(found: &Discovery, name: Option<&InstanceName>) -> Result<Scheduled, Error> {
    let mut all: Vec<Scheduled> = found.instances().into_iter().filter_map(Scheduled::of).collect();
    let names = all.iter().map(|one| one.facts.name.clone().unwrap_or_else(|| one.id.clone())).collect();
    let wanted = name.map(InstanceName::as_str);
    let at = all.iter().position(|one| one.facts.name.as_deref() == wanted);
    // The only one needs no name.
    let at = at.or((wanted.is_none() && all.len() == 1).then_some(0)).ok_or(Error::WhichInstance { names })?;
    let one = all.swap_remove(at);
    if one.facts.is_scheduled_by_file {
        return Err(Error::ScheduledByFile { name: one.facts.name.unwrap_or(one.id) });
    }
    Ok(one)
}

/// Brings the rule to what is needed now, which it looks up itself.
async fn wake(run: &Run<'_>, clients: &Clients, account: &str, found: &Discovery) -> Result<(), Error> {
    // Without a function there is nobody to wake; the next deploy sees to it.
    if found.part(Part::Function).is_none() {
        return Ok(());
    }
    let own = wanted::own(run)?;
    let spec = wanted::spec(run, own.as_ref(), &found.instances(), clients, account).await?;
    converge(&Clock::new(clients, &spec), &Pace::of(run)).await.map(drop)
}
