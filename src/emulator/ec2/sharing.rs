//! With whom an image or a snapshot is shared: everybody, or accounts by their numbers. Nobody else is here to use it.

use crate::{
    emulator::wire::{AwsError, QueryParams, xml},
    names::is_account,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The group of everybody.
const ALL: &str = "all";

/// With whom something is shared: numbers of accounts, and [`ALL`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Sharing(BTreeSet<String>);

impl Sharing {
    /// Whether it is shared with everybody.
    pub(super) fn is_public(&self) -> bool {
        self.0.contains(ALL)
    }

    /// Whether it is shared with somebody by name: an account, or `all`.
    pub(super) fn names(&self, somebody: &str) -> bool {
        self.0.contains(somebody)
    }

    /// Writes the list of those.
    pub(super) fn write(&self, parent: &mut xml::Element, tag: &str) {
        xml::list(parent, tag, "item", &self.0, |item, name| {
            xml::text(item, if name == ALL { "group" } else { "userId" }, name);
        });
    }
}

/// A change of whom something is shared with.
#[derive(Debug, Default)]
pub(super) struct Change {
    add: BTreeSet<String>,
    remove: BTreeSet<String>,
}

impl Change {
    /// Reads `Add.N` and `Remove.N` of a member, and the older form: `OperationType`, `UserId.N` and `UserGroup.N`.
    ///
    /// # Errors
    /// `InvalidAMIAttributeItemValue` for what is no account and no group, `MissingParameter` for one half of the older
    /// form, and `NotImplemented`, by name, for organizations.
    pub(super) fn take(params: &mut QueryParams, member: &str) -> Result<Option<Self>, AwsError> {
        let (mut add, mut remove) = params
            .structure(member, |asked| Ok((take_names(asked, member, "Add")?, take_names(asked, member, "Remove")?)))?;
        let (users, groups) = (params.list("UserId")?, params.list("UserGroup")?);
        let named = users.into_iter().map(check_user).chain(groups.into_iter().map(check_group));
        let named = named.collect::<Result<Vec<_>, _>>()?;
        match (params.one_of("OperationType", &["add", "remove"])?.as_deref(), named.is_empty()) {
            (None, true) => {}
            (None, false) => return Err(AwsError::missing_parameter("OperationType")),
            (Some(_), true) => return Err(AwsError::missing_parameter("UserId")),
            (Some("add"), false) => add.extend(named),
            (Some(_), false) => remove.extend(named),
        }
        let is_empty = add.is_empty() && remove.is_empty();
        Ok((!is_empty).then_some(Self { add, remove }))
    }

    /// Whether it is to be shared with somebody.
    pub(super) fn adds(&self) -> bool {
        !self.add.is_empty()
    }

    /// Changes it; who is there already stays, and who is not there cannot go.
    pub(super) fn apply(self, sharing: &mut Sharing) {
        sharing.0.retain(|name| !self.remove.contains(name));
        sharing.0.extend(self.add);
    }
}

/// Reads a list of structures, each with a `UserId` or a `Group`.
fn take_names(params: &mut QueryParams, member: &str, list: &str) -> Result<BTreeSet<String>, AwsError> {
    let names = params.structures(list, |item| {
        for name in ["OrganizationArn", "OrganizationalUnitArn"] {
            if item.has(name) {
                return Err(AwsError::not_implemented("ec2", &format!("{member}.{list} with {name}")));
            }
        }
        match (item.text("UserId"), item.text("Group")) {
            (Some(user), None) => check_user(user),
            (None, Some(group)) => check_group(group),
            (None, None) => Err(AwsError::missing_parameter(&format!("{member}.{list}.UserId"))),
            (Some(_), Some(_)) => {
                let message = format!("Only one of UserId and Group can be specified in {member}.{list}.");
                Err(AwsError::sender("InvalidParameterCombination", message))
            }
        }
    })?;
    Ok(names.into_iter().collect())
}

fn check_user(user: String) -> Result<String, AwsError> {
    if is_account(&user) { Ok(user) } else { Err(invalid(&user, "userId")) }
}

fn check_group(group: String) -> Result<String, AwsError> {
    if group == ALL { Ok(group) } else { Err(invalid(&group, "userGroup")) }
}

fn invalid(value: &str, kind: &str) -> AwsError {
    let message = format!("Invalid attribute item value \"{value}\" for {kind} item type.");
    AwsError::sender("InvalidAMIAttributeItemValue", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::Request;

    fn taken(form: &str) -> Result<Option<Change>, AwsError> {
        let mut params = QueryParams::parse(&Request::new(form.to_owned().into())).unwrap();
        let change = Change::take(&mut params, "LaunchPermission")?;
        params.finish()?;
        Ok(change)
    }

    #[test]
    fn both_forms_say_the_same() {
        let mut sharing = Sharing::default();
        for (form, is_public, is_named) in [
            ("LaunchPermission.Add.1.UserId=123456789012&LaunchPermission.Add.2.Group=all", true, true),
            ("", true, true),
            ("OperationType=remove&UserGroup.1=all", false, true),
            ("OperationType=add&UserId.1=123456789012", false, true),
            ("LaunchPermission.Remove.1.UserId=123456789012", false, false),
        ] {
            if let Some(change) = taken(form).unwrap() {
                change.apply(&mut sharing);
            }
            assert_eq!((sharing.is_public(), sharing.names("123456789012")), (is_public, is_named), "{form}");
        }
        assert_eq!(sharing, Sharing::default());
    }

    #[test]
    fn who_cannot_be_named_is_refused() {
        for (form, code) in [
            ("OperationType=add&UserId.1=1234567891234", "InvalidAMIAttributeItemValue"),
            ("OperationType=add&UserId.1=12345678901x", "InvalidAMIAttributeItemValue"),
            ("OperationType=add&UserGroup.1=everyone", "InvalidAMIAttributeItemValue"),
            ("OperationType=add", "MissingParameter"),
            ("UserId.1=123456789012", "MissingParameter"),
            ("LaunchPermission.Add.1.OrganizationArn=arn", "NotImplemented"),
            ("LaunchPermission.Add.1.UserId=123456789012&LaunchPermission.Add.1.Colour=red", "UnknownParameter"),
        ] {
            assert_eq!(taken(form).unwrap_err().code, code, "{form}");
        }
    }
}
