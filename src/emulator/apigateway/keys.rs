//! The operations on API keys.
//!
//! Of a key's value only the digest is kept, so `includeValue` shows none: unlike at AWS, the answer to `CreateApiKey` is
//! the only one that has it.

use super::{
    error::{absent, bad_request, conflict},
    key::{ApiKey, KeySettings},
    model::{Tags, with_tags},
    paging::Paging,
    patch, tags,
};
use crate::{
    api_key::Digest,
    emulator::{
        service::{Operation, Output},
        wire::{AwsError, letter_id},
    },
};
use serde::Deserialize;

/// The most characters of a description: API Gateway's own limit.
const MAX_DESCRIPTION: usize = 125_000;

#[derive(Deserialize)]
struct CreateApiKey {
    value: Option<String>,
    #[serde(default)]
    tags: Tags,
}

pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (CreateApiKey { value, tags }, settings, scope) = operation.inputs::<CreateApiKey, KeySettings>()?;
    tags::check(&tags)?;
    check(&settings)?;
    let value = match value.filter(|value| !value.is_empty()) {
        Some(value) if (20..=128).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic()) => value,
        Some(value) if value.len() > 128 => {
            return Err(bad_request("API Key value exceeds maximum size of 128 characters"));
        }
        Some(_) => return Err(bad_request("API Key value should be at least 20 characters")),
        None => letter_id(40)?,
    };
    let (id, digest) = (letter_id(10)?, Digest::of(&value));
    let key = ApiKey { id, digest, created: scope.now, updated: scope.now, settings, tags };
    let mut shown = key.show();
    shown["value"] = value.into();
    scope
        .change(|state| {
            let keys = &mut state.apigateway.keys;
            if keys.values().any(|other| other.digest.is(&key.digest)) {
                return Err(conflict("API Key already exists"));
            }
            keys.insert(key.id.clone(), key);
            Ok(())
        })
        .await?;
    Ok(Output::Members(shown))
}

fn check(settings: &KeySettings) -> Result<(), AwsError> {
    if settings.name.as_ref().is_some_and(|name| name.chars().count() > 1024) {
        return Err(bad_request("Invalid API Key name, can be at most 1024 characters."));
    }
    if settings.description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return Err(bad_request("Invalid API Key description specified."));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetApiKeys {
    name_query: Option<String>,
    customer_id: Option<String>,
    #[expect(dead_code, reason = "there is no value to include")]
    include_values: Option<bool>,
}

pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (wanted, paging, scope) = operation.inputs::<GetApiKeys, Paging>()?;
    let is_wanted = |key: &&ApiKey| {
        let customer = wanted.customer_id.as_ref();
        key.is_named(wanted.name_query.as_deref())
            && customer.is_none_or(|customer| key.settings.customer_id.as_ref() == Some(customer))
    };
    scope.read(|state| {
        let keys = state.apigateway.keys.values().filter(is_wanted);
        paging.page(keys.map(|key| (key.id.as_str(), key)), ApiKey::show)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetApiKey {
    api_key: String,
    #[expect(dead_code, reason = "there is no value to include")]
    include_value: Option<bool>,
}

pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (input, scope) = operation.input::<GetApiKey>()?;
    scope.read(|state| Ok(Output::Members(with_tags(state.apigateway.key(&input.api_key)?.show()))))
}

/// The key that an operation is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyPath {
    api_key: String,
}

pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (at, patch, scope) = patch::inputs::<KeyPath>(operation)?;
    let shown = scope.change(|state| {
        let key = state.apigateway.key_mut(&at.api_key)?;
        patch.replaces(&["description", "enabled", "name", "customerId"])?;
        let settings = patch.apply(&key.settings)?;
        check(&settings)?;
        (key.settings, key.updated) = (settings, scope.now);
        Ok(with_tags(key.show()))
    });
    Ok(Output::Members(shown.await?))
}

pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (KeyPath { api_key: id }, scope) = operation.input()?;
    let removed = scope.change(|state| {
        let state = &mut state.apigateway;
        state.keys.remove(&id).ok_or_else(|| absent("API Key"))?;
        state.plans.change_where(
            |plan| plan.keys.contains(&id),
            |plan| {
                plan.keys.remove(&id);
            },
        );
        Ok(())
    });
    removed.await?;
    Ok(Output::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::{Fault, members};
    use serde_json::json;

    #[test]
    fn what_a_key_cannot_have_here_is_refused_by_name() {
        for (member, value) in [("generateDistinctId", json!(true)), ("stageKeys", json!([{ "stageName": "dev" }]))] {
            let input = json!({ "name": "k", member: value });
            let read = members::read_both::<CreateApiKey, KeySettings>(input.as_object().unwrap());
            assert_eq!(read.map(drop).unwrap_err(), Fault::Unknown(member.to_owned()));
        }
    }
}
