//! An API key of the stack: a real one of API Gateway, with its scope and its digest in its tags.
//!
//! Everything that we know of a key is in its tags. What is done with keys is in `keys`.

use super::{
    client::Clients,
    error::Error,
    export::{
        resource::{Body, Concern, Resource},
        scene::{Scene, key_variable},
        value::{Entry, Symbol, Thing, Value},
    },
    part::Part,
    predict::{PlannedPart, Wanted},
    reconcile::{Next, Reconcile},
    sighting::{Found, Ownership, Sighting, Tags, ownership},
    spec::Names,
};
use crate::{
    api_key::{Digest, KeyScopes, Scope},
    marks::{KEY_DIGEST_TAG, KEY_NAME_TAG, KEY_SCOPE_TAG, STACK_TAG},
    names::{KeyName, StackName},
    secret::Secret,
};
use aws_sdk_apigateway::types::ApiKey;
use std::{
    collections::BTreeSet,
    future::{Ready, ready},
};

/// The most that one page may hold.
const PAGE: i32 = 500;
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
    pub(super) digest: Digest,
}

/// A key that should be there. Its value is drawn before, so a call with an unknown outcome can be looked into.
pub(super) struct WantedKey<'a> {
    pub(super) clients: &'a Clients,
    pub(super) stack: &'a StackName,
    pub(super) name: &'a KeyName,
    pub(super) scope: Scope,
    pub(super) value: &'a Secret,
    pub(super) digest: Digest,
}

impl Reconcile for WantedKey<'_> {
    type View = Option<Key>;
    type Action = ();

    fn step(&self) -> &'static str {
        Part::Key.as_str()
    }

    async fn look(&self) -> Result<Option<Key>, Error> {
        Ok(read(self.clients, self.stack).await?.into_iter().find(|key| key.digest == self.digest))
    }

    fn next(&self, view: &Option<Key>, _done: &[()]) -> Result<Next<()>, Error> {
        Ok(if view.is_some() { Next::Done } else { Next::Act(()) })
    }

    async fn act(&self, (): &(), _view: &Option<Key>) -> Result<(), Error> {
        let mut tags = Names::of(self.stack, &self.clients.region).tags(Part::Key, None);
        tags.push((KEY_DIGEST_TAG.to_owned(), self.digest.as_str().to_owned()));
        tags.push((KEY_SCOPE_TAG.to_owned(), self.scope.to_string()));
        tags.push((KEY_NAME_TAG.to_owned(), self.name.to_string()));
        let call = self.clients.api.create_api_key().name(format!("{}-{}", self.stack, self.name)).enabled(true);
        let call = call.value(self.value.expose()).set_tags(Some(tags.into_iter().collect()));
        call.send().await.map(drop).map_err(|error| Error::call("CreateApiKey", &error))
    }
}

/// The digests and scopes that the handler needs.
pub(super) async fn scopes(clients: &Clients, stack: &StackName) -> Result<KeyScopes, Error> {
    let mut scopes = KeyScopes::default();
    for key in read(clients, stack).await? {
        scopes.insert(key.digest, key.scope, key.name.as_str());
    }
    Ok(scopes)
}

/// Reads the stack's keys; one whose tags somebody has damaged opens nothing and is left out.
pub(super) async fn read(clients: &Clients, stack: &StackName) -> Result<Vec<Key>, Error> {
    let names = Names::of(stack, &clients.region);
    let keys = ours(clients, &names).await?.into_iter();
    Ok(keys
        .filter(|(key, _)| key.enabled)
        .filter_map(|(key, tags)| {
            Some(Key {
                name: tags.get(KEY_NAME_TAG)?.parse().ok()?,
                scope: Scope::parse(tags.get(KEY_SCOPE_TAG)?)?,
                digest: tags.get(KEY_DIGEST_TAG)?.parse().ok()?,
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
        let state = tags.get(KEY_SCOPE_TAG).cloned();
        sighting.ours.extend(key.id.map(|id| Found {
            part: Part::Key,
            id,
            rev: None,
            state,
            reason: None,
            created,
            changed: None,
            instance: None,
        }));
    }
    sighting.sort();
    Ok(sighting)
}

async fn ours(clients: &Clients, names: &Names) -> Result<Vec<(ApiKey, Tags)>, Error> {
    let mut keys = every(clients).await?;
    keys.retain(|(_, tags)| matches!(ownership(names, Part::Key, tags), Ownership::Ours));
    Ok(keys)
}

/// Returns the stacks that have a key.
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

/// Describes the keys for other tools: their names and what they open, never what they are.
pub(super) fn exported(scene: &Scene<'_>) -> Vec<Resource> {
    let mut resources = Vec::new();
    for (name, scope, _) in &scene.keys {
        let digest = Value::symbol(Symbol::Digest(name.to_string()));
        let tags = vec![
            Entry::new(KEY_DIGEST_TAG, digest),
            Entry::new(KEY_SCOPE_TAG, Value::text(scope.as_str())),
            Entry::new(KEY_NAME_TAG, Value::text(name.as_str())),
        ];
        let thing = Thing::Key(name.to_string());
        let resource = |thing, why, body| Resource { part: Part::Key, thing, concern: Concern::Api, why, body };
        resources.push(resource(
            thing.clone(),
            "The function knows keys by their digests and opens to each what its scope says.",
            Body::Key {
                name: scene.text(&format!("{}-{name}", scene.marked().names.stack)),
                variable: key_variable(name),
                tags: scene.tags(Part::Key, None, tags),
            },
        ));
        resources.push(resource(Thing::PlanKey(name.to_string()), "", Body::PlanKey { key: thing }));
    }
    resources
}

/// Deletes a key; on AWS plans forget it with that.
pub(super) async fn delete(clients: &Clients, id: &str) -> Result<(), Error> {
    let answer = clients.api.delete_api_key().api_key(id).send().await;
    answer.map(drop).map_err(|error| Error::call("DeleteApiKey", &error))
}

/// Predicts nothing: keys are the user's to make, not a deploy's.
pub(super) fn predict(_clients: &Clients, _wanted: &Wanted<'_>) -> Ready<Result<Option<PlannedPart>, Error>> {
    ready(Ok(None))
}
