//! The folder that an export writes: all of it or nothing, and nothing of anybody else's is written over unasked.

use crate::disk;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Its name in the folder.
    pub(super) name: String,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

impl File {
    /// A file with a text.
    pub(super) fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), bytes: text.into().into_bytes() }
    }
}

/// Why a folder is not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It holds something.
    #[error("the folder `{}` is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] disk::Error),
}

/// Refuses a folder that holds something, unless that is to be written over.
pub(super) fn check(folder: &Path, is_forced: bool) -> Result<(), Error> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) if !is_forced => Err(Error::NotEmpty { path: folder.to_owned() }),
            _ => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("read", folder, error)),
    }
}

/// Writes the files into a folder beside it, and puts that in its place. In a folder that is there already (with a state of
/// Terraform's, say) they are put one by one, once all of them are written; everything else stays, except those of
/// `sometimes` that are not among them: what an earlier export left would be read with this one's.
pub(super) fn write(folder: &Path, files: &[File], sometimes: &[String], is_forced: bool) -> Result<(), Error> {
    check(folder, is_forced)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| failed("write", parent, error))?;
    let unique =
        crate::secret::random_hex(8).map_err(|error| failed("write", folder, io::Error::other(error.to_string())))?;
    // One that is there may be a mount or a link, and somebody may stand in it: it stays, and nothing leaves it.
    let place_of = if folder.is_dir() { folder } else { parent };
    let staging = place_of.join(format!(".{}.{unique}.tmp", name.trim_start_matches('.')));
    let written = stage(&staging, files).and_then(|()| place(&staging, folder, files, sometimes));
    if let Err(error) = written {
        // The error that counts is the first.
        let _ = fs::remove_dir_all(&staging);
        return Err(failed("write", folder, error));
    }
    Ok(())
}

fn stage(staging: &Path, files: &[File]) -> io::Result<()> {
    fs::create_dir(staging)?;
    for file in files {
        let mut written = fs::File::create_new(staging.join(&file.name))?;
        written.write_all(&file.bytes)?;
        written.sync_all()?;
    }
    Ok(())
}

fn place(staging: &Path, folder: &Path, files: &[File], sometimes: &[String]) -> io::Result<()> {
    if !folder.is_dir() {
        return fs::rename(staging, folder);
    }
    // A file can take the place of a file only; what stands in the way shows before any of them is put there.
    if let Some(file) = files.iter().find(|file| folder.join(&file.name).is_dir()) {
        let kind = io::ErrorKind::IsADirectory;
        return Err(io::Error::new(kind, format!("`{}` is a folder", file.name)));
    }
    for file in files {
        fs::rename(staging.join(&file.name), folder.join(&file.name))?;
    }
    for name in sometimes.iter().filter(|name| !files.iter().any(|file| file.name == **name)) {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::remove_dir(staging)
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> Error {
    disk::Error::Io { action, path: path.to_owned(), source }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_written_whole_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        let file = |name: &str, text: &str| File::text(name, text);
        let write =
            |folder: &Path, files: &[File], is_forced| write(folder, files, &["imports.tf".to_owned()], is_forced);
        write(&folder, &[file("x", "1"), file("imports.tf", "")], false).unwrap();
        assert_eq!(names(&folder), ["imports.tf", "x"]);
        assert!(matches!(write(&folder, &[file("x", "2")], false), Err(Error::NotEmpty { .. })));
        assert_eq!(fs::read_to_string(folder.join("x")).unwrap(), "1");
        fs::write(folder.join("terraform.tfstate"), "mine").unwrap();
        write(&folder, &[file("x", "2")], true).unwrap();
        assert_eq!(names(&folder), ["terraform.tfstate", "x"]);
        assert_eq!(fs::read_to_string(folder.join("x")).unwrap(), "2");
        // A folder in a file's place is seen before any file is replaced.
        fs::create_dir(folder.join("y")).unwrap();
        let refused = write(&folder, &[file("x", "3"), file("y", "3")], true).unwrap_err();
        assert!(std::error::Error::source(&refused).unwrap().to_string().contains("`y`"));
        assert_eq!(fs::read_to_string(folder.join("x")).unwrap(), "2");
        // A file that cannot be written leaves no other.
        let empty = place.path().join("empty");
        fs::create_dir(&empty).unwrap();
        assert!(write(&empty, &[file("x", "1"), file("no/such/folder", "")], false).is_err());
        assert_eq!(names(&empty), [""; 0]);
        assert_eq!(names(place.path()), ["a", "empty"]);
        // An empty folder stays the one that it is, also behind a link.
        let link = place.path().join("link");
        std::os::unix::fs::symlink(&empty, &link).unwrap();
        let number = |folder: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(folder).unwrap());
        let before = number(&empty);
        write(&link, &[file("x", "1")], false).unwrap();
        assert_eq!((names(&empty), number(&empty)), (vec!["x".to_owned()], before));
        assert!(link.is_symlink());
        fs::write(place.path().join("file"), "").unwrap();
        assert!(write(&place.path().join("file"), &[file("x", "1")], true).is_err());
        assert!(write(&place.path().join("file/below"), &[file("x", "1")], false).is_err());
    }
}
