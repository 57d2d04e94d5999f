//! Blobs by the SHA-256 of their content: function archives, too large for the JSON.

use crate::secret::hex;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::{
    ffi::OsStr,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task;

/// A folder of files that are named by their own hash, so that equal content is kept once and never changes.
pub struct Blobs {
    folder: PathBuf,
    /// Held while a file is written: two writers of one content would share its temporary file.
    writing: Arc<Mutex<()>>,
}

impl Blobs {
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, writing: Arc::default() })
    }

    /// Keeps `content` and gives its name: 64 lower-case hex digits. On disk when this returns.
    ///
    /// # Errors
    /// The operating system's, when it cannot be written.
    pub async fn put(&self, content: Bytes) -> io::Result<String> {
        let (folder, writing) = (self.folder.clone(), Arc::clone(&self.writing));
        task::spawn_blocking(move || {
            let name = hex(&Sha256::digest(&content));
            let path = folder.join(&name);
            let _writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            // A file of this name and length has this content: files come into being by rename only.
            if fs::metadata(&path).is_ok_and(|found| found.len() == content.len() as u64) {
                return Ok(name);
            }
            super::file::save(&path, &content)?;
            Ok(name)
        })
        .await?
    }

    /// Reads a blob.
    ///
    /// # Errors
    /// The operating system's; `NotFound` when there is none of this name.
    pub async fn get(&self, name: &str) -> io::Result<Bytes> {
        let path = self.path(name)?;
        task::spawn_blocking(move || fs::read(path)).await?.map(Bytes::from)
    }

    /// Removes a blob; one that is gone already is no error.
    ///
    /// # Errors
    /// The operating system's.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes the blobs that nobody uses, and what a write that was cut short left: a crash leaves such.
    pub(in crate::emulator) fn sweep(&self, is_used: impl Fn(&str) -> bool) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            let is_half = path.extension() == Some(OsStr::new("tmp"));
            let is_whole = path.extension().is_none() && !is_used(name);
            if is_hash(name) && (is_half || is_whole) {
                // One that cannot be removed now is tried again at the next start.
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Gives the file of a blob.
    ///
    /// # Errors
    /// `NotFound` when `name` is not a hash, and so no file's name.
    pub fn path(&self, name: &str) -> io::Result<PathBuf> {
        if is_hash(name) { Ok(self.folder.join(name)) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn equal_content_is_kept_once_however_many_bring_it() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().to_owned()).unwrap();
        let put = || blobs.put(Bytes::from_static(b"abc"));
        let (a, b, c) = tokio::join!(put(), put(), put());
        let name = a.unwrap();
        assert_eq!(name, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((b.unwrap(), c.unwrap()), (name.clone(), name.clone()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(blobs.get(&name).await.unwrap(), "abc");
        blobs.remove(&name).unwrap();
        blobs.remove(&name).unwrap();
        assert_eq!(blobs.get(&name).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_name_that_is_no_hash_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().join("blobs")).unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        for name in ["../secret", "", "..", &"A".repeat(64)] {
            assert_eq!(blobs.get(name).await.unwrap_err().kind(), io::ErrorKind::NotFound, "{name}");
        }
    }
}
