//! `GetAccountSummary`: what the account has, and how much of it AWS lets an account have.

use super::policy::Policy;
use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// What never changes: AWS's quotas, and what there is none of. The account's root has the one access key that an
/// installation has.
const FIXED: [(&str, usize); 27] = [
    ("AccessKeysPerUserQuota", 2),
    ("AccountAccessKeysPresent", 1),
    ("AccountMFAEnabled", 0),
    ("AccountPasswordPresent", 0),
    ("AccountSigningCertificatesPresent", 0),
    ("AssumeRolePolicySizeQuota", 2048),
    ("AttachedPoliciesPerGroupQuota", 10),
    ("AttachedPoliciesPerRoleQuota", 10),
    ("AttachedPoliciesPerUserQuota", 10),
    ("GlobalEndpointTokenVersion", 1),
    ("GroupPolicySizeQuota", 5120),
    ("GroupsPerUserQuota", 10),
    ("GroupsQuota", 300),
    ("InstanceProfilesQuota", 1000),
    ("MFADevices", 0),
    ("MFADevicesInUse", 0),
    ("PoliciesQuota", 1500),
    ("PolicySizeQuota", 6144),
    ("PolicyVersionsInUseQuota", 10_000),
    ("RolePolicySizeQuota", 10_240),
    ("RolesQuota", 1000),
    ("ServerCertificates", 0),
    ("ServerCertificatesQuota", 20),
    ("SigningCertificatesPerUserQuota", 2),
    ("UserPolicySizeQuota", 2048),
    ("UsersQuota", 5000),
    ("VersionsPerPolicyQuota", 5),
];

/// `GetAccountSummary`.
pub(super) fn get(operation: Operation<'_>) -> Result<Output, AwsError> {
    let ((), scope) = operation.query(|_| Ok(()))?;
    let counted = scope.read_global(|state| {
        let iam = &state.iam;
        [
            ("Groups", iam.groups.len()),
            ("InstanceProfiles", iam.profiles.len()),
            ("Policies", iam.policies.len()),
            ("Providers", iam.providers.len()),
            ("PolicyVersionsInUse", iam.policies.values().map(Policy::version_count).sum()),
            ("Roles", iam.roles.len()),
            ("Users", iam.users.len()),
        ]
    });
    Ok(Output::xml(move |result| {
        xml::list(result, "SummaryMap", "entry", FIXED.into_iter().chain(counted), |entry, (key, value)| {
            xml::text(entry, "key", key);
            xml::text(entry, "value", &value.to_string());
        });
    }))
}
