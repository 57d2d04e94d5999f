//! The folders of this user in which an engine was started: a file each in the user's cache folder, for `status --all` and
//! `down --all`. A cache, never a truth: what counts is each folder's own record, and an entry without one goes.

use super::record::Record;
use crate::{
    disk,
    settings::{Origin, Setting, Settings},
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// More folders than anybody has engines in.
const MOST: usize = 1_000;

/// Remembers the folder of an engine that runs. What cannot be written is not remembered.
pub fn remember(settings: &Settings) {
    let Some(path) = entry(settings, &settings.folder) else { return };
    let _ = disk::replace(&path, format!("{}\n", settings.folder.display()).as_bytes(), 0o600);
}

/// The folders in which an engine is recorded, this one first where it is one of them.
#[must_use]
pub fn folders(settings: &Settings) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    let entries = place(settings).and_then(|place| fs::read_dir(place).ok());
    for path in entries.into_iter().flatten().take(MOST).flatten().map(|entry| entry.path()) {
        let Ok(Some(text)) = disk::read(&path) else { continue };
        let folder = PathBuf::from(text.trim_end_matches('\n'));
        let is_whole = folder.is_absolute() && entry(settings, &folder).as_deref() == Some(path.as_path());
        if is_whole && has_record(settings, &folder) {
            found.insert(folder);
        } else if let Err(error) = fs::remove_file(&path)
            && error.kind() == io::ErrorKind::PermissionDenied
        {
            // Somebody else's to tidy up.
        }
    }
    let own = settings.folder.clone();
    found.remove(&own);
    let own = Some(own).filter(|own| has_record(settings, own));
    own.into_iter().chain(found).collect()
}

/// The settings with which another folder's engine is spoken to: whatever names an engine here does not count there.
#[must_use]
pub fn settings_of(settings: &Settings, folder: &Path) -> Settings {
    if folder == settings.folder {
        return settings.clone();
    }
    Settings {
        folder: folder.to_owned(),
        folder_origin: Origin::Default,
        engine: Setting::default_of(None),
        endpoint: Setting::default_of(None),
        function: Setting::default_of(None),
        ..settings.clone()
    }
}

fn has_record(settings: &Settings, folder: &Path) -> bool {
    folder.is_dir() && Record::read(&settings_of(settings, folder)).is_some()
}

fn place(settings: &Settings) -> Option<PathBuf> {
    settings.machine.cache.as_ref().map(|cache| cache.join("engines"))
}

fn entry(settings: &Settings, folder: &Path) -> Option<PathBuf> {
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    Some(place(settings)?.join(&crate::secret::hex(&digest)[..32]))
}
