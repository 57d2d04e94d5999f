//! IAM, query protocol 2010-05-08: roles, their policies and tags. Policies are checked for their form and kept; nobody
//! is refused by one.
//!
//! Not here: users, groups and managed policies of one's own. Every policy of AWS (`arn:aws:iam::aws:policy/…`) can be
//! attached.

mod attached;
mod document;
mod inline;
mod paging;
mod role;
mod roles;
mod tags;

pub use role::{Role, State};

use super::{
    Call, Context,
    wire::{AwsError, Protocol, QueryParams, xml, xml_response},
};
use crate::http1::Response;
use http::StatusCode;
use std::sync::Arc;

const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// The content of an operation's result; `None` for the operations that have none.
type Answer = Option<Content>;

/// Writes what is inside `…Result`.
type Content = Box<dyn FnOnce(&mut xml::Element) + Send>;

/// Answers one call.
pub async fn serve(context: &Arc<Context>, call: &Call) -> Response {
    match answer(context, call).await {
        Ok(document) => xml_response(document, &call.request_id),
        Err(error) => error.response(Protocol::Query(NAMESPACE), &call.request_id),
    }
}

async fn answer(context: &Context, call: &Call) -> Result<String, AwsError> {
    let mut params = QueryParams::parse(&call.request)?;
    let action = params.action()?;
    let write = match action.as_str() {
        "AttachRolePolicy" => attached::attach(context, params).await,
        "CreateRole" => roles::create(context, params).await,
        "DeleteRole" => roles::delete(context, params).await,
        "DeleteRolePolicy" => inline::delete(context, params).await,
        "DetachRolePolicy" => attached::detach(context, params).await,
        "GetRole" => roles::get(context, params),
        "GetRolePolicy" => inline::get(context, params),
        "ListAttachedRolePolicies" => attached::list(context, params),
        "ListInstanceProfilesForRole" => roles::list_instance_profiles(context, params),
        "ListRolePolicies" => inline::list(context, params),
        "ListRoleTags" => tags::list(context, params),
        "ListRoles" => roles::list(context, params),
        "PutRolePolicy" => inline::put(context, params).await,
        "TagRole" => tags::add(context, params).await,
        "UntagRole" => tags::remove(context, params).await,
        "UpdateAssumeRolePolicy" => roles::update_trust(context, params).await,
        "UpdateRole" => roles::update(context, params).await,
        unknown => Err(AwsError::not_implemented("iam", unknown)),
    }?;
    Ok(xml::document(&format!("{action}Response"), NAMESPACE, |root| {
        if let Some(write) = write {
            xml::element(root, &format!("{action}Result"), write);
        }
        xml::element(root, "ResponseMetadata", |data| xml::text(data, "RequestId", &call.request_id));
    }))
}

/// Takes a name that must be there: a role's or a policy's, by the pattern that IAM has for both.
fn take_name(params: &mut QueryParams, parameter: &str, longest: usize) -> Result<String, AwsError> {
    let field = format!("{}{}", parameter[..1].to_ascii_lowercase(), &parameter[1..]);
    let Some(name) = params.text(parameter) else { return Err(null(&field)) };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b);
    if name.is_empty() || name.len() > longest || !name.bytes().all(plain) {
        return Err(validation(format!(
            "The specified value for {field} is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_- and be 1 to {longest} characters long"
        )));
    }
    Ok(name)
}

fn take_role_name(params: &mut QueryParams) -> Result<String, AwsError> {
    take_name(params, "RoleName", 64)
}

fn null(field: &str) -> AwsError {
    validation(format!(
        "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
    ))
}

fn validation(message: String) -> AwsError {
    AwsError::sender("ValidationError", message)
}

fn no_such_entity(message: String) -> AwsError {
    AwsError::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
}

fn conflict(code: &'static str, message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::CONFLICT, code, message)
}
