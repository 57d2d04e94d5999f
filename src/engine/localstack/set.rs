//! Everything that the containers of one installation and public port are made from.

use crate::{
    docker::{Daemon, ImageName, OwnImage, Publish, Role, Spec},
    engine::{
        door,
        installation::Installation,
        layout::{Addresses, INSIDE, Names},
        profile::Profile,
    },
    marks::{EDGE_ROLE, ENGINE_LABEL, PROJECT_LABEL, ROLE_LABEL},
    secret::Secret,
    settings::{Settings, roles::Door},
    shell::quoted,
};

/// A set of containers to be: engine, edge and docker proxy.
pub(crate) struct Set {
    /// The daemon that runs them.
    pub(crate) daemon: Daemon,
    /// Whose they are, and their secrets.
    pub(crate) installation: Installation,
    /// The project, the account's token and the public URL.
    pub(crate) settings: Settings,
    /// The engine's image.
    pub(crate) image: ImageName,
    /// How that image wants to be run.
    pub(crate) profile: &'static Profile,
    /// atelier's own image.
    pub(crate) own: OwnImage,
    /// Their names.
    pub(crate) names: Names,
    /// Their addresses.
    pub(crate) addresses: Addresses,
}

impl Set {
    /// The engine's container.
    pub(super) fn engine(&self) -> Spec {
        let mut environment: Vec<(String, Secret)> =
            self.profile.environment.iter().map(|(name, value)| variable(name, *value)).collect();
        if self.profile.needs_socket {
            environment.push(variable("MAIN_CONTAINER_NAME", self.names.engine.as_str()));
            environment.push(variable("LAMBDA_DOCKER_FLAGS", self.function_labels()));
        }
        if let Some(token) = &self.settings.localstack_token
            && self.profile.takes_account()
        {
            environment.push(("LOCALSTACK_AUTH_TOKEN".to_owned(), token.clone()));
        }
        let socket = self.profile.needs_socket.then(|| self.daemon.socket());
        Spec {
            name: self.names.engine.clone(),
            role: Role::Engine,
            image: self.image.clone(),
            command: Vec::new(),
            environment,
            publish: Some(Publish { host: self.addresses.engine, container: INSIDE }),
            socket_is_owners: false,
            socket_group: self.profile.needs_socket_group.then(|| door::socket_group(&self.daemon)),
            socket,
            confined: false,
            network: self.addresses.network.clone(),
            project: Some(self.settings.folder.clone()),
            is_declared: false,
        }
    }

    /// The labels that the engine puts on its functions' containers, which it orphans when it dies: arguments of
    /// `docker run`, split as a shell splits them.
    fn function_labels(&self) -> String {
        let labels = [
            (ENGINE_LABEL, self.installation.owner.to_string()),
            (ROLE_LABEL, Role::Function.to_string()),
            (PROJECT_LABEL, self.settings.folder.display().to_string()),
        ];
        labels.map(|(name, value)| format!("-l {}", quoted(&format!("{name}={value}")))).join(" ")
    }

    /// The public door's container.
    pub(super) fn edge(&self) -> Spec {
        let environment = vec![
            variable("ATELIER_EDGE_LISTEN", format!("0.0.0.0:{INSIDE}")),
            variable("ATELIER_EDGE_ENGINE", self.addresses.engine_host.as_str()),
            variable("ATELIER_EDGE_HEALTH", self.profile.health),
            variable("ATELIER_EDGE_IN_FLIGHT", self.profile.in_flight.to_string()),
            variable("ATELIER_EDGE_REGION", self.settings.region.value.as_str()),
            variable("ATELIER_EDGE_ACCESS_KEY_ID", self.installation.access_key_id.as_str()),
            ("ATELIER_EDGE_SECRET_ACCESS_KEY".to_owned(), self.installation.secret_access_key.clone()),
            variable("ATELIER_EDGE_DOOR", Door::of(&self.settings).to_text()),
        ];
        Spec {
            name: self.names.edge.clone(),
            role: Role::Edge,
            image: self.own.name().clone(),
            command: vec![EDGE_ROLE.to_owned()],
            environment,
            publish: Some(Publish { host: self.addresses.edge, container: INSIDE }),
            socket: None,
            socket_group: None,
            socket_is_owners: false,
            confined: true,
            network: self.addresses.network.clone(),
            project: Some(self.settings.folder.clone()),
            is_declared: false,
        }
    }

    /// The docker proxy's container.
    pub(super) fn proxy(&self) -> door::Proxy<'_> {
        door::Proxy {
            daemon: &self.daemon,
            installation: &self.installation,
            project: &self.settings.folder,
            image: self.own.name(),
            names: &self.names,
            addresses: &self.addresses,
        }
    }
}

fn variable(name: &str, value: impl Into<String>) -> (String, Secret) {
    (name.to_owned(), Secret::new(value))
}
