//! A role, and how it is found and written.

use super::{
    account::{Alias, Passwords},
    document::encode,
    group::Group,
    holder::{Kind, Policies, write_boundary},
    identity_providers::Provider,
    keys::AccessKey,
    policy::Policy,
    profile::Profile,
    tags,
    user::User,
};
use crate::emulator::{
    service::Scope,
    store::{AnyTable, Table, Tables},
    wire::{AwsError, iso_seconds, xml},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What IAM keeps of the account.
#[derive(Clone, Default)]
pub struct State {
    /// By their names.
    pub(super) roles: Table<String, Role>,
    /// By their names.
    pub(super) users: Table<String, User>,
    /// By their names.
    pub(super) groups: Table<String, Group>,
    /// Access keys by their ids.
    pub(super) keys: Table<String, AccessKey>,
    /// The account's own managed policies, by their names.
    pub(super) policies: Table<String, Policy>,
    /// Instance profiles by their names.
    pub(super) profiles: Table<String, Profile>,
    /// OpenID Connect providers by their URLs, without the scheme.
    pub(super) providers: Table<String, Provider>,
    /// The one other name of the account, by itself.
    pub(super) aliases: Table<String, Alias>,
    /// The one rule for passwords.
    pub(super) passwords: Table<String, Passwords>,
}

impl Tables for State {
    fn tables(&mut self) -> Vec<(&'static str, &mut dyn AnyTable)> {
        vec![
            ("iam/roles", &mut self.roles),
            ("iam/users", &mut self.users),
            ("iam/groups", &mut self.groups),
            ("iam/access-keys", &mut self.keys),
            ("iam/policies", &mut self.policies),
            ("iam/instance-profiles", &mut self.profiles),
            ("iam/identity-providers", &mut self.providers),
            ("iam/aliases", &mut self.aliases),
            ("iam/password-policies", &mut self.passwords),
        ]
    }
}

/// An identity that functions take on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    pub(super) name: String,
    /// Starts and ends with `/`.
    pub(super) path: String,
    pub(super) id: String,
    /// Milliseconds since the Unix epoch.
    pub(super) created: i64,
    /// Who may take the role on, as JSON.
    pub(super) trust: String,
    pub(super) description: Option<String>,
    /// Seconds.
    pub(super) session: u32,
    pub(super) boundary: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(super) policies: Policies,
}

/// Where a role is shown. Each place has members of its own beside those that all have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// By `CreateRole`.
    Created,
    /// By `UpdateRoleDescription`.
    Described,
    /// By `ListRoles`.
    Listed,
    /// By `GetRole`.
    Whole,
    /// In an instance profile.
    Within,
}

impl State {
    /// Finds a role.
    pub(super) fn role(&self, name: &str) -> Result<&Role, AwsError> {
        self.roles.get(name).ok_or_else(|| Kind::Role.absent(name))
    }

    /// Finds a role to change it.
    pub(super) fn role_mut(&mut self, name: &str) -> Result<&mut Role, AwsError> {
        self.roles.get_mut(name).ok_or_else(|| Kind::Role.absent(name))
    }

    /// The unique id of a role.
    pub(in crate::emulator) fn role_id(&self, name: &str) -> Option<&str> {
        self.roles.get(name).map(|role| role.id.as_str())
    }

    /// The unique id, the trust policy and the longest session in seconds of the role of this ARN.
    pub(in crate::emulator) fn trusting(&self, arn: &str, account: &str) -> Option<(String, String, u32)> {
        let role = self.roles.get(arn.rsplit('/').next().unwrap_or_default())?;
        (role.arn(account) == arn).then(|| (role.id.clone(), role.trust.clone(), role.session))
    }

    /// Tells whether a role of this ARN exists.
    #[must_use]
    pub fn has_role(&self, arn: &str, account: &str) -> bool {
        let name = arn.rsplit('/').next().unwrap_or_default();
        self.roles.get(name).is_some_and(|role| role.arn(account) == arn)
    }
}

impl Role {
    /// The role's ARN in an account.
    #[must_use]
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.path, self.name)
    }

    /// Writes the members of a `Role` structure that a view has.
    pub(super) fn write(&self, parent: &mut xml::Element, account: &str, view: View) {
        xml::text(parent, "Path", &self.path);
        xml::text(parent, "RoleName", &self.name);
        xml::text(parent, "RoleId", &self.id);
        xml::text(parent, "Arn", &self.arn(account));
        xml::text(parent, "CreateDate", &iso_seconds(self.created));
        xml::text(parent, "AssumeRolePolicyDocument", &encode(&self.trust));
        if let Some(description) = self.description.as_ref().filter(|_| view != View::Created) {
            xml::text(parent, "Description", description);
        }
        if matches!(view, View::Listed | View::Whole) {
            xml::text(parent, "MaxSessionDuration", &self.session.to_string());
        }
        write_boundary(parent, self.boundary.as_ref().filter(|_| view != View::Listed));
        if !(self.tags.is_empty() || matches!(view, View::Listed | View::Within)) {
            tags::write(parent, &self.tags);
        }
        if view == View::Whole {
            xml::element(parent, "RoleLastUsed", |_| ());
        }
    }
}

/// Changes one role.
pub(super) async fn change<T>(
    scope: &Scope<'_>,
    name: &str,
    edit: impl FnOnce(&mut Role) -> Result<T, AwsError>,
) -> Result<T, AwsError> {
    scope.change_global(|state| edit(state.iam.role_mut(name)?)).await
}

/// Reads one role.
pub(super) fn read<T>(
    scope: &Scope<'_>,
    name: &str,
    read: impl FnOnce(&Role) -> Result<T, AwsError>,
) -> Result<T, AwsError> {
    scope.read_global(|state| read(state.iam.role(name)?))
}
