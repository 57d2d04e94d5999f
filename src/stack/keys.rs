//! The stack's API keys: real ones of API Gateway, each with its scope and its digest in its tags.
//!
//! Everything that we know of a key is in its tags, its digest among them: a key lives as long as its engine does. An
//! engine that came back empty has no keys, and since we do not know the old values, new ones have to be made (`deploy`
//! says so). The value of one key is kept for our own calls ([`kept_key`]); it is a hint like every file, and counts
//! only while the stack has a key of its digest.
//!
//! A change of keys goes into the plan and into the function's configuration, in that order when a key comes. When one
//! goes, it is API Gateway that forgets it first: from then on nobody gets in with it.

use super::{
    Run,
    client::Clients,
    deploy,
    discover::{Found, Ownership, Sighting, Tags, discover_with, ownership},
    error::Error,
    function::Function,
    kept_key,
    reconcile::{Next, Pace, Reconcile, converge, reading},
    spec::{Names, Part, STACK_TAG},
    usage_plan::{self, UsagePlan},
};
use crate::{
    api_key::{self, Digest, KeyScopes, Scope},
    engine::Engine,
    names::{KeyName, StackName},
    secret::Secret,
    settings::{Auth, Settings},
    text::Message,
};
use aws_sdk_apigateway::types::ApiKey;
use std::collections::BTreeSet;

/// The tag that holds the SHA-256 of the key.
const DIGEST_TAG: &str = "atelier:digest";
/// The tag that holds what the key opens.
const SCOPE_TAG: &str = "atelier:scope";
/// The tag that holds the name for people.
const NAME_TAG: &str = "atelier:name";
/// The most that one page may hold.
const PAGE: i32 = 500;
/// More do not fit into the function's environment, of which Lambda allows 4 KB.
const MOST: usize = 32;

/// A key, without its value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Key {
    /// Its name.
    pub name: KeyName,
    /// What it opens.
    pub scope: Scope,
    /// API Gateway's id.
    pub id: String,
    /// When it was made, in seconds since the Unix epoch.
    pub created: i64,
    #[serde(skip)]
    digest: Digest,
}

/// A new key, with the value that is not shown again.
pub struct Created {
    /// The key.
    pub key: Key,
    /// What callers send in `x-api-key`.
    pub value: Secret,
}

/// Lists a stack's keys by name.
///
/// # Errors
/// Returns the call that failed.
pub async fn list(engine: &Engine, stack: &StackName) -> Result<Vec<Key>, Error> {
    let clients = Clients::new(engine);
    let mut keys = reading(|| read(&clients, stack)).await?;
    // Not by age: API Gateway tells it in seconds, in which a script makes several.
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(keys)
}

/// Gives the value of a key that opens `scope`: the one that is kept here, else one that the engine tells. `None` when
/// there is none, or the engine keeps its value from us.
///
/// # Errors
/// Returns the call that failed.
pub async fn value(engine: &Engine, settings: &Settings, scope: Scope) -> Result<Option<Secret>, Error> {
    let clients = Clients::new(engine);
    let keys = list(engine, &settings.stack.value).await?;
    if let Some((_, value)) = kept(settings, &keys).filter(|(kept, _)| kept.allows(scope)) {
        return Ok(Some(value));
    }
    let Some(key) = keys.into_iter().find(|key| key.scope.allows(scope)) else { return Ok(None) };
    let answer = reading(|| async {
        let answer = clients.api.get_api_key().api_key(&key.id).include_value(true).send().await;
        answer.map_err(|error| Error::call("GetApiKey", &error))
    });
    Ok(answer.await?.value.map(Secret::new))
}

/// The key that is kept here and what it opens, if it is one of these.
fn kept(settings: &Settings, keys: &[Key]) -> Option<(Scope, Secret)> {
    let value = kept_key::read(&settings.folder)?;
    let digest = Digest::of(value.expose());
    let key = keys.iter().find(|key| key.digest == digest)?;
    Some((key.scope, value))
}

/// Keeps a new key, unless the one that is kept opens as much and is one of the others.
fn keep(settings: &Settings, others: &[Key], new: &Created) {
    if kept(settings, others).is_none_or(|(kept, _)| !kept.allows(new.key.scope)) {
        // The key is made and its value about to be shown: that must not be lost because a file cannot be written.
        let _ = kept_key::write(&settings.folder, &new.value);
    }
}

/// Makes a key and lets it open the API.
///
/// # Errors
/// A key of this name exists, there are as many as there can be, or what a call answered.
pub async fn create(run: &Run<'_>, name: &KeyName, scope: Scope) -> Result<Created, Error> {
    let keys = list(run.engine, &run.settings.stack.value).await?;
    if keys.iter().any(|key| key.name == *name) {
        return Err(Error::KeyExists { name: name.clone() });
    }
    let created = add(run, keys.len(), name, scope).await?;
    keep(run.settings, &keys, &created);
    Ok(created)
}

/// Takes a key away, and with it every other of its name: a `rotate` that was killed leaves two.
///
/// # Errors
/// There is no key of this name, or what a call answered.
pub async fn revoke(run: &Run<'_>, name: &KeyName) -> Result<Key, Error> {
    let (named, others) = find(run, name).await?;
    remove(run, &named).await?;
    if kept(run.settings, &others).is_none() {
        kept_key::remove(&run.settings.folder)?;
    }
    named.into_iter().next_back().ok_or_else(|| Error::NoSuchKey { name: name.clone() })
}

/// Puts a new key in the place of all that have this name; the old ones open the API until the new one does.
///
/// # Errors
/// There is no key of this name, or what a call answered.
pub async fn rotate(run: &Run<'_>, name: &KeyName) -> Result<Created, Error> {
    let (old, others) = find(run, name).await?;
    let scope = old.iter().map(|key| key.scope).min().ok_or_else(|| Error::NoSuchKey { name: name.clone() })?;
    let created = add(run, 0, name, scope).await?;
    remove(run, &old).await?;
    keep(run.settings, &others, &created);
    Ok(created)
}

/// Finds the keys of a name, at least one, and all others.
async fn find(run: &Run<'_>, name: &KeyName) -> Result<(Vec<Key>, Vec<Key>), Error> {
    let keys = list(run.engine, &run.settings.stack.value).await?;
    let (named, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.name == *name);
    if named.is_empty() { Err(Error::NoSuchKey { name: name.clone() }) } else { Ok((named, others)) }
}

async fn add(run: &Run<'_>, others: usize, name: &KeyName, scope: Scope) -> Result<Created, Error> {
    if others >= MOST {
        return Err(Error::TooManyKeys { most: MOST });
    }
    let value = api_key::draw().map_err(|error| Error::Bug(error.to_string()))?;
    let clients = Clients::new(run.engine);
    let stack = &run.settings.stack.value;
    let wanted = Wanted { clients: &clients, stack, name, scope, value: &value, digest: Digest::of(value.expose()) };
    let (key, _) = converge(&wanted, &pace(run)).await?;
    let key = key.ok_or_else(|| Error::Bug("the key is made and not there".to_owned()))?;
    apply(run, &clients).await?;
    Ok(Created { key, value })
}

async fn remove(run: &Run<'_>, keys: &[Key]) -> Result<(), Error> {
    let clients = Clients::new(run.engine);
    for key in keys {
        converge(&Gone { clients: &clients, stack: &run.settings.stack.value, id: &key.id }, &pace(run)).await?;
    }
    apply(run, &clients).await
}

/// Brings the plan and the function's configuration to the keys that there are now. The code and the API's document do
/// not depend on keys, and stay.
async fn apply(run: &Run<'_>, clients: &Clients) -> Result<(), Error> {
    if run.settings.auth.value == Auth::None {
        return Ok(());
    }
    let account = reading(|| clients.account()).await?;
    let found = discover_with(clients, &run.settings.stack.value, &account).await?;
    // Without an API there is nothing to open; the next deploy does all of this.
    let Some(api) = found.part(Part::Api).filter(|api| api.rev.is_some()) else { return Ok(()) };
    let spec = deploy::spec(run, clients, &account).await?;
    converge(&UsagePlan::new(clients, &spec, &api.id), &pace(run)).await?;
    converge(&Function::configuration(clients, &spec), &pace(run)).await?;
    Ok(())
}

fn pace(run: &Run<'_>) -> Pace {
    Pace::of(run)
}

/// A key that should be there. Its value is drawn before, so a call with an unknown outcome can be looked into.
struct Wanted<'a> {
    clients: &'a Clients,
    stack: &'a StackName,
    name: &'a KeyName,
    scope: Scope,
    value: &'a Secret,
    digest: Digest,
}

impl Reconcile for Wanted<'_> {
    type View = Option<Key>;
    type Action = ();

    fn step(&self) -> &'static str {
        Part::Key.as_str()
    }

    fn begun(&self, (): &()) -> Option<Message> {
        None
    }

    async fn look(&self) -> Result<Option<Key>, Error> {
        Ok(read(self.clients, self.stack).await?.into_iter().find(|key| key.digest == self.digest))
    }

    fn next(&self, view: &Option<Key>, _done: &[()]) -> Result<Next<()>, Error> {
        Ok(if view.is_some() { Next::Done } else { Next::Act(()) })
    }

    async fn act(&self, (): &(), _view: &Option<Key>) -> Result<(), Error> {
        let mut tags = Names::of(self.stack, &self.clients.region).tags(Part::Key, None);
        tags.push((DIGEST_TAG.to_owned(), self.digest.as_str().to_owned()));
        tags.push((SCOPE_TAG.to_owned(), self.scope.to_string()));
        tags.push((NAME_TAG.to_owned(), self.name.to_string()));
        let call = self.clients.api.create_api_key().name(format!("{}-{}", self.stack, self.name)).enabled(true);
        let call = call.value(self.value.expose()).set_tags(Some(tags.into_iter().collect()));
        call.send().await.map(drop).map_err(|error| Error::call("CreateApiKey", &error))
    }
}

/// A key that should not be there.
struct Gone<'a> {
    clients: &'a Clients,
    stack: &'a StackName,
    id: &'a str,
}

impl Reconcile for Gone<'_> {
    type View = bool;
    type Action = ();

    fn step(&self) -> &'static str {
        Part::Key.as_str()
    }

    fn begun(&self, (): &()) -> Option<Message> {
        None
    }

    async fn look(&self) -> Result<bool, Error> {
        Ok(read(self.clients, self.stack).await?.iter().any(|key| key.id == self.id))
    }

    fn next(&self, is_there: &bool, _done: &[()]) -> Result<Next<()>, Error> {
        Ok(if *is_there { Next::Act(()) } else { Next::Done })
    }

    async fn act(&self, (): &(), _is_there: &bool) -> Result<(), Error> {
        usage_plan::detach(self.clients, &Names::of(self.stack, &self.clients.region), self.id).await?;
        delete(self.clients, self.id).await
    }
}

/// The digests and scopes that the handler needs.
pub(super) async fn scopes(clients: &Clients, stack: &StackName) -> Result<KeyScopes, Error> {
    Ok(read(clients, stack).await?.into_iter().map(|key| (key.digest, key.scope)).collect())
}

/// Reads the stack's keys; one whose tags somebody has damaged opens nothing and is left out.
async fn read(clients: &Clients, stack: &StackName) -> Result<Vec<Key>, Error> {
    let names = Names::of(stack, &clients.region);
    let keys = ours(clients, &names).await?.into_iter();
    Ok(keys
        .filter(|(key, _)| key.enabled)
        .filter_map(|(key, tags)| {
            Some(Key {
                name: tags.get(NAME_TAG)?.parse().ok()?,
                scope: match tags.get(SCOPE_TAG)?.as_str() {
                    "status" => Scope::Status,
                    "control" => Scope::Control,
                    _ => return None,
                },
                digest: tags.get(DIGEST_TAG)?.parse().ok()?,
                created: key.created_date.map_or(0, |time| time.secs()),
                id: key.id?,
            })
        })
        .collect())
}

/// Finds the stack's keys, whatever their other tags say: what `clean` removes.
pub(super) async fn discover(clients: &Clients, names: &Names) -> Result<Sighting, Error> {
    let mut sighting = Sighting::default();
    for (key, tags) in ours(clients, names).await? {
        let created = key.created_date.map_or(0, |time| time.secs());
        let state = tags.get(SCOPE_TAG).cloned();
        sighting.ours.extend(key.id.map(|id| Found { part: Part::Key, id, rev: None, state, created }));
    }
    sighting.sort();
    Ok(sighting)
}

async fn ours(clients: &Clients, names: &Names) -> Result<Vec<(ApiKey, Tags)>, Error> {
    let mut keys = every(clients).await?;
    keys.retain(|(_, tags)| matches!(ownership(names, Part::Key, tags), Ownership::Ours));
    Ok(keys)
}

/// Names the stacks that have a key.
pub(super) async fn stacks(clients: &Clients) -> Result<BTreeSet<StackName>, Error> {
    let keys = every(clients).await?;
    Ok(keys.iter().filter_map(|(_, tags)| tags.get(STACK_TAG)?.parse().ok()).collect())
}

/// Lists every key of the account, with its tags.
async fn every(clients: &Clients) -> Result<Vec<(ApiKey, Tags)>, Error> {
    let mut keys = Vec::new();
    let mut position = None;
    loop {
        let answer = clients.api.get_api_keys().limit(PAGE).include_values(false).set_position(position).send().await;
        let page = match answer.map_err(|error| Error::call("GetApiKeys", &error)) {
            // A small engine that has no keys has none of ours.
            Err(error) if error.is_not_found() => return Ok(keys),
            answer => answer?,
        };
        for mut key in page.items.unwrap_or_default() {
            let tags: Tags = key.tags.take().unwrap_or_default().into_iter().collect();
            keys.push((key, tags));
        }
        match page.position.filter(|position| !position.is_empty()) {
            Some(next) => position = Some(next),
            None => return Ok(keys),
        }
    }
}

/// Deletes a key; on AWS plans forget it with that.
pub(super) async fn delete(clients: &Clients, id: &str) -> Result<(), Error> {
    let answer = clients.api.delete_api_key().api_key(id).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteApiKey", &error))
}
