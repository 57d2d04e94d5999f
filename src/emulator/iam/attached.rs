//! The policies of AWS that are attached to a role.

use super::{MAX_ARN, no_such_entity, null, paging::Paging, role, take_role_name, take_text, validation};
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, QueryParams, xml},
};

/// How the ARN of a policy that belongs to AWS starts.
const MANAGED: &str = "arn:aws:iam::aws:policy/";

/// `AttachRolePolicy`: attached twice is attached.
pub(super) async fn attach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, arn), scope) = operation.query(|params| Ok((take_role_name(params)?, take_arn(params)?)))?;
    role::change(&scope, &name, |role| {
        if arn.strip_prefix(MANAGED).is_none_or(str::is_empty) {
            return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
        }
        role.attached.insert(arn);
        Ok(())
    })
    .await?;
    Ok(Output::Done)
}

/// `DetachRolePolicy`.
pub(super) async fn detach(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, arn), scope) = operation.query(|params| Ok((take_role_name(params)?, take_arn(params)?)))?;
    role::change(&scope, &name, |role| {
        if role.attached.remove(&arn) { Ok(()) } else { Err(no_such_entity(format!("Policy {arn} was not found."))) }
    })
    .await?;
    Ok(Output::Done)
}

/// `ListAttachedRolePolicies`.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((name, prefix, paging), scope) = operation.query(|params| {
        Ok((take_role_name(params)?, take_text(params, "PathPrefix", 512)?.unwrap_or_default(), Paging::take(params)?))
    })?;
    let arns = role::read(&scope, &name, |role| {
        let path = |arn: &&String| arn.find('/').is_some_and(|at| arn[at..].starts_with(&prefix));
        Ok(role.attached.iter().filter(path).cloned().collect::<Vec<_>>())
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

fn take_arn(params: &mut QueryParams) -> Result<String, AwsError> {
    let arn = take_text(params, "PolicyArn", MAX_ARN)?.ok_or_else(|| null("policyArn"))?;
    let is_arn = arn.starts_with("arn:") && arn.len() >= 20;
    if is_arn { Ok(arn) } else { Err(validation(format!("ARN {arn} is not valid."))) }
}
