//! The rules: from a request to one of six operations, or a refusal with a reason. Pure: no socket, no daemon.
//!
//! Everything is refused that is not written in the one form that its operation has; our own handler writes no other.
//! Nothing is normalised first, so there is no second reading of a request that could differ from this one.

use crate::{names::ContainerName, secret::Secret};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};

/// What a client may ask for; there is nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Does the daemon answer?
    Ping,
    /// Which containers are ours?
    List,
    /// What state is this container in?
    Inspect(ContainerName),
    /// Start, stop or restart this container.
    Change(Change, ContainerName),
}

/// What can be done to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Stop it, and start it again.
    Restart,
}

impl Change {
    /// Every change.
    pub const ALL: [Self; 3] = [Self::Start, Self::Stop, Self::Restart];

    /// The word in our paths, in the daemon's, and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }
}

impl Operation {
    /// How many operations there are: a ping, a list, an inspection, and the changes.
    pub const COUNT: usize = 3 + Change::ALL.len();

    /// The operation's name, for the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::List => "list",
            Self::Inspect(_) => "inspect",
            Self::Change(change, _) => change.as_str(),
        }
    }

    /// The container that it is about.
    #[must_use]
    pub fn container(&self) -> Option<&ContainerName> {
        match self {
            Self::Ping | Self::List => None,
            Self::Inspect(name) | Self::Change(_, name) => Some(name),
        }
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A byte or a sequence in the target that some parser might read as something else.
    Target,
    /// There is a query.
    Query,
    /// There is a body, or the announcement of one.
    Body,
    /// A header that changes how a request is read.
    Header,
    /// No token, or not ours.
    Token,
    /// The name is none that a container can have.
    Name,
    /// No operation has this path.
    Route,
    /// The path has no operation of this method.
    Method,
}

impl Refusal {
    /// The stable reason, for the log.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Target => "bad_target",
            Self::Query => "query",
            Self::Body => "body",
            Self::Header => "bad_header",
            Self::Token => "unauthorized",
            Self::Name => "bad_name",
            Self::Route => "no_route",
            Self::Method => "bad_method",
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Target | Self::Query | Self::Body | Self::Header | Self::Name => StatusCode::BAD_REQUEST,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Route => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }
}

/// Sequences that a path of ours never has: escapes, separators of other systems, empty and dot segments.
const FOREIGN: [&str; 5] = ["%", "\\", ";", "//", "/."];

/// Headers that ask for another framing, protocol or method than the request line says.
const CHANGING: [&str; 9] = [
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// Decides what a request asks for, from its head: no request that is let in has a body.
///
/// # Errors
/// Returns the first rule that it breaks.
pub fn decide(head: &Parts, token: &Secret) -> Result<Operation, Refusal> {
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    check_target(target)?;
    check_headers(&head.headers)?;
    if target == "/_ping" {
        return if head.method == Method::GET { Ok(Operation::Ping) } else { Err(Refusal::Method) };
    }
    check_token(&head.headers, token)?;
    route(&head.method, target)
}

fn check_target(target: &str) -> Result<(), Refusal> {
    if target.contains('?') {
        return Err(Refusal::Query);
    }
    let plain = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || FOREIGN.iter().any(|sequence| target.contains(sequence)) {
        return Err(Refusal::Target);
    }
    Ok(())
}

fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    if CHANGING.iter().any(|name| headers.contains_key(*name)) || headers.get_all(header::HOST).iter().count() != 1 {
        return Err(Refusal::Header);
    }
    let no_body = |length: &header::HeaderValue| length == "0";
    if headers.get_all(header::CONTENT_LENGTH).iter().all(no_body) { Ok(()) } else { Err(Refusal::Body) }
}

fn check_token(headers: &HeaderMap, token: &Secret) -> Result<(), Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Refusal::Token) };
    let candidate = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).ok_or(Refusal::Token)?;
    if token.matches(candidate) { Ok(()) } else { Err(Refusal::Token) }
}

fn route(method: &Method, path: &str) -> Result<Operation, Refusal> {
    let mut segments = path.split('/').skip(1);
    let (operation, wanted) = match (segments.next(), segments.next(), segments.next(), segments.next()) {
        (Some("containers"), None, ..) => (Operation::List, Method::GET),
        (Some("containers"), Some(name), None, _) => (Operation::Inspect(parse(name)?), Method::GET),
        (Some("containers"), Some(name), Some(change), None) => {
            let change = Change::ALL.into_iter().find(|known| known.as_str() == change).ok_or(Refusal::Route)?;
            (Operation::Change(change, parse(name)?), Method::POST)
        }
        _ => return Err(Refusal::Route),
    };
    if *method == wanted { Ok(operation) } else { Err(Refusal::Method) }
}

fn parse(name: &str) -> Result<ContainerName, Refusal> {
    name.parse().map_err(|_| Refusal::Name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().method(method).uri(target).header("host", "docker-proxy:2375");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn ask(method: &str, target: &str) -> Result<Operation, Refusal> {
        let bearer = format!("Bearer {TOKEN}");
        decide(&request(method, target, &[("authorization", &bearer)]), &Secret::new(TOKEN))
    }

    #[test]
    fn the_six_operations_are_understood() {
        let name: ContainerName = "mycontainer".parse().unwrap();
        assert_eq!(ask("GET", "/_ping"), Ok(Operation::Ping));
        assert_eq!(ask("GET", "/containers"), Ok(Operation::List));
        assert_eq!(ask("GET", "/containers/mycontainer"), Ok(Operation::Inspect(name.clone())));
        for change in Change::ALL {
            let target = format!("/containers/mycontainer/{}", change.as_str());
            assert_eq!(ask("POST", &target), Ok(Operation::Change(change, name.clone())));
        }
    }

    #[test]
    fn dockers_own_api_has_no_route() {
        for target in [
            "/",
            "/info",
            "/version",
            "/containers/json",
            "/containers/",
            "/containers/a/",
            "/containers/a/start/",
            "/containers/a/start/b",
            "/containers/a/exec",
            "/containers/a/kill",
            "/containers/a/START",
            "/containers/create",
            "/v1.41/containers",
            "/v1.41/containers/a/start",
            "/images/json",
            "/Containers",
            "/_ping/",
            "/_PING",
        ] {
            for method in ["GET", "POST"] {
                let refused = matches!(ask(method, target), Err(_) | Ok(Operation::Inspect(_)));
                assert!(refused, "{method} {target}");
            }
        }
        // `json` and `create` are names that a container could have; they are looked up, never passed on.
        assert!(matches!(ask("GET", "/containers/json"), Ok(Operation::Inspect(_))));
        assert_eq!(ask("POST", "/containers/create"), Err(Refusal::Method));
    }

    #[test]
    fn other_methods_are_refused() {
        for (method, target) in [
            ("POST", "/_ping"),
            ("HEAD", "/_ping"),
            ("HEAD", "/containers"),
            ("DELETE", "/containers/a"),
            ("GET", "/containers/a/start"),
            ("PUT", "/containers/a/start"),
            ("OPTIONS", "/containers"),
        ] {
            assert_eq!(ask(method, target), Err(Refusal::Method), "{method} {target}");
        }
    }

    #[test]
    fn what_another_parser_might_read_differently_is_refused() {
        for target in [
            "/containers/a%2fb/start",
            "/containers/%61/start",
            "/containers/a;b/start",
            "/containers//a/start",
            "//containers",
            "/./containers",
            "/containers/../images/prune",
            "/containers/.a",
            "/containers/a/../../info",
        ] {
            assert_eq!(ask("POST", target), Err(Refusal::Target), "{target}");
        }
        for target in ["/containers?", "/containers?all=1", "/containers/a/start?t=0", "/_ping?x"] {
            assert_eq!(ask("GET", target), Err(Refusal::Query), "{target}");
        }
        for target in
            ["/containers/-a", "/containers/a:b", "/containers/a@b", &format!("/containers/{}", "a".repeat(129))]
        {
            assert_eq!(ask("GET", target), Err(Refusal::Name), "{target}");
        }
    }

    #[test]
    fn only_our_token_opens_and_only_ping_needs_none() {
        let token = Secret::new(TOKEN);
        let with = |values: &[&str]| {
            let headers: Vec<(&str, &str)> = values.iter().map(|value| ("authorization", *value)).collect();
            decide(&request("GET", "/containers", &headers), &token)
        };
        let ours = format!("Bearer {TOKEN}");
        for values in [
            vec![],
            vec![""],
            vec!["Bearer "],
            vec![TOKEN],
            vec!["Basic 0123456789abcdef0123456789abcdef"],
            vec!["bearer 0123456789abcdef0123456789abcdef"],
            vec!["Bearer  0123456789abcdef0123456789abcdef"],
            vec!["Bearer 0123456789abcdef0123456789abcdee"],
            vec!["Bearer 0123456789abcdef"],
            vec![ours.as_str(), ours.as_str()],
        ] {
            assert_eq!(with(&values), Err(Refusal::Token), "{values:?}");
        }
        assert_eq!(with(&[&ours]), Ok(Operation::List));
        assert_eq!(decide(&request("GET", "/_ping", &[]), &token), Ok(Operation::Ping));
    }

    #[test]
    fn bodies_and_headers_that_change_the_reading_are_refused() {
        let bearer = format!("Bearer {TOKEN}");
        let with = |name: &str, value: &str| {
            let headers = [("authorization", bearer.as_str()), (name, value)];
            decide(&request("POST", "/containers/a/start", &headers), &Secret::new(TOKEN))
        };
        for name in CHANGING {
            assert_eq!(with(name, "DELETE"), Err(Refusal::Header), "{name}");
        }
        assert_eq!(with("host", "other"), Err(Refusal::Header));
        assert_eq!(with("content-length", "2"), Err(Refusal::Body));
        assert!(with("content-length", "0").is_ok());
    }

    proptest! {
        #[test]
        fn a_target_is_one_of_the_templates_or_refused(method in "GET|POST|PUT", target in "/(containers|[ -~]{0,12})?(/[ -~]{0,12}){0,3}") {
            let Ok(uri) = target.parse::<http::Uri>() else { return Ok(()) };
            prop_assume!(uri.path_and_query().is_some_and(|parsed| parsed.as_str() == target));
            if let Ok(operation) = ask(&method, &target) {
                let expected = match &operation {
                    Operation::Ping => ("GET", "/_ping".to_owned()),
                    Operation::List => ("GET", "/containers".to_owned()),
                    Operation::Inspect(name) => ("GET", format!("/containers/{name}")),
                    Operation::Change(change, name) => ("POST", format!("/containers/{name}/{}", change.as_str())),
                };
                prop_assert_eq!((method.as_str(), target), expected);
            }
        }
    }
}
