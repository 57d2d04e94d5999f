//! What every account has without anybody having made it: quotas.

use crate::emulator::{
    service::{Operation, Output},
    wire::AwsError,
};
use serde::Deserialize;
use serde_json::json;

/// `GetAccount`: API Gateway's own limits of a region.
pub(super) fn account(operation: Operation<'_>) -> Result<Output, AwsError> {
    #[derive(Deserialize)]
    struct Nothing {}
    let (Nothing {}, _) = operation.input()?;
    Ok(Output::Members(json!({
        "throttleSettings": { "burstLimit": 5000, "rateLimit": 10_000.0 },
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    })))
}
