//! The failures of the API: their stable codes, and what each status means.

use http::StatusCode;

/// Declares every code once: its name and the status that it comes with.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal, $status:ident;)*) => {
        /// Why a request was not carried out; stable, for scripts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FailureCode { $($(#[$doc])* $code),* }

        impl FailureCode {
            /// Every code, in the order of their statuses.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The code as the body writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text),* }
            }

            /// The status of the answer.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status),* }
            }
        }
    };
}

codes! {
    /// The event or its body has the wrong shape.
    BadRequest = "bad_request", BAD_REQUEST;
    /// A needed parameter is absent.
    MissingParameter = "missing_parameter", BAD_REQUEST;
    /// A parameter that the API does not have.
    UnknownParameter = "unknown_parameter", BAD_REQUEST;
    /// A parameter was given more than once.
    DuplicateParameter = "duplicate_parameter", BAD_REQUEST;
    /// A parameter's value is not one of the allowed ones.
    InvalidParameter = "invalid_parameter", BAD_REQUEST;
    /// Two parameters exclude each other.
    ContradictoryParameters = "contradictory_parameters", BAD_REQUEST;
    /// Keys are on, and none came that is known.
    Unauthorized = "unauthorized", UNAUTHORIZED;
    /// The key's scope does not reach this far.
    Forbidden = "forbidden", FORBIDDEN;
    /// There is no such thing, or it is not ours.
    NotFound = "not_found", NOT_FOUND;
    /// The resource has no such method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED;
    /// The state forbids the action.
    Conflict = "conflict", CONFLICT;
    /// The body is larger than any valid one.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE;
    /// Fewer calls are asked for.
    Throttled = "throttled", TOO_MANY_REQUESTS;
    /// The function lacks what it needs to work.
    Internal = "internal", INTERNAL_SERVER_ERROR;
    /// EC2 or Docker refused, or answered what makes no sense.
    BadGateway = "bad_gateway", BAD_GATEWAY;
    /// Of all that were meant, some did not do as they should; the body tells of each.
    PartialFailure = "partial_failure", BAD_GATEWAY;
    /// Others wait for the same thing already; come back later.
    Busy = "busy", SERVICE_UNAVAILABLE;
    /// EC2 or Docker cannot be reached.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE;
    /// The answer did not come in time.
    Deadline = "deadline", GATEWAY_TIMEOUT;
}

/// A status of a failure and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusMeaning {
    /// The status.
    pub status: StatusCode,
    /// What it means, for the documents.
    pub meaning: &'static str,
}

/// Every status of a failure.
pub const STATUSES: [StatusMeaning; 12] = [
    means(StatusCode::BAD_REQUEST, "A parameter or the body is missing, unknown, duplicate, invalid or contradictory"),
    means(StatusCode::UNAUTHORIZED, "The key is missing"),
    means(StatusCode::FORBIDDEN, "The key does not allow this"),
    means(StatusCode::NOT_FOUND, "There is no such thing, or it is not ours"),
    means(StatusCode::METHOD_NOT_ALLOWED, "The method is not one of those in `Allow`"),
    means(StatusCode::CONFLICT, "The state forbids the action"),
    means(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large"),
    means(StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
    means(StatusCode::INTERNAL_SERVER_ERROR, "The function is not set up"),
    means(StatusCode::BAD_GATEWAY, "EC2 or Docker gave an invalid answer, or of all that were meant some failed"),
    means(StatusCode::SERVICE_UNAVAILABLE, "EC2 or Docker is not reachable"),
    means(StatusCode::GATEWAY_TIMEOUT, "The deadline passed before the action was done"),
];

const fn means(status: StatusCode, meaning: &'static str) -> StatusMeaning {
    StatusMeaning { status, meaning }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_a_code_has_its_meaning_and_the_other_way_round() {
        let mut of_codes: Vec<u16> = FailureCode::ALL.iter().map(|code| code.status().as_u16()).collect();
        of_codes.dedup();
        assert_eq!(of_codes, STATUSES.map(|row| row.status.as_u16()));
    }
}
