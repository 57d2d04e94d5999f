//! One state file: its envelope, written so that a crash leaves the old content or the new one, never half of it.

use super::OpenError;
use crate::{clock::Clock, emulator::wire::AwsError};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The format that this binary writes, and the newest that it reads.
const SCHEMA: u64 = 1;

/// A state that could not be written; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("the state could not be written")]
pub struct SaveError(#[from] io::Error);

impl SaveError {
    /// Gives the operating system's error.
    #[must_use]
    pub fn into_inner(self) -> io::Error {
        self.0
    }
}

impl From<SaveError> for AwsError {
    fn from(error: SaveError) -> Self {
        Self::internal(format!("The emulator could not write its state: {}.", error.0.kind()))
    }
}

/// Why a file's content is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read, or is not a regular file.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    /// It is not JSON of the state's shape.
    #[error("it is damaged")]
    Damaged(#[from] serde_json::Error),
    /// Its format is newer.
    #[error("its format is {0}")]
    Newer(u64),
}

#[derive(Serialize)]
struct Written<'a, S> {
    schema: u64,
    state: &'a S,
}

#[derive(Deserialize)]
struct Schema {
    schema: u64,
}

#[derive(Deserialize)]
struct Stored<S> {
    state: S,
}

/// Reads a state, or starts an empty one: where there is no file, or where it is damaged and was set aside.
/// `set_aside` is told where that is.
pub(super) fn load<S: Default + DeserializeOwned>(
    path: &Path,
    clock: &Clock,
    set_aside: &mut Vec<PathBuf>,
) -> Result<S, OpenError> {
    match read(path) {
        Ok(state) => Ok(state),
        Err(LoadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(S::default()),
        Err(LoadError::Newer(found)) => Err(OpenError::Newer { path: path.to_owned(), found, known: SCHEMA }),
        // The disk, or a lack of memory or descriptors, says nothing about the file.
        Err(LoadError::Io(source)) if !is_of_no_use(&source) => {
            Err(OpenError::Folder { path: path.to_owned(), source })
        }
        Err(error) => {
            let mut aside = path.as_os_str().to_owned();
            aside.push(format!(".damaged-{}", clock.now().unix_timestamp()));
            let aside = PathBuf::from(aside);
            tracing::warn!(path = %path.display(), aside = %aside.display(), %error,
                "state file set aside, starting afresh");
            fs::rename(path, &aside).map_err(|source| OpenError::Folder { path: path.to_owned(), source })?;
            set_aside.push(aside);
            Ok(S::default())
        }
    }
}

/// Tells whether an error means that what has the file's name is no state: a link, a folder, a device.
fn is_of_no_use(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let of_no_use = [Errno::LOOP, Errno::ISDIR, Errno::NXIO, Errno::NODEV].map(Errno::raw_os_error);
    error.kind() == io::ErrorKind::InvalidData || error.raw_os_error().is_some_and(|code| of_no_use.contains(&code))
}

fn read<S: DeserializeOwned>(path: &Path) -> Result<S, LoadError> {
    // A symlink is not followed, and a FIFO in the file's place does not hang the start.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(LoadError::Io(io::Error::new(io::ErrorKind::InvalidData, "not a regular file")));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    // The schema first: a newer state may have any shape.
    match serde_json::from_slice::<Schema>(&text)?.schema {
        ..=SCHEMA => Ok(serde_json::from_slice::<Stored<S>>(&text)?.state),
        newer => Err(LoadError::Newer(newer)),
    }
}

/// Encodes a state with its envelope.
pub(super) fn encode<S: Serialize>(state: &S) -> Result<Vec<u8>, SaveError> {
    serde_json::to_vec(&Written { schema: SCHEMA, state }).map_err(|error| SaveError(error.into()))
}

/// Writes a file whole: aside, synced, renamed over the old one, and the folder synced so that the rename lasts.
/// `replaced` is called when the new content has taken the old one's place, also where the last step then fails:
/// whether it lasts is not known then, but it is what is there.
pub(super) fn save(path: &Path, content: &[u8], replaced: impl FnOnce()) -> Result<(), SaveError> {
    let folder = path.parent().map(File::open).transpose()?;
    let temporary = path.with_extension("tmp");
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    replaced();
    folder.map_or(Ok(()), |folder| folder.sync_all())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn only_what_is_no_state_is_set_aside_and_not_what_cannot_be_read_now() {
        let of_no_use = |errno: Errno| is_of_no_use(&errno.into());
        for errno in [Errno::LOOP, Errno::ISDIR, Errno::NXIO] {
            assert!(of_no_use(errno), "{errno}");
        }
        for errno in [Errno::MFILE, Errno::NFILE, Errno::IO, Errno::NOMEM, Errno::ACCESS, Errno::PERM, Errno::STALE] {
            assert!(!of_no_use(errno), "{errno}");
        }
        assert!(is_of_no_use(&io::Error::new(io::ErrorKind::InvalidData, "not a regular file")));
    }

    #[test]
    fn a_file_is_replaced_before_its_writer_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let mut seen = None;
        save(&path, b"new", || seen = fs::read(&path).ok()).unwrap();
        assert_eq!(seen.as_deref(), Some(b"new".as_slice()));
    }
}
