//! What the log tells of a request: one line when it is answered, whoever answered it.
//!
//! Of what a client sent only method, path and, where they are plain words, the parameters of atelier's own API;
//! never a header, a body or anything else of a query. Where a request claims to come from is its own word, so that is
//! not in it either. Whoever answers behind the edge may add what it alone knows ([`Told`]).

use crate::{
    contract,
    http1::{Peer, Response},
    log::millis,
    names::word,
};
use http::{Method, header::HeaderName, request::Parts};
use std::time::Duration;
use tokio::time::Instant;

/// The header in which AWS's REST services name an error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// Errors say their code at the beginning; what is longer is no error of anybody's that we know.
const ERROR_BODY: usize = 4096;
/// How much of a query is read for them.
const QUERY: usize = 4096;

/// What is known behind the edge about a call, put on its answer.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The operation of an AWS call, with its service: `ec2 StartInstances`.
    pub operation: Option<String>,
    /// Whether it was signed with what was lent to a function.
    pub is_lent: bool,
    /// The stack whose API was called.
    pub stack: Option<String>,
    /// The name of the key that opened the API, never its value.
    pub key: Option<String>,
    /// How long API Gateway took, with all that is behind it.
    pub gateway: Option<Duration>,
}

/// A request that was heard.
pub(super) struct Asked {
    pub(super) id: String,
    peer: Option<Peer>,
    method: Method,
    path: String,
    words: Words,
    began: Instant,
}

/// The parameters of atelier's own API, each where it is a plain word.
#[derive(Debug, Default, PartialEq, Eq)]
struct Words {
    action: Option<String>,
    target: Option<String>,
    name: Option<String>,
    /// The others, as the query has them (`type=t3.small&restart=1`).
    options: String,
}

impl Words {
    fn of(path: &str, query: Option<&str>) -> Self {
        let mut words = Self::default();
        let Some(query) = query.filter(|query| path.ends_with(contract::PATH) && query.len() <= QUERY) else {
            return words;
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (place, most) = match &*name {
                "action" => (&mut words.action, 32),
                "target" => (&mut words.target, 32),
                "name" => (&mut words.name, 128),
                option => {
                    words.option(option, &value);
                    continue;
                }
            };
            if place.is_none() {
                *place = word(&value, most).map(str::to_owned);
            }
        }
        words
    }

    /// Keeps another parameter, where it is one of the API's.
    fn option(&mut self, name: &str, value: &str) {
        let is_known = contract::Parameter::ALL.iter().any(|known| known.as_str() == name);
        let start = format!("{name}=");
        if !is_known || self.options.split('&').any(|pair| pair.starts_with(&start)) {
            return;
        }
        if let Some(value) = word(value, 64) {
            let mark = if self.options.is_empty() { "" } else { "&" };
            self.options.extend([mark, start.as_str(), value]);
        }
    }
}

impl Asked {
    pub(super) fn of(head: &Parts, id: String) -> Self {
        let path = head.uri.path();
        Self {
            id,
            peer: head.extensions.get().copied(),
            method: head.method.clone(),
            path: path.to_owned(),
            words: Words::of(path, head.uri.query()),
            began: Instant::now(),
        }
    }

    /// Writes down what was asked and what came of it.
    pub(super) fn answered(&self, response: &Response) {
        let Self { id: request_id, method, path, words, began, peer } = self;
        let Words { action, target, name, options } = words;
        let options = Some(options).filter(|options| !options.is_empty());
        let peer = peer.map(|peer| peer.0.to_string());
        let status = response.status().as_u16();
        let code = code(response);
        let unknown = Told::default();
        let told = response.extensions().get().unwrap_or(&unknown);
        let Told { operation, is_lent, stack, key, gateway } = told;
        let (lent, gateway_ms) = (is_lent.then_some(true), gateway.map(millis));
        let duration_ms = millis(began.elapsed());
        tracing::info!(
            request_id, peer, %method, path, action, target, name, options, operation, lent, stack, key, status, code,
            gateway_ms, duration_ms, "request"
        );
    }
}

/// The code of an error: what its body, or a header of it, calls it.
fn code(response: &Response) -> Option<&str> {
    if response.status().as_u16() < 400 {
        return None;
    }
    let body = response.body();
    // A body may be anything; then the header is all that there is.
    let text = std::str::from_utf8(&body[..body.len().min(ERROR_BODY)]).unwrap_or_default();
    let json = |member: &str| {
        let rest = text.split_once(member)?.1.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        // `com.amazonaws.service#ResourceNotFoundException`
        word(rest.split('"').next()?.rsplit('#').next()?, 64)
    };
    let header = || {
        let name = response.headers().get(ERROR_TYPE)?.to_str().ok()?;
        word(name.split([':', ',']).next()?, 64)
    };
    let xml = || word(text.split_once("<Code>")?.1.split('<').next()?, 64);
    // The API's own word first: a gateway's header names what it refuses more coarsely.
    json("\"code\"").or_else(header).or_else(|| json("\"__type\"")).or_else(xml)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, StatusCode};

    fn answer(status: u16, body: &'static str) -> Response {
        let mut response = Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    }

    #[test]
    fn an_error_is_named_as_its_own_service_names_it() {
        for (body, expected) in [
            (r#"{"error":"Instance not found","code":"not_found"}"#, Some("not_found")),
            (
                r#"{"__type":"com.amazonaws.logs#ResourceNotFoundException","message":"x"}"#,
                Some("ResourceNotFoundException"),
            ),
            ("<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>", Some("InvalidInstanceID.NotFound")),
            (r#"{"message":"Forbidden"}"#, None),
            ("{\"code\":\"\u{1b}[2J\"}", None),
            (r#"{"code":5}"#, None),
        ] {
            assert_eq!(code(&answer(400, body)), expected, "{body}");
            assert_eq!(code(&answer(200, body)), None);
        }
        let mut named = answer(403, r#"{"message":"Forbidden"}"#);
        named.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static("ForbiddenException:http://x/"));
        assert_eq!(code(&named), Some("ForbiddenException"));
        let mut refused = answer(403, r#"{"error":"No API key","code":"unauthorized"}"#);
        refused.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static("ForbiddenException"));
        assert_eq!(code(&refused), Some("unauthorized"), "one refusal has one name");
    }

    #[test]
    fn of_a_query_only_plain_words_of_our_own_parameters_are_kept() {
        let words = |path: &str, query: &str| {
            let Words { action, target, name, options } = Words::of(path, Some(query));
            [action.unwrap_or_default(), target.unwrap_or_default(), name.unwrap_or_default(), options]
        };
        assert_eq!(words("/a/infra", "target=docker&action=start&name=web-1"), ["start", "docker", "web-1", ""]);
        assert_eq!(words("/a/infra", "action=reboot&token=secret"), ["reboot", "", "", ""]);
        let modified = ["modify", "", "", "type=t3.small&restart=1"];
        assert_eq!(words("/a/infra", "type=t3.small&action=modify&restart=1&type=other"), modified);
        assert_eq!(words("/a/infra", "action=%1b%5b2J&name=%e2%80%ae&target=a%20b&for=%1b&x=1"), ["", "", "", ""]);
        assert_eq!(words("/a/other", "action=start"), ["", "", "", ""]);
        assert_eq!(words("/a/infra", &format!("action=start&x={}", "y".repeat(QUERY))), ["", "", "", ""]);
    }
}
