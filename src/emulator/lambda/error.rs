//! Lambda's errors, in its own words.

use crate::emulator::wire::{AwsError, Fault};
use http::StatusCode;
use std::fmt;

/// Words what is wrong with an input.
pub(super) fn fault(fault: Fault) -> AwsError {
    match fault {
        Fault::Unreadable(why) => unreadable(why),
        Fault::Missing(path) => null(&path),
        Fault::WrongType(path, why) | Fault::Invalid(path, why) => unfit(&format!("at '{}'", parameter(&path)), &why),
        Fault::Unknown(path) => invalid(format!("The parameter {path} is not known: this operation does not have it.")),
    }
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterValueException", message)
}

/// A body that is no JSON.
pub(super) fn unreadable(why: impl fmt::Display) -> AwsError {
    AwsError::sender("InvalidRequestContentException", format!("Could not parse request body into json: {why}"))
}

/// A value that breaks the shape of its parameter, rather than a rule of Lambda's.
pub(super) fn validation(value: &str, parameter: &str, rule: &str) -> AwsError {
    let value: String = value.chars().take(512).collect();
    unfit(&format!("'{value}' at '{parameter}'"), &format!("Member must {rule}"))
}

/// A member that must be there and is not.
pub(super) fn null(member: &str) -> AwsError {
    unfit(&format!("null at '{}'", parameter(member)), "Member must not be null")
}

/// Says that a value, with where it stands, breaks a rule.
pub(super) fn unfit(value: &str, why: &str) -> AwsError {
    let message = format!("1 validation error detected: Value {value} failed to satisfy constraint: {why}");
    AwsError::sender("ValidationException", message)
}

/// Writes the path of a member as Lambda's sentences do: `vpcConfig.subnetIds`.
fn parameter(path: &str) -> String {
    let lower = |name: &str| name.chars().take(1).map(|c| c.to_ascii_lowercase()).chain(name.chars().skip(1)).collect();
    path.split('.').map(lower).collect::<Vec<String>>().join(".")
}

pub(super) fn function_not_found(arn: &str) -> AwsError {
    not_found(format!("Function not found: {arn}"))
}

pub(super) fn not_found(message: impl Into<String>) -> AwsError {
    not_found_as("ResourceNotFoundException", message)
}

/// Says that something of its own kind is not there.
pub(super) fn not_found_as(code: &'static str, message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::NOT_FOUND, code, message)
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::CONFLICT, "ResourceConflictException", message)
}

/// What cannot be done to a function that is still being created.
pub(super) fn pending() -> AwsError {
    wrong_state("Pending")
}

/// What cannot be done to a function that cannot run.
pub(super) fn failed() -> AwsError {
    wrong_state("Failed")
}

fn wrong_state(state: &str) -> AwsError {
    conflict(format!(
        "The operation cannot be performed at this time. The function is currently in the following state: {state}"
    ))
}

/// Refuses a change that was made with another revision in mind; `call` is the operation that shows the right one.
pub(super) fn wrong_revision(call: &str) -> AwsError {
    let message = format!(
        "The Revision Id provided does not match the latest Revision Id. Call the {call} API to retrieve the latest \
         Revision Id"
    );
    AwsError::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailedException", message)
}

pub(super) fn too_large(most: usize, operation: &str) -> AwsError {
    let message = format!("Request must be smaller than {most} bytes for the {operation} operation");
    AwsError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message)
}

/// A request that no operation takes, whatever is in it: most often one with an archive of more than 50 MB.
pub(in crate::emulator) fn request_too_large(most: usize, operation: &str) -> AwsError {
    let message = format!("Request must be smaller than {most} bytes for the {operation} operation");
    AwsError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message)
}

/// An archive that is larger than a call may bring.
pub(super) fn zip_too_large(most: usize) -> AwsError {
    let message = format!("Zipped size must be smaller than {most} bytes");
    AwsError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message)
}

pub(super) fn throttled() -> AwsError {
    AwsError::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faulty_input_is_worded_as_lambda_does() {
        for (given, code, message) in [
            (
                Fault::Unreadable("x".into()),
                "InvalidRequestContentException",
                "Could not parse request body into json: x",
            ),
            (
                Fault::Missing("Role".into()),
                "ValidationException",
                "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null",
            ),
            (
                Fault::Invalid("VpcConfig.SubnetIds".into(), "a text".into()),
                "ValidationException",
                "1 validation error detected: Value at 'vpcConfig.subnetIds' failed to satisfy constraint: a text",
            ),
            (
                Fault::Unknown("Code.Colour".into()),
                "InvalidParameterValueException",
                "The parameter Code.Colour is not known: this operation does not have it.",
            ),
        ] {
            let error = fault(given);
            assert_eq!((error.code.as_ref(), error.message.as_str()), (code, message));
        }
    }
}
