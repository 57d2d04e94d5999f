//! The API's answers on their way out, in the shape that the event's front wants.

use super::{docker::Container, event::Shape, failure::Failure, instance::Instance};
use crate::contract::{ALLOW, Answer, ContainerStatus, ErrorBody, InstanceStatus};
use http::{StatusCode, header};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use std::collections::BTreeMap;

impl From<Instance> for InstanceStatus {
    fn from(instance: Instance) -> Self {
        let (name, stops_at) = (instance.name().map(|name| name.to_string()), instance.stops_at());
        let Instance { id, state, kind, .. } = instance;
        Self { instance_id: id.to_string(), state: state.as_str().to_owned(), r#type: kind, name, stops_at }
    }
}

impl From<Container> for ContainerStatus {
    fn from(container: Container) -> Self {
        Self::new(container.name, container.state)
    }
}

/// An answer on its way out.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) shape: Shape,
    /// What was done or seen; `None` after `OPTIONS`, where there is nothing to tell.
    pub(super) outcome: Result<Option<Answer>, Failure>,
    /// Repeated in the answer's `x-request-id`.
    pub(super) request_id: String,
}

impl Reply {
    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        match &self.outcome {
            Ok(None) => StatusCode::NO_CONTENT,
            Ok(Some(answer)) if answer.is_done() => StatusCode::OK,
            Ok(Some(_)) => StatusCode::ACCEPTED,
            Err(failure) => failure.status(),
        }
    }

    fn body<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.outcome {
            Ok(answer) => answer.serialize(serializer),
            Err(failure) => {
                let results = match failure {
                    Failure::Partial(results) => results.clone(),
                    _ => Vec::new(),
                };
                ErrorBody { error: failure.to_string(), code: failure.code(), results }.serialize(serializer)
            }
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
            Ok(None) | Err(Failure::MethodNotAllowed) => {
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
    use crate::{
        contract::{Operation, Request},
        handler::instance::State,
    };

    #[test]
    fn what_was_found_is_told_as_the_contract_tells_it() {
        let example = |query: &str| {
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            Operation::example(Request::parse(&pairs).unwrap().operation())
        };
        let instance = Instance {
            id: "i-0123456789abcdef0".parse().unwrap(),
            state: State::Running,
            kind: "t2.micro".to_owned(),
            launched: 0,
            architecture: None,
            tags: BTreeMap::new(),
        };
        assert_eq!(Answer::Instance(instance.into()), example("action=status"));
        let container = Container { name: "mycontainer".to_owned(), state: "exited".to_owned() };
        assert_eq!(Answer::Container(container.into()), example("target=docker&action=status&name=mycontainer"));
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
        let options = reply(Ok(None));
        assert_eq!((options.status().as_u16(), options.body_text().unwrap()), (204, String::new()));
        assert_eq!(options.headers()["allow"], ALLOW);
        assert_eq!(reply(Err(Failure::MethodNotAllowed)).headers()["allow"], ALLOW);
        assert_eq!(reply(Err(Failure::Throttled)).headers()["retry-after"], "1");
    }
}
