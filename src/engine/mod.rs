//! Engines: whatever answers the AWS API, seen by commands as data.
//!
//! An engine differs from another by what is in [`Engine`] (and, for containers, in its profile), not by `if`s in
//! commands. Starting and stopping is per engine; everything after that is the same code.

pub mod aws;
pub mod codespace;
mod door;
pub(crate) mod embedded;
pub mod installation;
pub(crate) mod layout;
mod life;
pub mod localstack;
pub(crate) mod orphan;
pub(crate) mod port;
mod probe;
pub mod profile;
pub mod record;
pub mod target;

pub use life::{belongings, dismantle, down, keeps_state, up};
pub(crate) use life::{recorded, running};
pub use localstack::with_last_words;

use crate::{
    aws::Connection,
    disk,
    docker::Role,
    error::{Code, Error, Result},
    secret::Secret,
    settings::Settings,
    text::Message,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use installation::Installation;
use std::{
    fmt,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

/// The kinds of engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// This binary, in a background process.
    Embedded,
    /// A container that speaks the AWS API (LocalStack and its kin).
    Localstack,
    /// The cloud.
    Aws,
}

impl crate::text::Verbatim for EngineKind {}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Localstack => "localstack",
            Self::Aws => "aws",
        })
    }
}

/// The door to Docker, as the handler reaches it.
#[derive(Clone)]
pub struct DockerDoor {
    /// Base URL (`http://172.17.0.1:2375`).
    pub url: String,
    /// The bearer token that every call carries.
    pub token: Secret,
}

/// An engine that answers, and what the stack must know of it.
#[derive(Clone)]
pub struct Engine {
    /// Which kind it is.
    pub kind: EngineKind,
    /// The AWS API as this process reaches it.
    pub connection: Connection,
    /// Base URL of deployed APIs for people (`https://…-4566.app.github.dev`, `http://127.0.0.1:4566`), no slash at
    /// the end; on AWS it depends on the API's id and is `None`.
    pub public_url: Option<String>,
    /// The AWS API as the function reaches it; `None` leaves the function's SDK alone (AWS).
    pub internal_endpoint: Option<String>,
    /// The docker proxy as the function reaches it.
    pub docker: Option<DockerDoor>,
    /// The tag that pins an API's id at its creation, where the engine has one (`_custom_id_`).
    pub api_id_tag: Option<&'static str>,
    /// The engine's session: another one than last time means that it was restarted. `None` where `up` did not start it.
    pub session: Option<String>,
    /// The longest that the user lets anything take (`--timeout`); calls have bounds of their own below it.
    pub patience: Duration,
}

impl Engine {
    /// The URL of a deployed API's stage `dev` in the form that the workshop uses, without a slash at the end.
    #[must_use]
    pub fn api_url(&self, api: &crate::names::ApiId) -> String {
        match &self.public_url {
            Some(base) => format!("{base}/restapis/{api}/dev/_user_request_"),
            None => format!("https://{api}.execute-api.{}.amazonaws.com/dev", self.connection.region),
        }
    }

    /// Tells whether it is the one that `up` started here: not AWS, and not somebody else's (`--endpoint`).
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.session.is_some()
    }

    /// Tells whether the public URL works on this machine only.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let authority = self.public_url.as_deref().and_then(|url| url.strip_prefix("http://")?.split('/').next());
        authority.is_some_and(crate::docker::place::is_loopback)
    }
}

/// What [`up`] did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Up {
    /// Which kind runs now.
    pub engine: EngineKind,
    /// The base URL for people.
    pub url: String,
    /// The public port.
    #[serde(skip)]
    pub port: u16,
    /// The engine's process, where it is one of ours.
    pub pid: Option<u32>,
    /// `false` when it ran already.
    pub changed: bool,
}

/// What [`down`] did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Down {
    /// Which kind was stopped; `None` when none was recorded.
    pub engine: Option<EngineKind>,
    /// `false` when none ran.
    pub changed: bool,
}

/// How a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It answers.
    Healthy,
    /// It is there and does not answer as it should.
    Unhealthy,
    /// It is not running.
    Stopped,
}

/// One piece of an engine, for `status`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Component {
    /// Its name (`engine`, `edge`, `docker-proxy`, a container's name).
    pub name: String,
    /// What it is (`process`, `container`, `cloud`).
    pub kind: &'static str,
    /// How it is.
    pub health: Health,
    /// More about it, for people; may be empty.
    pub detail: Message,
    /// Where it answers.
    pub url: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
}

/// The name of an engine that is no container of ours; such a container has its own.
pub(crate) const OUTSIDE_CONTAINERS: &str = "engine";

impl Component {
    /// What people call it: an engine by what it is, everything else by its name.
    #[must_use]
    pub fn label(&self) -> Message {
        if self.name == OUTSIDE_CONTAINERS { Message::new("component.engine") } else { Message::literal(&self.name) }
    }

    /// Tells whether it is what answers the AWS API, and not a door beside it.
    #[must_use]
    pub fn is_engine(&self) -> bool {
        self.name == OUTSIDE_CONTAINERS || self.name.starts_with(layout::ENGINE)
    }
}

/// Where the log of the embedded engine is, and what is kept of a container's that is gone.
pub(crate) fn log_path(project: &Path, role: Role) -> PathBuf {
    disk::own_folder(project).join(format!("{role}.log"))
}

/// Finds the engine that the settings or the record name; does not call it.
///
/// # Errors
/// [`Code::NotRunning`] when none runs here, what [`Installation::load_or_create`] says, or why Docker, which runs the
/// recorded one, does not answer.
pub async fn connect(settings: &Settings) -> Result<Engine> {
    if settings.engine.value == Some(EngineKind::Aws) {
        return aws::connect(settings).await;
    }
    if let Some(endpoint) = &settings.endpoint.value {
        return foreign(settings, endpoint);
    }
    let record = running(settings).await?;
    match record.kind {
        EngineKind::Embedded => embedded::connect(settings, &record),
        EngineKind::Localstack => localstack::connect(settings, &record).await,
        EngineKind::Aws => aws::connect(settings).await,
    }
}

/// An AWS API that somebody else started (`--endpoint`).
fn foreign(settings: &Settings, endpoint: &str) -> Result<Engine> {
    let installation = Installation::load_or_create(settings)?;
    Ok(Engine {
        kind: EngineKind::Localstack,
        connection: local_connection(settings, &installation, endpoint.to_owned()),
        public_url: Some(settings.public_endpoint.value.clone().unwrap_or_else(|| endpoint.to_owned())),
        internal_endpoint: Some(settings.internal_endpoint.value.clone().unwrap_or_else(|| endpoint.to_owned())),
        docker: docker_door(settings, &installation, None),
        api_id_tag: Some("_custom_id_"),
        session: None,
        patience: settings.timeout.value,
    })
}

/// Tells how every piece of the engine is, for `status`; never an error, because that is what it reports.
pub async fn components(settings: &Settings) -> Vec<Component> {
    let kind = settings.engine.value;
    match recorded(settings).await {
        _ if kind == Some(EngineKind::Aws) => vec![aws::component(settings)],
        Some(record) if record.kind == EngineKind::Localstack => localstack::components(settings, &record).await,
        Some(record) => {
            let mut components = embedded::components(settings, &record).await;
            if record.docker_proxy.is_some() {
                components.extend(localstack::proxy_component(settings, &record).await);
            }
            components
        }
        None => vec![Component {
            name: OUTSIDE_CONTAINERS.to_owned(),
            kind: "process",
            health: Health::Stopped,
            detail: Message::literal(""),
            url: None,
            pid: None,
        }],
    }
}

/// Bounds a wait by `--timeout`; `what` is the key of what it was for.
pub(crate) async fn within<T>(
    settings: &Settings,
    what: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let limit = settings.timeout.value;
    let late = || Error::new(Code::Deadline).with("seconds", limit.as_secs()).with_message("what", Message::new(what));
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
}

/// A time as it is recorded, without what is below a second: for people.
pub(crate) fn to_the_second(recorded: &str) -> String {
    let is_fraction = |rest: &str| rest.trim_end_matches('Z').bytes().all(|byte| byte.is_ascii_digit());
    match recorded.split_once('.') {
        Some((seconds, rest)) if is_fraction(rest) => format!("{seconds}Z"),
        _ => recorded.to_owned(),
    }
}

/// The base URL of deployed APIs for people: the configured one, else the Codespace's of this port, else loopback.
#[must_use]
pub(crate) fn public_url(settings: &Settings, port: u16) -> String {
    settings.public_endpoint_at(port).value.unwrap_or_else(|| loopback(port))
}

/// The URL of a port of this machine.
#[must_use]
pub(crate) fn loopback(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

/// A connection to a local engine, signed by the installation's own key pair and never by the user's AWS credentials.
#[must_use]
pub(crate) fn local_connection(settings: &Settings, installation: &Installation, endpoint: String) -> Connection {
    let credentials =
        Credentials::new(&installation.access_key_id, installation.secret_access_key.expose(), None, None, "atelier");
    Connection {
        endpoint: Some(endpoint),
        region: settings.region.value.clone(),
        credentials: SharedCredentialsProvider::new(credentials),
    }
}

/// The docker proxy as the function reaches it: the configured URL, else the engine's own.
#[must_use]
pub(crate) fn docker_door(settings: &Settings, installation: &Installation, own: Option<&str>) -> Option<DockerDoor> {
    let url = settings.docker_proxy.value.clone().or_else(|| own.map(ToOwned::to_owned))?;
    Some(DockerDoor { url, token: installation.proxy_token.clone() })
}
