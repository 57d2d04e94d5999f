//! What is of no use is kept under a name that tells so: it may still be mended.

use super::OpenError;
use crate::clock::Clock;
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// Something damaged that was set aside, and what could be kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Where it is now.
    pub path: PathBuf,
    /// How many records of it were readable, and are still there.
    pub kept: usize,
    /// How many were not; `None` where nobody can tell, and some of those that are kept may be out of date or deleted.
    pub lost: Option<usize>,
}

impl SetAside {
    /// Tells of something in which no record can be read.
    pub(super) fn whole(path: PathBuf) -> Self {
        Self { path, kept: 0, lost: None }
    }
}

/// Gives what stands in a file's place a name that tells what it is.
///
/// # Errors
/// When it cannot be renamed.
pub(super) fn put_aside(path: &Path, clock: &Clock) -> Result<PathBuf, OpenError> {
    let aside = free_name(path, clock);
    tracing::warn!(path = %path.display(), aside = %aside.display(), "damaged state set aside");
    fs::rename(path, &aside).map_err(failed(path))?;
    Ok(aside)
}

/// Gives a damaged file a second name that tells what it is, so that a new file can take the first one at once.
///
/// # Errors
/// When it can have no such name.
pub(super) fn link_aside(path: &Path, clock: &Clock) -> Result<PathBuf, OpenError> {
    let aside = free_name(path, clock);
    tracing::warn!(path = %path.display(), aside = %aside.display(), "damaged state set aside");
    match fs::hard_link(path, &aside) {
        Ok(()) => Ok(aside),
        // A file system without links.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            fs::copy(path, &aside).map_err(failed(path))?;
            Ok(aside)
        }
        Err(error) => Err(failed(path)(error)),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    |source| OpenError::Folder { path: path.to_owned(), source }
}

/// `state.redb.damaged-<time>`, with a number behind where that is taken.
pub(super) fn free_name(path: &Path, clock: &Clock) -> PathBuf {
    let name = |number: u32| {
        let mut name = OsString::from(path);
        name.push(format!(".damaged-{}", clock.now().unix_timestamp()));
        if number > 1 {
            name.push(format!("-{number}"));
        }
        PathBuf::from(name)
    };
    let is_free = |name: &PathBuf| fs::symlink_metadata(name).is_err();
    (1..u32::MAX).map(name).find(is_free).unwrap_or_else(|| name(u32::MAX))
}
