//! Opening a store: what stands in the file's place, and what becomes of it when it is of no use.

use super::{
    OpenError,
    commit::{Regions, State},
    database::{Database, FORMAT, Fault, RecordKey, unframe},
    format_1,
};
use crate::clock::Clock;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The database's name in the store's folder.
pub(super) const FILE: &str = "state.redb";

/// A store's content, and what was found on the way to it.
pub(super) struct Opened<S> {
    pub(super) database: Database,
    pub(super) regions: Regions<S>,
    pub(super) set_aside: Vec<PathBuf>,
}

/// A record on its way into a new database.
pub(super) struct OwnedRecord {
    pub(super) region: String,
    pub(super) table: String,
    pub(super) id: String,
    pub(super) json: Vec<u8>,
}

impl OwnedRecord {
    fn borrow(&self) -> (RecordKey<'_>, &[u8]) {
        ((&self.region, &self.table, &self.id), &self.json)
    }
}

/// Opens the database of a folder, or makes one.
pub(super) fn open<S: State>(folder: &Path, clock: &Clock) -> Result<Opened<S>, OpenError> {
    let path = folder.join(FILE);
    let mut set_aside = Vec::new();
    let mut old = format_1::find(folder)?;
    let database = loop {
        match found(&path) {
            Ok(Some(())) => match Database::open(&path) {
                Ok(database) => break database,
                Err(Fault::Damaged(_)) => set_aside.push(put_aside(&path, clock)?),
                Err(fault) => return Err(refusal(&path, folder, fault)),
            },
            Ok(None) => {
                let records = old.records::<S>(clock, &mut set_aside)?;
                let records = records.iter().map(OwnedRecord::borrow);
                Database::create(&path, records).map_err(|fault| refusal(&path, folder, fault))?;
            }
            Err(()) => set_aside.push(put_aside(&path, clock)?),
        }
    };
    old.retire()?;
    let regions = load(&database).map_err(|fault| refusal(&path, folder, fault))?;
    Ok(Opened { database, regions, set_aside })
}

/// Whether there is a file; an error where there is something else.
fn found(path: &Path) -> Result<Option<()>, ()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(())),
        Ok(_) => Err(()),
        // What cannot be looked at cannot be opened either, which then says why.
        Err(error) => Ok((error.kind() != io::ErrorKind::NotFound).then_some(())),
    }
}

/// Reads every record into its table. Records of tables that this binary does not know stay where they are.
fn load<S: State>(database: &Database) -> Result<Regions<S>, Fault> {
    let mut regions: BTreeMap<_, S> = BTreeMap::new();
    database.for_each(|key @ (region, name, id), framed| {
        let (Some(json), Ok(region)) = (unframe(key, framed), region.parse()) else { return };
        let mut tables = regions.entry(region).or_default().tables();
        if let Some((_, table)) = tables.iter_mut().find(|(known, _)| *known == name) {
            let _ = table.load(id, json);
        }
    })?;
    let derived = regions.into_iter().map(|(region, mut state)| {
        state.derive();
        (region, Arc::new(state))
    });
    Ok(derived.collect())
}

/// Gives what stands in a file's place a name that tells what it is.
pub(super) fn put_aside(path: &Path, clock: &Clock) -> Result<PathBuf, OpenError> {
    let mut aside = OsString::from(path);
    aside.push(format!(".damaged-{}", clock.now().unix_timestamp()));
    let aside = PathBuf::from(aside);
    tracing::warn!(path = %path.display(), aside = %aside.display(), "state file set aside");
    fs::rename(path, &aside).map_err(|source| OpenError::Folder { path: path.to_owned(), source })?;
    Ok(aside)
}

fn refusal(path: &Path, folder: &Path, fault: Fault) -> OpenError {
    match fault {
        Fault::Newer(found) => OpenError::Newer { path: path.to_owned(), found, known: FORMAT },
        Fault::InUse => OpenError::InUse { path: folder.to_owned() },
        fault => OpenError::Folder { path: path.to_owned(), source: fault.into() },
    }
}
