//! Who is near enough for a lenient engine: programs of this machine, and containers on the bridges that Docker and
//! Podman have made on it.
//!
//! A system takes what is meant for the address of a bridge from any of its networks, so that the address which was
//! reached proves nothing, and that other machines are on the same network proves less.

use crate::http1::{Local, Peer};
use http::request::Parts;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

/// The routes of this machine, as Linux tells them: the interface, the network and its mask, among others.
const ROUTES: &str = "/proc/net/route";
/// The interfaces of this machine; that of a bridge has a folder `bridge`.
const INTERFACES: &str = "/sys/class/net";

/// Tells whether a request comes from this machine or from a container on it.
pub(super) fn is_near(parts: &Parts) -> bool {
    let Some(Peer(peer)) = parts.extensions.get() else { return false };
    let peer = peer.ip().to_canonical();
    // What is sent from an address of this machine to the same address never leaves it.
    let is_own = |Local(local): &Local| local.ip().to_canonical() == peer;
    if peer.is_loopback() || parts.extensions.get().is_some_and(is_own) {
        return true;
    }
    match peer {
        // Networks come and go with what is composed, hence asked each time.
        IpAddr::V4(peer) => fs::read_to_string(ROUTES).is_ok_and(|routes| is_of_containers(&routes, peer, is_bridge)),
        IpAddr::V6(_) => false,
    }
}

/// Tells whether an address is on a network that is directly on a bridge for containers.
fn is_of_containers(routes: &str, peer: Ipv4Addr, is_bridge: impl Fn(&str) -> bool) -> bool {
    routes.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace();
        let Some(interface) = fields.next() else { return false };
        // The bytes of an address are in the order of the network, and the number in that of the machine.
        let mut address = |at| Some(u32::from_str_radix(fields.nth(at)?, 16).ok()?.to_ne_bytes());
        let (Some(network), Some(gateway), Some(mask)) = (address(0), address(0), address(4)) else { return false };
        let mask = u32::from_be_bytes(mask);
        let is_direct = gateway == [0; 4] && mask != 0;
        is_direct && u32::from(peer) & mask == u32::from_be_bytes(network) && is_bridge(interface)
    })
}

fn is_bridge(interface: &str) -> bool {
    is_for_containers(interface) && Path::new(INTERFACES).join(interface).join("bridge").is_dir()
}

/// Tells a bridge for containers by its name from one that joins other machines, or virtual ones, to the network.
fn is_for_containers(interface: &str) -> bool {
    let is_composed = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_numbered = |start: &str| {
        let number = interface.strip_prefix(start);
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    interface == "docker_gwbridge"
        || ["docker", "podman", "cni-podman"].into_iter().any(is_numbered)
        || interface.strip_prefix("br-").is_some_and(is_composed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that is on a network of others by `eth0`, and by `br0` on another; the bytes of numbers are turned.
    const MACHINE: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
br0\t0000140A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
br-0123456789ab\t0000C80A\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0
docker0\t0000630A\t090011AC\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
";

    #[test]
    #[cfg(target_endian = "little")]
    fn of_the_networks_around_only_those_of_containers_are_near() {
        let near = |peer: &str| is_of_containers(MACHINE, peer.parse().unwrap(), is_for_containers);
        for container in ["172.17.0.5", "172.17.255.254", "10.200.0.9", "10.200.15.1"] {
            assert!(near(container), "{container}");
        }
        // The second network of a machine, beyond one of a container, and what this machine does not have at all.
        for other in ["192.168.1.7", "10.20.0.7", "10.200.16.1", "172.18.0.5", "172.31.9.9", "192.0.2.7", "10.99.0.1"] {
            assert!(!near(other), "{other}");
        }
        assert!(!is_of_containers("", Ipv4Addr::new(172, 17, 0, 5), |_| true));
    }

    #[test]
    fn bridges_for_containers_are_known_by_the_names_that_their_engines_give() {
        for name in ["docker0", "docker_gwbridge", "podman0", "podman12", "cni-podman0", "br-0123456789ab"] {
            assert!(is_for_containers(name), "{name}");
        }
        for name in ["eth0", "br0", "br-lan", "virbr0", "lxdbr0", "docker", "podmanx", "br-0123456789abc"] {
            assert!(!is_for_containers(name), "{name}");
        }
    }

    #[test]
    fn this_machine_is_near_by_whichever_of_its_addresses() {
        let from = |peer: &str, local: &str| {
            let mut parts = http::Request::new(()).into_parts().0;
            parts.extensions.insert(Peer(peer.parse().unwrap()));
            parts.extensions.insert(Local(local.parse().unwrap()));
            is_near(&parts)
        };
        for (peer, local) in [
            ("127.0.0.1:9", "127.0.0.1:4566"),
            ("[::1]:9", "[::1]:4566"),
            ("[::ffff:127.0.0.1]:9", "127.0.0.1:4566"),
            ("192.0.2.2:9", "192.0.2.2:4566"),
            ("[::ffff:192.0.2.2]:9", "192.0.2.2:4566"),
            ("[2001:db8::2]:9", "[2001:db8::2]:4566"),
        ] {
            assert!(from(peer, local), "{peer} {local}");
        }
        for (peer, local) in [
            ("198.51.100.7:9", "198.51.100.1:4566"),
            ("198.51.100.7:9", "127.0.0.1:4566"),
            ("[2001:db8::7]:9", "[2001:db8::2]:4566"),
        ] {
            assert!(!from(peer, local), "{peer} {local}");
        }
    }
}
