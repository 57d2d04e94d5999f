//! What the API answers when it does not do what was asked: a status, a stable code, a sentence.
//!
//! The sentences are constants. Nothing that a client, an engine or Docker wrote is ever part of one, so none can carry
//! a path, an ARN, a variable or markup. They are API texts: English, and capitalised as the contract has them.

use http::StatusCode;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The event or its body has the wrong shape.
    #[error("{0}")]
    Malformed(&'static str),
    /// A needed parameter is absent.
    #[error("Missing parameter `{0}`")]
    MissingParameter(&'static str),
    /// A parameter that the API does not have.
    #[error("Unknown parameter: the parameters are `action`, `target`, `name` and `wait`")]
    UnknownParameter,
    /// A parameter was given more than once.
    #[error("Duplicate parameter `{0}`")]
    DuplicateParameter(&'static str),
    /// A parameter's value is not one of the allowed ones.
    #[error("Invalid parameter `{parameter}`: expected {expected}")]
    InvalidParameter {
        /// The parameter.
        parameter: &'static str,
        /// What it can be.
        expected: &'static str,
    },
    /// Two parameters exclude each other.
    #[error("{0}")]
    ContradictoryParameters(&'static str),
    /// Keys are on, and none came that is known.
    #[error("A valid API key is needed in the header `x-api-key`")]
    Unauthorized,
    /// The key's scope does not reach this far.
    #[error("This API key may look, not change")]
    Forbidden,
    /// There is no such route.
    #[error("Not found")]
    PathNotFound,
    /// No instance carries the stack's tags.
    #[error("Instance not found")]
    InstanceNotFound,
    /// No container of ours has this name.
    #[error("Container not found")]
    ContainerNotFound,
    /// The route has no such method.
    #[error("Method not allowed")]
    MethodNotAllowed,
    /// The state forbids the action.
    #[error("{0}")]
    Conflict(&'static str),
    /// The body is larger than any valid one.
    #[error("Request too large")]
    TooLarge,
    /// The engine or Docker asks for fewer calls.
    #[error("Too many requests")]
    Throttled,
    /// The function lacks what it needs to work.
    #[error("Internal error")]
    Internal,
    /// The engine or Docker refused, or answered what makes no sense.
    #[error("{0} gave an invalid answer")]
    BadGateway(Upstream),
    /// Other changes of the container have to end first.
    #[error("Other changes of this container are on their way")]
    Busy,
    /// The engine or Docker cannot be reached.
    #[error("{0} is not reachable")]
    Unavailable(Upstream),
    /// The answer did not come in time.
    #[error("The deadline passed before the action was done")]
    Deadline,
}

/// Whom the handler asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upstream {
    Ec2,
    Docker,
}

impl std::fmt::Display for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ec2 => "EC2",
            Self::Docker => "Docker",
        })
    }
}

impl Failure {
    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_)
            | Self::MissingParameter(_)
            | Self::UnknownParameter
            | Self::DuplicateParameter(_)
            | Self::InvalidParameter { .. }
            | Self::ContradictoryParameters(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::PathNotFound | Self::InstanceNotFound | Self::ContainerNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadGateway(_) => StatusCode::BAD_GATEWAY,
            Self::Busy | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Deadline => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The stable code, for scripts.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "bad_request",
            Self::MissingParameter(_) => "missing_parameter",
            Self::UnknownParameter => "unknown_parameter",
            Self::DuplicateParameter(_) => "duplicate_parameter",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::ContradictoryParameters(_) => "contradictory_parameters",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::PathNotFound | Self::InstanceNotFound | Self::ContainerNotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict(_) => "conflict",
            Self::TooLarge => "too_large",
            Self::Throttled => "throttled",
            Self::Internal => "internal",
            Self::BadGateway(_) => "bad_gateway",
            Self::Busy => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Deadline => "deadline",
        }
    }
}
