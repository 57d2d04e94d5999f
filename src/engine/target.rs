//! The container of the bonus: one of the user's own, put behind the API by our label.

use super::{
    component::{Component, Health},
    daemon,
    deadline::within,
    door,
    installation::{self, Installation},
    layout::{Addresses, Names},
    life,
    record::Record,
};
use crate::{
    docker::{
        self, Daemon, OwnImage, Role, Spec,
        container::{self, Change},
        image, network,
    },
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    names::{ContainerName, OwnerId},
    progress::Progress,
    proxy::ProxyAddress,
    settings::Settings,
    text::{Message, in_words},
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a container is looked at until it counts as one that stays.
const MOMENT: Duration = Duration::from_millis(500);
/// What it gets for its own shutdown, as when the API stops it.
const GRACE: Duration = Duration::from_secs(3);

/// A container behind the API.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Target {
    /// Its name.
    pub name: ContainerName,
    /// Its image.
    pub image: String,
    /// The docker proxy as functions reach it.
    pub docker_proxy: String,
    /// `false` when it ran already.
    pub changed: bool,
}

/// Makes sure that the container runs from `image` and that functions reach Docker.
///
/// # Errors
/// [`Code::NotRunning`] when no engine runs here, [`Code::NotOurs`] when the name is taken by a container of somebody
/// else; or why Docker, the image or the proxy is not to be had.
pub async fn ensure(settings: &Settings, name: &ContainerName, image: &str, progress: &Progress) -> Result<Target> {
    within(settings, "awaited.container", Box::pin(make(settings, name, image, progress))).await
}

async fn make(settings: &Settings, name: &ContainerName, image: &str, progress: &Progress) -> Result<Target> {
    let opened = Box::pin(open_door(settings)).await?;
    // One that stands in `[containers]` does so whoever brings it.
    let is_declared = settings.containers.value.get(name).is_some_and(|declared| declared == image);
    let spec = spec(settings, name, image, is_declared)?;
    // Whether the name is free shows before anything is pulled for it.
    container::find(&opened.daemon, &opened.owner, &spec.name).await?;
    image::ensure(&opened.daemon, &spec.image, progress).await.map_err(|error| without_image(error.into()))?;
    let ensured = container::ensure(&opened.daemon, &opened.owner, &spec).await?;
    if ensured.change != Change::Kept {
        stays(&opened.daemon, &ensured.id, &spec.name).await?;
    }
    Ok(Target {
        name: spec.name,
        image: image.to_owned(),
        docker_proxy: opened.door.url,
        changed: ensured.change != Change::Kept,
    })
}

fn spec(settings: &Settings, name: &ContainerName, image: &str, is_declared: bool) -> Result<Spec> {
    Ok(Spec {
        name: name.clone(),
        role: Role::Target,
        image: image.parse()?,
        command: Vec::new(),
        environment: Vec::new(),
        publish: None,
        socket: None,
        socket_group: None,
        socket_is_owners: false,
        confined: false,
        network: None,
        project: Some(settings.folder.clone()),
        is_declared,
    })
}

/// What is done, or would be done, to a container of `[containers]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// It is made.
    Create,
    /// It is made anew, from another image.
    Replace,
    /// It is as it should be; whether it runs is its user's business.
    Unchanged,
    /// It stands there no more.
    Remove,
}

impl Need {
    /// The word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Unchanged => "unchanged",
            Self::Remove => "remove",
        }
    }
}

/// A container of `[containers]`, and what it needs.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Declared {
    /// Its name.
    pub name: ContainerName,
    /// Its image.
    pub image: String,
    /// What it needs.
    pub change: Need,
}

/// Tells what the containers of `[containers]` need; changes nothing. Where none stands there and nothing here uses
/// Docker, it is not asked.
///
/// # Errors
/// That Docker is not to be had, or that a name is taken by a container of somebody else.
pub async fn declared(settings: &Settings) -> Result<Vec<Declared>> {
    let wanted = &settings.containers.value;
    if wanted.is_empty() && !Record::read(settings).is_some_and(|record| record.uses_docker()) {
        return Ok(Vec::new());
    }
    let owner = Installation::load_or_create(settings)?.owner;
    let daemon = match daemon::find(settings).await {
        Err(_) if wanted.is_empty() => return Ok(Vec::new()),
        daemon => daemon?,
    };
    let mut all = Vec::new();
    for (name, image) in wanted {
        let spec = spec(settings, name, image, true)?;
        let found = container::claim(&daemon, &owner, (name, Role::Target), spec.project.as_deref()).await?;
        let change = match found {
            None => Need::Create,
            Some(found) if found.spec == spec.hash() => Need::Unchanged,
            Some(_) => Need::Replace,
        };
        all.push(Declared { name: name.clone(), image: image.clone(), change });
    }
    let project = settings.folder.to_string_lossy();
    let is_ours = |found: &container::Owned| {
        found.is_declared && found.role == Role::Target.as_str() && found.project.as_deref() == Some(&*project)
    };
    for found in container::owned(&daemon, &owner).await?.into_iter().filter(is_ours) {
        if let Ok(name) = found.name.parse::<ContainerName>()
            && !wanted.contains_key(&name)
        {
            all.push(Declared { name, image: found.image, change: Need::Remove });
        }
    }
    Ok(all)
}

/// Brings the containers of `[containers]` to that; one that is as it should be is left as it is, running or at rest.
///
/// # Errors
/// As [`declared`], or what [`ensure`] says.
pub async fn bring(settings: &Settings, progress: &Progress) -> Result<Vec<Declared>> {
    let all = declared(settings).await?;
    for Declared { name, image, change } in &all {
        match change {
            Need::Unchanged => {}
            Need::Create | Need::Replace => drop(Box::pin(ensure(settings, name, image, progress)).await?),
            Need::Remove => {
                let owner = Installation::load_or_create(settings)?.owner;
                let daemon = daemon::find(settings).await?;
                if let Some(found) = container::find(&daemon, &owner, name).await? {
                    container::remove(&daemon, &found.id, GRACE).await?;
                }
            }
        }
    }
    Ok(all)
}

/// Says what to do where the container's image is not to be had.
fn without_image(error: Error) -> Error {
    if error.code != Code::ImageUnavailable {
        return error;
    }
    error.hint(Message::new("hint.image_unavailable")).hint(Message::new("hint.image_here"))
}

/// Makes sure that the docker proxy beside an engine of one process runs, where functions were told of one.
///
/// # Errors
/// Why Docker or the proxy's container is not to be had.
pub(super) async fn reopen(settings: &Settings) -> Result<()> {
    within(settings, "awaited.container", Box::pin(open_door(settings))).await.map(drop)
}

/// Docker, with the door to it open for the running engine's functions.
struct Opened {
    /// The daemon.
    daemon: Daemon,
    /// Whose containers the door shows.
    owner: OwnerId,
    /// The door.
    door: ProxyAddress,
}

/// Makes sure that the functions of the engine that runs here reach Docker, and records how.
///
/// # Errors
/// [`Code::NotRunning`] when no engine runs here; or why Docker or the proxy's container is not to be had.
async fn open_door(settings: &Settings) -> Result<Opened> {
    let mut record = life::running(settings).await?;
    let installation = Installation::load_or_create(settings)?;
    let daemon = daemon::find(settings).await?;
    let image = OwnImage::of_running(&installation.owner).await?;
    let (gateway, ()) = tokio::try_join!(docker::gateway::find(&daemon), image.ensure(&daemon))?;
    let (names, addresses) = (Names::of(record.port)?, Addresses::of(record.port, &gateway));
    let project = &settings.folder;
    network::ensure(&daemon, &installation.owner, addresses.network.as_deref(), project).await?;
    let proxy = door::Proxy {
        daemon: &daemon,
        installation: &installation,
        project,
        image: image.name(),
        names: &names,
        addresses: &addresses,
    };
    let (mut door, _) = proxy.ensure().await?;
    if record.kind == EngineKind::Embedded {
        // Its functions are processes of this machine, and containers' names for it are not known here.
        door.url = format!("http://{}", addresses.proxy);
    }
    if record.docker_proxy.as_ref() != Some(&door.url) {
        record.docker_proxy = Some(door.url.clone());
        record.write_to(project)?;
    }
    Ok(Opened { daemon, owner: installation.owner, door })
}

/// Looks at a container that has just been started for a moment: an image that serves nothing ends at once.
async fn stays(daemon: &Daemon, id: &str, name: &ContainerName) -> Result<()> {
    let end = Instant::now() + MOMENT;
    while Instant::now() < end {
        container::still_runs(daemon, id, name).await?;
        sleep(MOMENT / 5).await;
    }
    Ok(())
}

/// Asks Docker itself for the container's state, in its own words; `None` when there is no such container of ours.
///
/// # Errors
/// [`Code::NotOurs`], or what the daemon said.
pub async fn state(settings: &Settings, name: &ContainerName) -> Result<Option<String>> {
    let owner = Installation::load_or_create(settings)?.owner;
    let daemon = daemon::find(settings).await?;
    Ok(container::find(&daemon, &owner, name).await?.map(|container| container.state))
}

/// Brings the container back to where it was, running or at rest; one that is gone stays gone. `is_on_its_way` says that
/// somebody's change may not have come to its end.
///
/// # Errors
/// [`Code::NotOurs`], or what the daemon said.
pub async fn restore(settings: &Settings, name: &ContainerName, state: &str, is_on_its_way: bool) -> Result<()> {
    let owner = Installation::load_or_create(settings)?.owner;
    let daemon = daemon::find(settings).await?;
    let Some(container) = container::find(&daemon, &owner, name).await? else { return Ok(()) };
    let runs = |state: &str| matches!(state, "running" | "restarting" | "paused");
    // A container that is being stopped counts as running until the end, and to start it is no order then. A second
    // stop ends with the first.
    if (runs(&container.state) && !runs(state)) || is_on_its_way {
        container::stop(&daemon, &container.id, GRACE).await?;
    }
    if runs(state) && (!runs(&container.state) || is_on_its_way) {
        container::resume(&daemon, &container.id).await?;
    }
    Ok(())
}

/// Tells how each container of this project is that the API may start and stop; none where Docker is not used.
pub async fn all(settings: &Settings) -> Vec<Component> {
    try_all(settings).await.unwrap_or_default()
}

async fn try_all(settings: &Settings) -> Option<Vec<Component>> {
    if Record::read(settings).is_some_and(|record| !record.uses_docker()) {
        return None;
    }
    let owner = installation::owner(settings)?;
    let daemon = daemon::find(settings).await.ok()?;
    let project = settings.folder.to_string_lossy();
    let containers = container::owned(&daemon, &owner).await.ok()?.into_iter();
    let targets = containers
        .filter(|container| container.role == Role::Target.as_str() && container.project.as_deref() == Some(&*project));
    let component = |container: container::Owned| Component {
        health: if container.is_running() { Health::Healthy } else { Health::Stopped },
        detail: in_words(&container.state),
        image: Some(container.image),
        name: container.name,
        kind: "container",
        url: None,
        pid: None,
    };
    Some(targets.map(component).collect())
}
