//! The lock that keeps two runs in one folder apart.
//!
//! Advisory, held through an open file, so it ends with its process however that ends: no unlock command exists, and
//! the file that stays behind means nothing. Its text, the holder's pid, is for the line that a waiting run prints.

use super::{
    error::{Error, holder},
    files,
};
use crate::{disk, progress::Progress, text::Message};
use rustix::fs::{Mode, OFlags};
use std::{
    fs::{File, Metadata, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How often a waiting run looks: the kernel offers a wait without deadline only.
const PAUSE: Duration = Duration::from_millis(50);

/// Held until dropped, or until the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Takes the lock of a project folder; waits for another run up to `patience` and says so once.
    ///
    /// # Errors
    /// [`Error::Busy`] when the other run outlasts `patience`, [`Error::Interrupted`] when cancelled,
    /// [`Error::File`] when the file cannot be opened.
    pub async fn take(
        project: &Path,
        patience: Duration,
        progress: &Progress,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let path = disk::own_folder(project).join("lock");
        let wrap = |source: io::Error| Error::File(disk::Error::Io { action: "lock", path: path.clone(), source });
        let mut file = open(&path).map_err(wrap)?;
        let end = Instant::now() + patience;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => break,
                // Somebody has removed or replaced the file: the next run would lock another one.
                Ok(()) => {
                    file = open(&path).map_err(wrap)?;
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(wrap(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let pid = holder_of(&mut file);
            if Instant::now() >= end {
                return Err(Error::Busy { pid });
            }
            if !told {
                progress.note(Message::new("stack.waiting").with_message("holder", holder(pid)));
                told = true;
            }
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = cancel.cancelled() => return Err(Error::Interrupted { step: "lock" }),
            }
        }
        // Only a courtesy for whoever waits: a full disk must not stop a run that holds the lock.
        let _ = sign(&mut file);
        files::sweep(project);
        Ok(Self(file))
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?))
}

/// Whether a path still leads to this very file.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(held), Ok(there)) => id(held) == id(there),
        _ => false,
    }
}

/// The pid in the file; a holder that could not sign has none.
fn holder_of(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.take(32).read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    async fn take(folder: &Path, patience: Duration, progress: &Progress) -> Result<Lock, Error> {
        Lock::take(folder, patience, progress, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn the_second_run_waits_then_names_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        let held = take(folder.path(), Duration::ZERO, &Progress::silent()).await.unwrap();
        let notes = Arc::new(Mutex::new(0));
        let counted = notes.clone();
        let progress = Progress::new(move |_| *counted.lock().unwrap() += 1);
        let busy = take(folder.path(), Duration::from_millis(60), &progress).await.unwrap_err();
        assert!(matches!(busy, Error::Busy { pid } if pid == Some(std::process::id())));
        assert_eq!(*notes.lock().unwrap(), 1, "said once");
        drop(held);
        take(folder.path(), Duration::ZERO, &Progress::silent()).await.unwrap();
    }

    #[tokio::test]
    async fn a_run_that_waited_for_a_file_that_was_removed_locks_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = disk::own_folder(folder.path()).join("lock");
        let held = take(folder.path(), Duration::ZERO, &Progress::silent()).await.unwrap();
        let (told, mut waits) = tokio::sync::mpsc::unbounded_channel();
        let progress = Progress::new(move |_| {
            let _ = told.send(());
        });
        let waiting = take(folder.path(), Duration::from_mins(1), &progress);
        let remove = async {
            waits.recv().await.unwrap();
            std::fs::remove_file(&path).unwrap();
            drop(held);
        };
        let (second, ()) = tokio::join!(waiting, remove);
        let busy = take(folder.path(), Duration::ZERO, &Progress::silent()).await.unwrap_err();
        assert!(matches!(busy, Error::Busy { .. }), "the second holds what a third meets");
        drop(second.unwrap());
    }

    #[tokio::test]
    async fn a_link_in_the_locks_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(disk::own_folder(folder.path())).unwrap();
        let target = folder.path().join("theirs");
        std::fs::write(&target, "theirs").unwrap();
        std::os::unix::fs::symlink(&target, disk::own_folder(folder.path()).join("lock")).unwrap();
        let refused = take(folder.path(), Duration::ZERO, &Progress::silent()).await.unwrap_err();
        assert!(matches!(refused, Error::File(_)));
        assert_eq!(std::fs::read_to_string(target).unwrap(), "theirs");
    }
}
