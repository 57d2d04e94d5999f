//! Which values of `Host` mean a door of this machine.
//!
//! A web page in the user's browser can send requests to a loopback port. It cannot choose `Host`, so a name that was
//! rebound to a loopback address shows there.

use crate::http1::Local;
use std::net::IpAddr;

/// The name of this machine in Docker's containers.
const DOCKER_NAME: &str = "host.docker.internal";
/// Names that only ever mean this machine, or Docker's way to it.
const OWN_NAMES: [&str; 2] = ["localhost", DOCKER_NAME];

/// The domain whose every name leads to this machine, by its owner's word.
pub const LOCALSTACK_DOMAIN: &str = "localhost.localstack.cloud";
/// The names by which scripts and containers call `LocalStack`.
pub const LOCALSTACK_NAMES: [&str; 4] = [LOCALSTACK_DOMAIN, "localstack", "localstack-main", "localstack_main"];

/// The addresses at which functions of `LocalStack` find it on Docker's bridge, where Docker was not told otherwise: that
/// of the machine, and that of its own container, which is the first.
pub const BRIDGE: [&str; 2] = ["172.17.0.1", "172.17.0.2"];

/// What `LocalStack` listens on and tells, and scripts call: to a system, this machine.
const UNSPECIFIED: &str = "0.0.0.0";

/// Tells whether `Host` names this door: a loopback address, the address that the connection reached, one of the names
/// that mean this machine, or the public host.
#[must_use]
pub fn is_ours(host: &str, local: Option<Local>, public_host: Option<&str>) -> bool {
    if public_host.is_some_and(|public| is_public(host, public)) {
        return true;
    }
    let name = without_port(host);
    if OWN_NAMES.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return true;
    }
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    literal.parse::<IpAddr>().is_ok_and(|address| {
        let reached = local.map(|Local(local)| local.ip().to_canonical());
        address.is_loopback() || reached == Some(address.to_canonical())
    })
}

/// Tells whether `Host` is a name that leads here from containers only.
#[must_use]
pub fn is_dockers(host: &str) -> bool {
    without_port(host).eq_ignore_ascii_case(DOCKER_NAME)
}

/// Tells whether `Host` is one that a `LocalStack` network knows, and nobody else.
#[must_use]
pub fn is_localstacks(host: &str) -> bool {
    let name = without_port(host).to_ascii_lowercase();
    // An address cannot be rebound as a name can.
    if LOCALSTACK_NAMES.iter().chain(&BRIDGE).chain(&[UNSPECIFIED]).any(|known| *known == name) {
        return true;
    }
    let below = name.strip_suffix(LOCALSTACK_DOMAIN).and_then(|name| name.strip_suffix('.'));
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    below.is_some_and(|below| below.split('.').all(is_label))
}

/// Tells whether a host leads to this machine from wherever it is called: by a name or an address that no other machine
/// can have a door at.
#[must_use]
pub fn is_here(host: &str) -> bool {
    is_ours(host, None, None) || is_localstacks(host)
}

/// Tells whether a base URL leads to this machine from wherever it is called, as [`is_here`] does of its host.
#[must_use]
pub fn is_url_here(url: &str) -> bool {
    let host = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    host.is_some_and(is_here)
}

/// Compares a host with the public one; the port of https may be written out.
#[must_use]
pub fn is_public(host: &str, public: &str) -> bool {
    let plain = |host: &str| host.strip_suffix(":443").unwrap_or(host).to_ascii_lowercase();
    plain(host) == plain(public)
}

/// Drops `:port`; an IPv6 literal keeps its brackets.
#[must_use]
pub fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => &host[..colon],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_leads_here_by_the_names_of_this_machine_only() {
        for here in [
            "http://localhost:4566",
            "https://127.0.0.1",
            "http://[::1]:4566/",
            "http://x.localhost.localstack.cloud:4566/path",
        ] {
            assert!(is_url_here(here), "{here}");
        }
        for elsewhere in
            ["https://x-4566.app.github.dev", "http://203.0.113.1:4566", "https://localhost.example", "localhost"]
        {
            assert!(!is_url_here(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn localstacks_names_are_known_apart_from_ours() {
        for host in [
            "localhost.localstack.cloud:4566",
            "LocalStack:4566",
            "localstack-main",
            "172.17.0.1:4566",
            "172.17.0.2:4566",
            "0.0.0.0:4566",
            "lambda.us-east-1.localhost.localstack.cloud",
        ] {
            assert!(is_localstacks(host) && !is_ours(host, None, None), "{host}");
        }
        for host in [
            "172.17.0.3:4566",
            "localstack.cloud",
            "evil-localhost.localstack.cloud",
            "localhost.localstack.cloud.evil.example",
            ".localhost.localstack.cloud",
            "a..localhost.localstack.cloud",
            "localstack.evil.example",
            "localhost",
        ] {
            assert!(!is_localstacks(host), "{host}");
        }
    }

    #[test]
    fn only_names_of_this_door_are_ours() {
        let local = Some(Local("172.17.0.1:4566".parse().unwrap()));
        for host in [
            "localhost",
            "localhost:4566",
            "LOCALHOST:4566",
            "127.0.0.1:4566",
            "127.1.2.3",
            "[::1]:4566",
            "[::1]",
            "host.docker.internal:4566",
            "172.17.0.1:4566",
            "name-4566.app.github.dev",
            "Name-4566.app.github.dev",
            "name-4566.app.github.dev:443",
        ] {
            assert!(is_ours(host, local, Some("name-4566.app.github.dev")), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.evil.example",
            "other-4566.app.github.dev",
            "name-4566.app.github.dev.evil.example",
            "10.0.0.1:4566",
            "172.17.0.2:4566",
            "169.254.169.254",
            "0.0.0.0:4566",
            "2130706433",
            "0x7f000001",
            "name-4566.app.github.dev:80",
            "name-4566.app.github.dev:443:443",
        ] {
            assert!(!is_ours(host, local, Some("name-4566.app.github.dev")), "{host}");
        }
    }
}
