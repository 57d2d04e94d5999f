//! The Docker daemon that a command's settings point at.

use crate::{
    docker::{self, Daemon, search::Variables},
    settings::Settings,
};

/// Finds the daemon that the settings and the machine point at.
///
/// # Errors
/// See [`Daemon::find`].
pub(crate) async fn find(settings: &Settings) -> docker::error::Result<Daemon> {
    docker::find(settings.docker_host.value.as_deref(), &variables(settings)).await
}

/// Like [`find`], and waits for [`docker::GLANCE`] only.
///
/// # Errors
/// See [`Daemon::find`].
pub(crate) async fn glance(settings: &Settings) -> docker::error::Result<Daemon> {
    docker::glance(settings.docker_host.value.as_deref(), &variables(settings)).await
}

fn variables(settings: &Settings) -> Variables {
    Variables {
        context: settings.docker_context.clone(),
        config: settings.docker_config.clone(),
        cert_path: settings.docker_cert_path.clone(),
        tls_verify: settings.docker_tls,
        plain_tcp: settings.docker_plain_tcp,
        home: settings.home.clone(),
        runtime_dir: settings.runtime_folder.clone(),
    }
}
