//! What else may have the name of a file of the store: it is neither followed nor opened nor moved away, and said.

use super::OpenError;
use serde::{Deserialize, Serialize};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// What stands in the place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// A symbolic link, and where it leads.
    Link(PathBuf),
    /// A folder.
    Folder,
    /// A FIFO, a socket, a device.
    Irregular,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(target) => write!(f, "a symbolic link to `{}`", target.display()),
            Self::Folder => f.write_str("a folder"),
            Self::Irregular => f.write_str("not a regular file"),
        }
    }
}

/// Refuses whatever is no file; that nothing is there is fine.
///
/// # Errors
/// Says what stands there, or why that cannot be told.
pub(super) fn refuse(path: &Path) -> Result<(), OpenError> {
    match look(path) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(OpenError::Obstacle { path: path.to_owned(), what }),
        Err(source) => Err(OpenError::Folder { path: path.to_owned(), source }),
    }
}

fn look(path: &Path) -> io::Result<Option<Obstacle>> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some(Obstacle::Link(fs::read_link(path)?))
    } else if kind.is_dir() {
        Some(Obstacle::Folder)
    } else {
        Some(Obstacle::Irregular)
    })
}
