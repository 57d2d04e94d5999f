//! IAM, query protocol 2010-05-08: roles, users with their access keys, groups, managed policies, instance profiles and
//! OpenID Connect providers. Policies are checked for their form and kept; who is refused by one, `access` decides. AWS's own are known by name ([`managed`]).
//!
//! Not here: passwords and second factors.

mod account;
mod attached;
mod credentials;
mod document;
mod grammar;
mod granted;
mod group;
mod holder;
mod identity_providers;
mod inline;
mod keys;
mod managed;
mod paging;
mod policy;
mod principal;
mod profile;
mod role;
mod roles;
mod simulate;
mod summary;
mod tagging;
mod tags;
mod user;

pub use granted::Granted;
pub(super) use keys::accept;
pub use role::{Role, State};

use super::{
    Context,
    service::{Handler, Names, Service},
    store::Region,
    wire::{AwsError, Fault, QueryParams},
};
use holder::Kind;
use http::StatusCode;
use std::ops::RangeInclusive;
use tagging::Tagged;

/// IAM, as far as it is emulated.
pub static SERVICE: Service = Service {
    name: "iam",
    routes: None,
    names: Some(Names { all: include_str!("operations.txt"), versions: &["2010-05-08"], target: None }),
    members: "",
    operations: &[
        (
            "AddClientIDToOpenIDConnectProvider",
            Handler::Async(|operation| Box::pin(identity_providers::add_client(operation))),
        ),
        ("AddRoleToInstanceProfile", Handler::Async(|operation| Box::pin(profile::add_role(operation)))),
        ("AddUserToGroup", Handler::Async(|operation| Box::pin(group::add_user(operation)))),
        ("AttachGroupPolicy", Handler::Async(|operation| Box::pin(attached::attach(operation, Kind::Group)))),
        ("AttachRolePolicy", Handler::Async(|operation| Box::pin(attached::attach(operation, Kind::Role)))),
        ("AttachUserPolicy", Handler::Async(|operation| Box::pin(attached::attach(operation, Kind::User)))),
        ("CreateAccessKey", Handler::Async(|operation| Box::pin(keys::create(operation)))),
        ("CreateAccountAlias", Handler::Async(|operation| Box::pin(account::create_alias(operation)))),
        ("CreateGroup", Handler::Async(|operation| Box::pin(group::create(operation)))),
        ("CreateInstanceProfile", Handler::Async(|operation| Box::pin(profile::create(operation)))),
        ("CreateLoginProfile", Handler::Async(|operation| Box::pin(credentials::create_login(operation)))),
        ("CreateOpenIDConnectProvider", Handler::Async(|operation| Box::pin(identity_providers::create(operation)))),
        ("CreatePolicy", Handler::Async(|operation| Box::pin(policy::create(operation)))),
        ("CreatePolicyVersion", Handler::Async(|operation| Box::pin(policy::create_version(operation)))),
        ("CreateRole", Handler::Async(|operation| Box::pin(roles::create(operation)))),
        ("CreateUser", Handler::Async(|operation| Box::pin(user::create(operation)))),
        ("DeleteAccessKey", Handler::Async(|operation| Box::pin(keys::delete(operation)))),
        ("DeleteAccountAlias", Handler::Async(|operation| Box::pin(account::delete_alias(operation)))),
        ("DeleteAccountPasswordPolicy", Handler::Async(|operation| Box::pin(account::delete_passwords(operation)))),
        ("DeleteGroup", Handler::Async(|operation| Box::pin(group::delete(operation)))),
        ("DeleteGroupPolicy", Handler::Async(|operation| Box::pin(inline::delete(operation, Kind::Group)))),
        ("DeleteInstanceProfile", Handler::Async(|operation| Box::pin(profile::delete(operation)))),
        ("DeleteLoginProfile", Handler::Async(|operation| Box::pin(credentials::delete_login(operation)))),
        ("DeleteOpenIDConnectProvider", Handler::Async(|operation| Box::pin(identity_providers::delete(operation)))),
        ("DeletePolicy", Handler::Async(|operation| Box::pin(policy::delete(operation)))),
        ("DeletePolicyVersion", Handler::Async(|operation| Box::pin(policy::delete_version(operation)))),
        ("DeleteRole", Handler::Async(|operation| Box::pin(roles::delete(operation)))),
        (
            "DeleteRolePermissionsBoundary",
            Handler::Async(|operation| Box::pin(attached::delete_boundary(operation, Kind::Role))),
        ),
        ("DeleteRolePolicy", Handler::Async(|operation| Box::pin(inline::delete(operation, Kind::Role)))),
        ("DeleteUser", Handler::Async(|operation| Box::pin(user::delete(operation)))),
        (
            "DeleteUserPermissionsBoundary",
            Handler::Async(|operation| Box::pin(attached::delete_boundary(operation, Kind::User))),
        ),
        ("DeleteUserPolicy", Handler::Async(|operation| Box::pin(inline::delete(operation, Kind::User)))),
        ("DetachGroupPolicy", Handler::Async(|operation| Box::pin(attached::detach(operation, Kind::Group)))),
        ("DetachRolePolicy", Handler::Async(|operation| Box::pin(attached::detach(operation, Kind::Role)))),
        ("DetachUserPolicy", Handler::Async(|operation| Box::pin(attached::detach(operation, Kind::User)))),
        ("GetAccountPasswordPolicy", Handler::Sync(account::get_passwords)),
        ("GetAccountSummary", Handler::Sync(summary::get)),
        ("GetGroup", Handler::Sync(group::get)),
        ("GetGroupPolicy", Handler::Sync(|operation| inline::get(operation, Kind::Group))),
        ("GetInstanceProfile", Handler::Sync(profile::get)),
        ("GetLoginProfile", Handler::Sync(credentials::get_login)),
        ("GetOpenIDConnectProvider", Handler::Sync(identity_providers::get)),
        ("GetPolicy", Handler::Sync(policy::get)),
        ("GetPolicyVersion", Handler::Sync(policy::get_version)),
        ("GetRole", Handler::Sync(roles::get)),
        ("GetRolePolicy", Handler::Sync(|operation| inline::get(operation, Kind::Role))),
        ("GetUser", Handler::Sync(user::get)),
        ("GetUserPolicy", Handler::Sync(|operation| inline::get(operation, Kind::User))),
        ("ListAccessKeys", Handler::Sync(keys::list)),
        ("ListAccountAliases", Handler::Sync(account::list_aliases)),
        ("ListAttachedGroupPolicies", Handler::Sync(|operation| attached::list(operation, Kind::Group))),
        ("ListAttachedRolePolicies", Handler::Sync(|operation| attached::list(operation, Kind::Role))),
        ("ListAttachedUserPolicies", Handler::Sync(|operation| attached::list(operation, Kind::User))),
        ("ListEntitiesForPolicy", Handler::Sync(policy::list_entities)),
        ("ListGroupPolicies", Handler::Sync(|operation| inline::list(operation, Kind::Group))),
        ("ListGroups", Handler::Sync(group::list)),
        ("ListGroupsForUser", Handler::Sync(group::list_for_user)),
        ("ListInstanceProfileTags", Handler::Sync(|operation| tagging::list(operation, Tagged::Profile))),
        ("ListInstanceProfiles", Handler::Sync(profile::list)),
        ("ListInstanceProfilesForRole", Handler::Sync(profile::list_for_role)),
        ("ListMFADevices", Handler::Sync(|operation| credentials::list(operation, "MFADevices"))),
        ("ListOpenIDConnectProviderTags", Handler::Sync(|operation| tagging::list(operation, Tagged::Provider))),
        ("ListOpenIDConnectProviders", Handler::Sync(identity_providers::list)),
        ("ListPolicies", Handler::Sync(policy::list)),
        ("ListPolicyTags", Handler::Sync(|operation| tagging::list(operation, Tagged::Policy))),
        ("ListPolicyVersions", Handler::Sync(policy::list_versions)),
        ("ListRolePolicies", Handler::Sync(|operation| inline::list(operation, Kind::Role))),
        ("ListRoleTags", Handler::Sync(|operation| tagging::list(operation, Tagged::Role))),
        ("ListRoles", Handler::Sync(roles::list)),
        ("ListSSHPublicKeys", Handler::Sync(|operation| credentials::list(operation, "SSHPublicKeys"))),
        ("ListServiceSpecificCredentials", Handler::Sync(credentials::list_service_specific)),
        ("ListSigningCertificates", Handler::Sync(|operation| credentials::list(operation, "Certificates"))),
        ("ListUserPolicies", Handler::Sync(|operation| inline::list(operation, Kind::User))),
        ("ListUserTags", Handler::Sync(|operation| tagging::list(operation, Tagged::User))),
        ("ListUsers", Handler::Sync(user::list)),
        ("ListVirtualMFADevices", Handler::Sync(credentials::list_virtual_devices)),
        ("PutGroupPolicy", Handler::Async(|operation| Box::pin(inline::put(operation, Kind::Group)))),
        (
            "PutRolePermissionsBoundary",
            Handler::Async(|operation| Box::pin(attached::put_boundary(operation, Kind::Role))),
        ),
        ("PutRolePolicy", Handler::Async(|operation| Box::pin(inline::put(operation, Kind::Role)))),
        (
            "PutUserPermissionsBoundary",
            Handler::Async(|operation| Box::pin(attached::put_boundary(operation, Kind::User))),
        ),
        ("PutUserPolicy", Handler::Async(|operation| Box::pin(inline::put(operation, Kind::User)))),
        (
            "RemoveClientIDFromOpenIDConnectProvider",
            Handler::Async(|operation| Box::pin(identity_providers::remove_client(operation))),
        ),
        ("RemoveRoleFromInstanceProfile", Handler::Async(|operation| Box::pin(profile::remove_role(operation)))),
        ("RemoveUserFromGroup", Handler::Async(|operation| Box::pin(group::remove_user(operation)))),
        ("SetDefaultPolicyVersion", Handler::Async(|operation| Box::pin(policy::set_default(operation)))),
        ("SimulateCustomPolicy", Handler::Sync(simulate::custom)),
        ("SimulatePrincipalPolicy", Handler::Sync(simulate::principal)),
        ("TagInstanceProfile", Handler::Async(|operation| Box::pin(tagging::add(operation, Tagged::Profile)))),
        ("TagOpenIDConnectProvider", Handler::Async(|operation| Box::pin(tagging::add(operation, Tagged::Provider)))),
        ("TagPolicy", Handler::Async(|operation| Box::pin(tagging::add(operation, Tagged::Policy)))),
        ("TagRole", Handler::Async(|operation| Box::pin(tagging::add(operation, Tagged::Role)))),
        ("TagUser", Handler::Async(|operation| Box::pin(tagging::add(operation, Tagged::User)))),
        ("UntagInstanceProfile", Handler::Async(|operation| Box::pin(tagging::remove(operation, Tagged::Profile)))),
        (
            "UntagOpenIDConnectProvider",
            Handler::Async(|operation| Box::pin(tagging::remove(operation, Tagged::Provider))),
        ),
        ("UntagPolicy", Handler::Async(|operation| Box::pin(tagging::remove(operation, Tagged::Policy)))),
        ("UntagRole", Handler::Async(|operation| Box::pin(tagging::remove(operation, Tagged::Role)))),
        ("UntagUser", Handler::Async(|operation| Box::pin(tagging::remove(operation, Tagged::User)))),
        ("UpdateAccessKey", Handler::Async(|operation| Box::pin(keys::update(operation)))),
        ("UpdateAccountPasswordPolicy", Handler::Async(|operation| Box::pin(account::update_passwords(operation)))),
        ("UpdateAssumeRolePolicy", Handler::Async(|operation| Box::pin(roles::update_trust(operation)))),
        ("UpdateGroup", Handler::Async(|operation| Box::pin(group::update(operation)))),
        ("UpdateLoginProfile", Handler::Async(|operation| Box::pin(credentials::update_login(operation)))),
        (
            "UpdateOpenIDConnectProviderThumbprint",
            Handler::Async(|operation| Box::pin(identity_providers::update_thumbprint(operation))),
        ),
        ("UpdateRole", Handler::Async(|operation| Box::pin(roles::update(operation)))),
        ("UpdateRoleDescription", Handler::Async(|operation| Box::pin(roles::update_description(operation)))),
        ("UpdateUser", Handler::Async(|operation| Box::pin(user::update(operation)))),
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
    let name = take_length(params, parameter, 1..=longest)?.ok_or_else(|| null(&field))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b);
    if !name.bytes().all(plain) {
        return Err(validation(format!(
            "The specified value for {field} is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_-"
        )));
    }
    Ok(name)
}

/// Takes a path, or the start of one.
fn take_path(params: &mut QueryParams, parameter: &str) -> Result<Option<String>, AwsError> {
    let Some(path) = take_text(params, parameter, 512)? else { return Ok(None) };
    let is_valid = path.starts_with('/')
        && (path.ends_with('/') || parameter == "PathPrefix")
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

/// Takes one of a few texts.
fn take_one_of(params: &mut QueryParams, parameter: &str, values: &[&str]) -> Result<Option<String>, AwsError> {
    let Some(text) = params.text(parameter) else { return Ok(None) };
    if values.contains(&text.as_str()) {
        return Ok(Some(text));
    }
    Err(unfit(&field(parameter), "Member must satisfy enum value set"))
}

fn take_role_name(params: &mut QueryParams) -> Result<String, AwsError> {
    take_name(params, "RoleName", 64)
}

/// Takes a text of at most `longest` characters.
fn take_text(params: &mut QueryParams, parameter: &str, longest: usize) -> Result<Option<String>, AwsError> {
    let text = params.text(parameter);
    match &text {
        Some(long) if long.chars().count() > longest => {
            Err(unfit(&field(parameter), &format!("Member must have length less than or equal to {longest}")))
        }
        _ => Ok(text),
    }
}

/// Takes a text of a length within bounds, in characters.
fn take_length(
    params: &mut QueryParams,
    parameter: &str,
    bounds: RangeInclusive<usize>,
) -> Result<Option<String>, AwsError> {
    let text = take_text(params, parameter, *bounds.end())?;
    match &text {
        Some(short) if short.chars().count() < *bounds.start() => {
            let least = bounds.start();
            Err(unfit(&field(parameter), &format!("Member must have length greater than or equal to {least}")))
        }
        _ => Ok(text),
    }
}

/// Which bound a number is beyond, in the words of IAM.
fn beyond(number: u32, bounds: &RangeInclusive<u32>) -> Option<String> {
    if number < *bounds.start() {
        return Some(format!("Member must have value greater than or equal to {}", bounds.start()));
    }
    (number > *bounds.end()).then(|| format!("Member must have value less than or equal to {}", bounds.end()))
}

/// Writes the name of a parameter as IAM's sentences do.
fn field(parameter: &str) -> String {
    format!("{}{}", parameter[..1].to_ascii_lowercase(), &parameter[1..])
}

/// The refusal of a value that is against the model. Unlike other services IAM does not repeat the value.
fn unfit(field: &str, constraint: &str) -> AwsError {
    validation(format!("1 validation error detected: Value at '{field}' failed to satisfy constraint: {constraint}"))
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
