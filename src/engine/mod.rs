//! Engines: whatever answers the AWS API, seen by commands as data.
//!
//! An engine differs from another by what is in [`Engine`] (and, for containers, in its profile), not by `if`s in
//! commands. Starting and stopping is per engine; everything after that is the same code.

pub mod aws;
pub mod codespace;
mod component;
pub(crate) mod daemon;
mod deadline;
mod description;
mod door;
pub(crate) mod embedded;
pub mod facts;
pub mod installation;
pub(crate) mod layout;
mod life;
mod local;
pub mod localstack;
pub mod mend;
pub(crate) mod orphan;
pub(crate) mod port;
mod probe;
pub mod profile;
pub mod reach;
pub mod record;
pub(crate) mod refusal;
pub mod registry;
mod report;
pub mod target;
pub mod temporary;

pub(crate) use aws::{no_credentials, nothing_to_start};
pub(crate) use component::OUTSIDE_CONTAINERS;
pub use component::{Component, Health};
pub use description::Engine;
pub use embedded::becomes_lenient;
pub use life::{belongings, dismantle, down, heed, imply, keeps_state, meant_port, refuse_to_start, up};
pub(crate) use life::{recorded, running};
pub(crate) use local::{is_loopback_url, log_path, loopback};
pub use localstack::with_last_words;
pub use report::{Shutdown, Startup};

use crate::{
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    marks::API_ID_TAG,
    settings::Settings,
    text::Message,
};
use installation::Installation;
use local::{docker_proxy, local_connection};
use record::Record;

/// Finds the engine that the settings or the record name; does not call it.
///
/// # Errors
/// `not_running` when none runs here, what [`Installation::load_or_create`] says, or why Docker, which runs the
/// recorded one, does not answer.
pub async fn connect(settings: &Settings) -> Result<Engine> {
    if is_remote(settings) {
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

/// Whether the settings name an engine that is always there, and nothing of it on this machine.
#[must_use]
pub fn is_remote(settings: &Settings) -> bool {
    settings.engine.value.is_some_and(|kind| kind.facts().is_remote())
}

/// The AWS API that somebody names and that `up` has not started here (`--endpoint`). What this folder's own engine has on
/// this machine (processes, containers, logs) says nothing about it.
#[must_use]
pub fn elsewhere(settings: &Settings) -> Option<&str> {
    let named = settings.endpoint.value.as_deref().filter(|_| !is_remote(settings))?;
    let is_ours = Record::read(settings).is_some_and(|record| local::is_own_door(named, record.port));
    (!is_ours).then_some(named)
}

/// Refuses an engine that has no Docker for containers beside it.
///
/// # Errors
/// `bad_setting` for AWS, `usage` for one that somebody else has started.
pub fn refuse_without_docker(settings: &Settings) -> Result<()> {
    if is_remote(settings) {
        return Err(aws::without_docker());
    }
    match elsewhere(settings) {
        None => Ok(()),
        Some(url) => {
            Err(Error::new(Code::Usage)
                .with_message("detail", Message::new("usage.containers_elsewhere").with("url", url)))
        }
    }
}

/// The engine that can end by itself (`up --stop-after`).
pub const ENDS_BY_ITSELF: EngineKind = EngineKind::Embedded;

/// An AWS API that somebody else started (`--endpoint`).
fn foreign(settings: &Settings, endpoint: &str) -> Result<Engine> {
    let installation = Installation::load_or_create(settings)?;
    Ok(Engine {
        facts: &facts::FOREIGN,
        connection: local_connection(settings, &installation, endpoint.to_owned()),
        public_url: Some(settings.public_endpoint.value.clone().unwrap_or_else(|| endpoint.to_owned())),
        internal_endpoint: Some(settings.internal_endpoint.value.clone().unwrap_or_else(|| endpoint.to_owned())),
        docker: docker_proxy(settings, &installation, None),
        api_id_tag: Some(API_ID_TAG),
        session: None,
        patience: settings.timeout.value,
    })
}

/// Tells how every piece of the engine is, for `status`; never an error, because that is what it reports.
pub async fn components(settings: &Settings) -> Vec<Component> {
    if let Some(url) = elsewhere(settings) {
        return vec![Component::named(url)];
    }
    match recorded(settings).await {
        _ if is_remote(settings) => vec![aws::component(settings).await],
        Some(record) if record.kind.facts().needs_docker() => localstack::components(settings, &record).await,
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
            image: None,
            url: None,
            pid: None,
        }],
    }
}
