//! STS: who signed, and credentials for a while. Also keeps the credentials that are lent to functions.
//!
//! The installation's own key is the account's root, as AWS says it; unlike AWS's it may assume roles, because it is the
//! only key that there is until users have some. Session policies, which narrow what a session may do, are refused where
//! policies of identities have no say.

mod assume;
mod caller;
mod sessions;

pub use caller::{Caller, caller, of_key};
pub use sessions::{Credentials, Owner, Session, Sessions};

use super::{
    service::{Handler, Names, Operation, Output, Service},
    wire::{AwsError, Fault, xml},
};

/// The most characters of an encoded message.
const MAX_ENCODED: usize = 10_240;

/// STS, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "sts",
    routes: None,
    names: Some(Names { all: include_str!("operations.txt"), versions: &["2011-06-15"], target: None }),
    members: "",
    operations: &[
        ("AssumeRole", Handler::Sync(assume::role)),
        ("DecodeAuthorizationMessage", Handler::Sync(decode)),
        ("GetAccessKeyInfo", Handler::Sync(key_info)),
        ("GetCallerIdentity", Handler::Sync(caller_identity)),
        ("GetSessionToken", Handler::Sync(assume::session_token)),
    ],
    fault: |fault: Fault| AwsError::sender("ValidationError", fault.to_string()),
};

/// `GetCallerIdentity`.
fn caller_identity(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((), scope) = operation.query(|_| Ok(()))?;
    let (account, caller) = (scope.account().to_owned(), caller(&scope));
    Ok(Output::xml(move |result| {
        xml::text(result, "Arn", &caller.arn);
        xml::text(result, "UserId", &caller.id);
        xml::text(result, "Account", &account);
    }))
}

/// `DecodeAuthorizationMessage`: of the refusals that this engine remembers.
fn decode(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (token, scope) = operation.query(|params| {
        let token = params.required("EncodedMessage")?;
        if token.chars().count() > MAX_ENCODED {
            let constraint = format!("Member must have length less than or equal to {MAX_ENCODED}");
            return Err(assume::unfit(&token, "encodedMessage", &constraint));
        }
        Ok(token)
    })?;
    let invalid = || AwsError::sender("InvalidAuthorizationMessageException", "Message is not valid");
    let decoded = scope.context.decisions.decode(token.trim()).ok_or_else(invalid)?;
    Ok(Output::xml(move |result| xml::text(result, "DecodedMessage", &decoded)))
}

/// `GetAccessKeyInfo`: of any key, as there is one account.
fn key_info(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (id, scope) = operation.query(|params| params.required("AccessKeyId"))?;
    let is_known =
        scope.context.config.keyring.has(&id) || scope.read_global(|state| state.iam.user_of_key(&id).is_some());
    if !is_known {
        let shown: String = id.chars().take(32).collect();
        let message = format!("The value '{shown}' at 'accessKeyId' is the id of no access key.");
        return Err(AwsError::sender("ValidationError", message));
    }
    let account = scope.account().to_owned();
    Ok(Output::xml(move |result| xml::text(result, "Account", &account)))
}
