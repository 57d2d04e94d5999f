//! What the API answers when it does not do what was asked: a status, a stable code, a sentence.
//!
//! What is wrong with parameters the contract says; the sentences here are constants, and names that are no more than
//! names. Nothing else that a client, an engine or Docker wrote is ever part of one, so none can carry a path, an ARN, a
//! variable or markup. They are API texts: English, and capitalised as the contract has them.

use crate::{
    contract::{Entry, FailureCode, Refusal},
    names::{InstanceName, InstanceType},
};
use http::StatusCode;
use std::fmt;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The event or its body has the wrong shape.
    #[error("{0}")]
    Malformed(&'static str),
    /// The parameters are no request.
    #[error(transparent)]
    Parameters(#[from] Refusal),
    /// There are several instances, of these names, and none was named.
    #[error("Parameter `name` is needed: the instances are {}", quoted(.0))]
    NameNeeded(Vec<InstanceName>),
    /// The engine has no such type; it has these.
    #[error("Invalid parameter `type`: there is no such type; there are {0}")]
    UnknownType(Possible),
    /// The type is for other processors than the instance's; these are not.
    #[error("Invalid parameter `type`: it is for other processors than the instance's, which fits {0}")]
    UnfitType(Possible),
    /// Keys are on, and none came that is known.
    #[error("A valid API key is needed in the header `x-api-key`")]
    Unauthorized,
    /// The key's scope does not reach this far.
    #[error("This API key may not do this")]
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
    /// The function's role lacks a right.
    #[error("The function may not do this: {0}")]
    NotPermitted(&'static str),
    /// Nothing would stop it in time.
    #[error("EventBridge does not take the rule that would stop it in time, so nothing was changed")]
    NoTimer,
    /// Of all that were meant, some failed; each is told of.
    #[error("Not all of them did as they should")]
    Partial(Vec<Entry>),
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
    EventBridge,
    Docker,
}

impl std::fmt::Display for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ec2 => "EC2",
            Self::EventBridge => "EventBridge",
            Self::Docker => "Docker",
        })
    }
}

impl Failure {
    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        self.kind().status()
    }

    /// The stable code, for scripts.
    pub(super) fn code(&self) -> &'static str {
        self.kind().as_str()
    }

    fn kind(&self) -> FailureCode {
        match self {
            Self::Malformed(_) => FailureCode::BadRequest,
            Self::Parameters(refusal) => refusal.code(),
            Self::NameNeeded(_) => FailureCode::MissingParameter,
            Self::UnknownType(_) | Self::UnfitType(_) => FailureCode::InvalidParameter,
            Self::Unauthorized => FailureCode::Unauthorized,
            Self::Forbidden => FailureCode::Forbidden,
            Self::PathNotFound | Self::InstanceNotFound | Self::ContainerNotFound => FailureCode::NotFound,
            Self::MethodNotAllowed => FailureCode::MethodNotAllowed,
            Self::Conflict(_) => FailureCode::Conflict,
            Self::TooLarge => FailureCode::TooLarge,
            Self::Throttled => FailureCode::Throttled,
            Self::Internal => FailureCode::Internal,
            Self::BadGateway(_) | Self::NotPermitted(_) | Self::NoTimer => FailureCode::BadGateway,
            Self::Partial(_) => FailureCode::PartialFailure,
            Self::Busy => FailureCode::Busy,
            Self::Unavailable(_) => FailureCode::Unavailable,
            Self::Deadline => FailureCode::Deadline,
        }
    }
}

/// Types that an instance could have: the nearest to what was asked for, and how many others there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Possible {
    types: Vec<InstanceType>,
    more: usize,
}

impl Possible {
    /// How many are named.
    const MOST: usize = 12;

    /// Chooses which are named: those of its family and of its size first.
    pub(super) fn near(kind: &InstanceType, mut types: Vec<InstanceType>) -> Self {
        let size =
            |of: &InstanceType| of.as_str().split_once('.').map_or_else(String::new, |(_, size)| size.to_owned());
        let (family, wanted) = (kind.family(), size(kind));
        types.sort_by_cached_key(|of| (of.family() != family, size(of) != wanted, of.clone()));
        let more = types.len().saturating_sub(Self::MOST);
        types.truncate(Self::MOST);
        types.sort();
        Self { types, more }
    }
}

impl fmt::Display for Possible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.types))?;
        if self.more > 0 { write!(f, " and {} more", self.more) } else { Ok(()) }
    }
}

/// Writes names as a sentence has them.
fn quoted(names: &[impl fmt::Display]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_types_the_nearest_are_named_and_the_others_counted() {
        let all = |count: usize| -> Vec<InstanceType> {
            let others = (0..count).map(|number| format!("a{number}.large").parse().unwrap());
            others.chain(["t3.micro", "x9.nano"].map(|name| name.parse().unwrap())).collect()
        };
        let near = |count: usize| Possible::near(&"t3.nano".parse().unwrap(), all(count)).to_string();
        assert_eq!(near(1), "`a0.large`, `t3.micro`, `x9.nano`");
        let many = near(20);
        assert!(many.ends_with("`t3.micro`, `x9.nano` and 10 more"), "{many}");
        assert_eq!(many.matches(".large`").count(), 10, "{many}");
    }
}
