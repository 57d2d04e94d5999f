//! The API's answers: bodies with exactly the contract's keys in its order, and the shape that the event's front wants.

use super::{docker::Container, event::Shape, failure::Failure, instance::Instance};
use http::{StatusCode, header};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use std::collections::BTreeMap;

/// The methods of the API's one route.
const ALLOW: &str = "GET, POST, OPTIONS";

/// What was done or seen.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    /// `OPTIONS`: nothing was done, and nothing is said.
    Nothing {},
    /// An instance was started or stopped.
    InstanceChanged { status: Change, instance_id: String, state: &'static str },
    /// An instance's state.
    Instance(InstanceStatus),
    /// The stack's instances.
    Instances { instances: Vec<InstanceStatus> },
    /// A container was started or stopped.
    ContainerChanged { status: Change, target: &'static str, container: String },
    /// A container's state.
    Container(ContainerStatus),
    /// The containers that we own.
    Containers { containers: Vec<ContainerStatus> },
}

/// What a change has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    Started,
    Stopped,
}

/// An instance in `status` and `list`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct InstanceStatus {
    instance_id: String,
    state: &'static str,
    r#type: String,
}

impl From<Instance> for InstanceStatus {
    fn from(instance: Instance) -> Self {
        Self { instance_id: instance.id.to_string(), state: instance.state.as_str(), r#type: instance.kind }
    }
}

/// A container in `status` and `list`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ContainerStatus {
    target: &'static str,
    container: String,
    state: String,
}

impl From<Container> for ContainerStatus {
    fn from(container: Container) -> Self {
        Self { target: "docker", container: container.name, state: container.state }
    }
}

/// The body of every failure.
#[derive(Serialize)]
struct ErrorBody {
    error: String,
    code: &'static str,
}

/// An answer on its way out.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) shape: Shape,
    pub(super) outcome: Result<Answer, Failure>,
    /// Repeated in the answer's `x-request-id`.
    pub(super) request_id: String,
}

impl Reply {
    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        match &self.outcome {
            Ok(Answer::Nothing {}) => StatusCode::NO_CONTENT,
            Ok(_) => StatusCode::OK,
            Err(failure) => failure.status(),
        }
    }

    fn body<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.outcome {
            Ok(answer) => answer.serialize(serializer),
            Err(failure) => ErrorBody { error: failure.to_string(), code: failure.code() }.serialize(serializer),
        }
    }

    fn body_text(&self) -> Result<String, serde_json::Error> {
        let mut text = Vec::new();
        if self.status() != StatusCode::NO_CONTENT {
            self.body(&mut serde_json::Serializer::new(&mut text))?;
        }
        String::from_utf8(text).map_err(serde_json::Error::custom)
    }

    fn headers(&self) -> BTreeMap<&'static str, &str> {
        let mut headers = BTreeMap::from([
            (header::CACHE_CONTROL.as_str(), "no-store"),
            (header::CONTENT_TYPE.as_str(), "application/json; charset=utf-8"),
            (header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff"),
            ("x-request-id", self.request_id.as_str()),
        ]);
        match &self.outcome {
            Ok(Answer::Nothing {}) | Err(Failure::MethodNotAllowed) => {
                headers.insert(header::ALLOW.as_str(), ALLOW);
            }
            Err(Failure::Throttled) => {
                headers.insert(header::RETRY_AFTER.as_str(), "1");
            }
            _ => (),
        }
        headers
    }
}

/// Writes what the Runtime API is given. API Gateway refuses an answer with members that it does not know.
impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.shape == Shape::Bare {
            return self.body(serializer);
        }
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("statusCode", &self.status().as_u16())?;
        if self.shape == Shape::MultiValueProxy {
            let headers: BTreeMap<_, _> = self.headers().into_iter().map(|(name, value)| (name, [value])).collect();
            map.serialize_entry("multiValueHeaders", &headers)?;
        } else {
            map.serialize_entry("headers", &self.headers())?;
        }
        map.serialize_entry("body", &self.body_text().map_err(S::Error::custom)?)?;
        map.serialize_entry("isBase64Encoded", &false)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::instance::State;

    fn bare(answer: Answer) -> String {
        let reply = Reply { shape: Shape::Bare, outcome: Ok(answer), request_id: "r".to_owned() };
        serde_json::to_string(&reply).unwrap()
    }

    #[test]
    fn bodies_have_exactly_the_contracts_keys_in_its_order() {
        let instance = Instance {
            id: "i-0123456789abcdef0".parse().unwrap(),
            state: State::Running,
            kind: "t2.micro".to_owned(),
            launched: 0,
        };
        let container = Container { name: "mycontainer".to_owned(), state: "exited".to_owned() };
        assert_eq!(
            bare(Answer::InstanceChanged {
                status: Change::Started,
                instance_id: instance.id.to_string(),
                state: instance.state.as_str()
            }),
            r#"{"status":"started","instance_id":"i-0123456789abcdef0","state":"running"}"#
        );
        let status = r#"{"instance_id":"i-0123456789abcdef0","state":"running","type":"t2.micro"}"#;
        assert_eq!(bare(Answer::Instance(instance.clone().into())), status);
        assert_eq!(
            bare(Answer::Instances { instances: vec![instance.into()] }),
            format!(r#"{{"instances":[{status}]}}"#)
        );
        assert_eq!(
            bare(Answer::ContainerChanged {
                status: Change::Stopped,
                target: "docker",
                container: "mycontainer".to_owned()
            }),
            r#"{"status":"stopped","target":"docker","container":"mycontainer"}"#
        );
        let status = r#"{"target":"docker","container":"mycontainer","state":"exited"}"#;
        assert_eq!(bare(Answer::Container(container.clone().into())), status);
        assert_eq!(
            bare(Answer::Containers { containers: vec![container.into()] }),
            format!(r#"{{"containers":[{status}]}}"#)
        );
    }

    #[test]
    fn a_failure_is_json_with_a_stable_code_in_every_shape() {
        let reply = |shape| {
            let outcome = Err(Failure::InstanceNotFound);
            serde_json::to_string(&Reply { shape, outcome, request_id: "r".to_owned() }).unwrap()
        };
        let body = r#"{"error":"Instance not found","code":"not_found"}"#;
        assert_eq!(reply(Shape::Bare), body);
        let escaped = body.replace('"', "\\\"");
        assert_eq!(
            reply(Shape::Proxy),
            format!(
                r#"{{"statusCode":404,"headers":{{"cache-control":"no-store","content-type":"application/json; charset=utf-8","x-content-type-options":"nosniff","x-request-id":"r"}},"body":"{escaped}","isBase64Encoded":false}}"#
            )
        );
        assert!(reply(Shape::MultiValueProxy).contains(r#""multiValueHeaders":{"cache-control":["no-store"],"#));
    }

    #[test]
    fn options_and_405_name_the_methods_and_429_says_when() {
        let reply = |outcome| Reply { shape: Shape::Proxy, outcome, request_id: "r".to_owned() };
        let options = reply(Ok(Answer::Nothing {}));
        assert_eq!((options.status().as_u16(), options.body_text().unwrap()), (204, String::new()));
        assert_eq!(options.headers()["allow"], ALLOW);
        assert_eq!(reply(Err(Failure::MethodNotAllowed)).headers()["allow"], ALLOW);
        assert_eq!(reply(Err(Failure::Throttled)).headers()["retry-after"], "1");
    }
}
