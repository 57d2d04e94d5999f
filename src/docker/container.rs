//! Containers by label: found, made as their [`Spec`] says, stopped with grace, removed. Nothing that lacks our label
//! is touched.
//!
//! A name is resolved in the daemon's list by exact comparison, and everything after that acts on the 64-digit id: the
//! daemon itself would take a name for an id prefix.

use super::{
    connect::Daemon,
    error::{Error, Result, status},
    podman,
    spec::{Role, Spec},
};
use crate::{
    marks::{DECLARED_LABEL, ENGINE_LABEL, OWNER_LABEL, PROJECT_LABEL, ROLE_LABEL, SPEC_LABEL},
    names::{ContainerName, OwnerId},
};
use bollard::{
    models::{ContainerInspectResponse, ContainerSummary, ContainerSummaryStateEnum},
    query_parameters::{
        CreateContainerOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
        StopContainerOptionsBuilder,
    },
};
use futures_util::StreamExt;
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    path::Path,
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::{Instant, sleep};

/// How many lines of a container's log an error shows.
const TAIL: &str = "12";
/// Docker has no code for a taken port, only these sentences (of the allocator, the kernel and Docker Desktop).
const PORT_TAKEN: [&str; 3] = ["port is already allocated", "address already in use", "Ports are not available"];
/// How long a removal that is in progress may take; Docker deletes the container's file system meanwhile.
const REMOVAL: Duration = Duration::from_secs(20);
/// The pause between two looks at it.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a container's log may take to be read.
const LOG_DEADLINE: Duration = Duration::from_secs(5);

/// A container that this installation made.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Its id, 64 hex digits.
    pub id: String,
    /// Its name, without the slash that Docker puts before it.
    pub name: String,
    /// Its image.
    pub image: String,
    /// What it is for.
    pub role: String,
    /// The hash of the spec that it was made from.
    pub spec: String,
    /// The project that it was made for.
    pub project: Option<String>,
    /// Its state, in Docker's words (`running`, `exited`).
    pub state: String,
    /// Whether it stands in a project's `[containers]`.
    pub is_declared: bool,
}

impl Owned {
    /// Whether it runs and is not paused.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }
}

/// What [`ensure`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It ran already, as it should.
    Kept,
    /// It was there and has been started.
    Started,
    /// It has been made.
    Created,
    /// It was there with another spec, or beyond repair, and has been made anew.
    Replaced,
}

/// A container that runs as its spec says.
#[derive(Debug, Clone)]
pub struct Ensured {
    /// Its id.
    pub id: String,
    /// What had to be done for it.
    pub change: Change,
}

/// Lists the containers of an installation, running or not.
///
/// # Errors
/// Returns what the daemon said.
pub async fn owned(daemon: &Daemon, owner: &OwnerId) -> Result<Vec<Owned>> {
    let filter = ("label", vec![format!("{OWNER_LABEL}={owner}")]);
    Ok(list(daemon, filter).await?.into_iter().filter_map(describe).collect())
}

/// Lists the containers that an installation's engines made for functions.
///
/// # Errors
/// Returns what the daemon said.
pub async fn of_functions(daemon: &Daemon, owner: &OwnerId) -> Result<Vec<Owned>> {
    let filter = ("label", vec![format!("{ENGINE_LABEL}={owner}")]);
    Ok(list(daemon, filter).await?.into_iter().filter_map(describe).collect())
}

/// Lists the ports of this machine that running containers publish, each with its container, whoever made that.
///
/// # Errors
/// Returns what the daemon said.
pub async fn publishers(daemon: &Daemon) -> Result<Vec<(u16, Owned)>> {
    let running = list(daemon, ("status", vec!["running".to_owned()])).await?;
    let published = running.into_iter().flat_map(|container| {
        let ports: Vec<u16> = container.ports.iter().flatten().filter_map(|port| port.public_port).collect();
        let container = describe(container);
        ports.into_iter().filter_map(move |port| Some((port, container.clone()?)))
    });
    Ok(published.collect())
}

async fn list(daemon: &Daemon, (name, values): (&str, Vec<String>)) -> Result<Vec<ContainerSummary>> {
    let filters = HashMap::from([(name, values)]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let listed = podman::read(daemon.api().list_containers(Some(options)).await);
    listed.map_err(Error::api("docker.operation.list_containers"))
}

/// Finds the container of exactly this name, ours or not.
async fn named(daemon: &Daemon, name: &ContainerName) -> Result<Option<ContainerSummary>> {
    let exactly = format!("/{name}");
    // The filter is a regular expression, for Docker of the name with its slash or without, for Podman without. A name
    // may hold a dot, so the comparison below decides.
    let found = list(daemon, ("name", vec![format!("^{name}$")])).await?;
    Ok(found.into_iter().find(|container| container.names.iter().flatten().any(|one| *one == exactly)))
}

/// Names the running container, whoever made it, that is published on an address or on every address with its port.
pub async fn publisher(daemon: &Daemon, address: SocketAddr) -> Option<String> {
    let containers = list(daemon, ("status", vec!["running".to_owned()])).await.ok()?;
    let publishes = |container: &ContainerSummary| {
        container.ports.iter().flatten().any(|port| {
            let host: Option<IpAddr> = port.ip.as_deref().and_then(|ip| ip.parse().ok());
            port.public_port == Some(address.port())
                && host.is_none_or(|host| host == address.ip() || host.is_unspecified())
        })
    };
    let container = containers.into_iter().find(publishes)?;
    container.names?.first().map(|name| name.trim_start_matches('/').to_owned())
}

fn describe(container: ContainerSummary) -> Option<Owned> {
    let labels = container.labels.unwrap_or_default();
    let label = |name: &str| labels.get(name).cloned();
    let name = container.names.iter().flatten().next()?.trim_start_matches('/').to_owned();
    Some(Owned {
        id: container.id?,
        name,
        image: container.image.unwrap_or_default(),
        role: label(ROLE_LABEL).unwrap_or_default(),
        spec: label(SPEC_LABEL).unwrap_or_default(),
        project: label(PROJECT_LABEL),
        state: container.state.unwrap_or(ContainerSummaryStateEnum::EMPTY).to_string(),
        is_declared: label(DECLARED_LABEL).is_some(),
    })
}

/// Finds the container of this name and makes sure that it is ours.
///
/// # Errors
/// [`Error::NotOurs`] for a container that another installation or somebody else made.
pub async fn find(daemon: &Daemon, owner: &OwnerId, name: &ContainerName) -> Result<Option<Owned>> {
    let Some(container) = named(daemon, name).await? else { return Ok(None) };
    let owners = container.labels.as_ref().and_then(|labels| labels.get(OWNER_LABEL));
    if owners.map(String::as_str) != Some(owner.as_str()) {
        let image = container.image.unwrap_or_default();
        return Err(Error::NotOurs { name: name.to_string(), image });
    }
    Ok(describe(container))
}

/// Finds the container of this name and makes sure that it may be started, changed and replaced for this use and project.
///
/// # Errors
/// [`Error::NotOurs`] when the name is taken by a container that this installation did not make for them.
pub async fn claim(
    daemon: &Daemon,
    owner: &OwnerId,
    (name, role): (&ContainerName, Role),
    project: Option<&Path>,
) -> Result<Option<Owned>> {
    let Some(found) = find(daemon, owner, name).await? else { return Ok(None) };
    let wanted_project = project.map(|project| project.display().to_string());
    // A project whose folder is gone cannot be asked to let go of its containers.
    let abandoned = found.project.as_ref().is_some_and(|project| !Path::new(project).exists());
    if found.role != role.as_str() || (found.project != wanted_project && !abandoned) {
        let image = found.project.unwrap_or(found.image);
        return Err(Error::NotOurs { name: found.name, image });
    }
    Ok(Some(found))
}

/// Makes sure that a container runs as its spec says: one that does is kept, one that stopped is started, one that is
/// different or beyond repair is replaced.
///
/// # Errors
/// [`Error::NotOurs`] when the name is taken by a container that this installation did not make for this use and
/// project, [`Error::PortTaken`], or what the daemon said.
pub async fn ensure(daemon: &Daemon, owner: &OwnerId, spec: &Spec) -> Result<Ensured> {
    let claimed = claim(daemon, owner, (&spec.name, spec.role), spec.project.as_deref()).await?;
    let Some(found) = claimed else {
        return Ok(Ensured { id: create(daemon, owner, spec).await?, change: Change::Created });
    };
    if found.spec == spec.hash() {
        match found.state.as_str() {
            "running" => return Ok(Ensured { id: found.id, change: Change::Kept }),
            "created" | "exited" => match start(daemon, &found.id, spec).await {
                Ok(()) => return Ok(Ensured { id: found.id, change: Change::Started }),
                Err(error @ Error::PortTaken { .. }) => return Err(error),
                // Half made (a crash between two calls of a former run): made anew below.
                Err(_) => {}
            },
            _ => {}
        }
    }
    remove(daemon, &found.id, Duration::ZERO).await?;
    Ok(Ensured { id: create(daemon, owner, spec).await?, change: Change::Replaced })
}

async fn create(daemon: &Daemon, owner: &OwnerId, spec: &Spec) -> Result<String> {
    let options = CreateContainerOptionsBuilder::new().name(spec.name.as_str()).build();
    let made = daemon.api().create_container(Some(options), spec.body(owner)).await;
    let made = match made {
        Ok(made) => made,
        // Somebody was faster; what is there now is for the caller's next run to judge.
        Err(error) if status(&error) == Some(409) => {
            return Err(Error::NotOurs { name: spec.name.to_string(), image: "created just now".to_owned() });
        }
        Err(error) => return Err(Error::named("docker.operation.create_container", &spec.name)(error)),
    };
    if let Err(error) = start(daemon, &made.id, spec).await {
        // A container that never ran would stand in the way of the user's own next attempt.
        let _ = remove(daemon, &made.id, Duration::ZERO).await;
        return Err(error);
    }
    Ok(made.id)
}

async fn start(daemon: &Daemon, id: &str, spec: &Spec) -> Result<()> {
    use bollard::errors::Error::DockerResponseServerError;
    match (daemon.api().start_container(id, None).await, spec.publish) {
        (Ok(()), _) => Ok(()),
        (Err(DockerResponseServerError { message, .. }), Some(publish))
            if PORT_TAKEN.iter().any(|sentence| message.contains(sentence)) =>
        {
            Err(Error::PortTaken { address: publish.host, reason: message })
        }
        (Err(error), _) => Err(Error::named("docker.operation.start_container", &spec.name)(error)),
    }
}

/// Starts a container that exists; one that runs is a success.
///
/// # Errors
/// Returns what the daemon said.
pub async fn resume(daemon: &Daemon, id: &str) -> Result<()> {
    daemon.api().start_container(id, None).await.map_err(Error::named("docker.operation.start_container", id))
}

/// Stops a container with `grace` for its own shutdown; one that is stopped or gone already is a success.
///
/// # Errors
/// Returns what the daemon said.
pub async fn stop(daemon: &Daemon, id: &str, grace: Duration) -> Result<()> {
    let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
    let options = StopContainerOptionsBuilder::new().t(seconds).build();
    match daemon.api().stop_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        Err(error) if matches!(status(&error), Some(304 | 404)) => Ok(()),
        Err(error) => Err(Error::named("docker.operation.stop_container", id)(error)),
    }
}

/// Stops a container with `grace` for its own shutdown (none when zero), and removes it with its anonymous volumes.
/// One that is already gone is a success.
///
/// # Errors
/// Returns what the daemon said.
pub async fn remove(daemon: &Daemon, id: &str, grace: Duration) -> Result<()> {
    if !grace.is_zero() {
        stop(daemon, id, grace).await?;
    }
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match daemon.api().remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        Err(error) if status(&error) == Some(404) => Ok(()),
        Err(error) if status(&error) == Some(409) => gone(daemon, id).await,
        Err(error) => Err(Error::named("docker.operation.remove_container", id)(error)),
    }
}

async fn inspect(daemon: &Daemon, id: &str) -> std::result::Result<ContainerInspectResponse, bollard::errors::Error> {
    podman::read(daemon.api().inspect_container(id, None).await)
}

/// Waits for the end of a removal that is in progress already: until then the name is taken.
async fn gone(daemon: &Daemon, id: &str) -> Result<()> {
    let end = Instant::now() + REMOVAL;
    loop {
        match inspect(daemon, id).await {
            Err(error) if status(&error) == Some(404) => return Ok(()),
            Err(error) => return Err(Error::named("docker.operation.inspect_container", id)(error)),
            Ok(_) if Instant::now() >= end => {
                return Err(Error::NotReady { name: id.to_owned(), seconds: REMOVAL.as_secs() });
            }
            Ok(_) => sleep(PAUSE).await,
        }
    }
}

/// Fails when a container that should run has ended, with its exit code and the end of its log.
///
/// # Errors
/// [`Error::Ended`], or what the daemon said.
pub async fn still_runs(daemon: &Daemon, id: &str, name: &ContainerName) -> Result<()> {
    let code = match inspect(daemon, id).await {
        Ok(container) => {
            let state = container.state.unwrap_or_default();
            // To Docker, a container that waits to be started again is running.
            if state.running == Some(true) && state.restarting != Some(true) {
                return Ok(());
            }
            state.exit_code.unwrap_or(-1)
        }
        Err(error) if status(&error) == Some(404) => -1,
        Err(error) => return Err(Error::named("docker.operation.inspect_container", name)(error)),
    };
    let log = tail(daemon, id).await;
    Err(Error::Ended { name: name.to_string(), code, log })
}

/// When a container was started last, in Docker's words; another answer than before means that it was restarted.
///
/// # Errors
/// Returns what the daemon said.
pub async fn started_at(daemon: &Daemon, id: &str) -> Result<String> {
    let inspected = inspect(daemon, id).await.map_err(Error::named("docker.operation.inspect_container", id))?;
    Ok(inspected.state.and_then(|state| state.started_at).unwrap_or_default())
}

/// The last lines that a container wrote; empty when the daemon does not tell.
pub async fn tail(daemon: &Daemon, id: &str) -> Vec<String> {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(TAIL).build();
    let read = async {
        let mut text = String::new();
        let mut chunks = daemon.api().logs(id, Some(options));
        while let Some(Ok(chunk)) = chunks.next().await {
            text.push_str(&String::from_utf8_lossy(&chunk.into_bytes()));
        }
        text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
    };
    tokio::time::timeout(LOG_DEADLINE, read).await.unwrap_or_default()
}

/// A line of a container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When Docker took it.
    pub time: OffsetDateTime,
    /// The line without its end.
    pub text: String,
}

/// A stretch of a container's log. Docker counts in seconds here: lines of the first and of the last second may be in
/// the stretch beside it, too.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Its beginning, in seconds since the Unix epoch.
    pub since: i64,
    /// Its end; `None` is now.
    pub until: Option<i64>,
    /// The last so many lines of it (`usize::MAX`: all).
    pub most: usize,
}

/// The lines of a stretch of a container's log; empty when the daemon does not tell.
pub async fn log(daemon: &Daemon, id: &str, Stretch { since, until, most }: Stretch) -> Vec<Line> {
    let seconds = |time: i64| i32::try_from(time.max(0)).unwrap_or(i32::MAX);
    let tail = if most == usize::MAX { "all".to_owned() } else { most.to_string() };
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).since(seconds(since));
    let options = match until {
        Some(until) => options.until(seconds(until)),
        None => options,
    };
    let options = options.tail(&tail).build();
    let read = async {
        let mut lines = Vec::new();
        let mut chunks = daemon.api().logs(id, Some(options));
        while let Some(Ok(chunk)) = chunks.next().await {
            let text = String::from_utf8_lossy(&chunk.into_bytes()).into_owned();
            lines.extend(text.lines().filter_map(stamped));
        }
        lines
    };
    tokio::time::timeout(LOG_DEADLINE, read).await.unwrap_or_default()
}

/// Docker puts its time before each line, RFC 3339 with nanoseconds.
fn stamped(line: &str) -> Option<Line> {
    let (time, text) = line.split_once(' ')?;
    let time = OffsetDateTime::parse(time, &Rfc3339).ok()?;
    Some(Line { time, text: text.trim_end().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_line_of_a_log_is_told_apart_from_its_time() {
        let line = stamped("2026-11-23T12:00:00.000000001Z hello there \r").unwrap();
        assert_eq!(line.text, "hello there");
        assert_eq!(line.time, datetime!(2026-11-23 12:00:00.000000001 UTC));
        assert_eq!(stamped("no time"), None);
    }
}
