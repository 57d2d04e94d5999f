//! API Gateway's errors, in its own words.

use crate::emulator::wire::{AwsError, Fault};
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

/// A parameter of AWS's that the emulator has not, or not with this value.
pub(super) fn lacking(parameter: &str) -> AwsError {
    AwsError::not_implemented("apigateway", &format!("(parameter {parameter})"))
}

/// Words what is wrong with an input; a value of another type is refused by the serializer in front of API Gateway.
pub(super) fn fault(fault: Fault) -> AwsError {
    bad_request(match fault {
        Fault::WrongType(..) => return AwsError::sender("SerializationException", fault.to_string()),
        Fault::Unknown(member) => format!("The member `{member}` is not known: this operation does not have it."),
        fault => format!("Invalid request input: {fault}"),
    })
}
