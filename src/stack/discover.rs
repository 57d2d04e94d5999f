//! What is there: the parts of a stack, found by their tags, and the resources of our names that are not ours.
//!
//! Instances and APIs are listed and told apart by tag. Roles, functions and log groups have unique names, so they are
//! looked up by name and are ours only when their tags say so.

use super::{
    api,
    client::Clients,
    error::Error,
    function, instance, keys, log_group,
    reconcile::reading,
    role,
    spec::{Names, PART_TAG, Part, REV_TAG, STACK_TAG},
    usage_plan,
};
use crate::{
    engine::Engine,
    names::{ApiId, InstanceId, StackName},
    text::Message,
};
use std::collections::{BTreeMap, BTreeSet};

/// A resource that is ours.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// Which part it is.
    pub part: Part,
    /// Its id or, where the service has none, its name.
    pub id: String,
    /// The rev that it was last brought to; absent while it is unfinished.
    pub rev: Option<String>,
    /// Its state in its service's words, where it has one.
    pub state: Option<String>,
    /// When it was made, in seconds since the Unix epoch; 0 where the service does not tell.
    pub created: i64,
}

/// A resource of our name that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Foreign {
    /// Which part it would be.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Whose it is, as far as its tags tell.
    pub owner: Message,
}

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

    /// The function's name.
    #[must_use]
    pub fn function_name(&self) -> Option<&str> {
        self.part(Part::Function).map(|found| found.id.as_str())
    }

    /// Tells whether nothing of the stack is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Tells whether every part is there and finished. A log group of our name that is not ours does as one, see
    /// `log_group`.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let stand_in = |part| part == Part::LogGroup && self.foreign.iter().any(|foreign| foreign.part == part);
        let is_there = |part| self.part(part).is_some_and(|found| found.rev.is_some()) || stand_in(part);
        Part::ALL.into_iter().all(is_there)
    }

    /// What a deploy refuses to begin with.
    pub fn obstacles(&self) -> impl Iterator<Item = &Foreign> {
        self.foreign.iter().filter(|foreign| foreign.part != Part::LogGroup)
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

/// Tells whether no stack is left on this engine, in this region or another: a stack anywhere has a role.
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
    // Any part may be all that an interrupted run has left.
    let (instances, roles, log_groups, functions, apis, usage_plans, keys) = tokio::join!(
        reading(|| instance::stacks(clients)),
        reading(|| role::stacks(clients)),
        reading(|| log_group::stacks(clients)),
        reading(|| function::stacks(clients)),
        reading(|| api::stacks(clients)),
        reading(|| usage_plan::stacks(clients)),
        reading(|| keys::stacks(clients)),
    );
    let names: BTreeSet<StackName> =
        [instances?, roles?, log_groups?, functions?, apis?, usage_plans?, keys?].into_iter().flatten().collect();
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
    let (instance, role, log_group, function, api, usage_plan, keys) = tokio::join!(
        reading(|| instance::discover(clients, &names)),
        reading(|| role::discover(clients, &names)),
        reading(|| log_group::discover(clients, &names)),
        reading(|| function::discover(clients, &names)),
        reading(|| api::discover(clients, &names)),
        reading(|| usage_plan::discover(clients, &names)),
        reading(|| keys::discover(clients, &names)),
    );
    let mut discovery =
        Discovery { stack: stack.clone(), account: account.to_owned(), found: Vec::new(), foreign: Vec::new() };
    for sighting in [instance?, role?, log_group?, function?, api?, usage_plan?, keys?] {
        discovery.found.extend(sighting.ours);
        discovery.foreign.extend(sighting.foreign);
    }
    Ok(discovery)
}

/// What one part's discover saw.
#[derive(Debug, Default)]
pub(super) struct Sighting {
    /// Ours, the one to keep first.
    pub(super) ours: Vec<Found>,
    /// Not ours.
    pub(super) foreign: Option<Foreign>,
}

impl Sighting {
    /// Files a resource that is known by its name: ours by its tags, or somebody else's.
    pub(super) fn named(names: &Names, found: Found, tags: &Tags, arn: &str) -> Self {
        match ownership(names, found.part, tags) {
            Ownership::Ours => Self { ours: vec![found], foreign: None },
            Ownership::Theirs(owner) => {
                let name = found.id;
                let owner = owner.unwrap_or_else(|| Message::new("stack.nobody").with("id", arn));
                Self { ours: Vec::new(), foreign: Some(Foreign { part: found.part, name, owner }) }
            }
        }
    }

    /// Puts the one to keep first: the oldest, then the lowest id. Every run decides alike.
    pub(super) fn sort(&mut self) {
        self.ours.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    }

    /// The one to keep.
    pub(super) fn kept(&self) -> Option<&Found> {
        self.ours.first()
    }

    /// The ones to remove.
    pub(super) fn duplicates(&self) -> &[Found] {
        self.ours.get(1..).unwrap_or_default()
    }

    /// Refuses to touch what is not ours.
    pub(super) fn refuse_foreign(&self) -> Result<(), Error> {
        match &self.foreign {
            Some(Foreign { part, name, owner }) => {
                Err(Error::NotOurs { part: *part, name: name.clone(), owner: owner.clone() })
            }
            None => Ok(()),
        }
    }
}

/// A resource's tags.
pub(super) type Tags = BTreeMap<String, String>;

/// The rev that a resource's tags tell.
pub(super) fn rev(tags: &Tags) -> Option<String> {
    tags.get(REV_TAG).cloned()
}

pub(super) enum Ownership {
    Ours,
    /// The other stack, where the tags name one.
    Theirs(Option<Message>),
}

/// Tells by its tags whether a resource is this part of this stack.
pub(super) fn ownership(names: &Names, part: Part, tags: &Tags) -> Ownership {
    match (tags.get(STACK_TAG), tags.get(PART_TAG)) {
        (Some(stack), Some(tagged)) if stack == names.stack.as_str() && tagged == part.as_str() => Ownership::Ours,
        (stack, _) => Ownership::Theirs(stack.map(|stack| Message::new("stack.other").with("name", stack))),
    }
}
