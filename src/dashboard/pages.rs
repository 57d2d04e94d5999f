//! The pages: each is whole when it arrives, so that a browser without scripts has everything by reloading.

use super::{
    board::Board,
    layout::{self, Frame},
    lookout::Seen,
    prometheus,
    session::Visitor,
    view::View,
    views::{calls, chain, class, doctor, logs, numbers, outcome::Outcome, parts, trial},
};
use crate::{api_key::Scope, error::Result, shell::quoted, trace::Page};
use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use std::sync::Arc;
use tokio::time::Instant;

/// What a handler is given.
pub(super) type Shared = State<Arc<Board>>;
/// Who asks.
pub(super) type Asking = Extension<Visitor>;

/// The door: says how to be let in.
pub(super) async fn enter(State(board): Shared, headers: HeaderMap) -> Response {
    Html(layout::door(board.lang_of(&headers)).into_string()).into_response()
}

pub(super) async fn chain(State(board): Shared, Extension(visitor): Asking) -> Response {
    let (seen, lately) = tokio::join!(board.lookout.fresh(), board.lately());
    chain_page(&board, &visitor, seen.as_deref(), lately.as_deref(), None)
}

/// The page of the chain once something was done to it.
pub(super) async fn chain_after(board: &Board, visitor: &Visitor, outcome: &Outcome) -> Response {
    let (seen, lately) = tokio::join!(board.lookout.since(Instant::now()), board.lately());
    chain_page(board, visitor, seen.as_deref(), lately.as_deref(), Some(outcome))
}

fn chain_page(
    board: &Board,
    visitor: &Visitor,
    seen: Option<&Seen>,
    lately: Option<&Result<Page>>,
    outcome: Option<&Outcome>,
) -> Response {
    let frame = Frame { board, visitor };
    let calls = lately.and_then(|page| page.as_ref().ok()).map_or(&[][..], |page| &page.calls);
    let body = chain::body(&frame, seen.map(|seen| &seen.status), calls, outcome);
    html(&frame, View::Chain, &body)
}

pub(super) async fn calls(State(board): Shared, Extension(visitor): Asking, RawQuery(query): RawQuery) -> Response {
    let query = calls::Query::of(query.as_deref().unwrap_or_default());
    let page = board.calls(query.clone(), visitor.scope.allows(Scope::Control)).await;
    let frame = Frame { board: &board, visitor: &visitor };
    let body = calls::body(&frame, &query, page.as_deref());
    let line = query.command();
    let line = if query.names_stack() { line } else { board.stance.command(&line) };
    Html(frame.page_of(View::Calls, &line, &body).into_string()).into_response()
}

pub(super) async fn call(State(board): Shared, Extension(visitor): Asking, Path(id): Path<String>) -> Response {
    let (seen, found) = tokio::join!(board.lookout.fresh(), board.call(id));
    let frame = Frame { board: &board, visitor: &visitor };
    match found {
        Some(Ok(Some(call))) => {
            let body = calls::one(&frame, seen.as_deref().map(|seen| &seen.status), &call);
            let line = board.stance.command(&format!("atelier trace {}", quoted(&call.request_id)));
            Html(frame.page_of(View::Calls, &line, &body).into_string()).into_response()
        }
        Some(Err(error)) => html(&frame, View::Calls, &parts::why(&frame, &error)),
        Some(Ok(None)) | None => {
            let body = maud::html! { p { (frame.say("board.calls.gone")) } p { a href="/calls" { (frame.say("board.calls.back")) } } };
            (StatusCode::NOT_FOUND, html(&frame, View::Calls, &body)).into_response()
        }
    }
}

pub(super) async fn logs(State(board): Shared, Extension(visitor): Asking, RawQuery(query): RawQuery) -> Response {
    let query = logs::Query::of(query.as_deref().unwrap_or_default());
    let page = board.logs(query.clone(), visitor.scope.allows(Scope::Control)).await;
    let frame = Frame { board: &board, visitor: &visitor };
    let body = logs::body(&frame, &query, page.as_ref());
    Html(frame.page_of(View::Logs, &board.stance.command(&query.command()), &body).into_string()).into_response()
}

pub(super) async fn numbers(State(board): Shared, Extension(visitor): Asking) -> Response {
    let counted = board.numbers().await;
    let frame = Frame { board: &board, visitor: &visitor };
    html(&frame, View::Numbers, &numbers::body(&frame, counted.as_deref()))
}

/// The numbers for a machine that collects such.
pub(super) async fn metrics(State(board): Shared) -> Response {
    let (seen, metrics) = tokio::join!(board.lookout.fresh(), board.metrics());
    match metrics.as_deref() {
        Some(Ok(metrics)) => {
            let is_healthy = seen.is_some_and(|seen| seen.status.healthy);
            ([(header::CONTENT_TYPE, prometheus::KIND)], prometheus::text(metrics, is_healthy)).into_response()
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

pub(super) async fn trial(State(board): Shared, Extension(visitor): Asking) -> Response {
    let seen = board.lookout.fresh().await;
    let frame = Frame { board: &board, visitor: &visitor };
    let status = seen.as_deref().map(|seen| &seen.status);
    html(&frame, View::Try, &trial::body(&frame, status, &trial::Form::default(), None, None))
}

pub(super) async fn parts(State(board): Shared, Extension(visitor): Asking) -> Response {
    parts_page(&board, &visitor, None).await
}

/// The page of the parts, after something was done where that is told.
pub(super) async fn parts_page(board: &Board, visitor: &Visitor, outcome: Option<&Outcome>) -> Response {
    let (seen, found) = tokio::join!(board.lookout.fresh(), board.found());
    let frame = Frame { board, visitor };
    let body = parts::body(&frame, seen.as_deref().map(|seen| &seen.status), found.as_deref(), outcome);
    html(&frame, View::Parts, &body)
}

pub(super) async fn class(State(board): Shared, Extension(visitor): Asking) -> Response {
    class_page(&board, &visitor, None).await
}

/// The page of all stacks, after something was done where that is told.
pub(super) async fn class_page(board: &Board, visitor: &Visitor, outcome: Option<&Outcome>) -> Response {
    let register = board.register().await;
    let frame = Frame { board, visitor };
    html(&frame, View::Class, &class::body(&frame, register.as_deref(), outcome))
}

pub(super) async fn csv(State(board): Shared) -> Response {
    let register = board.register().await;
    match register.as_deref() {
        Some(register) if register.overview.is_ok() => {
            let kind = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"stacks.csv\""),
            ];
            (kind, class::csv(register)).into_response()
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

pub(super) async fn doctor(State(board): Shared, Extension(visitor): Asking) -> Response {
    let report = board.doctor().await;
    let frame = Frame { board: &board, visitor: &visitor };
    html(&frame, View::Doctor, &doctor::body(&frame, report.as_deref()))
}

/// Writes a page.
pub(super) fn html(frame: &Frame<'_>, view: View, body: &maud::Markup) -> Response {
    Html(frame.page(view, body).into_string()).into_response()
}
