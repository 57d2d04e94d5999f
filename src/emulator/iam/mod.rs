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
    Context,
    service::{Handler, Service},
    store::Region,
    wire::{AwsError, Fault, QueryParams},
};
use http::StatusCode;

/// IAM, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "iam",
    routes: None,
    operations: &[
        ("AttachRolePolicy", Handler::Async(|operation| Box::pin(attached::attach(operation)))),
        ("CreateRole", Handler::Async(|operation| Box::pin(roles::create(operation)))),
        ("DeleteRole", Handler::Async(|operation| Box::pin(roles::delete(operation)))),
        ("DeleteRolePolicy", Handler::Async(|operation| Box::pin(inline::delete(operation)))),
        ("DetachRolePolicy", Handler::Async(|operation| Box::pin(attached::detach(operation)))),
        ("GetRole", Handler::Sync(roles::get)),
        ("GetRolePolicy", Handler::Sync(inline::get)),
        ("ListAttachedRolePolicies", Handler::Sync(attached::list)),
        ("ListInstanceProfilesForRole", Handler::Sync(roles::list_instance_profiles)),
        ("ListRolePolicies", Handler::Sync(inline::list)),
        ("ListRoleTags", Handler::Sync(tags::list)),
        ("ListRoles", Handler::Sync(roles::list)),
        ("PutRolePolicy", Handler::Async(|operation| Box::pin(inline::put(operation)))),
        ("TagRole", Handler::Async(|operation| Box::pin(tags::add(operation)))),
        ("UntagRole", Handler::Async(|operation| Box::pin(tags::remove(operation)))),
        ("UpdateAssumeRolePolicy", Handler::Async(|operation| Box::pin(roles::update_trust(operation)))),
        ("UpdateRole", Handler::Async(|operation| Box::pin(roles::update(operation)))),
    ],
    fault: |fault: Fault| validation(fault.to_string()),
};

/// Tells whether a role is there, by its ARN.
pub(super) fn has_role(context: &Context, arn: &str) -> bool {
    let account = &context.config.account;
    let name = arn.strip_prefix(&format!("arn:aws:iam::{account}:role")).and_then(|path| path.rsplit('/').next());
    let is_there = |name: &str| context.store.read(&Region::global(), |state| state.iam.roles.contains_key(name));
    name.is_some_and(is_there)
}

/// IAM's limit on the text of a policy, in characters: that of a request, before those of what it is for.
const MAX_POLICY: usize = 131_072;
/// IAM's limit on an ARN, in characters.
const MAX_ARN: usize = 2048;

/// Takes a name that must be there: a role's or a policy's, by the pattern that IAM has for both.
fn take_name(params: &mut QueryParams, parameter: &str, longest: usize) -> Result<String, AwsError> {
    let field = field(parameter);
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

/// Takes a text of at most `longest` characters.
fn take_text(params: &mut QueryParams, parameter: &str, longest: usize) -> Result<Option<String>, AwsError> {
    let text = params.text(parameter);
    match &text {
        Some(long) if long.chars().count() > longest => Err(validation(format!(
            "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must have length less than \
             or equal to {longest}",
            field(parameter)
        ))),
        _ => Ok(text),
    }
}

/// Writes the name of a parameter as IAM's sentences do.
fn field(parameter: &str) -> String {
    format!("{}{}", parameter[..1].to_ascii_lowercase(), &parameter[1..])
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
