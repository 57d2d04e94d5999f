//! The archive of a function's files: the same files give the same bytes, on every machine.
//!
//! Names are sorted, times are none, and of the modes only the right to be executed is kept: Lambda runs the code as
//! another user, who must be able to read all of it.

use super::{
    error::{Error, LARGEST},
    files::Source,
};
use std::{
    fs::File,
    io::{self, Cursor, Read},
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// Writes the archive; of two files of one name the first counts.
///
/// # Errors
/// What cannot be read, and what is larger than Lambda takes.
pub(super) fn write(files: &[Source], more: &[Source]) -> Result<Vec<u8>, Error> {
    let mut all: Vec<&Source> = files.iter().collect();
    all.extend(more.iter().filter(|file| files.binary_search_by(|own| own.name.cmp(&file.name)).is_err()));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let size = all.iter().map(|file| file.about.len()).sum();
    if size > LARGEST {
        return Err(Error::TooLarge { size });
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in all {
        add(&mut zip, file).map_err(|source| Error::Unreadable { path: file.path.clone(), source })?;
    }
    let done = zip.finish().map_err(io::Error::other);
    let done = done.map_err(|source| Error::Unreadable { path: std::path::PathBuf::new(), source })?;
    Ok(done.into_inner())
}

fn add(zip: &mut ZipWriter<Cursor<Vec<u8>>>, file: &Source) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(if file.is_executable() { 0o755 } else { 0o644 });
    zip.start_file(file.name.as_str(), options).map_err(io::Error::other)?;
    // What grows while it is read is cut at what was counted.
    io::copy(&mut File::open(&file.path)?.take(file.about.len()), zip).map(drop)
}

#[cfg(test)]
mod tests {
    use super::{super::files, *};
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    fn folder(files: &[(&str, u32)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in files {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
        }
        folder
    }

    fn archive(folder: &Path) -> Vec<u8> {
        write(&files::list(folder).unwrap(), &[]).unwrap()
    }

    #[test]
    fn the_same_files_give_the_same_bytes_whenever_and_wherever() {
        let first = folder(&[("a.py", 0o600), ("bootstrap", 0o700)]);
        let second = folder(&[("bootstrap", 0o755), ("a.py", 0o664)]);
        assert_eq!(archive(first.path()), archive(second.path()));
        let third = folder(&[("bootstrap", 0o644), ("a.py", 0o644)]);
        assert_ne!(archive(first.path()), archive(third.path()));
        let mut zip = zip::ZipArchive::new(Cursor::new(archive(first.path()))).unwrap();
        assert_eq!(zip.by_name("bootstrap").unwrap().unix_mode().unwrap() & 0o777, 0o755);
        assert_eq!(zip.by_name("a.py").unwrap().unix_mode().unwrap() & 0o777, 0o644);
    }

    #[test]
    fn a_file_of_the_functions_own_counts_before_an_installed_one() {
        let (own, installed) = (folder(&[("a.py", 0o644)]), folder(&[("b.py", 0o644)]));
        fs::write(installed.path().join("a.py"), "other").unwrap();
        let zip = write(&files::list(own.path()).unwrap(), &files::list(installed.path()).unwrap()).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut text = String::new();
        zip.by_name("a.py").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((zip.len(), text.as_str()), (2, "a.py"));
    }

    #[test]
    fn what_lambda_would_not_take_is_refused_before_it_is_read() {
        let folder = folder(&[("a.bin", 0o644)]);
        File::options().write(true).open(folder.path().join("a.bin")).unwrap().set_len(LARGEST + 1).unwrap();
        let error = write(&files::list(folder.path()).unwrap(), &[]).unwrap_err();
        assert_eq!(error.to_string(), "Unzipped size must be smaller than 262144000 bytes");
    }
}
