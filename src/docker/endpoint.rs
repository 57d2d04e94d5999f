//! A daemon's address, and who named it.

use std::{fmt, path::PathBuf};

/// A daemon's address, and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How it is reached.
    pub address: Address,
    /// Who named it.
    pub found_by: FoundBy,
}

/// How a daemon is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// TCP without TLS, on loopback or because the user asked for it.
    Plain(String),
    /// TCP with TLS; host and port, and the folder of `ca.pem`, `cert.pem` and `key.pem`.
    Tls(String, PathBuf),
}

/// Who named an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBy {
    /// The variable `DOCKER_HOST`.
    Variable,
    /// A context of the docker CLI, by its name.
    Context(String),
    /// Nobody: a usual socket, and whose it is.
    Usual(&'static str),
}

impl crate::text::Verbatim for Endpoint {}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Unix(path) => write!(f, "`unix://{}`", path.display())?,
            Address::Plain(host) | Address::Tls(host, _) => write!(f, "`tcp://{host}`")?,
        }
        write!(f, " ({})", self.found_by)
    }
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str("DOCKER_HOST"),
            Self::Context(name) => write!(f, "docker context {name}"),
            Self::Usual(whose) => f.write_str(whose),
        }
    }
}

/// Whether a host, with or without a port, is this machine.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
