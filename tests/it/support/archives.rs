//! The archives of functions as an engine keeps them, and what may befall them behind its back.

use atelier::secret::hex;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What becomes of an archive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Damage {
    /// Some of its bytes are others.
    Flipped,
    /// Its end is missing.
    Truncated,
    /// It is not there.
    Missing,
}

/// The archives in an engine's folder, but for those of other people.
#[derive(Debug, Clone)]
pub(crate) struct Archives {
    folder: PathBuf,
    /// The names of those that are to stay as they are.
    spared: BTreeSet<String>,
}

impl Archives {
    /// Those of the engine that has this folder, without those that are there now.
    pub(crate) fn from_now_on(engine: &Path) -> Self {
        let folder = engine.join("blobs");
        let spared = names(&folder);
        Self { folder, spared }
    }

    /// Damages each of them.
    pub(crate) fn damage(&self, damage: Damage) {
        for name in names(&self.folder).difference(&self.spared) {
            let path = self.folder.join(name);
            // The engine may have set it aside, or replaced it, since.
            let Ok(mut bytes) = fs::read(&path) else { continue };
            match damage {
                Damage::Flipped => {
                    let third = bytes.len() / 3;
                    bytes.iter_mut().skip(third).take(8).for_each(|byte| *byte ^= 0x55);
                    fs::write(path, bytes).unwrap();
                }
                Damage::Truncated => fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
                Damage::Missing => drop(fs::remove_file(path)),
            }
        }
    }

    /// Tells whether an archive is there and is what its name says.
    pub(crate) fn is_whole(&self, name: &str) -> bool {
        fs::read(self.folder.join(name)).is_ok_and(|bytes| hex(&Sha256::digest(&bytes)) == name)
    }
}

/// The names of all archives in a folder: the hashes of their contents. What was set aside is no archive any more.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| !name.contains('.')).collect()
}
