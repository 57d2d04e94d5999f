//! The errors of HTTP APIs, in API Gateway's own words.

use crate::emulator::wire::{AwsError, Fault};
use http::StatusCode;

pub(super) fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::sender("BadRequestException", message)
}

/// An id that names nothing.
pub(super) fn absent(what: &str, id: &str) -> AwsError {
    AwsError::new(StatusCode::NOT_FOUND, "NotFoundException", format!("Invalid {what} identifier specified {id}"))
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::CONFLICT, "ConflictException", message)
}

/// A parameter of AWS's that the emulator has not, or not with this value.
pub(super) fn lacking(parameter: &str) -> AwsError {
    AwsError::not_implemented("apigatewayv2", &format!("(parameter {parameter})"))
}

/// Words what is wrong with an input.
pub(super) fn fault(fault: Fault) -> AwsError {
    bad_request(match fault {
        Fault::Unknown(member) => format!("The member `{member}` is not known: this operation does not have it."),
        fault => format!("Invalid request input: {fault}"),
    })
}
