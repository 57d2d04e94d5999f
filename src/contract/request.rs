//! A request: parsed from its parameters into what can be carried out, and written as a query.

use super::{
    action::{Action, Change, Target},
    failure::FailureCode,
    operation::{Contradiction, Operation, Presence},
    parameter::{Parameter, Values},
};
use crate::{api_key::Scope, names::ContainerName};
use std::fmt::{self, Write as _};

/// A request that can be carried out. Nothing in it has a default that changes state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Changes the stack's instance.
    ChangeInstance {
        /// How.
        change: Change,
        /// Whether to wait for the settled state.
        wait: bool,
    },
    /// The state of the stack's instance.
    Instance,
    /// The stack's instances.
    Instances,
    /// Changes a container; Docker itself answers when it is done, so there is nothing to wait for.
    ChangeContainer {
        /// How.
        change: Change,
        /// Which container.
        name: ContainerName,
    },
    /// The state of a container.
    Container {
        /// Which container.
        name: ContainerName,
    },
    /// The containers that we own.
    Containers,
}

/// Why parameters are no request. The sentences are the API's: English, and capitalised as the contract has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A needed parameter is absent.
    Missing(Parameter),
    /// A parameter that the API does not have.
    Unknown,
    /// A parameter was given more than once.
    Duplicate(Parameter),
    /// A parameter's value is not one of the allowed ones.
    Invalid(Parameter),
    /// Two parameters exclude each other.
    Contradictory(Contradiction),
}

impl Refusal {
    /// The stable code, for scripts.
    #[must_use]
    pub fn code(self) -> FailureCode {
        match self {
            Self::Missing(_) => FailureCode::MissingParameter,
            Self::Unknown => FailureCode::UnknownParameter,
            Self::Duplicate(_) => FailureCode::DuplicateParameter,
            Self::Invalid(_) => FailureCode::InvalidParameter,
            Self::Contradictory(_) => FailureCode::ContradictoryParameters,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(parameter) => write!(f, "Missing parameter `{}`", parameter.as_str()),
            Self::Unknown => {
                let names = Parameter::ALL.map(Parameter::as_str);
                write!(f, "Unknown parameter: the parameters are {}", enumeration(&names, "and"))
            }
            Self::Duplicate(parameter) => write!(f, "Duplicate parameter `{}`", parameter.as_str()),
            Self::Invalid(parameter) => {
                let expected = match parameter.values() {
                    Values::OneOf(words) => enumeration(&words, "or"),
                    Values::Named { rule, .. } => rule.to_owned(),
                };
                write!(f, "Invalid parameter `{}`: expected {expected}", parameter.as_str())
            }
            Self::Contradictory(contradiction) => contradiction.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

/// Writes words as a sentence has them: `` `a`, `b` or `c` ``.
fn enumeration(words: &[&str], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [before @ .., end] if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        words => words.concat(),
    }
}

impl Request {
    /// Reads the parameters, wherever they came from (query, body, or both).
    ///
    /// # Errors
    /// Returns a [`Refusal`] for a parameter that is unknown, missing, duplicate, empty, misspelt or that contradicts
    /// another.
    pub fn parse(parameters: &[(String, String)]) -> Result<Self, Refusal> {
        let given = Given::read(parameters)?;
        let action = given.word(Parameter::Action, Action::ALL, Action::as_str)?;
        let action = action.ok_or(Refusal::Missing(Parameter::Action))?;
        let target = given.word(Parameter::Target, Target::ALL, Target::as_str)?.unwrap_or(Target::Ec2);
        let wait = given.word(Parameter::Wait, [true, false], wait_as_str)?.unwrap_or(true);
        let operation = Operation { target, action };
        let name = given.value(Parameter::Name);
        check_name(operation, name.is_some())?;
        let name = name.map(str::parse).transpose().map_err(|_| Refusal::Invalid(Parameter::Name))?;
        Self::new(operation, name, wait)
    }

    /// Makes the request for an operation.
    ///
    /// # Errors
    /// Returns a [`Refusal`] for a name that is missing or not wanted.
    pub fn new(operation: Operation, name: Option<ContainerName>, wait: bool) -> Result<Self, Refusal> {
        check_name(operation, name.is_some())?;
        match (operation.target, operation.action, name) {
            (Target::Ec2, Action::Change(change), _) => Ok(Self::ChangeInstance { change, wait }),
            (Target::Ec2, Action::Status, _) => Ok(Self::Instance),
            (Target::Ec2, Action::List, _) => Ok(Self::Instances),
            (Target::Docker, Action::Change(change), Some(name)) => Ok(Self::ChangeContainer { change, name }),
            (Target::Docker, Action::Status, Some(name)) => Ok(Self::Container { name }),
            (Target::Docker, Action::List, _) => Ok(Self::Containers),
            (Target::Docker, Action::Change(_) | Action::Status, None) => Err(Refusal::Missing(Parameter::Name)),
        }
    }

    /// The operation that is asked for.
    #[must_use]
    pub fn operation(&self) -> Operation {
        let (target, action) = match self {
            Self::ChangeInstance { change, .. } => (Target::Ec2, Action::Change(*change)),
            Self::Instance => (Target::Ec2, Action::Status),
            Self::Instances => (Target::Ec2, Action::List),
            Self::ChangeContainer { change, .. } => (Target::Docker, Action::Change(*change)),
            Self::Container { .. } => (Target::Docker, Action::Status),
            Self::Containers => (Target::Docker, Action::List),
        };
        Operation { target, action }
    }

    /// What a caller's key must open.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.operation().action.scope()
    }

    /// Writes the query in the workshop's form, without what is the default. No word and no name of the contract has a
    /// character that a URL would need escaped.
    #[must_use]
    pub fn query(&self) -> String {
        let Operation { target, action } = self.operation();
        let mut query = match target {
            Target::Ec2 => format!("action={}", action.as_str()),
            Target::Docker => format!("target={}&action={}", target.as_str(), action.as_str()),
        };
        if let Self::ChangeContainer { name, .. } | Self::Container { name } = self {
            let _ = write!(query, "&name={name}");
        }
        if let Self::ChangeInstance { wait: false, .. } = self {
            let _ = write!(query, "&wait={}", wait_as_str(false));
        }
        query
    }
}

fn wait_as_str(wait: bool) -> &'static str {
    if wait { "1" } else { "0" }
}

fn check_name(operation: Operation, has_name: bool) -> Result<(), Refusal> {
    match (operation.presence(Parameter::Name), has_name) {
        (Presence::Refused(why), true) => Err(Refusal::Contradictory(why)),
        (Presence::Required, false) => Err(Refusal::Missing(Parameter::Name)),
        _ => Ok(()),
    }
}

/// The values that were given, each parameter once.
struct Given<'a>([Option<&'a str>; Parameter::ALL.len()]);

impl<'a> Given<'a> {
    fn read(parameters: &'a [(String, String)]) -> Result<Self, Refusal> {
        let mut values = [None; Parameter::ALL.len()];
        for (name, value) in parameters {
            let known = Parameter::ALL.into_iter().zip(&mut values).find(|(known, _)| known.as_str() == name);
            let (parameter, slot) = known.ok_or(Refusal::Unknown)?;
            if slot.replace(value.as_str()).is_some() {
                return Err(Refusal::Duplicate(parameter));
            }
        }
        Ok(Self(values))
    }

    fn value(&self, parameter: Parameter) -> Option<&'a str> {
        Parameter::ALL.into_iter().zip(self.0).find(|(known, _)| *known == parameter).and_then(|(_, value)| value)
    }

    /// Reads a parameter that is one of a few words.
    fn word<T: Copy>(
        &self,
        parameter: Parameter,
        all: impl IntoIterator<Item = T>,
        as_str: fn(T) -> &'static str,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.value(parameter) else { return Ok(None) };
        let word = all.into_iter().find(|word| as_str(*word) == text);
        word.map(Some).ok_or(Refusal::Invalid(parameter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(query: &str) -> Result<Request, Refusal> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Request::parse(&pairs)
    }

    fn code(query: &str) -> &'static str {
        parse(query).expect_err(query).code().as_str()
    }

    #[test]
    fn the_tables_requests_are_understood() {
        let start = |wait| Ok(Request::ChangeInstance { change: Change::Start, wait });
        assert_eq!(parse("action=start"), start(true));
        assert_eq!(parse("action=start&wait=1"), start(true));
        let stop = Request::ChangeInstance { change: Change::Stop, wait: false };
        assert_eq!(parse("target=ec2&action=stop&wait=0"), Ok(stop));
        assert_eq!(parse("action=status&wait=1"), Ok(Request::Instance));
        assert_eq!(parse("action=list"), Ok(Request::Instances));
        assert_eq!(parse("action=list&target=docker"), Ok(Request::Containers));
        let name: ContainerName = "mycontainer".parse().unwrap();
        assert_eq!(
            parse("target=docker&action=start&name=mycontainer"),
            Ok(Request::ChangeContainer { change: Change::Start, name })
        );
    }

    #[test]
    fn a_missing_or_misspelt_action_or_target_changes_nothing() {
        assert_eq!(code(""), "missing_parameter");
        assert_eq!(code("target=docker&name=a"), "missing_parameter");
        assert_eq!(code("target=docker&action=start"), "missing_parameter");
        for query in ["action=", "action=Start", "action=start%20", "action=restart", "action=terminate"] {
            assert_eq!(code(query), "invalid_parameter", "{query}");
        }
        for query in ["action=stop&target=", "action=stop&target=EC2", "action=stop&target=k8s"] {
            assert_eq!(code(query), "invalid_parameter", "{query}");
        }
    }

    #[test]
    fn unknown_duplicate_and_contradictory_parameters_are_refused() {
        for query in
            ["action=start&x=1", "Action=start", "action[]=start", "action=start&action[]=stop", "action=start&="]
        {
            assert_eq!(code(query), "unknown_parameter", "{query}");
        }
        for query in ["action=start&action=start", "action=start&target=ec2&target=docker", "action=stop&wait=0&wait=0"]
        {
            assert_eq!(code(query), "duplicate_parameter", "{query}");
        }
        for query in ["action=start&name=a", "target=ec2&action=stop&name=a", "target=docker&action=list&name=a"] {
            assert_eq!(code(query), "contradictory_parameters", "{query}");
        }
    }

    #[test]
    fn values_that_no_name_or_flag_can_have_are_refused() {
        for query in ["wait=2", "wait=", "wait=true"] {
            assert_eq!(code(&format!("action=start&{query}")), "invalid_parameter", "{query}");
        }
        for name in ["", "..", "a/b", "..%2f..%2fimages%2fprune", "a%252f", "a%00", "%c3%a9"] {
            assert_eq!(code(&format!("target=docker&action=stop&name={name}")), "invalid_parameter", "{name}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_expected() {
        let said = |query: &str| parse(query).unwrap_err().to_string();
        assert_eq!(said(""), "Missing parameter `action`");
        assert_eq!(
            said("action=start&x=1"),
            "Unknown parameter: the parameters are `action`, `target`, `name` and `wait`"
        );
        assert_eq!(said("action=stop&action=stop"), "Duplicate parameter `action`");
        assert_eq!(said("action=explode"), "Invalid parameter `action`: expected `start`, `stop`, `status` or `list`");
        assert_eq!(said("action=stop&target=k8s"), "Invalid parameter `target`: expected `ec2` or `docker`");
        assert_eq!(
            said("action=stop&target=docker&name=.."),
            "Invalid parameter `name`: expected 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`, starting with a letter or \
             digit"
        );
        assert_eq!(said("action=stop&name=a"), "Parameter `name` needs `target=docker`: EC2 has one instance");
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for operation in Operation::all() {
            for (name, wait) in [(None, true), (None, false), (Some("a.b-C_9"), true), (Some("x"), false)] {
                let name = name.map(|name| name.parse().unwrap());
                let Ok(request) = Request::new(operation, name.clone(), wait) else {
                    assert_eq!(name.is_some(), operation.presence(Parameter::Name) != Presence::Required);
                    continue;
                };
                assert_eq!(request.operation(), operation);
                assert_eq!(parse(&request.query()), Ok(request));
            }
        }
    }

    proptest! {
        #[test]
        fn no_query_is_understood_without_an_exact_action(query in "([a-z]{0,6}=?[a-z0-9]{0,6}&?){0,4}") {
            if let Ok(request) = parse(&query) {
                let action = format!("action={}", request.operation().action.as_str());
                prop_assert!(query.split('&').any(|pair| pair == action), "{}", query);
            }
        }
    }
}
