//! Parameter mappings: where a parameter of one side comes from on the other.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping.html>

use super::{
    error::bad_request,
    incoming::Incoming,
    model::{Integration, IntegrationResponse, Method},
    template,
};
use crate::emulator::wire::AwsError;
use std::collections::BTreeMap;

/// The value of a parameter, or its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mapped {
    One(String),
    Many(Vec<String>),
}

impl Mapped {
    /// The value; of several all, with commas between.
    pub(super) fn one(&self) -> String {
        match self {
            Self::One(value) => value.clone(),
            Self::Many(values) => values.join(","),
        }
    }

    /// All values.
    pub(super) fn all(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// What an expression gives that names a part of the request, the context, a stage variable or a constant.
pub(super) fn request_value(expression: &str, incoming: &Incoming) -> Option<Mapped> {
    let Some(part) = expression.strip_prefix("method.request.") else { return common(expression, incoming) };
    if part == "body" {
        // What mappings, too, see of an empty body.
        let body = if incoming.body.is_empty() { "{}" } else { incoming.text() };
        return Some(Mapped::One(body.to_owned()));
    }
    let (place, name) = part.split_once('.')?;
    match place {
        "path" => incoming.parameters.path.get(name).cloned().map(Mapped::One),
        "querystring" => incoming.parameters.query.get(name).cloned().map(Mapped::One),
        "header" => incoming.parameters.header(name).cloned().map(Mapped::One),
        "multivaluequerystring" => Some(incoming.query_values(name)).filter(|all| !all.is_empty()).map(Mapped::Many),
        "multivalueheader" => Some(incoming.header_values(name)).filter(|all| !all.is_empty()).map(Mapped::Many),
        "body" => template::at_path(incoming.text(), name).map(Mapped::One),
        _ => None,
    }
}

/// What an expression gives that names a part of a backend's answer, or as [`request_value`].
pub(super) fn response_value(
    expression: &str,
    incoming: &Incoming,
    headers: &[(String, String)],
    body: &str,
) -> Option<Mapped> {
    let Some(part) = expression.strip_prefix("integration.response.") else { return common(expression, incoming) };
    if part == "body" {
        let body = if body.is_empty() { "{}" } else { body };
        return Some(Mapped::One(body.to_owned()));
    }
    let (place, name) = part.split_once('.')?;
    let values =
        || headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    match place {
        "header" => values().next_back().map(Mapped::One),
        "multivalueheader" => Some(values().collect::<Vec<_>>()).filter(|all| !all.is_empty()).map(Mapped::Many),
        "body" => template::at_path(body, name).map(Mapped::One),
        _ => None,
    }
}

/// Tells whether one of these mappings reads a body.
pub(super) fn reads_body(mappings: &BTreeMap<String, String>) -> bool {
    let bodies = ["method.request.body", "integration.response.body"];
    mappings.values().any(|source| bodies.iter().any(|body| source.starts_with(body)))
}

/// Tells whether mappings can read a body: what begins as JSON must be JSON.
pub(super) fn is_readable(body: &str) -> bool {
    !body.trim_start().starts_with(['{', '[', '"', '\'']) || template::is_json(body)
}

/// What both sides know.
fn common(expression: &str, incoming: &Incoming) -> Option<Mapped> {
    let value = if let Some(text) = constant(expression) {
        Some(text.to_owned())
    } else if let Some(name) = expression.strip_prefix("stageVariables.") {
        incoming.stage_variables.get(name).cloned()
    } else {
        incoming.context_value(expression.strip_prefix("context.")?)
    };
    value.map(Mapped::One)
}

fn constant(expression: &str) -> Option<&str> {
    expression.strip_prefix('\'')?.strip_suffix('\'')
}

fn invalid(what: &str) -> AwsError {
    bad_request(format!("Invalid mapping expression specified: Validation Result: warnings : [], errors : [{what}]"))
}

/// Checks the mappings of an integration; with its method, also that the method knows what they name.
pub(super) fn check_request(integration: &Integration, method: Option<&Method>) -> Result<(), AwsError> {
    for (target, source) in &integration.request_parameters {
        let place = target.strip_prefix("integration.request.").and_then(|target| target.split_once('.'));
        if !place.is_some_and(|(place, name)| matches!(place, "path" | "querystring" | "header") && !name.is_empty()) {
            return Err(invalid(&format!("Invalid mapping expression specified: {target}")));
        }
        check_source(
            source,
            "method.request.",
            &["path", "querystring", "header", "multivaluequerystring", "multivalueheader"],
        )?;
        let named = source.starts_with("method.request.") && !source.starts_with("method.request.body");
        let single = source.replacen("multivalue", "", 1);
        let is_known = |method: &Method| method.request_parameters.contains_key(&single);
        if named && method.is_some_and(|method| !is_known(method)) {
            return Err(invalid(&format!("Invalid mapping expression parameter specified: {source}")));
        }
    }
    Ok(())
}

/// Checks the mappings of an answer; with its method, also that the method may answer so.
pub(super) fn check_response(response: &IntegrationResponse, method: Option<&Method>) -> Result<(), AwsError> {
    for (target, source) in &response.response_parameters {
        if target.strip_prefix("method.response.header.").is_none_or(str::is_empty) {
            return Err(invalid(&format!("Invalid mapping expression specified: {target}")));
        }
        check_source(source, "integration.response.", &["header", "multivalueheader"])?;
        let Some(method) = method else { continue };
        let known = method.responses.get(&response.status_code);
        if !known.is_some_and(|known| known.response_parameters.contains_key(target)) {
            return Err(invalid(&format!("Invalid mapping expression parameter specified: {target}")));
        }
    }
    Ok(())
}

fn check_source(source: &str, prefix: &str, places: &[&str]) -> Result<(), AwsError> {
    let of_side = source.strip_prefix(prefix).is_some_and(|part| {
        part == "body"
            || part
                .split_once('.')
                .is_some_and(|(place, name)| (places.contains(&place) || place == "body") && !name.is_empty())
    });
    let common = constant(source).is_some()
        || ["context.", "stageVariables."]
            .iter()
            .any(|prefix| source.len() > prefix.len() && source.starts_with(prefix));
    if of_side || common { Ok(()) } else { Err(invalid(&format!("Invalid mapping expression specified: {source}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn incoming() -> Incoming {
        Incoming {
            body: r#"{"a":{"b":[1,"x"]}}"#.into(),
            context: json!({ "identity": { "sourceIp": "192.0.2.1", "user": null } }),
            stage_variables: [("v".to_owned(), "1".to_owned())].into(),
            ..Incoming::default()
        }
        .with_parameters(
            [("id".to_owned(), "7".to_owned())].into(),
            vec![("q".to_owned(), "1".to_owned()), ("q".to_owned(), "2".to_owned())],
            vec![("X-A".to_owned(), "h".to_owned())],
        )
    }

    #[test]
    fn an_expression_names_a_part_of_the_request() {
        for (expression, value) in [
            ("'static'", Some("static")),
            ("method.request.path.id", Some("7")),
            ("method.request.querystring.q", Some("2")),
            ("method.request.multivaluequerystring.q", Some("1,2")),
            ("method.request.header.x-a", Some("h")),
            ("method.request.body.a.b[1]", Some("x")),
            ("method.request.body.a", Some(r#"{"b":[1,"x"]}"#)),
            ("context.identity.sourceIp", Some("192.0.2.1")),
            ("context.identity.user", None),
            ("stageVariables.v", Some("1")),
            ("stageVariables.w", None),
            ("method.request.header.none", None),
        ] {
            let found = request_value(expression, &incoming()).map(|value| value.one());
            assert_eq!(found.as_deref(), value, "{expression}");
        }
    }

    #[test]
    fn an_empty_answer_is_an_empty_object_to_a_mapping_and_broken_json_cannot_be_read() {
        let headers = [("Test".to_owned(), "a".to_owned()), ("test".to_owned(), "b".to_owned())];
        for (expression, body, value) in [
            ("integration.response.body", "", Some("{}")),
            ("integration.response.body", "<text>", Some("<text>")),
            ("integration.response.body.pets[0].name", r#"{"pets":[{"name":"x"}]}"#, Some("x")),
            ("integration.response.body.pets[0].name", r#"{"pets":{"name":"x"}}"#, None),
            ("integration.response.multivalueheader.test", "", Some("a,b")),
            ("stageVariables.v", "", Some("1")),
        ] {
            let found = response_value(expression, &incoming(), &headers, body).map(|value| value.one());
            assert_eq!(found.as_deref(), value, "{expression} of {body}");
        }
        for (body, is_read) in
            [("", true), ("<text>", true), ("{\"a\":1}", true), ("\n{wrongjson", false), ("[1", false), ("\"a", false)]
        {
            assert_eq!(is_readable(body), is_read, "{body}");
        }
        let mappings = |source: &str| -> BTreeMap<String, String> {
            [("integration.request.header.a".to_owned(), source.to_owned())].into()
        };
        assert!(reads_body(&mappings("method.request.body.a")) && !reads_body(&mappings("method.request.header.body")));
    }

    #[test]
    fn a_mapping_names_only_what_there_is() {
        let check = |target: &str, source: &str| {
            let integration = json!({ "type": "HTTP", "requestParameters": { target: source } });
            let method = Method {
                request_parameters: [("method.request.querystring.q".to_owned(), false)].into(),
                ..Method::default()
            };
            check_request(&serde_json::from_value(integration).unwrap(), Some(&method))
        };
        for (target, source) in [
            ("integration.request.header.a", "'x'"),
            ("integration.request.querystring.a", "method.request.querystring.q"),
            ("integration.request.querystring.a", "method.request.multivaluequerystring.q"),
            ("integration.request.header.a", "method.request.body.x"),
            ("integration.request.path.a", "context.requestId"),
        ] {
            check(target, source).unwrap();
        }
        for (target, source) in [
            ("integration.request.cookie.a", "'x'"),
            ("integration.request.header.a", "x"),
            ("integration.request.header.a", "method.request.cookie.a"),
            ("integration.request.header.a", "method.request.querystring.other"),
            ("integration.request.header.", "'x'"),
        ] {
            assert_eq!(check(target, source).unwrap_err().code, "BadRequestException", "{target} = {source}");
        }
    }
}
