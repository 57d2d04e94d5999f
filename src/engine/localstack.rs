//! The `localstack` engine: a container that speaks the AWS API, the edge before it and the docker proxy beside it.
//!
//! The engine listens on the bridge's gateway only, where functions reach it; the public port is the edge's. What is
//! particular about an image is in its profile. The containers are found by their labels, so a run that was cut off
//! anywhere is continued by the next one; the record only tells which port and image the last one that was ready had.

mod containers;
mod ready;
mod set;
mod sweep;
mod traces;

pub(crate) use sweep::{What, belongings, sweep};
pub(super) use traces::traces;

use super::{
    component::{Component, Health},
    daemon,
    deadline::within,
    description::Engine,
    installation::{self, Installation},
    layout::{Addresses, Names},
    local::{docker_proxy, local_connection, loopback, public_url},
    port, probe,
    profile::Profile,
    record::Record,
    report::Startup,
};
use crate::{
    docker::{
        Daemon, ImageName, OwnImage,
        container::{self, Change, Owned},
        gateway, image, network,
    },
    elf,
    engine_kind::EngineKind,
    error::{Code, Error, Result},
    lenience::Lenience,
    marks::LOCAL_ACCOUNT,
    progress::Progress,
    settings::Settings,
    text::{Message, in_words},
};
use futures_util::future::join_all;
use set::Set;
use std::{io::Read, net::SocketAddr, time::Duration};
use tokio::time::timeout;

/// What stands for all containers where the daemon does not tell of any.
const DOCKER: &str = "docker";
/// How long a registry may take to say whether it has the image.
const REGISTRY: Duration = Duration::from_secs(10);

/// The engine's image: the wanted one, else the pinned one.
pub(crate) fn wanted_image(settings: &Settings) -> Result<ImageName> {
    Ok(settings.image.value.as_deref().unwrap_or(image::LOCALSTACK).parse()?)
}

/// Tells why LocalStack is not the engine for this machine; `None` when it is. Who names an image wants a container,
/// and gets the error of that rather than another engine.
pub(super) async fn why_not(settings: &Settings) -> Option<Message> {
    if settings.image.value.is_some() {
        return None;
    }
    match within(settings, "awaited.docker", is_possible(settings)).await {
        Ok(()) => None,
        Err(error) => Some(error.message),
    }
}

async fn is_possible(settings: &Settings) -> Result<()> {
    let daemon = daemon::find(settings).await?;
    daemon.is_here()?;
    if !runs_in_a_container() {
        return Err(Error::new(Code::NotStatic));
    }
    let image = wanted_image(settings)?;
    if image::is_present(&daemon, &image).await? {
        return Ok(());
    }
    let offered = timeout(REGISTRY, daemon.api().inspect_registry_image(image.as_str(), None)).await;
    if matches!(offered, Ok(Ok(_))) { Ok(()) } else { Err(Error::new(Code::ImageUnavailable).with("image", image)) }
}

/// Whether this binary needs nothing of this machine.
pub(crate) fn runs_in_a_container() -> bool {
    let read_head = || {
        let mut head = Vec::with_capacity(elf::HEAD);
        let file = std::fs::File::open(std::env::current_exe()?)?;
        file.take(elf::HEAD as u64).read_to_end(&mut head)?;
        Ok::<_, std::io::Error>(head)
    };
    read_head().ok().and_then(|head| elf::inspect(&head)).is_some_and(|needs| needs.interpreter.is_none())
}

/// Whether the recorded engine's container still runs.
///
/// # Errors
/// Says why Docker cannot be asked, or that its name is somebody else's container now.
pub(super) async fn is_running(settings: &Settings, record: &Record) -> Result<bool> {
    match find_engine(settings, record).await {
        Ok((_, engine)) => Ok(engine.is_running()),
        Err(error) if error.code == Code::NotRunning => Ok(false),
        Err(error) => Err(error),
    }
}

async fn find_engine(settings: &Settings, record: &Record) -> Result<(Daemon, Owned)> {
    let owner = installation::owner(settings).ok_or_else(|| Error::new(Code::NotRunning))?;
    let daemon = daemon::find(settings).await?;
    let name = Names::of(record.port)?.engine;
    let found = container::find(&daemon, &owner, &name).await?;
    let ours = found.filter(|engine| sweep::is_of_project(engine, settings));
    Ok((daemon, ours.ok_or_else(|| Error::new(Code::NotRunning))?))
}

/// Makes sure that the three containers run and the engine answers.
pub(super) async fn up(settings: &Settings, progress: &Progress) -> Result<Startup> {
    let image = wanted_image(settings)?;
    let profile = Profile::of(&image);
    if profile.needs_account(&image) && settings.localstack_token.is_none() {
        return Err(needs_token(&image));
    }
    let installation = Installation::load_or_create_telling(settings, progress)?;
    let port = settings.port.value;
    let bringing_up = Box::pin(bring_up(settings, progress, &installation, image, port));
    within(settings, "awaited.containers", bringing_up).await
}

/// Says what to do where the engine's image is not to be had.
fn without_image(error: Error) -> Error {
    if error.code != Code::ImageUnavailable {
        return error;
    }
    error.hint(Message::new("hint.image_unavailable")).hint(Message::new("hint.engine_without_image"))
}

/// The refusal of an image that wants an account where there is none.
pub(crate) fn needs_token(image: &ImageName) -> Error {
    Error::new(Code::ImageNeedsToken)
        .with("image", image)
        .hint(Message::new("hint.image_without_account").with("image", image::LOCALSTACK))
}

async fn bring_up(
    settings: &Settings,
    progress: &Progress,
    installation: &Installation,
    image: ImageName,
    port: u16,
) -> Result<Startup> {
    let daemon = daemon::find(settings).await?;
    progress.note(Message::new("docker.found").with("place", daemon.endpoint()));
    let (names, owner) = (Names::of(port)?, &installation.owner);
    let (gateway, ()) = tokio::try_join!(gateway::find(&daemon), containers::claim(&daemon, owner, &names, settings))?;
    let addresses = Addresses::of(port, &gateway);
    let made = tokio::try_join!(
        image::ensure(&daemon, &image, progress),
        OwnImage::of_running(owner),
        network::ensure(&daemon, owner, addresses.network.as_deref(), &settings.folder),
    );
    let ((), own, ()) = made.map_err(|error| without_image(error.into()))?;
    let set = Set {
        profile: Profile::of(&image),
        names,
        addresses,
        daemon,
        installation: installation.clone(),
        image,
        own,
        settings: settings.clone(),
    };
    progress.begin("engine", Message::new("engine.starting"));
    let engine = async {
        let engine = containers::engine(&set).await?;
        let account = Box::pin(ready::wait(&set, &engine, progress)).await?;
        Ok((engine.change != Change::Kept, account))
    };
    let port_is_free = port::is_free(set.addresses.edge);
    let doors = Box::pin(containers::doors(&set, port_is_free));
    let ((engine_changed, account), mut doors) = if port_is_free {
        // Beside each other: an engine starts for seconds, and the doors are there long before.
        tokio::try_join!(engine, doors)?
    } else {
        // What listens there may be in the edge's way, and an engine is not started in vain.
        let doors = doors.await?;
        (engine.await?, doors)
    };
    doors.await_edge(&set).await?;
    // Only now: what did not come up is not how the next engine is to be. Until then labels tell what is there.
    record(&set, port, account)?.write_to(&settings.folder)?;
    progress.done("engine");
    let url = public_url(settings, port);
    Ok(Startup {
        engine: EngineKind::Localstack,
        url,
        port,
        pid: None,
        lenient: Lenience::Off,
        iam: false,
        changed: engine_changed || doors.changed(),
    })
}

/// The record of a set that is ready; `account` is `None` where the engine ran already and was not asked.
fn record(set: &Set, port: u16, account: Option<String>) -> Result<Record> {
    let account = account.or_else(|| Record::read(&set.settings).map(|record| record.account));
    let begun = Record::begin(EngineKind::Localstack, port, account.unwrap_or_else(|| LOCAL_ACCOUNT.to_owned()));
    Ok(Record {
        image: Some(set.image.to_string()),
        internal_endpoint: Some(set.addresses.engine_url.clone()),
        docker_proxy: Some(set.addresses.proxy_url.clone()),
        ..begun.map_err(|error| Error::new(Code::Bug).with("detail", error.to_string()))?
    })
}

/// Stops and removes the project's containers, those that the engine made for functions included.
pub(super) async fn down(settings: &Settings, progress: &Progress) -> Result<bool> {
    progress.begin("engine", Message::new("engine.stopping"));
    let removed = sweep(settings, What::Engine).await?;
    progress.done("engine");
    Ok(!removed.is_empty())
}

/// Adds what the engine wrote last to the error of a function that cannot start: only there it says why.
pub async fn with_last_words(settings: &Settings, error: Error) -> Error {
    if error.code != Code::FunctionFailed {
        return error;
    }
    let record = Record::read(settings).filter(|record| record.kind.facts().needs_docker());
    let Some(record) = record.filter(|_| settings.endpoint.value.is_none()) else { return error };
    let Ok((daemon, engine)) = find_engine(settings, &record).await else { return error };
    container::tail(&daemon, &engine.id).await.into_iter().fold(error, Error::because)
}

/// Describes the running engine for the stack.
pub(super) async fn connect(settings: &Settings, record: &Record) -> Result<Engine> {
    let installation = Installation::load_or_create(settings)?;
    let (daemon, engine) = find_engine(settings, record).await?;
    let addresses = Addresses::of(record.port, &gateway::find(&daemon).await?);
    let image: ImageName = record.image.as_deref().unwrap_or(image::LOCALSTACK).parse()?;
    let internal = settings.internal_endpoint.value.clone().unwrap_or_else(|| addresses.engine_url.clone());
    Ok(Engine {
        facts: EngineKind::Localstack.facts(),
        connection: local_connection(settings, &installation, format!("http://{}", addresses.engine)),
        public_url: Some(public_url(settings, record.port)),
        internal_endpoint: Some(internal),
        docker: docker_proxy(settings, &installation, Some(&addresses.proxy_url)),
        api_id_tag: Profile::of(&image).api_id_tag,
        session: Some(container::started_at(&daemon, &engine.id).await?),
        patience: settings.timeout.value,
    })
}

/// Tells how each container of the set is, and which containers an earlier run left.
pub(super) async fn components(settings: &Settings, record: &Record) -> Vec<Component> {
    match try_components(settings, record).await {
        Ok(components) => components,
        Err(error) => vec![Component {
            name: DOCKER.to_owned(),
            kind: "container",
            health: Health::Unknown,
            detail: error.message,
            image: None,
            url: None,
            pid: None,
        }],
    }
}

/// Tells how the docker proxy beside an engine of another kind is.
pub(super) async fn proxy_component(settings: &Settings, record: &Record) -> Option<Component> {
    let proxy = Names::of(record.port).ok()?.proxy;
    let is_it = |component: &Component| component.name == proxy.as_str() || component.name == DOCKER;
    components(settings, record).await.into_iter().find(is_it)
}

async fn try_components(settings: &Settings, record: &Record) -> Result<Vec<Component>> {
    let owner = installation::owner(settings).ok_or_else(|| Error::new(Code::NotRunning))?;
    let daemon = daemon::glance(settings).await?;
    let names = Names::of(record.port)?;
    let addresses = Addresses::of(record.port, &gateway::find(&daemon).await?);
    let image: ImageName = record.image.as_deref().unwrap_or(image::LOCALSTACK).parse()?;
    let containers = container::owned(&daemon, &owner).await?;
    let doors = [
        (&names.engine, addresses.engine, Profile::of(&image).health, None),
        (&names.edge, addresses.edge, "/healthz", Some(loopback(record.port))),
        (&names.proxy, addresses.proxy, "/_ping", None),
    ];
    let containers = &containers;
    let asked = doors.map(|(name, address, path, url)| async move {
        let found = containers.iter().find(|container| container.name == name.as_str());
        let (health, detail) = health(found, address, path).await;
        let image = found.map(|container| container.image.clone());
        Component { name: name.to_string(), kind: "container", health, detail, image, url, pid: None }
    });
    // Side by side: each may take the whole limit of a probe.
    let mut components = join_all(asked).await;
    components.extend(sweep::left_behind(containers, settings, &names).map(|container| Component {
        name: container.name.clone(),
        kind: "container",
        health: Health::Unhealthy,
        detail: Message::new("component.left").with("state", &container.state),
        image: Some(container.image.clone()),
        url: None,
        pid: None,
    }));
    Ok(components)
}

async fn health(found: Option<&Owned>, address: SocketAddr, path: &str) -> (Health, Message) {
    let Some(container) = found else { return (Health::Stopped, Message::new("component.absent")) };
    if !container.is_running() {
        return (Health::Stopped, in_words(&container.state));
    }
    match probe::status(address, path).await {
        Ok(200) => (Health::Healthy, in_words(&container.state)),
        Ok(429) => (Health::Limited, Message::new("reach.limited")),
        Ok(status) => (Health::Unhealthy, Message::new("reach.answers").with("status", status)),
        Err(_) => (Health::Unhealthy, Message::new("status.silent")),
    }
}
