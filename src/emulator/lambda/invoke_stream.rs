//! `InvokeWithResponseStream`: a payload in, and a function's answer out as it comes, in events.

use super::invoke::{self, Call};
use crate::{
    emulator::{
        runtime::{Answer, Begun, Invoked, Streaming},
        service::{Operation, Output},
        wire::{AwsError, event_stream},
    },
    http1::{Piece, Response, Rest},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

/// `InvokeWithResponseStream`.
pub(super) async fn invoke(operation: Operation<'_>) -> Result<Output, AwsError> {
    let Call { spec, invocation, kind, scope, .. } = invoke::read(operation, &["RequestResponse", "DryRun"])?;
    if kind == "DryRun" {
        return Ok(Output::Raw(invoke::dry_run()));
    }
    let version = HeaderValue::from_str(&spec.version).ok();
    let mut streaming = scope.functions.stream(spec, invocation);
    let begun = match streaming.begun().await {
        Begun::Whole(invoked) => Some(invoked.map_err(invoke::refusal)?),
        Begun::Stream(_) => None,
    };
    let (events, rest) = Rest::channel();
    scope.functions.aside(tell(streaming, begun, events));
    let mut response = Response::default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(event_stream::MEDIA_TYPE));
    if let Some(version) = version {
        response.headers_mut().insert(invoke::EXECUTED_VERSION, version);
    }
    response.extensions_mut().insert(rest);
    Ok(Output::Raw(response))
}

/// Writes the events of an answer that is streamed, or that is whole already.
async fn tell(mut streaming: Streaming, whole: Option<Invoked>, events: mpsc::Sender<Piece>) {
    let is_whole = whole.is_some();
    while !is_whole && let Some(bytes) = streaming.piece().await {
        // Who has hung up gets no more of it; the function goes on.
        let _ = events.send(Piece::Bytes(chunk(&bytes))).await;
    }
    let Some(invoked) = (match whole {
        Some(invoked) => Some(invoked),
        None => streaming.end().await.ok(),
    }) else {
        return;
    };
    if let Answer::Result(body) = &invoked.answer
        && is_whole
    {
        let _ = events.send(Piece::Bytes(chunk(body))).await;
    }
    let _ = events.send(Piece::Bytes(complete(&invoked))).await;
    let _ = events.send(Piece::End).await;
}

fn chunk(bytes: &[u8]) -> Bytes {
    event_stream::event("PayloadChunk", "application/octet-stream", bytes)
}

/// The last event: whether the function failed, and the end of its log where that was asked for.
fn complete(invoked: &Invoked) -> Bytes {
    let mut members = Map::new();
    if let Answer::Error(document) = &invoked.answer {
        members.insert("ErrorCode".to_owned(), "Unhandled".into());
        members.insert("ErrorDetails".to_owned(), String::from_utf8_lossy(document).into());
    }
    if let Some(tail) = &invoked.tail {
        members.insert("LogResult".to_owned(), BASE64_STANDARD.encode(tail).into());
    }
    event_stream::event("InvokeComplete", "application/json", Value::Object(members).to_string().as_bytes())
}
