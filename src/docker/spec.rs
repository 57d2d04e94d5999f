//! What a container is to be like, as data; a container whose spec has changed is replaced.

use super::image::ImageName;
use crate::{
    marks::{DECLARED_LABEL, OWNER_LABEL, PROJECT_LABEL, ROLE_LABEL, SPEC_LABEL, TARGET},
    names::{ContainerName, OwnerId},
    secret::{Secret, hex},
};
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, PortBinding, PortMap, RestartPolicy, RestartPolicyNameEnum,
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The engine (`localstack-main`).
    Engine,
    /// The public door in front of it.
    Edge,
    /// The functions' door to Docker.
    Proxy,
    /// A container of the bonus, which the API may start and stop.
    Target,
    /// A container that the engine made for a function.
    Function,
}

impl Role {
    /// The value of the label [`ROLE_LABEL`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Edge => "edge",
            Self::Proxy => "proxy",
            Self::Target => TARGET,
            Self::Function => "function",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A TCP port of a container, published on an address of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish {
    /// Where the host listens.
    pub host: SocketAddr,
    /// The port inside.
    pub container: u16,
}

/// What a container is to be like.
#[derive(Clone)]
pub struct Spec {
    /// Its name.
    pub name: ContainerName,
    /// What it is for.
    pub role: Role,
    /// Its image.
    pub image: ImageName,
    /// The arguments of the image's entry point.
    pub command: Vec<String>,
    /// Its variables.
    pub environment: Vec<(String, Secret)>,
    /// Its published port.
    pub publish: Option<Publish>,
    /// The daemon's socket on the host, to be mounted as `/var/run/docker.sock`.
    pub socket: Option<PathBuf>,
    /// The numeric group of that socket, for a container whose user is not root.
    pub socket_group: Option<u32>,
    /// Whether only its owner may use that socket: without root, a daemon's own user, who is root in its namespace only.
    pub socket_is_owners: bool,
    /// Whether it runs without root, capabilities, a writable file system, and within limits.
    pub confined: bool,
    /// The network that it is on; `None` for the daemon's default.
    pub network: Option<String>,
    /// The project that it is for; `None` when projects share it.
    pub project: Option<PathBuf>,
    /// Whether it stands in the project's `[containers]`.
    pub is_declared: bool,
}

/// The user of confined containers, the one that `nobody` images conventionally have.
const CONFINED_USER: &str = "65532:65532";
/// Root in a user namespace, which outside of it is the user whose daemon this is.
const NAMESPACE_USER: &str = "0:0";
/// Bytes of memory of the docker proxy's container.
pub const PROXY_MEMORY: usize = 64 << 20;
/// The same for the edge, which buffers whole uploads of functions; what it takes at most is less.
pub const EDGE_MEMORY: usize = 512 << 20;
const CONFINED_PROCESSES: i64 = 64;
/// How often a door that ends with a failure is started again; one that cannot start at all must not try for ever.
const RESTARTS: i64 = 10;
/// A log line per request of strangers must not fill the disk.
const LOG_FILES: [(&str, &str); 2] = [("max-size", "10m"), ("max-file", "2")];
/// Docker's own grace of 10 s would be most of what an API call may take; a process that has no handler for SIGTERM
/// uses it up, because as process 1 it is not ended by it.
const TARGET_GRACE_SECONDS: i64 = 3;

impl Spec {
    /// The hash of everything that makes a container different, 64 hex digits. Variables are secret, and as random as
    /// the hash is long, so that it tells nothing about them.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        let mut add = |text: &str| {
            // The length keeps neighbours apart.
            hasher.update(text.len().to_be_bytes());
            hasher.update(text);
        };
        add(concat!("spec 2 ", env!("CARGO_PKG_VERSION")));
        add(self.name.as_str());
        add(self.role.as_str());
        add(self.image.as_str());
        self.command.iter().for_each(|argument| add(argument));
        for (name, value) in &self.environment {
            add(name);
            add(value.expose());
        }
        add(&format!("{:?} {:?} {:?} {}", self.publish, self.socket, self.socket_group, self.confined));
        add(&format!("{:?} {:?} {}", self.project, self.network, self.socket_is_owners));
        if self.is_declared {
            add("declared");
        }
        hex(&hasher.finalize())
    }

    /// The labels by which the container is found again.
    pub(super) fn labels(&self, owner: &OwnerId) -> HashMap<String, String> {
        let mut labels = HashMap::from([
            (OWNER_LABEL.to_owned(), owner.to_string()),
            (ROLE_LABEL.to_owned(), self.role.to_string()),
            (SPEC_LABEL.to_owned(), self.hash()),
        ]);
        if let Some(project) = &self.project {
            labels.insert(PROJECT_LABEL.to_owned(), project.display().to_string());
        }
        if self.is_declared {
            labels.insert(DECLARED_LABEL.to_owned(), "1".to_owned());
        }
        labels
    }

    /// The body of the call that creates it.
    pub(super) fn body(&self, owner: &OwnerId) -> ContainerCreateBody {
        let environment = self.environment.iter().map(|(name, value)| format!("{name}={}", value.expose()));
        ContainerCreateBody {
            image: Some(self.image.to_string()),
            cmd: (!self.command.is_empty()).then(|| self.command.clone()),
            env: Some(environment.collect()),
            labels: Some(self.labels(owner)),
            stop_timeout: (self.role == Role::Target).then_some(TARGET_GRACE_SECONDS),
            user: self.confined.then(|| if self.socket_is_owners { NAMESPACE_USER } else { CONFINED_USER }.to_owned()),
            exposed_ports: self.publish.map(|publish| vec![inside(publish)]),
            host_config: Some(self.host_config()),
            ..ContainerCreateBody::default()
        }
    }

    fn host_config(&self) -> HostConfig {
        let mount = |socket: &PathBuf| vec![format!("{}:/var/run/docker.sock", socket.display())];
        let mut config = HostConfig {
            port_bindings: self.publish.map(bindings),
            binds: self.socket.as_ref().map(mount),
            group_add: self.socket_group.map(|group| vec![group.to_string()]),
            network_mode: self.network.clone(),
            ..HostConfig::default()
        };
        if self.confined {
            config.readonly_rootfs = Some(true);
            config.cap_drop = Some(vec!["ALL".to_owned()]);
            config.security_opt = Some(vec!["no-new-privileges".to_owned()]);
            let memory = if self.role == Role::Edge { EDGE_MEMORY } else { PROXY_MEMORY };
            config.memory = i64::try_from(memory).ok();
            config.pids_limit = Some(CONFINED_PROCESSES);
            config.restart_policy = Some(RestartPolicy {
                name: Some(RestartPolicyNameEnum::ON_FAILURE),
                maximum_retry_count: Some(RESTARTS),
            });
            config.log_config = Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(LOG_FILES.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            });
        }
        config
    }
}

fn inside(publish: Publish) -> String {
    format!("{}/tcp", publish.container)
}

fn bindings(publish: Publish) -> PortMap {
    let address: IpAddr = publish.host.ip();
    let binding = PortBinding { host_ip: Some(address.to_string()), host_port: Some(publish.host.port().to_string()) };
    HashMap::from([(inside(publish), Some(vec![binding]))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        Spec {
            name: "docker-proxy".parse().unwrap(),
            role: Role::Proxy,
            image: "atelier/self:0".parse().unwrap(),
            command: vec!["@proxy".to_owned()],
            environment: vec![("A".to_owned(), Secret::new("s3cret"))],
            publish: Some(Publish { host: "172.17.0.1:2375".parse().unwrap(), container: 2375 }),
            socket: Some("/var/run/docker.sock".into()),
            socket_group: Some(998),
            socket_is_owners: false,
            confined: true,
            network: None,
            project: None,
            is_declared: false,
        }
    }

    #[test]
    fn every_change_changes_the_hash() {
        let base = spec().hash();
        assert_eq!(base, spec().hash());
        let edits: [fn(&mut Spec); 7] = [
            |spec| spec.network = Some("atelier".to_owned()),
            |spec| spec.command.push(String::new()),
            |spec| spec.environment[0].1 = Secret::new("other"),
            |spec| spec.environment[0].0 = "As".to_owned(),
            |spec| spec.publish = None,
            |spec| spec.confined = false,
            |spec| spec.image = "atelier/self:1".parse().unwrap(),
        ];
        for edit in edits {
            let mut other = spec();
            edit(&mut other);
            assert_ne!(other.hash(), base);
        }
    }

    #[test]
    fn a_confined_container_has_no_root_no_capabilities_and_limits() {
        let body = spec().body(&"0".repeat(32).parse().unwrap());
        let host = body.host_config.unwrap();
        assert_eq!(body.user.as_deref(), Some("65532:65532"));
        let of_owner = Spec { socket_is_owners: true, ..spec() }.body(&"0".repeat(32).parse().unwrap());
        assert_eq!(of_owner.user.as_deref(), Some("0:0"));
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges".to_owned()]));
        assert_eq!((host.memory, host.pids_limit), (Some(64 << 20), Some(64)));
        let edge = Spec { role: Role::Edge, ..spec() }.body(&"0".repeat(32).parse().unwrap()).host_config.unwrap();
        assert_eq!(edge.memory, Some(512 << 20));
        assert_eq!(host.restart_policy.unwrap().name, Some(RestartPolicyNameEnum::ON_FAILURE));
        assert_eq!(host.log_config.unwrap().config.unwrap()["max-size"], "10m");
        assert_eq!(host.privileged, None);
        assert_eq!(host.binds, Some(vec!["/var/run/docker.sock:/var/run/docker.sock".to_owned()]));
        assert_eq!(host.group_add, Some(vec!["998".to_owned()]));
    }

    #[test]
    fn a_port_is_published_on_its_own_address_only() {
        let host = spec().body(&"0".repeat(32).parse().unwrap()).host_config.unwrap();
        let by_port = host.port_bindings.unwrap();
        let binding = &by_port["2375/tcp"].as_ref().unwrap()[0];
        assert_eq!(binding.host_ip.as_deref(), Some("172.17.0.1"));
        assert_eq!(binding.host_port.as_deref(), Some("2375"));
    }
}
