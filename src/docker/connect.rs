//! The connection to the Docker daemon: tries the endpoints of [`super::search`] and says what is wrong with them.

use super::{
    endpoint::{Address, Endpoint, is_loopback},
    error::{Error, Result, io_kind},
    search::{Variables, candidates},
};
use crate::{calls, secret::hex};
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use hyperlocal::UnixConnector;
use std::{
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How long a daemon may take for its first answer; a healthy one takes a millisecond.
const FIRST_ANSWER: Duration = Duration::from_secs(5);
/// How long the headers of an answer may take, in seconds; `stop` with its grace of 10 s is the slowest.
const CALL_SECONDS: u64 = 20;
/// The same where a registry or a disk sets the pace: pulls and imports, which `--timeout` bounds.
const LONG_CALL: Duration = Duration::from_mins(10);

/// A daemon that answers.
#[derive(Clone)]
pub struct Daemon {
    api: Docker,
    endpoint: Endpoint,
    kind: Kind,
}

/// Where a daemon's containers live, seen from this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On this machine's own network: the gateway of its bridge is an address of this machine.
    Native,
    /// Behind a virtual machine (Docker Desktop, Colima): loopback is shared, and containers have a name for this machine.
    Apart,
    /// In a user namespace, without root: this machine reaches containers by loopback, and they do not reach it.
    Rootless,
}

impl Daemon {
    /// Finds the daemon that `DOCKER_HOST` and the docker CLI's other variables point at.
    ///
    /// # Errors
    /// Returns the most telling of what went wrong: a socket that denies this user tells more than an absent one.
    pub async fn find(docker_host: Option<&str>, variables: &Variables) -> Result<Self> {
        Self::find_within(FIRST_ANSWER, docker_host, variables).await
    }

    /// Like [`Daemon::find`], with a limit of the caller's for the first answer.
    pub(super) async fn find_within(limit: Duration, docker_host: Option<&str>, variables: &Variables) -> Result<Self> {
        let endpoints = candidates(docker_host, variables)?;
        let named = endpoints.len() == 1;
        let mut looked = Vec::new();
        let mut worst: Option<Error> = None;
        for endpoint in endpoints {
            if let Address::Unix(path) = &endpoint.address
                && !named
            {
                looked.push(path.clone());
                if matches!(path.try_exists(), Ok(false)) {
                    continue;
                }
            }
            match Self::open(endpoint, limit).await {
                Ok(daemon) => return Ok(daemon),
                Err(error) => worst = worst.or(Some(error)),
            }
        }
        Err(worst.unwrap_or(Error::NotFound { looked }))
    }

    async fn open(endpoint: Endpoint, limit: Duration) -> Result<Self> {
        let api = client(&endpoint)?;
        let hangs = || Error::Hangs { endpoint: endpoint.to_string(), seconds: limit.as_secs() };
        let info =
            timeout(limit, api.info()).await.map_err(|_elapsed| hangs())?.map_err(|error| explain(&endpoint, error))?;
        let rootless = info.security_options.iter().flatten().any(|option| option.contains("name=rootless"));
        let desktop = info.operating_system.as_deref().is_some_and(|name| name.starts_with("Docker Desktop"));
        let kind = if desktop || !cfg!(target_os = "linux") {
            Kind::Apart
        } else if rootless || timeout(limit, is_rootless_podman(&api, &endpoint)).await.map_err(|_elapsed| hangs())? {
            Kind::Rootless
        } else {
            Kind::Native
        };
        Ok(Self { api, endpoint, kind })
    }

    /// The client of its API.
    #[must_use]
    pub fn api(&self) -> &Docker {
        &self.api
    }

    /// The client for calls that take their time.
    #[must_use]
    pub fn patient_api(&self) -> Docker {
        self.api.clone().with_timeout(LONG_CALL)
    }

    /// Where it is and who said so.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Refuses a daemon of another machine: nothing here reaches what its containers publish.
    ///
    /// # Errors
    /// [`Error::Remote`].
    pub fn is_here(&self) -> Result<()> {
        let here = match &self.endpoint.address {
            Address::Unix(_) => true,
            Address::Plain(host) | Address::Tls(host, _) => is_loopback(host),
        };
        if here { Ok(()) } else { Err(Error::Remote { endpoint: self.endpoint.clone() }) }
    }

    /// Where its containers live.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the daemon is called: Podman answers as Docker does, with a version of its own.
    pub async fn product(&self) -> &'static str {
        if is_podman(&self.api).await { "Podman" } else { "Docker" }
    }

    /// The daemon's socket as the daemon itself sees it, which is what a container can mount. A daemon in a virtual
    /// machine has it at the usual place there, whatever this machine's end of it is called.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        match &self.endpoint.address {
            Address::Unix(path) if cfg!(target_os = "linux") && !is_desktop(path) => path.clone(),
            _ => PathBuf::from("/var/run/docker.sock"),
        }
    }
}

/// Podman keeps to itself that it runs without root; its socket is then its user's.
async fn is_rootless_podman(api: &Docker, endpoint: &Endpoint) -> bool {
    let Address::Unix(path) = &endpoint.address else { return false };
    if std::fs::metadata(path).map_or(0, |socket| socket.uid()) == 0 {
        return false;
    }
    is_podman(api).await
}

async fn is_podman(api: &Docker) -> bool {
    let components = api.version().await.ok().and_then(|version| version.components);
    components.into_iter().flatten().any(|component| component.name.starts_with("Podman"))
}

fn is_desktop(path: &Path) -> bool {
    path.ends_with(".docker/desktop/docker.sock") || path.ends_with(".colima/default/docker.sock")
}

fn client(endpoint: &Endpoint) -> Result<Docker> {
    let version = API_DEFAULT_VERSION;
    let made = match &endpoint.address {
        Address::Unix(path) if calls::are_told() => told(path),
        Address::Unix(path) => Docker::connect_with_unix(&path.to_string_lossy(), CALL_SECONDS, version),
        Address::Plain(host) => Docker::connect_with_http(host, CALL_SECONDS, version),
        Address::Tls(host, folder) => {
            let file = |name| folder.join(name);
            Docker::connect_with_ssl(host, &file("key.pem"), &file("cert.pem"), &file("ca.pem"), CALL_SECONDS, version)
        }
    };
    made.map_err(|error| explain(endpoint, error))
}

/// A client whose calls are told. A TCP daemon's are not: bollard keeps its connectors to itself.
fn told(path: &Path) -> std::result::Result<Docker, bollard::errors::Error> {
    let client = Arc::new(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(UnixConnector));
    let transport = move |request: BollardRequest| {
        let client = Arc::clone(&client);
        let call = format!("docker {} {}", request.method(), calls::path(&request.uri().to_string()));
        async move {
            let began = Instant::now();
            let answer = client.request(request).await;
            calls::tell(&call, answer.as_ref().ok().map(|answer| answer.status().as_u16()), began.elapsed());
            Ok(answer?)
        }
    };
    // The connector reads the socket's path out of the host's name, in hex.
    let address = format!("unix://{}", hex(path.as_os_str().as_bytes()));
    Docker::connect_with_custom_transport(transport, Some(address), CALL_SECONDS, API_DEFAULT_VERSION)
}

/// Tells apart what bollard has one sentence for.
fn explain(endpoint: &Endpoint, error: bollard::errors::Error) -> Error {
    if matches!(error, bollard::errors::Error::DockerResponseServerError { .. }) {
        return Error::api("docker.operation.ask_version")(error);
    }
    let missing = matches!(error, bollard::errors::Error::SocketNotFoundError(_));
    let kind = if missing { Some(io::ErrorKind::NotFound) } else { io_kind(&error) };
    match (&endpoint.address, kind) {
        (Address::Unix(path), Some(io::ErrorKind::PermissionDenied)) => Error::Denied { path: path.clone() },
        (Address::Unix(path), Some(io::ErrorKind::NotFound)) => {
            Error::Missing { path: path.clone(), found_by: endpoint.found_by.clone() }
        }
        (_, kind) => {
            let source = io::Error::new(kind.unwrap_or(io::ErrorKind::Other), error);
            Error::Unreachable { endpoint: endpoint.clone(), source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::FoundBy;
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn refused(host: &str) -> Error {
        Daemon::find(Some(host), &Variables::default()).await.err().expect("nothing is there")
    }

    #[tokio::test]
    async fn a_named_socket_that_is_not_there_is_told_apart() {
        assert!(matches!(refused("unix:///nonexistent/docker.sock").await, Error::Missing { .. }));
    }

    #[tokio::test]
    async fn a_socket_without_a_daemon_is_unreachable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(matches!(refused(&format!("unix://{}", path.display())).await, Error::Unreachable { .. }));
    }

    #[tokio::test]
    async fn a_socket_that_denies_this_user_is_told_apart() {
        if rustix::process::geteuid().is_root() {
            // Root is denied nothing; the error's own form stands in for the daemon's socket.
            let endpoint = Endpoint { address: Address::Unix("/s".into()), found_by: FoundBy::Variable };
            let denied = io::Error::from(io::ErrorKind::PermissionDenied);
            assert!(matches!(explain(&endpoint, denied.into()), Error::Denied { .. }));
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        assert!(matches!(refused(&format!("unix://{}", path.display())).await, Error::Denied { .. }));
    }

    #[test]
    fn a_daemon_of_another_machine_is_refused_before_anything_is_made_there() {
        let at = |address: Address| {
            let endpoint = Endpoint { address, found_by: FoundBy::Variable };
            Daemon { api: client(&endpoint).unwrap(), endpoint, kind: Kind::Native }
        };
        assert!(at(Address::Plain("127.0.0.1:2375".to_owned())).is_here().is_ok());
        let remote = at(Address::Plain("192.0.2.7:2375".to_owned())).is_here();
        assert!(matches!(remote, Err(Error::Remote { .. })));
    }

    /// The kind of a daemon of this name whose socket is not root's.
    async fn kind_of(engine: &str) -> Kind {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        }
        let version = format!(r#"{{"Components":[{{"Name":"{engine}","Version":"1"}}]}}"#);
        let serve = async {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await.unwrap() > 0 {}
                let asks_version = String::from_utf8_lossy(&request).contains("/version ");
                let body = if asks_version { version.as_str() } else { "{}" };
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        };
        let endpoint = Endpoint { address: Address::Unix(path), found_by: FoundBy::Variable };
        tokio::select! {
            opened = Daemon::open(endpoint, FIRST_ANSWER) => opened.unwrap().kind(),
            () = serve => unreachable!("the listener stays"),
        }
    }

    #[tokio::test]
    async fn podman_without_root_is_known_by_its_socket() {
        assert_eq!(kind_of("Podman Engine").await, Kind::Rootless);
        // A socket that somebody has given to themselves says nothing about where Docker's containers are.
        assert_eq!(kind_of("Engine").await, Kind::Native);
    }

    #[tokio::test]
    async fn a_daemon_that_says_nothing_is_given_up_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let _listener = tokio::net::UnixListener::bind(&path).unwrap();
        let endpoint = Endpoint { address: Address::Unix(path), found_by: FoundBy::Variable };
        let opened = Daemon::open(endpoint, Duration::from_millis(50)).await;
        assert!(matches!(opened, Err(Error::Hangs { .. })));
    }
}
