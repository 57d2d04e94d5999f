//! The record of what leaned on a lenient engine: each thing once, the first so many, on disk as soon as it happens.
//!
//! A file of lines, so that noting one more is one short write; a line that is torn or of another version is passed
//! over. Whoever removes the file forgets what is in it, also while the engine runs.

use super::{lean::Lean, mode::Lenience};
use crate::clock::Clock;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    fmt,
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use time::format_description::well_known::Rfc3339;

/// Things that are kept: a script has a dozen, and whoever invents access keys must not fill the disk.
const MOST: usize = 200;
/// Characters of a call or a name that are kept.
const LONGEST: usize = 512;
/// The file's name in the engine's folder.
const FILE: &str = "leans.ndjson";

/// One thing that leaned, and the first call that did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What AWS would have refused.
    #[serde(flatten)]
    pub lean: Lean,
    /// The call (`lambda CreateFunction`).
    pub call: String,
    /// When it came, RFC 3339 in UTC.
    pub at: String,
}

/// What an engine lets pass, and the record of it; a clone is the same record.
#[derive(Clone, Default)]
pub struct Leans(Option<Arc<Inner>>);

impl fmt::Debug for Leans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leans").field(&self.lenience()).finish()
    }
}

struct Inner {
    lenience: Lenience,
    file: PathBuf,
    clock: Clock,
    known: Mutex<HashSet<Lean>>,
}

impl Leans {
    /// Makes the record of an engine whose folder is `folder`; a strict one keeps none.
    #[must_use]
    pub fn open(lenience: Lenience, folder: &Path, clock: Clock) -> Self {
        if !lenience.is_on() {
            return Self::default();
        }
        let known = read(folder).into_iter().map(|entry| entry.lean).collect();
        let file = folder.join(FILE);
        end_torn_line(&file);
        Self(Some(Arc::new(Inner { lenience, file, clock, known: Mutex::new(known) })))
    }

    /// For whom the engine is lenient.
    #[must_use]
    pub fn lenience(&self) -> Lenience {
        self.0.as_ref().map_or(Lenience::Off, |inner| inner.lenience)
    }

    /// Whether the engine is lenient for anybody.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Tells whether a call may lean on something that AWS refuses, and notes it. `call` names the call.
    #[must_use]
    pub fn lets(&self, lean: &Lean, call: impl FnOnce() -> String) -> bool {
        self.note(lean, call);
        self.is_on()
    }

    /// Notes what a call leans on, where somebody else has let it pass. A strict engine notes nothing.
    pub fn note(&self, lean: &Lean, call: impl FnOnce() -> String) {
        let Some(inner) = &self.0 else { return };
        if let Err(error) = inner.note(lean, call) {
            // The record is for people; a full disk keeps nobody from being served.
            tracing::warn!(%error, "what leaned on this engine could not be written down");
        }
    }
}

impl Inner {
    fn note(&self, lean: &Lean, call: impl FnOnce() -> String) -> io::Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody has forgotten what was in it.
        if !known.is_empty() && !self.file.exists() {
            known.clear();
        }
        if known.contains(lean) || known.len() >= MOST {
            return Ok(());
        }
        let at = self.clock.now().format(&Rfc3339).unwrap_or_default();
        let entry = Entry { lean: lean.clone(), call: call().chars().take(LONGEST).collect(), at };
        let mut line = serde_json::to_vec(&entry)?;
        if line.len() > 4 * LONGEST {
            return Ok(());
        }
        line.push(b'\n');
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.file)?.write_all(&line)?;
        known.insert(lean.clone());
        Ok(())
    }
}

/// Ends a line that a crash has torn, so that the next one is whole.
fn end_torn_line(file: &Path) {
    let is_torn = std::fs::read(file).is_ok_and(|text| text.last().is_some_and(|&byte| byte != b'\n'));
    if is_torn {
        let _ = OpenOptions::new().append(true).open(file).and_then(|mut file| file.write_all(b"\n"));
    }
}

/// Reads the record in an engine's folder, in the order in which things happened; none is empty.
#[must_use]
pub fn read(folder: &Path) -> Vec<Entry> {
    let text = std::fs::read(folder.join(FILE)).unwrap_or_default();
    let lines = text.split(|&byte| byte == b'\n');
    let mut known = HashSet::new();
    let entries = lines.filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
    entries.filter(|entry| known.insert(entry.lean.clone())).take(MOST).collect()
}

/// Forgets the record in an engine's folder.
///
/// # Errors
/// Returns the operating system's refusal.
pub fn forget(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(folder.join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(number: usize) -> Lean {
        Lean::Image { image: format!("ami-{number}") }
    }

    #[test]
    fn a_strict_engine_lets_nothing_pass_and_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let leans = Leans::open(Lenience::Off, folder.path(), Clock::System);
        assert!(!leans.lets(&image(1), || "call".to_owned()));
        assert_eq!(read(folder.path()), []);
        assert_eq!(leans.lenience(), Lenience::Off);
    }

    #[test]
    fn each_thing_is_kept_once_with_its_first_call_and_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        for call in ["first", "second"] {
            let leans = Leans::open(Lenience::On, folder.path(), Clock::System);
            assert!(leans.lets(&image(1), || call.to_owned()));
            assert!(leans.lets(&image(1), || call.to_owned()));
        }
        let entries = read(folder.path());
        assert_eq!((entries.len(), entries[0].call.as_str()), (1, "first"));
    }

    #[test]
    fn the_record_is_bounded_and_what_is_beyond_passes_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let leans = Leans::open(Lenience::On, folder.path(), Clock::System);
        assert!((0..MOST + 50).all(|number| leans.lets(&image(number), String::new)));
        assert!(leans.lets(&Lean::Image { image: "x".repeat(1 << 20) }, String::new));
        assert_eq!(read(folder.path()).len(), MOST);
    }

    #[test]
    fn what_is_forgotten_may_be_noted_again_and_a_torn_line_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let leans = Leans::open(Lenience::On, folder.path(), Clock::System);
        assert!(leans.lets(&image(1), String::new));
        forget(folder.path()).unwrap();
        forget(folder.path()).unwrap();
        assert!(leans.lets(&image(1), String::new));
        let file = folder.path().join(FILE);
        let torn = [std::fs::read(&file).unwrap(), b"{\"kind\":\"image\",\"ima".to_vec()].concat();
        std::fs::write(file, torn).unwrap();
        assert_eq!(read(folder.path()).len(), 1);
        let leans = Leans::open(Lenience::On, folder.path(), Clock::System);
        assert!(leans.lets(&image(2), String::new));
        assert_eq!(read(folder.path()).len(), 2);
    }
}
