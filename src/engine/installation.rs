//! What `up` draws once and keeps: the key pair of the local engines, the docker proxy's token and the owner's id.
//!
//! The key pair and the token live in the project (`.atelier/credentials.json`, readable by the owner only); the owner
//! id belongs to the user and lives in the data folder, else beside them. Real AWS credentials never come in here.

use crate::{
    disk,
    error::Result,
    names::OwnerId,
    progress::Progress,
    secret::{Secret, random_hex},
    settings::Settings,
    text::Message,
};
use std::{
    io,
    path::{Path, PathBuf},
};

const SCHEMA: u32 = 1;

/// The installation's secrets and its identity.
#[derive(Clone)]
pub struct Installation {
    /// The access key of every local engine; not of the form that AWS gives out, so that no engine reads an account
    /// number into it.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Secret,
    /// The bearer token of the docker proxy.
    pub proxy_token: Secret,
    /// Containers that carry it as `atelier.owner` are ours.
    pub owner: OwnerId,
}

/// The shape of `credentials.json`.
#[derive(serde::Serialize, serde::Deserialize)]
struct Stored {
    schema: u32,
    access_key_id: String,
    secret_access_key: String,
    proxy_token: String,
    /// The owner's id once more, should the user's own file get lost: containers and API ids hang on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerId>,
}

impl Installation {
    /// Reads what was drawn before, and draws what is missing. What is damaged is drawn again; the warning of that is
    /// dropped.
    ///
    /// # Errors
    /// Returns why the files cannot be written, or the operating system's error when it has no randomness to give.
    pub fn load_or_create(settings: &Settings) -> Result<Self> {
        Self::load_or_create_telling(settings, &Progress::silent())
    }

    /// Reads what was drawn before; `None` where anything of it is missing. Writes nothing.
    #[must_use]
    pub fn load(settings: &Settings) -> Option<Self> {
        let stored = parse_stored(&disk::read(&credentials_path(&settings.folder)).ok()??)?;
        Some(Self::of(stored, owner(settings)?))
    }

    /// Like [`Installation::load_or_create`], and warns with one sentence for each file that had to be drawn again.
    ///
    /// # Errors
    /// See [`Installation::load_or_create`].
    pub fn load_or_create_telling(settings: &Settings, progress: &Progress) -> Result<Self> {
        let (path, owner_path) = (credentials_path(&settings.folder), owner_path(settings));
        let (stored, owner) = (Found::read(&path, parse_stored), Found::read(&owner_path, parse_owner));
        let drawn_for = stored.whole().and_then(|stored| stored.owner.clone());
        if stored.whole().is_some() && is_foreign(&path, drawn_for.as_ref(), owner.whole()) {
            progress.warn(Message::new("engine.foreign_key").with("path", path.display()));
        }
        let draw = || drawn_for.clone().map_or_else(draw_owner, |owner| Ok((owner.clone(), owner.to_string())));
        let owner = owner.or_draw(&owner_path, progress, parse_owner, draw)?;
        let stored = stored.or_draw(&path, progress, parse_stored, || Stored::draw(&owner))?;
        Ok(Self::of(stored, owner))
    }

    fn of(stored: Stored, owner: OwnerId) -> Self {
        Self {
            access_key_id: stored.access_key_id,
            secret_access_key: Secret::new(stored.secret_access_key),
            proxy_token: Secret::new(stored.proxy_token),
            owner,
        }
    }
}

impl Stored {
    fn draw(owner: &OwnerId) -> io::Result<(Self, String)> {
        let draw = |bytes| random_hex(bytes).map_err(io::Error::other);
        let stored = Self {
            schema: SCHEMA,
            access_key_id: format!("ATELIER{}", draw(7)?.to_ascii_uppercase()),
            secret_access_key: draw(20)?,
            proxy_token: draw(32)?,
            owner: Some(owner.clone()),
        };
        let text = serde_json::to_string_pretty(&stored)?;
        Ok((stored, text))
    }
}

fn parse_stored(text: &str) -> Option<Stored> {
    let plain = |text: &str| text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    serde_json::from_str(text).ok().filter(|stored: &Stored| {
        stored.schema == SCHEMA
            && plain(&stored.access_key_id)
            && plain(&stored.secret_access_key)
            && plain(&stored.proxy_token)
    })
}

/// Whether what is in the file was drawn by another than this user, as in a folder that was cloned or unpacked: for
/// another owner, or, where this user has drawn nothing yet, readable by others, as we never write it.
fn is_foreign(path: &Path, drawn_for: Option<&OwnerId>, user: Option<&OwnerId>) -> bool {
    match (drawn_for, user) {
        (Some(drawn_for), Some(user)) => drawn_for != user,
        (None, Some(_)) => false,
        (_, None) => std::fs::metadata(path).is_ok_and(|facts| !disk::is_private(&facts.permissions())),
    }
}

fn draw_owner() -> io::Result<(OwnerId, String)> {
    let text = random_hex(16).map_err(io::Error::other)?;
    let owner = text.parse().map_err(io::Error::other)?;
    Ok((owner, text))
}

/// The key pair alone, for the engine's own process.
///
/// # Errors
/// Returns why the file cannot be read, or that it holds no key pair.
pub fn key_pair(project: &Path) -> io::Result<(String, Secret)> {
    let path = credentials_path(project);
    let text = disk::read(&path).map_err(io::Error::other)?.unwrap_or_default();
    let stored = parse_stored(&text).ok_or_else(|| io::Error::other("no key pair in `credentials.json`"))?;
    Ok((stored.access_key_id, Secret::new(stored.secret_access_key)))
}

/// Reads whose containers are ours; `None` where nothing was ever drawn. Writes nothing.
#[must_use]
pub fn owner(settings: &Settings) -> Option<OwnerId> {
    parse_owner(&disk::read(&owner_path(settings)).ok()??)
}

/// Where the key pair and the proxy's token are.
pub(crate) fn credentials_path(project: &Path) -> PathBuf {
    disk::own_folder(project).join("credentials.json")
}

fn owner_path(settings: &Settings) -> PathBuf {
    settings.data_folder.clone().unwrap_or_else(|| disk::own_folder(&settings.folder)).join("owner")
}

fn parse_owner(text: &str) -> Option<OwnerId> {
    text.trim().parse().ok()
}

/// What was found of a file.
enum Found<T> {
    Nothing,
    /// Something that nobody understands, or that cannot be read.
    Damaged,
    Whole(T),
}

impl<T> Found<T> {
    fn read(path: &Path, parse: impl Fn(&str) -> Option<T>) -> Self {
        match disk::read(path) {
            Ok(None) => Self::Nothing,
            found => found.ok().flatten().and_then(|text| parse(&text)).map_or(Self::Damaged, Self::Whole),
        }
    }

    fn whole(&self) -> Option<&T> {
        if let Self::Whole(value) = self { Some(value) } else { None }
    }

    /// Gives what was found, else draws the file's content anew; whatever stood in its place is replaced, never followed.
    fn or_draw(
        self,
        path: &Path,
        progress: &Progress,
        parse: impl Fn(&str) -> Option<T>,
        draw: impl Fn() -> io::Result<(T, String)>,
    ) -> Result<T> {
        let is_first = match self {
            Self::Whole(value) => return Ok(value),
            Self::Nothing => true,
            Self::Damaged => false,
        };
        let drawn = draw().map_err(|source| disk::Error::Io { action: "write", path: path.to_owned(), source });
        let (value, text) = drawn?;
        if is_first {
            if disk::create(path, text.as_bytes(), 0o600)? {
                return Ok(value);
            }
            // Another first run was faster: what it drew counts.
            if let Self::Whole(value) = Self::read(path, parse) {
                return Ok(value);
            }
        }
        progress.warn(Message::new("engine.redrawn").with("path", path.display()));
        if std::fs::symlink_metadata(path).is_ok_and(|kind| kind.is_dir()) {
            // A folder cannot be renamed over. Only an empty one is taken away: what is in it is somebody's.
            let _ = std::fs::remove_dir(path);
        }
        disk::replace(path, text.as_bytes(), 0o600)?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::{Permissions, set_permissions, write},
        os::unix::fs::PermissionsExt,
    };

    #[test]
    fn a_key_pair_that_came_with_the_folder_is_somebody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        write(&path, "{}").unwrap();
        let ids = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
        let [own, other] = ids.map(|id| id.parse::<OwnerId>().unwrap());
        for (mode, drawn_for, user, foreign) in [
            (0o600, Some(&own), Some(&own), false),
            (0o600, Some(&other), Some(&own), true),
            (0o644, Some(&own), Some(&own), false),
            (0o600, None, Some(&own), false),
            (0o600, Some(&other), None, false),
            (0o644, Some(&other), None, true),
            (0o640, None, None, true),
        ] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_foreign(&path, drawn_for, user), foreign, "{mode:o} {drawn_for:?} {user:?}");
        }
    }
}
