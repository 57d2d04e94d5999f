//! The files in the project folder that people and scripts read: `.instance_id`, `.api_id` and `deploy.log`.
//!
//! Written after a deploy and removed by `clean`; atelier itself never needs them.

use super::snapshot;
use crate::{api_key::HEADER_FILE, disk, engine::record};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

const INSTANCE: &str = ".instance_id";
const API: &str = ".api_id";
const LOG: &str = "deploy.log";
/// The log keeps this many of its last bytes.
const LONGEST_LOG: usize = 64 * 1024;

/// Writes the ids, each with the newline that `cat` likes, unless they are there already.
pub(super) fn write_ids(project: &Path, instance: &str, api: &str) -> Result<(), disk::Error> {
    for (name, id) in [(INSTANCE, instance), (API, api)] {
        let (path, line) = (project.join(name), format!("{id}\n"));
        if disk::read(&path).ok().flatten().as_deref() != Some(&line) {
            disk::replace(&path, line.as_bytes(), 0o644)?;
        }
    }
    Ok(())
}

/// Adds a deploy to the log: one line each for when it was and what it did.
pub(super) fn log(project: &Path, lines: &[String]) -> Result<(), disk::Error> {
    let path = project.join(LOG);
    let mut text = disk::read(&path).ok().flatten().unwrap_or_default();
    let now = time::OffsetDateTime::now_utc();
    let now = now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    for line in lines {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{now} {line}");
    }
    let cut = text.len().saturating_sub(LONGEST_LOG);
    let start = text.bytes().skip(cut).position(|byte| byte == b'\n').filter(|_| cut > 0).map_or(0, |at| cut + at + 1);
    disk::replace(&path, &text.as_bytes()[start..], 0o644)
}

/// Removes what a deploy wrote.
pub(super) fn remove(project: &Path) -> Result<(), disk::Error> {
    for path in paths(project) {
        disk::remove(&path)?;
    }
    Ok(())
}

/// Removes the halves of files that runs which were killed have left. For whoever holds the lock.
pub(super) fn sweep(project: &Path) {
    for path in paths(project).into_iter().chain([record::path(project)]) {
        disk::sweep(&path);
    }
}

fn paths(project: &Path) -> [PathBuf; 5] {
    let header = disk::own_folder(project).join(HEADER_FILE);
    [project.join(INSTANCE), project.join(API), project.join(LOG), header, snapshot::path(project)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_whole_lines_of_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(40 * 1024);
        for number in 0..3 {
            log(folder.path(), &[format!("{number} {long}")]).unwrap();
        }
        let text = std::fs::read_to_string(folder.path().join(LOG)).unwrap();
        assert!(text.len() <= LONGEST_LOG);
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains(" 2 x"));
    }

    #[test]
    fn removing_twice_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        write_ids(folder.path(), "i-01234567", "abc").unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join(API)).unwrap(), "abc\n");
        remove(folder.path()).unwrap();
        remove(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
