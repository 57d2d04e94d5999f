//! Networks of our own, for daemons whose containers do not meet on this machine.

use super::{
    connect::Daemon,
    error::{Error, Result, status},
};
use crate::{
    marks::{OWNER_LABEL, PROJECT_LABEL},
    names::OwnerId,
};
use bollard::{
    models::NetworkCreateRequest,
    query_parameters::{InspectNetworkOptions, ListNetworksOptionsBuilder},
};
use std::{collections::HashMap, path::Path};

/// Makes sure that there is the network that containers need, if any. One of that name that somebody else made is used as
/// it is, and stays.
///
/// # Errors
/// Returns what the daemon said.
pub async fn ensure(daemon: &Daemon, owner: &OwnerId, name: Option<&str>, project: &Path) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    match daemon.api().inspect_network(name, None::<InspectNetworkOptions>).await {
        Ok(_) => return Ok(()),
        Err(error) if status(&error) == Some(404) => {}
        Err(error) => return Err(Error::api("docker.operation.inspect_network")(error)),
    }
    let labels = [(OWNER_LABEL, owner.to_string()), (PROJECT_LABEL, project.display().to_string())];
    let wanted = NetworkCreateRequest {
        name: name.to_owned(),
        labels: Some(labels.map(|(label, value)| (label.to_owned(), value)).into()),
        ..NetworkCreateRequest::default()
    };
    match daemon.api().create_network(wanted).await {
        Ok(_) => Ok(()),
        // Another run was faster.
        Err(error) if status(&error) == Some(409) => Ok(()),
        Err(error) => Err(Error::named("docker.operation.create_network", name)(error)),
    }
}

/// Removes the networks that this installation made for a project, except those on which a container still is.
///
/// # Errors
/// Returns what the daemon said.
pub async fn remove(daemon: &Daemon, owner: &OwnerId, project: &Path) -> Result<()> {
    let labels = vec![format!("{OWNER_LABEL}={owner}"), format!("{PROJECT_LABEL}={}", project.display())];
    let options = ListNetworksOptionsBuilder::new().filters(&HashMap::from([("label", labels)])).build();
    let networks = daemon.api().list_networks(Some(options)).await;
    let networks = networks.map_err(Error::api("docker.operation.list_networks"))?;
    for name in networks.into_iter().filter_map(|network| network.name) {
        match daemon.api().remove_network(&name).await {
            Ok(()) => {}
            // Gone already, or in use.
            Err(error) if matches!(status(&error), Some(403 | 404 | 409)) => {}
            Err(error) => return Err(Error::named("docker.operation.remove_network", &name)(error)),
        }
    }
    Ok(())
}
