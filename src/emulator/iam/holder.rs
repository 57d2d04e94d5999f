//! What policies are given to: roles, users and groups. What they have in common, and how one of each is found.

use super::{
    State, conflict,
    managed::{self, Account},
    no_such_entity, take_name,
};
use crate::emulator::wire::{AwsError, QueryParams, xml};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// IAM's limits on all inline policies of one of them together, in characters without white space.
const SIZES: [(Kind, usize); 3] = [(Kind::Group, 5120), (Kind::Role, 10_240), (Kind::User, 2048)];
/// The most managed policies that are attached to one of them.
const ATTACHED: usize = 10;

/// A kind of what policies are given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Group,
    Role,
    User,
}

/// The policies of one of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Policies {
    /// Those that belong to it alone, by name, as JSON.
    pub(super) inline: BTreeMap<String, String>,
    /// The ARNs of those that are attached.
    pub(super) attached: BTreeSet<String>,
}

impl Kind {
    /// The parameter that names one.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Group => "GroupName",
            Self::Role => "RoleName",
            Self::User => "UserName",
        }
    }

    /// The word in sentences.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Role => "role",
            Self::User => "user",
        }
    }

    /// Takes the name of one.
    pub(super) fn take(self, params: &mut QueryParams) -> Result<String, AwsError> {
        take_name(params, self.parameter(), if self == Self::Group { 128 } else { 64 })
    }

    pub(super) fn absent(self, name: &str) -> AwsError {
        no_such_entity(format!("The {} with name {name} cannot be found.", self.word()))
    }

    /// The refusal of a name that one has already.
    pub(super) fn exists(self, name: &str) -> AwsError {
        let word = match self {
            Self::Group => "Group",
            Self::Role => "Role",
            Self::User => "User",
        };
        conflict("EntityAlreadyExists", format!("{word} with name {name} already exists."))
    }
}

impl State {
    /// Finds the policies of one of them.
    pub(super) fn policies_of(&self, kind: Kind, name: &str) -> Result<&Policies, AwsError> {
        let found = match kind {
            Kind::Group => self.groups.get(name).map(|group| &group.policies),
            Kind::Role => self.roles.get(name).map(|role| &role.policies),
            Kind::User => self.users.get(name).map(|user| &user.policies),
        };
        found.ok_or_else(|| kind.absent(name))
    }

    /// The same to change them.
    pub(super) fn policies_of_mut(&mut self, kind: Kind, name: &str) -> Result<&mut Policies, AwsError> {
        let found = match kind {
            Kind::Group => self.groups.get_mut(name).map(|group| &mut group.policies),
            Kind::Role => self.roles.get_mut(name).map(|role| &mut role.policies),
            Kind::User => self.users.get_mut(name).map(|user| &mut user.policies),
        };
        found.ok_or_else(|| kind.absent(name))
    }

    /// The permissions boundary of one of them.
    pub(super) fn boundary_mut(&mut self, kind: Kind, name: &str) -> Result<&mut Option<String>, AwsError> {
        let found = match kind {
            // No group has one.
            Kind::Group => None,
            Kind::Role => self.roles.get_mut(name).map(|role| &mut role.boundary),
            Kind::User => self.users.get_mut(name).map(|user| &mut user.boundary),
        };
        found.ok_or_else(|| kind.absent(name))
    }

    /// Refuses a permissions boundary that is no policy.
    pub(super) fn check_boundary(&self, boundary: Option<&String>, account: Account<'_>) -> Result<(), AwsError> {
        match boundary {
            Some(arn) if arn.splitn(6, ':').nth(5).is_none_or(|path| !path.starts_with("policy/")) => {
                Err(AwsError::sender("InvalidInput", format!("ARN {arn} is not valid.")))
            }
            Some(arn) if !managed::exists(self, arn, account) => {
                Err(no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")))
            }
            _ => Ok(()),
        }
    }
}

impl Policies {
    /// Refuses to delete what still has some.
    pub(super) fn check_none(&self) -> Result<(), AwsError> {
        if !self.attached.is_empty() {
            return Err(conflict("DeleteConflict", "Cannot delete entity, must detach all policies first."));
        }
        if !self.inline.is_empty() {
            return Err(conflict("DeleteConflict", "Cannot delete entity, must delete policies first."));
        }
        Ok(())
    }

    /// Refuses more inline policies than fit.
    pub(super) fn check_size(&self, kind: Kind, name: &str) -> Result<(), AwsError> {
        let length = |text: &String| text.chars().filter(|char| !char.is_whitespace()).count();
        let most = SIZES.iter().find(|(known, _)| *known == kind).map_or(0, |(_, most)| *most);
        if self.inline.values().map(length).sum::<usize>() > most {
            let message = format!("Maximum policy size of {most} bytes exceeded for {} {name}", kind.word());
            return Err(conflict("LimitExceeded", message));
        }
        Ok(())
    }

    /// Refuses more attached policies than there may be.
    pub(super) fn check_count(&self, kind: Kind) -> Result<(), AwsError> {
        if self.attached.len() > ATTACHED {
            let what = match kind {
                Kind::Group => "PoliciesPerGroup",
                Kind::Role => "PoliciesPerRole",
                Kind::User => "PoliciesPerUser",
            };
            return Err(conflict("LimitExceeded", format!("Cannot exceed quota for {what}: {ATTACHED}")));
        }
        Ok(())
    }
}

/// Writes a permissions boundary, where there is one.
pub(super) fn write_boundary(parent: &mut xml::Element, boundary: Option<&String>) {
    if let Some(boundary) = boundary {
        xml::element(parent, "PermissionsBoundary", |element| {
            xml::text(element, "PermissionsBoundaryType", "Policy");
            xml::text(element, "PermissionsBoundaryArn", boundary);
        });
    }
}
