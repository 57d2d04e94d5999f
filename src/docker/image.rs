//! Images of others: used as they are, or pulled.
//!
//! Not here: atelier's own image ([`super::own_image`]), what an image needs to run (that is a profile's) and what runs
//! in it ([`super::container`]).

use super::{
    connect::Daemon,
    error::{Error, Result, is_loss, status},
};
use crate::{progress::Progress, text::Message};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;
use std::{collections::HashMap, fmt, str::FromStr};

/// The last LocalStack that starts without an account, pinned.
pub const LOCALSTACK: &str = "localstack/localstack:4.14.0";
/// What the user's own container of the bonus runs.
pub const BONUS: &str = "nginx:alpine";
/// The workshop's name for the container that is made from it.
pub const BONUS_NAME: &str = "mycontainer";

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

/// Whether the daemon has an image, without asking any registry.
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
