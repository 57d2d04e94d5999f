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

/// What the last deploy saw.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct State {
    schema: u32,
    /// Counts the writes.
    pub(super) serial: u64,
    pub(super) stack: StackName,
    pub(super) account: String,
    pub(super) region: String,
    /// The engine's session.
    pub(super) session: Option<String>,
    pub(super) api_id: String,
    pub(super) instance_id: String,
}

/// Where a stack is, as far as the engine tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

impl Verbatim for Place<'_> {}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// What a deploy is going to remember.
pub(super) struct Memory<'a> {
    pub(super) stack: &'a StackName,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) session: Option<&'a str>,
    pub(super) api_id: &'a str,
    pub(super) instance_id: &'a str,
}

impl State {
    /// Reads the state; a file that cannot be used is told once and otherwise as good as none.
    pub(super) fn read(project: &Path, progress: &Progress) -> Option<Self> {
        let path = path(project);
        let ignored = || progress.warn(Message::new("stack.state_ignored").with("path", path.display()));
        let Ok(text) = disk::read(&path) else {
            ignored();
            return None;
        };
        let state = serde_json::from_str(&text?).ok().filter(|state: &Self| state.schema == SCHEMA);
        if state.is_none() {
            ignored();
        }
        state
    }

    /// Where the last deploy was.
    pub(super) fn place(&self) -> Place<'_> {
        Place { account: &self.account, region: &self.region }
    }

    /// Writes what was seen, unless the file says so already.
    pub(super) fn remember(project: &Path, last: Option<&Self>, memory: &Memory<'_>) -> Result<(), disk::Error> {
        let next = Self {
            schema: SCHEMA,
            serial: last.map_or(0, |last| last.serial),
            stack: memory.stack.clone(),
            account: memory.account.to_owned(),
            region: memory.region.to_owned(),
            session: memory.session.map(ToOwned::to_owned),
            api_id: memory.api_id.to_owned(),
            instance_id: memory.instance_id.to_owned(),
        };
        if last == Some(&next) {
            return Ok(());
        }
        let next = Self { serial: next.serial + 1, ..next };
        let text = serde_json::to_string_pretty(&next).unwrap_or_default();
        disk::replace(&path(project), text.as_bytes(), 0o644)
    }
}

/// Where the state is.
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

    fn remember(folder: &Path, last: Option<&State>) {
        let stack = "atelier".parse().unwrap();
        let (account, region) = ("000000000000", "us-east-1");
        let (api_id, instance_id) = ("abc", "i-01234567");
        let memory = Memory { stack: &stack, account, region, session: None, api_id, instance_id };
        State::remember(folder, last, &memory).unwrap();
    }

    #[test]
    fn what_is_remembered_is_read_back_and_written_only_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (progress, warned) = warnings();
        assert_eq!(State::read(folder.path(), &progress), None);
        remember(folder.path(), None);
        let first = State::read(folder.path(), &progress).unwrap();
        assert_eq!((first.serial, first.api_id.as_str()), (1, "abc"));
        remember(folder.path(), Some(&first));
        assert_eq!(State::read(folder.path(), &progress), Some(first));
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
            assert_eq!(State::read(folder.path(), &progress), None, "{content:?}");
            assert_eq!(warned.load(Ordering::SeqCst), 1, "{content:?}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let (progress, warned) = warnings();
        assert_eq!(State::read(folder.path(), &progress), None);
        assert_eq!(warned.load(Ordering::SeqCst), 1);
    }
}
