//! Managed policies of the account: a document in up to five versions, of which one counts.

use super::{
    MAX_ARN, MAX_POLICY, State, conflict, document,
    holder::Kind,
    managed::{CREATED, Managed},
    no_such_entity, null,
    paging::Paging,
    tags, take_name, take_path, take_text, unfit, validation,
};
use crate::emulator::{
    service::{Operation, Output, Scope},
    wire::{AwsError, QueryParams, hex_id, iso_seconds, xml},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// IAM's limit on a managed policy, in characters without white space.
const MAX_SIZE: usize = 6144;
/// The most versions of a policy.
const VERSIONS: usize = 5;

/// A managed policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Policy {
    pub(super) name: String,
    /// Starts and ends with `/`.
    pub(super) path: String,
    pub(super) id: String,
    description: Option<String>,
    created: i64,
    updated: i64,
    pub(super) tags: BTreeMap<String, String>,
    /// By their numbers.
    versions: BTreeMap<u32, Version>,
    /// The number of the one that counts.
    default: u32,
    /// The number of the newest that there ever was.
    last: u32,
}

/// One version of a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    document: String,
    created: i64,
}

impl Policy {
    /// The document of the version that counts.
    pub(super) fn current(&self) -> Option<&str> {
        self.versions.get(&self.default).map(|version| version.document.as_str())
    }

    /// How many versions there are.
    pub(super) fn version_count(&self) -> usize {
        self.versions.len()
    }

    pub(super) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:policy{}{}", self.path, self.name)
    }
}

/// Takes the ARN of a policy.
pub(super) fn take_arn(params: &mut QueryParams) -> Result<String, AwsError> {
    let arn = take_text(params, "PolicyArn", MAX_ARN)?.ok_or_else(|| null("policyArn"))?;
    let is_arn = arn.starts_with("arn:") && arn.len() >= 20;
    if is_arn { Ok(arn) } else { Err(validation(format!("ARN {arn} is not valid."))) }
}

/// The refusal of an ARN that no policy has.
pub(super) fn absent(arn: &str) -> AwsError {
    no_such_entity(format!("Policy {arn} was not found."))
}

impl State {
    /// Finds a policy of the account by its ARN.
    pub(super) fn policy(&self, arn: &str, account: &str) -> Result<&Policy, AwsError> {
        self.policies.values().find(|policy| policy.arn(account) == arn).ok_or_else(|| absent(arn))
    }

    /// The same to change it; AWS's own cannot be.
    pub(super) fn policy_mut(&mut self, arn: &str, account: &str) -> Result<&mut Policy, AwsError> {
        if Managed::find(arn).is_some() {
            let message = format!("Policy {arn} is an AWS managed policy and cannot be changed.");
            return Err(AwsError::new(http::StatusCode::FORBIDDEN, "AccessDenied", message));
        }
        let name = self.policy(arn, account)?.name.clone();
        self.policies.get_mut(&name).ok_or_else(|| absent(arn))
    }

    /// Who has a policy attached, and whose boundary it is: kind, name, unique id, path and whether as a boundary.
    fn holders(&self, arn: &str) -> Vec<(Kind, &str, &str, &str, bool)> {
        let mut holders = Vec::new();
        for role in self.roles.values() {
            let own = (Kind::Role, role.name.as_str(), role.id.as_str(), role.path.as_str());
            holders.push((own, role.policies.attached.contains(arn), role.boundary.as_deref() == Some(arn)));
        }
        for user in self.users.values() {
            let own = (Kind::User, user.name.as_str(), user.id.as_str(), user.path.as_str());
            holders.push((own, user.policies.attached.contains(arn), user.boundary.as_deref() == Some(arn)));
        }
        for group in self.groups.values() {
            let own = (Kind::Group, group.name.as_str(), group.id.as_str(), group.path.as_str());
            holders.push((own, group.policies.attached.contains(arn), false));
        }
        let each = |((kind, name, id, path), is_attached, is_boundary): (_, bool, bool)| {
            let uses = [(is_attached, false), (is_boundary, true)].into_iter().filter(|(is_used, _)| *is_used);
            uses.map(move |(_, as_boundary)| (kind, name, id, path, as_boundary)).collect::<Vec<_>>()
        };
        holders.into_iter().flat_map(each).collect()
    }
}

/// Reads a document and checks it.
fn take_document(params: &mut QueryParams) -> Result<String, AwsError> {
    let text = take_text(params, "PolicyDocument", MAX_POLICY)?.ok_or_else(|| null("policyDocument"))?;
    document::check_managed(&text)?;
    if text.chars().filter(|char| !char.is_whitespace()).count() > MAX_SIZE {
        return Err(conflict("LimitExceeded", format!("Cannot exceed quota for PolicySize: {MAX_SIZE}")));
    }
    Ok(text)
}

/// `CreatePolicy`.
pub(super) async fn create(operation: Operation<'_>) -> Result<Output, AwsError> {
    let id = format!("ANPA{}", hex_id(17)?.to_ascii_uppercase());
    let now = crate::emulator::wire::millis(operation.now());
    let (policy, scope) = operation.query(|params| {
        let name = take_name(params, "PolicyName", 128)?;
        let document = take_document(params)?;
        Ok(Policy {
            name,
            path: take_path(params, "Path")?.unwrap_or_else(|| "/".to_owned()),
            id,
            description: take_text(params, "Description", 1000)?,
            created: now,
            updated: now,
            tags: tags::take(params, tags::Case::Sensitive)?,
            versions: BTreeMap::from([(1, Version { document, created: now })]),
            default: 1,
            last: 1,
        })
    })?;
    let shown = Shown::own(&policy, scope.account(), (0, 0));
    let has_tags = !policy.tags.is_empty();
    scope
        .change_global(|state| {
            if state.iam.policies.keys().any(|name| name.eq_ignore_ascii_case(&policy.name)) {
                let message =
                    format!("A policy called {} already exists. Duplicate names are not allowed.", policy.name);
                return Err(conflict("EntityAlreadyExists", message));
            }
            state.iam.policies.insert(policy.name.clone(), policy);
            Ok(())
        })
        .await?;
    // What was just made is shown without its description.
    Ok(Output::xml(move |result| xml::element(result, "Policy", |policy| shown.write(policy, false, has_tags))))
}

/// A policy of either sort, as answers show it.
struct Shown {
    name: String,
    id: String,
    arn: String,
    path: String,
    version: String,
    description: Option<String>,
    created: i64,
    updated: i64,
    /// How often it is attached, and a boundary.
    counts: (usize, usize),
    tags: BTreeMap<String, String>,
}

impl Shown {
    fn own(policy: &Policy, account: &str, counts: (usize, usize)) -> Self {
        Self {
            name: policy.name.clone(),
            id: policy.id.clone(),
            arn: policy.arn(account),
            path: policy.path.clone(),
            version: format!("v{}", policy.default),
            description: policy.description.clone(),
            created: policy.created,
            updated: policy.updated,
            counts,
            tags: policy.tags.clone(),
        }
    }

    fn managed(policy: Managed, counts: (usize, usize)) -> Self {
        use crate::secret::hex;
        use sha2::{Digest, Sha256};
        let digest = hex(&Sha256::digest(policy.name().as_bytes())).to_ascii_uppercase();
        Self {
            name: policy.name().to_owned(),
            id: format!("ANPA{}", &digest[..17]),
            arn: policy.arn(),
            path: policy.path(),
            version: policy.version().to_owned(),
            description: None,
            created: CREATED,
            updated: CREATED,
            counts,
            tags: BTreeMap::new(),
        }
    }

    fn write(&self, element: &mut xml::Element, with_description: bool, with_tags: bool) {
        xml::text(element, "PolicyName", &self.name);
        xml::text(element, "PolicyId", &self.id);
        xml::text(element, "Arn", &self.arn);
        xml::text(element, "Path", &self.path);
        xml::text(element, "DefaultVersionId", &self.version);
        xml::text(element, "AttachmentCount", &self.counts.0.to_string());
        xml::text(element, "PermissionsBoundaryUsageCount", &self.counts.1.to_string());
        xml::text(element, "IsAttachable", "true");
        if let Some(description) = self.description.as_ref().filter(|_| with_description) {
            xml::text(element, "Description", description);
        }
        xml::text(element, "CreateDate", &iso_seconds(self.created));
        xml::text(element, "UpdateDate", &iso_seconds(self.updated));
        if with_tags {
            tags::write(element, &self.tags);
        }
    }
}

/// Counts the attachments and the boundaries of a policy.
fn counts(state: &State, arn: &str) -> (usize, usize) {
    let holders = state.holders(arn);
    let boundaries = holders.iter().filter(|(.., as_boundary)| *as_boundary).count();
    (holders.len() - boundaries, boundaries)
}

/// `GetPolicy`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (arn, scope) = operation.query(take_arn)?;
    let shown = scope.read_global(|state| match Managed::find(&arn) {
        Some(managed) => Ok(Shown::managed(managed, counts(&state.iam, &arn))),
        None => state
            .iam
            .policy(&arn, scope.account())
            .map(|policy| Shown::own(policy, scope.account(), counts(&state.iam, &arn))),
    })?;
    Ok(Output::xml(move |result| xml::element(result, "Policy", |policy| shown.write(policy, true, true))))
}

/// What `ListPolicies` and `ListEntitiesForPolicy` take for `PolicyUsageFilter`: whether boundaries are meant.
fn take_usage(params: &mut QueryParams) -> Result<Option<bool>, AwsError> {
    let usage = super::take_one_of(params, "PolicyUsageFilter", &["PermissionsBoundary", "PermissionsPolicy"])?;
    Ok(usage.map(|usage| usage == "PermissionsBoundary"))
}

/// `ListPolicies`: the account's and AWS's.
pub(super) fn list(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((sort, only_attached, prefix, as_boundary, paging), scope) = operation.query(|params| {
        let sort = super::take_one_of(params, "Scope", &["AWS", "All", "Local"])?;
        let only_attached = params.flag("OnlyAttached")?.unwrap_or(false);
        let prefix = take_path(params, "PathPrefix")?.unwrap_or_else(|| "/".to_owned());
        Ok((sort, only_attached, prefix, take_usage(params)?, Paging::take(params)?))
    })?;
    let (page, marker) = scope.read_global(|state| {
        let state = &state.iam;
        let own = state.policies.values().map(|policy| Shown::own(policy, scope.account(), (0, 0)));
        let managed = Managed::all().map(|policy| Shown::managed(policy, (0, 0)));
        let sort = sort.as_deref();
        let mut all: Vec<Shown> = own.filter(|_| sort != Some("AWS")).collect();
        all.extend(managed.filter(|_| sort != Some("Local")));
        all.retain(|policy| policy.path.starts_with(&prefix));
        for policy in &mut all {
            policy.counts = counts(state, &policy.arn);
        }
        all.retain(|policy| {
            let (attached, boundaries) = policy.counts;
            let is_used = match as_boundary {
                Some(true) => boundaries > 0,
                Some(false) => attached > 0,
                None => attached + boundaries > 0,
            };
            is_used || !(only_attached || as_boundary.is_some())
        });
        all.sort_by(|a, b| a.arn.cmp(&b.arn));
        paging.cut(all, |policy| policy.arn.clone())
    });
    Ok(Output::xml(move |result| {
        xml::list(result, "Policies", "member", &page, |member, policy| policy.write(member, false, false));
        Paging::write(result, marker.as_deref());
    }))
}

/// `ListEntitiesForPolicy`.
pub(super) fn list_entities(operation: Operation<'_>) -> Result<Output, AwsError> {
    let filters = ["AWSManagedPolicy", "Group", "LocalManagedPolicy", "Role", "User"];
    let ((arn, filter, prefix, as_boundary, paging), scope) = operation.query(|params| {
        let (arn, filter) = (take_arn(params)?, super::take_one_of(params, "EntityFilter", &filters)?);
        let prefix = take_path(params, "PathPrefix")?.unwrap_or_else(|| "/".to_owned());
        Ok((arn, filter, prefix, take_usage(params)?, Paging::take(params)?))
    })?;
    let (page, marker) = scope.read_global(|state| {
        if !super::managed::exists(&state.iam, &arn, scope.account()) {
            return Err(absent(&arn));
        }
        let mut holders = state.iam.holders(&arn);
        holders.retain(|(kind, _, _, path, is_boundary)| {
            let is_kind = match filter.as_deref() {
                None => true,
                Some("Group") => *kind == Kind::Group,
                Some("Role") => *kind == Kind::Role,
                Some("User") => *kind == Kind::User,
                Some(_) => false,
            };
            is_kind && path.starts_with(&prefix) && as_boundary.is_none_or(|wanted| wanted == *is_boundary)
        });
        let mut holders: Vec<(&str, String, String)> =
            holders.into_iter().map(|(kind, name, id, ..)| (kind.word(), name.to_owned(), id.to_owned())).collect();
        holders.sort();
        holders.dedup();
        Ok(paging.cut(holders, |(word, name, _)| format!("{word}/{name}")))
    })?;
    Ok(Output::xml(move |result| {
        for (list, prefix, word) in
            [("PolicyGroups", "Group", "group"), ("PolicyUsers", "User", "user"), ("PolicyRoles", "Role", "role")]
        {
            let own = page.iter().filter(|(known, ..)| *known == word);
            xml::list(result, list, "member", own, |member, (_, name, id)| {
                xml::text(member, &format!("{prefix}Name"), name);
                xml::text(member, &format!("{prefix}Id"), id);
            });
        }
        Paging::write(result, marker.as_deref());
    }))
}

/// `DeletePolicy`: refused while it is attached, and while it has other versions than the one that counts.
pub(super) async fn delete(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (arn, scope) = operation.query(take_arn)?;
    scope
        .change_global(|state| {
            let account = scope.account();
            let policy = state.iam.policy_mut(&arn, account)?;
            let (name, versions) = (policy.name.clone(), policy.versions.len());
            if counts(&state.iam, &arn) != (0, 0) {
                return Err(conflict("DeleteConflict", "Cannot delete a policy attached to entities."));
            }
            if versions > 1 {
                let message = "This policy has more than one version. Before you delete a policy, you must delete the \
                               policy's versions. The default version is deleted with the policy.";
                return Err(conflict("DeleteConflict", message));
            }
            state.iam.policies.remove(&name);
            Ok(())
        })
        .await?;
    Ok(Output::Done)
}

/// `CreatePolicyVersion`.
pub(super) async fn create_version(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((arn, document, as_default), scope) = operation.query(|params| {
        let (arn, document) = (take_arn(params)?, take_document(params)?);
        Ok((arn, document, params.flag("SetAsDefault")?.unwrap_or(false)))
    })?;
    let now = scope.now_millis();
    let number = scope
        .change_global(|state| {
            let policy = state.iam.policy_mut(&arn, scope.account())?;
            if policy.versions.len() >= VERSIONS {
                let message = format!(
                    "A managed policy can have up to {VERSIONS} versions. Before you create a new version, you must \
                     delete an existing version."
                );
                return Err(conflict("LimitExceeded", message));
            }
            policy.last += 1;
            policy.versions.insert(policy.last, Version { document, created: now });
            policy.updated = now;
            if as_default {
                policy.default = policy.last;
            }
            Ok(policy.last)
        })
        .await?;
    Ok(Output::xml(move |result| {
        xml::element(result, "PolicyVersion", |version| write_version(version, number, as_default, now));
    }))
}

fn write_version(version: &mut xml::Element, number: u32, is_default: bool, created: i64) {
    xml::text(version, "VersionId", &format!("v{number}"));
    xml::text(version, "IsDefaultVersion", if is_default { "true" } else { "false" });
    xml::text(version, "CreateDate", &iso_seconds(created));
}

/// Takes `v1`, `v2`, …
fn take_version(params: &mut QueryParams) -> Result<u32, AwsError> {
    let text = params.text("VersionId").ok_or_else(|| null("versionId"))?;
    let number = text.strip_prefix('v').and_then(|number| number.split('.').next()?.parse::<u32>().ok());
    number.filter(|number| *number > 0).ok_or_else(|| {
        let pattern = "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
        unfit("versionId", &format!("Member must satisfy regular expression pattern: {pattern}"))
    })
}

/// The refusal of a version that a policy has not, or of a policy that there is not.
fn no_version(arn: &str, number: u32) -> AwsError {
    no_such_entity(format!("Policy {arn} version v{number} does not exist or is not attachable."))
}

/// `GetPolicyVersion`.
pub(super) fn get_version(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((arn, number), scope) = operation.query(|params| Ok((take_arn(params)?, take_version(params)?)))?;
    let (document, is_default, created) = match Managed::find(&arn) {
        Some(managed) if managed.version() == format!("v{number}") => (managed.document()?, true, CREATED),
        Some(_) => return Err(no_version(&arn, number)),
        None => scope.read_global(|state| {
            let absent = || no_version(&arn, number);
            let policy = state.iam.policy(&arn, scope.account()).map_err(|_| absent())?;
            let version = policy.versions.get(&number).ok_or_else(absent)?;
            Ok::<_, AwsError>((version.document.clone(), policy.default == number, version.created))
        })?,
    };
    Ok(Output::xml(move |result| {
        xml::element(result, "PolicyVersion", |version| {
            xml::text(version, "Document", &document::encode(&document));
            write_version(version, number, is_default, created);
        });
    }))
}

/// `ListPolicyVersions`: the newest first, without their documents.
pub(super) fn list_versions(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((arn, paging), scope) = operation.query(|params| Ok((take_arn(params)?, Paging::take(params)?)))?;
    let versions = match Managed::find(&arn) {
        Some(managed) => vec![(managed.version()[1..].parse().unwrap_or(1), true, CREATED)],
        None => scope.read_global(|state| {
            let policy = state.iam.policy(&arn, scope.account())?;
            let versions = policy.versions.iter().rev();
            let shown = versions.map(|(number, version)| (*number, *number == policy.default, version.created));
            Ok::<_, AwsError>(shown.collect::<Vec<_>>())
        })?,
    };
    // From the newest to the oldest, as keys from small to large.
    let (page, marker) = paging.cut(versions, |(number, ..)| format!("{:010}", u32::MAX - number));
    Ok(Output::xml(move |result| {
        xml::list(result, "Versions", "member", page, |member, (number, is_default, created)| {
            write_version(member, number, is_default, created);
        });
        Paging::write(result, marker.as_deref());
    }))
}

/// `DeletePolicyVersion`.
pub(super) async fn delete_version(operation: Operation<'_>) -> Result<Output, AwsError> {
    change_version(operation, |policy, number| {
        if policy.default == number {
            let message = "Cannot delete the default version of a policy.";
            return Err(conflict("DeleteConflict", message));
        }
        policy.versions.remove(&number);
        Ok(())
    })
    .await
}

/// `SetDefaultPolicyVersion`.
pub(super) async fn set_default(operation: Operation<'_>) -> Result<Output, AwsError> {
    change_version(operation, |policy, number| {
        policy.default = number;
        Ok(())
    })
    .await
}

async fn change_version(
    operation: Operation<'_>,
    change: impl FnOnce(&mut Policy, u32) -> Result<(), AwsError>,
) -> Result<Output, AwsError> {
    let ((arn, number), scope): (_, Scope<'_>) =
        operation.query(|params| Ok((take_arn(params)?, take_version(params)?)))?;
    scope
        .change_global(|state| {
            let policy = state.iam.policy_mut(&arn, scope.account()).map_err(|error| match &*error.code {
                "NoSuchEntity" => no_version(&arn, number),
                _ => error,
            })?;
            if !policy.versions.contains_key(&number) {
                return Err(no_version(&arn, number));
            }
            policy.updated = scope.now_millis();
            change(policy, number)
        })
        .await?;
    Ok(Output::Done)
}
