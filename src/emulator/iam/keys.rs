//! The access keys of users. Who holds one can sign with it, as the user; the edge accepts it as long as it is active.
//!
//! Unlike other secrets this one is in the state, because whoever verifies a signature has to know it; the state's
//! folder is its owner's alone.

use super::{State, conflict, no_such_entity, null, paging::Paging, take_length, take_one_of, unfit, user::no_user};
use crate::{
    edge::keyring::{Key, Keyring},
    emulator::{
        service::{Operation, Output, Scope},
        state::Store,
        store::Region,
        sts,
        wire::{AwsError, QueryParams, iso_seconds, letter_id, xml},
    },
    secret::Secret,
};
use serde::{Deserialize, Serialize};

/// The most keys of a user.
const MOST: usize = 2;

/// An access key. It has no `Debug`: it holds a secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct AccessKey {
    id: String,
    /// The name of the user.
    pub(super) user: String,
    secret: String,
    is_active: bool,
    created: i64,
}

impl AccessKey {
    fn status(&self) -> &'static str {
        if self.is_active { "Active" } else { "Inactive" }
    }

    fn write(&self, element: &mut xml::Element) {
        xml::text(element, "UserName", &self.user);
        xml::text(element, "AccessKeyId", &self.id);
        xml::text(element, "Status", self.status());
        xml::text(element, "CreateDate", &iso_seconds(self.created));
    }

    fn accept(&self, keyring: &Keyring) {
        if self.is_active {
            keyring.insert(&self.id, Key { secret: Secret::new(&self.secret), session_token: None });
        } else {
            keyring.remove(&self.id);
        }
    }
}

/// Lets the edge accept the keys that users have.
pub(in crate::emulator) fn accept(store: &Store, keyring: &Keyring) {
    store.read(&Region::global(), |state| state.iam.keys.values().for_each(|key| key.accept(keyring)));
}

impl State {
    /// The user whose key this is.
    pub(in crate::emulator) fn user_of_key(&self, access_key_id: &str) -> Option<&str> {
        self.keys.get(access_key_id).map(|key| key.user.as_str())
    }
}

/// Takes the user's name, or who signed where there is none.
fn take_user(params: &mut QueryParams) -> Result<Option<String>, AwsError> {
    if params.has("UserName") { super::take_name(params, "UserName", 128).map(Some) } else { Ok(None) }
}

fn user(scope: &Scope<'_>, named: Option<String>) -> Result<String, AwsError> {
    named.or_else(|| sts::caller(scope).user).ok_or_else(no_user)
}

fn take_id(params: &mut QueryParams) -> Result<String, AwsError> {
    let id = take_length(params, "AccessKeyId", 16..=128)?.ok_or_else(|| null("accessKeyId"))?;
    if id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(id);
    }
    Err(unfit("accessKeyId", "Member must satisfy regular expression pattern: [\\w]+"))
}

/// `CreateAccessKey`: the only answer that has the secret.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (named, scope) = operation.query(take_user)?;
    let user = user(&scope, named)?;
    // Forty letters, as AWS's have.
    let secret = Secret::random(20).map_err(|error| AwsError::internal(format!("There is no randomness: {error}.")))?;
    let key = AccessKey {
        id: format!("AKIA{}", letter_id(16)?.to_ascii_uppercase()),
        user,
        secret: secret.expose().to_owned(),
        is_active: true,
        created: scope.now_millis(),
    };
    let kept = key.clone();
    scope
        .change_global(|state| {
            state.iam.user(&kept.user)?;
            if state.iam.keys.values().filter(|known| known.user == kept.user).count() >= MOST {
                return Err(conflict("LimitExceeded", format!("Cannot exceed quota for AccessKeysPerUser: {MOST}")));
            }
            state.iam.keys.insert(kept.id.clone(), kept);
            Ok(())
        })
        .await?;
    key.accept(&scope.context.config.keyring);
    Ok(Output::xml(move |result| {
        xml::element(result, "AccessKey", |element| {
            key.write(element);
            xml::text(element, "SecretAccessKey", secret.expose());
        });
    }))
}

/// `ListAccessKeys`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((named, paging), scope) = operation.query(|params| Ok((take_user(params)?, Paging::take(params)?)))?;
    let user = user(&scope, named)?;
    let (keys, marker) = scope.read_global(|state| {
        state.iam.user(&user)?;
        let keys = state.iam.keys.values().filter(|key| key.user == user).cloned();
        Ok::<_, AwsError>(paging.cut(keys, |key| key.id.clone()))
    })?;
    Ok(Output::xml(move |result| {
        xml::list(result, "AccessKeyMetadata", "member", &keys, |member, key| key.write(member));
        Paging::write(result, marker.as_deref());
    }))
}

fn absent(id: &str) -> AwsError {
    no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

/// `UpdateAccessKey`.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((named, id, is_active), scope) = operation.query(|params| {
        let status = take_one_of(params, "Status", &["Active", "Inactive"])?.ok_or_else(|| null("status"))?;
        Ok((take_user(params)?, take_id(params)?, status == "Active"))
    })?;
    let user = user(&scope, named)?;
    let key = scope
        .change_global(|state| {
            state.iam.user(&user)?;
            let key = state.iam.keys.get_mut(&id).filter(|key| key.user == user).ok_or_else(|| absent(&id))?;
            key.is_active = is_active;
            Ok(key.clone())
        })
        .await?;
    key.accept(&scope.context.config.keyring);
    Ok(Output::Done)
}

/// `DeleteAccessKey`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((named, id), scope) = operation.query(|params| Ok((take_user(params)?, take_id(params)?)))?;
    let user = user(&scope, named)?;
    scope
        .change_global(|state| {
            state.iam.user(&user)?;
            match state.iam.keys.get(&id) {
                Some(key) if key.user == user => {
                    state.iam.keys.remove(&id);
                    Ok(())
                }
                _ => Err(absent(&id)),
            }
        })
        .await?;
    scope.context.config.keyring.remove(&id);
    Ok(Output::Done)
}
