//! The managed policies, AWS's and the account's, that are attached to a role or a user; and their boundaries.

use super::{
    MAX_ARN,
    holder::Kind,
    managed, no_such_entity, null,
    paging::Paging,
    policy::{absent, take_arn},
    take_text,
};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// `AttachRolePolicy`, `AttachUserPolicy`: attached twice is attached.
pub(super) async fn attach(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, arn), scope) = operation.query(|params| Ok((kind.take(params)?, take_arn(params)?)))?;
    scope
        .change_global(|state| {
            state.iam.policies_of(kind, &name)?;
            if !managed::exists(&state.iam, &arn, scope.account()) {
                return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
            }
            let policies = state.iam.policies_of_mut(kind, &name)?;
            policies.attached.insert(arn);
            policies.check_count(kind)
        })
        .await?;
    Ok(Output::Done)
}

/// `DetachRolePolicy`, `DetachUserPolicy`.
pub(super) async fn detach(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, arn), scope) = operation.query(|params| Ok((kind.take(params)?, take_arn(params)?)))?;
    scope
        .change_global(|state| {
            let policies = state.iam.policies_of_mut(kind, &name)?;
            if policies.attached.remove(&arn) { Ok(()) } else { Err(absent(&arn)) }
        })
        .await?;
    Ok(Output::Done)
}

/// `ListAttachedRolePolicies`, `ListAttachedUserPolicies`.
pub(super) fn list(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, prefix, paging), scope) = operation.query(|params| {
        let name = kind.take(params)?;
        Ok((name, take_text(params, "PathPrefix", 512)?.unwrap_or_default(), Paging::take(params)?))
    })?;
    let arns = scope.read_global(|state| {
        let path = |arn: &&String| arn.find('/').is_some_and(|at| arn[at..].starts_with(&prefix));
        let policies = state.iam.policies_of(kind, &name)?;
        Ok::<_, AwsError>(policies.attached.iter().filter(path).cloned().collect::<Vec<_>>())
    })?;
    let (arns, marker) = paging.cut(arns, String::clone);
    Ok(Output::xml(move |result| {
        xml::list(result, "AttachedPolicies", "member", &arns, |member, arn| {
            xml::text(member, "PolicyName", arn.rsplit('/').next().unwrap_or(arn));
            xml::text(member, "PolicyArn", arn);
        });
        Paging::write(result, marker.as_deref());
    }))
}

/// `PutRolePermissionsBoundary`, `PutUserPermissionsBoundary`.
pub(super) async fn put_boundary(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let ((name, arn), scope) = operation.query(|params| {
        let arn = take_text(params, "PermissionsBoundary", MAX_ARN)?.ok_or_else(|| null("permissionsBoundary"))?;
        Ok((kind.take(params)?, arn))
    })?;
    scope
        .change_global(|state| {
            state.iam.policies_of(kind, &name)?;
            state.iam.check_boundary(Some(&arn), scope.account())?;
            *state.iam.boundary_mut(kind, &name)? = Some(arn);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `DeleteRolePermissionsBoundary`, `DeleteUserPermissionsBoundary`.
pub(super) async fn delete_boundary(operation: Operation<'_>, kind: Kind) -> Result<Output, AwsError> {
    let (name, scope) = operation.query(|params| kind.take(params))?;
    scope
        .change_global(|state| {
            let boundary = state.iam.boundary_mut(kind, &name)?.take();
            boundary.map(drop).ok_or_else(|| {
                let (word, parameter) = (kind.word(), kind.parameter());
                no_such_entity(format!("The {word} of {parameter} {name} has no permissions boundary."))
            })
        })
        .await?;
    Ok(Output::Done)
}
