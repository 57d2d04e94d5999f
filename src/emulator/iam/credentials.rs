//! What a user can come in with at AWS besides access keys. There is no console here: that a user has a password for it
//! is on record, the password is not. Second factors, SSH keys and certificates nobody can be given, so what lists them
//! finds none.

use super::{conflict, no_such_entity, null, paging::Paging, take_name, take_one_of, take_text, user::no_user};
use crate::emulator::{
    service::{Operation, Output},
    sts,
    wire::{AwsError, QueryParams, iso_seconds, xml},
};
use serde::{Deserialize, Serialize};

fn take_user(params: &mut QueryParams) -> Result<Option<String>, AwsError> {
    if params.has("UserName") { take_name(params, "UserName", 128).map(Some) } else { Ok(None) }
}

/// `ListSSHPublicKeys`, `ListMFADevices`, `ListSigningCertificates`: of a user, or of who signed.
pub(super) fn list(operation: Operation<'_>, set: &'static str) -> Result<Output, AwsError> {
    let ((name, _), scope) = operation.query(|params| Ok((take_user(params)?, Paging::take(params)?)))?;
    let caller = sts::caller(&scope);
    match name.or(caller.user) {
        Some(name) => scope.read_global(|state| state.iam.user(&name).map(drop))?,
        None if caller.is_owner => {}
        None => return Err(no_user()),
    }
    Ok(none(set))
}

/// `ListServiceSpecificCredentials`: of a user, of who signed, or of all.
pub(super) fn list_service_specific(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, _), scope) = operation.query(|params| {
        take_text(params, "ServiceName", 128)?;
        params.flag("AllUsers")?;
        Ok((take_user(params)?, Paging::take(params)?))
    })?;
    if let Some(name) = name {
        scope.read_global(|state| state.iam.user(&name).map(drop))?;
    }
    Ok(none("ServiceSpecificCredentials"))
}

/// `ListVirtualMFADevices`.
pub(super) fn list_virtual_devices(operation: Operation<'_>) -> Result<Output, AwsError> {
    operation.query(|params| {
        take_one_of(params, "AssignmentStatus", &["Any", "Assigned", "Unassigned"])?;
        Paging::take(params)
    })?;
    Ok(none("VirtualMFADevices"))
}

fn none(set: &'static str) -> Output {
    Output::xml(move |result| {
        xml::element(result, set, |_| ());
        Paging::write(result, None);
    })
}

/// That a user has a password for the console.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Login {
    /// Milliseconds since the Unix epoch.
    created: i64,
    must_reset: bool,
}

impl Login {
    fn write(&self, result: &mut xml::Element, user: &str) {
        xml::element(result, "LoginProfile", |profile| {
            xml::text(profile, "UserName", user);
            xml::text(profile, "CreateDate", &iso_seconds(self.created));
            xml::text(profile, "PasswordResetRequired", if self.must_reset { "true" } else { "false" });
        });
    }
}

fn no_login(user: &str) -> AwsError {
    no_such_entity(format!("Login Profile for User {user} cannot be found."))
}

/// `CreateLoginProfile`.
pub(super) async fn create_login(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, password, must_reset), scope) = operation.query(|params| {
        let password = take_text(params, "Password", 128)?.ok_or_else(|| null("password"))?;
        Ok((take_user(params)?, password, params.flag("PasswordResetRequired")?.unwrap_or(false)))
    })?;
    let name = name.or(sts::caller(&scope).user).ok_or_else(no_user)?;
    let login = Login { created: scope.now_millis(), must_reset };
    let made = login.clone();
    scope
        .change_global(|state| {
            state.iam.user(&name)?;
            state.iam.check_password(&password)?;
            let Some(user) = state.iam.users.get_mut(&name) else { return Ok(()) };
            if user.login.is_some() {
                let message = format!("Login Profile for user {name} already exists.");
                return Err(conflict("EntityAlreadyExists", message));
            }
            user.login = Some(login);
            Ok(())
        })
        .await?;
    Ok(Output::xml(move |result| made.write(result, &name)))
}

/// `UpdateLoginProfile`.
pub(super) async fn update_login(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, password, must_reset), scope) = operation.query(|params| {
        let password = take_text(params, "Password", 128)?;
        Ok((take_name(params, "UserName", 128)?, password, params.flag("PasswordResetRequired")?))
    })?;
    scope
        .change_global(|state| {
            state.iam.user(&name)?;
            if let Some(password) = &password {
                state.iam.check_password(password)?;
            }
            let login = state.iam.users.get_mut(&name).and_then(|user| user.login.as_mut());
            let login = login.ok_or_else(|| no_login(&name))?;
            login.must_reset = must_reset.unwrap_or(login.must_reset);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `GetLoginProfile`.
pub(super) fn get_login(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(take_user)?;
    let name = name.or(sts::caller(&scope).user).ok_or_else(no_user)?;
    let login = scope.read_global(|state| state.iam.user(&name)?.login.clone().ok_or_else(|| no_login(&name)))?;
    Ok(Output::xml(move |result| login.write(result, &name)))
}

/// `DeleteLoginProfile`.
pub(super) async fn delete_login(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(take_user)?;
    let name = name.or(sts::caller(&scope).user).ok_or_else(no_user)?;
    scope
        .change_global(|state| {
            state.iam.user(&name)?;
            let login = state.iam.users.get_mut(&name).and_then(|user| user.login.take());
            login.map(drop).ok_or_else(|| no_login(&name))
        })
        .await?;
    Ok(Output::Done)
}
