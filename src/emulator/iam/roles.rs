//! The operations on roles as a whole.

use super::{
    MAX_ARN, MAX_POLICY, beyond, document,
    holder::{Kind as Holder, Policies},
    null,
    paging::Paging,
    profile::has_role,
    role::{self, Role, View},
    tags, take_path, take_role_name, take_text, unfit,
};
use crate::emulator::{
    policy::Use,
    service::{Operation, Output},
    wire::{AwsError, QueryParams, hex_id, millis, xml},
};
/// The bounds of a session's length, and the length unless it is said, in seconds.
const SESSION: std::ops::RangeInclusive<u32> = 3600..=43_200;

/// `CreateRole`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (id, created) = (format!("AROA{}", hex_id(17)?.to_ascii_uppercase()), millis(operation.now()));
    let (role, scope) = operation.query(|params| {
        Ok(Role {
            name: take_role_name(params)?,
            path: take_path(params, "Path")?.unwrap_or_else(|| "/".to_owned()),
            id,
            created,
            trust: take_trust(params, "AssumeRolePolicyDocument", "assumeRolePolicyDocument")?,
            description: take_description(params)?,
            session: take_session(params)?.unwrap_or(*SESSION.start()),
            boundary: take_text(params, "PermissionsBoundary", MAX_ARN)?,
            tags: tags::take(params, tags::Case::Insensitive)?,
            policies: Policies::default(),
        })
    })?;
    let shown = show(role.clone(), scope.account(), View::Created);
    scope
        .change_global(|state| {
            state.iam.check_boundary(role.boundary.as_ref(), scope.account())?;
            state.iam.check_principals(&role.trust, scope.account())?;
            // Two names that differ in case only are one name to IAM.
            if state.iam.roles.keys().any(|name| name.eq_ignore_ascii_case(&role.name)) {
                return Err(Holder::Role.exists(&role.name));
            }
            state.iam.roles.insert(role.name.clone(), role);
            Ok(())
        })
        .await?;
    Ok(shown)
}

/// `GetRole`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(take_role_name)?;
    let role = role::read(&scope, &name, |role| Ok(role.clone()))?;
    Ok(show(role, scope.account(), View::Whole))
}

fn show(role: Role, account: &str, view: View) -> Output {
    let account = account.to_owned();
    Output::xml(move |result| xml::element(result, "Role", |element| role.write(element, &account, view)))
}

/// `ListRoles`: without tags and boundaries, as AWS leaves them out.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((prefix, paging), scope) =
        operation.query(|params| Ok((take_path(params, "PathPrefix")?, Paging::take(params)?)))?;
    let prefix = prefix.unwrap_or_else(|| "/".to_owned());
    let (roles, marker) = scope.read_global(|state| {
        let roles = state.iam.roles.values().filter(|role| role.path.starts_with(&prefix));
        let (roles, marker) = paging.cut(roles, |role| role.name.clone());
        (roles.into_iter().cloned().collect::<Vec<Role>>(), marker)
    });
    let account = scope.account().to_owned();
    Ok(Output::xml(move |result| {
        xml::list(result, "Roles", "member", &roles, |member, role| role.write(member, &account, View::Listed));
        Paging::write(result, marker.as_deref());
    }))
}

/// `DeleteRole`: refused while the role has policies.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(take_role_name)?;
    scope
        .change_global(|state| {
            state.iam.role(&name)?.policies.check_none()?;
            if state.iam.is_in_profile(&name) {
                return Err(has_role());
            }
            state.iam.roles.remove(&name);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `UpdateRole`: what is not given stays.
pub(super) async fn update(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, description, session), scope) =
        operation.query(|params| Ok((take_role_name(params)?, take_description(params)?, take_session(params)?)))?;
    role::change(&scope, &name, |role| {
        role.description = description.or_else(|| role.description.take());
        role.session = session.unwrap_or(role.session);
        Ok(())
    })
    .await?;
    Ok(Output::xml(|_| ()))
}

/// `UpdateAssumeRolePolicy`.
pub(super) async fn update_trust(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, trust), scope) = operation
        .query(|params| Ok((take_role_name(params)?, take_trust(params, "PolicyDocument", "policyDocument")?)))?;
    scope
        .change_global(|state| {
            state.iam.check_principals(&trust, scope.account())?;
            state.iam.role_mut(&name)?.trust = trust;
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `UpdateRoleDescription`.
pub(super) async fn update_description(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, description), scope) = operation.query(|params| {
        let name = take_role_name(params)?;
        Ok((name, take_description(params)?.ok_or_else(|| null("description"))?))
    })?;
    let role = role::change(&scope, &name, |role| {
        role.description = Some(description).filter(|text| !text.is_empty());
        Ok(role.clone())
    })
    .await?;
    Ok(show(role, scope.account(), View::Described))
}

fn take_trust(params: &mut QueryParams, parameter: &str, field: &str) -> Result<String, AwsError> {
    let text = take_text(params, parameter, MAX_POLICY)?.ok_or_else(|| null(field))?;
    document::check(&text, Use::Trust)?;
    Ok(text)
}

fn take_description(params: &mut QueryParams) -> Result<Option<String>, AwsError> {
    take_text(params, "Description", 1000)
}

fn take_session(params: &mut QueryParams) -> Result<Option<u32>, AwsError> {
    let session = params.number::<u32>("MaxSessionDuration")?;
    match session.and_then(|seconds| beyond(seconds, &SESSION)) {
        Some(constraint) => Err(unfit("maxSessionDuration", &constraint)),
        None => Ok(session),
    }
}
