//! What can be asked for, of what, and what a key must open for it.

use crate::api_key::Scope;
use clap::{ValueEnum, builder::PossibleValue};
use serde::Serialize;

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

/// What changes whether something runs. A key of scope `control` is needed for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Starts it; what runs stays as it is.
    Start,
    /// Stops it; what is stopped stays as it is.
    Stop,
    /// Starts it anew; what is stopped is started.
    Restart,
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
    pub const ALL: [Self; 3] = [Self::Start, Self::Stop, Self::Restart];

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
            Self::Restart => ChangeFacts {
                name: "restart",
                done: "restarted",
                instance_state: "running",
                container_state: "running",
                permission: "ec2:RebootInstances",
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
    /// Changes one thing, or all of its kind.
    Change(Change),
    /// Gives an instance another type.
    Modify,
    /// Tells the state of one thing.
    Status,
    /// Tells the state of everything that is ours.
    List,
}

impl Action {
    /// Every action, in the order of the documents.
    pub const ALL: [Self; 6] = [
        Self::Change(Change::Start),
        Self::Change(Change::Stop),
        Self::Change(Change::Restart),
        Self::Modify,
        Self::Status,
        Self::List,
    ];

    /// The value of `action`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change(change) => change.as_str(),
            Self::Modify => "modify",
            Self::Status => "status",
            Self::List => "list",
        }
    }

    /// What a caller's key must open.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Change(_) => Scope::Control,
            Self::Modify => Scope::Modify,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_whole() {
        let changes: Vec<_> = Action::ALL.into_iter().filter(|action| matches!(action, Action::Change(_))).collect();
        assert_eq!(changes, Change::ALL.map(Action::Change));
        assert_eq!(Target::ALL.as_slice(), Target::value_variants());
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
            [
                ("start", Scope::Control),
                ("stop", Scope::Control),
                ("restart", Scope::Control),
                ("modify", Scope::Modify),
                ("status", Scope::Status),
                ("list", Scope::Status),
            ]
        );
    }
}
