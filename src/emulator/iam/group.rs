//! Groups: users who have the same policies.

use super::{
    State, conflict,
    holder::{Kind, Policies},
    paging::Paging,
    take_name, take_path,
    user::User,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams, hex_id, iso_seconds, millis, xml},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most groups that a user is in.
const PER_USER: usize = 10;

/// A group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) name: String,
    /// Starts and ends with `/`.
    pub(super) path: String,
    pub(super) id: String,
    /// Milliseconds since the Unix epoch.
    created: i64,
    /// The names of the users in it.
    pub(super) members: BTreeSet<String>,
    #[serde(flatten)]
    pub(super) policies: Policies,
}

impl Group {
    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:group{}{}", self.path, self.name)
    }

    /// Writes the members of a `Group` structure.
    fn write(&self, element: &mut xml::Element, account: &str) {
        xml::text(element, "Path", &self.path);
        xml::text(element, "GroupName", &self.name);
        xml::text(element, "GroupId", &self.id);
        xml::text(element, "Arn", &self.arn(account));
        xml::text(element, "CreateDate", &iso_seconds(self.created));
    }
}

impl State {
    fn group(&self, name: &str) -> Result<&Group, AwsError> {
        self.groups.get(name).ok_or_else(|| Kind::Group.absent(name))
    }

    /// The groups that a user is in.
    pub(super) fn groups_of<'s>(&'s self, user: &'s str) -> impl Iterator<Item = &'s Group> {
        self.groups.values().filter(move |group| group.members.contains(user))
    }

    /// Refuses a name that a group has; two that differ in case only are one name to IAM.
    fn check_free_group(&self, name: &str) -> Result<(), AwsError> {
        if self.groups.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            Err(Kind::Group.exists(name))
        } else {
            Ok(())
        }
    }
}

/// `CreateGroup`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (id, created) = (format!("AGPA{}", hex_id(17)?.to_ascii_uppercase()), millis(operation.now()));
    let (group, scope) = operation.query(|params| {
        let name = take_name(params, "GroupName", 128)?;
        let path = take_path(params, "Path")?.unwrap_or_else(|| "/".to_owned());
        Ok(Group { name, path, id, created, members: BTreeSet::new(), policies: Policies::default() })
    })?;
    let (shown, account) = (group.clone(), scope.account().to_owned());
    scope
        .change_global(|state| {
            state.iam.check_free_group(&group.name)?;
            state.iam.groups.insert(group.name.clone(), group);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |result| xml::element(result, "Group", |element| shown.write(element, &account))))
}

/// `GetGroup`: with its users.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, paging), scope) =
        operation.query(|params| Ok((take_name(params, "GroupName", 128)?, Paging::take(params)?)))?;
    let account = scope.account().to_owned();
    let (group, users, marker) = scope.read_global(|state| {
        let group = state.iam.group(&name)?;
        let users = group.members.iter().filter_map(|member| state.iam.users.get(member));
        let (users, marker) = paging.cut(users, |user| user.name.clone());
        Ok::<_, AwsError>((group.clone(), users.into_iter().cloned().collect::<Vec<User>>(), marker))
    })?;
    Ok(Output::xml(move |result| {
        xml::element(result, "Group", |element| group.write(element, &account));
        xml::list(result, "Users", "member", &users, |member, user| user.write(member, &account, false));
        Paging::write(result, marker.as_deref());
    }))
}

/// `UpdateGroup`: another name, another path.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, new_name, new_path), scope) = operation.query(|params| {
        let new_name = if params.has("NewGroupName") { Some(take_name(params, "NewGroupName", 128)?) } else { None };
        Ok((take_name(params, "GroupName", 128)?, new_name, take_path(params, "NewPath")?))
    })?;
    scope
        .change_global(|state| {
            let state = &mut state.iam;
            let mut group = state.group(&name)?.clone();
            group.path = new_path.unwrap_or(group.path);
            if let Some(new_name) = new_name {
                if !new_name.eq_ignore_ascii_case(&name) {
                    state.check_free_group(&new_name)?;
                }
                state.groups.remove(&name);
                group.name = new_name;
            }
            state.groups.insert(group.name.clone(), group);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DeleteGroup`: refused while it has users or policies.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(|params| take_name(params, "GroupName", 128))?;
    scope
        .change_global(|state| {
            let group = state.iam.group(&name)?;
            if !group.members.is_empty() {
                return Err(conflict("DeleteConflict", "Cannot delete entity, must remove users from group first."));
            }
            group.policies.check_none()?;
            state.iam.groups.remove(&name);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `ListGroups`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((prefix, paging), scope) =
        operation.query(|params| Ok((take_path(params, "PathPrefix")?, Paging::take(params)?)))?;
    let prefix = prefix.unwrap_or_else(|| "/".to_owned());
    let (groups, marker) = scope.read_global(|state| {
        let groups = state.iam.groups.values().filter(|group| group.path.starts_with(&prefix));
        let (groups, marker) = paging.cut(groups, |group| group.name.clone());
        (groups.into_iter().cloned().collect(), marker)
    });
    Ok(show(groups, marker, scope.account()))
}

/// `ListGroupsForUser`.
pub(super) fn list_for_user(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, paging), scope) =
        operation.query(|params| Ok((take_name(params, "UserName", 128)?, Paging::take(params)?)))?;
    let (groups, marker) = scope.read_global(|state| {
        state.iam.user(&name)?;
        let (groups, marker) = paging.cut(state.iam.groups_of(&name), |group| group.name.clone());
        Ok::<_, AwsError>((groups.into_iter().cloned().collect(), marker))
    })?;
    Ok(show(groups, marker, scope.account()))
}

fn show(groups: Vec<Group>, marker: Option<String>, account: &str) -> Output {
    let account = account.to_owned();
    Output::xml(move |result| {
        xml::list(result, "Groups", "member", &groups, |member, group| group.write(member, &account));
        Paging::write(result, marker.as_deref());
    })
}

fn take_both(params: &mut QueryParams) -> Result<(String, String), AwsError> {
    Ok((take_name(params, "GroupName", 128)?, take_name(params, "UserName", 128)?))
}

/// `AddUserToGroup`: who is in it stays in it.
pub(super) async fn add_user(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, user), scope) = operation.query(take_both)?;
    scope
        .change_global(|state| {
            let state = &mut state.iam;
            state.group(&name)?;
            // As the user is written, not as the call writes it.
            let user = state.user(&user)?.name.clone();
            let others = state.groups_of(&user).filter(|group| group.name != name).count();
            if others >= PER_USER {
                return Err(conflict("LimitExceeded", format!("Cannot exceed quota for GroupsPerUser: {PER_USER}")));
            }
            if let Some(group) = state.groups.get_mut(&name) {
                group.members.insert(user);
            }
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `RemoveUserFromGroup`: who is not in it is no error.
pub(super) async fn remove_user(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, user), scope) = operation.query(take_both)?;
    scope
        .change_global(|state| {
            let state = &mut state.iam;
            state.user(&user)?;
            state.groups.get_mut(&name).ok_or_else(|| Kind::Group.absent(&name))?.members.remove(&user);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}
