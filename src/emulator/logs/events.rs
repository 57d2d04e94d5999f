//! The log events: append-only files of JSON lines, two per stream, bounded in size.
//!
//! When a stream's file is full it becomes the older of the two and the older one goes. Nothing here waits for the disk
//! to sync: a crash may cost the last events, never the file (a torn line is passed over).

use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    ffi::OsStr,
    fs::{self, DirBuilder, File},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// When the younger file of a stream has this many bytes, it becomes the older one.
const SEGMENT_BYTES: u64 = 4 * 1024 * 1024;

/// One event, as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened, milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// What it says.
    pub message: String,
}

/// One event as it is kept; the members' names are short because there are many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// The place in the order of arrival, from 1.
    #[serde(rename = "n")]
    pub(super) number: u64,
    #[serde(rename = "t")]
    pub(super) timestamp: i64,
    /// When it arrived.
    #[serde(rename = "i")]
    pub(super) ingested: i64,
    #[serde(rename = "m")]
    pub(super) message: String,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Segment {
    bytes: u64,
    /// The lowest and the highest timestamp.
    range: Option<(i64, i64)>,
}

/// What is known of a stream without reading its files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// The lowest and the highest timestamp.
    pub(super) range: Option<(i64, i64)>,
    /// When the last event arrived.
    pub(super) ingested: Option<i64>,
    pub(super) bytes: u64,
}

/// The two files of one stream.
struct Log {
    younger_path: PathBuf,
    older_path: PathBuf,
    younger: Segment,
    older: Segment,
    last_number: u64,
    ingested: Option<i64>,
    /// The younger file may end within a line: after a crash, or when the disk was full.
    may_be_torn: bool,
}

/// The event files of all streams.
pub struct Events {
    folder: PathBuf,
    /// The streams that were used since the start, by the names of their files.
    logs: Mutex<HashMap<String, Arc<Mutex<Log>>>>,
}

impl Events {
    /// Keeps the events in `folder`, which is made with the first event.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, logs: Mutex::default() }
    }

    /// Removes the files that belong to no stream: a deletion that a crash cut short leaves such.
    pub(in crate::emulator) fn sweep(&self, used: &HashSet<String>) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_ours = path.extension() == Some(OsStr::new("ndjson"));
            let id = path.file_name().and_then(OsStr::to_str).and_then(|name| name.split('.').next());
            if is_ours && id.is_some_and(|id| !used.contains(id)) {
                // One that cannot be removed now is tried again at the next start.
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Adds events to a stream, in their order; gives the number of the first.
    pub(super) fn append(&self, id: &str, ingested: i64, events: &[Event]) -> io::Result<u64> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        self.log(id)?.lock().unwrap_or_else(PoisonError::into_inner).append(ingested, events)
    }

    /// Reads the events of a stream that `keep` accepts, in the order of their times. `keep` is not asked about files
    /// whose events all lie outside of `range`, which includes both ends.
    pub(super) fn read(&self, id: &str, range: (i64, i64), keep: impl Fn(&Stored) -> bool) -> io::Result<Vec<Stored>> {
        // Opened under the lock and read without it: what is appended meanwhile need not wait, and a file that moves
        // stays the one that was opened.
        let files = self.log(id)?.lock().unwrap_or_else(PoisonError::into_inner).files(range)?;
        let mut events = Vec::new();
        for file in files {
            scan(file, |event| {
                if (range.0..=range.1).contains(&event.timestamp) && keep(&event) {
                    events.push(event);
                }
            })?;
        }
        events.sort_by_key(|event| (event.timestamp, event.number));
        Ok(events)
    }

    /// Tells what is known of a stream.
    pub(super) fn summary(&self, id: &str) -> io::Result<Summary> {
        let log = self.log(id)?;
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        let ranges = [log.older.range, log.younger.range];
        let range = ranges.into_iter().flatten().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        Ok(Summary { range, ingested: log.ingested, bytes: log.older.bytes + log.younger.bytes })
    }

    /// Removes the events of a stream.
    pub(super) fn remove(&self, id: &str) {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        for path in self.paths(id) {
            // What stays is swept at the next start.
            let _ = fs::remove_file(path);
        }
    }

    /// The younger and the older file.
    fn paths(&self, id: &str) -> [PathBuf; 2] {
        [self.folder.join(format!("{id}.ndjson")), self.folder.join(format!("{id}.1.ndjson"))]
    }

    fn log(&self, id: &str) -> io::Result<Arc<Mutex<Log>>> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(id) {
            return Ok(Arc::clone(log));
        }
        let log = Arc::new(Mutex::new(Log::open(self.paths(id))?));
        logs.insert(id.to_owned(), Arc::clone(&log));
        Ok(log)
    }
}

impl Log {
    /// Reads both files once, to know what is in them.
    fn open([younger_path, older_path]: [PathBuf; 2]) -> io::Result<Self> {
        let mut log = Self {
            younger_path,
            older_path,
            younger: Segment::default(),
            older: Segment::default(),
            last_number: 0,
            ingested: None,
            may_be_torn: true,
        };
        for is_younger in [false, true] {
            let path = if is_younger { log.younger_path.clone() } else { log.older_path.clone() };
            let mut segment = Segment { bytes: fs::metadata(&path).map_or(0, |file| file.len()), range: None };
            if let Some(file) = open(&path)? {
                scan(file, |event| {
                    segment.include(event.timestamp);
                    log.last_number = log.last_number.max(event.number);
                    log.ingested = log.ingested.max(Some(event.ingested));
                })?;
            }
            *(if is_younger { &mut log.younger } else { &mut log.older }) = segment;
        }
        Ok(log)
    }

    /// Opens the files that have events within a range of times, the older one first.
    fn files(&self, range: (i64, i64)) -> io::Result<Vec<File>> {
        let segments = [(&self.older_path, self.older), (&self.younger_path, self.younger)];
        let overlaps = |segment: &Segment| segment.range.is_some_and(|(a, b)| a <= range.1 && b >= range.0);
        let paths = segments.into_iter().filter(|(_, segment)| overlaps(segment)).map(|(path, _)| path);
        paths.filter_map(|path| open(path).transpose()).collect()
    }

    fn append(&mut self, ingested: i64, events: &[Event]) -> io::Result<u64> {
        if self.younger.bytes >= SEGMENT_BYTES {
            fs::rename(&self.younger_path, &self.older_path)?;
            self.older = std::mem::take(&mut self.younger);
        }
        let mut text = if self.may_be_torn { b"\n".to_vec() } else { Vec::new() };
        let mut after = self.younger;
        let first = self.last_number + 1;
        let mut number = self.last_number;
        for event in events {
            number += 1;
            let message = event.message.clone();
            let stored = Stored { number, timestamp: event.timestamp, ingested, message };
            serde_json::to_writer(&mut text, &stored)?;
            text.push(b'\n');
            after.include(event.timestamp);
        }
        let mut file = File::options().create(true).append(true).mode(0o600).open(&self.younger_path)?;
        self.may_be_torn = true;
        file.write_all(&text)?;
        after.bytes += text.len() as u64;
        (self.younger, self.last_number, self.ingested) = (after, number, Some(ingested));
        self.may_be_torn = false;
        Ok(first)
    }
}

impl Segment {
    fn include(&mut self, timestamp: i64) {
        let (first, last) = self.range.unwrap_or((timestamp, timestamp));
        self.range = Some((first.min(timestamp), last.max(timestamp)));
    }
}

/// Opens a file; `None` when there is none.
fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Reads a file event by event; a line that is no event, torn or damaged, is passed over.
fn scan(file: File, mut each: impl FnMut(Stored)) -> io::Result<()> {
    for line in BufReader::new(file).split(b'\n') {
        if let Ok(event) = serde_json::from_slice(&line?) {
            each(event);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

    fn event(timestamp: i64, message: &str) -> Event {
        Event { timestamp, message: message.to_owned() }
    }

    fn messages(events: &Events, range: (i64, i64)) -> Vec<String> {
        events.read("s", range, |_| true).unwrap().into_iter().map(|event| event.message).collect()
    }

    #[test]
    fn events_survive_a_restart_and_come_back_in_the_order_of_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let events = Events::new(folder.path().join("logs"));
        events.append("s", 100, &[event(3, "c"), event(5, "e")]).unwrap();
        let events = Events::new(folder.path().join("logs"));
        events.append("s", 101, &[event(1, "a\nb")]).unwrap();
        assert_eq!(messages(&events, ALWAYS), ["a\nb", "c", "e"]);
        assert_eq!(messages(&events, (2, 3)), ["c"]);
        let summary = events.summary("s").unwrap();
        assert_eq!((summary.range, summary.ingested), (Some((1, 5)), Some(101)));
    }

    #[test]
    fn a_torn_line_costs_itself_only() {
        let folder = tempfile::tempdir().unwrap();
        let events = Events::new(folder.path().to_owned());
        events.append("s", 1, &[event(1, "whole")]).unwrap();
        let mut file = File::options().append(true).open(folder.path().join("s.ndjson")).unwrap();
        file.write_all(br#"{"n":2,"t":2,"i":2,"m":"to"#).unwrap();
        let events = Events::new(folder.path().to_owned());
        events.append("s", 3, &[event(3, "after")]).unwrap();
        assert_eq!(messages(&events, ALWAYS), ["whole", "after"]);
    }

    #[test]
    fn a_stream_keeps_its_newest_events_within_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let events = Events::new(folder.path().to_owned());
        let long = "x".repeat(1024 * 1024);
        for at in 0..20 {
            events.append("s", at, &[event(at, &long)]).unwrap();
        }
        let kept = events.read("s", ALWAYS, |_| true).unwrap();
        assert_eq!(kept.last().unwrap().timestamp, 19);
        assert!((4..=10).contains(&kept.len()), "{}", kept.len());
        assert!(events.summary("s").unwrap().bytes <= 2 * SEGMENT_BYTES + 2 * 1024 * 1024 + 1024);
    }

    #[test]
    fn files_without_a_stream_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let events = Events::new(folder.path().to_owned());
        events.append("s", 1, &[event(1, "a")]).unwrap();
        events.append("gone", 1, &[event(1, "b")]).unwrap();
        events.sweep(&HashSet::from(["s".to_owned()]));
        assert!(folder.path().join("s.ndjson").exists());
        assert!(!folder.path().join("gone.ndjson").exists());
    }
}
