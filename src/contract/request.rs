//! A request: parsed from its parameters into what can be carried out, and written as a query.

use super::{
    action::{Action, Change, Target},
    failure::FailureCode,
    lifetime::Lifetime,
    operation::{Contradiction, Operation, Presence, Reach},
    parameter::{Parameter, Values},
};
use crate::{
    api_key::Scope,
    names::{ContainerName, InstanceType},
};
use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

/// Which of the stack's instances is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WhichInstance {
    /// The only one.
    Only,
    /// The one of this name. No instance has all the names that containers have; one that it cannot have is absent.
    Named(ContainerName),
    /// All of them.
    All,
}

/// Which of the owner's containers is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichContainer {
    /// The one of this name.
    Named(ContainerName),
    /// All of them.
    All,
}

/// A request that can be carried out. Nothing in it has a default that changes state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Changes whether instances run.
    ChangeInstance {
        /// How.
        change: Change,
        /// Which.
        which: WhichInstance,
        /// Whether to wait for the settled state.
        wait: bool,
        /// How long it may run then.
        lifetime: Option<Lifetime>,
    },
    /// Gives an instance another type.
    ModifyInstance {
        /// Which.
        name: Option<ContainerName>,
        /// The type.
        kind: InstanceType,
        /// Whether one that runs may be stopped and started for it.
        restart: bool,
        /// Whether to wait for the settled state.
        wait: bool,
    },
    /// The state of instances.
    Instance(WhichInstance),
    /// The stack's instances.
    Instances,
    /// Changes whether containers run; Docker itself answers when it is done, so there is nothing to wait for.
    ChangeContainer {
        /// How.
        change: Change,
        /// Which.
        which: WhichContainer,
        /// How long it may run then.
        lifetime: Option<Lifetime>,
    },
    /// The state of containers.
    Container(WhichContainer),
    /// The containers that we own.
    Containers,
}

/// What a request says besides its operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// `name`.
    pub name: Option<ContainerName>,
    /// `wait`.
    pub wait: bool,
    /// `all`; absent is not `all=0` only where the operation knows no `all`.
    pub all: Option<bool>,
    /// `for`.
    pub lifetime: Option<Lifetime>,
    /// `type`.
    pub kind: Option<InstanceType>,
    /// `restart`.
    pub restart: Option<bool>,
}

impl Default for Details {
    fn default() -> Self {
        Self { name: None, wait: true, all: None, lifetime: None, kind: None, restart: None }
    }
}

impl Details {
    fn reach(&self) -> Reach {
        if self.all == Some(true) { Reach::All } else { Reach::One }
    }

    fn has(&self, parameter: Parameter) -> bool {
        match parameter {
            Parameter::Action | Parameter::Target | Parameter::Wait => true,
            Parameter::Name => self.name.is_some(),
            Parameter::All => self.all.is_some(),
            Parameter::For => self.lifetime.is_some(),
            Parameter::Type => self.kind.is_some(),
            Parameter::Restart => self.restart.is_some(),
        }
    }

    fn check(&self, operation: Operation) -> Result<(), Refusal> {
        operation.check().map_err(Refusal::Contradictory)?;
        check(operation, self.reach(), |parameter| self.has(parameter))
    }
}

/// Whether a request for this operation has the parameters that it must have, and no other.
fn check(operation: Operation, reach: Reach, has: impl Fn(Parameter) -> bool) -> Result<(), Refusal> {
    for parameter in Parameter::ALL {
        match (operation.presence(parameter, reach), has(parameter)) {
            (Presence::Refused(why), true) => return Err(Refusal::Contradictory(why)),
            (Presence::Required, false) if !matches!(parameter, Parameter::Action | Parameter::Target) => {
                return Err(Refusal::Missing(parameter));
            }
            _ => {}
        }
    }
    Ok(())
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
        let wait = given.word(Parameter::Wait, [true, false], flag_as_str)?.unwrap_or(true);
        let flag = |parameter| given.word(parameter, [true, false], flag_as_str);
        let operation = Operation { target, action };
        operation.check().map_err(Refusal::Contradictory)?;
        let all = flag(Parameter::All)?;
        let reach = if all == Some(true) { Reach::All } else { Reach::One };
        // What does not belong here is not judged any further.
        check(operation, reach, |parameter| given.value(parameter).is_some())?;
        let details = Details {
            name: given.parsed(Parameter::Name)?,
            wait,
            all,
            lifetime: given.parsed(Parameter::For)?,
            kind: given.parsed(Parameter::Type)?,
            restart: flag(Parameter::Restart)?,
        };
        Self::new(operation, details)
    }

    /// Makes the request for an operation.
    ///
    /// # Errors
    /// Returns a [`Refusal`] for what is missing or not wanted.
    pub fn new(operation: Operation, details: Details) -> Result<Self, Refusal> {
        details.check(operation)?;
        let reach = details.reach();
        let Details { name, wait, lifetime, kind, restart, .. } = details;
        let instance = |name: Option<ContainerName>| match (reach, name) {
            (Reach::All, _) => WhichInstance::All,
            (Reach::One, Some(name)) => WhichInstance::Named(name),
            (Reach::One, None) => WhichInstance::Only,
        };
        let container = |name: Option<ContainerName>| match (reach, name) {
            (Reach::All, _) => Ok(WhichContainer::All),
            (Reach::One, Some(name)) => Ok(WhichContainer::Named(name)),
            (Reach::One, None) => Err(Refusal::Missing(Parameter::Name)),
        };
        Ok(match (operation.target, operation.action) {
            (Target::Ec2, Action::Change(change)) => {
                Self::ChangeInstance { change, which: instance(name), wait, lifetime }
            }
            (_, Action::Modify) => Self::ModifyInstance {
                name,
                kind: kind.ok_or(Refusal::Missing(Parameter::Type))?,
                restart: restart.unwrap_or(false),
                wait,
            },
            (Target::Ec2, Action::Status) => Self::Instance(instance(name)),
            (Target::Ec2, Action::List) => Self::Instances,
            (Target::Docker, Action::Change(change)) => {
                Self::ChangeContainer { change, which: container(name)?, lifetime }
            }
            (Target::Docker, Action::Status) => Self::Container(container(name)?),
            (Target::Docker, Action::List) => Self::Containers,
        })
    }

    /// The operation that is asked for.
    #[must_use]
    pub fn operation(&self) -> Operation {
        let (target, action) = match self {
            Self::ChangeInstance { change, .. } => (Target::Ec2, Action::Change(*change)),
            Self::ModifyInstance { .. } => (Target::Ec2, Action::Modify),
            Self::Instance(_) => (Target::Ec2, Action::Status),
            Self::Instances => (Target::Ec2, Action::List),
            Self::ChangeContainer { change, .. } => (Target::Docker, Action::Change(*change)),
            Self::Container(_) => (Target::Docker, Action::Status),
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
        let mut add = |parameter: Parameter, value: &dyn fmt::Display| {
            // Writing to a `String` cannot fail.
            let _ = write!(query, "&{}={value}", parameter.as_str());
        };
        match self {
            Self::ChangeInstance { which, .. } | Self::Instance(which) => match which {
                WhichInstance::Only => {}
                WhichInstance::Named(name) => add(Parameter::Name, name),
                WhichInstance::All => add(Parameter::All, &flag_as_str(true)),
            },
            Self::ChangeContainer { which, .. } | Self::Container(which) => match which {
                WhichContainer::Named(name) => add(Parameter::Name, name),
                WhichContainer::All => add(Parameter::All, &flag_as_str(true)),
            },
            Self::ModifyInstance { name, kind, restart, .. } => {
                if let Some(name) = name {
                    add(Parameter::Name, name);
                }
                add(Parameter::Type, kind);
                if *restart {
                    add(Parameter::Restart, &flag_as_str(true));
                }
            }
            Self::Instances | Self::Containers => {}
        }
        if let Self::ChangeInstance { lifetime: Some(lifetime), .. }
        | Self::ChangeContainer { lifetime: Some(lifetime), .. } = self
        {
            add(Parameter::For, lifetime);
        }
        if let Self::ChangeInstance { wait: false, .. } | Self::ModifyInstance { wait: false, .. } = self {
            add(Parameter::Wait, &flag_as_str(false));
        }
        query
    }

    /// Writes of the query what says more than action, target and name.
    #[must_use]
    pub fn options(&self) -> String {
        let is_option = |pair: &&str| !["action=", "target=", "name="].iter().any(|start| pair.starts_with(start));
        self.query().split('&').filter(is_option).collect::<Vec<_>>().join("&")
    }
}

fn flag_as_str(is_on: bool) -> &'static str {
    if is_on { "1" } else { "0" }
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

    /// Reads a parameter that has a rule.
    fn parsed<T: FromStr>(&self, parameter: Parameter) -> Result<Option<T>, Refusal> {
        self.value(parameter).map(str::parse).transpose().map_err(|_| Refusal::Invalid(parameter))
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
        let start = |wait, lifetime: Option<&str>| {
            let (which, lifetime) = (WhichInstance::Only, lifetime.map(|text| text.parse().unwrap()));
            Ok(Request::ChangeInstance { change: Change::Start, which, wait, lifetime })
        };
        assert_eq!(parse("action=start"), start(true, None));
        assert_eq!(parse("action=start&wait=1&all=0"), start(true, None));
        assert_eq!(parse("action=start&for=2h"), start(true, Some("2h")));
        let stop = |which| Request::ChangeInstance { change: Change::Stop, which, wait: false, lifetime: None };
        assert_eq!(parse("target=ec2&action=stop&wait=0"), Ok(stop(WhichInstance::Only)));
        assert_eq!(parse("target=ec2&action=stop&wait=0&all=1"), Ok(stop(WhichInstance::All)));
        let web = || WhichInstance::Named("web".parse().unwrap());
        assert_eq!(parse("name=web&action=stop&wait=0"), Ok(stop(web())));
        assert_eq!(parse("action=status&wait=1"), Ok(Request::Instance(WhichInstance::Only)));
        assert_eq!(parse("action=status&name=web"), Ok(Request::Instance(web())));
        assert_eq!(parse("action=list"), Ok(Request::Instances));
        assert_eq!(parse("action=list&target=docker"), Ok(Request::Containers));
        let kind = "t3.small".parse().unwrap();
        let modify = Request::ModifyInstance { name: None, kind, restart: true, wait: true };
        assert_eq!(parse("action=modify&type=t3.small&restart=1"), Ok(modify));
        let which = WhichContainer::Named("mycontainer".parse().unwrap());
        assert_eq!(
            parse("target=docker&action=restart&name=mycontainer"),
            Ok(Request::ChangeContainer { change: Change::Restart, which, lifetime: None })
        );
        assert_eq!(parse("target=docker&action=status&all=1"), Ok(Request::Container(WhichContainer::All)));
    }

    #[test]
    fn a_missing_or_misspelt_action_or_target_changes_nothing() {
        assert_eq!(code(""), "missing_parameter");
        assert_eq!(code("target=docker&name=a"), "missing_parameter");
        assert_eq!(code("target=docker&action=start"), "missing_parameter");
        for query in ["action=", "action=Start", "action=start%20", "action=reboot", "action=terminate"] {
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
        for query in [
            "action=list&name=a",
            "target=docker&action=list&name=a",
            "action=stop&all=1&name=a",
            "target=docker&action=stop&all=1&name=a",
            "action=list&all=1",
            "action=modify&type=t3.small&all=1",
            "action=modify&type=t3.small&all=0",
            "action=start&type=t3.small",
            "action=stop&restart=1",
            "action=stop&for=2h",
            "action=status&for=2h",
            "target=docker&action=modify&type=t3.small&name=a",
            "target=docker&action=modify",
        ] {
            assert_eq!(code(query), "contradictory_parameters", "{query}");
        }
        assert_eq!(code("action=modify"), "missing_parameter");
    }

    #[test]
    fn values_that_no_name_or_flag_can_have_are_refused() {
        for query in ["wait=2", "wait=", "wait=true", "all=2", "all=", "for=0", "for=-1", "for=1y", "for=", "for=365d"]
        {
            assert_eq!(code(&format!("action=start&{query}")), "invalid_parameter", "{query}");
        }
        for query in ["type=", "type=t3", "type=T3.small", "type=t3.small&restart=yes", "type=a/b.c", "type=a.b.c"] {
            assert_eq!(code(&format!("action=modify&{query}")), "invalid_parameter", "{query}");
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
            "Unknown parameter: the parameters are `action`, `target`, `name`, `wait`, `all`, `for`, `type` and \
             `restart`"
        );
        assert_eq!(said("action=stop&action=stop"), "Duplicate parameter `action`");
        assert_eq!(
            said("action=explode"),
            "Invalid parameter `action`: expected `start`, `stop`, `restart`, `modify`, `status` or `list`"
        );
        assert_eq!(
            said("action=start&for=1y"),
            "Invalid parameter `for`: expected a duration from `1s` to `30d`, such as `45m`, `2h` or `1d`"
        );
        assert_eq!(said("action=stop&target=k8s"), "Invalid parameter `target`: expected `ec2` or `docker`");
        assert_eq!(
            said("action=stop&target=docker&name=.."),
            "Invalid parameter `name`: expected 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`, starting with a letter or \
             digit"
        );
        assert_eq!(said("action=stop&name=a&all=1"), "Parameter `name` does not go with `all=1`");
        assert_eq!(said("action=modify"), "Missing parameter `type`");
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let mut written = 0;
        for operation in Operation::all() {
            for bits in 0..64_u8 {
                let has = |bit: u8| bits & (1 << bit) != 0;
                let details = Details {
                    name: has(0).then(|| "a.b-C_9".parse().unwrap()),
                    wait: has(1),
                    all: has(2).then_some(true),
                    lifetime: has(3).then(|| "45m".parse().unwrap()),
                    kind: has(4).then(|| "t3.small".parse().unwrap()),
                    restart: has(5).then_some(true),
                };
                let Ok(request) = Request::new(operation, details) else { continue };
                written += 1;
                assert_eq!(request.operation(), operation);
                assert_eq!(parse(&request.query()).map(|read| read.query()), Ok(request.query()));
            }
        }
        // Of EC2's: start 3 * 2 * 2, stop, restart and status 3 * 2 each, modify 2 * 2 * 2, list 2; of Docker's: 8, 4 each, 2.
        assert_eq!(written, 12 + 18 + 8 + 2 + 8 + 12 + 2);
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
