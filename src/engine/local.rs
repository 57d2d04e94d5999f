//! What the engines of this machine have in common: whose key pair signs, and where everything answers.

use super::installation::Installation;
use crate::{
    aws::Connection,
    disk,
    docker::{Role, endpoint},
    proxy::ProxyAddress,
    settings::Settings,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

/// Where the log of the embedded engine is, and what is kept of a container's that is gone.
pub(crate) fn log_path(project: &Path, role: Role) -> PathBuf {
    disk::own_folder(project).join(format!("{role}.log"))
}

/// The base URL of deployed APIs for people: the configured one, else the Codespace's of this port, else loopback.
#[must_use]
pub(crate) fn public_url(settings: &Settings, port: u16) -> String {
    settings.public_endpoint_at(port).value.unwrap_or_else(|| loopback(port))
}

/// The URL of a port of this machine.
#[must_use]
pub(crate) fn loopback(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

/// Whether a base URL works on this machine only.
#[must_use]
pub(crate) fn is_loopback_url(url: &str) -> bool {
    let authority = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    authority.is_some_and(endpoint::is_loopback)
}

/// Whether a base URL is the engine's own door on this machine, and nothing lies before it.
#[must_use]
pub(crate) fn is_own_door(url: &str, port: u16) -> bool {
    is_loopback_url(url) && url.trim_end_matches('/').rsplit(':').next() == Some(port.to_string().as_str())
}

/// A connection to a local engine, signed by the installation's own key pair and never by the user's AWS credentials.
#[must_use]
pub(crate) fn local_connection(settings: &Settings, installation: &Installation, endpoint: String) -> Connection {
    let credentials =
        Credentials::new(&installation.access_key_id, installation.secret_access_key.expose(), None, None, "atelier");
    Connection {
        endpoint: Some(endpoint),
        region: settings.region.value.clone(),
        credentials: SharedCredentialsProvider::new(credentials),
    }
}

/// The docker proxy as the function reaches it: the configured URL, else the engine's own.
#[must_use]
pub(crate) fn docker_proxy(
    settings: &Settings,
    installation: &Installation,
    own: Option<&str>,
) -> Option<ProxyAddress> {
    let url = settings.docker_proxy.value.clone().or_else(|| own.map(ToOwned::to_owned))?;
    Some(ProxyAddress { url, token: installation.proxy_token.clone() })
}
