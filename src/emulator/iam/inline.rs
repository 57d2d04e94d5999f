//! The policies that belong to one role or one user alone.

use super::{MAX_POLICY, document, holder::Kind, no_such_entity, null, paging::Paging, take_name, take_text};
use crate::emulator::{
    policy::Use,
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// `PutRolePolicy`, `PutUserPolicy`: adds or replaces.
pub(super) async fn put(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, policy, text), scope) = operation.query(|params| {
        let (name, policy) = take_names(params, kind)?;
        Ok((name, policy, take_text(params, "PolicyDocument", MAX_POLICY)?.ok_or_else(|| null("policyDocument"))?))
    })?;
    document::check(&text, Use::Identity)?;
    scope
        .change_global(|state| {
            let policies = state.iam.policies_of_mut(kind, &name)?;
            policies.inline.insert(policy, text);
            policies.check_size(kind, &name)
        })
        .await?;
    Ok(Output::Done)
}

/// `GetRolePolicy`, `GetUserPolicy`.
pub(super) fn get(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, policy), scope) = operation.query(|params| take_names(params, kind))?;
    let text = scope.read_global(|state| {
        let policies = state.iam.policies_of(kind, &name)?;
        policies.inline.get(&policy).cloned().ok_or_else(|| absent(kind, &policy))
    })?;
    Ok(Output::xml(move |result| {
        xml::text(result, kind.parameter(), &name);
        xml::text(result, "PolicyName", &policy);
        xml::text(result, "PolicyDocument", &document::encode(&text));
    }))
}

/// `DeleteRolePolicy`, `DeleteUserPolicy`.
pub(super) async fn delete(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, policy), scope) = operation.query(|params| take_names(params, kind))?;
    scope
        .change_global(|state| {
            let policies = state.iam.policies_of_mut(kind, &name)?;
            policies.inline.remove(&policy).map(drop).ok_or_else(|| absent(kind, &policy))
        })
        .await?;
    Ok(Output::Done)
}

/// `ListRolePolicies`, `ListUserPolicies`.
pub(super) fn list(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, paging), scope) = operation.query(|params| Ok((kind.take(params)?, Paging::take(params)?)))?;
    let names = scope.read_global(|state| {
        let policies = state.iam.policies_of(kind, &name)?;
        Ok::<_, AwsError>(policies.inline.keys().cloned().collect::<Vec<_>>())
    })?;
    let (names, marker) = paging.cut(names, String::clone);
    Ok(Output::xml(move |result| {
        xml::texts(result, "PolicyNames", "member", names.iter().map(String::as_str));
        Paging::write(result, marker.as_deref());
    }))
}

/// Takes the names of a role or user and of one of its policies.
fn take_names(params: &mut QueryParams, kind: Kind) -> Result<(String, String), AwsError> {
    Ok((kind.take(params)?, take_name(params, "PolicyName", 128)?))
}

fn absent(kind: Kind, policy: &str) -> AwsError {
    no_such_entity(format!("The {} policy with name {policy} cannot be found.", kind.word()))
}
