//! What every request passes before anything is done: host, tunnel, session, and for whatever is no look the page that it
//! comes from and the token of its form. And what every answer carries.

use super::{board::Board, layout, session::Visitor};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;
use tokio::time::Instant;

/// What is open to whoever has no session: how to get one, and what its page looks like.
/// Browsers ask for `/favicon.ico` by themselves, wherever no page has named another.
const OPEN: [&str; 6] = ["/enter", "/session", "/style.css", "/script.js", "/icon.svg", "/favicon.ico"];
/// What is open to whoever shows the token of a shared URL.
const METRICS: &str = "/metrics";
/// The longest form; a body for the user's own function is in one.
const LONGEST: usize = 256 * 1024;
/// The header by which a script proves what a form proves with its field.
const PROOF: HeaderName = HeaderName::from_static("x-atelier-form");

/// What a page may do in a browser: show itself. Nothing is loaded from elsewhere, nothing is written into it as script.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The fields of a form that was sent by a page of ours.
#[derive(Clone, Default)]
pub(super) struct Posted(Arc<[(String, String)]>);

impl Posted {
    /// The value of a field that came once.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// Lets a request pass, or refuses it.
pub(super) async fn guard(State(board): State<Arc<Board>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let refusal = refused(&board, headers);
    let response = match admit(&board, request).await {
        Ok(request) => next.run(request).await,
        Err(Denied) => refusal,
    };
    covered(response)
}

/// Nobody is told why.
struct Denied;

async fn admit(board: &Board, mut request: Request) -> Result<Request, Denied> {
    let headers = request.headers();
    if !board.place.serves(headers, request.uri()) || board.place.is_exposed(headers) {
        return Err(Denied);
    }
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_look && !board.place.is_own_write(headers) {
        return Err(Denied);
    }
    let is_open = OPEN.contains(&request.uri().path());
    let visitor = cookies(headers).find_map(|(name, value)| {
        let is_ours = name == cookie_name(board, headers);
        is_ours.then(|| board.sessions.visitor(value, Instant::now())).flatten()
    });
    // What collects numbers has no cookies.
    let visitor = visitor.or_else(|| {
        let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        (request.uri().path() == METRICS).then(|| board.sessions.bearer(token, Instant::now())).flatten()
    });
    if !is_open && visitor.is_none() {
        return Err(Denied);
    }
    if !is_look {
        request = read_form(request, visitor.as_ref().filter(|_| !is_open)).await?;
    }
    if let Some(visitor) = visitor {
        request.extensions_mut().insert(visitor);
    }
    Ok(request)
}

/// Reads what a form sent, and sees that it is one of the visitor's own pages that did.
async fn read_form(request: Request, visitor: Option<&Visitor>) -> Result<Request, Denied> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.map_err(|_| Denied)?;
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let posted = Posted(fields.into());
    if let Some(visitor) = visitor {
        let mut proofs = parts.headers.get_all(PROOF).iter();
        let proof = match (proofs.next(), proofs.next()) {
            (Some(proof), None) => proof.to_str().ok(),
            (Some(_), Some(_)) => None,
            (None, _) => posted.get("form"),
        };
        if !proof.is_some_and(|proof| visitor.form.matches(proof)) {
            return Err(Denied);
        }
    }
    parts.extensions.insert(posted);
    Ok(Request::from_parts(parts, Body::empty()))
}

/// The one answer to everybody who is not let in.
pub(super) fn refused(board: &Board, headers: &HeaderMap) -> Response {
    let wants_page = headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().windows(9).any(|window| window == b"text/html"));
    if wants_page {
        return (StatusCode::FORBIDDEN, Html(layout::door(board.lang_of(headers)).into_string())).into_response();
    }
    (StatusCode::FORBIDDEN, "Forbidden\n").into_response()
}

/// The cookie's name: of its port, which browsers do not tell cookies apart by; behind https one that nobody else can set.
pub(super) fn cookie_name(board: &Board, headers: &HeaderMap) -> String {
    if board.place.is_tunnelled(headers) {
        "__Host-atelier".to_owned()
    } else {
        format!("atelier-{}", board.place.port())
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// Puts on what every answer carries.
fn covered(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
