//! Images: the engine's, used as it is or pulled, and atelier's own, made on the spot from the running binary.
//!
//! Not here: what an image needs to run (that is a profile's) and what runs in it ([`super::container`]).

use super::{
    connect::Daemon,
    error::{Error, Result, is_loss, status},
    tar,
};
use crate::{elf, names::OwnerId, progress::Progress, secret::hex, text::Message};
use bollard::query_parameters::{
    CreateImageOptionsBuilder, ImportImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions,
    RemoveImageOptionsBuilder,
};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The last LocalStack that starts without an account, pinned.
pub const LOCALSTACK: &str = "localstack/localstack:4.14.0";
/// What the user's own container of the bonus runs.
pub const BONUS: &str = "nginx:alpine";

/// The repository of the images that atelier makes.
const OWN_REPOSITORY: &str = "atelier/self";
/// The label with the full hash of the binary inside; the tag has its start only.
const BINARY_LABEL: &str = "atelier.binary";
/// Where the binary is in its image.
const OWN_PATH: &str = "atelier";

/// The name of an image; holds nothing that a URL's path could read as something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName(String);

impl ImageName {
    /// Borrows the name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The repository without registry's tag or digest (`localstack/localstack`).
    #[must_use]
    pub fn repository(&self) -> &str {
        let name = self.0.split('@').next().unwrap_or_default();
        match name.rsplit_once(':') {
            // A colon before the last slash belongs to the registry's port.
            Some((repository, tag)) if !tag.contains('/') => repository,
            _ => name,
        }
    }

    /// The tag; `latest` when the name has neither tag nor digest.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        let name = self.0.split('@').next().unwrap_or_default();
        let tag = name[self.repository().len()..].strip_prefix(':');
        if self.0.contains('@') { tag } else { tag.or(Some("latest")) }
    }
}

impl FromStr for ImageName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':' | b'@');
        let valid = (1..=255).contains(&text.len())
            && text.bytes().all(plain)
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
        if valid { Ok(Self(text.to_owned())) } else { Err(Error::BadImageName(text.to_owned())) }
    }
}

impl crate::text::Verbatim for ImageName {}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells whether the daemon has an image, without asking any registry.
///
/// # Errors
/// Returns what the daemon said.
pub async fn is_present(daemon: &Daemon, image: &ImageName) -> Result<bool> {
    match daemon.api().inspect_image(image.as_str()).await {
        Ok(_) => Ok(true),
        Err(error) if status(&error) == Some(404) => Ok(false),
        Err(error) => Err(Error::named("docker.operation.inspect_image", image)(error)),
    }
}

/// Makes sure that the daemon has an image: one that is there is used as it is, another is pulled, with one step per
/// layer in `progress`.
///
/// # Errors
/// [`Error::Image`] with the registry's own words when it cannot be pulled.
pub async fn ensure(daemon: &Daemon, image: &ImageName, progress: &Progress) -> Result<()> {
    if is_present(daemon, image).await? { Ok(()) } else { pull(daemon, image, progress).await }
}

async fn pull(daemon: &Daemon, image: &ImageName, progress: &Progress) -> Result<()> {
    let refused = |reason: Message| Error::Image { image: image.to_string(), reason };
    let mut options = CreateImageOptionsBuilder::new().from_image(image.as_str());
    if let (Some(tag), false) = (image.tag(), image.as_str().contains('@')) {
        options = CreateImageOptionsBuilder::new().from_image(image.repository()).tag(tag);
    }
    progress.begin("pull", Message::new("docker.pulling").with("image", image));
    let api = daemon.patient_api();
    let mut layers = api.create_image(Some(options.build()), None, None);
    let mut seen = Layers::default();
    while let Some(news) = layers.next().await {
        let news = news.map_err(|error| {
            if is_loss(&error) {
                Error::named("docker.operation.pull_image", image)(error)
            } else {
                refused(Message::literal(words(&error)))
            }
        })?;
        let detail = news.progress_detail.unwrap_or_default();
        let bytes = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        if let (Some(layer), Some(text)) = (news.id, news.status) {
            seen.tell(progress, &layer, &text, bytes(detail.current), bytes(detail.total));
        }
    }
    if !is_present(daemon, image).await? {
        return Err(refused(Message::new("docker.no_image")));
    }
    progress.end("pull", Message::new("docker.pulled").with("image", image));
    Ok(())
}

/// The layers of a pull that have begun and not ended.
#[derive(Default)]
struct Layers(HashMap<String, bool>);

impl Layers {
    /// Translates one line of the daemon's stream. The first line names the tag where others name a layer; it has no
    /// bytes and never ends, so a layer begins with its first bytes only.
    fn tell(&mut self, progress: &Progress, layer: &str, text: &str, done: Option<u64>, total: Option<u64>) {
        let step = || format!("layer-{layer}");
        let ended = text == "Pull complete";
        match self.0.get(layer) {
            None if text == "Downloading" => {
                self.0.insert(layer.to_owned(), false);
                progress.begin(step(), Message::new("docker.layer").with("layer", layer));
            }
            Some(false) if ended => {
                self.0.insert(layer.to_owned(), true);
                progress.end(step(), Message::new("docker.layer_done").with("layer", layer));
            }
            _ => {}
        }
        if let (Some(done), "Downloading", Some(false)) = (done, text, self.0.get(layer)) {
            progress.advance(step(), done, total);
        }
    }
}

/// What the daemon or the registry said, without bollard's preamble.
fn words(error: &bollard::errors::Error) -> String {
    match error {
        bollard::errors::Error::DockerResponseServerError { message, .. } => message.clone(),
        bollard::errors::Error::DockerStreamError { error } => error.clone(),
        other => other.to_string(),
    }
}

/// The running binary's file, also where another has taken its place meanwhile.
///
/// # Errors
/// Returns what the operating system said.
pub fn executable() -> std::io::Result<PathBuf> {
    let own = Path::new("/proc/self/exe");
    if own.exists() { Ok(own.to_owned()) } else { std::env::current_exe() }
}

/// Makes sure that there is an image of `executable` alone (`FROM scratch`), tagged by content, and gives its name.
///
/// # Errors
/// [`Error::NotStatic`] when the binary needs libraries of this machine, [`Error::Executable`] when it cannot be read,
/// or what the daemon said.
pub async fn own(daemon: &Daemon, executable: &Path, owner: &OwnerId) -> Result<ImageName> {
    let path = executable.to_owned();
    let read = tokio::task::spawn_blocking(move || read_binary(&path)).await;
    let (binary, hash) = read
        .map_err(std::io::Error::other)
        .and_then(|result| result)
        .map_err(|source| Error::Executable { path: executable.to_owned(), source })?;
    let head = &binary[..binary.len().min(elf::HEAD)];
    if elf::inspect(head).is_some_and(|needs| needs.interpreter.is_some()) {
        return Err(Error::NotStatic(executable.to_owned()));
    }
    // The owner is in the tag, too: another installation with the same binary removes its image, not this one.
    let image: ImageName = format!("{OWN_REPOSITORY}:{}-{}", &hash[..12], &owner.as_str()[..8]).parse()?;
    if !has_label(daemon, &image, BINARY_LABEL, &hash).await? {
        load(daemon, &image, &binary, &[(super::OWNER_LABEL, owner.as_str()), (BINARY_LABEL, &hash)]).await?;
    }
    Ok(image)
}

fn read_binary(path: &Path) -> std::io::Result<(Vec<u8>, String)> {
    let binary = std::fs::read(path)?;
    let hash = hex(&Sha256::digest(&binary));
    Ok((binary, hash))
}

async fn has_label(daemon: &Daemon, image: &ImageName, label: &str, value: &str) -> Result<bool> {
    match daemon.api().inspect_image(image.as_str()).await {
        Ok(found) => {
            let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
            Ok(labels.get(label).is_some_and(|found| found == value))
        }
        Err(error) if status(&error) == Some(404) => Ok(false),
        Err(error) => Err(Error::named("docker.operation.inspect_image", image)(error)),
    }
}

/// Loads an image of one file as `docker save` writes it. That needs no builder, of which daemons have different ones,
/// and Podman, which reads an import's instructions otherwise than Docker does, reads this in the same way.
/// <https://github.com/moby/docker-image-spec/blob/main/v1.2.md#combined-image-json--filesystem-changeset-format>
async fn load(daemon: &Daemon, image: &ImageName, binary: &[u8], labels: &[(&str, &str)]) -> Result<()> {
    let body = bollard::body_full(archive(image, binary, labels).into());
    daemon
        .patient_api()
        .import_image(ImportImageOptionsBuilder::new().quiet(true).build(), body, None)
        .try_for_each(|_| async { Ok(()) })
        .await
        .map_err(Error::named("docker.operation.make_image", image))
}

fn archive(image: &ImageName, binary: &[u8], labels: &[(&str, &str)]) -> Vec<u8> {
    let layer = tar::of(&[(OWN_PATH, binary)]);
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {
            "Entrypoint": [format!("/{OWN_PATH}")],
            "User": "65532:65532",
            "Labels": labels.iter().copied().collect::<HashMap<_, _>>(),
        },
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", hex(&Sha256::digest(&layer)))]},
    });
    let manifest = json!([{"Config": "config.json", "RepoTags": [image.as_str()], "Layers": ["layer.tar"]}]);
    tar::of(&[
        ("manifest.json", manifest.to_string().as_bytes()),
        ("config.json", config.to_string().as_bytes()),
        ("layer.tar", &layer),
    ])
}

/// Removes the images that this installation made, except `keep` and those that a container still uses.
///
/// # Errors
/// Returns what the daemon said.
pub async fn remove_own(daemon: &Daemon, owner: &OwnerId, keep: Option<&ImageName>) -> Result<()> {
    let filters = HashMap::from([
        ("label", vec![format!("{}={owner}", super::OWNER_LABEL)]),
        ("reference", vec![OWN_REPOSITORY.to_owned()]),
    ]);
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    let images = daemon.api().list_images(Some(options)).await.map_err(Error::api("docker.operation.list_images"))?;
    for tag in images.into_iter().flat_map(|image| image.repo_tags) {
        // Podman names a registry, which one depends on its version.
        let name = ["localhost/", "docker.io/"].iter().find_map(|registry| tag.strip_prefix(registry)).unwrap_or(&tag);
        if keep.is_some_and(|keep| keep.as_str() == name) || !name.starts_with(OWN_REPOSITORY) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn an_image_name_holds_nothing_that_a_path_could_read_otherwise() {
        for good in ["nginx:alpine", "localhost:5000/a/b:1", "a@sha256:00ff", "localstack/localstack:4.14.0"] {
            assert!(good.parse::<ImageName>().is_ok(), "{good}");
        }
        for bad in ["", "../x", "a/../b", "a//b", "/a", "a b", "a?x=1", "a%2f", "a#b", "-a", "é"] {
            assert!(matches!(bad.parse::<ImageName>(), Err(Error::BadImageName(_))), "{bad}");
        }
    }

    #[test]
    fn repository_and_tag_are_told_apart_from_a_registrys_port() {
        let name = |text: &str| text.parse::<ImageName>().unwrap();
        assert_eq!(name("localhost:5000/a/b").repository(), "localhost:5000/a/b");
        assert_eq!(name("localhost:5000/a/b").tag(), Some("latest"));
        assert_eq!(name("localhost:5000/a/b:1.2").repository(), "localhost:5000/a/b");
        assert_eq!(name("a/b:1.2@sha256:00").tag(), Some("1.2"));
        assert_eq!(name("a/b@sha256:00").tag(), None);
    }

    #[test]
    fn a_pull_has_one_step_per_layer() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let progress = Progress::new({
            let told = Arc::clone(&told);
            move |event| told.lock().unwrap().push(format!("{event:?}"))
        });
        let mut layers = Layers::default();
        layers.tell(&progress, "4.14.0", "Pulling from localstack/localstack", None, None);
        layers.tell(&progress, "a1", "Pulling fs layer", None, None);
        layers.tell(&progress, "a1", "Downloading", Some(1), Some(2));
        layers.tell(&progress, "a1", "Downloading", Some(2), Some(2));
        layers.tell(&progress, "a1", "Extracting", Some(1), Some(2));
        layers.tell(&progress, "a1", "Pull complete", None, None);
        let told = told.lock().unwrap();
        let kinds: Vec<&str> = told.iter().map(|event| event.split_once(' ').unwrap().0).collect();
        assert_eq!(kinds, ["Begin", "Advance", "Advance", "End"]);
    }
}
