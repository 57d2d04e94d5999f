//! The address where a container's published port is reached from other containers, found by asking Docker.

use super::{
    connect::{Daemon, Kind},
    error::{Error, Result},
};
use bollard::{models::NetworkInspect, query_parameters::InspectNetworkOptions};
use std::net::{IpAddr, Ipv4Addr};

/// The default networks of Docker and Podman.
const DEFAULT_NETWORKS: [&str; 2] = ["bridge", "podman"];

/// Where internal doors are published, and how each side reaches them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// The address that ports are published on; this process reaches them there, too.
    pub publish: IpAddr,
    /// The host part of URLs that containers use; `None` where they do not reach this machine, and call each other by
    /// name on a network of their own.
    pub from_containers: Option<String>,
}

/// Finds the gateway of the network that containers are on by default.
///
/// # Errors
/// Returns what the daemon said, that it has no such network, or that it is another machine's.
pub async fn find(daemon: &Daemon) -> Result<Gateway> {
    daemon.is_here()?;
    let on_loopback = |from_containers| Gateway { publish: Ipv4Addr::LOCALHOST.into(), from_containers };
    match daemon.kind() {
        Kind::Apart => return Ok(on_loopback(Some("host.docker.internal".to_owned()))),
        Kind::Rootless => return Ok(on_loopback(None)),
        Kind::Native => {}
    }
    for name in DEFAULT_NETWORKS {
        match daemon.api().inspect_network(name, None::<InspectNetworkOptions>).await {
            Ok(network) => {
                let address = address(&network).ok_or(Error::Nonsense {
                    operation: "docker.operation.inspect_network",
                    what: "docker.lacks.gateway",
                })?;
                return Ok(Gateway { publish: address.into(), from_containers: Some(address.to_string()) });
            }
            Err(error) if super::error::status(&error) == Some(404) => {}
            Err(error) => return Err(Error::api("docker.operation.inspect_network")(error)),
        }
    }
    Err(Error::Nonsense { operation: "docker.operation.list_networks", what: "docker.lacks.bridge" })
}

/// A daemon that has not run a container since it started may tell the subnet only; its gateway is the first address.
fn address(network: &NetworkInspect) -> Option<Ipv4Addr> {
    let configs = || network.ipam.iter().flat_map(|ipam| ipam.config.iter().flatten());
    configs().find_map(|config| config.gateway.as_deref()?.parse().ok()).or_else(|| {
        configs().find_map(|config| {
            let (base, bits) = config.subnet.as_deref()?.split_once('/')?;
            let (base, bits): (Ipv4Addr, u32) = (base.parse().ok()?, bits.parse().ok()?);
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            Some(Ipv4Addr::from((u32::from(base) & mask) + 1))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(json: serde_json::Value) -> NetworkInspect {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_gateway_is_what_docker_says() {
        let told = network(serde_json::json!({"IPAM": {"Config": [
            {"Subnet": "fd00::/64", "Gateway": "fd00::1"}, {"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.254"}
        ]}}));
        assert_eq!(address(&told), Some(Ipv4Addr::new(172, 18, 0, 254)));
    }

    #[test]
    fn a_daemon_that_tells_the_subnet_only_has_its_first_address_as_gateway() {
        let subnet = network(serde_json::json!({"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}}));
        assert_eq!(address(&subnet), Some(Ipv4Addr::new(172, 17, 0, 1)));
        let nonsense = network(serde_json::json!({"IPAM": {"Config": [{"Subnet": "172.17.0.0/99"}]}}));
        assert_eq!(address(&nonsense), None);
    }
}
