//! Why a function's `bootstrap` cannot be executed, in the words of Go's standard library, in which Lambda speaks.
//!
//! Asked when it could not: what the kernel had to say of it stays in the sandbox.

use super::archive::BOOTSTRAP;
use crate::elf;
use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

const ABSENT: &str = "no such file or directory";
const DENIED: &str = "permission denied";
const FORMAT: &str = "exec format error";

/// The file that starts a function of a custom runtime.
#[derive(Debug)]
pub(super) struct Entrypoint {
    /// Where it is.
    file: PathBuf,
    /// Where Lambda has it.
    name: &'static str,
}

/// Finds the `bootstrap` of a function: its own, else that of its layers.
pub(super) fn find(code: &Path, layers: Option<&Path>) -> Entrypoint {
    let own = code.join(BOOTSTRAP);
    match layers.map(|layers| layers.join(BOOTSTRAP)) {
        Some(file) if !own.exists() && file.exists() => Entrypoint { file, name: "/opt/bootstrap" },
        _ => Entrypoint { file: own, name: "/var/task/bootstrap" },
    }
}

impl Entrypoint {
    /// Says why it cannot be executed; `None` when it can.
    pub(super) fn fault(&self) -> Option<String> {
        if !self.file.exists() {
            return Some("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".to_owned());
        }
        let why = match head(&self.file) {
            Ok(head) => of_head(&head)?,
            Err(why) => why,
        };
        Some(format!("fork/exec {}: {why}", self.name))
    }
}

/// What is wrong with a program that begins so, or with what it needs.
fn of_head(bytes: &[u8]) -> Option<&'static str> {
    let interpreter = if elf::is_elf(bytes) {
        let needs = elf::inspect(bytes).filter(|needs| elf::Machine::current().is_none_or(|own| own == needs.machine));
        match needs {
            Some(needs) => needs.interpreter?,
            None => return Some(FORMAT),
        }
    } else {
        let Some(line) = bytes.strip_prefix(b"#!") else { return Some(FORMAT) };
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        // A line from Windows ends in a carriage return, which is then a part of the interpreter's name.
        line.trim_matches([' ', '\t']).split([' ', '\t']).next().unwrap_or_default().to_owned()
    };
    head(Path::new(&interpreter)).err()
}

/// The beginning of a file that may be executed.
fn head(file: &Path) -> Result<Vec<u8>, &'static str> {
    let facts = fs::metadata(file).map_err(|_| ABSENT)?;
    if !facts.is_file() || facts.permissions().mode() & 0o111 == 0 {
        return Err(DENIED);
    }
    let mut bytes = Vec::new();
    let opened = File::open(file).and_then(|file| file.take(elf::HEAD as u64).read_to_end(&mut bytes));
    match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ABSENT),
        // What may be executed need not be readable.
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::tests::elf;

    #[test]
    fn what_cannot_be_executed_is_told_in_the_words_of_lambda() {
        let folder = tempfile::tempdir().unwrap();
        let own = elf::Machine::current().unwrap().0;
        let other = if own == 62 { 183 } else { 62 };
        let fault = |bytes: &[u8], mode: u32| {
            let file = folder.path().join(BOOTSTRAP);
            fs::write(&file, bytes).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            find(folder.path(), None).fault()
        };
        let told = |why: &str| Some(format!("fork/exec /var/task/bootstrap: {why}"));
        for (bytes, mode, why) in [
            (b"#!/bin/sh\nexit 126\n".to_vec(), 0o755, None),
            (b"#! /bin/sh -e\n".to_vec(), 0o755, None),
            (elf(own, None), 0o755, None),
            (b"#!/no/such/interpreter\n".to_vec(), 0o755, Some(ABSENT)),
            (b"#!/bin/sh\r\nexit 0\r\n".to_vec(), 0o755, Some(ABSENT)),
            (elf(own, Some("/lib/ld-of-another-planet.so.1")), 0o755, Some(ABSENT)),
            (b"#!/bin/sh\n".to_vec(), 0o644, Some(DENIED)),
            (b"#!/etc\n".to_vec(), 0o755, Some(DENIED)),
            (elf(other, None), 0o755, Some(FORMAT)),
            (b"exit 0\n".to_vec(), 0o755, Some(FORMAT)),
        ] {
            assert_eq!(fault(&bytes, mode), why.and_then(told), "{:?}", String::from_utf8_lossy(&bytes));
        }
        fs::remove_file(folder.path().join(BOOTSTRAP)).unwrap();
        assert!(find(folder.path(), None).fault().unwrap().starts_with("Couldn't find valid bootstrap(s)"));
    }
}
