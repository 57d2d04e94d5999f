//! What an engine that is a process of this machine takes: its memory, and what it keeps on disk.

use super::facts::Footprint;
use crate::{disk, engine::record::Record, settings::Settings};
use std::{fs, path::PathBuf};

/// More files are not counted; an engine has fewer.
const MOST: usize = 20_000;

/// Measures it; what cannot be measured is left out.
pub(super) async fn of(settings: &Settings) -> Footprint {
    let pid = Record::read(settings).and_then(|record| record.process).map(|process| process.pid);
    let folder = disk::own_folder(&settings.folder);
    let measured = tokio::task::spawn_blocking(move || Footprint {
        memory: pid.and_then(memory),
        disk: folder.is_dir().then(|| size(folder)),
    });
    measured.await.unwrap_or_default()
}

/// The memory that a process holds, in KiB.
fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// The size of all files below a folder, in bytes; links are not followed.
fn size(folder: PathBuf) -> u64 {
    let (mut left, mut bytes, mut count) = (vec![folder], 0, 0);
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            count += 1;
            match entry.metadata() {
                Ok(facts) if facts.is_dir() && count < MOST => left.push(entry.path()),
                Ok(facts) => bytes += facts.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}
