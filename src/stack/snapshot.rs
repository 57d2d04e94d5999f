//! `.atelier/state.json`: what the last deploy saw, as a hint.
//!
//! Nothing is ever decided from it alone: it tells a deploy that finds nothing whether the engine was reset, and which
//! files `clean` may remove. Its loss or damage costs a sentence.

use crate::{
    disk,
    names::StackName,
    progress::Progress,
    text::{Message, Verbatim},
};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The version of the shape. A file of a newer one is left alone until the next deploy replaces it.
const SCHEMA: u32 = 1;

/// What a deploy saw.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Snapshot {
    pub(super) stack: StackName,
    pub(super) account: String,
    pub(super) region: String,
    /// The engine's session.
    pub(super) session: Option<String>,
    pub(super) api_id: String,
    pub(super) instance_id: String,
}

impl Snapshot {
    /// Returns where the stack was.
    pub(super) fn location(&self) -> Location<'_> {
        Location { account: &self.account, region: &self.region }
    }
}

/// Where a stack is, as far as the engine tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

impl Verbatim for Location<'_> {}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// The file's content.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Cached {
    schema: u32,
    /// Counts the writes.
    serial: u64,
    #[serde(flatten)]
    pub(super) snapshot: Snapshot,
}

impl Cached {
    /// Reads the file; one that cannot be used costs a sentence and is otherwise as good as none.
    pub(super) fn read(project: &Path, progress: &Progress) -> Option<Self> {
        let path = path(project);
        let ignored = || progress.warn(Message::new("stack.state_ignored").with("path", path.display()));
        let Ok(text) = disk::read(&path) else {
            ignored();
            return None;
        };
        let cached = serde_json::from_str(&text?).ok().filter(|cached: &Self| cached.schema == SCHEMA);
        if cached.is_none() {
            ignored();
        }
        cached
    }

    /// Writes what was seen, unless the file says so already.
    pub(super) fn write(project: &Path, last: Option<&Self>, snapshot: Snapshot) -> Result<(), disk::Error> {
        if last.is_some_and(|last| last.snapshot == snapshot) {
            return Ok(());
        }
        let next = Self { schema: SCHEMA, serial: last.map_or(0, |last| last.serial) + 1, snapshot };
        let text = serde_json::to_string_pretty(&next).unwrap_or_default();
        disk::replace(&path(project), text.as_bytes(), 0o644)
    }
}

/// Where the file is.
pub(super) fn path(project: &Path) -> PathBuf {
    disk::own_folder(project).join("state.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    fn warnings() -> (Progress, Arc<AtomicU32>) {
        let count = Arc::new(AtomicU32::new(0));
        let counted = count.clone();
        let progress = Progress::new(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        (progress, count)
    }

    fn write(folder: &Path, last: Option<&Cached>) {
        let snapshot = Snapshot {
            stack: "atelier".parse().unwrap(),
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            session: None,
            api_id: "abc".to_owned(),
            instance_id: "i-01234567".to_owned(),
        };
        Cached::write(folder, last, snapshot).unwrap();
    }

    #[test]
    fn what_is_remembered_is_read_back_and_written_only_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (progress, warned) = warnings();
        assert_eq!(Cached::read(folder.path(), &progress), None);
        write(folder.path(), None);
        let first = Cached::read(folder.path(), &progress).unwrap();
        assert_eq!((first.serial, first.snapshot.api_id.as_str()), (1, "abc"));
        write(folder.path(), Some(&first));
        assert_eq!(Cached::read(folder.path(), &progress), Some(first));
        assert_eq!(warned.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn damaged_newer_and_strange_files_cost_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        for content in ["", "{", r#"{"schema":99}"#, "[]", "\u{0}"] {
            std::fs::write(&path, content).unwrap();
            let (progress, warned) = warnings();
            assert_eq!(Cached::read(folder.path(), &progress), None, "{content:?}");
            assert_eq!(warned.load(Ordering::SeqCst), 1, "{content:?}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let (progress, warned) = warnings();
        assert_eq!(Cached::read(folder.path(), &progress), None);
        assert_eq!(warned.load(Ordering::SeqCst), 1);
    }
}
