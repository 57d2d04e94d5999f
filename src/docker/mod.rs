//! Docker, through bollard: finding the daemon, images, containers that carry our label, the bridge's gateway.
//!
//! Everything here acts on what this installation owns: a container is ours by its label [`crate::marks::OWNER_LABEL`] only, and what
//! lacks it is never started, stopped, changed or removed. Not here: what an engine is made of (`engine`), and the door
//! through which functions reach Docker (`proxy`), which never sees this client.

pub mod connect;
pub mod container;
pub mod endpoint;
pub mod error;
pub mod gateway;
pub mod image;
pub mod network;
pub mod own_image;
mod podman;
pub mod search;
pub mod spec;
mod tar;

pub use connect::Daemon;
pub use error::Error;
pub use image::ImageName;
pub use own_image::OwnImage;
pub use spec::{EDGE_MEMORY, PROXY_MEMORY, Publish, Role, Spec};

use search::Variables;
use std::time::Duration;

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
