//! What survives a restart: records in one file, and blobs by their hash.
//!
//! A state is made of tables ([`Table`]); what it holds besides and what it means is not known here. Memory has all of
//! it, in maps that share what did not change: reading works on a snapshot and never waits for the disk, and a change
//! costs what it touches, however much else there is. A change is on disk before its caller goes on and before a reader
//! sees it, and one that fails, in its own rules or on the disk, leaves nothing behind ([`commit`]). Log events are not
//! here: they are too many (`logs::Events`).

mod blobs;
mod commit;
mod database;
mod file;
mod format_1;
mod obstacle;
mod open;
mod region;
mod salvage;
mod set_aside;
mod table;
#[cfg(test)]
mod tests;

pub use blobs::{BlobError, Blobs};
pub use commit::State;
pub use file::SaveError;
pub use obstacle::Obstacle;
pub use region::{InvalidRegion, Region};
pub use set_aside::SetAside;
pub use table::{AnyTable, Key, Table, Tables, Touched, Value};

use crate::clock::Clock;
use commit::Committer;
use open::Opened;
use rustix::fs::OFlags;
use std::{
    fs::{DirBuilder, File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Why an emulator cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder, or something in it, cannot be made, locked or read.
    #[error("cannot use `{}`", path.display())]
    Folder {
        /// What was tried.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Something that is no file stands in the place of one.
    #[error("`{}` is {what}", path.display())]
    Obstacle {
        /// The file's name.
        path: PathBuf,
        /// What stands there.
        what: Obstacle,
    },
    /// Another emulator works on this folder.
    #[error("another emulator is using `{}`", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The state is from a version of atelier that knows more.
    #[error("`{}` was written by a newer atelier (format {found}, this one knows {known})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format in the file.
        found: u64,
        /// The newest format that this binary reads.
        known: u64,
    },
}

/// The state of every region, in memory and on disk.
pub struct Store<S: State> {
    committer: Committer<S>,
    blobs: Blobs,
    set_aside: Vec<SetAside>,
    /// Held, not read: the lock on the folder dies with this process. The last member, so that it goes last.
    _lock: File,
}

impl<S: State> Store<S> {
    /// Opens the state in `folder`, or starts it. What is damaged is set aside under a name with `.damaged-<time>`, and
    /// what is readable stays.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use by another emulator, or was written by a newer atelier, and when
    /// something that is no file stands in the place of one.
    pub fn open(folder: &Path, clock: &Clock) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Folder { path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = lock(folder)?;
        let blobs = Blobs::open(folder.join("blobs")).map_err(failed)?;
        let Opened { database, regions, set_aside } = open::open(folder, clock)?;
        let committer = Committer::start(database, regions).map_err(failed)?;
        Ok(Self { committer, blobs, set_aside, _lock: lock })
    }

    /// Reads the state of a region as it is on disk now, without waiting; a region that was never written to is empty.
    pub fn read<T>(&self, region: &Region, read: impl FnOnce(&S) -> T) -> T {
        match self.committer.durable().get(region) {
            Some(state) => read(state),
            None => read(&S::default()),
        }
    }

    /// Changes the state of a region. When `edit` succeeds the change is on disk before this returns; when it does
    /// not, or the disk fails, nothing has changed. Changes happen one after the other, in memory; those that wait for
    /// the disk go there together.
    ///
    /// # Errors
    /// What `edit` returns, and [`SaveError`] when the state cannot be written.
    pub async fn change<T, E: From<SaveError>>(
        &self,
        region: &Region,
        edit: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> Result<T, E> {
        self.committer.change(region, edit).await
    }

    /// Lists the regions that were ever written to.
    #[must_use]
    pub fn regions(&self) -> Vec<Region> {
        self.committer.durable().keys().cloned().collect()
    }

    /// Lists what was damaged and set aside when this was opened.
    #[must_use]
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// Gives the blobs: function archives and the like.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}

/// Takes the folder for this process; the lock ends with it, so nothing has to be cleaned up after a crash.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join("lock");
    obstacle::refuse(&path)?;
    // Whatever takes its place meanwhile is neither followed nor waited for.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match File::options().create(true).truncate(false).write(true).custom_flags(flags).open(&path) {
        Ok(file) => file,
        Err(source) => return Err(OpenError::Folder { path, source }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Folder { path, source }),
    }
}
