//! The docker proxy's container, which both local engines put beside themselves: how functions reach Docker.
//!
//! What the proxy allows is `proxy`'s; here is what it runs in. It gets the daemon's socket, the token and the owner's
//! id, and neither root nor capabilities nor a writable file system.

use super::{
    installation::Installation,
    layout::{Addresses, INSIDE_PROXY, Names},
    port, probe,
};
use crate::{
    docker::{
        self, Daemon, ImageName, Publish, Role, Spec,
        connect::Kind,
        container::{self, Change, Ensured},
    },
    error::{self, Code, Error},
    marks::PROXY_ROLE,
    names::OwnerId,
    proxy::ProxyAddress,
    secret::Secret,
    text::Message,
};
use std::{os::unix::fs::MetadataExt, path::Path, time::Duration};
use tokio::time::{Instant, sleep};

/// How long a door may take until it answers; it takes milliseconds once its container runs.
const READY: Duration = Duration::from_secs(15);
/// How long one that was there before may take, which may be one that hangs.
const FIRST: Duration = Duration::from_secs(6);

/// The mode bits of a socket that its group may use.
const GROUP_ACCESS: u32 = 0o060;

/// Waits until a door that runs answers 200 at `path`; one that never does is replaced once.
///
/// # Errors
/// That it ended, that its replacement does not answer either, or what the daemon said.
pub(crate) async fn answering(
    daemon: &Daemon,
    owner: &OwnerId,
    spec: &Spec,
    path: &str,
    ensured: Ensured,
) -> error::Result<Ensured> {
    if answers(daemon, spec, path, &ensured.id, FIRST).await? {
        return Ok(ensured);
    }
    container::remove(daemon, &ensured.id, Duration::ZERO).await?;
    let Ensured { id, .. } = container::ensure(daemon, owner, spec).await?;
    if answers(daemon, spec, path, &id, READY).await? {
        return Ok(Ensured { id, change: Change::Replaced });
    }
    Err(docker::Error::NotReady { name: spec.name.to_string(), seconds: READY.as_secs() }.into())
}

async fn answers(daemon: &Daemon, spec: &Spec, path: &str, id: &str, patience: Duration) -> error::Result<bool> {
    let Some(Publish { host, .. }) = spec.publish else { return Ok(true) };
    let deadline = Instant::now() + patience;
    while !matches!(probe::status(host, path).await, Ok(200)) {
        container::still_runs(daemon, id, &spec.name).await?;
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(true)
}

/// Says who has a port that Docker could not take: another container, or a process of this machine.
pub(crate) async fn name_the_holder(daemon: &Daemon, error: docker::Error) -> Error {
    let docker::Error::PortTaken { address, .. } = &error else { return error.into() };
    let holder = match container::publisher(daemon, *address).await {
        Some(name) => Message::new("doctor.port.container").with("name", name),
        None => port::named(port::holder(*address)),
    };
    let taken = Error::new(Code::PortTaken).with("port", address.port());
    taken.with_message("holder", holder)
}

/// What the proxy's container is made from.
pub(crate) struct Proxy<'a> {
    /// The daemon that runs it and that it is the door to.
    pub(crate) daemon: &'a Daemon,
    /// Whose containers it shows, and the token that it asks for.
    pub(crate) installation: &'a Installation,
    /// The project that it is for.
    pub(crate) project: &'a Path,
    /// atelier's own image.
    pub(crate) image: &'a ImageName,
    /// Its name.
    pub(crate) names: &'a Names,
    /// Where it is published.
    pub(crate) addresses: &'a Addresses,
}

impl Proxy<'_> {
    /// Makes sure that the proxy runs, and waits until it answers.
    ///
    /// # Errors
    /// See [`container::ensure`]; or that it ended or did not answer in time.
    pub(crate) async fn ensure(&self) -> error::Result<(ProxyAddress, Ensured)> {
        let spec = self.spec();
        let owner = &self.installation.owner;
        let ensured = match container::ensure(self.daemon, owner, &spec).await {
            Ok(ensured) => ensured,
            Err(error) => return Err(name_the_holder(self.daemon, error).await),
        };
        let ensured = answering(self.daemon, owner, &spec, "/_ping", ensured).await?;
        let token = self.installation.proxy_token.clone();
        Ok((ProxyAddress { url: self.addresses.proxy_url.clone(), token }, ensured))
    }

    fn spec(&self) -> Spec {
        let variable = |name: &str, value: Secret| (name.to_owned(), value);
        Spec {
            name: self.names.proxy.clone(),
            role: Role::Proxy,
            image: self.image.clone(),
            command: vec![PROXY_ROLE.to_owned()],
            environment: vec![
                variable("ATELIER_PROXY_LISTEN", Secret::new(format!("0.0.0.0:{INSIDE_PROXY}"))),
                variable("ATELIER_OWNER", Secret::new(self.installation.owner.as_str())),
                variable("ATELIER_PROJECT", Secret::new(self.project.display().to_string())),
                variable("ATELIER_PROXY_TOKEN", self.installation.proxy_token.clone()),
            ],
            publish: Some(Publish { host: self.addresses.proxy, container: INSIDE_PROXY }),
            socket: Some(self.daemon.socket()),
            socket_group: Some(socket_group(self.daemon)),
            socket_is_owners: socket_is_owners(self.daemon),
            confined: true,
            network: self.addresses.network.clone(),
            project: Some(self.project.to_owned()),
            is_declared: false,
        }
    }
}

/// Whether a daemon without root keeps its socket from its group: systemd's unit of Podman does not, `podman system
/// service` does.
fn socket_is_owners(daemon: &Daemon) -> bool {
    let is_open = |socket: std::fs::Metadata| socket.mode() & GROUP_ACCESS == GROUP_ACCESS;
    daemon.kind() == Kind::Rootless && !std::fs::metadata(daemon.socket()).is_ok_and(is_open)
}

/// The group that may use the socket. In a virtual machine the socket is root's, whatever this machine's end is.
pub(crate) fn socket_group(daemon: &Daemon) -> u32 {
    match daemon.kind() {
        Kind::Native => std::fs::metadata(daemon.socket()).map_or(0, |socket| socket.gid()),
        Kind::Apart | Kind::Rootless => 0,
    }
}
