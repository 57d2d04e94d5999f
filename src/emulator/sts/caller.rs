//! Who makes a call.

use super::Owner;
use crate::emulator::{Context, service::Scope, state::RegionState, store::Region};

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
    of_key(scope.context, scope.access_key_id)
}

/// Finds whose an access key is.
#[must_use]
pub fn of_key(context: &Context, access_key_id: &str) -> Caller {
    let account = context.config.account.as_str();
    let user = read(context, |state| state.iam.user_of_key(access_key_id).map(str::to_owned));
    match (user, context.sessions.owner(access_key_id)) {
        (Some(name), _) | (None, Some(Owner::User(name))) => of_user(context, name),
        (None, Some(Owner::Role(session))) => Caller {
            arn: session.arn(account),
            id: session.user_id(&role_id(context, &session.role)),
            user: None,
            is_owner: false,
            is_role: true,
        },
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
fn role_id(context: &Context, name: &str) -> String {
    read(context, |state| state.iam.role_id(name).map_or_else(|| name.to_owned(), str::to_owned))
}

fn of_user(context: &Context, name: String) -> Caller {
    let account = &context.config.account;
    let found = read(context, |state| state.iam.user_arn(&name, account));
    // A user that was deleted meanwhile is shown by its name.
    let (arn, id) = found.unwrap_or_else(|| (format!("arn:aws:iam::{account}:user/{name}"), String::new()));
    Caller { arn, id, user: Some(name), is_owner: false, is_role: false }
}

fn read<T>(context: &Context, read: impl FnOnce(&RegionState) -> T) -> T {
    context.store.read(&Region::global(), read)
}
