//! API Gateway's errors, in its own words.

use crate::emulator::wire::AwsError;
use http::StatusCode;

pub(super) fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::sender("BadRequestException", message)
}

pub(super) fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::NOT_FOUND, "NotFoundException", message)
}

/// An id that names nothing, as API Gateway says it of most things.
pub(super) fn absent(what: &str) -> AwsError {
    not_found(format!("Invalid {what} identifier specified"))
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::CONFLICT, "ConflictException", message)
}
