//! The policies that belong to one role alone.

use super::{
    MAX_POLICY, conflict,
    document::{self, Kind},
    no_such_entity, null,
    paging::Paging,
    role::{self, encode},
    take_name, take_role_name, take_text,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// IAM's limit on all inline policies of a role together, in characters without white space.
const MAX_SIZE: usize = 10_240;

/// `PutRolePolicy`: adds or replaces.
pub(super) async fn put(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((role, policy, text), scope) = operation.query(|params| {
        let (role, policy) = take_names(params)?;
        Ok((role, policy, take_text(params, "PolicyDocument", MAX_POLICY)?.ok_or_else(|| null("policyDocument"))?))
    })?;
    document::check(&text, Kind::Identity)?;
    role::change(&scope, &role, |role| {
        role.inline.insert(policy, text);
        let size: usize =
            role.inline.values().map(|text| text.chars().filter(|char| !char.is_whitespace()).count()).sum();
        if size > MAX_SIZE {
            let message = format!("Maximum policy size of {MAX_SIZE} bytes exceeded for role {}", role.name);
            return Err(conflict("LimitExceeded", message));
        }
        Ok(())
    })
    .await?;
    Ok(Output::Done)
}

/// `GetRolePolicy`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, policy), scope) = operation.query(take_names)?;
    let text = role::read(&scope, &name, |role| role.inline.get(&policy).cloned().ok_or_else(|| absent(&policy)))?;
    Ok(Output::xml(move |result| {
        xml::text(result, "RoleName", &name);
        xml::text(result, "PolicyName", &policy);
        xml::text(result, "PolicyDocument", &encode(&text));
    }))
}

/// `DeleteRolePolicy`.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, policy), scope) = operation.query(take_names)?;
    role::change(&scope, &name, |role| role.inline.remove(&policy).map(drop).ok_or_else(|| absent(&policy))).await?;
    Ok(Output::Done)
}

/// `ListRolePolicies`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, paging), scope) = operation.query(|params| Ok((take_role_name(params)?, Paging::take(params)?)))?;
    let names = role::read(&scope, &name, |role| Ok(role.inline.keys().cloned().collect::<Vec<_>>()))?;
    let (names, marker) = paging.cut(names, String::clone);
    Ok(Output::xml(move |result| {
        xml::texts(result, "PolicyNames", "member", names.iter().map(String::as_str));
        Paging::write(result, marker.as_deref());
    }))
}

/// Takes the names of a role and of one of its policies.
fn take_names(params: &mut QueryParams) -> Result<(String, String), AwsError> {
    Ok((take_role_name(params)?, take_name(params, "PolicyName", 128)?))
}

fn absent(policy: &str) -> AwsError {
    no_such_entity(format!("The role policy with name {policy} cannot be found."))
}
