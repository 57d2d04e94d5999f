//! What several checks have to know. Asked once, before them: what hangs is waited for once, and told once.

use super::{LIMIT, remedy};
use crate::{
    docker::{self, Daemon, gateway::Gateway},
    engine::{self, Engine, daemon, installation::Installation, record::Record},
    error::{Code, Error},
    settings::Settings,
    text::Message,
};
use bollard::models::SystemInfo;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::timeout;

/// The machine as the checks find it.
pub(super) struct Scene<'a> {
    pub(super) settings: &'a Settings,
    pub(super) docker: Result<Docker, DockerProblem>,
    pub(super) engine: EngineState,
    record: Option<Record>,
}

/// A daemon that answers.
pub(super) struct Docker {
    pub(super) daemon: Daemon,
    pub(super) product: &'static str,
    pub(super) info: SystemInfo,
    pub(super) gateway: Option<Gateway>,
    /// How many seconds this machine's clock is ahead of the daemon's.
    pub(super) ahead: Option<i64>,
}

/// Why there is no daemon, and the command that mends it, where there is one.
pub(super) struct DockerProblem {
    pub(super) error: Error,
    pub(super) fix: Option<String>,
}

/// Whether an engine runs.
pub(super) enum EngineState {
    /// One does.
    Running(Box<Engine>),
    /// One does, and this project cannot use it.
    Unusable(Error),
    /// None does.
    Absent,
    /// Who would have to tell does not answer.
    Unknown,
}

impl<'a> Scene<'a> {
    pub(super) async fn look(settings: &'a Settings) -> Self {
        let record = Record::read(settings);
        let (docker, engine) = if is_in_containers(settings, record.as_ref()) {
            let docker = look_for_docker(settings).await;
            let engine = if docker.is_ok() { look_for_engine(settings).await } else { EngineState::Unknown };
            (docker, engine)
        } else {
            tokio::join!(look_for_docker(settings), look_for_engine(settings))
        };
        Self { settings, docker, engine, record }
    }

    /// What is recorded of an engine, whether it still runs or not.
    pub(super) fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// The record of an engine that runs, or may.
    pub(super) fn running(&self) -> Option<&Record> {
        self.record.as_ref().filter(|_| !matches!(self.engine, EngineState::Absent))
    }

    /// Whether containers are wanted here; if not, the absence of Docker costs nothing.
    pub(super) fn wants_docker(&self) -> bool {
        let settings = self.settings;
        settings.engine.value.is_some_and(|kind| kind.facts().needs_docker())
            || settings.image.value.is_some()
            || is_in_containers(settings, self.record.as_ref())
    }
}

fn is_in_containers(settings: &Settings, record: Option<&Record>) -> bool {
    settings.endpoint.value.is_none()
        && !engine::is_remote(settings)
        && record.is_some_and(|record| record.kind.facts().needs_docker())
}

async fn look_for_docker(settings: &Settings) -> Result<Docker, DockerProblem> {
    let look = async {
        let daemon = daemon::glance(settings).await?;
        let info = daemon.api().info().await.map_err(docker::Error::api("docker.operation.ask_state"))?;
        let ahead = info.system_time.as_deref().and_then(ahead_of);
        let (product, gateway) = tokio::join!(daemon.product(), docker::gateway::find(&daemon));
        Ok(Docker { daemon, product, info, gateway: gateway.ok(), ahead })
    };
    let named = settings.docker_host.value.as_deref().unwrap_or("unix:///var/run/docker.sock");
    let hangs = || docker::Error::Hangs { endpoint: format!("`{named}`"), seconds: LIMIT.as_secs() };
    let looked = timeout(LIMIT, look).await.unwrap_or_else(|_| Err(hangs()));
    looked.map_err(|error| DockerProblem { fix: remedy::docker(&error), error: error.into() })
}

fn ahead_of(theirs: &str) -> Option<i64> {
    let theirs = OffsetDateTime::parse(theirs, &Rfc3339).ok()?;
    Some((OffsetDateTime::now_utc() - theirs).whole_seconds())
}

async fn look_for_engine(settings: &Settings) -> EngineState {
    let look = async {
        let is_remote = engine::is_remote(settings);
        // Connecting draws a key pair where there is none, and looking must write nothing.
        let connected = if is_remote || Installation::load(settings).is_some() {
            engine::connect(settings).await
        } else {
            Err(Error::new(Code::NotRunning).because_of(Message::new("engine.no_key_pair")))
        };
        match connected {
            Ok(engine) => EngineState::Running(Box::new(engine)),
            Err(error) if is_remote || engine::running(settings).await.is_ok() => EngineState::Unusable(error),
            Err(_) => EngineState::Absent,
        }
    };
    timeout(LIMIT, look).await.unwrap_or(EngineState::Unknown)
}
