//! The one file that holds every record: a redb database, written one transaction at a time.
//!
//! Every record carries a checksum of its own, over its key and its value, so that damage is found where it is. redb
//! syncs once for a transaction; the price of that is that after a crash it reads the whole file once more, as this
//! store does anyway at every start (`set_quick_repair` would sync twice for every write instead). What of the last
//! commit is damaged then looks like a commit that was cut short, and redb goes back to the one before it: a disk that
//! loses what it has confirmed, in the very write before a crash, is the one thing that cannot be told from the crash.

use redb::{ReadableDatabase, ReadableTable, TableDefinition, backends::FileBackend};
use rustix::fs::OFlags;
use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

/// The format that this binary writes, and the newest that it reads. 1 was a JSON file for each region.
pub(super) const FORMAT: u64 = 2;

/// The name of the table of records.
pub(super) const RECORDS_NAME: &str = "records";
/// Records by their keys, see [`key`].
const RECORDS: TableDefinition<&str, &[u8]> = TableDefinition::new(RECORDS_NAME);
/// What is known about the file: its `format`.
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// How much of the file redb keeps in memory, in bytes; reads do not go to the file at all.
const CACHE: usize = 4 << 20;
/// The length of a record's checksum.
const CHECKSUM: usize = 4;
/// What a file of redb's begins with, in any version of its format.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
/// The newest version of redb's own format that this binary reads.
const REDB: u8 = 3;
/// Where in the header the two commit slots are. Each begins with the version of the format.
pub(super) const SLOTS: [usize; 2] = [64, 192];

/// A record on its way to the disk: its key and its JSON, `None` where it shall not be there.
pub(super) type Write<'a> = (String, Option<&'a [u8]>);

/// Writes a record's key: `us-east-1/ec2/instances/i-…`. Of its parts only the id may have a slash.
pub(super) fn key(region: &str, table: &str, id: &str) -> String {
    format!("{region}/{table}/{id}")
}

/// Takes a key apart: region, table, id.
pub(super) fn parse_key(key: &str) -> Option<(&str, &str, &str)> {
    let (region, rest) = key.split_once('/')?;
    let slash = rest.find('/')? + 1;
    let end = slash + rest[slash..].find('/')?;
    Some((region, &rest[..end], &rest[end + 1..]))
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The operating system refuses; that says nothing about the file.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
    /// Another process has it open.
    #[error("another process has it open")]
    InUse,
    /// Its format is newer than what is known.
    #[error("its format is {found}, newer than {known}")]
    Newer { found: u64, known: u64 },
    /// Its content is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Io(error) if !is_damage(&error) => Self::Io(error),
            error => Self::Damaged(error.to_string()),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        redb::Error::from(error).into()
    }
}

/// Whether an error of the operating system is about the content: it ends too early, or is no database.
fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(error) => error,
            fault => Self::other(fault),
        }
    }
}

/// The open file.
pub(super) struct Database {
    path: PathBuf,
    /// `None` after an error: redb wants to be opened anew then.
    open: Option<Open>,
}

struct Open {
    redb: redb::Database,
    /// The device and the number of the file.
    identity: (u64, u64),
}

impl Database {
    /// Makes a file of records, each a key and its JSON; it takes its place when it is complete.
    pub(super) fn create(path: &Path, records: &[(String, Vec<u8>)]) -> Result<(), Fault> {
        let aside = path.with_extension("new");
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&aside)?;
        fill(file, records)?;
        Ok(super::file::rename(&aside, path)?)
    }

    /// Opens a file and verifies all of it.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let open = guarded(|| Open::new(path)).map_err(|fault| match fault {
            Fault::Damaged(_) => newer_file(path).unwrap_or(fault),
            fault => fault,
        })?;
        let format = guarded(|| {
            let format = open.redb.begin_read()?.open_table(META)?.get("format")?;
            Ok(format.map(|format| format.value()))
        })?;
        match format {
            Some(..=FORMAT) => Ok(Self { path: path.to_owned(), open: Some(open) }),
            Some(found) => Err(Fault::Newer { found, known: FORMAT }),
            None => Err(Fault::Damaged("it has no format".to_owned())),
        }
    }

    /// Walks over all records; `each` is told the key and what is there, see [`unframe`].
    pub(super) fn for_each(&self, mut each: impl FnMut(&str, &[u8])) -> Result<(), Fault> {
        let Some(open) = &self.open else { return Ok(()) };
        guarded(|| {
            for record in open.redb.begin_read()?.open_table(RECORDS)?.iter()? {
                let (key, framed) = record?;
                each(key.value(), framed.value());
            }
            Ok(())
        })
    }

    /// Writes records, all or none; they are on disk when this returns.
    pub(super) fn commit<'a>(&mut self, writes: impl Iterator<Item = Write<'a>>) -> Result<(), super::SaveError> {
        let mut writes = writes.peekable();
        if writes.peek().is_none() {
            return Ok(());
        }
        // After an error it is opened anew: redb does no more, and what of the transaction is on disk is not known.
        let committed = guarded(|| {
            let open = self.open.take().map_or_else(|| Open::new(&self.path), Ok)?;
            open.check_name(&self.path)?;
            commit(&open.redb, writes)?;
            self.open = Some(open);
            Ok(())
        });
        committed.map_err(|fault| io::Error::from(fault).into())
    }
}

impl Open {
    fn new(path: &Path) -> Result<Self, redb::Error> {
        // A symlink is not followed, and a FIFO in the file's place does not hang.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = File::options().read(true).write(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        let metadata = file.metadata()?;
        // redb would make a database of an empty file.
        if metadata.len() == 0 {
            return Err(redb::Error::Corrupted("it is empty".to_owned()));
        }
        let redb = builder().create_with_backend(FileBackend::new(file)?)?;
        Ok(Self { redb, identity: (metadata.dev(), metadata.ino()) })
    }

    /// A file that was removed takes writes, and nobody will ever find them.
    fn check_name(&self, path: &Path) -> io::Result<()> {
        let found = fs::metadata(path)?;
        if (found.dev(), found.ino()) == self.identity { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// Recognises a file of a newer format of redb's, which redb itself calls damaged. Damage does not write one version into
/// both slots.
fn newer_file(path: &Path) -> Option<Fault> {
    let mut header = [0; SLOTS[1] + 1];
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path).ok()?.read_exact(&mut header).ok()?;
    let [found, other] = SLOTS.map(|slot| header[slot]);
    let is_newer = header.starts_with(MAGIC) && found == other && found > REDB;
    is_newer.then(|| Fault::Newer { found: found.into(), known: REDB.into() })
}

fn builder() -> redb::Builder {
    let mut builder = redb::Builder::new();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    builder
}

fn fill(file: File, records: &[(String, Vec<u8>)]) -> Result<(), redb::Error> {
    let redb = builder().create_with_backend(FileBackend::new(file)?)?;
    let transaction = redb.begin_write()?;
    transaction.open_table(META)?.insert("format", FORMAT)?;
    let mut table = transaction.open_table(RECORDS)?;
    for (key, json) in records {
        table.insert(key.as_str(), frame(key, json).as_slice())?;
    }
    drop(table);
    transaction.commit()?;
    Ok(redb.close()?)
}

fn commit<'a>(redb: &redb::Database, writes: impl Iterator<Item = Write<'a>>) -> Result<(), redb::Error> {
    let transaction = redb.begin_write()?;
    let mut records = transaction.open_table(RECORDS)?;
    for (key, json) in writes {
        match json {
            Some(json) => records.insert(key.as_str(), frame(&key, json).as_slice())?,
            None => records.remove(key.as_str())?,
        };
    }
    drop(records);
    Ok(transaction.commit()?)
}

/// Runs what may meet a damaged file: redb may panic over one.
fn guarded<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Ok(result?),
        Err(_) => Err(Fault::Damaged("it makes no sense".to_owned())),
    }
}

/// Puts the checksum in front of a record's JSON.
fn frame(key: &str, json: &[u8]) -> Vec<u8> {
    let mut framed = checksum(key, json).to_be_bytes().to_vec();
    framed.extend_from_slice(json);
    framed
}

/// Takes the JSON of a record, `None` where key or value are not what was written.
pub(super) fn unframe<'a>(key: &str, framed: &'a [u8]) -> Option<&'a [u8]> {
    let (sum, json) = framed.split_first_chunk::<CHECKSUM>()?;
    (u32::from_be_bytes(*sum) == checksum(key, json)).then_some(json)
}

fn checksum(key: &str, json: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(json);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_apart_as_it_was_put_together() {
        for id in ["i-0123", "/aws/lambda/f:2026/11/23/[$LATEST]0", ""] {
            assert_eq!(parse_key(&key("us-east-1", "logs/streams", id)), Some(("us-east-1", "logs/streams", id)));
        }
        for none in ["", "us-east-1", "us-east-1/ec2", "us-east-1/ec2/instances"] {
            assert_eq!(parse_key(none), None, "{none}");
        }
    }

    #[test]
    fn a_record_is_what_was_written_under_its_key_or_nothing() {
        let framed = frame("a/b/c/1", b"{}");
        assert_eq!(unframe("a/b/c/1", &framed), Some(b"{}".as_slice()));
        assert_eq!(unframe("a/b/c/2", &framed), None);
        assert_eq!(unframe("a/b/c/1", &framed[..3]), None);
        for bit in 0..framed.len() * 8 {
            let mut flipped = framed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unframe("a/b/c/1", &flipped), None, "{bit}");
        }
    }
}
