//! Files that are written whole: a crash leaves the old content or the new one, never half of it.

use crate::emulator::wire::AwsError;
use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

/// A change that could not be written; nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the state could not be written")]
pub struct SaveError(#[source] Arc<io::Error>);

impl From<io::Error> for SaveError {
    fn from(error: io::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<SaveError> for AwsError {
    fn from(error: SaveError) -> Self {
        Self::of_disk("The emulator could not write its state", &error.0)
    }
}

/// Writes a file whole: aside, synced, renamed over the old one, and the folder synced so that the rename lasts.
pub(super) fn save(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    rename(&temporary, path)
}

/// Gives a file another name, for good.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    to.parent().map(File::open).transpose()?.map_or(Ok(()), |folder| folder.sync_all())
}
