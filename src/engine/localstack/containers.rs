//! Brings the three containers of a set to what they should be.

use super::Set;
use crate::{
    docker::{
        self, Daemon, Role, Spec,
        container::{self, Change, Ensured},
    },
    engine::{door, layout::Names, port},
    error::Result,
    names::OwnerId,
    progress::Progress,
    settings::Settings,
    text::Message,
};

/// The three containers, running.
pub(super) struct Running {
    /// The engine.
    pub(super) engine: Ensured,
    /// The public door.
    edge: Ensured,
    /// The docker proxy.
    proxy: Ensured,
}

impl Running {
    /// Tells whether anything had to be done.
    pub(super) fn any(&self) -> bool {
        [&self.engine, &self.edge, &self.proxy].iter().any(|ensured| ensured.change != Change::Kept)
    }
}

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

/// Makes sure that the containers run, all at once: Docker takes half a second for each.
///
/// Where something listens on the public port, the edge comes first and alone: Docker judges whether that stands in its
/// way, before anything else has been started for it.
pub(super) async fn ensure(set: &Set, progress: &Progress) -> Result<Running> {
    progress.begin("engine", Message::new("engine.starting"));
    let (edge, engine, proxy) = (set.edge(), ensure_engine(set), set.proxy());
    let edge = ensure_one(set, &edge);
    let (edge, engine, (_, proxy)) = if port::is_free(set.addresses.edge) {
        tokio::try_join!(edge, engine, proxy.ensure())?
    } else {
        let edge = edge.await?;
        let (engine, proxy) = tokio::try_join!(engine, proxy.ensure())?;
        (edge, engine, proxy)
    };
    Ok(Running { engine, edge, proxy })
}

async fn ensure_engine(set: &Set) -> Result<Ensured> {
    let ensured = ensure_one(set, &set.engine()).await?;
    if ensured.change != Change::Kept {
        // An engine that has just started knows none of the functions that its forerunner left.
        super::sweep::functions(&set.daemon, &set.installation.owner, &set.settings).await?;
    }
    Ok(ensured)
}

async fn ensure_one(set: &Set, spec: &Spec) -> Result<Ensured> {
    match container::ensure(&set.daemon, &set.installation.owner, spec).await {
        Ok(ensured) => Ok(ensured),
        Err(error) => Err(door::name_the_holder(&set.daemon, error).await),
    }
}

impl Running {
    /// Waits until the edge answers, which it does for an engine that is ready.
    ///
    /// # Errors
    /// That it ended or does not answer.
    pub(super) async fn await_edge(&mut self, set: &Set) -> Result<()> {
        let owner = &set.installation.owner;
        self.edge = door::answering(&set.daemon, owner, &set.edge(), "/healthz", self.edge.clone()).await?;
        Ok(())
    }
}
