//! The policies that belong to one role alone.

use super::{
    Answer, conflict,
    document::{self, Kind},
    no_such_entity, null,
    paging::Paging,
    role::{self, encode},
    take_name, take_role_name,
};
use crate::emulator::{
    Context,
    wire::{AwsError, QueryParams, xml},
};

/// IAM's limit on all inline policies of a role together, in characters without white space.
const MAX_SIZE: usize = 10_240;

/// `PutRolePolicy`: adds or replaces.
pub(super) async fn put(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let role = take_role_name(&mut params)?;
    let policy = take_name(&mut params, "PolicyName", 128)?;
    let text = params.text("PolicyDocument").ok_or_else(|| null("policyDocument"))?;
    params.finish()?;
    document::check(&text, Kind::Identity)?;
    role::change(context, &role, |role| {
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
    Ok(None)
}

/// `GetRolePolicy`.
pub(super) fn get(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let policy = take_name(&mut params, "PolicyName", 128)?;
    params.finish()?;
    let text = role::read(context, &name, |role| role.inline.get(&policy).cloned().ok_or_else(|| absent(&policy)))?;
    Ok(Some(Box::new(move |result| {
        xml::text(result, "RoleName", &name);
        xml::text(result, "PolicyName", &policy);
        xml::text(result, "PolicyDocument", &encode(&text));
    })))
}

/// `DeleteRolePolicy`.
pub(super) async fn delete(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let policy = take_name(&mut params, "PolicyName", 128)?;
    params.finish()?;
    role::change(context, &name, |role| role.inline.remove(&policy).map(drop).ok_or_else(|| absent(&policy))).await?;
    Ok(None)
}

/// `ListRolePolicies`.
pub(super) fn list(context: &Context, mut params: QueryParams) -> Result<Answer, AwsError> {
    let name = take_role_name(&mut params)?;
    let paging = Paging::take(&mut params)?;
    params.finish()?;
    let names = role::read(context, &name, |role| Ok(role.inline.keys().cloned().collect()))?;
    let (names, marker) = paging.cut(names, |name| name);
    Ok(Some(Box::new(move |result| {
        xml::texts(result, "PolicyNames", "member", names.iter().map(String::as_str));
        Paging::write(result, marker.as_deref());
    })))
}

fn absent(policy: &str) -> AwsError {
    no_such_entity(format!("The role policy with name {policy} cannot be found."))
}
