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
    client::Clients,
    discover::discover_with,
    error::Error,
    function::Function,
    kept_key,
    key::{self, Key, WantedKey},
    part::Part,
    reconcile::{Next, Pace, Reconcile, converge, reading},
    role::Role,
    run::Run,
    spec::Names,
    usage_plan::{self, UsagePlan},
    wanted,
};
use crate::{
    api_key::{self, Digest, Scope},
    engine::Engine,
    names::{KeyName, StackName},
    secret::Secret,
    settings::{Auth, Settings},
};
use clap::ValueEnum;

/// More do not fit into the function's environment, of which Lambda allows 4 KB.
pub(super) const MOST: usize = 32;

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
    let mut keys = reading(|| key::read(&clients, stack)).await?;
    // Not by age: API Gateway tells it in seconds, in which a script makes several.
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(keys)
}

/// Returns the value of a key that opens `scope`: the one that is kept here, else one that the engine tells. `None` when
/// there is none, or the engine keeps its value from us.
///
/// # Errors
/// Returns the call that failed.
pub async fn value(engine: &Engine, settings: &Settings, scope: Scope) -> Result<Option<Secret>, Error> {
    let keys = list(engine, &settings.stack.value).await?;
    value_among(&keys, engine, settings, scope).await
}

/// Returns the value of the key that opens most, as [`value`] does.
///
/// # Errors
/// Returns the call that failed.
pub async fn strongest(engine: &Engine, settings: &Settings) -> Result<Option<Secret>, Error> {
    let keys = list(engine, &settings.stack.value).await?;
    for scope in Scope::value_variants().iter().rev() {
        if let Some(value) = value_among(&keys, engine, settings, *scope).await? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

async fn value_among(
    keys: &[Key],
    engine: &Engine,
    settings: &Settings,
    scope: Scope,
) -> Result<Option<Secret>, Error> {
    let clients = Clients::new(engine);
    if let Some((_, value)) = kept(settings, keys).filter(|(kept, _)| kept.allows(scope)) {
        return Ok(Some(value));
    }
    let Some(key) = keys.iter().find(|key| key.scope.allows(scope)) else { return Ok(None) };
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
    refuse_managed(run).await?;
    let keys = list(run.engine, &run.settings.stack.value).await?;
    if keys.iter().any(|key| key.name == *name) {
        return Err(Error::KeyExists { name: name.clone() });
    }
    let created = add(run, keys.len(), name, scope).await?;
    keep(run.settings, &keys, &created);
    Ok(created)
}

/// Finds the key of a name, before anything is done to it: of several the one that is listed last.
///
/// # Errors
/// There is no key of this name, another tool looks after the stack, or what a call answered.
pub async fn named(run: &Run<'_>, name: &KeyName) -> Result<Key, Error> {
    let (named, _) = find(run, name).await?;
    named.into_iter().next_back().ok_or_else(|| Error::NoSuchKey { name: name.clone() })
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

/// Refuses to change the keys, the plan and the function of a stack that another tool looks after.
async fn refuse_managed(run: &Run<'_>) -> Result<(), Error> {
    let clients = Clients::new(run.engine);
    let account = reading(|| clients.account()).await?;
    discover_with(&clients, &run.settings.stack.value, &account).await?.refuse_managed()
}

/// Finds the keys of a name, at least one, and all others.
async fn find(run: &Run<'_>, name: &KeyName) -> Result<(Vec<Key>, Vec<Key>), Error> {
    refuse_managed(run).await?;
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
    let wanted = WantedKey { clients: &clients, stack, name, scope, value: &value, digest: Digest::of(value.expose()) };
    let (key, _) = converge(&wanted, &Pace::of(run)).await?;
    let key = key.ok_or_else(|| Error::Bug("the key is made and not there".to_owned()))?;
    apply(run, &clients).await?;
    Ok(Created { key, value })
}

async fn remove(run: &Run<'_>, keys: &[Key]) -> Result<(), Error> {
    let clients = Clients::new(run.engine);
    for key in keys {
        converge(&UnwantedKey { clients: &clients, stack: &run.settings.stack.value, id: &key.id }, &Pace::of(run))
            .await?;
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
    let own = wanted::own(run)?;
    let spec = wanted::spec(run, own.as_ref(), &found.instances(), clients, &account).await?;
    converge(&UsagePlan::new(clients, &spec, &api.id), &Pace::of(run)).await?;
    // A key that opens types needs a role that may change them.
    converge(&Role::new(clients, &spec), &Pace::of(run)).await?;
    converge(&Function::configuration(clients, &spec), &Pace::of(run)).await?;
    Ok(())
}

/// A key that should not be there.
struct UnwantedKey<'a> {
    clients: &'a Clients,
    stack: &'a StackName,
    id: &'a str,
}

impl Reconcile for UnwantedKey<'_> {
    type View = bool;
    type Action = ();

    fn step(&self) -> &'static str {
        Part::Key.as_str()
    }

    async fn look(&self) -> Result<bool, Error> {
        Ok(key::read(self.clients, self.stack).await?.iter().any(|key| key.id == self.id))
    }

    fn next(&self, is_there: &bool, _done: &[()]) -> Result<Next<()>, Error> {
        Ok(if *is_there { Next::Act(()) } else { Next::Done })
    }

    async fn act(&self, (): &(), _is_there: &bool) -> Result<(), Error> {
        usage_plan::detach(self.clients, &Names::of(self.stack, &self.clients.region), self.id).await?;
        key::delete(self.clients, self.id).await
    }
}
