//! Secrets that are followed through everything that a run leaves or shows.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// A secret, and the only places where it may be seen.
pub(crate) struct Canary {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    /// Files below `.atelier`, by the beginning of their path.
    pub(crate) files: &'static [&'static str],
    /// The variables of children in which it may be.
    pub(crate) variables: &'static [&'static str],
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all
}

/// Tells whether a secret is somewhere in these bytes.
pub(crate) fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// Reads one file of every process: `cmdline`, which all users can read, or `environ`, which the owner can.
pub(crate) fn of_every_process(file: &str) -> Vec<Vec<u8>> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|process| fs::read(process.path().join(file)).ok()).collect()
}

impl Canary {
    /// Asserts that of all files below a folder, those where it belongs hold it, and nobody else can read them.
    pub(crate) fn check_files(&self, folder: &Path) {
        for path in files(folder) {
            let Ok(bytes) = fs::read(&path) else { continue };
            let below = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            if !holds(&bytes, &self.value) {
                continue;
            }
            let belongs = self.files.iter().any(|place| below.starts_with(&format!("project/.atelier/{place}")));
            assert!(belongs, "the {} is in {below}", self.name);
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o077;
            assert_eq!(mode, 0, "others can read the {} in {below}", self.name);
        }
    }

    /// Asserts that it is in no process's arguments, and in no other variable than those where it belongs.
    pub(crate) fn check_processes(&self) {
        for command in of_every_process("cmdline") {
            assert!(!holds(&command, &self.value), "the {} is in an argument", self.name);
        }
        for variables in of_every_process("environ") {
            for variable in variables.split(|byte| *byte == 0) {
                self.check_variable(&String::from_utf8_lossy(variable));
            }
        }
    }

    /// Asserts that a variable (`NAME=value`) does not hold it unless that is where it belongs.
    pub(crate) fn check_variable(&self, variable: &str) {
        if variable.contains(&self.value) {
            let name = variable.split('=').next().unwrap_or_default();
            assert!(self.variables.contains(&name), "the {} is in the variable {name}", self.name);
        }
    }
}
