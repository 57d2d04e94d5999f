//! What the containers of a project tell of an engine whose record is lost.

use super::sweep::is_of_project;
use crate::{
    docker::{Role, container, gateway},
    engine::{
        daemon, installation,
        layout::{Addresses, port_in},
        record::Record,
    },
    engine_kind::EngineKind,
    marks::LOCAL_ACCOUNT,
    settings::Settings,
};

/// Rebuilds the record from the labels of the engine's or the edge's container; one that runs tells more than one that
/// does not. `None` where there is no such container, or Docker does not answer.
pub(in crate::engine) async fn traces(settings: &Settings) -> Option<Record> {
    let owner = installation::owner(settings)?;
    let daemon = daemon::find(settings).await.ok()?;
    let containers = container::owned(&daemon, &owner).await.ok()?.into_iter();
    let is_engine = |container: &container::Owned| container.role == Role::Engine.as_str();
    let found = containers
        .filter(|container| is_of_project(container, settings))
        .filter(|container| is_engine(container) || container.role == Role::Edge.as_str())
        .max_by_key(|container| (container.is_running(), is_engine(container)))?;
    let port = port_in(&found.name)?;
    let addresses = Addresses::of(port, &gateway::find(&daemon).await.ok()?);
    let started_at = container::started_at(&daemon, &found.id).await.ok()?;
    let begun = Record::begin(EngineKind::Localstack, port, LOCAL_ACCOUNT).ok()?;
    // The list names an image whose tag has moved on by its id, which is no name to start another container from.
    let image = Some(&found).filter(|found| is_engine(found) && !found.image.starts_with("sha256:"));
    Some(Record {
        started_at,
        image: image.map(|found| found.image.clone()),
        internal_endpoint: Some(addresses.engine_url),
        docker_proxy: Some(addresses.proxy_url),
        ..begun
    })
}
