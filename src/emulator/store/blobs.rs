//! Blobs by the SHA-256 of their content: function archives, too large for the JSON.

use crate::secret::hex;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::{
    ffi::OsStr,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task;

/// Why a blob is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is none of its name.
    #[error("it is no longer there")]
    Lost,
    /// It was not what was kept, and is where this says.
    #[error("it was damaged and has been set aside")]
    Damaged(PathBuf),
    /// The operating system refused.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

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
            match read(&path) {
                // Compared, and not only measured: a disk damages what it keeps.
                Ok(found) if found == content => return Ok(name),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                _ => drop(set_aside(&path)?),
            }
            super::file::save(&path, &content)?;
            Ok(name)
        })
        .await?
    }

    /// Reads a blob and makes sure that it is what was kept; what is not is set aside, for whoever may mend it.
    ///
    /// # Errors
    /// [`BlobError::Lost`] when there is none of this name any more, [`BlobError::Damaged`] when there was one, and the
    /// operating system's.
    pub async fn get(&self, name: &str) -> Result<Bytes, BlobError> {
        let path = self.path(name)?;
        let wanted = name.to_owned();
        task::spawn_blocking(move || match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::Lost),
            Ok(content) if hex(&Sha256::digest(&content)) == wanted => Ok(content.into()),
            // Also what is no file any more: a link, a FIFO, a folder.
            Ok(_) => Err(BlobError::Damaged(set_aside(&path)?)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(BlobError::Damaged(set_aside(&path)?)),
            Err(error) => Err(error.into()),
        })
        .await
        .map_err(io::Error::from)?
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

/// Reads a file, and only a file: nothing else may hold a reader up or lead it elsewhere. What is none is `InvalidData`.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    fs::read(path)
}

/// Puts a damaged blob out of the way, under a name that no blob has; gives that name.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = path.with_extension("damaged");
    // One of an earlier time is of no more use than this one.
    match fs::symlink_metadata(&aside) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(&aside)?,
        Ok(_) => fs::remove_file(&aside)?,
        Err(_) => {}
    }
    fs::rename(path, &aside)?;
    Ok(aside)
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
        assert!(matches!(blobs.get(&name).await, Err(BlobError::Lost)));
    }

    #[tokio::test]
    async fn what_is_damaged_is_set_aside_and_can_be_put_again() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().join("blobs")).unwrap();
        let content = Bytes::from_static(b"an archive");
        let name = blobs.put(content.clone()).await.unwrap();
        let path = blobs.path(&name).unwrap();
        let damages: [fn(&Path); 6] = [
            |path| fs::write(path, "an archivE").unwrap(),
            |path| fs::write(path, "").unwrap(),
            |path| fs::write(path, "an archive and more").unwrap(),
            |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
            |path| fs::create_dir(path).unwrap(),
            |path| {
                let made = rustix::fs::mknodat(
                    rustix::fs::CWD,
                    path,
                    rustix::fs::FileType::Fifo,
                    rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
                    0,
                );
                made.unwrap();
            },
        ];
        for (number, damage) in damages.into_iter().enumerate() {
            fs::remove_file(&path).unwrap();
            damage(&path);
            assert!(matches!(blobs.get(&name).await, Err(BlobError::Damaged(_))), "{number}");
            assert!(matches!(blobs.get(&name).await, Err(BlobError::Lost)), "{number}");
            damage(&path);
            assert_eq!(blobs.put(content.clone()).await.unwrap(), name, "{number}: nobody has looked before");
            assert_eq!(blobs.get(&name).await.unwrap(), content, "{number}");
        }
    }

    #[tokio::test]
    async fn a_name_that_is_no_hash_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().join("blobs")).unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        for name in ["../secret", "", "..", &"A".repeat(64)] {
            assert!(matches!(blobs.get(name).await, Err(BlobError::Io(_))), "{name}");
        }
    }
}
