//! The routes, and the files that pages load.

use super::{actions, board::Board, guard, listener::Seated, pages, stream};
use axum::{
    Router,
    extract::State,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{StatusCode, header};
use std::{io, sync::Arc};
use tokio::net::TcpListener;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const ICON: &str = include_str!("icon.svg");

/// Serves pages until the command ends.
///
/// # Errors
/// Why the listener cannot be used.
pub(super) async fn serve(listener: TcpListener, board: Arc<Board>) -> io::Result<()> {
    let cancel = board.cancel.clone();
    let served = axum::serve(Seated::new(listener), router(board));
    served.with_graceful_shutdown(cancel.cancelled_owned()).await
}

fn router(board: Arc<Board>) -> Router {
    Router::new()
        .route("/", get(pages::chain))
        .route("/calls", get(pages::calls))
        .route("/calls/{id}", get(pages::call))
        .route("/logs", get(pages::logs))
        .route("/numbers", get(pages::numbers))
        .route("/metrics", get(pages::metrics))
        .route("/try", get(pages::trial).post(actions::trial))
        .route("/parts", get(pages::parts))
        .route("/class", get(pages::class))
        .route("/class.csv", get(pages::csv))
        .route("/doctor", get(pages::doctor))
        .route("/events", get(events))
        .route("/enter", get(pages::enter))
        .route("/session", post(actions::session))
        .route("/lang", post(actions::lang))
        .route("/act", post(actions::act))
        .route("/revoke", post(actions::revoke))
        .route("/stop-all", post(actions::stop_all))
        .route("/style.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/script.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/icon.svg", get(async || file("image/svg+xml", ICON)))
        .route("/favicon.ico", get(async || file("image/svg+xml", ICON)))
        .fallback(|| async { (StatusCode::NOT_FOUND, "Not found\n") })
        .layer(from_fn_with_state(board.clone(), guard::guard))
        .with_state(board)
}

async fn events(State(board): pages::Shared) -> Response {
    stream::open(&board)
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
