//! Tags of roles, users, policies, instance profiles and OpenID Connect providers: put, removed, listed.

use super::{
    State,
    holder::Kind,
    identity_providers, null,
    paging::Paging,
    policy, profile,
    tags::{self, Case},
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams},
};
use std::collections::BTreeMap;

/// What has tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagged {
    Policy,
    Profile,
    Provider,
    Role,
    User,
}

impl Tagged {
    /// Takes the name, or of a policy or a provider the ARN.
    fn take(self, params: &mut QueryParams) -> Result<String, AwsError> {
        match self {
            Self::Policy => policy::take_arn(params),
            Self::Profile => profile::take(params),
            Self::Provider => identity_providers::take_arn(params),
            Self::Role => Kind::Role.take(params),
            Self::User => Kind::User.take(params),
        }
    }

    fn case(self) -> Case {
        match self {
            Self::Role | Self::User => Case::Insensitive,
            Self::Policy | Self::Profile | Self::Provider => Case::Sensitive,
        }
    }

    fn of<'s>(
        self,
        state: &'s mut State,
        name: &str,
        account: &str,
    ) -> Result<&'s mut BTreeMap<String, String>, AwsError> {
        Ok(match self {
            Self::Policy => &mut state.policy_mut(name, account)?.tags,
            Self::Profile => &mut state.profiles.get_mut(name).ok_or_else(|| profile::absent(name))?.tags,
            Self::Provider => &mut state.provider_mut(name, account)?.tags,
            Self::Role => &mut state.role_mut(name)?.tags,
            Self::User => &mut state.users.get_mut(name).ok_or_else(|| Kind::User.absent(name))?.tags,
        })
    }
}

/// `TagRole` and its like: adds or replaces.
pub(super) async fn add(operation: Operation<'_>, tagged: Tagged) -> Result<Output, AwsError> {
    let ((name, new), scope) = operation.query(|params| {
        let name = tagged.take(params)?;
        if !params.has("Tags") {
            return Err(null("tags"));
        }
        Ok((name, tags::take(params, tagged.case())?))
    })?;
    scope
        .change_global(|state| {
            let tags = tagged.of(&mut state.iam, &name, scope.account())?;
            tags.retain(|key, _| !new.keys().any(|new| tagged.case().is_same(new, key)));
            tags.extend(new);
            tags::check_count(tags)
        })
        .await?;
    Ok(Output::Done)
}

/// `UntagRole` and its like: a key that is not there is no error.
pub(super) async fn remove(operation: Operation<'_>, tagged: Tagged) -> Result<Output, AwsError> {
    let ((name, keys), scope) = operation.query(|params| {
        let name = tagged.take(params)?;
        if !params.has("TagKeys") {
            return Err(null("tagKeys"));
        }
        Ok((name, tags::take_keys(params)?))
    })?;
    scope
        .change_global(|state| {
            let tags = tagged.of(&mut state.iam, &name, scope.account())?;
            tags.retain(|key, _| !keys.iter().any(|gone| tagged.case().is_same(gone, key)));
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ListRoleTags` and its like.
pub(super) fn list(operation: Operation<'_>, tagged: Tagged) -> Result<Output, AwsError> {
    let ((name, paging), scope) = operation.query(|params| Ok((tagged.take(params)?, Paging::take(params)?)))?;
    // A copy of the state costs nothing, and is not kept.
    let tags = scope.read_global(|state| {
        tagged
            .of(&mut state.iam.clone(), &name, scope.account())
            .map(|tags| tags.clone().into_iter().collect::<Vec<_>>())
    })?;
    let (tags, marker) = paging.cut(tags, |(key, _)| key.clone());
    Ok(Output::xml(move |result| {
        tags::write(result, tags.iter().map(|(key, value)| (key, value)));
        Paging::write(result, marker.as_deref());
    }))
}
