//! The public URL, seen from here as a caller sees it: whether it leads to this engine, to a login page, to somebody
//! else, or nowhere.
//!
//! The engine itself is asked on its own port, by whoever wants to know how it is; that says nothing about the way to it.

use super::{
    codespace,
    component::{Component, Health, PUBLIC_URL},
    description::Engine,
    local::{is_own_door, loopback, public_url},
    probe,
    record::Record,
};
use crate::{
    error::{Code, Error},
    http_client::{Answer, CallError, HttpClient},
    settings::Settings,
    text::Message,
};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use std::{net::Ipv4Addr, time::Duration};

/// How long an answer may take; it goes through a tunnel and back.
const ANSWER: Duration = Duration::from_millis(2500);

/// Where a URL leads.
#[derive(Debug)]
pub enum Reach {
    /// To an engine of ours.
    Ours,
    /// To one that has been called too often.
    Limited,
    /// To a login page.
    Private,
    /// To somebody who answers with this status.
    Strange(u16),
    /// Nowhere.
    Nowhere(Message),
    /// Nobody knows: there are no root certificates to judge an answer by.
    NoRoots(std::io::Error),
}

/// Asks for the engine's health where callers would.
pub async fn look(url: &str) -> Reach {
    let client = match HttpClient::for_url(url) {
        Ok(client) => client,
        Err(error) => return Reach::NoRoots(error),
    };
    match client.call(Method::GET, &format!("{url}/healthz"), Bytes::new(), ANSWER).await {
        Ok(answer) if answer.is_private_port() => Reach::Private,
        Ok(answer) if answer.status.is_success() => Reach::Ours,
        Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => Reach::Limited,
        Ok(answer) => Reach::Strange(answer.status.as_u16()),
        Err(error) => Reach::Nowhere(error.reason()),
    }
}

/// Whether whoever asks at a URL is answered, without having logged in anywhere.
pub async fn is_open(url: &str) -> bool {
    let Ok(client) = HttpClient::for_url(url) else { return false };
    let answer = client.call(Method::GET, url, Bytes::new(), ANSWER).await;
    answer.is_ok_and(|answer| answer.status.is_success() && !answer.is_private_port())
}

/// The public URL as a piece of what runs here; `None` where there is none, or no engine to lead to.
pub async fn component(settings: &Settings) -> Option<Component> {
    if super::is_remote(settings) || settings.endpoint.value.is_some() {
        return None;
    }
    let record = Record::read(settings)?;
    let url = public_url(settings, record.port);
    if is_own_door(&url, record.port) || !is_here(&record).await {
        return None;
    }
    let said = |key: &str| Message::new(format!("reach.{key}"));
    let (health, detail) = match look(&url).await {
        Reach::Ours => (Health::Healthy, said("ours")),
        Reach::Limited => (Health::Limited, said("limited")),
        Reach::Private => (Health::Unhealthy, said("private")),
        Reach::Strange(status) => (Health::Unhealthy, said("strange").with("status", status)),
        Reach::Nowhere(reason) => (Health::Unhealthy, said("nowhere").with_message("reason", reason)),
        Reach::NoRoots(error) => (Health::Unknown, said("nowhere").with("reason", error)),
    };
    Some(Component { name: PUBLIC_URL.to_owned(), kind: "url", health, detail, image: None, url: Some(url), pid: None })
}

/// Whether the door on this machine answers, whatever lies before it.
async fn is_here(record: &Record) -> bool {
    // Any answer is one: who is limited is there.
    probe::status((Ipv4Addr::LOCALHOST, record.port).into(), "/healthz").await.is_ok()
}

/// The error of a call that brought no answer: whose fault that is depends on where the public URL leads.
pub async fn unanswered(settings: &Settings, engine: &Engine, error: &CallError) -> Error {
    if let Some(missed) = missed(settings, engine).await {
        return missed;
    }
    match error {
        CallError::Deadline { url, deadline } => {
            Error::new(Code::Deadline).with("seconds", deadline.as_secs()).with("what", url)
        }
        CallError::Unreachable { url, .. } | CallError::Broken { url, .. } | CallError::Url(url) => {
            Error::new(Code::EngineUnreachable).with("endpoint", url).because_of(error.reason())
        }
    }
}

/// The error of an answer that is not the API's: a login page's, or that of whoever answers at an old URL. Looked into
/// only where the answer is none that the API gives.
pub async fn misled(settings: &Settings, engine: &Engine, url: &str, answer: &Answer) -> Option<Error> {
    if answer.is_private_port() {
        return Some(codespace::private_port(settings, url));
    }
    if answer.status.is_success() || is_json(answer) { None } else { missed(settings, engine).await }
}

fn is_json(answer: &Answer) -> bool {
    let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// The error of a public URL that does not lead to the engine, which runs; `None` where it does, or there is none.
pub async fn missed(settings: &Settings, engine: &Engine) -> Option<Error> {
    let record = Record::read(settings).filter(|_| engine.is_own())?;
    let url = engine.public_url.as_deref().filter(|url| !is_own_door(url, record.port))?;
    let reason = match look(url).await {
        Reach::Ours | Reach::Limited | Reach::NoRoots(_) => return None,
        Reach::Private => return Some(codespace::private_port(settings, url)),
        Reach::Strange(status) => Message::new("reach.strange").with("status", status),
        Reach::Nowhere(reason) => reason,
    };
    if !is_here(&record).await {
        return None;
    }
    let local = Message::new("hint.public_url_here").with("url", loopback(record.port));
    let error = Error::new(Code::PublicUrlUnreachable).with("url", url).because_of(reason);
    Some(error.hint(Message::new("hint.public_url_unreachable")).hint(local))
}
