//! Integrations that are no Lambda proxy: the request that a backend gets, and the answer that the caller gets of what
//! the backend says.
//!
//! Not here: how backends are reached ([`super::function`], [`super::backend`], [`super::service_call`]).

use super::{
    backend, choice, encoding,
    event::is_binary,
    failure::Failure,
    function::{Function, Outcome},
    headers::{self, replace},
    incoming::Incoming,
    journal::Journal,
    mapping::{self, Mapped},
    model::{Integration, IntegrationKind},
    service_call::{self, Caller},
    template::{self, Given, Made, Side},
    uri::function_arn,
};
use crate::http1::Response;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeMap;

/// What may stand in a query string.
const ESCAPED_IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a backend said.
struct Reply {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Bytes,
    /// What the patterns of the integration's responses are compared with.
    subject: String,
}

/// What a backend is asked.
struct Asked {
    path: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// Has an integration answer a request; `caller` is whoever invokes functions and services on its behalf.
pub(super) async fn answer(
    integration: &Integration,
    incoming: &Incoming,
    caller: &Caller<'_>,
) -> Result<Response, Failure> {
    let (asked, set) = ask(integration, incoming)?;
    let uri = filled(integration.uri.as_deref().unwrap_or_default(), &asked.path, incoming)?;
    let reply = match integration.kind {
        IntegrationKind::Mock => mock(&asked),
        IntegrationKind::Http | IntegrationKind::HttpProxy => http(integration, &uri, asked, incoming, caller).await,
        IntegrationKind::Aws | IntegrationKind::AwsProxy => match function_arn(&uri) {
            Some(arn) => lambda(integration, arn, asked, incoming, caller).await,
            None => service(integration, &uri, asked, incoming, caller).await,
        },
    }?;
    incoming.journal.backend_answered(reply.status.as_u16());
    if integration.kind != IntegrationKind::Mock {
        let text = || String::from_utf8_lossy(&reply.body).into_owned();
        incoming.journal.note(|| format!("Endpoint response headers: {{{}}}", listed(&reply.headers)));
        incoming.journal.note(|| format!("Endpoint response body before transformations: {}", text()));
    }
    if integration.kind == IntegrationKind::HttpProxy {
        Ok(passed_on(reply))
    } else {
        respond(integration, incoming, &set, &reply)
    }
}

/// The filled text of headers, as logs show it.
fn listed(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}

/// Makes the request: its parameters by their mappings, its body by a template. Gives also what the template has set for the
/// template of the answer.
fn ask(integration: &Integration, incoming: &Incoming) -> Result<(Asked, Value), Failure> {
    headers::check_mapped(integration, incoming)?;
    if mapping::reads_body(&integration.request_parameters) && !mapping::is_readable(incoming.text()) {
        return Err(Failure::Json);
    }
    let is_proxy = integration.kind == IntegrationKind::HttpProxy;
    let (query, sent) = if is_proxy { (incoming.query.clone(), headers::passed(incoming)) } else { (vec![], vec![]) };
    let mut asked = Asked { path: BTreeMap::new(), query, headers: sent, body: incoming.body.clone() };
    if !is_proxy {
        let content_type = incoming.content_type().to_owned();
        asked.headers.push(("Content-Type".to_owned(), content_type));
    }
    for (target, source) in &integration.request_parameters {
        let (Some(target), Some(value)) =
            (target.strip_prefix("integration.request."), mapping::request_value(source, incoming))
        else {
            continue;
        };
        match target.split_once('.') {
            Some(("path", name)) => {
                asked.path.insert(name.to_owned(), value.one());
            }
            Some(("querystring", name)) => replace(&mut asked.query, name, value, |a, b| a == b),
            Some(("header", name)) => replace(&mut asked.headers, name, value, str::eq_ignore_ascii_case),
            _ => {}
        }
    }
    let mut set = Value::Null;
    if !is_proxy && let Some(made) = rewrite(integration, incoming, &mut asked.body)? {
        let overrides = made.overrides;
        set = made.set;
        asked.path.extend(overrides.path);
        for (name, value) in overrides.query {
            replace(&mut asked.query, &name, Mapped::One(value), |a, b| a == b);
        }
        for (name, value) in overrides.headers {
            replace(&mut asked.headers, &name, Mapped::One(value), str::eq_ignore_ascii_case);
        }
    }
    if matches!(integration.kind, IntegrationKind::Http | IntegrationKind::HttpProxy) {
        headers::add_own(&mut asked.headers, incoming);
    }
    // Of a MOCK there is no endpoint that anything could be written down about.
    if integration.kind != IntegrationKind::Mock {
        let text = || String::from_utf8_lossy(&asked.body).into_owned();
        incoming.journal.note(|| format!("Endpoint request headers: {{{}}}", listed(&asked.headers)));
        incoming.journal.note(|| format!("Endpoint request body after transformations: {}", text()));
    }
    Ok((asked, set))
}

/// Runs the template for the request's type, if there is one and the integration wants it.
fn rewrite(integration: &Integration, incoming: &Incoming, body: &mut Bytes) -> Result<Option<Made>, Failure> {
    let content_type = incoming.content_type();
    let is_bytes = is_binary(&incoming.binary_media_types, content_type);
    let handling = integration.content_handling.as_deref();
    let as_text = if is_bytes && handling == Some("CONVERT_TO_TEXT") {
        *body = BASE64_STANDARD.encode(&body).into();
        std::str::from_utf8(body).unwrap_or_default().to_owned()
    } else {
        String::from_utf8_lossy(&incoming.body).into_owned()
    };
    let templates = &integration.request_templates;
    let chosen = templates.iter().find(|(kind, _)| kind.eq_ignore_ascii_case(content_type)).map(|(_, text)| text);
    let made = match (chosen, integration.passthrough_behavior.as_str()) {
        // A template cannot look into bytes.
        (Some(_), _) if is_bytes && handling != Some("CONVERT_TO_TEXT") => return Err(Failure::Configuration),
        (Some(_), _) if handling == Some("CONVERT_TO_BINARY") && !body.is_empty() => {
            return Err(Failure::Configuration);
        }
        (Some(template), _) => {
            let given = Given {
                body: &as_text,
                parameters: &incoming.parameters,
                context: &incoming.context,
                stage_variables: &incoming.stage_variables,
            };
            let mut made =
                template::render(template, &given, Side::Request).map_err(|trouble| failed(incoming, &trouble))?;
            *body = std::mem::take(&mut made.text).into();
            Some(made)
        }
        (None, "NEVER") => return Err(Failure::MediaType),
        (None, "WHEN_NO_TEMPLATES") if !templates.is_empty() => return Err(Failure::MediaType),
        (None, _) => None,
    };
    if !is_bytes && handling == Some("CONVERT_TO_BINARY") {
        *body = encoding::decoded(body)?;
    } else if !is_bytes && made.is_none() {
        // What is not declared binary is taken for text.
        *body = as_text.into();
    }
    Ok(made)
}

fn failed(incoming: &Incoming, trouble: &template::TemplateError) -> Failure {
    let request_id = incoming.context_value("requestId");
    tracing::warn!(request_id, %trouble, "a mapping template fails");
    incoming.journal.note(|| format!("Execution failed due to configuration error: Unable to transform: {trouble}"));
    Failure::Configuration
}

/// Fills the stage variables and the parameters of the path into a URI.
fn filled(uri: &str, path: &BTreeMap<String, String>, incoming: &Incoming) -> Result<String, Failure> {
    let mut filled = with_stage_variables(uri, &incoming.stage_variables);
    for (name, value) in path {
        // What a caller says never chooses the server.
        let host_end =
            filled.find("://").map_or(0, |at| filled[at + 3..].find('/').map_or(filled.len(), |end| at + 3 + end));
        let (server, rest) = filled.split_at(host_end);
        let value = backend::in_path(&percent_encoding::percent_decode_str(value).decode_utf8_lossy());
        filled = format!("{server}{}", rest.replace(&format!("{{{name}}}"), &value));
    }
    if filled.contains(['{', '}']) {
        let request_id = incoming.context_value("requestId");
        tracing::warn!(request_id, uri, "an integration's URI has parameters that nothing is mapped to");
        let why = "Execution failed due to configuration error: Invalid endpoint address";
        incoming.journal.note(|| why.to_owned());
        return Err(Failure::Configuration);
    }
    Ok(filled)
}

/// Fills `${stageVariables.name}` into a text.
pub(in crate::emulator) fn with_stage_variables(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut filled = text.to_owned();
    for (name, value) in variables {
        filled = filled.replace(&format!("${{stageVariables.{name}}}"), value);
    }
    filled
}

fn mock(asked: &Asked) -> Result<Reply, Failure> {
    let subject = std::str::from_utf8(&asked.body).ok().and_then(template::status_code);
    let subject = subject.ok_or(Failure::Configuration)?;
    Ok(Reply { status: StatusCode::OK, headers: Vec::new(), body: Bytes::new(), subject })
}

async fn lambda(
    integration: &Integration,
    arn: &str,
    asked: Asked,
    incoming: &Incoming,
    caller: &Caller<'_>,
) -> Result<Reply, Failure> {
    let role = role(integration, &incoming.stage_variables);
    let function = called(integration, (arn, role.as_deref()), &incoming.journal, caller)?;
    let is_event = asked
        .headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("x-amz-invocation-type") && value.eq_ignore_ascii_case("event"));
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let payload = if asked.body.is_empty() { Bytes::from_static(b"{}") } else { asked.body };
    if serde_json::from_slice::<serde::de::IgnoredAny>(&payload).is_err() {
        // In Lambda's words, which an API passes on.
        let message = "Could not parse request body into json";
        let body = serde_json::json!({ "Type": "User", "message": message }).to_string().into();
        return Ok(Reply { status: StatusCode::BAD_REQUEST, headers: json, body, subject: "400".to_owned() });
    }
    let (status, body, subject) = match function.invoke(payload, !is_event).await? {
        Outcome::Result(body) => (StatusCode::OK, body, String::new()),
        Outcome::Accepted => (StatusCode::ACCEPTED, Bytes::new(), String::new()),
        Outcome::Error(document) => {
            let error: Value = serde_json::from_slice(&document).unwrap_or_default();
            let message = error["errorMessage"].as_str().unwrap_or_default().to_owned();
            (StatusCode::OK, document, message)
        }
    };
    Ok(Reply { status, headers: json, body, subject })
}

/// The role that an integration acts as, with the stage's variables in its name.
pub(super) fn role(integration: &Integration, variables: &BTreeMap<String, String>) -> Option<String> {
    integration.credentials.as_deref().map(|role| with_stage_variables(role, variables))
}

/// The function that an integration calls, and as whom, if it calls it as a function is called.
pub(super) fn called<'f>(
    integration: &Integration,
    (arn, role): (&'f str, Option<&'f str>),
    journal: &Journal,
    caller: &Caller<'f>,
) -> Result<Function<'f>, Failure> {
    let function = Function { arn, role, limit: limit(integration), ..caller.function() };
    function.check_method(integration.http_method.as_deref(), journal)?;
    Ok(function)
}

fn limit(integration: &Integration) -> std::time::Duration {
    std::time::Duration::from_millis(integration.timeout_in_millis.into())
}

async fn http(
    integration: &Integration,
    uri: &str,
    asked: Asked,
    incoming: &Incoming,
    caller: &Caller<'_>,
) -> Result<Reply, Failure> {
    let method = integration.http_method.as_deref().filter(|method| *method != "ANY").unwrap_or(&incoming.method);
    let method: Method = method.parse().map_err(|_| Failure::Configuration)?;
    let query: Vec<String> =
        asked.query.iter().map(|(name, value)| format!("{}={}", in_query(name), in_query(value))).collect();
    let between = if uri.contains('?') { "&" } else { "?" };
    let uri = if query.is_empty() { uri.to_owned() } else { format!("{uri}{between}{}", query.join("&")) };
    let uri: Uri = uri.parse().map_err(|_| Failure::Configuration)?;
    let has_body = !asked.body.is_empty();
    let mut headers = HeaderMap::new();
    for (name, value) in asked.headers {
        let is_type_of_nothing = !has_body && name.eq_ignore_ascii_case("content-type");
        if let (Ok(name), Ok(value), false) = (name.parse::<HeaderName>(), value.parse(), is_type_of_nothing) {
            headers.append(name, value);
        }
    }
    incoming.journal.note(|| format!("Sending request to {uri}"));
    let sent = backend::call(method, uri, headers, asked.body);
    let answer = caller.context.config.clock.timeout(limit(integration), sent).await.ok_or(Failure::Timeout)??;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let subject = answer.status.as_u16().to_string();
    Ok(Reply { status: answer.status, headers, body: answer.body, subject })
}

fn in_query(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED_IN_QUERY).to_string()
}

async fn service(
    integration: &Integration,
    uri: &str,
    asked: Asked,
    incoming: &Incoming,
    caller: &Caller<'_>,
) -> Result<Reply, Failure> {
    let role = role(integration, &incoming.stage_variables);
    let call = service_call::Asked {
        method: integration.http_method.as_deref().unwrap_or("POST"),
        uri,
        role: role.as_deref().unwrap_or_default(),
        query: &asked.query,
        headers: &asked.headers,
        body: asked.body,
    };
    let answered = caller.context.config.clock.timeout(limit(integration), service_call::call(call, caller)).await;
    let response = answered.ok_or(Failure::Timeout)??;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let status = response.status();
    Ok(Reply { status, headers, body: response.into_body(), subject: status.as_u16().to_string() })
}

/// The answer of a proxied server; what belongs to its connection, and the id that it gave the request, only tell.
fn passed_on(reply: Reply) -> Response {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    for (name, value) in reply.headers {
        if let (Some(name), Ok(value)) = (headers::passed_on(&name), HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Chooses one of the integration's responses, and makes the answer as it says.
fn respond(integration: &Integration, incoming: &Incoming, set: &Value, reply: &Reply) -> Result<Response, Failure> {
    let chosen = choice::response(integration, &reply.subject);
    let chosen = chosen.ok_or_else(|| {
        incoming.journal.note(|| {
            "Execution failed due to configuration error: No match for output mapping and no default output mapping configured"
                .to_owned()
        });
        Failure::Configuration
    })?;
    let mapped = String::from_utf8_lossy(&reply.body).into_owned();
    if mapping::reads_body(&chosen.response_parameters) && !mapping::is_readable(&mapped) {
        return Err(Failure::Configuration);
    }
    let declared = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let declared = declared.map_or("", |(_, kind)| kind.as_str());
    let handling = chosen.content_handling.as_deref();
    let mut body = encoding::handled(handling, incoming, declared, &reply.body)?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let trouble = |trouble: template::TemplateError| failed(incoming, &trouble);
    let mut overrides = template::overrides_in(set, Side::Response).map_err(trouble)?;
    if let Some((content_type, template)) = choice::template(chosen, incoming.accept()) {
        // A template cannot look into bytes.
        if !body.is_empty() && !encoding::becomes_text(handling, incoming) {
            return Err(Failure::Configuration);
        }
        let given = Given {
            body: &text,
            parameters: &incoming.parameters,
            context: &with(incoming.context.clone(), set),
            stage_variables: &incoming.stage_variables,
        };
        let made = template::render(template, &given, Side::Response).map_err(trouble)?;
        (body, overrides) = (made.text.into(), made.overrides);
        if let Ok(content_type) = content_type.parse() {
            headers.insert(header::CONTENT_TYPE, content_type);
        }
    }
    for (target, source) in &chosen.response_parameters {
        let Some(name) = target.strip_prefix("method.response.header.") else { continue };
        if let Some(value) = mapping::response_value(source, incoming, &reply.headers, &mapped) {
            put_header(&mut headers, name, value.all());
        }
    }
    for (name, value) in overrides.headers {
        put_header(&mut headers, &name, vec![value]);
    }
    // What is no status at all overrides nothing.
    let is_status = |status: &String| status.parse().is_ok_and(|code: u16| (100..600).contains(&code));
    let status = overrides.status.filter(is_status).unwrap_or_else(|| chosen.status_code.clone());
    let status = status
        .parse()
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .filter(|status| status.as_u16() >= 200);
    let status = status.ok_or(Failure::Configuration)?;
    incoming.journal.note(|| format!("Method response body after transformations: {}", String::from_utf8_lossy(&body)));
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        body = Bytes::new();
    }
    let mut response = Response::new(body);
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    Ok(response)
}

/// `$context` with what a template has set of it.
fn with(mut context: Value, set: &Value) -> Value {
    for (name, set) in set.as_object().into_iter().flatten() {
        context[name.as_str()] = set.clone();
    }
    context
}

fn put_header(headers: &mut HeaderMap, name: &str, values: Vec<String>) {
    let Some(name) = super::answer::mapped_name(name) else { return };
    headers.remove(&name);
    for value in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(name.clone(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn integration(more: &Value) -> Integration {
        let mut value = json!({
            "type": "MOCK",
            "requestTemplates": { "application/json": "{ statusCode: 204 }" },
            "integrationResponses": {
                "200": { "statusCode": "200", "responseTemplates": { "application/json": "{}" } },
                "204": {
                    "statusCode": "204", "selectionPattern": "2\\d4",
                    "responseParameters": { "method.response.header.Allow": "'GET'" },
                },
            },
        });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(value).unwrap()
    }

    fn mocked(integration: &Integration, incoming: &Incoming) -> Result<Response, Failure> {
        let (asked, set) = ask(integration, incoming)?;
        respond(integration, incoming, &set, &mock(&asked)?)
    }

    #[test]
    fn the_request_template_chooses_the_response() {
        let answer = mocked(&integration(&json!({})), &Incoming::default()).unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.headers()["allow"], "GET");
        let other = integration(&json!({ "requestTemplates": { "application/json": "{\"statusCode\":500}" } }));
        let answer = mocked(&other, &Incoming::default()).unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, b"{}".as_slice()));
        let none = integration(&json!({ "requestTemplates": {} }));
        assert_eq!(mocked(&none, &Incoming::default()).unwrap_err(), Failure::Configuration);
    }

    #[test]
    fn what_the_template_of_a_request_sets_of_the_answer_holds() {
        let request = "#set($context.responseOverride.status = 444)#set($context.responseOverride.custom = 'c')\
                       #set($context.requestOverride.path.p = 'p'){\"statusCode\": 200}";
        let response = "$context.responseOverride.custom $context.requestOverride.path.p";
        for (templates, body) in [(json!({ "application/json": response }), "c p"), (json!({}), "")] {
            let integration = integration(&json!({
                "requestTemplates": { "application/json": request },
                "integrationResponses": { "200": { "statusCode": "200", "responseTemplates": templates } },
            }));
            let incoming = Incoming { context: json!({}), ..Incoming::default() };
            let answer = mocked(&integration, &incoming).unwrap();
            assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (444, body.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_status_overrides_none() {
        for (set, status) in [("418", 418), ("600", 200), ("99", 200), ("'x'", 200)] {
            let template = format!("#set($context.responseOverride.status = {set})");
            let integration = integration(&json!({
                "requestTemplates": { "application/json": "{\"statusCode\":200}" },
                "integrationResponses": {
                    "200": { "statusCode": "200", "responseTemplates": { "application/json": template } },
                },
            }));
            let incoming = Incoming { context: json!({}), ..Incoming::default() };
            assert_eq!(mocked(&integration, &incoming).unwrap().status(), status, "{set}");
        }
    }

    #[test]
    fn a_template_cannot_look_into_bytes_on_either_side() {
        let answered = |request: Option<&str>, response: Option<&str>| {
            let integration = integration(&json!({
                "type": "HTTP", "uri": "http://127.0.0.1/", "contentHandling": request,
                "requestTemplates": { "application/json": "$input.body" },
                "integrationResponses": { "200": {
                    "statusCode": "200", "contentHandling": response,
                    "responseTemplates": { "application/json": "<$input.body>" },
                } },
            }));
            let incoming = Incoming { body: "aGk=".into(), context: json!({}), ..Incoming::default() };
            let (asked, set) = ask(&integration, &incoming)?;
            let (status, subject) = (StatusCode::OK, "200".to_owned());
            let reply = Reply { status, headers: Vec::new(), body: asked.body, subject };
            respond(&integration, &incoming, &set, &reply).map(|answer| answer.body().clone())
        };
        let (to_bytes, to_text) = (Some("CONVERT_TO_BINARY"), Some("CONVERT_TO_TEXT"));
        for (request, response) in [(None, None), (to_text, None), (None, to_text)] {
            assert_eq!(answered(request, response).unwrap(), "<aGk=>");
        }
        for (request, response) in [(to_bytes, None), (None, to_bytes)] {
            assert_eq!(answered(request, response), Err(Failure::Configuration));
        }
    }

    #[test]
    fn a_mapping_of_a_body_that_is_broken_json_ends_the_request() {
        let integration = integration(&json!({
            "type": "HTTP", "uri": "http://127.0.0.1/",
            "requestParameters": { "integration.request.header.a": "method.request.body.name" },
        }));
        let asked = |body: &'static str| ask(&integration, &Incoming { body: body.into(), ..Incoming::default() });
        assert_eq!(asked("\n{wrong").map(drop), Err(Failure::Json));
        let (asked, _) = asked("{\"name\":\"x\"}").unwrap();
        assert!(asked.headers.contains(&("a".to_owned(), "x".to_owned())));
    }

    #[test]
    fn the_role_of_an_integration_may_be_named_by_a_stage_variable() {
        let integration = integration(&json!({ "credentials": "arn:aws:iam::000000000000:${stageVariables.who}" }));
        let variables = [("who".to_owned(), "role/r".to_owned())].into();
        assert_eq!(role(&integration, &variables).as_deref(), Some("arn:aws:iam::000000000000:role/r"));
    }

    #[test]
    fn a_body_of_another_type_passes_as_the_integration_says() {
        let text = Incoming { body: "{\"statusCode\":204}".into(), ..Incoming::default() };
        let text = text.with_parameters(BTreeMap::new(), vec![], vec![("Content-Type".into(), "text/plain".into())]);
        for (behaviour, templates, outcome) in [
            ("WHEN_NO_MATCH", json!({ "application/json": "{}" }), Ok(204)),
            ("WHEN_NO_TEMPLATES", json!({ "application/json": "{}" }), Err(Failure::MediaType)),
            ("WHEN_NO_TEMPLATES", json!({}), Ok(204)),
            ("NEVER", json!({}), Err(Failure::MediaType)),
        ] {
            let integration = integration(&json!({ "passthroughBehavior": behaviour, "requestTemplates": templates }));
            let answered = mocked(&integration, &text).map(|response| response.status().as_u16());
            assert_eq!(answered, outcome, "{behaviour}");
        }
    }

    #[test]
    fn a_uri_takes_parameters_but_never_its_server_from_a_caller() {
        let incoming =
            Incoming { stage_variables: [("host".to_owned(), "h:1".to_owned())].into(), ..Incoming::default() };
        let path = [("a".to_owned(), "x/y z?#".to_owned())].into();
        let uri = filled("http://${stageVariables.host}/p/{a}", &path, &incoming).unwrap();
        assert_eq!(uri, "http://h:1/p/x/y%20z%3F%23");
        assert_eq!(filled("http://{a}/p", &path, &incoming), Err(Failure::Configuration));
        assert_eq!(filled("http://h/{b}", &path, &incoming), Err(Failure::Configuration));
    }
}
