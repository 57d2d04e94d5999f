//! The names and addresses of the containers that belong to a public port, so that sets on other ports can live beside
//! each other.

use super::profile;
use crate::{docker::gateway::Gateway, error, names::ContainerName, settings::DEFAULT_PORT};
use std::net::{Ipv4Addr, SocketAddr};

/// The docker proxy's port beside the default public port: Docker's own for plain TCP, as in the workshop.
pub(crate) const PROXY_PORT: u16 = 2375;

/// The network that containers share where they need one.
const NETWORK: &str = "atelier";
/// What the engine's containers are called, before a port that is not the default.
pub(super) const ENGINE: &str = "localstack-main";
const EDGE: &str = "atelier-edge";
pub(super) const PROXY: &str = "docker-proxy";

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
    /// The network that the containers share, where they do not reach this machine.
    pub(crate) network: Option<String>,
}

impl Names {
    /// The names of the set behind a public port.
    ///
    /// # Errors
    /// Never for the names that are built here; they are parsed because every container name is.
    pub(crate) fn of(port: u16) -> error::Result<Self> {
        let name = |base: &str| {
            named(base, port)
                .parse()
                .map_err(|error| error::Error::new(error::Code::Bug).with("detail", base).cause(&error))
        };
        Ok(Self { engine: name(ENGINE)?, edge: name(EDGE)?, proxy: name(PROXY)? })
    }
}

/// The name that something has in the set behind a public port; behind the default one it is the workshop's own.
fn named(base: &str, port: u16) -> String {
    if port == DEFAULT_PORT { base.to_owned() } else { format!("{base}-{port}") }
}

/// The public port that an engine's or an edge's container is named after.
pub(crate) fn port_in(name: &str) -> Option<u16> {
    let suffix = [ENGINE, EDGE].iter().find_map(|base| name.strip_prefix(base))?;
    if suffix.is_empty() { Some(DEFAULT_PORT) } else { suffix.strip_prefix('-')?.parse().ok() }
}

impl Addresses {
    /// The addresses of the set behind a public port. On the bridge's gateway the engine has the public port's number
    /// too; where everything is published on loopback, the internal doors take the numbers after it.
    pub(crate) fn of(port: u16, gateway: &Gateway) -> Self {
        let engine = if gateway.publish.is_loopback() { beside(port, 1) } else { port };
        let proxy = if port == DEFAULT_PORT { PROXY_PORT } else { beside(port, 2) };
        let inside = |name: &str, published: u16, inside: u16| match &gateway.from_containers {
            Some(host) => format!("{host}:{published}"),
            None => format!("{}:{inside}", named(name, port)),
        };
        let engine_host = inside(ENGINE, engine, INSIDE);
        Self {
            edge: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            engine: SocketAddr::from((gateway.publish, engine)),
            proxy: SocketAddr::from((gateway.publish, proxy)),
            engine_url: format!("http://{engine_host}"),
            engine_host,
            proxy_url: format!("http://{}", inside(PROXY, proxy, INSIDE_PROXY)),
            network: gateway.from_containers.is_none().then(|| named(NETWORK, port)),
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

    fn gateway(publish: [u8; 4], from_containers: Option<&str>) -> Gateway {
        Gateway { publish: publish.into(), from_containers: from_containers.map(str::to_owned) }
    }

    fn bridge() -> Gateway {
        gateway([172, 17, 0, 1], Some("172.17.0.1"))
    }

    #[test]
    fn the_default_port_has_the_workshops_names_and_addresses() {
        let names = Names::of(4566).unwrap();
        assert_eq!(
            [names.engine.as_str(), names.edge.as_str(), names.proxy.as_str()],
            ["localstack-main", "atelier-edge", "docker-proxy"]
        );
        let addresses = Addresses::of(4566, &bridge());
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
        assert_eq!(Addresses::of(5000, &bridge()).proxy.to_string(), "172.17.0.1:5002");
        assert_eq!(Addresses::of(65535, &bridge()).proxy.port(), 65533);
    }

    #[test]
    fn where_only_loopback_is_shared_nothing_collides_with_the_public_port() {
        let addresses = Addresses::of(4566, &gateway([127, 0, 0, 1], Some("host.docker.internal")));
        assert_eq!(addresses.engine.to_string(), "127.0.0.1:4567");
        assert_eq!(addresses.engine_url, "http://host.docker.internal:4567");
        assert_eq!(addresses.network, None);
    }

    #[test]
    fn containers_that_do_not_reach_this_machine_call_each_other_by_name() {
        let addresses = Addresses::of(5000, &gateway([127, 0, 0, 1], None));
        assert_eq!(addresses.engine.to_string(), "127.0.0.1:5001");
        assert_eq!(addresses.engine_host, "localstack-main-5000:4566");
        assert_eq!(addresses.proxy_url, "http://docker-proxy-5000:2375");
        assert_eq!(addresses.network.as_deref(), Some("atelier-5000"));
    }
}
