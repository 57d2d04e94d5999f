//! A log file and those that it was rotated into (`engine.log`, `engine.log.1`, …), read from their end.
//!
//! Where a window of time ends is found by halving, and from there pieces are read backwards: a log of any length costs
//! what is looked at. Lines stand in the order of their times but for those that were written at once: where a log is
//! cut, those of the cut's moment are left to who reads on from there.

use super::line::{Line, time_of};
use crate::cli::LogSource;
use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};

/// How much is read at a time.
const PIECE: u64 = 128 * 1024;
/// How far lines that were written at once may stand out of the order of their times: as bytes, and as time.
const ASIDE: usize = 8 * 1024;
const AT_ONCE: Duration = Duration::milliseconds(20);
/// More lines of one moment are not looked for.
const MOST_AT_ONCE: usize = 20_000;
/// A line that is longer is cut there.
const LONGEST_LINE: usize = 64 * 1024;
/// More rotated files than anybody keeps.
const MOST_FILES: usize = 1000;

/// A log file with what it was rotated into.
#[derive(Debug, Clone)]
pub struct Rotated {
    path: PathBuf,
    source: LogSource,
}

/// What was read of a window of time.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// The lines, oldest first.
    pub(super) lines: Vec<Line>,
    /// From when on they are all there; `None` where that is the whole window.
    pub(super) reached: Option<OffsetDateTime>,
}

impl Rotated {
    /// The log of this path, wherever it is rotated to.
    #[must_use]
    pub fn new(path: PathBuf, source: LogSource) -> Self {
        Self { path, source }
    }

    /// The current file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the file that is the `number`th before the current one, 0 being that one.
    #[must_use]
    pub fn numbered(path: &Path, number: usize) -> PathBuf {
        if number == 0 {
            return path.to_owned();
        }
        let mut name: OsString = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        name.into()
    }

    /// Reads the lines from `from` on and before `until`; at most about `most`, the newest. No file is an empty log.
    /// Of these lines only those are kept that are asked for: the others are gone with the piece of the file that has them.
    ///
    /// # Errors
    /// When there is something that cannot be read.
    pub(super) fn read(
        &self,
        (from, until): (OffsetDateTime, OffsetDateTime),
        most: usize,
        is_kept: impl Fn(&Line) -> bool,
    ) -> io::Result<Chunk> {
        // All are opened before any is read: what is rotated meanwhile stays the file that it was.
        let mut files = Vec::new();
        for number in 0..MOST_FILES {
            match open(&Self::numbered(&self.path, number)) {
                Ok(file) => files.push(file),
                // Between two steps of a rotation the current one is missing.
                Err(error) if error.kind() == ErrorKind::NotFound && number == 0 => {}
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        let mut read = Chunk::default();
        for file in &mut files {
            let left = most.saturating_sub(read.lines.len()).max(1);
            let older = self.read_file(file, (from, until), left, &is_kept)?;
            let is_below = older.lines.first().is_some_and(|line| line.time < from);
            read.lines.splice(0..0, older.lines);
            read.reached = older.reached;
            if is_below || read.reached.is_some() {
                break;
            }
        }
        let from = read.reached.map_or(from, |reached| reached.max(from));
        read.lines.retain(|line| line.time >= from && line.time < until);
        Ok(read)
    }

    fn read_file(
        &self,
        file: &mut File,
        (from, until): (OffsetDateTime, OffsetDateTime),
        most: usize,
        is_kept: impl Fn(&Line) -> bool,
    ) -> io::Result<Chunk> {
        let written = file.metadata()?.modified().map_or(OffsetDateTime::UNIX_EPOCH, OffsetDateTime::from);
        let mut end = end_of_window(file, until)?;
        let mut lines: Vec<Line> = Vec::new();
        // The beginning of a line whose end has been read.
        let mut rest: Vec<u8> = Vec::new();
        while end > 0 {
            let start = end.saturating_sub(PIECE);
            let mut piece = piece(file, start, end)?;
            piece.append(&mut rest);
            let first = if start == 0 {
                0
            } else {
                piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1)
            };
            rest = piece[..first].to_vec();
            if rest.len() > LONGEST_LINE && start > 0 {
                // Its end is lost, its beginning is what says whose it is.
                rest.clear();
            }
            let mut older = self.lines(&piece[first..], written);
            // What lies before the window tells where it begins.
            older.retain(|line| line.time < from || is_kept(line));
            let is_over = older.first().is_some_and(|line| line.time < from);
            lines.splice(0..0, older);
            end = start;
            if is_over {
                break;
            }
            let wanted = lines.iter().filter(|line| line.time < until).count();
            if wanted >= most && end > 0 {
                let reached = whole_from(&lines, until);
                // What is cut among lines of one moment would be lost: who reads on begins before that moment.
                if reached.is_some() || wanted >= MOST_AT_ONCE {
                    let reached = reached.or_else(|| lines.first().map(|line| line.time));
                    return Ok(Chunk { lines, reached });
                }
            }
        }
        Ok(Chunk { lines, reached: None })
    }

    /// Cuts whole lines. One without a time has that of the line before it, the first ones that of the one after them,
    /// and where none tells one it is when the file was written.
    fn lines(&self, bytes: &[u8], written: OffsetDateTime) -> Vec<Line> {
        let text = String::from_utf8_lossy(bytes);
        let texts: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let times: Vec<Option<OffsetDateTime>> = texts.iter().map(|line| time_of(line)).collect();
        let mut time = times.iter().flatten().next().copied().unwrap_or(written);
        let line = |(text, own): (&str, Option<OffsetDateTime>)| {
            time = own.unwrap_or(time);
            Line::new(time, self.source, cut(text).to_owned())
        };
        texts.into_iter().zip(times).map(line).collect()
    }
}

/// From when on lines are all there whose beginning was cut off; `None` where they are all of the cut's moment.
pub(super) fn whole_from(lines: &[Line], until: OffsetDateTime) -> Option<OffsetDateTime> {
    let cut = lines.first()?.time;
    let is_whole = |time: &OffsetDateTime| *time > cut + AT_ONCE && *time < until;
    lines.iter().map(|line| line.time).filter(is_whole).min()
}

/// A line as far as anybody reads it.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_LINE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn open(path: &Path) -> io::Result<File> {
    // Without `O_NONBLOCK`, a FIFO in the log's place would wait for a writer for ever.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

fn piece(file: &mut File, start: u64, end: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(end - start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The place behind the last whole line that was written before a moment.
fn end_of_window(file: &mut File, until: OffsetDateTime) -> io::Result<u64> {
    let length = whole(file)?;
    let (mut low, mut high) = (0, length);
    // Below `low` everything is before the moment; from `high` on nothing is.
    while high - low > PIECE {
        let middle = low + (high - low) / 2;
        let bytes = piece(file, middle, (middle + PIECE).min(high))?;
        let text = String::from_utf8_lossy(&bytes);
        // The first line that begins here and tells a time.
        let found = text.split('\n').skip(1).find_map(time_of);
        if found.is_some_and(|time| time >= until) { high = middle } else { low = middle }
    }
    // What is left is read in any case, and looked at line by line; with it what was written at once with the last one.
    let after = (high + PIECE).min(length);
    let bytes = piece(file, high, after)?;
    let end = bytes.iter().skip(ASIDE).position(|byte| *byte == b'\n');
    Ok(end.map_or(after, |at| high + (ASIDE + at) as u64 + 1))
}

/// The length up to the end of the last whole line.
fn whole(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(PIECE);
    let bytes = piece(file, start, length)?;
    Ok(bytes.iter().rposition(|byte| *byte == b'\n').map_or(start, |at| start + at as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use time::Duration;

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_700_000_000 + second).unwrap()
    }

    fn line(second: i64, padding: usize) -> String {
        let time = at(second).format(&time::format_description::well_known::Rfc3339).unwrap();
        format!("{{\"time\":\"{time}\",\"n\":{second},\"x\":\"{}\"}}\n", "x".repeat(padding))
    }

    fn numbers(read: &Chunk) -> Vec<i64> {
        let number = |line: &Line| (line.time - at(0)).whole_seconds();
        read.lines.iter().map(number).collect()
    }

    #[test]
    fn a_window_is_read_over_a_rotation_and_no_line_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        std::fs::write(Rotated::numbered(&path, 2), (0..10).map(|n| line(n, 0)).collect::<String>()).unwrap();
        std::fs::write(Rotated::numbered(&path, 1), (10..20).map(|n| line(n, 0)).collect::<String>()).unwrap();
        std::fs::write(&path, (20..30).map(|n| line(n, 0)).collect::<String>() + "{\"time\":\"half").unwrap();
        let log = Rotated::new(path, LogSource::Engine);
        let read = |from, until, most| log.read((at(from), at(until)), most, |_| true).unwrap();
        assert_eq!(numbers(&read(0, 100, 1000)), (0..30).collect::<Vec<_>>());
        assert_eq!(numbers(&read(8, 22, 1000)), (8..22).collect::<Vec<_>>());
        assert_eq!(numbers(&read(40, 50, 1000)), Vec::<i64>::new());
    }

    #[test]
    fn of_a_long_log_only_what_is_asked_for_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        let mut file = File::create(&path).unwrap();
        for second in 0..20_000 {
            file.write_all(line(second, 200).as_bytes()).unwrap();
        }
        let log = Rotated::new(path, LogSource::Engine);
        let end = log.read((at(0), at(100_000)), 100, |_| true).unwrap();
        assert!(numbers(&end).ends_with(&[19_999]) && end.lines.len() < 2_000, "{}", end.lines.len());
        assert_eq!(end.reached, Some(end.lines[0].time));
        // From there on as if it were the end.
        let before = log.read((at(0), end.reached.unwrap()), 100, |_| true).unwrap();
        assert_eq!(before.lines.last().unwrap().time + Duration::seconds(1), end.lines[0].time);
        for (from, until) in [(0, 1), (5_000, 5_003), (9_999, 10_001), (19_998, 20_005)] {
            let read = log.read((at(from), at(until)), 10_000, |_| true).unwrap();
            assert_eq!(numbers(&read), (from..until.min(20_000)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn of_lines_that_nobody_wants_none_is_kept_and_none_that_is_wanted_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        let lines = |of: std::ops::Range<i64>| of.map(|second| line(second, 200)).collect::<String>();
        std::fs::write(Rotated::numbered(&path, 1), lines(0..5_000)).unwrap();
        std::fs::write(&path, lines(5_000..10_000)).unwrap();
        let is_kept = |line: &Line| (line.time - at(0)).whole_seconds() % 1_000 == 0;
        let read = Rotated::new(path, LogSource::Engine).read((at(2_000), at(8_000)), usize::MAX, is_kept);
        assert_eq!(numbers(&read.unwrap()), [2_000, 3_000, 4_000, 5_000, 6_000, 7_000]);
    }

    #[test]
    fn no_line_is_lost_where_a_log_is_cut_among_lines_of_one_moment() {
        // A few, and more than one piece holds; written at once, so that they stand a little out of their order.
        for of_a_moment in [7, 1_500] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("engine.log");
            let line = |number: i64| {
                let time = at(0) + Duration::milliseconds(number / of_a_moment * 50 - number % 3 * 2);
                let time = time.format(&time::format_description::well_known::Rfc3339).unwrap();
                format!("{{\"x\":\"{}\",\"time\":\"{time}\",\"n\":{number}}}\n", "x".repeat(200))
            };
            std::fs::write(Rotated::numbered(&path, 1), (0..6_000).map(line).collect::<String>()).unwrap();
            std::fs::write(&path, (6_000..12_000).map(line).collect::<String>()).unwrap();
            let log = Rotated::new(path, LogSource::Engine);
            let (mut seen, mut windows, mut until) = (Vec::new(), 0, Some(at(100_000)));
            while let Some(end) = until {
                let read = log.read((at(-1), end), 100, |_| true).unwrap();
                let number = |line: &Line| line.text.split_once("\"n\":")?.1.trim_end_matches('}').parse::<i64>().ok();
                seen.extend(read.lines.iter().map(|line| number(line).unwrap()));
                assert!(read.reached.is_none_or(|reached| reached < end), "it goes on");
                (until, windows) = (read.reached, windows + 1);
            }
            seen.sort_unstable();
            assert!(windows > 1 && seen == (0..12_000).collect::<Vec<_>>(), "{windows} windows: {}", seen.len());
        }
    }

    #[test]
    fn lines_without_a_time_belong_to_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        std::fs::write(&path, format!("  first\n{}  and its end\n", line(5, 0))).unwrap();
        let read = Rotated::new(path, LogSource::Engine).read((at(0), at(10)), 10, |_| true).unwrap();
        assert_eq!(numbers(&read), [5, 5, 5]);
    }

    #[test]
    fn what_is_not_a_file_is_an_error_and_never_a_wait() {
        let folder = tempfile::tempdir().unwrap();
        let all = (at(0), at(10));
        assert!(Rotated::new(folder.path().to_owned(), LogSource::Engine).read(all, 10, |_| true).is_err());
        assert!(
            Rotated::new(folder.path().join("none"), LogSource::Engine)
                .read(all, 10, |_| true)
                .unwrap()
                .lines
                .is_empty()
        );
    }
}
