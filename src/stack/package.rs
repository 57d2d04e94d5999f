//! The function's archive: the running binary as `bootstrap` in a zip whose bytes depend on the binary alone.
//!
//! The same binary gives the same `CodeSha256` on every machine, which is how an unchanged function is recognised. The
//! archive is kept in `.atelier/cache`, named after the file that it was made of (device, inode, size, times: whatever
//! writes to a file changes one of them) and after its own hash, so neither a stale nor a damaged one is used, and a
//! run that finds it reads no more of the binary than its head.

use crate::{disk, elf, error::Code, secret::hex, text::Message};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, Metadata},
    io::{self, Cursor, Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// Deflate's own default: 4 % larger than level 9 in a third of its time.
const LEVEL: i64 = 6;
/// The largest archive that Lambda takes in a call.
pub(super) const LONGEST_ZIP: usize = 50 * 1024 * 1024;

/// An archive that can be uploaded.
#[derive(Clone)]
pub(super) struct Package {
    /// The zip.
    pub(super) zip: Vec<u8>,
    sha256: [u8; 32],
}

/// Why the binary cannot be shipped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It needs a dynamic loader, which neither `provided.al2023` nor `scratch` has for it.
    #[error("this binary is dynamically linked")]
    Dynamic,
    /// It is for another operating system or machine.
    #[error("this binary is not a Linux program for {}", std::env::consts::ARCH)]
    Foreign,
    /// The archive is too large for Lambda.
    #[error("the archive has {0} bytes, and Lambda takes {LONGEST_ZIP}")]
    TooLarge(usize),
    /// The binary cannot be read or compressed.
    #[error("cannot read the binary")]
    Io(#[from] io::Error),
}

impl From<Error> for crate::error::Error {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for crate::error::Error {
    fn from(error: &Error) -> Self {
        match error {
            Error::Dynamic => Self::new(Code::NotStatic),
            Error::Foreign => Self::new(Code::ForeignBinary).with("arch", std::env::consts::ARCH),
            Error::TooLarge(size) => Self::new(Code::ArchiveTooLarge)
                .with("size", size.div_ceil(1024 * 1024))
                .with("most", LONGEST_ZIP / 1024 / 1024),
            Error::Io(source) => {
                let action = Message::new("action.read");
                Self::new(Code::File).with_message("action", action).with("path", OWN_BINARY).cause(source)
            }
        }
    }
}

/// Packs the running binary, or takes the archive of an earlier run.
///
/// Runs for as long as reading and compressing takes: call it off the async threads.
pub(super) fn package(project: &Path) -> Result<Package, Error> {
    let mut binary = own_binary()?;
    let mut head = Vec::new();
    (&binary).take(elf::HEAD as u64).read_to_end(&mut head)?;
    check(&head)?;
    let cache = cache(project);
    let key = key(&binary.metadata()?);
    if let Some(package) = cached(&cache, &key) {
        return Ok(package);
    }
    let mut bytes = Vec::new();
    binary.rewind()?;
    binary.read_to_end(&mut bytes)?;
    let package = Package::of(compress(&bytes)?);
    if package.zip.len() > LONGEST_ZIP {
        return Err(Error::TooLarge(package.zip.len()));
    }
    // A cache that cannot be written costs time at the next run and nothing else.
    let _ = keep(&cache, &key, &package);
    Ok(package)
}

/// Where archives are kept.
pub(super) fn cache(project: &Path) -> PathBuf {
    disk::own_folder(project).join("cache")
}

impl Package {
    pub(super) fn of(zip: Vec<u8>) -> Self {
        let sha256 = Sha256::digest(&zip).into();
        Self { zip, sha256 }
    }

    /// Its SHA-256 as Lambda writes it.
    pub(super) fn sha256_base64(&self) -> String {
        BASE64_STANDARD.encode(self.sha256)
    }
}

/// The very file that runs, also when another one has taken its path since.
const OWN_BINARY: &str = "/proc/self/exe";

fn own_binary() -> io::Result<File> {
    File::open(OWN_BINARY).or_else(|_| File::open(std::env::current_exe()?))
}

/// Tells a file from every other one, and from itself before it was last written to.
fn key(file: &Metadata) -> String {
    let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
    let text = format!("{} {} {} {times:?}", file.dev(), file.ino(), file.size());
    hex(&Sha256::digest(text))
}

fn compress(binary: &[u8]) -> Result<Vec<u8>, Error> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(binary.len() / 2)));
    zip.start_file("bootstrap", options).map_err(io::Error::other)?;
    zip.write_all(binary)?;
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

fn archive_path(cache: &Path, key: &str, package: &Package) -> PathBuf {
    cache.join(format!("{key}-{}.zip", hex(&package.sha256)))
}

/// Takes the archive that was kept under a key.
pub(super) fn cached(cache: &Path, key: &str) -> Option<Package> {
    let entries = fs::read_dir(cache).ok()?.flatten();
    let path = entries
        .map(|entry| entry.path())
        .find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(key)))?;
    if !fs::symlink_metadata(&path).ok()?.is_file() {
        return None;
    }
    let mut zip = Vec::new();
    File::open(&path).ok()?.take(LONGEST_ZIP as u64).read_to_end(&mut zip).ok()?;
    let package = Package::of(zip);
    (archive_path(cache, key, &package) == path).then_some(package)
}

/// Keeps the newest archive only.
pub(super) fn keep(cache: &Path, key: &str, package: &Package) -> Result<(), disk::Error> {
    for old in fs::read_dir(cache).into_iter().flatten().flatten() {
        disk::remove(&old.path())?;
    }
    disk::replace(&archive_path(cache, key, package), &package.zip, 0o644)
}

/// Refuses a binary that Lambda could not run, before anything is uploaded.
fn check(head: &[u8]) -> Result<(), Error> {
    let needs = elf::inspect(head).ok_or(Error::Foreign)?;
    match needs.interpreter {
        _ if elf::Machine::current() != Some(needs.machine) => Err(Error::Foreign),
        Some(_) => Err(Error::Dynamic),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A 64-bit ELF header for this machine with program headers of these kinds.
    fn elf(kinds: &[u32]) -> Vec<u8> {
        let mut file = vec![0; 64 + 56 * kinds.len()];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[18] = if cfg!(target_arch = "aarch64") { 183 } else { 62 };
        (file[32], file[54], file[56]) = (64, 56, u8::try_from(kinds.len()).unwrap());
        for (index, kind) in kinds.iter().enumerate() {
            file[64 + 56 * index..][..4].copy_from_slice(&kind.to_le_bytes());
        }
        file
    }

    #[test]
    fn a_static_binary_passes_a_dynamic_or_foreign_one_does_not() {
        check(&elf(&[1, 1, 4])).unwrap();
        assert!(matches!(check(&elf(&[1, 3, 1])), Err(Error::Dynamic)));
        let mut foreign = elf(&[1]);
        foreign[18] = 8;
        assert!(matches!(check(&foreign), Err(Error::Foreign)));
        assert!(matches!(check(b"\xcf\xfa\xed\xfe"), Err(Error::Foreign)));
        assert!(matches!(check(b"#!/bin/sh\n"), Err(Error::Foreign)));
    }

    #[test]
    fn the_same_binary_gives_the_same_bytes_and_an_executable_bootstrap() {
        let zip = compress(b"program").unwrap();
        assert_eq!(zip, compress(b"program").unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut bootstrap = archive.by_name("bootstrap").unwrap();
        assert_eq!(bootstrap.unix_mode().unwrap() & 0o777, 0o755);
        let mut text = String::new();
        bootstrap.read_to_string(&mut text).unwrap();
        assert_eq!(text, "program");
    }

    #[test]
    fn whatever_is_done_to_a_file_gives_its_archive_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("binary");
        let key_now = || key(&fs::metadata(&path).unwrap());
        fs::write(&path, "one").unwrap();
        let first = key_now();
        assert_eq!(key_now(), first);
        // Same path, same size, same time of change.
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "two").unwrap();
        File::options().write(true).open(&other).unwrap().set_modified(modified).unwrap();
        fs::rename(&other, &path).unwrap();
        let replaced = key_now();
        assert_ne!(replaced, first);
        fs::write(&path, "longer").unwrap();
        assert_ne!(key_now(), replaced);
    }

    #[test]
    fn each_reason_not_to_ship_has_a_code_and_a_way_out_of_its_own() {
        use crate::text::Lang;
        let errors = [
            (Error::Dynamic, "not_static"),
            (Error::Foreign, "foreign_binary"),
            (Error::TooLarge(LONGEST_ZIP + 1), "archive_too_large"),
            (Error::Io(io::ErrorKind::PermissionDenied.into()), "file"),
        ];
        for (error, code) in errors {
            let report = crate::error::Error::from(error);
            assert_eq!(report.code.as_str(), code);
            assert_eq!(report.exit(), crate::error::Exit::Machine);
            for lang in [Lang::En, Lang::Fr] {
                assert!(!report.message.render(lang).contains("%{"), "{code}");
                assert!(code == "file" || !report.hints_or_default().is_empty(), "{code}");
            }
        }
    }

    #[test]
    fn a_damaged_archive_in_the_cache_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let package = Package::of(b"archive".to_vec());
        keep(folder.path(), "key", &package).unwrap();
        assert_eq!(cached(folder.path(), "key").unwrap().zip, package.zip);
        fs::write(archive_path(folder.path(), "key", &package), "damaged").unwrap();
        assert!(cached(folder.path(), "key").is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_check_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = check(&bytes);
            let head = elf(&[]);
            let known = bytes.len().min(20);
            bytes[..known].copy_from_slice(&head[..known]);
            let _ = check(&bytes);
        }
    }
}
