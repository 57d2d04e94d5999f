//! What identities bring to a decision: their policies' texts, their boundary, their tags.

use super::{State, holder::Policies, managed::Managed};
use std::collections::BTreeMap;

/// What a user or a role brings to a decision.
#[derive(Debug, Default)]
pub struct Granted {
    /// Its ARN.
    pub arn: String,
    /// Its unique id.
    pub id: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its policies by their names or ARNs; a document of AWS's that is not known is none.
    pub policies: Vec<(String, Option<String>)>,
    /// Its permissions boundary, in the same way.
    pub boundary: Option<(String, Option<String>)>,
}

impl State {
    /// What a role brings.
    pub(in crate::emulator) fn granted_to_role(&self, name: &str, account: &str) -> Option<Granted> {
        let role = self.roles.get(name)?;
        let granted = self.granted(&role.policies, role.boundary.as_ref(), account);
        Some(Granted { arn: role.arn(account), id: role.id.clone(), tags: role.tags.clone(), ..granted })
    }

    /// What a user brings.
    pub(in crate::emulator) fn granted_to_user(&self, name: &str, account: &str) -> Option<Granted> {
        let user = self.users.get(name)?;
        let mut granted = self.granted(&user.policies, user.boundary.as_ref(), account);
        for group in self.groups_of(name) {
            let own = self.granted(&group.policies, None, account).policies.into_iter();
            granted.policies.extend(own.map(|(policy, text)| (format!("{policy} (group {})", group.name), text)));
        }
        Some(Granted { arn: user.arn(account), id: user.id.clone(), tags: user.tags.clone(), ..granted })
    }

    fn granted(&self, policies: &Policies, boundary: Option<&String>, account: &str) -> Granted {
        let mut texts: Vec<(String, Option<String>)> =
            policies.inline.iter().map(|(name, text)| (name.clone(), Some(text.clone()))).collect();
        texts.extend(policies.attached.iter().map(|arn| (arn.clone(), self.document_of(arn, account))));
        let boundary = boundary.map(|arn| (arn.clone(), self.document_of(arn, account)));
        Granted { policies: texts, boundary, ..Granted::default() }
    }

    /// The document of a managed policy, in the version that counts.
    pub(in crate::emulator) fn document_of(&self, arn: &str, account: &str) -> Option<String> {
        match Managed::find(arn) {
            Some(managed) => managed.about_here(),
            None => self.policy(arn, account).ok()?.current().map(str::to_owned),
        }
    }

    /// The ARN of a role.
    pub(in crate::emulator) fn role_arn(&self, name: &str, account: &str) -> Option<String> {
        self.roles.get(name).map(|role| role.arn(account))
    }

    /// The ARN of a group, which has its path.
    pub(in crate::emulator) fn group_arn(&self, name: &str, account: &str) -> Option<String> {
        self.groups.get(name).map(|group| group.arn(account))
    }

    /// The ARN of the role in an instance profile.
    pub(in crate::emulator) fn role_of_profile(&self, name: &str, account: &str) -> Option<String> {
        self.role_arn(self.profiles.get(name)?.role.as_deref()?, account)
    }

    /// The tags of what has an ARN in IAM.
    pub(in crate::emulator) fn tags_by_arn(&self, arn: &str, account: &str) -> Option<BTreeMap<String, String>> {
        let name = arn.rsplit('/').next()?;
        let role = self.roles.get(name).filter(|role| role.arn(account) == arn).map(|role| &role.tags);
        let user = || self.users.get(name).filter(|user| user.arn(account) == arn).map(|user| &user.tags);
        let policy = || self.policies.get(name).filter(|policy| policy.arn(account) == arn).map(|policy| &policy.tags);
        let profile =
            || self.profiles.get(name).filter(|profile| profile.arn(account) == arn).map(|profile| &profile.tags);
        let provider = || self.provider(arn, account).ok().map(|provider| &provider.tags);
        role.or_else(user).or_else(policy).or_else(profile).or_else(provider).cloned()
    }
}
