//! What survives a restart: one JSON file per region, one for what is global, and blobs by their hash.
//!
//! Reading works on a snapshot and never waits for the disk. A change works on a copy: it is on disk (written aside,
//! synced, renamed) before it becomes the snapshot and before its caller goes on, and a change that fails, in its own
//! rules or on the disk, leaves nothing behind. Log events are not here: they are too many (`logs::Events`).

mod blobs;
mod cell;
mod file;
mod region;

pub use blobs::Blobs;
pub use file::{LoadError, SaveError};
pub use region::{InvalidRegion, Region};

use super::{apigateway, ec2, iam, lambda, logs};
use crate::clock::Clock;
use cell::Cell;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

/// Everything that a region holds, per service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RegionState {
    /// APIs, stages, keys.
    pub apigateway: apigateway::State,
    /// Instances.
    pub ec2: ec2::State,
    /// Functions.
    pub lambda: lambda::State,
    /// Log groups and streams, without their events.
    pub logs: logs::State,
}

/// Everything that belongs to no region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GlobalState {
    /// Roles.
    pub iam: iam::State,
}

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

/// The state of an emulator, in memory and on disk.
pub struct Store {
    folder: PathBuf,
    global: Arc<Cell<GlobalState>>,
    regions: RwLock<BTreeMap<Region, Arc<Cell<RegionState>>>>,
    blobs: Blobs,
    set_aside: Vec<PathBuf>,
    /// Held, not read: the lock on the folder dies with this process.
    _lock: File,
}

impl Store {
    /// Opens the state in `folder`, or starts it. A damaged file is set aside under its name with `.damaged-<time>`.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use by another emulator, or was written by a newer atelier.
    pub fn open(folder: &Path, clock: &Clock) -> Result<Self, OpenError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Folder { path, source }
        };
        let regions_folder = folder.join("regions");
        DirBuilder::new().recursive(true).mode(0o700).create(&regions_folder).map_err(failed(&regions_folder))?;
        let lock = lock(folder)?;
        let blobs = Blobs::open(folder.join("blobs")).map_err(failed(folder))?;
        let mut set_aside = Vec::new();
        let global = Arc::new(Cell::load(folder.join("global.json"), clock, &mut set_aside)?);
        let mut regions = BTreeMap::new();
        for entry in fs::read_dir(&regions_folder).map_err(failed(&regions_folder))? {
            let path = entry.map_err(failed(&regions_folder))?.path();
            if let Some(region) = region_of(&path) {
                regions.insert(region, Arc::new(Cell::load(path, clock, &mut set_aside)?));
            }
        }
        Ok(Self { folder: folder.to_owned(), global, regions: RwLock::new(regions), blobs, set_aside, _lock: lock })
    }

    /// Reads the state of a region as it is now; a region that was never written to is empty.
    pub fn read<T>(&self, region: &Region, read: impl FnOnce(&RegionState) -> T) -> T {
        let cell = self.regions.read().unwrap_or_else(PoisonError::into_inner).get(region).cloned();
        match cell {
            Some(cell) => read(&cell.snapshot()),
            None => read(&RegionState::default()),
        }
    }

    /// Changes the state of a region. When `edit` succeeds the change is on disk before this returns; when it does
    /// not, or the disk fails, nothing has changed. Changes of one region happen one after the other.
    ///
    /// # Errors
    /// What `edit` returns, and [`SaveError`] when the state cannot be written.
    pub async fn change<T, E: From<SaveError>>(
        &self,
        region: &Region,
        edit: impl FnOnce(&mut RegionState) -> Result<T, E>,
    ) -> Result<T, E> {
        let cell = {
            let mut regions = self.regions.write().unwrap_or_else(PoisonError::into_inner);
            let path = || self.folder.join("regions").join(format!("{region}.json"));
            Arc::clone(regions.entry(region.clone()).or_insert_with(|| Arc::new(Cell::new(path()))))
        };
        cell.change(edit).await
    }

    /// Reads what belongs to no region.
    pub fn read_global<T>(&self, read: impl FnOnce(&GlobalState) -> T) -> T {
        read(&self.global.snapshot())
    }

    /// Changes what belongs to no region, under the rules of [`Store::change`].
    ///
    /// # Errors
    /// What `edit` returns, and [`SaveError`] when the state cannot be written.
    pub async fn change_global<T, E: From<SaveError>>(
        &self,
        edit: impl FnOnce(&mut GlobalState) -> Result<T, E>,
    ) -> Result<T, E> {
        Arc::clone(&self.global).change(edit).await
    }

    /// Lists the regions that were ever written to.
    #[must_use]
    pub fn regions(&self) -> Vec<Region> {
        self.regions.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Lists where damaged files were set aside when this was opened.
    #[must_use]
    pub fn set_aside(&self) -> &[PathBuf] {
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
    let file = match File::options().create(true).truncate(false).write(true).open(&path) {
        Ok(file) => file,
        Err(source) => return Err(OpenError::Folder { path, source }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Folder { path, source }),
    }
}

/// The region whose file this is; `None` for a file set aside or half written.
fn region_of(path: &Path) -> Option<Region> {
    if path.extension()? != "json" {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}
