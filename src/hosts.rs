//! Which values of `Host` mean a door of this machine.
//!
//! A web page in the user's browser can send requests to a loopback port. It cannot choose `Host`, so a name that was
//! rebound to a loopback address shows there.

use crate::{http1::Local, names::ApiId};
use std::net::IpAddr;

/// Names that only ever mean this machine, or Docker's way to it.
const OWN_NAMES: [&str; 2] = ["localhost", "host.docker.internal"];

/// The domain whose every name leads to this machine, by its owner's word.
pub const LOCALSTACK_DOMAIN: &str = "localhost.localstack.cloud";
/// The names by which scripts and containers call `LocalStack`.
pub const LOCALSTACK_NAMES: [&str; 4] = [LOCALSTACK_DOMAIN, "localstack", "localstack-main", "localstack_main"];

/// The address of this machine on Docker's bridge, where Docker was not told otherwise.
pub const BRIDGE: &str = "172.17.0.1";

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

/// A host that a `LocalStack` network knows, and nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalstackHost {
    /// The engine itself.
    Engine,
    /// An API of it (`ID.execute-api.localhost.localstack.cloud`).
    Api(ApiId),
}

impl LocalstackHost {
    /// Reads `Host`; `None` for a name that is none of `LocalStack`'s.
    #[must_use]
    pub fn parse(host: &str) -> Option<Self> {
        let name = without_port(host).to_ascii_lowercase();
        // An address cannot be rebound as a name can.
        if LOCALSTACK_NAMES.contains(&name.as_str()) || name == BRIDGE {
            return Some(Self::Engine);
        }
        let below: Vec<&str> = name.strip_suffix(LOCALSTACK_DOMAIN)?.strip_suffix('.')?.split('.').collect();
        let is_label =
            |label: &&str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match below[..] {
            [api, "execute-api"] | [api, "execute-api", _] => api.parse().ok().map(Self::Api),
            _ => below.iter().all(is_label).then_some(Self::Engine),
        }
    }
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
    fn localstacks_names_are_known_apart_from_ours() {
        for (host, expected) in [
            ("localhost.localstack.cloud:4566", LocalstackHost::Engine),
            ("LocalStack:4566", LocalstackHost::Engine),
            ("localstack-main", LocalstackHost::Engine),
            ("172.17.0.1:4566", LocalstackHost::Engine),
            ("lambda.us-east-1.localhost.localstack.cloud", LocalstackHost::Engine),
            ("abc1.execute-api.localhost.localstack.cloud:4566", LocalstackHost::Api("abc1".parse().unwrap())),
            ("abc1.execute-api.eu-west-1.localhost.localstack.cloud", LocalstackHost::Api("abc1".parse().unwrap())),
        ] {
            assert_eq!(LocalstackHost::parse(host), Some(expected), "{host}");
            assert!(!is_ours(host, None, None), "{host}");
        }
        for host in [
            "localstack.cloud",
            "evil-localhost.localstack.cloud",
            "localhost.localstack.cloud.evil.example",
            ".localhost.localstack.cloud",
            "a..localhost.localstack.cloud",
            "localstack.evil.example",
            "localhost",
        ] {
            assert_eq!(LocalstackHost::parse(host), None, "{host}");
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
