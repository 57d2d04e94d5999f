//! Instance profiles: each may hold one role, and instances may have one.

use super::{
    State, conflict,
    holder::Kind,
    no_such_entity,
    paging::Paging,
    role::{Role, View},
    tags, take_name, take_path,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, hex_id, iso_seconds, millis, xml},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An instance profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Profile {
    name: String,
    /// Starts and ends with `/`.
    path: String,
    id: String,
    created: i64,
    /// The name of its role.
    pub(super) role: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
}

impl Profile {
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:instance-profile{}{}", self.path, self.name)
    }

    /// Writes the members of an `InstanceProfile` structure; `with_tags` also where there are none.
    fn write(&self, element: &mut xml::Element, account: &str, role: Option<&Role>, with_tags: bool) {
        xml::text(element, "Path", &self.path);
        xml::text(element, "InstanceProfileName", &self.name);
        xml::text(element, "InstanceProfileId", &self.id);
        xml::text(element, "Arn", &self.arn(account));
        xml::text(element, "CreateDate", &iso_seconds(self.created));
        xml::list(element, "Roles", "member", role, |member, role| role.write(member, account, View::Within));
        if with_tags || !self.tags.is_empty() {
            tags::write(element, &self.tags);
        }
    }
}

/// Takes the name of a profile.
pub(super) fn take(params: &mut QueryParams) -> Result<String, AwsError> {
    take_name(params, "InstanceProfileName", 128)
}

/// The refusal of a name that no profile has.
pub(super) fn absent(name: &str) -> AwsError {
    no_such_entity(format!("Instance Profile {name} cannot be found."))
}

impl State {
    fn profile(&self, name: &str) -> Result<&Profile, AwsError> {
        self.profiles.get(name).ok_or_else(|| absent(name))
    }

    fn role_of(&self, profile: &Profile) -> Option<Role> {
        profile.role.as_ref().and_then(|role| self.roles.get(role)).cloned()
    }

    /// Whether a profile holds a role.
    pub(super) fn is_in_profile(&self, role: &str) -> bool {
        self.profiles.values().any(|profile| profile.role.as_deref() == Some(role))
    }

    /// Finds the ARN and the id of a profile by its name or by its ARN.
    pub(in crate::emulator) fn profile_arn(&self, asked: &str, account: &str) -> Option<(String, String)> {
        let is_it = |profile: &&Profile| profile.name == asked || profile.arn(account) == asked;
        self.profiles.values().find(is_it).map(|profile| (profile.arn(account), profile.id.clone()))
    }
}

fn show(profile: Profile, role: Option<Role>, scope: &Scope<'_>, with_tags: bool) -> Output {
    let account = scope.account().to_owned();
    Output::xml(move |result| {
        xml::element(result, "InstanceProfile", |element| profile.write(element, &account, role.as_ref(), with_tags));
    })
}

/// `CreateInstanceProfile`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (id, created) = (format!("AIPA{}", hex_id(17)?.to_ascii_uppercase()), millis(operation.now()));
    let (profile, scope) = operation.query(|params| {
        let path = take_path(params, "Path")?.unwrap_or_else(|| "/".to_owned());
        let tags = tags::take(params, tags::Case::Sensitive)?;
        Ok(Profile { name: take(params)?, path, id, created, role: None, tags })
    })?;
    let shown = show(profile.clone(), None, &scope, false);
    scope
        .change_global(|state| {
            if state.iam.profiles.keys().any(|name| name.eq_ignore_ascii_case(&profile.name)) {
                let message = format!("Instance Profile {} already exists.", profile.name);
                return Err(conflict("EntityAlreadyExists", message));
            }
            state.iam.profiles.insert(profile.name.clone(), profile);
            Ok(())
        })
        .await?;
    Ok(shown)
}

/// `GetInstanceProfile`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(take)?;
    scope.read_global(|state| {
        let profile = state.iam.profile(&name)?;
        Ok(show(profile.clone(), state.iam.role_of(profile), &scope, true))
    })
}

/// `ListInstanceProfiles`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((prefix, paging), scope) =
        operation.query(|params| Ok((take_path(params, "PathPrefix")?, Paging::take(params)?)))?;
    let prefix = prefix.unwrap_or_else(|| "/".to_owned());
    Ok(page(&scope, &paging, |profile| profile.path.starts_with(&prefix)))
}

/// `ListInstanceProfilesForRole`.
pub(super) fn list_for_role(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((role, paging), scope) = operation.query(|params| Ok((Kind::Role.take(params)?, Paging::take(params)?)))?;
    scope.read_global(|state| state.iam.role(&role).map(drop))?;
    Ok(page(&scope, &paging, |profile| profile.role.as_ref() == Some(&role)))
}

fn page(scope: &Scope<'_>, paging: &Paging, wanted: impl Fn(&Profile) -> bool) -> Output {
    let (page, marker) = scope.read_global(|state| {
        let profiles = state.iam.profiles.values().filter(|profile| wanted(profile));
        let (page, marker) = paging.cut(profiles, |profile| profile.name.clone());
        let with_roles = page.into_iter().map(|profile| (profile.clone(), state.iam.role_of(profile)));
        (with_roles.collect::<Vec<_>>(), marker)
    });
    let account = scope.account().to_owned();
    Output::xml(move |result| {
        xml::list(result, "InstanceProfiles", "member", &page, |member, (profile, role)| {
            profile.write(member, &account, role.as_ref(), false);
        });
        Paging::write(result, marker.as_deref());
    })
}

/// `DeleteInstanceProfile`: refused while it holds a role.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(take)?;
    scope
        .change_global(|state| {
            if state.iam.profile(&name)?.role.is_some() {
                return Err(has_role());
            }
            state.iam.profiles.remove(&name);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// The refusal to delete a profile with a role, or such a role.
pub(super) fn has_role() -> AwsError {
    conflict("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
}

/// `AddRoleToInstanceProfile`.
pub(super) async fn add_role(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, role), scope) = operation.query(|params| Ok((take(params)?, Kind::Role.take(params)?)))?;
    scope
        .change_global(|state| {
            state.iam.role(&role)?;
            let profile = state.iam.profiles.get_mut(&name).ok_or_else(|| absent(&name))?;
            if profile.role.is_some() {
                let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
                return Err(conflict("LimitExceeded", message));
            }
            profile.role = Some(role);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `RemoveRoleFromInstanceProfile`.
pub(super) async fn remove_role(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, role), scope) = operation.query(|params| Ok((take(params)?, Kind::Role.take(params)?)))?;
    scope
        .change_global(|state| {
            state.iam.role(&role)?;
            let profile = state.iam.profiles.get_mut(&name).ok_or_else(|| absent(&name))?;
            if profile.role.as_ref() != Some(&role) {
                let message = format!("Role {role} in Instance Profile {name} cannot be found.");
                return Err(no_such_entity(message));
            }
            profile.role = None;
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}
