//! What an API's own CORS configuration does: it answers preflights, and puts headers on what other routes answer. What
//! the backend says about other origins is then replaced.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>

use super::{error::bad_request, model::Cors};
use crate::{edge::origin::silence, emulator::wire::AwsError, http1::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// The methods that may be named; all of them are `*`.
const METHODS: [&str; 8] = ["*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Checks a configuration.
pub(super) fn check(cors: &Cors) -> Result<(), AwsError> {
    if cors.allow_credentials == Some(true) && cors.allow_origins.iter().any(|origin| origin == "*") {
        return Err(bad_request("allow-credentials is not supported if 'allow-origin' is *"));
    }
    if let Some(method) = cors.allow_methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
        return Err(bad_request(format!("Invalid method specified in allowMethods: {method}")));
    }
    let is_origin = |origin: &str| {
        origin == "*" || origin.split_once("://").is_some_and(|(scheme, host)| !scheme.is_empty() && !host.is_empty())
    };
    if let Some(origin) = cors.allow_origins.iter().find(|origin| !is_origin(origin)) {
        return Err(bad_request(format!("Invalid format for origin {origin}")));
    }
    if cors.max_age.is_some_and(|age| !(-1..=86_400).contains(&age)) {
        return Err(bad_request("maxAge must be between -1 and 86400"));
    }
    Ok(())
}

/// Answers a preflight.
pub(super) fn preflight(cors: &Cors, method: &Method, headers: &HeaderMap) -> Option<Response> {
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD).filter(|_| *method == Method::OPTIONS)?;
    let origin = headers.get(header::ORIGIN)?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let asked = asked.to_str().unwrap_or_default();
    let is_allowed = cors.allow_methods.iter().any(|method| method == "*" || method.eq_ignore_ascii_case(asked));
    if let (Some(origin), true) = (allowed(cors, origin), is_allowed) {
        let answer = response.headers_mut();
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        put(answer, header::ACCESS_CONTROL_ALLOW_METHODS, &cors.allow_methods);
        put(answer, header::ACCESS_CONTROL_ALLOW_HEADERS, &cors.allow_headers);
        if let Some(age) = cors.max_age {
            answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(age));
        }
        credentials(answer, cors);
    }
    Some(response)
}

/// Puts the configured headers on an answer to a page.
pub(super) fn apply(cors: &Cors, headers: &HeaderMap, response: &mut Response) {
    let answer = response.headers_mut();
    silence(answer);
    let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| allowed(cors, origin)) else { return };
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    put(answer, header::ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers);
    credentials(answer, cors);
}

/// What is said of an origin, if it is allowed: `https://a.example`, `https://*` or `*`.
fn allowed(cors: &Cors, origin: &HeaderValue) -> Option<HeaderValue> {
    let text = origin.to_str().ok()?;
    let any = cors.allow_origins.iter().any(|known| known == "*");
    let is_known = |known: &String| {
        known.eq_ignore_ascii_case(text)
            || known.strip_suffix('*').is_some_and(|scheme| scheme.ends_with("://") && text.starts_with(scheme))
    };
    if any {
        Some(HeaderValue::from_static("*"))
    } else {
        cors.allow_origins.iter().any(is_known).then(|| origin.clone())
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if let (false, Ok(value)) = (values.is_empty(), HeaderValue::from_str(&values.join(","))) {
        headers.insert(name, value);
    }
}

fn credentials(headers: &mut HeaderMap, cors: &Cors) {
    if cors.allow_credentials == Some(true) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}
