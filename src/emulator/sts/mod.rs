//! STS: who signed. Also keeps the credentials that are lent to functions.

mod sessions;

pub use sessions::{Credentials, Session, Sessions};

use super::{
    service::{Handler, Operation, Output, Service},
    wire::{AwsError, Fault, xml},
};

/// STS, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "sts",
    routes: None,
    operations: &[("GetCallerIdentity", Handler::Sync(caller_identity))],
    fault: |fault: Fault| AwsError::sender("ValidationError", fault.to_string()),
};

/// `GetCallerIdentity`.
fn caller_identity(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((), scope) = operation.query(|_| Ok(()))?;
    let account = scope.account().to_owned();
    let (arn, user) = match scope.context.sessions.owner(scope.access_key_id) {
        Some(session) => (session.arn(&account), session.user_id(scope.access_key_id)),
        None => (format!("arn:aws:iam::{account}:root"), account.clone()),
    };
    Ok(Output::xml(move |result| {
        xml::text(result, "Arn", &arn);
        xml::text(result, "UserId", &user);
        xml::text(result, "Account", &account);
    }))
}
