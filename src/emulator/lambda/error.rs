//! Lambda's errors, in its own words.

use crate::emulator::wire::AwsError;
use http::StatusCode;

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterValueException", message)
}

/// A value that breaks the shape of its parameter, rather than a rule of Lambda's.
pub(super) fn validation(value: &str, parameter: &str, rule: &str) -> AwsError {
    let value: String = value.chars().take(200).collect();
    let message = format!(
        "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: Member must {rule}"
    );
    AwsError::sender("ValidationException", message)
}

pub(super) fn function_not_found(arn: &str) -> AwsError {
    not_found(format!("Function not found: {arn}"))
}

pub(super) fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::CONFLICT, "ResourceConflictException", message)
}

pub(super) fn wrong_revision() -> AwsError {
    AwsError::new(
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve \
         the latest Revision Id",
    )
}

pub(super) fn too_large(most: usize, operation: &str) -> AwsError {
    let message = format!("Request must be smaller than {most} bytes for the {operation} operation");
    AwsError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message)
}

pub(super) fn throttled() -> AwsError {
    AwsError::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.")
}
