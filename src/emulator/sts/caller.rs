//! Who makes a call.

use super::Owner;
use crate::emulator::service::Scope;

/// Who makes a call, as IAM knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The ARN that STS shows.
    pub arn: String,
    /// The unique id that STS shows.
    pub id: String,
    /// The name of the user, where one calls.
    pub user: Option<String>,
    /// Whether the installation's own key signed.
    pub is_owner: bool,
    /// Whether the credentials are a role's.
    pub is_role: bool,
}

/// Finds who signed a call.
#[must_use]
pub fn caller(scope: &Scope<'_>) -> Caller {
    let account = scope.account();
    let user = scope.read_global(|state| state.iam.user_of_key(scope.access_key_id).map(str::to_owned));
    match (user, scope.context.sessions.owner(scope.access_key_id)) {
        (Some(name), _) => of_user(scope, name),
        (None, Some(Owner::Role(session))) => Caller {
            arn: session.arn(account),
            id: session.user_id(&role_id(scope, &session.role)),
            user: None,
            is_owner: false,
            is_role: true,
        },
        (None, Some(Owner::User(name))) => of_user(scope, name),
        (None, Some(Owner::Root) | None) => Caller {
            arn: format!("arn:aws:iam::{account}:root"),
            id: account.to_owned(),
            user: None,
            is_owner: true,
            is_role: false,
        },
    }
}

/// The unique id of a role; of one that was deleted meanwhile its name.
fn role_id(scope: &Scope<'_>, name: &str) -> String {
    scope.read_global(|state| state.iam.role_id(name).map_or_else(|| name.to_owned(), str::to_owned))
}

fn of_user(scope: &Scope<'_>, name: String) -> Caller {
    let found = scope.read_global(|state| state.iam.user_arn(&name, scope.account()));
    // A user that was deleted meanwhile is shown by its name.
    let (arn, id) = found.unwrap_or_else(|| (format!("arn:aws:iam::{}:user/{name}", scope.account()), String::new()));
    Caller { arn, id, user: Some(name), is_owner: false, is_role: false }
}
