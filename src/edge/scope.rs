//! The scopes that a credential may have: the regions of AWS, and the services that the engine has.

use super::signature::{Denied, Verified};

/// The regions of AWS's partitions `aws`, `aws-us-gov` and `aws-cn`, in November 2026.
const REGIONS: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Checks what a verified call was signed for. `services` are those of the engine; `None` leaves it to the engine to
/// say that it lacks one.
///
/// # Errors
/// Says what the scope should have been, as AWS says it, or which service the engine lacks.
pub fn check(verified: &Verified, services: Option<&[&str]>) -> Result<(), Denied> {
    let Verified { region, service, .. } = verified;
    if let Some(services) = services.filter(|services| !services.contains(&service.as_str())) {
        return Err(Denied::Service(format!(
            "The service '{service}' is not implemented by atelier's emulator, which has {}.",
            services.join(", ")
        )));
    }
    if !REGIONS.contains(&region.as_str()) {
        return Err(Denied::Scope(format!("Credential should be scoped to a valid Region, not '{region}'.")));
    }
    Ok(())
}
