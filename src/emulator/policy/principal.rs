//! Who makes a request, and whom a policy names.

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Somebody without credentials.
    Anonymous,
    /// A service of AWS (`apigateway.amazonaws.com`).
    Service(String),
    /// The account itself, by its number.
    Root(String),
    /// A user, by account and ARN.
    User {
        /// The account's number.
        account: String,
        /// The user's ARN.
        arn: String,
    },
    /// Somebody who took a role on.
    Session {
        /// The account's number.
        account: String,
        /// The session's ARN (`arn:aws:sts::…:assumed-role/role/session`).
        arn: String,
        /// The role's ARN.
        role: String,
    },
}

impl Principal {
    fn account(&self) -> Option<&str> {
        match self {
            Self::Root(account) | Self::User { account, .. } | Self::Session { account, .. } => Some(account),
            Self::Anonymous | Self::Service(_) => None,
        }
    }
}

/// How closely a policy names somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// By the account, which leaves it to the policies of its identities.
    ByAccount,
    /// As one of all, or by the role that he took on.
    ByRole,
    /// As himself: the user, the session, the service.
    Himself,
}

/// Whom a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principals {
    /// Whether everybody else is meant (`NotPrincipal`).
    pub(super) negated: bool,
    pub(super) names: Vec<Name>,
}

/// One of those whom a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Anybody,
    /// A number of an account, or an ARN.
    Aws(String),
    Service(String),
    /// Somebody whom another identity provider knows; nobody comes from one here.
    Federated(String),
}

impl Principals {
    /// How closely the statement names somebody; `None` where it does not.
    pub(super) fn named(&self, principal: &Principal) -> Option<Named> {
        let named = self.names.iter().filter_map(|name| name.named(principal)).max();
        match (self.negated, named) {
            (false, named) => named,
            (true, Some(_)) => None,
            (true, None) => Some(Named::ByRole),
        }
    }
}

impl Name {
    fn named(&self, principal: &Principal) -> Option<Named> {
        match (self, principal) {
            (Self::Anybody, Principal::Service(_) | Principal::Anonymous) => Some(Named::Himself),
            (Self::Anybody, _) => Some(Named::ByRole),
            (Self::Service(name), Principal::Service(service)) => (name == service).then_some(Named::Himself),
            (Self::Aws(name), _) => {
                let account = principal.account()?;
                let is_account = name == account
                    || name.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root")) == Some(account);
                match principal {
                    _ if is_account => Some(Named::ByAccount),
                    Principal::User { arn, .. } if name == arn => Some(Named::Himself),
                    Principal::Session { arn, .. } if name == arn => Some(Named::Himself),
                    Principal::Session { role, .. } if name == role => Some(Named::ByRole),
                    _ => None,
                }
            }
            (Self::Service(_) | Self::Federated(_), _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_named_by_himself_by_his_role_by_his_account_or_not_at_all() {
        let account = "000000000000".to_owned();
        let session = Principal::Session {
            account: account.clone(),
            arn: "arn:aws:sts::000000000000:assumed-role/worker/one".into(),
            role: "arn:aws:iam::000000000000:role/app/worker".into(),
        };
        let user = Principal::User { account, arn: "arn:aws:iam::000000000000:user/ann".into() };
        let service = Principal::Service("lambda.amazonaws.com".into());
        let aws = |name: &str| Name::Aws(name.to_owned());
        for (name, principal, named) in [
            (Name::Anybody, &user, Some(Named::ByRole)),
            (Name::Anybody, &Principal::Anonymous, Some(Named::Himself)),
            (aws("000000000000"), &user, Some(Named::ByAccount)),
            (aws("arn:aws:iam::000000000000:root"), &session, Some(Named::ByAccount)),
            (aws("arn:aws:iam::111111111111:root"), &session, None),
            (aws("arn:aws:iam::000000000000:user/ann"), &user, Some(Named::Himself)),
            (aws("arn:aws:iam::000000000000:role/app/worker"), &session, Some(Named::ByRole)),
            (aws("arn:aws:sts::000000000000:assumed-role/worker/one"), &session, Some(Named::Himself)),
            (aws("arn:aws:sts::000000000000:assumed-role/worker/two"), &session, None),
            (aws("000000000000"), &Principal::Anonymous, None),
            (Name::Service("lambda.amazonaws.com".into()), &service, Some(Named::Himself)),
            (Name::Service("ec2.amazonaws.com".into()), &service, None),
            (Name::Federated("x".into()), &user, None),
        ] {
            let principals = |negated| Principals { negated, names: vec![name.clone()] };
            assert_eq!(principals(false).named(principal), named, "{name:?} {principal:?}");
            assert_eq!(principals(true).named(principal).is_some(), named.is_none(), "{name:?} {principal:?}");
        }
    }
}
