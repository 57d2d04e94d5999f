//! The operations on roles as a whole.

use super::{
    Answer, Content, conflict,
    document::{self, Kind},
    null,
    paging::Paging,
    role::{self, Role},
    tags, take_role_name, validation,
};
use crate::{
    emulator::{
        Context,
        store::Region,
        wire::{AwsError, QueryParams, xml},
    },
    secret::random_hex,
};
use std::collections::{BTreeMap, BTreeSet};

/// The bounds of a session's length, and the length unless it is said, in seconds.
const SESSION: std::ops::RangeInclusive<u32> = 3600..=43_200;

/// `CreateRole`.
pub(super) async fn create(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let digits = random_hex(9).map_err(|error| AwsError::internal(format!("No randomness: {error}.")))?;
    let role = Role {
        name: take_role_name(&mut params)?,
        path: take_path(&mut params, "Path")?.unwrap_or_else(|| "/".to_owned()),
        id: format!("AROA{}", digits[..17].to_ascii_uppercase()),
        created: context.now_millis(),
        trust: take_trust(&mut params, "AssumeRolePolicyDocument", "assumeRolePolicyDocument")?,
        description: take_description(&mut params)?,
        session: take_session(&mut params)?.unwrap_or(*SESSION.start()),
        boundary: params.text("PermissionsBoundary"),
        tags: tags::take(&mut params)?,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    params.finish()?;
    let created = role.clone();
    context
        .store
        .change(&Region::global(), |state| {
            // Two names that differ in case only are one name to IAM.
            if state.iam.roles.keys().any(|name| name.eq_ignore_ascii_case(&role.name)) {
                return Err(conflict("EntityAlreadyExists", format!("Role with name {} already exists.", role.name)));
            }
            state.iam.roles.insert(role.name.clone(), role);
            Ok(())
        })
        .await?;
    Ok(Some(one(context, created)))
}

/// `GetRole`.
pub(super) fn get(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    params.finish()?;
    let role = role::read(context, &name, |role| Ok(role.clone()))?;
    Ok(Some(one(context, role)))
}

fn one(context: &Context, role: Role) -> Content {
    let account = context.config.account.clone();
    Box::new(move |result| {
        xml::element(result, "Role", |element| {
            role.write(element, &account);
            if !role.tags.is_empty() {
                role.write_tags(element);
            }
            xml::element(element, "RoleLastUsed", |_| ());
        });
    })
}

/// `ListRoles`: without tags, as AWS leaves them out.
pub(super) fn list(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let prefix = take_path(&mut params, "PathPrefix")?.unwrap_or_else(|| "/".to_owned());
    let paging = Paging::take(&mut params)?;
    params.finish()?;
    let (roles, marker) = context.store.read(&Region::global(), |state| {
        let roles = state.iam.roles.values().filter(|role| role.path.starts_with(&prefix)).cloned().collect();
        paging.cut(roles, |role: &Role| &role.name)
    });
    let account = context.config.account.clone();
    Ok(Some(Box::new(move |result| {
        xml::list(result, "Roles", "member", &roles, |member, role| role.write(member, &account));
        Paging::write(result, marker.as_deref());
    })))
}

/// `DeleteRole`: refused while the role has policies.
pub(super) async fn delete(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    params.finish()?;
    context
        .store
        .change(&Region::global(), |state| {
            let role = state.iam.role(&name)?;
            if !role.attached.is_empty() {
                return Err(conflict("DeleteConflict", "Cannot delete entity, must detach all policies first."));
            }
            if !role.inline.is_empty() {
                return Err(conflict("DeleteConflict", "Cannot delete entity, must delete policies first."));
            }
            state.iam.roles.remove(&name);
            Ok(())
        })
        .await?;
    Ok(None)
}

/// `UpdateRole`: a description that is not given is left, a session length falls back to the default, as on AWS.
pub(super) async fn update(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let description = take_description(&mut params)?;
    let session = take_session(&mut params)?;
    params.finish()?;
    role::change(context, &name, |role| {
        role.description = description.or_else(|| role.description.take());
        role.session = session.unwrap_or(*SESSION.start());
        Ok(())
    })
    .await?;
    Ok(Some(Box::new(|_| ())))
}

/// `UpdateAssumeRolePolicy`.
pub(super) async fn update_trust(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let trust = take_trust(&mut params, "PolicyDocument", "policyDocument")?;
    params.finish()?;
    role::change(context, &name, |role| {
        role.trust = trust;
        Ok(())
    })
    .await?;
    Ok(None)
}

/// `ListInstanceProfilesForRole`: there are none; Terraform asks before it deletes a role.
pub(super) fn list_instance_profiles(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    Paging::take(&mut params)?;
    params.finish()?;
    role::read(context, &name, |_| Ok(()))?;
    Ok(Some(Box::new(|result| {
        xml::element(result, "InstanceProfiles", |_| ());
        Paging::write(result, None);
    })))
}

fn take_trust(params: &mut QueryParams, parameter: &str, field: &str) -> Result<String, AwsError> {
    let text = params.text(parameter).ok_or_else(|| null(field))?;
    document::check(&text, Kind::Trust)?;
    Ok(text)
}

fn take_path(params: &mut QueryParams, parameter: &str) -> Result<Option<String>, AwsError> {
    let Some(path) = params.text(parameter) else { return Ok(None) };
    let is_valid = path.starts_with('/')
        && (path.ends_with('/') || parameter == "PathPrefix")
        && path.len() <= 512
        && path.bytes().all(|b| b.is_ascii_graphic());
    if is_valid {
        return Ok(Some(path));
    }
    Err(validation(
        "The specified value for path is invalid. It must begin and end with / and contain only \
                    alphanumeric characters and/or / characters."
            .to_owned(),
    ))
}

fn take_description(params: &mut QueryParams) -> Result<Option<String>, AwsError> {
    let description = params.text("Description");
    if description.as_ref().is_some_and(|text| text.chars().count() > 1000) {
        return Err(validation("The description is longer than 1000 characters.".to_owned()));
    }
    Ok(description)
}

fn take_session(params: &mut QueryParams) -> Result<Option<u32>, AwsError> {
    let session = params.number::<u32>("MaxSessionDuration")?;
    match session.filter(|seconds| !SESSION.contains(seconds)) {
        Some(seconds) => Err(validation(format!(
            "1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: \
             Member must have value between {} and {}",
            SESSION.start(),
            SESSION.end()
        ))),
        None => Ok(session),
    }
}
