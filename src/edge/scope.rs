//! The scopes that a credential may have: the regions of AWS, and the services that the engine has.

use super::signature::{Denied, Verified};
use crate::aws_protocol::regions;

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
    if !regions::exists(region) {
        return Err(Denied::Scope(format!("Credential should be scoped to a valid Region, not '{region}'.")));
    }
    Ok(())
}
