//! The headers of integrations: what API Gateway writes itself, what servers get, and what callers get back of theirs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>

use super::{
    answer, backend,
    failure::Failure,
    incoming::Incoming,
    mapping::{self, Mapped},
    model::{Integration, IntegrationKind},
};
use http::HeaderName;

/// Headers that API Gateway writes itself, so that nothing may be mapped to them.
const WRITTEN: [&str; 4] = ["content-length", "transfer-encoding", "x-amzn-apigateway-api-id", "x-amzn-trace-id"];
/// Headers to which, where a function or a service answers, nothing may be mapped either.
const WRITTEN_TO_SERVICES: [&str; 5] = ["authorization", "connection", "expect", "proxy-authenticate", "te"];
/// Headers that servers never get.
const NOT_SENT: [&str; 4] = ["expect", "proxy-authenticate", "te", "via"];

/// Refuses an integration by which something is mapped to a header that is not its to write.
pub(super) fn check_mapped(integration: &Integration, incoming: &Incoming) -> Result<(), Failure> {
    let is_service = matches!(integration.kind, IntegrationKind::Aws | IntegrationKind::AwsProxy);
    for (target, source) in &integration.request_parameters {
        let Some(name) = target.strip_prefix("integration.request.header.") else { continue };
        let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let is_written = is_one_of(&WRITTEN) || is_service && is_one_of(&WRITTEN_TO_SERVICES);
        if is_written && mapping::request_value(source, incoming).is_some() {
            let request_id = incoming.context_value("requestId");
            tracing::warn!(request_id, name, "an integration maps a value to a header that API Gateway writes itself");
            let why = || format!("Execution failed due to configuration error: {name} header already present");
            incoming.journal.note(why);
            return Err(Failure::Configuration);
        }
    }
    Ok(())
}

/// Says to a server who calls it, and takes away what servers never get.
pub(super) fn add_own(headers: &mut Vec<(String, String)>, incoming: &Incoming) {
    headers.retain(|(name, _)| !NOT_SENT.iter().any(|dropped| dropped.eq_ignore_ascii_case(name)));
    let api = incoming.context_value("apiId").unwrap_or_default();
    let agent = format!("AmazonAPIGateway_{api}");
    for (name, value) in [("Accept", "application/json".to_owned()), ("User-Agent", agent)] {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value));
        }
    }
    let trace = incoming.parameters.header("x-amzn-trace-id").cloned();
    for (name, value) in [("X-Amzn-Apigateway-Api-Id", Some(api)), ("X-Amzn-Trace-Id", trace)] {
        if let Some(value) = value {
            replace(headers, name, Mapped::One(value), str::eq_ignore_ascii_case);
        }
    }
}

/// The caller's headers that go on to a server as they are.
pub(super) fn passed(incoming: &Incoming) -> Vec<(String, String)> {
    let is_passed = |name: &str| backend::is_passed(name) && !name.eq_ignore_ascii_case("content-encoding");
    incoming.headers.iter().filter(|(name, _)| is_passed(name)).cloned().collect()
}

/// Puts a value, or values, in the place of what has the name.
pub(super) fn replace(all: &mut Vec<(String, String)>, name: &str, value: Mapped, same: fn(&str, &str) -> bool) {
    all.retain(|(known, _)| !same(known, name));
    all.extend(value.all().into_iter().map(|value| (name.to_owned(), value)));
}

/// The name under which a caller gets a header of a proxied server: what belongs to the connection, and the id that the
/// server gave the request, only tell.
pub(super) fn passed_on(name: &str) -> Option<HeaderName> {
    match name {
        "connection" | "content-length" => answer::header_name(name),
        "x-amzn-requestid" => Some(HeaderName::from_static("x-amzn-remapped-x-amzn-requestid")),
        "via" => None,
        other => answer::header_name(other).filter(|_| backend::is_passed(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn incoming(headers: &[(&str, &str)]) -> Incoming {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let known = Incoming { context: json!({ "apiId": "abc" }), ..Incoming::default() };
        known.with_parameters(BTreeMap::new(), vec![], headers)
    }

    #[test]
    fn nothing_is_mapped_to_a_header_that_api_gateway_writes_itself() {
        let check = |kind: &str, header: &str, source: &str| {
            let parameters = json!({ format!("integration.request.header.{header}"): source });
            let integration: Value = json!({ "type": kind, "requestParameters": parameters });
            check_mapped(&serde_json::from_value(integration).unwrap(), &incoming(&[("x-own", "1")]))
        };
        for kind in ["HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"] {
            for header in ["Content-Length", "Transfer-Encoding"] {
                assert_eq!(check(kind, header, "'x'"), Err(Failure::Configuration), "{kind} {header}");
            }
            check(kind, "X-Own", "'x'").unwrap();
            // What is not there is mapped to nothing.
            check(kind, "Content-Length", "method.request.header.none").unwrap();
        }
        for header in ["Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE"] {
            check("HTTP", header, "'x'").unwrap();
            assert_eq!(check("AWS_PROXY", header, "method.request.header.x-own"), Err(Failure::Configuration));
            assert_eq!(check("AWS", header, "'x'"), Err(Failure::Configuration), "{header}");
        }
    }

    #[test]
    fn a_server_is_told_who_calls_it_unless_somebody_else_says_so() {
        let own = |mut headers: Vec<(String, String)>| {
            add_own(&mut headers, &incoming(&[("X-Amzn-Trace-Id", "Root=1-5")]));
            let read = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
            headers.into_iter().map(read).collect::<BTreeMap<_, _>>()
        };
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let texts = |wanted: &[(&str, &str)]| pairs(wanted).into_iter().collect::<BTreeMap<_, _>>();
        assert_eq!(
            own(vec![]),
            texts(&[
                ("accept", "application/json"),
                ("user-agent", "AmazonAPIGateway_abc"),
                ("x-amzn-apigateway-api-id", "abc"),
                ("x-amzn-trace-id", "Root=1-5"),
            ])
        );
        let given = [("Accept", "a/b"), ("user-Agent", "curl"), ("TE", "x"), ("Via", "x"), ("x-own", "1")];
        assert_eq!(
            own(pairs(&given)),
            texts(&[
                ("accept", "a/b"),
                ("user-agent", "curl"),
                ("x-amzn-apigateway-api-id", "abc"),
                ("x-amzn-trace-id", "Root=1-5"),
                ("x-own", "1"),
            ])
        );
    }

    #[test]
    fn a_caller_gets_the_headers_of_a_server_but_none_that_would_be_taken_for_the_gateways() {
        let got: HeaderMap<&str> = [
            "connection",
            "content-encoding",
            "content-length",
            "content-type",
            "date",
            "server",
            "transfer-encoding",
            "upgrade",
            "via",
            "x-amzn-requestid",
            "x-own",
        ]
        .into_iter()
        .filter_map(|name| Some((passed_on(name)?, name)))
        .collect();
        let mut names: Vec<_> = got.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "content-encoding",
                "content-type",
                "x-amzn-remapped-connection",
                "x-amzn-remapped-content-length",
                "x-amzn-remapped-date",
                "x-amzn-remapped-server",
                "x-amzn-remapped-x-amzn-requestid",
                "x-own",
            ]
        );
    }
}
