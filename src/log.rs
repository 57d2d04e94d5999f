//! The log of the engine's and the edge's process: what the program traces, one JSON object per line on standard error,
//! which is a file of `.atelier/` or a container's log. The only place of these processes that prints.
//!
//! Strangers decide how many lines there are. A file that has become too long is put aside under a number
//! (`engine.log.1`, the older ones counted up) and the next line begins a new one; as many are kept as [`Rotation`] says.
//!
//! Not here: the decision log of the docker proxy and the log of the handler, which have shapes of their own, and reading
//! any of it (`trace`).

use serde_json::{Map, Value};
use std::{
    ffi::OsString,
    fmt::Debug,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// How long a log may become, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rotation {
    /// Bytes of one file, 64 KiB at least.
    pub bytes: u64,
    /// How many files there are, the current one included; 1 at least.
    pub files: usize,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { bytes: 16 * 1024 * 1024, files: 5 }
    }
}

/// Writes what this process traces to standard error from now on, whatever that is: nothing is rotated.
pub fn start() {
    start_with(None);
}

/// The same into the file that standard error is, of this path, which is rotated.
pub fn start_rotated(path: PathBuf, rotation: Rotation) {
    start_with(Some((path, rotation)));
}

fn start_with(rotated: Option<(PathBuf, Rotation)>) {
    let log = Log { written: AtomicU64::new(length()), rotated, turn: Mutex::new(()) };
    // A second start would be a bug that costs nothing: the first log goes on.
    let _ = tracing::subscriber::set_global_default(log);
}

/// The log's length so far, where it is a file.
fn length() -> u64 {
    rustix::fs::fstat(io::stderr()).map_or(0, |facts| facts.st_size.unsigned_abs())
}

struct Log {
    written: AtomicU64,
    rotated: Option<(PathBuf, Rotation)>,
    /// Held by whoever puts a file aside.
    turn: Mutex<()>,
}

impl Log {
    /// Puts the file aside. Lines that are written meanwhile are in one or the other.
    fn rotate(&self) {
        let Some((path, rotation)) = &self.rotated else { return };
        let Ok(_turn) = self.turn.try_lock() else { return };
        if self.written.load(Ordering::Relaxed) <= rotation.bytes {
            return;
        }
        if shift(path, rotation.files).and_then(|()| begin(path)).is_err() {
            // A folder that lets nothing be renamed must not fill the disk: then the log begins anew. It is opened for
            // appending, so the next line is the first.
            let _ = rustix::fs::ftruncate(io::stderr(), 0);
        }
        self.written.store(0, Ordering::Relaxed);
    }
}

/// The name of the file that is the `number`th before the current one.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// Counts the files up that were put aside; the last one goes. What a higher limit has left behind goes, too.
fn shift(path: &Path, files: usize) -> io::Result<()> {
    let mut last = files.max(1) - 1;
    while fs::exists(numbered(path, last + 1))? {
        last += 1;
    }
    for number in (files.max(1)..=last).rev() {
        fs::remove_file(numbered(path, number))?;
    }
    for number in (1..files.saturating_sub(1)).rev() {
        let from = numbered(path, number);
        if fs::exists(&from)? {
            fs::rename(from, numbered(path, number + 1))?;
        }
    }
    if files > 1 { fs::rename(path, numbered(path, 1)) } else { fs::remove_file(path) }
}

/// Makes standard error a new file, and standard output, where it was the same.
fn begin(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let is_one = is_same(io::stdout(), io::stderr());
    rustix::stdio::dup2_stderr(&file)?;
    if is_one {
        rustix::stdio::dup2_stdout(&file)?;
    }
    Ok(())
}

fn is_same(a: impl AsFd, b: impl AsFd) -> bool {
    let facts = |file: &dyn AsFd| rustix::fs::fstat(file.as_fd()).map(|facts| (facts.st_dev, facts.st_ino)).ok();
    facts(&a).is_some_and(|found| facts(&b) == Some(found))
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // What libraries trace may hold headers and bodies; ours does not.
        *metadata.level() <= Level::INFO && metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(Map::new());
        line.0.insert("time".to_owned(), OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default().into());
        line.0.insert("level".to_owned(), event.metadata().level().as_str().into());
        event.record(&mut line);
        let mut text = Value::Object(line.0).to_string();
        text.push('\n');
        // A line that cannot be written is lost: a full disk must not stop the door.
        let _ = io::stderr().lock().write_all(text.as_bytes());
        let before = self.written.fetch_add(text.len() as u64, Ordering::Relaxed);
        if self.rotated.as_ref().is_some_and(|(_, rotation)| before + text.len() as u64 > rotation.bytes) {
            self.rotate();
        }
    }

    // There are no spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A line's members.
struct Line(Map<String, Value>);

impl Visit for Line {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

/// Milliseconds to the microsecond, as events have them.
#[must_use]
pub fn millis(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_up_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        for run in 0..5 {
            fs::write(&path, run.to_string()).unwrap();
            shift(&path, 3).unwrap();
            assert!(!path.exists());
        }
        let kept = |number| fs::read_to_string(numbered(&path, number)).ok();
        assert_eq!([kept(1), kept(2), kept(3)], [Some("4".to_owned()), Some("3".to_owned()), None]);
    }

    #[test]
    fn what_a_higher_limit_left_goes_with_a_lower_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        for number in 1..6 {
            fs::write(numbered(&path, number), number.to_string()).unwrap();
        }
        fs::write(&path, "0").unwrap();
        shift(&path, 2).unwrap();
        assert_eq!(fs::read_to_string(numbered(&path, 1)).unwrap(), "0");
        assert!((2..6).all(|number| !numbered(&path, number).exists()));
        fs::write(&path, "6").unwrap();
        shift(&path, 1).unwrap();
        assert!(!path.exists() && !numbered(&path, 1).exists());
    }
}
