//! Takes containers away: the set's own, those that the engine made for functions, and those that earlier runs left.

use crate::{
    disk,
    docker::{
        self, Daemon, Role,
        connect::Kind,
        container::{self, Owned, Stretch},
        network,
    },
    engine::{daemon, installation, layout::Names, local::log_path},
    error::Result,
    names::OwnerId,
    settings::Settings,
};
use futures_util::future::{join_all, try_join_all};
use std::{fmt::Write as _, time::Duration};
use time::format_description::well_known::Rfc3339;

/// What LocalStack gets for its own shutdown; a clean one takes it 2 s.
const ENGINE_GRACE: Duration = Duration::from_secs(10);
/// What the doors get: they drain what is in flight.
const DOOR_GRACE: Duration = Duration::from_secs(3);

/// How many of the last lines of a container's log outlive it.
const KEPT_LINES: usize = 500;

/// What to take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// What `up` made.
    Engine,
    /// What `up` and `bonus` made, and atelier's own images.
    Everything,
}

/// Removes the containers of this project, all at once; gives their names.
///
/// # Errors
/// Says why Docker does not answer, or which container it would not remove.
pub(crate) async fn sweep(settings: &Settings, what: What) -> Result<Vec<String>> {
    // Where no owner was ever drawn, nothing was ever made.
    let Some(owner) = installation::owner(settings) else { return Ok(Vec::new()) };
    let daemon = daemon::find(settings).await?;
    let containers = container::owned(&daemon, &owner).await?;
    let ours: Vec<&Owned> = containers.iter().filter(|container| is_to_go(container, settings, what)).collect();
    if what == What::Engine {
        join_all(ours.iter().map(|container| keep_log(&daemon, settings, container))).await;
    }
    try_join_all(ours.iter().map(|container| container::remove(&daemon, &container.id, grace(container)))).await?;
    // Last, because an engine that still runs makes new ones for functions that are called meanwhile.
    let functions = functions(&daemon, &owner, settings).await?;
    if daemon.kind() == Kind::Rootless {
        network::remove(&daemon, &owner, &settings.folder).await?;
    }
    if what == What::Everything {
        docker::own_image::remove(&daemon, &owner, None).await?;
    }
    Ok(ours.iter().map(|container| container.name.clone()).chain(functions).collect())
}

/// Keeps the end of a container's log, which goes with it, for `logs`. What cannot be kept holds nothing up.
async fn keep_log(daemon: &Daemon, settings: &Settings, container: &Owned) {
    let roles = [Role::Engine, Role::Edge, Role::Proxy];
    let Some(role) = roles.into_iter().find(|role| role.as_str() == container.role) else { return };
    let mut text = String::new();
    for line in container::log(daemon, &container.id, Stretch { since: 0, until: None, most: KEPT_LINES }).await {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{} {}", line.time.format(&Rfc3339).unwrap_or_default(), line.text);
    }
    if !text.is_empty() {
        let _ = disk::replace(&log_path(&settings.folder, role), text.as_bytes(), 0o600);
    }
}

/// Returns the containers that a sweep of [`What::Everything`] would remove.
///
/// # Errors
/// Says why Docker does not answer.
pub(crate) async fn belongings(settings: &Settings) -> Result<Vec<String>> {
    let Some(owner) = installation::owner(settings) else { return Ok(Vec::new()) };
    let daemon = daemon::find(settings).await?;
    let (made, functions) =
        tokio::try_join!(container::owned(&daemon, &owner), container::of_functions(&daemon, &owner))?;
    let ours = made.into_iter().chain(functions).filter(|container| is_of_project(container, settings));
    Ok(ours.map(|container| container.name).collect())
}

fn is_to_go(container: &Owned, settings: &Settings, what: What) -> bool {
    is_of_project(container, settings) && (what == What::Everything || container.role != Role::Target.as_str())
}

/// Whether a container was made for this project; other projects of the same user have containers too.
pub(super) fn is_of_project(container: &Owned, settings: &Settings) -> bool {
    container.project.as_deref() == Some(&*settings.folder.to_string_lossy())
}

fn grace(container: &Owned) -> Duration {
    if !container.is_running() {
        Duration::ZERO
    } else if container.role == Role::Engine.as_str() {
        ENGINE_GRACE
    } else {
        DOOR_GRACE
    }
}

/// Removes the containers that this project's engines made for functions.
///
/// # Errors
/// Returns what the daemon said.
pub(super) async fn functions(
    daemon: &Daemon,
    owner: &OwnerId,
    settings: &Settings,
) -> docker::error::Result<Vec<String>> {
    let functions = container::of_functions(daemon, owner).await?;
    let ours: Vec<&Owned> = functions.iter().filter(|function| is_of_project(function, settings)).collect();
    try_join_all(ours.iter().map(|function| container::remove(daemon, &function.id, Duration::ZERO))).await?;
    Ok(ours.iter().map(|function| function.name.clone()).collect())
}

/// The containers of this project that belong to no set that is recorded.
pub(super) fn left_behind<'a>(
    containers: &'a [Owned],
    settings: &'a Settings,
    names: &'a Names,
) -> impl Iterator<Item = &'a Owned> {
    let current = [&names.engine, &names.edge, &names.proxy];
    containers.iter().filter(move |container| {
        is_to_go(container, settings, What::Engine) && current.iter().all(|name| name.as_str() != container.name)
    })
}
