//! Brings the three containers of a set to what they should be: the engine, and the two doors that are atelier itself.

use super::{set::Set, sweep};
use crate::{
    docker::{
        self, Daemon, Role, Spec,
        container::{self, Change, Ensured},
        own_image,
    },
    engine::{door, layout::Names},
    error::Result,
    names::OwnerId,
    settings::Settings,
};

/// Makes sure that nobody else has one of the names, before anything is made under any of them.
///
/// # Errors
/// [`docker::Error::NotOurs`], or what the daemon said.
pub(super) async fn claim(
    daemon: &Daemon,
    owner: &OwnerId,
    names: &Names,
    settings: &Settings,
) -> docker::error::Result<()> {
    let claim = |name, role| container::claim(daemon, owner, (name, role), Some(&settings.folder));
    let [engine, edge, proxy] = [(&names.engine, Role::Engine), (&names.edge, Role::Edge), (&names.proxy, Role::Proxy)]
        .map(|(n, r)| claim(n, r));
    tokio::try_join!(engine, edge, proxy).map(drop)
}

/// Makes sure that the engine's container runs.
///
/// # Errors
/// See [`container::ensure`].
pub(super) async fn engine(set: &Set) -> Result<Ensured> {
    let ensured = ensure(set, &set.engine()).await?;
    if ensured.change != Change::Kept {
        // An engine that has just started knows none of the functions that its forerunner left.
        sweep::functions(&set.daemon, &set.installation.owner, &set.settings).await?;
    }
    Ok(ensured)
}

/// Makes sure that the doors to it run: the edge, which answers only for an engine that is ready, and the docker proxy;
/// that only after the edge where something listens on its port, because Docker judges whether it is in the way.
///
/// # Errors
/// See [`container::ensure`]; or that the proxy ended or does not answer.
pub(super) async fn doors(set: &Set, port_is_free: bool) -> Result<Doors> {
    set.own.ensure(&set.daemon).await?;
    let (edge, proxy) = (set.edge(), set.proxy());
    let (edge, proxy) = (ensure(set, &edge), proxy.ensure());
    let (edge, (_, proxy)) = if port_is_free { tokio::try_join!(edge, proxy)? } else { (edge.await?, proxy.await?) };
    // Only now: those of the replaced containers were in use.
    own_image::remove(&set.daemon, &set.installation.owner, Some(set.own.name())).await?;
    Ok(Doors { edge, proxy })
}

async fn ensure(set: &Set, spec: &Spec) -> Result<Ensured> {
    match container::ensure(&set.daemon, &set.installation.owner, spec).await {
        Ok(ensured) => Ok(ensured),
        Err(error) => Err(door::name_the_holder(&set.daemon, error).await),
    }
}

/// The doors, running.
pub(super) struct Doors {
    /// The public one.
    edge: Ensured,
    /// The docker proxy.
    proxy: Ensured,
}

impl Doors {
    /// Whether anything had to be done.
    pub(super) fn changed(&self) -> bool {
        [&self.edge, &self.proxy].iter().any(|ensured| ensured.change != Change::Kept)
    }

    /// Waits until the edge answers.
    ///
    /// # Errors
    /// That it ended or does not answer.
    pub(super) async fn await_edge(&mut self, set: &Set) -> Result<()> {
        let owner = &set.installation.owner;
        self.edge = door::answering(&set.daemon, owner, &set.edge(), "/healthz", self.edge.clone()).await?;
        Ok(())
    }
}
