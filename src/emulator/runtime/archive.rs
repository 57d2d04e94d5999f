//! A function's code archive: what is refused before it is stored, and the bounded unpacking of what is not.
//!
//! Lambda accepts an archive that cannot run and fails at its first call; here the reason is said at once. Nothing of
//! an archive is trusted: names, sizes and modes are checked, and what is written is counted.

use crate::elf;
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    io::{self, Cursor, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, OpenOptionsExt, symlink},
    },
    path::{Component, Path, PathBuf},
};
use zip::ZipArchive;

/// The largest unpacked size, in bytes: Lambda's own limit for code and layers.
pub const MAX_UNPACKED: u64 = 250 * 1024 * 1024;
/// The most files and folders in an archive.
pub const MAX_ENTRIES: usize = 20_000;
/// The longest path that a link leads to: the system's own limit.
const MAX_LINK: u64 = 4096;
/// How many folders an entry may lie in: every one of them is looked at, and open while it is removed.
const MAX_FOLDERS: usize = 128;
/// The name of the file that starts a function of a custom runtime.
pub const BOOTSTRAP: &str = "bootstrap";

/// Why an archive is refused; the sentences are shown to the client as they are.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is not a zip file, or a damaged one.
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    NotZip(String),
    /// There is nothing in it; Lambda's own words.
    #[error("Uploaded file must be a non-empty zip")]
    Empty,
    /// There is no `bootstrap` in its root.
    #[error(
        "The archive has no `bootstrap` in its root: a custom runtime starts with that file. A binary of another name must be renamed before it is zipped."
    )]
    NoBootstrap,
    /// `bootstrap` has a Unix mode without execute permission.
    #[error(
        "The `bootstrap` in the archive is not executable (mode {mode:04o}): run `chmod +x bootstrap` and zip it again."
    )]
    NotExecutable {
        /// Its permission bits.
        mode: u32,
    },
    /// `bootstrap` is for another machine.
    #[error(
        "The `bootstrap` in the archive is built for {found}, but this machine is {machine}: rebuild it for {machine}."
    )]
    WrongMachine {
        /// What it is built for.
        found: String,
        /// What this machine is.
        machine: &'static str,
    },
    /// `bootstrap` is an ELF file that ends too early.
    #[error("The `bootstrap` in the archive is a damaged ELF file.")]
    DamagedElf,
    /// `bootstrap` asks for a dynamic loader that this machine lacks.
    #[error(
        "The `bootstrap` in the archive is dynamically linked and needs `{interpreter}`, which this machine does not have: link it statically."
    )]
    NoInterpreter {
        /// The loader's path.
        interpreter: String,
    },
    /// An entry leaves the folder, goes through a link, is a device, is encrypted, or appears twice.
    #[error("The archive holds `{name}`, which {why}.")]
    BadEntry {
        /// The entry's name, shortened.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too many bytes; Lambda's own words.
    #[error("Unzipped size must be smaller than {MAX_UNPACKED} bytes")]
    TooLarge,
    /// Too many entries.
    #[error("The archive holds more than {MAX_ENTRIES} files and folders, more than this engine takes.")]
    TooMany,
    /// The disk refused.
    #[error("the code could not be unpacked: {0}")]
    Io(#[from] io::Error),
}

impl From<zip::result::ZipError> for ArchiveError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::NotZip(error.to_string())
    }
}

/// What is known of an archive that was inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// The size of all that is in it, in bytes, by its own word.
    pub unpacked: u64,
    /// Whether it starts functions of custom runtimes.
    pub has_bootstrap: bool,
}

/// Checks that the archive can be unpacked, and that its `bootstrap` can run here, without writing anything; where it
/// `needs_bootstrap`, also that there is one. What an interpreter finds wrong with its files, it says when it starts.
///
/// # Errors
/// Says why it cannot.
pub fn inspect(zip: &[u8], needs_bootstrap: bool) -> Result<Contents, ArchiveError> {
    if zip.is_empty() {
        return Err(ArchiveError::Empty);
    }
    let mut archive = open(zip)?;
    if archive.is_empty() {
        return Err(ArchiveError::Empty);
    }
    let (mut total, mut links, mut bootstrap) = (0_u64, Links::default(), None);
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index)?;
        total = total.saturating_add(entry.size());
        let path = entry_path(&entry)?;
        if path == Path::new(BOOTSTRAP) && !entry.is_dir() {
            bootstrap = Some(index);
        }
        links.check(&path, entry.is_symlink())?;
    }
    links.check_all()?;
    if total > MAX_UNPACKED {
        return Err(ArchiveError::TooLarge);
    }
    let Some(index) = bootstrap else {
        let contents = Contents { unpacked: total, has_bootstrap: false };
        return if needs_bootstrap { Err(ArchiveError::NoBootstrap) } else { Ok(contents) };
    };
    let contents = Contents { unpacked: total, has_bootstrap: true };
    if !needs_bootstrap {
        return Ok(contents);
    }
    let entry = archive.by_index(index)?;
    if let Some(mode) = entry.unix_mode().filter(|mode| mode & 0o777 != 0 && mode & 0o111 == 0) {
        return Err(ArchiveError::NotExecutable { mode: mode & 0o7777 });
    }
    let mut head = Vec::new();
    entry.take(elf::HEAD as u64).read_to_end(&mut head).map_err(|error| ArchiveError::NotZip(error.to_string()))?;
    check_bootstrap(&head)?;
    Ok(contents)
}

/// Unpacks archives into `folder`, which appears whole or not at all; everything in it is read-only. What a later one has
/// takes the place of what an earlier one has.
///
/// `scratch` is a path beside `folder` that nobody else uses.
///
/// # Errors
/// Says what is wrong with the archive or with the disk.
pub fn unpack(zips: &[impl AsRef<[u8]>], folder: &Path, scratch: &Path) -> Result<(), ArchiveError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut left = MAX_UNPACKED;
    let unpacked = zips.iter().try_for_each(|zip| unpack_into(zip.as_ref(), scratch, &mut left));
    let result = unpacked.and_then(|()| match fs::rename(scratch, folder) {
        // Somebody else unpacked the same bytes meanwhile.
        Err(_) if folder.is_dir() => Ok(()),
        other => Ok(other?),
    });
    if scratch.exists() {
        let _ = fs::remove_dir_all(scratch);
    }
    result
}

fn open(zip: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    if archive.len() > MAX_ENTRIES {
        return Err(ArchiveError::TooMany);
    }
    if archive.has_duplicate_names() || archive.has_overlapping_files()? {
        return Err(ArchiveError::NotZip("two of its entries share a name or bytes".to_owned()));
    }
    Ok(archive)
}

fn check_bootstrap(head: &[u8]) -> Result<(), ArchiveError> {
    // A script starts through its `#!` line; whether that interpreter is there shows at the first call.
    if !elf::is_elf(head) {
        return Ok(());
    }
    let needs = elf::inspect(head).ok_or(ArchiveError::DamagedElf)?;
    if elf::Machine::current().is_some_and(|machine| machine != needs.machine) {
        return Err(ArchiveError::WrongMachine { found: needs.machine.to_string(), machine: std::env::consts::ARCH });
    }
    match needs.interpreter {
        Some(interpreter) if !Path::new(&interpreter).exists() => Err(ArchiveError::NoInterpreter { interpreter }),
        _ => Ok(()),
    }
}

/// The path of an entry below the folder: plain names only, so that nothing has to be normalised.
fn entry_path<R: Read>(entry: &zip::read::ZipFile<'_, R>) -> Result<PathBuf, ArchiveError> {
    let name = entry.name()?.into_owned();
    let bad = |why| Err(ArchiveError::BadEntry { name: name.chars().take(80).collect(), why });
    if entry.unix_mode().is_some_and(|mode| !matches!(mode & 0o170_000, 0 | 0o100_000 | 0o040_000 | 0o120_000)) {
        return bad("is neither a file, nor a folder, nor a link");
    }
    if entry.encrypted() {
        return bad("is encrypted");
    }
    let path = PathBuf::from(&name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if name.contains('\\') {
        return bad("has a backslash in its name: zip it with a program that writes paths with slashes");
    }
    if name.is_empty() || name.contains('\0') || !plain {
        return bad("points outside the function's folder");
    }
    if path.components().count() > MAX_FOLDERS {
        return bad("lies deeper in folders than this engine takes");
    }
    // Without `.`, so that one path has one spelling.
    Ok(path.components().filter(|part| matches!(part, Component::Normal(_))).collect())
}

/// The links of an archive. Where they lead is the function's own business, which sees them only when it runs; but nothing
/// is unpacked through one, so nothing is written outside the folder.
#[derive(Default)]
struct Links {
    links: BTreeSet<PathBuf>,
    others: Vec<PathBuf>,
}

impl Links {
    /// Notes an entry, and refuses one that goes through a link that was noted before.
    fn check(&mut self, path: &Path, is_link: bool) -> Result<(), ArchiveError> {
        if path.ancestors().skip(1).any(|folder| self.links.contains(folder)) {
            return Err(through_link(path));
        }
        if is_link {
            self.links.insert(path.to_owned());
        } else {
            self.others.push(path.to_owned());
        }
        Ok(())
    }

    /// Refuses entries that come before the link that they go through.
    fn check_all(&self) -> Result<(), ArchiveError> {
        let all = self.others.iter().chain(&self.links);
        let mut through = all.filter(|path| path.ancestors().skip(1).any(|folder| self.links.contains(folder)));
        through.next().map_or(Ok(()), |path| Err(through_link(path)))
    }
}

fn through_link(path: &Path) -> ArchiveError {
    let name = path.display().to_string().chars().take(80).collect();
    ArchiveError::BadEntry { name, why: "lies behind a symbolic link of the same archive" }
}

fn unpack_into(zip: &[u8], folder: &Path, left: &mut u64) -> Result<(), ArchiveError> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true).mode(0o700);
    folders.create(folder)?;
    let mut archive = open(zip)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let path = entry_path(&entry)?;
        let target = folder.join(&path);
        // One archive may be unpacked over another, as layers are.
        if path.ancestors().skip(1).any(|above| folder.join(above) != folder && folder.join(above).is_symlink()) {
            return Err(through_link(&path));
        }
        if entry.is_dir() {
            folders.create(&target)?;
            continue;
        }
        if let Some(parent) = target.parent() {
            folders.create(parent)?;
        }
        // An archive made where files have no mode (Windows) must still start.
        let executable = path == Path::new(BOOTSTRAP) || entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let mode = if executable { 0o500 } else { 0o400 };
        match fs::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if entry.is_symlink() {
            let mut to = Vec::new();
            *left -= copy_at_most(&mut entry, &mut to, (*left).min(MAX_LINK))?;
            symlink(OsStr::from_bytes(&to), &target)?;
            continue;
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&target)?;
        *left -= copy_at_most(&mut entry, &mut file, *left)?;
    }
    Ok(())
}

/// Copies an entry, counting what comes out of it rather than believing the size in its header.
fn copy_at_most(entry: &mut impl Read, file: &mut impl Write, most: u64) -> Result<u64, ArchiveError> {
    let mut buffer = vec![0; 128 * 1024];
    let mut copied = 0_u64;
    loop {
        let read = entry.read(&mut buffer).map_err(|error| ArchiveError::NotZip(error.to_string()))?;
        if read == 0 {
            return Ok(copied);
        }
        copied += read as u64;
        if copied > most {
            return Err(ArchiveError::TooLarge);
        }
        file.write_all(&buffer[..read])?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::tests::elf;
    use std::os::unix::fs::PermissionsExt;
    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    fn options(mode: u32) -> SimpleFileOptions {
        SimpleFileOptions::default().unix_permissions(mode).compression_method(CompressionMethod::Deflated)
    }

    fn archive(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, mode, bytes) in files {
            writer.start_file(*name, options(*mode)).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn this_machine() -> u16 {
        elf::Machine::current().unwrap().0
    }

    #[test]
    fn a_script_and_a_static_binary_are_accepted() {
        for name in ["bootstrap", "./bootstrap"] {
            inspect(&archive(&[(name, 0o755, b"#!/bin/sh\n")]), true).unwrap();
        }
        inspect(&archive(&[("bootstrap", 0o755, &elf(this_machine(), None))]), true).unwrap();
    }

    #[test]
    fn a_binary_for_another_machine_is_refused_and_both_machines_are_named() {
        let other = if this_machine() == 62 { 183 } else { 62 };
        let error = inspect(&archive(&[("bootstrap", 0o755, &elf(other, None))]), true).unwrap_err().to_string();
        assert!(error.contains("x86_64") && error.contains("aarch64"), "{error}");
    }

    #[test]
    fn a_binary_whose_loader_is_absent_is_refused() {
        let binary = elf(this_machine(), Some("/lib/ld-of-another-planet.so.1"));
        let error = inspect(&archive(&[("bootstrap", 0o755, &binary)]), true).unwrap_err();
        assert!(matches!(error, ArchiveError::NoInterpreter { .. }), "{error}");
    }

    #[test]
    fn garbage_and_an_archive_without_bootstrap_are_refused() {
        assert!(matches!(inspect(b"not a zip", true).unwrap_err(), ArchiveError::NotZip(_)));
        assert!(matches!(inspect(&archive(&[("main", 0o755, b"x")]), true).unwrap_err(), ArchiveError::NoBootstrap));
        for empty in [Vec::new(), archive(&[])] {
            for needs_bootstrap in [true, false] {
                let error = inspect(&empty, needs_bootstrap).unwrap_err();
                assert_eq!(error.to_string(), "Uploaded file must be a non-empty zip");
            }
        }
    }

    #[test]
    fn what_an_interpreter_runs_needs_no_bootstrap() {
        let contents = inspect(&archive(&[("app.py", 0o644, b"def handler(): pass")]), false).unwrap();
        assert_eq!(contents, Contents { unpacked: 19, has_bootstrap: false });
        assert!(matches!(inspect(b"not a zip", false).unwrap_err(), ArchiveError::NotZip(_)));
    }

    #[test]
    fn a_bootstrap_without_execute_permission_is_refused() {
        let error = inspect(&archive(&[("bootstrap", 0o644, b"#!/bin/sh\n")]), true).unwrap_err();
        assert!(error.to_string().contains("chmod +x bootstrap"), "{error}");
    }

    #[test]
    fn names_that_leave_the_folder_or_lie_too_deep_are_refused() {
        let deep = "a/".repeat(MAX_FOLDERS) + "a";
        for name in ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil", &deep] {
            let error = inspect(&archive(&[("bootstrap", 0o755, b"#!"), (name, 0o644, b"x")]), true).unwrap_err();
            assert!(matches!(error, ArchiveError::BadEntry { .. }), "{name}: {error}");
            assert_eq!(error.to_string().contains("backslash"), name.contains('\\'), "{error}");
        }
    }

    #[test]
    fn links_are_unpacked_and_nothing_behind_them() {
        let linked = |before: &[&str], to: &str, after: &[&str]| {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            for name in before {
                writer.start_file(*name, options(0o644)).unwrap();
                writer.write_all(b"data").unwrap();
            }
            writer.add_symlink("link", to, options(0o777)).unwrap();
            for name in after {
                writer.start_file(*name, options(0o644)).unwrap();
            }
            writer.finish().unwrap().into_inner()
        };
        let home = tempfile::tempdir().unwrap();
        let (folder, scratch) = (home.path().join("code"), home.path().join("scratch"));
        let good = linked(&["lib/data"], "lib/data", &[]);
        inspect(&good, false).unwrap();
        unpack(&[&good], &folder, &scratch).unwrap();
        assert_eq!(fs::read(folder.join("link")).unwrap(), b"data");
        let outside = tempfile::tempdir().unwrap();
        let to = outside.path().to_str().unwrap();
        for bad in [linked(&[], to, &["link/evil"]), linked(&["link/evil"], to, &[]), linked(&[], to, &["./link/evil"])]
        {
            assert!(matches!(inspect(&bad, false).unwrap_err(), ArchiveError::BadEntry { .. }));
            assert!(unpack(&[&bad], &home.path().join("bad"), &scratch).is_err());
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_bomb_is_refused_by_what_comes_out_of_it() {
        let mut file = Vec::new();
        let error = copy_at_most(&mut io::repeat(0), &mut file, 1_000_000).unwrap_err();
        assert!(matches!(error, ArchiveError::TooLarge));
        assert!(file.len() <= 1_000_000);
    }

    #[test]
    fn unpacked_code_is_read_only_and_appears_whole() {
        let home = tempfile::tempdir().unwrap();
        let (folder, scratch) = (home.path().join("code"), home.path().join("scratch"));
        let bytes = archive(&[("bootstrap", 0o755, b"#!/bin/sh\n"), ("lib/data", 0o644, b"data")]);
        unpack(&[&bytes], &folder, &scratch).unwrap();
        let mode = |path: &str| fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(""), mode("bootstrap"), mode("lib/data")), (0o700, 0o500, 0o400));
        assert!(!scratch.exists());
    }

    #[test]
    fn a_later_archive_is_laid_over_an_earlier_one() {
        let home = tempfile::tempdir().unwrap();
        let (folder, scratch) = (home.path().join("layers"), home.path().join("scratch"));
        let below = archive(&[("python/a.py", 0o644, b"below"), ("python/b.py", 0o644, b"below")]);
        let above = archive(&[("python/a.py", 0o644, b"above"), ("bin/tool", 0o755, b"#!/bin/sh")]);
        unpack(&[below, above], &folder, &scratch).unwrap();
        let text = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
        assert_eq!((text("python/a.py").as_str(), text("python/b.py").as_str()), ("above", "below"));
        assert!(folder.join("bin/tool").is_file());
    }

    #[test]
    fn a_damaged_archive_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        let (folder, scratch) = (home.path().join("code"), home.path().join("scratch"));
        assert!(unpack(&[archive(&[("../evil", 0o644, b"x")])], &folder, &scratch).is_err());
        assert!(!folder.exists() && !scratch.exists());
    }
}
