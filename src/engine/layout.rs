//! The names and addresses of the containers that belong to a public port, so that sets on other ports can live beside
//! each other.

use super::profile;
use crate::{docker::gateway::Gateway, error, names::ContainerName};
use std::net::{Ipv4Addr, SocketAddr};

/// The public port whose containers have the workshop's own names.
const DEFAULT_PORT: u16 = 4566;
/// The docker proxy's port beside the default public port: Docker's own for plain TCP, as in the workshop.
pub(crate) const PROXY_PORT: u16 = 2375;

/// The names of a set of containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// The engine's container.
    pub(crate) engine: ContainerName,
    /// The public door's container.
    pub(crate) edge: ContainerName,
    /// The docker proxy's container.
    pub(crate) proxy: ContainerName,
}

/// The addresses of a set of containers, as the host has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// The public port, on loopback.
    pub(crate) edge: SocketAddr,
    /// The engine's API.
    pub(crate) engine: SocketAddr,
    /// The docker proxy.
    pub(crate) proxy: SocketAddr,
    /// The engine's host and port as containers reach it.
    pub(crate) engine_host: String,
    /// The engine's API as containers reach it.
    pub(crate) engine_url: String,
    /// The docker proxy as containers reach it.
    pub(crate) proxy_url: String,
}

impl Names {
    /// The names of the set behind a public port.
    ///
    /// # Errors
    /// Never for the names that are built here; they are parsed because every container name is.
    pub(crate) fn of(port: u16) -> error::Result<Self> {
        let suffix = if port == DEFAULT_PORT { String::new() } else { format!("-{port}") };
        let name = |base: &str| {
            format!("{base}{suffix}")
                .parse()
                .map_err(|error| error::Error::new(error::Code::Bug).with("detail", base).cause(&error))
        };
        Ok(Self { engine: name("localstack-main")?, edge: name("atelier-edge")?, proxy: name("docker-proxy")? })
    }
}

/// The public port that an engine's or an edge's container is named after.
pub(crate) fn port_in(name: &str) -> Option<u16> {
    let suffix = ["localstack-main", "atelier-edge"].iter().find_map(|base| name.strip_prefix(base))?;
    if suffix.is_empty() { Some(DEFAULT_PORT) } else { suffix.strip_prefix('-')?.parse().ok() }
}

impl Addresses {
    /// The addresses of the set behind a public port. On the bridge's gateway the engine has the public port's number
    /// too; where only loopback is shared with containers, the internal doors take the numbers after it.
    pub(crate) fn of(port: u16, gateway: &Gateway) -> Self {
        let engine = if gateway.is_loopback { beside(port, 1) } else { port };
        let proxy = if port == DEFAULT_PORT { PROXY_PORT } else { beside(port, 2) };
        let host = &gateway.from_containers;
        Self {
            edge: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            engine: SocketAddr::from((gateway.publish, engine)),
            proxy: SocketAddr::from((gateway.publish, proxy)),
            engine_host: format!("{host}:{engine}"),
            engine_url: format!("http://{host}:{engine}"),
            proxy_url: format!("http://{host}:{proxy}"),
        }
    }
}

/// The port `steps` after this one, or before it at the end of the range.
fn beside(port: u16, steps: u16) -> u16 {
    port.checked_add(steps).unwrap_or(port - steps)
}

/// The port that the engine and the edge listen on inside their containers.
pub(crate) const INSIDE: u16 = profile::PORT;
/// The port that the docker proxy listens on inside its container.
pub(crate) const INSIDE_PROXY: u16 = PROXY_PORT;

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(is_loopback: bool) -> Gateway {
        let publish = if is_loopback { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(172, 17, 0, 1) };
        let from_containers = if is_loopback { "host.docker.internal".to_owned() } else { publish.to_string() };
        Gateway { publish: publish.into(), from_containers, is_loopback }
    }

    #[test]
    fn the_default_port_has_the_workshops_names_and_addresses() {
        let names = Names::of(4566).unwrap();
        assert_eq!(
            [names.engine.as_str(), names.edge.as_str(), names.proxy.as_str()],
            ["localstack-main", "atelier-edge", "docker-proxy"]
        );
        let addresses = Addresses::of(4566, &gateway(false));
        assert_eq!(addresses.edge.to_string(), "127.0.0.1:4566");
        assert_eq!(addresses.engine_url, "http://172.17.0.1:4566");
        assert_eq!(addresses.proxy_url, "http://172.17.0.1:2375");
    }

    #[test]
    fn a_port_is_read_out_of_the_names_that_it_is_in() {
        for port in [4566, 5000] {
            let names = Names::of(port).unwrap();
            assert_eq!((port_in(names.engine.as_str()), port_in(names.edge.as_str())), (Some(port), Some(port)));
        }
        for other in ["docker-proxy", "localstack-mainly", "localstack-main-x", "localstack-main-70000"] {
            assert_eq!(port_in(other), None, "{other}");
        }
    }

    #[test]
    fn another_port_has_names_and_addresses_of_its_own() {
        assert_eq!(Names::of(5000).unwrap().engine.as_str(), "localstack-main-5000");
        assert_eq!(Addresses::of(5000, &gateway(false)).proxy.to_string(), "172.17.0.1:5002");
        assert_eq!(Addresses::of(65535, &gateway(false)).proxy.port(), 65533);
    }

    #[test]
    fn where_only_loopback_is_shared_nothing_collides_with_the_public_port() {
        let addresses = Addresses::of(4566, &gateway(true));
        assert_eq!(addresses.engine.to_string(), "127.0.0.1:4567");
        assert_eq!(addresses.engine_url, "http://host.docker.internal:4567");
    }
}
