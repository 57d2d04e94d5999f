//! The Docker daemon as the proxy asks it: four requests, built from constants, our own owner id and the full ids that
//! the daemon itself gave. No byte of a client gets here: a name is compared with the daemon's answer, never sent.
//!
//! Their paths name no API version: a daemon refuses those that it deems too old or too new (Docker 29 all before 1.44,
//! Docker 20 all after 1.41), and these requests and the fields that are read have been the same in all of them.

use super::rules::Change;
use crate::{
    marks::{OWNER_LABEL, PROJECT_LABEL, ROLE_LABEL, TARGET},
    names::{ContainerName, OwnerId},
};
use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{Either, select},
};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, future::pending, path::PathBuf, pin::pin};
use tokio::net::UnixStream;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// The largest head of an answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The longest image name that is shown; Docker's own are shorter.
const MAX_IMAGE: usize = 512;

/// What went wrong upstream. None of these says what the daemon wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum DaemonError {
    /// The socket cannot be reached, or the connection broke.
    #[error("the Docker daemon is not reachable")]
    Unreachable,
    /// An answer that is too large, malformed or not what was asked for.
    #[error("the Docker daemon gave an invalid answer")]
    Nonsense,
    /// The container is gone.
    #[error("the container is gone")]
    Gone,
    /// The container's state forbids the change.
    #[error("the container's state forbids this")]
    Conflict,
}

/// A container of ours, rebuilt from what the daemon said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Container {
    id: Id,
    /// Its name, without Docker's slash.
    pub(super) name: ContainerName,
    /// The daemon's own word: `running`, `exited`, `created`, `paused`; Podman has some of its own.
    pub(super) state: String,
    image: String,
}

impl Container {
    /// Its full id.
    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    /// The container in Docker's word for one that is being removed.
    pub(super) fn on_its_way_out(self) -> Self {
        Self { state: "removing".to_owned(), ..self }
    }
}

/// A full container id: 64 hex digits, written by the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub(super) struct Id(String);

impl Id {
    fn parse(text: String) -> Option<Self> {
        let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 64 && hex).then_some(Self(text))
    }
}

/// One item of the daemon's list, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    id: String,
    names: Option<Vec<String>>,
    image: String,
    state: String,
    labels: Option<HashMap<String, String>>,
}

/// The door to the daemon.
pub(super) struct Daemon {
    socket: PathBuf,
    owner: OwnerId,
    project: Option<String>,
    list: String,
}

impl Daemon {
    pub(super) fn new(socket: PathBuf, owner: OwnerId, project: Option<String>) -> Self {
        // {"label":["atelier.owner=<owner>"]}; an owner id is hex digits, so nothing in it needs escaping.
        let filters = format!("%7B%22label%22%3A%5B%22{OWNER_LABEL}%3D{owner}%22%5D%7D");
        Self { socket, owner, project, list: format!("/containers/json?all=1&filters={filters}") }
    }

    /// Asks whether it answers.
    pub(super) async fn ping(&self) -> Result<(), DaemonError> {
        match self.ask(Method::GET, "/_ping").await? {
            (StatusCode::OK, _) => Ok(()),
            _ => Err(DaemonError::Nonsense),
        }
    }

    /// Lists the containers that are ours.
    pub(super) async fn list(&self) -> Result<Vec<Container>, DaemonError> {
        let (status, body) = self.ask(Method::GET, &self.list).await?;
        if status != StatusCode::OK {
            return Err(DaemonError::Nonsense);
        }
        let items: Vec<Item> = serde_json::from_slice(&body).map_err(|_| DaemonError::Nonsense)?;
        let ours = items.into_iter().filter(|item| self.owns(item));
        ours.filter_map(|item| Some(rebuild(own_name(&item)?, item))).collect()
    }

    /// Starts, stops or restarts a container. Starting what runs and stopping what is stopped (304) is a success.
    pub(super) async fn change(&self, change: Change, id: &Id) -> Result<(), DaemonError> {
        let path = format!("/containers/{}/{}", id.0, change.as_str());
        match self.ask(Method::POST, &path).await?.0 {
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => Ok(()),
            StatusCode::NOT_FOUND => Err(DaemonError::Gone),
            StatusCode::CONFLICT => Err(DaemonError::Conflict),
            _ => Err(DaemonError::Nonsense),
        }
    }

    /// The filter is the daemon's promise; the label in its answer is checked here. A container without a role or a
    /// project is one that the user has given our label by hand. One of another project is not ours: whoever stops all
    /// of one, or what nobody uses there, does not stop the other's.
    fn owns(&self, item: &Item) -> bool {
        let label = |name| item.labels.as_ref().and_then(|labels| labels.get(name)).map(String::as_str);
        let is_of_project = match (label(PROJECT_LABEL), &self.project) {
            (Some(label), Some(project)) => label == project,
            _ => true,
        };
        is_of_project
            && label(OWNER_LABEL) == Some(self.owner.as_str())
            && label(ROLE_LABEL).is_none_or(|role| role == TARGET)
    }

    /// Sends one request on a connection of its own, and reads the whole answer.
    async fn ask(&self, method: Method, path: &str) -> Result<(StatusCode, Bytes), DaemonError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "docker")
            .body(Empty::<Bytes>::new())
            .map_err(|_| DaemonError::Unreachable)?;
        let stream = UnixStream::connect(&self.socket).await.map_err(|_| DaemonError::Unreachable)?;
        let handshake = http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|_| DaemonError::Unreachable)?;
        let exchange = async move {
            let answer = sender.send_request(request).await.map_err(|error| cause(&error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            Ok((status, body.map_err(|_| DaemonError::Nonsense)?.to_bytes()))
        };
        // The connection only moves while it is polled. It may end before the answer has been read out of it.
        let connection = connection.then(|_| pending::<()>());
        match select(pin!(exchange), pin!(connection)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), _)) => Err(DaemonError::Unreachable),
        }
    }
}

fn cause(error: &hyper::Error) -> DaemonError {
    if error.is_parse() || error.is_parse_too_large() { DaemonError::Nonsense } else { DaemonError::Unreachable }
}

/// The container's own name is `/name`; `/other/alias` is what a linked container calls it. One without a name that we
/// can be asked for (it is being removed, or its name is longer than any of ours) is as good as absent, and must not
/// keep the others from being driven.
fn own_name(item: &Item) -> Option<ContainerName> {
    item.names.iter().flatten().find_map(|name| name.strip_prefix('/')?.parse().ok())
}

fn rebuild(name: ContainerName, item: Item) -> Result<Container, DaemonError> {
    let is_word = (1..=32).contains(&item.state.len()) && item.state.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_image = item.image.len() <= MAX_IMAGE && item.image.bytes().all(|byte| byte.is_ascii_graphic());
    match Id::parse(item.id) {
        Some(id) if is_word && is_image => Ok(Container { id, name, state: item.state, image: item.image }),
        _ => Err(DaemonError::Nonsense),
    }
}

/// Finds a container by its exact name or its full id. An id wins over a name that looks like one, and a prefix of an
/// id is neither.
pub(super) fn find(containers: Vec<Container>, name: &ContainerName) -> Option<Container> {
    let by_id = containers.iter().position(|container| container.id.0 == name.as_str());
    let index = by_id.or_else(|| containers.iter().position(|container| container.name == *name))?;
    containers.into_iter().nth(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(id: char, name: &str) -> Container {
        let id = Id::parse(id.to_string().repeat(64)).unwrap();
        Container { id, name: name.parse().unwrap(), state: "running".to_owned(), image: "nginx".to_owned() }
    }

    #[test]
    fn a_container_is_found_by_exact_name_or_full_id_only() {
        let all = || vec![container('a', "one"), container('b', &"a".repeat(64)), container('c', "aaaaaaaaaaaa")];
        let found = |name: &str| find(all(), &name.parse().unwrap()).map(|container| container.id.0[..1].to_owned());
        assert_eq!(found("one").as_deref(), Some("a"));
        assert_eq!(found(&"a".repeat(64)).as_deref(), Some("a"), "the id wins over the name");
        assert_eq!(found("aaaaaaaaaaaa").as_deref(), Some("c"), "the name wins over the prefix of an id");
        for absent in ["a", "aaaaaaaaaaa", "One", "on", "bbbbbbbbbbbb", &"B".repeat(64)] {
            assert_eq!(found(absent), None, "{absent}");
        }
    }

    fn item(id: &str, names: &[&str], state: &str) -> Item {
        Item {
            id: id.to_owned(),
            names: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            image: "nginx:alpine".to_owned(),
            state: state.to_owned(),
            labels: None,
        }
    }

    #[test]
    fn an_item_that_makes_no_sense_is_not_rebuilt() {
        let rebuilt = |id: &str, state| rebuild("one".parse().unwrap(), item(id, &[], state));
        let id = "a".repeat(64);
        for state in ["running", "exited", "restarting", "removing", "dead", "stopped", "configured", "initialized"] {
            assert_eq!(rebuilt(&id, state).unwrap().state, state);
        }
        for (id, state) in [("../x", "running"), (&id.to_uppercase(), "running"), (&id, "Up 3 minutes"), (&id, "")] {
            assert_eq!(rebuilt(id, state), Err(DaemonError::Nonsense), "{id} {state}");
        }
    }

    #[test]
    fn the_own_name_is_told_from_aliases_and_one_that_cannot_be_asked_for_is_none() {
        let named = |names: &[&str]| own_name(&item("", names, "running")).map(|name| name.to_string());
        assert_eq!(named(&["/other/alias", "/one"]).as_deref(), Some("one"));
        let long = format!("/{}", "a".repeat(129));
        for names in [&[][..], &["one"], &["/"], &["/other/alias"], &[long.as_str()], &["/a b"]] {
            assert_eq!(named(names), None, "{names:?}");
        }
        assert_eq!(own_name(&Item { names: None, ..item("", &[], "running") }), None);
    }
}
