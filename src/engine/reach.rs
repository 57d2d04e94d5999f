//! The public URL, seen from here as a caller sees it: whether it leads to this engine, to a login page, to somebody
//! else, or nowhere.
//!
//! The engine itself is asked on its own port, by whoever wants to know how it is; that says nothing about the way to it.

use super::{
    codespace,
    component::{Component, Health, PUBLIC_URL},
    description::Engine,
    installation::Installation,
    local::{is_own_door, loopback, public_url},
    probe,
    record::Record,
};
use crate::{
    edge::proof::{CHALLENGE, Challenge},
    error::{Code, Error, Result},
    http_client::{Answer, CallError, HttpClient},
    progress::Progress,
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
    /// To this folder's engine.
    Ours,
    /// To somebody who answers as an engine does, and is another: an atelier of another folder or machine, or a server that
    /// has one answer for everything.
    Another,
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

/// Asks for the engine's health where callers would, and for a proof that it is this folder's.
pub async fn look(settings: &Settings, url: &str) -> Reach {
    let client = match HttpClient::for_url(url) {
        Ok(client) => client,
        Err(error) => return Reach::NoRoots(error),
    };
    let own = Installation::load(settings);
    let challenge = own.and_then(|own| Challenge::draw(&own.access_key_id, &own.secret_access_key).ok());
    match healthz(&client, url, challenge.as_ref()).await {
        Ok(answer) if answer.is_private_port() => Reach::Private,
        Ok(answer) if answer.status.is_success() => match &challenge {
            Some(challenge) if !challenge.is_met(&answer.headers) && is_expected(settings, challenge).await => {
                Reach::Another
            }
            _ => Reach::Ours,
        },
        Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => Reach::Limited,
        Ok(answer) => Reach::Strange(answer.status.as_u16()),
        Err(error) => Reach::Nowhere(error.reason()),
    }
}

async fn healthz(
    client: &HttpClient,
    url: &str,
    challenge: Option<&Challenge>,
) -> std::result::Result<Answer, CallError> {
    let header = challenge.map(|challenge| (CHALLENGE.to_owned(), challenge.text().to_owned()));
    let headers: Vec<(String, String)> = header.into_iter().collect();
    client.send(Method::GET, &format!("{url}/healthz"), &headers, Bytes::new(), ANSWER).await
}

/// Whether the engine of this folder would meet a challenge, as its own door shows. One that was started by an older atelier
/// or with other credentials meets none: nobody can tell then whether it is the one that a URL leads to. A door that does
/// not answer now is one that would.
async fn is_expected(settings: &Settings, challenge: &Challenge) -> bool {
    let Some(record) = Record::read(settings) else { return false };
    let door = loopback(record.port);
    let Ok(client) = HttpClient::for_url(&door) else { return false };
    let own = healthz(&client, &door, Some(challenge)).await;
    own.map_or(true, |answer| !answer.status.is_success() || challenge.is_met(&answer.headers))
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
    let (health, detail) = match look(settings, &url).await {
        Reach::Ours => (Health::Healthy, said("ours")),
        Reach::Another => (Health::Unhealthy, said("another")),
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

/// Warns of a public URL that is about to be told and does not lead to the engine: whoever acts through it is refused, and
/// whoever is only given it would not know.
pub async fn warn(settings: &Settings, engine: &Engine, progress: &Progress) {
    if let Some(error) = missed(settings, engine).await {
        progress.warn(error.message);
        error.hints.into_iter().for_each(|hint| progress.note(hint));
    }
}

/// Refuses to act through a public URL that does not lead to the engine: what answers there may be somebody else's.
///
/// # Errors
/// As [`missed`] says.
pub async fn check(settings: &Settings, engine: &Engine) -> Result<()> {
    missed(settings, engine).await.map_or(Ok(()), Err)
}

/// The error of an answer that is not the API's: a login page's, or that of whoever answers at an old URL. Looked into
/// only where the answer is none that the API gives.
pub async fn misled(settings: &Settings, engine: &Engine, url: &str, answer: &Answer) -> Option<Error> {
    if answer.is_private_port() {
        return Some(codespace::private_port(settings, url));
    }
    if is_json(answer) { None } else { missed(settings, engine).await }
}

fn is_json(answer: &Answer) -> bool {
    let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// The error of a public URL that does not lead to the engine, which runs; `None` where it does, or there is none.
pub async fn missed(settings: &Settings, engine: &Engine) -> Option<Error> {
    let record = Record::read(settings).filter(|_| engine.is_own())?;
    let url = engine.public_url.as_deref().filter(|url| !is_own_door(url, record.port))?;
    let local = Message::new("hint.public_url_here").with("url", loopback(record.port));
    let reason = match look(settings, url).await {
        Reach::Ours | Reach::Limited | Reach::NoRoots(_) => return None,
        Reach::Private => return Some(codespace::private_port(settings, url)),
        Reach::Another => {
            let error = Error::new(Code::PublicUrlOfAnother).with("url", url);
            return Some(error.hint(Message::new("hint.public_url_of_another")).hint(local));
        }
        Reach::Strange(status) => Message::new("reach.strange").with("status", status),
        Reach::Nowhere(reason) => reason,
    };
    if !is_here(&record).await {
        return None;
    }
    let error = Error::new(Code::PublicUrlUnreachable).with("url", url).because_of(reason);
    Some(error.hint(Message::new("hint.public_url_unreachable")).hint(local))
}
