//! Finds an embedded engine that runs without a record: its file was lost, or `up` was killed at the wrong moment.
//!
//! Linux tells through `/proc`; elsewhere such an engine shows as a taken port.

use super::record::Process;
use crate::marks::ENGINE_ROLE;
use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Finds the process that serves this project folder.
pub(crate) fn find(project: &Path) -> Option<Process> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| project_of(*pid).as_deref() == Some(project)).map(Process::of).find(Process::is_alive)
}

/// Tells which project folder a process serves, if it is an embedded engine.
pub(crate) fn project_of(pid: u32) -> Option<PathBuf> {
    served(&fs::read(format!("/proc/{pid}/cmdline")).ok()?)
}

/// Reads the folder out of an engine's command line, whose arguments end with NUL.
fn served(line: &[u8]) -> Option<PathBuf> {
    let mut arguments = line.split(|byte| *byte == 0).skip(1);
    let is_engine = arguments.next() == Some(ENGINE_ROLE.as_bytes());
    arguments.next().filter(|_| is_engine).map(|folder| PathBuf::from(OsStr::from_bytes(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_known_by_its_role_and_its_folder() {
        let line = b"atelier\0@engine\0/some/project\x000\x00000000000000\0";
        assert_eq!(served(line).as_deref(), Some(Path::new("/some/project")));
        for other in [&b"@engine\0/some/project\0"[..], b"vi\0/some/project\0", b"atelier\0@engine", b""] {
            assert_eq!(served(other), None, "{other:?}");
        }
    }
}
