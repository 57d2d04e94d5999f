//! The pages: each is whole when it arrives, so that a browser without scripts has everything by reloading.

use super::{
    board::Board,
    layout::{self, Frame},
    lookout::Seen,
    session::Visitor,
    view::View,
    views::{chain, class, doctor, outcome::Outcome, parts, trial},
};
use axum::{
    Extension,
    extract::State,
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
    let seen = board.lookout.fresh().await;
    chain_page(&board, &visitor, seen.as_deref(), None)
}

/// The page of the chain once something was done to it.
pub(super) async fn chain_after(board: &Board, visitor: &Visitor, outcome: &Outcome) -> Response {
    let seen = board.lookout.since(Instant::now()).await;
    chain_page(board, visitor, seen.as_deref(), Some(outcome))
}

fn chain_page(board: &Board, visitor: &Visitor, seen: Option<&Seen>, outcome: Option<&Outcome>) -> Response {
    let frame = Frame { board, visitor };
    let body = chain::body(&frame, seen.map(|seen| &seen.status), outcome);
    html(&frame, View::Chain, &body)
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
    let stacks = board.stacks().await;
    let frame = Frame { board, visitor };
    html(&frame, View::Class, &class::body(&frame, stacks.as_deref(), outcome))
}

pub(super) async fn csv(State(board): Shared) -> Response {
    let stacks = board.stacks().await;
    match stacks.as_deref() {
        Some(Ok(stacks)) => {
            let kind = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"stacks.csv\""),
            ];
            (kind, class::csv(stacks)).into_response()
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
