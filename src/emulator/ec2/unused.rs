//! What an account has none of here, and can make none of: encryption that nobody asked for.

use crate::emulator::{
    service::{Operation, Output},
    wire::{AwsError, xml},
};

/// `GetEbsEncryptionByDefault`.
pub(super) fn encryption_by_default(operation: Operation<'_>) -> Result<Output, AwsError> {
    let (dry, _) = operation.query(super::take_dry_run)?;
    super::dry_run(dry)?;
    Ok(Output::xml(|root| {
        xml::text(root, "ebsEncryptionByDefault", "false");
        xml::text(root, "sseType", "none");
    }))
}
