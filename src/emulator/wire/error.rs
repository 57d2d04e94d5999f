//! AWS errors: one type for all services, rendered in the shape of each protocol.

use crate::{aws_protocol::Protocol, http1::Response};
use http::StatusCode;
use std::{borrow::Cow, io};

/// A refusal in AWS's own words: a code that clients match on, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The code (`InvalidInstanceID.NotFound`, `ResourceNotFoundException`).
    pub code: Cow<'static, str>,
    /// The sentence.
    pub message: String,
    /// The HTTP status.
    pub status: StatusCode,
}

impl AwsError {
    /// Makes an error with its own status.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status }
    }

    /// Makes an error that the caller caused, status 400.
    #[must_use]
    pub fn sender(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The answer to an operation, or a parameter of one, that the emulator lacks: status 501, never an empty success.
    #[must_use]
    pub fn not_implemented(service: &str, operation: &str) -> Self {
        let message = format!("The operation {operation} of {service} is not implemented by atelier's emulator.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// Makes an error that is the emulator's own fault, status 500.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message)
    }

    /// Says that the emulator's disk refused something. A full one is a 507, which no SDK tries again: only its owner can
    /// make room.
    #[must_use]
    pub fn of_disk(what: &str, error: &io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        if matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull) {
            let message = format!("{what}: the disk of the engine's folder is full.");
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "InsufficientStorage", message);
        }
        Self::internal(format!("{what}: {}.", error.kind()))
    }

    /// A required parameter that did not come, as EC2 and the query services say it.
    #[must_use]
    pub fn missing_parameter(name: &str) -> Self {
        Self::sender("MissingParameter", format!("The request must contain the parameter {name}"))
    }

    /// A parameter whose value it cannot have, as EC2 says it.
    #[must_use]
    pub fn invalid_parameter(value: &str, name: &str, reason: &str) -> Self {
        Self::sender("InvalidParameterValue", format!("Value ({value}) for parameter {name} is invalid. {reason}"))
    }

    /// Renders the error as the service's clients expect it.
    #[must_use]
    pub fn response(&self, protocol: Protocol, request_id: &str) -> Response {
        protocol.error(self.status, &self.code, &self.message, request_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_a_501_that_names_the_operation() {
        let error = AwsError::not_implemented("ec2", "CreateVpc");
        assert_eq!(error.status, 501);
        assert!(error.message.contains("CreateVpc"));
    }
}
