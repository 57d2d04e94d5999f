//! The one key whose value is kept, for `env`, `test`, `call` and `watch`: an engine need not tell values, and ours keeps
//! digests only. It is in a file that only its owner can read, written as the header that `curl -H @file` sends.

use crate::{api_key, disk, secret::Secret};
use std::path::{Path, PathBuf};

fn path(project: &Path) -> PathBuf {
    disk::own_folder(project).join(api_key::HEADER_FILE)
}

/// Reads the key. Whether any engine still has it is for the caller to find out; what is no such file holds none.
#[must_use]
pub fn read(project: &Path) -> Option<Secret> {
    let text = disk::read(&path(project)).ok()??;
    let value = text.strip_prefix(api_key::HEADER)?.strip_prefix(": ")?.strip_suffix('\n')?;
    Some(Secret::new(value))
}

/// Puts a key in the place of the one that is kept, and tells where it is.
///
/// # Errors
/// Returns the operating system's refusal.
pub fn write(project: &Path, key: &Secret) -> Result<PathBuf, disk::Error> {
    let path = path(project);
    match disk::replace(&path, format!("{}: {}\n", api_key::HEADER, key.expose()).as_bytes(), 0o600) {
        // Where there is no room for it, it may be there already.
        Err(error) if !read(project).is_some_and(|kept| kept.matches(key.expose())) => Err(error),
        _ => Ok(path),
    }
}

/// Removes the key that is kept.
///
/// # Errors
/// Returns the operating system's refusal.
pub fn remove(project: &Path) -> Result<(), disk::Error> {
    disk::remove(&path(project))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_nothing_else_is_one() {
        let project = tempfile::tempdir().unwrap();
        assert!(read(project.path()).is_none());
        let path = write(project.path(), &Secret::new("atl_a")).unwrap();
        assert!(read(project.path()).unwrap().matches("atl_a"));
        for text in ["", "atl_a\n", "x-api-key: atl_a", "authorization: atl_a\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(read(project.path()).is_none(), "{text}");
        }
        remove(project.path()).unwrap();
        assert!(!path.exists());
    }
}
