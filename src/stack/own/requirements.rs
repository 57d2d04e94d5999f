//! The packages that `requirements.txt` names, for the archive: installed once for what is named in it, and kept.
//!
//! They must fit the interpreter that runs the function: on AWS and in LocalStack's containers that is the runtime's own,
//! else this machine's.

use super::{
    error::Error,
    files::{self, Source},
};
use crate::{
    disk,
    runtimes::{
        Runtime,
        interpreter::{Finder, Interpreter},
        packages::{self, Bounds, InstallError},
    },
    secret::hex,
    settings::Settings,
    text::Message,
};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// The file that names packages.
const FILE: &str = "requirements.txt";
/// Where they are kept, in atelier's own folder of the project.
const SHELF: &str = "requirements";
/// How many of them: the newest, and what another branch has.
const KEPT: usize = 3;
/// How deep files may name each other (`-r other.txt`).
const DEPTH: u8 = 8;

/// Whose interpreter runs the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunBy {
    /// This machine's, whichever fits best.
    Machine,
    /// The runtime's own.
    Runtime,
}

/// Gives the files of the packages; none where none are named, and `None` where they would have to be installed and `bounds`
/// are none.
///
/// # Errors
/// When there is no interpreter, or they cannot be installed.
pub(super) async fn files(
    settings: &Settings,
    dir: &Path,
    runtime: Runtime,
    run_by: RunBy,
    bounds: Option<&Bounds<'_>>,
) -> Result<Option<Vec<Source>>, Error> {
    let path = dir.join(FILE);
    let mut hash = Sha256::new();
    match named(&path, &mut hash, DEPTH) {
        Ok(false) => return Ok(Some(Vec::new())),
        Ok(true) => {}
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Some(Vec::new())),
        Err(source) => return Err(Error::Unreadable { path, source }),
    }
    let interpreter = Finder::new(&settings.machine).find(runtime).await?;
    let platform = match run_by {
        RunBy::Runtime if !interpreter.is_exact() => Some(runtime),
        _ => None,
    };
    hash.update(format!("{} {platform:?} {}", interpreter.release(), std::env::consts::ARCH));
    let shelf = disk::own_folder(&settings.folder).join(SHELF);
    let target = shelf.join(&hex(&hash.finalize())[..16]);
    if !target.is_dir() {
        let Some(bounds) = bounds else { return Ok(None) };
        let failed = |source| Error::Requirements { path: path.clone(), source };
        install(&interpreter, platform, dir, &target, bounds).await.map_err(failed)?;
        sweep(&shelf);
    }
    // Found again here, so that it is not swept away as the oldest.
    let _ = fs::File::open(&target).and_then(|folder| folder.set_modified(std::time::SystemTime::now()));
    files::list(&target).map(Some)
}

/// Hashes a file with those that it names; tells whether any package is named.
fn named(path: &Path, hash: &mut Sha256, depth: u8) -> io::Result<bool> {
    let text = fs::read_to_string(path)?;
    hash.update(text.as_bytes());
    let mut any = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let other = ["-r ", "--requirement ", "--requirement=", "-c ", "--constraint ", "--constraint="];
        match other.iter().find_map(|start| line.strip_prefix(start)) {
            // Of what cannot be read pip says why.
            Some(other) if depth > 0 => {
                let other = path.with_file_name(other.trim());
                any |= named(&other, hash, depth - 1).unwrap_or(true);
            }
            _ => any = true,
        }
    }
    Ok(any)
}

async fn install(
    interpreter: &Interpreter,
    platform: Option<Runtime>,
    dir: &Path,
    target: &Path,
    bounds: &Bounds<'_>,
) -> Result<(), InstallError> {
    let disk = |source| InstallError::Disk { path: target.to_owned(), source };
    let aside = Aside(target.with_extension(std::process::id().to_string()));
    let _ = fs::remove_dir_all(&aside.0);
    fs::create_dir_all(&aside.0).map_err(disk)?;
    let mut pip = Command::new(&interpreter.path);
    pip.args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-compile", "--quiet"]);
    if let Some(runtime) = platform {
        pip.args(["--only-binary=:all:", "--implementation=cp", "--python-version", &runtime.release()]);
        // Amazon Linux 2023 has glibc 2.34, that of Python 3.11 and older 2.26.
        pip.args(
            ["manylinux2014", "manylinux_2_17"].map(|name| format!("--platform={name}_{}", std::env::consts::ARCH)),
        );
    }
    pip.arg("--target").arg(&aside.0).args(["-r", FILE]).current_dir(dir);
    let told = Message::new("function.installing").with("path", dir.join(FILE).display());
    match packages::run("pip", told, pip, bounds).await {
        Err(InstallError::Failed { words, .. }) if words.contains("No module named pip") => {
            return Err(InstallError::NoTool { tool: "pip" });
        }
        done => done?,
    }
    // Programs with this machine's paths in them, and the lists that name them.
    let _ = fs::remove_dir_all(aside.0.join("bin"));
    for entry in fs::read_dir(&aside.0).map_err(disk)?.flatten() {
        let _ = fs::remove_file(entry.path().join("RECORD"));
    }
    match fs::rename(&aside.0, target) {
        // Another run was faster.
        Err(_) if target.is_dir() => Ok(()),
        renamed => renamed.map_err(disk),
    }
}

/// A folder in the making; removed unless it was renamed.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes all but the newest.
fn sweep(shelf: &Path) {
    let entries = fs::read_dir(shelf).into_iter().flatten().flatten();
    let mut found: Vec<_> =
        entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()))).collect();
    found.sort();
    for (_, path) in found.iter().rev().skip(KEPT) {
        let _ = fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(files: &[(&str, &str)]) -> (bool, String) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let mut hash = Sha256::new();
        let any = named(&dir.path().join(FILE), &mut hash, DEPTH).unwrap();
        (any, hex(&hash.finalize()))
    }

    #[test]
    fn a_file_without_packages_installs_nothing_and_another_one_that_it_names_counts() {
        assert!(!hash(&[(FILE, "# none\n\n")]).0);
        assert!(hash(&[(FILE, "requests==2.0\n")]).0);
        let with = |other: &str| hash(&[(FILE, "-r other.txt\n"), ("other.txt", other)]);
        assert!(with("requests").0 && !with("# none").0);
        assert_ne!(with("requests").1, with("httpx").1);
        assert!(hash(&[(FILE, "-r requirements.txt\n")]).0, "a circle ends");
    }
}
