//! What an event's front tells of a call besides what it asks for: method, and the address that it saw. For the log; each
//! is taken only in a form that nobody can write anything else into.

use super::json::Json;
use std::net::IpAddr;

/// The method and the caller's address.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) method: Option<String>,
    pub(super) source: Option<String>,
}

impl Seen {
    /// Reads an event of any front; a direct invocation has neither.
    pub(super) fn of(event: Option<&Json>) -> Self {
        let Some(event) = event else { return Self::default() };
        let context = event.get("requestContext");
        let http = context.and_then(|context| context.get("http"));
        let method = event.text("httpMethod").or_else(|| http?.text("method"));
        let is_method =
            |method: &&str| (1..=16).contains(&method.len()) && method.bytes().all(|b| b.is_ascii_uppercase());
        let identity = context.and_then(|context| context.get("identity"));
        let source = identity.and_then(|identity| identity.text("sourceIp")).or_else(|| http?.text("sourceIp"));
        let address = source.and_then(|source| source.parse::<IpAddr>().ok());
        Self { method: method.filter(is_method).map(str::to_owned), source: address.map(|address| address.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(event: &str) -> (Option<String>, Option<String>) {
        let Seen { method, source } = Seen::of(Json::parse(event.as_bytes()).as_ref());
        (method, source)
    }

    #[test]
    fn both_shapes_of_events_tell_method_and_address() {
        let expected = (Some("GET".to_owned()), Some("203.0.113.7".to_owned()));
        let v1 = r#"{"httpMethod":"GET","requestContext":{"identity":{"sourceIp":"203.0.113.7"}}}"#;
        let v2 = r#"{"requestContext":{"http":{"method":"GET","sourceIp":"203.0.113.7"}}}"#;
        assert_eq!((seen(v1), seen(v2)), (expected.clone(), expected));
    }

    #[test]
    fn what_is_no_method_and_no_address_is_not_written_down() {
        let hostile = r#"{"httpMethod":"GET\u001b[2J","requestContext":{"identity":{"sourceIp":"\u202e1.2.3.4"}}}"#;
        assert_eq!(seen(hostile), (None, None));
        assert_eq!(seen(r#"{"action":"status"}"#), (None, None));
        assert_eq!(seen("[]"), (None, None));
    }
}
