//! The contract of the API, once: what can be asked for, of what, with which parameters, what a key must open for it,
//! and what is answered.
//!
//! The handler parses with it, `atelier call` writes its requests with it, and the OpenAPI document, the policy of the
//! function's role, the checks of `test` and `docs/api.md` are made from it. An action that is added here is asked for
//! by the compiler and by the tests wherever something has to be done or said about it.
//!
//! Not here: doing any of it (the handler), and what else answers on the way (API Gateway, the edge).

mod answer;
mod failure;
mod operation;
mod request;

pub use answer::{Answer, ContainerStatus, InstanceStatus};
pub use failure::{ErrorBody, FailureCode, STATUSES, StatusMeaning};
pub use operation::{Contradiction, Form, Operation, Presence};
pub use request::{Refusal, Request};

use crate::{api_key::Scope, names::ContainerName};
use clap::{ValueEnum, builder::PossibleValue};
use serde::Serialize;

/// The path of the API's one resource.
pub const PATH: &str = "/infra";

/// The methods that the resource has, as the header `Allow` writes them.
pub const ALLOW: &str = "GET, POST, OPTIONS";

/// What is acted on (`target=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The stack's instance.
    Ec2,
    /// Containers.
    Docker,
}

impl Target {
    /// Every target, in the order of the documents.
    pub const ALL: [Self; 2] = [Self::Ec2, Self::Docker];

    /// The value of `target`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Docker => "docker",
        }
    }
}

/// What changes something. A key of scope `control` is needed for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Starts it; what runs stays as it is.
    Start,
    /// Stops it; what is stopped stays as it is.
    Stop,
}

/// What the contract says of one change.
struct ChangeFacts {
    /// The value of `action`.
    name: &'static str,
    /// The value of `status` in the answer.
    done: &'static str,
    /// The state of the instance after it, in EC2's words.
    instance_state: &'static str,
    /// The state of a container after it, in Docker's words.
    container_state: &'static str,
    /// What the function's role must be allowed to do it to an instance.
    permission: &'static str,
}

impl Change {
    /// Every change, in the order of the documents and of `atelier test`.
    pub const ALL: [Self; 2] = [Self::Start, Self::Stop];

    const fn facts(self) -> ChangeFacts {
        match self {
            Self::Start => ChangeFacts {
                name: "start",
                done: "started",
                instance_state: "running",
                container_state: "running",
                permission: "ec2:StartInstances",
            },
            Self::Stop => ChangeFacts {
                name: "stop",
                done: "stopped",
                instance_state: "stopped",
                container_state: "exited",
                permission: "ec2:StopInstances",
            },
        }
    }

    /// The value of `action`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// What has been done, in the answer's `status` (`started`).
    #[must_use]
    pub const fn done(self) -> &'static str {
        self.facts().done
    }

    /// The state of the instance after it, in EC2's words.
    #[must_use]
    pub const fn instance_state(self) -> &'static str {
        self.facts().instance_state
    }

    /// The state of a container after it, in Docker's words.
    #[must_use]
    pub const fn container_state(self) -> &'static str {
        self.facts().container_state
    }

    /// The IAM action that the function's role needs to do it to an instance (`ec2:StartInstances`).
    #[must_use]
    pub const fn permission(self) -> &'static str {
        self.facts().permission
    }
}

/// What can be asked for (`action=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Changes one thing.
    Change(Change),
    /// Tells the state of one thing.
    Status,
    /// Tells the state of everything that is ours.
    List,
}

impl Action {
    /// Every action, in the order of the documents.
    pub const ALL: [Self; 4] = [Self::Change(Change::Start), Self::Change(Change::Stop), Self::Status, Self::List];

    /// The value of `action`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change(change) => change.as_str(),
            Self::Status => "status",
            Self::List => "list",
        }
    }

    /// What a caller's key must open.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Change(_) => Scope::Control,
            Self::Status | Self::List => Scope::Status,
        }
    }
}

impl ValueEnum for Action {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

/// A parameter of the query, and a member of the body of a POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// What is asked for.
    Action,
    /// Of what; the instance when absent.
    Target,
    /// The container.
    Name,
    /// Whether the answer waits for the settled state; it does when absent.
    Wait,
}

impl Parameter {
    /// Every parameter, in the order of the documents.
    pub const ALL: [Self; 4] = [Self::Action, Self::Target, Self::Name, Self::Wait];

    /// The parameter's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Target => "target",
            Self::Name => "name",
            Self::Wait => "wait",
        }
    }

    /// What it means, for the documents.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Action => "What to do",
            Self::Target => "To what; the EC2 instance when absent",
            Self::Name => "The container, with target docker only",
            Self::Wait => "Whether to wait for the settled state; 1 when absent",
        }
    }

    /// What it may be.
    #[must_use]
    pub fn values(self) -> Values {
        match self {
            Self::Action => Values::OneOf(Action::ALL.iter().map(|action| action.as_str()).collect()),
            Self::Target => Values::OneOf(Target::ALL.iter().map(|target| target.as_str()).collect()),
            Self::Name => Values::Named { pattern: ContainerName::PATTERN, rule: ContainerName::RULE },
            Self::Wait => Values::OneOf(vec!["0", "1"]),
        }
    }
}

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// A name.
    Named {
        /// The regular expression that names match, anchored at both ends.
        pattern: &'static str,
        /// The same in words.
        rule: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::StackName;

    #[test]
    fn every_list_is_whole() {
        let changes: Vec<_> = Action::ALL.into_iter().filter(|action| matches!(action, Action::Change(_))).collect();
        assert_eq!(changes, Change::ALL.map(Action::Change));
        assert_eq!(Target::ALL.as_slice(), Target::value_variants());
        assert_eq!(Operation::all().count(), Action::ALL.len() * Target::ALL.len());
    }

    #[test]
    fn the_command_line_and_the_json_write_the_contracts_words() {
        for target in Target::ALL {
            assert_eq!(target.to_possible_value().unwrap().get_name(), target.as_str());
            assert_eq!(serde_json::to_value(target).unwrap(), target.as_str());
        }
    }

    #[test]
    fn what_changes_something_needs_control_and_what_looks_does_not() {
        let scopes = Action::ALL.map(|action| (action.as_str(), action.scope()));
        assert_eq!(
            scopes,
            [("start", Scope::Control), ("stop", Scope::Control), ("status", Scope::Status), ("list", Scope::Status),]
        );
    }

    #[test]
    fn no_word_of_the_contract_needs_escaping_in_a_url() {
        for parameter in Parameter::ALL {
            let words = match parameter.values() {
                Values::OneOf(words) => words,
                Values::Named { .. } => Vec::new(),
            };
            for word in words.into_iter().chain([parameter.as_str()]) {
                assert!(word.parse::<StackName>().is_ok() || matches!(word, "0" | "1"), "{word}");
            }
        }
    }
}
