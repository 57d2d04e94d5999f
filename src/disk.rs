//! Small files in places where others may have been: read without following or hanging, written all or nothing.
//!
//! Every file that atelier keeps (records, credentials, state, ids) goes through here. What the files mean is for
//! their owners.

use crate::text::Message;
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};
use std::{
    fs::{File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The longest file that is read; ours stay far below.
const LONGEST: u64 = 256 * 1024;

/// The folder of atelier's own files inside the project folder.
#[must_use]
pub fn own_folder(project: &Path) -> PathBuf {
    project.join(".atelier")
}

/// Whether a file's permissions let nobody but its owner do anything.
#[must_use]
pub fn is_private(permissions: &Permissions) -> bool {
    // Group's and others' bits are the last six.
    permissions.mode().trailing_zeros() >= 6
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is there but is nothing that atelier wrote: a symlink, a folder, a FIFO, too large, not text.
    #[error("`{}` is not a file of atelier's: {what}", path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: Message,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried: a key under `action` in the locale files.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

impl Error {
    fn io(action: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Io { action, path: path.to_owned(), source: source.into() }
    }

    fn strange(path: &Path, what: &'static str) -> Self {
        Self::Strange { path: path.to_owned(), what: Message::new(what) }
    }
}

impl From<Error> for crate::error::Error {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for crate::error::Error {
    fn from(error: &Error) -> Self {
        let (action, path) = match error {
            Error::Strange { path, .. } => ("read", path),
            Error::Io { action, path, .. } => (*action, path),
        };
        let action = Message::new(format!("action.{action}"));
        let sentence = Self::new(crate::error::Code::File).with_message("action", action).with("path", path.display());
        match error {
            Error::Strange { what, .. } => sentence.because_of(what.clone()).hint(Message::new("hint.in_the_way")),
            Error::Io { action, source, .. } => match hint(action, source) {
                Some(hint) => sentence.cause(source).hint(hint),
                None => sentence.cause(source),
            },
        }
    }
}

/// What the user can do about a refusal of the operating system.
fn hint(action: &str, error: &io::Error) -> Option<Message> {
    use io::ErrorKind::{
        AlreadyExists, FileTooLarge, IsADirectory, NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem,
        StorageFull,
    };
    let key = match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => "hint.disk_full",
        PermissionDenied if action == "read" => "hint.not_readable",
        PermissionDenied | ReadOnlyFilesystem => "hint.not_writable",
        IsADirectory | NotADirectory | AlreadyExists => "hint.in_the_way",
        // A link, or a FIFO that nobody reads.
        _ if matches!(Errno::from_io_error(error), Some(Errno::LOOP | Errno::NXIO)) => "hint.in_the_way",
        _ => return None,
    };
    Some(Message::new(key))
}

/// Reads a small text file; an absent one is `None`.
///
/// Opened without following a link and without waiting for a FIFO's writer, so that no file in its place can lead us
/// elsewhere or hang us.
///
/// # Errors
/// Tells what stands in the file's place, or the operating system's refusal.
pub fn read(path: &Path) -> Result<Option<String>, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(Error::strange(path, "strange.link")),
        Err(error) => return Err(Error::io("read", path, error)),
    };
    let kind = file.metadata().map_err(|error| Error::io("read", path, error))?;
    if kind.is_dir() {
        return Err(Error::strange(path, "strange.folder"));
    }
    if !kind.is_file() {
        return Err(Error::strange(path, "strange.irregular"));
    }
    if kind.len() > LONGEST {
        return Err(Error::strange(path, "strange.large"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).map_err(|error| Error::io("read", path, error))?;
    String::from_utf8(bytes).map(Some).map_err(|_| Error::strange(path, "strange.not_text"))
}

/// Replaces a file as a whole: after a crash at any point it holds either the old or the new bytes.
///
/// A temporary file beside it is written, flushed to the disk and renamed over it, then the folder is flushed. `mode`
/// are the permission bits (`0o600`). A missing folder is made.
///
/// # Errors
/// Returns the operating system's refusal; the old file is then still there, unless what stands in its place cannot be
/// replaced (a folder).
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    put(path, bytes, mode, |temporary| std::fs::rename(temporary, path))
}

/// Writes a file as [`replace`] does, unless there is one: of two that do so at once one wins, and `false` tells the
/// other to read what is there.
///
/// # Errors
/// Returns the operating system's refusal.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<bool, Error> {
    let mut is_ours = true;
    put(path, bytes, mode, |temporary| match std::fs::hard_link(temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            is_ours = false;
            std::fs::remove_file(temporary)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            // A file system without links: the last one wins there.
            std::fs::rename(temporary, path)
        }
        linked => linked.and_then(|()| std::fs::remove_file(temporary)),
    })?;
    Ok(is_ours)
}

/// Writes a temporary file beside `path`, and lets `place` bring it there.
fn put(path: &Path, bytes: &[u8], mode: u32, place: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
    let wrap = |error: io::Error| Error::io("write", path, error);
    // The parent of a bare name is the empty path, which cannot be opened.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(wrap)?;
    let unique = crate::secret::random_hex(8).map_err(|error| wrap(io::Error::other(error)))?;
    let temporary = folder.join(format!("{}{unique}{TEMPORARY}", temporary_prefix(path)));
    let written = write_new(&temporary, bytes, mode).and_then(|()| {
        reach("disk.rename")?;
        place(&temporary)
    });
    if let Err(error) = written {
        // The error that counts is the first; what is left of the temporary file is at worst litter in our folder.
        let _ = std::fs::remove_file(&temporary);
        return Err(wrap(error));
    }
    reach("disk.folder").and_then(|()| File::open(folder)?.sync_all()).map_err(wrap)
}

/// What the names of temporary files end with.
const TEMPORARY: &str = ".tmp";

/// What the names of a file's temporary files begin with.
fn temporary_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", name.trim_start_matches('.'))
}

/// Removes what killed writers of this file have left beside it. Only for files that are written under a lock that the
/// caller holds: a temporary file may be somebody's work in progress.
pub fn sweep(path: &Path) {
    let prefix = temporary_prefix(path);
    let is_left = |name: &str| {
        let unique = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(TEMPORARY));
        unique.is_some_and(|unique| unique.len() == 16 && unique.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    for entry in path.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_left) {
            // Litter that cannot be removed does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    reach("disk.create")?;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(mode))?);
    reach("disk.write")?;
    file.write_all(bytes)?;
    reach("disk.sync")?;
    file.sync_all()
}

/// A step of a write, at which the crash tests kill this process or fill its disk (`crate::failpoints`).
#[cfg(feature = "failpoints")]
use crate::failpoints::reach;

/// A step of a write: nothing in builds without failpoints.
#[cfg(not(feature = "failpoints"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as with failpoints")]
#[inline]
fn reach(_step: &str) -> io::Result<()> {
    Ok(())
}

/// Opens a log for appending, with the same care as [`read`]; only its owner may read it.
///
/// # Errors
/// Returns the operating system's refusal, also for a link or a FIFO in its place.
pub fn append(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?))
}

/// Removes a file or a link, never what a link leads to; an absent one is fine.
///
/// # Errors
/// Returns the operating system's refusal.
pub fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_was_written_is_read_back_and_only_the_owner_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file");
        replace(&path, b"one", 0o600).unwrap();
        replace(&path, b"two", 0o600).unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn of_many_that_create_a_file_at_once_one_wins_and_all_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let wins = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| {
                    let path = &path;
                    scope.spawn(move || {
                        let is_ours = create(path, format!("{number}").as_bytes(), 0o600).unwrap();
                        (is_ours && read(path).unwrap() == Some(number.to_string()), is_ours)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(wins.iter().filter(|(_, is_ours)| *is_ours).count(), 1);
        assert_eq!(wins.iter().filter(|(reads_own, _)| *reads_own).count(), 1);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_to_be_made_readable_and_one_that_cannot_be_written_writable() {
        for (action, hint) in
            [("read", "hint.not_readable"), ("write", "hint.not_writable"), ("lock", "hint.not_writable")]
        {
            let denied = Error::io(action, Path::new("file"), io::ErrorKind::PermissionDenied);
            assert_eq!(crate::error::Error::from(denied).hints, [Message::new(hint)], "{action}");
        }
        let sealed = crate::error::Error::from(Error::io("lock", Path::new("file"), io::ErrorKind::ReadOnlyFilesystem));
        assert_eq!(sealed.hints, [Message::new("hint.not_writable")]);
    }

    #[test]
    fn an_absent_file_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("no/such")).unwrap().is_none());
        remove(&folder.path().join("no")).unwrap();
    }

    #[test]
    fn links_folders_fifos_huge_and_binary_files_are_refused_and_never_hang() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("target"), "secret").unwrap();
        symlink(at("target"), at("link")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        std::fs::write(at("huge"), vec![b'a'; 300_000]).unwrap();
        std::fs::write(at("binary"), [0xff, 0xfe, 0x00]).unwrap();
        for name in ["link", "folder", "fifo", "huge", "binary"] {
            assert!(matches!(read(&at(name)), Err(Error::Strange { .. })), "{name}");
        }
    }

    #[test]
    fn a_link_is_replaced_and_its_target_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "theirs").unwrap();
        symlink(&target, &link).unwrap();
        replace(&link, b"ours", 0o644).unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "theirs");
        assert_eq!(read(&link).unwrap().as_deref(), Some("ours"));
    }
}
