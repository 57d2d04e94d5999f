//! Atelier's own image: the running binary and nothing else (`FROM scratch`), made on the spot and tagged by content.

use super::{
    connect::Daemon,
    error::{Error, Result, status},
    image::ImageName,
    tar,
};
use crate::{elf, marks::OWNER_LABEL, names::OwnerId, secret::hex};
use bollard::query_parameters::{
    ImportImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions, RemoveImageOptionsBuilder,
};
use futures_util::TryStreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

/// The repository of the images that atelier makes.
const REPOSITORY: &str = "atelier/self";
/// The label with the full hash of the binary inside; the tag has its start only.
const BINARY_LABEL: &str = "atelier.binary";
/// Where the binary is in its image.
const BINARY_PATH: &str = "atelier";

/// An image to be, with the binary that it is made from.
pub struct OwnImage {
    name: ImageName,
    owner: OwnerId,
    binary: Vec<u8>,
    /// SHA-256 of the binary, hexadecimal.
    hash: String,
}

impl OwnImage {
    /// Reads the running binary, also where another file has taken its place meanwhile.
    ///
    /// # Errors
    /// See [`OwnImage::of`].
    pub async fn of_running(owner: &OwnerId) -> Result<Self> {
        let running = PathBuf::from("/proc/self/exe");
        if running.exists() {
            return Self::of(&running, owner).await;
        }
        let path = std::env::current_exe().map_err(|source| Error::Executable { path: running, source })?;
        Self::of(&path, owner).await
    }

    /// Reads a binary. What its image will be called depends on its content and its owner: another installation with
    /// the same binary removes its own image, not this one.
    ///
    /// # Errors
    /// [`Error::NotStatic`] when the binary needs libraries of this machine, [`Error::Executable`] when it cannot be
    /// read.
    pub async fn of(executable: &Path, owner: &OwnerId) -> Result<Self> {
        let path = executable.to_owned();
        let read = tokio::task::spawn_blocking(move || read_binary(&path)).await;
        let (binary, hash) = read
            .map_err(io::Error::other)
            .and_then(|result| result)
            .map_err(|source| Error::Executable { path: executable.to_owned(), source })?;
        let head = &binary[..binary.len().min(elf::HEAD)];
        if elf::inspect(head).is_some_and(|needs| needs.interpreter.is_some()) {
            return Err(Error::NotStatic(executable.to_owned()));
        }
        let name = format!("{REPOSITORY}:{}-{}", &hash[..12], &owner.as_str()[..8]).parse()?;
        Ok(Self { name, owner: owner.clone(), binary, hash })
    }

    /// Borrows the name that the image has.
    #[must_use]
    pub fn name(&self) -> &ImageName {
        &self.name
    }

    /// Makes sure that the daemon has the image.
    ///
    /// # Errors
    /// Returns what the daemon said.
    pub async fn ensure(&self, daemon: &Daemon) -> Result<()> {
        if self.is_present(daemon).await? { Ok(()) } else { self.load(daemon).await }
    }

    async fn is_present(&self, daemon: &Daemon) -> Result<bool> {
        match daemon.api().inspect_image(self.name.as_str()).await {
            Ok(found) => {
                let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
                Ok(labels.get(BINARY_LABEL).is_some_and(|found| *found == self.hash))
            }
            Err(error) if status(&error) == Some(404) => Ok(false),
            Err(error) => Err(Error::named("docker.operation.inspect_image", &self.name)(error)),
        }
    }

    /// Loads the image as `docker save` writes one. That needs no builder, of which daemons have different ones, and
    /// Podman, which reads an import's instructions otherwise than Docker does, reads this in the same way.
    /// <https://github.com/moby/docker-image-spec/blob/main/v1.2.md#combined-image-json--filesystem-changeset-format>
    async fn load(&self, daemon: &Daemon) -> Result<()> {
        let body = bollard::body_full(self.archive().into());
        daemon
            .patient_api()
            .import_image(ImportImageOptionsBuilder::new().quiet(true).build(), body, None)
            .try_for_each(|_| async { Ok(()) })
            .await
            .map_err(Error::named("docker.operation.make_image", &self.name))
    }

    fn archive(&self) -> Vec<u8> {
        let layer = tar::of(&[(BINARY_PATH, &self.binary)]);
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let config = json!({
            "architecture": architecture,
            "os": "linux",
            "config": {
                "Entrypoint": [format!("/{BINARY_PATH}")],
                "User": "65532:65532",
                "Labels": { OWNER_LABEL: self.owner.as_str(), BINARY_LABEL: self.hash },
            },
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", hex(&Sha256::digest(&layer)))]},
        });
        let manifest = json!([{"Config": "config.json", "RepoTags": [self.name.as_str()], "Layers": ["layer.tar"]}]);
        tar::of(&[
            ("manifest.json", manifest.to_string().as_bytes()),
            ("config.json", config.to_string().as_bytes()),
            ("layer.tar", &layer),
        ])
    }
}

fn read_binary(path: &Path) -> io::Result<(Vec<u8>, String)> {
    let binary = std::fs::read(path)?;
    let hash = hex(&Sha256::digest(&binary));
    Ok((binary, hash))
}

/// Removes the images that this installation made, except `keep` and those that a container still uses.
///
/// # Errors
/// Returns what the daemon said.
pub async fn remove(daemon: &Daemon, owner: &OwnerId, keep: Option<&ImageName>) -> Result<()> {
    let filters =
        HashMap::from([("label", vec![format!("{OWNER_LABEL}={owner}")]), ("reference", vec![REPOSITORY.to_owned()])]);
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    let images = daemon.api().list_images(Some(options)).await.map_err(Error::api("docker.operation.list_images"))?;
    for tag in images.into_iter().flat_map(|image| image.repo_tags) {
        // Podman names a registry, which one depends on its version.
        let name = ["localhost/", "docker.io/"].iter().find_map(|registry| tag.strip_prefix(registry)).unwrap_or(&tag);
        if keep.is_some_and(|keep| keep.as_str() == name) || !name.starts_with(REPOSITORY) {
            continue;
        }
        let options: RemoveImageOptions = RemoveImageOptionsBuilder::new().build();
        match daemon.api().remove_image(&tag, Some(options), None).await {
            Ok(_) => {}
            // In use, or already gone.
            Err(error) if matches!(status(&error), Some(404 | 409)) => {}
            Err(error) => return Err(Error::named("docker.operation.remove_image", &tag)(error)),
        }
    }
    Ok(())
}
