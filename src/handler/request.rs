//! The API's parameters, parsed into a closed set of requests. Nothing here has a default that changes state.

use super::failure::Failure;
use crate::{api_key::Scope, names::ContainerName};

/// What can be done (`action=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Something is done to, or asked of, one thing.
    On(Verb),
    /// Everything of ours is listed.
    List,
}

/// What can be done to one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Verb {
    Start,
    Stop,
    Status,
}

/// What it is done to (`target=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Ec2,
    Docker,
}

/// A request that can be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// Start, stop or status of the stack's instance.
    Instance {
        /// What to do.
        verb: Verb,
        /// Whether to wait for the settled state.
        wait: bool,
    },
    /// The stack's instances.
    Instances,
    /// Start, stop or status of a container; Docker itself answers when it is done, so there is nothing to wait for.
    Container {
        /// What to do.
        verb: Verb,
        /// To which container.
        name: ContainerName,
    },
    /// The containers that we own.
    Containers,
}

impl Request {
    /// Reads the parameters, wherever they came from (query, body, or both).
    ///
    /// # Errors
    /// Returns a [`Failure`] of status 400 for a parameter that is unknown, missing, duplicate, empty, misspelt or
    /// that contradicts another.
    pub(super) fn parse(parameters: &[(String, String)]) -> Result<Self, Failure> {
        let mut action = None;
        let mut target = None;
        let mut name = None;
        let mut wait = None;
        for (parameter, value) in parameters {
            let (slot, parameter) = match parameter.as_str() {
                "action" => (&mut action, "action"),
                "target" => (&mut target, "target"),
                "name" => (&mut name, "name"),
                "wait" => (&mut wait, "wait"),
                _ => return Err(Failure::UnknownParameter),
            };
            if slot.replace(value.as_str()).is_some() {
                return Err(Failure::DuplicateParameter(parameter));
            }
        }
        let action = parse_action(action)?;
        let target = parse_target(target)?;
        let wait = parse_wait(wait)?;
        match (target, action, name) {
            (Target::Ec2, Action::On(verb), None) => Ok(Self::Instance { verb, wait }),
            (Target::Ec2, Action::List, None) => Ok(Self::Instances),
            (Target::Ec2, _, Some(_)) => {
                Err(Failure::ContradictoryParameters("Parameter `name` needs `target=docker`: EC2 has one instance"))
            }
            (Target::Docker, Action::On(verb), Some(name)) => Ok(Self::Container { verb, name: parse_name(name)? }),
            (Target::Docker, Action::On(_), None) => Err(Failure::MissingParameter("name")),
            (Target::Docker, Action::List, None) => Ok(Self::Containers),
            (Target::Docker, Action::List, Some(_)) => {
                Err(Failure::ContradictoryParameters("Parameter `name` does not go with `action=list`"))
            }
        }
    }

    /// What a caller must be allowed to do.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Instance { verb, .. } | Self::Container { verb, .. } => match verb {
                Verb::Start | Verb::Stop => Scope::Control,
                Verb::Status => Scope::Status,
            },
            Self::Instances | Self::Containers => Scope::Status,
        }
    }

    /// The action's name, for the log.
    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Instance { verb, .. } | Self::Container { verb, .. } => match verb {
                Verb::Start => "start",
                Verb::Stop => "stop",
                Verb::Status => "status",
            },
            Self::Instances | Self::Containers => "list",
        }
    }

    /// The target's name, for the log.
    pub(super) fn target(&self) -> &'static str {
        match self {
            Self::Instance { .. } | Self::Instances => "ec2",
            Self::Container { .. } | Self::Containers => "docker",
        }
    }
}

fn parse_action(value: Option<&str>) -> Result<Action, Failure> {
    match value.ok_or(Failure::MissingParameter("action"))? {
        "start" => Ok(Action::On(Verb::Start)),
        "stop" => Ok(Action::On(Verb::Stop)),
        "status" => Ok(Action::On(Verb::Status)),
        "list" => Ok(Action::List),
        _ => Err(Failure::InvalidParameter { parameter: "action", expected: "`start`, `stop`, `status` or `list`" }),
    }
}

/// An absent target is EC2: the workshop's first URLs have none. It does not change what `action` says.
fn parse_target(value: Option<&str>) -> Result<Target, Failure> {
    match value {
        None | Some("ec2") => Ok(Target::Ec2),
        Some("docker") => Ok(Target::Docker),
        Some(_) => Err(Failure::InvalidParameter { parameter: "target", expected: "`ec2` or `docker`" }),
    }
}

fn parse_wait(value: Option<&str>) -> Result<bool, Failure> {
    match value {
        None | Some("1") => Ok(true),
        Some("0") => Ok(false),
        Some(_) => Err(Failure::InvalidParameter { parameter: "wait", expected: "`0` or `1`" }),
    }
}

fn parse_name(value: &str) -> Result<ContainerName, Failure> {
    value.parse().map_err(|_| Failure::InvalidParameter {
        parameter: "name",
        expected: "1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`, starting with a letter or digit",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(query: &str) -> Result<Request, Failure> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Request::parse(&pairs)
    }

    fn code(query: &str) -> &'static str {
        parse(query).expect_err(query).code()
    }

    #[test]
    fn the_tables_requests_are_understood() {
        assert_eq!(parse("action=start"), Ok(Request::Instance { verb: Verb::Start, wait: true }));
        assert_eq!(parse("target=ec2&action=stop&wait=0"), Ok(Request::Instance { verb: Verb::Stop, wait: false }));
        assert_eq!(parse("action=status&wait=1"), Ok(Request::Instance { verb: Verb::Status, wait: true }));
        assert_eq!(parse("action=list"), Ok(Request::Instances));
        assert_eq!(parse("action=list&target=docker"), Ok(Request::Containers));
        let name: ContainerName = "mycontainer".parse().unwrap();
        assert_eq!(
            parse("target=docker&action=start&name=mycontainer"),
            Ok(Request::Container { verb: Verb::Start, name })
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

    proptest! {
        #[test]
        fn no_query_is_understood_without_an_exact_action(query in "([a-z]{0,6}=?[a-z0-9]{0,6}&?){0,4}") {
            if let Ok(request) = parse(&query) {
                let action = format!("action={}", request.action());
                prop_assert!(query.split('&').any(|pair| pair == action), "{}", query);
            }
        }
    }
}
