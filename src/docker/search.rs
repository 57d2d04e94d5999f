//! Where the daemon may be: the docker CLI's own order, then the sockets of its kin.
//!
//! `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context of `config.json`; when none of them says anything, the usual
//! sockets one after the other. Only looks; connecting is [`super::connect`]'s.

use super::{
    endpoint::{Address, Endpoint, FoundBy, is_loopback},
    error::{Error, Result},
};
use crate::text::Message;
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The longest file of the docker CLI that is read, in bytes.
const LONGEST_FILE: u64 = 1 << 20;

/// The docker CLI's variables besides `DOCKER_HOST`, and the folders that it looks into.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// `DOCKER_CONTEXT`: the context to use instead of the current one.
    pub context: Option<String>,
    /// `DOCKER_CONFIG`: the folder of `config.json` and the contexts; `~/.docker` when it is not set.
    pub config: Option<PathBuf>,
    /// `DOCKER_CERT_PATH`: the folder of `ca.pem`, `cert.pem` and `key.pem`.
    pub cert_path: Option<PathBuf>,
    /// `DOCKER_TLS_VERIFY` is set.
    pub tls_verify: bool,
    /// `ATELIER_DOCKER_PLAIN_TCP` is set: a daemon beyond this machine may be spoken to without TLS.
    pub plain_tcp: bool,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`: where daemons of this user have their sockets.
    pub runtime_dir: Option<PathBuf>,
}

/// Lists the endpoints to try, best first. Who names one (`DOCKER_HOST`, a context) gets that one and no other.
///
/// # Errors
/// Returns why what was named cannot be used: an address of an unknown form, TCP without TLS beyond this machine, a
/// context that cannot be read.
pub fn candidates(docker_host: Option<&str>, variables: &Variables) -> Result<Vec<Endpoint>> {
    if let Some(host) = docker_host {
        return Ok(vec![named(host, FoundBy::Variable, variables, variables.tls_folder())?]);
    }
    if let Some(name) = variables.context.clone().or_else(|| current_context(variables))
        && name != "default"
    {
        return Ok(vec![from_context(&name, variables)?]);
    }
    let usual = |(path, whose)| Endpoint { address: Address::Unix(path), found_by: FoundBy::Usual(whose) };
    Ok(usual_sockets(variables).into_iter().map(usual).collect())
}

/// The sockets of daemons that speak Docker's API, in the order in which they are tried.
fn usual_sockets(variables: &Variables) -> Vec<(PathBuf, &'static str)> {
    let mut sockets = vec![(PathBuf::from("/var/run/docker.sock"), "Docker")];
    let runtime = variables.runtime_dir.as_deref();
    let home = variables.home.as_deref();
    let mut add = |folder: Option<&Path>, path: &str, whose| {
        sockets.extend(folder.map(|folder| (folder.join(path), whose)));
    };
    add(runtime, "docker.sock", "rootless Docker");
    add(home, ".docker/run/docker.sock", "Docker Desktop");
    add(home, ".docker/desktop/docker.sock", "Docker Desktop");
    add(home, ".colima/default/docker.sock", "Colima");
    add(runtime, "podman/podman.sock", "rootless Podman");
    sockets.push((PathBuf::from("/run/podman/podman.sock"), "Podman"));
    sockets
}

impl Variables {
    fn config_folder(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| self.home.as_ref().map(|home| home.join(".docker")))
    }

    /// The folder of the certificates, when TLS was asked for.
    fn tls_folder(&self) -> Option<PathBuf> {
        self.cert_path.clone().or_else(|| if self.tls_verify { self.config_folder() } else { None })
    }
}

/// Reads an address as `DOCKER_HOST` and contexts hold it.
fn named(text: &str, found_by: FoundBy, variables: &Variables, tls: Option<PathBuf>) -> Result<Endpoint> {
    let bad =
        |rule| Error::BadHost { found_by: found_by.to_string(), value: text.to_owned(), rule: Message::new(rule) };
    let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("rule.docker.address"))?;
    let rest = rest.trim_end_matches('/');
    let address = match scheme {
        "unix" if rest.starts_with('/') => Address::Unix(PathBuf::from(rest)),
        "tcp" | "http" | "https" if is_authority(rest) => match tls {
            Some(folder) => Address::Tls(rest.to_owned(), folder),
            None if scheme == "https" => return Err(bad("rule.docker.certificates")),
            None if variables.plain_tcp || is_loopback(rest) => Address::Plain(rest.to_owned()),
            None => return Err(bad("rule.docker.tls")),
        },
        "ssh" => return Err(bad("rule.docker.ssh")),
        _ => return Err(bad("rule.docker.address")),
    };
    Ok(Endpoint { address, found_by })
}

/// Host and port, and nothing that a URL could take for a path, a query or a user.
fn is_authority(text: &str) -> bool {
    let (_, port) = text.rsplit_once(':').unwrap_or_default();
    port.parse::<u16>().is_ok()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
}

/// The part of `config.json` that is read.
#[derive(serde::Deserialize)]
struct CliConfig {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// A `config.json` that is absent or broken names no context; the docker CLI only warns of it, too.
fn current_context(variables: &Variables) -> Option<String> {
    let text = read(&variables.config_folder()?.join("config.json")).ok()?;
    let config: CliConfig = serde_json::from_str(&text).ok()?;
    config.current_context.filter(|name| !name.is_empty())
}

/// The part of a context's `meta.json` that is read.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    endpoints: Endpoints,
}

#[derive(serde::Deserialize)]
struct Endpoints {
    docker: DockerEndpoint,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEndpoint {
    host: String,
}

/// Contexts are kept under the hash of their name; their certificates likewise.
/// <https://docs.docker.com/engine/manage-resources/contexts/>
fn from_context(name: &str, variables: &Variables) -> Result<Endpoint> {
    let unreadable = |source| Error::Context { name: name.to_owned(), source };
    let folder = variables.config_folder().ok_or_else(|| unreadable(io::ErrorKind::NotFound.into()))?;
    let hash = crate::secret::hex(&Sha256::digest(name));
    let text = read(&folder.join("contexts/meta").join(&hash).join("meta.json")).map_err(unreadable)?;
    let meta: Meta = serde_json::from_str(&text).map_err(|error| unreadable(error.into()))?;
    let certificates = folder.join("contexts/tls").join(&hash).join("docker");
    let tls = if certificates.is_dir() { Some(certificates) } else { variables.tls_folder() };
    named(&meta.endpoints.docker.host, FoundBy::Context(name.to_owned()), variables, tls)
}

fn read(path: &Path) -> io::Result<String> {
    let facts = fs::metadata(path)?;
    if !facts.is_file() || facts.len() > LONGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a file of a sensible size"));
    }
    fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(host: &str, variables: &Variables) -> Result<Address> {
        candidates(Some(host), variables).map(|mut endpoints| {
            assert_eq!(endpoints.len(), 1, "a named place is the only one");
            endpoints.remove(0).address
        })
    }

    #[test]
    fn docker_host_is_read_as_the_docker_cli_reads_it() {
        let none = Variables::default();
        assert_eq!(only("unix:///run/d.sock", &none).unwrap(), Address::Unix("/run/d.sock".into()));
        assert_eq!(only("tcp://127.0.0.1:2375", &none).unwrap(), Address::Plain("127.0.0.1:2375".into()));
        assert_eq!(only("tcp://[::1]:2375/", &none).unwrap(), Address::Plain("[::1]:2375".into()));
        for bad in ["", "docker", "unix://relative", "tcp://host", "tcp://a:b@host:1", "tcp://host:1/x?y", "ftp://h:1"]
        {
            assert!(matches!(only(bad, &none), Err(Error::BadHost { .. })), "{bad}");
        }
    }

    #[test]
    fn plain_tcp_beyond_this_machine_is_refused_unless_it_is_asked_for() {
        let mut variables = Variables::default();
        assert!(matches!(only("tcp://10.0.0.1:2375", &variables), Err(Error::BadHost { .. })));
        variables.plain_tcp = true;
        assert_eq!(only("tcp://10.0.0.1:2375", &variables).unwrap(), Address::Plain("10.0.0.1:2375".into()));
    }

    #[test]
    fn tls_takes_its_certificates_from_where_the_docker_cli_does() {
        let mut variables = Variables { home: Some("/home/u".into()), tls_verify: true, ..Variables::default() };
        let tls = |folder: &str| Address::Tls("host:2376".into(), folder.into());
        assert_eq!(only("tcp://host:2376", &variables).unwrap(), tls("/home/u/.docker"));
        variables.cert_path = Some("/certs".into());
        assert_eq!(only("tcp://host:2376", &variables).unwrap(), tls("/certs"));
    }

    #[test]
    fn the_current_context_is_followed_and_docker_host_wins_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let meta = folder.path().join("contexts/meta").join(crate::secret::hex(&Sha256::digest("remote")));
        fs::create_dir_all(&meta).unwrap();
        fs::write(meta.join("meta.json"), r#"{"Name":"remote","Endpoints":{"docker":{"Host":"unix:///r.sock"}}}"#)
            .unwrap();
        fs::write(folder.path().join("config.json"), r#"{"auths":{},"currentContext":"remote"}"#).unwrap();
        let variables = Variables { config: Some(folder.path().into()), ..Variables::default() };

        let endpoints = candidates(None, &variables).unwrap();
        let expected =
            Endpoint { address: Address::Unix("/r.sock".into()), found_by: FoundBy::Context("remote".into()) };
        assert_eq!(endpoints, [expected]);
        assert_eq!(only("unix:///h.sock", &variables).unwrap(), Address::Unix("/h.sock".into()));

        let default = Variables { context: Some("default".into()), ..variables.clone() };
        assert!(candidates(None, &default).unwrap().len() > 1);
        let absent = Variables { context: Some("absent".into()), ..variables };
        assert!(matches!(candidates(None, &absent), Err(Error::Context { .. })));
    }

    #[test]
    fn the_usual_sockets_start_with_dockers_own() {
        let variables =
            Variables { home: Some("/home/u".into()), runtime_dir: Some("/run/user/1".into()), ..Variables::default() };
        let endpoints: Vec<String> = candidates(None, &variables).unwrap().iter().map(Endpoint::to_string).collect();
        assert_eq!(endpoints[0], "`unix:///var/run/docker.sock` (Docker)");
        assert_eq!(endpoints[1], "`unix:///run/user/1/docker.sock` (rootless Docker)");
        assert!(endpoints.contains(&"`unix:///home/u/.colima/default/docker.sock` (Colima)".to_owned()));
        assert!(endpoints.contains(&"`unix:///run/user/1/podman/podman.sock` (rootless Podman)".to_owned()));
    }
}
