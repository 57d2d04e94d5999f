//! The end of a log file, and what is appended to it; also after it was replaced or cut by a restart.

use super::{Entry, time_of};
use crate::{
    cli::LogSource,
    error::{Code, Error, Result},
    text::Message,
};
use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::PathBuf,
};
use time::OffsetDateTime;

/// At most this much of a log is read at a time: the end of it is what people ask for.
const WINDOW: u64 = 1024 * 1024;

/// A place in a log file.
pub(super) struct Tail {
    source: LogSource,
    path: PathBuf,
    inode: u64,
    offset: u64,
    /// The start of a line whose end has not been written yet.
    partial: Vec<u8>,
    time: OffsetDateTime,
}

impl Tail {
    pub(super) fn new(source: LogSource, path: PathBuf) -> Self {
        Self { source, path, inode: 0, offset: 0, partial: Vec::new(), time: OffsetDateTime::UNIX_EPOCH }
    }

    /// Reads the lines that were completed since the last time. No file is an empty one.
    pub(super) fn read(&mut self) -> Result<Vec<Entry>> {
        match self.appended() {
            Ok(bytes) => Ok(self.lines(&bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => {
                let unreadable = Error::new(Code::File).with_message("action", Message::new("action.read"));
                Err(unreadable.with("path", self.path.display()).cause(&error))
            }
        }
    }

    fn appended(&mut self) -> io::Result<Vec<u8>> {
        // Without `O_NONBLOCK`, a FIFO in the log's place would wait for a writer for ever.
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let mut file: File = OpenOptions::new().read(true).custom_flags(flags).open(&self.path)?;
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        if facts.ino() != self.inode || facts.len() < self.offset {
            self.inode = facts.ino();
            self.offset = 0;
            self.partial.clear();
            self.time = facts.modified().map_or(self.time, OffsetDateTime::from);
        }
        let start = self.offset.max(facts.len().saturating_sub(WINDOW));
        if start > self.offset {
            self.partial.clear();
        }
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        let read = file.take(WINDOW).read_to_end(&mut bytes)?;
        self.offset = start + read as u64;
        Ok(bytes)
    }

    fn lines(&mut self, bytes: &[u8]) -> Vec<Entry> {
        self.partial.extend_from_slice(bytes);
        let complete = self.partial.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let complete: Vec<u8> = self.partial.drain(..complete).collect();
        let text = String::from_utf8_lossy(&complete);
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| {
                self.time = time_of(line).unwrap_or(self.time);
                Entry { time: self.time, source: self.source, text: line.to_owned() }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn texts(tail: &mut Tail) -> Vec<String> {
        tail.read().unwrap().into_iter().map(|entry| entry.text).collect()
    }

    #[test]
    fn a_line_appears_once_and_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        let mut tail = Tail::new(LogSource::Engine, path.clone());
        assert!(texts(&mut tail).is_empty());
        let mut file = File::create(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(texts(&mut tail), ["one"]);
        file.write_all(b"o\n").unwrap();
        assert_eq!(texts(&mut tail), ["two"]);
        assert!(texts(&mut tail).is_empty());
    }

    #[test]
    fn a_log_that_was_replaced_is_read_from_its_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        std::fs::write(&path, "before the restart\n").unwrap();
        let mut tail = Tail::new(LogSource::Engine, path.clone());
        assert_eq!(texts(&mut tail), ["before the restart"]);
        let next = folder.path().join("next");
        std::fs::write(&next, "after the restart, and longer than before\n").unwrap();
        std::fs::rename(&next, &path).unwrap();
        assert_eq!(texts(&mut tail), ["after the restart, and longer than before"]);
    }

    #[test]
    fn what_is_not_a_file_is_an_error_and_never_a_wait() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Tail::new(LogSource::Engine, folder.path().to_owned()).read().is_err());
    }
}
