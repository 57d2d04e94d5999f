//! What pages can have done: calls of the API, stops, a key taken away. Everything else is a command that they show.
//!
//! The guard has seen that a page of ours sent the form; here is what it may ask for, and what came of it.

use super::{
    board::Board,
    calling::{self, Invocation},
    guard::{self, Posted},
    layout::Frame,
    pages::{self, Asking, Shared},
    session::Visitor,
    view::View,
    views::{
        outcome::{Outcome, Undo},
        trial::{self, Form},
    },
};
use crate::{
    api_key::Scope,
    cli,
    commands::key,
    contract::{Action, Change, Details, Operation, Parameter, Refusal, Request, Target},
    error::{Code, Error},
    names::KeyName,
    text::{Lang, Message},
};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::time::Instant;

/// Exchanges a token for a cookie.
pub(super) async fn session(
    State(board): Shared,
    Extension(posted): Extension<Posted>,
    headers: HeaderMap,
) -> Response {
    let token = posted.get("token").unwrap_or_default().trim();
    let Some(cookie) = board.sessions.enter(token, board.lang_of(&headers), Instant::now()) else {
        return guard::refused(&board, &headers);
    };
    let secure = if board.place.is_tunnelled(&headers) { "; Secure" } else { "" };
    let name = guard::cookie_name(&board, &headers);
    let cookie = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict{secure}", cookie.expose());
    match HeaderValue::from_str(&cookie) {
        Ok(mut cookie) => {
            // Keeps it out of `Debug`.
            cookie.set_sensitive(true);
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, HeaderValue::from_static("/"))];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(_) => guard::refused(&board, &headers),
    }
}

/// Changes the language.
pub(super) async fn lang(
    State(board): Shared,
    Extension(visitor): Asking,
    Extension(posted): Extension<Posted>,
) -> Response {
    if let Some(lang) = posted.get("lang").and_then(Lang::from_locale) {
        board.sessions.speak(&visitor, lang);
    }
    // Where the form was is told by nobody: a page does not say where it is.
    let view = posted.get("view").and_then(View::named).unwrap_or(View::Chain);
    (StatusCode::SEE_OTHER, [(header::LOCATION, HeaderValue::from_static(view.path()))]).into_response()
}

/// Refuses what the visitor may not have done.
fn may(board: &Board, visitor: &Visitor, scope: Scope, headers: &HeaderMap) -> Result<(), Box<Response>> {
    if (Frame { board, visitor }).may(scope) { Ok(()) } else { Err(Box::new(guard::refused(board, headers))) }
}

/// Starts or stops an instance or a container.
pub(super) async fn act(
    State(board): Shared,
    Extension(visitor): Asking,
    Extension(posted): Extension<Posted>,
    headers: HeaderMap,
) -> Response {
    let change = Change::ALL.into_iter().find(|change| posted.get("action") == Some(change.as_str()));
    let (Some(change), false) = (change, board.stance.is_own_function()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Err(refusal) = may(&board, &visitor, Scope::Control, &headers) {
        return *refusal;
    }
    let target = Target::ALL.into_iter().find(|target| posted.get("target") == Some(target.as_str()));
    let name = posted.get("name").filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    let wanted = Undo { change, target: target.unwrap_or(Target::Ec2), name };
    let outcome = match undo_request(Action::Change(change), wanted.target, wanted.name.as_deref()) {
        Err(error) => Outcome::of(&error),
        Ok(request) => changed(&board, wanted, request).await,
    };
    board.forget().await;
    pages::chain_after(&board, &visitor, &outcome).await
}

async fn changed(board: &Board, wanted: Undo, request: Request) -> Outcome {
    let invocation = Invocation::Contract(request);
    let asked =
        board.desk.ask(move |context| async move { Box::pin(calling::call(&context, &invocation, true)).await }).await;
    match asked {
        None => Outcome::of(&Error::new(Code::Interrupted)),
        Some(Err(error)) => Outcome::of(&error),
        Some(Ok(answer)) if answer.is_success() => {
            let (key, undo) = match wanted.change {
                Change::Start => ("board.started", Some(Change::Stop)),
                Change::Stop => ("board.stopped", Some(Change::Start)),
                // What was started anew cannot be as it was.
                Change::Restart => ("board.started", None),
            };
            let outcome = Outcome::good(Message::new(key).with("millis", answer.millis));
            match undo {
                Some(change) => outcome.undo(Undo { change, ..wanted }),
                None => outcome,
            }
        }
        Some(Ok(answer)) => {
            let message = Message::new("board.refused").with("status", answer.status);
            Outcome::bad(message.with("answer", &answer.body))
        }
    }
}

fn undo_request(action: Action, target: Target, name: Option<&str>) -> Result<Request, Error> {
    let usage = |detail: String| Error::new(Code::Usage).with("detail", detail);
    let name = name.map(str::parse).transpose().map_err(|error: crate::names::InvalidName| usage(error.to_string()))?;
    made(action, target, Details { name, ..Details::default() })
}

fn made(action: Action, target: Target, details: Details) -> Result<Request, Error> {
    let usage = |detail: String| Error::new(Code::Usage).with("detail", detail);
    Request::new(Operation { target, action }, details).map_err(|refusal| usage(refusal.to_string()))
}

/// Calls the API with what the form says.
pub(super) async fn trial(
    State(board): Shared,
    Extension(visitor): Asking,
    Extension(posted): Extension<Posted>,
    headers: HeaderMap,
) -> Response {
    let form = form_of(&posted);
    let invocation = if board.stance.is_own_function() { path_invocation(&form) } else { contract_invocation(&form) };
    let (mut answer, mut outcome) = (None, None);
    match invocation {
        Err(error) => outcome = Some(Outcome::of(&error)),
        Ok(invocation) => {
            if let Err(refusal) = may(&board, &visitor, invocation.scope(), &headers) {
                return *refusal;
            }
            let (asked, with_key) = (invocation.clone(), form.with_key);
            let called =
                board.desk.ask(move |context| async move { Box::pin(calling::call(&context, &asked, with_key)).await });
            match called.await {
                None => outcome = Some(Outcome::of(&Error::new(Code::Interrupted))),
                Some(Err(error)) => outcome = Some(Outcome::of(&error)),
                Some(Ok(answered)) => answer = Some((invocation, answered)),
            }
        }
    }
    let seen = board.lookout.fresh().await;
    let frame = Frame { board: &board, visitor: &visitor };
    let answer = answer.as_ref().map(|(invocation, answer)| (invocation, answer));
    let body = trial::body(&frame, seen.as_deref().map(|seen| &seen.status), &form, answer, outcome.as_ref());
    pages::html(&frame, View::Try, &body)
}

fn form_of(posted: &Posted) -> Form {
    let usual = Form::default();
    let of = |name: &str, usual: String| posted.get(name).map_or(usual, ToOwned::to_owned);
    Form {
        action: of("action", usual.action),
        target: of("target", usual.target),
        name: of("name", usual.name),
        kind: of("type", usual.kind),
        lifetime: of("for", usual.lifetime),
        all: posted.get("all").is_some(),
        restart: posted.get("restart").is_some(),
        wait: of("wait", usual.wait),
        with_key: posted.get("key").is_some(),
        method: of("method", usual.method),
        path: of("path", usual.path),
        body: of("body", usual.body),
    }
}

fn contract_invocation(form: &Form) -> Result<Invocation, Error> {
    let flag = |is_on: bool| if is_on { "1" } else { "" };
    let parameters = [
        (Parameter::Action, form.action.as_str()),
        (Parameter::Target, form.target.as_str()),
        (Parameter::Name, form.name.trim()),
        (Parameter::Type, form.kind.trim()),
        (Parameter::For, form.lifetime.trim()),
        (Parameter::All, flag(form.all)),
        (Parameter::Restart, flag(form.restart)),
        (Parameter::Wait, form.wait.as_str()),
    ];
    // What a form leaves empty was not said.
    let said = parameters.into_iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<(String, String)> =
        said.map(|(parameter, value)| (parameter.as_str().to_owned(), value.to_owned())).collect();
    let refused = |refusal: Refusal| Error::new(Code::Usage).with("detail", refusal.to_string());
    Request::parse(&said).map(Invocation::Contract).map_err(refused)
}

fn path_invocation(form: &Form) -> Result<Invocation, Error> {
    let bad = |name: &str| Error::new(Code::Usage).with("detail", format!("`{name}`"));
    let method = trial::METHODS.into_iter().find(|method| *method == form.method).ok_or_else(|| bad("method"))?;
    let is_path = form.path.starts_with('/') && !form.path.contains(|c: char| c.is_whitespace() || c.is_control());
    if !is_path {
        return Err(bad("path"));
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| bad("method"))?;
    // Browsers send the ends of lines as two characters.
    Ok(Invocation::Path { method, path: form.path.clone(), body: form.body.replace("\r\n", "\n") })
}

/// Takes a key away.
pub(super) async fn revoke(
    State(board): Shared,
    Extension(visitor): Asking,
    Extension(posted): Extension<Posted>,
    headers: HeaderMap,
) -> Response {
    let Ok(name) = posted.get("name").unwrap_or_default().parse::<KeyName>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Err(refusal) = may(&board, &visitor, Scope::Control, &headers) {
        return *refusal;
    }
    // The page has asked.
    let args = cli::KeyRevoke { name, yes: true };
    let asked = board.desk.ask(|context| async move { Box::pin(key::revoke(&context, &args)).await }).await;
    let outcome = match asked {
        None => Outcome::of(&Error::new(Code::Interrupted)),
        Some(Err(error)) => Outcome::of(&error),
        Some(Ok(report)) => Outcome::good(Message::new("key.revoked").with("name", &report.key.name)),
    };
    board.forget().await;
    pages::parts_page(&board, &visitor, Some(&outcome)).await
}

/// Stops the instance of every stack.
pub(super) async fn stop_all(State(board): Shared, Extension(visitor): Asking, headers: HeaderMap) -> Response {
    if let Err(refusal) = may(&board, &visitor, Scope::Control, &headers) {
        return *refusal;
    }
    let all = Details { all: Some(true), ..Details::default() };
    let outcome = match made(Action::Change(Change::Stop), Target::Ec2, all) {
        Err(error) => Outcome::of(&error),
        Ok(stop) => {
            let asked = board.desk.ask(|context| async move { Box::pin(calling::stop_all(&context, &stop)).await });
            match asked.await {
                None => Outcome::of(&Error::new(Code::Interrupted)),
                Some(Err(error)) => Outcome::of(&error),
                Some(Ok(stopped)) => told(&stopped),
            }
        }
    };
    board.forget().await;
    pages::class_page(&board, &visitor, Some(&outcome)).await
}

fn told(stopped: &calling::Stopped) -> Outcome {
    let count = stopped.stopped;
    match stopped.failed.first() {
        None => Outcome::good(Message::new("board.class.stopped").with("count", count)),
        Some((stack, why)) => {
            let message = Message::new("board.class.not_stopped").with("count", count).with("stack", stack);
            Outcome::bad(message.with_message("why", why.clone()))
        }
    }
}
