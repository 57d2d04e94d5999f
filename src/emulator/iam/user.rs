//! Users: identities of the account that can have keys of their own.

use super::{
    MAX_ARN, State, conflict,
    credentials::Login,
    holder::{Kind, Policies, write_boundary},
    paging::Paging,
    tags, take_name, take_path, take_text, validation,
};
use crate::emulator::{
    service::{Operation, Output},
    sts,
    wire::{AwsError, hex_id, iso_seconds, millis, xml},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) name: String,
    /// Starts and ends with `/`.
    pub(super) path: String,
    pub(super) id: String,
    /// Milliseconds since the Unix epoch.
    created: i64,
    pub(super) boundary: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) login: Option<Login>,
    #[serde(flatten)]
    pub(super) policies: Policies,
}

impl User {
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:user{}{}", self.path, self.name)
    }

    /// Writes the members of a `User` structure; lists leave boundary and tags out.
    pub(super) fn write(&self, element: &mut xml::Element, account: &str, is_whole: bool) {
        xml::text(element, "Path", &self.path);
        xml::text(element, "UserName", &self.name);
        xml::text(element, "UserId", &self.id);
        xml::text(element, "Arn", &self.arn(account));
        xml::text(element, "CreateDate", &iso_seconds(self.created));
        if is_whole {
            write_boundary(element, self.boundary.as_ref());
            if !self.tags.is_empty() {
                tags::write(element, &self.tags);
            }
        }
    }
}

impl State {
    /// Finds a user.
    pub(super) fn user(&self, name: &str) -> Result<&User, AwsError> {
        self.users.get(name).ok_or_else(|| Kind::User.absent(name))
    }

    /// The ARN and the id of a user.
    pub(in crate::emulator) fn user_arn(&self, name: &str, account: &str) -> Option<(String, String)> {
        self.users.get(name).map(|user| (user.arn(account), user.id.clone()))
    }
}

fn show(user: &User, account: &str) -> Output {
    let (user, account) = (user.clone(), account.to_owned());
    Output::xml(move |result| xml::element(result, "User", |element| user.write(element, &account, true)))
}

/// `CreateUser`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (id, created) = (format!("AIDA{}", hex_id(17)?.to_ascii_uppercase()), millis(operation.now()));
    let (user, scope) = operation.query(|params| {
        Ok(User {
            name: Kind::User.take(params)?,
            path: take_path(params, "Path")?.unwrap_or_else(|| "/".to_owned()),
            id,
            created,
            boundary: take_text(params, "PermissionsBoundary", MAX_ARN)?,
            tags: tags::take(params, tags::Case::Insensitive)?,
            login: None,
            policies: Policies::default(),
        })
    })?;
    let shown = show(&user, scope.account());
    scope
        .change_global(|state| {
            state.iam.check_boundary(user.boundary.as_ref(), scope.account())?;
            state.iam.check_free_user(&user.name)?;
            state.iam.users.insert(user.name.clone(), user);
            Ok(())
        })
        .await?;
    Ok(shown)
}

impl State {
    /// Refuses a name that a user has; two that differ in case only are one name to IAM.
    fn check_free_user(&self, name: &str) -> Result<(), AwsError> {
        if self.users.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            Err(Kind::User.exists(name))
        } else {
            Ok(())
        }
    }
}

/// `GetUser`: without a name, who signed.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation
        .query(|params| if params.has("UserName") { take_name(params, "UserName", 128).map(Some) } else { Ok(None) })?;
    let caller = sts::caller(&scope);
    let account = scope.account().to_owned();
    match name.or(caller.user) {
        Some(name) => scope.read_global(|state| state.iam.user(&name).map(|user| show(user, &account))),
        None if caller.is_owner => Ok(Output::xml(move |result| {
            xml::element(result, "User", |element| {
                xml::text(element, "Path", "/");
                xml::text(element, "UserName", "root");
                xml::text(element, "UserId", &account);
                xml::text(element, "Arn", &caller.arn);
                xml::text(element, "CreateDate", &iso_seconds(0));
            });
        })),
        None => Err(no_user()),
    }
}

/// The refusal of a call that leaves the user's name away, of somebody who is none.
pub(super) fn no_user() -> AwsError {
    validation("Must specify userName when calling with non-User credentials".to_owned())
}

/// `ListUsers`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((prefix, paging), scope) =
        operation.query(|params| Ok((take_path(params, "PathPrefix")?, Paging::take(params)?)))?;
    let prefix = prefix.unwrap_or_else(|| "/".to_owned());
    let (users, marker) = scope.read_global(|state| {
        let users = state.iam.users.values().filter(|user| user.path.starts_with(&prefix));
        let (users, marker) = paging.cut(users, |user| user.name.clone());
        (users.into_iter().cloned().collect::<Vec<User>>(), marker)
    });
    let account = scope.account().to_owned();
    Ok(Output::xml(move |result| {
        xml::list(result, "Users", "member", &users, |member, user| user.write(member, &account, false));
        Paging::write(result, marker.as_deref());
    }))
}

/// `UpdateUser`: another name, another path.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, new_name, new_path), scope) = operation.query(|params| {
        let new_name = if params.has("NewUserName") { Some(take_name(params, "NewUserName", 64)?) } else { None };
        Ok((take_name(params, "UserName", 128)?, new_name, take_path(params, "NewPath")?))
    })?;
    scope
        .change_global(|state| {
            let state = &mut state.iam;
            let mut user = state.user(&name)?.clone();
            user.path = new_path.unwrap_or(user.path);
            if let Some(new_name) = new_name {
                if !new_name.eq_ignore_ascii_case(&name) {
                    state.check_free_user(&new_name)?;
                }
                state.users.remove(&name);
                state.keys.change_where(|key| key.user == name, |key| key.user.clone_from(&new_name));
                state.groups.change_where(
                    |group| group.members.contains(&name),
                    |group| {
                        group.members.remove(&name);
                        group.members.insert(new_name.clone());
                    },
                );
                user.name = new_name;
            }
            state.users.insert(user.name.clone(), user);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DeleteUser`: refused while the user has policies or keys, or is in a group.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(|params| take_name(params, "UserName", 128))?;
    scope
        .change_global(|state| {
            let state = &mut state.iam;
            state.user(&name)?.policies.check_none()?;
            if state.user(&name)?.login.is_some() {
                return Err(conflict("DeleteConflict", "Cannot delete entity, must delete login profile first."));
            }
            if state.keys.values().any(|key| key.user == name) {
                return Err(conflict("DeleteConflict", "Cannot delete entity, must delete access keys first."));
            }
            if state.groups_of(&name).next().is_some() {
                return Err(conflict("DeleteConflict", "Cannot delete entity, must remove user from groups first."));
            }
            state.users.remove(&name);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}
