//! What is there: the parts of a stack, found by their tags, and the resources of our names that are not ours.
//!
//! Instances and APIs are listed and told apart by tag. Roles, functions and log groups have unique names, so they are
//! looked up by name and are ours only when their tags say so.

use super::{
    client::Clients,
    error::Error,
    part::Part,
    parts,
    reconcile::reading,
    role,
    sighting::{Foreign, Found},
    spec::Names,
};
use crate::{
    engine::Engine,
    names::{ApiId, InstanceId, StackName},
};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// A stack as it is on an engine.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Discovery {
    /// The stack.
    pub stack: StackName,
    /// The account that the engine speaks for.
    pub account: String,
    /// Everything that is ours, in the order of [`Part::EVERY`]; of each part the one that is kept comes first.
    pub found: Vec<Found>,
    /// What bears our names and is not ours.
    pub foreign: Vec<Foreign>,
    /// The tool that looks after the stack, where it is not atelier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
}

impl Discovery {
    /// The resource that a part consists of: of duplicates the oldest, then the one with the lowest id.
    #[must_use]
    pub fn part(&self, part: Part) -> Option<&Found> {
        self.found.iter().find(|found| found.part == part)
    }

    /// The API's id.
    #[must_use]
    pub fn api_id(&self) -> Option<ApiId> {
        self.part(Part::Api)?.id.parse().ok()
    }

    /// The instance's id.
    #[must_use]
    pub fn instance_id(&self) -> Option<InstanceId> {
        self.part(Part::Instance)?.id.parse().ok()
    }

    /// The instances, the oldest first.
    pub(super) fn instances(&self) -> Vec<Found> {
        self.found.iter().filter(|found| found.part == Part::Instance).cloned().collect()
    }

    /// The instances in the order of their names, as people look for them.
    #[must_use]
    pub fn instances_by_name(&self) -> Vec<&Found> {
        let mut instances: Vec<&Found> = self.found.iter().filter(|found| found.part == Part::Instance).collect();
        instances.sort_by(|a, b| (a.name(), &a.id).cmp(&(b.name(), &b.id)));
        instances
    }

    /// The function's name.
    #[must_use]
    pub fn function_name(&self) -> Option<&str> {
        self.part(Part::Function).map(|found| found.id.as_str())
    }

    /// Whether the function has been changed since that moment, where its service tells.
    #[must_use]
    pub fn is_changed_since(&self, moment: OffsetDateTime) -> bool {
        let changed = self.part(Part::Function).and_then(|found| found.changed);
        changed.is_some_and(|changed| changed > moment)
    }

    /// Whether nothing of the stack is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns what is not ours and does as the part.
    #[must_use]
    pub fn stand_in(&self, part: Part) -> Option<&Foreign> {
        self.foreign.iter().find(|foreign| foreign.part == part && foreign.is_stand_in)
    }

    /// Whether every part that a stack needs is there and finished, or has a stand-in.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_finished = |part| self.part(part).is_some_and(|found| found.rev.is_some());
        Part::required().all(|part| is_finished(part) || self.stand_in(part).is_some())
    }

    /// Whether what the API drives can be driven: a part that is there may have failed, or be at its end.
    #[must_use]
    pub fn works(&self) -> bool {
        let state = |part| self.part(part).and_then(|found| found.state.as_deref());
        // AWS puts a function to sleep that nobody has called for weeks, and wakes it at the next call.
        matches!(state(Part::Function), Some("Active" | "Inactive"))
            && !matches!(state(Part::Instance), None | Some("terminated" | "shutting-down"))
    }

    /// Whether it is as it should be: all of it there, nothing foreign in its way, and at work.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.is_complete() && self.obstacles().next().is_none() && self.works()
    }

    /// Returns what a deploy refuses to begin with.
    pub fn obstacles(&self) -> impl Iterator<Item = &Foreign> {
        self.foreign.iter().filter(|foreign| !foreign.is_stand_in)
    }

    /// Refuses to change what another tool looks after: its next run would change it back.
    pub(super) fn refuse_managed(&self) -> Result<(), Error> {
        self.managed_by.as_ref().map_or(Ok(()), |by| Err(Error::Managed { by: by.clone() }))
    }

    /// Refuses before anything is changed.
    pub(super) fn refuse_foreign(&self) -> Result<(), Error> {
        self.obstacles().next().map_or(Ok(()), Foreign::refuse)
    }
}

/// Finds what is there of a stack; changes nothing.
///
/// # Errors
/// Returns the call that failed.
pub async fn discover(engine: &Engine, stack: &StackName) -> Result<Discovery, Error> {
    let clients = Clients::new(engine);
    let work = async {
        let account = reading(|| clients.account()).await?;
        discover_with(&clients, stack, &account).await
    };
    work.await.map_err(|error: Error| error.at(engine))
}

/// Finds every stack of this account and region.
///
/// # Errors
/// Returns the call that failed.
pub async fn discover_all(engine: &Engine) -> Result<Vec<Discovery>, Error> {
    let clients = Clients::new(engine);
    Box::pin(all(&clients)).await.map_err(|error| error.at(engine))
}

/// Lists the names of the stacks of this account and region, of which anything is there.
///
/// # Errors
/// Returns the call that failed.
pub async fn names(engine: &Engine) -> Result<BTreeSet<StackName>, Error> {
    let clients = Clients::new(engine);
    parts::stacks(&clients).await.map_err(|error| error.at(engine))
}

/// Whether no stack is left on this engine, in this region or another: a stack anywhere has a role.
///
/// # Errors
/// Returns the call that failed.
pub async fn is_deserted(engine: &Engine) -> Result<bool, Error> {
    let clients = Clients::new(engine);
    let work = async {
        let has_roles = !reading(|| role::stacks(&clients)).await?.is_empty();
        Ok(!has_roles && Box::pin(all(&clients)).await?.is_empty())
    };
    work.await.map_err(|error: Error| error.at(engine))
}

async fn all(clients: &Clients) -> Result<Vec<Discovery>, Error> {
    let account = reading(|| clients.account()).await?;
    let names = parts::stacks(clients).await?;
    let mut stacks = Vec::new();
    for name in names {
        let discovery = discover_with(clients, &name, &account).await?;
        if !discovery.is_empty() {
            stacks.push(discovery);
        }
    }
    Ok(stacks)
}

pub(super) async fn discover_with(clients: &Clients, stack: &StackName, account: &str) -> Result<Discovery, Error> {
    let names = Names::of(stack, &clients.region);
    let mut discovery = Discovery {
        stack: stack.clone(),
        account: account.to_owned(),
        found: Vec::new(),
        foreign: Vec::new(),
        managed_by: None,
    };
    for sighting in parts::discover(clients, &names).await? {
        discovery.found.extend(sighting.ours);
        discovery.foreign.extend(sighting.foreign);
        discovery.managed_by = discovery.managed_by.or(sighting.manager);
    }
    Ok(discovery)
}
