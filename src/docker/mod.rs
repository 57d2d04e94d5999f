//! Docker, through bollard: finding the daemon, images, containers that carry our label, the bridge's gateway.
//!
//! Everything here acts on what this installation owns: a container is ours by its label [`OWNER_LABEL`] only, and what
//! lacks it is never started, stopped, changed or removed. Not here: what an engine is made of (`engine`), and the door
//! through which functions reach Docker (`proxy`), which never sees this client.

pub mod connect;
pub mod container;
pub mod error;
pub mod gateway;
pub mod image;
pub mod network;
pub mod own_image;
pub mod place;
mod podman;
pub mod spec;
mod tar;

pub use connect::Daemon;
pub use error::Error;
pub use image::ImageName;
pub use own_image::OwnImage;
pub use spec::{EDGE_MEMORY, PROXY_MEMORY, Publish, Role, Spec};

use place::Variables;
use std::time::Duration;

/// The label with the id of the installation that made a container or image.
pub const OWNER_LABEL: &str = "atelier.owner";
/// The label with what a container is for ([`Role`]).
pub const ROLE_LABEL: &str = "atelier.role";
/// The label with the hash of the [`Spec`] that a container was made from.
pub const SPEC_LABEL: &str = "atelier.spec";
/// The label with the project folder that a container was made for.
pub const PROJECT_LABEL: &str = "atelier.project";
/// The label with the id of the installation whose engine made a container for a function. It is not [`OWNER_LABEL`]:
/// the docker proxy takes that for leave to start and stop.
pub const ENGINE_LABEL: &str = "atelier.engine";

/// How long those wait who only look: `doctor` and `status` have more to say than that a daemon hangs.
pub const GLANCE: Duration = Duration::from_secs(2);

/// Finds the daemon that `DOCKER_HOST`, the docker CLI's other variables and the machine point at.
///
/// # Errors
/// See [`Daemon::find`].
pub async fn find(host: Option<&str>, variables: &Variables) -> error::Result<Daemon> {
    Daemon::find(host, variables).await
}

/// Like [`find`], and waits for [`GLANCE`] only.
///
/// # Errors
/// See [`Daemon::find`].
pub async fn glance(host: Option<&str>, variables: &Variables) -> error::Result<Daemon> {
    Daemon::find_within(GLANCE, host, variables).await
}
