//! The names under which the functions of a lenient engine find it, as if they ran in `LocalStack`'s containers.
//!
//! A function's process finds them in a hosts file of its own, where the system lets it have one, and in what the clients
//! of Python and Node.js put before the system's resolver, which also knows whole domains and addresses of a bridge.
//! Functions of strict engines find what this machine finds.

use crate::hosts::{BRIDGE, LOCALSTACK_DOMAIN, LOCALSTACK_NAMES};
use std::{fmt::Write, fs, io, net::Ipv4Addr, path::Path};

/// The name by which containers call the machine that runs them.
const MACHINE: &str = "host.docker.internal";
/// The hosts file of the system, which a function's own ends with.
const HOSTS: &str = "/etc/hosts";
/// Tells the clients of Python and Node.js which names lead to this machine: a name, `*.` and a domain, or an address
/// with the port at which it is meant.
const VARIABLE: &str = "_ATELIER_HOSTS";

/// Variables of a function, by the URL at which it reaches the engine.
pub(super) fn variables(endpoint: &str) -> Vec<(&'static str, String)> {
    let (host, port) = endpoint.rsplit_once(':').unwrap_or((endpoint, "4566"));
    let host = host.split_once("://").map_or(host, |(_, host)| host);
    let names = LOCALSTACK_NAMES.join(",");
    let addresses = BRIDGE.map(|address| format!("{address}:{port}")).join(",");
    vec![
        (VARIABLE, format!("{names},{MACHINE},*.{LOCALSTACK_DOMAIN},{addresses}")),
        ("EDGE_PORT", port.to_owned()),
        ("LOCALSTACK_HOSTNAME", host.to_owned()),
    ]
}

/// Writes the hosts file of functions.
///
/// # Errors
/// Returns the operating system's refusal.
pub(super) fn write_hosts(file: &Path) -> io::Result<()> {
    let mut text = String::new();
    for name in ["localhost", MACHINE].into_iter().chain(LOCALSTACK_NAMES) {
        // The first line of a name counts.
        let _ = writeln!(text, "{} {name}", Ipv4Addr::LOCALHOST);
    }
    text.push_str(&fs::read_to_string(HOSTS).unwrap_or_default());
    file.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(file, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_told_where_the_engine_is() {
        let variables = variables("http://127.0.0.1:4567");
        let of = |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap();
        assert_eq!((of("LOCALSTACK_HOSTNAME"), of("EDGE_PORT")), ("127.0.0.1", "4567"));
        assert!(of(VARIABLE).contains("localstack,") && of(VARIABLE).contains(",172.17.0.1:4567,"), "{}", of(VARIABLE));
    }

    #[test]
    fn the_hosts_file_has_the_names_before_those_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hosts");
        write_hosts(&file).unwrap();
        let text = fs::read_to_string(file).unwrap();
        assert!(text.starts_with("127.0.0.1 localhost\n127.0.0.1 host.docker.internal\n"), "{text}");
        assert!(text.contains("127.0.0.1 localstack-main\n"), "{text}");
    }
}
