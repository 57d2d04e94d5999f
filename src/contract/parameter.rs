//! The parameters of a request, and what each may be.

use super::{
    action::{Action, Target},
    lifetime::Lifetime,
};
use crate::names::{ContainerName, InstanceType};

/// A parameter of the query, and a member of the body of a POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// What is asked for.
    Action,
    /// Of what; the instance when absent.
    Target,
    /// The instance or the container.
    Name,
    /// Whether the answer waits for the settled state; it does when absent.
    Wait,
    /// Whether all of the target are meant.
    All,
    /// How long it may run.
    For,
    /// The instance's type to be.
    Type,
    /// Whether a running instance may be restarted for it.
    Restart,
}

impl Parameter {
    /// Every parameter, in the order of the documents.
    pub const ALL: [Self; 8] =
        [Self::Action, Self::Target, Self::Name, Self::Wait, Self::All, Self::For, Self::Type, Self::Restart];

    /// The parameter's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Target => "target",
            Self::Name => "name",
            Self::Wait => "wait",
            Self::All => "all",
            Self::For => "for",
            Self::Type => "type",
            Self::Restart => "restart",
        }
    }

    /// What it means, for the documents.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Action => "What to do",
            Self::Target => "To what; the EC2 instance when absent",
            Self::Name => "The container, or the instance where the stack has several",
            Self::Wait => "Whether to wait for the settled state; 1 when absent",
            Self::All => "Whether all instances or containers are meant; 0 when absent",
            Self::For => "How long it may run until it is stopped; given again, from then on",
            Self::Type => "The type that the instance is to have",
            Self::Restart => "Whether a running instance may be stopped and started for it; 0 when absent",
        }
    }

    /// What it may be.
    #[must_use]
    pub fn values(self) -> Values {
        match self {
            Self::Action => Values::OneOf(Action::ALL.iter().map(|action| action.as_str()).collect()),
            Self::Target => Values::OneOf(Target::ALL.iter().map(|target| target.as_str()).collect()),
            Self::Name => Values::Named { pattern: ContainerName::PATTERN, rule: ContainerName::RULE },
            Self::Wait | Self::All | Self::Restart => Values::OneOf(vec!["0", "1"]),
            Self::For => Values::Named { pattern: Lifetime::PATTERN, rule: Lifetime::RULE },
            Self::Type => Values::Named { pattern: InstanceType::PATTERN, rule: InstanceType::RULE },
        }
    }
}

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// A name, or whatever else has a rule.
    Named {
        /// The regular expression that it matches, anchored at both ends.
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
